/*
 * The thread of a store. One turn of its loop:
 *
 *   effects log --cursor--.                          .--> stored
 *                          >--> batch (lines) --send--<
 *   journal ----cursor----'     full or old enough   '--> dead-letter file
 *   (to its durable mark)                                     |
 *        ^--------------------- commit both cursors <---------'
 */
#include "agent/store/store_influx.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/store/dead_letter.h"
#include "agent/decide/effect_json.h"
#include "agent/store/store_batch.h"
#include "agent/store/store_recent.h"
#include "agent/store/store_send.h"
#include "agent/trust/probe.h"
#include "common/le.h"
#include "common/log.h"
#include "common/topic.h"

#define POLL_MS       250 /* new effects are found this late at most */
#define STOP_GRACE_S  2
#define FILL_RECORDS  20000 /* between two looks at the stop flag */
#define REFUSED_SHOWN 4096  /* bytes kept of a line that is refused */

struct gong_store {
    const struct gong_store_config *config;
    struct gong_journal *journal;
    struct gong_effects *effects;
    struct gong_counters *counters;
    struct gong_spool_cursor *journal_cursor;
    struct gong_spool_cursor *effects_cursor;
    struct gong_store_sender *sender;
    struct gong_store_recent *recent; /* NULL: answers mean that it is kept */
    struct gong_store_batch batch;
    struct gong_dead_letter *undecodable; /* NULL: another store's business */
    gong_counter_t *undecodable_lost;
    gong_counter_t *dropped_strings;
    gong_counter_t *dropped_not_finite;
    gong_counter_t *damaged_effects;
    gong_counter_t *alerts;
    struct gong_lp_losses counted; /* losses already in the counters */
    gong_mono_t first_line;        /* when the batch got its first */
    uint64_t seen_durable;
    uint64_t this_run; /* effects from this offset on are of this run */
    uint64_t committed_journal;
    uint64_t committed_effects;
    struct gong_store_place
        answered; /* the store has answered for all before */
    bool commit_failing;
    bool short_of_memory;
    pthread_t thread;
};

static uint64_t
bytes_behind(void *ctx)
{
    struct gong_store *store = ctx;
    struct gong_spool_stats stats;
    uint64_t at = gong_spool_cursor_offset(store->journal_cursor);

    gong_spool_stats(gong_journal_spool(store->journal), &stats);
    return stats.durable > at ? stats.durable - at : 0;
}

static void
on_refusal(void *ctx, const struct gong_store_refusal *refusal)
{
    struct gong_store *store = ctx;
    struct gong_str text = refusal->text;
    char comment[512];
    char labels[128];
    gong_counter_t *counter;

    if (store->undecodable == NULL) {
        return;
    }
    (void)snprintf(labels, sizeof labels, "reason=\"%s\"", refusal->reason);
    counter = gong_counter_add(
        store->counters, GONG_COUNTER, "gong_agent_lines_undecodable_total",
        "Journaled lines that are no line protocol, by reason.", labels);
    if (counter != NULL) {
        gong_counter_increase(counter, 1);
    }
    (void)snprintf(comment, sizeof comment,
                   "site=%.*s device=%.*s line=%zu column=%zu reason=%s",
                   (int)refusal->site.len, refusal->site.data,
                   (int)refusal->device.len, refusal->device.data,
                   refusal->line, refusal->column, refusal->reason);
    if (text.len > REFUSED_SHOWN) {
        text.len = REFUSED_SHOWN;
    }
    gong_dead_letter_add(store->undecodable, comment, text, 1);
}

static bool
batch_full(const struct gong_store *store)
{
    return store->batch.count >= (size_t)store->config->batch_lines ||
           store->batch.text.len >= store->config->batch_bytes;
}

