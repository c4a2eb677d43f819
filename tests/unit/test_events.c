#include "agent/api/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct watcher {
    struct gong_events_reader *reader;
    const char *sees; /* a unit, or NULL for all */
    unsigned parked, woken;
    char text[1 << 16];
};

struct world {
    struct gong_counters *counters;
    struct gong_events *events;
};

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    world->counters = gong_counters_new();
    world->events = gong_events_new("abc", world->counters);
    assert_non_null(world->events);
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;

    assert_int_equal(gong_events_readers(world->events), 0);
    gong_events_free(world->events);
    gong_counters_free(world->counters);
    free(world);
    return 0;
}

static bool
may(void *ctx, const struct gong_grant_place *place)
{
    const struct watcher *watcher = ctx;

    return watcher->sees == NULL || gong_str_is(place->unit, watcher->sees);
}

static void
parked(void *ctx)
{
    ((struct watcher *)ctx)->parked++;
}

static void
woken(void *ctx)
{
    ((struct watcher *)ctx)->woken++;
}

static void
join(struct world *world, struct watcher *watcher, const char *last_id)
{
    struct gong_events_filter filter = {may, NULL, watcher};

    watcher->reader = gong_events_join(world->events, last_id, &filter, 0);
    assert_non_null(watcher->reader);
    gong_events_on_wait(watcher->reader, parked, woken, watcher);
}

/* All that can be read now, in steps of a few bytes. */
static const char *
read_all(struct watcher *watcher, size_t step)
{
    size_t len = 0;
    ssize_t got;

    while ((got = gong_events_read(watcher->reader, watcher->text + len,
                                   step)) > 0) {
        len += (size_t)got;
        assert_true(len + step < sizeof watcher->text);
    }
    watcher->text[len] = '\0';
    return got < 0 ? NULL : watcher->text;
}

static void
publish(struct world *world, const char *unit, const char *json)
{
    struct gong_grant_place place = {.unit = gong_str_of(unit)};

    gong_events_publish(world->events, "incident", &place, gong_str_of(json));
}

static void
each_sees_theirs_in_order(void **state)
{
    struct world *world = *state;
    struct watcher all = {0}, one = {.sees = "22015"};

    join(world, &all, "");
    join(world, &one, "");
    assert_string_equal(read_all(&all, 7), "retry: 2000\nid: abc-0\n\n");
    assert_int_equal(all.parked, 1);
    (void)read_all(&one, 100);
    publish(world, "22018", "{\"a\":1}");
    publish(world, "22015", "{\"a\":2}");
    assert_int_equal(all.woken, 1);
    assert_string_equal(read_all(&all, 3),
                        "id: abc-1\nevent: incident\ndata: {\"a\":1}\n\n"
                        "id: abc-2\nevent: incident\ndata: {\"a\":2}\n\n");
    assert_string_equal(read_all(&one, 1000),
                        "id: abc-2\nevent: incident\ndata: {\"a\":2}\n\n");
    gong_events_leave(all.reader);
    gong_events_leave(one.reader);
}

static void
a_reader_goes_on_where_it_was(void **state)
{
    static const struct {
        const char *id, *begins;
    } cases[] = {
        {"abc-1", "retry: 2000\nid: abc-1\n\nid: abc-2\n"},
        {"abc-3", "retry: 2000\nid: abc-3\n\n"},
        {"abc-0", "retry: 2000\nid: abc-0\n\nid: abc-1\n"},
        /* Another boot, from the future, none at all: read the lists again. */
        {"abd-1", "retry: 2000\nid: abc-3\n\nid: abc-3\nevent: reset\n"},
        {"abc-4", "retry: 2000\nid: abc-3\n\nid: abc-3\nevent: reset\n"},
        {"abc-", "retry: 2000\nid: abc-3\n\nid: abc-3\nevent: reset\n"},
        {"abc--1", "retry: 2000\nid: abc-3\n\nid: abc-3\nevent: reset\n"},
        {"abc-99999999999999999999",
         "retry: 2000\nid: abc-3\n\nid: abc-3\nevent: reset\n"},
        {"x", "retry: 2000\nid: abc-3\n\nid: abc-3\nevent: reset\n"},
    };
    struct world *world = *state;

    for (int i = 0; i < 3; i++) {
        publish(world, "u", "{}");
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct watcher watcher = {0};

        join(world, &watcher, cases[i].id);
        if (strncmp(read_all(&watcher, 64), cases[i].begins,
                    strlen(cases[i].begins)) != 0) {
            fail_msg("%s: %s", cases[i].id, watcher.text);
        }
        gong_events_leave(watcher.reader);
    }
}

