#include "collector/publish_private.h"

#include <stdlib.h>
#include <string.h>

#include "collector/stats.h"
#include "collector/thread.h"
#include "common/backoff.h"

#define STACK_SIZE (128u << 10)
#define TELL_AGAIN gong_dur_s(5)
#define STEP_MS    1000 /* a wall clock that moves by more was set */

/* ---- what the link reports ---- */

static void
wake(void *ctx)
{
    struct gong_publish *publish = ctx;

    gong_monitor_lock(&publish->monitor);
    publish->woken = true;
    gong_monitor_wake(&publish->monitor);
    gong_monitor_unlock(&publish->monitor);
}

static void
on_connected(void *ctx, bool session_present)
{
    struct gong_publish *publish = ctx;

    (void)session_present;
    gong_monitor_lock(&publish->monitor);
    publish->connected = true;
    publish->birth_due = true;
    gong_window_reconnected(&publish->window, gong_mono_now());
    gong_monitor_unlock(&publish->monitor);
    gong_counter_set(&gong_stats()->connected, 1);
    wake(publish);
}

static void
on_disconnected(void *ctx, const char *why)
{
    struct gong_publish *publish = ctx;

    (void)why;
    gong_monitor_lock(&publish->monitor);
    publish->connected = false;
    gong_monitor_unlock(&publish->monitor);
    gong_counter_set(&gong_stats()->connected, 0);
}

static void
on_published(void *ctx, uint64_t tag, bool ok)
{
    struct gong_publish *publish = ctx;

    gong_monitor_lock(&publish->monitor);
    gong_window_answered(&publish->window, tag, ok, gong_mono_now());
    gong_monitor_unlock(&publish->monitor);
    if (ok && tag != 0) {
        gong_counter_increase(&gong_stats()->batches_sent, 1);
    }
    wake(publish);
}

static void
on_message(void *ctx, struct gong_str topic, struct gong_str payload)
{
    struct gong_publish *publish = ctx;

    if (gong_str_is(topic, publish->ack_topic)) {
        gong_publish_handle_ack(publish, payload, gong_mono_now(),
                                gong_wall_now());
    }
}

static const char *
on_will(void *ctx)
{
    struct gong_publish *publish = ctx;
    uint64_t conn = gong_random_u64();

    /* will is read and written on the link's thread alone, but for the
     * goodbye, which is said from a copy of conn. */
    gong_monitor_lock(&publish->monitor);
    publish->conn = conn;
    gong_monitor_unlock(&publish->monitor);
    gong_presence_will(conn, publish->will);
    return publish->will;
}

/* ---- acks ---- */

/* The highest number an honest agent can speak of. */
static uint64_t
plausible(const struct gong_publish *publish)
{
    return publish->highest_sent > publish->first_seq ? publish->highest_sent
                                                      : publish->first_seq;
}

/* All that was measured with the clock as it was moves with it. */
void
gong_publish_look(struct gong_publish *publish, gong_mono_t now,
                  gong_wall_t wall)
{
    int64_t base = wall.ns - now.ns;
    int64_t by_ms = (base - publish->wall_base_ns) / GONG_NS_PER_MS;

    if (publish->wall_base_ns != 0 && (by_ms > STEP_MS || by_ms < -STEP_MS)) {
        gong_clock_offset_stepped(&publish->clock_offset, by_ms);
        gong_window_stepped(&publish->window, by_ms);
    }
    publish->wall_base_ns = base;
}

/* With the monitor held: an agent that does not know the last birth, because a
 * broker's queue was full or its journal, is told again. */
static void
note_birth(struct gong_publish *publish, const struct gong_settled *settled,
           gong_mono_t now)
{
    if (settled->has_birth && publish->connected && !publish->birth_due &&
        settled->birth != publish->birth_crc &&
        gong_mono_since(now, publish->birth_told).ns >= TELL_AGAIN.ns) {
        publish->birth_due = true;
    }
}

/* With the monitor held: false for an ack that makes no sense. */
static bool
take_ack(struct gong_publish *publish, const struct gong_settled *settled,
         gong_mono_t now, gong_wall_t wall, size_t *count)
{
    gong_publish_look(publish, now, wall);
    if (gong_settled_highest(settled) > plausible(publish)) {
        publish->overtaken += publish->overtaken < GONG_PUBLISH_OVERTAKEN;
        return false;
    }
    publish->overtaken = 0;
    publish->settled = *settled;
    *count = gong_window_settle(&publish->window, settled, now);
    gong_clock_offset_add(&publish->clock_offset,
                          publish->window.settled_sent_ms,
                          wall.ns / GONG_NS_PER_MS, settled->now_ms);
    return true;
}

void
gong_publish_handle_ack(struct gong_publish *publish, struct gong_str payload,
                        gong_mono_t now, gong_wall_t wall)
{
    struct gong_settled settled;
    size_t count = 0;
    bool ours;
    bool usable = false;

    if (gong_settled_parse(payload, &settled) != GONG_OK) {
        gong_counter_increase(&gong_stats()->acks_refused, 1);
        return;
    }
    gong_monitor_lock(&publish->monitor);
    ours = settled.epoch == publish->epoch;
    if (ours) {
        note_birth(publish, &settled, now);
        usable = take_ack(publish, &settled, now, wall, &count);
    }
    gong_monitor_unlock(&publish->monitor);
    if (!ours) {
        return;
    }
    if (usable) {
        gong_spooler_settled(publish->spooler, &settled);
    } else {
        gong_counter_increase(&gong_stats()->acks_refused, 1);
    }
    gong_counter_increase(&gong_stats()->batches_settled, count);
    wake(publish);
}

/* Nothing waits to be sent or answered, or nothing can be. By offset: the
 * number of what is unread is not known until something was read. */
