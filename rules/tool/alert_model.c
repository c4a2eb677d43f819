#include "rules/tool/alert_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/effect_render.h"
#include "rules/engine/eval_memory.h"

#define NEVER INT64_MIN

struct active {
    uint32_t set; /* a series of labels: the alert's label set */
    bool firing;
    bool seen; /* in the result of this instant */
    int64_t since_ms;
    int64_t keep_since;
    double value;
    char *texts[GONG_RULE_LABELS_MAX]; /* rendered annotations, owned */
};

struct gong_alert_model {
    const struct gong_rule *rule;
    struct gong_eval *eval;
    struct gong_eval_memory *labels; /* numbers of label sets; no samples */
    struct active *actives;
    size_t count;
    size_t capacity;
};

struct gong_alert_model *
gong_alert_model_new(const struct gong_rule *rule,
                     const struct gong_eval_source *source,
                     const struct gong_eval_options *options,
                     struct gong_expr_error *error)
{
    struct gong_alert_model *model = calloc(1, sizeof *model);

    if (model == NULL) {
        return NULL;
    }
    model->rule = rule;
    model->labels = gong_eval_memory_new();
    model->eval = gong_eval_new(rule->expr, source, options, error);
    if (model->labels == NULL || model->eval == NULL) {
        gong_alert_model_free(model);
        return NULL;
    }
    return model;
}

static void
drop_texts(struct active *active)
{
    for (size_t i = 0; i < GONG_RULE_LABELS_MAX; i++) {
        free(active->texts[i]);
        active->texts[i] = NULL;
    }
}

void
gong_alert_model_free(struct gong_alert_model *model)
{
    if (model == NULL) {
        return;
    }
    for (size_t i = 0; i < model->count; i++) {
        drop_texts(&model->actives[i]);
    }
    free(model->actives);
    gong_eval_free(model->eval);
    gong_eval_memory_free(model->labels);
    free(model);
}

static bool
rule_has(const struct gong_rule *rule, struct gong_str name)
{
    for (size_t i = 0; i < rule->label_count; i++) {
        if (gong_str_is(name, rule->labels[i].name)) {
            return true;
        }
    }
    return gong_str_is(name, "alertname") || gong_str_is(name, "__name__");
}

/* The series' labels without the metric's name, then the rule's, which win. */
static enum gong_err
intern(struct gong_alert_model *model, const struct gong_label_view *own,
       size_t own_count, uint32_t *set)
{
    struct gong_label_view labels[GONG_EFFECT_LABELS_MAX];
    const struct gong_rule *rule = model->rule;
    size_t count = 0;

    for (size_t i = 0; i < own_count; i++) {
        if (!rule_has(rule, own[i].name)) {
            labels[count++] = own[i];
        }
    }
    for (size_t i = 0; i < rule->label_count; i++) {
        labels[count++] =
            (struct gong_label_view){gong_str_of(rule->labels[i].name),
                                     gong_str_of(rule->labels[i].text)};
    }
    labels[count++] = (struct gong_label_view){gong_str_of("alertname"),
                                               gong_str_of(rule->alert)};
    return gong_eval_memory_series(model->labels, labels, count, set);
}

/* The annotations see the series' labels and the value of now. */
static enum gong_err
render(const struct gong_rule *rule, struct active *active,
       const struct gong_label_view *own, size_t own_count)
{
    char text[GONG_RULE_ANNOTATION_SIZE];

    drop_texts(active);
    for (size_t i = 0; i < rule->annotation_count; i++) {
        (void)gong_template_render(rule->annotations[i].tmpl, own, own_count,
                                   active->value, text, sizeof text);
        active->texts[i] = strdup(text);
        if (active->texts[i] == NULL) {
            return GONG_ERR_MEMORY;
        }
    }
    return GONG_OK;
}

static struct active *
find(struct gong_alert_model *model, uint32_t set)
{
    for (size_t i = 0; i < model->count; i++) {
        if (model->actives[i].set == set) {
            return &model->actives[i];
        }
    }
    return NULL;
}

