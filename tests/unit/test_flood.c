/*
 * The flood of 19 November 2025, 14 simulated hours: from readings to the text
 * of every message and who gets it.
 *
 *   readings, births, wills --> engine --> desk --> JSON --> text
 *   acknowledgements ----------------------'          tests/flood/messages.txt
 *
 * With GONG_FLOOD_WRITE=1 the golden list is written anew.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flood_river.h"
#include "flood_world.h"

#define GOLDEN FLOOD_FOLDER "messages.txt"

static char *
read_golden(void)
{
    FILE *file = fopen(GOLDEN, "r");
    char *text = calloc(1, 1 << 20);

    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    (void)fclose(file);
    return text;
}

static void
write_golden(const struct text *list)
{
    FILE *file = fopen(GOLDEN, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(list->data, 1, list->len, file), list->len);
    assert_int_equal(fclose(file), 0);
}

/* The first line that differs says more than two long texts. */
static void
compare(const char *actual, const char *golden)
{
    for (size_t line = 1; strcmp(actual, golden) != 0; line++) {
        size_t a = strcspn(actual, "\n");
        size_t b = strcspn(golden, "\n");

        if (a != b || strncmp(actual, golden, a + 1) != 0) {
            fail_msg(GOLDEN ":%zu: expected \"%.*s\", found \"%.*s\"", line,
                     (int)b, golden, (int)a, actual);
        }
        actual += a + 1;
        golden += b + 1;
    }
}

static void
every_message_is_as_in_the_golden_list(void **state)
{
    const struct flood *flood = *state;
    char *golden;

    if (getenv("GONG_FLOOD_WRITE") != NULL) {
        write_golden(&flood->list);
    }
    golden = read_golden();
    compare(flood->list.data, golden);
    free(golden);
}

static size_t
count_told(const struct flood *flood, const struct flood_told *wanted)
{
    size_t count = 0;

    for (size_t i = 0; i < flood->told_count; i++) {
        const struct flood_told *told = &flood->told[i];
        bool rises =
            told->news == GONG_NEWS_FIRING || told->news == GONG_NEWS_CLIMBED;

        count += told->number == wanted->number &&
                 strcmp(told->receiver, wanted->receiver) == 0 &&
                 (wanted->unit[0] == '\0' ||
                  strcmp(told->unit, wanted->unit) == 0) &&
                 (wanted->news == GONG_NEWS_CLIMBED
                      ? rises && told->level == wanted->level
                      : told->news == wanted->news);
    }
    return count;
}

static uint64_t
find_incident(const struct flood *flood, const char *alert, const char *unit)
{
    uint64_t number = 0;

    for (size_t i = 0; i < flood->incidents; i++) {
        if (strcmp(flood->watched[i].alert, alert) == 0 &&
            strcmp(flood->watched[i].unit, unit) == 0) {
            assert_int_equal(number, 0); /* one and the same to its end */
            number = i + 1;
        }
    }
    assert_true(number != 0);
    return number;
}

static void
check_gauge(const struct flood *flood, const char *site, const char *device)
{
    const struct gong_model *model = flood->source->model;
    const struct gong_model_device *gauge =
        gong_model_device(model, gong_str_of(site), gong_str_of(device));
    struct flood_told wanted = {.number = find_incident(flood, "Flood", site),
                                .receiver = "unit-duty"};

    assert_non_null(gauge);
    for (size_t i = 0; i < gauge->affects_count; i++) {
        (void)snprintf(wanted.unit, sizeof wanted.unit, "%s",
                       gong_model_unit_at(model, gauge->affects[i])->code);
        wanted.news = GONG_NEWS_CLIMBED;
        for (wanted.level = 1; wanted.level <= 3; wanted.level++) {
            assert_int_equal(count_told(flood, &wanted), 1);
        }
        wanted.news = GONG_NEWS_FELL;
        assert_int_equal(count_told(flood, &wanted), 1);
    }
    /* And nobody else. */
    wanted.unit[0] = '\0';
    assert_int_equal(count_told(flood, &wanted), gauge->affects_count);
    wanted.news = GONG_NEWS_CLIMBED;
    for (wanted.level = 1; wanted.level <= 3; wanted.level++) {
        assert_int_equal(count_told(flood, &wanted), gauge->affects_count);
    }
    wanted.news = GONG_NEWS_RESOLVED;
    assert_int_equal(count_told(flood, &wanted), 0);
    wanted.news = GONG_NEWS_STILL;
    assert_int_equal(count_told(flood, &wanted), 0);
}

