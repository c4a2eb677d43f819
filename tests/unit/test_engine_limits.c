/* The engine at its edges: limits, no memory, hostile records and times, and
 * what its effects carry. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/batch.h"
#include "common/crc32c.h"
#include "engine_fixture.h"

struct fixture {
    struct gong_engine *engine;
    struct gong_ruleset *set;
    struct text effects;
    struct text payload;
    uint64_t count;
    struct gong_effect last; /* its plain values */
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct fixture *f = ctx;

    effect_bytes(&f->effects, effect);
    f->last = *effect;
    f->count++;
}

static const struct rule_spec hot[] = {{.alert = "Hot", .expr = "m_a > 70"}};

static void
start(struct fixture *f, const struct gong_engine_limits *limits,
      const struct rule_spec *specs, size_t count)
{
    *f = (struct fixture){0};
    text_clear(&f->effects);
    f->set = make_rules(specs, count);
    f->engine = gong_engine_new(limits, on_effect, f);
    assert_non_null(f->engine);
    assert_int_equal(gong_engine_set_rules(f->engine, f->set, 0, 0, NULL),
                     GONG_OK);
}

static void
stop(struct fixture *f)
{
    gong_engine_free(f->engine);
    gong_ruleset_free(f->set);
    text_free(&f->effects);
    text_free(&f->payload);
}

static enum gong_err
send(struct fixture *f, int64_t ms, const char *device, const char *points)
{
    struct gong_record record =
        data_record(&f->payload, ms, "s", device, points);

    record.offset = (uint64_t)ms;
    return gong_engine_apply(f->engine, &record);
}

static struct gong_engine_stats
stats(const struct fixture *f)
{
    struct gong_engine_stats s;

    gong_engine_stats(f->engine, &s);
    return s;
}

static void
test_limit_of_devices(void **state)
{
    struct gong_engine_limits limits = {.devices = 2};
    struct fixture f;

    (void)state;
    start(&f, &limits, hot, 1);
    assert_int_equal(send(&f, 1000, "a", "m a=80,b=1,c=\"x\" 1000\n"), GONG_OK);
    assert_int_equal(send(&f, 1000, "b", "m a=80 1000\n"), GONG_OK);
    assert_int_equal(send(&f, 1000, "c", "m a=80,b=1,c=\"x\" 1000\n"), GONG_OK);
    assert_int_equal(stats(&f).devices, 2);
    assert_int_equal(stats(&f).over_limit, 2);
    assert_int_equal(stats(&f).firing, 2);
    /* The others go on. */
    assert_int_equal(send(&f, 2000, "b", "m a=8 2000\n"), GONG_OK);
    assert_int_equal(stats(&f).firing, 1);
    stop(&f);
}

static void
test_limit_of_rows(void **state)
{
    struct gong_engine_limits limits = {.rows_per_device = 1};
    struct fixture f;
    struct gong_record record;

    (void)state;
    start(&f, &limits, hot, 1);
    assert_int_equal(send(&f, 1000, "a", "m,k=1 a=80 1000\nm,k=2 a=80 1000\n"),
                     GONG_OK);
    assert_int_equal(send(&f, 1000, "b", "m,k=1 a=80 1000\n"), GONG_OK);
    assert_int_equal(stats(&f).over_limit, 1);
    assert_int_equal(stats(&f).firing, 2);
    /* A file is no device that could flood. */
    record = data_record(&f.payload, 1000, "", "",
                         "m,k=1 a=80 1000\nm,k=2 a=80 1000\n");
    assert_int_equal(gong_engine_apply(f.engine, &record), GONG_OK);
    assert_int_equal(stats(&f).over_limit, 1);
    assert_int_equal(stats(&f).firing, 4);
    stop(&f);
}

/* A row that is refused for a tag's name leaves nothing behind: the limit of
 * rows would not bound it. */
