#include "rules/tool/explain.h"

#include <stdlib.h>

#include "common/clock.h"
#include "rules/engine/arith.h"
#include "rules/engine/labelset.h"
#include "rules/query/json_text.h"
#include "rules/query/number_text.h"

#define SHOWN_MAX 5 /* series of one node */
#define INDENT    2

/* One node while it is told. */
struct node {
    const struct gong_explain *explain;
    const struct gong_expr *expr;
    uint32_t index;
    int depth;
};

bool
gong_explain_fits(const struct gong_explain *explain,
                  const struct gong_label_view *labels, size_t count)
{
    for (size_t i = 0; i < explain->label_count; i++) {
        for (size_t k = 0; k < count; k++) {
            if (gong_str_equal(labels[k].name, explain->labels[i].name) &&
                !gong_str_equal(labels[k].value, explain->labels[i].value)) {
                return false;
            }
        }
    }
    return true;
}

static void
begin_line(const struct node *n, int more)
{
    (void)fprintf(n->explain->out, "%*s", (n->depth + more) * INDENT, "");
}

/* "3m20s before" */
static void
put_age(FILE *out, int64_t at_ms, int64_t ms)
{
    char text[GONG_DUR_TEXT_SIZE];

    gong_dur_format(gong_dur_ms(at_ms - ms), text);
    (void)fprintf(out, "%s before", text);
}

static void
put_labels(FILE *out, const struct gong_label_view *labels, size_t count)
{
    gong_label_text_put(out, labels, count);
}

/* The nodes with a value of their own; what brackets and names add is none. */
static bool
is_told(const struct gong_expr_node *node)
{
    return node->kind != GONG_EXPR_PAREN && node->kind != GONG_EXPR_NUMBER &&
           node->kind != GONG_EXPR_STRING;
}

/* Why a series of the selector has no value now. */
static void
put_old_series(const struct node *n, const struct gong_eval_source *source,
               uint32_t series)
{
    const struct gong_explain *explain = n->explain;
    const struct gong_expr_node *node = &n->expr->nodes[n->index];
    struct gong_label_view labels[GONG_LABELSET_MAX];
    size_t count = source->labels(source->ctx, series, labels);
    int64_t at = explain->at_ms - node->offset_ms;
    struct gong_sample sample;

    begin_line(n, 2);
    put_labels(explain->out, labels, count);
    if (!source->newest(source->ctx, series, INT64_MIN, at, &sample)) {
        (void)fputs(" begins later\n", explain->out);
        return;
    }
    if (gong_is_stale(sample.value)) {
        (void)fputs(" was ended ", explain->out);
    } else {
        (void)fputs(" was ", explain->out);
        gong_number_put(explain->out, sample.value);
        (void)fputc(' ', explain->out);
    }
    put_age(explain->out, at, sample.ms);
    (void)fputs(gong_is_stale(sample.value) ? "\n" : ": too old\n",
                explain->out);
}

static void
put_why_none(const struct node *n)
{
    struct gong_eval_source source =
        gong_eval_memory_source(n->explain->memory);
    const uint32_t *series = NULL;
    size_t count = 0;
    size_t shown = 0;

    if (source.select(source.ctx, &n->expr->nodes[n->index], n->index, &series,
                      &count) != GONG_OK) {
        return;
    }
    for (size_t i = 0; i < count && shown < SHOWN_MAX; i++) {
        struct gong_label_view labels[GONG_LABELSET_MAX];
        size_t labelled = source.labels(source.ctx, series[i], labels);

        if (gong_explain_fits(n->explain, labels, labelled)) {
            put_old_series(n, &source, series[i]);
            shown++;
        }
    }
    if (shown == 0) {
        begin_line(n, 2);
        (void)fputs("no series has these labels\n", n->explain->out);
    }
}

