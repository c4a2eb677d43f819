#include "rules/engine/engine_query.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/engine_presence.h"
#include "rules/engine/reads.h"

struct clause {
    struct gong_expr expr; /* borrows the rule's */
    struct gong_eval *eval;
    struct gong_arena known; /* by set */
    uint64_t generation;     /* of known */
    struct gong_eval_sample scalar;
};

struct gong_query {
    const struct gong_engine *engine;
    struct gong_live *live;
    const struct gong_book_rule *rule;
    /* What is derived counts for nothing: with a limit of memory a restored
     * engine must end where the first one did. */
    struct gong_budget budget;
    struct clause clauses[GONG_CLAUSES_MAX];
    uint32_t clause_count;

    /* Of the evaluation at hand. */
    int64_t t;
    int64_t slack;
    int64_t next_ms;
    bool read; /* whether there was any sample */
};

static void
note_change(struct gong_query *g, int64_t due)
{
    if (due > g->t && due < g->next_ms) {
        g->next_ms = due;
    }
}

static enum gong_err
select_series(void *ctx, const struct gong_expr_node *selector, uint32_t index,
              const uint32_t **series, size_t *count)
{
    struct gong_query *g = ctx;
    uint32_t read = gong_reads_find(g->rule->reads, index);

    (void)selector;
    return gong_bind_selected(&g->live->binds, g->rule->first_read + read,
                              series, count);
}

static size_t
get_labels(void *ctx, uint32_t series, struct gong_label_view *out)
{
    const struct gong_query *g = ctx;

    return gong_bind_views(&g->live->binds, series, out);
}

/* The newest sample: what lies ahead of now counts as at hand, as for all
 * rules. What the engine itself says of presence and alerts stands until it
 * says otherwise. */
static bool
get_newest(void *ctx, uint32_t series, int64_t from, int64_t to,
           struct gong_sample *out)
{
    struct gong_query *g = ctx;
    const struct gong_series *s = gong_series_at(&g->live->binds, series);
    int64_t lookback = gong_bind_lookback(g->rule, s);

    if (s->stamp == GONG_STAMP_NONE) {
        return false;
    }
    if (gong_engine_is_reserved(g->engine, s->metric)) {
        g->read = true;
        *out = (struct gong_sample){to, s->value};
        return true;
    }
    if (from > to - lookback - g->slack) {
        from = to - lookback - g->slack;
    }
    *out = (struct gong_sample){s->stamp, s->value};
    if (out->ms < from || (out->ms > to && to != g->t)) {
        return false;
    }
    note_change(g, out->ms + (g->t - from) + 1);
    g->read = true;
    return true;
}

static const struct gong_sample *
get_window(void *ctx, uint32_t series, int64_t from, int64_t to, size_t *count)
{
    static const struct gong_sample none;
    struct gong_query *g = ctx;

    (void)series;
    (void)from;
    (void)to;
    (void)g;
    *count = 0;
    return &none;
}

struct gong_query *
gong_query_new(const struct gong_engine *engine, struct gong_live *live,
               const struct gong_book_rule *rule, struct gong_expr_error *error)
{
    struct gong_query *g = calloc(1, sizeof *g);
    const struct gong_clauses *clauses = &rule->rule->clauses;
    struct gong_eval_options options = {.lookback_ms = rule->lookback_ms};
    struct gong_eval_source source = {g, select_series, get_labels, get_window,
                                      get_newest};
    bool fine = true;

    if (g == NULL) {
        return NULL;
    }
    g->engine = engine;
    g->live = live;
    g->rule = rule;
    g->clause_count = gong_clauses_count(clauses);
    for (uint32_t i = 0; i < g->clause_count; i++) {
        struct clause *c = &g->clauses[i];

        gong_arena_init(&c->known, &g->budget, sizeof(struct gong_query_known));
        c->expr = gong_clause_view(rule->rule->expr, clauses, i);
        c->eval =
            fine ? gong_eval_new(&c->expr, &source, &options, error) : NULL;
        fine = c->eval != NULL;
    }
    if (!fine) {
        gong_query_free(g);
        return NULL;
    }
    return g;
}

void
gong_query_free(struct gong_query *general)
{
    if (general == NULL) {
        return;
    }
    for (uint32_t i = 0; i < general->clause_count; i++) {
        gong_eval_free(general->clauses[i].eval);
        gong_arena_fini(&general->clauses[i].known);
    }
    free(general);
}

static void
take(struct clause *g, const struct gong_eval_result *result,
     struct gong_query_result *out)
{
    out->samples = result->vector;
    out->count = result->count;
    if (result->type == GONG_VALUE_SCALAR) {
        g->scalar = (struct gong_eval_sample){0, result->scalar};
        out->samples = &g->scalar;
        out->count = 1;
    }
}

/* The next instant that all rules which move with time share. */
static int64_t
next_tick(const struct gong_query *g)
{
    int64_t step =
        g->rule->interval_ms > 0 ? g->rule->interval_ms : GONG_GENERAL_TICK_MS;

    return g->t - g->t % step + step;
}

enum gong_err
gong_query_run(struct gong_query *general, uint32_t clause, int64_t t,
               int64_t slack, struct gong_query_result *out)
{
    const struct gong_reads *reads = general->rule->reads;
    const struct gong_eval_result *result = NULL;
    struct gong_expr_error error;
    enum gong_err err = GONG_OK;

    general->t = t;
    general->slack = slack;
    general->next_ms = INT64_MAX;
    general->read = false;
    *out = (struct gong_query_result){.next_ms = INT64_MAX};
    err = gong_eval_at(general->clauses[clause].eval, t, &result, &error);
    if (err == GONG_OK) {
        take(&general->clauses[clause], result, out);
    }
    if (err != GONG_OK || reads->moves_alone ||
        (reads->moves && general->read)) {
        note_change(general, next_tick(general));
    }
    out->next_ms = general->next_ms;
    return err;
}

struct gong_query_known *
gong_query_known(struct gong_query *general, uint32_t clause, uint32_t set)
{
    struct clause *c = &general->clauses[clause];
    struct gong_arena *known = &c->known;
    uint64_t generation = gong_eval_generation(c->eval);

    if (generation != c->generation) {
        gong_arena_clear(known);
        c->generation = generation;
    }
    if (set >= known->count &&
        gong_arena_add(known,
                       known->count == 0 ? set : set - known->count + 1) == 0) {
        return NULL;
    }
    return gong_arena_at(known, set);
}

size_t
gong_query_labels(const struct gong_query *general, uint32_t clause,
                  uint32_t set, struct gong_label_view *out)
{
    size_t count =
        set == 0 ? 0
                 : gong_eval_labels(general->clauses[clause].eval, set, out);
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (!gong_str_is(out[i].name, "__name__")) {
            out[kept++] = out[i];
        }
    }
    return kept;
}
