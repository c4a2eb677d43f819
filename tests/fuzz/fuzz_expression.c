/* Any bytes as an expression: what parses prints to a text that parses to the
 * same tree, and what can be planned runs on any presence of its leaves. With
 * any one allocation failing, it is judged the same or not at all. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/plan.h"
#include "rules/engine/promql.h"
#include "tests/failing_memory.h"
#include "tests/fuzz/fuzz.h"

static void
check_same(const struct gong_expr *a, const struct gong_expr *b)
{
    FUZZ_CHECK(a->count == b->count && a->root == b->root);
    for (uint32_t i = 0; i < a->count; i++) {
        const struct gong_expr_node *left = &a->nodes[i];
        const struct gong_expr_node *right = &b->nodes[i];

        FUZZ_CHECK(left->kind == right->kind && left->type == right->type);
        FUZZ_CHECK(left->number == right->number ||
                   (isnan(left->number) && isnan(right->number)));
        FUZZ_CHECK(left->matcher_count == right->matcher_count);
        FUZZ_CHECK(left->range_ms == right->range_ms);
        FUZZ_CHECK(left->step_ms == right->step_ms);
        FUZZ_CHECK(left->offset_ms == right->offset_ms);
        FUZZ_CHECK(left->anchor == right->anchor);
        FUZZ_CHECK(left->op == right->op && left->card == right->card);
        FUZZ_CHECK(left->label_count == right->label_count);
        FUZZ_CHECK(left->include_count == right->include_count);
        FUZZ_CHECK(left->arg_count == right->arg_count);
        for (size_t j = 0; j < left->arg_count; j++) {
            FUZZ_CHECK(left->args[j] == right->args[j] && left->args[j] < i);
        }
    }
}

static void
check_round_trip(const struct gong_expr *expr)
{
    struct gong_expr_error error;
    char *text = gong_expr_print(expr);
    struct gong_expr *again = NULL;
    char *second = NULL;

    FUZZ_CHECK(text != NULL);
    /* Escapes may make a text that was near the limit too long. */
    if (strlen(text) <= GONG_EXPR_TEXT_MAX) {
        again = gong_expr_parse(gong_str_of(text), &error);
        FUZZ_CHECK(again != NULL);
        check_same(expr, again);
        second = gong_expr_print(again);
        FUZZ_CHECK(second != NULL && strcmp(text, second) == 0);
    }
    free(text);
    free(second);
    gong_expr_free(again);
}

static void
check_plan(const struct gong_expr *expr)
{
    struct gong_expr_error error = {0};
    struct gong_plan *plan = gong_plan_new(expr, &error);
    struct gong_plan_input inputs[GONG_PLAN_INPUTS_MAX];
    double value = 0;

    if (plan == NULL) {
        FUZZ_CHECK(error.message[0] != '\0');
        return;
    }
    FUZZ_CHECK(plan->leaf_count > 0 &&
               plan->leaf_count <= GONG_PLAN_LEAVES_MAX);
    for (unsigned bits = 0; bits < 64; bits++) {
        for (uint32_t i = 0; i < GONG_PLAN_INPUTS_MAX; i++) {
            inputs[i].present = (bits >> (i % 6) & 1) != 0;
            inputs[i].value = (double)bits - 32;
        }
        (void)gong_plan_run(plan, inputs, 0, &value);
    }
    gong_plan_free(plan);
}

/* Longer than any corpus should be. */
static void
check_too_long(void)
{
    static char text[GONG_EXPR_TEXT_MAX + 1];
    struct gong_expr_error error = {0};

    memset(text, 'a', sizeof text);
    FUZZ_CHECK(gong_expr_parse(gong_str_from(text, sizeof text), &error) ==
               NULL);
    FUZZ_CHECK(error.message[0] != '\0');
}

/* What becomes of a text. */
struct judged {
    bool parses;
    bool plans;
    enum gong_plan_class kind; /* of one that parses and has no plan */
    bool no_memory;
};

static struct judged
judge(struct gong_str text)
{
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(text, &error);
    struct judged judged = {.parses = expr != NULL};
    struct gong_plan *plan = NULL;

    if (expr != NULL) {
        plan = gong_plan_try(expr, &judged.kind, &error);
    }
    judged.plans = plan != NULL;
    judged.no_memory = !judged.plans && error.no_memory;
    gong_plan_free(plan);
    gong_expr_free(expr);
    return judged;
}

static void
check_short_of_memory(struct gong_str text)
{
    struct judged first;
    struct judged second;
    uint64_t count = 0;

    failing_memory_begin(FAILING_MEMORY_NEVER);
    first = judge(text);
    count = failing_memory_end();
    FUZZ_CHECK(!first.no_memory);
    failing_memory_begin(
        failing_memory_choose((const uint8_t *)text.data, text.len, count));
    second = judge(text);
    (void)failing_memory_end();
    FUZZ_CHECK(second.no_memory ||
               (first.parses == second.parses && first.plans == second.plans &&
                first.kind == second.kind));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str text = gong_str_from((const char *)data, size);
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(text, &error);

    if (size == 0) {
        check_too_long();
    }
    check_short_of_memory(text);
    if (expr == NULL) {
        FUZZ_CHECK(error.message[0] != '\0' && error.at <= size);
        return 0;
    }
    check_round_trip(expr);
    check_plan(expr);
    gong_expr_free(expr);
    return 0;
}
