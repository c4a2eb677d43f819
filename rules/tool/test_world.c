#include "rules/tool/test_world.h"

#include <stdlib.h>
#include <string.h>

#include "rules/tool/alert_model.h"
#include "rules/tool/engine_feed.h"
#include "rules/tool/json_text.h"

/* Numbers of series, as they were told at an instant. */
struct told {
    uint32_t *items;
    size_t count;
    size_t capacity;
};

struct runner {
    const struct gong_world_rule *rule;
    struct gong_eval *eval;         /* of a recording */
    struct gong_alert_model *model; /* of an alert */
    struct told now;
    struct told before;
};

struct input {
    uint32_t series;
    struct gong_series_values values;
};

struct gong_world {
    struct gong_world_options options;
    struct gong_eval_memory *memory;
    struct runner *runners;
    struct input *inputs;
    size_t input_count;
    int64_t loaded; /* how many intervals of the inputs */
    struct gong_engine *engine;
    struct gong_engine_feed feed;
    struct gong_ruleset set; /* what the engine can do; rules are borrowed */
    bool refused;            /* the engine could not take a sample */
};

static void
ignore(void *ctx, const struct gong_effect *effect)
{
    (void)ctx;
    (void)effect;
}

/* The engine's rules begin before 0, so that 0 is an instant of theirs. */
static bool
start_engine(struct gong_world *world)
{
    world->engine = gong_engine_new(NULL, ignore, NULL);
    world->feed.engine = world->engine;
    world->set.rules =
        calloc(world->options.rule_count + 1, sizeof *world->set.rules);
    if (world->engine == NULL || world->set.rules == NULL) {
        return false;
    }
    for (size_t i = 0; i < world->options.rule_count; i++) {
        if (world->options.rules[i].by_engine) {
            world->set.rules[world->set.count++] = world->options.rules[i].rule;
        }
    }
    return gong_engine_set_rules(world->engine, &world->set, 0, -1, NULL) ==
           GONG_OK;
}

static bool
start_runner(struct gong_world *world, struct runner *runner,
             struct gong_expr_error *error)
{
    struct gong_eval_source source = gong_eval_memory_source(world->memory);
    struct gong_eval_options options = {.subquery_step_ms =
                                            world->options.eval_interval_ms};

    if (runner->rule->record == NULL) {
        runner->model =
            gong_alert_model_new(&runner->rule->rule, &source, &options, error);
        return runner->model != NULL;
    }
    runner->eval =
        gong_eval_new(runner->rule->rule.expr, &source, &options, error);
    return runner->eval != NULL;
}

struct gong_world *
gong_world_new(const struct gong_world_options *options,
               struct gong_expr_error *error)
{
    struct gong_world *world = calloc(1, sizeof *world);
    bool ok = world != NULL;

    if (ok) {
        world->options = *options;
        world->memory = gong_eval_memory_new();
        world->runners = calloc(options->rule_count + 1, sizeof(struct runner));
        ok = world->memory != NULL && world->runners != NULL;
    }
    for (size_t i = 0; ok && i < options->rule_count; i++) {
        world->runners[i].rule = &options->rules[i];
        ok = start_runner(world, &world->runners[i], error);
    }
    if (!ok || !start_engine(world)) {
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
    for (size_t i = 0; i < world->options.rule_count && world->runners != NULL;
         i++) {
        gong_eval_free(world->runners[i].eval);
        gong_alert_model_free(world->runners[i].model);
        free(world->runners[i].now.items);
        free(world->runners[i].before.items);
    }
    for (size_t i = 0; i < world->input_count; i++) {
        gong_series_values_fini(&world->inputs[i].values);
    }
    free(world->runners);
    free(world->inputs);
    gong_engine_free(world->engine);
    gong_engine_feed_fini(&world->feed);
    free(world->set.rules);
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
    struct input *input;

    if (inputs == NULL) {
        gong_series_values_fini(values);
        return GONG_ERR_MEMORY;
    }
    world->inputs = inputs;
    input = &inputs[world->input_count++];
    input->values = *values;
    *values = (struct gong_series_values){0};
    return gong_eval_memory_series(world->memory, labels->labels, labels->count,
                                   &input->series);
}

/* Whether a rule of the engine's may read the metric. */
static bool
engine_reads(const struct gong_world *world,
             const struct gong_label_view *labels, size_t count)
{
    struct gong_str metric = gong_str_of("");

    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(labels[i].name, "__name__")) {
            metric = labels[i].value;
        }
    }
    for (size_t i = 0; i < world->set.count; i++) {
        const struct gong_expr *expr = world->set.rules[i].expr;

        for (uint32_t n = 0; n < expr->count; n++) {
            const struct gong_expr_node *node = &expr->nodes[n];

            if (node->kind == GONG_EXPR_SELECTOR &&
                (node->matcher_count == 0 ||
                 node->matchers[0].op != GONG_MATCH_EQUAL ||
                 strcmp(node->matchers[0].name, "__name__") != 0 ||
                 gong_str_is(metric, node->matchers[0].value))) {
                return true;
            }
        }
    }
    return false;
}

