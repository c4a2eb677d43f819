/*
 * Leaps in time: rules that move with time alone do not go through every
 * instant of them; and it makes no difference whether CLOCK records came in
 * between.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/le.h"
#include "engine_fixture.h"
#include "rules/engine/timer.h"
#include "snapshot_bytes.h"

#define DAY  INT64_C(86400000)
#define YEAR (365 * DAY)

static const struct rule_spec specs[] = {
    {.alert = "Even", .expr = "hour() % 2 == 0"},
    {.alert = "Early", .expr = "vector(time()) < 100000", .interval_ms = 60000},
    {.alert = "seconds", .record = true, .expr = "vector(time())"},
    {.alert = "seen", .record = true, .expr = "sum(up)"},
    {.alert = "Up", .expr = "time() - up > 5", .interval_ms = 7000},
    {.alert = "Both",
     .expr = "m_a * on (site) vector(1)",
     .lookback_ms = 40 * YEAR},
    {.alert = "Rate", .expr = "rate(m_a[30d]) > 1"},
    {.alert = "Hot",
     .expr = "sum(m_a) > 5",
     .for_ms = 3 * DAY,
     .lookback_ms = 5 * DAY},
};

#define SPECS (sizeof specs / sizeof specs[0])

struct side {
    struct gong_engine *engine;
    struct text told;
    struct text payload;
    uint64_t recorded;
    bool clocks;   /* CLOCK records come whenever they are asked for, and the
                      engine's own samples behind them */
    bool restarts; /* it is saved and read back before each record */
};

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    struct side *side = ctx;

    effect_line(&side->told, effect);
    text_add(&side->told, "\n");
}

static void
on_recorded(void *ctx, const struct gong_recorded *recorded)
{
    struct side *side = ctx;

    side->recorded++;
    text_add(&side->told, "%s %" PRId64 "\n", recorded->rule->record,
             recorded->at_ms);
}

static void
restart(struct side *side, const struct gong_ruleset *set)
{
    struct gong_snapshot_place place = {.position = 1};
    struct gong_snapshot_start start = {
        .emit = on_effect, .ctx = side, .set = set};
    struct bytes bytes = {0};
    const char *why = "";

    assert_true(bytes_save(&bytes, side->engine, &place));
    gong_engine_free(side->engine);
    if (bytes_restore(&bytes, &start, &side->engine, &why) != GONG_OK) {
        fail_msg("not restored: %s", why);
    }
    gong_engine_on_recorded(side->engine, on_recorded, side);
    bytes_free(&bytes);
}

static void
apply(struct side *side, const struct gong_record *record)
{
    assert_int_equal(gong_engine_apply(side->engine, record), GONG_OK);
}

static void
send(struct side *side, int64_t ms, int value)
{
    char points[64];
    struct gong_record record;

    while (side->clocks && gong_engine_deadline(side->engine) < ms) {
        record = clock_record(gong_engine_deadline(side->engine));
        apply(side, &record);
        record.meta.type = GONG_RECORD_RECORDED;
        apply(side, &record);
    }
    snprintf(points, sizeof points, "m a=%d %" PRId64, value, ms);
    record = data_record(&side->payload, ms, "s", "d", points);
    apply(side, &record);
}

static void
begin(struct side *side, const struct gong_ruleset *set)
{
    text_clear(&side->told);
    side->engine = gong_engine_new(NULL, on_effect, side);
    assert_non_null(side->engine);
    gong_engine_on_recorded(side->engine, on_recorded, side);
    assert_int_equal(gong_engine_set_rules(side->engine, set, 0, 0, NULL),
                     GONG_OK);
}

static void
end(struct side *side)
{
    gong_engine_free(side->engine);
    text_free(&side->told);
    text_free(&side->payload);
}

/* Two lines, stamped 1970 and 2001. */
static void
test_years(void **state)
{
    struct gong_ruleset *set = make_rules(specs, SPECS);
    struct side side = {0};
    struct gong_engine_stats stats;

    (void)state;
    begin(&side, set);
    send(&side, 1000, 1);
    send(&side, 31 * YEAR, 1);
    gong_engine_stats(side.engine, &stats);
    /* A day of the quickest rule, every 7 s, and of the others. */
    assert_true(stats.evaluations < 60000);
    assert_true(stats.left_out > UINT64_C(31) * 365 * 5000);
    assert_true(side.recorded > 8000);
    assert_true(side.recorded < 18000);
    end(&side);
    gong_ruleset_free(set);
}

/* One batch of a device whose stamps lie a month apart each. */
static void
test_device_leaps(void **state)
{
    const struct rule_spec rate = {.alert = "Rate",
                                   .expr = "rate(m_a[30d]) > 1"};
    struct gong_ruleset *set = make_rules(&rate, 1);
    struct side side = {0};
    struct text points = {0};
    struct gong_record record;
    struct gong_engine_stats stats;

    (void)state;
    begin(&side, set);
    for (int64_t i = 1; i <= 30; i++) {
        text_add(&points, "m a=1 %" PRId64 "\n", i * 31 * DAY);
    }
    record = data_record(&side.payload, 1000, "s", "d", points.data);
    apply(&side, &record);
    gong_engine_stats(side.engine, &stats);
    assert_true(stats.evaluations < 30 * UINT64_C(5800));
    end(&side);
    text_free(&points);
    gong_ruleset_free(set);
}

