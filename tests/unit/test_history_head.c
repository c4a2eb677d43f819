/* What was heard since the last commit: in whatever order it comes, it is read
 * by rising time, and of equal stamps the first stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/history/history_head.h"

#define T0 INT64_C(1760000000000)

struct seen {
    uint32_t series[16];
    size_t counts[16];
    size_t count;
};

static bool
put(struct gong_history_head *head, uint32_t series, int64_t ms, double value)
{
    bool taken = false;

    assert_int_equal(gong_history_head_put(
                         head, series, (struct gong_sample){ms, value}, &taken),
                     GONG_OK);
    return taken;
}

static struct gong_samples
read_back(struct gong_history_head *head, uint32_t series, int64_t from,
          int64_t to)
{
    struct gong_history_recent recent = gong_history_head_recent(head);
    struct gong_samples out = {0};

    assert_int_equal(recent.read(recent.ctx, series, from, to, &out), GONG_OK);
    return out;
}

static struct gong_history_head_sizes
sizes(struct gong_history_head *head)
{
    struct gong_history_head_sizes out;

    gong_history_head_sizes(head, &out);
    return out;
}

static void
any_order_reads_in_order(void **state)
{
    struct gong_history_head *head = gong_history_head_new();
    unsigned random = 7;
    bool there[500] = {false};
    struct gong_samples out;
    size_t n = 0;

    (void)state;
    assert_non_null(head);
    /* Live ones, backlog behind them, and some that are neither. */
    for (int i = 250; i < 400; i++) {
        assert_true(put(head, 3, T0 + i * 1000, i));
        assert_true(put(head, 3, T0 + (i - 250) * 1000, i - 250));
        there[i] = there[i - 250] = true;
    }
    for (int i = 0; i < 2000; i++) {
        random = random * 1103515245 + 12345;
        int at = (int)(random >> 16) % 500;

        (void)put(head, 3, T0 + at * 1000, there[at] ? -1 : at);
        there[at] = true;
    }
    out = read_back(head, 3, INT64_MIN, INT64_MAX);
    for (int i = 0; i < 500; i++) {
        if (there[i]) {
            assert_true(n < out.count);
            assert_int_equal(out.data[n].ms, T0 + i * 1000);
            assert_true(out.data[n].value == i);
            n++;
        }
    }
    assert_int_equal(out.count, n);
    gong_samples_fini(&out);
    out = read_back(head, 3, T0 + 10000, T0 + 12999);
    assert_int_equal(out.count, 3);
    gong_samples_fini(&out);
    out = read_back(head, 4, 0, INT64_MAX);
    assert_int_equal(out.count, 0);
    gong_history_head_free(head);
}

static void
the_first_of_equal_stamps_stands(void **state)
{
    struct gong_history_head *head = gong_history_head_new();
    struct gong_samples out;

    (void)state;
    assert_true(put(head, 1, T0, 1));
    assert_false(put(head, 1, T0, 2));
    assert_true(put(head, 1, T0 + 5, 3));
    assert_true(put(head, 1, T0 - 5, 4));
    assert_false(put(head, 1, T0 - 5, 5));
    (void)put(head, 1, T0, 6);
    out = read_back(head, 1, 0, INT64_MAX);
    assert_int_equal(out.count, 3);
    assert_true(out.data[0].value == 4 && out.data[1].value == 1 &&
                out.data[2].value == 3);
    gong_samples_fini(&out);
    gong_history_head_free(head);
}

static void
special_values_keep_their_bits(void **state)
{
    struct gong_history_head *head = gong_history_head_new();
    double values[] = {gong_stale_nan(), -0.0, 1e300, 0.1, gong_stale_nan()};
    struct gong_samples out;

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_true(put(head, 9, T0 + i, values[i]));
    }
    out = read_back(head, 9, 0, INT64_MAX);
    assert_int_equal(out.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_memory_equal(&out.data[i].value, &values[i], sizeof values[i]);
    }
    gong_samples_fini(&out);
    gong_history_head_free(head);
}

