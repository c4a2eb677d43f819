/*
 * One lock orders records: within it a record gets its journal time and its
 * place, so both grow together. The spool's own lock is taken inside and is
 * the only one that ever is.
 */
#include "agent/journal/journal.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/journal/journal_learn.h"
#include "agent/journal/journal_private.h"
#include "common/le.h"
#include "common/log.h"

#define RESUME_SIZE 16

static bool
add_counters(struct gong_journal_counters *c, struct gong_counters *set)
{
    c->records =
        gong_counter_add(set, GONG_COUNTER, "gong_agent_journal_records_total",
                         "Records appended to the journal.", "");
    c->bytes =
        gong_counter_add(set, GONG_COUNTER, "gong_agent_journal_bytes_total",
                         "Bytes appended to the journal.", "");
    c->append_failed = gong_counter_add(
        set, GONG_COUNTER, "gong_agent_journal_append_failed_total",
        "Records that the journal could not take.", "");
    c->held = gong_counter_add(
        set, GONG_COUNTER, "gong_agent_journal_held_records_total",
        "Records that went to memory because the disk failed.", "");
    c->syncs =
        gong_counter_add(set, GONG_COUNTER, "gong_agent_journal_syncs_total",
                         "Times that the journal was made durable.", "");
    c->sync_failed = gong_counter_add(
        set, GONG_COUNTER, "gong_agent_journal_sync_failed_total",
        "Times that making the journal durable failed.", "");
    c->end =
        gong_counter_add(set, GONG_GAUGE, "gong_agent_journal_end_offset",
                         "Where the journal's next record goes, bytes.", "");
    c->durable =
        gong_counter_add(set, GONG_GAUGE, "gong_agent_journal_durable_offset",
                         "Journal bytes before this survive a power cut.", "");
    c->dropped = gong_counter_add(
        set, GONG_GAUGE, "gong_agent_journal_dropped_bytes",
        "Unread journal bytes dropped because it was full, since start.", "");
    c->clock_steps = gong_counter_add(
        set, GONG_COUNTER, "gong_agent_journal_clock_steps_total",
        "Times that journal time stepped forward to the wall clock.", "");
    return c->clock_steps != NULL && c->records != NULL && c->bytes != NULL &&
           c->append_failed != NULL && c->held != NULL && c->syncs != NULL &&
           c->sync_failed != NULL && c->end != NULL && c->durable != NULL &&
           c->dropped != NULL;
}

static enum gong_err
init_conds(struct gong_journal *journal)
{
    if (gong_clock_cond_init(&journal->grown) != GONG_OK) {
        return GONG_ERR_MEMORY;
    }
    if (gong_clock_cond_init(&journal->settled) != GONG_OK) {
        (void)pthread_cond_destroy(&journal->grown);
        return GONG_ERR_MEMORY;
    }
    if (gong_clock_cond_init(&journal->stopped) != GONG_OK) {
        (void)pthread_cond_destroy(&journal->grown);
        (void)pthread_cond_destroy(&journal->settled);
        return GONG_ERR_MEMORY;
    }
    (void)pthread_mutex_init(&journal->lock, NULL);
    return GONG_OK;
}

static void
adopt_spool(struct gong_journal *journal)
{
    struct gong_spool_stats stats;

    gong_spool_stats(journal->spool, &stats);
    journal->end = stats.end;
    journal->durable = stats.durable;
    journal->append_ok = true;
    journal->sync_ok = true;
    gong_journal_clock_start(&journal->clock, journal->last_ms, gong_mono_now(),
                             gong_wall_now());
    gong_counter_set(journal->counters.end, (int64_t)stats.end);
    gong_counter_set(journal->counters.durable, (int64_t)stats.durable);
}

