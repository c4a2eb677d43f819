#include "agent/decide/effects.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/decide/effect_json.h"
#include "agent/decide/effects_private.h"
#include "common/le.h"
#include "common/log.h"
#include "common/monitor.h"
#include "common/spool_format.h"

#define MARK_PREFIX 12
#define MARK_SIZE   (MARK_PREFIX + GONG_EFFECTS_ID_SIZE)

static bool
add_counters(struct gong_effects *effects, struct gong_counters *set)
{
    effects->kept =
        gong_counter_add(set, GONG_COUNTER, "gong_agent_effects_total",
                         "Alert transitions kept for delivery.", "");
    effects->suppressed = gong_counter_add(
        set, GONG_COUNTER, "gong_agent_effects_repeated_total",
        "Alert transitions decided again after a start, kept before.", "");
    effects->reconciled = gong_counter_add(
        set, GONG_COUNTER, "gong_agent_effects_reconciled_total",
        "Alert transitions changed, dropped or added because the journal had "
        "lost what they came from.",
        "");
    effects->failed =
        gong_counter_add(set, GONG_COUNTER, "gong_agent_effects_failed_total",
                         "Alert transitions that could not be kept.", "");
    effects->dropped = gong_counter_add(
        set, GONG_GAUGE, "gong_agent_effects_dropped_bytes",
        "Undelivered bytes dropped because the effects log was full.", "");
    return effects->kept != NULL && effects->suppressed != NULL &&
           effects->reconciled != NULL && effects->failed != NULL &&
           effects->dropped != NULL;
}

static void
learn_mark(struct gong_effects *effects, const uint8_t *bytes)
{
    effects->position = gong_le_get64(bytes);
    effects->ordinal = gong_le_get32(bytes + 8);
    effects->bound = true;
    memcpy(effects->journal_id, bytes + MARK_PREFIX, GONG_EFFECTS_ID_SIZE);
    /* The mark of a journal's first start knows no effect. */
    effects->any = effects->ordinal != 0 || effects->position != 0;
}

bool
gong_effects_prefix_read(const struct gong_record *record,
                         struct gong_effects_prefix *out)
{
    const uint8_t *bytes = (const uint8_t *)record->payload.data;

    if (record->meta.type != GONG_RECORD_EFFECT ||
        record->payload.len <= GONG_EFFECTS_PREFIX ||
        bytes[12] != GONG_EFFECTS_FORMAT ||
        !gong_alert_state_valid(bytes[13])) {
        return false;
    }
    out->position = gong_le_get64(bytes);
    out->ordinal = gong_le_get32(bytes + 8);
    out->to = (enum gong_alert_state)bytes[13];
    out->level = bytes[14];
    out->key.rule = gong_le_get64(bytes + 16);
    out->key.fingerprint = gong_le_get64(bytes + 24);
    return true;
}

/* The state and the level in which an alert was left. */
enum gong_err
gong_effects_set_incident(struct gong_effects *effects,
                          struct gong_incident_key key,
                          enum gong_alert_state to, unsigned level,
                          uint64_t offset)
{
    enum gong_err err =
        gong_incidents_set(&effects->incidents, key, to, offset);
    struct gong_incident *incident =
        gong_incidents_find(&effects->incidents, key);

    if (err == GONG_OK && incident != NULL) {
        incident->level = level;
    }
    return err;
}

static enum gong_err
learn(struct gong_effects *effects, const struct gong_record *record)
{
    struct gong_effects_prefix prefix;

    if (record->meta.type == GONG_RECORD_RESUME &&
        record->payload.len >= MARK_SIZE) {
        learn_mark(effects, (const uint8_t *)record->payload.data);
    }
    if (!gong_effects_prefix_read(record, &prefix)) {
        return GONG_OK;
    }
    effects->any = true;
    effects->position = prefix.position;
    effects->ordinal = prefix.ordinal;
    return gong_effects_set_incident(effects, prefix.key, prefix.to,
                                     prefix.level, record->offset);
}

