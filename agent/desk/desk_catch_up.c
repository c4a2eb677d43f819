#include "agent/desk/desk_catch_up.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/desk/desk_alert_json.h"
#include "agent/decide/effects.h"
#include "agent/trust/probe.h"
#include "common/log.h"

/* The newest record of each alert, at rest or not. */
static enum gong_err
read_newest(struct gong_spool_cursor *cursor, struct gong_incidents *newest)
{
    struct gong_effects_prefix prefix;
    struct gong_record record;
    enum gong_err err;

    while ((err = gong_spool_cursor_next(cursor, UINT64_MAX, &record)) ==
           GONG_OK) {
        struct gong_incident *incident;

        if (!gong_effects_prefix_read(&record, &prefix)) {
            continue;
        }
        /* The table has no entries at rest: any other state will do here. */
        err = gong_incidents_set(newest, prefix.key, GONG_ALERT_FIRING,
                                 record.offset);
        if (err != GONG_OK) {
            return err;
        }
        incident = gong_incidents_find(newest, prefix.key);
        incident->level = prefix.level;
        incident->held = gong_alert_state_open(prefix.to);
    }
    return err == GONG_ERR_AGAIN ? GONG_OK : err;
}

static int
compare_offsets(const void *a, const void *b)
{
    const struct gong_incident *left = a;
    const struct gong_incident *right = b;

    return left->offset < right->offset   ? -1
           : left->offset > right->offset ? 1
                                          : 0;
}

/* The entries in the order of the log; heap. */
static struct gong_incident *
in_order(const struct gong_incidents *newest)
{
    struct gong_incident *list = calloc(newest->count + 1, sizeof *list);
    size_t count = 0;

    for (size_t i = 0; list != NULL && i < newest->capacity; i++) {
        if (newest->slots[i].state != GONG_ALERT_INACTIVE) {
            list[count++] = newest->slots[i];
        }
    }
    if (list != NULL) {
        qsort(list, count, sizeof *list, compare_offsets);
    }
    return list;
}

struct known {
    enum gong_alert_state alert;
    unsigned level;
};

static enum gong_err
note_known(void *ctx, const struct gong_desk_incident *incident)
{
    struct known *known = ctx;

    known->alert = incident->alert;
    known->level = incident->level;
    return GONG_OK;
}

static enum gong_err
apply(const struct gong_desk_catch_up *catch_up,
      struct gong_spool_cursor *cursor, uint64_t offset)
{
    struct gong_desk_alert_read read;
    struct gong_record record;
    enum gong_err err;

    gong_spool_cursor_seek(cursor, offset);
    err = gong_spool_cursor_next(cursor, UINT64_MAX, &record);
    if (err != GONG_OK || record.offset != offset) {
        return GONG_OK; /* pushed out meanwhile */
    }
    err = gong_desk_alert_read(&record, &read);
    if (err == GONG_OK) {
        gong_desk_db_decide(catch_up->db, &read.decision);
        err = gong_desk_alert(catch_up->desk, &read.alert, catch_up->now_ms);
        gong_desk_db_decide(catch_up->db, NULL);
    }
    gong_desk_alert_fini(&read);
    /* Damaged, no effect, or more open than can be held. */
    return err == GONG_ERR_CORRUPT || err == GONG_ERR_AGAIN ||
                   err == GONG_ERR_TOO_LARGE
               ? GONG_OK
               : err;
}

static enum gong_err
apply_one(const struct gong_desk_catch_up *catch_up,
          struct gong_spool_cursor *cursor, const struct gong_incident *newest)
{
    struct known known = {GONG_ALERT_INACTIVE, 0};
    enum gong_err err =
        gong_desk_db_newest(catch_up->db, newest->key.rule,
                            newest->key.fingerprint, note_known, &known);

