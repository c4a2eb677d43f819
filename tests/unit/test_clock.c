#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/clock.h"

#define MS INT64_C(1000000)
#define S  (1000 * MS)

static const struct {
    const char *text;
    int64_t ns;
    const char *formatted; /* NULL: as text */
} durations[] = {
    {"0s", 0, NULL},
    {"0", 0, "0s"},
    {"15s", 15 * S, NULL},
    {"250ms", 250 * MS, NULL},
    {"1m30s", 90 * S, NULL},
    {"1h", 3600 * S, NULL},
    {"2d", 2 * 86400 * S, NULL},
    {"1w", 7 * 86400 * S, NULL},
    {"1y", 365 * 86400 * S, NULL},
    {"90s", 90 * S, "1m30s"},
    {"1d2h3m4s5ms", (93784 * S) + (5 * MS), NULL},
    {"8d", 8 * 86400 * S, NULL},
};

static const struct {
    const char *text;
    enum gong_err err;
} bad_durations[] = {
    {"", GONG_ERR_INVALID},
    {"5", GONG_ERR_INVALID},
    {"s", GONG_ERR_INVALID},
    {"-5s", GONG_ERR_INVALID},
    {"5x", GONG_ERR_INVALID},
    {"5s5m", GONG_ERR_INVALID},
    {"5s5s", GONG_ERR_INVALID},
    {"1.5h", GONG_ERR_INVALID},
    {"5 s", GONG_ERR_INVALID},
    {"300y", GONG_ERR_TOO_LARGE},
    {"99999999999999999999s", GONG_ERR_TOO_LARGE},
};

static void
durations_parse_and_print(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        char text[GONG_DUR_TEXT_SIZE];
        gong_dur_t got;

        assert_int_equal(gong_dur_parse(gong_str_of(durations[i].text), &got),
                         GONG_OK);
        assert_int_equal(got.ns, durations[i].ns);
        gong_dur_format(got, text);
        assert_string_equal(text, durations[i].formatted == NULL
                                      ? durations[i].text
                                      : durations[i].formatted);
    }
}

static void
bad_durations_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_durations / sizeof bad_durations[0];
         i++) {
        gong_dur_t got;

        assert_int_equal(
            gong_dur_parse(gong_str_of(bad_durations[i].text), &got),
            bad_durations[i].err);
    }
}

static void
every_printed_duration_parses_back(void **state)
{
    uint64_t random = 7;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[GONG_DUR_TEXT_SIZE];
        gong_dur_t want;
        gong_dur_t got;

        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        want.ns = (int64_t)(random >> (1 + i % 40)) / MS * MS;
        gong_dur_format(want, text);
        assert_int_equal(gong_dur_parse(gong_str_of(text), &got), GONG_OK);
        assert_int_equal(got.ns, want.ns);
    }
}

static void
floor_rounds_down_below_zero_too(void **state)
{
    (void)state;
    assert_int_equal(gong_floor_ms(1999999), 1);
    assert_int_equal(gong_floor_ms(0), 0);
    assert_int_equal(gong_floor_ms(-1), -1);
    assert_int_equal(gong_floor_ms(-1000000), -1);
    assert_int_equal(gong_floor_ms(-1000001), -2);
    assert_int_equal(gong_floor_ms(INT64_MIN), INT64_MIN / MS - 1);
}

static void
staff_read_one_zone(void **state)
{
    struct tm parts = {0};
    char text[32];

    (void)state;
    assert_int_equal(setenv("TZ", "<+03>-3", 1), 0);
    tzset();
    assert_true(
        gong_clock_staff(INT64_C(1795345200999), GONG_STAFF_ZONE_MS, &parts));
    (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    assert_string_equal(text, "2026-11-22 18:00:00");
    assert_true(gong_clock_staff(-1, 0, &parts));
    (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    assert_string_equal(text, "1969-12-31 23:59:59");
    assert_false(gong_clock_staff(INT64_MAX, 1, &parts));
}

static void
clocks_run(void **state)
{
    gong_mono_t before = gong_mono_now();
    uint8_t id[16];
    uint8_t again[16];

    (void)state;
    gong_clock_sleep(gong_dur_ms(5));
    assert_true(gong_mono_since(gong_mono_now(), before).ns >= 5 * MS);
    /* 2020 to 2200: nanoseconds, not seconds or milliseconds. */
    assert_in_range((uint64_t)gong_wall_now().ns, UINT64_C(1577836800000000000),
                    UINT64_C(7258118400000000000));
    gong_clock_boot_id(id);
    gong_clock_boot_id(again);
    assert_memory_equal(id, again, sizeof id);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_parse_and_print),
        cmocka_unit_test(bad_durations_are_refused),
        cmocka_unit_test(every_printed_duration_parses_back),
        cmocka_unit_test(floor_rounds_down_below_zero_too),
        cmocka_unit_test(staff_read_one_zone),
        cmocka_unit_test(clocks_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
