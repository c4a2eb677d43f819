#include "rules/engine/engine_query.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/bind_past.h"
#include "rules/engine/engine_presence.h"
#include "rules/engine/promql_error.h"
#include "rules/engine/reads.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_hold.h"

struct clause {
    struct gong_expr expr; /* borrows the rule's */
    struct gong_eval *eval;
    struct gong_arena known; /* by set */
    uint64_t generation;     /* of known */
    struct gong_eval_sample scalar;
};

struct gong_general {
    const struct gong_engine *engine;
    struct gong_live *live;
    const struct gong_book_rule *rule;
    /* What is derived counts for nothing: with a limit of memory a restored
     * engine must end where the first one did. */
    struct gong_budget budget;
    struct clause clauses[GONG_CLAUSES_MAX];
    uint32_t clause_count;
    bool failing; /* the caller's */

    /* Of the evaluation at hand. */
    int64_t t;
    int64_t slack;
    int64_t next_ms;
    bool read; /* whether there was any sample */
    bool warming;
};

static void
note_change(struct gong_general *q, int64_t due)
{
    if (due > q->t && due < q->next_ms) {
        q->next_ms = due;
    }
}

static enum gong_err
select_series(void *ctx, const struct gong_expr_node *selector, uint32_t index,
              const uint32_t **series, size_t *count)
{
    struct gong_general *q = ctx;
    uint32_t read = gong_reads_find(q->rule->reads, index);

    (void)selector;
    return gong_bind_selected(&q->live->binds, q->rule->first_read + read,
                              series, count);
}

static size_t
get_labels(void *ctx, uint32_t series, struct gong_label_view *out)
{
    const struct gong_general *q = ctx;

    return gong_bind_views(&q->live->binds, series, out);
}

/* What the engine itself says of presence and alerts stands until it says
 * otherwise. */
static bool
is_standing(const struct gong_general *q, const struct gong_series *s)
{
    return gong_engine_is_reserved(q->engine, &q->live->book, s->metric);
}

/* Whether a device is expected at to, if that is what a series says; the days
 * on which that changes are looked at. */
static bool
is_stated(struct gong_general *q, const struct gong_series *s, int64_t to)
{
    const struct gong_binds *binds = &q->live->binds;
    const struct gong_city_device *device = NULL;

    if (s->metric != q->live->book.expected || q->live->book.expected == 0) {
        return true;
    }
    device = gong_city_device(
        q->live->book.city,
        gong_labelset_get(binds->labelsets, s->labelset, gong_str_of("site")),
        gong_labelset_get(binds->labelsets, s->labelset,
                          gong_str_of("device")));
    if (device == NULL) {
        return false;
    }
    if (device->from_ms > to && device->from_ms != INT64_MAX) {
        note_change(q, device->from_ms + (q->t - to));
    }
    if (device->until_ms > to && device->until_ms != INT64_MAX) {
        note_change(q, device->until_ms + (q->t - to));
    }
    return to >= device->from_ms && to < device->until_ms;
}

/* A sample that is read at to - which lies t - to behind now - goes reach after
 * its stamp. */
static void
note_end(struct gong_general *q, int64_t stamp, int64_t from)
{
    note_change(q, stamp + (q->t - from) + 1);
}

/* The next sample that comes within reach of what looks behind now. */
static void
note_next(struct gong_general *q, uint32_t window, const struct gong_series *s,
          int64_t to)
{
    size_t count = 0;
    const struct gong_sample *ahead = NULL;

    if (to == q->t) {
        return;
    }
    ahead =
        gong_sample_window_read(&q->live->binds.windows, window,
                                gong_bind_newest(s), to + 1, INT64_MAX, &count);
    if (count > 0) {
        note_change(q, ahead[0].ms + (q->t - to));
    }
}

/* The newest sample: what lies ahead of now counts as at hand, as for all
 * rules. */
static bool
get_newest(void *ctx, uint32_t series, int64_t from, int64_t to,
           struct gong_sample *out)
{
    struct gong_general *q = ctx;
    struct gong_binds *binds = &q->live->binds;
    const struct gong_series *s = gong_series_at(binds, series);
    int64_t reach = gong_bind_lookback(q->rule, s) + q->slack;
    uint32_t window = gong_bind_window(binds, s);

    if (s->stamp == GONG_STAMP_NONE) {
        return false;
    }
    if (is_standing(q, s)) {
        if (!is_stated(q, s, to)) {
            return false;
        }
        q->read = true;
        *out = (struct gong_sample){to, s->value};
        return true;
    }
    from = from < to - reach ? from : to - reach;
    *out = gong_bind_newest(s);
    if (out->ms > to && to != q->t) {
        note_next(q, window, s, to);
        if (window == 0 || !gong_sample_window_newest(&binds->windows, window,
                                                      *out, from, to, out)) {
            return false;
        }
    } else if (out->ms < from) {
        return false;
    }
    note_end(q, out->ms, from);
    q->read = true;
    return true;
}

