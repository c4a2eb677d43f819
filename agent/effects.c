#include "agent/effects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/effect_json.h"
#include "common/le.h"
#include "common/monitor.h"

#define ID_SIZE   16
#define MARK_SIZE (GONG_EFFECTS_PREFIX + ID_SIZE)

struct gong_effects {
    struct gong_spool *spool;
    uint8_t boot_id[16];
    gong_counter_t *kept;
    gong_counter_t *suppressed;
    gong_counter_t *failed;
    gong_counter_t *dropped;

    /* Engine thread, and the opener before it starts. */
    bool any; /* position and ordinal say something */
    uint64_t position;
    uint32_t ordinal;
    bool bound; /* a mark was found */
    uint8_t journal_id[ID_SIZE];

    struct gong_monitor monitor; /* guards what follows */
    uint64_t end;
    bool stopping;
};

static bool
add_counters(struct gong_effects *effects, struct gong_counters *set)
{
    effects->kept =
        gong_counter_add(set, GONG_COUNTER, "gong_agent_effects_total",
                         "Alert transitions kept for delivery.", "");
    effects->suppressed = gong_counter_add(
        set, GONG_COUNTER, "gong_agent_effects_repeated_total",
        "Alert transitions decided again after a start, kept before.", "");
    effects->failed =
        gong_counter_add(set, GONG_COUNTER, "gong_agent_effects_failed_total",
                         "Alert transitions that could not be kept.", "");
    effects->dropped = gong_counter_add(
        set, GONG_GAUGE, "gong_agent_effects_dropped_bytes",
        "Undelivered bytes dropped because the effects log was full.", "");
    return effects->kept != NULL && effects->suppressed != NULL &&
           effects->failed != NULL && effects->dropped != NULL;
}

static void
learn(struct gong_effects *effects, const struct gong_record *record)
{
    const uint8_t *bytes = (const uint8_t *)record->payload.data;
    bool mark = record->meta.type == GONG_RECORD_RESUME;

    if ((!mark && record->meta.type != GONG_RECORD_EFFECT) ||
        record->payload.len < (mark ? MARK_SIZE : GONG_EFFECTS_PREFIX)) {
        return;
    }
    effects->any = true;
    effects->position = gong_le_get64(bytes);
    effects->ordinal = gong_le_get32(bytes + 8);
    if (mark) {
        effects->bound = true;
        memcpy(effects->journal_id, bytes + GONG_EFFECTS_PREFIX, ID_SIZE);
        /* The mark of a journal's first start knows no effect. */
        effects->any = effects->ordinal != 0 || effects->position != 0;
    }
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
        learn(effects, &record);
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
            (void)snprintf(why, why_size, "reading the effects log: %s",
                           gong_err_text(err));
        }
    }
    if (err != GONG_OK) {
        gong_effects_close(effects);
        return err;
    }
    gong_spool_stats(effects->spool, &stats);
    effects->end = stats.end;
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
       const struct iovec *parts, int part_count)
{
    uint64_t offset = 0;
    size_t size = 0;
    enum gong_err err;

    for (int i = 0; i < part_count; i++) {
        size += parts[i].iov_len;
    }
    memcpy(meta.boot_id, effects->boot_id, sizeof meta.boot_id);
    meta.mono_ns = gong_mono_now().ns;
    meta.wall_ns = gong_wall_now().ns;
    err = gong_spool_append(effects->spool, &meta, parts, part_count, &offset);
    if (err == GONG_ERR_IO || err == GONG_ERR_READ_ONLY ||
        err == GONG_ERR_NO_SPACE) {
        /* An alert is told also where it cannot be kept. */
        err = gong_spool_hold(effects->spool, &meta, parts, part_count,
                              &offset) == GONG_OK
                  ? GONG_OK
                  : err;
    }
    if (err == GONG_OK) {
        gong_monitor_lock(&effects->monitor);
        effects->end = offset + gong_record_size(size);
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

    if (effects->bound &&
        memcmp(effects->journal_id, journal_id, ID_SIZE) != 0) {
        effects->any = false;
    }
    if (effects->any && effects->position >= journal_end) {
        effects->any = journal_end > 0;
        effects->position = journal_end > 0 ? journal_end - 1 : 0;
        effects->ordinal = UINT32_MAX;
    }
    memcpy(effects->journal_id, journal_id, ID_SIZE);
    effects->bound = true;
    put_prefix(mark, effects->any ? effects->position : 0,
               effects->any ? effects->ordinal : 0);
    memcpy(mark + GONG_EFFECTS_PREFIX, journal_id, ID_SIZE);
    return append(effects, meta, &part, 1);
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

static enum gong_err
keep(struct gong_effects *effects, const struct gong_effect *effect,
     int64_t decided_ms)
{
    uint8_t prefix[GONG_EFFECTS_PREFIX];
    struct gong_record_meta meta = {.type = GONG_RECORD_EFFECT,
                                    .journal_ms = effect->journal_ms};
    char *json = gong_effect_to_json(effect, decided_ms);
    struct iovec parts[2];
    enum gong_err err;

    if (json == NULL) {
        return GONG_ERR_MEMORY;
    }
    put_prefix(prefix, effect->position, effect->ordinal);
    parts[0] = (struct iovec){prefix, sizeof prefix};
    parts[1] = (struct iovec){json, strlen(json)};
    err = append(effects, meta, parts, 2);
    free(json);
    return err;
}

enum gong_err
gong_effects_put(struct gong_effects *effects, const struct gong_effect *effect,
                 int64_t decided_ms)
{
    enum gong_err err;

    if (gong_effects_known(effects, effect->position, effect->ordinal)) {
        gong_counter_increase(effects->suppressed, 1);
        return GONG_OK;
    }
    err = keep(effects, effect, decided_ms);
    gong_counter_increase(err == GONG_OK ? effects->kept : effects->failed, 1);
    if (err == GONG_OK) {
        struct gong_spool_stats stats;

        effects->any = true;
        effects->position = effect->position;
        effects->ordinal = effect->ordinal;
        gong_spool_stats(effects->spool, &stats);
        gong_counter_set(effects->dropped, (int64_t)stats.dropped_bytes);
    }
    return err;
}

bool
gong_effects_wait(struct gong_effects *effects, uint64_t offset,
                  gong_dur_t timeout)
{
    gong_mono_t until = gong_mono_add(gong_mono_now(), timeout);
    gong_dur_t left = timeout;
    bool running;

    gong_monitor_lock(&effects->monitor);
    while (!effects->stopping && effects->end <= offset && left.ns > 0) {
        (void)gong_monitor_wait(&effects->monitor, left);
        left = gong_mono_since(until, gong_mono_now());
    }
    running = !effects->stopping;
    gong_monitor_unlock(&effects->monitor);
    return running;
}

void
gong_effects_stop(struct gong_effects *effects)
{
    gong_monitor_lock(&effects->monitor);
    effects->stopping = true;
    gong_monitor_wake(&effects->monitor);
    gong_monitor_unlock(&effects->monitor);
}

struct gong_spool *
gong_effects_spool(struct gong_effects *effects)
{
    return effects->spool;
}
