/* Groups against the plainest of models: an array of members. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/groups.h"

#define MEMBERS 300
#define GROUPS  7

static const struct gong_hash_key key = {{1, 2}};

struct world {
    struct gong_budget budget;
    struct gong_groups groups;
    struct {
        uint32_t group; /* 0: none */
        bool present;
        double value;
        int64_t last;
    } members[MEMBERS + 1];
    uint64_t random;
};

static uint32_t
draw(struct world *w, uint32_t below)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(w->random >> 33) % below;
}

static void
open_world(struct world *w, uint64_t seed)
{
    *w = (struct world){.random = seed};
    gong_groups_init(&w->groups, &w->budget, &w->budget, &key);
    assert_int_not_equal(gong_arena_add(&w->groups.members, MEMBERS), 0);
}

static void
close_world(struct world *w)
{
    gong_groups_fini(&w->groups);
    assert_int_equal(w->budget.used, 0);
}

/* Rule and label set of group number n, which is its number only at first. */
static uint32_t
find_group(struct world *w, uint32_t n)
{
    uint32_t group = gong_groups_find(&w->groups, n % 3, 100 + n);

    return group != 0 ? group : gong_groups_add(&w->groups, n % 3, 100 + n);
}

static void
set(struct world *w, uint32_t member, uint32_t n, double value, int64_t last)
{
    if (w->members[member].group == 0) {
        uint32_t group = find_group(w, n);

        assert_int_not_equal(group, 0);
        assert_true(gong_groups_join(&w->groups, group, member));
        w->members[member].group = n;
    }
    w->members[member].present = draw(w, 5) != 0;
    w->members[member].value = value;
    w->members[member].last = last;
    gong_groups_set(&w->groups, member, w->members[member].present, value,
                    last);
}

static double
some_value(struct world *w)
{
    static const double odd[] = {1e16,
                                 -1e16,
                                 1e300,
                                 -1e300,
                                 0.0625,
                                 0,
                                 (double)INFINITY,
                                 (double)-INFINITY,
                                 (double)NAN};

    return draw(w, 40) == 0 ? odd[draw(w, sizeof odd / sizeof odd[0])]
                            : (draw(w, 2000) - 1000.0) / 8;
}

struct expected {
    long double sum;
    double least;
    double greatest;
    uint32_t count;
    int64_t first;
    bool exact; /* nothing in it that a sum cannot hold */
};

static struct expected
expect(struct world *w, uint32_t n, int64_t t)
{
    struct expected e = {0, (double)NAN, (double)NAN, 0, INT64_MAX, true};

    for (uint32_t m = 1; m <= MEMBERS; m++) {
        double v = w->members[m].value;

        if (w->members[m].group != n) {
            continue;
        }
        if (w->members[m].last < t) {
            w->members[m].group = 0;
            continue;
        }
        if (w->members[m].last < e.first) {
            e.first = w->members[m].last;
        }
        if (!w->members[m].present) {
            continue;
        }
        e.count++;
        e.sum += v;
        e.exact &= isfinite(v) && fabs(v) < 1e15;
        e.least = isnan(e.least) || v < e.least ? v : e.least;
        e.greatest = isnan(e.greatest) || v > e.greatest ? v : e.greatest;
    }
    return e;
}

static bool
same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void
compare(struct world *w, uint32_t n, int64_t t)
{
    static const enum gong_aggregate_kind kinds[] = {
        GONG_AGGREGATE_SUM, GONG_AGGREGATE_MIN, GONG_AGGREGATE_MAX};
    /* A group is of one kind as long as it lives. */
    enum gong_aggregate_kind kind = kinds[n % 3];
    uint32_t group = gong_groups_find(&w->groups, n % 3, 100 + n);
    struct expected e = expect(w, n, t);
    struct gong_group_total total = {.first = INT64_MAX};

    if (group != 0) {
        total = gong_groups_total(&w->groups, group, kind, t);
        if (total.first == INT64_MAX && draw(w, 2) == 0) {
            gong_groups_remove(&w->groups, group);
        }
    }
    assert_int_equal(total.count, e.count);
    assert_int_equal(total.first, e.first);
    if (e.count == 0) {
        return;
    }
    if (kind == GONG_AGGREGATE_SUM) {
        assert_true(!e.exact || total.value == (double)e.sum);
        assert_true(isfinite((double)e.sum) || e.exact ||
                    !isfinite(total.value));
    } else {
        assert_true(same(total.value,
                         kind == GONG_AGGREGATE_MIN ? e.least : e.greatest));
    }
}