static enum gong_err
read_all(struct gong_effects *effects)
{
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    enum gong_err err = gong_spool_cursor_open(effects->spool, NULL, &cursor);

    if (err != GONG_OK) {
        return err;
    }
    while ((err = gong_spool_cursor_next(cursor, UINT64_MAX, &record)) ==
           GONG_OK) {
        err = learn(effects, &record);
        if (err != GONG_OK) {
            break;
        }
    }
    gong_spool_cursor_close(cursor);
    return err == GONG_ERR_AGAIN ? GONG_OK : err;
}

enum gong_err
gong_effects_open(const struct gong_spool_options *options,
                  struct gong_counters *counters, struct gong_effects **out,
                  char *why, size_t why_size)
{
    struct gong_effects *effects = calloc(1, sizeof *effects);
    struct gong_spool_stats stats;
    enum gong_err err;

    *out = NULL;
    if (effects == NULL || !add_counters(effects, counters) ||
        gong_monitor_init(&effects->monitor) != GONG_OK) {
        (void)snprintf(why, why_size, "out of memory");
        free(effects);
        return GONG_ERR_MEMORY;
    }
    gong_clock_boot_id(effects->boot_id);
    err = gong_spool_open(options, &effects->spool, why, why_size);
    if (err == GONG_OK) {
        err = read_all(effects);
        if (err != GONG_OK) {
            (void)snprintf(why, why_size, "cannot read %s: %s", options->dir,
                           gong_err_text(err));
        }
    }
    if (err != GONG_OK) {
        gong_effects_close(effects);
        return err;
    }
    gong_spool_stats(effects->spool, &stats);
    effects->end = stats.end;
    effects->whole = stats.begin < GONG_SPOOL_SEGMENT_MIN;
    effects->damaged = stats.set_aside_records > 0;
    effects->reconciling = true;
    effects->extra = GONG_EFFECTS_RECONCILED;
    *out = effects;
    return GONG_OK;
}

void
gong_effects_close(struct gong_effects *effects)
{
    if (effects == NULL) {
        return;
    }
    gong_spool_close(effects->spool);
    gong_census_free(effects->census);
    gong_incidents_fini(&effects->incidents);
    gong_monitor_fini(&effects->monitor);
    free(effects);
}

static void
put_prefix(uint8_t *out, uint64_t position, uint32_t ordinal)
{
    gong_le_put64(out, position);
    gong_le_put32(out + 8, ordinal);
}

static enum gong_err
append(struct gong_effects *effects, struct gong_record_meta meta,
       const struct iovec *parts, int part_count, uint64_t *offset)
{
    size_t size = 0;
    enum gong_err err;

    for (int i = 0; i < part_count; i++) {
        size += parts[i].iov_len;
    }
    memcpy(meta.boot_id, effects->boot_id, sizeof meta.boot_id);
    meta.mono_ns = gong_mono_now().ns;
    meta.wall_ns = gong_wall_now().ns;
    err = gong_spool_append(effects->spool, &meta, parts, part_count, offset);
    if (err == GONG_ERR_IO || err == GONG_ERR_READ_ONLY ||
        err == GONG_ERR_NO_SPACE) {
        /* An alert is told also where it cannot be kept. */
        err = gong_spool_hold(effects->spool, &meta, parts, part_count,
                              offset) == GONG_OK
                  ? GONG_OK
                  : err;
    }
    if (err == GONG_OK) {
        gong_monitor_lock(&effects->monitor);
        effects->end = *offset + gong_record_size(size);
        gong_monitor_wake(&effects->monitor);
        gong_monitor_unlock(&effects->monitor);
    }
    return err;
}

