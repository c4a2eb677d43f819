#include "agent/journal.h"

#include <errno.h>
#include <signal.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/clock_metrics.h"
#include "agent/journal_clock.h"
#include "common/le.h"
#include "common/spool.h"
#include "spool_fixture.h"

#define WRITERS    4
#define PER_WRITER 500

struct watch {
    atomic_uint committing;
    atomic_uint durable;
    _Atomic uint64_t offset;
    atomic_uint seen;
};

static struct gong_counters *counters;
static struct watch watched;

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
on_committing(void *ctx)
{
    struct watch *watch = ctx;

    (void)atomic_fetch_add(&watch->committing, 1);
}

static void
on_durable(void *ctx, uint64_t offset)
{
    struct watch *watch = ctx;

    assert_true(atomic_load(&watch->committing) > atomic_load(&watch->durable));
    (void)atomic_fetch_add(&watch->durable, 1);
    atomic_store(&watch->offset, offset);
}

static void
on_seen(void *ctx, const struct gong_record *record)
{
    struct watch *watch = ctx;

    assert_true(record->meta.type == GONG_RECORD_CLOCK ||
                record->meta.type == GONG_RECORD_CONFIG);
    (void)atomic_fetch_add(&watch->seen, 1);
}

static struct gong_journal *
open_with(uint32_t segments_max, enum gong_spool_policy policy)
{
    struct gong_journal_options options = {
        .spool = {.dir = fixture_dir(),
                  .segment_size = SEGMENT,
                  .segments_max = segments_max,
                  .policy = policy},
        .commit_interval = gong_dur_ms(1),
        .committing = on_committing,
        .durable = on_durable,
        .ctx = &watched,
        .seen = on_seen,
        .seen_ctx = &watched,
    };
    struct gong_journal *journal = NULL;
    char why[256] = "";

    if (gong_journal_open(&options, counters, &journal, why, sizeof why) !=
        GONG_OK) {
        fail_msg("%s", why);
    }
    return journal;
}

static struct gong_journal *
open_journal(void)
{
    return open_with(16, GONG_SPOOL_DROP_OLDEST);
}

static uint64_t
append(struct gong_journal *journal)
{
    uint64_t position = 0;

    assert_int_equal(
        gong_journal_append(journal, GONG_RECORD_CLOCK, NULL, 0, 0, &position),
        GONG_OK);
    return position;
}

static uint64_t
count_of(const char *name)
{
    return gong_counter_get(
        gong_counter_add(counters, GONG_COUNTER, name, "", ""));
}

static int
setup(void **state)
{
    memset(&watched, 0, sizeof watched);
    counters = gong_counters_new();
    return fixture_setup(state);
}

static int
teardown(void **state)
{
    gong_counters_free(counters);
    return fixture_teardown(state);
}

static void
a_record_gets_its_place_and_both_times(void **state)
{
    struct gong_journal *journal = open_journal();
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    char text[] = "payload";
    struct iovec part = {text, 7};
    uint64_t position = UINT64_MAX;

    (void)state;
    assert_int_equal(gong_journal_append(journal, GONG_RECORD_DATA, &part, 1,
                                         1234, &position),
                     GONG_OK);
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(journal), NULL, &cursor),
        GONG_OK);
    assert_int_equal(gong_spool_cursor_next(cursor, UINT64_MAX, &record),
                     GONG_OK);
    assert_int_equal(record.offset, position);
    assert_int_equal(record.meta.type, GONG_RECORD_DATA);
    assert_int_equal(record.meta.wall_ns, 1234);
    assert_true(record.meta.journal_ms > INT64_C(1600000000000));
    assert_true(record.meta.mono_ns > 0);
    assert_memory_equal(record.payload.data, "payload", 7);
    gong_spool_cursor_close(cursor);
    gong_journal_close(journal);
}

static void
time_goes_on_after_a_restart(void **state)
{
    struct gong_journal *journal = open_journal();
    int64_t before;

    (void)state;
    (void)append(journal);
    before = gong_journal_now_ms(journal);
    gong_journal_close(journal);
    journal = open_journal();
    assert_int_equal(atomic_load(&watched.seen), 1);
    assert_true(gong_journal_now_ms(journal) >= before - 1);
    (void)append(journal);
    gong_journal_close(journal);
    journal = open_journal();
    assert_int_equal(atomic_load(&watched.seen), 3);
    gong_journal_close(journal);
}

