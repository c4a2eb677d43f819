/*
 * history: one turn of the thread's loop:
 *
 *   read some records -> publish new series -> commit, if it is time
 *        -> a step of tidying, if there is time -> wait for more
 */
#include "agent/history/history_private.h"

#include <stdlib.h>

#include "common/log.h"

#define POLL_MS      250
#define SHORT_MS     20  /* while the engine has not come so far */
#define LOOK_RECORDS 256 /* between two looks at the head's size */
#define FILL_RECORDS 8192
#define TIDY_MS      60000
#define GAP_RETRY_MS 60000
#define LAST_WORDS_S 5 /* for reading, after a stop was asked for */

/* --- when to commit --- */

static bool
is_patient(const struct gong_history *history)
{
    return history->retry_ms == 0 ||
           gong_mono_since(gong_mono_now(), history->failed).ns >=
               gong_dur_ms(history->retry_ms).ns;
}

static bool
is_large(struct gong_history *history)
{
    struct gong_history_head_sizes sizes;

    gong_history_head_sizes(history->head, &sizes);
    return sizes.bytes > history->options.config->memory;
}

/* A log is about to drop, or to refuse, for what is not in the file. */
static bool
is_pressed(struct gong_history *history)
{
    double share = gong_history_follow_share(history->follow);

    return share > 0.5 && share > history->fresh + 0.06;
}

static bool
is_due(struct gong_history *history)
{
    gong_dur_t age = gong_mono_since(gong_mono_now(), history->committed);

    return history->full ||
           (history->dirty &&
            (age.ns >= history->options.config->commit_interval.ns ||
             is_pressed(history)));
}

/* --- reading --- */

static void
note_reading(struct gong_history *history, enum gong_err err)
{
    bool ok = err == GONG_OK || err == GONG_ERR_AGAIN;

    if (ok != history->reading_ok) {
        history->reading_ok = ok;
        gong_log(ok ? GONG_LOG_INFO : GONG_LOG_ERROR,
                 ok ? "history_reading_back" : "history_reading_failed",
                 "reason=\"%s\"", gong_err_text(err));
    }
}

/* True: there is more to read now. */
static bool
fill(struct gong_history *history)
{
    bool any = true;
    enum gong_err err = GONG_OK;

    if (history->full || history->feed == NULL ||
        !gong_history_follow_look(history->follow)) {
        return false;
    }
    for (unsigned i = 0; i < FILL_RECORDS && any && err == GONG_OK; i++) {
        err = gong_history_follow_next(history->follow, history->feed, &any);
        history->dirty = history->dirty || (any && err == GONG_OK);
        if (i % LOOK_RECORDS == LOOK_RECORDS - 1 && is_large(history)) {
            err = GONG_ERR_AGAIN;
        }
    }
    note_reading(history, err);
    history->full = err != GONG_OK || is_large(history);
    if (gong_history_file_publish(history->file) != GONG_OK) {
        history->dirty = true; /* the next commit does it, or says why not */
    }
    return any && !history->full;
}

static void
count_fed(struct gong_history *history)
{
    struct gong_history_fed now = {0};

    if (history->feed != NULL) {
        gong_history_feed_counts(history->feed, &now);
        gong_counter_increase(history->counts.samples,
                              now.samples - history->counted.samples);
        gong_counter_increase(history->counts.duplicates,
                              now.duplicates - history->counted.duplicates);
        gong_counter_increase(history->counts.refused,
                              now.refused - history->counted.refused);
        gong_counter_increase(history->counts.too_large,
                              now.too_large - history->counted.too_large);
        history->samples += now.samples - history->counted.samples;
        history->counted = now;
    }
}

static void
publish(struct gong_history *history)
{
    struct gong_history_head_sizes head;
    struct gong_history_report report = {
        .tidied = history->tidied,
        .commits = history->commits,
        .failures = history->failures,
        .failing = history->retry_ms != 0,
        .committed_ms = history->committed_ms,
        .behind = gong_history_follow_behind(history->follow),
    };

    count_fed(history);
    gong_history_head_sizes(history->head, &head);
    report.head_bytes = head.bytes;
    report.head_samples = head.samples;
    report.samples = history->samples;
    if (history->file != NULL) {
        gong_history_file_sizes(history->file, &report.sizes);
    }
    if (history->feed != NULL) {
        report.read_ms = gong_history_feed_now_ms(history->feed);
    }
    gong_monitor_lock(&history->monitor);
    history->report = report;
    gong_monitor_unlock(&history->monitor);
}

