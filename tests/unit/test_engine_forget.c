/* What forgetting gives back (engine_expire.h): room below the limit of
 * instances, the bound of what is held in vain, and recordings that a limit
 * cuts off when the rules change. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "rules/engine/engine_state.h"
#include "rules/engine/sample.h"

#define START  INT64_C(10000000)
#define MINUTE INT64_C(60000)

struct fixture {
    struct gong_engine *engine;
    struct gong_ruleset *set;
    struct text payload;
    struct text told;
    int64_t now;
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    (void)ctx;
    (void)effect;
}

static void
on_recorded(void *ctx, const struct gong_recorded *recorded)
{
    struct fixture *f = ctx;

    text_add(&f->told, "%s %s\n", recorded->rule->record,
             gong_is_stale(recorded->value) ? "ends" : "is");
}

static void
load(struct fixture *f, const struct rule_spec *specs, size_t count)
{
    struct gong_ruleset *set = make_rules(specs, count);

    assert_int_equal(gong_engine_set_rules(f->engine, set, 0, f->now, NULL),
                     GONG_OK);
    gong_ruleset_free(f->set);
    f->set = set;
}

static void
start(struct fixture *f, uint32_t instances, const struct rule_spec *specs,
      size_t count)
{
    struct gong_engine_limits limits = {.instances = instances};

    *f = (struct fixture){.now = START};
    text_clear(&f->told);
    f->engine = gong_engine_new(&limits, on_effect, f);
    assert_non_null(f->engine);
    gong_engine_on_recorded(f->engine, on_recorded, f);
    load(f, specs, count);
}

static void
stop(struct fixture *f)
{
    gong_engine_free(f->engine);
    gong_ruleset_free(f->set);
    text_free(&f->payload);
    text_free(&f->told);
}

static void
send(struct fixture *f, const char *points)
{
    struct gong_record record =
        data_record(&f->payload, f->now, "s", "d", points);

    assert_int_equal(gong_engine_apply(f->engine, &record), GONG_OK);
}

/* One point a minute, so that the engine looks at all the others. */
static void
send_for(struct fixture *f, int minutes, const char *point)
{
    for (int i = 0; i < minutes; i++) {
        char line[64];

        f->now += MINUTE;
        (void)snprintf(line, sizeof line, "%s %" PRId64 "\n", point, f->now);
        send(f, line);
    }
}

static struct gong_engine_stats
stats(const struct fixture *f)
{
    struct gong_engine_stats s;

    gong_engine_stats(f->engine, &s);
    return s;
}

/* What was refused at the limit is taken once others have gone. */
static void
test_refused_column(void **state)
{
    static const struct rule_spec hot[] = {{.alert = "Hot", .expr = "m_a > 9"}};
    struct fixture f;

    (void)state;
    start(&f, 2, hot, 1);
    forget_soon(f.engine);
    send(&f, "m,k=1 a=8 10000000\nm,k=2 a=8 10000000\n");
    send_for(&f, 5, "m,k=3 a=80");
    assert_int_equal(stats(&f).over_limit, 5);
    assert_int_equal(stats(&f).firing, 0);
    send_for(&f, 15, "m,k=3 a=80");
    assert_int_equal(stats(&f).series_expired, 2);
    assert_int_equal(stats(&f).firing, 1);
    assert_int_equal(stats(&f).instances, 1);
    stop(&f);
}

/* So is the series of a recording, which has no column. */
static void
test_refused_output(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "Filler", .expr = "m_b > 9"},
        {.alert = "High", .expr = "rec > 9"},
        {.alert = "rec",
         .record = true,
         .expr = "m_a * 2",
         .interval_ms = 1000},
    };
    struct fixture f;

    (void)state;
    start(&f, 4, specs, 3);
    forget_soon(f.engine);
    send(&f, "m,k=1 b=1 10000000\n");
    send_for(&f, 5, "m a=80");
    assert_int_equal(f.engine->live->binds.instances.count, 5);
    assert_int_equal(stats(&f).over_limit, 0);
    assert_int_equal(stats(&f).firing, 0);
    send_for(&f, 15, "m a=80");
    assert_int_equal(stats(&f).series_expired, 1);
    assert_int_equal(stats(&f).firing, 1);
    stop(&f);
}

static void
send_many(struct fixture *f, const char *wave, int count)
{
    struct text points = {0};

    for (int i = 0; i < count; i++) {
        text_add(&points, "m,k=%s%d a=1 %" PRId64 "\n", wave, i, f->now);
    }
    send(f, points.data);
    text_free(&points);
}

/* Free symbols, of which a wave leaves many, do not hide what goes later. */
static void
test_bound_after_a_wave(void **state)
{
    static const struct rule_spec hot[] = {{.alert = "Hot", .expr = "m_a > 9"}};
    struct fixture f;

    (void)state;
    start(&f, 100000, hot, 1);
    f.engine->expire.soon_ms = 0;
    f.engine->expire.late_ms = 0;
    send_many(&f, "first", 500);
    f.now += 120 * MINUTE;
    send_many(&f, "other", 70);
    assert_int_equal(stats(&f).series_expired, 500);
    assert_true(f.engine->symbols.unused > 400);
    /* A fifth of them goes, the others stay. */
    for (int i = 0; i < 120; i++) {
        f.now += MINUTE;
        send_many(&f, "other", 56);
    }
    assert_int_equal(stats(&f).series_expired, 514);
    assert_int_equal(stats(&f).rows, 56);
    stop(&f);
}

/* A recording that goes on, but whose output has no room under the new rules,
 * ends like one that is gone. */
static void
test_output_without_room(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "rec",
         .record = true,
         .expr = "m_a * 2",
         .interval_ms = 1000},
        {.alert = "Hot", .expr = "m_b > 9"},
    };
    struct fixture f;

    (void)state;
    start(&f, 2, specs, 1);
    send(&f, "m a=1,b=1 10000000\n");
    f.now += 1000;
    send(&f, "m a=1,b=1 10001000\n");
    assert_true(strncmp(f.told.data, "rec is\n", 7) == 0);
    text_clear(&f.told);
    load(&f, specs, 1);
    assert_string_equal(f.told.data, "");
    load(&f, specs, 2);
    assert_string_equal(f.told.data, "rec ends\n");
    stop(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_column),
        cmocka_unit_test(test_refused_output),
        cmocka_unit_test(test_bound_after_a_wave),
        cmocka_unit_test(test_output_without_room),
    };

    return cmocka_run_group_tests_name("engine_forget", tests, NULL, NULL);
}
