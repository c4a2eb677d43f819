#include "agent/decide/engine_thread_private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "agent/decide/reconcile.h"
#include "agent/decide/snapshot_file.h"
#include "common/log.h"

#define CLOCK_APART_MS   100 /* at most ten CLOCK records a second */
#define REPORT_APART_MS  100
#define RECORDS_PER_LOOK 256
#define RETRY_MS         1000
#define RETRY_MS_MAX     60000

_Static_assert(GONG_SNAPSHOT_RULES + 1 == GONG_RULE_SHA_SIZE,
               "a snapshot names its rules by their digest");

/* --- effects --- */

static void
note_probe(struct gong_engine_thread *t, const struct gong_effect *effect)
{
    enum gong_probe_kind kind = gong_probe_of(gong_str_of(effect->rule->id));

    if (kind != GONG_PROBE_NONE) {
        gong_trust_decided(t->options.trust, kind, effect->value);
    }
}

/* The effects log counts and logs what it cannot keep. */
static void
emit(void *ctx, const struct gong_effect *effect)
{
    struct gong_engine_thread *t = ctx;
    int64_t decided_ms = gong_floor_ms(gong_wall_now().ns);
    bool fresh = !gong_effects_known(t->options.effects, effect->position,
                                     effect->ordinal);

    if (gong_effects_put(t->options.effects, effect, decided_ms) != GONG_OK ||
        !fresh || !t->now.live) {
        return;
    }
    if (effect->received_ms > 0) {
        gong_latency_note(&t->now.decided, decided_ms - effect->received_ms);
    }
    if (effect->to == GONG_ALERT_FIRING) {
        note_probe(t, effect);
    }
}

static void
on_recorded(void *ctx, const struct gong_recorded *recorded)
{
    struct gong_engine_thread *t = ctx;

    gong_recorder_put(t->recorder, recorded);
}

/* What failed before the start is old news: if it still does, it is said at the
 * rule's next instant. */
static void
on_fault(void *ctx, const struct gong_rule_fault *fault)
{
    struct gong_engine_thread *t = ctx;

    if (t->now.live && !fault->partial) {
        gong_rule_faults_note(t->faults, fault);
    }
}

static void
listen_to(struct gong_engine_thread *t, struct gong_engine *engine)
{
    gong_engine_on_recorded(engine, on_recorded, t);
    gong_engine_on_presence(engine, on_recorded, t);
    gong_engine_on_fault(engine, on_fault, t);
}

/* --- what others see --- */

static void
publish_report(struct gong_engine_thread *t, gong_mono_t now)
{
    t->reported = now;
    t->now.position = gong_spool_cursor_offset(t->cursor);
    gong_engine_stats(t->engine, &t->now.engine);
    if (t->snapshots != NULL) {
        gong_snapshots_report(t->snapshots, &t->now.snapshots);
    }
    (void)pthread_mutex_lock(&t->lock);
    t->report = t->now;
    (void)pthread_mutex_unlock(&t->lock);
}

static void
publish(struct gong_engine_thread *t)
{
    gong_mono_t now = gong_mono_now();

    if (gong_mono_since(now, t->reported).ns <
        gong_dur_ms(REPORT_APART_MS).ns) {
        return;
    }
    if (t->now.live && t->snapshots != NULL &&
        !gong_recorder_pending(t->recorder)) {
        gong_snapshots_consider(t->snapshots, t->engine,
                                gong_spool_cursor_offset(t->cursor),
                                t->now.rules_sha);
    }
    if (t->now.live) {
        gong_reconcile(t->options.effects, t->engine,
                       gong_floor_ms(gong_wall_now().ns));
    }
    publish_report(t, now);
    if (t->now.live) {
        gong_alert_board_renew(&t->board, t->engine, &t->now.engine, now);
    }
}

/* --- records --- */

static void
sleep_unless_stopping(struct gong_engine_thread *t, int64_t ms)
{
    for (; ms > 0 && !atomic_load(&t->stopping); ms -= 100) {
        gong_clock_sleep(gong_dur_ms(ms < 100 ? ms : 100));
    }
}

static bool
new_engine(struct gong_engine_thread *t)
{
    gong_engine_free(t->engine);
    gong_rule_source_free(t->rules);
    t->rules = NULL;
    t->now.rules_sha[0] = '\0';
    t->now.live = false;
    t->tried_end = 0;
    t->restored = false;
    t->now.replayed = 0;
    gong_recorder_restart(t->recorder);
    t->now.rules_lacking = gong_rule_faults_restart(t->faults, NULL);
    t->engine = gong_engine_new(&t->options.limits, emit, t);
    if (t->engine != NULL) {
        listen_to(t, t->engine);
    }
    return t->engine != NULL;
}

/* The engine may have applied a record in part: only a new one, from the
 * oldest record on, says the same as before. False without memory. */
