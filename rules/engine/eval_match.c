/*
 * Two vectors meet by signature: of each label set, the labels of on(), or all
 * but those of ignoring() and the metric's name. Signatures are label sets
 * themselves, remembered by set.
 *
 *   memo[0]   set -> signature
 *   memo[1]   set of the many (or left) side -> set of the result
 *   memo[2]   set of the many side -> set of the one side which that was for
 *   marks[0]  signature -> place on the one side
 *   marks[1]  signatures that matched already; result -> its signature
 */
#include "rules/engine/eval_private.h"
#include "rules/engine/eval_space.h"

#include "rules/engine/arith.h"
#include "rules/engine/promql_error.h"

struct join {
    struct gong_eval *eval;
    uint32_t index;
    struct gong_eval_state *state;
    const struct gong_expr_node *node;
    struct gong_eval_marks *signatures;
    const struct gong_eval_vector *many;
    const struct gong_eval_vector *one;
};

static const struct gong_eval_vector *
side(const struct gong_eval *eval, const struct gong_expr_node *node, size_t i)
{
    return &eval->states[eval->states[node->args[i]].inner].vector;
}

static bool
open_join(struct join *join, struct gong_eval *eval, uint32_t index)
{
    struct gong_eval_state *state = &eval->states[index];
    const struct gong_expr_node *node = state->expr;
    bool swap = node->card == GONG_CARD_ONE_TO_MANY;

    join->eval = eval;
    join->index = index;
    join->state = state;
    join->node = node;
    join->many = side(eval, node, swap ? 1 : 0);
    join->one = side(eval, node, swap ? 0 : 1);
    join->signatures = gong_eval_memo(eval, index, &state->memo[0]);
    return join->signatures != NULL &&
           gong_eval_names(eval, index, &state->names[0], node->labels,
                           node->label_count) &&
           gong_eval_names(eval, index, &state->names[1], node->include,
                           node->include_count) &&
           gong_eval_marks_begin(eval, index, &state->marks[0]) &&
           gong_eval_marks_begin(eval, index, &state->marks[1]);
}

static uint32_t
signature_of(struct join *join, uint32_t set)
{
    uint32_t signature = gong_eval_marked(join->signatures, set);

    if (signature != 0) {
        return signature;
    }
    signature = gong_eval_reduce(join->eval, join->index, set,
                                 &join->state->names[0], join->node->on);
    return signature != 0 && gong_eval_mark(join->eval, join->index,
                                            join->signatures, set, signature)
               ? signature
               : 0;
}

/* The signature as {a="1"} in a message, as far as there is room. */
static void
describe(const struct gong_eval *eval, uint32_t set, char *out, size_t size)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    size_t count = gong_labelset_views(&eval->sets, set, labels);
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char value[GONG_EXPR_WORD_SIZE];
        const char *text = gong_expr_word(labels[i].value, value);
        size_t need = labels[i].name.len + strlen(text) + 3;

        if (labels[i].name.len > size || used + need >= size) {
            return;
        }
        if (used != 0) {
            out[used++] = ',';
        }
        memcpy(out + used, labels[i].name.data, labels[i].name.len);
        used += labels[i].name.len;
        out[used++] = '=';
        memcpy(out + used, text, strlen(text) + 1);
        used += strlen(text);
    }
}

static bool
many_to_many(const struct join *join, uint32_t signature)
{
    bool right = join->node->card != GONG_CARD_ONE_TO_MANY;
    char labels[120];

    describe(join->eval, signature, labels, sizeof labels);
    return gong_eval_fail(join->eval, join->index, GONG_EVAL_MANY_TO_MANY,
                          "found two series of the match group {%s} on the %s "
                          "of %s, expected one",
                          labels, right ? "right" : "left",
                          gong_op_text(join->node->op));
}

/* marks[0] of the signatures of a side; with distinct, none twice. */
static bool
mark_side(struct join *join, const struct gong_eval_vector *vector,
          bool distinct)
{
    const struct gong_eval_sample *items = gong_eval_items(vector);
    struct gong_eval_marks *places = &join->state->marks[0];

    for (size_t i = 0; i < vector->count; i++) {
        uint32_t signature = signature_of(join, items[i].set);

        if (signature == 0) {
            return false;
        }
        if (distinct && gong_eval_marked(places, signature) != 0) {
            return many_to_many(join, signature);
        }
        if (!gong_eval_mark(join->eval, join->index, places, signature,
                            (uint32_t)i + 1)) {
            return false;
        }
    }
    return true;
}

/* Those of vector whose signature is marked, or is not. */
static bool
take_marked(struct join *join, const struct gong_eval_vector *vector,
            bool marked)
{
    const struct gong_eval_sample *items = gong_eval_items(vector);

    for (size_t i = 0; i < vector->count; i++) {
        uint32_t signature = signature_of(join, items[i].set);

        if (signature == 0) {
            return false;
        }
        if ((gong_eval_marked(&join->state->marks[0], signature) != 0) ==
            marked) {
            gong_eval_put(join->state, items[i].set, items[i].value);
        }
    }
    return true;
}

bool
gong_eval_sets(struct gong_eval *eval, uint32_t index)
{
    struct join join;
    const struct gong_eval_vector *left = NULL;
    const struct gong_eval_vector *right = NULL;

    if (!open_join(&join, eval, index)) {
        return false;
    }
    left = join.many;
    right = join.one;
    if (!gong_eval_clear(eval, index, left->count + right->count)) {
        return false;
    }
    if (join.node->op != GONG_OP_OR) {
        return mark_side(&join, right, false) &&
               take_marked(&join, left, join.node->op == GONG_OP_AND);
    }
    for (size_t i = 0; i < left->count; i++) {
        struct gong_eval_sample item = gong_eval_items(left)[i];

        gong_eval_put(join.state, item.set, item.value);
    }
    return mark_side(&join, left, false) && take_marked(&join, right, false);
}

