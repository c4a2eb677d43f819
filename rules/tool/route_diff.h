/*
 * route_diff: what two routing files make of the same alerts: messages per
 * receiver, unit and shift. A shift is a part of the day of a given length,
 * from midnight where the city is.
 */
#ifndef GONG_RULES_TOOL_ROUTE_DIFF_H
#define GONG_RULES_TOOL_ROUTE_DIFF_H

#include <stdbool.h>
#include <stdio.h>

#include "rules/desk/desk.h"

struct gong_route_diff;

/* Everything is borrowed until it is freed. NULL: no memory. */
struct gong_route_diff *
gong_route_diff_new(const struct gong_desk_config *older,
                    const struct gong_desk_config *newer,
                    const struct gong_model *model, int64_t shift_ms);
void gong_route_diff_free(struct gong_route_diff *diff);

/* gong_route_diff_effect: a gong_effect_fn; ctx is the diff. */
void gong_route_diff_effect(void *ctx, const struct gong_effect *effect);

/* gong_route_diff_end: time goes on to ms; the error of any call so far. */
enum gong_err gong_route_diff_end(struct gong_route_diff *diff,
                                  int64_t ms) GONG_MUST_CHECK;

/* gong_route_diff_put: rows that differ, or all; then the sums. Returns how
 * many differ. */
size_t gong_route_diff_put(const struct gong_route_diff *diff, bool all,
                           bool json, FILE *out);

#endif
