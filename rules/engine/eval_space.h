/*
 * eval_space: the label sets of an evaluator, what becomes of them, and what is
 * remembered of that by their numbers.
 *
 *   marks   set -> number, all forgotten at once; for one evaluation
 *   memo    marks that are good as long as the sets are: a generation
 */
#ifndef GONG_RULES_ENGINE_EVAL_SPACE_H
#define GONG_RULES_ENGINE_EVAL_SPACE_H

#include "rules/engine/eval_private.h"

void gong_eval_space_init(struct gong_eval *eval);
void gong_eval_space_fini(struct gong_eval *eval);
/* gong_eval_space_refresh: forgets all label sets if that is due. */
bool gong_eval_space_refresh(struct gong_eval *eval);

/* All that give a set fail with 0, having set the fault. */
uint32_t gong_eval_set_of(struct gong_eval *eval, uint32_t index,
                          const struct gong_label_view *labels, size_t count);
uint32_t gong_eval_intern(struct gong_eval *eval, uint32_t index,
                          struct gong_label_pair *pairs, size_t count);
uint32_t gong_eval_symbol(struct gong_eval *eval, uint32_t index,
                          struct gong_str text);
/* gong_eval_pairs: copies a set's labels into out, of GONG_LABELSET_MAX. */
size_t gong_eval_pairs(const struct gong_eval *eval, uint32_t set,
                       struct gong_label_pair *out);
struct gong_str gong_eval_text(const struct gong_eval *eval, uint32_t symbol);

/* gong_eval_unnamed: the set without the metric's name. */
uint32_t gong_eval_unnamed(struct gong_eval *eval, uint32_t index,
                           uint32_t set);

/* gong_eval_names: the symbols of labels, good for this generation. */
bool gong_eval_names(struct gong_eval *eval, uint32_t index,
                     struct gong_eval_names *names, char *const *labels,
                     size_t count);
/* gong_eval_reduce: of a set only names, or all but names and __name__. */
uint32_t gong_eval_reduce(struct gong_eval *eval, uint32_t index, uint32_t set,
                          const struct gong_eval_names *names, bool keep);
/* gong_eval_set_label: pairs with one label set to value, or without it where
 * value is 0. False where they would be too many. */
bool gong_eval_set_label(struct gong_eval *eval, uint32_t index,
                         struct gong_label_pair *pairs, size_t *count,
                         struct gong_label_pair label);
/* gong_eval_value_of: the value's symbol, 0 where the label is missing. */
uint32_t gong_eval_value_of(const struct gong_eval *eval, uint32_t set,
                            uint32_t name);

/* Marks: begin forgets them and makes room for all sets that there are; those
 * made later have room after a reserve. */
bool gong_eval_marks_begin(struct gong_eval *eval, uint32_t index,
                           struct gong_eval_marks *marks);
bool gong_eval_marks_reserve(struct gong_eval *eval, uint32_t index,
                             struct gong_eval_marks *marks);

static inline uint32_t
gong_eval_marked(const struct gong_eval_marks *marks, uint32_t set)
{
    const struct gong_eval_mark *slots = marks->slots.data;

    return set < marks->limit && slots[set].epoch == marks->epoch
               ? slots[set].value
               : 0;
}

/* gong_eval_mark: false without memory. */
bool gong_eval_mark(struct gong_eval *eval, uint32_t index,
                    struct gong_eval_marks *marks, uint32_t set,
                    uint32_t value);

/* gong_eval_memo: the marks of a memo, emptied if label sets were forgotten;
 * NULL without memory. */
struct gong_eval_marks *gong_eval_memo(struct gong_eval *eval, uint32_t index,
                                       struct gong_eval_memo *memo);

/* gong_eval_check_distinct: that no set stands twice in the node's vector. */
bool gong_eval_check_distinct(struct gong_eval *eval, uint32_t index);
/* gong_eval_check_origin: that within this evaluation, at whatever step, only
 * from became set, as Prometheus wants it of range functions and negation. */
bool gong_eval_check_origin(struct gong_eval *eval, uint32_t index,
                            uint32_t from, uint32_t set);

#endif
