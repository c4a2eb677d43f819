/*
 * engine_record: series that the engine feeds itself: what recordings say, and
 * ALERTS. They belong to no device (number 0) and run on journal time; payloads
 * cannot feed them.
 */
#include "rules/engine/engine_general.h"

#include "rules/engine/sample.h"
#include "rules/engine/engine_step.h"
#include "rules/engine/engine_data.h"

enum gong_err
gong_engine_feed(struct gong_engine *engine, uint32_t rule, uint32_t series,
                 int64_t t, double value)
{
    const struct gong_binds *binds = &engine->live->binds;
    const struct gong_series *s = gong_series_at(binds, series);
    const struct gong_attachment *a = gong_attachment_at(binds, s->attachment);
    bool foreign = engine->live->book.foreign;
    enum gong_err err = GONG_OK;

    if (foreign && s->stamp >= t) {
        return GONG_OK; /* of two samples of an instant the first stands */
    }
    err = gong_engine_push(engine, series, (struct gong_sample){t, value});
    for (uint32_t i = 0; i < a->count && err == GONG_OK; i++) {
        const struct gong_entry *entry = gong_entry_at(binds, a->first + i);

        if (entry->form == GONG_FORM_GENERAL) {
            bool behind = foreign && entry->rule <= rule; /* had its turn */

            err = gong_engine_touch_general(
                engine, gong_binding_at(binds, s->bindings + i),
                behind ? t + 1 : t);
        }
    }
    return err;
}

/* The series of a name, 0 where no rule reads it. */
static enum gong_err
find_series(struct gong_live *live, uint32_t metric, uint32_t labelset,
            uint32_t *series)
{
    struct gong_series_name name = {.labelset = labelset, .metric = metric};
    enum gong_err err = GONG_OK;

    *series = 0;
    if (!gong_book_is_read(&live->book, metric)) {
        return GONG_OK;
    }
    err = gong_bind_series(&live->binds, name, series);
    if (err == GONG_ERR_NOT_FOUND || err == GONG_ERR_TOO_LARGE) {
        *series = 0;
        return GONG_OK;
    }
    return err;
}

enum gong_err
gong_output_add(struct gong_live *live, uint32_t rule, uint32_t instance)
{
    struct gong_outputs *outputs = &live->outputs;
    const struct gong_book_rule *r = &live->book.rules[rule];
    struct gong_general_state *state = gong_general_state_at(live, r->general);
    struct gong_instance *i = gong_instance_at(&live->binds, instance);
    uint32_t n = outputs->free;

    if (n != 0) {
        outputs->free = gong_output_at(outputs, n)->next;
    } else {
        n = gong_arena_add(&outputs->arena, 1);
    }
    if (n == 0) {
        return GONG_ERR_MEMORY;
    }
    i->alert = n;
    *gong_output_at(outputs, n) =
        (struct gong_output){.instance = instance, .next = state->first};
    state->first = n;
    return find_series(live, r->record, i->leaves,
                       &gong_output_at(outputs, n)->series);
}

enum gong_err
gong_outputs_find_series(struct gong_live *live)
{
    enum gong_err err = GONG_OK;

    for (uint32_t n = 1; n < live->outputs.arena.count && err == GONG_OK; n++) {
        struct gong_output *o = gong_output_at(&live->outputs, n);

        if (o->instance != 0 && o->series == 0) {
            const struct gong_instance *i =
                gong_instance_at(&live->binds, o->instance);

            err = find_series(live, live->book.rules[i->rule].record, i->leaves,
                              &o->series);
        }
    }
    return err;
}

static void
remove_output(struct gong_live *live, uint32_t n)
{
    gong_instance_at(&live->binds, gong_output_at(&live->outputs, n)->instance)
        ->alert = 0;
    *gong_output_at(&live->outputs, n) =
        (struct gong_output){.next = live->outputs.free};
    live->outputs.free = n;
}

static enum gong_err
write_output(struct gong_engine *engine, uint32_t rule, uint32_t output,
             int64_t t, double value)
{
    const struct gong_live *live = engine->live;
    const struct gong_output *o = gong_output_at(&live->outputs, output);

    gong_engine_tell_recorded(
        engine, live->book.rules[rule].rule,
        gong_instance_at(&live->binds, o->instance)->leaves, t, value);
    return o->series == 0 ? GONG_OK
                          : gong_engine_feed(engine, rule, o->series, t, value);
}

static enum gong_err
write_one(struct gong_engine *engine, uint32_t rule, uint32_t round,
          uint32_t instance, int64_t t, double value)
{
    struct gong_live *live = engine->live;
    uint32_t n = gong_instance_at(&live->binds, instance)->alert;
    enum gong_err err = GONG_OK;

    if (n == 0) {
        err = gong_output_add(live, rule, instance);
        n = gong_instance_at(&live->binds, instance)->alert;
    }
    if (err != GONG_OK) {
        return err;
    }
    gong_output_at(&live->outputs, n)->round = round;
    return write_output(engine, rule, n, t, value);
}

