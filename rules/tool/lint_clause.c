/* lint_clause: what is hardly meant so in a rule's expressions, one by one:
 * expr, resolve and levels; in its lengths of time, its calendar and what it
 * says of missing data. */
#include "rules/tool/lint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define DAY_MS INT64_C(86400000)

/* A clause as an expression of its own. */
struct clause {
    struct gong_expr *expr; /* owned; NULL without memory */
    struct gong_lint_filter filter;
    bool filters;
    bool ends;
    uint32_t level;
};

struct clauses {
    struct clause items[GONG_CLAUSES_MAX];
    uint32_t count;
};

/* A clause's nodes are numbered with those before it: a parse of its own text
 * gives it alone. */
static void
read_clause(const struct gong_linter *linter, const struct gong_rule *rule,
            uint32_t i, struct clause *out)
{
    struct gong_expr view = gong_clause_view(rule->expr, &rule->clauses, i);
    struct gong_expr_error error = {0};
    char *text = NULL;

    *out = (struct clause){0};
    while (view.nodes[view.root].kind == GONG_EXPR_PAREN) {
        view.root = view.nodes[view.root].args[0];
    }
    view.count = view.root + 1;
    text = gong_expr_print(&view);
    out->level = gong_clauses_level(&rule->clauses, i, &out->ends);
    if (text != NULL) {
        out->expr = gong_expr_parse(gong_str_of(text), &error);
    }
    free(text);
    out->filters = out->expr != NULL &&
                   gong_lint_filter_of(linter->set, out->expr, &out->filter);
}

/* What a message calls it: "", " in resolve", " at level warning" ... */
static const char *
where(const struct gong_rule *rule, const struct clause *clause, char out[160])
{
    const char *level =
        rule->level_count == 0 ? NULL : rule->levels[clause->level].severity;

    if (level == NULL) {
        return clause->ends ? " in resolve" : "";
    }
    (void)snprintf(out, 160, " in%s level %.100s",
                   clause->ends ? " resolve of" : "", level);
    return out;
}

static char *
part_text(const struct gong_expr *expr, uint32_t node)
{
    struct gong_expr part = {expr->nodes, node + 1, node};

    return gong_expr_print(&part);
}

static void
lint_never(struct gong_linter *linter, const struct gong_rule *rule,
           const struct clause *clause)
{
    uint32_t at = gong_lint_never(linter->set, clause->expr);
    char *text = NULL;
    char place[160];

    if (at == GONG_EXPR_NONE) {
        return;
    }
    text = part_text(clause->expr, at);
    gong_lint_say(linter, rule, clause->ends ? "resolve" : "never",
                  "%s: found %s%s, expected what can be true",
                  clause->ends            ? "never resolves"
                  : rule->level_count > 0 ? "a level is never reached"
                                          : "never fires",
                  text == NULL ? "a part" : text, where(rule, clause, place));
    free(text);
}

static void
lint_ranges(struct gong_linter *linter, const struct gong_rule *rule,
            const struct clause *clause, int64_t every_ms)
{
    int64_t every = every_ms > 0 ? every_ms : rule->interval_ms;

    for (uint32_t i = 0; i < clause->expr->count && every > 0; i++) {
        const struct gong_expr_node *node = &clause->expr->nodes[i];
        char found[GONG_DUR_TEXT_SIZE];
        char wanted[GONG_DUR_TEXT_SIZE];
        char place[160];

        if (node->kind != GONG_EXPR_SELECTOR || node->range_ms == 0 ||
            node->range_ms >= 2 * every) {
            continue;
        }
        gong_dur_format(gong_dur_ms(node->range_ms), found);
        gong_dur_format(gong_dur_ms(2 * every), wanted);
        gong_lint_say(linter, rule, "range",
                      "found the range [%s]%s, expected at least [%s], twice "
                      "the time between samples",
                      found, where(rule, clause, place), wanted);
    }
}

/* The name of the parameter that a node reads; NULL where it reads none. */
static const char *
param_of(const struct gong_expr_node *node)
{
    const struct gong_matcher *first = node->matchers;

    return node->kind == GONG_EXPR_SELECTOR && node->matcher_count > 0 &&
                   strcmp(first->name, "__name__") == 0 &&
                   first->op == GONG_MATCH_EQUAL &&
                   strncmp(first->value, GONG_CITY_PARAM,
                           strlen(GONG_CITY_PARAM)) == 0
               ? first->value
               : NULL;
}