static void
test_refused_row_costs_nothing(void **state)
{
    char points[2048];
    char name[1101];
    struct fixture f;
    uint64_t bytes = 0;

    (void)state;
    memset(name, 'z', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    start(&f, NULL, hot, 1);
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(points, sizeof points,
                       "m,a=some-longer-value-%d,%s=1 a=80 1000\n", i, name);
        assert_int_equal(send(&f, 1000, "a", points), GONG_OK);
        bytes = i == 0 ? stats(&f).bytes : bytes;
    }
    assert_int_equal(stats(&f).over_limit, 2000);
    assert_int_equal(stats(&f).rows, 0);
    assert_int_equal(stats(&f).bytes, bytes);
    stop(&f);
}

static void
test_limit_of_instances(void **state)
{
    struct gong_engine_limits limits = {.instances = 2};
    struct fixture f;

    (void)state;
    start(&f, &limits, hot, 1);
    assert_int_equal(
        send(&f, 1000, "a",
             "m,k=1 a=80,b=1 1000\nm,k=2 a=80 1000\nm,k=3 a=80 1000\n"),
        GONG_OK);
    assert_int_equal(stats(&f).over_limit, 1);
    assert_int_equal(stats(&f).instances, 2);
    assert_int_equal(send(&f, 2000, "a", "m,k=3 a=80 2000\nm,k=1 a=8 2000\n"),
                     GONG_OK);
    assert_int_equal(stats(&f).over_limit, 2);
    assert_int_equal(stats(&f).firing, 1);
    stop(&f);
}

static enum gong_err
say(struct fixture *f, int64_t ms, const char *device, bool online)
{
    struct gong_record record =
        status_record(&f->payload, ms, "s", device,
                      online ? "{\"state\":\"online\",\"every\":{\"m\":1}}"
                             : "{\"state\":\"offline\"}");

    return gong_engine_apply(f->engine, &record);
}

/* A whole life in too little memory: it fails cleanly wherever it fails, and
 * further records do no harm. */
static void
live_in(uint64_t bytes, bool *lived)
{
    struct gong_engine_limits limits = {.bytes = bytes};
    static const struct rule_spec specs[] = {
        {.alert = "a", .expr = "m_a > 70", .for_ms = 1000, .keep_ms = 1000},
        {.alert = "b", .expr = "m_a > m_b"},
        {.alert = "c", .expr = "m_a > 1 unless m_b > 1", .interval_ms = 700},
        {.alert = "d", .expr = "up == 0 or device_dark == 1"},
        {.alert = "e", .expr = "unit_up == 0"},
    };
    struct fixture f = {0};
    struct gong_ruleset *again = make_rules(specs, 2);
    enum gong_err err = GONG_OK;

    f.set = make_rules(specs, 5);
    f.engine = gong_engine_new(&limits, on_effect, &f);
    if (f.engine == NULL) {
        *lived = false;
    } else {
        err = gong_engine_set_rules(f.engine, f.set, 0, 0, NULL);
        for (int64_t i = 0; i < 40; i++) {
            char points[128];
            enum gong_err now;

            snprintf(points, sizeof points,
                     "m,k=%d a=%d,b=9 %" PRId64 "\nm a=75 %" PRId64 "\n",
                     (int)(i % 7), 90 - (int)(i % 3) * 40, i * 500, i * 400);
            now = send(&f, i * 500, i % 2 == 0 ? "a" : "b", points);
            assert_true(now == GONG_OK || now == GONG_ERR_MEMORY);
            err = err == GONG_OK ? now : err;
            now = say(&f, i * 500 + 1, i % 3 == 0 ? "a" : "c", i % 4 < 2);
            assert_true(now == GONG_OK || now == GONG_ERR_MEMORY);
            err = err == GONG_OK ? now : err;
        }
        if (gong_engine_set_rules(f.engine, again, 0, 20000, NULL) != GONG_OK) {
            err = GONG_ERR_MEMORY;
        }
        assert_true(stats(&f).bytes_state <= bytes);
        *lived = err == GONG_OK;
    }
    stop(&f);
    gong_ruleset_free(again);
}