    if (err != GONG_OK && err != GONG_ERR_NOT_FOUND) {
        return err;
    }
    if (gong_probe_of_key(newest->key.rule) != GONG_PROBE_NONE) {
        return GONG_OK; /* no incidents */
    }
    if (gong_alert_state_open(known.alert) == newest->held &&
        (!newest->held || known.level == newest->level)) {
        return GONG_OK;
    }
    return apply(catch_up, cursor, newest->offset);
}

static enum gong_err
apply_all(const struct gong_desk_catch_up *catch_up,
          struct gong_spool_cursor *cursor, const struct gong_incidents *newest)
{
    struct gong_incident *list = in_order(newest);
    enum gong_err err = list == NULL ? GONG_ERR_MEMORY : GONG_OK;

    for (size_t i = 0; i < newest->count && err == GONG_OK; i++) {
        err = apply_one(catch_up, cursor, &list[i]);
    }
    free(list);
    return err;
}

enum gong_err
gong_desk_catch_up_log(const struct gong_desk_catch_up *catch_up, uint64_t *end)
{
    struct gong_incidents newest = {0};
    struct gong_spool_cursor *cursor;
    enum gong_err err = gong_spool_cursor_open(catch_up->spool, NULL, &cursor);

    if (err != GONG_OK) {
        return err;
    }
    err = read_newest(cursor, &newest);
    *end = gong_spool_cursor_offset(cursor);
    if (err == GONG_OK) {
        err = apply_all(catch_up, cursor, &newest);
    }
    gong_spool_cursor_close(cursor);
    gong_incidents_fini(&newest);
    return err;
}

/* --- what the engine does not hold --- */

struct missing {
    const struct gong_desk_catch_up *catch_up;
    const struct gong_census *census;
    uint64_t *numbers;
    size_t count;
    size_t capacity;
};

static enum gong_err
note_missing(void *ctx, const struct gong_desk_incident *incident)
{
    struct missing *missing = ctx;
    struct gong_incident_key key = {incident->rule, incident->fingerprint};

    if (gong_census_has(missing->census, key)) {
        return GONG_OK;
    }
    if (missing->count == missing->capacity) {
        size_t capacity = missing->capacity * 2 + 64;
        uint64_t *larger =
            realloc(missing->numbers, capacity * sizeof larger[0]);

        if (larger == NULL) {
            return GONG_ERR_MEMORY;
        }
        missing->numbers = larger;
        missing->capacity = capacity;
    }
    missing->numbers[missing->count++] = incident->number;
    return GONG_OK;
}

static enum gong_err
end_lost(void *ctx, const struct gong_desk_incident *incident)
{
    const struct gong_desk_catch_up *catch_up = ctx;
    struct gong_desk_alert alert = {
        .rule = incident->rule,
        .fingerprint = incident->fingerprint,
        .rule_id = incident->rule_id,
        .state = GONG_ALERT_INACTIVE,
        .trial = incident->trial,
        .lost = true,
        .value = incident->value,
        .at_ms = catch_up->now_ms,
        .since_ms = incident->since_ms,
        .labels = incident->labels,
        .label_count = incident->label_count,
        .annotations = incident->annotations,
        .annotation_count = incident->annotation_count,
    };

    gong_log(GONG_LOG_WARNING, "incident_lost",
             "incident=%" PRIu64 " fingerprint=%016" PRIx64
             " reason=\"the engine does not hold it\"",
             incident->number, incident->fingerprint);
    return gong_desk_alert(catch_up->desk, &alert, catch_up->now_ms);
}

enum gong_err
gong_desk_catch_up_census(const struct gong_desk_catch_up *catch_up,
                          const struct gong_census *census, size_t *count)
{
    struct missing missing = {.catch_up = catch_up, .census = census};
    struct gong_desk_catch_up copy = *catch_up;
    enum gong_err err =
        gong_desk_db_each_open(catch_up->db, note_missing, &missing);

    for (size_t i = 0; i < missing.count && err == GONG_OK; i++) {
        err = gong_desk_db_numbered(catch_up->db, missing.numbers[i], end_lost,
                                    &copy);
    }
    *count = missing.count;
    free(missing.numbers);
    return err;
}