enum gong_err
gong_journal_open(const struct gong_journal_options *options,
                  struct gong_counters *counters, struct gong_journal **out,
                  char *why, size_t why_size)
{
    struct gong_journal *journal = calloc(1, sizeof *journal);
    enum gong_err err;

    *out = NULL;
    if (journal == NULL || !add_counters(&journal->counters, counters) ||
        init_conds(journal) != GONG_OK) {
        (void)snprintf(why, why_size, "out of memory");
        free(journal);
        return GONG_ERR_MEMORY;
    }
    journal->options = *options;
    if (journal->options.stall.ns == 0) {
        journal->options.stall = gong_dur_s(GONG_JOURNAL_STALL_S);
    }
    gong_clock_boot_id(journal->boot_id);
    err = gong_spool_open(&options->spool, &journal->spool, why, why_size);
    if (err == GONG_OK) {
        struct gong_journal_learner learner = {.seen = options->seen,
                                               .seen_from = options->seen_from,
                                               .ctx = options->seen_ctx,
                                               .configs = &journal->configs};

        err = gong_journal_learn(journal->spool, &learner, &journal->last_ms);
        if (err != GONG_OK) {
            (void)snprintf(why, why_size, "cannot read %s: %s",
                           options->spool.dir, gong_err_text(err));
        }
    }
    if (err != GONG_OK) {
        gong_journal_close(journal);
        return err;
    }
    adopt_spool(journal);
    *out = journal;
    return GONG_OK;
}

void
gong_journal_close(struct gong_journal *journal)
{
    if (journal == NULL) {
        return;
    }
    gong_journal_stop(journal);
    gong_spool_close(journal->spool);
    gong_config_refs_fini(&journal->configs);
    (void)pthread_cond_destroy(&journal->grown);
    (void)pthread_cond_destroy(&journal->settled);
    (void)pthread_cond_destroy(&journal->stopped);
    (void)pthread_mutex_destroy(&journal->lock);
    free(journal);
}

static size_t
parts_size(const struct iovec *parts, int part_count)
{
    size_t size = 0;

    for (int i = 0; i < part_count; i++) {
        size += parts[i].iov_len;
    }
    return size;
}

/* A full log is not a failing disk: what it refuses comes again. One that drops
 * its oldest is full only where the disk has no room even for that. */
static bool
may_hold(const struct gong_journal *journal, enum gong_err err)
{
    return err == GONG_ERR_IO || err == GONG_ERR_READ_ONLY ||
           (err == GONG_ERR_NO_SPACE &&
            journal->options.spool.policy == GONG_SPOOL_DROP_OLDEST);
}

/* Under the lock. The disk where it can be, else memory where that is allowed.
 */
static enum gong_err
put(struct gong_journal *journal, const struct gong_record_meta *meta,
    const struct iovec *parts, int part_count, uint64_t *offset)
{
    enum gong_err err =
        gong_spool_append(journal->spool, meta, parts, part_count, offset);

    journal->append_ok = err == GONG_OK; /* the spool logs the change */
    if (!may_hold(journal, err) ||
        gong_spool_hold(journal->spool, meta, parts, part_count, offset) !=
            GONG_OK) {
        return err;
    }
    journal->holds++;
    if (!journal->holding) {
        journal->holding = true;
        journal->held_from = *offset;
    }
    gong_counter_increase(journal->counters.held, 1);
    return GONG_OK;
}

/* Under the lock: place and time in one go. */
static enum gong_err
append(struct gong_journal *journal, struct gong_record_meta meta,
       const struct iovec *parts, int part_count, uint64_t *offset)
{
    gong_mono_t mono = gong_mono_now();
    gong_wall_t wall = gong_wall_now();
    enum gong_err err;

    memcpy(meta.boot_id, journal->boot_id, sizeof meta.boot_id);
    meta.codec = GONG_CODEC_PLAIN;
    meta.journal_ms = gong_journal_clock_read(&journal->clock, mono, wall);
    meta.mono_ns = mono.ns;
    meta.wall_ns = meta.wall_ns != 0 ? meta.wall_ns : wall.ns;
    err = put(journal, &meta, parts, part_count, offset);
    if (err != GONG_OK) {
        return err;
    }
    journal->end = *offset + gong_record_size(parts_size(parts, part_count));
    if (meta.type == GONG_RECORD_CONFIG && part_count == 1) {
        gong_config_refs_note(
            &journal->configs,
            gong_str_from(parts[0].iov_base, parts[0].iov_len), *offset);
    }
    (void)pthread_cond_broadcast(&journal->grown);
    return GONG_OK;
}