/* GONG_OK also where the effect is damaged: it is counted and passed over. */
static enum gong_err
add_effect(struct gong_store *store, struct gong_str payload)
{
    json_t *effect = gong_effect_from_json(gong_str_from(
        payload.data + GONG_EFFECTS_PREFIX, payload.len - GONG_EFFECTS_PREFIX));
    enum gong_err err = GONG_ERR_INVALID;

    if (effect != NULL) {
        err = gong_store_batch_add_alert(&store->batch, effect);
        json_decref(effect);
    }
    if (err == GONG_OK) {
        gong_counter_increase(store->alerts, 1);
    } else if (err != GONG_ERR_MEMORY) {
        gong_counter_increase(store->damaged_effects, 1);
        err = GONG_OK;
    }
    return err;
}

/* Only an effect of this run may be ahead of its cause; what an earlier run
 * left was told to people, whatever became of the journal's tail since. */
static bool
not_yet_durable(const struct gong_store *store,
                const struct gong_record *record, uint64_t durable)
{
    const uint8_t *position = (const uint8_t *)record->payload.data;

    return record->offset >= store->this_run &&
           gong_le_get64(position) >= durable;
}

/* What the agent tries itself out with is no history. */
static bool
is_probe(const struct gong_record *record)
{
    struct gong_effects_prefix prefix;

    return gong_effects_prefix_read(record, &prefix) &&
           gong_probe_of_key(prefix.key.rule) != GONG_PROBE_NONE;
}

/* Effects whose cause is durable. They are few and go first, so that alerts
 * are not kept waiting behind a backlog of points. */
static enum gong_err
fill_effects(struct gong_store *store, uint64_t durable)
{
    struct gong_record record;

    while (!batch_full(store) &&
           gong_spool_cursor_next(store->effects_cursor, UINT64_MAX, &record) ==
               GONG_OK) {
        enum gong_err err;

        if (record.meta.type != GONG_RECORD_EFFECT) {
            continue;
        }
        if (record.payload.len <= GONG_EFFECTS_PREFIX) {
            gong_counter_increase(store->damaged_effects, 1);
            continue;
        }
        if (is_probe(&record)) {
            continue;
        }
        if (not_yet_durable(store, &record, durable)) {
            gong_spool_cursor_seek(store->effects_cursor, record.offset);
            return GONG_OK;
        }
        err = add_effect(store, record.payload);
        if (err != GONG_OK) {
            gong_spool_cursor_seek(store->effects_cursor, record.offset);
            return err;
        }
    }
    return GONG_OK;
}

static enum gong_err
add_points(struct gong_store *store, const struct gong_record *record)
{
    if (record->meta.type == GONG_RECORD_DATA) {
        return gong_store_batch_add_data(&store->batch, record, on_refusal,
                                         store);
    }
    return record->meta.type == GONG_RECORD_RECORDED
               ? gong_store_batch_add_recorded(&store->batch, record,
                                               on_refusal, store)
               : GONG_OK;
}

/* *all: whether everything up to durable has been read. */
static enum gong_err
fill_points(struct gong_store *store, uint64_t durable, bool *all)
{
    struct gong_record record;

    *all = false;
    for (int i = 0; i < FILL_RECORDS && !batch_full(store); i++) {
        enum gong_err err;

        if (gong_spool_cursor_next(store->journal_cursor, durable, &record) !=
            GONG_OK) {
            *all = true;
            return GONG_OK;
        }
        err = add_points(store, &record);
        if (err != GONG_OK) {
            gong_spool_cursor_seek(store->journal_cursor, record.offset);
            return err;
        }
    }
    return GONG_OK;
}

static void
count_losses(struct gong_store *store)
{
    const struct gong_lp_losses *now = &store->batch.losses;

    gong_counter_increase(store->dropped_strings,
                          now->strings - store->counted.strings);
    gong_counter_increase(store->dropped_not_finite,
                          now->not_finite - store->counted.not_finite);
    store->counted = *now;
}