static void
the_committer_makes_records_durable(void **state)
{
    struct gong_journal *journal = open_journal();
    struct gong_journal_health health;
    uint64_t position;

    (void)state;
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    position = append(journal);
    assert_true(gong_journal_wait(journal, position, true, gong_dur_s(30)));
    gong_journal_health(journal, &health);
    assert_true(health.durable > position);
    assert_true(health.append_ok && health.sync_ok);
    gong_journal_stop(journal);
    assert_true(atomic_load(&watched.durable) >= 1);
    assert_true(atomic_load(&watched.offset) > position);
    gong_journal_close(journal);
}

static void
stopping_syncs_what_is_left(void **state)
{
    struct gong_journal *journal = open_journal();
    struct gong_journal_health health;
    uint64_t position;

    (void)state;
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    for (int i = 0; i < 100; i++) {
        position = append(journal);
    }
    gong_journal_stop(journal);
    gong_journal_health(journal, &health);
    assert_true(health.durable > position);
    assert_int_equal(health.durable, health.end);
    assert_false(gong_journal_wait(journal, UINT64_MAX, false, gong_dur_s(30)));
    gong_journal_close(journal);
}

static void
a_failed_sync_settles_nothing_more(void **state)
{
    struct gong_journal *journal = open_journal();
    struct gong_journal_health health;
    uint64_t before;

    (void)state;
    gong_journal_health(journal, &health);
    before = health.durable;
    disk.sync_errno = EIO;
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    (void)append(journal);
    while (count_of("gong_agent_journal_sync_failed_total") == 0) {
        gong_clock_sleep(gong_dur_ms(1));
    }
    (void)append(journal); /* goes on */
    gong_journal_stop(journal);
    disk.sync_errno = 0;
    gong_journal_health(journal, &health);
    assert_false(health.sync_ok);
    assert_true(health.append_ok);
    assert_int_equal(health.durable, before);
    assert_int_equal(atomic_load(&watched.durable), 0);
    gong_journal_close(journal);
}

static void
a_sync_that_works_again_settles(void **state)
{
    struct gong_journal *journal = open_journal();
    struct gong_journal_health health;
    uint64_t position;

    (void)state;
    disk.sync_errno = EIO;
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    position = append(journal);
    while (count_of("gong_agent_journal_sync_failed_total") == 0) {
        gong_clock_sleep(gong_dur_ms(1));
    }
    disk.sync_errno = 0;
    assert_true(gong_journal_wait(journal, position, true, gong_dur_s(30)));
    gong_journal_health(journal, &health);
    assert_true(health.durable > position);
    gong_journal_stop(journal);
    gong_journal_health(journal, &health);
    assert_true(health.sync_ok);
    gong_journal_close(journal);
}

static void
full_is_counted_and_shown_until_there_is_room(void **state)
{
    struct gong_journal *journal = open_with(2, GONG_SPOOL_BLOCK);
    struct gong_spool_cursor *cursor;
    struct gong_journal_health health;
    enum gong_err err = GONG_OK;
    uint64_t appended = 0;

    (void)state;
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(journal), "store", &cursor),
        GONG_OK);
    while (err == GONG_OK && appended < 100000) {
        err = gong_journal_append(journal, GONG_RECORD_CLOCK, NULL, 0, 0, NULL);
        appended++;
    }
    assert_int_equal(err, GONG_ERR_NO_SPACE);
    gong_journal_health(journal, &health);
    assert_false(health.append_ok);
    assert_int_equal(count_of("gong_agent_journal_append_failed_total"), 1);
    assert_int_equal(gong_spool_cursor_commit(cursor, health.end), GONG_OK);
    (void)append(journal);
    gong_journal_health(journal, &health);
    assert_true(health.append_ok);
    gong_spool_cursor_close(cursor);
    gong_journal_close(journal);
}

static void *
write_many(void *ctx)
{
    for (int i = 0; i < PER_WRITER; i++) {
        (void)append(ctx);
    }
    return NULL;
}

static void
many_writers_give_one_order(void **state)
{
    struct gong_journal *journal = open_journal();
    pthread_t threads[WRITERS];
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    int64_t last_ms = 0;
    int count = 0;

    (void)state;
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, journal),
                         0);
    }
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(journal), NULL, &cursor),
        GONG_OK);
    while (count < WRITERS * PER_WRITER) {
        uint64_t at = gong_spool_cursor_offset(cursor);

        if (gong_spool_cursor_next(cursor, UINT64_MAX, &record) != GONG_OK) {
            assert_true(gong_journal_wait(journal, at, false, gong_dur_ms(50)));
            continue;
        }
        assert_true(record.meta.journal_ms >= last_ms);
        last_ms = record.meta.journal_ms;
        count++;
    }
    for (int i = 0; i < WRITERS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    assert_int_equal(count_of("gong_agent_journal_records_total"), count);
    gong_spool_cursor_close(cursor);
    gong_journal_close(journal);
}

