/*
 * engine_result: what a rule that is evaluated as a whole says at one instant:
 * its clauses' results, put together by their labels.
 *
 *   clause --evaluator--> label sets --+ the rule's labels--> instances
 *
 * While they are put together an instance's `timer`, which it has no other use
 * for, says where in found it is.
 */
#include "rules/engine/engine_general.h"

struct finding {
    struct gong_engine *engine;
    struct gong_general *query;
    const struct gong_rule *rule;
    uint32_t number; /* of the rule */
    uint32_t clause;
    uint32_t level;
    bool ends;
    bool fixed; /* a label set always gets the same labels of the rule */
    bool warming;
};

/* Whether the rule says something else about a label of the result. */
static bool
is_overruled(const struct gong_rule *rule, struct gong_str name)
{
    for (size_t i = 0; i < rule->label_count; i++) {
        if (gong_str_is(name, rule->labels[i].name)) {
            return true;
        }
    }
    return false;
}

/* Whether a label of the result is one of the rule's results: the name of an
 * alert is its own. */
static bool
is_kept(const struct gong_rule *rule, struct gong_str name)
{
    return !gong_str_is(name, "__name__") &&
           (rule->record != NULL || !gong_str_is(name, "alertname")) &&
           !is_overruled(rule, name);
}

/* The labels of a result as they are, or with_rule without the metric's name
 * and with the labels of the rule, which win. */
