/*
 * history: one turn of the thread's loop:
 *
 *   read some records -> publish new series -> commit, if it is time
 *        -> a step of tidying, if there is time -> wait for more
 */
#include "agent/history/history.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/history/history_feed.h"
#include "agent/history/history_follow.h"
#include "agent/history/history_schema.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/monitor.h"

#define POLL_MS      250
#define SHORT_MS     20  /* while the engine has not come so far */
#define LOOK_RECORDS 256 /* between two looks at the head's size */
#define FILL_RECORDS 8192
#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 60000
#define TIDY_MS      60000
#define LAST_WORDS_S 5 /* for reading, after a stop was asked for */

struct counts {
    gong_counter_t *samples;
    gong_counter_t *duplicates;
    gong_counter_t *refused;
    gong_counter_t *too_large;
    gong_counter_t *commits;
    gong_counter_t *failures;
    gong_counter_t *damaged;
};

struct gong_history {
    struct gong_history_options options;
    char *path;
    struct gong_history_file *file;
    struct gong_history_head *head;
    struct gong_history_states *states;
    struct gong_history_feed *feed;
    struct gong_history_follow *follow;
    struct gong_history_limits limits;
    struct counts counts;
    struct gong_history_fed counted; /* of this feed, already in the counters */
    struct gong_history_tidied tidied;
    uint64_t commits;
    uint64_t failures;
    uint64_t samples;
    int64_t committed_ms;
    double fresh; /* share of a log that is held, at the last commit */
    gong_mono_t committed;
    gong_mono_t failed;
    gong_mono_t tidied_at;
    int64_t retry_ms; /* 0: the last commit went well */
    bool dirty;       /* something was read since the last commit */
    bool full;        /* a commit must come before more is read */
    bool reading_ok;
    bool tidy_more;

    struct gong_monitor monitor;
    struct gong_history_report report; /* this and those below: under it */
    uint64_t asked;
    uint64_t answered;
    enum gong_err answer;
    bool stopping;
    pthread_t thread;
};

/* --- opening --- */

static void
restore_state(void *ctx, uint32_t series, double value)
{
    struct gong_history *history = ctx;

    if (gong_history_states_set(history->states, series, value, NULL) !=
        GONG_OK) {
        history->reading_ok = false;
    }
}

static enum gong_err
make_parts(struct gong_history *history)
{
    struct gong_history_feed_options options = {
        .file = history->file,
        .head = history->head,
        .state_dir = history->options.state_dir,
    };

    gong_history_feed_free(history->feed);
    gong_history_states_free(history->states);
    history->feed = NULL;
    history->counted = (struct gong_history_fed){0};
    history->states = gong_history_states_new();
    options.states = history->states;
    if (history->states != NULL) {
        history->feed = gong_history_feed_new(&options);
    }
    return history->feed == NULL ? GONG_ERR_MEMORY : GONG_OK;
}

/* Where the file says, with what stood there. */
static enum gong_err
go_on(struct gong_history *history)
{
    struct gong_history_place place;
    enum gong_err err = make_parts(history);

    if (err == GONG_OK) {
        history->reading_ok = true;
        err = gong_history_file_states(history->file, restore_state, history);
    }
    if (err == GONG_OK && !history->reading_ok) {
        err = GONG_ERR_MEMORY;
    }
    if (err == GONG_OK) {
        gong_history_states_forget(history->states);
        gong_history_file_place(history->file, &place);
        err = gong_history_feed_rules(history->feed, place.rules);
    }
    if (err == GONG_OK) {
        gong_history_follow_from(history->follow, &place);
    }
    return err;
}

static enum gong_err
set_aside(struct gong_history *history, const char *why)
{
    char aside[4200] = "";
    char found[600];
    enum gong_err err = gong_history_file_set_aside(
        history->path, gong_floor_ms(gong_wall_now().ns) / 1000, aside,
        sizeof aside);

    gong_counter_increase(history->counts.damaged, 1);
    gong_log(GONG_LOG_ERROR, "history_damaged",
             "reason=%s kept_as=\"%s\" next=\"a new one, from the journal\"",
             gong_log_quote(gong_str_of(why), found, sizeof found),
             err == GONG_OK ? aside : gong_err_text(err));
    return err;
}

static enum gong_err
open_file(struct gong_history *history, char *why, size_t why_size)
{
    enum gong_err err =
        gong_history_file_open(history->path, &history->file, why, why_size);

    if (err == GONG_ERR_CORRUPT && set_aside(history, why) == GONG_OK) {
        err = gong_history_file_open(history->path, &history->file, why,
                                     why_size);
    }
    return err;
}

/* A file that turned out damaged: what was heard and is not in the journal any
 * more is lost with it. */
static void
drop_file(struct gong_history *history)
{
    char why[512];

    (void)snprintf(why, sizeof why, "%s", gong_history_file_why(history->file));
    gong_history_feed_free(history->feed);
    history->feed = NULL;
    gong_history_file_close(history->file);
    history->file = NULL;
    gong_history_head_clear(history->head);
    (void)set_aside(history, why);
}

