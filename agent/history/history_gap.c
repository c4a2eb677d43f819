#include "agent/history/history_gap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/gap/gap_replay.h"
#include "agent/gap/gap_source.h"
#include "agent/history/history_states.h"
#include "common/le.h"
#include "common/log.h"

#define NOTE_SIZE   ((size_t)48)
#define LOGGED      20 /* alerts of one job that are named in the log */
#define NAMES_SIZE  ((size_t)2 * (GONG_TOPIC_NAME_MAX + 1))
#define NOTE_PREFIX "gap "

struct gong_history_gap {
    const char *path;
    const struct gong_history_recent *recent;
    struct gong_gap_table *table;
    uint64_t written;               /* version of the table in the file */
    struct gong_gap_rules rules;    /* of set */
    const struct gong_ruleset *set; /* NULL: not known */
    uint64_t change;                /* of the feed, that brought it */
    struct gong_history_gap_counts counts;
};

struct gong_history_gap *
gong_history_gap_new(const char *path, const struct gong_history_recent *recent)
{
    struct gong_history_gap *gap = calloc(1, sizeof *gap);

    if (gap == NULL) {
        return NULL;
    }
    gap->path = path;
    gap->recent = recent;
    gap->table = gong_gap_table_new();
    if (gap->table == NULL) {
        free(gap);
        return NULL;
    }
    return gap;
}

void
gong_history_gap_free(struct gong_history_gap *gap)
{
    if (gap != NULL) {
        gong_gap_rules_fini(&gap->rules);
        gong_gap_table_free(gap->table);
    }
    free(gap);
}

struct gong_gap_table *
gong_history_gap_table(struct gong_history_gap *gap)
{
    return gap->table;
}

void
gong_history_gap_get_counts(const struct gong_history_gap *gap,
                            struct gong_history_gap_counts *out)
{
    *out = gap->counts;
}

/* --- in the file: "gap <site>/<device>" -> i64 each, in this order --- */

static void
encode(const struct gong_gap *gap, uint8_t bytes[NOTE_SIZE])
{
    gong_le_put64(bytes, (uint64_t)gap->from_ms);
    gong_le_put64(bytes + 8, (uint64_t)gap->to_ms);
    gong_le_put64(bytes + 16, gap->epoch);
    gong_le_put64(bytes + 24, gap->highest);
    gong_le_put64(bytes + 32, gap->low);
    gong_le_put64(bytes + 40, (uint64_t)gap->heard_ms);
}

static enum gong_err
restore_note(void *ctx, struct gong_str name, struct gong_str bytes)
{
    struct gong_history_gap *history = ctx;
    const uint8_t *at = (const uint8_t *)bytes.data;
    struct gong_gap gap = {0};
    const char *slash = memchr(name.data, '/', name.len);
    const size_t before = sizeof NOTE_PREFIX - 1;
    size_t site = 0;
    size_t device = 0;

    if (name.len < before || memcmp(name.data, NOTE_PREFIX, before) != 0) {
        return GONG_OK;
    }
    if (slash == NULL || bytes.len != NOTE_SIZE) {
        return GONG_ERR_CORRUPT;
    }
    site = (size_t)(slash - name.data) - before;
    device = name.len - before - site - 1;
    if (site > GONG_TOPIC_NAME_MAX || device > GONG_TOPIC_NAME_MAX) {
        return GONG_ERR_CORRUPT;
    }
    memcpy(gap.site, name.data + before, site);
    memcpy(gap.device, slash + 1, device);
    gap.from_ms = (int64_t)gong_le_get64(at);
    gap.to_ms = (int64_t)gong_le_get64(at + 8);
    gap.epoch = gong_le_get64(at + 16);
    gap.highest = gong_le_get64(at + 24);
    gap.low = gong_le_get64(at + 32);
    gap.heard_ms = (int64_t)gong_le_get64(at + 40);
    return gong_gap_table_restore(history->table, &gap) == GONG_ERR_MEMORY
               ? GONG_ERR_MEMORY
               : GONG_OK;
}

enum gong_err
gong_history_gap_load(struct gong_history_gap *gap,
                      struct gong_history_file *file)
{
    enum gong_err err;

    /* The feed is another one, too. */
    gong_gap_rules_fini(&gap->rules);
    gap->set = NULL;
    gong_gap_table_clear(gap->table);
    err = gong_history_file_notes(file, restore_note, gap);
    gong_history_gap_written(gap);
    return err;
}

