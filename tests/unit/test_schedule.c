/*
 * Unit tests of collector/schedule.c with inputs of our own: a slow one delays
 * no other, failures are counted, what is opened is closed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/schedule.h"
#include "collector/stats.h"
#include "common/log.h"
#include "common/monitor.h"

static struct world {
    struct gong_monitor monitor; /* guards all */
    int fast_gathers;
    int slow_gathers;
    int flaky_gathers;
    bool slow_may_end;
    int opened;
    int closed;
    int deliveries;
    uint64_t points;
    char last[256];
    enum gong_err sink_answer;
} world;

static enum gong_err
open_fake(const void *config, const char *proc_root, void **state, char *why,
          size_t why_size)
{
    (void)config;
    (void)why;
    (void)why_size;
    assert_string_equal(proc_root, "/fake");
    *state = &world;
    world.opened++;
    return GONG_OK;
}

static enum gong_err
open_broken(const void *config, const char *proc_root, void **state, char *why,
            size_t why_size)
{
    (void)config;
    (void)proc_root;
    (void)state;
    (void)snprintf(why, why_size, "no such sensor");
    return GONG_ERR_NOT_FOUND;
}

static void
close_fake(void *state)
{
    assert_ptr_equal(state, &world);
    world.closed++;
}

static void
add_point(struct gong_points *points, const char *name)
{
    gong_points_begin(points, name);
    gong_points_int(points, "v", 1);
    gong_points_end(points);
}

static enum gong_err
gather_fast(void *state, struct gong_points *points, gong_dur_t timeout,
            char *why, size_t why_size)
{
    (void)state;
    (void)timeout;
    (void)why;
    (void)why_size;
    add_point(points, "fast");
    gong_monitor_lock(&world.monitor);
    world.fast_gathers++;
    gong_monitor_wake(&world.monitor);
    gong_monitor_unlock(&world.monitor);
    return GONG_OK;
}

/* Does not return until it is allowed to. */
static enum gong_err
gather_slow(void *state, struct gong_points *points, gong_dur_t timeout,
            char *why, size_t why_size)
{
    (void)state;
    (void)why;
    (void)why_size;
    assert_int_equal(timeout.ns, gong_dur_s(7).ns);
    gong_monitor_lock(&world.monitor);
    world.slow_gathers++;
    gong_monitor_wake(&world.monitor);
    while (!world.slow_may_end) {
        (void)gong_monitor_wait(&world.monitor, gong_dur_s(1));
    }
    gong_monitor_unlock(&world.monitor);
    add_point(points, "slow");
    return GONG_OK;
}

/* Fails, with one whole line and the points' own error. */
static enum gong_err
gather_flaky(void *state, struct gong_points *points, gong_dur_t timeout,
             char *why, size_t why_size)
{
    (void)state;
    (void)timeout;
    add_point(points, "flaky");
    points->err = GONG_ERR_TOO_LARGE;
    gong_monitor_lock(&world.monitor);
    world.flaky_gathers++;
    gong_monitor_wake(&world.monitor);
    gong_monitor_unlock(&world.monitor);
    (void)snprintf(why, why_size, "bad\nnews");
    return GONG_ERR_IO;
}

static const struct gong_option_table no_options = {.name = "inputs.fake"};

static const struct gong_input_kind fast = {.type = "fast",
                                            .options = &no_options,
                                            .open = open_fake,
                                            .gather = gather_fast,
                                            .close = close_fake};
static const struct gong_input_kind slow = {.type = "slow",
                                            .options = &no_options,
                                            .slow = true,
                                            .open = open_fake,
                                            .gather = gather_slow,
                                            .close = close_fake};
static const struct gong_input_kind flaky = {.type = "flaky",
                                             .options = &no_options,
                                             .open = open_fake,
                                             .gather = gather_flaky,
                                             .close = close_fake};
static const struct gong_input_kind broken = {.type = "broken",
                                              .options = &no_options,
                                              .open = open_broken,
                                              .gather = gather_fast,
                                              .close = close_fake};

