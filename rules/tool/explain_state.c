#include "rules/tool/explain_state.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/effect_render.h"
#include "rules/tool/explain_terms.h"
#include "rules/query/instant.h"
#include "rules/query/json_text.h"
#include "rules/query/number_text.h"
#include "rules/tool/replay.h"

#define ALERTS_MAX 256 /* that are told of; others are counted */

/* An alert's last change, and what it is at the instant. */
struct told {
    uint64_t fingerprint;
    struct gong_label_view *labels; /* owned, with their texts behind them */
    size_t label_count;
    enum gong_alert_state from;
    enum gong_alert_state to;
    enum gong_effect_reason reason;
    int64_t at_ms;
    int64_t since_ms;
    double value;
    unsigned level;
    bool open; /* at the instant: open or pending */
};

struct gong_explain_state {
    const struct gong_explain *explain;
    struct gong_data_set *data;
    struct told alerts[ALERTS_MAX];
    size_t count;
    uint64_t more;     /* changes of alerts past these */
    bool failed;       /* without memory */
    const char *fault; /* why the rule has no result at the instant; or NULL */
};

/* Views and the bytes that they show, in one block; NULL without memory. */
static struct gong_label_view *
copy_labels(const struct gong_label_view *labels, size_t count)
{
    size_t size = 1;
    struct gong_label_view *copy = NULL;
    char *bytes = NULL;

    for (size_t i = 0; i < count; i++) {
        size += labels[i].name.len + labels[i].value.len;
    }
    copy = malloc(count * sizeof *copy + size);
    if (copy == NULL) {
        return NULL;
    }
    bytes = (char *)(copy + count);
    for (size_t i = 0; i < count; i++) {
        copy[i].name = gong_str_from(bytes, labels[i].name.len);
        memcpy(bytes, labels[i].name.data, labels[i].name.len);
        bytes += labels[i].name.len;
        copy[i].value = gong_str_from(bytes, labels[i].value.len);
        if (labels[i].value.len > 0) {
            memcpy(bytes, labels[i].value.data, labels[i].value.len);
        }
        bytes += labels[i].value.len;
    }
    return copy;
}

/* A place for another alert, which is open: that of one that has ended, where
 * there are no others. NULL without one. */
static struct told *
find_place(struct gong_explain_state *state, bool open)
{
    if (state->count < ALERTS_MAX) {
        return &state->alerts[state->count++];
    }
    state->more++;
    for (size_t i = 0; i < state->count && open; i++) {
        struct told *told = &state->alerts[i];

        if (!told->open && told->to == GONG_ALERT_INACTIVE) {
            free(told->labels);
            return told;
        }
    }
    return NULL;
}

/* The alert's place; NULL where there is no room or memory. */
static struct told *
find_told(struct gong_explain_state *state, const struct gong_effect *effect)
{
    struct told *told = state->alerts;

    for (size_t i = 0; i < state->count; i++, told++) {
        if (told->fingerprint == effect->fingerprint) {
            return told;
        }
    }
    told = find_place(state, effect->to != GONG_ALERT_INACTIVE);
    if (told == NULL) {
        return NULL;
    }
    *told = (struct told){.fingerprint = effect->fingerprint,
                          .label_count = effect->label_count};
    told->labels = copy_labels(effect->labels, effect->label_count);
    if (told->labels == NULL) {
        told->label_count = 0;
        state->failed = true;
        return NULL;
    }
    return told;
}

static bool
is_asked(const struct gong_explain_state *state,
         const struct gong_effect *effect)
{
    return effect->rule == state->explain->rule &&
           gong_explain_fits(state->explain, effect->labels,
                             effect->label_count);
}

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct gong_explain_state *state = ctx;
    struct told *told =
        is_asked(state, effect) ? find_told(state, effect) : NULL;

    if (told != NULL) {
        told->from = effect->from;
        told->to = effect->to;
        told->reason = effect->reason;
        told->at_ms = effect->at_ms;
    }
}

/* A sample of a series that the engine makes: labels and one or two more. */
static void
add_sample(struct gong_explain_state *state,
           const struct gong_label_view *labels, size_t count,
           const struct gong_label_view more[static 2], int64_t ms,
           double value)
{
    struct gong_label_view all[GONG_LABELSET_MAX];
    size_t n = 0;

    for (size_t i = 0; i < 2; i++) {
        if (more[i].value.len > 0) {
            all[n++] = more[i];
        }
    }
    for (size_t i = 0; i < count && n < GONG_LABELSET_MAX; i++) {
        if (!gong_str_equal(labels[i].name, more[1].name)) {
            all[n++] = labels[i];
        }
    }
    if (gong_data_set_add(state->data, all, n, ms, value) == GONG_ERR_MEMORY) {
        state->failed = true;
    }
}

static struct gong_label_view
label(const char *name, const char *value)
{
    return (struct gong_label_view){gong_str_of(name), gong_str_of(value)};
}

