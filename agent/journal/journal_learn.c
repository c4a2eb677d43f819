#include "agent/journal/journal_learn.h"

#include "agent/journal/journal_clock.h"

static void
note(const struct gong_journal_learner *learner,
     const struct gong_record *record, int64_t *last_ms)
{
    int64_t ms = record->meta.journal_ms;

    ms = ms < GONG_JOURNAL_MS_MAX ? ms : GONG_JOURNAL_MS_MAX;
    *last_ms = ms > *last_ms ? ms : *last_ms;
    if (record->meta.type == GONG_RECORD_CONFIG) {
        gong_config_refs_note(learner->configs, record->payload,
                              record->offset);
    }
}

static enum gong_err
read_from(struct gong_spool *spool, uint64_t from, uint64_t seen_from,
          const struct gong_journal_learner *learner, int64_t *last_ms)
{
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    enum gong_err err = gong_spool_cursor_open(spool, NULL, &cursor);

    if (err != GONG_OK) {
        return err;
    }
    gong_spool_cursor_seek(cursor, from);
    gong_config_refs_skip(learner->configs, gong_spool_cursor_offset(cursor));
    while ((err = gong_spool_cursor_next(cursor, UINT64_MAX, &record)) ==
           GONG_OK) {
        note(learner, &record, last_ms);
        if (record.offset >= seen_from) {
            learner->seen(learner->ctx, &record);
        }
    }
    gong_spool_cursor_close(cursor);
    return err == GONG_ERR_AGAIN ? GONG_OK : err;
}

static uint64_t
ask_where(struct gong_spool *spool, const struct gong_journal_learner *learner)
{
    if (learner->seen == NULL) {
        return UINT64_MAX;
    }
    return learner->seen_from == NULL ? 0
                                      : learner->seen_from(learner->ctx, spool);
}

enum gong_err
gong_journal_learn(struct gong_spool *spool,
                   const struct gong_journal_learner *learner, int64_t *last_ms)
{
    uint64_t seen_from = ask_where(spool, learner);
    struct gong_spool_stats stats;
    enum gong_err err;
    uint64_t from;

    *last_ms = 0;
    gong_spool_stats(spool, &stats);
    from = seen_from < stats.checked ? seen_from : stats.checked;
    err = read_from(spool, from, seen_from, learner, last_ms);
    /* All that was looked at is damaged by now: only older ones know. */
    if (err == GONG_OK && *last_ms == 0 && from > stats.begin) {
        err = read_from(spool, 0, UINT64_MAX, learner, last_ms);
    }
    return err;
}
