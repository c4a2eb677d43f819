/*
 * line_order: puts runs of lines in order that came late by at most a
 * tolerance: each waits until a stamp was seen that is younger by more than
 * that. With a tolerance of 0 nothing waits and nothing is copied.
 *
 *   runs -> waiting, by millisecond -> runs, rising
 */
#ifndef GONG_RULES_TOOL_LINE_ORDER_H
#define GONG_RULES_TOOL_LINE_ORDER_H

#include "rules/tool/line_runs.h"

struct gong_line_order;

/* NULL without memory. */
struct gong_line_order *gong_line_order_new(int64_t tolerance_ms,
                                            gong_line_run_fn take, void *ctx);
void gong_line_order_free(struct gong_line_order *order);

/* gong_line_order_put: a gong_line_run_fn whose ctx is the order. CORRUPT where
 * a run is late by more than the tolerance; gong_line_order_late then tells its
 * line and by how much. TOO_LARGE where more than 1 GiB waits. */
enum gong_err
gong_line_order_put(void *ctx, const struct gong_line_run *run) GONG_MUST_CHECK;
uint64_t gong_line_order_late(const struct gong_line_order *order,
                              int64_t *late_ms);

/* gong_line_order_end: hands out all that waits. */
enum gong_err
gong_line_order_end(struct gong_line_order *order) GONG_MUST_CHECK;

#endif
