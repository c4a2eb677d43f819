/*
 * dating: how far the clock that stamped a batch was off: devices without a
 * battery boot in 1970, measure, and learn the time later.
 *
 *   this boot      wall - mono is the same for all its batches but where the
 *                  clock was set since: what it was then less what it is now
 *   an earlier     with a date: as today's clock
 *   an earlier     in 1970: nothing ties it to the calendar; it ended before
 *                  the next boot began, and is placed so that its newest batch
 *                  falls on that moment: marked clock=placed, never in the
 *                  future, possibly too late
 *
 *        boot 1 (1970)        boot 2 (1970)       this boot
 *     |--b---b------n|     |----b----n|        |-------- now
 *                   '-- newest ------^-- newest ^ wall - mono
 *
 * The header's off carries it, and the agent moves the stamps. Pure.
 */
#ifndef GONG_COLLECTOR_DATING_H
#define GONG_COLLECTOR_DATING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/spooled.h"
#include "common/clock.h"

/* 2020-01-01: no clock that was ever set shows less. */
#define GONG_DATING_FLOOR_NS (INT64_C(1577836800) * GONG_NS_PER_S)
#define GONG_DATING_BOOTS    8 /* past it the oldest is forgotten */

/* The newest batch of a boot. */
struct gong_dating_boot {
    uint8_t id[16];
    int64_t mono_ns;
    int64_t wall_ns;
};

/* Transparent: start from {0}. */
struct gong_dating {
    struct gong_dating_boot boots[GONG_DATING_BOOTS]; /* oldest first */
    size_t count;
    uint8_t boot[16]; /* this one */
    gong_wall_t wall;
    gong_mono_t mono;
    bool has_offset;
    int64_t offset_ms; /* own clock minus the agent's */
};

/* gong_dating_learn: a batch found in the spool at start, oldest first. */
void gong_dating_learn(struct gong_dating *dating,
                       const struct gong_spooled *batch);
/* gong_dating_now: the clocks, and what acks say of them. */
void gong_dating_now(struct gong_dating *dating, gong_wall_t wall,
                     gong_mono_t mono, const int64_t *offset_ms);

/* gong_dating_known: whether the time is: else no batch can be dated. */
bool gong_dating_known(const struct gong_dating *dating);

/* gong_dating_wall: when the batch was accepted, by today's own clock.
 * *placed: by guess. */
gong_wall_t gong_dating_wall(const struct gong_dating *dating,
                             const struct gong_spooled *batch, bool *placed);
/* gong_dating_off_ms: the clock that stamped it minus the agent's. */
int64_t gong_dating_off_ms(const struct gong_dating *dating,
                           const struct gong_spooled *batch, bool *placed);

#endif
