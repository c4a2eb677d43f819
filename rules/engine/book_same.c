/* book_same: whether rules mean the same, so that state can go on. */
#include "rules/engine/book.h"

#include "rules/engine/hash.h"

/* Which clause is which follows from the two numbers of clauses. */
static bool
same_levels(const struct gong_book_rule *a, const struct gong_book_rule *b)
{
    if (a->terms.levels != b->terms.levels ||
        a->terms.resolves != b->terms.resolves) {
        return false;
    }
    for (size_t i = 0; i < a->rule->level_count; i++) {
        if (strcmp(a->rule->levels[i].severity, b->rule->levels[i].severity) !=
                0 ||
            (i > 0 && a->terms.climb_ms[i - 1] != b->terms.climb_ms[i - 1])) {
            return false;
        }
    }
    return true;
}

/* What its calendar says, whatever that is called; 0: it has none. */
static uint64_t
calendar_of(const struct gong_rule *rule)
{
    return rule->calendar == NULL ? 0 : gong_calendar_identity(rule->calendar);
}

bool
gong_book_same(const struct gong_book_rule *a, const struct gong_book_rule *b)
{
    return a->form == b->form &&
           (a->rule->alert == NULL) == (b->rule->alert == NULL) &&
           strcmp(a->canonical, b->canonical) == 0 &&
           a->terms.for_ms == b->terms.for_ms &&
           a->terms.keep_ms == b->terms.keep_ms &&
           a->terms.unknown == b->terms.unknown &&
           a->terms.fire == b->terms.fire && same_levels(a, b) &&
           a->rule->trial == b->rule->trial &&
           a->rule->limit == b->rule->limit &&
           calendar_of(a->rule) == calendar_of(b->rule) &&
           a->lookback_ms == b->lookback_ms &&
           a->lookback_fixed == b->lookback_fixed &&
           a->interval_ms == b->interval_ms &&
           strcmp(gong_rule_name(a->rule), gong_rule_name(b->rule)) == 0 &&
           gong_rule_same_labels(a->rule, b->rule);
}

/* With the NUL, so that texts do not run into each other. */
static uint64_t
add_text(uint64_t state, const char *text)
{
    return gong_fnv1a(state, text, strlen(text) + 1);
}

uint64_t
gong_book_identity(const struct gong_book *book)
{
    uint64_t state = GONG_FNV1A_START;
    int64_t set[] = {book->foreign, book->subquery_step_ms};

    state = gong_fnv1a(state, set, sizeof set);
    if (book->city != NULL) {
        uint64_t city = gong_city_identity(book->city);

        state = gong_fnv1a(state, &city, sizeof city);
    }
    for (uint32_t i = 0; i < book->count; i++) {
        const struct gong_book_rule *r = &book->rules[i];
        int64_t terms[] = {
            r->terms.for_ms,    r->terms.keep_ms, r->lookback_ms,
            r->lookback_fixed,  r->interval_ms,   r->terms.unknown,
            r->terms.fire,      r->terms.levels,  r->terms.resolves,
            r->rule->trial,     r->rule->limit,   (int64_t)calendar_of(r->rule),
            (int64_t)r->general};

        /* The series whose samples it compares keep their past for it. */
        state = r->trend ? add_text(state, "trend of its metric") : state;
        state = add_text(state, r->rule->id);
        state = add_text(state, gong_rule_name(r->rule));
        state = add_text(state, r->canonical);
        state = gong_fnv1a(state, terms, sizeof terms);
        state = gong_fnv1a(state, r->terms.climb_ms, sizeof r->terms.climb_ms);
        for (size_t level = 0; level < r->rule->level_count; level++) {
            state = add_text(state, r->rule->levels[level].severity);
        }
        for (size_t label = 0; label < r->rule->label_count; label++) {
            state = add_text(state, r->rule->labels[label].name);
            state = add_text(state, r->rule->labels[label].text);
        }
    }
    return state;
}
