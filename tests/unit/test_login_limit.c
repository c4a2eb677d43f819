#include "agent/users/login_limit.h"

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

#define LAN  gong_str_of("lan")
#define MINH gong_str_of("minh")

static void
a_name_is_held_in_its_network_and_an_address_for_every_name(void **state)
{
    static const struct {
        const char *failed, *asked;
        bool same;
    } rows[] = {
        {"10.0.0.1", "10.0.0.1", true},
        {"10.0.0.1", "10.0.0.99", true},
        {"10.0.0.1", "10.0.1.1", false},
        {"10.0.0.1", "110.0.0.1", false},
        {"2001:db8:1:2::", "2001:db8:1:2::", true},
        {"2001:db8:1:2::", "2001:db8:1:3::", false},
        {"link 10.0.0.1", "10.0.0.1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gong_login_limit *limit =
            gong_login_limit_new((struct gong_hash_key){{1, i}});

        assert_non_null(limit);
        for (int n = 0; n < 6; n++) {
            gong_login_limit_failed(limit, LAN, gong_str_of(rows[i].failed), 5);
        }
        assert_int_equal(gong_login_limit_wait(
                             limit, LAN, gong_str_of(rows[i].asked), 5) > 0,
                         rows[i].same);
        assert_int_not_equal(
            gong_login_limit_wait(limit, MINH, gong_str_of(rows[i].failed), 5),
            0);
        gong_login_limit_free(limit);
    }
}

/* Success forgets the name's failures there, not the address's. */
static void
success_forgets_the_name_alone(void **state)
{
    struct gong_login_limit *limit = *state;
    struct gong_str near = gong_str_of("127.0.0.2");

    for (int i = 0; i < 6; i++) {
        gong_login_limit_failed(limit, LAN, HERE, 5);
    }
    assert_int_not_equal(gong_login_limit_wait(limit, LAN, near, 5), 0);
    gong_login_limit_passed(limit, LAN, near, 5);
    assert_int_equal(gong_login_limit_wait(limit, LAN, near, 5), 0);
    assert_int_not_equal(gong_login_limit_wait(limit, LAN, HERE, 5), 0);
}

/* Many networks slow a name down for a moment, never where it has passed. */
static void
nobody_is_locked_out_from_elsewhere(void **state)
{
    struct gong_login_limit *limit = *state;
    char address[32];

    gong_login_limit_passed(limit, LAN, gong_str_of("10.0.0.1"), 1000);
    for (int i = 0; i < 500; i++) {
        (void)snprintf(address, sizeof address, "11.%d.%d.1", i / 200, i % 200);
        assert_int_equal(gong_login_limit_wait(
                             limit, LAN, gong_str_of("12.0.0.1"), 2000) > 0,
                         i >= GONG_LOGIN_LIMIT_NAME_FREE);
        gong_login_limit_failed(limit, LAN, gong_str_of(address), 2000);
    }
    assert_int_equal(
        gong_login_limit_wait(limit, LAN, gong_str_of("12.0.0.1"), 2000),
        30000);
    assert_int_equal(
        gong_login_limit_wait(limit, LAN, gong_str_of("10.0.0.7"), 2000), 0);
    assert_int_equal(
        gong_login_limit_wait(limit, MINH, gong_str_of("12.0.0.1"), 2000), 0);
}

/* A flood of names does not free the one that must wait. */
static void
a_flood_forgets_nobody_who_waits(void **state)
{
    struct gong_login_limit *limit = *state;
    char name[32];

    for (int i = 0; i < 12; i++) {
        gong_login_limit_failed(limit, LAN, HERE, 1000);
    }
    for (int i = 0; i < 2 * GONG_LOGIN_LIMIT_ROWS; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        gong_login_limit_failed(limit, gong_str_of(name),
                                gong_str_of("10.9.9.9"), 2000);
    }
    assert_int_equal(gong_login_limit_wait(limit, LAN, HERE, 2000), 127000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(waits_double_after_five, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(success_forgets_the_name_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nobody_is_locked_out_from_elsewhere,
                                        setup, teardown),
        cmocka_unit_test(
            a_name_is_held_in_its_network_and_an_address_for_every_name),
        cmocka_unit_test_setup_teardown(a_flood_forgets_nobody_who_waits, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
