#include "agent/history/history_plan.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Shorter than this, raw samples are cheap. */
#define COARSE_FROM_MS INT64_C(86400000)

/* Sums of times stay far within int64. */
#define FAR_MS INT64_C(1000000000000000)

/* When a node is evaluated: at first + n * step within [from, to]. */
struct times {
    bool known; /* the node is part of what is evaluated */
    int64_t from;
    int64_t to;
    int64_t phase;    /* of the grid */
    int64_t step;     /* 0: from and to are one instant */
    int64_t reach;    /* from the latest of them so far, none earlier */
    const char *call; /* whose argument the node is, or NULL */
};

static int64_t
within(int64_t ms, int64_t low, int64_t high)
{
    return ms < low ? low : ms > high ? high : ms;
}

static int64_t
clamp(int64_t ms)
{
    return within(ms, -FAR_MS, FAR_MS);
}

static int64_t
modulo(int64_t a, int64_t b)
{
    int64_t rest = a % b;

    return rest < 0 ? rest + b : rest;
}

static int64_t
anchor_ms(const struct gong_expr_node *node,
          const struct gong_history_instants *instants)
{
    switch (node->anchor) {
    case GONG_ANCHOR_TIME: {
        double ms = node->anchor_seconds * 1000;

        return ms >= (double)FAR_MS ? FAR_MS
               : ms <= -(double)FAR_MS
                   ? -FAR_MS
                   : (int64_t)(ms < 0 ? ms - 0.5 : ms + 0.5);
    }
    case GONG_ANCHOR_END:
        return instants->step_ms > 0 ? instants->end_ms : instants->start_ms;
    case GONG_ANCHOR_START:
    case GONG_ANCHOR_NONE:
        break;
    }
    return instants->start_ms;
}

/* What offset and @ make of the times at which a node is evaluated. */
static struct times
shift(struct times times, const struct gong_expr_node *node,
      const struct gong_history_instants *instants)
{
    int64_t offset = clamp(node->offset_ms);

    if (node->anchor != GONG_ANCHOR_NONE) {
        times.from = clamp(anchor_ms(node, instants));
        times.to = times.from;
        times.step = 0;
        times.reach = 0;
    }
    times.from = clamp(times.from - offset);
    times.to = clamp(times.to - offset);
    if (times.step > 0) {
        times.phase =
            modulo(times.phase - modulo(offset, times.step), times.step);
    }
    return times;
}

/* When the argument of a subquery is evaluated. */
static struct times
within_subquery(struct times times, const struct gong_expr_node *node,
                const struct gong_history_instants *instants)
{
    int64_t range = clamp(node->range_ms);

    times = shift(times, node, instants);
    times.from = clamp(times.from - range);
    times.reach = clamp(times.reach + range);
    times.step = node->step_ms > 0 ? node->step_ms : instants->subquery_step_ms;
    times.phase = 0;
    return times;
}

static bool
is_aligned(const struct times *times, int64_t length)
{
    if (times->step == 0) {
        return modulo(times->from, length) == 0;
    }
    return times->step % length == 0 && times->phase % length == 0;
}

static const struct {
    const char *call;
    enum gong_history_value value;
} values[] = {
    {"min_over_time", GONG_HISTORY_MIN},
    {"max_over_time", GONG_HISTORY_MAX},
    {"present_over_time", GONG_HISTORY_PRESENT},
    {"absent_over_time", GONG_HISTORY_PRESENT},
};

/* Whether roll-ups can say what a range is asked for; what of them does. */
static bool
range_value(const struct times *times, enum gong_history_value *value)
{
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (times->call != NULL && strcmp(times->call, values[i].call) == 0) {
            *value = values[i].value;
            return true;
        }
    }
    return false;
}

static enum gong_resolution
exact_resolution(const struct times *times, int64_t range)
{
    static const enum gong_resolution coarse[] = {GONG_RESOLUTION_1H,
                                                  GONG_RESOLUTION_5M};

    if (times->to - times->from + range < COARSE_FROM_MS) {
        return GONG_RESOLUTION_RAW;
    }
    for (size_t i = 0; i < sizeof coarse / sizeof coarse[0]; i++) {
        int64_t length = gong_resolution_ms(coarse[i]);

        if (is_aligned(times, length) && range % length == 0) {
            return coarse[i];
        }
    }
    return GONG_RESOLUTION_RAW;
}

static struct gong_history_need
need_of(const struct gong_expr_node *node, uint32_t index, struct times times,
        const struct gong_history_instants *instants)
{
    struct gong_history_need need = {.node = index,
                                     .value = GONG_HISTORY_LAST,
                                     .exact = GONG_RESOLUTION_RAW};
    bool range = node->range_ms > 0;
    int64_t back = clamp(range ? node->range_ms : instants->lookback_ms);

    times = shift(times, node, instants);
    need.lookback_ms = range ? 0 : back;
    need.reach_ms = clamp(times.reach + back);
    need.from_ms = within(times.from - back, 0, GONG_HISTORY_MS_MAX + 1);
    need.to_ms = within(times.to, -1, GONG_HISTORY_MS_MAX);
    if (!range) {
        need.exact = exact_resolution(&times, 0);
    } else if (range_value(&times, &need.value)) {
        need.exact = exact_resolution(&times, back);
    }
    return need;
}

/* What the arguments of a node see of its times. */
static void
hand_on(const struct gong_expr *expr, struct times *times, uint32_t index,
        const struct gong_history_instants *instants)
{
    const struct gong_expr_node *node = &expr->nodes[index];
    struct times inner = times[index];

    if (node->kind == GONG_EXPR_SUBQUERY) {
        inner = within_subquery(inner, node, instants);
    }
    if (node->kind != GONG_EXPR_PAREN) {
        inner.call = node->kind == GONG_EXPR_CALL ? node->text : NULL;
    }
    for (size_t i = 0; i < node->arg_count; i++) {
        times[node->args[i]] = inner;
    }
}

/* Parents stand behind their children. */
static size_t
fill(const struct gong_expr *expr, struct times *times,
     const struct gong_history_instants *instants,
     struct gong_history_need *needs)
{
    size_t count = 0;

    times[expr->root] =
        (struct times){.known = true,
                       .from = clamp(instants->start_ms),
                       .to = clamp(instants->step_ms > 0 ? instants->end_ms
                                                         : instants->start_ms),
                       .step = instants->step_ms};
    if (instants->step_ms > 0) {
        times[expr->root].phase = modulo(instants->start_ms, instants->step_ms);
    }
    for (uint32_t i = expr->count; i-- > 0;) {
        if (times[i].known) {
            hand_on(expr, times, i, instants);
        }
    }
    for (uint32_t i = 0; i < expr->count; i++) {
        if (times[i].known && expr->nodes[i].kind == GONG_EXPR_SELECTOR) {
            needs[count++] = need_of(&expr->nodes[i], i, times[i], instants);
        }
    }
    return count;
}

enum gong_err
gong_history_plan(const struct gong_expr *expr,
                  const struct gong_history_instants *instants,
                  struct gong_history_need **needs, size_t *count)
{
    struct times *times = calloc(expr->count, sizeof *times);

    *needs = calloc(expr->count, sizeof **needs);
    *count = 0;
    if (times == NULL || *needs == NULL) {
        free(times);
        free(*needs);
        *needs = NULL;
        return GONG_ERR_MEMORY;
    }
    *count = fill(expr, times, instants, *needs);
    free(times);
    return GONG_OK;
}
