#include "rules/engine/labelset.h"

void
gong_labelsets_init(struct gong_labelsets *sets, struct gong_symbols *symbols,
                    struct gong_budget *budget)
{
    sets->symbols = symbols;
    gong_arena_init(&sets->sets, budget, sizeof(struct gong_labelset));
    gong_arena_init(&sets->pairs, budget, sizeof(struct gong_label_pair));
    gong_index_init(&sets->index, budget);
}

void
gong_labelsets_fini(struct gong_labelsets *sets)
{
    gong_arena_fini(&sets->sets);
    gong_arena_fini(&sets->pairs);
    gong_index_fini(&sets->index);
}

static const struct gong_labelset *
set_at(const struct gong_labelsets *sets, uint32_t set)
{
    return gong_arena_at(&sets->sets, set);
}

static const struct gong_label_pair *
pairs_of(const struct gong_labelsets *sets, uint32_t set)
{
    return gong_arena_at(&sets->pairs, set_at(sets, set)->first);
}

static int
compare(const struct gong_labelsets *sets, uint32_t a, uint32_t b)
{
    return a == b ? 0
                  : gong_str_compare(gong_symbol_text(sets->symbols, a),
                                     gong_symbol_text(sets->symbols, b));
}

/* By insertion: sets are small, and nearly sorted as senders write them. */
static size_t
sort_labels(const struct gong_labelsets *sets, struct gong_label_pair *labels,
            size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        struct gong_label_pair label = labels[i];
        size_t at = kept;
        int order = -1;

        while (at > 0 &&
               (order = compare(sets, labels[at - 1].name, label.name)) > 0) {
            at--;
        }
        if (at > 0 && order == 0) {
            if (compare(sets, label.value, labels[at - 1].value) < 0) {
                labels[at - 1].value = label.value;
            }
            continue;
        }
        memmove(labels + at + 1, labels + at, (kept - at) * sizeof *labels);
        labels[at] = label;
        kept++;
    }
    return kept;
}

static uint32_t
add_set(struct gong_labelsets *sets, const struct gong_label_pair *pairs,
        uint32_t count, uint64_t hash)
{
    uint32_t first = gong_arena_add(&sets->pairs, count);
    uint32_t set = first == 0 ? 0 : gong_arena_add(&sets->sets, 1);

    if (set == 0) {
        return 0;
    }
    if (count != 0) {
        memcpy(gong_arena_at(&sets->pairs, first), pairs,
               count * sizeof *pairs);
    }
    *(struct gong_labelset *)gong_arena_at(&sets->sets, set) =
        (struct gong_labelset){first, count};
    return gong_index_put(&sets->index, hash, set) ? set : 0;
}

bool
gong_label_intern(struct gong_symbols *symbols, struct gong_str name,
                  struct gong_str value, struct gong_label_pair *out)
{
    out->name = gong_symbol_intern(symbols, name);
    out->value = gong_symbol_intern(symbols, value);
    return out->name != 0 && out->value != 0;
}

uint32_t
gong_labelset_intern(struct gong_labelsets *sets,
                     struct gong_label_pair *labels, size_t count)
{
    size_t kept = sort_labels(sets, labels, count);
    size_t size = kept * sizeof *labels;
    uint64_t hash = gong_hash(sets->symbols->key, labels, size);
    struct gong_probe probe = gong_probe_start(&sets->index, hash);
    uint32_t set = 0;

    while ((set = gong_probe_next(&sets->index, &probe)) != 0) {
        if (set_at(sets, set)->count == kept &&
            (kept == 0 || memcmp(pairs_of(sets, set), labels, size) == 0)) {
            return set;
        }
    }
    return add_set(sets, labels, (uint32_t)kept, hash);
}

size_t
gong_labelset_views(const struct gong_labelsets *sets, uint32_t set,
                    struct gong_label_view *out)
{
    const struct gong_label_pair *pairs = pairs_of(sets, set);
    size_t count = set_at(sets, set)->count;

    for (size_t i = 0; i < count; i++) {
        out[i].name = gong_symbol_text(sets->symbols, pairs[i].name);
        out[i].value = gong_symbol_text(sets->symbols, pairs[i].value);
    }
    return count;
}

struct gong_str
gong_labelset_get(const struct gong_labelsets *sets, uint32_t set,
                  struct gong_str name)
{
    const struct gong_label_pair *pairs = pairs_of(sets, set);

    for (uint32_t i = 0; i < set_at(sets, set)->count; i++) {
        if (gong_str_equal(gong_symbol_text(sets->symbols, pairs[i].name),
                           name)) {
            return gong_symbol_text(sets->symbols, pairs[i].value);
        }
    }
    return (struct gong_str){"", 0};
}

/* Their pairs lie in the order of the sets, as they were made. */
bool
gong_labelsets_keep(struct gong_labelsets *sets, const uint32_t *map)
{
    uint32_t to = 1;

    gong_index_clear(&sets->index);
    for (uint32_t i = 1; i < sets->sets.count; i++) {
        struct gong_labelset *set = gong_arena_at(&sets->sets, i);
        size_t size = set->count * sizeof(struct gong_label_pair);

        if (map[i] == 0) {
            continue;
        }
        if (!gong_arena_move(&sets->pairs, to, set->first, set->count)) {
            return false;
        }
        set->first = to;
        to += set->count;
        if (!gong_index_put(
                &sets->index,
                gong_hash(sets->symbols->key, pairs_of(sets, i), size),
                map[i])) {
            return false;
        }
    }
    gong_arena_cut(&sets->pairs, to);
    gong_arena_keep(&sets->sets, map);
    return true;
}

int
gong_labels_compare(const struct gong_label_view *a, size_t a_count,
                    const struct gong_label_view *b, size_t b_count)
{
    for (size_t i = 0; i < a_count && i < b_count; i++) {
        int order = gong_str_compare(a[i].name, b[i].name);

        if (order == 0) {
            order = gong_str_compare(a[i].value, b[i].value);
        }
        if (order != 0) {
            return order;
        }
    }
    return a_count < b_count ? -1 : a_count > b_count ? 1 : 0;
}

int
gong_labelset_compare(const struct gong_labelsets *sets, uint32_t a, uint32_t b)
{
    struct gong_label_view left[GONG_LABELSET_MAX];
    struct gong_label_view right[GONG_LABELSET_MAX];
    size_t count = gong_labelset_views(sets, a, left);

    return gong_labels_compare(left, count, right,
                               gong_labelset_views(sets, b, right));
}
