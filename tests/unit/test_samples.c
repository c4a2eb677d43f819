/* Lists of samples, and runs of them made one. */
#include "agent/history/samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/failing_memory.h"

static void
add(struct gong_samples *samples, int64_t ms, double value)
{
    assert_int_equal(gong_samples_add(samples, (struct gong_sample){ms, value}),
                     GONG_OK);
}

static void
expect(const struct gong_samples *samples, const struct gong_sample *expected,
       size_t count)
{
    assert_int_equal(samples->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(samples->data[i].ms, expected[i].ms);
        assert_true(samples->data[i].value == expected[i].value);
    }
}

#define MAX 12

static void
test_merge(void **state)
{
    static const struct {
        const char *what;
        size_t first;
        size_t count;
        struct gong_sample given[MAX];
        size_t expected_count;
        struct gong_sample expected[MAX];
    } table[] = {
        {"nothing", 0, 0, {{0, 0}}, 0, {{0, 0}}},
        {"one", 0, 1, {{5, 1}}, 1, {{5, 1}}},
        {"in order",
         0,
         3,
         {{1, 1}, {2, 2}, {3, 3}},
         3,
         {{1, 1}, {2, 2}, {3, 3}}},
        {"the first of equals stands",
         0,
         4,
         {{1, 1}, {3, 2}, {1, 3}, {3, 4}},
         2,
         {{1, 1}, {3, 2}}},
        {"equals behind each other",
         0,
         3,
         {{1, 1}, {1, 2}, {1, 3}},
         1,
         {{1, 1}}},
        {"interleaved",
         0,
         6,
         {{1, 1}, {3, 1}, {5, 1}, {2, 2}, {4, 2}, {6, 2}},
         6,
         {{1, 1}, {2, 2}, {3, 1}, {4, 2}, {5, 1}, {6, 2}}},
        {"three runs",
         0,
         7,
         {{10, 1}, {20, 1}, {10, 2}, {15, 2}, {5, 3}, {15, 3}, {20, 3}},
         4,
         {{5, 3}, {10, 1}, {15, 2}, {20, 1}}},
        {"what stands before is left alone",
         2,
         5,
         {{9, 9}, {8, 8}, {7, 1}, {6, 1}, {7, 2}},
         4,
         {{9, 9}, {8, 8}, {6, 1}, {7, 1}}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct gong_samples samples = {0};

        for (size_t j = 0; j < table[i].count; j++) {
            add(&samples, table[i].given[j].ms, table[i].given[j].value);
        }
        assert_int_equal(gong_samples_merge(&samples, table[i].first), GONG_OK);
        print_message("%s\n", table[i].what);
        expect(&samples, table[i].expected, table[i].expected_count);
        gong_samples_fini(&samples);
    }
}

/* Any runs, against looking for the first of each stamp. */
static void
test_merge_at_random(void **state)
{
    uint32_t x = 2463534242u;

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct gong_samples samples = {0};
        double first[500];
        size_t distinct = 0;
        size_t next = 0;

        for (size_t i = 0; i < 500; i++) {
            first[i] = -1;
        }
        for (int i = 0; i < 300; i++) {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            add(&samples, x % 500, i);
            if (first[x % 500] < 0) {
                first[x % 500] = i;
                distinct++;
            }
        }
        assert_int_equal(gong_samples_merge(&samples, 0), GONG_OK);
        assert_int_equal(samples.count, distinct);
        for (int64_t ms = 0; ms < 500; ms++) {
            if (first[ms] >= 0) {
                assert_int_equal(samples.data[next].ms, ms);
                assert_true(samples.data[next++].value == first[ms]);
            }
        }
        gong_samples_fini(&samples);
    }
}

static void
test_reserve(void **state)
{
    struct gong_samples samples = {0};

    (void)state;
    assert_int_equal(gong_samples_reserve(&samples, 1000), GONG_OK);
    assert_true(samples.capacity >= 1000 && samples.count == 0);
    add(&samples, 1, 1);
    assert_int_equal(gong_samples_reserve(&samples, SIZE_MAX / 16),
                     GONG_ERR_MEMORY);
    assert_int_equal(gong_samples_reserve(&samples, SIZE_MAX), GONG_ERR_MEMORY);
    assert_int_equal(samples.count, 1);
    gong_samples_fini(&samples);
    assert_null(samples.data);
    assert_int_equal(samples.capacity, 0);
}

static void
test_without_memory(void **state)
{
    static const struct gong_sample both[] = {{2, 1}, {1, 2}};
    struct gong_samples samples = {0};

    (void)state;
    failing_memory_begin(0);
    assert_int_equal(gong_samples_add(&samples, both[0]), GONG_ERR_MEMORY);
    (void)failing_memory_end();
    assert_int_equal(samples.count, 0);
    add(&samples, both[0].ms, both[0].value);
    add(&samples, both[1].ms, both[1].value);
    failing_memory_begin(0);
    assert_int_equal(gong_samples_merge(&samples, 0), GONG_ERR_MEMORY);
    (void)failing_memory_end();
    expect(&samples, both, 2);
    gong_samples_fini(&samples);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_merge_at_random),
        cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
