#include "agent/tell/desk_message_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/api/json_number.h"
#include "agent/tell/message_facts.h"

static const char *
kind_text(enum gong_message_kind kind)
{
    switch (kind) {
    case GONG_MESSAGE_NEWS:
        return "news";
    case GONG_MESSAGE_REPEAT:
        return "repeat";
    case GONG_MESSAGE_DRILL:
        return "drill";
    case GONG_MESSAGE_ESCALATE:
        break;
    }
    return "escalate";
}

static const char *
news_text(enum gong_message_news news)
{
    switch (news) {
    case GONG_NEWS_STILL:
        return "still";
    case GONG_NEWS_FIRING:
        return "firing";
    case GONG_NEWS_CLIMBED:
        return "climbed";
    case GONG_NEWS_FELL:
        return "fell";
    case GONG_NEWS_OVERDUE:
        return "overdue";
    case GONG_NEWS_RESOLVED:
        break;
    }
    return "resolved";
}

static json_t *
text_json(struct gong_str text)
{
    return json_stringn(text.len == 0 ? "" : text.data, text.len);
}

static json_t *
pairs_json(const struct gong_label_view *pairs, size_t count)
{
    json_t *object = json_object();

    for (size_t i = 0; object != NULL && i < count; i++) {
        char *name = gong_str_copy(pairs[i].name);

        if (name == NULL ||
            json_object_set_new(object, name, text_json(pairs[i].value)) != 0) {
            json_decref(object);
            object = NULL;
        }
        free(name);
    }
    return object;
}

/* Both taken; NULL where one is missing. */
static json_t *
join(json_t *first, json_t *second)
{
    if (first == NULL || second == NULL ||
        json_object_update(first, second) != 0) {
        json_decref(first);
        first = NULL;
    }
    json_decref(second);
    return first;
}

static struct gong_str
find(const struct gong_label_view *pairs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(pairs[i].name, name)) {
            return pairs[i].value;
        }
    }
    return (struct gong_str){NULL, 0};
}

static struct gong_str
label_of(const struct gong_desk_incident *incident, const char *name)
{
    return find(incident->labels, incident->label_count, name);
}

/* Takes what; NULL without memory. */
static json_t *
with_facts(json_t *what, const struct gong_desk_incident *incident,
           const struct gong_model *model)
{
    struct gong_str site = label_of(incident, "site");
    struct gong_str device = label_of(incident, "device");
    bool ok = what != NULL;

    if (ok && model != NULL && site.len != 0 && device.len != 0) {
        ok = gong_message_facts_device(what,
                                       gong_model_device(model, site, device));
    }
    ok = ok && gong_message_facts_trend(what, find(incident->annotations,
                                                   incident->annotation_count,
                                                   "trend"));
    if (!ok) {
        json_decref(what);
        return NULL;
    }
    return what;
}

static json_t *
item_json(const struct gong_message_item *item, const struct gong_model *model)
{
    const struct gong_desk_incident *incident = item->incident;
    const char *severity = gong_severity_text(incident->severity);
    char value[GONG_JSON_NUMBER_SIZE];
    char fingerprint[17];
    json_t *what;
    json_t *when;

    gong_json_number(incident->value, value);
    (void)snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64,
                   incident->fingerprint);
    what = json_pack(
        "{s:I, s:s, s:s, s:s, s:o, s:o, s:o, s:s}", "number",
        (json_int_t)incident->number, "news", news_text(item->news), "state",
        gong_incident_state_text(incident->state), "alert",
        gong_alert_state_text(incident->alert), "rule",
        text_json(incident->rule_id), "labels",
        pairs_json(incident->labels, incident->label_count), "annotations",
        pairs_json(incident->annotations, incident->annotation_count), "value",
        value);
    when = json_pack(
        "{s:i, s:i, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:b, s:b, s:s}", "level",
        (int)incident->level, "told_level", (int)item->told_level, "severity",
        severity == NULL ? "" : severity, "since",
        (json_int_t)incident->since_ms, "opened",
        (json_int_t)incident->opened_ms, "ended",
        (json_int_t)incident->ended_ms, "over", (json_int_t)incident->over_ms,
        "owner", text_json(incident->owner), "acked_by",
        text_json(incident->acked_by), "lost", incident->lost, "no_unit",
        item->no_unit, "fingerprint", fingerprint);
    return with_facts(join(what, when), incident, model);
}

static json_t *
items_json(const struct gong_desk_message *message,
           const struct gong_model *model)
{
    json_t *items = json_array();

    for (size_t i = 0; items != NULL && i < message->item_count; i++) {
        if (json_array_append_new(items,
                                  item_json(&message->items[i], model)) != 0) {
            json_decref(items);
            items = NULL;
        }
    }
    return items;
}

static const char *
unit_name(const struct gong_model *model, struct gong_str code)
{
    const struct gong_unit *unit =
        model == NULL || code.len == 0 ? NULL : gong_model_unit(model, code);

    return unit == NULL || unit->name == NULL ? "" : unit->name;
}

json_t *
gong_desk_message_to_json(const struct gong_desk_message *message,
                          const struct gong_model *model, const char *link)
{
    json_t *head = json_pack(
        "{s:s, s:s, s:o, s:s, s:i, s:o*, s:I, s:s}", "kind",
        kind_text(message->kind), "receiver", message->receiver->name, "unit",
        text_json(message->unit), "unit_name", unit_name(model, message->unit),
        "step", (int)message->step, "waited",
        message->waited_ms > 0 ? json_integer(message->waited_ms) : NULL, "at",
        (json_int_t)message->at_ms, "link", link == NULL ? "" : link);
    json_t *rest =
        json_pack("{s:I, s:o, s:o, s:{s:I, s:I}, s:o}", "groups",
                  (json_int_t)message->groups, "group_key",
                  text_json(message->group_key), "group_labels",
                  pairs_json(message->group_labels, message->group_label_count),
                  "omitted", "firing", (json_int_t)message->omitted_firing,
                  "resolved", (json_int_t)message->omitted_resolved, "items",
                  items_json(message, model));

    return join(head, rest);
}