/* Reads what there is into the batch; true when there is more to read. */
static bool
fill(struct gong_store *store)
{
    struct gong_spool_stats stats;
    bool empty = store->batch.count == 0;
    bool all = false;
    enum gong_err err;

    gong_spool_stats(gong_journal_spool(store->journal), &stats);
    store->seen_durable = stats.durable;
    err = fill_effects(store, stats.durable);
    if (err == GONG_OK) {
        err = fill_points(store, stats.durable, &all);
    }
    if (empty && store->batch.count > 0) {
        store->first_line = gong_mono_now();
    }
    count_losses(store);
    if ((err != GONG_OK) != store->short_of_memory) {
        store->short_of_memory = err != GONG_OK;
        gong_log(err == GONG_OK ? GONG_LOG_INFO : GONG_LOG_ERROR,
                 err == GONG_OK ? "store_memory_back" : "store_no_memory",
                 "store=%s", store->config->name);
    }
    if (err != GONG_OK && store->batch.count == 0) {
        (void)gong_store_sender_pause(store->sender, gong_dur_s(1));
    }
    return !all;
}

static void
commit_one(struct gong_store *store, struct gong_spool_cursor *cursor,
           uint64_t *committed)
{
    uint64_t at = gong_spool_cursor_offset(cursor);
    enum gong_err err;

    if (at == *committed) {
        return;
    }
    err = gong_spool_cursor_commit(cursor, at);
    if (err == GONG_OK) {
        *committed = at;
    }
    if ((err != GONG_OK) != store->commit_failing) {
        store->commit_failing = err != GONG_OK;
        gong_log(err == GONG_OK ? GONG_LOG_INFO : GONG_LOG_ERROR,
                 err == GONG_OK ? "store_cursor_back" : "store_cursor_failed",
                 "store=%s error=\"%s\"", store->config->name,
                 gong_err_text(err));
    }
}

static struct gong_store_place
place(const struct gong_store *store)
{
    return (struct gong_store_place){
        .journal = gong_spool_cursor_offset(store->journal_cursor),
        .effects = gong_spool_cursor_offset(store->effects_cursor)};
}

static void
commit(struct gong_store *store)
{
    if (store->undecodable != NULL) {
        gong_dead_letter_flush(store->undecodable);
    }
    commit_one(store, store->journal_cursor, &store->committed_journal);
    commit_one(store, store->effects_cursor, &store->committed_effects);
    store->answered = place(store);
    if (store->recent != NULL) {
        gong_store_recent_answered(store->recent, store->answered,
                                   gong_mono_now());
    }
}

static void
read_again(struct gong_store *store, struct gong_store_place from)
{
    gong_spool_cursor_seek(store->journal_cursor, from.journal);
    gong_spool_cursor_seek(store->effects_cursor, from.effects);
}

/* A store that was started anew may have lost what it answered for lately. The
 * batch at hand is no part of that, and comes again in its turn. */
static bool
on_started(void *ctx, uint64_t seconds)
{
    struct gong_store *store = ctx;
    struct gong_store_place from = store->answered;

    if (!gong_store_recent_started(store->recent, seconds, store->answered,
                                   &from)) {
        return false;
    }
    gong_log(GONG_LOG_INFO, "store_restarted",
             "store=%s sent_again_from=%" PRIu64 " until=%" PRIu64,
             store->config->name, from.journal, store->answered.journal);
    read_again(store, from);
    return true;
}

/* How long the batch may still wait for more lines. */
static gong_dur_t
batch_patience(const struct gong_store *store)
{
    gong_dur_t age = gong_mono_since(gong_mono_now(), store->first_line);
    gong_dur_t left = {store->config->batch_delay.ns - age.ns};

    return left.ns > 0 ? left : (gong_dur_t){0};
}

static void
wait_for_more(struct gong_store *store)
{
    gong_dur_t length = gong_dur_ms(POLL_MS);

    if (store->batch.count > 0 && batch_patience(store).ns < length.ns) {
        length = batch_patience(store);
    }
    if (!gong_journal_wait(store->journal, store->seen_durable, true, length)) {
        /* The journal has stopped, this store not yet. */
        (void)gong_store_sender_pause(store->sender, length);
    }
}