static enum gong_err
see(void *ctx, uint32_t series, const struct gong_sample *samples, size_t count)
{
    struct seen *seen = ctx;

    for (size_t i = 1; i < count; i++) {
        assert_true(samples[i - 1].ms < samples[i].ms);
    }
    seen->series[seen->count] = series;
    seen->counts[seen->count++] = count;
    return seen->count == 4 ? GONG_ERR_IO : GONG_OK;
}

static void
all_come_by_rising_number(void **state)
{
    static const uint32_t numbers[] = {70000, 3, 1u << 31, 12};
    struct gong_history_head *head = gong_history_head_new();
    struct seen seen = {.count = 0};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(put(head, numbers[i], T0, 1));
        assert_true(put(head, numbers[i], T0 + 1, 1));
    }
    assert_int_equal(gong_history_head_each(head, see, &seen), GONG_OK);
    assert_int_equal(seen.count, 3);
    assert_true(seen.series[0] == 3 && seen.series[1] == 70000 &&
                seen.series[2] == 1u << 31);
    assert_int_equal(seen.counts[2], 2);
    /* What visit says ends it. */
    assert_true(put(head, numbers[3], T0, 1));
    seen.count = 0;
    assert_int_equal(gong_history_head_each(head, see, &seen), GONG_ERR_IO);
    assert_int_equal(sizes(head).series, 4);
    assert_int_equal(sizes(head).samples, 7);
    gong_history_head_free(head);
}

static void
cleared_it_is_empty_and_small(void **state)
{
    struct gong_history_head *head = gong_history_head_new();
    uint64_t before;
    struct gong_samples out;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        (void)put(head, 5, T0 + i * 10, i % 100);
        (void)put(head, 6, T0 - i * 10, i % 100); /* each before the last */
    }
    before = sizes(head).bytes;
    assert_true(before > 100000 * 16);
    gong_history_head_clear(head);
    assert_int_equal(sizes(head).samples, 0);
    assert_int_equal(sizes(head).series, 0);
    assert_true(sizes(head).bytes < 64 * 1024);
    out = read_back(head, 5, 0, INT64_MAX);
    assert_int_equal(out.count, 0);
    assert_true(put(head, 5, T0, 1));
    gong_history_head_free(head);
}

static void
steady_samples_take_few_bytes(void **state)
{
    struct gong_history_head *head = gong_history_head_new();

    (void)state;
    for (int i = 0; i < 60; i++) {
        for (uint32_t s = 1; s <= 5000; s++) {
            (void)put(head, s, T0 + i * 10000,
                      20 + ((i * 7 + (int)s) % 30) / 10.0);
        }
    }
    assert_true(sizes(head).bytes < 60 * 5000 * 6);
    gong_history_head_free(head);
}

static void
limits_are_told(void **state)
{
    struct gong_history_head *head = gong_history_head_new();
    struct gong_sample outside[] = {{-1, 0}, {GONG_HISTORY_MS_MAX + 1, 0}};
    struct gong_sample next = {T0 + GONG_HISTORY_HEAD_SAMPLES, 1};
    bool taken = true;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(gong_history_head_put(head, 1, outside[i], &taken),
                         GONG_ERR_INVALID);
        assert_false(taken);
    }
    for (int i = 0; i < GONG_HISTORY_HEAD_SAMPLES; i++) {
        (void)put(head, 1, T0 + i, i % 10);
    }
    assert_int_equal(gong_history_head_put(head, 1, next, &taken),
                     GONG_ERR_AGAIN);
    assert_false(taken);
    gong_history_head_clear(head);
    assert_int_equal(gong_history_head_put(head, 1, next, &taken), GONG_OK);
    gong_history_head_free(head);
    gong_history_head_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_reads_in_order),
        cmocka_unit_test(the_first_of_equal_stamps_stands),
        cmocka_unit_test(special_values_keep_their_bits),
        cmocka_unit_test(all_come_by_rising_number),
        cmocka_unit_test(cleared_it_is_empty_and_small),
        cmocka_unit_test(steady_samples_take_few_bytes),
        cmocka_unit_test(limits_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
