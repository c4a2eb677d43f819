#include "rules/tool/test_world.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "rules/engine/effect_render.h"
#include "rules/engine/engine.h"
#include "rules/engine/sample.h"
#include "rules/query/json_text.h"

/* Numbers of series, as they were told at an instant. */
struct told {
    uint32_t *items;
    size_t count;
    size_t capacity;
};

struct input {
    uint32_t series;
    struct gong_series_values values;
};

struct gong_world {
    const struct gong_ruleset *set;
    struct gong_eval_memory *memory;
    struct input *inputs;
    size_t input_count;
    int64_t interval_ms;
    int64_t loaded; /* how many intervals of the inputs */
    struct gong_engine *engine;
    uint64_t position;
    struct told now; /* ALERTS */
    struct told before;
    int64_t t;
    const struct gong_rule *faulty; /* the first that has no result now */
    const char *fault;
    enum gong_err err; /* of a callback */
};

static void
ignore(void *ctx, const struct gong_effect *effect)
{
    (void)ctx;
    (void)effect;
}

/* Of two samples of an instant the first stands. */
static enum gong_err
remember(struct gong_world *world, uint32_t series, int64_t t, double value)
{
    enum gong_err err =
        gong_eval_memory_append(world->memory, series, t, value);

    return err == GONG_ERR_INVALID ? GONG_OK : err;
}

static void
take_recorded(void *ctx, const struct gong_recorded *recorded)
{
    struct gong_world *world = ctx;
    struct gong_label_view labels[GONG_LABELSET_MAX + 1];
    uint32_t series = 0;

    memcpy(labels, recorded->labels, recorded->label_count * sizeof labels[0]);
    labels[recorded->label_count] = (struct gong_label_view){
        gong_str_of("__name__"), gong_str_of(recorded->rule->record)};
    if (world->err == GONG_OK) {
        world->err = gong_eval_memory_series(
            world->memory, labels, recorded->label_count + 1, &series);
    }
    if (world->err == GONG_OK) {
        world->err = remember(world, series, recorded->at_ms, recorded->value);
    }
}

static void
take_fault(void *ctx, const struct gong_rule_fault *fault)
{
    struct gong_world *world = ctx;

    if (world->faulty == NULL && fault->text != NULL) {
        world->faulty = fault->rule;
        world->fault = fault->text;
    }
}

struct gong_world *
gong_world_new(const struct gong_ruleset *set, int64_t interval_ms)
{
    struct gong_world *world = calloc(1, sizeof *world);

    if (world == NULL) {
        return NULL;
    }
    world->set = set;
    world->interval_ms = interval_ms;
    world->memory = gong_eval_memory_new();
    world->engine = gong_engine_new(NULL, ignore, NULL);
    if (world->memory == NULL || world->engine == NULL) {
        gong_world_free(world);
        return NULL;
    }
    gong_engine_on_recorded(world->engine, take_recorded, world);
    gong_engine_on_fault(world->engine, take_fault, world);
    if (gong_engine_set_rules(world->engine, set, world->position++, 0, NULL) !=
        GONG_OK) {
        gong_world_free(world);
        return NULL;
    }
    return world;
}

void
gong_world_free(struct gong_world *world)
{
    if (world == NULL) {
        return;
    }
    for (size_t i = 0; i < world->input_count; i++) {
        gong_series_values_fini(&world->inputs[i].values);
    }
    free(world->inputs);
    free(world->now.items);
    free(world->before.items);
    gong_engine_free(world->engine);
    gong_eval_memory_free(world->memory);
    free(world);
}

struct gong_eval_memory *
gong_world_memory(struct gong_world *world)
{
    return world->memory;
}

enum gong_err
gong_world_add(struct gong_world *world,
               const struct gong_series_labels *labels,
               struct gong_series_values *values)
{
    struct input *inputs = realloc(world->inputs, (world->input_count + 1) *
                                                      sizeof *world->inputs);
    uint32_t series = 0;
    enum gong_err err = GONG_ERR_MEMORY;
    size_t at = 0;

    world->inputs = inputs == NULL ? world->inputs : inputs;
    if (inputs != NULL) {
        err = gong_eval_memory_series(world->memory, labels->labels,
                                      labels->count, &series);
    }
    if (err != GONG_OK) {
        gong_series_values_fini(values);
        return err;
    }
    while (at < world->input_count && inputs[at].series != series) {
        at++;
    }
    if (at < world->input_count) {
        gong_series_values_fini(&inputs[at].values);
    } else {
        world->input_count++;
    }
    inputs[at] = (struct input){series, *values};
    *values = (struct gong_series_values){0};
    return GONG_OK;
}

