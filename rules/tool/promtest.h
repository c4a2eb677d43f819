/*
 * promtest: unit tests of rules in promtool's own YAML, unchanged:
 *
 *   rule_files: [rules.yml]             beside the test file; globs too
 *   evaluation_interval: 1m
 *   group_eval_order: [a, b]
 *   tests:
 *     - interval: 1m
 *       name: ...
 *       external_labels, external_url   read; templates do not see them yet
 *       input_series: [{series: 'm{a="b"}', values: '1+1x10 _ stale'}]
 *       alert_rule_test:
 *         - {eval_time: 10m, alertname: Hot,
 *            exp_alerts: [{exp_labels: {...}, exp_annotations: {...}}]}
 *       promql_expr_test:
 *         - {expr: sum(m), eval_time: 5m,
 *            exp_samples: [{labels: '{a="b"}', value: 3}]}
 *
 * Alerts and recordings are the engine's, expressions the evaluator's. The
 * verdict is promtool's.
 */
#ifndef GONG_RULES_TOOL_PROMTEST_H
#define GONG_RULES_TOOL_PROMTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/conf.h"
#include "rules/prom_rules.h"

/* Transparent: plain data; texts point into the tree. */
struct gong_promtest_series {
    const char *series;
    const char *values;
    const struct gong_yaml_node *series_node;
    const struct gong_yaml_node *values_node;
};

struct gong_promtest_texts {
    struct gong_prom_text *items; /* owned */
    size_t count;
};

struct gong_promtest_expected {
    struct gong_promtest_texts labels;
    struct gong_promtest_texts annotations;
};

struct gong_promtest_alert {
    int64_t eval_ms;
    const char *alertname;
    const struct gong_yaml_node *node;
    struct gong_promtest_expected *expected; /* owned */
    size_t expected_count;
};

struct gong_promtest_sample {
    const char *labels;
    double value;
    const struct gong_yaml_node *node;
};

struct gong_promtest_expr {
    const char *expr;
    int64_t eval_ms;
    const struct gong_yaml_node *node;
    struct gong_promtest_sample *samples; /* owned */
    size_t sample_count;
};

struct gong_promtest_group {
    const char *name; /* or NULL */
    int64_t interval_ms;
    struct gong_promtest_series *series; /* owned, as the next two */
    size_t series_count;
    struct gong_promtest_alert *alerts;
    size_t alert_count;
    struct gong_promtest_expr *exprs;
    size_t expr_count;
};

struct gong_promtest {
    struct gong_yaml *yaml;
    int64_t interval_ms;
    const char **rule_files; /* owned, as the next two */
    size_t rule_file_count;
    const char **order;
    size_t order_count;
    struct gong_promtest_group *groups;
    size_t group_count;
};

/* gong_promtest_load: NULL after problems, all of them in errors. */
struct gong_promtest *gong_promtest_load(const char *path,
                                         struct gong_conf_errors *errors);
void gong_promtest_free(struct gong_promtest *test);

/* gong_promtest_run: loads the rule files and runs all groups; what fails is
 * said on out. False where anything did, or could not be run. */
bool gong_promtest_run(const struct gong_promtest *test, const char *path,
                       FILE *out);

#endif
