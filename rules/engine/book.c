#include "rules/engine/book.h"

#include <stdlib.h>

#include "rules/engine/arith.h"
#include "rules/engine/book_metric.h"
#include "rules/engine/book_order.h"
#include "rules/engine/book_own.h"
#include "rules/engine/engine_query.h"
#include "rules/engine/presence.h"
#include "rules/engine/timer.h"

/* Lengths stay where sums of a few of them cannot leave int64. */
static int64_t
bounded(int64_t ms)
{
    return ms < 0 ? 0 : ms > GONG_INSTANT_MAX ? GONG_INSTANT_MAX : ms;
}

/* Reads "number" or "number, negate" at step *i. */
static bool
read_number(const struct gong_plan *plan, uint32_t *i, uint32_t end,
            double *number)
{
    if (*i >= end || plan->steps[*i].code != GONG_PLAN_PUSH_NUMBER) {
        return false;
    }
    *number = plan->steps[*i].number;
    ++*i;
    if (*i < end && plan->steps[*i].code == GONG_PLAN_NEGATE) {
        *number = -*number;
        ++*i;
    }
    return true;
}

/* Whether the steps from i to before end are "leaf op number" or "number op
 * leaf". */
static bool
read_threshold(const struct gong_plan *plan, uint32_t i, uint32_t end,
               enum gong_op *op, double *number)
{
    bool number_first = read_number(plan, &i, end, number);

    if (i >= end || plan->steps[i].code != GONG_PLAN_PUSH_LEAF) {
        return false;
    }
    i++;
    if (!number_first && !read_number(plan, &i, end, number)) {
        return false;
    }
    if (i + 1 != end || plan->steps[i].code != GONG_PLAN_BINARY ||
        plan->steps[i].return_bool ||
        !gong_op_is_comparison(plan->steps[i].op)) {
        return false;
    }
    *op =
        number_first ? gong_op_mirrored(plan->steps[i].op) : plan->steps[i].op;
    return true;
}

/* Takes the number that holds for more values; false if neither does. */
static bool
widen(struct gong_book_rule *r, enum gong_op op, double number)
{
    bool above = op == GONG_OP_GT || op == GONG_OP_GE;
    bool below = op == GONG_OP_LT || op == GONG_OP_LE;

    if (op != r->op || (!above && !below)) {
        return false;
    }
    if (above ? number < r->number : number > r->number) {
        r->number = number;
    }
    return true;
}

/* Whether all that can begin an alert are thresholds that one says. */
static bool
is_threshold(struct gong_book_rule *r)
{
    uint32_t fires = r->rule->clauses.fires == 0 ? 1 : r->rule->clauses.fires;

    for (uint32_t i = 0; i < fires; i++) {
        enum gong_op op = GONG_OP_EQ;
        double number = 0;

        if (!read_threshold(r->plan, i == 0 ? 0 : r->code.ends[i - 1],
                            r->code.ends[i], &op, &number) ||
            (i > 0 && !widen(r, op, number))) {
            return false;
        }
        r->op = op;
        r->number = i == 0 ? number : r->number;
    }
    return true;
}

/* Whether "fn(window) op number" cannot become true because the window's oldest
 * sample leaves it. */
static bool
is_steady(enum gong_range_fn fn, enum gong_op op)
{
    bool above = op == GONG_OP_GT || op == GONG_OP_GE;

    return fn == GONG_RANGE_IDELTA || fn == GONG_RANGE_IRATE ||
           fn == GONG_RANGE_PRESENT ||
           (above && (fn == GONG_RANGE_COUNT || fn == GONG_RANGE_CHANGES ||
                      fn == GONG_RANGE_RESETS));
}

static bool
is_between(const struct gong_range_call *call, enum gong_op op)
{
    double q = call->params[0];

    return op != GONG_OP_EQ && op != GONG_OP_NE &&
           (call->fn == GONG_RANGE_AVG || call->fn == GONG_RANGE_MIN ||
            call->fn == GONG_RANGE_MAX || call->fn == GONG_RANGE_LAST ||
            (call->fn == GONG_RANGE_QUANTILE && q >= 0 && q <= 1));
}

static bool
is_restless(struct gong_book_rule *r)
{
    const struct gong_plan *plan = r->plan;
    bool windows = false;

    for (uint32_t i = 0; i < plan->leaf_count; i++) {
        windows |= !gong_plan_leaf_is_newest(&plan->leaves[i]);
    }
    if (r->silence || plan->moves || !windows) {
        return r->silence || plan->moves;
    }
    if (plan->leaf_count > 1 || plan->leaves[0].range_ms == 0 ||
        plan->leaves[0].offset_ms > 0 || !is_threshold(r)) {
        return true;
    }
    r->between = r->code.count == 1 && is_between(&plan->leaves[0].call, r->op);
    return !is_steady(plan->leaves[0].call.fn, r->op);
}

