/* The publisher's step: what is due again, then fresh batches, then the
 * backlog; the birth before all. */
#include "collector/publish_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/lines.h"
#include "collector/stats.h"
#include "common/backoff.h"
#include "common/crc32c.h"
#include "common/log.h"

#define IDLE_WAIT     gong_dur_s(60)
#define RETRY_WAIT    gong_dur_ms(200)
#define COMMIT_EVERY  gong_dur_s(1)
#define REBIRTH_AFTER gong_dur_s(5)
#define HELD_MOST     gong_dur_s(60)

/* With the monitor held: the oldest batch not settled, as offset and number. */
static uint64_t
oldest(const struct gong_publish *publish, uint64_t *seq)
{
    const struct gong_window *window = &publish->window;
    uint64_t offset = gong_lanes_unread(&publish->lanes, seq);

    for (size_t i = 0; i < window->count; i++) {
        if (window->batches[i].offset < offset) {
            offset = window->batches[i].offset;
        }
        if (window->batches[i].seq < *seq) {
            *seq = window->batches[i].seq;
        }
    }
    return offset;
}

static enum gong_err
build_message(struct gong_publish *publish, const struct gong_spooled *batch,
              enum gong_lane lane, gong_wall_t wall)
{
    struct gong_batch_header header = {
        .epoch = publish->epoch,
        .seq = batch->seq,
        .lane = lane,
        .sent_ms = wall.ns / GONG_NS_PER_MS,
        .points = batch->points,
        .crc = batch->crc,
        .samples = (uint32_t)gong_lines_samples(batch->body),
        .at_ms = batch->wall_ns / GONG_NS_PER_MS,
    };
    struct gong_drops_sums lost;
    char text[GONG_BATCH_HEADER_SIZE];
    enum gong_err err;

    gong_monitor_lock(&publish->monitor);
    (void)oldest(publish, &header.low);
    if (header.low > gong_spooler_low_most(publish->spooler)) {
        header.low = gong_spooler_low_most(publish->spooler);
    }
    gong_monitor_unlock(&publish->monitor);
    gong_drops_sums(gong_spooler_drops(publish->spooler), &lost);
    header.lost_points = lost.points;
    header.off_ms = gong_dating_off_ms(&publish->dating, batch, &header.placed);
    if (header.placed) {
        gong_counter_increase(&gong_stats()->batches_placed, 1);
    }
    publish->message.len = 0;
    err = gong_buffer_append(&publish->message, text,
                             gong_batch_header_format(&header, text));
    if (err == GONG_OK) {
        err = gong_buffer_append(&publish->message, batch->body.data,
                                 batch->body.len);
    }
    return err;
}

/* A batch that the window holds as FLYING; false if the link took nothing. */
static bool
send_batch(struct gong_publish *publish, const struct gong_spooled *batch,
           enum gong_lane lane, gong_wall_t wall)
{
    struct gong_mqtt_message message = {
        .topic = publish->data_topic,
        .qos = 1,
        .tag = batch->seq,
    };
    enum gong_err err = build_message(publish, batch, lane, wall);

    if (err == GONG_OK) {
        gong_monitor_lock(&publish->monitor);
        if (batch->seq > publish->highest_sent) {
            publish->highest_sent = batch->seq;
        }
        /* Older ones the agent may have from the process before. */
        if (batch->seq > publish->first_seq) {
            gong_window_sent(&publish->window, batch->seq,
                             wall.ns / GONG_NS_PER_MS);
        }
        gong_monitor_unlock(&publish->monitor);
        message.payload =
            gong_str_from(publish->message.data, publish->message.len);
        err = publish->link.publish(publish->link.link, &message);
    }
    if (err != GONG_OK) {
        gong_monitor_lock(&publish->monitor);
        gong_window_answered(&publish->window, batch->seq, false,
                             gong_mono_now());
        gong_monitor_unlock(&publish->monitor);
    }
    return err == GONG_OK;
}

enum progress {
    PROGRESS_MADE,
    PROGRESS_NONE,  /* nothing to do now */
    PROGRESS_STUCK, /* something failed: not before RETRY_WAIT */
};

static enum progress
send_again(struct gong_publish *publish, gong_mono_t now, gong_wall_t wall)
{
    struct gong_window_batch again;
    struct gong_spooled batch;
    enum gong_err err;
    bool any;

    gong_monitor_lock(&publish->monitor);
    any = gong_window_take(&publish->window, now, &again);
    gong_monitor_unlock(&publish->monitor);
    if (!any) {
        return PROGRESS_NONE;
    }
    err = gong_lanes_again(&publish->lanes, again.offset, again.seq, &batch);
    if (err != GONG_OK) {
        gong_monitor_lock(&publish->monitor);
        if (err == GONG_ERR_NOT_FOUND) {
            gong_window_forget(&publish->window, again.seq);
        } else {
            gong_window_answered(&publish->window, again.seq, false, now);
        }
        gong_monitor_unlock(&publish->monitor);
        return err == GONG_ERR_NOT_FOUND ? PROGRESS_MADE : PROGRESS_STUCK;
    }
    gong_counter_increase(&gong_stats()->batches_resent, 1);
    return send_batch(publish, &batch, again.lane, wall) ? PROGRESS_MADE
                                                         : PROGRESS_STUCK;
}

