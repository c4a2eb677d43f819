#include "agent/desk/desk_row.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

char *
gong_desk_pairs_text(const struct gong_label_view *pairs, size_t count)
{
    json_t *object = json_object();
    bool done = object != NULL;
    char *text = NULL;

    for (size_t i = 0; done && i < count; i++) {
        char *name = gong_str_copy(pairs[i].name);

        done = name != NULL &&
               json_object_set_new(object, name,
                                   json_stringn(pairs[i].value.data == NULL
                                                    ? ""
                                                    : pairs[i].value.data,
                                                pairs[i].value.len)) == 0;
        free(name);
    }
    if (done) {
        text = json_dumps(object, JSON_COMPACT);
    }
    json_decref(object);
    return text;
}

static void
put_state(struct gong_sql_row *row, const struct gong_desk_incident *incident)
{
    gong_sql_put_int(row, (int64_t)incident->number);
    gong_sql_put_int(row, (int64_t)incident->rule);
    gong_sql_put_int(row, (int64_t)incident->fingerprint);
    gong_sql_put_int(row, (int64_t)incident->state);
    gong_sql_put_int(row, (int64_t)incident->alert);
    gong_sql_put_int(row, incident->level);
    gong_sql_put_int(row, (int64_t)incident->severity);
    gong_sql_put_int(row, incident->trial);
    gong_sql_put_int(row, incident->lost);
    gong_sql_put_real(row, incident->value);
    gong_sql_put_int(row, incident->opened_ms);
    gong_sql_put_int(row, incident->since_ms);
    gong_sql_put_int(row, incident->changed_ms);
    gong_sql_put_int(row, incident->ended_ms);
    gong_sql_put_int(row, incident->waits);
}

static void
put_people(struct gong_sql_row *row, const struct gong_desk_incident *incident)
{
    gong_sql_put_text(row, incident->owner);
    gong_sql_put_text(row, incident->acked_by);
    gong_sql_put_text(row, incident->ack_comment);
    gong_sql_put_int(row, incident->acked_ms);
    gong_sql_put_int(row, incident->ack_until_ms);
    gong_sql_put_int(row, incident->sticky);
    gong_sql_put_text(row, incident->cause);
    gong_sql_put_int(row, (int64_t)incident->verdict);
    gong_sql_put_int(row, incident->cost);
}

void
gong_desk_row_put(struct gong_sql_row *row,
                  const struct gong_desk_incident *incident,
                  struct gong_str labels, struct gong_str annotations)
{
    put_state(row, incident);
    put_people(row, incident);
    gong_sql_put_int(row, incident->escalated);
    gong_sql_put_int(row, incident->escalate_ms);
    gong_sql_put_int(row, incident->ack_due_ms);
    gong_sql_put_int(row, incident->resolve_due_ms);
    gong_sql_put_int(row, incident->ack_overdue);
    gong_sql_put_int(row, incident->resolve_overdue);
    gong_sql_put_int(row, incident->silenced);
    gong_sql_put_int(row, incident->in_maintenance);
    gong_sql_put_int(row, incident->inhibited);
    gong_sql_put_text(row, incident->rule_id);
    gong_sql_put_text(row, labels);
    gong_sql_put_text(row, annotations);
    gong_sql_put_int(row, incident->over_ms);
    gong_sql_put_int(row, incident->untaken_ms);
}

static void
get_state(struct gong_sql_row *row, struct gong_desk_incident *out)
{
    out->number = (uint64_t)gong_sql_get_int(row);
    out->rule = (uint64_t)gong_sql_get_int(row);
    out->fingerprint = (uint64_t)gong_sql_get_int(row);
    out->state = (enum gong_incident_state)gong_sql_get_int(row);
    out->alert = (enum gong_alert_state)gong_sql_get_int(row);
    out->level = (unsigned)gong_sql_get_int(row);
    out->severity = (enum gong_severity)gong_sql_get_int(row);
    out->trial = gong_sql_get_int(row) != 0;
    out->lost = gong_sql_get_int(row) != 0;
    out->value = gong_sql_get_real(row);
    out->opened_ms = gong_sql_get_int(row);
    out->since_ms = gong_sql_get_int(row);
    out->changed_ms = gong_sql_get_int(row);
    out->ended_ms = gong_sql_get_int(row);
    out->waits = gong_sql_get_int(row) != 0;
}

