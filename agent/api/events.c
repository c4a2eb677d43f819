#include "agent/api/events.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE GONG_GRANT_UNIT_SIZE

struct event {
    char *text; /* as it goes out */
    size_t len;
    char unit[NAME_SIZE], site[NAME_SIZE], device[NAME_SIZE];
};

struct gong_events {
    pthread_mutex_t lock;
    char boot[GONG_EVENTS_BOOT_SIZE];
    struct event ring[GONG_EVENTS_KEPT]; /* event n at n % KEPT */
    uint64_t first, next;                /* kept: first .. next - 1 */
    size_t bytes;
    bool closed;
    struct gong_events_reader *readers;
    size_t reader_count;
    gong_counter_t *published;
    gong_counter_t *dropped;
    gong_counter_t *reading;
};

struct gong_events_reader {
    struct gong_events *events;
    struct gong_events_reader *before, *after;
    struct gong_events_filter filter;
    void (*park)(void *ctx);
    void (*wake)(void *ctx);
    void *ctx;
    uint64_t next; /* the event to send */
    size_t sent;   /* bytes of it */
    bool greets;   /* the stream's first words are still to send */
    bool resets;   /* it missed something: it is told */
    bool beats;
    bool waits;
    bool ended;
    int64_t joined_ms;
    char own[128]; /* words that only this reader gets */
    size_t own_len, own_sent;
};

/* --- the buffer --- */

struct gong_events *
gong_events_new(const char *boot, struct gong_counters *counters)
{
    struct gong_events *events = calloc(1, sizeof *events);

    if (events == NULL) {
        return NULL;
    }
    (void)pthread_mutex_init(&events->lock, NULL);
    (void)snprintf(events->boot, sizeof events->boot, "%s", boot);
    events->first = events->next = 1;
    if (counters != NULL) {
        events->published =
            gong_counter_add(counters, GONG_COUNTER, "gong_api_events_total",
                             "Events sent to the streams.", "");
        events->dropped = gong_counter_add(
            counters, GONG_COUNTER, "gong_api_streams_dropped_total",
            "Streams ended because their reader was too slow.", "");
        events->reading =
            gong_counter_add(counters, GONG_GAUGE, "gong_api_streams",
                             "Streams of events open.", "");
    }
    return events;
}

static void
drop_first(struct gong_events *events)
{
    struct event *event = &events->ring[events->first % GONG_EVENTS_KEPT];

    events->bytes -= event->len;
    free(event->text);
    *event = (struct event){0};
    events->first++;
}

void
gong_events_free(struct gong_events *events)
{
    if (events == NULL) {
        return;
    }
    while (events->first < events->next) {
        drop_first(events);
    }
    (void)pthread_mutex_destroy(&events->lock);
    free(events);
}

static void
wake_reader(struct gong_events_reader *reader)
{
    if (reader->waits) {
        reader->waits = false;
        reader->wake(reader->ctx);
    }
}

static void
wake_all(struct gong_events *events)
{
    for (struct gong_events_reader *r = events->readers; r != NULL;
         r = r->after) {
        wake_reader(r);
    }
}

static void
count(gong_counter_t *counter)
{
    if (counter != NULL) {
        gong_counter_increase(counter, 1);
    }
}

/* What is too long names nothing. */
static void
take(char out[NAME_SIZE], struct gong_str text)
{
    size_t len = text.len < NAME_SIZE ? text.len : 0;

    if (len > 0) {
        memcpy(out, text.data, len);
    }
    out[len] = '\0';
}

void
gong_events_publish(struct gong_events *events, const char *type,
                    const struct gong_grant_place *place, struct gong_str json)
{
    size_t size = strlen(type) + json.len + 96;
    char *text = json.len > GONG_EVENT_MAX ? NULL : malloc(size);
    struct event *event;

    (void)pthread_mutex_lock(&events->lock);
    while (events->first < events->next &&
           (events->next - events->first >= GONG_EVENTS_KEPT ||
            events->bytes + size > GONG_EVENTS_BYTES)) {
        drop_first(events);
    }
    event = &events->ring[events->next % GONG_EVENTS_KEPT];
    *event = (struct event){.text = text};
    if (text != NULL) {
        event->len = (size_t)snprintf(
            text, size, "id: %s-%" PRIu64 "\nevent: %s\ndata: %.*s\n\n",
            events->boot, events->next, type, (int)json.len,
            json.len == 0 ? "" : json.data);
    }
    take(event->unit, place->unit);
    take(event->site, place->site);
    take(event->device, place->device);
    events->bytes += event->len;
    events->next++;
    count(events->published);
    wake_all(events);
    (void)pthread_mutex_unlock(&events->lock);
}

