/*
 * agent: the parts put together: what starts after what, and stops before what.
 *
 *   broker ==> ingest -> journal -> engine_thread -> effects -> notifiers
 *         <== ack <------'   '------------------------- + -----> stores
 *
 * Start: state, rules, journal (learning what was received), effects, engine,
 * committer and acks, stores, receivers, http, and only then the broker. Stop:
 * the same backwards, with a last sync and two seconds for the stores.
 */
#ifndef GONG_AGENT_AGENT_H
#define GONG_AGENT_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/decide/rules_reload.h"
#include "common/err.h"

struct gong_agent;

/* gong_agent_start: config is borrowed until stop; rules have been checked and
 * are taken over. On failure why says what, and nothing is left running. */
enum gong_err gong_agent_start(const struct gong_agent_config *config,
                               struct gong_rules_checked *rules,
                               struct gong_agent **out, char *why,
                               size_t why_size) GONG_MUST_CHECK;
void gong_agent_stop(struct gong_agent *agent);

/* gong_agent_reload: reads rules, city model and routes again; problems go to
 * the log and what runs stays. */
void gong_agent_reload(struct gong_agent *agent);

/* gong_agent_http_port: 0 where http is off. */
uint16_t gong_agent_http_port(const struct gong_agent *agent);

#endif