/* A parameter that no device has is an empty series: a slip of the pen. */
static void
lint_params(struct gong_linter *linter, const struct gong_rule *rule,
            const struct clause *clause)
{
    const struct gong_city *city = linter->set->city;

    for (uint32_t i = 0; i < clause->expr->count && city != NULL; i++) {
        const char *name = param_of(&clause->expr->nodes[i]);
        char place[160];
        size_t number;

        if (name == NULL || gong_city_metric(city, name, &number)) {
            continue;
        }
        gong_lint_say(linter, rule, "param",
                      "found %s%s, expected a parameter that a device of the "
                      "city model has",
                      name, where(rule, clause, place));
    }
}

/* Whether an expression says what is where the parameter is not. */
static bool
does_without(const struct gong_expr *expr, const char *name)
{
    for (uint32_t i = 0; i < expr->count; i++) {
        const struct gong_expr_node *node = &expr->nodes[i];
        uint32_t right = 0;

        if (node->kind != GONG_EXPR_BINARY || node->op != GONG_OP_UNLESS) {
            continue;
        }
        right = node->args[1];
        while (expr->nodes[right].kind == GONG_EXPR_PAREN) {
            right = expr->nodes[right].args[0];
        }
        if (param_of(&expr->nodes[right]) != NULL &&
            strcmp(param_of(&expr->nodes[right]), name) == 0) {
            return true;
        }
    }
    return false;
}

/* Once the model has it no more, nothing ends what fired. */
static void
lint_dropped(struct gong_linter *linter, const struct gong_rule *rule,
             const struct clause *ends)
{
    for (uint32_t i = 0; i < ends->expr->count; i++) {
        const char *name = param_of(&ends->expr->nodes[i]);
        char place[160];

        if (name == NULL || does_without(ends->expr, name)) {
            continue;
        }
        gong_lint_say(linter, rule, "param",
                      "found %s%s, which holds an alert for ever when the "
                      "city model drops it, expected \"... or (x unless on "
                      "(site, device) %s)\" too",
                      name, where(rule, ends, place), name);
        return;
    }
}

/* Whether two clauses compare the same thing with numbers. */
static bool
same_thing(const struct clause *a, const struct clause *b)
{
    char *first = NULL;
    char *second = NULL;
    bool same = false;

    if (!a->filters || !b->filters) {
        return false;
    }
    first = part_text(a->expr, a->filter.what);
    second = part_text(b->expr, b->filter.what);
    same = first != NULL && second != NULL && strcmp(first, second) == 0;
    free(first);
    free(second);
    return same;
}

/* Whether a and b together leave nothing of the base: no value at which neither
 * is true. */
static bool
leave_nothing(const struct clause *a, const struct clause *b)
{
    struct gong_lint_range base = a->filter.base;
    struct gong_lint_range low = a->filter.range;
    struct gong_lint_range high = b->filter.range;

    if (high.low < low.low) {
        low = b->filter.range;
        high = a->filter.range;
    }
    return low.low <= base.low && high.high >= base.high &&
           nextafter(low.high, INFINITY) >= high.low;
}

static bool
is_within(struct gong_lint_range inner, struct gong_lint_range outer)
{
    return inner.low >= outer.low && inner.high <= outer.high;
}

/* Of a level without clauses below it, or of a rule without levels. */
static void
lint_resolve(struct gong_linter *linter, const struct gong_rule *rule,
             const struct clauses *all, const struct clause *ends)
{
    const struct clause *fires = &all->items[ends->level];
    char *text = NULL;
    char place[160];

    if (!same_thing(fires, ends) || !leave_nothing(fires, ends)) {
        return;
    }
    text = part_text(ends->expr, ends->expr->root);
    gong_lint_say(linter, rule, "resolve",
                  "found %s%s, expected less: it is true wherever expr is not, "
                  "so nothing is held",
                  text == NULL ? "it" : text, where(rule, ends, place));
    free(text);
}

/* A level that a worse one hides: that holds wherever it does, and as soon. */
static void
lint_level(struct gong_linter *linter, const struct gong_rule *rule,
           const struct clauses *all, uint32_t level)
{
    const struct clause *clause = &all->items[level];

    for (uint32_t k = level + 1; k < rule->level_count; k++) {
        const struct clause *worse = &all->items[k];

        if (same_thing(clause, worse) &&
            is_within(clause->filter.range, worse->filter.range) &&
            rule->levels[k].for_ms <= rule->levels[level].for_ms) {
            gong_lint_say(linter, rule, "level",
                          "found the worse level %s wherever %s holds, "
                          "expected it to hold less often",
                          rule->levels[k].severity,
                          rule->levels[level].severity);
            return;
        }
    }
}