static void
a_slow_reader_is_dropped_and_counted(void **state)
{
    struct world *world = *state;
    struct watcher slow = {0}, late = {0};
    gong_counter_t *dropped =
        gong_counter_add(world->counters, GONG_COUNTER,
                         "gong_api_streams_dropped_total", "", "");
    char *large = calloc(1, GONG_EVENT_MAX);

    assert_non_null(large);
    join(world, &slow, "");
    (void)read_all(&slow, 100);
    for (int i = 0; i < GONG_EVENTS_KEPT; i++) {
        publish(world, "u", "{}");
    }
    assert_non_null(read_all(&slow, 5000));
    for (int i = 0; i < GONG_EVENTS_KEPT + 1; i++) {
        publish(world, "u", "{}");
    }
    assert_null(read_all(&slow, 100));
    assert_int_equal(gong_counter_get(dropped), 1);
    gong_events_leave(slow.reader);
    /* It comes back, and is told that it missed something. */
    join(world, &late, "abc-5");
    assert_non_null(strstr(read_all(&late, 100), "event: reset"));
    gong_events_leave(late.reader);
    /* By bytes too. */
    memset(large, 'a', GONG_EVENT_MAX - 1);
    memset(&slow, 0, sizeof slow);
    join(world, &slow, "");
    (void)read_all(&slow, 100);
    for (int i = 0; i < 20; i++) {
        publish(world, "u", large);
    }
    assert_null(read_all(&slow, 100));
    assert_int_equal(gong_counter_get(dropped), 2);
    gong_events_leave(slow.reader);
    free(large);
}

static void
a_reset_reaches_all_readers(void **state)
{
    struct world *world = *state;
    struct watcher parked_one = {0}, other = {.sees = "22015"}, half = {0};
    struct watcher late = {0};

    publish(world, "u", "{}");
    join(world, &parked_one, "");
    join(world, &other, "abc-0");
    join(world, &half, "abc-0");
    (void)read_all(&parked_one, 100);
    assert_true(gong_events_read(half.reader, half.text, 100) > 0);
    assert_int_equal(gong_events_read(half.reader, half.text, 5), 5);
    gong_events_reset(world->events);
    assert_int_equal(parked_one.woken, 1);
    assert_string_equal(read_all(&parked_one, 100),
                        "id: abc-2\nevent: reset\ndata: {}\n\n");
    assert_string_equal(read_all(&other, 100),
                        "retry: 2000\nid: abc-0\n\n"
                        "id: abc-2\nevent: reset\ndata: {}\n\n");
    assert_null(read_all(&half, 100));
    /* Who was away is told too, and nobody twice. */
    join(world, &late, "abc-1");
    assert_non_null(strstr(read_all(&late, 100), "event: reset"));
    gong_events_leave(late.reader);
    memset(&late, 0, sizeof late);
    publish(world, "u", "{\"a\":3}");
    join(world, &late, "abc-2");
    assert_string_equal(read_all(&late, 100),
                        "retry: 2000\nid: abc-2\n\n"
                        "id: abc-3\nevent: incident\ndata: {\"a\":3}\n\n");
    assert_string_equal(read_all(&parked_one, 100),
                        "id: abc-3\nevent: incident\ndata: {\"a\":3}\n\n");
    gong_events_leave(late.reader);
    gong_events_leave(half.reader);
    gong_events_leave(other.reader);
    gong_events_leave(parked_one.reader);
}

static void
heartbeats_life_and_end(void **state)
{
    struct world *world = *state;
    struct watcher watcher = {0}, late = {0};

    join(world, &watcher, "");
    (void)read_all(&watcher, 100);
    gong_events_beat(world->events, 1000, 5000);
    assert_int_equal(watcher.woken, 1);
    assert_string_equal(read_all(&watcher, 100), ": heartbeat\n\n");
    assert_int_equal(watcher.parked, 2);
    gong_events_beat(world->events, 5001, 5000);
    assert_int_equal(watcher.woken, 2);
    assert_null(read_all(&watcher, 100));
    gong_events_leave(watcher.reader);
    join(world, &late, "");
    (void)read_all(&late, 100);
    gong_events_close(world->events);
    assert_int_equal(late.woken, 1);
    assert_null(read_all(&late, 100));
    gong_events_leave(late.reader);
    assert_null(gong_events_join(
        world->events, "", &(struct gong_events_filter){may, NULL, NULL}, 0));
}

static void
readers_are_bounded(void **state)
{
    struct world *world = *state;
    struct watcher *watchers =
        calloc(GONG_EVENTS_READERS_MAX, sizeof *watchers);

    assert_non_null(watchers);
    for (size_t i = 0; i < GONG_EVENTS_READERS_MAX; i++) {
        join(world, &watchers[i], "");
    }
    assert_null(gong_events_join(
        world->events, "", &(struct gong_events_filter){may, NULL, NULL}, 0));
    for (size_t i = 0; i < GONG_EVENTS_READERS_MAX; i++) {
        gong_events_leave(watchers[i].reader);
    }
    free(watchers);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(each_sees_theirs_in_order),
        T(a_reader_goes_on_where_it_was),
        T(a_slow_reader_is_dropped_and_counted),
        T(a_reset_reaches_all_readers),
        T(heartbeats_life_and_end),
        T(readers_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
