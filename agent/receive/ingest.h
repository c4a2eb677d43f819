/*
 * ingest: what the broker hands over, on Paho's thread: topic, size, flood,
 * checksum, dedup; then one append to the journal. It parses no line, takes no
 * lock but the ledger's and the sequencer's, one after the other, and touches
 * the disk only to set a batch aside.
 *
 *   gong/v1/<site>/<device>/data    -> DATA: names, then the message unchanged
 *   gong/v1/<site>/<device>/status  -> PRESENCE: the same with its JSON
 *
 * A batch larger than message_max, or than a segment of the journal, is set
 * aside and settled: its sender must not send it for ever.
 *
 * Probes of this agent (agent/trust/probe.h) are journaled and in no ledger;
 * those of other agents are passed over.
 *
 * Site "gong" is the agent's own and is refused from the broker. Every message
 * that is not journaled is counted by its reason:
 * gong_agent_messages_total{result="..."}.
 */
#ifndef GONG_AGENT_RECEIVE_INGEST_H
#define GONG_AGENT_RECEIVE_INGEST_H

#include <stddef.h>

#include "agent/journal/journal.h"
#include "agent/receive/receive.h"
#include "agent/trust/trust.h"
#include "common/counter.h"
#include "common/mqtt_link.h"

#define GONG_INGEST_OWN_SITE "gong"

struct gong_ingest_options {
    size_t message_max;         /* bytes of a data message; status: 64 KiB */
    const char *set_aside_file; /* borrowed until free */
    const char *agent;          /* its probes; borrowed, NULL: none */
    struct gong_trust *trust;   /* told of them; borrowed, may be NULL */
};

struct gong_ingest;

/* journal and receive are borrowed until free. NULL without memory. */
struct gong_ingest *gong_ingest_new(const struct gong_ingest_options *options,
                                    struct gong_journal *journal,
                                    struct gong_receive *receive,
                                    struct gong_counters *counters);
void gong_ingest_free(struct gong_ingest *ingest);

/* gong_ingest_message: for gong_mqtt_handlers.message; ctx is the ingest. One
 * thread at a time. */
void gong_ingest_message(void *ctx, struct gong_str topic,
                         struct gong_str payload);

#endif
