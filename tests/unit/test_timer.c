#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/engine/timer.h"

static void
test_journal_clock(void **state)
{
    struct gong_budget budget = {0};
    struct gong_timers timers;
    struct gong_timer_event event;

    (void)state;
    gong_timers_init(&timers, &budget);
    assert_int_equal(gong_timers_add_clock(&timers), GONG_CLOCK_JOURNAL);
    assert_true(gong_timers_next(&timers) == INT64_MAX);
    assert_true(gong_timers_clock_now(&timers, GONG_CLOCK_JOURNAL, 77) == 77);
    assert_true(gong_timer_arm(&timers, GONG_CLOCK_JOURNAL, 100, 2, 5) != 0);
    assert_true(gong_timer_arm(&timers, GONG_CLOCK_JOURNAL, 100, 1, 6) != 0);
    assert_true(gong_timers_next(&timers) == 100);
    assert_false(gong_timers_pop(&timers, 100, &event));
    assert_true(gong_timers_pop(&timers, 101, &event));
    assert_int_equal(event.instance, 6);
    assert_true(gong_timers_pop(&timers, 101, &event));
    assert_int_equal(event.instance, 5);
    assert_true(event.due == 100 && event.journal_ms == 100);
    assert_false(gong_timers_pop(&timers, INT64_MAX, &event));
    gong_timers_fini(&timers);
    assert_int_equal(budget.used, 0);
}

/* Rule 2: the newest stamp plus the time since, never backwards. */
static void
test_device_clock(void **state)
{
    struct gong_budget budget = {0};
    struct gong_timers timers;
    uint32_t clock = 0;
    struct gong_timer_event event;

    (void)state;
    gong_timers_init(&timers, &budget);
    gong_timers_add_clock(&timers);
    clock = gong_timers_add_clock(&timers);
    assert_true(gong_timers_clock_now(&timers, clock, 50) == GONG_CLOCK_NEVER);
    gong_timers_clock_set(&timers, clock, 1000, 50000);
    assert_true(gong_timers_clock_now(&timers, clock, 50000) == 1000);
    assert_true(gong_timers_clock_now(&timers, clock, 50600) == 1600);
    assert_true(gong_timer_arm(&timers, clock, 2000, 0, 1) != 0);
    assert_true(gong_timers_next(&timers) == 51000);

    /* Older stamps change nothing, newer but delayed ones hold it. */
    gong_timers_clock_set(&timers, clock, 900, 50700);
    assert_true(gong_timers_clock_now(&timers, clock, 50700) == 1700);
    gong_timers_clock_set(&timers, clock, 1500, 50800);
    assert_true(gong_timers_clock_now(&timers, clock, 50800) == 1800);
    assert_true(gong_timers_clock_now(&timers, clock, 51000) == 1800);
    assert_true(gong_timers_clock_now(&timers, clock, 51200) == 1900);
    assert_true(gong_timers_next(&timers) == 51300);

    /* It leaps ahead: what it has passed is due when it leapt. */
    gong_timers_clock_set(&timers, clock, 9000, 50900);
    assert_true(gong_timers_next(&timers) == 50900);
    assert_false(gong_timers_pop_clock(&timers, clock, 2000, &event));
    assert_true(gong_timers_pop_clock(&timers, clock, 2001, &event));
    assert_true(event.due == 2000 && event.instance == 1);
    assert_true(gong_timers_next(&timers) == INT64_MAX);
    gong_timers_fini(&timers);
}

#define CLOCKS    7
#define INSTANCES 60

/* What a list with no structure at all would do. */
struct naive {
    int64_t due;
    uint32_t clock;
    uint32_t timer;
};

static uint64_t random_state = 88172645463325252u;

static uint64_t
any(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static int64_t
journal_of(const int64_t clocks[][3], const struct naive *n)
{
    const int64_t *c = clocks[n->clock];

    return n->due <= c[2] ? c[1] : n->due - c[0] + c[1];
}

/* Ties break by rule, which is instance % 3, then by instance. */
static bool
before(int64_t a_time, uint32_t a, int64_t b_time, uint32_t b)
{
    if (a_time != b_time) {
        return a_time < b_time;
    }
    return a % 3 != b % 3 ? a % 3 < b % 3 : a < b;
}

static uint32_t
first_of_clock(const struct naive *list, uint32_t clock)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < INSTANCES; i++) {
        if (list[i].timer != 0 && list[i].clock == clock &&
            (best == 0 || before(list[i].due, i, list[best].due, best))) {
            best = i;
        }
    }
    return best;
}

