/*
 * receive: what has come from each device: the ledger that dedup and acks are
 * read from. One entry per device with its token bucket, and per spool of the
 * device (epoch) the settled sequence numbers (agent/receive/ranges.h) and what
 * became of all (agent/receive/ledger.h).
 *
 *   buckets[hash(site, device)] -> device -> epoch -> epoch (at most 4)
 *                                    |        '-- in one of two ack queues
 *                                    '-- in the list of all, longest idle first
 *
 * Bounds: devices_max devices: past it one idle for an hour goes, else the new
 * one is refused. 4 epochs a device: the longest idle goes. What forgetting
 * costs is dedup, never data: a batch sent again is journaled twice.
 *
 * Rebuilt at start from what was saved (agent/receive/receive_file.h) and the
 * journal after it (gong_receive_learn). Any thread; one lock, never held
 * across another.
 */
#ifndef GONG_AGENT_RECEIVE_RECEIVE_H
#define GONG_AGENT_RECEIVE_RECEIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/receive/devices.h"
#include "agent/receive/ranges.h"
#include "common/batch.h"
#include "common/clock.h"
#include "common/presence.h"
#include "common/record.h"
#include "common/str.h"
#include "common/topic.h"

#define GONG_RECEIVE_TRIES    3 /* of a damaged batch before it is set aside */
#define GONG_RECEIVE_AHEAD_MS 1000

struct gong_receive_options {
    size_t devices_max;
    double rate;  /* messages a second of one device; its bucket's refill */
    double burst; /* messages: the bucket's size */
    gong_dur_t ack_interval;
};

enum gong_receive_verdict {
    GONG_RECEIVE_NEW,       /* go on */
    GONG_RECEIVE_DUPLICATE, /* settled before: its ack goes out again */
    GONG_RECEIVE_SHOWN,     /* the engine has seen it, but it is not settled */
    GONG_RECEIVE_AGAIN,     /* damaged: not settled, it will be sent again */
    GONG_RECEIVE_ASIDE,     /* damaged for the third time: settle it as such */
    GONG_RECEIVE_FLOOD,     /* the device's token bucket is empty */
    GONG_RECEIVE_CROWDED,   /* devices_max is reached */
    GONG_RECEIVE_GAPS,      /* would need a 33rd range: not settled */
    GONG_RECEIVE_MEMORY,
};

struct gong_receive;

/* An ack to be sent: true as soon as the journal is durable beyond position. */
struct gong_receive_ack {
    char site[GONG_TOPIC_NAME_MAX + 1];
    char device[GONG_TOPIC_NAME_MAX + 1];
    uint64_t epoch;
    uint64_t cum;
    uint32_t range_count;
    struct gong_range ranges[GONG_RANGES_MAX];
    uint64_t position;
    uint32_t birth; /* CRC-32C of the birth in force, 0: none is known */
};

struct gong_receive *
gong_receive_new(const struct gong_receive_options *options);
void gong_receive_free(struct gong_receive *receive);

/* gong_receive_admit: takes a token for one message: NEW, FLOOD, CROWDED or
 * MEMORY. */
enum gong_receive_verdict gong_receive_admit(struct gong_receive *receive,
                                             struct gong_device_name name,
                                             gong_mono_t now);

/* gong_receive_arrival: when a message without a header, which may have points
 * without stamps, is to have arrived: now, but a millisecond after the device's
 * last one at least, as far as that lies GONG_RECEIVE_AHEAD_MS ahead of now at
 * most: then together with it. What a broker kept for it comes all at once, and
 * of equal stamps the first stands (semantics rule 8). For devices that were
 * admitted. */
gong_wall_t gong_receive_arrival(struct gong_receive *receive,
                                 struct gong_device_name name, gong_wall_t now);

/* gong_receive_check: whether a sound batch is to be journaled: NEW, DUPLICATE,
 * SHOWN, GAPS or MEMORY. Changes nothing but what the sender says is gone
 * (low). */
enum gong_receive_verdict
gong_receive_check(struct gong_receive *receive, struct gong_device_name name,
                   const struct gong_batch_header *header, gong_mono_t now);

/* gong_receive_damaged: counts a try: AGAIN, ASIDE, DUPLICATE or MEMORY. */
enum gong_receive_verdict
gong_receive_damaged(struct gong_receive *receive, struct gong_device_name name,
                     const struct gong_batch_header *header, gong_mono_t now);

/* gong_receive_settle: the batch that arrived then is journaled at position,
 * or, with 0, it is sound and was set aside. gong_receive_pass: a damaged one
 * was set aside: its number is settled, and nothing else in its header counts.
 */
void gong_receive_settle(struct gong_receive *receive,
                         struct gong_device_name name,
                         const struct gong_batch_header *header,
                         uint64_t position, int64_t arrival_ms,
                         gong_mono_t now);
void gong_receive_pass(struct gong_receive *receive,
                       struct gong_device_name name,
                       const struct gong_batch_header *header, gong_mono_t now);

/* gong_receive_appending: a batch is about to be journaled, at position or
 * later; gong_receive_appended: and what came of it is known here. One thread.
 * gong_receive_known: up to where the journal need not be read for what is
 * known here; durable is read before. Any thread. */
void gong_receive_appending(struct gong_receive *receive, uint64_t position);
void gong_receive_appended(struct gong_receive *receive);
uint64_t gong_receive_known(struct gong_receive *receive, uint64_t durable);

/* gong_receive_report: after settle: body may be the sender's word on batches
 * that it lost (agent/receive/ledger_report.h). */
void gong_receive_report(struct gong_receive *receive,
                         struct gong_device_name name,
                         const struct gong_batch_header *header,
                         struct gong_str body, gong_mono_t now);

/* gong_receive_show: the batch is held in memory: the engine sees it, but it
 * may not be settled. Sent again meanwhile it is SHOWN, not NEW. Past 32 gaps
 * this is forgotten. */
void gong_receive_show(struct gong_receive *receive,
                       struct gong_device_name name,
                       const struct gong_batch_header *header, gong_mono_t now);

/* gong_receive_written: for a record that was held and is in the journal now:
 * its batch is settled, and an ack is due. */
void gong_receive_written(void *ctx, const struct gong_record *record);

/* gong_receive_status: a status message. A birth that names its epoch is acked
 * at once, so that the device learns the time; goodbyes close the ledger.
 * gong_receive_learn_status: the same from the journal. */
void gong_receive_status(struct gong_receive *receive,
                         struct gong_device_name name,
                         const struct gong_presence_message *status,
                         gong_mono_t now);
void gong_receive_learn_status(struct gong_receive *receive,
                               struct gong_device_name name,
                               const struct gong_presence_message *status,
                               gong_mono_t now);

/* gong_receive_learn: takes in a journal record; others than DATA and PRESENCE
 * are passed over, and so is what the saved state knows already. For
 * gong_journal_options.seen: ctx is the gong_receive. */
void gong_receive_learn(void *ctx, const struct gong_record *record);

/* gong_receive_born: the device (gong_receive_connected: the link that acks
 * travel on) has connected: the next batch is acked at once. */
void gong_receive_born(struct gong_receive *receive,
                       struct gong_device_name name);
void gong_receive_connected(struct gong_receive *receive);

/* gong_receive_take_ack: the next ack that is due; false if none is. */
bool gong_receive_take_ack(struct gong_receive *receive, gong_mono_t now,
                           struct gong_receive_ack *out);

/* gong_receive_devices: how many are known. */
size_t gong_receive_devices(struct gong_receive *receive);

#endif
