/* api_handlers: what the rows of the route table call. Each fills the call's
 * answer; may they was asked before. */
#ifndef GONG_AGENT_API_API_HANDLERS_H
#define GONG_AGENT_API_API_HANDLERS_H

struct gong_api_call;

/* api_look.c */
void gong_api_health(struct gong_api_call *call);
void gong_api_metrics(struct gong_api_call *call);
void gong_api_alerts(struct gong_api_call *call);
void gong_api_rules(struct gong_api_call *call);
void gong_api_rules_log(struct gong_api_call *call);
void gong_api_rules_rollback(struct gong_api_call *call);
void gong_api_units(struct gong_api_call *call);
void gong_api_devices(struct gong_api_call *call);
void gong_api_ledger(struct gong_api_call *call);
void gong_api_document(struct gong_api_call *call);
void gong_api_events(struct gong_api_call *call);
/* api_session.c */
void gong_api_login(struct gong_api_call *call);
void gong_api_page_login(struct gong_api_call *call);
void gong_api_logout(struct gong_api_call *call);
void gong_api_session(struct gong_api_call *call);
void gong_api_password(struct gong_api_call *call);
/* api_users.c */
void gong_api_users(struct gong_api_call *call);
void gong_api_user_add(struct gong_api_call *call);
void gong_api_user(struct gong_api_call *call);
void gong_api_user_change(struct gong_api_call *call);
void gong_api_user_remove(struct gong_api_call *call);
void gong_api_tokens(struct gong_api_call *call);
void gong_api_token_add(struct gong_api_call *call);
void gong_api_token_remove(struct gong_api_call *call);
void gong_api_audit_list(struct gong_api_call *call);
void gong_api_audit_verdict(struct gong_api_call *call);
/* api_page.c */
void gong_api_page(struct gong_api_call *call);
/* api_incidents.c */
void gong_api_incidents(struct gong_api_call *call);
void gong_api_incident(struct gong_api_call *call);
void gong_api_silences(struct gong_api_call *call);
void gong_api_maintenances(struct gong_api_call *call);
/* api_acts.c */
void gong_api_acknowledge(struct gong_api_call *call);
void gong_api_unacknowledge(struct gong_api_call *call);
void gong_api_assign(struct gong_api_call *call);
void gong_api_comment(struct gong_api_call *call);
void gong_api_silence_incident(struct gong_api_call *call);
void gong_api_resolve(struct gong_api_call *call);
void gong_api_outcome(struct gong_api_call *call);
void gong_api_silence(struct gong_api_call *call);
void gong_api_unsilence(struct gong_api_call *call);
void gong_api_maintenance(struct gong_api_call *call);
void gong_api_handover(struct gong_api_call *call);
/* api_backup.c */
void gong_api_backup_make(struct gong_api_call *call);
void gong_api_backup_read(struct gong_api_call *call);
void gong_api_restore_send(struct gong_api_call *call);
void gong_api_restore(struct gong_api_call *call);
/* api_link.c */
void gong_api_link_show(struct gong_api_call *call);
void gong_api_link_acknowledge(struct gong_api_call *call);
/* api_prometheus.c */
void gong_api_prom_query(struct gong_api_call *call);
void gong_api_prom_query_range(struct gong_api_call *call);
void gong_api_prom_exemplars(struct gong_api_call *call);
void gong_api_prom_buildinfo(struct gong_api_call *call);
/* api_prometheus_series.c */
void gong_api_prom_series(struct gong_api_call *call);
void gong_api_prom_labels(struct gong_api_call *call);
void gong_api_prom_values(struct gong_api_call *call);
void gong_api_prom_metadata(struct gong_api_call *call);
/* api_trust.c */
void gong_api_proof(struct gong_api_call *call);
void gong_api_drill(struct gong_api_call *call);
void gong_api_drill_begin(struct gong_api_call *call);

#endif