static void *
store_main(void *ctx)
{
    struct gong_store *store = ctx;

    for (;;) {
        bool stopping = gong_store_sender_stopping(store->sender);
        bool more = fill(store);
        bool due = store->batch.count > 0 &&
                   (stopping || more || batch_patience(store).ns == 0);
        enum gong_store_sent sent = GONG_STORE_SENT;

        if (due) {
            sent = gong_store_sender_send(store->sender, &store->batch);
        }
        if (sent == GONG_STORE_STOPPED) {
            break;
        }
        if (due) {
            gong_store_batch_clear(&store->batch);
        }
        if (sent == GONG_STORE_ANEW) {
            continue;
        }
        if (store->batch.count == 0) {
            commit(store);
        }
        if (stopping && (!more || gong_store_sender_expired(store->sender))) {
            break;
        }
        if (!more && !stopping) {
            wait_for_more(store);
        }
    }
    return NULL;
}

static bool
add_counters(struct gong_store *store)
{
    struct gong_counters *set = store->counters;
    char labels[160];
    char with_reason[224];

    (void)snprintf(labels, sizeof labels, "store=\"%s\"", store->config->name);
    store->alerts =
        gong_counter_add(set, GONG_COUNTER, "gong_agent_store_alerts_total",
                         "Alert transitions read for a store.", labels);
    store->damaged_effects = gong_counter_add(
        set, GONG_COUNTER, "gong_agent_store_effects_damaged_total",
        "Alert transitions that could not be read.", labels);
    (void)snprintf(with_reason, sizeof with_reason, "%s,reason=\"string\"",
                   labels);
    store->dropped_strings = gong_counter_add(
        set, GONG_COUNTER, "gong_agent_store_fields_dropped_total",
        "Fields that a store cannot hold.", with_reason);
    (void)snprintf(with_reason, sizeof with_reason, "%s,reason=\"not_finite\"",
                   labels);
    store->dropped_not_finite = gong_counter_add(
        set, GONG_COUNTER, "gong_agent_store_fields_dropped_total",
        "Fields that a store cannot hold.", with_reason);
    store->undecodable_lost =
        gong_counter_add(set, GONG_COUNTER, "gong_agent_undecodable_lost_total",
                         "Undecodable lines that could not even be kept.", "");
    return store->alerts != NULL && store->damaged_effects != NULL &&
           store->dropped_strings != NULL &&
           store->dropped_not_finite != NULL && store->undecodable_lost != NULL;
}

static enum gong_err
open_cursors(struct gong_store *store)
{
    char name[GONG_TOPIC_NAME_MAX + sizeof "store-"];
    struct gong_spool_stats stats;
    enum gong_err err;

    (void)snprintf(name, sizeof name, "store-%s", store->config->name);
    err = gong_spool_cursor_open(gong_journal_spool(store->journal), name,
                                 &store->journal_cursor);
    if (err == GONG_OK) {
        err = gong_spool_cursor_open(gong_effects_spool(store->effects), name,
                                     &store->effects_cursor);
    }
    if (err == GONG_OK) {
        gong_spool_stats(gong_effects_spool(store->effects), &stats);
        store->this_run = stats.end;
        store->committed_journal =
            gong_spool_cursor_offset(store->journal_cursor);
        store->committed_effects =
            gong_spool_cursor_offset(store->effects_cursor);
        store->answered = place(store);
    }
    return err;
}

static enum gong_err
open_recent(struct gong_store *store, const char *state_dir)
{
    struct gong_store_place from;
    enum gong_err err = gong_store_recent_open(
        gong_journal_spool(store->journal), gong_effects_spool(store->effects),
        store->config->name, state_dir, &store->recent);

    if (err == GONG_OK &&
        gong_store_recent_resume(store->recent, store->answered, &from)) {
        read_again(store, from);
    }
    return err;
}

