#include "rules/engine/eval_space.h"

#include <string.h>

/* Label sets of churn are forgotten when they are more than the settled ones,
 * and more than this. */
#define SPARE_UNITS 65536

static uint64_t
units(const struct gong_eval *eval)
{
    return (uint64_t)eval->sets.sets.count + eval->sets.pairs.count +
           eval->symbols.symbols.count + eval->symbols.bytes.count;
}

static bool
open_space(struct gong_eval *eval)
{
    gong_symbols_init(&eval->symbols, &eval->budget, &eval->key);
    gong_labelsets_init(&eval->sets, &eval->symbols, &eval->budget);
    eval->generation++;
    eval->settled = 0;
    eval->forget = false;
    eval->name_symbol =
        gong_symbol_intern(&eval->symbols, gong_str_of("__name__"));
    return eval->name_symbol != 0;
}

void
gong_eval_space_init(struct gong_eval *eval)
{
    eval->forget = true;
    gong_symbols_init(&eval->symbols, &eval->budget, &eval->key);
    gong_labelsets_init(&eval->sets, &eval->symbols, &eval->budget);
}

void
gong_eval_space_fini(struct gong_eval *eval)
{
    gong_labelsets_fini(&eval->sets);
    gong_symbols_fini(&eval->symbols);
    gong_eval_drop(eval, &eval->unnamed.marks.slots);
}

bool
gong_eval_space_refresh(struct gong_eval *eval)
{
    uint64_t held = units(eval);

    if (eval->settled == 0) {
        eval->settled = held;
    }
    if (!eval->forget && held <= 2 * eval->settled + SPARE_UNITS) {
        return true;
    }
    gong_labelsets_fini(&eval->sets);
    gong_symbols_fini(&eval->symbols);
    /* Until it is open, the next evaluation has to try again. */
    if (!open_space(eval)) {
        eval->forget = true;
        return false;
    }
    return true;
}

uint32_t
gong_eval_symbol(struct gong_eval *eval, uint32_t index, struct gong_str text)
{
    uint32_t symbol = gong_symbol_intern(&eval->symbols, text);

    if (symbol == 0) {
        (void)gong_eval_no_memory(eval, index);
    }
    return symbol;
}

struct gong_str
gong_eval_text(const struct gong_eval *eval, uint32_t symbol)
{
    return gong_symbol_text(&eval->symbols, symbol);
}

uint32_t
gong_eval_intern(struct gong_eval *eval, uint32_t index,
                 struct gong_label_pair *pairs, size_t count)
{
    uint32_t set = gong_labelset_intern(&eval->sets, pairs, count);

    if (set == 0) {
        (void)gong_eval_no_memory(eval, index);
    }
    return set;
}

uint32_t
gong_eval_set_of(struct gong_eval *eval, uint32_t index,
                 const struct gong_label_view *labels, size_t count)
{
    struct gong_label_pair pairs[GONG_LABELSET_MAX];

    for (size_t i = 0; i < count; i++) {
        pairs[i].name = gong_eval_symbol(eval, index, labels[i].name);
        pairs[i].value = gong_eval_symbol(eval, index, labels[i].value);
        if (pairs[i].name == 0 || pairs[i].value == 0) {
            return 0;
        }
    }
    return gong_eval_intern(eval, index, pairs, count);
}

static const struct gong_label_pair *
pairs_of(const struct gong_eval *eval, uint32_t set, size_t *count)
{
    const struct gong_labelset *found = gong_arena_at(&eval->sets.sets, set);

    *count = found->count;
    return gong_arena_at(&eval->sets.pairs, found->first);
}

size_t
gong_eval_pairs(const struct gong_eval *eval, uint32_t set,
                struct gong_label_pair *out)
{
    size_t count = 0;
    const struct gong_label_pair *pairs = pairs_of(eval, set, &count);

    memcpy(out, pairs, count * sizeof *out);
    return count;
}

uint32_t
gong_eval_value_of(const struct gong_eval *eval, uint32_t set, uint32_t name)
{
    size_t count = 0;
    const struct gong_label_pair *pairs = pairs_of(eval, set, &count);

    for (size_t i = 0; i < count; i++) {
        if (pairs[i].name == name) {
            return pairs[i].value;
        }
    }
    return 0;
}

bool
gong_eval_names(struct gong_eval *eval, uint32_t index,
                struct gong_eval_names *names, char *const *labels,
                size_t count)
{
    uint32_t *symbols = NULL;

    if (names->generation == eval->generation) {
        return true;
    }
    if (!gong_eval_grow(eval, &names->symbols, count, sizeof *symbols)) {
        return gong_eval_no_memory(eval, index);
    }
    symbols = names->symbols.data;
    for (size_t i = 0; i < count; i++) {
        symbols[i] = gong_eval_symbol(eval, index, gong_str_of(labels[i]));
        if (symbols[i] == 0) {
            return false;
        }
    }
    names->count = count;
    names->generation = eval->generation;
    return true;
}

static bool
is_among(const struct gong_eval_names *names, uint32_t symbol)
{
    const uint32_t *symbols = names->symbols.data;

    for (size_t i = 0; i < names->count; i++) {
        if (symbols[i] == symbol) {
            return true;
        }
    }
    return false;
}

