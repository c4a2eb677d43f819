#include "agent/users/grant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 66 over 22015 and 22018; ioc over ioc-water, beside it. */
static bool
under(void *ctx, struct gong_str unit, struct gong_str root)
{
    (void)ctx;
    if (gong_str_equal(unit, root)) {
        return true;
    }
    if (gong_str_is(root, "66")) {
        return gong_str_is(unit, "22015") || gong_str_is(unit, "22018") ||
               gong_str_is(unit, "ioc") || gong_str_is(unit, "ioc-water");
    }
    return gong_str_is(root, "ioc") && gong_str_is(unit, "ioc-water");
}

/* The gauge of 22015 affects ioc-water. */
static bool
affects(void *ctx, struct gong_str site, struct gong_str device,
        struct gong_str root)
{
    return gong_str_is(site, "22015") && gong_str_is(device, "gauge") &&
           under(ctx, gong_str_of("ioc-water"), root);
}

static const struct gong_grant_tree tree = {under, NULL, affects};

static struct gong_grants
grants_of(enum gong_role role, const char *unit)
{
    struct gong_grants grants = {.count = 1};

    grants.items[0].role = role;
    (void)snprintf(grants.items[0].unit, GONG_GRANT_UNIT_SIZE, "%s", unit);
    return grants;
}

/* The whole table: role x action. */
static void
each_role_may_what_it_may(void **state)
{
    static const struct {
        enum gong_action action;
        const char *may; /* none viewer operator engineer admin */
    } rows[] = {
        {GONG_ACTION_OPEN, "yyyyy"},  {GONG_ACTION_SELF, "yyyyy"},
        {GONG_ACTION_READ, "nyyyy"},  {GONG_ACTION_ACT, "nnyyy"},
        {GONG_ACTION_RULES, "nnnyy"}, {GONG_ACTION_USERS, "nnnny"},
        {GONG_ACTION_AUDIT, "nnnny"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int role = GONG_ROLE_NONE; role <= GONG_ROLE_ADMIN; role++) {
            struct gong_grants grants =
                grants_of((enum gong_role)role, "22015");
            bool expected = rows[i].may[role] == 'y';

            if (gong_grant_may(&grants, &tree, rows[i].action,
                               gong_str_of("22015")) != expected ||
                gong_grant_may_somewhere(&grants, rows[i].action) != expected) {
                fail_msg("%s %s", gong_role_text((enum gong_role)role),
                         gong_action_text(rows[i].action));
            }
        }
    }
}

static void
a_grant_reaches_down_never_up_or_aside(void **state)
{
    static const struct {
        const char *grant, *unit;
        bool may;
    } cases[] = {
        {"22015", "22015", true},
        {"22015", "22018", false},
        {"66", "22015", true},
        {"22015", "66", false},
        {"ioc", "ioc-water", true},
        {"ioc-water", "ioc", false},
        {"ioc", "22015", false},
        {"*", "22015", true},
        {"*", "", true},
        {"66", "", false},
        {"22015", "", false},
        {"66", "*", false},
        {"*", "*", true},
        {"*", "elsewhere", true},
        {"66", "elsewhere", false},
        {"elsewhere", "elsewhere", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gong_grants grants =
            grants_of(GONG_ROLE_OPERATOR, cases[i].grant);

        if (gong_grant_may(&grants, &tree, GONG_ACTION_ACT,
                           gong_str_of(cases[i].unit)) != cases[i].may) {
            fail_msg("%s over %s", cases[i].grant, cases[i].unit);
        }
    }
}

static void
a_device_concerns_those_whom_it_affects(void **state)
{
    static const struct {
        const char *grant, *device;
        bool concerned;
    } cases[] = {
        {"ioc-water", "gauge", true},
        {"ioc", "gauge", true},
        {"22015", "gauge", true},
        {"22018", "gauge", false},
        {"ioc-water", "pump", false},
        {"ioc-water", "", false},
        {"*", "", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct gong_grants grants =
            grants_of(GONG_ROLE_OPERATOR, cases[i].grant);
        struct gong_grant_place place = {gong_str_of("22015"),
                                         gong_str_of("22015"),
                                         gong_str_of(cases[i].device)};

        if (gong_grant_concerns(&grants, &tree, GONG_ACTION_ACT, &place) !=
            cases[i].concerned) {
            fail_msg("%s by %s", cases[i].grant, cases[i].device);
        }
        assert_false(
            gong_grant_concerns(&grants, &tree, GONG_ACTION_RULES, &place));
    }
}

static void
nobody_gives_what_they_do_not_have(void **state)
{
    struct gong_grants mine = grants_of(GONG_ROLE_ENGINEER, "66");
    struct gong_grant lower = {GONG_ROLE_OPERATOR, "22015"};
    struct gong_grant same = {GONG_ROLE_ENGINEER, "66"};
    struct gong_grant higher = {GONG_ROLE_ADMIN, "22015"};
    struct gong_grant wider = {GONG_ROLE_VIEWER, "*"};

    (void)state;
    assert_true(gong_grant_within(&mine, &tree, &lower));
    assert_true(gong_grant_within(&mine, &tree, &same));
    assert_false(gong_grant_within(&mine, &tree, &higher));
    assert_false(gong_grant_within(&mine, &tree, &wider));
    mine.count = 0;
    assert_false(gong_grant_within(&mine, &tree, &lower));
    assert_false(
        gong_grant_may(&mine, &tree, GONG_ACTION_READ, gong_str_of("22015")));
}

static void
words_and_units(void **state)
{
    (void)state;
    for (int role = GONG_ROLE_VIEWER; role <= GONG_ROLE_ADMIN; role++) {
        assert_int_equal(
            gong_role_of(gong_str_of(gong_role_text((enum gong_role)role))),
            role);
    }
    assert_int_equal(gong_role_of(gong_str_of("Admin")), GONG_ROLE_NONE);
    assert_int_equal(gong_role_of(gong_str_of("none")), GONG_ROLE_NONE);
    assert_true(gong_grant_unit_valid(gong_str_of("ioc-water")));
    assert_true(gong_grant_unit_valid(gong_str_of("*")));
    assert_false(gong_grant_unit_valid(gong_str_of("")));
    assert_false(gong_grant_unit_valid(gong_str_of("a b")));
    assert_false(gong_grant_unit_valid(gong_str_of("A")));
    assert_false(gong_grant_unit_valid(gong_str_of("**")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_may_what_it_may),
        cmocka_unit_test(a_grant_reaches_down_never_up_or_aside),
        cmocka_unit_test(a_device_concerns_those_whom_it_affects),
        cmocka_unit_test(nobody_gives_what_they_do_not_have),
        cmocka_unit_test(words_and_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
