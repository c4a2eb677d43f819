/*
 * timer: clocks, and what is due on each of them.
 *
 * A device's clock shows the stamp of its newest live sample plus the journal
 * time since that arrived, and never runs backwards (semantics rule 2). Clock
 * GONG_CLOCK_JOURNAL shows journal time.
 *
 *   clocks by journal time      binary heap over clocks that have timers,
 *        |                      by the journal time of their first timer
 *        +-- clock -- timers    pairing heap by due time on that clock
 *
 * A new sample moves a device's clock against journal time and all its timers
 * with it, at the price of one step in the upper heap. Ties break by (rule,
 * instance), so the order never depends on how the heaps came about.
 *
 *   clock
 *     ^            _/   floor: what it had shown when the newest sample came
 *   floor ____----'     (later than that sample's stamp if it was delayed)
 *     |  /   newest + (journal - arrival)
 *     +---------------> journal
 */
#ifndef GONG_RULES_ENGINE_TIMER_H
#define GONG_RULES_ENGINE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/engine/arena.h"

#define GONG_CLOCK_JOURNAL 1
#define GONG_CLOCK_NEVER   INT64_C(-1) /* no live sample yet */

/* No instant or length exceeds this, so that sums of four stay in int64. */
#define GONG_INSTANT_MAX (INT64_MAX / 8)

struct gong_clock {
    int64_t newest;  /* stamp of the newest sample */
    int64_t arrival; /* its journal time */
    int64_t floor;   /* what the clock showed just then */
    int64_t stood;   /* what it showed when doubt began last */
    uint32_t first;  /* root of its timers, 0: none */
    uint32_t place;  /* in the heap over clocks, 0: not in it */
};

struct gong_timer {
    int64_t due; /* on its clock */
    uint32_t rule;
    uint32_t instance;
    uint32_t child; /* first child */
    uint32_t next;  /* sibling; in the free list: next free */
    uint32_t prev;  /* sibling before, or the parent of a first child */
};

/* Transparent: embedded. */
struct gong_timers {
    struct gong_arena clocks;
    struct gong_arena timers;
    struct gong_arena heap; /* clock numbers */
    uint32_t free;
};

void gong_timers_init(struct gong_timers *timers, struct gong_budget *budget);
void gong_timers_fini(struct gong_timers *timers);

/* gong_timers_copy_clocks: the clocks of from, without their timers, into an
 * empty table. False without memory. */
bool gong_timers_copy_clocks(struct gong_timers *to,
                             const struct gong_timers *from);

/* gong_timers_add_clock: its number, 0 without memory. The first one made is
 * GONG_CLOCK_JOURNAL. */
uint32_t gong_timers_add_clock(struct gong_timers *timers);

/* gong_timers_clock_now: what a clock shows at journal time now;
 * GONG_CLOCK_NEVER before its first sample. */
int64_t gong_timers_clock_now(const struct gong_timers *timers, uint32_t clock,
                              int64_t now);

/* gong_timers_clock_set: a live sample with this stamp arrived. Older ones than
 * the newest change nothing. */
void gong_timers_clock_set(struct gong_timers *timers, uint32_t clock,
                           int64_t stamp, int64_t now);

/* gong_timers_clock_hear: the same at now for a clock that has stood since
 * seen, or since it was heard last, if that is later. */
void gong_timers_clock_hear(struct gong_timers *timers, uint32_t clock,
                            int64_t stamp, int64_t seen, int64_t now);

/* gong_timers_stand: notes what all clocks show at seen: from here on samples
 * may be missing for no better reason than that nobody listened. */
void gong_timers_stand(struct gong_timers *timers, int64_t seen);

/* gong_timers_resume: at now it is known that nothing could be heard for blind
 * ms. Device clocks show what they showed at seen, when their timers had last
 * run; one that was heard since stands from then on. */
void gong_timers_resume(struct gong_timers *timers, int64_t seen, int64_t now,
                        int64_t blind);

/* gong_timer_arm: a timer; 0 without memory. */
uint32_t gong_timer_arm(struct gong_timers *timers, uint32_t clock, int64_t due,
                        uint32_t rule, uint32_t instance);

/* gong_timer_hasten: moves a timer to an earlier time. */
void gong_timer_hasten(struct gong_timers *timers, uint32_t clock,
                       uint32_t timer, int64_t due);

/* gong_timer_rename: its instance has another number now; those of all others
 * keep their order. */
static inline void
gong_timer_rename(const struct gong_timers *timers, uint32_t timer,
                  uint32_t instance)
{
    ((struct gong_timer *)gong_arena_at(&timers->timers, timer))->instance =
        instance;
}

/* gong_timers_stood: what a clock showed when gong_timers_stand came last. */
static inline int64_t
gong_timers_stood(const struct gong_timers *timers, uint32_t clock)
{
    return ((const struct gong_clock *)gong_arena_at(&timers->clocks, clock))
        ->stood;
}

static inline int64_t
gong_timer_due(const struct gong_timers *timers, uint32_t timer)
{
    return ((const struct gong_timer *)gong_arena_at(&timers->timers, timer))
        ->due;
}

/* What ran out. */
struct gong_timer_event {
    uint32_t instance;
    int64_t due;
    int64_t journal_ms; /* when its clock showed due */
};

/* gong_timers_pop: takes the first timer of all whose journal time lies before
 * limit. */
bool gong_timers_pop(struct gong_timers *timers, int64_t limit,
                     struct gong_timer_event *out);

/* gong_timers_pop_clock: takes the first timer of one clock that is due before
 * limit, a time on that clock; journal_ms is not filled. */
bool gong_timers_pop_clock(struct gong_timers *timers, uint32_t clock,
                           int64_t limit, struct gong_timer_event *out);

/* gong_timers_next: journal time of the first timer, INT64_MAX if none. */
int64_t gong_timers_next(const struct gong_timers *timers);

#endif
