/* The agent on a disk that fails: alerts go on from memory, nothing is settled,
 * and nothing is lost or doubled when the disk is back. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/look/disk_metrics.h"
#include "agent/receive/receive_file.h"
#include "agent/receive/receive_keeper.h"
#include "failing_disk_fixture.h"

/* The committer stops before it tells of a record: 1: it shall, 2: it does, 0:
 * it may go on. */
static atomic_int pause_written;

static void
wait_for_pause(int stage)
{
    while (atomic_load(&pause_written) != stage) {
        gong_clock_sleep(gong_dur_ms(1));
    }
}

static void
pause_before_written(void)
{
    if (atomic_load(&pause_written) == 1) {
        atomic_store(&pause_written, 2);
        wait_for_pause(0);
    }
}

#define RING 384 /* bytes: the least that an index takes */

static int
setup_small(void **state)
{
    return failing_setup_with(state, 500 + RING);
}

static bool
says(struct failing_world *world, const char *line)
{
    struct gong_disk_source disk = {world->sinks->journal,
                                    world->sinks->effects, world->sinks->dir};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    bool found;

    assert_non_null(out);
    gong_disk_metrics_write_lines(&disk, out);
    assert_int_equal(fclose(out), 0);
    found = strstr(text, line) != NULL;
    free(text);
    return found;
}

static void
alerts_go_on_while_nothing_is_settled(void **state)
{
    static const int errors[] = {EIO, EROFS};
    struct failing_world *world = *state;
    uint64_t seq = 0;

    failing_send(world, ++seq, 20);
    failing_wait_until_back(world);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct gong_engine_report report;
        uint64_t points;

        assert_true(says(world, "gong_agent_journal_writable value=1\n"));
        atomic_store(&failing_disk, errors[i]);
        failing_send(world, ++seq, 80);
        report = agent_engine_settled(world->sinks, world->engine);
        points = report.engine.points;
        assert_int_equal(report.engine.firing, 1);
        assert_true(says(world, "gong_agent_journal_writable value=0\n"));
        assert_false(failing_settled(world, seq));
        /* Sent again it is neither applied again nor settled. */
        failing_send(world, seq, 80);
        report = agent_engine_settled(world->sinks, world->engine);
        assert_int_equal(report.engine.points, points);
        assert_int_equal(failing_results(world, "held_again"), i + 1);
        assert_false(failing_settled(world, seq));
        failing_send(world, ++seq, 30);
        atomic_store(&failing_disk, 0);
        failing_wait_until_back(world);
        failing_send(world, seq, 30);
        assert_true(failing_settled(world, seq));
        assert_int_equal(failing_results(world, "duplicate"), i + 1);
        report = agent_engine_settled(world->sinks, world->engine);
        assert_int_equal(report.engine.points, points + 1);
        assert_int_equal(report.engine.firing, 0);
    }
    assert_string_equal(agent_effects(world->sinks),
                        "Hot lamp-1 inactive>firing; "
                        "Hot lamp-1 firing>inactive; "
                        "Hot lamp-1 inactive>firing; "
                        "Hot lamp-1 firing>inactive; ");
    /* And the journal says the same to a new engine. */
    failing_kill_and_start(world);
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.points, 5);
    failing_send(world, seq, 30);
    assert_int_equal(failing_results(world, "duplicate"), 1);
}

static void
a_restart_takes_again_what_was_only_in_memory(void **state)
{
    struct failing_world *world = *state;

    failing_send(world, 1, 20);
    failing_wait_until_back(world);
    atomic_store(&failing_disk, EIO);
    failing_send(world, 2, 80);
    failing_send(world, 3, 81);
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.firing, 1);
    failing_kill_and_start(world);
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.points, 1);
    failing_send(world, 2, 80);
    failing_send(world, 3, 81);
    assert_int_equal(failing_results(world, "journaled"), 2);
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.firing, 1);
    failing_wait_until_back(world);
    assert_true(failing_settled(world, 3));
}