static void
units_downstream_hear_each_level_once_and_the_fall_once(void **state)
{
    check_gauge(*state, "22165", "cung-son-1");
    check_gauge(*state, "22240", "phu-lam-1");
}

static int64_t
expected_ms(const struct flood_watched *watched, int64_t after_ms)
{
    int64_t due = watched->critical_ms + after_ms;

    return watched->critical_ms == FLOOD_NEVER || watched->acked_ms <= due ||
                   watched->ended_ms <= due || due > FLOOD_UNTIL_MS
               ? FLOOD_NEVER
               : due;
}

static void
only_what_nobody_acknowledged_is_escalated(void **state)
{
    const struct flood *flood = *state;
    size_t counts[FLOOD_STEPS + 1] = {0};

    for (size_t i = 0; i < flood->incidents; i++) {
        const struct flood_watched *watched = &flood->watched[i];
        size_t steps = 0;

        for (size_t s = 0; s < FLOOD_STEPS; s++) {
            int64_t due =
                expected_ms(watched, ((int64_t)s + 1) * 10 * FLOOD_MINUTE);

            if (watched->escalated_ms[s] != due) {
                fail_msg("#%zu %s %s: step %zu at %" PRId64
                         ", expected %" PRId64,
                         i + 1, watched->alert, watched->unit, s + 1,
                         watched->escalated_ms[s], due);
            }
            steps += due != FLOOD_NEVER;
        }
        counts[steps] += watched->critical_ms != FLOOD_NEVER;
    }
    /* Each kind was there. */
    assert_int_equal(counts[0], 3);
    assert_int_equal(counts[1], 1);
    assert_int_equal(counts[2], 4);
}

static void
a_dark_unit_is_told_once_and_its_devices_are_not(void **state)
{
    const struct flood *flood = *state;
    size_t units = 0;

    for (size_t i = 0; i < flood->incidents; i++) {
        const struct flood_watched *watched = &flood->watched[i];
        struct flood_told wanted = {.number = i + 1,
                                    .receiver = "operations",
                                    .news = GONG_NEWS_FIRING};

        assert_string_not_equal(watched->alert, "DeviceDark");
        if (strcmp(watched->alert, "UnitDark") != 0) {
            continue;
        }
        units++;
        assert_int_equal(count_told(flood, &wanted), 1);
        wanted.news = GONG_NEWS_RESOLVED;
        assert_int_equal(count_told(flood, &wanted),
                         watched->ended_ms != FLOOD_NEVER);
    }
    assert_int_equal(units, FLOOD_DARK_UNITS);
}

/* Else the golden list would show nothing of them. */
static void
the_river_is_noisy_and_peaks_where_it_did(void **state)
{
    static const long peaks[] = {4099, 540};
    static const long level2 = 270;
    size_t crossings = 0;
    bool above = false;

    (void)state;
    for (size_t g = 0; g < 2; g++) {
        long peak = 0;

        for (int minute = 10; minute <= 14 * 60; minute += 10) {
            long cm = flood_level_cm(g, minute);

            peak = cm > peak ? cm : peak;
            crossings += g == 1 && above != (cm >= level2);
            above = cm >= level2;
        }
        assert_int_equal(peak, peaks[g]);
    }
    assert_in_range(crossings, 4, 100);
}

static int
setup(void **state)
{
    *state = flood_run();
    return 0;
}

static int
teardown(void **state)
{
    flood_free(*state);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_is_as_in_the_golden_list),
        cmocka_unit_test(
            units_downstream_hear_each_level_once_and_the_fall_once),
        cmocka_unit_test(only_what_nobody_acknowledged_is_escalated),
        cmocka_unit_test(a_dark_unit_is_told_once_and_its_devices_are_not),
        cmocka_unit_test(the_river_is_noisy_and_peaks_where_it_did),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