/* A sample to the series, and to the engine as well. */
static enum gong_err
put_sample(struct gong_world *world, uint32_t series, int64_t t, double value)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    enum gong_err err =
        gong_eval_memory_append(world->memory, series, t, value);
    size_t count;

    if (err != GONG_OK) {
        /* A second one of its instant: the first stands. */
        return err == GONG_ERR_INVALID ? GONG_OK : err;
    }
    count = gong_eval_memory_labels(world->memory, series, labels);
    err = gong_engine_feed_put(&world->feed, labels, count, t, value);
    if (err == GONG_ERR_UNSUPPORTED) {
        world->refused = world->refused || engine_reads(world, labels, count);
        return GONG_OK;
    }
    return err;
}

static enum gong_err
load_until(struct gong_world *world, int64_t t)
{
    enum gong_err err = GONG_OK;

    while (err == GONG_OK && world->loaded * world->options.interval_ms <= t) {
        int64_t ms = world->loaded * world->options.interval_ms;

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
tell(struct gong_world *world, struct runner *runner,
     const struct gong_label_view *labels, size_t count, int64_t t,
     double value)
{
    struct told *now = &runner->now;
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
    return runner->rule->record != NULL
               ? put_sample(world, series, t, value)
               : gong_eval_memory_append(world->memory, series, t, value);
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

/* What the rule told at the last instant and not at this one has ended. */
static enum gong_err
end_others(struct gong_world *world, struct runner *runner, int64_t t)
{
    uint64_t bits = GONG_STALE_NAN;
    struct told swap = runner->before;
    enum gong_err err = GONG_OK;
    double stale;

    memcpy(&stale, &bits, sizeof stale);
    for (size_t i = 0; i < runner->before.count && err == GONG_OK; i++) {
        uint32_t series = runner->before.items[i];

        if (!was_told(&runner->now, series)) {
            err =
                runner->rule->record != NULL
                    ? put_sample(world, series, t, stale)
                    : gong_eval_memory_append(world->memory, series, t, stale);
        }
    }
    runner->before = runner->now;
    runner->now = swap;
    runner->now.count = 0;
    return err == GONG_ERR_INVALID ? GONG_OK : err;
}

/* The result's labels with the recording's name and labels. */
static size_t
record_labels(const struct gong_world_rule *rule,
              const struct gong_label_view *own, size_t own_count,
              struct gong_label_view *out)
{
    size_t count = 0;

    for (size_t i = 0; i < own_count; i++) {
        bool taken = gong_str_is(own[i].name, "__name__");

        for (size_t k = 0; k < rule->rule.label_count; k++) {
            taken |= gong_str_is(own[i].name, rule->rule.labels[k].name);
        }
        if (!taken) {
            out[count++] = own[i];
        }
    }
    for (size_t k = 0; k < rule->rule.label_count; k++) {
        out[count++] =
            (struct gong_label_view){gong_str_of(rule->rule.labels[k].name),
                                     gong_str_of(rule->rule.labels[k].text)};
    }
    out[count++] = (struct gong_label_view){gong_str_of("__name__"),
                                            gong_str_of(rule->record)};
    return count;
}

static enum gong_err
record_one(struct gong_world *world, struct runner *runner,
           const struct gong_label_view *own, size_t own_count, double value,
           int64_t t)
{
    struct gong_label_view labels[GONG_LABELSET_MAX + GONG_RULE_LABELS_MAX + 1];
    size_t count = record_labels(runner->rule, own, own_count, labels);

    return tell(world, runner, labels, count, t, value);
}

static enum gong_err
run_recording(struct gong_world *world, struct runner *runner, int64_t t,
              struct gong_expr_error *error)
{
    const struct gong_eval_result *result = NULL;
    struct gong_label_view own[GONG_LABELSET_MAX];
    enum gong_err err = gong_eval_at(runner->eval, t, &result, error);

    if (err != GONG_OK) {
        return err;
    }
    if (result->type == GONG_VALUE_SCALAR) {
        err = record_one(world, runner, NULL, 0, result->scalar, t);
    }
    for (size_t i = 0; err == GONG_OK && result->type == GONG_VALUE_VECTOR &&
                       i < result->count;
         i++) {
        size_t count =
            gong_eval_labels(runner->eval, result->vector[i].set, own);
        size_t before = runner->now.count;

        err = record_one(world, runner, own, count, result->vector[i].value, t);
        if (err == GONG_OK && runner->now.count > before) {
            struct told others = {runner->now.items, before, 0};

            if (was_told(&others, runner->now.items[before])) {
                (void)snprintf(error->message, sizeof error->message,
                               "found two results with the same labels after "
                               "the rule's labels, expected each once");
                return GONG_ERR_INVALID;
            }
        }
    }
    return err == GONG_OK ? end_others(world, runner, t) : err;
}

struct alerts_ctx {
    struct gong_world *world;
    struct runner *runner;
    int64_t t;
    enum gong_err err;
};

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
tell_alert(void *ctx, const struct gong_model_alert *alert)
{
    struct alerts_ctx *c = ctx;
    struct gong_label_view labels[GONG_LABELSET_MAX + 2];
    size_t count = alert->label_count;
    int64_t since = alert->since_ms / 1000; /* whole seconds, as there */

    memcpy(labels, alert->labels, count * sizeof labels[0]);
    labels[count] = (struct gong_label_view){gong_str_of("__name__"),
                                             gong_str_of("ALERTS_FOR_STATE")};
    if (c->err == GONG_OK) {
        c->err =
            tell(c->world, c->runner, labels, count + 1, c->t, (double)since);
    }
    /* An alert on ALERTS has the state of another among its labels. */
    count = without(labels, count, "alertstate");
    labels[count] = (struct gong_label_view){gong_str_of("__name__"),
                                             gong_str_of("ALERTS")};
    labels[count + 1] = (struct gong_label_view){
        gong_str_of("alertstate"),
        gong_str_of(alert->firing ? "firing" : "pending")};
    if (c->err == GONG_OK) {
        c->err = tell(c->world, c->runner, labels, count + 2, c->t, 1);
    }
}

static enum gong_err
run_alert(struct gong_world *world, struct runner *runner, int64_t t,
          struct gong_expr_error *error)
{
    struct alerts_ctx ctx = {world, runner, t, GONG_OK};
    enum gong_err err = gong_alert_model_step(runner->model, t, error);

    if (err == GONG_OK) {
        gong_alert_model_visit(runner->model, tell_alert, &ctx);
        err = ctx.err;
    }
    return err == GONG_OK ? end_others(world, runner, t) : err;
}

enum gong_err
gong_world_step(struct gong_world *world, int64_t t,
                const struct gong_rule **rule, struct gong_expr_error *error)
{
    enum gong_err err = load_until(world, t);

    *rule = NULL;
    *error = (struct gong_expr_error){0};
    for (size_t i = 0; i < world->options.rule_count && err == GONG_OK; i++) {
        struct runner *runner = &world->runners[i];

        err = runner->eval != NULL ? run_recording(world, runner, t, error)
                                   : run_alert(world, runner, t, error);
        if (err != GONG_OK) {
            *rule = &runner->rule->rule;
        }
    }
    if (err == GONG_OK) {
        err = gong_engine_feed_clock(&world->feed, t);
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
take_model(void *ctx, const struct gong_model_alert *alert)
{
    struct lines_ctx *c = ctx;

    if (alert->firing && c->err == GONG_OK) {
        c->err =
            gong_world_line_add(c->lines, alert->labels, alert->label_count,
                                alert->annotations, alert->annotation_count);
    }
}

enum gong_err
gong_world_firing(const struct gong_world *world, const char *alertname,
                  struct gong_world_lines *out)
{
    struct lines_ctx ctx = {out, alertname, GONG_OK};

    for (size_t i = 0; i < world->options.rule_count; i++) {
        const struct runner *runner = &world->runners[i];

        if (runner->model != NULL &&
            strcmp(runner->rule->rule.alert, alertname) == 0) {
            gong_alert_model_visit(runner->model, take_model, &ctx);
        }
    }
    return ctx.err;
}

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
gong_world_engine_firing(struct gong_world *world, const char *alertname,
                         struct gong_world_lines *out)
{
    struct lines_ctx ctx = {out, alertname, GONG_OK};

    for (size_t i = 0; i < world->options.rule_count; i++) {
        const struct gong_world_rule *rule = &world->options.rules[i];

        if (rule->record == NULL && !rule->by_engine &&
            strcmp(rule->rule.alert, alertname) == 0) {
            return GONG_ERR_UNSUPPORTED;
        }
    }
    if (world->refused) {
        return GONG_ERR_UNSUPPORTED;
    }
    gong_engine_alerts(world->engine, take_effect, &ctx);
    return ctx.err;
}