/* What is missing of file and feed; false: it still is. */
static bool
mend(struct gong_history *history)
{
    char why[512];

    if (history->file == NULL &&
        open_file(history, why, sizeof why) != GONG_OK) {
        history->file = NULL;
    }
    if (history->file != NULL && history->feed == NULL &&
        go_on(history) != GONG_OK) {
        gong_history_feed_free(history->feed);
        history->feed = NULL;
    }
    return history->feed != NULL;
}

/* --- committing --- */

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
    if (err != GONG_OK) {
        gong_history_file_rollback(history->file);
        return err;
    }
    return gong_history_file_commit(history->file, place);
}

static void
note_failure(struct gong_history *history, enum gong_err err)
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
static enum gong_err
commit(struct gong_history *history)
{
    struct gong_history_place place = {0};
    enum gong_err err = GONG_ERR_IO;

    if (history->file != NULL && history->feed != NULL) {
        gong_history_follow_place(history->follow, &place);
        (void)snprintf(place.rules, sizeof place.rules, "%s",
                       gong_history_feed_digest(history->feed));
        err = write_all(history, &place);
    }
    if (err != GONG_OK) {
        note_failure(history, err);
        return err;
    }
    gong_history_head_clear(history->head);
    gong_history_states_forget(history->states);
    note_success(history);
    if (gong_history_follow_commit(history->follow, &place) != GONG_OK ||
        gong_history_feed_forget(history->feed) != GONG_OK) {
        gong_log(GONG_LOG_DEBUG, "history_cursor_failed", "offset=%llu",
                 (unsigned long long)place.journal.offset);
    }
    history->fresh = gong_history_follow_share(history->follow);
    return GONG_OK;
}

/* A file that is damaged, or could not be opened anew, is begun again. */
static enum gong_err
try_commit(struct gong_history *history)
{
    enum gong_err err = commit(history);

    if (err == GONG_ERR_CORRUPT && history->file != NULL) {
        drop_file(history);
    }
    if (history->feed == NULL) {
        history->full = !mend(history);
    }
    return err;
}

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
        note_failure(history, err);
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
        err = try_commit(history);
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
            (void)try_commit(history);
            more = !history->full;
        }
        if (!more) {
            break;
        }
    }
    if (history->dirty) {
        (void)commit(history);
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
        if (!more && !tidy(history)) {
            wait_for_more(history);
        }
    }
    finish(history);
    return NULL;
}

/* --- start and stop --- */

static bool
add_counters(struct gong_history *history)
{
    static const char *const texts[][2] = {
        {"gong_agent_history_samples_total", "Samples put into the history."},
        {"gong_agent_history_duplicates_total",
         "Samples of a stamp that their series had."},
        {"gong_agent_history_refused_total",
         "Lines, records and stamps that the history cannot hold."},
        {"gong_agent_history_too_large_total",
         "Numbers left out for the size of their labels or rows."},
        {"gong_agent_history_commits_total",
         "Transactions that put samples into history.db."},
        {"gong_agent_history_failures_total",
         "Transactions of history.db that failed."},
        {"gong_agent_history_damaged_total",
         "Times that history.db was damaged and begun anew."},
    };
    gong_counter_t **all[] = {
        &history->counts.samples, &history->counts.duplicates,
        &history->counts.refused, &history->counts.too_large,
        &history->counts.commits, &history->counts.failures,
        &history->counts.damaged,
    };
    bool added = true;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        *all[i] = gong_counter_add(history->options.counters, GONG_COUNTER,
                                   texts[i][0], texts[i][1], "");
        added = added && *all[i] != NULL;
    }
    return added;
}

static void
history_free(struct gong_history *history)
{
    gong_history_feed_free(history->feed);
    gong_history_states_free(history->states);
    gong_history_head_free(history->head);
    gong_history_follow_close(history->follow);
    gong_history_file_close(history->file);
    gong_monitor_fini(&history->monitor);
    free(history->path);
    free(history);
}

static enum gong_err
history_open(struct gong_history *history, char *why, size_t why_size)
{
    const struct gong_history_config *config = history->options.config;
    size_t size = strlen(history->options.state_dir) + 32;
    enum gong_err err = GONG_ERR_MEMORY;

    (void)snprintf(why, why_size, "cannot open the history");
    history->limits = (struct gong_history_limits){
        .age_ms = {config->raw.ns / GONG_NS_PER_MS,
                   config->five_minutes.ns / GONG_NS_PER_MS,
                   config->one_hour.ns / GONG_NS_PER_MS},
        .bytes = config->size,
    };
    history->path = malloc(size);
    history->head = gong_history_head_new();
    if (history->path == NULL || history->head == NULL ||
        !add_counters(history)) {
        return GONG_ERR_MEMORY;
    }
    (void)snprintf(history->path, size, "%s/" GONG_HISTORY_FILE,
                   history->options.state_dir);
    err = gong_history_follow_open(history->options.journal,
                                   history->options.effects, &history->follow);
    if (err == GONG_OK) {
        err = open_file(history, why, why_size);
    }
    return err == GONG_OK ? go_on(history) : err;
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
    err = history_open(history, why, why_size);
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
