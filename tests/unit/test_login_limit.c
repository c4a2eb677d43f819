#include "agent/login_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HERE gong_str_of("127.0.0.1")

static int
setup(void **state)
{
    *state = gong_login_limit_new((struct gong_hash_key){{1, 2}});
    return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    gong_login_limit_free(*state);
    return 0;
}

static void
waits_double_after_five(void **state)
{
    static const int64_t waits[] = {0, 0, 0, 0, 1000, 2000, 4000, 8000};
    struct gong_login_limit *limit = *state;
    int64_t now = 1000000;

    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        gong_login_limit_failed(limit, gong_str_of("lan"), HERE, now);
        assert_int_equal(
            gong_login_limit_wait(limit, gong_str_of("lan"), HERE, now),
            waits[i]);
    }
    assert_int_equal(
        gong_login_limit_wait(limit, gong_str_of("lan"), HERE, now + 7999), 1);
    assert_int_equal(
        gong_login_limit_wait(limit, gong_str_of("lan"), HERE, now + 8000), 0);
    for (int i = 0; i < 100; i++) {
        gong_login_limit_failed(limit, gong_str_of("lan"), HERE, now);
    }
    assert_int_equal(
        gong_login_limit_wait(limit, gong_str_of("lan"), HERE, now), 900000);
    assert_int_equal(
        gong_login_limit_wait(limit, gong_str_of("lan"), HERE, now + 3600000),
        0);
    gong_login_limit_failed(limit, gong_str_of("lan"), HERE, now + 3600000);
    assert_int_equal(
        gong_login_limit_wait(limit, gong_str_of("lan"), HERE, now + 3600000),
        0);
}

static void
a_name_is_held_from_everywhere_and_an_address_for_every_name(void **state)
{
    struct gong_login_limit *limit = *state;

    for (int i = 0; i < 6; i++) {
        gong_login_limit_failed(limit, gong_str_of("lan"), HERE, 5);
    }
    assert_int_not_equal(gong_login_limit_wait(limit, gong_str_of("lan"),
                                               gong_str_of("10.0.0.1"), 5),
                         0);
    assert_int_not_equal(
        gong_login_limit_wait(limit, gong_str_of("minh"), HERE, 5), 0);
    assert_int_equal(gong_login_limit_wait(limit, gong_str_of("minh"),
                                           gong_str_of("10.0.0.1"), 5),
                     0);
    gong_login_limit_passed(limit, gong_str_of("lan"));
    assert_int_equal(gong_login_limit_wait(limit, gong_str_of("lan"),
                                           gong_str_of("10.0.0.1"), 5),
                     0);
    assert_int_not_equal(
        gong_login_limit_wait(limit, gong_str_of("lan"), HERE, 5), 0);
}

/* A flood of names does not free the one that must wait. */
static void
a_flood_forgets_nobody_who_waits(void **state)
{
    struct gong_login_limit *limit = *state;
    char name[32];

    for (int i = 0; i < 12; i++) {
        gong_login_limit_failed(limit, gong_str_of("lan"), HERE, 1000);
    }
    for (int i = 0; i < 3 * GONG_LOGIN_LIMIT_ROWS; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        gong_login_limit_failed(limit, gong_str_of(name),
                                gong_str_of("10.9.9.9"), 2000);
    }
    assert_int_equal(gong_login_limit_wait(limit, gong_str_of("lan"),
                                           gong_str_of("10.0.0.1"), 2000),
                     127000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(waits_double_after_five, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            a_name_is_held_from_everywhere_and_an_address_for_every_name, setup,
            teardown),
        cmocka_unit_test_setup_teardown(a_flood_forgets_nobody_who_waits, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
