#include "agent/tell/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/tell/outbox_private.h"
#include "common/log.h"
#include "common/topic.h"

#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 60000
#define DB_RETRY_MS  500
#define LOOK_MS      50  /* whether whoever waits for a pause still does */
#define CONNECTIONS  64L /* kept open for the next message */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void
start_curl(void)
{
    /* A failure shows again, and is handled, in curl_multi_init. */
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void
note_database(struct gong_outbox *outbox, enum gong_err err)
{
    if (err != GONG_OK) {
        gong_counter_increase(outbox->failed, 1);
        outbox->failed_until =
            gong_mono_add(gong_mono_now(), gong_dur_ms(DB_RETRY_MS));
    }
    if ((err != GONG_OK) == outbox->failing) {
        return;
    }
    outbox->failing = err != GONG_OK;
    gong_log(err == GONG_OK ? GONG_LOG_INFO : GONG_LOG_ERROR,
             err == GONG_OK ? "outbox_back" : "outbox_failing",
             "file=%s error=\"%s\" todo=\"%s\"", outbox->options.path,
             gong_err_text(err), err == GONG_OK ? "" : gong_err_todo(err));
}

/* What was in hand is gone with the file that it was of; but what it came to is
 * kept by another that knows the same rows: one that was restored. */
static enum gong_err
change_file(struct gong_outbox *outbox, struct gong_outbox_db *db,
            bool same_rows)
{
    struct gong_outbox_db *before = outbox->db;
    enum gong_err err = GONG_OK;

    gong_outbox_abort_tries(outbox);
    if (same_rows) {
        outbox->db = db;
        err = gong_outbox_keep(outbox, false);
        outbox->db = before;
    }
    if (err != GONG_OK) {
        return err;
    }
    gong_outbox_free_notes(outbox);
    gong_outbox_free_recipients(outbox);
    gong_outbox_db_disown(before);
    atomic_store(&outbox->woken, true);
    return GONG_OK;
}

/* After a failure, and when the desk says so: the file under the same name. */
static enum gong_err
open_again(struct gong_outbox *outbox)
{
    struct gong_outbox_db *db;
    struct gong_outbox_file file;
    char why[GONG_OUTBOX_WHY_SIZE * 2];
    enum gong_err err =
        gong_outbox_db_open(outbox->options.path, &db, why, sizeof why);

    if (err != GONG_OK) {
        return err;
    }
    file = gong_outbox_db_file(db);
    if (file.device != outbox->file.device ||
        file.number != outbox->file.number ||
        strcmp(file.id, outbox->file.id) != 0) {
        err = change_file(outbox, db, strcmp(file.id, outbox->file.id) == 0);
    }
    if (err != GONG_OK) {
        gong_outbox_db_close(db);
        return err;
    }
    gong_outbox_db_close(outbox->db);
    outbox->db = db;
    outbox->file = file;
    return GONG_OK;
}

/* Keeps outcomes, takes new rows, begins what can be begun: in this order, so
 * that nothing goes out while the outcome of what went before cannot be kept.
 */
static enum gong_err
turn(struct gong_outbox *outbox, gong_mono_t now, gong_mono_t *when)
{
    enum gong_err err = GONG_OK;

    if (atomic_exchange(&outbox->renewed, false) || outbox->failing ||
        outbox->db == NULL) {
        err = open_again(outbox);
    }
    if (err == GONG_OK) {
        err = gong_outbox_keep(outbox, false);
    }
    if (err == GONG_OK && atomic_exchange(&outbox->woken, false)) {
        err = gong_outbox_take_rows(outbox);
        if (err != GONG_OK) {
            atomic_store(&outbox->woken, true);
        }
    }
    when->ns = INT64_MAX;
    if (err == GONG_OK && !atomic_load(&outbox->pausing)) {
        err = gong_outbox_begin_due(outbox, now, when);
    }
    if (err == GONG_OK) {
        gong_outbox_count_unreached(outbox, now);
        err = gong_outbox_sync(outbox, now);
    }
    if (outbox->unsynced && outbox->sync_due.ns < when->ns) {
        *when = outbox->sync_due;
    }
    return err;
}

/* Between two turns, with no try under way, and with nothing to be kept, unless
 * it cannot be kept. The file is closed meanwhile. */
static void
stand_still(struct gong_outbox *outbox)
{
    if (!atomic_load(&outbox->pausing) || outbox->tries != NULL ||
        (outbox->changed > 0 && !outbox->failing)) {
        return;
    }
    gong_outbox_db_close(outbox->db);
    outbox->db = NULL;
    gong_monitor_lock(&outbox->gate);
    outbox->paused = true;
    gong_monitor_wake(&outbox->gate);
    while (atomic_load(&outbox->pausing) && !atomic_load(&outbox->stopping)) {
        (void)gong_monitor_wait(&outbox->gate, gong_dur_s(1));
    }
    outbox->paused = false;
    gong_monitor_unlock(&outbox->gate);
    /* What could not be kept may be now, and by another file. */
    outbox->failed_until.ns = 0;
}

/* What was answered needs no second try after the next start, nor after a power
 * cut. */
static void
keep_last(struct gong_outbox *outbox)
{
    enum gong_err err;

    if (outbox->db == NULL && atomic_load(&outbox->pausing)) {
        return; /* whoever paused it has not given the file back */
    }
    err = outbox->db == NULL ? open_again(outbox) : GONG_OK;
    if (err == GONG_OK) {
        err = gong_outbox_keep(outbox, true);
    }
    note_database(outbox, err);
    outbox->sync_due.ns = 0;
    if (outbox->db != NULL) {
        note_database(outbox, gong_outbox_sync(outbox, gong_mono_now()));
    }
}

static void *
outbox_main(void *ctx)
{
    struct gong_outbox *outbox = ctx;

    while (!atomic_load(&outbox->stopping)) {
        gong_mono_t now = gong_mono_now();
        gong_mono_t when;

        stand_still(outbox);
        when = outbox->failed_until;
        gong_outbox_finish_tries(outbox);
        if (!outbox->failing || now.ns >= outbox->failed_until.ns) {
            enum gong_err err = turn(outbox, now, &when);

            note_database(outbox, err);
            when = err == GONG_OK ? when : outbox->failed_until;
        }
        /* What changed without a try is kept before anything else. */
        if (outbox->changed > 0 && !outbox->failing) {
            continue;
        }
        gong_outbox_poll(outbox, when);
    }
    gong_outbox_abort_tries(outbox);
    keep_last(outbox);
    return NULL;
}

/* --- start and stop --- */

static gong_counter_t *
try_counter(struct gong_counters *set, const char *channel, const char *outcome)
{
    char labels[192];

    (void)snprintf(labels, sizeof labels, "channel=\"%s\",outcome=\"%s\"",
                   channel, outcome);
    return gong_counter_add(set, GONG_COUNTER, "gong_desk_tries_total",
                            "Tries to send a message, by outcome.", labels);
}

static bool
add_way_counters(struct gong_outbox_way *way, struct gong_counters *set)
{
    char labels[128];

    (void)snprintf(labels, sizeof labels, "channel=\"%s\"", way->name);
    way->sent = try_counter(set, way->name, "sent");
    way->retried = try_counter(set, way->name, "retried");
    way->refused = try_counter(set, way->name, "refused");
    way->exhausted = try_counter(set, way->name, "exhausted");
    way->up = gong_counter_add(set, GONG_GAUGE, "gong_desk_channel_up",
                               "Whether messages pass the channel.", labels);
    (void)snprintf(labels, sizeof labels, "type=\"%s\"", way->kind->type);
    way->notified = gong_timing_add(
        set, "gong_desk_notified_seconds",
        "From a sample's arrival to the answer of whoever was told of its "
        "alert.",
        labels);
    if (way->notified == NULL || way->sent == NULL || way->retried == NULL ||
        way->refused == NULL || way->exhausted == NULL || way->up == NULL) {
        return false;
    }
    gong_counter_set(way->up, 1);
    return true;
}

static bool
add_counters(struct gong_outbox *outbox)
{
    struct gong_counters *set = outbox->options.counters;

    outbox->expired = gong_counter_add(
        set, GONG_COUNTER, "gong_desk_expired_total",
        "Messages not sent because they were old and about what is over.", "");
    outbox->unreached_total =
        gong_counter_add(set, GONG_COUNTER, "gong_desk_unreached_total",
                         "Messages that did not reach their recipient.", "");
    outbox->waiting = gong_counter_add(
        set, GONG_GAUGE, "gong_desk_waiting",
        "Messages that wait for their recipient, one for each.", "");
    outbox->failed = gong_counter_add(
        set, GONG_COUNTER, "gong_desk_outbox_failed_total",
        "Times that the outbox could not use the database.", "");
    return outbox->expired != NULL && outbox->unreached_total != NULL &&
           outbox->waiting != NULL && outbox->failed != NULL &&
           gong_unreached_init(&outbox->unreached, set);
}

static gong_dur_t
or_default(gong_dur_t given, int64_t default_ms)
{
    return given.ns > 0 ? given : gong_dur_ms(default_ms);
}

static enum gong_err
open_way(struct gong_outbox *outbox, const struct gong_outbox_channel *channel,
         char *why, size_t why_size)
{
    struct gong_outbox_way *way = &outbox->ways[outbox->way_count];
    char reason[GONG_OUTBOX_WHY_SIZE] = "";
    enum gong_err err;

    if (!gong_topic_name_valid(gong_str_of(channel->name))) {
        (void)snprintf(why, why_size,
                       "a channel's name is 1 to 64 of a-z, "
                       "0-9, _ and -");
        return GONG_ERR_INVALID;
    }
    way->name = channel->name;
    way->kind = channel->kind;
    way->rate = channel->rate;
    way->burst = channel->burst;
    gong_outbox_way_init(way, outbox->options.retry_min,
                         outbox->options.retry_max, gong_random_u64(),
                         gong_mono_now());
    if (!add_way_counters(way, outbox->options.counters)) {
        return GONG_ERR_MEMORY;
    }
    err = way->kind->open(channel->config, &way->state, reason, sizeof reason);
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "channel %s: %s", channel->name,
                       reason[0] == '\0' ? gong_err_text(err) : reason);
        return err;
    }
    outbox->way_count++;
    return GONG_OK;
}

