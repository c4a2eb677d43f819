#include "agent/history/history_follow.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

struct gong_history_follow {
    struct gong_spool *journal;
    struct gong_spool *effects;
    struct gong_effects *log;
    struct gong_spool_cursor *records;
    struct gong_spool_cursor *caused;
    uint64_t journal_end; /* when it was opened */
    uint64_t effects_end;
    uint64_t last;          /* the last record given, or where reading began */
    uint64_t durable;       /* at the last look */
    uint64_t limit;         /* of the journal, at the last look */
    uint64_t effects_limit; /* everything before limit caused is before it */
    bool no_effects;        /* before effects_limit, any more */
};

enum gong_err
gong_history_follow_open(struct gong_journal *journal,
                         struct gong_effects *effects,
                         struct gong_history_follow **out)
{
    struct gong_history_follow *follow = calloc(1, sizeof *follow);
    struct gong_spool_stats stats;
    enum gong_err err = GONG_OK;

    *out = NULL;
    if (follow == NULL) {
        return GONG_ERR_MEMORY;
    }
    follow->log = effects;
    follow->journal = gong_journal_spool(journal);
    follow->effects = gong_effects_spool(effects);
    err = gong_spool_cursor_open(follow->journal, "history", &follow->records);
    if (err == GONG_OK) {
        err =
            gong_spool_cursor_open(follow->effects, "history", &follow->caused);
    }
    if (err != GONG_OK) {
        gong_history_follow_close(follow);
        return err;
    }
    gong_spool_stats(follow->journal, &stats);
    follow->journal_end = stats.end;
    gong_spool_stats(follow->effects, &stats);
    follow->effects_end = stats.end;
    *out = follow;
    return GONG_OK;
}

void
gong_history_follow_close(struct gong_history_follow *follow)
{
    if (follow == NULL) {
        return;
    }
    gong_spool_cursor_close(follow->records);
    gong_spool_cursor_close(follow->caused);
    free(follow);
}

/* --- places --- */

static bool
is_nowhere(const struct gong_history_log_place *place)
{
    static const struct gong_history_log_place nowhere = {0};

    return memcmp(place->id, nowhere.id, sizeof place->id) == 0;
}

/* Where reading of one log begins. */
static uint64_t
start_of(struct gong_spool *spool, const struct gong_history_log_place *place,
         const char *log)
{
    struct gong_spool_stats stats;
    uint8_t id[16];

    gong_spool_id(spool, id);
    gong_spool_stats(spool, &stats);
    if (is_nowhere(place)) {
        return stats.begin;
    }
    if (memcmp(id, place->id, sizeof id) != 0 ||
        !gong_spool_position_holds(spool, place->generation, place->offset)) {
        gong_log(GONG_LOG_WARNING, "history_other_log",
                 "log=%s found=\"another than the history was made from, or a "
                 "shorter one\" read_from=%" PRIu64,
                 log, stats.begin);
        return stats.begin;
    }
    if (place->offset < stats.begin) {
        gong_log(GONG_LOG_WARNING, "history_gap",
                 "log=%s bytes_gone=%" PRIu64 " read_from=%" PRIu64, log,
                 stats.begin - place->offset, stats.begin);
    }
    return place->offset > stats.begin ? place->offset : stats.begin;
}

void
gong_history_follow_from(struct gong_history_follow *follow,
                         const struct gong_history_place *place)
{
    follow->last = start_of(follow->journal, &place->journal, "journal");
    gong_spool_cursor_seek(follow->records, follow->last);
    gong_spool_cursor_seek(
        follow->caused, start_of(follow->effects, &place->effects, "effects"));
    follow->limit = 0;
    follow->effects_limit = 0;
    follow->no_effects = false;
}

static struct gong_history_log_place
place_in(struct gong_spool *spool, uint64_t offset)
{
    struct gong_history_log_place place = {.offset = offset};
    struct gong_spool_stats stats;

    gong_spool_id(spool, place.id);
    gong_spool_stats(spool, &stats);
    place.generation = stats.generation;
    return place;
}

void
gong_history_follow_place(struct gong_history_follow *follow,
                          struct gong_history_place *out)
{
    out->journal = place_in(follow->journal, follow->last);
    out->effects =
        place_in(follow->effects, gong_spool_cursor_offset(follow->caused));
}

