/*
 * alert_model: one alert as a rule manager of Prometheus 2.42 runs it: its
 * expression is evaluated at each instant, and each label set of the result
 * goes inactive -> pending -> firing. The engine is compared with it.
 */
#ifndef GONG_RULES_TOOL_ALERT_MODEL_H
#define GONG_RULES_TOOL_ALERT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/engine/eval.h"
#include "rules/engine/ruleset.h"

struct gong_alert_model;

/* One alert that is pending or firing; borrowed, during a call. */
struct gong_model_alert {
    bool firing;
    int64_t since_ms;
    double value;
    const struct gong_label_view *labels; /* alertname among them; sorted */
    size_t label_count;
    const struct gong_label_view *annotations; /* in the rule's order */
    size_t annotation_count;
};

typedef void (*gong_model_alert_fn)(void *ctx,
                                    const struct gong_model_alert *alert);

/* rule is borrowed. NULL with error filled: what cannot be evaluated. */
struct gong_alert_model *gong_alert_model_new(
    const struct gong_rule *rule, const struct gong_eval_source *source,
    const struct gong_eval_options *options, struct gong_expr_error *error);
void gong_alert_model_free(struct gong_alert_model *model);

/* gong_alert_model_step: the instant t. On an error, which error names, nothing
 * changed. */
enum gong_err
gong_alert_model_step(struct gong_alert_model *model, int64_t t,
                      struct gong_expr_error *error) GONG_MUST_CHECK;

void gong_alert_model_visit(const struct gong_alert_model *model,
                            gong_model_alert_fn visit, void *ctx);

#endif