static void
on_recorded(void *ctx, const struct gong_recorded *recorded)
{
    struct gong_label_view more[2] = {label("__name__", recorded->rule->record),
                                      label("", "")};

    add_sample(ctx, recorded->labels, recorded->label_count, more,
               recorded->at_ms, recorded->value);
}

static void
on_fault(void *ctx, const struct gong_rule_fault *fault)
{
    struct gong_explain_state *state = ctx;

    if (fault->rule == state->explain->rule && !fault->partial) {
        state->fault = fault->text;
    }
}

static void
at_end(void *ctx, const struct gong_effect *effect)
{
    struct gong_explain_state *state = ctx;
    bool pending = effect->to == GONG_ALERT_PENDING;
    struct gong_label_view alerts[2] = {
        label("__name__", "ALERTS"),
        label("alertstate", pending ? "pending" : "firing")};
    struct gong_label_view since[2] = {label("__name__", "ALERTS_FOR_STATE"),
                                       label("", "")};
    struct told *told = NULL;

    if (!effect->rule->trial) {
        add_sample(state, effect->labels, effect->label_count, alerts,
                   state->explain->at_ms, 1);
        add_sample(state, effect->labels, effect->label_count, since,
                   state->explain->at_ms, (double)effect->since_ms / 1000);
    }
    told = is_asked(state, effect) ? find_told(state, effect) : NULL;
    if (told != NULL) {
        told->open = true;
        told->to = effect->to;
        told->since_ms = effect->since_ms;
        told->value = effect->value;
        told->level = effect->to_level;
    }
}

enum gong_err
gong_explain_state_run(const struct gong_explain *explain, const char *path,
                       struct gong_data_set *data, FILE *err,
                       struct gong_explain_state **out)
{
    struct gong_explain_state *state = calloc(1, sizeof *state);
    struct gong_replay replay = {.set = explain->set,
                                 .path = path,
                                 .tolerance_ms = INT64_MAX / 4,
                                 .precision = explain->precision,
                                 .named = true,
                                 .has_since = true,
                                 .since_ms = explain->since_ms,
                                 .has_until = true,
                                 .until_ms = explain->at_ms,
                                 .emit = on_effect,
                                 .at_end = at_end,
                                 .recorded = on_recorded,
                                 .fault = on_fault,
                                 .ctx = state,
                                 .err = err};
    enum gong_err result = GONG_ERR_MEMORY;

    if (state != NULL) {
        state->explain = explain;
        state->data = data;
        result = gong_replay_run(&replay);
    }
    if (result == GONG_OK && state->failed) {
        result = GONG_ERR_MEMORY;
    }
    if (result != GONG_OK) {
        gong_explain_state_free(state);
        state = NULL;
    }
    *out = state;
    return result;
}

void
gong_explain_state_free(struct gong_explain_state *state)
{
    if (state == NULL) {
        return;
    }
    for (size_t i = 0; i < state->count; i++) {
        free(state->alerts[i].labels);
    }
    free(state);
}

/* Whether the rule puts the label on, whatever the series has. */
static bool
is_own(const struct gong_rule *rule, struct gong_str name)
{
    bool own = gong_str_is(name, "alertname") ||
               (rule->level_count > 0 && gong_str_is(name, "severity"));

    for (size_t i = 0; i < rule->label_count && !own; i++) {
        own = gong_str_is(name, rule->labels[i].name);
    }
    return own;
}

/* The same question about one alert alone: the labels of its series. */
static struct gong_explain
about(const struct gong_explain *explain, const struct told *told,
      struct gong_label_view labels[static GONG_EFFECT_LABELS_MAX])
{
    struct gong_explain one = *explain;

    one.labels = labels;
    one.label_count = 0;
    for (size_t i = 0; i < told->label_count; i++) {
        if (!is_own(explain->rule, told->labels[i].name) &&
            one.label_count < GONG_EFFECT_LABELS_MAX) {
            labels[one.label_count++] = told->labels[i];
        }
    }
    return one;
}

static void
put_firing(const struct gong_explain *one, const struct told *told,
           const struct gong_said *said)
{
    const struct gong_rule *rule = one->rule;
    unsigned worst = told->level;

    while (worst < rule->level_count && said->fires >> worst != 0) {
        worst++;
    }
    if (worst > told->level) {
        (void)fprintf(one->out, "level %s must hold for ",
                      rule->levels[worst - 1].severity);
        gong_length_put(one->out, rule->levels[worst - 1].for_ms);
    } else if (said->fires != 0) {
        (void)fputs("the expression holds", one->out);
    } else if (gong_explain_on_missing(one) == GONG_ON_MISSING_FIRE &&
               gong_explain_missing(one, false) > 0) {
        (void)fputs("what is missing counts as true", one->out);
    } else if (rule->clauses.resolves != 0) {
        (void)fputs("resolve is not true yet", one->out);
    } else {
        (void)fputs("it was true when it was last looked at", one->out);
    }
}