static void
count_append(struct gong_journal *journal, enum gong_err err, uint64_t offset,
             size_t payload)
{
    uint64_t size = gong_record_size(payload);

    if (err != GONG_OK) {
        gong_counter_increase(journal->counters.append_failed, 1);
        return;
    }
    gong_counter_increase(journal->counters.records, 1);
    gong_counter_increase(journal->counters.bytes, size);
    gong_counter_set(journal->counters.end, (int64_t)(offset + size));
}

/* Under the lock. */
static enum gong_err
append_resume(struct gong_journal *journal, int64_t blind_ms)
{
    struct gong_record_meta meta = {.type = GONG_RECORD_RESUME};
    uint8_t payload[RESUME_SIZE];
    struct iovec part = {payload, sizeof payload};
    uint64_t offset = 0;
    enum gong_err err;

    gong_le_put64(payload, (uint64_t)blind_ms);
    gong_le_put64(payload + 8,
                  (uint64_t)(journal->options.settle.ns / GONG_NS_PER_MS));
    err = append(journal, meta, &part, 1, &offset);
    count_append(journal, err, offset, sizeof payload);
    return err;
}

/* The committer gives a sign of life every second, so a long silence means that
 * nobody ran at all. */
static void
notice_stall(struct gong_journal *journal, gong_mono_t now)
{
    int64_t gap = gong_mono_since(now, journal->beat).ns;

    journal->beat = now;
    if (gap <= journal->options.stall.ns) {
        return;
    }
    gong_log(GONG_LOG_WARNING, "stalled", "blind_ms=%" PRId64,
             gap / GONG_NS_PER_MS);
    (void)!append_resume(journal, gap / GONG_NS_PER_MS);
}

/* Time that never was is blind time: nothing may come due by it. */
static void
notice_step(struct gong_journal *journal, gong_mono_t now)
{
    struct gong_journal_clock before = journal->clock;
    int64_t step =
        gong_journal_clock_step(&journal->clock, now, gong_wall_now());

    if (step == 0) {
        return;
    }
    if (append_resume(journal, step) != GONG_OK) {
        journal->clock = before; /* until that can be told */
        return;
    }
    gong_counter_increase(journal->counters.clock_steps, 1);
    gong_log(GONG_LOG_WARNING, "clock_stepped", "forward_ms=%" PRId64, step);
}

void
gong_journal_notice(struct gong_journal *journal)
{
    gong_mono_t now = gong_mono_now();

    if (!journal->watching) {
        journal->beat = now;
        return;
    }
    notice_stall(journal, now);
    notice_step(journal, now);
}

enum gong_err
gong_journal_resume(struct gong_journal *journal, int64_t blind_ms)
{
    enum gong_err err;

    (void)pthread_mutex_lock(&journal->lock);
    gong_journal_notice(journal);
    err = append_resume(journal, blind_ms);
    (void)pthread_mutex_unlock(&journal->lock);
    return err;
}

enum gong_err
gong_journal_append(struct gong_journal *journal, enum gong_record_type type,
                    const struct iovec *parts, int part_count, int64_t wall_ns,
                    uint64_t *position)
{
    struct gong_record_meta meta = {.type = (uint8_t)type, .wall_ns = wall_ns};
    uint64_t offset = 0;
    enum gong_err err;

    (void)pthread_mutex_lock(&journal->lock);
    gong_journal_notice(journal);
    err = append(journal, meta, parts, part_count, &offset);
    (void)pthread_mutex_unlock(&journal->lock);
    count_append(journal, err, offset, parts_size(parts, part_count));
    if (err == GONG_OK && position != NULL) {
        *position = offset;
    }
    return err;
}

