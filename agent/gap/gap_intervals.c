#include "agent/gap/gap_intervals.h"

#include <stdlib.h>
#include <string.h>

#include "agent/history/history_labels.h"

static void
fini(struct gong_gap_interval *interval)
{
    free(interval->rule);
    gong_buffer_fini(&interval->labels);
}

void
gong_gap_intervals_fini(struct gong_gap_intervals *list)
{
    for (size_t i = 0; i < list->count; i++) {
        fini(&list->data[i]);
    }
    free(list->data);
    *list = (struct gong_gap_intervals){0};
}

/* The one that is open, newest first: few are. */
static struct gong_gap_interval *
find(const struct gong_gap_intervals *list, const struct gong_effect *effect)
{
    for (size_t i = list->count; i > 0; i--) {
        struct gong_gap_interval *interval = &list->data[i - 1];

        if (interval->open && interval->fingerprint == effect->fingerprint &&
            strcmp(interval->rule, effect->rule->id) == 0) {
            return interval;
        }
    }
    return NULL;
}

static enum gong_severity
severity_of(const struct gong_effect *effect)
{
    for (size_t i = 0; i < effect->label_count; i++) {
        if (gong_str_equal(effect->labels[i].name, gong_str_of("severity"))) {
            char text[16];
            struct gong_str value = effect->labels[i].value;

            if (value.len >= sizeof text) {
                return GONG_SEVERITY_OTHER;
            }
            memcpy(text, value.data, value.len);
            text[value.len] = '\0';
            return gong_severity_of(text);
        }
    }
    return GONG_SEVERITY_OTHER;
}

static bool
reserve(struct gong_gap_intervals *list)
{
    size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
    struct gong_gap_interval *data = NULL;

    if (list->count < list->capacity) {
        return true;
    }
    data = realloc(list->data, capacity * sizeof *data);
    if (data == NULL) {
        return false;
    }
    list->data = data;
    list->capacity = capacity;
    return true;
}

static enum gong_err
begin(struct gong_gap_intervals *list, const struct gong_effect *effect)
{
    struct gong_gap_interval made = {
        .rule = strdup(effect->rule->id),
        .fingerprint = effect->fingerprint,
        .level = effect->to_level,
        .severity = severity_of(effect),
        .since_ms = effect->since_ms,
        .fired_ms = effect->at_ms,
        .open = true,
        .value = effect->value,
    };
    enum gong_err err =
        made.rule == NULL || !reserve(list) ? GONG_ERR_MEMORY : GONG_OK;

    if (err == GONG_OK) {
        err = gong_history_labels_put(&made.labels, effect->labels,
                                      effect->label_count);
    }
    if (err != GONG_OK) {
        fini(&made);
        return err;
    }
    list->data[list->count++] = made;
    return GONG_OK;
}

enum gong_err
gong_gap_intervals_effect(struct gong_gap_intervals *list,
                          const struct gong_effect *effect)
{
    struct gong_gap_interval *interval = find(list, effect);

    if (interval == NULL) {
        return gong_alert_state_open(effect->to) ? begin(list, effect)
                                                 : GONG_OK;
    }
    if (!gong_alert_state_open(effect->to)) {
        interval->open = false;
        interval->ended_ms = effect->at_ms;
        return GONG_OK;
    }
    interval->value = effect->value;
    if (effect->to_level > interval->level) {
        interval->level = effect->to_level;
        interval->severity = severity_of(effect);
    }
    return GONG_OK;
}

void
gong_gap_intervals_after(struct gong_gap_intervals *list, int64_t from_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (!list->data[i].open && list->data[i].ended_ms < from_ms) {
            fini(&list->data[i]);
        } else {
            list->data[kept++] = list->data[i];
        }
    }
    list->count = kept;
}

enum gong_err
gong_gap_intervals_move(struct gong_gap_intervals *list,
                        struct gong_gap_intervals *from)
{
    struct gong_gap_interval *data = NULL;

    if (from->count > 0) {
        data = realloc(list->data, (list->count + from->count) * sizeof *data);
        if (data == NULL) {
            return GONG_ERR_MEMORY;
        }
        memcpy(data + list->count, from->data, from->count * sizeof *data);
        list->data = data;
        list->count += from->count;
        list->capacity = list->count;
    }
    from->count = 0;
    return GONG_OK;
}
