/*
 * The committer: makes records durable, an interval apart.
 *
 * A disk that failed a sync may have thrown the pages away and report success
 * the next time. The spool believes a later sync only after it has read all of
 * them back and written them again; until then the durable mark stays where it
 * is: nothing more is settled, everything else goes on.
 */
#include "agent/journal/journal_private.h"

#include "common/log.h"

#define RETRY_S 1 /* between syncs while they fail */

static void
mark_moved(struct gong_journal *journal, uint64_t durable, uint64_t dropped)
{
    (void)pthread_mutex_lock(&journal->lock);
    journal->durable = durable;
    (void)pthread_cond_broadcast(&journal->settled);
    (void)pthread_mutex_unlock(&journal->lock);
    gong_counter_set(journal->counters.durable, (int64_t)durable);
    gong_counter_set(journal->counters.dropped, (int64_t)dropped);
    if (journal->options.durable != NULL) {
        journal->options.durable(journal->options.ctx, durable);
    }
}

/* Reads what was in memory back from the files, up to limit. */
static void
tell_written(struct gong_journal *journal, uint64_t from, uint64_t limit)
{
    struct gong_spool_cursor *cursor;
    struct gong_record record;

    if (journal->options.written == NULL ||
        gong_spool_cursor_open(journal->spool, NULL, &cursor) != GONG_OK) {
        return; /* what is not told stays unsettled and comes again */
    }
    gong_spool_cursor_seek(cursor, from);
    while (gong_spool_cursor_next(cursor, limit, &record) == GONG_OK) {
        journal->options.written(journal->options.ctx, &record);
    }
    gong_spool_cursor_close(cursor);
}

/* After a sync that succeeded: all that was held up to durable is on the disk.
 * holds: as it was before that sync. */
static void
end_holding(struct gong_journal *journal, uint64_t holds, uint64_t durable)
{
    uint64_t from;
    bool holding;

    (void)pthread_mutex_lock(&journal->lock);
    holding = journal->holding;
    from = journal->held_from;
    (void)pthread_mutex_unlock(&journal->lock);
    if (!holding) {
        return;
    }
    tell_written(journal, from, durable);
    (void)pthread_mutex_lock(&journal->lock);
    journal->holding = journal->holds != holds;
    journal->held_from = durable;
    journal->append_ok = journal->append_ok || !journal->holding;
    (void)pthread_mutex_unlock(&journal->lock);
}

static void
note_sync(struct gong_journal *journal, enum gong_err err)
{
    bool ok = err == GONG_OK;

    if (!ok) {
        gong_counter_increase(journal->counters.sync_failed, 1);
    }
    if (ok == journal->sync_ok) { /* only this thread writes it */
        return;
    }
    gong_log(ok ? GONG_LOG_INFO : GONG_LOG_ERROR,
             ok ? "journal_sync_back" : "journal_sync_failed",
             "reason=\"%s\" settled=\"%s\"", gong_err_text(err),
             ok ? "again" : "nothing more until it works");
    (void)pthread_mutex_lock(&journal->lock);
    journal->sync_ok = ok;
    (void)pthread_mutex_unlock(&journal->lock);
}

static void
commit(struct gong_journal *journal)
{
    struct gong_spool_stats stats;
    uint64_t holds;
    enum gong_err err;

    if (journal->options.committing != NULL) {
        journal->options.committing(journal->options.ctx);
    }
    (void)pthread_mutex_lock(&journal->lock);
    holds = journal->holds;
    (void)pthread_mutex_unlock(&journal->lock);
    err = gong_spool_sync(journal->spool);
    gong_counter_increase(journal->counters.syncs, 1);
    gong_spool_stats(journal->spool, &stats);
    note_sync(journal, err);
    if (stats.durable > journal->durable || err == GONG_OK) {
        mark_moved(journal, stats.durable, stats.dropped_bytes);
    }
    if (err == GONG_OK && stats.memory_records == 0) {
        end_holding(journal, holds, stats.durable);
    }
}

/* Blocks until there is something to commit; false when stopping. */
static bool
wait_for_records(struct gong_journal *journal)
{
    bool running;

    (void)pthread_mutex_lock(&journal->lock);
    while (!journal->stopping && journal->end <= journal->durable) {
        struct timespec deadline;

        gong_clock_deadline(
            (gong_dur_t){journal->options.stall.ns / GONG_JOURNAL_STALL_S},
            &deadline);
        (void)pthread_cond_timedwait(&journal->grown, &journal->lock,
                                     &deadline);
        gong_journal_notice(journal);
    }
    running = !journal->stopping;
    (void)pthread_mutex_unlock(&journal->lock);
    return running;
}

/* Keeps commits an interval apart, so that one sync serves many records. */
static void
wait_interval(struct gong_journal *journal, gong_mono_t last)
{
    gong_dur_t since = gong_mono_since(gong_mono_now(), last);
    gong_dur_t interval = journal->sync_ok ? journal->options.commit_interval
                                           : gong_dur_s(RETRY_S);
    struct timespec deadline;
    int rc = 0;

    if (since.ns >= interval.ns) {
        return;
    }
    gong_clock_deadline((gong_dur_t){interval.ns - since.ns}, &deadline);
    (void)pthread_mutex_lock(&journal->lock);
    while (!journal->stopping && rc == 0) {
        rc = pthread_cond_timedwait(&journal->stopped, &journal->lock,
                                    &deadline);
    }
    (void)pthread_mutex_unlock(&journal->lock);
}

static void *
run_committer(void *ctx)
{
    struct gong_journal *journal = ctx;
    gong_mono_t last = {0};

    while (wait_for_records(journal)) {
        wait_interval(journal, last);
        last = gong_mono_now();
        commit(journal);
    }
    commit(journal);
    return NULL;
}

enum gong_err
gong_journal_start(struct gong_journal *journal)
{
    int rc = pthread_create(&journal->committer, NULL, run_committer, journal);

    if (rc != 0) {
        return gong_err_from_errno(rc);
    }
    journal->started = true;
    (void)pthread_mutex_lock(&journal->lock);
    journal->beat = gong_mono_now();
    journal->watching = true;
    (void)pthread_mutex_unlock(&journal->lock);
    return GONG_OK;
}

void
gong_journal_stop(struct gong_journal *journal)
{
    (void)pthread_mutex_lock(&journal->lock);
    journal->stopping = true;
    (void)pthread_cond_broadcast(&journal->grown);
    (void)pthread_cond_broadcast(&journal->settled);
    (void)pthread_cond_broadcast(&journal->stopped);
    (void)pthread_mutex_unlock(&journal->lock);
    if (journal->started) {
        (void)pthread_join(journal->committer, NULL);
        journal->started = false;
    }
}