struct writing {
    struct gong_history_file *file;
    enum gong_err err;
};

static void
write_note(void *ctx, const struct gong_gap *gap)
{
    struct writing *writing = ctx;
    char name[sizeof NOTE_PREFIX + NAMES_SIZE];
    uint8_t bytes[NOTE_SIZE];

    if (writing->err == GONG_OK) {
        (void)snprintf(name, sizeof name, NOTE_PREFIX "%s/%s", gap->site,
                       gap->device);
        encode(gap, bytes);
        writing->err = gong_history_file_note(
            writing->file, gong_str_of(name),
            gong_str_from((const char *)bytes, NOTE_SIZE));
    }
}

enum gong_err
gong_history_gap_write(struct gong_history_gap *gap,
                       struct gong_history_file *file)
{
    struct writing writing = {file, GONG_OK};

    if (gap->written == gong_gap_table_version(gap->table)) {
        return GONG_OK;
    }
    writing.err = gong_history_file_notes_end(file);
    if (writing.err == GONG_OK) {
        gong_gap_table_each(gap->table, write_note, &writing);
    }
    return writing.err;
}

void
gong_history_gap_written(struct gong_history_gap *gap)
{
    gap->written = gong_gap_table_version(gap->table);
}

/* --- a job --- */

struct job {
    struct gong_history_gap *history;
    struct gong_history_feed *feed;
    struct gong_gap gap;
    int64_t to_ms; /* live samples say how it went on */
    struct gong_history_reader *reader;
    size_t logged;
};

static enum gong_err
renew_rules(struct gong_history_gap *gap, struct gong_history_feed *feed)
{
    const struct gong_ruleset *set = gong_history_feed_set(feed);
    uint64_t change = gong_history_feed_changes(feed);
    enum gong_err err = GONG_OK;

    if (gap->set != NULL && change == gap->change) {
        return GONG_OK;
    }
    gong_gap_rules_fini(&gap->rules);
    gap->set = NULL;
    if (set != NULL) {
        err = gong_gap_rules_init(&gap->rules, set);
    }
    if (err == GONG_OK) {
        gap->set = set;
        gap->change = change;
    }
    return err;
}

/* When ALERTS said first that it fires, in its time; INT64_MAX: it never did.
 */
static enum gong_err
find_told(struct job *job, uint32_t series,
          const struct gong_gap_interval *interval, int64_t *told_ms)
{
    const struct gong_history_recent *recent = job->history->recent;
    int64_t to = interval->open ? job->to_ms : interval->ended_ms;
    int64_t last = gong_history_block(GONG_RESOLUTION_RAW, to);
    struct gong_samples samples = {0};
    enum gong_err err =
        recent->read(recent->ctx, series, interval->fired_ms, to, &samples);

    *told_ms = INT64_MAX;
    if (err == GONG_OK) {
        err = gong_history_reader_begin(job->reader);
    }
    if (err == GONG_OK) {
        int64_t block =
            gong_history_block(GONG_RESOLUTION_RAW, interval->fired_ms);

        for (; err == GONG_OK && block <= last; block++) {
            err =
                gong_history_reader_block(job->reader, series, block, &samples);
        }
        gong_history_reader_end(job->reader);
    }
    for (size_t i = 0; i < samples.count; i++) {
        const struct gong_sample *sample = &samples.data[i];

        if (sample->ms >= interval->fired_ms && sample->ms <= to &&
            !gong_is_stale(sample->value) && sample->ms < *told_ms) {
            *told_ms = sample->ms;
        }
    }
    gong_samples_fini(&samples);
    return err;
}

static void
log_late(struct job *job, const struct gong_gap_interval *interval,
         const char *what)
{
    char rule[256];
    char site[GONG_TOPIC_NAME_MAX * 4 + 3];
    char device[GONG_TOPIC_NAME_MAX * 4 + 3];

    if (job->logged++ < LOGGED) {
        gong_log(
            GONG_LOG_INFO, what,
            "rule=%s site=%s device=%s fingerprint=%016" PRIx64
            " since_ms=%" PRId64 " fired_ms=%" PRId64 " ended_ms=%" PRId64,
            gong_log_quote(gong_str_of(interval->rule), rule, sizeof rule),
            gong_log_quote(gong_str_of(job->gap.site), site, sizeof site),
            gong_log_quote(gong_str_of(job->gap.device), device, sizeof device),
            interval->fingerprint, interval->since_ms, interval->fired_ms,
            interval->ended_ms);
    }
}

