#include "rules/tool/desk_feed.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/hash.h"

enum gong_err
gong_desk_feed_to(struct gong_desk *desk, int64_t ms)
{
    enum gong_err err = GONG_OK;

    for (int64_t next = gong_desk_next(desk); err == GONG_OK && next <= ms;
         next = gong_desk_next(desk)) {
        err = gong_desk_run(desk, next);
    }
    return err == GONG_OK ? gong_desk_run(desk, ms) : err;
}

/* A dark unit is as bad as the worst that it hides. */
static struct gong_label_view *
with_worst(const struct gong_effect *effect)
{
    const char *word = gong_severity_text(effect->worst);
    struct gong_label_view *labels =
        calloc(effect->label_count + 1, sizeof *labels);

    for (size_t i = 0; labels != NULL && i < effect->label_count; i++) {
        char own[16] = "";

        labels[i] = effect->labels[i];
        if (!effect->presence || word == NULL ||
            !gong_str_is(labels[i].name, "severity") ||
            labels[i].value.len >= sizeof own) {
            continue;
        }
        memcpy(own, labels[i].value.data, labels[i].value.len);
        if (gong_severity_of(own) < effect->worst) {
            labels[i].value = gong_str_of(word);
        }
    }
    return labels;
}

enum gong_err
gong_desk_feed(struct gong_desk *desk, const struct gong_effect *effect)
{
    struct gong_label_view *labels = with_worst(effect);
    struct gong_desk_alert alert = {
        .position = effect->position,
        .ordinal = effect->ordinal,
        .rule = gong_fnv1a(GONG_FNV1A_START, effect->rule->id,
                           strlen(effect->rule->id)),
        .fingerprint = effect->fingerprint,
        .rule_id = gong_str_of(effect->rule->id),
        .state = effect->to,
        .level = effect->to_level,
        .trial = effect->rule->trial,
        .value = effect->value,
        .at_ms = effect->at_ms,
        .since_ms = effect->since_ms,
        .labels = labels,
        .label_count = effect->label_count,
        .annotations = effect->annotations,
        .annotation_count = effect->annotation_count,
    };
    enum gong_err err = GONG_ERR_MEMORY;

    if (labels != NULL) {
        err = gong_desk_feed_to(desk, effect->journal_ms);
    }
    if (err == GONG_OK) {
        err = gong_desk_alert(desk, &alert, effect->journal_ms);
    }
    free(labels);
    return err == GONG_ERR_TOO_LARGE ? GONG_OK : err;
}
