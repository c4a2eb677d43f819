/* What is wrong with the agent itself, the shipped rules tell the staff. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/look/self_metrics.h"
#include "failing_disk_fixture.h"
#include "outbox_fixture.h"

/* Somebody sets the clock. */
static _Atomic int64_t wall_moved;

gong_wall_t __real_gong_wall_now(void);
gong_wall_t __wrap_gong_wall_now(void);

gong_wall_t
__wrap_gong_wall_now(void)
{
    return (gong_wall_t){__real_gong_wall_now().ns + atomic_load(&wall_moved)};
}

static char *
read_city_rules(void)
{
    FILE *file = fopen(GONG_SOURCE_DIR "/rules/city/gong.cfg", "r");
    char *text = calloc(1, 65536);

    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, file) > 0);
    (void)fclose(file);
    return text;
}

static bool
connected(void *ctx)
{
    (void)ctx;
    return true;
}

static void
a_disk_that_fails_is_told(void **state)
{
    struct failing_world *world = *state;
    struct gong_status_source status = {.agent = "agent-1",
                                        .counters = world->sinks->counters,
                                        .journal = world->sinks->journal,
                                        .effects = world->sinks->effects,
                                        .state_dir = world->sinks->dir,
                                        .engine = world->engine,
                                        .broker_connected = connected};
    char *rules = read_city_rules();
    char *page;
    size_t len;
    bool well;

    failing_load_rules(world, rules);
    assert_int_equal(gong_self_metrics_append(&status), GONG_OK);
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_null(strstr(agent_effects(world->sinks), "JournalNotWritable"));
    page = gong_status_health(&status, &well, &len);
    assert_true(well);
    free(page);
    atomic_store(&failing_disk, EROFS);
    for (int i = 0; i < 2; i++) {
        gong_clock_sleep(gong_dur_ms(2)); /* a later stamp */
        assert_int_equal(gong_self_metrics_append(&status), GONG_OK);
    }
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_non_null(strstr(agent_effects(world->sinks),
                           "JournalNotWritable agent-1 inactive>firing"));
    page = gong_status_health(&status, &well, &len);
    assert_false(well);
    assert_non_null(strstr(page, "\"journal\":\"failed\""));
    free(page);
    page = gong_status_page(&status, "", &len);
    assert_non_null(strstr(page, "trong bộ nhớ"));
    free(page);
    atomic_store(&failing_disk, 0);
    failing_wait_until_back(world);
    gong_clock_sleep(gong_dur_ms(2)); /* a later stamp */
    assert_int_equal(gong_self_metrics_append(&status), GONG_OK);
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_non_null(strstr(agent_effects(world->sinks),
                           "JournalNotWritable agent-1 firing>inactive"));
    free(rules);
}

/* The alert comes though what the wall clock stamps would be late. */
static void
a_clock_that_was_set_back_is_told(void **state)
{
    struct failing_world *world = *state;
    struct gong_status_source status = {.agent = "agent-1",
                                        .counters = world->sinks->counters,
                                        .journal = world->sinks->journal,
                                        .effects = world->sinks->effects,
                                        .engine = world->engine,
                                        .broker_connected = connected};
    char *rules = read_city_rules();

    failing_load_rules(world, rules);
    assert_int_equal(gong_self_metrics_append(&status), GONG_OK);
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_null(strstr(agent_effects(world->sinks), "AgentClockWrong"));
    atomic_store(&wall_moved, -3600 * GONG_NS_PER_S);
    gong_clock_sleep(gong_dur_ms(5)); /* a later stamp */
    assert_int_equal(gong_self_metrics_append(&status), GONG_OK);
    (void)agent_engine_settled(world->sinks, world->engine);
    assert_non_null(strstr(agent_effects(world->sinks),
                           "AgentClockWrong agent-1 inactive>firing"));
    atomic_store(&wall_moved, 0);
    free(rules);
}

static size_t
times_told(struct failing_world *world, const char *what)
{
    const char *at = agent_effects(world->sinks);
    size_t times = 0;

    while ((at = strstr(at, what)) != NULL) {
        times++;
        at += strlen(what);
    }
    return times;
}

static void
measure(struct failing_world *world, const struct gong_status_source *status,
        int64_t unreached)
{
    const gong_counter_t *total = gong_counter_add(
        world->sinks->counters, GONG_GAUGE, "gong_desk_unreached", "", "");

    for (int i = 0; i < 10000 && (int64_t)gong_counter_get(total) != unreached;
         i++) {
        gong_clock_sleep(gong_dur_ms(2));
    }
    gong_clock_sleep(gong_dur_ms(2)); /* a later stamp */
    assert_int_equal(gong_counter_get(total), unreached);
    assert_int_equal(gong_self_metrics_append(status), GONG_OK);
    (void)agent_engine_settled(world->sinks, world->engine);
}

/* From a row of the outbox to the alert: one for each incident, so that one
 * that somebody looks after hides no other. */
static void
nobody_reached_is_told_of_each(void **state)
{
    struct failing_world *world = *state;
    struct gong_status_source status = {.agent = "agent-1",
                                        .counters = world->sinks->counters,
                                        .journal = world->sinks->journal,
                                        .effects = world->sinks->effects,
                                        .engine = world->engine,
                                        .broker_connected = connected};
    char *rules = read_city_rules();
    char why[256];
    struct desk_files files;
    struct gong_outbox *outbox;

    desk_files_init(&files);
    desk_incident(&files, 1);
    desk_incident(&files, 2);
    if (gong_outbox_start(
            &(struct gong_outbox_options){.path = files.path,
                                          .counters = world->sinks->counters},
            &outbox, why, sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    failing_load_rules(world, rules);
    measure(world, &status, 0);
    assert_int_equal(times_told(world, "NobodyReached"), 0);
    (void)desk_post(&files, "role:duty@22015", "[]", 1);
    gong_outbox_wake(outbox);
    measure(world, &status, 1);
    assert_int_equal(times_told(world, "NobodyReached agent-1 inactive>firing"),
                     1);
    (void)desk_post(&files, "role:duty@22015", "[]", 2);
    gong_outbox_wake(outbox);
    measure(world, &status, 2);
    assert_int_equal(times_told(world, "NobodyReached agent-1 inactive>firing"),
                     2);
    assert_int_equal(times_told(world, "NobodyReached agent-1 firing>inactive"),
                     0);
    desk_sql(&files, "UPDATE incidents SET ended_ms = 5 WHERE number = 1");
    gong_outbox_wake(outbox);
    measure(world, &status, 1);
    assert_int_equal(times_told(world, "NobodyReached agent-1 firing>inactive"),
                     1);
    gong_outbox_stop(outbox);
    desk_files_fini(&files);
    free(rules);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_disk_that_fails_is_told,
                                        failing_setup, failing_teardown),
        cmocka_unit_test_setup_teardown(nobody_reached_is_told_of_each,
                                        failing_setup, failing_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_was_set_back_is_told,
                                        failing_setup, failing_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