enum gong_err
gong_effects_bind(struct gong_effects *effects, const uint8_t journal_id[16],
                  uint64_t journal_end)
{
    uint8_t mark[MARK_SIZE];
    struct iovec part = {mark, sizeof mark};
    struct gong_record_meta meta = {.type = GONG_RECORD_RESUME};
    uint64_t offset = 0;

    if (effects->bound &&
        memcmp(effects->journal_id, journal_id, GONG_EFFECTS_ID_SIZE) != 0) {
        effects->any = false;
    }
    if (effects->any && effects->position >= journal_end) {
        effects->any = journal_end > 0;
        effects->position = journal_end > 0 ? journal_end - 1 : 0;
        effects->ordinal = UINT32_MAX;
    }
    memcpy(effects->journal_id, journal_id, GONG_EFFECTS_ID_SIZE);
    effects->bound = true;
    put_prefix(mark, effects->any ? effects->position : 0,
               effects->any ? effects->ordinal : 0);
    memcpy(mark + MARK_PREFIX, journal_id, GONG_EFFECTS_ID_SIZE);
    return append(effects, meta, &part, 1, &offset);
}

bool
gong_effects_known(const struct gong_effects *effects, uint64_t position,
                   uint32_t ordinal)
{
    if (!effects->any || position > effects->position) {
        return false;
    }
    return position < effects->position || ordinal <= effects->ordinal;
}

static void
note_dropped(struct gong_effects *effects)
{
    struct gong_spool_stats stats;

    gong_spool_stats(effects->spool, &stats);
    effects->whole = effects->whole && stats.begin < GONG_SPOOL_SEGMENT_MIN;
    gong_counter_set(effects->dropped, (int64_t)stats.dropped_bytes);
}

/* One more link of the alert's chain. */
enum gong_err
gong_effects_keep_text(struct gong_effects *effects,
                       const struct gong_effect *effect,
                       struct gong_incident_key key, const char *json)
{
    uint8_t prefix[GONG_EFFECTS_PREFIX] = {0};
    struct gong_record_meta meta = {.type = GONG_RECORD_EFFECT,
                                    .journal_ms = effect->journal_ms};
    struct iovec parts[2] = {
        {prefix, sizeof prefix},
        {(void *)(uintptr_t)json, strlen(json)},
    };
    uint64_t offset = 0;
    enum gong_err err;

    put_prefix(prefix, effect->position, effect->ordinal);
    prefix[12] = GONG_EFFECTS_FORMAT;
    prefix[13] = (uint8_t)effect->to;
    prefix[14] = (uint8_t)effect->to_level;
    gong_le_put64(prefix + 16, key.rule);
    gong_le_put64(prefix + 24, key.fingerprint);
    err = append(effects, meta, parts, 2, &offset);
    if (err != GONG_OK) {
        return err;
    }
    effects->any = true;
    effects->position = effect->position;
    effects->ordinal = effect->ordinal;
    note_dropped(effects);
    /* Without memory the next start finds it in the log. */
    return gong_effects_set_incident(effects, key, effect->to, effect->to_level,
                                     offset);
}

void
gong_effects_note_behind(struct gong_effects *effects)
{
    effects->behind = true;
    effects->behind_at = gong_mono_now();
}

/* Nobody will be told of it, and trying again would not help. */
static void
note_too_long(const struct gong_effect *effect)
{
    char rule[256];

    (void)gong_log_quote(gong_str_of(effect->rule->id), rule, sizeof rule);
    gong_log(GONG_LOG_ERROR, "effect_too_long",
             "rule=%s fingerprint=%016" PRIx64
             " todo=\"larger segments for the log of effects, or shorter "
             "annotations\"",
             rule, effect->fingerprint);
}

enum gong_err
gong_effects_keep(struct gong_effects *effects,
                  const struct gong_effect *effect,
                  struct gong_incident_key key, int64_t decided_ms)
{
    char *json = gong_effect_to_json(effect, decided_ms);
    enum gong_err err = GONG_ERR_MEMORY;

    if (json != NULL) {
        err = gong_effects_keep_text(effects, effect, key, json);
    }
    free(json);
    if (err == GONG_ERR_TOO_LARGE) {
        note_too_long(effect);
    } else if (err != GONG_OK) {
        gong_effects_note_behind(effects);
    }
    gong_counter_increase(err == GONG_OK ? effects->kept : effects->failed, 1);
    return err;
}

