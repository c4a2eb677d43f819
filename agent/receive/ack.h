/*
 * ack: tells devices which of their batches are settled and durable.
 *
 *   {"agent":"a1","journal":"<32 hex>","epoch":"<16 hex>","cum":1041,
 *    "ranges":[[1043,1050]],"now":1760000000123}
 *
 * Right before a sync the committer takes what is due from the ledger; once the
 * mark has passed the newest batch in it, the ack thread publishes it, QoS 0,
 * on a link of its own. Duplicates bring no sync, so the thread also looks by
 * itself five times a second. At most 1,024 acks wait for a sync; the others
 * stay in the ledger's queue. An ack that cannot be sent is counted and
 * forgotten: the device asks again.
 */
#ifndef GONG_AGENT_RECEIVE_ACK_H
#define GONG_AGENT_RECEIVE_ACK_H

#include <stddef.h>
#include <stdint.h>

#include "agent/receive/receive.h"
#include "common/counter.h"
#include "common/err.h"

#define GONG_ACK_TEXT_SIZE 2048

struct gong_ack_options {
    const char *agent; /* borrowed until free */
    uint8_t journal_id[16];
    uint64_t durable; /* the mark at start */
    /* Sends a QoS 0 message; false: it did not go out. On the ack thread. */
    bool (*send)(void *ctx, const char *topic, struct gong_str payload);
    void *ctx;
};

struct gong_ack;

struct gong_ack *gong_ack_new(const struct gong_ack_options *options,
                              struct gong_receive *receive,
                              struct gong_counters *counters);
void gong_ack_free(struct gong_ack *ack);
enum gong_err gong_ack_start(struct gong_ack *ack) GONG_MUST_CHECK;
void gong_ack_stop(struct gong_ack *ack);

/* For gong_journal_options; ctx is the ack. */
void gong_ack_committing(void *ctx);
void gong_ack_durable(void *ctx, uint64_t offset);

/* gong_ack_run_once: what the thread does each time: take, then send what the
 * mark has passed. For the thread and for tests. */
void gong_ack_run_once(struct gong_ack *ack);

/* gong_ack_format: the JSON; returns its length. */
size_t gong_ack_format(const struct gong_ack_options *options,
                       const struct gong_receive_ack *ack, int64_t now_ms,
                       char out[GONG_ACK_TEXT_SIZE]);

#endif
