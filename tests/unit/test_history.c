/* The history of an agent: whatever becomes of process, disk and file, it is
 * what it would have been, as far as the journal reaches. */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "history_logs_fixture.h"

#define T0      (SINK_ARRIVAL_MS / 60000 * 60000)
#define RECORDS 1500
#define STEP_MS 7000 /* between two records */
#define KILLS   40

static const char model[] =
    "units = ( { code = \"66\"; name = \"T\"; kind = \"province\"; },\n"
    "{ code = \"1\"; name = \"Mot\"; kind = \"ward\"; parent = \"66\"; } );\n"
    "devices = ( { unit = \"1\"; name = \"d0\"; params = { top = %d; }; } );\n";

/* What becomes of one alert at record i. */
static void
put_effect(struct sinks *sinks, int i, uint64_t position)
{
    static const int states[] = {GONG_ALERT_INACTIVE, GONG_ALERT_PENDING,
                                 GONG_ALERT_FIRING};
    int at = i / 13;
    struct sink_alert alert = {.name = "Hot",
                               .device = "d0",
                               .from = states[at % 3],
                               .to = states[(at + 1) % 3],
                               .position = position,
                               .at_ms = T0 + i * STEP_MS};

    logs_alert(sinks, T0 + i * STEP_MS, &alert);
}

/* Record i: samples, live and late, of rising and of equal stamps; now and then
 * a recording, presence, a change of the model, an alert. */
static void
put_record(struct sinks *sinks, int i)
{
    int64_t ms = T0 + i * STEP_MS;
    int64_t late = i % 5 == 0 ? ms - 400000 : ms;
    uint64_t position = 0;
    char text[2048];

    if (i % 200 == 100) {
        (void)snprintf(text, sizeof text, model, i);
        position = logs_rules(sinks, ms, "", text);
    } else if (i % 11 == 3) {
        (void)snprintf(text, sizeof text,
                       "sum:a,site=1 value=%d %" PRId64 "000000\n"
                       "up,device=d%d,site=1 value=%d %" PRId64 "000000\n",
                       i, ms, i % 4, i / 11 % 2, ms);
        position = logs_recorded(sinks, ms, 0, text);
    } else if (i % 7 == 6) {
        position = logs_put(sinks, GONG_RECORD_CLOCK, ms, "", 0);
    } else {
        (void)snprintf(text, sizeof text,
                       "m,p=x a=%d.5,b=%di %" PRId64 "000000\n"
                       "m,p=y a=%d %" PRId64 "000000\n",
                       i % 37, i, late, i % 3, ms - i % 2 * STEP_MS);
        (void)snprintf(text + strlen(text), 32, "n value=%d\n", i);
        position = logs_data(sinks, ms, "1", i % 2 == 0 ? "d0" : "d1", text);
    }
    if (i % 13 == 12) {
        put_effect(sinks, i, position);
    }
}

static void
fill_logs(struct sinks *sinks, int from, int to)
{
    for (int i = from; i < to; i++) {
        put_record(sinks, i);
    }
    logs_sync(sinks);
}

/* The same logs, read once without anything in between. */
static void
is_undisturbed(struct sinks *sinks, const char *name)
{
    char *mended = logs_dump(logs_path(sinks, name));
    char *plain = logs_dump(logs_run(sinks, "b"));
    size_t at = 0;

    assert_true(strlen(plain) > 10000);
    while (plain[at] != '\0' && plain[at] == mended[at]) {
        at++;
    }
    if (plain[at] != mended[at]) {
        size_t from = at < 300 ? 0 : at - 300;

        fail_msg("plain:\n%.600s\n\nmended:\n%.600s", plain + from,
                 mended + from);
    }
    free(plain);
    free(mended);
}

static void
a_stop_loses_nothing(void **state)
{
    struct sinks *sinks = *state;
    struct gong_history_config config = logs_config();

    for (int i = 0; i < 6; i++) {
        struct gong_history *history = logs_start(sinks, "a", &config);

        fill_logs(sinks, i * 100, i * 100 + 100);
        gong_history_stop(history);
        sinks_reopen(sinks);
        logs_sync(sinks);
    }
    (void)logs_run(sinks, "a");
    is_undisturbed(sinks, "a");
}