/* Ends what this round did not feed, and lists the others anew. */
static enum gong_err
end_others(struct gong_engine *engine, uint32_t rule,
           struct gong_general_state *state, uint32_t old, int64_t t)
{
    struct gong_live *live = engine->live;
    enum gong_err err = GONG_OK;

    while (old != 0 && err == GONG_OK) {
        uint32_t n = old;

        old = gong_output_at(&live->outputs, n)->next;
        if (gong_output_at(&live->outputs, n)->round != state->round) {
            err = write_output(engine, rule, n, t, gong_stale_nan());
            remove_output(live, n);
        }
    }
    state->first = 0;
    for (uint32_t i = engine->found.count; i > 1; i--) {
        uint32_t instance = gong_found_at(engine, i - 1)->instance;
        uint32_t n =
            instance == 0 ? 0 : gong_instance_at(&live->binds, instance)->alert;

        if (n != 0) {
            gong_output_at(&live->outputs, n)->next = state->first;
            state->first = n;
        }
    }
    return err;
}

enum gong_err
gong_engine_record(struct gong_engine *engine, uint32_t rule, int64_t t)
{
    const struct gong_book_rule *r = &engine->live->book.rules[rule];
    struct gong_general_state *state =
        gong_general_state_at(engine->live, r->general);
    enum gong_err err = GONG_OK;

    state->round++;
    for (uint32_t i = 1; i < engine->found.count && err == GONG_OK; i++) {
        const struct gong_found *found = gong_found_at(engine, i);

        if (found->instance != 0) {
            err = write_one(engine, rule, state->round, found->instance, t,
                            found->value);
        }
    }
    return err == GONG_OK ? end_others(engine, rule, state, state->first, t)
                          : err;
}

void
gong_engine_tell_recorded(struct gong_engine *engine,
                          const struct gong_rule *rule, uint32_t labelset,
                          int64_t t, double value)
{
    struct gong_recorded recorded = {
        .position = engine->position,
        .ordinal = engine->ordinal + engine->presences_told,
        .name = rule->record,
        .rule = rule,
        .at_ms = t,
        .value = value,
        .labels = engine->space->own,
    };

    /* Whether somebody listens or not: it names what comes after it too. */
    engine->ordinal++;
    if (engine->recorded == NULL) {
        return;
    }
    recorded.label_count =
        gong_labelset_views(&engine->labelsets, labelset, engine->space->own);
    engine->recorded(engine->recorded_ctx, &recorded);
}

/* ALERTS has pending and firing only; what is unknown is still open. */
static const char *
state_text(enum gong_alert_state state)
{
    switch (state) {
    case GONG_ALERT_INACTIVE:
        return NULL;
    case GONG_ALERT_PENDING:
        return "pending";
    case GONG_ALERT_FIRING:
    case GONG_ALERT_KEEPING:
    case GONG_ALERT_UNKNOWN:
        break;
    }
    return "firing";
}

/* The severity of a presence rule's alert can become worse while it is open,
 * its series stays the same. */
static struct gong_str
own_value(const struct gong_effect *effect, const struct gong_label_view *label)
{
    const struct gong_rule *rule = effect->rule;

    if (effect->worst == GONG_SEVERITY_OTHER ||
        !gong_str_is(label->name, "severity")) {
        return label->value;
    }
    for (size_t i = 0; i < rule->label_count; i++) {
        if (gong_str_is(label->name, rule->labels[i].name)) {
            return gong_str_of(rule->labels[i].text);
        }
    }
    return (struct gong_str){"", 0};
}

static size_t
own_labels(const struct gong_engine *engine, const struct gong_effect *effect,
           struct gong_label_view *out)
{
    if (engine->live->book.foreign) {
        return gong_effect_noted(effect, out);
    }
    memcpy(out, effect->labels, effect->label_count * sizeof out[0]);
    return effect->label_count;
}

/* Labels as symbols. */
struct noted {
    struct gong_label_pair pairs[GONG_EFFECT_LABELS_MAX];
    size_t count;
};

/* The symbols of an effect's labels. These may lie in the table of symbols
 * themselves: what is there already is looked up before anything is added,
 * which moves it. */
static bool
intern_labels(struct gong_engine *engine, const struct gong_effect *effect,
              struct noted *out)
{
    struct gong_label_view labels[GONG_EFFECT_LABELS_MAX];
    size_t count = own_labels(engine, effect, labels);

    out->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct gong_label_view label = labels[i];

        label.value = own_value(effect, &label);
        if (label.value.len != 0) {
            labels[out->count] = label;
            out->pairs[out->count++] = (struct gong_label_pair){
                gong_symbol_find(&engine->symbols, label.name),
                gong_symbol_find(&engine->symbols, label.value)};
        }
    }
    for (size_t i = 0; i < out->count; i++) {
        struct gong_label_pair *pair = &out->pairs[i];

        if ((pair->name == 0 || pair->value == 0) &&
            !gong_label_intern(&engine->symbols, labels[i].name,
                               labels[i].value, pair)) {
            return false;
        }
    }
    return true;
}