static enum gong_err
open_parts(struct gong_outbox *outbox, char *why, size_t why_size)
{
    const struct gong_outbox_options *options = &outbox->options;
    sqlite3 *made;
    enum gong_err err = GONG_OK;

    (void)pthread_once(&curl_once, start_curl);
    outbox->multi = curl_multi_init();
    outbox->ways = calloc(options->channel_count + 1, sizeof outbox->ways[0]);
    if (outbox->multi == NULL || outbox->ways == NULL ||
        !add_counters(outbox)) {
        return GONG_ERR_MEMORY;
    }
    (void)curl_multi_setopt(outbox->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS);
    for (size_t i = 0; i < options->channel_count && err == GONG_OK; i++) {
        err = open_way(outbox, &options->channels[i], why, why_size);
    }
    if (err == GONG_OK) {
        err = gong_desk_schema_open(options->path, &made, why, why_size);
    }
    if (err == GONG_OK) {
        gong_desk_schema_close(made);
        err = gong_outbox_db_open(options->path, &outbox->db, why, why_size);
    }
    if (err == GONG_OK) {
        outbox->file = gong_outbox_db_file(outbox->db);
    }
    return err;
}

static void
outbox_free(struct gong_outbox *outbox)
{
    for (size_t i = 0; i < outbox->way_count; i++) {
        outbox->ways[i].kind->close(outbox->ways[i].state);
    }
    free(outbox->ways);
    gong_outbox_free_notes(outbox);
    if (outbox->waiting != NULL) {
        gong_outbox_free_recipients(outbox);
    }
    gong_outbox_db_close(outbox->db);
    if (outbox->multi != NULL) {
        (void)curl_multi_cleanup(outbox->multi);
    }
    gong_monitor_fini(&outbox->gate);
    free(outbox);
}