static enum gong_err
put_interval(struct job *job, const struct gong_gap_interval *interval)
{
    struct gong_history_past past = {interval, job->gap.from_ms, job->to_ms};
    int64_t told = INT64_MAX;
    uint32_t series = 0;
    enum gong_err err =
        gong_history_feed_past_series(job->feed, interval, &series);

    if (err == GONG_OK && series != 0) {
        err = find_told(job, series, interval, &told);
    }
    if (err == GONG_OK) {
        err = gong_history_feed_past(job->feed, series, &past);
    }
    if (err != GONG_OK) {
        return err;
    }
    if (told == INT64_MAX) {
        job->history->counts.late++;
        log_late(job, interval, "alert_known_late");
    } else if (told > interval->fired_ms + GONG_HISTORY_STATE_EVERY_MS &&
               interval->fired_ms >= job->gap.from_ms) {
        job->history->counts.earlier++;
        log_late(job, interval, "alert_start_known_late");
    }
    return GONG_OK;
}

static enum gong_err
replay(struct job *job, struct gong_gap_intervals *list)
{
    struct gong_history_gap *history = job->history;
    struct gong_gap_history where = {.reader = job->reader,
                                     .recent = history->recent,
                                     .rules = &history->rules,
                                     .site = job->gap.site,
                                     .device = job->gap.device};
    struct gong_gap_source source = gong_gap_history_source(&where);
    struct gong_gap_replay how = {.rules = &history->rules,
                                  .source = &source,
                                  .site = gong_str_of(job->gap.site),
                                  .device = gong_str_of(job->gap.device),
                                  .from_ms = job->gap.from_ms,
                                  .to_ms = job->to_ms};

    return gong_gap_replay(&how, list);
}

static enum gong_err
run_job(struct job *job, char *why, size_t why_size)
{
    struct gong_gap_intervals list = {0};
    enum gong_err err = renew_rules(job->history, job->feed);

    if (err != GONG_OK || job->history->set == NULL ||
        job->history->rules.set.count == 0) {
        return err;
    }
    err = gong_history_reader_open(job->history->path, &job->reader, why,
                                   why_size);
    if (err != GONG_OK) {
        return err;
    }
    gong_history_reader_recent(job->reader, job->history->recent);
    err = replay(job, &list);
    for (size_t i = 0; err == GONG_OK && i < list.count; i++) {
        err = put_interval(job, &list.data[i]);
    }
    gong_gap_intervals_fini(&list);
    gong_history_reader_close(job->reader);
    job->reader = NULL;
    return err;
}

static void
log_failed(const struct job *job, enum gong_err err, const char *why)
{
    char site[GONG_TOPIC_NAME_MAX * 4 + 3];
    char device[GONG_TOPIC_NAME_MAX * 4 + 3];
    char found[600];

    gong_log(
        GONG_LOG_WARNING, "gap_job_failed", "site=%s device=%s reason=%s",
        gong_log_quote(gong_str_of(job->gap.site), site, sizeof site),
        gong_log_quote(gong_str_of(job->gap.device), device, sizeof device),
        gong_log_quote(gong_str_of(why[0] == '\0' ? gong_err_text(err) : why),
                       found, sizeof found));
}

/* What cannot be done now, but later; all else would fail again. */
static bool
is_passing(enum gong_err err)
{
    return err == GONG_ERR_MEMORY || err == GONG_ERR_IO ||
           err == GONG_ERR_NO_SPACE || err == GONG_ERR_AGAIN;
}

enum gong_err
gong_history_gap_step(struct gong_history_gap *gap,
                      struct gong_history_feed *feed, bool *any)
{
    struct job job = {.history = gap, .feed = feed};
    char why[512] = "";
    enum gong_err err = GONG_OK;

    *any = gong_gap_table_next(gap->table, gong_history_feed_now_ms(feed),
                               &job.gap);
    if (!*any) {
        return GONG_OK;
    }
    job.to_ms =
        job.gap.heard_ms > job.gap.to_ms ? job.gap.heard_ms : job.gap.to_ms;
    err = run_job(&job, why, sizeof why);
    if (is_passing(err)) {
        *any = false;
        return err;
    }
    gap->counts.jobs++;
    if (err != GONG_OK) {
        gap->counts.failed++;
        log_failed(&job, err, why);
    }
    /* It cannot have grown: nothing was read meanwhile. */
    (void)gong_gap_table_done(gap->table, &job.gap);
    return GONG_OK;
}