/* The result's series that fit; how many. */
static size_t
put_vector(const struct node *n, const struct gong_eval *eval,
           const struct gong_eval_result *result)
{
    FILE *out = n->explain->out;
    size_t fit = 0;

    for (size_t i = 0; i < result->count; i++) {
        struct gong_label_view labels[GONG_LABELSET_MAX];
        bool matrix = result->type == GONG_VALUE_MATRIX;
        uint32_t set = matrix ? result->matrix[i].set : result->vector[i].set;
        size_t count = gong_eval_labels(eval, set, labels);

        if (!gong_explain_fits(n->explain, labels, count) ||
            fit++ >= SHOWN_MAX) {
            continue;
        }
        begin_line(n, 2);
        put_labels(out, labels, count);
        (void)fputs(" = ", out);
        if (matrix) {
            const struct gong_eval_series *s = &result->matrix[i];

            (void)fprintf(out, "%zu sample%s, the last one ", s->count,
                          gong_plural(s->count));
            gong_number_put(out, s->samples[s->count - 1].value);
            (void)fputc(' ', out);
            put_age(out, n->explain->at_ms, s->samples[s->count - 1].ms);
        } else {
            gong_number_put(out, result->vector[i].value);
        }
        (void)fputc('\n', out);
    }
    if (fit > SHOWN_MAX) {
        begin_line(n, 2);
        (void)fprintf(out, "and %zu more\n", fit - SHOWN_MAX);
    }
    return fit;
}

static bool
is_comparison(const struct gong_expr_node *node)
{
    return node->kind == GONG_EXPR_BINARY && gong_op_is_comparison(node->op);
}

static void
put_result(const struct node *n, const struct gong_eval *eval,
           const struct gong_eval_result *result, bool *holds)
{
    const struct gong_expr_node *node = &n->expr->nodes[n->index];
    FILE *out = n->explain->out;

    if (result->type == GONG_VALUE_SCALAR) {
        begin_line(n, 2);
        gong_number_put(out, result->scalar);
        (void)fputc('\n', out);
        *holds = true;
        return;
    }
    *holds = put_vector(n, eval, result) > 0;
    if (*holds) {
        return;
    }
    if (node->kind == GONG_EXPR_SELECTOR) {
        put_why_none(n);
        return;
    }
    begin_line(n, 2);
    (void)fputs(is_comparison(node) ? "nothing: it is not so, or one side is "
                                      "missing\n"
                                    : "nothing for these labels\n",
                out);
}

static struct gong_eval_options
options_of(const struct gong_explain *explain)
{
    return (struct gong_eval_options){
        .lookback_ms = explain->rule->lookback_ms,
        .subquery_step_ms = explain->set->subquery_step_ms,
    };
}

static enum gong_err
tell_value(const struct node *n, bool *holds)
{
    const struct gong_explain *explain = n->explain;
    struct gong_expr part = {n->expr->nodes, n->index + 1, n->index};
    struct gong_eval_source source = gong_eval_memory_source(explain->memory);
    struct gong_eval_options options = options_of(explain);
    struct gong_expr_error error = {0};
    struct gong_eval *eval = gong_eval_new(&part, &source, &options, &error);
    const struct gong_eval_result *result = NULL;
    char *text = gong_expr_print(&part);
    enum gong_err err =
        eval == NULL || text == NULL ? GONG_ERR_MEMORY : GONG_OK;

    if (err == GONG_OK) {
        begin_line(n, 1);
        (void)fprintf(explain->out, "%s\n", text);
        err = gong_eval_at(eval, explain->at_ms, &result, &error);
        if (err == GONG_OK) {
            put_result(n, eval, result, holds);
        } else {
            begin_line(n, 2);
            (void)fprintf(explain->out, "fails: %s\n", error.message);
            *holds = false;
            err = err == GONG_ERR_MEMORY ? err : GONG_OK;
        }
    }
    free(text);
    gong_eval_free(eval);
    return err;
}

static enum gong_err
tell(const struct node *n, bool *holds)
{
    const struct gong_expr_node *node = &n->expr->nodes[n->index];
    int deeper = is_told(node) ? 1 : 0;
    enum gong_err err = is_told(node) ? tell_value(n, holds) : GONG_OK;

    for (size_t i = 0; i < node->arg_count && err == GONG_OK; i++) {
        struct node child = {n->explain, n->expr, node->args[i],
                             n->depth + deeper};
        bool ignored = false;

        err = tell(&child, is_told(node) ? &ignored : holds);
    }
    return err;
}

