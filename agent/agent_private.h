/* agent_private: what the parts of gong_agent share. */
#ifndef GONG_AGENT_AGENT_PRIVATE_H
#define GONG_AGENT_AGENT_PRIVATE_H

#include "agent/receive/ack.h"
#include "agent/agent.h"
#include "agent/api/api_history.h"
#include "agent/api/api_host.h"
#include "agent/api/api_rule_sets.h"
#include "agent/backup/backup.h"
#include "agent/broker.h"
#include "agent/desk/desk_host.h"
#include "agent/decide/effects.h"
#include "agent/decide/engine_thread.h"
#include "agent/receive/ingest.h"
#include "agent/history/history.h"
#include "agent/journal/journal.h"
#include "agent/receive/receive.h"
#include "agent/receive/receive_keeper.h"
#include "agent/decide/rules_reload.h"
#include "agent/decide/rules_rollback.h"
#include "agent/look/self_metrics.h"
#include "agent/state_dir.h"
#include "agent/look/status.h"
#include "agent/trust/trust.h"

struct gong_agent {
    const struct gong_agent_config *config;
    struct gong_counters *counters;
    struct gong_receive *receive;
    struct gong_journal *journal;
    struct gong_effects *effects;
    struct gong_engine_thread *engine;
    struct gong_history *history; /* NULL: off */
    struct gong_ingest *ingest;
    struct gong_ack *ack;
    struct gong_receive_keeper *keeper;
    struct gong_broker *broker;
    struct gong_store **stores;
    size_t store_count;
    struct gong_notifier **notifiers;
    size_t notifier_count;
    struct gong_status_store *status_stores;
    struct gong_status_source status;
    struct gong_api_host *api;
    struct gong_api_rule_sets rule_sets;
    struct gong_backup backup;
    pthread_mutex_t reloading; /* one reload or rollback at a time */
    struct gong_self_metrics *self_metrics;
    struct gong_desk_host *desk; /* NULL: off */
    struct gong_trust *trust;    /* NULL: the desk is off */
    struct gong_rules_reload reload;
    struct gong_rules_checked rules; /* whose model and routes are in use */
    struct gong_state_dir dir;
    uint64_t effects_seen; /* committer: end at its last sync of the effects */
    bool effects_failing;  /* committer: that sync failed, and was logged */
};

/* Where a start ran into something: why, in words for the log. */
struct gong_agent_problem {
    char *why;
    size_t size;
};

/* gong_agent_fail: says what failed and returns err; gong_agent_fail_as puts
 * the part's name before what it said itself. */
enum gong_err gong_agent_fail(const struct gong_agent_problem *problem,
                              enum gong_err err, const char *what);
enum gong_err gong_agent_fail_as(const struct gong_agent_problem *problem,
                                 enum gong_err err, const char *what);

/* agent_logs.c: the journal with the receive ledger, and the effects log. */
enum gong_err gong_agent_start_journal(struct gong_agent *agent,
                                       const struct gong_agent_problem *problem)
    GONG_MUST_CHECK;
enum gong_err gong_agent_start_effects(struct gong_agent *agent,
                                       const struct gong_agent_problem *problem)
    GONG_MUST_CHECK;

/* agent_desk.c */
enum gong_err
gong_agent_start_desk(struct gong_agent *agent,
                      const struct gong_agent_problem *problem) GONG_MUST_CHECK;
/* The desk goes over to the new routes and model, and only then the old ones
 * are given back. Without routes the old ones stay. Takes rules. */
void gong_agent_renew_desk(struct gong_agent *agent,
                           struct gong_rules_checked *rules);
/* The same for gong_api_rule_sets. ctx: the agent. */
void gong_agent_renew_from(void *ctx, struct gong_rules_checked *checked);

#endif