/* Slots are read back into runs of their own; the rest goes on as it was. */
static void
renew(struct world *w)
{
    gong_index_fini(&w->groups.index);
    gong_arena_clear(&w->groups.nodes);
    memset(w->groups.runs, 0, sizeof w->groups.runs);
    assert_null(gong_groups_restore(&w->groups));
}

static void
test_random(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct world w;

        open_world(&w, seed);
        for (int64_t t = 1; t < 3000; t++) {
            uint32_t n = 1 + draw(&w, GROUPS);

            if (draw(&w, 10) != 0) {
                set(&w, 1 + draw(&w, MEMBERS), n, some_value(&w),
                    t + draw(&w, t % 1000 < 500 ? 900 : 20));
            } else {
                compare(&w, n, t);
            }
            if (draw(&w, 500) == 0) {
                renew(&w);
            }
        }
        close_world(&w);
    }
}

/* The same members by two histories: the same bits. */
static void
test_only_who_is_there_counts(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct gong_group_total totals[2];
        double values[40];
        struct world w;

        open_world(&w, seed);
        for (int i = 0; i < 40; i++) {
            values[i] = (draw(&w, 1000000) - 500000.0) / 7;
        }
        for (int run = 0; run < 2; run++) {
            uint32_t group = gong_groups_add(&w.groups, 0, 1 + (uint32_t)run);

            for (int i = 0; run == 1 && i < 100; i++) {
                uint32_t member = 1 + draw(&w, 100);

                if (gong_member_at(&w.groups, member)->group == 0) {
                    assert_true(gong_groups_join(&w.groups, group, member));
                }
                gong_groups_set(&w.groups, member, true,
                                i % 3 == 0 ? (double)INFINITY : 1e16, i);
                (void)gong_groups_total(&w.groups, group, GONG_AGGREGATE_SUM,
                                        i / 2);
            }
            (void)gong_groups_total(&w.groups, group, GONG_AGGREGATE_SUM, 999);
            for (int i = 0; i < 40; i++) {
                int at = run == 0 ? i : (i * 7 + 3) % 40;
                uint32_t member = 101 + (uint32_t)(40 * run + at);

                assert_true(gong_groups_join(&w.groups, group, member));
                gong_groups_set(&w.groups, member, true, values[at], 5000);
            }
            totals[run] =
                gong_groups_total(&w.groups, group, GONG_AGGREGATE_AVG, 1000);
        }
        assert_int_equal(totals[0].count, 40);
        assert_memory_equal(&totals[0].value, &totals[1].value, 8);
        close_world(&w);
    }
}

static double
total_of(enum gong_aggregate_kind kind, const double *values, uint32_t count)
{
    struct gong_group_total total;
    struct world w;
    uint32_t group = 0;

    open_world(&w, 1);
    group = gong_groups_add(&w.groups, 1, 1);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(gong_groups_join(&w.groups, group, i + 1));
        gong_groups_set(&w.groups, i + 1, true, values[i], 10);
    }
    total = gong_groups_total(&w.groups, group, kind, 5);
    assert_int_equal(total.count, count);
    close_world(&w);
    return total.value;
}

static void
test_odd_values(void **state)
{
    const double inf = (double)INFINITY;
    const double nan = (double)NAN;
    const double large[] = {1.7e308, 1.7e308, 1.7e308};
    const double cancel[] = {1e16, 1, -1e16};
    const double mixed[] = {nan, 3, inf};
    const double infinities[] = {inf, 1, -inf};
    const double zeros[] = {-0.0, -0.0, -0.0};
    const double nans[] = {nan, nan};

    (void)state;
    assert_true(total_of(GONG_AGGREGATE_AVG, large, 3) == 1.7e308);
    assert_true(total_of(GONG_AGGREGATE_SUM, large, 3) == inf);
    assert_true(total_of(GONG_AGGREGATE_SUM, cancel, 3) == 1);
    assert_true(isnan(total_of(GONG_AGGREGATE_SUM, mixed, 3)));
    assert_true(total_of(GONG_AGGREGATE_MAX, mixed, 3) == inf);
    assert_true(total_of(GONG_AGGREGATE_MIN, mixed, 3) == 3);
    assert_true(isnan(total_of(GONG_AGGREGATE_MIN, nans, 2)));
    assert_true(isnan(total_of(GONG_AGGREGATE_SUM, infinities, 3)));
    assert_true(isnan(total_of(GONG_AGGREGATE_AVG, infinities, 3)));
    assert_true(total_of(GONG_AGGREGATE_AVG, infinities, 2) == inf);
    assert_true(signbit(total_of(GONG_AGGREGATE_SUM, zeros, 3)));
    assert_true(total_of(GONG_AGGREGATE_COUNT, mixed, 3) == 3);
    assert_true(total_of(GONG_AGGREGATE_GROUP, mixed, 3) == 1);
}