static bool
start_anew(struct gong_engine_thread *t)
{
    struct gong_spool_stats stats;

    if (!new_engine(t)) {
        return false;
    }
    gong_spool_stats(gong_journal_spool(t->options.journal), &stats);
    gong_spool_cursor_seek(t->cursor, stats.begin);
    return gong_engine_find_first_rules(t);
}

/* When the thread stops first there is no engine. */
static void
start_over(struct gong_engine_thread *t)
{
    bool started = false;

    t->now.restarts++;
    gong_log(GONG_LOG_ERROR, "engine_out_of_memory", "retry_ms=%" PRId64,
             t->retry_ms);
    do {
        sleep_unless_stopping(t, t->retry_ms);
        t->retry_ms =
            t->retry_ms * 2 > RETRY_MS_MAX ? RETRY_MS_MAX : t->retry_ms * 2;
        started = start_anew(t);
    } while (!started && !atomic_load(&t->stopping));
    if (!started) {
        gong_engine_free(t->engine);
        t->engine = NULL;
    }
}

static void
apply(struct gong_engine_thread *t, const struct gong_record *record)
{
    bool applied;

    t->now.replayed += t->now.live ? 0 : 1;
    t->now.read_ms = record->meta.journal_ms;
    gong_recorder_seen(t->recorder, record);
    applied = record->meta.type == GONG_RECORD_CONFIG
                  ? gong_engine_apply_config(t, record)
                  : gong_engine_apply(t->engine, record) == GONG_OK;
    gong_engine_keep_rules_known(t, record);
    if (!applied || gong_engine_is_short(t->engine)) {
        start_over(t);
    } else {
        gong_effects_applied(t->options.effects, record->next);
    }
    gong_recorder_flush(t->recorder, t->now.live);
}

static void
become_live(struct gong_engine_thread *t)
{
    t->now.live = true;
    t->retry_ms = RETRY_MS;
    gong_effects_applied(t->options.effects,
                         gong_spool_cursor_offset(t->cursor));
    gong_recorder_flush(t->recorder, true);
    publish_report(t, gong_mono_now());
    gong_log(GONG_LOG_INFO, "engine_live",
             "replayed=%" PRIu64 " from=\"%s\" rules=%" PRIu64
             " firing=%" PRIu64,
             t->now.replayed, t->restored ? "snapshot" : "journal begin",
             t->now.engine.rules, t->now.engine.firing);
}

/* Asks for a CLOCK record when a timer is due; returns how long to wait for
 * something to read. */
static gong_dur_t
ask_for_time(struct gong_engine_thread *t)
{
    int64_t now_ms = gong_journal_now_ms(t->options.journal);
    int64_t deadline_ms = gong_engine_deadline(t->engine);
    int64_t earliest_ms = t->clock_ms + CLOCK_APART_MS;

    if (deadline_ms < earliest_ms) {
        deadline_ms = earliest_ms;
    }
    if (deadline_ms <= now_ms) {
        t->clock_ms = now_ms;
        if (gong_journal_append(t->options.journal, GONG_RECORD_CLOCK, NULL, 0,
                                0, NULL) == GONG_OK) {
            t->now.clock_records++;
            return gong_dur_ms(0);
        }
        deadline_ms = now_ms + CLOCK_APART_MS;
    }
    return deadline_ms - now_ms > REPORT_APART_MS
               ? gong_dur_ms(REPORT_APART_MS)
               : gong_dur_ms(deadline_ms - now_ms);
}

/* Nothing to read: waits until there is. The end is looked at before the last
 * try, so that bytes which cannot be read do not make the loop spin. */
static void
idle(struct gong_engine_thread *t)
{
    struct gong_journal_health health;
    gong_dur_t wait;

    gong_journal_health(t->options.journal, &health);
    if (health.end != t->tried_end) {
        t->tried_end = health.end;
        return;
    }
    if (!t->now.live) {
        become_live(t);
    }
    gong_recorder_flush(t->recorder, true);
    publish(t);
    wait = ask_for_time(t);
    if (!gong_journal_wait(t->options.journal, t->tried_end, false, wait)) {
        atomic_store(&t->stopping, true);
    }
}

/* The end of what can be read now; false when the thread is to end. */
static bool
pause_reading(struct gong_engine_thread *t, enum gong_err err)
{
    bool drained;

    if (err == GONG_ERR_AGAIN) {
        uint64_t tried = t->tried_end;

        t->reading_ok = true;
        idle(t);
        drained = tried == t->tried_end;
        return !(drained && atomic_load(&t->stopping));
    }
    if (t->reading_ok) {
        t->reading_ok = false;
        gong_log(GONG_LOG_ERROR, "journal_read_failed", "reason=\"%s\"",
                 gong_err_text(err));
    }
    sleep_unless_stopping(t, RETRY_MS);
    return !atomic_load(&t->stopping);
}