static void
classify(struct gong_book_rule *r)
{
    const struct gong_plan *plan = r->plan;
    const struct gong_plan_leaf *first = &plan->leaves[0];

    r->silence = r->terms.fire;
    for (uint32_t i = 0; i < r->code.ends[r->code.count - 1]; i++) {
        r->silence |= plan->steps[i].code == GONG_PLAN_BINARY &&
                      (plan->steps[i].op == GONG_OP_OR ||
                       plan->steps[i].op == GONG_OP_UNLESS);
    }
    r->restless = is_restless(r);
    if (plan->leaf_count > 1) {
        r->form = GONG_FORM_JOINT;
    } else if (!gong_plan_leaf_is_newest(first) || first->stamp ||
               plan->reads_time || plan->param_count > 0) {
        r->form = GONG_FORM_WINDOW;
    } else if (is_threshold(r) && !r->terms.fire) {
        r->form = GONG_FORM_THRESHOLD;
    } else {
        r->form = GONG_FORM_SINGLE;
    }
}

static enum gong_severity
severity_of(const struct gong_rule *rule)
{
    for (size_t i = 0; i < rule->label_count; i++) {
        if (strcmp(rule->labels[i].name, "severity") == 0) {
            return gong_severity_of(rule->labels[i].text);
        }
    }
    return GONG_SEVERITY_OTHER;
}

enum gong_severity
gong_book_severity(const struct gong_book_rule *rule, unsigned level)
{
    return level > 0 && level <= rule->rule->level_count
               ? gong_severity_of(rule->rule->levels[level - 1].severity)
               : rule->severity;
}

static void
fill_levels(struct gong_alert_terms *terms, const struct gong_rule *rule)
{
    terms->levels = (uint8_t)rule->level_count;
    terms->resolves = rule->clauses.resolves;
    for (size_t i = 0; i < rule->level_count; i++) {
        int64_t for_ms = bounded(rule->levels[i].for_ms);

        if (i == 0) {
            terms->for_ms = for_ms;
        } else {
            terms->climb_ms[i - 1] = for_ms;
        }
    }
}

/* What all classes have in common. */
static enum gong_err
fill_terms(struct gong_book_rule *r, const struct gong_rule *rule)
{
    r->rule = rule;
    r->canonical = gong_expr_print(rule->expr);
    r->terms.for_ms = bounded(rule->for_ms);
    r->terms.keep_ms = bounded(rule->keep_firing_for_ms);
    r->lookback_ms = bounded(rule->lookback_ms);
    r->lookback_fixed = rule->lookback_fixed;
    r->interval_ms = bounded(rule->interval_ms);
    r->terms.unknown = rule->on_missing == GONG_ON_MISSING_UNKNOWN;
    r->terms.fire = rule->on_missing == GONG_ON_MISSING_FIRE;
    fill_levels(&r->terms, rule);
    r->trend = gong_book_asks_trend(rule);
    r->severity = severity_of(rule);
    return r->canonical == NULL ? GONG_ERR_MEMORY : GONG_OK;
}

static enum gong_err
compile_general(struct gong_book *book, struct gong_book_rule *r)
{
    struct gong_expr_error error = {0};
    struct gong_expr last;

    /* Of the last clause and all before it: what joins them says nothing. */
    last = gong_clause_view(r->rule->expr, &r->rule->clauses,
                            gong_clauses_count(&r->rule->clauses) - 1);
    r->reads = gong_reads_new(&last, &error);
    if (r->reads == NULL ||
        (!book->foreign &&
         !gong_book_check_own(r->reads, r->rule->expr, &error))) {
        return error.no_memory ? GONG_ERR_MEMORY : GONG_ERR_INVALID;
    }
    r->form = GONG_FORM_GENERAL;
    r->journal = true;
    r->silence = r->reads->silence;
    r->general = ++book->general_count;
    r->first_read = book->read_count;
    book->read_count += r->reads->count;
    if (r->rule->record != NULL && r->interval_ms == 0) {
        r->interval_ms = GONG_GENERAL_RECORD_MS;
    }
    /* What is missing cannot be told from what is false (semantics rule 12). */
    return r->terms.unknown || r->terms.fire ? GONG_ERR_INVALID : GONG_OK;
}

/* All that is the device's stays behind: only the members' silence counts. */
static enum gong_err
compile_aggregate(struct gong_book_rule *r, struct gong_symbols *symbols)
{
    r->form = GONG_FORM_AGGREGATE;
    r->journal = true;
    r->plan = r->aggregate->members;
    return gong_aggregate_name(r->aggregate, symbols);
}

