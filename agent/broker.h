/*
 * broker: the agent's two links. One only receives, in a session that the
 * broker keeps, and carries the agent's will. The other, clean, only sends:
 * acks, and the agent's birth whenever both are up. So no trouble in sending
 * touches what is received.
 *
 *   gong/v1/agents/<agent>/status   retained; "offline" is the will
 *
 * While the receiving link is away the engine is blind: RESUME records say so
 * when it begins and for how long when it ends.
 */
#ifndef GONG_AGENT_BROKER_H
#define GONG_AGENT_BROKER_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/config.h"
#include "agent/receive/ingest.h"
#include "agent/journal/journal.h"
#include "agent/receive/receive.h"
#include "common/counter.h"
#include "common/err.h"

struct gong_broker_options {
    const char *agent;
    const struct gong_agent_broker *config;
    struct gong_ingest *ingest;
    struct gong_receive *receive;
    struct gong_journal *journal;
};

struct gong_broker;

/* Everything in options is borrowed until free. */
enum gong_err gong_broker_new(const struct gong_broker_options *options,
                              struct gong_counters *counters,
                              struct gong_broker **out, char *why,
                              size_t why_size) GONG_MUST_CHECK;
enum gong_err gong_broker_start(struct gong_broker *broker) GONG_MUST_CHECK;
/* Says "offline" itself and disconnects in good order. */
void gong_broker_stop(struct gong_broker *broker);
void gong_broker_free(struct gong_broker *broker);

/* For gong_ack_options.send and gong_status_source; ctx is the broker. */
bool gong_broker_send(void *ctx, const char *topic, struct gong_str payload);
bool gong_broker_connected(void *ctx);

#endif