static void
get_people(struct gong_sql_row *row, struct gong_desk_incident *out)
{
    out->owner = gong_sql_get_text(row);
    out->acked_by = gong_sql_get_text(row);
    out->ack_comment = gong_sql_get_text(row);
    out->acked_ms = gong_sql_get_int(row);
    out->ack_until_ms = gong_sql_get_int(row);
    out->sticky = gong_sql_get_int(row) != 0;
    out->cause = gong_sql_get_text(row);
    out->verdict = (enum gong_verdict)gong_sql_get_int(row);
    out->cost = gong_sql_get_int(row);
}

static void
get_time(struct gong_sql_row *row, struct gong_desk_incident *out)
{
    out->escalated = (unsigned)gong_sql_get_int(row);
    out->escalate_ms = gong_sql_get_int(row);
    out->ack_due_ms = gong_sql_get_int(row);
    out->resolve_due_ms = gong_sql_get_int(row);
    out->ack_overdue = gong_sql_get_int(row) != 0;
    out->resolve_overdue = gong_sql_get_int(row) != 0;
    out->silenced = gong_sql_get_int(row) != 0;
    out->in_maintenance = gong_sql_get_int(row) != 0;
    out->inhibited = gong_sql_get_int(row) != 0;
}

static json_t *
parse(struct gong_str text)
{
    json_t *object = json_loadb(text.data == NULL ? "" : text.data, text.len,
                                JSON_REJECT_DUPLICATES, NULL);

    if (!json_is_object(object)) {
        json_decref(object);
        return NULL;
    }
    return object;
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
        views[count].value =
            gong_str_from(json_string_value(value), json_string_length(value));
        count++;
    }
}

static bool
sound(const struct gong_desk_incident *incident)
{
    return incident->number > 0 && incident->state > GONG_INCIDENT_NONE &&
           incident->state <= GONG_INCIDENT_CLOSED &&
           gong_alert_state_valid((unsigned)incident->alert) &&
           incident->severity <= GONG_SEVERITY_CRITICAL &&
           incident->verdict <= GONG_VERDICT_TEST;
}

enum gong_err
gong_desk_row_get(struct gong_sql_row *row, struct gong_desk_row *out)
{
    struct gong_desk_incident *incident = &out->incident;

    memset(out, 0, sizeof *out);
    get_state(row, incident);
    get_people(row, incident);
    get_time(row, incident);
    incident->rule_id = gong_sql_get_text(row);
    out->labels = parse(gong_sql_get_text(row));
    out->annotations = parse(gong_sql_get_text(row));
    incident->over_ms = gong_sql_get_int(row);
    incident->untaken_ms = gong_sql_get_int(row);
    if (out->labels == NULL || out->annotations == NULL || !sound(incident)) {
        return GONG_ERR_CORRUPT;
    }
    incident->label_count = json_object_size(out->labels);
    incident->annotation_count = json_object_size(out->annotations);
    out->views = calloc(incident->label_count + incident->annotation_count + 1,
                        sizeof out->views[0]);
    if (out->views == NULL) {
        return GONG_ERR_MEMORY;
    }
    view(out->labels, out->views);
    view(out->annotations, out->views + incident->label_count);
    incident->labels = out->views;
    incident->annotations = out->views + incident->label_count;
    return GONG_OK;
}

void
gong_desk_row_fini(struct gong_desk_row *row)
{
    json_decref(row->labels);
    json_decref(row->annotations);
    free(row->views);
}

void
gong_desk_row_get_silence(struct gong_sql_row *row,
                          struct gong_desk_silence *out)
{
    out->number = (uint64_t)gong_sql_get_int(row);
    out->maintenance = gong_sql_get_int(row) != 0;
    out->incident = (uint64_t)gong_sql_get_int(row);
    out->matchers = gong_sql_get_text(row);
    out->by = gong_sql_get_text(row);
    out->comment = gong_sql_get_text(row);
    out->created_ms = gong_sql_get_int(row);
    out->from_ms = gong_sql_get_int(row);
    out->until_ms = gong_sql_get_int(row);
    out->ended = gong_sql_get_int(row) != 0;
}

enum gong_err
gong_desk_row_each(struct gong_sql_row *row, gong_desk_incident_fn each,
                   void *ctx, size_t *count)
{
    enum gong_err err;

    *count = 0;
    while ((err = gong_sql_next(row)) == GONG_OK) {
        struct gong_desk_row found;

        err = gong_desk_row_get(row, &found);
        if (err == GONG_OK) {
            err = each(ctx, &found.incident);
        }
        gong_desk_row_fini(&found);
        ++*count;
        if (err != GONG_OK) {
            break;
        }
    }
    gong_sql_end(row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}