enum gong_err
gong_outbox_start(const struct gong_outbox_options *options,
                  struct gong_outbox **out, char *why, size_t why_size)
{
    struct gong_outbox *outbox = calloc(1, sizeof *outbox);
    enum gong_err err;

    *out = NULL;
    why[0] = '\0';
    if (outbox == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return GONG_ERR_MEMORY;
    }
    outbox->options = *options;
    outbox->options.retry_min = or_default(options->retry_min, RETRY_MIN_MS);
    outbox->options.retry_max = or_default(options->retry_max, RETRY_MAX_MS);
    outbox->count_unreached = true;
    atomic_init(&outbox->stopping, false);
    atomic_init(&outbox->pausing, false);
    atomic_init(&outbox->renewed, false);
    atomic_init(&outbox->woken, true); /* what waits since before */
    err = gong_monitor_init(&outbox->gate);
    if (err != GONG_OK) {
        free(outbox);
        (void)snprintf(why, why_size, "%s", gong_err_text(err));
        return err;
    }
    err = open_parts(outbox, why, why_size);
    if (err == GONG_OK &&
        pthread_create(&outbox->thread, NULL, outbox_main, outbox) != 0) {
        (void)snprintf(why, why_size, "cannot start a thread");
        err = GONG_ERR_MEMORY;
    }
    if (err != GONG_OK) {
        if (why[0] == '\0') {
            (void)snprintf(why, why_size, "%s", gong_err_text(err));
        }
        outbox_free(outbox);
        return err;
    }
    *out = outbox;
    return GONG_OK;
}