static void
lint_hold(struct gong_linter *linter, const struct gong_rule *rule,
          const char *level, int64_t for_ms)
{
    char found[GONG_DUR_TEXT_SIZE];
    char wanted[GONG_DUR_TEXT_SIZE];

    if (for_ms <= rule->lookback_ms || rule->interval_ms > 0) {
        return;
    }
    gong_dur_format(gong_dur_ms(for_ms), found);
    gong_dur_format(gong_dur_ms(rule->lookback_ms), wanted);
    gong_lint_say(linter, rule, "for",
                  "found for = %s%s%s, longer than the look-back of %s: one "
                  "sample cannot satisfy it",
                  found, level == NULL ? "" : " of level ",
                  level == NULL ? "" : level, wanted);
}

static void
lint_for(struct gong_linter *linter, const struct gong_rule *rule)
{
    if (rule->level_count == 0) {
        lint_hold(linter, rule, NULL, rule->for_ms);
    }
    for (size_t i = 0; i < rule->level_count; i++) {
        lint_hold(linter, rule, rule->levels[i].severity,
                  rule->levels[i].for_ms);
    }
}

static int64_t
first_of(const struct gong_calendar_list *list, int64_t first)
{
    for (size_t i = 0; i < list->count; i++) {
        int64_t day = list->items[i].first;

        first = day < first ? day : first;
    }
    return first;
}

static bool
opens_after(const struct gong_calendar *calendar, int64_t ms)
{
    return gong_calendar_is_open(calendar, ms) ||
           gong_calendar_next(calendar, ms) != INT64_MAX;
}

static void
lint_active(struct gong_linter *linter, const struct gong_rule *rule,
            int64_t now_ms)
{
    const struct gong_calendar *calendar = rule->calendar;
    int64_t first = 0; /* a day before all that it names */

    if (calendar == NULL) {
        return;
    }
    first = first_of(&calendar->during, now_ms / DAY_MS);
    first = first_of(&calendar->also, first_of(&calendar->except, first)) - 2;
    if (!opens_after(calendar, first * DAY_MS)) {
        gong_lint_say(linter, rule, "active",
                      "never counts: found the calendar %s, expected one that "
                      "is open at some time",
                      calendar->name);
    } else if (!opens_after(calendar, now_ms)) {
        gong_lint_say(linter, rule, "active",
                      "does not count any more: found the calendar %s closed "
                      "for good, expected later dates",
                      calendar->name);
    }
}

/* up and unit_up never grow too old; device_dark goes while the unit is
 * dark. */
static bool
is_lasting(const struct gong_expr_node *node)
{
    const struct gong_matcher *m = node->matchers;

    return node->matcher_count > 0 && m->op == GONG_MATCH_EQUAL &&
           strcmp(m->name, "__name__") == 0 &&
           (strcmp(m->value, "up") == 0 || strcmp(m->value, "unit_up") == 0);
}

/* Only what is not the default was written. */
static void
lint_missing(struct gong_linter *linter, const struct gong_rule *rule)
{
    enum gong_on_missing usual = rule->interval_ms > 0
                                     ? GONG_ON_MISSING_RESOLVE
                                     : GONG_ON_MISSING_UNKNOWN;

    if (rule->on_missing == usual ||
        rule->on_missing == GONG_ON_MISSING_RESOLVE) {
        return;
    }
    for (uint32_t i = 0; i < rule->expr->count; i++) {
        if (rule->expr->nodes[i].kind == GONG_EXPR_SELECTOR &&
            !is_lasting(&rule->expr->nodes[i])) {
            return;
        }
    }
    gong_lint_say(linter, rule, "on_missing",
                  "found on_missing of what is never missing, expected none");
}

void
gong_lint_clauses(struct gong_linter *linter, const struct gong_rule *rule,
                  const struct gong_lint_options *options)
{
    struct clauses all = {.count = gong_clauses_count(&rule->clauses)};

    for (uint32_t i = 0; i < all.count; i++) {
        read_clause(linter, rule, i, &all.items[i]);
    }
    for (uint32_t i = 0; i < all.count; i++) {
        const struct clause *clause = &all.items[i];

        if (clause->expr == NULL) {
            continue;
        }
        lint_never(linter, rule, clause);
        lint_ranges(linter, rule, clause, options->every_ms);
        lint_params(linter, rule, clause);
        if (clause->ends) {
            lint_resolve(linter, rule, &all, clause);
            lint_dropped(linter, rule, clause);
        } else {
            lint_level(linter, rule, &all, i);
        }
    }
    lint_for(linter, rule);
    lint_active(linter, rule, options->now_ms);
    lint_missing(linter, rule);
    for (uint32_t i = 0; i < all.count; i++) {
        gong_expr_free(all.items[i].expr);
    }
}