static enum gong_err
take(void *ctx, struct gong_str lines, uint64_t points)
{
    assert_ptr_equal(ctx, &world);
    gong_monitor_lock(&world.monitor);
    world.deliveries++;
    world.points += points;
    (void)snprintf(world.last, sizeof world.last, "%.*s", (int)lines.len,
                   lines.data);
    gong_monitor_wake(&world.monitor);
    gong_monitor_unlock(&world.monitor);
    return world.sink_answer;
}

static void
wait_for(const int *count, int want)
{
    gong_mono_t end = gong_mono_add(gong_mono_now(), gong_dur_s(30));
    bool reached;

    gong_monitor_lock(&world.monitor);
    while (*count < want && gong_mono_now().ns < end.ns) {
        (void)gong_monitor_wait(&world.monitor, gong_dur_s(1));
    }
    reached = *count >= want;
    gong_monitor_unlock(&world.monitor);
    assert_true(reached);
}

static int
setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    return gong_monitor_init(&world.monitor) == GONG_OK ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    gong_monitor_fini(&world.monitor);
    return 0;
}

static struct gong_schedule *
open_schedule(const struct gong_config_input *inputs, size_t count,
              struct gong_cadence *cadence)
{
    struct gong_schedule_options options = {
        .inputs = inputs,
        .count = count,
        .proc_root = "/fake",
        .sink = {take, &world},
        .cadence = cadence,
    };
    struct gong_schedule *schedule = NULL;
    char why[256] = "";

    assert_int_equal(gong_schedule_new(&options, &schedule, why, sizeof why),
                     GONG_OK);
    return schedule;
}

#define INPUT(k, ms)                                                           \
    {                                                                          \
        .kind = &(k), .interval = {(ms)*GONG_NS_PER_MS}, .timeout = {          \
            7 * GONG_NS_PER_S                                                  \
        }                                                                      \
    }

/* The slow input hangs in its first gathering all the while. */
static void
slow_input_delays_no_other(void **state)
{
    const struct gong_config_input inputs[] = {INPUT(slow, 100),
                                               INPUT(fast, 100)};
    struct gong_schedule *schedule = open_schedule(inputs, 2, NULL);

    (void)state;
    assert_int_equal(gong_schedule_start(schedule), GONG_OK);
    wait_for(&world.slow_gathers, 1);
    wait_for(&world.fast_gathers, 5);
    gong_monitor_lock(&world.monitor);
    assert_int_equal(world.slow_gathers, 1);
    world.slow_may_end = true;
    gong_monitor_wake(&world.monitor);
    gong_monitor_unlock(&world.monitor);
    wait_for(&world.slow_gathers, 2);
    gong_schedule_free(schedule);
    assert_int_equal(world.opened, 2);
    assert_int_equal(world.closed, 2);
}

/* Fast inputs of one tick become one batch; the stamp is whole milliseconds.
 */
static void
one_tick_is_one_batch(void **state)
{
    const struct gong_config_input inputs[] = {INPUT(fast, 200),
                                               INPUT(fast, 200)};
    struct gong_schedule *schedule = open_schedule(inputs, 2, NULL);
    static const char start[] = "fast v=1i ";
    const char *second;
    char *end = NULL;
    uint64_t stamp;

    (void)state;
    assert_int_equal(gong_schedule_start(schedule), GONG_OK);
    wait_for(&world.deliveries, 1);
    gong_schedule_stop(schedule);
    assert_int_equal(world.points, 2 * (uint64_t)world.deliveries);
    assert_memory_equal(world.last, start, strlen(start));
    stamp = strtoull(world.last + strlen(start), &end, 10);
    assert_int_equal(*end, '\n');
    assert_int_equal(stamp % 1000000, 0);
    second = end + 1;
    assert_memory_equal(second, start, strlen(start));
    assert_int_equal(strtoull(second + strlen(start), NULL, 10), stamp);
    gong_schedule_free(schedule);
}