/* --- the thread --- */

/* One device's gap, where one is closed; true: there was one. */
static bool
close_gap(struct gong_history *history)
{
    struct gong_history_gap_counts counts;
    bool any = false;
    enum gong_err err = GONG_OK;

    if (history->full || history->file == NULL || history->feed == NULL ||
        (history->gap_failing &&
         gong_mono_since(gong_mono_now(), history->gap_failed).ns <
             gong_dur_ms(GAP_RETRY_MS).ns)) {
        return false;
    }
    err = gong_history_gap_step(history->gap, history->feed, &any);
    history->gap_failing = err != GONG_OK;
    history->gap_failed = gong_mono_now();
    if (any) {
        history->dirty = true;
        gong_history_gap_get_counts(history->gap, &counts);
        gong_counter_increase(history->counts.gaps,
                              counts.jobs - history->gaps.jobs);
        gong_counter_increase(history->counts.late,
                              counts.late - history->gaps.late);
        history->gaps = counts;
    }
    history->full = is_large(history);
    return any && !history->full;
}

/* One step; true: there is another to do now. */
static bool
tidy(struct gong_history *history)
{
    gong_mono_t now = gong_mono_now();
    int64_t now_ms =
        history->feed == NULL ? 0 : gong_history_feed_now_ms(history->feed);
    enum gong_err err = GONG_OK;

    if (history->file == NULL || history->retry_ms != 0 || now_ms == 0 ||
        (!history->tidy_more && gong_mono_since(now, history->tidied_at).ns <
                                    gong_dur_ms(TIDY_MS).ns)) {
        return false;
    }
    history->tidied_at = now;
    history->tidy_more = false;
    err = gong_history_tidy_step(history->file, &history->limits, now_ms,
                                 &history->tidy_more, &history->tidied);
    if (err != GONG_OK) {
        gong_history_note_failure(history, err);
        history->tidy_more = false;
        history->full = history->full || err == GONG_ERR_CORRUPT;
    }
    return history->tidy_more;
}

/* What was asked of the thread when its turn began. */
struct turn {
    uint64_t asked;
    bool stopping;
};

static struct turn
look(struct gong_history *history)
{
    struct turn turn;

    gong_monitor_lock(&history->monitor);
    turn = (struct turn){history->asked, history->stopping};
    gong_monitor_unlock(&history->monitor);
    return turn;
}

static void
answer(struct gong_history *history, uint64_t asked, enum gong_err err)
{
    gong_monitor_lock(&history->monitor);
    if (asked > history->answered) {
        history->answered = asked;
        history->answer = err;
    }
    gong_monitor_unlock(&history->monitor);
    gong_monitor_wake(&history->monitor);
}

static bool
is_asked(struct gong_history *history, const struct turn *turn)
{
    bool asked;

    gong_monitor_lock(&history->monitor);
    asked = turn->asked > history->answered;
    gong_monitor_unlock(&history->monitor);
    return asked;
}

static void
sleep_for(struct gong_history *history, int64_t ms)
{
    gong_monitor_lock(&history->monitor);
    if (!history->stopping && history->asked == history->answered) {
        (void)gong_monitor_wait(&history->monitor, gong_dur_ms(ms));
    }
    gong_monitor_unlock(&history->monitor);
}

static void
wait_for_more(struct gong_history *history)
{
    uint64_t seen = gong_history_follow_seen(history->follow);

    if (history->full || gong_history_follow_lags(history->follow)) {
        sleep_for(history, history->full ? POLL_MS : SHORT_MS);
    } else if (!gong_journal_wait(history->options.journal, seen, true,
                                  gong_dur_ms(POLL_MS))) {
        sleep_for(history, POLL_MS); /* the journal has stopped */
    }
}

