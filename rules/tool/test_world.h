/*
 * test_world: the little world of one group of tests: series that grow by the
 * interval, and rules that run at each instant as a rule manager of Prometheus
 * runs them: recordings and alerts in order, ALERTS and ALERTS_FOR_STATE among
 * the series, staleness markers where something is gone. The engine gets the
 * same samples beside it.
 */
#ifndef GONG_RULES_TOOL_TEST_WORLD_H
#define GONG_RULES_TOOL_TEST_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "rules/engine/eval_memory.h"
#include "rules/prom_rules.h"
#include "rules/tool/series_notation.h"

/* A recording or an alert; plain data, owned by whoever made it. */
struct gong_world_rule {
    struct gong_rule rule; /* as converted; a recording has expr and labels */
    const char *record;    /* NULL: an alert */
    bool by_engine;        /* the engine can evaluate it, too */
};

struct gong_world_options {
    const struct gong_world_rule *rules; /* borrowed, in order */
    size_t rule_count;
    int64_t interval_ms;      /* between samples */
    int64_t eval_interval_ms; /* between instants */
};

struct gong_world;

/* NULL without memory, or with error filled where an expression cannot be
 * evaluated. */
struct gong_world *gong_world_new(const struct gong_world_options *options,
                                  struct gong_expr_error *error);
void gong_world_free(struct gong_world *world);

/* gong_world_add: a series whose values come at 0, interval, ...; values are
 * the world's from here. */
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

/* gong_world_firing: of the rule manager. gong_world_engine_firing: of the
 * engine; UNSUPPORTED where it cannot do a rule of this name, or was given a
 * sample that it cannot take. */
enum gong_err gong_world_firing(const struct gong_world *world,
                                const char *alertname,
                                struct gong_world_lines *out) GONG_MUST_CHECK;
enum gong_err
gong_world_engine_firing(struct gong_world *world, const char *alertname,
                         struct gong_world_lines *out) GONG_MUST_CHECK;

#endif
