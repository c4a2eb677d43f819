/*
 * engine_instant: what the engine's own files share about windows and time.
 * Nobody else includes it.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_INSTANT_H
#define GONG_RULES_ENGINE_ENGINE_INSTANT_H

#include "rules/engine/bind_past.h"
#include "rules/engine/engine_state.h"

/* engine_instant.c */

/* gong_engine_drop_stale: a range that was read, without the markers of ends in
 * it; it stays decoded no longer. */
const struct gong_sample *
gong_engine_drop_stale(struct gong_sample_windows *windows,
                       const struct gong_sample *samples, size_t *count);

/* gong_engine_look: what an instance's clauses say at t, which is not
 * before its newest sample on a device's clock, and which selectors have a
 * sample. */
struct gong_said gong_engine_look(struct gong_live *live,
                                  const struct gong_instance *instance,
                                  int64_t t, uint16_t *fed);

/* gong_engine_next_instant: when it may say something else by time alone: the
 * first such instant after t; INT64_MAX if there is none. */
int64_t gong_engine_next_instant(struct gong_live *live,
                                 const struct gong_instance *instance,
                                 int64_t t);

/* gong_engine_is_far: whether a rule that is between (book.h) is false at t and
 * at all instants after its newest sample, until another one comes. */
bool gong_engine_is_far(struct gong_live *live,
                        const struct gong_instance *instance, int64_t t);

/* engine_late.c */

/* gong_engine_put_aside: a sample that is older than its series' newest. */
enum gong_err
gong_engine_put_aside(struct gong_engine *engine,
                      const struct gong_staged *sample) GONG_MUST_CHECK;

/* gong_engine_take_late: puts those into the windows that they fall into, and
 * evaluates what reads these, once, at now, the present of the device. */
enum gong_err
gong_engine_take_late(struct gong_engine *engine, int64_t now,
                      const struct gong_cause *cause) GONG_MUST_CHECK;

#endif
