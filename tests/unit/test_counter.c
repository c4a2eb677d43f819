#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/counter.h"

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

static void
exports_prometheus_text_grouped_by_name(void **state)
{
    struct gong_counters *set = gong_counters_new();
    char *text;

    (void)state;
    gong_counter_increase(
        gong_counter_add(set, GONG_COUNTER, "b_total", "B.", "reason=\"nan\""),
        2);
    gong_counter_set(gong_counter_add(set, GONG_GAUGE, "a", "A.", ""), -3);
    gong_counter_increase(
        gong_counter_add(set, GONG_COUNTER, "b_total", "B.", "reason=\"time\""),
        UINT64_MAX);
    text = written(set, gong_counters_write_prometheus);
    assert_string_equal(text, "# HELP a A.\n# TYPE a gauge\na -3\n"
                              "# HELP b_total B.\n# TYPE b_total counter\n"
                              "b_total{reason=\"nan\"} 2\n"
                              "b_total{reason=\"time\"} "
                              "18446744073709551615\n");
    free(text);
    gong_counters_free(set);
}

static void
exports_line_protocol(void **state)
{
    struct gong_counters *set = gong_counters_new();
    char *text;

    (void)state;
    gong_counter_increase(gong_counter_add(set, GONG_COUNTER, "b_total", "B.",
                                           "store=\"a b\",kind=\"x\""),
                          2);
    text = written(set, gong_counters_write_lines);
    assert_string_equal(text, "b_total,store=a\\ b,kind=x value=2\n");
    free(text);
    gong_counters_free(set);
}

static void
the_same_name_and_labels_are_one_counter(void **state)
{
    struct gong_counters *set = gong_counters_new();
    gong_counter_t *one = gong_counter_add(set, GONG_COUNTER, "a", "A.", "x");

    (void)state;
    assert_ptr_equal(one, gong_counter_add(set, GONG_COUNTER, "a", "A.", "x"));
    assert_ptr_not_equal(one,
                         gong_counter_add(set, GONG_COUNTER, "a", "A.", "y"));
    gong_counters_free(set);
}

static void *
count_many(void *counter)
{
    for (int i = 0; i < 100000; i++) {
        gong_counter_increase(counter, 1);
    }
    return NULL;
}

static void
counting_from_threads_loses_nothing(void **state)
{
    struct gong_counters *set = gong_counters_new();
    gong_counter_t *counter =
        gong_counter_add(set, GONG_COUNTER, "a", "A.", "");
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, counter),
                         0);
    }
    for (int i = 0; i < 4; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    assert_int_equal(gong_counter_get(counter), 400000);
    gong_counters_free(set);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exports_prometheus_text_grouped_by_name),
        cmocka_unit_test(exports_line_protocol),
        cmocka_unit_test(the_same_name_and_labels_are_one_counter),
        cmocka_unit_test(counting_from_threads_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
