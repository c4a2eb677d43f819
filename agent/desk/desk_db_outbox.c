/* A message and the rows of the outbox that it becomes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "agent/desk/desk_db_private.h"
#include "agent/tell/desk_message_json.h"

#define ON_DUTY_MAX 64 /* of one role of one unit */

/* A message that is being taken apart. */
struct posting {
    struct gong_desk_db *db;
    const struct gong_desk_message *message;
    int64_t id;
};

static enum gong_err
put_row(const struct posting *posting, const char *kind, const char *name,
        const json_t *chain)
{
    struct gong_desk_db *db = posting->db;
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_OUTBOX_PUT);
    char *text = json_dumps(chain, JSON_COMPACT);
    size_t size = strlen(kind) + strlen(name) + 2;
    char *recipient = malloc(size);
    enum gong_err err = GONG_ERR_MEMORY;

    if (text != NULL && recipient != NULL) {
        (void)snprintf(recipient, size, "%s:%s", kind, name);
        gong_sql_put_int(&row, posting->id);
        gong_sql_put_text(&row, gong_str_of(recipient));
        gong_sql_put_text(&row, gong_str_of(text));
        gong_sql_put_int(&row, posting->message->at_ms);
        err = gong_sql_run(&row);
        db->messages++;
    }
    free(text);
    free(recipient);
    return err;
}

static enum gong_err
put_channels(const struct posting *posting)
{
    const struct gong_strings *channels = &posting->message->receiver->channels;
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < channels->count && err == GONG_OK; i++) {
        json_t *chain = json_pack("[[s, s]]", channels->items[i], "");

        err = chain == NULL
                  ? GONG_ERR_MEMORY
                  : put_row(posting, "channel", channels->items[i], chain);
        json_decref(chain);
    }
    return err;
}

static enum gong_err
put_contact(const struct posting *posting, const struct gong_contact *contact)
{
    json_t *chain = json_array();
    bool made = chain != NULL;
    enum gong_err err = GONG_ERR_MEMORY;

    for (size_t i = 0; made && i < contact->reach_count; i++) {
        made = json_array_append_new(
                   chain, json_pack("[s, s]", contact->reaches[i].channel,
                                    contact->reaches[i].address)) == 0;
    }
    if (made) {
        err = put_row(posting, "contact", contact->id, chain);
    }
    json_decref(chain);
    return err;
}

static enum gong_err
put_nobody(const struct posting *posting, struct gong_str unit)
{
    const char *role = posting->message->receiver->role;
    json_t *chain = json_array();
    size_t size = strlen(role) + unit.len + 2;
    char *name = malloc(size);
    enum gong_err err = GONG_ERR_MEMORY;

    if (chain != NULL && name != NULL) {
        (void)snprintf(name, size, "%s@%.*s", role, (int)unit.len,
                       unit.len == 0 ? "" : unit.data);
        err = put_row(posting, "role", name, chain);
    }
    json_decref(chain);
    free(name);
    return err;
}

static enum gong_err
put_people(const struct posting *posting)
{
    const struct gong_desk_message *message = posting->message;
    const struct gong_model *model = posting->db->model;
    const char *of = message->receiver->of == NULL ? "" : message->receiver->of;
    struct gong_str code =
        message->unit.len > 0 ? message->unit : gong_str_of(of);
    const struct gong_contact *contacts[ON_DUTY_MAX];
    const struct gong_unit *unit =
        model == NULL ? NULL : gong_model_unit(model, code);
    size_t count = 0;
    enum gong_err err = GONG_OK;

    if (unit != NULL) {
        count = gong_model_on_duty(model, unit,
                                   gong_str_of(message->receiver->role),
                                   message->at_ms, contacts, ON_DUTY_MAX);
        count = count < ON_DUTY_MAX ? count : ON_DUTY_MAX;
    }
    if (count == 0) {
        return put_nobody(posting, code);
    }
    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        err = put_contact(posting, contacts[i]);
    }
    return err;
}