static const struct gong_sample *
get_window(void *ctx, uint32_t series, int64_t from, int64_t to, size_t *count)
{
    struct gong_general *q = ctx;
    struct gong_binds *binds = &q->live->binds;
    const struct gong_series *s = gong_series_at(binds, series);
    uint32_t window = gong_bind_window(binds, s);
    const struct gong_sample *samples = NULL;
    int64_t whole = 0;

    *count = 0;
    if (window == 0 || s->stamp == GONG_STAMP_NONE) {
        return NULL;
    }
    whole = gong_sample_window_whole(&binds->windows, window);
    if (whole != GONG_SAMPLE_WINDOW_ALWAYS && from < whole) {
        q->warming = true;
        note_change(q, whole + (q->t - from));
    }
    note_next(q, window, s, to);
    samples = gong_sample_window_read(&binds->windows, window,
                                      gong_bind_newest(s), from, to, count);
    if (*count > 0) {
        note_end(q, samples[0].ms, from);
        q->read = true;
    }
    return samples;
}

struct gong_general *
gong_general_new(const struct gong_engine *engine, struct gong_live *live,
                 const struct gong_book_rule *rule,
                 struct gong_expr_error *error)
{
    struct gong_general *q = calloc(1, sizeof *q);
    const struct gong_clauses *clauses = &rule->rule->clauses;
    struct gong_eval_options options = {
        .lookback_ms = rule->lookback_ms,
        .subquery_step_ms = live->book.subquery_step_ms,
    };
    struct gong_eval_source source = {q, select_series, get_labels, get_window,
                                      get_newest};
    bool fine = true;

    if (q == NULL) {
        (void)gong_expr_no_memory(error, 0);
        return NULL;
    }
    q->engine = engine;
    q->live = live;
    q->rule = rule;
    q->clause_count = gong_clauses_count(clauses);
    for (uint32_t i = 0; i < q->clause_count; i++) {
        struct clause *c = &q->clauses[i];

        gong_arena_init(&c->known, &q->budget,
                        sizeof(struct gong_general_known));
        c->expr = gong_clause_view(rule->rule->expr, clauses, i);
        c->eval =
            fine ? gong_eval_new(&c->expr, &source, &options, error) : NULL;
        fine = c->eval != NULL;
    }
    if (!fine) {
        gong_general_free(q);
        return NULL;
    }
    return q;
}

void
gong_general_free(struct gong_general *query)
{
    if (query == NULL) {
        return;
    }
    for (uint32_t i = 0; i < query->clause_count; i++) {
        gong_eval_free(query->clauses[i].eval);
        gong_arena_fini(&query->clauses[i].known);
    }
    free(query);
}

void
gong_general_forget(struct gong_general *query)
{
    for (uint32_t i = 0; i < query->clause_count; i++) {
        gong_eval_forget(query->clauses[i].eval);
        gong_arena_clear(&query->clauses[i].known);
    }
}

static void
take(struct clause *c, const struct gong_eval_result *result,
     struct gong_general_result *out)
{
    out->samples = result->vector;
    out->count = result->count;
    if (result->type == GONG_VALUE_SCALAR) {
        c->scalar = (struct gong_eval_sample){0, result->scalar};
        out->samples = &c->scalar;
        out->count = 1;
    }
}

/* The next instant that all rules which move with time share. */
static int64_t
next_tick(const struct gong_general *q)
{
    int64_t step =
        q->rule->interval_ms > 0 ? q->rule->interval_ms : GONG_PLAN_TICK_MS;

    return gong_engine_on_grid(q->t + 1, step);
}

enum gong_err
gong_general_run(struct gong_general *query, uint32_t clause, int64_t t,
                 int64_t slack, struct gong_general_result *out)
{
    const struct gong_reads *reads = query->rule->reads;
    const struct gong_eval_result *result = NULL;
    struct gong_expr_error error;
    enum gong_err err = GONG_OK;

    query->t = t;
    query->slack = slack;
    query->next_ms = INT64_MAX;
    query->read = false;
    query->warming = false;
    *out = (struct gong_general_result){.next_ms = INT64_MAX};
    err = gong_eval_at(query->clauses[clause].eval, t, &result, &error);
    if (err == GONG_OK) {
        take(&query->clauses[clause], result, out);
    }
    if (err != GONG_OK || reads->moves_alone || (reads->moves && query->read)) {
        note_change(query,
                    gong_live_tick(query->live, query->rule, next_tick(query)));
    }
    out->next_ms = query->next_ms;
    out->warming = query->warming;
    return err;
}

enum gong_eval_fault
gong_general_fault(const struct gong_general *query)
{
    for (uint32_t i = 0; i < query->clause_count; i++) {
        enum gong_eval_fault fault = gong_eval_fault(query->clauses[i].eval);

        if (fault != GONG_EVAL_FINE) {
            return fault;
        }
    }
    return GONG_EVAL_SAME_LABELSET;
}

bool *
gong_general_failing(struct gong_general *query)
{
    return &query->failing;
}

struct gong_general_known *
gong_general_known(struct gong_general *query, uint32_t clause, uint32_t set)
{
    struct clause *c = &query->clauses[clause];
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
gong_general_labels(const struct gong_general *query, uint32_t clause,
                    uint32_t set, struct gong_label_view *out)
{
    return set == 0 ? 0
                    : gong_eval_labels(query->clauses[clause].eval, set, out);
}
