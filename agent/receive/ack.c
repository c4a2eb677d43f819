#include "agent/receive/ack.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/monitor.h"
#include "common/topic.h"

#define WAITING_MAX 1024
#define TICK_MS     200

struct gong_ack {
    struct gong_ack_options options;
    struct gong_receive *receive;
    gong_counter_t *sent;
    gong_counter_t *failed;
    pthread_t thread;
    bool started;

    struct gong_monitor monitor; /* guards all below */
    bool stopping;
    bool moved; /* the mark did, since the thread looked */
    uint64_t durable;
    /* A ring: first ... first + count, modulo its size. */
    struct gong_receive_ack *waiting;
    size_t first, count;
};

struct gong_ack *
gong_ack_new(const struct gong_ack_options *options,
             struct gong_receive *receive, struct gong_counters *counters)
{
    struct gong_ack *ack = calloc(1, sizeof *ack);

    if (ack == NULL) {
        return NULL;
    }
    ack->options = *options;
    ack->receive = receive;
    ack->durable = options->durable;
    ack->waiting = calloc(WAITING_MAX, sizeof ack->waiting[0]);
    ack->sent =
        gong_counter_add(counters, GONG_COUNTER, "gong_agent_acks_sent_total",
                         "Acks handed to the broker.", "");
    ack->failed = gong_counter_add(
        counters, GONG_COUNTER, "gong_agent_acks_failed_total",
        "Acks that could not be sent; the device asks again.", "");
    if (ack->waiting == NULL || ack->sent == NULL || ack->failed == NULL ||
        gong_monitor_init(&ack->monitor) != GONG_OK) {
        free(ack->waiting);
        free(ack);
        return NULL;
    }
    return ack;
}

void
gong_ack_free(struct gong_ack *ack)
{
    if (ack == NULL) {
        return;
    }
    gong_ack_stop(ack);
    gong_monitor_fini(&ack->monitor);
    free(ack->waiting);
    free(ack);
}

/* One ack from the ledger to the ring; the two locks are taken in turn. Only
 * the committer and the ack thread come here: the ring may fill up between,
 * then the ack is dropped and the device asks again. */
static bool
take_one(struct gong_ack *ack)
{
    struct gong_receive_ack due;
    bool full;

    gong_monitor_lock(&ack->monitor);
    full = ack->count == WAITING_MAX;
    gong_monitor_unlock(&ack->monitor);
    if (full || !gong_receive_take_ack(ack->receive, gong_mono_now(), &due)) {
        return false;
    }
    gong_monitor_lock(&ack->monitor);
    full = ack->count == WAITING_MAX;
    if (!full) {
        ack->waiting[(ack->first + ack->count++) % WAITING_MAX] = due;
    }
    gong_monitor_unlock(&ack->monitor);
    if (full) {
        gong_counter_increase(ack->failed, 1);
    }
    return !full;
}

void
gong_ack_committing(void *ctx)
{
    struct gong_ack *ack = ctx;

    while (take_one(ack)) {
    }
}

void
gong_ack_durable(void *ctx, uint64_t offset)
{
    struct gong_ack *ack = ctx;

    gong_monitor_lock(&ack->monitor);
    ack->durable = offset;
    ack->moved = true;
    gong_monitor_wake(&ack->monitor);
    gong_monitor_unlock(&ack->monitor);
}

/* The oldest waiting ack, if its batches are durable. Those behind it wait
 * with it, at most until the next sync, which covers all. */
static bool
next_true(struct gong_ack *ack, struct gong_receive_ack *out)
{
    bool found;

    gong_monitor_lock(&ack->monitor);
    found = ack->count > 0 && ack->waiting[ack->first].position < ack->durable;
    if (found) {
        *out = ack->waiting[ack->first];
        ack->first = (ack->first + 1) % WAITING_MAX;
        ack->count--;
    }
    gong_monitor_unlock(&ack->monitor);
    return found;
}

static size_t
put_hex(char *out, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
    return 2 * len;
}