/* Nothing is kept; the number that nobody was sent makes every id too old.
 * Whose event is half sent is dropped, and comes back with the one before. */
void
gong_events_reset(struct gong_events *events)
{
    (void)pthread_mutex_lock(&events->lock);
    while (events->first < events->next) {
        drop_first(events);
    }
    events->first = ++events->next;
    for (struct gong_events_reader *r = events->readers; r != NULL;
         r = r->after) {
        r->resets = r->resets || r->sent == 0;
    }
    wake_all(events);
    (void)pthread_mutex_unlock(&events->lock);
}

void
gong_events_beat(struct gong_events *events, int64_t now_ms, int64_t life_ms)
{
    (void)pthread_mutex_lock(&events->lock);
    for (struct gong_events_reader *r = events->readers; r != NULL;
         r = r->after) {
        r->ended = r->ended || now_ms - r->joined_ms > life_ms;
        r->beats = r->waits;
    }
    wake_all(events);
    (void)pthread_mutex_unlock(&events->lock);
}

void
gong_events_close(struct gong_events *events)
{
    (void)pthread_mutex_lock(&events->lock);
    events->closed = true;
    wake_all(events);
    (void)pthread_mutex_unlock(&events->lock);
}

size_t
gong_events_readers(struct gong_events *events)
{
    size_t readers;

    (void)pthread_mutex_lock(&events->lock);
    readers = events->reader_count;
    (void)pthread_mutex_unlock(&events->lock);
    return readers;
}

/* --- readers --- */

/* "<boot>-<n>": the event after it. False: not one of this boot. */
static bool
read_id(const struct gong_events *events, const char *id, uint64_t *next)
{
    size_t boot = strlen(events->boot);
    char *end = NULL;
    unsigned long long number;

    if (strncmp(id, events->boot, boot) != 0 || id[boot] != '-' ||
        id[boot + 1] < '0' || id[boot + 1] > '9') {
        return false;
    }
    errno = 0;
    number = strtoull(id + boot + 1, &end, 10);
    if (errno != 0 || *end != '\0' || number >= events->next) {
        return false;
    }
    *next = number + 1;
    return *next >= events->first;
}

static void
enter(struct gong_events *events, struct gong_events_reader *reader)
{
    reader->after = events->readers;
    if (events->readers != NULL) {
        events->readers->before = reader;
    }
    events->readers = reader;
    events->reader_count++;
    if (events->reading != NULL) {
        gong_counter_set(events->reading, (int64_t)events->reader_count);
    }
}

struct gong_events_reader *
gong_events_join(struct gong_events *events, const char *last_id,
                 const struct gong_events_filter *filter, int64_t now_ms)
{
    struct gong_events_reader *reader = calloc(1, sizeof *reader);
    bool taken;

    if (reader == NULL) {
        return NULL;
    }
    reader->events = events;
    reader->greets = true;
    reader->joined_ms = now_ms;
    (void)pthread_mutex_lock(&events->lock);
    reader->next = events->next;
    if (last_id[0] != '\0') {
        reader->resets = !read_id(events, last_id, &reader->next);
    }
    taken = !events->closed && events->reader_count < GONG_EVENTS_READERS_MAX;
    if (taken) {
        reader->filter = *filter;
        enter(events, reader);
    }
    (void)pthread_mutex_unlock(&events->lock);
    if (!taken) {
        free(reader);
        return NULL;
    }
    return reader;
}