static void
test_without_memory(void **state)
{
    bool lived = false;
    uint64_t bytes = 1;

    (void)state;
    while (!lived) {
        live_in(bytes, &lived);
        bytes += 160;
        assert_true(bytes < 1000000);
    }
    assert_true(bytes > 4000);
}

/* Rules that read ALERTS learn of the alerts there are once the rules have been
 * swapped: memory that runs out then is told at once. */
static bool
reload_in(uint64_t bytes, bool *was_short)
{
    static const struct rule_spec specs[] = {
        {.alert = "Hot", .expr = "m_a > 70"},
        {.alert = "Many", .expr = "count(ALERTS) > 3"},
    };
    struct gong_engine_limits limits = {.bytes = bytes};
    struct fixture f = {0};
    struct gong_ruleset *again = make_rules(specs, 2);
    struct gong_record clock = clock_record(20000);
    enum gong_err err = GONG_OK;

    f.set = make_rules(hot, 1);
    f.engine = gong_engine_new(&limits, on_effect, &f);
    if (f.engine == NULL) {
        err = GONG_ERR_MEMORY;
    } else {
        err = gong_engine_set_rules(f.engine, f.set, 0, 0, NULL);
    }
    for (int i = 0; i < 40 && err == GONG_OK; i++) {
        char points[64];

        snprintf(points, sizeof points, "m,k=%d a=90 %d", i, 1000 + i);
        err = send(&f, 1000 + i, "a", points);
    }
    if (err == GONG_OK) {
        err = gong_engine_set_rules(f.engine, again, 0, 20000, NULL);
    }
    if (err == GONG_OK) {
        bool is_short = gong_engine_is_short(f.engine);

        *was_short |= is_short;
        err = gong_engine_apply(f.engine, &clock);
        assert_true(!is_short || err == GONG_ERR_MEMORY);
    }
    stop(&f);
    gong_ruleset_free(again);
    return err == GONG_OK;
}

static void
test_short_after_reload(void **state)
{
    bool was_short = false;
    uint64_t bytes = 20000;

    (void)state;
    while (!reload_in(bytes, &was_short)) {
        bytes += 1000;
        assert_true(bytes < 1000000);
    }
    assert_true(was_short);
}

static void
test_rules_are_all_or_nothing(void **state)
{
    static const struct rule_spec bad[] = {
        {.alert = "New", .expr = "m_a > 1"},
        {.alert = "Bad", .expr = "m_a @ 5 > 1"},
    };
    struct fixture f;
    struct gong_ruleset *refused = make_rules(bad, 2);
    struct gong_rules_report report = {9, 9, 9, 9};

    (void)state;
    start(&f, NULL, hot, 1);
    assert_int_equal(send(&f, 1000, "a", "m a=80 1000\n"), GONG_OK);
    assert_int_equal(gong_engine_set_rules(f.engine, refused, 0, 2000, &report),
                     GONG_ERR_INVALID);
    assert_int_equal(report.kept, 9);
    assert_int_equal(stats(&f).rules, 1);
    assert_int_equal(stats(&f).firing, 1);
    gong_ruleset_free(refused);
    assert_int_equal(send(&f, 3000, "a", "m a=8 3000\n"), GONG_OK);
    assert_int_equal(stats(&f).firing, 0);
    stop(&f);
}

static void
test_report(void **state)
{
    static const struct rule_spec first[] = {
        {.alert = "Kept", .expr = "m_a > 1"},
        {.alert = "Changed", .expr = "m_a > 1"},
        {.alert = "Gone", .expr = "m_a > 1"},
        {.alert = "Gone2", .expr = "m_a > 1"},
    };
    static const struct rule_spec second[] = {
        {.alert = "Added", .expr = "m_a > 1"},
        {.alert = "Changed", .expr = "m_a > 2"},
        {.alert = "Kept", .expr = "m_a > 1", .annotation = "a=b"},
    };
    struct fixture f;
    struct gong_ruleset *set = make_rules(second, 3);
    struct gong_rules_report report;

    (void)state;
    start(&f, NULL, first, 4);
    assert_int_equal(gong_engine_set_rules(f.engine, set, 7, 0, &report),
                     GONG_OK);
    assert_int_equal(report.kept, 1);
    assert_int_equal(report.changed, 1);
    assert_int_equal(report.added, 1);
    assert_int_equal(report.removed, 2);
    gong_ruleset_free(f.set);
    f.set = set;
    stop(&f);
}