/* Why it is pending, firing, kept or unknown. */
static void
put_why(const struct gong_explain *one, const struct told *told,
        const struct gong_said *said)
{
    const struct gong_rule *rule = one->rule;

    (void)fputs("    why: ", one->out);
    switch (told->to) {
    case GONG_ALERT_INACTIVE:
        break;
    case GONG_ALERT_PENDING:
        (void)fputs("`for` is not over; fires in ", one->out);
        gong_length_put(one->out,
                        told->since_ms +
                            (rule->level_count > 0 ? rule->levels[0].for_ms
                                                   : rule->for_ms) -
                            one->at_ms);
        (void)fputs(" if it stays so", one->out);
        break;
    case GONG_ALERT_FIRING:
        put_firing(one, told, said);
        break;
    case GONG_ALERT_KEEPING:
        (void)fputs("keep_firing_for is not over; ends in ", one->out);
        gong_length_put(one->out,
                        told->at_ms + rule->keep_firing_for_ms - one->at_ms);
        (void)fputs(" unless it is true again", one->out);
        break;
    case GONG_ALERT_UNKNOWN:
        (void)fprintf(one->out, "its %s, and on_missing = \"unknown\"",
                      told->reason == GONG_REASON_DARK ? "device is dark"
                                                       : "data is missing");
        break;
    }
    (void)fputc('\n', one->out);
}

static void
put_change(FILE *out, const struct told *told)
{
    (void)fprintf(out, "%s to %s at ", gong_alert_state_text(told->from),
                  gong_alert_state_text(told->to));
    gong_instant_put(out, told->at_ms);
    (void)fprintf(out, ": %s\n", gong_effect_reason_text(told->reason));
}

static enum gong_err
put_open(const struct gong_explain_state *state,
         const struct gong_explain *explain, const struct told *told)
{
    struct gong_label_view labels[GONG_EFFECT_LABELS_MAX];
    struct gong_explain one = about(explain, told, labels);
    struct gong_explained explained;
    enum gong_err err = gong_explain_says(&one, &explained);

    if (err != GONG_OK) {
        return err;
    }
    (void)fprintf(explain->out, "  %s since ", gong_alert_state_text(told->to));
    gong_instant_put(explain->out, told->since_ms);
    (void)fputs(": ", explain->out);
    gong_label_text_put(explain->out, told->labels, told->label_count);
    (void)fputs(" = ", explain->out);
    gong_number_put(explain->out, told->value);
    if (told->level > 0) {
        (void)fprintf(explain->out, ", level %s",
                      explain->rule->levels[told->level - 1].severity);
    }
    (void)fputs("\n    last change: ", explain->out);
    put_change(explain->out, told);
    if (state->fault != NULL) {
        (void)fprintf(
            explain->out,
            "    why: the rule has no result (%s), so it stays as it is\n",
            state->fault);
    } else {
        put_why(&one, told, &explained.said);
    }
    return GONG_OK;
}

/* Why there is no alert at all. */
static enum gong_err
put_inactive(const struct gong_explain_state *state,
             const struct gong_explain *explain)
{
    const struct gong_rule *rule = explain->rule;
    struct gong_explained explained;
    enum gong_err err = gong_explain_says(explain, &explained);

    if (err != GONG_OK) {
        return err;
    }
    (void)fputs("  inactive\n    why: ", explain->out);
    if (rule->calendar != NULL &&
        !gong_calendar_is_open(rule->calendar, explain->at_ms)) {
        (void)fprintf(explain->out, "its calendar %s is closed\n",
                      rule->calendar->name);
    } else if (state->fault != NULL || explained.fails != 0) {
        (void)fprintf(explain->out, "the rule has no result (%s)\n",
                      state->fault == NULL ? "its expression fails"
                                           : state->fault);
    } else if (explained.said.fires == 0) {
        (void)fputs(gong_explain_missing(explain, false) > 0
                        ? "the expression does not hold, and data is missing\n"
                        : "the expression does not hold\n",
                    explain->out);
    } else {
        (void)fputs("the expression holds, but did not when it was last looked "
                    "at\n",
                    explain->out);
    }
    return GONG_OK;
}

enum gong_err
gong_explain_state_put(const struct gong_explain_state *state,
                       const struct gong_explain *explain)
{
    enum gong_err err = GONG_OK;
    size_t open = 0;

    (void)fputs("\nstate:\n", explain->out);
    for (size_t i = 0; i < state->count && err == GONG_OK; i++) {
        if (state->alerts[i].open) {
            open++;
            err = put_open(state, explain, &state->alerts[i]);
        }
    }
    if (err == GONG_OK && open == 0) {
        err = put_inactive(state, explain);
    }
    for (size_t i = 0; i < state->count; i++) {
        const struct told *told = &state->alerts[i];

        if (!told->open) {
            (void)fputs("  ended: ", explain->out);
            gong_label_text_put(explain->out, told->labels, told->label_count);
            (void)fputs("\n    last change: ", explain->out);
            put_change(explain->out, told);
        }
    }
    if (state->more > 0) {
        (void)fputs("  and other alerts; --labels chooses\n", explain->out);
    }
    return err;
}
