/* Records, the committer, and those who wait for either. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "journal_fixture.h"

static void
a_record_gets_its_place_and_both_times(void **state)
{
    struct gong_journal *journal = journal_open();
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
the_committer_makes_records_durable(void **state)
{
    struct gong_journal *journal = journal_open();
    struct gong_journal_health health;
    uint64_t position;

    (void)state;
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    position = journal_append(journal);
    assert_true(gong_journal_wait(journal, position, true, gong_dur_s(30)));
    gong_journal_health(journal, &health);
    assert_true(health.durable > position);
    assert_true(health.append_ok && health.sync_ok);
    gong_journal_stop(journal);
    assert_true(atomic_load(&journal_watch.durable) >= 1);
    assert_true(atomic_load(&journal_watch.offset) > position);
    gong_journal_close(journal);
}

static void
stopping_syncs_what_is_left(void **state)
{
    struct gong_journal *journal = journal_open();
    struct gong_journal_health health;
    uint64_t position;

    (void)state;
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    for (int i = 0; i < 100; i++) {
        position = journal_append(journal);
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
    struct gong_journal *journal = journal_open();
    struct gong_journal_health health;
    uint64_t before;

    (void)state;
    gong_journal_health(journal, &health);
    before = health.durable;
    disk.sync_errno = EIO;
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    (void)journal_append(journal);
    while (journal_count("gong_agent_journal_sync_failed_total") == 0) {
        gong_clock_sleep(gong_dur_ms(1));
    }
    (void)journal_append(journal); /* goes on */
    gong_journal_stop(journal);
    disk.sync_errno = 0;
    gong_journal_health(journal, &health);
    assert_false(health.sync_ok);
    assert_true(health.append_ok);
    assert_int_equal(health.durable, before);
    assert_int_equal(atomic_load(&journal_watch.durable), 0);
    gong_journal_close(journal);
}

static void
a_sync_that_works_again_settles(void **state)
{
    struct gong_journal *journal = journal_open();
    struct gong_journal_health health;
    uint64_t position;

    (void)state;
    disk.sync_errno = EIO;
    assert_int_equal(gong_journal_start(journal), GONG_OK);
    position = journal_append(journal);
    while (journal_count("gong_agent_journal_sync_failed_total") == 0) {
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
    struct gong_journal *journal = journal_open_with(2, GONG_SPOOL_BLOCK);
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
    assert_int_equal(journal_count("gong_agent_journal_append_failed_total"),
                     1);
    assert_int_equal(gong_spool_cursor_commit(cursor, health.end), GONG_OK);
    (void)journal_append(journal);
    gong_journal_health(journal, &health);
    assert_true(health.append_ok);
    gong_spool_cursor_close(cursor);
    gong_journal_close(journal);
}

#define WRITERS    4
#define PER_WRITER 500

static void *
write_many(void *ctx)
{
    for (int i = 0; i < PER_WRITER; i++) {
        (void)journal_append(ctx);
    }
    return NULL;
}

static void
many_writers_give_one_order(void **state)
{
    struct gong_journal *journal = journal_open();
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
    assert_int_equal(journal_count("gong_agent_journal_records_total"), count);
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
    struct gong_journal *journal = journal_open();
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
    struct gong_journal *journal = journal_open();
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
    struct gong_journal *journal = journal_open();

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
    assert_int_not_equal(gong_journal_open(&options, journal_counters, &journal,
                                           why, sizeof why),
                         GONG_OK);
    assert_null(journal);
    assert_non_null(strstr(why, "/proc/no-such"));
}

int
main(void)
{
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(name, journal_setup, journal_teardown)
    const struct CMUnitTest tests[] = {
        T(a_record_gets_its_place_and_both_times),
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