static void
commit_if_due(struct gong_history *history, const struct turn *turn, bool more)
{
    bool asked = is_asked(history, turn) && !more;
    enum gong_err err = GONG_OK;

    if (asked || (is_due(history) && is_patient(history))) {
        err = gong_history_try_commit(history);
    }
    publish(history);
    if (asked) {
        answer(history, turn->asked, err);
    }
}

/* Everything that can still be read, and one commit. */
static void
finish(struct gong_history *history)
{
    gong_mono_t since = gong_mono_now();

    while (gong_mono_since(gong_mono_now(), since).ns <
           gong_dur_s(LAST_WORDS_S).ns) {
        bool more = fill(history);

        if (history->full && history->retry_ms == 0) {
            more =
                gong_history_try_commit(history) == GONG_OK && !history->full;
        }
        if (!more) {
            break;
        }
    }
    if (history->dirty && gong_history_commit_now(history) != GONG_OK) {
        gong_log(GONG_LOG_WARNING, "history_left_to_journal",
                 "until=\"the next start\"");
    }
    publish(history);
}

static void *
run(void *ctx)
{
    struct gong_history *history = ctx;

    for (;;) {
        struct turn turn = look(history);
        bool more = false;

        if (turn.stopping) {
            break;
        }
        more = fill(history);
        commit_if_due(history, &turn, more);
        if (!more) {
            more = close_gap(history);
            more = tidy(history) || more;
        }
        if (!more) {
            wait_for_more(history);
        }
    }
    finish(history);
    return NULL;
}

/* --- start and stop --- */

static void
history_free(struct gong_history *history)
{
    gong_history_close_all(history);
    gong_monitor_fini(&history->monitor);
    free(history);
}

enum gong_err
gong_history_start(const struct gong_history_options *options,
                   struct gong_history **out, char *why, size_t why_size)
{
    struct gong_history *history = calloc(1, sizeof *history);
    enum gong_err err;

    *out = NULL;
    if (history == NULL || gong_monitor_init(&history->monitor) != GONG_OK) {
        free(history);
        return GONG_ERR_MEMORY;
    }
    history->options = *options;
    history->committed = gong_mono_now();
    err = gong_history_open_all(history, why, why_size);
    if (err == GONG_OK) {
        publish(history);
        if (pthread_create(&history->thread, NULL, run, history) != 0) {
            err = GONG_ERR_MEMORY;
        }
    }
    if (err != GONG_OK) {
        history_free(history);
        return err;
    }
    *out = history;
    return GONG_OK;
}

void
gong_history_stop(struct gong_history *history)
{
    if (history == NULL) {
        return;
    }
    gong_monitor_lock(&history->monitor);
    history->stopping = true;
    gong_monitor_unlock(&history->monitor);
    gong_monitor_wake(&history->monitor);
    gong_journal_wake(history->options.journal);
    (void)pthread_join(history->thread, NULL);
    history_free(history);
}

/* --- others' threads --- */

const char *
gong_history_path(const struct gong_history *history)
{
    return history->path;
}

struct gong_history_recent
gong_history_recent(struct gong_history *history)
{
    return gong_history_head_recent(history->head);
}

enum gong_err
gong_history_commit(struct gong_history *history, gong_dur_t timeout)
{
    gong_mono_t since = gong_mono_now();
    uint64_t ticket = 0;
    enum gong_err err = GONG_ERR_TIMEOUT;

    gong_monitor_lock(&history->monitor);
    ticket = ++history->asked;
    gong_monitor_unlock(&history->monitor);
    gong_monitor_wake(&history->monitor);
    gong_journal_wake(history->options.journal);
    gong_monitor_lock(&history->monitor);
    while (history->answered < ticket) {
        int64_t left = timeout.ns - gong_mono_since(gong_mono_now(), since).ns;

        if (left <= 0) {
            break;
        }
        (void)gong_monitor_wait(&history->monitor, (gong_dur_t){left});
    }
    if (history->answered >= ticket) {
        err = history->answer;
    }
    gong_monitor_unlock(&history->monitor);
    return err;
}

void
gong_history_get_report(struct gong_history *history,
                        struct gong_history_report *out)
{
    gong_monitor_lock(&history->monitor);
    *out = history->report;
    gong_monitor_unlock(&history->monitor);
}
