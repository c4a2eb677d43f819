#include "agent/desk/desk_changes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct gong_desk_changes changes;

static int
setup(void **state)
{
    (void)state;
    gong_desk_changes_clear(&changes);
    return 0;
}

static void
each_is_named_once(void **state)
{
    static const uint64_t noted[] = {7, 7, 3, 7, 1, 3, 3};

    (void)state;
    for (size_t i = 0; i < sizeof noted / sizeof noted[0]; i++) {
        gong_desk_changes_note(&changes, noted[i]);
    }
    gong_desk_changes_settle(&changes);
    assert_int_equal(changes.count, 3);
    assert_int_equal(changes.numbers[0], 1);
    assert_int_equal(changes.numbers[1], 3);
    assert_int_equal(changes.numbers[2], 7);
    assert_false(changes.too_many);
}

/* However often each of them changes. */
static void
as_many_as_can_be_named(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 20 * GONG_DESK_CHANGES_MAX; i++) {
        gong_desk_changes_note(&changes, i % GONG_DESK_CHANGES_MAX);
    }
    gong_desk_changes_settle(&changes);
    assert_false(changes.too_many);
    assert_int_equal(changes.count, GONG_DESK_CHANGES_MAX);
    for (uint64_t i = 0; i < GONG_DESK_CHANGES_MAX; i++) {
        assert_int_equal(changes.numbers[i], i);
    }
}

static void
one_more_is_too_many_until_cleared(void **state)
{
    (void)state;
    for (uint64_t i = 0; i <= GONG_DESK_CHANGES_MAX; i++) {
        gong_desk_changes_note(&changes, i);
    }
    gong_desk_changes_settle(&changes);
    assert_true(changes.too_many);
    assert_int_equal(changes.count, 0);
    for (uint64_t i = 0; i < 10 * GONG_DESK_CHANGES_MAX; i++) {
        gong_desk_changes_note(&changes, i);
    }
    gong_desk_changes_settle(&changes);
    assert_true(changes.too_many);
    gong_desk_changes_clear(&changes);
    gong_desk_changes_settle(&changes);
    assert_false(changes.too_many);
    assert_int_equal(changes.count, 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(each_is_named_once),
        T(as_many_as_can_be_named),
        T(one_more_is_too_many_until_cleared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