/* Room for two or three of them: the first ones went. */
static void
what_memory_had_no_room_for_is_never_settled(void **state)
{
    struct failing_world *world = *state;
    struct gong_engine_report report;

    atomic_store(&failing_disk, EIO);
    for (uint64_t seq = 1; seq <= 6; seq++) {
        failing_send(world, seq, 20 + (int)seq);
        (void)agent_engine_settled(world->sinks, world->engine);
    }
    assert_int_equal(failing_results(world, "held"), 6);
    atomic_store(&failing_disk, 0);
    failing_wait_until_back(world);
    assert_false(failing_settled(world, 1));
    report = agent_engine_settled(world->sinks, world->engine);
    for (uint64_t seq = 1; seq <= 6; seq++) {
        failing_send(world, seq, 20 + (int)seq);
    }
    assert_true(failing_results(world, "journaled") >= 3);
    assert_true(failing_results(world, "duplicate") >= 2);
    assert_int_equal(failing_results(world, "journaled") +
                         failing_results(world, "duplicate"),
                     6);
    failing_wait_until_back(world);
    assert_true(failing_settled(world, 6));
    /* The engine knows their stamps: nothing is decided from them again. */
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.transitions,
        report.engine.transitions);
    failing_kill_and_start(world);
    assert_int_equal(
        agent_engine_settled(world->sinks, world->engine).engine.points, 6);
}

/* The thread that saves: when it waits for the disk it has seen all devices. */
static _Thread_local bool saving;

bool __real_gong_journal_wait(struct gong_journal *journal, uint64_t offset,
                              bool durable, gong_dur_t timeout);
bool __wrap_gong_journal_wait(struct gong_journal *journal, uint64_t offset,
                              bool durable, gong_dur_t timeout);

bool
__wrap_gong_journal_wait(struct gong_journal *journal, uint64_t offset,
                         bool durable, gong_dur_t timeout)
{
    if (saving) {
        atomic_store(&pause_written, 0);
    }
    return __real_gong_journal_wait(journal, offset, durable, timeout);
}

static void *
save(void *ctx)
{
    saving = true;
    gong_receive_keeper_save(ctx);
    atomic_store(&pause_written, 0);
    return NULL;
}

static void
save_while_paused(struct failing_world *world, const char *path)
{
    struct gong_receive_keeper_options options = {.agent = "a1",
                                                  .path = path,
                                                  .interval = gong_dur_s(3600),
                                                  .receive = world->receive,
                                                  .journal =
                                                      world->sinks->journal};
    struct gong_receive_keeper *keeper;
    pthread_t thread;

    assert_int_equal(
        gong_receive_keeper_new(&options, world->sinks->counters, &keeper),
        GONG_OK);
    assert_int_equal(pthread_create(&thread, NULL, save, keeper), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    gong_receive_keeper_stop(keeper);
}

/* A state that knows a batch behind the one that is being told of would pass
 * over that one after a restart. */
static void
what_was_held_is_known_after_a_restart(void **state)
{
    struct failing_world *world = *state;
    char path[96];
    uint64_t from = 0;
    struct gong_spool_cursor *cursor;
    struct gong_record record;

    (void)snprintf(path, sizeof path, "%s/receive", world->sinks->dir);
    world->before_written = pause_before_written;
    atomic_store(&pause_written, 1);
    atomic_store(&failing_disk, EIO);
    failing_send(world, 1, 20);
    assert_int_equal(failing_results(world, "held"), 1);
    atomic_store(&failing_disk, 0);
    wait_for_pause(2);
    failing_send(world, 2, 20);
    assert_int_equal(failing_results(world, "journaled"), 1);
    save_while_paused(world, path);
    failing_wait_until_back(world);
    gong_receive_free(world->receive);
    world->receive = gong_receive_new(&(struct gong_receive_options){
        .devices_max = 100, .ack_interval = gong_dur_s(10)});
    assert_non_null(world->receive);
    gong_receive_load(world->receive, path,
                      gong_journal_spool(world->sinks->journal), &from);
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    gong_spool_cursor_seek(cursor, from);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        gong_receive_learn(world->receive, &record);
    }
    gong_spool_cursor_close(cursor);
    for (uint64_t seq = 1; seq <= 2; seq++) {
        struct gong_device_name lamp = {gong_str_of("22015"),
                                        gong_str_of("lamp-1")};
        struct gong_batch_header header = {
            .epoch = EPOCH, .seq = seq, .low = 1};

        assert_int_equal(
            gong_receive_check(world->receive, lamp, &header, gong_mono_now()),
            GONG_RECEIVE_DUPLICATE);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alerts_go_on_while_nothing_is_settled,
                                        failing_setup, failing_teardown),
        cmocka_unit_test_setup_teardown(
            a_restart_takes_again_what_was_only_in_memory, failing_setup,
            failing_teardown),
        cmocka_unit_test_setup_teardown(
            what_memory_had_no_room_for_is_never_settled, setup_small,
            failing_teardown),
        cmocka_unit_test_setup_teardown(what_was_held_is_known_after_a_restart,
                                        failing_setup, failing_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
