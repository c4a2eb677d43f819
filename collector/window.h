/*
 * window: the batches that were taken from the spool and are not settled.
 *
 *              take                answered(ok)
 *   (spool) ---------> FLYING -------------------> SENT --- settle ---> gone
 *                        ^  \ answered(not ok)      |
 *                        |   v                      |
 *                        '- READY <-----------------'  due, or reconnected
 *                   take
 *
 * FLYING: handed to the link, no PUBACK yet; at most `flying_max`, and no more
 * once they come to GONG_WINDOW_FLYING_BYTES: on a slow link what is fresh
 * waits for all of them. SENT: the broker has it, which proves nothing. An
 * unsettled batch is sent again after ack_timeout, doubling. When all places
 * are taken only the oldest is sent again, as a probe: after 1 s without an
 * ack, doubling up to ack_timeout. A broker keeps a sender's messages in order
 * (MQTT 3.1.1, 4.6): what an ack leaves out though it has one sent later was
 * lost on the way, say in a broker that started before the agent had
 * subscribed. That goes again at once, if both went only once so far: of what
 * went twice nobody knows which copy arrived.
 *
 * Pure: time is a parameter. One user at a time.
 */
#ifndef GONG_COLLECTOR_WINDOW_H
#define GONG_COLLECTOR_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/settled.h"
#include "common/batch.h"
#include "common/clock.h"

#define GONG_WINDOW_SIZE         64          /* unsettled batches, design 3 */
#define GONG_WINDOW_BACK_MAX     32          /* of these from the backlog */
#define GONG_WINDOW_FLYING_BYTES (64u << 10) /* 16 s at 32 kbit/s */

enum gong_window_state {
    GONG_WINDOW_READY,
    GONG_WINDOW_FLYING,
    GONG_WINDOW_SENT,
};

/* Transparent plain values. */
struct gong_window_batch {
    uint64_t seq;
    uint64_t offset; /* in the spool */
    size_t size;     /* of its body */
    enum gong_lane lane;
    enum gong_window_state state;
    unsigned sends;  /* that the broker answered */
    uint64_t order;  /* of its last send among all */
    gong_mono_t due; /* SENT: when it goes again */
    int64_t sent_ms; /* first handed to the link, wall clock; 0: not yet */
};

struct gong_window {
    gong_dur_t ack_timeout;
    size_t flying_max;
    size_t flying;
    size_t flying_bytes;
    uint64_t orders;         /* given out */
    size_t count;            /* batches[0..count), ascending by seq */
    unsigned probes;         /* since the last progress */
    gong_mono_t progress;    /* the last ack that settled something, or probe */
    int64_t settled_sent_ms; /* sent_ms of the newest that the last settle took
                                out; 0: none */
    struct gong_window_batch batches[GONG_WINDOW_SIZE];
};

void gong_window_init(struct gong_window *window, gong_dur_t ack_timeout,
                      size_t flying_max);

/* gong_window_room: whether a new batch of that lane may be taken in and sent
 * at once. */
bool gong_window_room(const struct gong_window *window, enum gong_lane lane);
/* gong_window_add: a new batch, FLYING; there must be room. A seq that is
 * already there is refused with false. size is that of its body. */
bool gong_window_add(struct gong_window *window, uint64_t seq, uint64_t offset,
                     size_t size, enum gong_lane lane);

/* gong_window_sent: seq is about to be handed to the link. */
void gong_window_sent(struct gong_window *window, uint64_t seq,
                      int64_t wall_ms);

/* gong_window_take: the batch to send again now, made FLYING; false if none.
 * *out is a copy. */
bool gong_window_take(struct gong_window *window, gong_mono_t now,
                      struct gong_window_batch *out);
/* gong_window_answered: PUBACK or failure for a FLYING batch. */
void gong_window_answered(struct gong_window *window, uint64_t seq, bool ok,
                          gong_mono_t now);
/* gong_window_forget: a batch that the spool has lost. */
void gong_window_forget(struct gong_window *window, uint64_t seq);
/* gong_window_settle: removes what the agent has; returns how many. What they
 * overtook is READY. */
size_t gong_window_settle(struct gong_window *window,
                          const struct gong_settled *settled, gong_mono_t now);
/* gong_window_reconnected: what was SENT goes again, unless an ack comes within
 * a second. */
void gong_window_reconnected(struct gong_window *window, gong_mono_t now);

/* gong_window_stepped: the wall clock was set, by_ms forward. */
void gong_window_stepped(struct gong_window *window, int64_t by_ms);

/* gong_window_due: the next instant at which take may give one (not counting
 * READY ones); false if none. */
bool gong_window_due(const struct gong_window *window, gong_mono_t *out);
bool gong_window_has_ready(const struct gong_window *window);

#endif