/* A failing input keeps its whole lines, and the others go on. */
static void
failure_is_counted_and_stays_alone(void **state)
{
    const struct gong_config_input inputs[] = {INPUT(flaky, 100),
                                               INPUT(fast, 100)};
    struct gong_schedule *schedule = open_schedule(inputs, 2, NULL);
    uint64_t errors = gong_counter_get(&gong_stats()->gather_errors);

    (void)state;
    assert_int_equal(gong_schedule_start(schedule), GONG_OK);
    wait_for(&world.deliveries, 3);
    gong_schedule_stop(schedule);
    assert_true(world.fast_gathers >= 3);
    assert_int_equal(world.points, 2 * (uint64_t)world.deliveries);
    assert_true(gong_counter_get(&gong_stats()->gather_errors) >= errors + 3);
    gong_schedule_free(schedule);
}

static void
refused_points_are_not_counted_as_gathered(void **state)
{
    const struct gong_config_input inputs[] = {INPUT(fast, 100)};
    struct gong_schedule *schedule;
    uint64_t before = gong_counter_get(&gong_stats()->points_gathered);

    (void)state;
    world.sink_answer = GONG_ERR_NO_SPACE;
    schedule = open_schedule(inputs, 1, NULL);
    assert_int_equal(gong_schedule_start(schedule), GONG_OK);
    wait_for(&world.deliveries, 2);
    gong_schedule_free(schedule);
    assert_int_equal(gong_counter_get(&gong_stats()->points_gathered), before);
}

static void
learns_how_often_measurements_come(void **state)
{
    const struct gong_config_input inputs[] = {INPUT(fast, 100)};
    struct gong_cadence *cadence = gong_cadence_new();
    struct gong_schedule *schedule = open_schedule(inputs, 1, cadence);
    json_t *every;

    (void)state;
    assert_int_equal(gong_schedule_start(schedule), GONG_OK);
    wait_for(&world.deliveries, 1);
    gong_schedule_free(schedule);
    every = gong_cadence_json(cadence);
    assert_true(json_real_value(json_object_get(every, "fast")) == 0.1);
    json_decref(every);
    gong_cadence_free(cadence);
}

/* What was opened before the broken one is closed again. */
static void
broken_input_is_named(void **state)
{
    const struct gong_config_input inputs[] = {INPUT(fast, 100),
                                               INPUT(broken, 100)};
    struct gong_schedule_options options = {.inputs = inputs,
                                            .count = 2,
                                            .proc_root = "/fake",
                                            .sink = {take, &world}};
    struct gong_schedule *schedule = NULL;
    char why[256] = "";

    (void)state;
    assert_int_equal(gong_schedule_new(&options, &schedule, why, sizeof why),
                     GONG_ERR_NOT_FOUND);
    assert_null(schedule);
    assert_string_equal(why, "input broken: no such sensor");
    assert_int_equal(world.opened, 1);
    assert_int_equal(world.closed, 1);
}

static void
no_inputs_is_fine(void **state)
{
    struct gong_schedule *schedule = open_schedule(NULL, 0, NULL);

    (void)state;
    assert_int_equal(gong_schedule_start(schedule), GONG_OK);
    gong_schedule_free(schedule);
    gong_schedule_free(NULL);
}

static void
ticks_are_multiples(void **state)
{
    static const struct {
        int64_t now, interval, next;
    } cases[] = {{0, 10, 10}, {9, 10, 10}, {10, 10, 20}, {1234, 1000, 2000}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(gong_schedule_next((gong_mono_t){cases[i].now},
                                            (gong_dur_t){cases[i].interval})
                             .ns,
                         cases[i].next);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(slow_input_delays_no_other),
        TEST(one_tick_is_one_batch),
        TEST(failure_is_counted_and_stays_alone),
        TEST(refused_points_are_not_counted_as_gathered),
        TEST(learns_how_often_measurements_come),
        TEST(broken_input_is_named),
        TEST(no_inputs_is_fine),
        TEST(ticks_are_multiples),
    };

    gong_log_init("test_schedule", GONG_LOG_DEBUG);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