static enum gong_err
put_body(struct posting *posting)
{
    struct gong_desk_db *db = posting->db;
    const struct gong_desk_message *message = posting->message;
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_MESSAGE_PUT);
    json_t *json = gong_desk_message_to_json(message, db->model, db->link);
    char *body = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    enum gong_err err = GONG_ERR_MEMORY;

    json_decref(json);
    if (body != NULL) {
        gong_sql_put_int(&row, message->at_ms);
        gong_sql_put_int(&row, (int64_t)message->kind);
        gong_sql_put_text(&row, gong_str_of(message->receiver->name));
        gong_sql_put_text(&row, message->unit);
        gong_sql_put_text(&row, gong_str_of(body));
        err = gong_sql_run(&row);
        posting->id = sqlite3_last_insert_rowid(db->handle);
    }
    free(body);
    return err;
}

static enum gong_err
put_incident(const struct posting *posting,
             const struct gong_message_item *item)
{
    static const struct gong_alert_stamps no_news = {0};
    const struct gong_alert_stamps *stamps =
        posting->message->kind != GONG_MESSAGE_NEWS ||
                item->news == GONG_NEWS_STILL
            ? &no_news
            : &item->incident->stamps;
    struct gong_sql_row row =
        gong_desk_db_row(posting->db, GONG_DESK_DB_MESSAGE_INCIDENT);

    gong_sql_put_int(&row, posting->id);
    gong_sql_put_int(&row, (int64_t)item->incident->number);
    gong_sql_put_int(&row, stamps->captured_ms);
    gong_sql_put_int(&row, stamps->published_ms);
    gong_sql_put_int(&row, stamps->received_ms);
    gong_sql_put_int(&row, stamps->decided_ms);
    return gong_sql_run(&row);
}

static enum gong_err
put_incidents(const struct posting *posting)
{
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < posting->message->item_count && err == GONG_OK;
         i++) {
        err = put_incident(posting, &posting->message->items[i]);
    }
    return err;
}

static enum gong_err
put_rows(const struct posting *posting)
{
    const char *role = posting->message->receiver->role;
    enum gong_err err = put_channels(posting);

    return err == GONG_OK && role != NULL && role[0] != '\0'
               ? put_people(posting)
               : err;
}

/* --- channels that hold the state of each alert --- */

static bool
is_retained(const struct gong_desk_db *db, const char *channel)
{
    for (size_t i = 0; i < db->retained_count; i++) {
        if (strcmp(db->retained[i], channel) == 0) {
            return true;
        }
    }
    return false;
}

static enum gong_err
put_message(struct posting *posting)
{
    enum gong_err err = put_body(posting);

    posting->db->written++;
    return err == GONG_OK ? put_incidents(posting) : err;
}

/* Those from `from` on, as many as a message lists. */
static struct gong_desk_message
part_of(const struct gong_desk_message *message, size_t from)
{
    struct gong_desk_message part = *message;

    part.items = message->items + from;
    part.item_count = message->all_count - from;
    if (part.item_count > GONG_MESSAGE_ITEMS_MAX) {
        part.item_count = GONG_MESSAGE_ITEMS_MAX;
    }
    part.all_count = part.item_count;
    part.omitted_firing = 0;
    part.omitted_resolved = 0;
    return part;
}

/* What a message only counts, in further ones to those that need all. */
static enum gong_err
put_rest(struct gong_desk_db *db, const struct gong_desk_message *message)
{
    const struct gong_strings *channels = &message->receiver->channels;
    char *names[GONG_DESK_RETAINED_MAX];
    struct gong_desk_receiver receiver = *message->receiver;
    enum gong_err err = GONG_OK;

    receiver.channels = (struct gong_strings){.items = names};
    for (size_t i = 0; i < channels->count; i++) {
        if (is_retained(db, channels->items[i]) &&
            receiver.channels.count < GONG_DESK_RETAINED_MAX) {
            names[receiver.channels.count++] = channels->items[i];
        }
    }
    for (size_t i = message->item_count;
         receiver.channels.count > 0 && i < message->all_count &&
         err == GONG_OK;
         i += GONG_MESSAGE_ITEMS_MAX) {
        struct gong_desk_message part = part_of(message, i);
        struct posting posting = {db, &part, 0};

        part.receiver = &receiver;
        err = put_message(&posting);
        if (err == GONG_OK) {
            err = put_channels(&posting);
        }
    }
    return err;
}