static struct active *
add(struct gong_alert_model *model, uint32_t set, int64_t t)
{
    if (model->count == model->capacity) {
        size_t capacity = model->capacity == 0 ? 16 : model->capacity * 2;
        struct active *actives =
            realloc(model->actives, capacity * sizeof *actives);

        if (actives == NULL) {
            return NULL;
        }
        model->actives = actives;
        model->capacity = capacity;
    }
    model->actives[model->count] =
        (struct active){.set = set, .since_ms = t, .keep_since = NEVER};
    return &model->actives[model->count++];
}

static enum gong_err
take_sample(struct gong_alert_model *model, int64_t t,
            const struct gong_eval_sample *sample,
            struct gong_expr_error *error)
{
    struct gong_label_view own[GONG_LABELSET_MAX];
    size_t count = gong_eval_labels(model->eval, sample->set, own);
    struct active *active;
    uint32_t set = 0;
    enum gong_err err = intern(model, own, count, &set);

    if (err != GONG_OK) {
        return err;
    }
    active = find(model, set);
    if (active == NULL) {
        active = add(model, set, t);
    }
    if (active == NULL) {
        return GONG_ERR_MEMORY;
    }
    if (active->seen) {
        (void)snprintf(error->message, sizeof error->message,
                       "found two results with the same labels after the "
                       "rule's labels, expected each once");
        return GONG_ERR_INVALID;
    }
    active->seen = true;
    active->value = sample->value;
    return render(model->rule, active, own, count);
}

/* Whether the alert stays, its label set being absent from the result. */
static bool
keeps(const struct gong_rule *rule, struct active *active, int64_t t)
{
    if (!active->firing || rule->keep_firing_for_ms == 0) {
        return false;
    }
    if (active->keep_since == NEVER) {
        active->keep_since = t;
    }
    return t - active->keep_since < rule->keep_firing_for_ms;
}

static void
move_on(struct gong_alert_model *model, int64_t t)
{
    size_t left = 0;

    for (size_t i = 0; i < model->count; i++) {
        struct active *active = &model->actives[i];

        if (!active->seen && !keeps(model->rule, active, t)) {
            drop_texts(active);
            continue;
        }
        if (active->seen) {
            active->keep_since = NEVER;
        }
        active->firing =
            active->firing || t - active->since_ms >= model->rule->for_ms;
        model->actives[left++] = *active;
    }
    model->count = left;
}

enum gong_err
gong_alert_model_step(struct gong_alert_model *model, int64_t t,
                      struct gong_expr_error *error)
{
    const struct gong_eval_result *result = NULL;
    enum gong_err err = gong_eval_at(model->eval, t, &result, error);

    for (size_t i = 0; i < model->count; i++) {
        model->actives[i].seen = false;
    }
    if (err == GONG_OK && result->type != GONG_VALUE_VECTOR) {
        (void)snprintf(error->message, sizeof error->message,
                       "found no vector, expected one");
        err = GONG_ERR_INVALID;
    }
    for (size_t i = 0; err == GONG_OK && i < result->count; i++) {
        err = take_sample(model, t, &result->vector[i], error);
    }
    if (err == GONG_OK) {
        move_on(model, t);
    }
    return err;
}

void
gong_alert_model_visit(const struct gong_alert_model *model,
                       gong_model_alert_fn visit, void *ctx)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    struct gong_label_view annotations[GONG_RULE_LABELS_MAX];

    for (size_t i = 0; i < model->count; i++) {
        const struct active *active = &model->actives[i];
        struct gong_model_alert alert = {
            .firing = active->firing,
            .since_ms = active->since_ms,
            .value = active->value,
            .labels = labels,
            .annotations = annotations,
            .annotation_count = model->rule->annotation_count,
        };

        alert.label_count =
            gong_eval_memory_labels(model->labels, active->set, labels);
        for (size_t k = 0; k < alert.annotation_count; k++) {
            annotations[k].name = gong_str_of(model->rule->annotations[k].name);
            annotations[k].value = gong_str_of(active->texts[k]);
        }
        visit(ctx, &alert);
    }
}