/* What was read and not committed can be asked for at once. */
static void
recent_samples_are_there(void **state)
{
    struct sinks *sinks = *state;
    struct gong_history_config config = logs_config();
    struct gong_history *history = logs_start(sinks, "a", &config);
    struct gong_history_report report;
    struct gong_history_recent recent = gong_history_recent(history);
    struct gong_samples out = {0};

    assert_string_equal(gong_history_path(history), logs_path(sinks, "a"));
    fill_logs(sinks, 0, 50);
    do {
        gong_clock_sleep(gong_dur_ms(5));
        gong_history_get_report(history, &report);
    } while (report.read_ms < T0 + 49 * STEP_MS);
    assert_int_equal(report.commits, 0);
    assert_true(report.head_samples > 50);
    for (uint32_t series = 1; series < 40; series++) {
        assert_int_equal(recent.read(recent.ctx, series, 0, INT64_MAX, &out),
                         GONG_OK);
    }
    assert_int_equal(out.count, report.head_samples);
    gong_samples_fini(&out);
    assert_int_equal(gong_history_commit(history, gong_dur_s(30)), GONG_OK);
    gong_history_get_report(history, &report);
    assert_int_equal(report.head_samples, 0);
    assert_int_equal(report.commits, 1);
    assert_true(report.committed_ms == T0 + 49 * STEP_MS);
    assert_true(report.sizes.series > 5);
    gong_history_stop(history);
}

/* A child of its own reads and commits as fast as it can, until it is killed.
 */
static void
live_until_killed(struct sinks *sinks, int ready)
{
    struct gong_history_config config = logs_config();
    struct gong_history *history;

    sinks_open(sinks);
    logs_sync(sinks);
    config.commit_interval = (gong_dur_t){1};
    history = logs_start(sinks, "a", &config);
    (void)write(ready, "x", 1);
    while (gong_history_commit(history, gong_dur_s(60)) == GONG_OK) {
    }
    _exit(1);
}

static void
killed_at_any_moment(void **state)
{
    struct sinks *sinks = *state;
    unsigned random = 1;

    for (int kill_number = 0; kill_number < KILLS; kill_number++) {
        int pipe_ends[2];
        int status = 0;
        char byte;
        pid_t child;

        /* In between more comes. */
        fill_logs(sinks, kill_number * RECORDS / KILLS,
                  (kill_number + 1) * RECORDS / KILLS);
        sinks_close(sinks);
        assert_int_equal(pipe(pipe_ends), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            live_until_killed(sinks, pipe_ends[1]);
        }
        (void)close(pipe_ends[1]);
        random = random * 1103515245 + 12345;
        if (kill_number % 2 == 0) {
            assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
        }
        gong_clock_sleep((gong_dur_t){(random >> 8) % 60000 * INT64_C(1000)});
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        (void)close(pipe_ends[0]);
        sinks_open(sinks);
        logs_sync(sinks);
    }
    (void)logs_run(sinks, "a");
    is_undisturbed(sinks, "a");
}

/* Bytes in the middle of the file become others. */
static void
spoil(const char *path)
{
    FILE *file = fopen(path, "r+");
    char junk[3000];

    assert_non_null(file);
    memset(junk, 0xa5, sizeof junk);
    assert_int_equal(fwrite(junk, 1, sizeof junk, file), sizeof junk);
    assert_int_equal(fclose(file), 0);
}

static void
a_damaged_file_is_made_anew(void **state)
{
    struct sinks *sinks = *state;

    fill_logs(sinks, 0, 300);
    spoil(logs_run(sinks, "a"));
    assert_int_equal(sinks_count(sinks, "gong_agent_history_damaged_total", ""),
                     0);
    (void)logs_run(sinks, "a");
    assert_int_equal(sinks_count(sinks, "gong_agent_history_damaged_total", ""),
                     1);
    is_undisturbed(sinks, "a");
}

/* Somebody removes it while it is written to. */
static void
a_file_that_is_removed_is_made_anew(void **state)
{
    struct sinks *sinks = *state;
    struct gong_history_config config = logs_config();
    struct gong_history *history = NULL;

    fill_logs(sinks, 0, 300);
    history = logs_start(sinks, "a", &config);
    assert_int_equal(gong_history_commit(history, gong_dur_s(30)), GONG_OK);
    assert_int_equal(unlink(logs_path(sinks, "a")), 0);
    fill_logs(sinks, 300, 400);
    assert_int_equal(gong_history_commit(history, gong_dur_s(30)),
                     GONG_ERR_CORRUPT);
    assert_int_equal(gong_history_commit(history, gong_dur_s(30)), GONG_OK);
    gong_history_stop(history);
    assert_int_equal(sinks_count(sinks, "gong_agent_history_damaged_total", ""),
                     1);
    is_undisturbed(sinks, "a");
}