/* Fits: 200 bytes of names and numbers and 32 ranges of at most 44. */
size_t
gong_ack_format(const struct gong_ack_options *options,
                const struct gong_receive_ack *ack, int64_t now_ms,
                char out[GONG_ACK_TEXT_SIZE])
{
    char journal[2 * sizeof options->journal_id + 1];
    size_t len;

    (void)put_hex(journal, options->journal_id, sizeof options->journal_id);
    len = (size_t)snprintf(out, GONG_ACK_TEXT_SIZE,
                           "{\"agent\":\"%.64s\",\"journal\":\"%s\","
                           "\"epoch\":\"%016" PRIx64 "\",\"cum\":%" PRIu64
                           ",\"ranges\":[",
                           options->agent, journal, ack->epoch, ack->cum);
    for (uint32_t i = 0; i < ack->range_count; i++) {
        len += (size_t)snprintf(
            out + len, GONG_ACK_TEXT_SIZE - len, "%s[%" PRIu64 ",%" PRIu64 "]",
            i == 0 ? "" : ",", ack->ranges[i].first, ack->ranges[i].last);
    }
    len +=
        (size_t)snprintf(out + len, GONG_ACK_TEXT_SIZE - len,
                         "],\"birth\":\"%08" PRIx32 "\",\"now\":%" PRId64 "}",
                         ack->birth, now_ms);
    return len;
}

static void
send_one(struct gong_ack *ack, const struct gong_receive_ack *due)
{
    char text[GONG_ACK_TEXT_SIZE];
    char name[GONG_TOPIC_SIZE];
    struct gong_topic topic = {gong_str_of(due->site), gong_str_of(due->device),
                               GONG_TOPIC_ACK};
    size_t len = gong_ack_format(&ack->options, due,
                                 gong_floor_ms(gong_wall_now().ns), text);

    if (gong_topic_format(&topic, name) == GONG_OK &&
        ack->options.send(ack->options.ctx, name, gong_str_from(text, len))) {
        gong_counter_increase(ack->sent, 1);
    } else {
        gong_counter_increase(ack->failed, 1);
    }
}

static void
send_waiting(struct gong_ack *ack)
{
    struct gong_receive_ack due;

    while (next_true(ack, &due)) {
        send_one(ack, &due);
    }
}

void
gong_ack_run_once(struct gong_ack *ack)
{
    send_waiting(ack);
    gong_ack_committing(ack);
    send_waiting(ack);
}

/* Waits until the mark moves or a tick has passed; false when stopping. */
static bool
wait_for_work(struct gong_ack *ack, bool *moved)
{
    bool running;

    gong_monitor_lock(&ack->monitor);
    if (!ack->stopping && !ack->moved) {
        (void)gong_monitor_wait(&ack->monitor, gong_dur_ms(TICK_MS));
    }
    *moved = ack->moved;
    ack->moved = false;
    running = !ack->stopping;
    gong_monitor_unlock(&ack->monitor);
    return running;
}

/* After a commit the ring holds what it covered; taking more now would only
 * make acks that have to wait for the next one. */
static void *
run(void *ctx)
{
    struct gong_ack *ack = ctx;
    bool moved;

    while (wait_for_work(ack, &moved)) {
        if (moved) {
            send_waiting(ack);
        } else {
            gong_ack_run_once(ack);
        }
    }
    gong_ack_run_once(ack);
    return NULL;
}

enum gong_err
gong_ack_start(struct gong_ack *ack)
{
    int rc = pthread_create(&ack->thread, NULL, run, ack);

    if (rc != 0) {
        return gong_err_from_errno(rc);
    }
    ack->started = true;
    return GONG_OK;
}

void
gong_ack_stop(struct gong_ack *ack)
{
    if (!ack->started) {
        return;
    }
    gong_monitor_lock(&ack->monitor);
    ack->stopping = true;
    gong_monitor_wake(&ack->monitor);
    gong_monitor_unlock(&ack->monitor);
    (void)pthread_join(ack->thread, NULL);
    ack->started = false;
}
