/* Journal time: over restarts, stalls, and clocks that somebody sets. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/look/clock_metrics.h"
#include "agent/journal/journal_clock.h"
#include "common/le.h"
#include "journal_fixture.h"

/* Somebody sets the clock, or time passes. */
static _Atomic int64_t wall_moved;
static _Atomic int64_t time_passed;

gong_wall_t __real_gong_wall_now(void);
gong_wall_t __wrap_gong_wall_now(void);
gong_mono_t __real_gong_mono_now(void);
gong_mono_t __wrap_gong_mono_now(void);

gong_wall_t
__wrap_gong_wall_now(void)
{
    return (gong_wall_t){__real_gong_wall_now().ns + atomic_load(&wall_moved) +
                         atomic_load(&time_passed)};
}

gong_mono_t
__wrap_gong_mono_now(void)
{
    return (gong_mono_t){__real_gong_mono_now().ns + atomic_load(&time_passed)};
}

static void
time_goes_on_after_a_restart(void **state)
{
    struct gong_journal *journal = journal_open();
    int64_t before;

    (void)state;
    (void)journal_append(journal);
    before = gong_journal_now_ms(journal);
    gong_journal_close(journal);
    journal = journal_open();
    assert_int_equal(atomic_load(&journal_watch.seen), 1);
    assert_true(gong_journal_now_ms(journal) >= before - 1);
    (void)journal_append(journal);
    gong_journal_close(journal);
    journal = journal_open();
    assert_int_equal(atomic_load(&journal_watch.seen), 3);
    gong_journal_close(journal);
}

/* Stops the whole program for a while, from outside. */
static void
stand_still(int64_t ms)
{
    pid_t parent = getpid();
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        (void)kill(parent, SIGSTOP);
        gong_clock_sleep(gong_dur_ms(ms));
        (void)kill(parent, SIGCONT);
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* The longest blind time told before the record at end; -1: none. */
static int64_t
longest_blind(struct gong_journal *journal, uint64_t end)
{
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    int64_t longest = -1;

    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(journal), NULL, &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, end, &record) == GONG_OK) {
        const uint8_t *payload = (const uint8_t *)record.payload.data;

        if (record.meta.type == GONG_RECORD_RESUME) {
            int64_t blind = (int64_t)gong_le_get64(payload);

            assert_int_equal(record.payload.len, 16);
            assert_int_equal(gong_le_get64(payload + 8), 7000);
            longest = blind > longest ? blind : longest;
        }
    }
    gong_spool_cursor_close(cursor);
    return longest;
}

static struct gong_journal *
open_that_stalls(gong_dur_t stall)
{
    struct gong_journal_options options = {
        .spool = {.dir = fixture_dir(),
                  .segment_size = SEGMENT,
                  .segments_max = 16,
                  .policy = GONG_SPOOL_DROP_OLDEST},
        .commit_interval = gong_dur_ms(1),
        .settle = gong_dur_s(7),
        .stall = stall,
    };
    struct gong_journal *journal = NULL;
    char why[256] = "";

    assert_int_equal(gong_journal_open(&options, journal_counters, &journal,
                                       why, sizeof why),
                     GONG_OK);
    return journal;
}

static void
a_stall_is_told_before_anything_else(void **state)
{
    struct gong_journal *journal = open_that_stalls(gong_dur_ms(200));

    (void)state;
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    stand_still(500);
    assert_true(longest_blind(journal, journal_append(journal)) >= 200);
    gong_journal_close(journal);
}

static void
a_clock_that_was_set_forward_is_followed_at_once(void **state)
{
    struct gong_journal *journal = open_that_stalls(gong_dur_s(3600));
    int64_t before;

    (void)state;
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    before = gong_journal_now_ms(journal);
    atomic_store(&wall_moved, 7200 * GONG_NS_PER_S);
    assert_true(gong_journal_now_ms(journal) < before + 60000);
    assert_in_range(-gong_journal_ahead_ms(journal), 7190000, 7210000);
    (void)atomic_fetch_add(&time_passed, GONG_JOURNAL_LASTS_NS);
    assert_true(gong_journal_now_ms(journal) >= before + 7200000);
    assert_in_range(longest_blind(journal, journal_append(journal)), 7190000,
                    7210000);
    assert_in_range(gong_journal_ahead_ms(journal) + 1000, 900, 1100);
    atomic_store(&wall_moved, 0);
    gong_journal_close(journal);
}

static void
a_clock_that_was_set_back_is_told_of(void **state)
{
    struct gong_journal *journal = open_that_stalls(gong_dur_s(3600));
    char line[128] = "";
    FILE *out = fmemopen(line, sizeof line, "w");

    (void)state;
    assert_non_null(out);
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    atomic_store(&wall_moved, -3600 * GONG_NS_PER_S);
    assert_in_range(gong_journal_ahead_ms(journal), 3590000, 3610000);
    gong_clock_metrics_write_lines(journal, out);
    assert_int_equal(fclose(out), 0);
    assert_memory_equal(line, "gong_agent_clock_ahead_seconds value=3", 38);
    (void)atomic_fetch_add(&time_passed, GONG_JOURNAL_LASTS_NS);
    assert_int_equal(longest_blind(journal, journal_append(journal)), -1);
    atomic_store(&wall_moved, 0);
    gong_journal_close(journal);
}

static void
an_absurd_record_does_not_stop_a_start(void **state)
{
    struct gong_record_meta meta = {.type = GONG_RECORD_CLOCK,
                                    .journal_ms = INT64_MAX};
    struct gong_journal *journal = open_that_stalls(gong_dur_s(3600));
    uint64_t offset;

    (void)state;
    assert_int_equal(
        gong_spool_append(gong_journal_spool(journal), &meta, NULL, 0, &offset),
        GONG_OK);
    gong_journal_close(journal);
    journal = open_that_stalls(gong_dur_s(3600));
    assert_int_equal(gong_journal_last_ms(journal), GONG_JOURNAL_MS_MAX);
    assert_true(gong_journal_now_ms(journal) >= gong_journal_last_ms(journal));
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    assert_int_equal(gong_journal_resume(journal, 0), GONG_OK);
    (void)journal_append(journal);
    gong_journal_close(journal);
}

int
main(void)
{
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(name, journal_setup, journal_teardown)
    const struct CMUnitTest tests[] = {
        T(time_goes_on_after_a_restart),
        T(a_stall_is_told_before_anything_else),
        T(a_clock_that_was_set_forward_is_followed_at_once),
        T(a_clock_that_was_set_back_is_told_of),
        T(an_absurd_record_does_not_stop_a_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