uint32_t
gong_eval_reduce(struct gong_eval *eval, uint32_t index, uint32_t set,
                 const struct gong_eval_names *names, bool keep)
{
    struct gong_label_pair pairs[GONG_LABELSET_MAX];
    size_t count = gong_eval_pairs(eval, set, pairs);
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        bool among = is_among(names, pairs[i].name);

        if (keep ? among : !among && pairs[i].name != eval->name_symbol) {
            pairs[kept++] = pairs[i];
        }
    }
    return gong_eval_intern(eval, index, pairs, kept);
}

uint32_t
gong_eval_unnamed(struct gong_eval *eval, uint32_t index, uint32_t set)
{
    static const struct gong_eval_names none = {.count = 0};
    struct gong_eval_marks *memo = gong_eval_memo(eval, index, &eval->unnamed);
    uint32_t out = 0;

    if (memo == NULL || (out = gong_eval_marked(memo, set)) != 0) {
        return out;
    }
    out = gong_eval_reduce(eval, index, set, &none, false);
    return out != 0 && gong_eval_mark(eval, index, memo, set, out) ? out : 0;
}

bool
gong_eval_set_label(struct gong_eval *eval, uint32_t index,
                    struct gong_label_pair *pairs, size_t *count,
                    struct gong_label_pair label)
{
    size_t kept = 0;

    for (size_t i = 0; i < *count; i++) {
        if (pairs[i].name != label.name) {
            pairs[kept++] = pairs[i];
        }
    }
    if (label.value != 0) {
        if (kept == GONG_LABELSET_MAX) {
            return gong_eval_fail(eval, index, GONG_EVAL_LABELS,
                                  "found a result of more than %d labels, "
                                  "expected fewer",
                                  GONG_LABELSET_MAX);
        }
        pairs[kept++] = label;
    }
    *count = kept;
    return true;
}

bool
gong_eval_marks_reserve(struct gong_eval *eval, uint32_t index,
                        struct gong_eval_marks *marks)
{
    uint32_t need = eval->sets.sets.count;
    struct gong_eval_mark *slots = NULL;

    if (need <= marks->limit) {
        return true;
    }
    if (!gong_eval_grow(eval, &marks->slots, need, sizeof *slots)) {
        return gong_eval_no_memory(eval, index);
    }
    need = (uint32_t)(marks->slots.bytes / sizeof *slots);
    slots = marks->slots.data;
    memset(slots + marks->limit, 0, (need - marks->limit) * sizeof *slots);
    marks->limit = need;
    return true;
}

bool
gong_eval_marks_begin(struct gong_eval *eval, uint32_t index,
                      struct gong_eval_marks *marks)
{
    if (marks->epoch == UINT32_MAX) {
        memset(marks->slots.data, 0,
               marks->limit * sizeof(struct gong_eval_mark));
        marks->epoch = 0;
    }
    marks->epoch++;
    return gong_eval_marks_reserve(eval, index, marks);
}

bool
gong_eval_mark(struct gong_eval *eval, uint32_t index,
               struct gong_eval_marks *marks, uint32_t set, uint32_t value)
{
    struct gong_eval_mark *slots = NULL;

    if (set >= marks->limit && !gong_eval_marks_reserve(eval, index, marks)) {
        return false;
    }
    slots = marks->slots.data;
    slots[set] = (struct gong_eval_mark){marks->epoch, value};
    return true;
}

struct gong_eval_marks *
gong_eval_memo(struct gong_eval *eval, uint32_t index,
               struct gong_eval_memo *memo)
{
    if (memo->generation == eval->generation) {
        return &memo->marks;
    }
    if (!gong_eval_marks_begin(eval, index, &memo->marks)) {
        return NULL;
    }
    memo->generation = eval->generation;
    return &memo->marks;
}

static bool
same_labelset(struct gong_eval *eval, uint32_t index)
{
    return gong_eval_fail(eval, index, GONG_EVAL_SAME_LABELSET,
                          "found two results with the same label set, expected "
                          "one of each");
}

bool
gong_eval_check_distinct(struct gong_eval *eval, uint32_t index)
{
    struct gong_eval_state *state = &eval->states[index];
    const struct gong_eval_sample *items = gong_eval_items(&state->vector);
    struct gong_eval_marks *marks = &state->marks[0];

    if (state->vector.count < 2) {
        return true;
    }
    if (!gong_eval_marks_begin(eval, index, marks)) {
        return false;
    }
    for (size_t i = 0; i < state->vector.count; i++) {
        if (gong_eval_marked(marks, items[i].set) != 0) {
            return same_labelset(eval, index);
        }
        if (!gong_eval_mark(eval, index, marks, items[i].set, 1)) {
            return false;
        }
    }
    return true;
}

bool
gong_eval_check_origin(struct gong_eval *eval, uint32_t index, uint32_t from,
                       uint32_t set)
{
    struct gong_eval_state *state = &eval->states[index];
    struct gong_eval_marks *marks = &state->marks[0];
    uint32_t origin = 0;

    if (state->asked != eval->evaluation) {
        state->asked = eval->evaluation;
        if (!gong_eval_marks_begin(eval, index, marks)) {
            return false;
        }
    }
    origin = gong_eval_marked(marks, set);
    if (origin != 0) {
        return origin == from || same_labelset(eval, index);
    }
    return gong_eval_mark(eval, index, marks, set, from);
}