/* Positions, ordinals and the latency stamps of a sample and of a timer. */
static void
test_what_effects_carry(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "One", .expr = "m_a > 70", .annotation = "s={{ $value }}"},
        {.alert = "Two", .expr = "m_a > 70", .for_ms = 500},
    };
    struct fixture f;

    (void)state;
    start(&f, NULL, specs, 2);
    assert_int_equal(send(&f, 5000, "a", "m a=80 4000\n"), GONG_OK);
    assert_int_equal(f.count, 2);
    assert_int_equal(f.last.position, 5000);
    assert_int_equal(f.last.ordinal, 1);
    assert_true(f.last.journal_ms == 5000 && f.last.at_ms == 4000);
    assert_true(f.last.captured_ms == 4000 && f.last.received_ms == 5000);
    assert_true(f.last.published_ms == 0);
    assert_int_equal(send(&f, 9000, "b", "m a=8 9000\n"), GONG_OK);
    assert_int_equal(f.count, 3);
    assert_int_equal(f.last.position, 9000);
    assert_int_equal(f.last.ordinal, 0);
    assert_true(f.last.journal_ms == 5500 && f.last.at_ms == 4500);
    assert_true(f.last.captured_ms == 0 && f.last.received_ms == 0);
    stop(&f);
}

static struct gong_record
headed(struct text *payload, enum gong_lane lane, int64_t off_ms,
       const char *body)
{
    struct gong_batch_header header = {.epoch = 1,
                                       .seq = 1,
                                       .low = 1,
                                       .lane = lane,
                                       .off_ms = off_ms,
                                       .sent_ms = 777,
                                       .points = 1,
                                       .crc =
                                           gong_crc32c(0, body, strlen(body))};
    char line[GONG_BATCH_HEADER_SIZE];

    gong_batch_header_format(&header, line);
    text_clear(payload);
    text_add(payload, "??sd%s%s", line, body);
    payload->data[0] = 1;
    payload->data[1] = 1;
    return (struct gong_record){.meta = {.type = GONG_RECORD_DATA,
                                         .journal_ms = 1000000,
                                         .wall_ns = INT64_C(1000000000000)},
                                .payload =
                                    gong_str_from(payload->data, payload->len)};
}

static void
test_lanes_and_offsets(void **state)
{
    struct fixture f;
    struct gong_record record;

    (void)state;
    start(&f, NULL, hot, 1);
    record = headed(&f.payload, GONG_LANE_BACK, 0,
                    "m a=80 999999000000\nm a=80 nonsense\n");
    assert_int_equal(gong_engine_apply(f.engine, &record), GONG_OK);
    assert_int_equal(stats(&f).backlog_points, 1);
    assert_int_equal(stats(&f).lines_refused, 1);
    assert_int_equal(stats(&f).points, 0);
    assert_int_equal(stats(&f).devices_up, 1); /* it lives */
    assert_int_equal(stats(&f).rows, 0);
    assert_int_equal(f.count, 0);
    /* The collector's clock is 5 s slow: stamps move by as much. */
    record = headed(&f.payload, GONG_LANE_LIVE, -5000, "m a=80 994000000000\n");
    assert_int_equal(gong_engine_apply(f.engine, &record), GONG_OK);
    assert_int_equal(f.count, 1);
    assert_true(f.last.at_ms == 999000 && f.last.published_ms == 777);
    stop(&f);
}