static void *
run(void *ctx)
{
    struct gong_engine_thread *t = ctx;
    unsigned since_look = 0;
    bool running = true;

    if (!t->restored && !gong_engine_find_first_rules(t)) {
        start_over(t);
    }
    while (running && t->engine != NULL) {
        struct gong_record record;
        enum gong_err err =
            gong_spool_cursor_next(t->cursor, UINT64_MAX, &record);

        if (err != GONG_OK) {
            running = pause_reading(t, err);
            continue;
        }
        apply(t, &record);
        if (++since_look >= RECORDS_PER_LOOK && t->engine != NULL) {
            since_look = 0;
            publish(t);
            running = t->now.live || !atomic_load(&t->stopping);
        }
    }
    if (t->engine != NULL) {
        publish_report(t, gong_mono_now());
    }
    return NULL;
}

/* --- start and stop --- */

static void
free_thread(struct gong_engine_thread *t)
{
    gong_snapshots_stop(t->snapshots);
    gong_spool_cursor_close(t->cursor);
    gong_engine_free(t->engine);
    gong_rule_source_free(t->rules);
    gong_recorder_free(t->recorder);
    gong_rule_faults_free(t->faults);
    gong_alert_board_fini(&t->board);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

/* Goes on from the newest snapshot that holds, if there is one; *bytes is its
 * size. */
static bool
restore(struct gong_engine_thread *t, uint64_t *bytes)
{
    struct gong_snapshot_load load = {
        .state_dir = t->options.state_dir,
        .journal = gong_journal_spool(t->options.journal),
        .limits = &t->options.limits,
        .emit = emit,
        .ctx = t,
    };
    struct gong_snapshot_found found;

    if (t->options.snapshot_max.ns == 0 || !gong_snapshot_load(&load, &found)) {
        return false;
    }
    t->engine = found.engine;
    listen_to(t, t->engine);
    t->rules = found.rules;
    t->now.rules_lacking = gong_rule_faults_restart(t->faults, t->rules->set);
    t->restored = true;
    memcpy(t->now.rules_sha, found.place.rules, sizeof t->now.rules_sha);
    gong_spool_cursor_seek(t->cursor, found.place.position);
    *bytes = found.bytes;
    return true;
}

static enum gong_err
start_engine(struct gong_engine_thread *t)
{
    struct gong_snapshots_options options = {
        .state_dir = t->options.state_dir,
        .journal = t->options.journal,
        .effects = t->options.effects,
        .min = t->options.snapshot_min,
        .max = t->options.snapshot_max,
        .gather_min = GONG_SNAPSHOT_GATHER_MIN,
    };

    t->recorder = gong_recorder_new(t->options.journal, t->options.counters);
    t->faults = gong_rule_faults_new(t->options.counters);
    if (t->recorder == NULL || t->faults == NULL ||
        (!restore(t, &options.last_bytes) && !new_engine(t))) {
        return GONG_ERR_MEMORY;
    }
    return options.max.ns == 0
               ? GONG_OK
               : gong_snapshots_start(&options,
                                      gong_spool_cursor_offset(t->cursor),
                                      &t->snapshots);
}

enum gong_err
gong_engine_thread_start(const struct gong_engine_thread_options *options,
                         struct gong_engine_thread **out)
{
    struct gong_engine_thread *t = calloc(1, sizeof *t);
    enum gong_err err;

    *out = NULL;
    if (t == NULL) {
        return GONG_ERR_MEMORY;
    }
    (void)pthread_mutex_init(&t->lock, NULL);
    gong_alert_board_init(&t->board);
    atomic_init(&t->stopping, false);
    t->options = *options;
    t->config_segment = UINT64_MAX;
    t->retry_ms = RETRY_MS;
    t->reading_ok = true;
    err = gong_spool_cursor_open(gong_journal_spool(options->journal), NULL,
                                 &t->cursor);
    if (err == GONG_OK) {
        err = start_engine(t);
    }
    if (err == GONG_OK) {
        err = gong_err_from_errno(pthread_create(&t->thread, NULL, run, t));
    }
    if (err != GONG_OK) {
        free_thread(t);
        return err;
    }
    *out = t;
    return GONG_OK;
}

void
gong_engine_thread_stop(struct gong_engine_thread *t)
{
    if (t == NULL) {
        return;
    }
    atomic_store(&t->stopping, true);
    gong_journal_wake(t->options.journal);
    (void)pthread_join(t->thread, NULL);
    free_thread(t);
}

void
gong_engine_thread_report(struct gong_engine_thread *t,
                          struct gong_engine_report *out)
{
    (void)pthread_mutex_lock(&t->lock);
    *out = t->report;
    (void)pthread_mutex_unlock(&t->lock);
}

struct gong_alert_view *
gong_engine_thread_alerts(struct gong_engine_thread *t)
{
    return gong_alert_board_get(&t->board);
}

const char *
gong_engine_thread_fault(struct gong_engine_thread *t, const char *rule_id)
{
    return gong_rule_faults_text(t->faults, rule_id);
}