/* A sample to the series, and to the engine. */
static enum gong_err
put_sample(struct gong_world *world, uint32_t series, int64_t t, double value)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    struct gong_engine_sample sample = {.labels = labels, .value = value};
    enum gong_err err = remember(world, series, t, value);

    if (err != GONG_OK) {
        return err;
    }
    sample.label_count = gong_eval_memory_labels(world->memory, series, labels);
    return gong_engine_apply_foreign(world->engine, world->position++, t,
                                     &sample);
}

static enum gong_err
load_until(struct gong_world *world, int64_t t)
{
    enum gong_err err = GONG_OK;

    while (err == GONG_OK && world->loaded * world->interval_ms <= t) {
        int64_t ms = world->loaded * world->interval_ms;

        for (size_t i = 0; i < world->input_count && err == GONG_OK; i++) {
            const struct gong_series_values *values = &world->inputs[i].values;
            size_t at = (size_t)world->loaded;

            if (at < values->count && !values->items[at].omitted) {
                err = put_sample(world, world->inputs[i].series, ms,
                                 values->items[at].value);
            }
        }
        world->loaded++;
    }
    return err;
}

static enum gong_err
tell(struct gong_world *world, const struct gong_label_view *labels,
     size_t count, double value)
{
    struct told *now = &world->now;
    uint32_t series = 0;
    enum gong_err err =
        gong_eval_memory_series(world->memory, labels, count, &series);

    if (err == GONG_OK && now->count == now->capacity) {
        size_t capacity = now->capacity == 0 ? 16 : now->capacity * 2;
        uint32_t *items = realloc(now->items, capacity * sizeof *items);

        if (items == NULL) {
            return GONG_ERR_MEMORY;
        }
        now->items = items;
        now->capacity = capacity;
    }
    if (err != GONG_OK) {
        return err;
    }
    now->items[now->count++] = series;
    return remember(world, series, world->t, value);
}

static bool
was_told(const struct told *told, uint32_t series)
{
    for (size_t i = 0; i < told->count; i++) {
        if (told->items[i] == series) {
            return true;
        }
    }
    return false;
}

/* Takes the label out; returns how many are left. */
static size_t
without(struct gong_label_view *labels, size_t count, const char *name)
{
    size_t left = 0;

    for (size_t i = 0; i < count; i++) {
        if (!gong_str_is(labels[i].name, name)) {
            labels[left++] = labels[i];
        }
    }
    return left;
}

static void
tell_alert(void *ctx, const struct gong_effect *effect)
{
    struct gong_world *world = ctx;
    struct gong_label_view labels[GONG_EFFECT_LABELS_MAX + 2];
    size_t count = gong_effect_noted(effect, labels);
    int64_t since = effect->since_ms / 1000; /* whole seconds, as there */

    labels[count] = (struct gong_label_view){gong_str_of("__name__"),
                                             gong_str_of("ALERTS_FOR_STATE")};
    if (world->err == GONG_OK) {
        world->err = tell(world, labels, count + 1, (double)since);
    }
    /* An alert on ALERTS has the state of another among its labels. */
    count = without(labels, count, "alertstate");
    labels[count] = (struct gong_label_view){gong_str_of("__name__"),
                                             gong_str_of("ALERTS")};
    labels[count + 1] = (struct gong_label_view){
        gong_str_of("alertstate"),
        gong_str_of(effect->to == GONG_ALERT_PENDING ? "pending" : "firing")};
    if (world->err == GONG_OK) {
        world->err = tell(world, labels, count + 2, 1);
    }
}

/* ALERTS and ALERTS_FOR_STATE of this instant; what was told at the last one
 * and is not now has ended. */
static enum gong_err
tell_alerts(struct gong_world *world)
{
    struct told swap = world->before;

    gong_engine_alerts(world->engine, tell_alert, world);
    for (size_t i = 0; i < world->before.count && world->err == GONG_OK; i++) {
        uint32_t series = world->before.items[i];

        if (!was_told(&world->now, series)) {
            world->err = remember(world, series, world->t, gong_stale_nan());
        }
    }
    world->before = world->now;
    world->now = swap;
    world->now.count = 0;
    return world->err;
}

