/* Series that stand until they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/history/history_states.h"

struct told {
    char text[1024];
    size_t len;
    int fail_at; /* 0: never */
};

static enum gong_err
tell(void *ctx, uint32_t series, struct gong_sample sample)
{
    struct told *told = ctx;

    told->len += (size_t)snprintf(
        told->text + told->len, sizeof told->text - told->len, "%u@%lld=%g ",
        series, (long long)(sample.ms / 60000), sample.value);
    assert_int_equal(sample.ms % 60000, 0);
    return told->fail_at > 0 && --told->fail_at == 0 ? GONG_ERR_MEMORY
                                                     : GONG_OK;
}

static enum gong_err
visit(void *ctx, uint32_t series, double value)
{
    struct told *told = ctx;

    told->len += (size_t)snprintf(
        told->text + told->len, sizeof told->text - told->len,
        gong_is_stale(value) ? "%u ends " : "%u=%g ", series, value);
    return GONG_OK;
}

static const char *
due(const struct gong_history_states *states, int64_t from, int64_t to)
{
    static struct told told;

    memset(&told, 0, sizeof told);
    assert_int_equal(gong_history_states_due(states, from, to, tell, &told),
                     GONG_OK);
    return told.text;
}

static const char *
changed(const struct gong_history_states *states)
{
    static struct told told;

    memset(&told, 0, sizeof told);
    assert_int_equal(gong_history_states_changed(states, visit, &told),
                     GONG_OK);
    return told.text;
}

static bool
set(struct gong_history_states *states, uint32_t series, double value)
{
    bool is = gong_history_states_is(states, series, value);
    bool differs = false;

    assert_int_equal(gong_history_states_set(states, series, value, &differs),
                     GONG_OK);
    assert_true(is != differs);
    assert_true(gong_history_states_is(states, series, value));
    return differs;
}

static void
each_full_minute_is_told(void **state)
{
    struct gong_history_states *states = gong_history_states_new();

    (void)state;
    assert_string_equal(due(states, 0, 600000), "");
    assert_true(set(states, 4, 1));
    assert_true(set(states, 2, 0));
    assert_string_equal(due(states, 60000, 119999), "");
    assert_string_equal(due(states, 59999, 60000), "4@1=1 2@1=0 ");
    assert_string_equal(due(states, 60000, 180001), "4@2=1 2@2=0 4@3=1 2@3=0 ");
    assert_true(set(states, 4, gong_stale_nan()));
    assert_string_equal(due(states, 0, 60000), "2@1=0 ");
    assert_int_equal(gong_history_states_count(states), 1);
    /* After a leap of time the last five. */
    assert_string_equal(due(states, 0, 6000000),
                        "2@96=0 2@97=0 2@98=0 2@99=0 2@100=0 ");
    gong_history_states_free(states);
}

static void
only_changes_are_told(void **state)
{
    struct gong_history_states *states = gong_history_states_new();

    (void)state;
    assert_false(set(states, 9, gong_stale_nan()));
    assert_true(set(states, 9, 2.5));
    assert_false(set(states, 9, 2.5));
    assert_string_equal(changed(states), "9=2.5 ");
    gong_history_states_forget(states);
    assert_string_equal(changed(states), "");
    assert_false(set(states, 9, 2.5));
    assert_string_equal(changed(states), "");
    assert_true(set(states, 9, gong_stale_nan()));
    assert_string_equal(changed(states), "9 ends ");
    assert_string_equal(due(states, 0, 60000), "");
    gong_history_states_free(states);
}

static void
what_stands_outlives_forgetting(void **state)
{
    struct gong_history_states *states = gong_history_states_new();

    (void)state;
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 1; i <= 5000; i++) {
            (void)set(states, i * 7,
                      (i + round) % 2 == 0 ? i : gong_stale_nan());
        }
        gong_history_states_forget(states);
        assert_int_equal(gong_history_states_count(states), 2500);
        for (uint32_t i = 1; i <= 5000; i++) {
            assert_int_equal(gong_history_states_is(states, i * 7, i),
                             (i + round) % 2 == 0);
        }
    }
    gong_history_states_free(states);
}

static void
who_is_told_may_fail(void **state)
{
    struct gong_history_states *states = gong_history_states_new();
    struct told told = {.fail_at = 2};

    (void)state;
    (void)set(states, 1, 1);
    (void)set(states, 2, 1);
    assert_int_equal(gong_history_states_due(states, 0, 120000, tell, &told),
                     GONG_ERR_MEMORY);
    assert_string_equal(told.text, "1@1=1 2@1=1 ");
    gong_history_states_free(states);
    gong_history_states_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_full_minute_is_told),
        cmocka_unit_test(only_changes_are_told),
        cmocka_unit_test(what_stands_outlives_forgetting),
        cmocka_unit_test(who_is_told_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