static void *
wait_long(void *ctx)
{
    return gong_journal_wait(ctx, UINT64_MAX, false, gong_dur_s(3600)) ? ctx
                                                                       : NULL;
}

/* Woken again and again until it has gone: the wake before it waits is lost. */
static void *
wake_until_told(void *ctx)
{
    void **arguments = ctx;
    atomic_bool *done = arguments[1];

    while (!atomic_load(done)) {
        gong_journal_wake(arguments[0]);
        gong_clock_sleep(gong_dur_ms(1));
    }
    return NULL;
}

static void
a_wake_ends_a_wait(void **state)
{
    struct gong_journal *journal = open_journal();
    atomic_bool done = false;
    void *arguments[] = {journal, &done};
    pthread_t waker;

    (void)state;
    assert_int_equal(pthread_create(&waker, NULL, wake_until_told, arguments),
                     0);
    assert_ptr_equal(wait_long(journal), journal);
    atomic_store(&done, true);
    (void)pthread_join(waker, NULL);
    gong_journal_close(journal);
}

static void
a_stop_ends_a_wait(void **state)
{
    struct gong_journal *journal = open_journal();
    pthread_t waiter;
    void *result = journal;

    (void)state;
    assert_int_equal(pthread_create(&waiter, NULL, wait_long, journal), 0);
    gong_journal_stop(journal);
    (void)pthread_join(waiter, &result);
    assert_null(result);
    gong_journal_close(journal);
}

static void
a_wait_that_runs_out_goes_on(void **state)
{
    struct gong_journal *journal = open_journal();

    (void)state;
    assert_true(gong_journal_wait(journal, UINT64_MAX, false, gong_dur_ms(1)));
    assert_true(gong_journal_wait(journal, UINT64_MAX, true, gong_dur_ms(1)));
    gong_journal_close(journal);
}

static void
a_folder_that_cannot_be_is_named(void **state)
{
    struct gong_journal_options options = {
        .spool = {.dir = "/proc/no-such/journal",
                  .segment_size = SEGMENT,
                  .segments_max = 2},
        .commit_interval = gong_dur_ms(1)};
    struct gong_journal *journal;
    char why[256] = "";

    (void)state;
    assert_int_not_equal(
        gong_journal_open(&options, counters, &journal, why, sizeof why),
        GONG_OK);
    assert_null(journal);
    assert_non_null(strstr(why, "/proc/no-such"));
}

/* --- configurations --- */

static char old_name[] =
    "0000000000000000000000000000000000000000000000000000000000000001";
static char new_name[] =
    "0000000000000000000000000000000000000000000000000000000000000002";

static void
announce(struct gong_journal *journal, char *name)
{
    struct iovec part = {name, strlen(name)};

    assert_int_equal(
        gong_journal_append(journal, GONG_RECORD_CONFIG, &part, 1, 0, NULL),
        GONG_OK);
}

/* The payload of the last CONFIG; static storage. */
static const char *
last_config(struct gong_journal *journal)
{
    static char name[65];
    struct gong_spool_cursor *cursor;
    struct gong_record record;

    name[0] = '\0';
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(journal), NULL, &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        if (record.meta.type == GONG_RECORD_CONFIG) {
            assert_int_equal(record.payload.len, 64);
            memcpy(name, record.payload.data, 64);
        }
    }
    gong_spool_cursor_close(cursor);
    return name;
}

/* Whoever repeats, however far behind it reads, never undoes a reload. */
static void
the_newest_config_is_repeated(void **state)
{
    struct gong_journal *journal = open_journal();

    (void)state;
    assert_int_equal(gong_journal_repeat_config(journal), GONG_ERR_NOT_FOUND);
    announce(journal, old_name);
    announce(journal, new_name);
    assert_int_equal(gong_journal_repeat_config(journal), GONG_OK);
    assert_string_equal(last_config(journal), new_name);
    assert_int_equal(count_of("gong_agent_journal_records_total"), 3);
    gong_journal_close(journal);
    journal = open_journal();
    assert_int_equal(gong_journal_repeat_config(journal), GONG_OK);
    assert_string_equal(last_config(journal), new_name);
    gong_journal_close(journal);
}