enum gong_err
gong_history_follow_commit(struct gong_history_follow *follow,
                           const struct gong_history_place *place)
{
    enum gong_err err =
        gong_spool_cursor_commit(follow->records, place->journal.offset);

    return err == GONG_OK
               ? gong_spool_cursor_commit(follow->caused, place->effects.offset)
               : err;
}

/* --- reading --- */

bool
gong_history_follow_look(struct gong_history_follow *follow)
{
    uint64_t settled = gong_effects_settled(follow->log);
    struct gong_spool_stats stats;

    gong_spool_stats(follow->journal, &stats);
    follow->durable = stats.durable;
    follow->limit = settled < stats.durable ? settled : stats.durable;
    gong_spool_stats(follow->effects, &stats);
    follow->effects_limit = stats.end;
    follow->no_effects = false;
    return gong_spool_cursor_offset(follow->records) < follow->limit;
}

/* Whether an effect's cause lies before offset, or nowhere. */
static bool
is_due(const struct gong_history_follow *follow,
       const struct gong_record *effect, uint64_t offset)
{
    struct gong_effects_prefix prefix;

    if (!gong_effects_prefix_read(effect, &prefix) ||
        prefix.position < offset) {
        return true;
    }
    return effect->offset < follow->effects_end &&
           prefix.position >= follow->journal_end;
}

static enum gong_err
give_effects(struct gong_history_follow *follow, struct gong_history_feed *feed,
             uint64_t offset)
{
    while (!follow->no_effects) {
        struct gong_record record;
        enum gong_err err = gong_spool_cursor_next(
            follow->caused, follow->effects_limit, &record);

        if (err == GONG_ERR_AGAIN) {
            follow->no_effects = true;
            break;
        }
        if (err != GONG_OK) {
            return err;
        }
        if (record.meta.type != GONG_RECORD_EFFECT) {
            continue;
        }
        if (!is_due(follow, &record, offset)) {
            gong_spool_cursor_seek(follow->caused, record.offset);
            break;
        }
        err = gong_history_feed_effect(feed, &record);
        if (err != GONG_OK) {
            gong_spool_cursor_seek(follow->caused, record.offset);
            return err;
        }
    }
    return GONG_OK;
}

enum gong_err
gong_history_follow_next(struct gong_history_follow *follow,
                         struct gong_history_feed *feed, bool *any)
{
    struct gong_record record;
    enum gong_err err =
        gong_spool_cursor_next(follow->records, follow->limit, &record);

    *any = false;
    if (err == GONG_ERR_AGAIN) {
        return GONG_OK;
    }
    if (err != GONG_OK) {
        return err;
    }
    err = give_effects(follow, feed, record.offset);
    if (err == GONG_OK) {
        err = gong_history_feed_record(feed, &record);
    }
    if (err != GONG_OK) {
        gong_spool_cursor_seek(follow->records, record.offset);
        return err;
    }
    follow->last = record.offset;
    *any = true;
    return GONG_OK;
}

/* --- how far --- */

static uint64_t
from_to(uint64_t from, uint64_t to)
{
    return to > from ? to - from : 0;
}

uint64_t
gong_history_follow_behind(struct gong_history_follow *follow)
{
    struct gong_spool_stats stats;

    gong_spool_stats(follow->journal, &stats);
    return from_to(gong_spool_cursor_offset(follow->records), stats.durable);
}

static double
share_of(struct gong_spool *spool, struct gong_spool_cursor *cursor)
{
    struct gong_spool_stats stats;

    gong_spool_stats(spool, &stats);
    return (double)from_to(gong_spool_cursor_committed(cursor), stats.end) /
           (double)stats.bytes_max;
}

double
gong_history_follow_share(struct gong_history_follow *follow)
{
    double journal = share_of(follow->journal, follow->records);
    double effects = share_of(follow->effects, follow->caused);

    return journal > effects ? journal : effects;
}

uint64_t
gong_history_follow_seen(const struct gong_history_follow *follow)
{
    return follow->durable;
}

bool
gong_history_follow_lags(const struct gong_history_follow *follow)
{
    return follow->limit < follow->durable;
}