/* Empty groups and runs are used again: memory does not grow with churn. */
static void
test_churn(void **state)
{
    struct world w;
    size_t used = 0;

    (void)state;
    open_world(&w, 1);
    for (uint32_t round = 0; round < 2000; round++) {
        uint32_t group = gong_groups_add(&w.groups, 1, 1 + round);

        assert_int_not_equal(group, 0);
        for (uint32_t m = 1; m <= 20; m++) {
            assert_true(gong_groups_join(&w.groups, group, m));
            gong_groups_set(&w.groups, m, true, m, round);
        }
        assert_int_equal(
            gong_groups_total(&w.groups, group, GONG_AGGREGATE_SUM, round)
                .count,
            20);
        assert_int_equal(
            gong_groups_total(&w.groups, group, GONG_AGGREGATE_SUM, round + 1)
                .count,
            0);
        gong_groups_remove(&w.groups, group);
        used = round == 10 ? w.budget.used : used;
    }
    assert_int_equal(w.budget.used, used);
    assert_int_equal(w.groups.groups.count, 2);
    close_world(&w);
}

/* What is wrong in what was read back is found. */
static void
test_forged(void **state)
{
    (void)state;
    for (int forgery = 0; forgery < 11; forgery++) {
        struct world w;
        struct gong_group *g = NULL;
        struct gong_group_slot *s = NULL;
        const char *wrong = NULL;

        open_world(&w, 1);
        for (uint32_t m = 1; m <= 9; m++) {
            set(&w, m, 1 + m % 2, m, m == 4 ? 1 : 100);
        }
        compare(&w, 1, 50);
        gong_groups_remove(&w.groups, find_group(&w, 3));
        g = gong_group_at(&w.groups, 1);
        s = gong_group_slot_at(&w.groups, g->run);
        g->level = forgery == 1 ? 32 : forgery == 2 ? 31 : g->level;
        g->run = forgery == 3 ? UINT32_MAX : forgery == 4 ? 0 : g->run;
        g->top = forgery == 5 ? 0 : g->top;
        s->member = forgery == 6 ? MEMBERS + 1 : forgery == 7 ? 2 : s->member;
        s->last = forgery == 8 ? INT64_MAX : s->last;
        w.groups.free = forgery == 9 ? 2 : w.groups.free;
        g->next = forgery == 10 ? 4 : g->next;
        gong_index_fini(&w.groups.index);
        gong_arena_clear(&w.groups.nodes);
        memset(w.groups.runs, 0, sizeof w.groups.runs);
        wrong = gong_groups_restore(&w.groups);
        if ((wrong != NULL) != (forgery != 0)) {
            fail_msg("forgery %d: %s", forgery, wrong == NULL ? "" : wrong);
        }
        close_world(&w);
    }
}

/* How many there are says nothing of a group without slots. */
static void
test_forged_without_slots(void **state)
{
    struct world w;
    uint32_t group = 0;

    (void)state;
    open_world(&w, 1);
    group = gong_groups_add(&w.groups, 1, 100);
    assert_int_not_equal(group, 0);
    gong_group_at(&w.groups, group)->live = 3;
    gong_index_fini(&w.groups.index);
    assert_null(gong_groups_restore(&w.groups));
    assert_int_equal(gong_group_at(&w.groups, group)->live, 0);
    close_world(&w);
}

static void
test_without_memory(void **state)
{
    struct world w;
    uint32_t group = 0;
    uint32_t member = 1;

    (void)state;
    open_world(&w, 1);
    group = gong_groups_add(&w.groups, 1, 1);
    assert_int_not_equal(group, 0);
    w.budget.limit = w.budget.used + 2000;
    while (gong_groups_join(&w.groups, group, member)) {
        gong_groups_set(&w.groups, member, true, 1, 10);
        member++;
        assert_true(member < MEMBERS);
    }
    assert_int_equal(
        gong_groups_total(&w.groups, group, GONG_AGGREGATE_SUM, 1).count,
        member - 1);
    for (uint32_t set = 2; gong_groups_add(&w.groups, 1, set) != 0; set++) {
        assert_true(set < 1000);
    }
    close_world(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_only_who_is_there_counts),
        cmocka_unit_test(test_odd_values),
        cmocka_unit_test(test_churn),
        cmocka_unit_test(test_forged),
        cmocka_unit_test(test_forged_without_slots),
        cmocka_unit_test(test_without_memory),
    };

    return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}
