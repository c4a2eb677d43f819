/*
 * promql_types: the functions of Prometheus 2.42 and the rules of type. An
 * expression is a scalar, a string, an instant vector or a range vector
 * (matrix), known before it is evaluated.
 */
#ifndef GONG_RULES_ENGINE_PROMQL_TYPES_H
#define GONG_RULES_ENGINE_PROMQL_TYPES_H

#include <stdbool.h>

#include "common/str.h"
#include "rules/engine/promql.h"

/* gong_promql_is_function: whether a call of name exists. */
bool gong_promql_is_function(struct gong_str name);

/* gong_promql_check_types: fills every node's type, bottom-up; drops the
 * matching clause where a side is a scalar. False with error filled. */
bool gong_promql_check_types(struct gong_expr *expr,
                             struct gong_expr_error *error);

/* gong_value_type_text: "an instant vector" and so on; static storage. */
const char *gong_value_type_text(enum gong_value_type type);

#endif
