/*
 * outbox_way: a channel as the outbox sees it: whether it may be tried now.
 *
 *   rate     a token bucket
 *   breaker  closed -- cannot connect, or two recipients fail --> open
 *              ^ any answer                          after a wait |
 *              '------------ one try at a time <------------------'
 *
 * Pure: time is given. One thread.
 */
#ifndef GONG_AGENT_TELL_OUTBOX_WAY_H
#define GONG_AGENT_TELL_OUTBOX_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/tell/channel.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/counter.h"

#define GONG_OUTBOX_RUNNING_MAX 32 /* tries of one channel at a time */

/* Transparent; made by gong_outbox_way_init. */
struct gong_outbox_way {
    const char *name;
    const struct gong_channel_kind *kind;
    void *state; /* of the kind */
    double rate; /* 0: unbounded */
    double burst;
    double tokens;
    gong_mono_t filled; /* when tokens was true */
    size_t running;
    bool open; /* the breaker: nothing passes */
    /* Since when, for other threads: wall clock; 0: it is closed. */
    _Atomic int64_t away_ms;
    bool probing;
    gong_mono_t open_until;
    uint64_t failed_for; /* whose try failed last since an answer; 0: none */
    gong_dur_t exhausted_wait;
    struct gong_backoff backoff;
    gong_counter_t *sent;
    gong_counter_t *retried;
    gong_counter_t *refused;
    gong_counter_t *exhausted;
    gong_counter_t *up;
    gong_timing_t *notified; /* of all ways of its kind */
};

/* Once its name, kind, rate and burst are there. */
void gong_outbox_way_init(struct gong_outbox_way *way, gong_dur_t retry_min,
                          gong_dur_t retry_max, uint64_t seed, gong_mono_t now);

/* gong_outbox_way_may: whether a try may begin; if not, from when on it is
 * worth asking again (INT64_MAX: when a try has ended). */
bool gong_outbox_way_may(struct gong_outbox_way *way, gong_mono_t now,
                         gong_mono_t *when);
/* gong_outbox_way_take: a try begins. */
void gong_outbox_way_take(struct gong_outbox_way *way);
/* gong_outbox_way_give: it has ended. who: its recipient, not 0; connected:
 * the other side said something. True where the breaker opened or closed. */
bool gong_outbox_way_give(struct gong_outbox_way *way,
                          enum gong_channel_outcome outcome, bool connected,
                          uint64_t who, gong_mono_t now);

#endif
