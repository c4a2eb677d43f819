#include "rules/engine/eval.h"

#include <stdlib.h>

#include "rules/engine/promql_error.h"

struct gong_eval {
    const struct gong_expr *expr;
    struct gong_eval_source source;
};

struct gong_eval *
gong_eval_new(const struct gong_expr *expr,
              const struct gong_eval_source *source,
              const struct gong_eval_options *options,
              struct gong_expr_error *error)
{
    struct gong_eval *eval = calloc(1, sizeof(*eval));

    (void)options;
    if (eval == NULL) {
        (void)gong_expr_fail(error, 0, "found no memory left, expected some");
        return NULL;
    }
    eval->expr = expr;
    eval->source = *source;
    return eval;
}

void
gong_eval_free(struct gong_eval *eval)
{
    free(eval);
}