static bool
flushed(struct gong_publish *publish)
{
    struct gong_spool_stats spool;
    uint64_t seq;
    uint64_t unread = gong_lanes_unread(&publish->lanes, &seq);
    bool done;

    gong_spool_stats(gong_spooler_spool(publish->spooler), &spool);
    gong_monitor_lock(&publish->monitor);
    done = !publish->connected ||
           (publish->window.flying == 0 &&
            !gong_window_has_ready(&publish->window) && unread >= spool.end);
    gong_monitor_unlock(&publish->monitor);
    return done;
}

static bool
wait_for_work(struct gong_publish *publish, gong_dur_t length)
{
    bool stopping;

    gong_monitor_lock(&publish->monitor);
    if (!publish->woken && !publish->stopping) {
        (void)gong_monitor_wait(&publish->monitor, length);
    }
    publish->woken = false;
    stopping = publish->stopping;
    gong_monitor_unlock(&publish->monitor);
    return !stopping;
}

static void *
run(void *ctx)
{
    struct gong_publish *publish = ctx;
    gong_dur_t wait;

    do {
        wait = gong_publish_step(publish, gong_mono_now(), gong_wall_now());
    } while (wait_for_work(publish, wait));
    return NULL;
}

/* ---- life ---- */

static enum gong_err
format_topics(struct gong_publish *publish)
{
    struct gong_topic topic = {
        .site = gong_str_of(publish->options.site),
        .device = gong_str_of(publish->options.device),
        .kind = GONG_TOPIC_DATA,
    };
    enum gong_err err = gong_topic_format(&topic, publish->data_topic);

    topic.kind = GONG_TOPIC_STATUS;
    if (err == GONG_OK) {
        err = gong_topic_format(&topic, publish->status_topic);
    }
    topic.kind = GONG_TOPIC_ACK;
    if (err == GONG_OK) {
        err = gong_topic_format(&topic, publish->ack_topic);
    }
    publish->ack_topics[0] = publish->ack_topic;
    return err;
}

enum gong_err
gong_publish_new(const struct gong_publish_options *options,
                 struct gong_spooler *spooler, struct gong_cadence *cadence,
                 struct gong_publish **out)
{
    struct gong_publish *publish = calloc(1, sizeof *publish);
    enum gong_err err;

    *out = NULL;
    if (publish == NULL || gong_monitor_init(&publish->monitor) != GONG_OK) {
        free(publish);
        return GONG_ERR_MEMORY;
    }
    publish->options = *options;
    publish->spooler = spooler;
    publish->cadence = cadence;
    publish->epoch = gong_spooler_epoch(spooler);
    publish->first_seq = gong_spooler_last_seq(spooler);
    publish->conn = gong_random_u64();
    gong_window_init(&publish->window, options->ack_timeout, options->window);
    publish->options.lanes.hole = gong_drops_hole;
    publish->options.lanes.hole_ctx = gong_spooler_drops(spooler);
    publish->dating = gong_spooler_dating(spooler);
    err = format_topics(publish);
    if (err == GONG_OK) {
        err = gong_lanes_open(&publish->lanes, gong_spooler_spool(spooler),
                              &publish->options.lanes);
        publish->lanes.dating = &publish->dating;
    }
    if (err != GONG_OK) {
        gong_publish_free(publish);
        return err;
    }
    gong_spooler_listen(spooler, wake, publish);
    *out = publish;
    return GONG_OK;
}

void
gong_publish_free(struct gong_publish *publish)
{
    if (publish == NULL) {
        return;
    }
    gong_spooler_listen(publish->spooler, NULL, NULL);
    gong_lanes_close(&publish->lanes);
    gong_buffer_fini(&publish->message);
    gong_monitor_fini(&publish->monitor);
    free(publish);
}

const char *
gong_publish_status_topic(const struct gong_publish *publish)
{
    return publish->status_topic;
}

const char *const *
gong_publish_ack_topic(const struct gong_publish *publish)
{
    return publish->ack_topics;
}

struct gong_mqtt_handlers
gong_publish_handlers(struct gong_publish *publish)
{
    return (struct gong_mqtt_handlers){
        .ctx = publish,
        .connected = on_connected,
        .disconnected = on_disconnected,
        .message = on_message,
        .published = on_published,
        .will_payload = on_will,
    };
}

void
gong_publish_set_link(struct gong_publish *publish,
                      const struct gong_publish_link *link)
{
    publish->link = *link;
}

enum gong_err
gong_publish_start(struct gong_publish *publish)
{
    enum gong_err err =
        gong_thread_start(&publish->thread, STACK_SIZE, run, publish);

    publish->started = err == GONG_OK;
    return err;
}

void
gong_publish_stop(struct gong_publish *publish, gong_dur_t flush)
{
    gong_mono_t end = gong_mono_add(gong_mono_now(), flush);
    char goodbye[GONG_PRESENCE_GOODBYE_SIZE];

    if (publish->started) {
        gong_monitor_lock(&publish->monitor);
        publish->stopping = true;
        gong_monitor_wake(&publish->monitor);
        gong_monitor_unlock(&publish->monitor);
        (void)pthread_join(publish->thread, NULL);
        publish->started = false;
    }
    while (!flushed(publish) && gong_mono_now().ns < end.ns) {
        (void)gong_publish_step(publish, gong_mono_now(), gong_wall_now());
        gong_clock_sleep(gong_dur_ms(5));
    }
    gong_publish_commit(publish, gong_mono_now(), true);
    gong_monitor_lock(&publish->monitor);
    gong_presence_goodbye(publish->conn, publish->epoch,
                          gong_spooler_last_seq(publish->spooler) + 1, goodbye);
    gong_monitor_unlock(&publish->monitor);
    (void)gong_publish_say(publish, goodbye);
}
