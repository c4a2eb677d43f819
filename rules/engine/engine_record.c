/*
 * engine_record: series that the engine feeds itself: what recordings say, and
 * ALERTS. They belong to no device (number 0) and run on journal time; payloads
 * cannot feed them.
 */
#include "rules/engine/engine_general.h"

#include "rules/engine/sample.h"

static bool
add_label(struct gong_engine *engine, struct gong_str name,
          struct gong_str value, struct gong_label_pair *out)
{
    out->name = gong_symbol_intern(&engine->symbols, name);
    out->value = gong_symbol_intern(&engine->symbols, value);
    return out->name != 0 && out->value != 0;
}

enum gong_err
gong_engine_feed(struct gong_engine *engine, uint32_t series, int64_t t,
                 double value)
{
    const struct gong_binds *binds = &engine->live->binds;
    const struct gong_series *s = gong_series_at(binds, series);
    const struct gong_attachment *a = gong_attachment_at(binds, s->attachment);
    enum gong_err err =
        gong_engine_push(engine, series, (struct gong_sample){t, value});

    for (uint32_t i = 0; i < a->count && err == GONG_OK; i++) {
        if (gong_entry_at(binds, a->first + i)->form == GONG_FORM_GENERAL) {
            err = gong_engine_touch_general(
                engine, gong_binding_at(binds, s->bindings + i), t);
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
    struct gong_general_state *state =
        gong_arena_at(&live->general_states, r->general);
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
write_output(struct gong_engine *engine, const struct gong_rule *rule,
             uint32_t output, int64_t t, double value)
{
    const struct gong_live *live = engine->live;
    const struct gong_output *o = gong_output_at(&live->outputs, output);

    gong_engine_tell_recorded(
        engine, rule, gong_instance_at(&live->binds, o->instance)->leaves, t,
        value);
    return o->series == 0 ? GONG_OK
                          : gong_engine_feed(engine, o->series, t, value);
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
    return write_output(engine, live->book.rules[rule].rule, n, t, value);
}

/* Ends what this round did not feed, and lists the others anew. */
static enum gong_err
end_others(struct gong_engine *engine, const struct gong_rule *rule,
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
        gong_arena_at(&engine->live->general_states, r->general);
    enum gong_err err = GONG_OK;

    state->round++;
    for (uint32_t i = 1; i < engine->found.count && err == GONG_OK; i++) {
        const struct gong_found *found = gong_found_at(engine, i);

        if (found->instance != 0) {
            err = write_one(engine, rule, state->round, found->instance, t,
                            found->value);
        }
    }
    return err == GONG_OK ? end_others(engine, r->rule, state, state->first, t)
                          : err;
}

void
gong_engine_tell_recorded(struct gong_engine *engine,
                          const struct gong_rule *rule, uint32_t labelset,
                          int64_t t, double value)
{
    struct gong_recorded recorded = {
        .position = engine->position,
        .ordinal = engine->ordinal,
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

    out->count = 0;
    for (size_t i = 0; i < effect->label_count; i++) {
        struct gong_label_view label = effect->labels[i];

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
            !add_label(engine, labels[i].name, labels[i].value, pair)) {
            return false;
        }
    }
    return true;
}

/* Feeds one series with the alert's labels and state, which is alertstate
 * whatever these say; NULL: without. Rules that read it run on journal time, so
 * that is when it is fed. */
static enum gong_err
note(struct gong_engine *engine, uint32_t metric, const struct noted *noted,
     const char *state, double value)
{
    struct gong_label_pair pairs[GONG_EFFECT_LABELS_MAX + 1];
    struct gong_label_pair own = {0, 0};
    uint32_t labelset = 0;
    uint32_t series = 0;
    size_t count = 0;
    enum gong_err err = GONG_OK;

    if (state != NULL && !add_label(engine, gong_str_of("alertstate"),
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
               : gong_engine_feed(engine, series, engine->journal_ms, value);
}

enum gong_err
gong_engine_note_alert(struct gong_engine *engine,
                       const struct gong_effect *effect)
{
    const char *from = state_text(effect->from);
    const char *to = state_text(effect->to);
    uint32_t alerts = engine->own_names[GONG_OWN_ALERTS];
    uint32_t since = engine->own_names[GONG_OWN_ALERTS_FOR_STATE];
    double gone = gong_stale_nan();
    struct noted noted;
    enum gong_err err = GONG_OK;

    if (alerts == 0 || !(gong_book_is_read(&engine->live->book, alerts) ||
                         gong_book_is_read(&engine->live->book, since))) {
        return GONG_OK;
    }
    if (!intern_labels(engine, effect, &noted)) {
        return GONG_ERR_MEMORY;
    }
    if (from != NULL && (to == NULL || strcmp(from, to) != 0)) {
        err = note(engine, alerts, &noted, from, gone);
    }
    if (err == GONG_OK && to != NULL) {
        err = note(engine, alerts, &noted, to, 1);
    }
    return err == GONG_OK
               ? note(engine, since, &noted, NULL,
                      to == NULL ? gone : (double)effect->since_ms / 1000)
               : err;
}