/* Whether a rule has to be evaluated as a whole, whatever its expression is. */
static bool
is_whole(const struct gong_book *book, const struct gong_ruleset *set,
         const struct gong_rule *rule)
{
    bool mixed = false;

    (void)gong_book_metric(rule, &mixed);
    return rule->record != NULL || rule->whole || rule->limit > 0 ||
           gong_rule_is_whole(rule) || book->reads_alerts ||
           (book->foreign && mixed) || gong_book_reads_recorded(set, rule);
}

static enum gong_err
compile_rule(struct gong_book *book, struct gong_book_rule *r,
             const struct gong_ruleset *set, const struct gong_rule *rule,
             struct gong_symbols *symbols)
{
    struct gong_expr_error error = {0};
    bool own = !is_whole(book, set, rule);
    enum gong_err err = fill_terms(r, rule);

    if (err != GONG_OK) {
        return err;
    }
    if (own) {
        r->plan = gong_plan_new(rule->expr, &error);
        gong_book_find_params(book, r);
    }
    /* Sums of a foreign rule are rounded in the order of its series. */
    if (own && r->plan == NULL && !error.no_memory && !book->foreign &&
        gong_rule_is_plain(rule)) {
        r->aggregate = gong_aggregate_new(rule->expr, &error);
    }
    /* Its class is not known then: a replay would take another one. */
    if (error.no_memory) {
        return GONG_ERR_MEMORY;
    }
    if (r->aggregate != NULL) {
        return compile_aggregate(r, symbols);
    }
    if (r->plan == NULL) {
        return compile_general(book, r);
    }
    r->plan->presence = book->foreign ? 0 : r->plan->presence;
    r->presence = gong_plan_is_presence(r->plan);
    r->journal = r->presence || r->interval_ms > 0;
    r->code = gong_clause_code(r->plan, &rule->clauses);
    classify(r);
    /* Stamps of presence are of the journal's clock. */
    return r->plan->presence != 0 && !r->journal ? GONG_ERR_INVALID : GONG_OK;
}

bool
gong_book_check(const struct gong_expr *expr, bool foreign,
                struct gong_expr_error *error)
{
    static const struct gong_eval_source nowhere = {0};
    struct gong_expr_error unused = {0};
    struct gong_plan *plan = gong_plan_new(expr, &unused);
    struct gong_reads *reads = NULL;
    struct gong_eval *eval = NULL;

    if (plan != NULL) {
        gong_plan_free(plan);
        return true;
    }
    reads = gong_reads_new(expr, error);
    if (reads == NULL ||
        (!foreign && !gong_book_check_own(reads, expr, error))) {
        gong_reads_free(reads);
        return false;
    }
    eval = gong_eval_new(expr, &nowhere, NULL, error);
    gong_eval_free(eval);
    gong_reads_free(reads);
    return eval != NULL;
}

static int
compare_leaves(const void *a, const void *b)
{
    const struct gong_book_leaf *la = a;
    const struct gong_book_leaf *lb = b;

    if (la->metric != lb->metric) {
        return la->metric < lb->metric ? -1 : 1;
    }
    if (la->rule != lb->rule) {
        return la->rule < lb->rule ? -1 : 1;
    }
    return la->leaf < lb->leaf ? -1 : la->leaf > lb->leaf ? 1 : 0;
}

static uint32_t
count_leaves(const struct gong_book_rule *r)
{
    return r->plan != NULL ? r->plan->leaf_count : r->reads->count;
}

static const char *
metric_of(const struct gong_book_rule *r, uint32_t leaf)
{
    return r->plan != NULL ? r->plan->leaves[leaf].metric
                           : r->reads->all[leaf].metric;
}

static enum gong_err
collect_leaves(struct gong_book *book, struct gong_symbols *symbols)
{
    uint32_t total = 0;

    for (uint32_t i = 0; i < book->count; i++) {
        total += count_leaves(&book->rules[i]);
    }
    book->leaves = calloc((size_t)total + 1, sizeof *book->leaves);
    if (book->leaves == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < book->count; i++) {
        struct gong_book_rule *r = &book->rules[i];

        if (gong_book_name(r, symbols) != GONG_OK) {
            return GONG_ERR_MEMORY;
        }
        for (uint32_t leaf = 0; leaf < count_leaves(r); leaf++) {
            const char *name = metric_of(r, leaf);
            uint32_t metric =
                name == NULL ? 0
                             : gong_symbol_intern(symbols, gong_str_of(name));

            if (name != NULL && metric == 0) {
                return GONG_ERR_MEMORY;
            }
            book->leaves[book->leaf_count++] =
                (struct gong_book_leaf){metric, i, leaf};
        }
    }
    qsort(book->leaves, book->leaf_count, sizeof *book->leaves, compare_leaves);
    return GONG_OK;
}

