#include "rules/engine/clause.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/plan.h"
#include "rules/engine/promql_error.h"

static uint32_t
fires_of(const struct gong_clauses *clauses)
{
    return clauses->fires == 0 ? 1 : clauses->fires;
}

uint32_t
gong_clauses_count(const struct gong_clauses *clauses)
{
    uint32_t count = fires_of(clauses);

    for (uint32_t level = 0; level < GONG_LEVELS_MAX; level++) {
        count += clauses->resolves >> level & 1u;
    }
    return count;
}

uint32_t
gong_clauses_level(const struct gong_clauses *clauses, uint32_t clause,
                   bool *ends)
{
    uint32_t fires = fires_of(clauses);
    uint32_t level = 0;

    *ends = clause >= fires;
    if (!*ends) {
        return clause;
    }
    for (uint32_t left = clause - fires + 1; level < GONG_LEVELS_MAX; level++) {
        left -= clauses->resolves >> level & 1u;
        if (left == 0) {
            break;
        }
    }
    return level;
}

static void
append(char *out, size_t *len, const char *text, size_t size)
{
    memcpy(out + *len, text, size);
    *len += size;
}

/* A newline ends a comment that a clause may end in. */
static char *
join_texts(const struct gong_str *texts, size_t count)
{
    size_t size = 16 * count + 1;
    size_t len = 0;
    char *out = NULL;

    for (size_t i = 0; i < count; i++) {
        size += texts[i].len;
    }
    out = malloc(size);
    if (out == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        bool opens = i > 0 && i + 1 < count;

        append(out, &len, opens ? "((" : "(", opens ? 2 : 1);
        append(out, &len, texts[i].data, texts[i].len);
        append(out, &len, i + 1 < count ? "\n) or " : "\n)",
               i + 1 < count ? 6 : 2);
    }
    for (size_t i = 2; i < count; i++) {
        append(out, &len, ")", 1);
    }
    out[len] = '\0';
    return out;
}

/* The clause of a joined tree's `or`, and where the others are. */
static void
find_roots(const struct gong_expr *expr, size_t count, uint32_t *roots)
{
    uint32_t node = expr->root;

    for (size_t i = 0; i + 1 < count; i++) {
        while (expr->nodes[node].kind == GONG_EXPR_PAREN) {
            node = expr->nodes[node].args[0];
        }
        roots[i] = expr->nodes[node].args[0];
        node = expr->nodes[node].args[1];
    }
    roots[count - 1] = node;
}

struct gong_expr *
gong_clauses_join(const struct gong_str *texts, size_t count, uint32_t *roots,
                  struct gong_expr_error *error)
{
    struct gong_expr *expr = NULL;
    char *text = join_texts(texts, count);

    if (text == NULL) {
        (void)gong_expr_no_memory(error, 0);
        return NULL;
    }
    expr = gong_expr_parse(gong_str_of(text), error);
    free(text);
    if (expr != NULL) {
        find_roots(expr, count, roots);
    }
    return expr;
}

struct gong_expr
gong_clause_view(const struct gong_expr *expr,
                 const struct gong_clauses *clauses, uint32_t clause)
{
    struct gong_expr view = *expr;

    if (gong_clauses_count(clauses) > 1) {
        view.root = clauses->roots[clause];
        view.count = view.root + 1;
    }
    return view;
}

/* How a step moves the stack. */
static int
growth(const struct gong_plan_step *step)
{
    switch (step->code) {
    case GONG_PLAN_PUSH_NUMBER:
    case GONG_PLAN_PUSH_LEAF:
    case GONG_PLAN_PUSH_PARAM:
    case GONG_PLAN_PUSH_TIME:
        return 1;
    case GONG_PLAN_NEGATE:
    case GONG_PLAN_TIMESTAMP:
        return 0;
    case GONG_PLAN_BINARY:
        return -1;
    case GONG_PLAN_CALL:
        return -(int)gong_value_fn_params(step->fn);
    }
    return 0;
}

/* Clause i is over where the stack is i + 1 deep for the last time before the
 * `or`s, which stand at the end. */
struct gong_clause_code
gong_clause_code(const struct gong_plan *plan,
                 const struct gong_clauses *clauses)
{
    struct gong_clause_code code = {.count = gong_clauses_count(clauses)};
    int depth = 0;

    for (uint32_t i = 0; i + code.count <= plan->step_count; i++) {
        depth += growth(&plan->steps[i]);
        if (depth >= 1 && depth <= (int)code.count) {
            code.ends[depth - 1] = i + 1;
        }
    }
    return code;
}

static bool
run(const struct gong_plan *plan, const struct gong_clause_code *code,
    uint32_t clause, const struct gong_plan_input *inputs, int64_t t,
    double *value)
{
    uint32_t first = clause == 0 ? 0 : code->ends[clause - 1];

    return gong_plan_run_part(plan, first, code->ends[clause], inputs, t,
                              value);
}

struct gong_said
gong_clauses_run(const struct gong_plan *plan,
                 const struct gong_clauses *clauses,
                 const struct gong_clause_code *code,
                 const struct gong_plan_input *inputs, int64_t t)
{
    struct gong_said said = {0};

    for (uint32_t i = 0; i < code->count; i++) {
        bool ends = false;
        uint32_t level = gong_clauses_level(clauses, i, &ends);
        double value = 0;

        if (!run(plan, code, i, inputs, t, &value)) {
            continue;
        }
        if (ends) {
            said.resolves |= (uint8_t)(1u << level);
        } else {
            said.fires |= (uint8_t)(1u << level);
            said.value = value;
        }
    }
    return said;
}

bool
gong_clauses_fire(const struct gong_plan *plan,
                  const struct gong_clauses *clauses,
                  const struct gong_clause_code *code,
                  const struct gong_plan_input *inputs, int64_t t)
{
    double value = 0;

    for (uint32_t i = 0; i < fires_of(clauses); i++) {
        if (run(plan, code, i, inputs, t, &value)) {
            return true;
        }
    }
    return false;
}