static enum gong_err
open_dead_letters(struct gong_store *store, const char *state_dir, char *why,
                  size_t why_size)
{
    const struct gong_store_config *config = store->config;
    const char *given = config->dead_letter_file;
    size_t size = strlen(state_dir) + GONG_TOPIC_NAME_MAX + 32;
    char *path = malloc(size);
    struct gong_store_sender_options options = {
        .config = config,
        .counters = store->counters,
        .behind = bytes_behind,
        .started = store->recent == NULL ? NULL : on_started,
        .ctx = store,
    };
    enum gong_err err = GONG_OK;

    if (path == NULL) {
        return GONG_ERR_MEMORY;
    }
    if (config->keeps_undecodable) {
        (void)snprintf(path, size, "%s/dead-letter-decode.lp", state_dir);
        store->undecodable = gong_dead_letter_new(path, GONG_DEAD_LETTER_BYTES,
                                                  store->undecodable_lost);
        err = store->undecodable == NULL ? GONG_ERR_MEMORY : GONG_OK;
    }
    (void)snprintf(path, size, "%s/dead-letter-%s.lp", state_dir, config->name);
    options.dead_letter_file = given == NULL || given[0] == '\0' ? path : given;
    if (err == GONG_OK) {
        err = gong_store_sender_new(&options, &store->sender, why, why_size);
    }
    free(path);
    return err;
}

static void
store_free(struct gong_store *store)
{
    gong_store_sender_free(store->sender);
    gong_dead_letter_free(store->undecodable);
    gong_store_batch_fini(&store->batch);
    gong_store_recent_close(store->recent);
    gong_spool_cursor_close(store->journal_cursor);
    gong_spool_cursor_close(store->effects_cursor);
    free(store);
}

static enum gong_err
store_open(struct gong_store *store, const char *state_dir, char *why,
           size_t why_size)
{
    enum gong_err err;

    if (!gong_store_config_check(store->config, why, why_size)) {
        return GONG_ERR_INVALID;
    }
    (void)snprintf(why, why_size, "store %s: cannot open its cursors",
                   store->config->name);
    if (!add_counters(store)) {
        return GONG_ERR_MEMORY;
    }
    err = gong_store_batch_init(&store->batch,
                                (enum gong_store_type)store->config->type);
    if (err == GONG_OK) {
        err = open_cursors(store);
    }
    if (err == GONG_OK && store->config->type == GONG_STORE_VICTORIAMETRICS) {
        err = open_recent(store, state_dir);
    }
    if (err == GONG_OK) {
        err = open_dead_letters(store, state_dir, why, why_size);
    }
    return err;
}

enum gong_err
gong_store_start(const struct gong_store_config *config, const char *state_dir,
                 struct gong_journal *journal, struct gong_effects *effects,
                 struct gong_counters *counters, struct gong_store **out)
{
    struct gong_store *store = calloc(1, sizeof *store);
    char why[512];
    char shown[512];
    enum gong_err err;

    if (store == NULL) {
        return GONG_ERR_MEMORY;
    }
    store->config = config;
    store->journal = journal;
    store->effects = effects;
    store->counters = counters;
    why[0] = '\0';
    err = store_open(store, state_dir, why, sizeof why);
    if (err == GONG_OK &&
        pthread_create(&store->thread, NULL, store_main, store) != 0) {
        err = GONG_ERR_MEMORY;
        (void)snprintf(why, sizeof why, "cannot start a thread");
    }
    if (err != GONG_OK) {
        gong_log(GONG_LOG_ERROR, "store_not_started", "error=%s",
                 gong_log_quote(gong_str_of(why), shown, sizeof shown));
        store_free(store);
        return err;
    }
    *out = store;
    return GONG_OK;
}

void
gong_store_stop(struct gong_store *store)
{
    if (store == NULL) {
        return;
    }
    gong_store_sender_stop(store->sender, gong_dur_s(STOP_GRACE_S));
    gong_journal_wake(store->journal);
    (void)pthread_join(store->thread, NULL);
    store_free(store);
}
