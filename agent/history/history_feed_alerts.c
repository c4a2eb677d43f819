/*
 * history_feed_alerts: effects as ALERTS and ALERTS_FOR_STATE, with the labels
 * that the engine gives them where a rule reads them
 * (rules/engine/engine_record.c): the severity of ALERTS is the level's, or
 * what the rule says, whatever an alert of presence took over from those that
 * it hides.
 */
#include "agent/history/history_feed_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/decide/effect_json.h"
#include "agent/decide/effects.h"
#include "agent/trust/probe.h"

/* What is told of one alert. */
struct told {
    const json_t *effect;
    const struct gong_rule *rule; /* NULL: not known any more */
    int64_t ms;
};

static const char *
text_of(const json_t *effect, const char *key)
{
    return json_string_value(json_object_get(effect, key));
}

static const struct gong_rule *
find_rule(const struct gong_rule_source *source, const char *id)
{
    for (size_t i = 0; source != NULL && i < source->set->count; i++) {
        if (strcmp(source->set->rules[i].id, id) == 0) {
            return &source->set->rules[i];
        }
    }
    return NULL;
}

/* "pending", "firing"; NULL: it is over. */
static const char *
shown_state(const char *state)
{
    if (strcmp(state, gong_alert_state_text(GONG_ALERT_PENDING)) == 0) {
        return "pending";
    }
    return strcmp(state, gong_alert_state_text(GONG_ALERT_INACTIVE)) == 0
               ? NULL
               : "firing";
}

/* The level whose severity is shown; 0: the rule has none. */
static unsigned
level_of(const json_t *effect, const char *key)
{
    const json_t *level = json_object_get(effect, key);
    json_int_t value = json_integer_value(level);

    if (level == NULL) {
        return 0;
    }
    return value < 1 ? 1 : value > UINT8_MAX ? UINT8_MAX : (unsigned)value;
}

static const char *
severity(const struct told *told, unsigned level, const char *said)
{
    const struct gong_rule *rule = told->rule;

    if (rule == NULL) {
        return said;
    }
    if (rule->level_count > 0) {
        return level >= 1 && level <= rule->level_count
                   ? rule->levels[level - 1].severity
                   : said;
    }
    for (size_t i = 0; i < rule->label_count; i++) {
        if (strcmp(rule->labels[i].name, "severity") == 0 &&
            rule->labels[i].tmpl == NULL) {
            return rule->labels[i].text;
        }
    }
    return said;
}

static int
compare(const void *a, const void *b)
{
    const struct gong_label_view *left = a;
    const struct gong_label_view *right = b;

    return gong_labels_compare(
        &(struct gong_label_view){left->name, {"", 0}}, 1,
        &(struct gong_label_view){right->name, {"", 0}}, 1);
}

/* Sorted, without the name; state NULL: without alertstate. 0: too many. */
static size_t
labels_of(const struct told *told, unsigned level, const char *state,
          struct gong_label_view out[GONG_LABELSET_MAX])
{
    json_t *labels = json_object_get(told->effect, "labels");
    const char *key;
    json_t *value;
    size_t count = 0;

    json_object_foreach(labels, key, value)
    {
        const char *text = json_string_value(value);

        if (strcmp(key, "severity") == 0) {
            text = severity(told, level, text);
        }
        if (text[0] == '\0' ||
            (state != NULL && strcmp(key, "alertstate") == 0)) {
            continue;
        }
        if (count + 2 >= GONG_LABELSET_MAX) {
            return 0;
        }
        out[count++] =
            (struct gong_label_view){gong_str_of(key), gong_str_of(text)};
    }
    if (state != NULL) {
        out[count++] = (struct gong_label_view){gong_str_of("alertstate"),
                                                gong_str_of(state)};
    }
    qsort(out, count, sizeof *out, compare);
    return count;
}

static enum gong_err
tell(struct gong_history_feed *feed, const struct told *told, unsigned level,
     const char *state, double value)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    size_t count = labels_of(told, level, state, labels);
    uint32_t series = 0;
    enum gong_err err = GONG_ERR_TOO_LARGE;

    if (count > 0) {
        err = gong_feed_series(
            feed, gong_str_of(state == NULL ? "ALERTS_FOR_STATE" : "ALERTS"),
            labels, count, &series);
    }
    if (err == GONG_ERR_TOO_LARGE) {
        feed->counts.too_large++;
        return GONG_OK;
    }
    return err == GONG_OK
               ? gong_feed_state(feed, series,
                                 (struct gong_sample){told->ms, value})
               : err;
}

/* What was shown in state from at a level is shown no more. */
static enum gong_err
end(struct gong_history_feed *feed, const struct told *told, unsigned level,
    const char *from, bool wholly)
{
    enum gong_err err = tell(feed, told, level, from, gong_stale_nan());

    return err == GONG_OK && wholly
               ? tell(feed, told, level, NULL, gong_stale_nan())
               : err;
}

static enum gong_err
tell_change(struct gong_history_feed *feed, const struct told *told)
{
    const char *from = shown_state(text_of(told->effect, "from"));
    const char *to = shown_state(text_of(told->effect, "to"));
    unsigned from_level = level_of(told->effect, "from_level");
    unsigned level = level_of(told->effect, "level");
    json_int_t since =
        json_integer_value(json_object_get(told->effect, "since"));
    bool other = to != NULL && from_level != level;
    enum gong_err err = GONG_OK;

    if (from != NULL && (to == NULL || other || strcmp(from, to) != 0)) {
        err = end(feed, told, from_level, from, to == NULL || other);
    }
    if (err == GONG_OK && to != NULL) {
        err = tell(feed, told, level, to, 1);
    }
    return err == GONG_OK && to != NULL
               ? tell(feed, told, level, NULL, (double)since / 1000)
               : err;
}

enum gong_err
gong_feed_alert(struct gong_history_feed *feed,
                const struct gong_record *record)
{
    struct gong_effects_prefix prefix;
    struct told told = {.ms = record->meta.journal_ms};
    json_t *effect = NULL;
    enum gong_err err = GONG_OK;

    if (!gong_effects_prefix_read(record, &prefix)) {
        feed->counts.refused++;
        return GONG_OK;
    }
    if (gong_probe_of_key(prefix.key.rule) != GONG_PROBE_NONE) {
        return GONG_OK;
    }
    effect = gong_effect_from_json(
        gong_str_from(record->payload.data + GONG_EFFECTS_PREFIX,
                      record->payload.len - GONG_EFFECTS_PREFIX));
    if (effect == NULL) {
        feed->counts.refused++;
        return GONG_OK;
    }
    told.effect = effect;
    told.rule = find_rule(feed->rules, text_of(effect, "rule"));
    if (told.rule == NULL) {
        told.rule = find_rule(feed->before, text_of(effect, "rule"));
    }
    if (!json_is_true(json_object_get(effect, "trial")) &&
        (told.rule == NULL || !told.rule->own)) {
        err = tell_change(feed, &told);
    }
    json_decref(effect);
    return err;
}