struct gong_incident_key
gong_effects_key(const struct gong_effect *effect)
{
    return (struct gong_incident_key){gong_incident_rule(effect->rule->id),
                                      effect->fingerprint};
}

/* Whether the effect, which goes on from the last state in the log, would tell
 * nothing new. */
static bool
is_stale(const struct gong_effects *effects, const struct gong_effect *linked)
{
    return (linked->from == linked->to &&
            linked->from_level == linked->to_level) ||
           (effects->reconciling && linked->to == GONG_ALERT_PENDING &&
            gong_alert_state_open(linked->from));
}

enum gong_err
gong_effects_put(struct gong_effects *effects, const struct gong_effect *effect,
                 int64_t decided_ms)
{
    struct gong_incident_key key = gong_effects_key(effect);
    const struct gong_incident *incident;
    struct gong_effect linked = *effect;

    if (gong_effects_known(effects, effect->position, effect->ordinal)) {
        gong_counter_increase(effects->suppressed, 1);
        return GONG_OK;
    }
    incident = gong_incidents_find(&effects->incidents, key);
    if (incident != NULL) {
        linked.from = incident->state;
        linked.from_level = incident->level;
    } else if (effects->whole) {
        linked.from = GONG_ALERT_INACTIVE;
        linked.from_level = 0;
    }
    if (linked.from != effect->from ||
        linked.from_level != effect->from_level) {
        gong_counter_increase(effects->reconciled, 1);
        if (is_stale(effects, &linked)) {
            return GONG_OK;
        }
    }
    return gong_effects_keep(effects, &linked, key, decided_ms);
}

size_t
gong_effects_incidents(const struct gong_effects *effects)
{
    return effects->incidents.count;
}

bool
gong_effects_wait(struct gong_effects *effects, uint64_t offset,
                  gong_dur_t timeout)
{
    static const atomic_bool never = false;

    return gong_effects_wait_or(effects, offset, timeout, &never);
}

bool
gong_effects_wait_or(struct gong_effects *effects, uint64_t offset,
                     gong_dur_t timeout, const atomic_bool *other)
{
    gong_mono_t until = gong_mono_add(gong_mono_now(), timeout);
    gong_dur_t left = timeout;
    bool running;

    gong_monitor_lock(&effects->monitor);
    while (!effects->stopping && effects->end <= offset &&
           !atomic_load(other) && left.ns > 0) {
        (void)gong_monitor_wait(&effects->monitor, left);
        left = gong_mono_since(until, gong_mono_now());
    }
    running = !effects->stopping;
    gong_monitor_unlock(&effects->monitor);
    return running;
}

void
gong_effects_wake(struct gong_effects *effects)
{
    gong_monitor_lock(&effects->monitor);
    gong_monitor_wake(&effects->monitor);
    gong_monitor_unlock(&effects->monitor);
}

struct gong_census *
gong_effects_census(struct gong_effects *effects)
{
    struct gong_census *census;

    gong_monitor_lock(&effects->monitor);
    census = effects->census;
    effects->census = NULL;
    gong_monitor_unlock(&effects->monitor);
    return census;
}

void
gong_effects_stop(struct gong_effects *effects)
{
    gong_monitor_lock(&effects->monitor);
    effects->stopping = true;
    gong_monitor_wake(&effects->monitor);
    gong_monitor_unlock(&effects->monitor);
}

void
gong_effects_applied(struct gong_effects *effects, uint64_t offset)
{
    atomic_store_explicit(&effects->settled, offset, memory_order_release);
}

uint64_t
gong_effects_settled(struct gong_effects *effects)
{
    return atomic_load_explicit(&effects->settled, memory_order_acquire);
}

struct gong_spool *
gong_effects_spool(struct gong_effects *effects)
{
    return effects->spool;
}