/* What is told of an alert, and when. */
struct note {
    struct noted labels;
    uint32_t rule;
    int64_t t;
};

/* Feeds one series with the alert's labels and state, which is alertstate
 * whatever these say; NULL: without. */
static enum gong_err
put_note(struct gong_engine *engine, uint32_t metric, const struct note *note,
         const char *state, double value)
{
    const struct noted *noted = &note->labels;
    struct gong_label_pair pairs[GONG_EFFECT_LABELS_MAX + 1];
    struct gong_label_pair own = {0, 0};
    uint32_t labelset = 0;
    uint32_t series = 0;
    size_t count = 0;
    enum gong_err err = GONG_OK;

    if (state != NULL &&
        !gong_label_intern(&engine->symbols, gong_str_of("alertstate"),
                           gong_str_of(state), &own)) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < noted->count; i++) {
        if (noted->pairs[i].name != own.name) {
            pairs[count++] = noted->pairs[i];
        }
    }
    if (state != NULL) {
        pairs[count++] = own;
    }
    if (count >= GONG_LABELSET_MAX) {
        return GONG_OK;
    }
    labelset = gong_labelset_intern(&engine->labelsets, pairs, count);
    err = labelset == 0 ? GONG_ERR_MEMORY
                        : find_series(engine->live, metric, labelset, &series);
    return err != GONG_OK || series == 0
               ? err
               : gong_engine_feed(engine, note->rule, series, note->t, value);
}

static bool
are_alerts_read(const struct gong_engine *engine)
{
    uint32_t alerts = engine->own_names[GONG_OWN_ALERTS];
    uint32_t since = engine->own_names[GONG_OWN_ALERTS_FOR_STATE];

    return alerts != 0 && (gong_book_is_read(&engine->live->book, alerts) ||
                           gong_book_is_read(&engine->live->book, since));
}

/* Since when; a Prometheus tells whole seconds. */
static double
seconds(const struct gong_engine *engine, const struct gong_effect *effect)
{
    int64_t whole = effect->since_ms / 1000;

    return engine->live->book.foreign ? (double)whole
                                      : (double)effect->since_ms / 1000;
}

/* What an alert in this state says of itself, or that it ended. */
static enum gong_err
put_state(struct gong_engine *engine, const struct gong_effect *effect,
          const struct note *note)
{
    const char *to = state_text(effect->to);
    uint32_t alerts = engine->own_names[GONG_OWN_ALERTS];
    uint32_t since = engine->own_names[GONG_OWN_ALERTS_FOR_STATE];
    enum gong_err err = GONG_OK;

    if (to == NULL) {
        return put_note(engine, since, note, NULL, gong_stale_nan());
    }
    err = put_note(engine, alerts, note, to, 1);
    return err == GONG_OK
               ? put_note(engine, since, note, NULL, seconds(engine, effect))
               : err;
}

/* Rules of ours that read it run on journal time, so that is when it is fed;
 * foreign ones run at the instants of a grid. */
static int64_t
noted_at(const struct gong_engine *engine, const struct gong_effect *effect)
{
    return engine->live->book.foreign ? effect->at_ms : engine->journal_ms;
}

enum gong_err
gong_engine_note_alert(struct gong_engine *engine, uint32_t rule,
                       const struct gong_effect *effect)
{
    const char *from = state_text(effect->from);
    const char *to = state_text(effect->to);
    struct note note = {.rule = rule, .t = noted_at(engine, effect)};
    enum gong_err err = GONG_OK;

    if (!are_alerts_read(engine)) {
        return GONG_OK;
    }
    if (!intern_labels(engine, effect, &note.labels)) {
        return GONG_ERR_MEMORY;
    }
    if (from != NULL && (to == NULL || strcmp(from, to) != 0)) {
        err = put_note(engine, engine->own_names[GONG_OWN_ALERTS], &note, from,
                       gong_stale_nan());
    }
    return err == GONG_OK ? put_state(engine, effect, &note) : err;
}

enum gong_err
gong_engine_show_alerts(struct gong_engine *engine, uint32_t rule,
                        uint32_t first, int64_t t)
{
    const struct gong_live *live = engine->live;
    enum gong_err err = GONG_OK;

    if (!are_alerts_read(engine)) {
        return GONG_OK;
    }
    for (uint32_t n = first; n != 0 && err == GONG_OK;
         n = gong_alert_at(&live->alerts, n)->next) {
        const struct gong_alert *alert = gong_alert_at(&live->alerts, n);
        struct gong_effect effect = {.to = (enum gong_alert_state)alert->state};
        struct note note = {.rule = rule, .t = t};

        if (effect.to == GONG_ALERT_INACTIVE) {
            continue;
        }
        gong_engine_describe(live, alert, &effect);
        gong_engine_render(engine, live, alert, &effect);
        err = intern_labels(engine, &effect, &note.labels)
                  ? put_state(engine, &effect, &note)
                  : GONG_ERR_MEMORY;
    }
    return err;
}