/* The next batch of the lane from the spool, if there is room for it. */
static enum progress
send_next(struct gong_publish *publish, enum gong_lane lane, gong_wall_t wall)
{
    struct gong_spooled batch;
    bool room;
    bool added = false;
    enum gong_err err;

    gong_monitor_lock(&publish->monitor);
    room = gong_window_room(&publish->window, lane);
    gong_monitor_unlock(&publish->monitor);
    if (!room) {
        return PROGRESS_NONE;
    }
    err =
        gong_lanes_next(&publish->lanes, lane,
                        gong_spooler_last_seq(publish->spooler), wall, &batch);
    if (err != GONG_OK) {
        return err == GONG_ERR_AGAIN ? PROGRESS_NONE : PROGRESS_STUCK;
    }
    gong_monitor_lock(&publish->monitor);
    if (!gong_settled_has(&publish->settled, batch.seq)) {
        added = gong_window_add(&publish->window, batch.seq, batch.offset,
                                batch.body.len, lane);
    }
    gong_monitor_unlock(&publish->monitor);
    if (!added) {
        return PROGRESS_MADE;
    }
    return send_batch(publish, &batch, lane, wall) ? PROGRESS_MADE
                                                   : PROGRESS_STUCK;
}

/* The backlog's token bucket, of one second. */
static enum progress
send_backlog(struct gong_publish *publish, gong_mono_t now, gong_wall_t wall)
{
    double rate = (double)publish->options.lanes.backlog_rate;
    enum progress progress;

    if (publish->lanes.gap_count == 0) {
        return PROGRESS_NONE;
    }
    publish->tokens += rate *
                       (double)gong_mono_since(now, publish->tokens_at).ns /
                       (double)GONG_NS_PER_S;
    publish->tokens = publish->tokens < rate ? publish->tokens : rate;
    publish->tokens_at = now;
    if (publish->tokens < 1) {
        return PROGRESS_NONE;
    }
    progress = send_next(publish, GONG_LANE_BACK, wall);
    if (progress == PROGRESS_MADE) {
        publish->tokens -= 1;
    }
    return progress;
}

static enum progress
send_one(struct gong_publish *publish, gong_mono_t now, gong_wall_t wall)
{
    enum progress progress = send_again(publish, now, wall);

    if (progress == PROGRESS_NONE) {
        progress = send_next(publish, GONG_LANE_LIVE, wall);
    }
    if (progress == PROGRESS_NONE) {
        progress = send_backlog(publish, now, wall);
    }
    return progress;
}

bool
gong_publish_say(struct gong_publish *publish, const char *text)
{
    struct gong_mqtt_message message = {
        .topic = publish->status_topic,
        .payload = gong_str_of(text),
        .qos = 1,
        .retained = true,
    };

    return publish->link.publish(publish->link.link, &message) == GONG_OK;
}

/* True when the birth is told, or was. */
static bool
tell_birth(struct gong_publish *publish, gong_mono_t now)
{
    uint64_t version = gong_cadence_version(publish->cadence);
    struct gong_presence_spool spool = {
        .epoch = publish->epoch,
        .next = gong_spooler_last_seq(publish->spooler) + 1,
        .writable = gong_spooler_writable(publish->spooler),
    };
    uint64_t conn;
    bool due;
    bool told;
    uint32_t crc;
    char *text;

    gong_monitor_lock(&publish->monitor);
    due = publish->birth_due;
    conn = publish->conn;
    gong_monitor_unlock(&publish->monitor);
    if (!due &&
        ((version == publish->born_version &&
          spool.writable == publish->born_writable) ||
         gong_mono_since(now, publish->born_at).ns < REBIRTH_AFTER.ns)) {
        return true;
    }
    text = gong_presence_birth(conn, &spool, publish->cadence);
    told = text != NULL && gong_publish_say(publish, text);
    crc = text == NULL ? 0 : gong_crc32c(0, text, strlen(text));
    free(text);
    if (told) {
        publish->born_version = version;
        publish->born_writable = spool.writable;
        publish->born_at = now;
        gong_monitor_lock(&publish->monitor);
        publish->birth_crc = crc;
        publish->birth_told = now;
        publish->birth_due = publish->conn != conn;
        gong_monitor_unlock(&publish->monitor);
    }
    return told;
}

void
gong_publish_commit(struct gong_publish *publish, gong_mono_t now, bool at_once)
{
    struct gong_spool_stats spool;
    uint64_t offset;
    uint64_t seq;

    if (!at_once &&
        gong_mono_since(now, publish->committed_at).ns < COMMIT_EVERY.ns) {
        return;
    }
    gong_monitor_lock(&publish->monitor);
    offset = oldest(publish, &seq);
    gong_counter_set(&gong_stats()->clock_offset_ms,
                     gong_clock_offset_ms(&publish->clock_offset));
    gong_monitor_unlock(&publish->monitor);
    publish->committed_at = now;
    if (gong_lanes_commit(&publish->lanes, offset) != GONG_OK) {
        return; /* the spool has said so; the next round tries again */
    }
    gong_spool_stats(gong_spooler_spool(publish->spooler), &spool);
    gong_counter_set(&gong_stats()->spool_bytes,
                     (int64_t)(spool.end - publish->lanes.committed));
    gong_counter_set(&gong_stats()->spool_dropped_bytes,
                     (int64_t)spool.dropped_bytes);
    gong_counter_set(&gong_stats()->spool_memory_bytes,
                     (int64_t)spool.memory_bytes);
    gong_counter_set(&gong_stats()->spool_memory_lost,
                     (int64_t)spool.memory_lost_records);
}