static void
a_config_is_named_while_its_record_is_kept(void **state)
{
    struct gong_journal *journal = open_with(2, GONG_SPOOL_DROP_OLDEST);
    struct gong_spool_stats stats;
    uint64_t begin;

    (void)state;
    announce(journal, old_name);
    announce(journal, new_name);
    gong_spool_stats(gong_journal_spool(journal), &stats);
    begin = stats.begin;
    assert_true(gong_journal_config_named(journal, gong_str_of(old_name)));
    do {
        (void)append(journal);
        gong_spool_stats(gong_journal_spool(journal), &stats);
    } while (stats.begin == begin);
    assert_false(gong_journal_config_named(journal, gong_str_of(old_name)));
    assert_true(gong_journal_config_named(journal, gong_str_of(new_name)));
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

static void
a_stall_is_told_before_anything_else(void **state)
{
    struct gong_journal_options options = {
        .spool = {.dir = fixture_dir(),
                  .segment_size = SEGMENT,
                  .segments_max = 16,
                  .policy = GONG_SPOOL_DROP_OLDEST},
        .commit_interval = gong_dur_ms(1),
        .settle = gong_dur_s(7),
        .stall = gong_dur_ms(200),
    };
    struct gong_journal *journal = NULL;
    char why[256] = "";

    (void)state;
    assert_int_equal(
        gong_journal_open(&options, counters, &journal, why, sizeof why),
        GONG_OK);
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    stand_still(500);
    assert_true(longest_blind(journal, append(journal)) >= 200);
    gong_journal_close(journal);
}

static struct gong_journal *
open_patient(void)
{
    struct gong_journal_options options = {
        .spool = {.dir = fixture_dir(),
                  .segment_size = SEGMENT,
                  .segments_max = 16,
                  .policy = GONG_SPOOL_DROP_OLDEST},
        .commit_interval = gong_dur_ms(1),
        .settle = gong_dur_s(7),
        .stall = gong_dur_s(3600),
    };
    struct gong_journal *journal = NULL;
    char why[256] = "";

    assert_int_equal(
        gong_journal_open(&options, counters, &journal, why, sizeof why),
        GONG_OK);
    return journal;
}

static void
a_clock_that_was_set_forward_is_followed_at_once(void **state)
{
    struct gong_journal *journal = open_patient();
    int64_t before;

    (void)state;
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    before = gong_journal_now_ms(journal);
    atomic_store(&wall_moved, 7200 * GONG_NS_PER_S);
    assert_true(gong_journal_now_ms(journal) < before + 60000);
    assert_in_range(-gong_journal_ahead_ms(journal), 7190000, 7210000);
    (void)atomic_fetch_add(&time_passed, GONG_JOURNAL_LASTS_NS);
    assert_true(gong_journal_now_ms(journal) >= before + 7200000);
    assert_in_range(longest_blind(journal, append(journal)), 7190000, 7210000);
    assert_in_range(gong_journal_ahead_ms(journal) + 1000, 900, 1100);
    atomic_store(&wall_moved, 0);
    gong_journal_close(journal);
}

static void
a_clock_that_was_set_back_is_told_of(void **state)
{
    struct gong_journal *journal = open_patient();
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
    assert_int_equal(longest_blind(journal, append(journal)), -1);
    atomic_store(&wall_moved, 0);
    gong_journal_close(journal);
}

static void
an_absurd_record_does_not_stop_a_start(void **state)
{
    struct gong_record_meta meta = {.type = GONG_RECORD_CLOCK,
                                    .journal_ms = INT64_MAX};
    struct gong_journal *journal = open_patient();
    uint64_t offset;

    (void)state;
    assert_int_equal(
        gong_spool_append(gong_journal_spool(journal), &meta, NULL, 0, &offset),
        GONG_OK);
    gong_journal_close(journal);
    journal = open_patient();
    assert_int_equal(gong_journal_last_ms(journal), GONG_JOURNAL_MS_MAX);
    assert_true(gong_journal_now_ms(journal) >= gong_journal_last_ms(journal));
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    assert_int_equal(gong_journal_resume(journal, 0), GONG_OK);
    (void)append(journal);
    gong_journal_close(journal);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_record_gets_its_place_and_both_times),
        T(time_goes_on_after_a_restart),
        T(the_committer_makes_records_durable),
        T(stopping_syncs_what_is_left),
        T(a_failed_sync_settles_nothing_more),
        T(a_sync_that_works_again_settles),
        T(full_is_counted_and_shown_until_there_is_room),
        T(many_writers_give_one_order),
        T(a_wake_ends_a_wait),
        T(a_stop_ends_a_wait),
        T(a_wait_that_runs_out_goes_on),
        T(a_folder_that_cannot_be_is_named),
        T(the_newest_config_is_repeated),
        T(a_config_is_named_while_its_record_is_kept),
        T(a_stall_is_told_before_anything_else),
        T(a_clock_that_was_set_forward_is_followed_at_once),
        T(a_clock_that_was_set_back_is_told_of),
        T(an_absurd_record_does_not_stop_a_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