static enum gong_err
intern(const struct finding *f, const struct gong_eval_sample *sample,
       bool with_rule, uint32_t *labelset)
{
    struct gong_engine *engine = f->engine;
    struct gong_label_view views[GONG_LABELSET_MAX];
    struct gong_label_pair pairs[GONG_LABELSET_MAX + GONG_RULE_LABELS_MAX];
    size_t own = gong_general_labels(f->query, f->clause, sample->set, views);
    size_t count = 0;

    for (size_t i = 0; i < own; i++) {
        if ((!with_rule || is_kept(f->rule, views[i].name)) &&
            !gong_label_intern(&engine->symbols, views[i].name, views[i].value,
                               &pairs[count++])) {
            return GONG_ERR_MEMORY;
        }
    }
    for (size_t i = 0; with_rule && i < f->rule->label_count; i++) {
        struct gong_str value = gong_effect_label(engine->space, f->rule, i,
                                                  views, own, sample->value);

        if (value.len != 0 &&
            !gong_label_intern(&engine->symbols,
                               gong_str_of(f->rule->labels[i].name), value,
                               &pairs[count++])) {
            return GONG_ERR_MEMORY;
        }
    }
    /* Only what a rule says becomes a series, with a name beside it. */
    if (with_rule && count >= GONG_LABELSET_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    *labelset = gong_labelset_intern(&engine->labelsets, pairs, count);
    return *labelset == 0 ? GONG_ERR_MEMORY : GONG_OK;
}

/* The instance of a result, and its label set as it is. */
static enum gong_err
find_known(const struct finding *f, const struct gong_eval_sample *sample,
           struct gong_general_known *out)
{
    struct gong_general_known *known =
        gong_general_known(f->query, f->clause, sample->set);
    uint32_t labelset = 0;
    enum gong_err err = GONG_OK;

    if (known == NULL) {
        return GONG_ERR_MEMORY;
    }
    *out = *known;
    if (out->instance != 0 && f->fixed) {
        return GONG_OK;
    }
    err = intern(f, sample, true, &labelset);
    if (err == GONG_OK && f->rule->record == NULL) {
        err = intern(f, sample, false, &out->source);
    }
    if (err == GONG_OK) {
        err = gong_bind_general(&f->engine->live->binds, f->number, labelset,
                                &out->instance);
    }
    if (err == GONG_OK) {
        *known = *out;
    }
    return err;
}

static enum gong_err
add_found(struct gong_engine *engine, uint32_t *at)
{
    *at = gong_arena_add(&engine->found, 1);
    return *at == 0 ? GONG_ERR_MEMORY : GONG_OK;
}

/* What one result of a clause says. */
static enum gong_err
note_sample(const struct finding *f, const struct gong_eval_sample *sample)
{
    struct gong_engine *engine = f->engine;
    const struct gong_binds *binds = &engine->live->binds;
    struct gong_general_known known = {0};
    uint8_t bit = (uint8_t)(1u << f->level);
    struct gong_found *found = NULL;
    enum gong_err err = find_known(f, sample, &known);
    uint32_t at = 0;

    if (err == GONG_ERR_TOO_LARGE) {
        engine->stats.over_limit++;
        return add_found(engine, &at);
    }
    if (err == GONG_OK) {
        at = gong_instance_at(binds, known.instance)->timer;
        err = at == 0 ? add_found(engine, &at) : GONG_OK;
    }
    if (err != GONG_OK) {
        return err;
    }
    gong_instance_at(binds, known.instance)->timer = at;
    found = gong_found_at(engine, at);
    if (((f->ends ? found->resolves : found->fires) & bit) != 0) {
        return GONG_ERR_INVALID;
    }
    found->instance = known.instance;
    if (f->ends) {
        found->resolves |= bit;
        return GONG_OK;
    }
    found->fires |= bit;
    found->source = known.source;
    found->value = sample->value;
    return GONG_OK;
}

/* Samples that were there when nobody listened any more still count as newest
 * until it has settled. */
static int64_t
slack(const struct gong_engine *engine, int64_t t)
{
    int64_t stood =
        gong_timers_stood(&engine->live->timers, GONG_CLOCK_JOURNAL);

    return engine->settle_ms != GONG_NEVER && t > stood ? t - stood : 0;
}

static enum gong_err
run_clause(struct finding *f, int64_t t, int64_t *next_ms)
{
    struct gong_general_result result = {0};
    enum gong_err err =
        gong_general_run(f->query, f->clause, t, slack(f->engine, t), &result);

    *next_ms = result.next_ms < *next_ms ? result.next_ms : *next_ms;
    f->warming |= result.warming;
    f->level = gong_clauses_level(&f->rule->clauses, f->clause, &f->ends);
    for (size_t i = 0; i < result.count && err == GONG_OK; i++) {
        err = note_sample(f, &result.samples[i]);
    }
    return err;
}

static void
unmark_all(const struct gong_engine *engine)
{
    for (uint32_t i = 1; i < engine->found.count; i++) {
        uint32_t instance = gong_found_at(engine, i)->instance;

        if (instance != 0) {
            gong_instance_at(&engine->live->binds, instance)->timer = 0;
        }
    }
}

static bool
has_fixed_labels(const struct gong_rule *rule)
{
    for (size_t i = 0; i < rule->label_count; i++) {
        if (rule->labels[i].tmpl != NULL &&
            gong_rule_text_reads_value(rule->labels[i].text)) {
            return false;
        }
    }
    return true;
}

enum gong_err
gong_engine_find_results(struct gong_engine *engine, uint32_t rule, int64_t t,
                         int64_t *next_ms, bool *warming)
{
    const struct gong_live *live = engine->live;
    const struct gong_book_rule *r = &live->book.rules[rule];
    const struct gong_general_state *state =
        gong_general_state_at(live, r->general);
    struct finding f = {.engine = engine,
                        .query = live->queries[r->general],
                        .rule = r->rule,
                        .number = rule,
                        .fixed = has_fixed_labels(r->rule)};
    uint32_t count = gong_clauses_count(&r->rule->clauses);
    enum gong_err err = GONG_OK;

    *next_ms = INT64_MAX;
    gong_arena_clear(&engine->found);
    for (; f.clause < count && err == GONG_OK; f.clause++) {
        bool ends = false;

        (void)gong_clauses_level(&r->rule->clauses, f.clause, &ends);
        /* Where nothing has fired nothing can end. */
        if (!ends || state->first != 0) {
            err = run_clause(&f, t, next_ms);
        }
    }
    unmark_all(engine);
    *warming = f.warming;
    return err;
}