void
gong_events_leave(struct gong_events_reader *reader)
{
    struct gong_events *events;

    if (reader == NULL) {
        return;
    }
    events = reader->events;
    (void)pthread_mutex_lock(&events->lock);
    if (reader->before != NULL) {
        reader->before->after = reader->after;
    } else {
        events->readers = reader->after;
    }
    if (reader->after != NULL) {
        reader->after->before = reader->before;
    }
    events->reader_count--;
    if (events->reading != NULL) {
        gong_counter_set(events->reading, (int64_t)events->reader_count);
    }
    (void)pthread_mutex_unlock(&events->lock);
    if (reader->filter.free != NULL) {
        reader->filter.free(reader->filter.ctx);
    }
    free(reader);
}

void
gong_events_on_wait(struct gong_events_reader *reader, void (*park)(void *ctx),
                    void (*wake)(void *ctx), void *ctx)
{
    reader->park = park;
    reader->wake = wake;
    reader->ctx = ctx;
}

/* --- reading --- */

static size_t
put_own(struct gong_events_reader *reader, char *out, size_t size)
{
    size_t len = reader->own_len - reader->own_sent;

    len = len > size ? size : len;
    memcpy(out, reader->own + reader->own_sent, len);
    reader->own_sent += len;
    if (reader->own_sent == reader->own_len) {
        reader->own_sent = reader->own_len = 0;
    }
    return len;
}

/* What only this reader is told next, if anything. */
static void
say_own(struct gong_events_reader *reader)
{
    const struct gong_events *events = reader->events;
    int len = 0;

    if (reader->own_len > 0) {
        return;
    }
    if (reader->greets) {
        len = snprintf(reader->own, sizeof reader->own,
                       "retry: 2000\nid: %s-%" PRIu64 "\n\n", events->boot,
                       reader->next - 1);
        reader->greets = false;
    } else if (reader->resets) {
        reader->next = events->next;
        len = snprintf(reader->own, sizeof reader->own,
                       "id: %s-%" PRIu64 "\nevent: reset\ndata: {}\n\n",
                       events->boot, reader->next - 1);
        reader->resets = false;
    }
    reader->own_len = (size_t)len;
}

/* Events that this reader may see, as many as fit. */
static size_t
put_events(struct gong_events_reader *reader, char *out, size_t size)
{
    struct gong_events *events = reader->events;
    size_t put = 0;

    while (reader->next < events->next && put < size) {
        const struct event *event =
            &events->ring[reader->next % GONG_EVENTS_KEPT];
        struct gong_grant_place place = {gong_str_of(event->unit),
                                         gong_str_of(event->site),
                                         gong_str_of(event->device)};
        size_t len = event->len - reader->sent;

        if (reader->sent == 0 &&
            (event->text == NULL ||
             !reader->filter.may(reader->filter.ctx, &place))) {
            reader->next++;
            continue;
        }
        len = len > size - put ? size - put : len;
        memcpy(out + put, event->text + reader->sent, len);
        put += len;
        reader->sent += len;
        if (reader->sent == event->len) {
            reader->next++;
            reader->sent = 0;
        }
    }
    return put;
}

static ssize_t
read_locked(struct gong_events_reader *reader, char *out, size_t size)
{
    static const char beat[] = ": heartbeat\n\n";
    struct gong_events *events = reader->events;
    size_t put;

    if (events->closed || reader->ended) {
        return -1;
    }
    if (!reader->resets && reader->next < events->first) {
        count(events->dropped);
        return -1;
    }
    say_own(reader);
    if (reader->own_len > 0) {
        return (ssize_t)put_own(reader, out, size);
    }
    put = put_events(reader, out, size);
    if (put == 0 && reader->beats && size >= sizeof beat - 1) {
        memcpy(out, beat, sizeof beat - 1);
        put = sizeof beat - 1;
    }
    reader->beats = false;
    if (put == 0) {
        reader->waits = true;
        reader->park(reader->ctx);
    }
    return (ssize_t)put;
}

ssize_t
gong_events_read(struct gong_events_reader *reader, char *out, size_t size)
{
    ssize_t put;

    (void)pthread_mutex_lock(&reader->events->lock);
    put = read_locked(reader, out, size);
    (void)pthread_mutex_unlock(&reader->events->lock);
    return put;
}