/* What the result's labels are: those of the many side, of one-to-one matches
 * the matching ones, with those of group_left(...) from the one side. */
static uint32_t
make_result(struct join *join, uint32_t many, uint32_t one)
{
    struct gong_eval *eval = join->eval;
    const struct gong_expr_node *node = join->node;
    const uint32_t *include = join->state->names[1].symbols.data;
    struct gong_label_pair pairs[GONG_LABELSET_MAX];
    size_t count = 0;

    if (node->op <= GONG_OP_POW || node->return_bool) {
        many = gong_eval_unnamed(eval, join->index, many);
    }
    if (many == 0) {
        return 0;
    }
    count = gong_eval_pairs(eval, many, pairs);
    for (size_t i = 0; i < node->include_count; i++) {
        struct gong_label_pair label = {
            include[i], gong_eval_value_of(eval, one, include[i])};

        if (!gong_eval_set_label(eval, join->index, pairs, &count, label)) {
            return 0;
        }
    }
    many = gong_eval_intern(eval, join->index, pairs, count);
    return many != 0 && node->return_bool
               ? gong_eval_unnamed(eval, join->index, many)
               : many;
}

/* A comparison that filters keeps the metric's name but where on() is. */
static uint32_t
reduce_left(struct join *join, uint32_t left)
{
    const struct gong_eval_names *names = &join->state->names[0];
    struct gong_label_pair pairs[GONG_LABELSET_MAX];
    const uint32_t *symbols = names->symbols.data;
    size_t count = 0;

    if (join->node->on) {
        return gong_eval_reduce(join->eval, join->index, left, names, true);
    }
    count = gong_eval_pairs(join->eval, left, pairs);
    for (size_t i = 0; i < names->count; i++) {
        (void)gong_eval_set_label(join->eval, join->index, pairs, &count,
                                  (struct gong_label_pair){symbols[i], 0});
    }
    return gong_eval_intern(join->eval, join->index, pairs, count);
}

static uint32_t
result_of(struct join *join, uint32_t many, uint32_t one)
{
    struct gong_eval *eval = join->eval;
    uint32_t index = join->index;
    struct gong_eval_marks *results =
        gong_eval_memo(eval, index, &join->state->memo[1]);
    struct gong_eval_marks *partners =
        gong_eval_memo(eval, index, &join->state->memo[2]);
    uint32_t set = 0;

    if (results == NULL || partners == NULL) {
        return 0;
    }
    set = gong_eval_marked(results, many);
    if (set != 0 && gong_eval_marked(partners, many) == one) {
        return set;
    }
    set = many;
    if (join->node->card == GONG_CARD_ONE_TO_ONE) {
        set = reduce_left(join, many);
    }
    set = set == 0 ? 0 : make_result(join, set, one);
    return set != 0 && gong_eval_mark(eval, index, results, many, set) &&
                   gong_eval_mark(eval, index, partners, many, one)
               ? set
               : 0;
}

/* That the result is the first of its kind. In one-to-one matches a signature
 * is, in the others a result within its signature. */
static bool
check_first(struct join *join, uint32_t signature, uint32_t set)
{
    bool one_to_one = join->node->card == GONG_CARD_ONE_TO_ONE;
    struct gong_eval_marks *seen = &join->state->marks[1];
    uint32_t before = gong_eval_marked(seen, one_to_one ? signature : set);

    if (before == 0) {
        return gong_eval_mark(join->eval, join->index, seen,
                              one_to_one ? signature : set, signature);
    }
    if (one_to_one) {
        return gong_eval_fail(join->eval, join->index, GONG_EVAL_MANY_TO_ONE,
                              "found a second match of a series on the right "
                              "of %s, expected group_left or group_right",
                              gong_op_text(join->node->op));
    }
    if (before == signature) {
        return gong_eval_fail(join->eval, join->index, GONG_EVAL_NOT_UNIQUE,
                              "found two results of %s with the same label set "
                              "in one match group, expected labels that tell "
                              "them apart",
                              gong_op_text(join->node->op));
    }
    return true; /* two of one label set: found when all are there */
}

static bool
match_one(struct join *join, struct gong_eval_sample item)
{
    uint32_t signature = signature_of(join, item.set);
    uint32_t place = gong_eval_marked(&join->state->marks[0], signature);
    bool swap = join->node->card == GONG_CARD_ONE_TO_MANY;
    struct gong_eval_sample partner = {0, 0};
    uint32_t set = 0;
    double value = 0;

    if (signature == 0) {
        return false;
    }
    if (place == 0) {
        return true;
    }
    partner = gong_eval_items(join->one)[place - 1];
    if (!gong_eval_combine(join->node, swap ? partner.value : item.value,
                           swap ? item.value : partner.value, &value)) {
        return true;
    }
    set = result_of(join, item.set, partner.set);
    if (set == 0 || !check_first(join, signature, set)) {
        return false;
    }
    gong_eval_put(join->state, set, value);
    return true;
}

bool
gong_eval_match(struct gong_eval *eval, uint32_t index)
{
    struct join join;

    if (!open_join(&join, eval, index) ||
        !gong_eval_clear(eval, index, join.many->count)) {
        return false;
    }
    if (join.many->count == 0 || join.one->count == 0) {
        return true;
    }
    if (!mark_side(&join, join.one, true)) {
        return false;
    }
    for (size_t i = 0; i < join.many->count; i++) {
        if (!match_one(&join, gong_eval_items(join.many)[i])) {
            return false;
        }
    }
    return gong_eval_check_distinct(eval, index);
}
