/* history_commit: what was heard since the last commit into the file, with how
 * far both logs were read. */
#include "agent/history/history_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/log.h"

#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 60000

static enum gong_err
put_series(void *ctx, uint32_t series, const struct gong_sample *samples,
           size_t count)
{
    return gong_history_file_put(ctx, series, samples, count);
}

static enum gong_err
put_state(void *ctx, uint32_t series, double value)
{
    return gong_history_file_state(ctx, series, value);
}

static enum gong_err
write_all(struct gong_history *history, const struct gong_history_place *place)
{
    enum gong_err err = gong_history_file_begin(history->file);

    if (err != GONG_OK) {
        return err;
    }
    err = gong_history_head_each(history->head, put_series, history->file);
    if (err == GONG_OK) {
        err = gong_history_states_changed(history->states, put_state,
                                          history->file);
    }
    if (err == GONG_OK) {
        err = gong_history_gap_write(history->gap, history->file);
    }
    if (err != GONG_OK) {
        gong_history_file_rollback(history->file);
        return err;
    }
    return gong_history_file_commit(history->file, place);
}

void
gong_history_note_failure(struct gong_history *history, enum gong_err err)
{
    char found[600];

    history->failures++;
    gong_counter_increase(history->counts.failures, 1);
    if (history->retry_ms == 0) {
        gong_log(GONG_LOG_ERROR, "history_write_failed", "reason=%s",
                 gong_log_quote(
                     gong_str_of(history->file == NULL
                                     ? gong_err_text(err)
                                     : gong_history_file_why(history->file)),
                     found, sizeof found));
    }
    history->failed = gong_mono_now();
    history->retry_ms =
        history->retry_ms == 0 ? RETRY_MIN_MS : history->retry_ms * 2;
    if (history->retry_ms > RETRY_MAX_MS) {
        history->retry_ms = RETRY_MAX_MS;
    }
}

static void
note_success(struct gong_history *history)
{
    history->commits++;
    gong_counter_increase(history->counts.commits, 1);
    if (history->retry_ms != 0) {
        gong_log(GONG_LOG_INFO, "history_write_back", "failures=%llu",
                 (unsigned long long)history->failures);
    }
    history->retry_ms = 0;
    history->committed = gong_mono_now();
    history->committed_ms = gong_history_feed_now_ms(history->feed);
    history->dirty = false;
    history->full = false;
    history->tidy_more = true;
}

/* The cursors only hold the logs: where one could not be moved, it is with the
 * next commit. */
enum gong_err
gong_history_commit_now(struct gong_history *history)
{
    struct gong_history_place place = {0};
    enum gong_err moved = GONG_OK;
    enum gong_err err = GONG_ERR_IO;

    if (history->file != NULL && history->feed != NULL) {
        gong_history_follow_place(history->follow, &place);
        (void)snprintf(place.rules, sizeof place.rules, "%s",
                       gong_history_feed_digest(history->feed));
        err = write_all(history, &place);
    }
    if (err != GONG_OK) {
        gong_history_note_failure(history, err);
        return err;
    }
    gong_history_head_clear(history->head);
    gong_history_states_forget(history->states);
    gong_history_gap_written(history->gap);
    note_success(history);
    moved = gong_history_follow_commit(history->follow, &place);
    /* Whatever became of the cursors: full rows would let nothing in. */
    err = gong_history_feed_forget(history->feed);
    if (moved != GONG_OK || err != GONG_OK) {
        gong_log(GONG_LOG_DEBUG, "history_cursor_failed", "offset=%llu",
                 (unsigned long long)place.journal.offset);
    }
    history->fresh = gong_history_follow_share(history->follow);
    return GONG_OK;
}

/* A file that is damaged, or could not be opened anew, is begun again. */
enum gong_err
gong_history_try_commit(struct gong_history *history)
{
    enum gong_err err = gong_history_commit_now(history);

    if (err == GONG_ERR_CORRUPT && history->file != NULL) {
        gong_history_drop_file(history);
    }
    if (history->feed == NULL) {
        history->full = !gong_history_mend(history);
    }
    return err;
}