static enum gong_err
find_told(struct gong_desk_db *db, const struct gong_desk *desk,
          const char *channel, struct gong_message_item *items, size_t *count)
{
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_TOLD_OPEN);
    size_t room = gong_desk_stats(desk).incidents;
    enum gong_err err = GONG_ERR_NOT_FOUND;

    gong_sql_put_text(&row, gong_str_of(channel));
    while (*count < room && (err = gong_sql_next(&row)) == GONG_OK) {
        const struct gong_desk_incident *incident =
            gong_desk_find(desk, (uint64_t)gong_sql_get_int(&row));

        if (incident != NULL) {
            items[(*count)++] = (struct gong_message_item){
                .incident = incident,
                .news = GONG_NEWS_STILL,
                .told_level = incident->level,
            };
        }
    }
    gong_sql_end(&row);
    return *count == room || err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

static enum gong_err
refresh_channel(struct gong_desk_db *db, const struct gong_desk *desk,
                const char *channel, struct gong_message_item *items,
                int64_t now_ms)
{
    char *name = gong_str_copy(gong_str_of(channel));
    struct gong_desk_receiver receiver = {
        .name = name,
        .channels = {.items = &name, .count = 1},
        .send_resolved = true,
    };
    struct gong_desk_message message = {
        .kind = GONG_MESSAGE_REPEAT,
        .receiver = &receiver,
        .unit = gong_str_from("", 0),
        .group_key = gong_str_from("", 0),
        .at_ms = now_ms,
        .items = items,
    };
    enum gong_err err =
        name == NULL ? GONG_ERR_MEMORY
                     : find_told(db, desk, channel, items, &message.all_count);

    if (err == GONG_OK) {
        err = put_rest(db, &message);
    }
    free(name);
    return err;
}

enum gong_err
gong_desk_db_refresh(struct gong_desk_db *db, const struct gong_desk *desk,
                     int64_t now_ms)
{
    size_t room = gong_desk_stats(desk).incidents;
    struct gong_message_item *items = calloc(room + 1, sizeof *items);
    enum gong_err err = items == NULL ? GONG_ERR_MEMORY : GONG_OK;

    for (size_t i = 0; i < db->retained_count && err == GONG_OK; i++) {
        err = refresh_channel(db, desk, db->retained[i], items, now_ms);
    }
    free(items);
    return err;
}

void
gong_desk_db_retain(struct gong_desk_db *db, const char *const *channels,
                    size_t count)
{
    db->retained = channels;
    db->retained_count =
        count < GONG_DESK_RETAINED_MAX ? count : GONG_DESK_RETAINED_MAX;
}

enum gong_err
gong_desk_db_put_message(void *ctx, const struct gong_desk_message *message)
{
    struct posting posting = {ctx, message, 0};
    enum gong_err err = put_message(&posting);

    if (err == GONG_OK) {
        err = put_rows(&posting);
    }
    return err == GONG_OK ? put_rest(ctx, message) : err;
}

enum gong_err
gong_desk_db_put_probe(struct gong_desk_db *db,
                       const struct gong_desk_message *message,
                       const struct gong_contact *contact, int64_t *id)
{
    struct posting posting = {db, message, 0};
    enum gong_err err = put_body(&posting);

    db->written++;
    *id = posting.id;
    if (err == GONG_OK && contact != NULL) {
        return put_contact(&posting, contact);
    }
    return err == GONG_OK ? put_rows(&posting) : err;
}

enum gong_err
gong_desk_db_drop_message(struct gong_desk_db *db, int64_t id)
{
    struct gong_sql_row row = gong_desk_db_row(db, GONG_DESK_DB_MESSAGE_DROP);

    gong_sql_put_int(&row, id);
    return gong_sql_run(&row);
}