void
gong_outbox_stop(struct gong_outbox *outbox)
{
    if (outbox == NULL) {
        return;
    }
    atomic_store(&outbox->stopping, true);
    gong_monitor_wake(&outbox->gate);
    (void)curl_multi_wakeup(outbox->multi);
    (void)pthread_join(outbox->thread, NULL);
    outbox_free(outbox);
}

void
gong_outbox_wake(struct gong_outbox *outbox)
{
    atomic_store(&outbox->woken, true);
    (void)curl_multi_wakeup(outbox->multi);
}

void
gong_outbox_renew(struct gong_outbox *outbox)
{
    atomic_store(&outbox->renewed, true);
    gong_outbox_wake(outbox);
}

enum gong_err
gong_outbox_pause(struct gong_outbox *outbox, gong_dur_t timeout,
                  const atomic_bool *cancelled)
{
    gong_mono_t until = gong_mono_add(gong_mono_now(), timeout);
    bool leaves = false;
    bool paused;

    atomic_store(&outbox->pausing, true);
    (void)curl_multi_wakeup(outbox->multi);
    gong_monitor_lock(&outbox->gate);
    while (!outbox->paused && !leaves) {
        gong_dur_t left = gong_mono_since(until, gong_mono_now());

        if (left.ns <= 0) {
            break;
        }
        (void)gong_monitor_wait(&outbox->gate, left.ns < gong_dur_ms(LOOK_MS).ns
                                                   ? left
                                                   : gong_dur_ms(LOOK_MS));
        leaves = cancelled != NULL && atomic_load(cancelled);
    }
    paused = outbox->paused && !leaves;
    gong_monitor_unlock(&outbox->gate);
    if (!paused) {
        gong_outbox_resume(outbox);
    }
    return paused ? GONG_OK : leaves ? GONG_ERR_CLOSED : GONG_ERR_TIMEOUT;
}

void
gong_outbox_resume(struct gong_outbox *outbox)
{
    gong_monitor_lock(&outbox->gate);
    atomic_store(&outbox->pausing, false);
    gong_monitor_wake(&outbox->gate);
    gong_monitor_unlock(&outbox->gate);
    gong_outbox_wake(outbox);
}

void
gong_outbox_away(const struct gong_outbox *outbox,
                 void (*each)(void *ctx, const char *channel, int64_t since_ms),
                 void *ctx)
{
    for (size_t i = 0; i < outbox->way_count; i++) {
        int64_t since_ms = atomic_load(&outbox->ways[i].away_ms);

        if (since_ms != 0) {
            each(ctx, outbox->ways[i].name, since_ms);
        }
    }
}
