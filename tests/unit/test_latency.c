/* Unit tests of common/latency.c and of the timings of common/counter.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/counter.h"
#include "common/latency.h"

static struct gong_latency
of(const int64_t *values, size_t count)
{
    struct gong_latency latency = {0};

    for (size_t i = 0; i < count; i++) {
        gong_latency_note(&latency, values[i]);
    }
    return latency;
}

static void
each_value_is_in_the_class_that_ends_at_or_above_it(void **state)
{
    (void)state;
    assert_int_equal(gong_latency_class(INT64_MIN), 0);
    assert_int_equal(gong_latency_class(0), 0);
    for (size_t i = 0; i < GONG_LATENCY_CLASSES; i++) {
        assert_int_equal(gong_latency_class(gong_latency_bounds_ms[i]), i);
        assert_int_equal(gong_latency_class(gong_latency_bounds_ms[i] + 1),
                         i + 1);
        assert_true(i == 0 ||
                    gong_latency_bounds_ms[i] > gong_latency_bounds_ms[i - 1]);
    }
    assert_int_equal(gong_latency_class(INT64_MAX), GONG_LATENCY_CLASSES);
}

static void
quantiles_are_interpolated(void **state)
{
    static const int64_t values[] = {6, 6, 6, 7, 70000, -3};
    static const struct {
        size_t count;
        double quantile;
        double want;
    } rows[] = {
        {4, 0.5, 0.006}, {4, 1, 0.007},    {4, 0, 0.005},   {5, 0.8, 0.007},
        {5, 0.99, 60},   {6, 0.1, 0.0006}, {6, 0.5, 0.006},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gong_latency latency = of(values, rows[i].count);

        double found = gong_latency_quantile(&latency, rows[i].quantile);

        assert_true(fabs(found - rows[i].want) < 1e-9);
    }
    assert_true(isnan(gong_latency_quantile(&(struct gong_latency){0}, 0.5)));
}

static char *
written(struct gong_counters *set,
        void (*write)(struct gong_counters *, FILE *))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    write(set, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static struct gong_counters *
make_set(void)
{
    struct gong_counters *set = gong_counters_new();
    gong_timing_t *hook =
        gong_timing_add(set, "m_seconds", "M.", "type=\"hook\"");

    assert_non_null(set);
    assert_non_null(hook);
    assert_ptr_equal(gong_timing_add(set, "m_seconds", "M.", "type=\"hook\""),
                     hook);
    assert_non_null(gong_timing_add(set, "m_seconds", "M.", "type=\"mail\""));
    assert_non_null(gong_counter_add(set, GONG_COUNTER, "z_total", "Z.", ""));
    assert_non_null(gong_timing_add(set, "a_seconds", "A.", ""));
    gong_timing_note(hook, 6);
    gong_timing_note(hook, -1);
    gong_timing_note(hook, 70000);
    return set;
}

/* One HELP and TYPE a name, everything of a name together, the count is that
 * of the last bucket. */
static void
timings_are_histograms(void **state)
{
    static const char *const inside[] = {
        "# HELP a_seconds A.\n# TYPE a_seconds histogram\n"
        "a_seconds_bucket{le=\"0.001\"} 0\n",
        "a_seconds_bucket{le=\"+Inf\"} 0\na_seconds_sum 0.000\n"
        "a_seconds_count 0\n# HELP a_seconds_quantile A. Percentiles since the "
        "start.\n# TYPE a_seconds_quantile gauge\n# HELP m_seconds M.\n"
        "# TYPE m_seconds histogram\n"
        "m_seconds_bucket{type=\"hook\",le=\"0.001\"} 1\n",
        "m_seconds_bucket{type=\"hook\",le=\"0.005\"} 1\n"
        "m_seconds_bucket{type=\"hook\",le=\"0.007\"} 2\n",
        "m_seconds_bucket{type=\"hook\",le=\"60\"} 2\n"
        "m_seconds_bucket{type=\"hook\",le=\"+Inf\"} 3\n"
        "m_seconds_sum{type=\"hook\"} 70.006\n"
        "m_seconds_count{type=\"hook\"} 3\n"
        "m_seconds_bucket{type=\"mail\",le=\"0.001\"} 0\n",
        "m_seconds_quantile{type=\"hook\",quantile=\"0.5\"} 0.006\n"
        "m_seconds_quantile{type=\"hook\",quantile=\"0.9\"} 60\n"
        "m_seconds_quantile{type=\"hook\",quantile=\"0.99\"} 60\n"
        "# HELP z_total Z.\n",
    };
    struct gong_counters *set = make_set();
    char *text = written(set, gong_counters_write_prometheus);

    (void)state;
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        if (strstr(text, inside[i]) == NULL) {
            fail_msg("row %zu is not in\n%s", i, text);
        }
    }
    free(text);
    gong_counters_free(set);
}

static void
timings_are_sum_and_count_as_lines(void **state)
{
    struct gong_counters *set = make_set();
    char *text = written(set, gong_counters_write_lines);

    (void)state;
    assert_string_equal(text, "a_seconds_sum value=0.000\n"
                              "a_seconds_count value=0\n"
                              "m_seconds_sum,type=hook value=70.006\n"
                              "m_seconds_count,type=hook value=3\n"
                              "m_seconds_sum,type=mail value=0.000\n"
                              "m_seconds_count,type=mail value=0\n"
                              "z_total value=0\n");
    free(text);
    gong_counters_free(set);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_is_in_the_class_that_ends_at_or_above_it),
        cmocka_unit_test(quantiles_are_interpolated),
        cmocka_unit_test(timings_are_histograms),
        cmocka_unit_test(timings_are_sum_and_count_as_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