static void
test_clocks_and_restarts(void **state)
{
    static const int64_t leaps[] = {10000,       DAY - 3000, 2 * DAY + 1,
                                    DAY,         DAY + 1,    5 * DAY + 7777,
                                    3600 * 1000, DAY - 1,    3 * DAY};
    struct gong_ruleset *set = make_rules(specs, SPECS);
    struct side sides[3] = {
        {.clocks = false}, {.clocks = true}, {.restarts = true}};
    int64_t now = 1000;

    (void)state;
    for (size_t n = 0; n < 3; n++) {
        begin(&sides[n], set);
        send(&sides[n], now, 9);
    }
    for (size_t i = 0; i < sizeof leaps / sizeof leaps[0]; i++) {
        now += leaps[i];
        for (size_t n = 0; n < 3; n++) {
            if (sides[n].restarts) {
                restart(&sides[n], set);
            }
            send(&sides[n], now, 9);
        }
        assert_string_equal(sides[0].told.data, sides[1].told.data);
        assert_string_equal(sides[0].told.data, sides[2].told.data);
        for (size_t n = 0; n < 3; n++) {
            text_clear(&sides[n].told);
        }
    }
    for (size_t n = 0; n < 3; n++) {
        end(&sides[n]);
    }
    gong_ruleset_free(set);
}

/* In a foreign set CLOCK records say which instants are wanted. */
static void
test_foreign(void **state)
{
    struct gong_ruleset *set = make_rules(specs, SPECS);
    struct side side = {0};
    struct gong_engine_stats stats;
    struct gong_engine_stats later;
    struct gong_record record;

    (void)state;
    set->foreign = true;
    begin(&side, set);
    send(&side, 1000, 1);
    send(&side, 31 * YEAR, 1);
    gong_engine_stats(side.engine, &stats);
    assert_true(stats.evaluations < 60000);
    assert_true(stats.left_out > 0);
    for (int64_t hour = 1; hour <= 100; hour++) {
        record = clock_record(31 * YEAR + hour * DAY / 24);
        apply(&side, &record);
    }
    gong_engine_stats(side.engine, &later);
    assert_int_equal(later.left_out, stats.left_out);
    assert_true(later.evaluations - stats.evaluations > 100 * 240);
    record = clock_record(60 * YEAR);
    apply(&side, &record);
    gong_engine_stats(side.engine, &later);
    assert_true(later.left_out > 2 * stats.left_out / 3);
    end(&side);
    gong_ruleset_free(set);
}

/* The elements of a section, by its number. */
static uint8_t *
section(const struct bytes *bytes, uint32_t number, uint64_t *count)
{
    uint8_t *at = bytes->data + GONG_SNAPSHOT_HEADER;

    for (;; at += 32 + gong_le_get32(at + 4) * gong_le_get64(at + 8)) {
        if (gong_le_get32(at) == number) {
            *count = gong_le_get64(at + 8);
            return at + 24;
        }
    }
}

static void
refused(struct bytes *bytes, const struct gong_ruleset *set, uint8_t *word,
        int64_t ms)
{
    struct side side = {0};
    struct gong_snapshot_start start = {
        .emit = on_effect, .ctx = &side, .set = set};
    uint64_t good = gong_le_get64(word);
    const char *why = "";

    gong_le_put64(word, (uint64_t)ms);
    bytes_seal(bytes);
    assert_int_equal(bytes_restore(bytes, &start, &side.engine, &why),
                     GONG_ERR_CORRUPT);
    gong_le_put64(word, good);
    bytes_seal(bytes);
    assert_int_equal(bytes_restore(bytes, &start, &side.engine, &why), GONG_OK);
    end(&side);
}

/* Each timer that runs: an unused one is nobody's. */
static unsigned
forge_timers(struct bytes *bytes, const struct gong_ruleset *set, int64_t ms)
{
    uint64_t count = 0;
    unsigned forged = 0;
    uint8_t *timers = section(bytes, 23, &count);

    for (uint64_t n = 1; n < count; n++) {
        uint8_t *timer = timers + n * sizeof(struct gong_timer);

        if ((int64_t)gong_le_get64(timer) > 30 * YEAR + 20000) {
            refused(bytes, set, timer, ms);
            forged++;
        }
    }
    return forged;
}

/* A snapshot in which journal time has not run for years, or a timer is as old,
 * would have all instants since looked at. */
static void
test_forged_past(void **state)
{
    static const int64_t pasts[] = {-(INT64_MAX / 4), 0, 1000, 29 * YEAR};
    struct gong_ruleset *set = make_rules(specs, SPECS);
    struct gong_snapshot_place place = {.position = 1};
    struct side side = {0};
    struct bytes bytes = {0};
    unsigned forged = 0;

    (void)state;
    begin(&side, set);
    send(&side, 30 * YEAR, 9);
    send(&side, 30 * YEAR + 20000, 9);
    assert_true(bytes_save(&bytes, side.engine, &place));
    for (size_t i = 0; i < sizeof pasts / sizeof pasts[0]; i++) {
        /* Timers run; later than journal time: evaluated, heard. */
        refused(&bytes, set, bytes.data + 144, pasts[i]);
        refused(&bytes, set, bytes.data + 192, 31 * YEAR + pasts[i]);
        forged += forge_timers(&bytes, set, pasts[i]);
    }
    assert_true(forged > 4 * 5);
    bytes_free(&bytes);
    end(&side);
    gong_ruleset_free(set);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_years),
        cmocka_unit_test(test_device_leaps),
        cmocka_unit_test(test_clocks_and_restarts),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_forged_past),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
