#include "agent/desk/desk_alert_json.h"

#include <stdlib.h>
#include <string.h>

#include "agent/decide/effect_json.h"
#include "agent/api/json_number.h"

static struct gong_str
text_of(const json_t *json)
{
    const char *text = json_string_value(json);

    return gong_str_from(text, text == NULL ? 0 : json_string_length(json));
}

static void
view(json_t *object, struct gong_label_view *views)
{
    const char *name;
    json_t *value;
    size_t count = 0;

    json_object_foreach(object, name, value)
    {
        views[count].name = gong_str_of(name);
        views[count].value = text_of(value);
        count++;
    }
}

static int
compare(const void *a, const void *b)
{
    const struct gong_label_view *left = a;
    const struct gong_label_view *right = b;

    return gong_str_compare(left->name, right->name);
}

static enum gong_err
read_views(struct gong_desk_alert_read *out)
{
    struct gong_desk_alert *alert = &out->alert;
    json_t *labels = json_object_get(out->json, "labels");
    json_t *annotations = json_object_get(out->json, "annotations");

    alert->label_count = json_object_size(labels);
    alert->annotation_count = json_object_size(annotations);
    out->views = calloc(alert->label_count + alert->annotation_count + 1,
                        sizeof out->views[0]);
    if (out->views == NULL) {
        return GONG_ERR_MEMORY;
    }
    view(labels, out->views);
    view(annotations, out->views + alert->label_count);
    qsort(out->views, alert->label_count, sizeof out->views[0], compare);
    alert->labels = out->views;
    alert->annotations = out->views + alert->label_count;
    return GONG_OK;
}

static struct gong_alert_stamps
read_stamps(const json_t *stamps)
{
    return (struct gong_alert_stamps){
        .captured_ms = json_integer_value(json_object_get(stamps, "captured")),
        .published_ms =
            json_integer_value(json_object_get(stamps, "published")),
        .received_ms = json_integer_value(json_object_get(stamps, "received")),
        .decided_ms = json_integer_value(json_object_get(stamps, "decided")),
    };
}

static void
read_decision(struct gong_desk_alert_read *out)
{
    const struct gong_desk_alert *alert = &out->alert;

    out->decision = (struct gong_desk_decision){
        .reason = text_of(json_object_get(out->json, "reason")),
        .expr = text_of(json_object_get(out->json, "expr")),
        .value = alert->value,
        .level = alert->level,
        .position = alert->position,
        .ordinal = alert->ordinal,
        .at_ms = alert->at_ms,
        .captured_ms = alert->stamps.captured_ms,
        .published_ms = alert->stamps.published_ms,
        .received_ms = alert->stamps.received_ms,
        .decided_ms = alert->stamps.decided_ms,
    };
}

enum gong_err
gong_desk_alert_read(const struct gong_record *record,
                     struct gong_desk_alert_read *out)
{
    struct gong_desk_alert *alert = &out->alert;
    struct gong_effects_prefix prefix;

    memset(out, 0, sizeof *out);
    if (record->meta.type != GONG_RECORD_EFFECT) {
        return GONG_ERR_AGAIN;
    }
    if (!gong_effects_prefix_read(record, &prefix)) {
        return GONG_ERR_CORRUPT;
    }
    out->json = gong_effect_from_json(
        gong_str_from(record->payload.data + GONG_EFFECTS_PREFIX,
                      record->payload.len - GONG_EFFECTS_PREFIX));
    if (out->json == NULL) {
        return GONG_ERR_CORRUPT;
    }
    alert->position = prefix.position;
    alert->ordinal = prefix.ordinal;
    alert->rule = prefix.key.rule;
    alert->fingerprint = prefix.key.fingerprint;
    alert->rule_id = text_of(json_object_get(out->json, "rule"));
    alert->state = prefix.to;
    alert->level = prefix.level;
    alert->trial = json_is_true(json_object_get(out->json, "trial"));
    alert->lost =
        gong_str_is(text_of(json_object_get(out->json, "reason")), "lost");
    alert->value = gong_json_number_of(
        json_string_value(json_object_get(out->json, "value")));
    alert->at_ms = json_integer_value(json_object_get(out->json, "at"));
    alert->since_ms = json_integer_value(json_object_get(out->json, "since"));
    alert->stamps = read_stamps(json_object_get(out->json, "stamps"));
    read_decision(out);
    return read_views(out);
}

void
gong_desk_alert_fini(struct gong_desk_alert_read *read)
{
    json_decref(read->json);
    free(read->views);
}
