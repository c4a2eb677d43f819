#include "agent/tell/notify_backlog.h"

#include "agent/decide/effects.h"
#include "common/spool_format.h"

void
gong_notify_backlog_fini(struct gong_notify_backlog *backlog)
{
    gong_incidents_fini(&backlog->over);
}

static void
note(struct gong_notify_backlog *backlog, const struct gong_record *record)
{
    struct gong_effects_prefix prefix;
    const struct gong_incident *known;
    bool held;

    if (!gong_effects_prefix_read(record, &prefix) ||
        gong_alert_state_open(prefix.to)) {
        return;
    }
    known = gong_incidents_find(&backlog->over, prefix.key);
    held = known != NULL && known->held;
    if (gong_incidents_set(&backlog->over, prefix.key, GONG_ALERT_FIRING,
                           record->offset) == GONG_OK) {
        gong_incidents_find(&backlog->over, prefix.key)->held = held;
    }
}

/* What ended before from is done with, but for what is being passed over. */
static void
forget_past(struct gong_notify_backlog *backlog, uint64_t from)
{
    struct gong_incidents kept = {0};

    for (size_t i = 0; i < backlog->over.capacity; i++) {
        const struct gong_incident *over = &backlog->over.slots[i];

        if (over->state != GONG_ALERT_INACTIVE &&
            (over->held || over->offset >= from) &&
            gong_incidents_set(&kept, over->key, over->state, over->offset) ==
                GONG_OK) {
            gong_incidents_find(&kept, over->key)->held = over->held;
        }
    }
    gong_incidents_fini(&backlog->over);
    backlog->over = kept;
}

/* Whether the log may have held word that this notifier never saw: then people
 * may wait for the end of an incident whose next one would be passed over. */
static bool
has_gaps(const struct gong_spool_stats *stats, uint64_t from)
{
    return stats->set_aside_records > 0 || stats->memory_records > 0 ||
           stats->memory_lost_records > 0 || stats->begin > from ||
           (stats->begin == from && stats->begin >= GONG_SPOOL_SEGMENT_MIN);
}

void
gong_notify_backlog_look(struct gong_notify_backlog *backlog, uint64_t from)
{
    struct gong_spool_cursor *cursor;
    struct gong_spool_stats stats;
    struct gong_record record;

    gong_spool_stats(backlog->spool, &stats);
    if (has_gaps(&stats, from)) {
        gong_incidents_fini(&backlog->over);
        backlog->looked = stats.end;
        return;
    }
    forget_past(backlog, from);
    if (gong_spool_cursor_open(backlog->spool, NULL, &cursor) != GONG_OK) {
        return;
    }
    gong_spool_cursor_seek(cursor,
                           from > backlog->looked ? from : backlog->looked);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        note(backlog, &record);
    }
    backlog->looked = gong_spool_cursor_offset(cursor);
    gong_spool_cursor_close(cursor);
}

bool
gong_notify_backlog_passes(struct gong_notify_backlog *backlog,
                           const struct gong_record *record, bool opens)
{
    struct gong_effects_prefix prefix;
    struct gong_incident *over;
    bool passed;

    if (!gong_effects_prefix_read(record, &prefix)) {
        return false;
    }
    over = gong_incidents_find(&backlog->over, prefix.key);
    if (over == NULL) {
        return false;
    }
    if (opens) {
        over->held = over->offset > record->offset;
        return over->held;
    }
    passed = over->held;
    over->held = false;
    if (over->offset <= record->offset) {
        /* Removing needs no memory. */
        (void)!gong_incidents_set(&backlog->over, prefix.key,
                                  GONG_ALERT_INACTIVE, 0);
    }
    return passed;
}

bool
gong_notify_backlog_is_passed(const struct gong_notify_backlog *backlog,
                              const struct gong_record *record)
{
    struct gong_effects_prefix prefix;
    const struct gong_incident *over =
        gong_effects_prefix_read(record, &prefix)
            ? gong_incidents_find(&backlog->over, prefix.key)
            : NULL;

    return over != NULL && over->held;
}