/* The order of ids, made by merging runs: qsort cannot see the book. */
static void
merge_ids(const struct gong_book *book, const uint32_t *from, uint32_t *to,
          uint32_t run)
{
    for (uint32_t start = 0; start < book->count; start += 2 * run) {
        uint32_t middle = book->count - start < run ? book->count : start + run;
        uint32_t end =
            book->count - start < 2 * run ? book->count : start + 2 * run;
        uint32_t a = start;
        uint32_t b = middle;

        for (uint32_t i = start; i < end; i++) {
            bool left =
                b == end ||
                (a < middle && strcmp(book->rules[from[a]].rule->id,
                                      book->rules[from[b]].rule->id) <= 0);

            to[i] = left ? from[a++] : from[b++];
        }
    }
}

static enum gong_err
sort_ids(struct gong_book *book)
{
    uint32_t *spare = calloc((size_t)book->count + 1, sizeof *spare);

    book->by_id = calloc((size_t)book->count + 1, sizeof *book->by_id);
    if (book->by_id == NULL || spare == NULL) {
        free(spare);
        return GONG_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < book->count; i++) {
        book->by_id[i] = i;
    }
    for (uint32_t run = 1; run < book->count; run *= 2) {
        uint32_t *swap = book->by_id;

        merge_ids(book, book->by_id, spare, run);
        book->by_id = spare;
        spare = swap;
    }
    free(spare);
    for (uint32_t i = 1; i < book->count; i++) {
        if (strcmp(book->rules[book->by_id[i - 1]].rule->id,
                   book->rules[book->by_id[i]].rule->id) == 0) {
            return GONG_ERR_INVALID;
        }
    }
    return GONG_OK;
}

static enum gong_err
compile(struct gong_book *book, const struct gong_ruleset *set,
        struct gong_symbols *symbols)
{
    enum gong_err err = GONG_OK;
    uint32_t *order = NULL;

    *book = (struct gong_book){
        .foreign = set->foreign,
        .reads_alerts = set->foreign && gong_book_reads_alerts(set),
        .subquery_step_ms = bounded(set->subquery_step_ms),
        .city = set->foreign ? NULL : set->city,
    };
    if (set->count > GONG_RULES_MAX) {
        return GONG_ERR_INVALID;
    }
    err = gong_book_order(set, &order);
    if (err != GONG_OK) {
        return err;
    }
    book->rules = calloc(set->count + 1, sizeof *book->rules);
    book->count = book->rules == NULL ? 0 : (uint32_t)set->count;
    err = book->rules == NULL ? GONG_ERR_MEMORY : GONG_OK;
    for (uint32_t i = 0; i < book->count && err == GONG_OK; i++) {
        err = compile_rule(book, &book->rules[i], set, &set->rules[order[i]],
                           symbols);
    }
    free(order);
    if (err == GONG_OK) {
        err = sort_ids(book);
    }
    if (err == GONG_OK) {
        err = collect_leaves(book, symbols);
    }
    if (err == GONG_OK) {
        err = gong_book_collect_params(book, symbols);
    }
    return err == GONG_OK ? gong_book_collect_recorded(book) : err;
}

enum gong_err
gong_book_compile(struct gong_book *book, const struct gong_ruleset *set,
                  struct gong_symbols *symbols)
{
    enum gong_err err = compile(book, set, symbols);

    if (err != GONG_OK) {
        gong_book_fini(book);
    }
    return err;
}

void
gong_book_fini(struct gong_book *book)
{
    for (uint32_t i = 0; i < book->count; i++) {
        if (book->rules[i].aggregate == NULL) {
            gong_plan_free(book->rules[i].plan);
        }
        gong_aggregate_free(book->rules[i].aggregate);
        gong_reads_free(book->rules[i].reads);
        free(book->rules[i].canonical);
    }
    free(book->rules);
    free(book->leaves);
    free(book->by_id);
    free(book->recorded);
    free(book->params);
    free(book->params_sorted);
    *book = (struct gong_book){0};
}

uint32_t
gong_book_find(const struct gong_book *book, const char *id)
{
    uint32_t low = 0;
    uint32_t high = book->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(book->rules[book->by_id[middle]].rule->id, id);

        if (order == 0) {
            return book->by_id[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return GONG_BOOK_NONE;
}

const struct gong_book_leaf *
gong_book_leaves(const struct gong_book *book, uint32_t metric, uint32_t *count)
{
    uint32_t low = 0;
    uint32_t high = book->leaf_count;
    uint32_t end = 0;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (book->leaves[middle].metric < metric) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    end = low;
    while (end < book->leaf_count && book->leaves[end].metric == metric) {
        end++;
    }
    *count = end - low;
    return *count == 0 ? NULL : book->leaves + low;
}

bool
gong_book_is_read(const struct gong_book *book, uint32_t metric)
{
    uint32_t named = 0;
    uint32_t any = 0;

    (void)gong_book_leaves(book, metric, &named);
    (void)gong_book_leaves(book, 0, &any);
    return named > 0 || any > 0;
}