static void
another_journal_is_read_from_its_begin(void **state)
{
    struct sinks *sinks = *state;
    char journal[128];
    char gone[128];
    char *dump;

    fill_logs(sinks, 0, 100);
    (void)logs_run(sinks, "a");
    (void)snprintf(journal, sizeof journal, "%s/journal", sinks->dir);
    (void)snprintf(gone, sizeof gone, "%s/journal-gone", sinks->dir);
    sinks_close(sinks);
    assert_int_equal(rename(journal, gone), 0);
    sinks_open(sinks);
    /* The last of what the history has, and more. */
    fill_logs(sinks, 60, 200);
    dump = logs_dump(logs_run(sinks, "a"));
    for (int i = 0; i < 200; i++) {
        char line[64];

        if (i % 11 != 3 || i % 200 == 100) {
            continue;
        }
        (void)snprintf(line, sizeof line, "  %" PRId64 " %d\n",
                       T0 + i * STEP_MS, i);
        assert_non_null(strstr(dump, line));
    }
    free(dump);
}

/* No file may grow past 4 KiB: what SQLite writes fails, the logs, which are
 * not written to, do not. */
static void
limit_files(bool limited)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = limited ? 4096 : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
a_full_disk_is_waited_for(void **state)
{
    struct sinks *sinks = *state;
    struct gong_history_config config = logs_config();
    struct gong_history *history = NULL;
    struct gong_history_report report;

    (void)signal(SIGXFSZ, SIG_IGN);
    fill_logs(sinks, 0, 700);
    config.memory = 20000; /* some hundred records */
    history = logs_start(sinks, "a", &config);
    limit_files(true);
    do {
        assert_int_not_equal(gong_history_commit(history, gong_dur_s(30)),
                             GONG_OK);
        gong_history_get_report(history, &report);
    } while (!report.failing || report.failures < 3);
    assert_true(report.behind > 0); /* the journal holds it */
    assert_true(report.head_bytes < 4 * 1024 * 1024);
    limit_files(false);
    assert_int_equal(gong_history_commit(history, gong_dur_s(30)), GONG_OK);
    gong_history_get_report(history, &report);
    assert_false(report.failing);
    gong_history_stop(history);
    (void)logs_run(sinks, "a");
    is_undisturbed(sinks, "a");
}

/* A journal that is about to drop what the history has read is not waited with
 * until the interval is over. */
static void
a_journal_that_fills_up_hastens(void **state)
{
    struct sinks *sinks = *state;
    struct gong_history_config config = logs_config();
    struct gong_history *history = logs_start(sinks, "a", &config);
    struct gong_history_report report;
    struct gong_spool_stats stats;
    int i = 0;

    do { /* twice its room */
        fill_logs(sinks, i, i + 1200);
        i += 1200;
        do {
            gong_clock_sleep(gong_dur_ms(2));
            gong_history_get_report(history, &report);
            /* What it says may be of a turn before these. */
        } while (report.behind > 0 || report.read_ms < T0 + (i - 5) * STEP_MS);
        gong_spool_stats(gong_journal_spool(sinks->journal), &stats);
    } while (stats.end < 2 * stats.bytes_max);
    assert_true(stats.begin > 0);
    assert_true(report.commits >= 2 && report.commits < 64);
    assert_int_equal(stats.dropped_bytes, 0);
    gong_history_stop(history);
}

int
main(void)
{
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(name, sinks_setup, sinks_teardown)
    const struct CMUnitTest tests[] = {
        T(a_stop_loses_nothing),
        T(recent_samples_are_there),
        T(killed_at_any_moment),
        T(a_damaged_file_is_made_anew),
        T(a_file_that_is_removed_is_made_anew),
        T(another_journal_is_read_from_its_begin),
        T(a_full_disk_is_waited_for),
        T(a_journal_that_fills_up_hastens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