static void
test_alerts_view(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "One", .expr = "m_a > 70"},
        {.alert = "Two", .expr = "m_a > 70", .for_ms = 500},
        {.alert = "Three", .expr = "m_a > 70", .keep_ms = 500},
    };
    struct fixture f;

    (void)state;
    start(&f, NULL, specs, 3);
    gong_engine_alerts(f.engine, on_effect, &f);
    assert_int_equal(f.count, 0);
    send(&f, 1000, "a", "m a=80 1000\n");
    f.count = 0;
    gong_engine_alerts(f.engine, on_effect, &f);
    assert_int_equal(f.count, 3);
    assert_int_equal(f.last.from, f.last.to);
    send(&f, 1100, "a", "m a=8 1100\n");
    f.count = 0;
    gong_engine_alerts(f.engine, on_effect, &f);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.last.to, GONG_ALERT_KEEPING);
    assert_true(f.last.since_ms == 1000 && f.last.at_ms == 1100);
    stop(&f);
}

static void
test_hostile_times(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "a",
         .expr = "m_a > 70",
         .for_ms = INT64_MAX,
         .keep_ms = INT64_MAX,
         .lookback_ms = INT64_MAX},
        {.alert = "b",
         .expr = "m_a > 70",
         .interval_ms = 1,
         .for_ms = 5,
         .lookback_ms = 1000},
        {.alert = "c", .expr = "m_a > 70", .interval_ms = INT64_MAX},
        {.alert = "d", .expr = "m_a > 70", .for_ms = -5, .keep_ms = -5},
    };
    static const int64_t times[] = {INT64_MIN, -1,        5,
                                    INT64_MAX, INT64_MIN, INT64_MAX - 1};
    struct fixture f;

    (void)state;
    start(&f, NULL, specs, 4);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct gong_record clock = clock_record(times[i]);
        struct gong_record record =
            data_record(&f.payload, 0, "s", "d",
                        i % 2 == 0 ? "m a=80 9223372036854\n"
                                   : "m a=80 0\nm,k=1 a=9 1\nm a=1\n");

        record.meta.journal_ms = times[i];
        record.meta.wall_ns = times[i];
        assert_int_equal(gong_engine_apply(f.engine, &record), GONG_OK);
        assert_int_equal(gong_engine_apply(f.engine, &clock), GONG_OK);
    }
    assert_true(stats(&f).evaluations < 1000);
    stop(&f);
}

static void
test_other_records_are_time(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "a", .expr = "m_a > 70", .for_ms = 1000}};
    struct fixture f;
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_PRESENCE, .journal_ms = 2000},
        .payload = gong_str_of("\1\1sdm a=8 1500000000")};

    (void)state;
    start(&f, NULL, specs, 1);
    send(&f, 1000, "d", "m a=80 1000\n");
    assert_int_equal(gong_engine_apply(f.engine, &record), GONG_OK);
    assert_int_equal(stats(&f).firing, 0);
    record.meta.journal_ms = 2001;
    assert_int_equal(gong_engine_apply(f.engine, &record), GONG_OK);
    assert_int_equal(stats(&f).firing, 1);
    assert_int_equal(stats(&f).points, 1);
    stop(&f);
}

static void
test_free_null(void **state)
{
    (void)state;
    gong_engine_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit_of_devices),
        cmocka_unit_test(test_limit_of_rows),
        cmocka_unit_test(test_refused_row_costs_nothing),
        cmocka_unit_test(test_limit_of_instances),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_short_after_reload),
        cmocka_unit_test(test_rules_are_all_or_nothing),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_what_effects_carry),
        cmocka_unit_test(test_lanes_and_offsets),
        cmocka_unit_test(test_alerts_view),
        cmocka_unit_test(test_hostile_times),
        cmocka_unit_test(test_other_records_are_time),
        cmocka_unit_test(test_free_null),
    };

    return cmocka_run_group_tests_name("engine_limits", tests, NULL, NULL);
}
