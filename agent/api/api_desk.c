#include "agent/api/api_desk.h"

#include <pthread.h>
#include <stdlib.h>

#include "agent/api/api_private.h"
#include "agent/desk/desk_read.h"

struct gong_api_desk_reader {
    pthread_mutex_t lock;
    struct gong_desk_reader *reader;
    struct gong_desk_thread *desk;
    bool halved; /* under the lock: nobody reads any more */
};

/* The lock is held in any case. */
static enum gong_err
take(struct gong_api_desk_reader *reader)
{
    (void)pthread_mutex_lock(&reader->lock);
    return reader->halved ? GONG_ERR_IO : GONG_OK;
}

/* --- incidents --- */

struct walk {
    bool (*each)(void *arg, const struct gong_desk_incident *incident);
    void *arg;
    uint64_t last;
    size_t seen;
    bool stopped;
};

static enum gong_err
step(void *ctx, const struct gong_desk_incident *incident)
{
    struct walk *walk = ctx;

    walk->last = incident->number;
    walk->seen++;
    walk->stopped = !walk->each(walk->arg, incident);
    return walk->stopped ? GONG_ERR_AGAIN : GONG_OK;
}

/* A page of the reader at a time, until whoever asked has enough. The lock is
 * given back between pages. */
static enum gong_err
incidents(void *ctx, const struct gong_api_incident_query *query,
          bool (*each)(void *arg, const struct gong_desk_incident *incident),
          void *arg, uint64_t *next)
{
    struct gong_api_desk_reader *reader = ctx;
    struct gong_desk_filter filter = {
        .before = query->before,
        .units = query->units,
        .unit_count = query->unit_count,
        .severity = query->severity,
        .since_ms = query->since_ms,
    };
    struct walk walk = {.each = each, .arg = arg};
    size_t left = query->rows_max;
    enum gong_err err;

    if (query->open_only) {
        filter.states =
            1U << GONG_INCIDENT_OPEN | 1U << GONG_INCIDENT_ACKNOWLEDGED;
    }
    do {
        filter.limit = left < GONG_DESK_READ_MAX ? left : GONG_DESK_READ_MAX;
        walk.seen = 0;
        err = take(reader);
        if (err == GONG_OK) {
            err =
                gong_desk_read_incidents(reader->reader, &filter, step, &walk);
        }
        (void)pthread_mutex_unlock(&reader->lock);
        filter.before = walk.last;
        left -= walk.seen;
    } while (err == GONG_OK && left > 0 && walk.seen == filter.limit);
    *next = err == GONG_OK && left == 0 ? walk.last : 0;
    return walk.stopped ? GONG_OK : err;
}

struct show {
    void (*each)(void *arg, const struct gong_desk_incident *incident);
    void (*event)(void *arg, const struct gong_api_event *event);
    void *arg;
};

static enum gong_err
show_incident(void *ctx, const struct gong_desk_incident *incident)
{
    struct show *show = ctx;

    show->each(show->arg, incident);
    return GONG_OK;
}

static enum gong_err
show_event(void *ctx, const struct gong_desk_read_event *event)
{
    struct show *show = ctx;

    show->event(show->arg, &(struct gong_api_event){event->at_ms, event->event,
                                                    event->by, event->text});
    return GONG_OK;
}

static enum gong_err
incident(void *ctx, uint64_t number,
         void (*each)(void *arg, const struct gong_desk_incident *incident),
         void (*event)(void *arg, const struct gong_api_event *event),
         void *arg)
{
    struct gong_api_desk_reader *reader = ctx;
    struct show show = {each, event, arg};
    enum gong_err err;

    err = take(reader);
    if (err == GONG_OK) {
        err = gong_desk_read_incident(reader->reader, number, show_incident,
                                      &show);
    }
    if (err == GONG_OK && event != NULL) {
        err =
            gong_desk_read_events(reader->reader, number, 0, show_event, &show);
    }
    (void)pthread_mutex_unlock(&reader->lock);
    return err;
}

