/*
 * test_world: the little world of one group of tests: series that grow by the
 * interval, and the engine, which runs rules at each instant as a rule manager
 * of Prometheus does. What the series are, and what rules add to them, is kept
 * for expressions.
 */
#ifndef GONG_RULES_TOOL_TEST_WORLD_H
#define GONG_RULES_TOOL_TEST_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "rules/engine/eval_memory.h"
#include "rules/engine/ruleset.h"
#include "rules/tool/series_notation.h"

struct gong_world;

/* set is borrowed, and foreign. interval_ms lies between samples. NULL without
 * memory, or where the engine refuses a rule. */
struct gong_world *gong_world_new(const struct gong_ruleset *set,
                                  int64_t interval_ms);
void gong_world_free(struct gong_world *world);

/* gong_world_add: a series whose values come at 0, interval, ..., instead of
 * those that it was given before; values are the world's from here. */
enum gong_err gong_world_add(struct gong_world *world,
                             const struct gong_series_labels *labels,
                             struct gong_series_values *values) GONG_MUST_CHECK;

/* gong_world_step: the instant t, which follows the one before it. On an error
 * error tells, and *rule is the one that failed, or NULL. */
enum gong_err gong_world_step(struct gong_world *world, int64_t t,
                              const struct gong_rule **rule,
                              struct gong_expr_error *error) GONG_MUST_CHECK;

struct gong_eval_memory *gong_world_memory(struct gong_world *world);

/* A line for each alert of this name that fires: its labels and annotations.
 * Plain data. */
struct gong_world_lines {
    char **items; /* owned, sorted */
    size_t count;
};
void gong_world_lines_fini(struct gong_world_lines *lines);
enum gong_err gong_world_line_add(struct gong_world_lines *lines,
                                  const struct gong_label_view *labels,
                                  size_t label_count,
                                  const struct gong_label_view *annotations,
                                  size_t annotation_count) GONG_MUST_CHECK;
bool gong_world_lines_equal(const struct gong_world_lines *a,
                            const struct gong_world_lines *b);

enum gong_err gong_world_firing(struct gong_world *world, const char *alertname,
                                struct gong_world_lines *out) GONG_MUST_CHECK;

#endif
