/*
 * The outbox is a ring of copied lines; at most one is on its way:
 *
 *     tail                    head
 *      | in flight | waiting | free ...
 *
 * The lock guards the ring only and is never held while calling the link: the
 * link's callbacks run under Paho's own lock and take ours.
 */
#include "firmware-sim/emit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/topic.h"

struct gong_emit {
    struct gong_mqtt *link;
    char topic[GONG_TOPIC_SIZE];
    pthread_mutex_t lock;
    char *lines[GONG_EMIT_OUTBOX];
    size_t lens[GONG_EMIT_OUTBOX];
    size_t tail;
    size_t count;
    bool in_flight;
};

/* Claims the oldest line; its memory stays until it is acknowledged. */
static bool
claim(struct gong_emit *emit, struct gong_str *line)
{
    bool claimed = false;

    (void)pthread_mutex_lock(&emit->lock);
    if (!emit->in_flight && emit->count > 0) {
        *line = gong_str_from(emit->lines[emit->tail], emit->lens[emit->tail]);
        emit->in_flight = true;
        claimed = true;
    }
    (void)pthread_mutex_unlock(&emit->lock);
    return claimed;
}

static void
unclaim(struct gong_emit *emit, bool acknowledged)
{
    (void)pthread_mutex_lock(&emit->lock);
    if (acknowledged && emit->in_flight) {
        free(emit->lines[emit->tail]);
        emit->tail = (emit->tail + 1) % GONG_EMIT_OUTBOX;
        emit->count--;
    }
    emit->in_flight = false;
    (void)pthread_mutex_unlock(&emit->lock);
}

static void
send_next(struct gong_emit *emit)
{
    struct gong_mqtt_message message = {.topic = emit->topic, .qos = 1};

    if (claim(emit, &message.payload) &&
        gong_mqtt_publish(emit->link, &message) != GONG_OK) {
        unclaim(emit, false);
    }
}

static void
on_connected(void *ctx, bool session_present)
{
    (void)session_present;
    send_next(ctx);
}

static void
on_published(void *ctx, uint64_t tag, bool ok)
{
    (void)tag;
    unclaim(ctx, ok);
    if (ok) {
        send_next(ctx);
    }
}

enum gong_err
gong_emit_new(const struct gong_emit_options *options, struct gong_emit **out,
              char *why, size_t why_size)
{
    struct gong_topic topic = {gong_str_of(options->site),
                               gong_str_of(options->device), GONG_TOPIC_DATA};
    struct gong_emit *emit = calloc(1, sizeof *emit);
    char identity[2 * GONG_TOPIC_NAME_MAX + 16];
    char client_id[sizeof identity + 16];
    enum gong_err err = GONG_ERR_MEMORY;

    if (emit == NULL) {
        goto out;
    }
    (void)pthread_mutex_init(&emit->lock, NULL);
    err = gong_topic_format(&topic, emit->topic);
    if (err != GONG_OK) {
        (void)snprintf(why, why_size,
                       "found site %s device %s, expected "
                       "letters a-z, digits, _ and -",
                       options->site, options->device);
        goto out;
    }
    (void)snprintf(identity, sizeof identity, "%s/%s", options->site,
                   options->device);
    (void)snprintf(client_id, sizeof client_id, "gong-sim-%s-%s", options->site,
                   options->device);
    err = gong_mqtt_new(
        &(struct gong_mqtt_options){
            .url = options->broker,
            .client_id = client_id,
            .username =
                options->password_file == NULL ? NULL
                : options->username != NULL && options->username[0] != '\0'
                    ? options->username
                    : identity,
            .password_file = options->password_file,
            .clean_session = true,
        },
        &(struct gong_mqtt_handlers){
            .ctx = emit, .connected = on_connected, .published = on_published},
        &emit->link, why, why_size);
out:
    if (err != GONG_OK) {
        gong_emit_free(emit);
        emit = NULL;
    }
    *out = emit;
    return err;
}

enum gong_err
gong_emit_start(struct gong_emit *emit)
{
    return gong_mqtt_start(emit->link);
}

void
gong_emit_stop(struct gong_emit *emit)
{
    if (emit != NULL) {
        gong_mqtt_stop(emit->link);
    }
}

void
gong_emit_free(struct gong_emit *emit)
{
    if (emit == NULL) {
        return;
    }
    gong_mqtt_free(emit->link);
    for (size_t i = 0; i < emit->count; i++) {
        free(emit->lines[(emit->tail + i) % GONG_EMIT_OUTBOX]);
    }
    (void)pthread_mutex_destroy(&emit->lock);
    free(emit);
}

enum gong_err
gong_emit_put(struct gong_emit *emit, struct gong_str line)
{
    char *copy = malloc(line.len);
    bool full;

    if (copy == NULL) {
        return GONG_ERR_MEMORY;
    }
    memcpy(copy, line.data, line.len);
    (void)pthread_mutex_lock(&emit->lock);
    full = emit->count == GONG_EMIT_OUTBOX;
    if (!full) {
        size_t head = (emit->tail + emit->count) % GONG_EMIT_OUTBOX;

        emit->lines[head] = copy;
        emit->lens[head] = line.len;
        emit->count++;
    }
    (void)pthread_mutex_unlock(&emit->lock);
    if (full) {
        free(copy);
        return GONG_ERR_NO_SPACE;
    }
    send_next(emit);
    return GONG_OK;
}

size_t
gong_emit_waiting(struct gong_emit *emit)
{
    size_t count;

    (void)pthread_mutex_lock(&emit->lock);
    count = emit->count;
    (void)pthread_mutex_unlock(&emit->lock);
    return count;
}