/* --- who was told --- */

static const char *
outcome_text(enum gong_channel_outcome outcome)
{
    switch (outcome) {
    case GONG_CHANNEL_SENT:
        return "sent";
    case GONG_CHANNEL_RETRY:
        return "retry";
    case GONG_CHANNEL_REFUSE:
        return "refused";
    case GONG_CHANNEL_EXHAUSTED:
        return "exhausted";
    }
    return "";
}

static json_t *
text_json(struct gong_str text)
{
    json_t *value = json_stringn(text.len == 0 ? "" : text.data, text.len);

    return value == NULL ? json_string("?") : value;
}

static enum gong_err
tell(void *ctx, const struct gong_desk_read_delivery *delivery)
{
    json_t *item = json_pack(
        "{s:o,s:o,s:o,s:o,s:b,s:s,s:o,s:I,s:I,s:I}", "receiver",
        text_json(delivery->receiver), "unit", text_json(delivery->unit),
        "recipient", text_json(delivery->recipient), "channel",
        text_json(delivery->channel), "unreached", (int)delivery->unreached,
        "outcome",
        delivery->channel.len == 0 ? "waiting"
                                   : outcome_text(delivery->outcome),
        "why", text_json(delivery->why), "created",
        (json_int_t)delivery->created_ms, "at", (json_int_t)delivery->at_ms,
        "latency", (json_int_t)delivery->latency_ms);

    return json_array_append_new(ctx, item) == 0 ? GONG_OK : GONG_ERR_MEMORY;
}

/* --- why --- */

static enum gong_err
explain(void *ctx, const struct gong_desk_read_decision *decision)
{
    const struct gong_desk_decision *is = &decision->is;
    json_t *item;

    item = json_pack(
        "{s:s,s:o,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "event",
        decision->event <= GONG_INCIDENT_END
            ? gong_incident_event_text(decision->event)
            : "",
        "reason", text_json(is->reason), "expr", text_json(is->expr), "value",
        gong_api_value_json(is->value), "level", (json_int_t)is->level,
        "position", (json_int_t)is->position, "ordinal",
        (json_int_t)is->ordinal, "at", (json_int_t)is->at_ms, "captured",
        (json_int_t)is->captured_ms, "published", (json_int_t)is->published_ms,
        "received", (json_int_t)is->received_ms, "decided",
        (json_int_t)is->decided_ms, "stored", (json_int_t)decision->kept_ms);
    return json_array_append_new(ctx, item) == 0 ? GONG_OK : GONG_ERR_MEMORY;
}

static json_t *
more(void *ctx, uint64_t number)
{
    struct gong_api_desk_reader *reader = ctx;
    json_t *told = json_array(), *why = json_array();
    enum gong_err err;

    err = take(reader);
    if (err == GONG_OK) {
        err = gong_desk_read_deliveries(reader->reader, number, tell, told);
    }
    if (err == GONG_OK) {
        err = gong_desk_read_decisions(reader->reader, number, explain, why);
    }
    (void)pthread_mutex_unlock(&reader->lock);
    if (err != GONG_OK) {
        json_decref(told);
        json_decref(why);
        return NULL;
    }
    return json_pack("{s:o,s:o}", "decisions", why, "deliveries", told);
}

static const char *
row_text(enum gong_outbox_state state)
{
    switch (state) {
    case GONG_OUTBOX_WAITING:
        return "waiting";
    case GONG_OUTBOX_SENT:
        return "sent";
    case GONG_OUTBOX_UNREACHED:
        return "unreached";
    case GONG_OUTBOX_REFUSED:
        return "refused";
    case GONG_OUTBOX_EXPIRED:
        break;
    }
    return "expired";
}

static enum gong_err
tell_row(void *ctx, const struct gong_desk_read_delivery *delivery)
{
    size_t before = json_array_size(ctx);
    enum gong_err err = tell(ctx, delivery);

    if (err == GONG_OK &&
        json_object_set_new(json_array_get(ctx, before), "state",
                            json_string(row_text(delivery->state))) != 0) {
        err = GONG_ERR_MEMORY;
    }
    return err;
}

