#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api/api_private.h"
#include "agent/tell/message_annotation.h"
#include "agent/tell/message_facts.h"
#include "common/lp_text.h"

json_t *
gong_api_str_json(struct gong_str text)
{
    return gong_lp_utf8_valid(text)
               ? json_stringn(text.len == 0 ? "" : text.data, text.len)
               : json_string("?");
}

static json_t *
pairs_json(const struct gong_label_view *pairs, size_t count)
{
    json_t *object = json_object();

    for (size_t i = 0; object != NULL && i < count; i++) {
        char *name = gong_lp_utf8_valid(pairs[i].name)
                         ? gong_str_copy(pairs[i].name)
                         : NULL;

        if (name != NULL) {
            (void)json_object_set_new(object, name,
                                      gong_api_str_json(pairs[i].value));
        }
        free(name);
    }
    return object;
}

struct gong_str
gong_api_unit_of(const struct gong_label_view *labels, size_t count)
{
    struct gong_str site = {NULL, 0};

    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(labels[i].name, "unit")) {
            return labels[i].value;
        }
        if (gong_str_is(labels[i].name, "site")) {
            site = labels[i].value;
        }
    }
    return site;
}

struct gong_grant_place
gong_api_place_of(const struct gong_label_view *labels, size_t count)
{
    struct gong_grant_place place = {.unit = gong_api_unit_of(labels, count)};

    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(labels[i].name, "site")) {
            place.site = labels[i].value;
        } else if (gong_str_is(labels[i].name, "device")) {
            place.device = labels[i].value;
        }
    }
    return place;
}

/* As Prometheus writes values. */
json_t *
gong_api_value_json(double value)
{
    char text[64];

    if (isnan(value)) {
        return json_string("NaN");
    }
    if (isinf(value)) {
        return json_string(value > 0 ? "+Inf" : "-Inf");
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    return json_string(text);
}

static void
put(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set_new(object, name, value);
}

static void
put_number(json_t *object, const char *name, int64_t number)
{
    put(object, name, json_integer((json_int_t)number));
}

static void
put_people(json_t *object, const struct gong_desk_incident *incident)
{
    put(object, "owner", gong_api_str_json(incident->owner));
    put(object, "acked_by", gong_api_str_json(incident->acked_by));
    put(object, "ack_comment", gong_api_str_json(incident->ack_comment));
    put_number(object, "acked", incident->acked_ms);
    put_number(object, "ack_until", incident->ack_until_ms);
    put(object, "sticky", json_boolean(incident->sticky));
    put(object, "cause", gong_api_str_json(incident->cause));
    put(object, "verdict", json_string(gong_api_verdicts[incident->verdict]));
    put_number(object, "cost", incident->cost);
}

static void
put_times(json_t *object, const struct gong_desk_incident *incident)
{
    put_number(object, "since", incident->since_ms);
    put_number(object, "opened", incident->opened_ms);
    put_number(object, "changed", incident->changed_ms);
    put_number(object, "ended", incident->ended_ms);
    put_number(object, "over", incident->over_ms);
    put_number(object, "escalated", incident->escalated);
    put_number(object, "escalates", incident->escalate_ms);
    put_number(object, "ack_due", incident->ack_due_ms);
    put_number(object, "resolve_due", incident->resolve_due_ms);
    put(object, "ack_overdue", json_boolean(incident->ack_overdue));
    put(object, "resolve_overdue", json_boolean(incident->resolve_overdue));
    put(object, "silenced", json_boolean(incident->silenced));
    put(object, "in_maintenance", json_boolean(incident->in_maintenance));
    put(object, "inhibited", json_boolean(incident->inhibited));
}

static struct gong_str
pair_of(const struct gong_label_view *pairs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(pairs[i].name, name)) {
            return pairs[i].value;
        }
    }
    return gong_str_from(NULL, 0);
}

/* Texts with their sections filled (message_fill.h) from the same facts as
 * those of messages, so that all say the same sentence. */
static void
put_texts(json_t *object, const struct gong_api_city *city,
          const struct gong_desk_incident *incident)
{
    struct gong_grant_place place =
        gong_api_place_of(incident->labels, incident->label_count);
    char summary[GONG_MESSAGE_ANNOTATION_SIZE];

    if (city->facts != NULL) {
        city->facts(city->ctx, object, place.unit, place.site, place.device);
    }
    /* Without memory a section of it stays out, as where it is not known. */
    (void)gong_message_facts_trend(
        object,
        pair_of(incident->annotations, incident->annotation_count, "trend"));
    (void)gong_message_annotation(object, "summary", "",
                                  GONG_MESSAGE_VIETNAMESE, summary,
                                  sizeof summary);
    put(object, "summary", json_string(summary));
    put(object, "annotations", gong_message_annotations(object));
}

json_t *
gong_api_incident_json(const struct gong_api_city *city,
                       const struct gong_desk_incident *incident)
{
    const char *severity = gong_severity_text(incident->severity);
    json_t *object = json_object();

    if (object == NULL) {
        return NULL;
    }
    put_number(object, "number", (int64_t)incident->number);
    put(object, "state",
        json_string(gong_api_incident_states[incident->state]));
    put(object, "alert", json_string(gong_alert_state_text(incident->alert)));
    put(object, "rule", gong_api_str_json(incident->rule_id));
    put(object, "severity", json_string(severity == NULL ? "" : severity));
    put_number(object, "level", incident->level);
    put(object, "unit",
        gong_api_str_json(
            gong_api_unit_of(incident->labels, incident->label_count)));
    put(object, "value", gong_api_value_json(incident->value));
    put(object, "trial", json_boolean(incident->trial));
    put(object, "lost", json_boolean(incident->lost));
    put_people(object, incident);
    put_times(object, incident);
    put(object, "labels", pairs_json(incident->labels, incident->label_count));
    put(object, "annotations",
        pairs_json(incident->annotations, incident->annotation_count));
    put_texts(object, city, incident);
    return object;
}

json_t *
gong_api_silence_json(const struct gong_desk_silence *silence)
{
    json_t *object = json_object();

    if (object == NULL) {
        return NULL;
    }
    put_number(object, "number", (int64_t)silence->number);
    put_number(object, "incident", (int64_t)silence->incident);
    put(object, "matchers", gong_api_str_json(silence->matchers));
    put(object, "by", gong_api_str_json(silence->by));
    put(object, "comment", gong_api_str_json(silence->comment));
    put_number(object, "created", silence->created_ms);
    put_number(object, "from", silence->from_ms);
    put(object, "until",
        silence->until_ms == INT64_MAX
            ? json_null()
            : json_integer((json_int_t)silence->until_ms));
    put(object, "ended", json_boolean(silence->ended));
    return object;
}

json_t *
gong_api_event_json(const struct gong_api_event *event)
{
    json_t *object = json_object();

    if (object == NULL) {
        return NULL;
    }
    put_number(object, "at", event->at_ms);
    put(object, "event", json_string(gong_api_incident_events[event->event]));
    put(object, "by", gong_api_str_json(event->by));
    put(object, "text", gong_api_str_json(event->text));
    return object;
}

void
gong_api_publish_incident(struct gong_events *events,
                          const struct gong_api_city *city,
                          const struct gong_desk_incident *incident)
{
    json_t *object = gong_api_incident_json(city, incident);
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);

    if (text != NULL) {
        struct gong_grant_place place =
            gong_api_place_of(incident->labels, incident->label_count);

        gong_events_publish(events, "incident", &place, gong_str_of(text));
    }
    free(text);
    json_decref(object);
}