bool
gong_journal_held(struct gong_journal *journal, uint64_t position)
{
    return position >= gong_spool_written(journal->spool);
}

bool
gong_journal_holding(struct gong_journal *journal)
{
    bool holding;

    (void)pthread_mutex_lock(&journal->lock);
    holding = journal->holding;
    (void)pthread_mutex_unlock(&journal->lock);
    return holding;
}

enum gong_err
gong_journal_repeat_config(struct gong_journal *journal)
{
    struct gong_record_meta meta = {.type = GONG_RECORD_CONFIG};
    char name[GONG_CONFIG_NAME_SIZE];
    struct iovec part = {name, sizeof name};
    uint64_t offset = 0;
    enum gong_err err = GONG_ERR_NOT_FOUND;
    bool known;

    (void)pthread_mutex_lock(&journal->lock);
    known = journal->configs.any;
    if (known) {
        memcpy(name, journal->configs.newest, sizeof name);
        err = append(journal, meta, &part, 1, &offset);
    }
    (void)pthread_mutex_unlock(&journal->lock);
    if (known) {
        count_append(journal, err, offset, sizeof name);
    }
    return err;
}

bool
gong_journal_config_named(struct gong_journal *journal, struct gong_str name)
{
    struct gong_spool_stats stats;
    bool named;

    gong_spool_stats(journal->spool, &stats);
    (void)pthread_mutex_lock(&journal->lock);
    gong_config_refs_forget(&journal->configs, stats.begin);
    named = gong_config_refs_named(&journal->configs, name, stats.begin);
    (void)pthread_mutex_unlock(&journal->lock);
    return named;
}

int64_t
gong_journal_last_ms(const struct gong_journal *journal)
{
    return journal->last_ms;
}

int64_t
gong_journal_now_ms(struct gong_journal *journal)
{
    int64_t now;

    (void)pthread_mutex_lock(&journal->lock);
    gong_journal_notice(journal);
    now = gong_journal_clock_read(&journal->clock, gong_mono_now(),
                                  gong_wall_now());
    (void)pthread_mutex_unlock(&journal->lock);
    return now;
}

int64_t
gong_journal_ahead_ms(struct gong_journal *journal)
{
    return gong_journal_now_ms(journal) - gong_floor_ms(gong_wall_now().ns);
}

bool
gong_journal_wait(struct gong_journal *journal, uint64_t offset, bool durable,
                  gong_dur_t timeout)
{
    const uint64_t *mark = durable ? &journal->durable : &journal->end;
    pthread_cond_t *moved = durable ? &journal->settled : &journal->grown;
    struct timespec deadline;
    uint64_t wakes;
    bool running;
    int rc = 0;

    gong_clock_deadline(timeout, &deadline);
    (void)pthread_mutex_lock(&journal->lock);
    wakes = journal->wakes;
    while (!journal->stopping && *mark <= offset && journal->wakes == wakes &&
           rc == 0) {
        rc = pthread_cond_timedwait(moved, &journal->lock, &deadline);
    }
    running = !journal->stopping;
    (void)pthread_mutex_unlock(&journal->lock);
    return running;
}

void
gong_journal_wake(struct gong_journal *journal)
{
    (void)pthread_mutex_lock(&journal->lock);
    journal->wakes++;
    (void)pthread_cond_broadcast(&journal->grown);
    (void)pthread_cond_broadcast(&journal->settled);
    (void)pthread_mutex_unlock(&journal->lock);
}

struct gong_spool *
gong_journal_spool(struct gong_journal *journal)
{
    return journal->spool;
}

void
gong_journal_health(struct gong_journal *journal,
                    struct gong_journal_health *out)
{
    (void)pthread_mutex_lock(&journal->lock);
    out->append_ok = journal->append_ok;
    out->sync_ok = journal->sync_ok;
    out->holding = journal->holding;
    out->holds = journal->holds;
    out->end = journal->end;
    out->durable = journal->durable;
    (void)pthread_mutex_unlock(&journal->lock);
}