/* Of one clock, or of all clocks' first ones by journal time. */
static uint32_t
naive_first(const struct naive *list, const int64_t clocks[][3], uint32_t clock)
{
    uint32_t best = 0;

    if (clock != 0) {
        return first_of_clock(list, clock);
    }
    for (clock = 1; clock <= CLOCKS; clock++) {
        uint32_t i = first_of_clock(list, clock);

        if (i != 0 &&
            (best == 0 || before(journal_of(clocks, &list[i]), i,
                                 journal_of(clocks, &list[best]), best))) {
            best = i;
        }
    }
    return best;
}

static void
arm_or_hasten(struct gong_timers *timers, struct naive *list, int64_t now)
{
    uint32_t i = 1 + (uint32_t)any(INSTANCES - 1);
    int64_t due = now + (int64_t)any(60);

    if (list[i].timer == 0) {
        list[i].clock = 1 + i % CLOCKS;
        list[i].due = due;
        list[i].timer = gong_timer_arm(timers, list[i].clock, due, i % 3, i);
        assert_true(list[i].timer != 0);
    } else if (due < list[i].due) {
        list[i].due = due;
        gong_timer_hasten(timers, list[i].clock, list[i].timer, due);
    }
    assert_true(gong_timer_due(timers, list[i].timer) == list[i].due);
}

static void
move_clock(struct gong_timers *timers, int64_t clocks[][3], int64_t now)
{
    uint32_t clock = 2 + (uint32_t)any(CLOCKS - 1);
    int64_t *c = clocks[clock];
    int64_t stamp = now - 20 + (int64_t)any(40);
    int64_t shown = gong_timers_clock_now(timers, clock, now);

    gong_timers_clock_set(timers, clock, stamp, now);
    if (stamp > c[0]) {
        c[0] = stamp;
        c[1] = now;
        c[2] = shown > stamp ? shown : stamp;
    }
}

static void
pop(struct gong_timers *timers, struct naive *list, int64_t clocks[][3],
    int64_t now)
{
    uint32_t clock = any(2) == 0 ? 0 : 1 + (uint32_t)any(CLOCKS);
    uint32_t first = naive_first(list, (const int64_t(*)[3])clocks, clock);
    int64_t key = 0;
    struct gong_timer_event event;
    bool popped = clock == 0
                      ? gong_timers_pop(timers, now, &event)
                      : gong_timers_pop_clock(timers, clock, now, &event);

    if (first != 0) {
        key = clock == 0 ? journal_of((const int64_t(*)[3])clocks, &list[first])
                         : list[first].due;
    }
    assert_int_equal(popped, first != 0 && key < now);
    if (popped) {
        assert_int_equal(event.instance, first);
        assert_true(event.due == list[first].due);
        list[first].timer = 0;
    }
}

static void
test_against_a_list(void **state)
{
    struct gong_budget budget = {0};
    struct gong_timers timers;
    struct naive list[INSTANCES] = {{0}};
    int64_t clocks[CLOCKS + 1][3] = {{0}};
    int64_t now = 1000;

    (void)state;
    gong_timers_init(&timers, &budget);
    for (uint32_t clock = 1; clock <= CLOCKS; clock++) {
        assert_int_equal(gong_timers_add_clock(&timers), clock);
        clocks[clock][0] = clock == GONG_CLOCK_JOURNAL ? 0 : GONG_CLOCK_NEVER;
        clocks[clock][2] = GONG_CLOCK_NEVER;
    }
    for (uint32_t clock = 2; clock <= CLOCKS; clock++) {
        gong_timers_clock_set(&timers, clock, now, now);
        clocks[clock][0] = clocks[clock][1] = clocks[clock][2] = now;
    }
    for (int i = 0; i < 200000; i++) {
        uint64_t what = any(10);

        now += what == 0;
        if (what < 5) {
            arm_or_hasten(&timers, list, now);
        } else if (what < 6) {
            move_clock(&timers, clocks, now);
        } else {
            pop(&timers, list, clocks, now);
        }
    }
    gong_timers_fini(&timers);
}

static void
test_without_memory(void **state)
{
    struct gong_budget budget = {0};
    struct gong_timers timers;
    struct gong_timer_event event;
    uint32_t armed = 0;
    uint32_t popped = 0;

    (void)state;
    gong_timers_init(&timers, &budget);
    for (int i = 0; i < 50; i++) {
        gong_timers_add_clock(&timers);
    }
    budget.limit = budget.used + 400;
    while (armed < 50 &&
           gong_timer_arm(&timers, 1 + armed, 10, 0, armed + 1) != 0) {
        armed++;
    }
    assert_in_range(armed, 1, 49);
    while (gong_timers_pop(&timers, 1000, &event)) {
        popped++;
    }
    assert_int_equal(popped, armed);
    gong_timers_fini(&timers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal_clock),
        cmocka_unit_test(test_device_clock),
        cmocka_unit_test(test_against_a_list),
        cmocka_unit_test(test_without_memory),
    };

    return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