static gong_dur_t
sooner(gong_dur_t a, gong_dur_t b)
{
    return a.ns < b.ns ? a : b;
}

static gong_dur_t
idle_time(struct gong_publish *publish, gong_mono_t now)
{
    gong_dur_t wait = IDLE_WAIT;
    gong_mono_t due;
    uint64_t seq;
    bool uncommitted;

    gong_monitor_lock(&publish->monitor);
    if (gong_window_due(&publish->window, &due)) {
        wait = sooner(wait, gong_mono_since(due, now));
    }
    uncommitted = oldest(publish, &seq) > publish->lanes.committed;
    gong_monitor_unlock(&publish->monitor);
    if (uncommitted) {
        wait = sooner(
            wait, gong_mono_since(
                      gong_mono_add(publish->committed_at, COMMIT_EVERY), now));
    }
    if (publish->lanes.gap_count > 0) {
        wait = sooner(
            wait, (gong_dur_t){GONG_NS_PER_S /
                               (int64_t)publish->options.lanes.backlog_rate});
    }
    if (gong_cadence_version(publish->cadence) != publish->born_version ||
        gong_spooler_writable(publish->spooler) != publish->born_writable) {
        wait = sooner(wait,
                      gong_mono_since(
                          gong_mono_add(publish->born_at, REBIRTH_AFTER), now));
    }
    return wait.ns > GONG_NS_PER_MS ? wait : gong_dur_ms(1);
}

/* Reads the clocks; true while batches have to wait because nothing tells when
 * they were measured. The agent's ack to the birth does, or the clock is set;
 * if neither happens they go as they are after HELD_MOST. */
static bool
hold_for_time(struct gong_publish *publish, gong_mono_t now, gong_wall_t wall,
              bool connected)
{
    int64_t offset;
    bool any;

    gong_monitor_lock(&publish->monitor);
    gong_publish_look(publish, now, wall);
    offset = gong_clock_offset_ms(&publish->clock_offset);
    any = publish->clock_offset.count > 0;
    gong_monitor_unlock(&publish->monitor);
    gong_dating_now(&publish->dating, wall, now, any ? &offset : NULL);
    if (gong_dating_known(&publish->dating) || !connected) {
        publish->held = false;
        return false;
    }
    if (!publish->held) {
        publish->held = true;
        publish->held_since = now;
    }
    return gong_mono_since(now, publish->held_since).ns < HELD_MOST.ns;
}

/*
 * An agent that has numbers of this epoch which were never given out knows them
 * from a newer copy of this spool, say before it was restored from a backup. It
 * takes what is here for duplicates, so all of it goes again under an epoch of
 * this process. What the agent had in truth it then has twice.
 */
static void
renew_if_overtaken(struct gong_publish *publish, gong_mono_t now)
{
    uint64_t old = publish->epoch;
    bool due;

    gong_monitor_lock(&publish->monitor);
    due = publish->overtaken == GONG_PUBLISH_OVERTAKEN && !publish->renewed;
    if (due) {
        publish->renewed = true;
        publish->epoch = gong_random_u64();
        publish->first_seq = 0;
        publish->highest_sent = 0;
        publish->settled = (struct gong_settled){0};
        publish->birth_due = true;
        gong_window_reconnected(&publish->window, now);
    }
    gong_monitor_unlock(&publish->monitor);
    if (due) {
        gong_log(GONG_LOG_ERROR, "spool_is_older_copy",
                 "epoch=%016" PRIx64 " goes_on_as=%016" PRIx64
                 " reason=\"the agent has numbers that this spool never gave "
                 "out\"",
                 old, publish->epoch);
    }
}

gong_dur_t
gong_publish_step(struct gong_publish *publish, gong_mono_t now,
                  gong_wall_t wall)
{
    enum progress progress = PROGRESS_MADE;
    bool connected;
    bool hold;

    gong_monitor_lock(&publish->monitor);
    connected = publish->connected;
    gong_monitor_unlock(&publish->monitor);
    hold = hold_for_time(publish, now, wall, connected);
    gong_publish_commit(publish, now, false);
    renew_if_overtaken(publish, now);
    if (!connected) {
        return IDLE_WAIT;
    }
    if (!tell_birth(publish, now)) {
        return RETRY_WAIT;
    }
    if (hold) {
        return RETRY_WAIT;
    }
    while (progress == PROGRESS_MADE) {
        progress = send_one(publish, now, wall);
    }
    return progress == PROGRESS_STUCK ? RETRY_WAIT : idle_time(publish, now);
}
