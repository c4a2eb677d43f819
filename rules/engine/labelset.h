/*
 * labelset: interned label sets: (name, value) symbol pairs, sorted by the
 * names' bytes, each name once. Equal sets have equal numbers, however their
 * labels were ordered when they were made. The empty set has a number too.
 */
#ifndef GONG_RULES_ENGINE_LABELSET_H
#define GONG_RULES_ENGINE_LABELSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/symbol.h"
#include "rules/engine/template.h"

/* Labels in the largest set, a metric's name among them: sets of rows and
 * series, which have it beside them, have fewer. */
#define GONG_LABELSET_MAX 80

struct gong_labelset {
    uint32_t first; /* in pairs */
    uint32_t count;
};

struct gong_label_pair {
    uint32_t name;
    uint32_t value;
};

struct gong_labelsets {
    struct gong_symbols *symbols;
    struct gong_arena sets;
    struct gong_arena pairs;
    struct gong_index index;
};

/* symbols is borrowed until fini. */
void gong_labelsets_init(struct gong_labelsets *sets,
                         struct gong_symbols *symbols,
                         struct gong_budget *budget);
void gong_labelsets_fini(struct gong_labelsets *sets);

/* gong_label_intern: a label's two texts as symbols. False without memory. */
bool gong_label_intern(struct gong_symbols *symbols, struct gong_str name,
                       struct gong_str value, struct gong_label_pair *out);

/* gong_labelset_intern: the number of the set of these labels, in any order,
 * which are sorted in place; of two equal names the lesser value stays, so that
 * order never matters. 0 without memory. */
uint32_t gong_labelset_intern(struct gong_labelsets *sets,
                              struct gong_label_pair *labels, size_t count);

/* gong_labelsets_keep: forgets the sets that have no new number in map (as
 * gong_arena_keep has it), and renumbers the others. False without memory, or
 * where sets do not lie in their order. */
bool gong_labelsets_keep(struct gong_labelsets *sets, const uint32_t *map);

/* gong_labelset_views: the labels of a set, sorted, into out, which holds
 * GONG_LABELSET_MAX; returns how many. Valid until the next intern. */
size_t gong_labelset_views(const struct gong_labelsets *sets, uint32_t set,
                           struct gong_label_view *out);

/* gong_labelset_get: the value of name; an empty text where it is missing, as
 * PromQL's matchers see it. */
struct gong_str gong_labelset_get(const struct gong_labelsets *sets,
                                  uint32_t set, struct gong_str name);

/* gong_labels_compare: as Prometheus orders label sets: name by name, value by
 * value, the fewer labels first. Both are sorted by name. */
int gong_labels_compare(const struct gong_label_view *a, size_t a_count,
                        const struct gong_label_view *b, size_t b_count);

/* gong_labelset_compare: likewise, of two sets by their numbers. */
int gong_labelset_compare(const struct gong_labelsets *sets, uint32_t a,
                          uint32_t b);

#endif