/* Whether the clause has a result for the labels, without a word. */
static enum gong_err
ask(const struct gong_explain *explain, const struct gong_expr *clause,
    bool *holds, bool *fails)
{
    struct gong_eval_source source = gong_eval_memory_source(explain->memory);
    struct gong_eval_options options = options_of(explain);
    struct gong_expr_error error = {0};
    struct gong_eval *eval = gong_eval_new(clause, &source, &options, &error);
    const struct gong_eval_result *result = NULL;
    enum gong_err err = eval == NULL ? GONG_ERR_MEMORY : GONG_OK;

    *holds = false;
    *fails = false;
    if (err == GONG_OK) {
        err = gong_eval_at(eval, explain->at_ms, &result, &error);
        *fails = err != GONG_OK;
        err = err == GONG_ERR_MEMORY ? err : GONG_OK;
    }
    if (err == GONG_OK && !*fails && result != NULL) {
        *holds = result->type == GONG_VALUE_SCALAR;
        for (size_t i = 0; i < result->count && !*holds; i++) {
            struct gong_label_view labels[GONG_LABELSET_MAX];
            size_t count =
                gong_eval_labels(eval, result->vector[i].set, labels);

            *holds = gong_explain_fits(explain, labels, count);
        }
    }
    gong_eval_free(eval);
    return err;
}

static void
note(struct gong_said *said, uint32_t level, bool ends)
{
    uint8_t bit = (uint8_t)(1u << level);

    if (ends) {
        said->resolves |= bit;
    } else {
        said->fires |= bit;
    }
}

enum gong_err
gong_explain_says(const struct gong_explain *explain,
                  struct gong_explained *out)
{
    const struct gong_rule *rule = explain->rule;
    uint32_t count = gong_clauses_count(&rule->clauses);
    enum gong_err err = GONG_OK;

    *out = (struct gong_explained){0};
    for (uint32_t i = 0; i < count && err == GONG_OK; i++) {
        struct gong_expr view = gong_clause_view(rule->expr, &rule->clauses, i);
        bool ends = false;
        uint32_t level = gong_clauses_level(&rule->clauses, i, &ends);
        bool holds = false;
        bool fails = false;

        err = ask(explain, &view, &holds, &fails);
        out->fails |= (uint32_t)fails << i;
        if (holds) {
            note(&out->said, level, ends);
        }
    }
    return err;
}

/* What a clause is called in the file, and whether it holds. */
static void
put_clause(const struct gong_explain *explain, uint32_t level, bool ends,
           const char *verdict)
{
    const struct gong_rule *rule = explain->rule;
    const char *word = ends ? "resolve" : "expr";

    if (rule->level_count > 0) {
        (void)fprintf(explain->out, "level %s%s", rule->levels[level].severity,
                      ends ? ", resolve" : "");
    } else {
        (void)fputs(word, explain->out);
    }
    (void)fprintf(explain->out, ": %s\n", verdict);
}

enum gong_err
gong_explain_clauses(const struct gong_explain *explain,
                     struct gong_explained *out)
{
    const struct gong_rule *rule = explain->rule;
    uint32_t count = gong_clauses_count(&rule->clauses);
    enum gong_err err = gong_explain_says(explain, out);

    for (uint32_t i = 0; i < count && err == GONG_OK; i++) {
        struct gong_expr view = gong_clause_view(rule->expr, &rule->clauses, i);
        struct node root = {explain, &view, view.root, 0};
        bool ends = false;
        uint32_t level = gong_clauses_level(&rule->clauses, i, &ends);
        unsigned bits = ends ? out->said.resolves : out->said.fires;
        bool ignored = false;

        put_clause(explain, level, ends,
                   (out->fails >> i & 1u) != 0 ? "fails"
                   : (bits >> level & 1u) != 0 ? "holds"
                                               : "does not hold");
        err = tell(&root, &ignored);
        (void)fputc('\n', explain->out);
    }
    return err;
}
