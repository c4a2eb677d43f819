/* What births say of how far apart samples lie, as lists of look-backs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/presence.h"
#include "rules/engine/declared.h"

struct fixture {
    struct gong_budget budget;
    struct gong_hash_key key;
    struct gong_declareds all;
};

static int
begin(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (f == NULL) {
        return -1;
    }
    f->key = (struct gong_hash_key){{3, 5}};
    gong_declareds_init(&f->all, &f->budget, &f->key);
    *state = f;
    return 0;
}

static int
end(void **state)
{
    struct fixture *f = *state;
    size_t left;

    gong_declareds_fini(&f->all);
    left = f->budget.used;
    free(f);
    return left == 0 ? 0 : -1;
}

static bool
replace(struct fixture *f, uint32_t *list, const char *every)
{
    bool changed = false;

    assert_true(
        gong_declareds_replace(&f->all, list, gong_str_of(every), &changed));
    return changed;
}

static int64_t
found(const struct fixture *f, uint32_t list, const char *measurement)
{
    return gong_lookback_ms(
        gong_declareds_find(&f->all, list, gong_str_of(measurement)));
}

static void
rule_5_a_look_back_is_two_and_a_half_times_every(void **state)
{
    static const struct {
        int64_t every_ms;
        int64_t lookback_ms; /* 0: the usual one does */
    } rows[] = {
        {0, 0},
        {1, 0},
        {120000, 0},
        {120001, 301000}, /* rounded up to a second */
        {120400, 301000},
        {300000, 750000},
        {600000, 1500000},
        {1638000, 4095000},
        {1638400, 4096000},
        {1638401, 4098000}, /* to two seconds */
        {3600000, 9000000},
        {86400000, 216000000},
        {GONG_PRESENCE_EVERY, INT64_C(78872576000)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(gong_lookback_ms(gong_lookback_of(rows[i].every_ms)),
                         rows[i].lookback_ms);
    }
}

static void
more_is_more_and_nearly_exact(void **state)
{
    uint16_t last = 0;

    (void)state;
    for (int64_t every = 120001; every <= GONG_PRESENCE_EVERY;
         every += every / 1000) {
        uint16_t lookback = gong_lookback_of(every);
        double exact = (double)every * 2.5;
        double kept = (double)gong_lookback_ms(lookback);

        assert_true(lookback >= last);
        assert_true(kept >= exact);
        assert_true(kept < exact + 1001 || kept < exact * 1.0005);
        last = lookback;
    }
}

static void
only_longer_ones_are_kept(void **state)
{
    struct fixture *f = *state;
    uint32_t list = 0;

    assert_false(replace(f, &list, ""));
    assert_false(replace(f, &list, "\"cpu\":10,\"mem\":120"));
    assert_int_equal(list, 0);
    assert_true(replace(f, &list, "\"cpu\":10,\"river\":600 , \"rain\":3600"));
    assert_int_equal(found(f, list, "river"), 1500000);
    assert_int_equal(found(f, list, "rain"), 9000000);
    assert_int_equal(found(f, list, "cpu"), 0);
    assert_int_equal(found(f, list, "rive"), 0);
}

static void
a_birth_replaces_all(void **state)
{
    struct fixture *f = *state;
    uint32_t list = 0;
    uint32_t other = 0;
    uint32_t count;

    assert_true(replace(f, &list, "\"river\":600,\"rain\":3600"));
    assert_true(replace(f, &other, "\"river\":300"));
    count = f->all.arena.count;
    for (int i = 0; i < 10; i++) {
        assert_false(
            replace(f, &list, "\"river\":600,\"cpu\":1,\"rain\":3600"));
        assert_true(replace(f, &list, "\"rain\":7200"));
        assert_int_equal(found(f, list, "river"), 0);
        assert_int_equal(found(f, list, "rain"), 18000000);
        assert_true(replace(f, &list, "\"river\":600,\"rain\":3600"));
    }
    assert_true(replace(f, &list, ""));
    assert_int_equal(list, 0);
    assert_int_equal(found(f, other, "river"), 750000);
    assert_true(f->all.arena.count <= count + 2); /* used again and again */
}

static void
one_device_takes_so_much_and_no_more(void **state)
{
    struct fixture *f = *state;
    static char every[GONG_DECLARED_EACH * 4 * 16];
    size_t len = 0;
    uint32_t list = 0;

    for (int i = 0; i < GONG_DECLARED_EACH * 4; i++) {
        len += (size_t)snprintf(every + len, sizeof every - len,
                                "%s\"m%d\":600", i == 0 ? "" : ",", i);
    }
    assert_true(replace(f, &list, every));
    assert_int_equal(f->all.arena.count, GONG_DECLARED_EACH + 1);
    assert_int_equal(found(f, list, "m63"), 1500000);
    assert_int_equal(found(f, list, "m64"), 0);
}

static void
without_memory_the_old_list_stands(void **state)
{
    struct fixture *f = *state;
    uint32_t list = 0;
    bool changed = true;

    assert_true(replace(f, &list, "\"river\":600"));
    f->budget.limit = f->budget.used;
    while (f->all.arena.count < f->all.arena.capacity) {
        assert_int_not_equal(gong_arena_add(&f->all.arena, 1), 0);
    }
    assert_false(gong_declareds_replace(
        &f->all, &list, gong_str_of("\"a\":600,\"b\":600"), &changed));
    assert_false(changed);
    assert_int_equal(found(f, list, "river"), 1500000);
}

static void
what_was_read_back_is_claimed_once(void **state)
{
    struct fixture *f = *state;
    uint32_t a = 0;
    uint32_t b = 0;
    uint32_t count;

    assert_true(replace(f, &a, "\"river\":600,\"rain\":3600"));
    assert_true(replace(f, &b, "\"river\":900"));
    gong_declareds_begin(&f->all);
    assert_true(gong_declareds_claim(&f->all, 0));
    assert_true(gong_declareds_claim(&f->all, a));
    assert_false(gong_declareds_claim(&f->all, a));
    assert_false(gong_declareds_claim(&f->all, f->all.arena.count));
    gong_declareds_sweep(&f->all); /* b is nobody's */
    count = f->all.arena.count;
    b = 0;
    assert_true(replace(f, &b, "\"snow\":900"));
    assert_int_equal(f->all.arena.count, count);
    assert_int_equal(found(f, a, "river"), 1500000);
    assert_int_equal(found(f, b, "snow"), 2250000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_5_a_look_back_is_two_and_a_half_times_every),
        cmocka_unit_test(more_is_more_and_nearly_exact),
        cmocka_unit_test_setup_teardown(only_longer_ones_are_kept, begin, end),
        cmocka_unit_test_setup_teardown(a_birth_replaces_all, begin, end),
        cmocka_unit_test_setup_teardown(one_device_takes_so_much_and_no_more,
                                        begin, end),
        cmocka_unit_test_setup_teardown(without_memory_the_old_list_stands,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_was_read_back_is_claimed_once,
                                        begin, end),
    };

    return cmocka_run_group_tests_name("declared", tests, NULL, NULL);
}