/* The engine says which fault it is; the evaluator, what is wrong. */
static enum gong_err
name_fault(const struct gong_world *world, struct gong_expr_error *error)
{
    struct gong_eval_source source = gong_eval_memory_source(world->memory);
    struct gong_eval_options options = {.subquery_step_ms =
                                            world->set->subquery_step_ms};
    const struct gong_eval_result *result = NULL;
    struct gong_eval *eval = NULL;
    enum gong_err err = GONG_ERR_MEMORY;

    if (strcmp(world->fault, gong_eval_fault_text(GONG_EVAL_LIMIT)) == 0) {
        (void)snprintf(error->message, sizeof error->message,
                       "found more than the group's limit of %u %s",
                       world->faulty->limit,
                       world->faulty->record == NULL ? "alerts" : "series");
        return GONG_ERR_TOO_LARGE;
    }
    eval = gong_eval_new(world->faulty->expr, &source, &options, error);
    if (eval != NULL) {
        err = gong_eval_at(eval, world->t, &result, error);
    }
    gong_eval_free(eval);
    if (err != GONG_OK) {
        return err;
    }
    (void)snprintf(error->message, sizeof error->message,
                   "found two results with the same labels after the rule's "
                   "labels, expected each once");
    return GONG_ERR_INVALID;
}

enum gong_err
gong_world_step(struct gong_world *world, int64_t t,
                const struct gong_rule **rule, struct gong_expr_error *error)
{
    struct gong_record clock = {
        .meta = {.type = GONG_RECORD_CLOCK,
                 .journal_ms = t,
                 .wall_ns = t * GONG_NS_PER_MS},
    };
    enum gong_err err = load_until(world, t);

    *rule = NULL;
    *error = (struct gong_expr_error){0};
    world->t = t;
    if (err == GONG_OK) {
        clock.offset = world->position++;
        err = gong_engine_apply(world->engine, &clock);
    }
    if (err == GONG_OK && world->faulty != NULL) {
        *rule = world->faulty;
        err = name_fault(world, error);
    }
    if (err == GONG_OK) {
        err = tell_alerts(world);
    }
    if (err != GONG_OK && error->message[0] == '\0') {
        (void)snprintf(error->message, sizeof error->message, "%s",
                       gong_err_text(err));
    }
    return err;
}

void
gong_world_lines_fini(struct gong_world_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->items[i]);
    }
    free(lines->items);
    *lines = (struct gong_world_lines){0};
}

enum gong_err
gong_world_line_add(struct gong_world_lines *lines,
                    const struct gong_label_view *labels, size_t label_count,
                    const struct gong_label_view *annotations,
                    size_t annotation_count)
{
    char **items =
        realloc(lines->items, (lines->count + 1) * sizeof lines->items[0]);
    char *text = NULL;
    size_t len = 0;
    size_t at = lines->count;
    FILE *out;

    if (items == NULL) {
        return GONG_ERR_MEMORY;
    }
    lines->items = items;
    out = open_memstream(&text, &len);
    if (out == NULL) {
        return GONG_ERR_MEMORY;
    }
    gong_label_text_put(out, labels, label_count);
    (void)fputs(" annotations ", out);
    gong_label_text_put(out, annotations, annotation_count);
    if (fclose(out) != 0) {
        free(text);
        return GONG_ERR_MEMORY;
    }
    while (at > 0 && strcmp(items[at - 1], text) > 0) {
        items[at] = items[at - 1];
        at--;
    }
    items[at] = text;
    lines->count++;
    return GONG_OK;
}

bool
gong_world_lines_equal(const struct gong_world_lines *a,
                       const struct gong_world_lines *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0) {
            return false;
        }
    }
    return true;
}

struct lines_ctx {
    struct gong_world_lines *lines;
    const char *alertname;
    enum gong_err err;
};

static void
take_effect(void *ctx, const struct gong_effect *effect)
{
    struct lines_ctx *c = ctx;

    if (c->err == GONG_OK && gong_alert_state_open(effect->to) &&
        strcmp(effect->rule->alert, c->alertname) == 0) {
        c->err =
            gong_world_line_add(c->lines, effect->labels, effect->label_count,
                                effect->annotations, effect->annotation_count);
    }
}

enum gong_err
gong_world_firing(struct gong_world *world, const char *alertname,
                  struct gong_world_lines *out)
{
    struct lines_ctx ctx = {out, alertname, GONG_OK};

    gong_engine_alerts(world->engine, take_effect, &ctx);
    return ctx.err;
}