static json_t *
told(void *ctx, int64_t first, int64_t last)
{
    struct gong_api_desk_reader *reader = ctx;
    json_t *items = json_array();
    enum gong_err err;

    err = take(reader);
    if (err == GONG_OK) {
        err = gong_desk_read_messages(reader->reader, first, last, tell_row,
                                      items);
    }
    (void)pthread_mutex_unlock(&reader->lock);
    if (err != GONG_OK) {
        json_decref(items);
        return NULL;
    }
    return items;
}

/* --- silences and acts --- */

struct silence_walk {
    void (*each)(void *arg, const struct gong_desk_silence *silence);
    void *arg;
};

static enum gong_err
show_silence(void *ctx, const struct gong_desk_silence *silence)
{
    struct silence_walk *walk = ctx;

    walk->each(walk->arg, silence);
    return GONG_OK;
}

static enum gong_err
silences(void *ctx, bool ended_too,
         void (*each)(void *arg, const struct gong_desk_silence *silence),
         void *arg)
{
    struct gong_api_desk_reader *reader = ctx;
    struct silence_walk walk = {each, arg};
    enum gong_err err;

    err = take(reader);
    if (err == GONG_OK) {
        err = gong_desk_read_silences(reader->reader, ended_too, show_silence,
                                      &walk);
    }
    (void)pthread_mutex_unlock(&reader->lock);
    return err;
}

static enum gong_err
silence(void *ctx, uint64_t number,
        void (*each)(void *arg, const struct gong_desk_silence *silence),
        void *arg)
{
    struct gong_api_desk_reader *reader = ctx;
    struct silence_walk walk = {each, arg};
    enum gong_err err;

    err = take(reader);
    if (err == GONG_OK) {
        err =
            gong_desk_read_silence(reader->reader, number, show_silence, &walk);
    }
    (void)pthread_mutex_unlock(&reader->lock);
    return err;
}

static enum gong_err
act(void *ctx, const struct gong_desk_act *what, uint64_t *number, char *why,
    size_t why_size)
{
    struct gong_api_desk_reader *reader = ctx;

    return gong_desk_do(reader->desk, what, number, why, why_size);
}

static enum gong_err
well(void *ctx)
{
    const struct gong_api_desk_reader *reader = ctx;

    return gong_desk_failing(reader->desk);
}

/* --- open and close --- */

enum gong_err
gong_api_desk_open(const char *path, struct gong_desk_thread *desk,
                   struct gong_api_desk_reader **out, char *why,
                   size_t why_size)
{
    struct gong_api_desk_reader *reader = calloc(1, sizeof *reader);
    enum gong_err err;

    *out = NULL;
    if (reader == NULL) {
        return GONG_ERR_MEMORY;
    }
    (void)pthread_mutex_init(&reader->lock, NULL);
    reader->desk = desk;
    err = gong_desk_reader_open(path, &reader->reader, why, why_size);
    if (err != GONG_OK) {
        gong_api_desk_close(reader);
        return err;
    }
    *out = reader;
    return GONG_OK;
}

void
gong_api_desk_hold(void *ctx, enum gong_backup_readers what)
{
    struct gong_api_desk_reader *reader = ctx;

    if (what == GONG_READERS_HOLD) {
        (void)pthread_mutex_lock(&reader->lock);
        gong_desk_reader_shut(reader->reader);
        return;
    }
    reader->halved = what == GONG_READERS_REFUSE;
    (void)pthread_mutex_unlock(&reader->lock);
}

void
gong_api_desk_close(struct gong_api_desk_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    gong_desk_reader_close(reader->reader);
    (void)pthread_mutex_destroy(&reader->lock);
    free(reader);
}

struct gong_api_desk
gong_api_desk_of(struct gong_api_desk_reader *reader)
{
    return (struct gong_api_desk){reader,   incidents, incident, more, told,
                                  silences, silence,   act,      well};
}
