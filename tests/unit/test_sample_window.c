/* Windows against plain arrays: random streams of samples on time, late, equal
 * and after gaps, in all kinds of values, must read the same. */
#include "rules/engine/sample_window.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/sample_window_code.h"

#define MANY 4096

/* xorshift: the same streams on every machine. */
static uint64_t random_state = 88172645463325252u;

static uint64_t
any(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

static uint64_t
bits_of(double value)
{
    uint64_t bits = 0;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double
double_of(uint64_t bits)
{
    double value = 0;

    memcpy(&value, &bits, sizeof value);
    return value;
}

enum kind { WHOLE, ONE_PLACE, TWO_PLACES, NOISE, ODD, COUNTER, SAME, KINDS };

static double
any_value(enum kind kind, double before)
{
    static const double odd[] = {
        (double)NAN, (double)INFINITY,  -(double)INFINITY, -0.0,  0.0,
        5e-324,      1.7e308,           -1.7e308,          1e300, 0.1,
        1e15 + 0.3,  9007199254740993.0};

    switch (kind) {
    case WHOLE:
        return (double)any(100) - 50;
    case ONE_PLACE:
        return 20 + (double)any(100) / 10;
    case TWO_PLACES:
        return (double)any(100000) / 100;
    case NOISE:
        return double_of(any(UINT64_MAX));
    case ODD:
        return any(3) == 0 ? odd[any(sizeof odd / sizeof odd[0])]
                           : (double)any(7);
    case COUNTER:
        return any(50) == 0 ? 0 : before + (double)any(100000);
    case SAME:
    case KINDS:
        break;
    }
    return 5;
}

/* The naive window: everything that ever came, sorted. */
struct naive {
    struct gong_sample samples[MANY];
    size_t count;
};

static void
naive_put(struct naive *n, struct gong_sample sample)
{
    size_t at = n->count;

    for (; at > 0 && n->samples[at - 1].ms > sample.ms; at--) {
        n->samples[at] = n->samples[at - 1];
    }
    n->samples[at] = sample;
    n->count++;
}

/* Where the kept ones begin: at most keep older than the newest, and one. */
static size_t
naive_first(const struct naive *n, int64_t keep)
{
    size_t at = n->count - 1;

    while (at > 0 && n->samples[at].ms >= n->samples[n->count - 1].ms - keep) {
        at--;
    }
    return at;
}

static const struct gong_sample *
naive_find(const struct naive *n, int64_t ms)
{
    for (size_t i = 0; i < n->count; i++) {
        if (n->samples[i].ms == ms) {
            return &n->samples[i];
        }
    }
    return NULL;
}

static void
compare(struct gong_sample_windows *all, uint32_t window, const struct naive *n,
        int64_t from, int64_t to)
{
    struct gong_sample newest = n->samples[n->count - 1];
    struct gong_sample one = {0, 0};
    size_t count = 0;
    size_t seen = 0;
    const struct gong_sample *samples =
        gong_sample_window_read(all, window, newest, from, to, &count);

    for (size_t i = 0; i < n->count; i++) {
        const struct gong_sample *want = &n->samples[i];

        if (want->ms < from || want->ms > to) {
            continue;
        }
        assert_true(seen < count);
        assert_true(samples[seen].ms == want->ms);
        assert_true(bits_of(samples[seen].value) == bits_of(want->value));
        seen++;
    }
    assert_int_equal(seen, count);
    one = count == 0 ? one : samples[count - 1];
    assert_int_equal(
        gong_sample_window_newest(all, window, newest, from, to, &newest),
        count != 0);
    assert_true(count == 0 || newest.ms == one.ms);
}

struct stream {
    struct gong_budget budget;
    struct gong_sample_windows all;
    uint32_t window;
    struct naive naive;
    int64_t keep;
    enum kind kind;
    int64_t pace;
};

static void
feed(struct stream *s)
{
    struct naive *n = &s->naive;
    struct gong_sample newest = n->samples[n->count - 1];
    struct gong_sample next = {newest.ms + s->pace,
                               any_value(s->kind, newest.value)};

    next.ms += any(4) == 0 ? (int64_t)any(50) : 0;
    next.ms += any(30) == 0 ? (int64_t)any(10) * s->pace : 0;
    next.ms += any(500) == 0 ? INT64_C(1) << any(42) : 0;
    assert_int_equal(
        gong_sample_window_push(&s->all, s->window, newest, next, s->keep),
        GONG_OK);
    naive_put(n, next);
}

static void
feed_late(struct stream *s)
{
    struct naive *n = &s->naive;
    struct gong_sample newest = n->samples[n->count - 1];
    struct gong_sample late = {newest.ms - 1 -
                                   (int64_t)any((uint64_t)s->keep * 5 / 4),
                               any_value(s->kind, newest.value)};
    const struct gong_sample *there = NULL;
    size_t first = naive_first(n, s->keep);
    enum gong_sample_window_late what = GONG_SAMPLE_LATE_TAKEN;
    enum gong_sample_window_late want = GONG_SAMPLE_LATE_TAKEN;

    if (any(3) == 0 && n->count - first > 1) { /* one that is there */
        late.ms = n->samples[first + any(n->count - first - 1)].ms;
    }
    there = naive_find(n, late.ms);
    if (there != NULL && late.ms >= n->samples[first].ms) {
        want = there->value == late.value ? GONG_SAMPLE_LATE_EQUAL
                                          : GONG_SAMPLE_LATE_OTHER;
    } else if (late.ms < newest.ms - s->keep &&
               late.ms < n->samples[first].ms &&
               n->samples[first].ms < newest.ms - s->keep) {
        want = GONG_SAMPLE_LATE_OLD;
    }
    assert_int_equal(gong_sample_window_insert(&s->all, s->window, newest, late,
                                               s->keep, &what),
                     GONG_OK);
    if (want == GONG_SAMPLE_LATE_OLD && there != NULL) {
        assert_true(what != GONG_SAMPLE_LATE_TAKEN);
        return;
    }
    assert_int_equal(what, want);
    if (what == GONG_SAMPLE_LATE_TAKEN) {
        naive_put(n, late);
    }
}

static void
look(struct stream *s)
{
    const struct naive *n = &s->naive;
    const struct gong_sample *newest = &n->samples[n->count - 1];
    size_t first = naive_first(n, s->keep);
    int64_t low = n->samples[first].ms < newest->ms - s->keep
                      ? n->samples[first].ms
                      : newest->ms - s->keep;
    int64_t from = newest->ms - (int64_t)any((uint64_t)s->keep + 1);

    compare(&s->all, s->window, n, low, INT64_MAX);
    compare(&s->all, s->window, n, from, newest->ms);
    compare(&s->all, s->window, n, from,
            from + (int64_t)any((uint64_t)s->keep + 1));
}

/* What was saved and read back: the table is checked and reads the same. */
static void
recheck(struct stream *s)
{
    const struct naive *n = &s->naive;

    assert_null(gong_sample_windows_check_begin(&s->all));
    for (uint32_t i = 1; i <= s->window; i++) {
        assert_null(
            gong_sample_windows_claim(&s->all, i, n->samples[n->count - 1]));
    }
    assert_non_null(gong_sample_windows_claim(&s->all, s->window,
                                              n->samples[n->count - 1]));
    assert_null(gong_sample_windows_sweep(&s->all));
}

static void
move(struct stream *s)
{
    const struct naive *n = &s->naive;
    struct gong_sample_windows to;
    uint32_t window = 0;

    gong_sample_windows_init(&to, &s->budget, &s->budget);
    (void)gong_sample_window_add(&to);
    window = gong_sample_window_add(&to);
    assert_int_equal(gong_sample_window_copy(&to, window, &s->all, s->window,
                                             n->samples[n->count - 1], s->keep),
                     GONG_OK);
    gong_sample_windows_fini(&s->all);
    s->all = to;
    s->window = window;
    assert_null(gong_sample_windows_check_begin(&s->all));
    assert_null(
        gong_sample_windows_claim(&s->all, 1, n->samples[n->count - 1]));
    assert_null(
        gong_sample_windows_claim(&s->all, window, n->samples[n->count - 1]));
    assert_null(gong_sample_windows_sweep(&s->all));
}

static void
test_random_streams(void **state)
{
    static struct stream s;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        memset(&s, 0, sizeof s);
        gong_sample_windows_init(&s.all, &s.budget, &s.budget);
        s.window = gong_sample_window_add(&s.all);
        s.kind = (enum kind)(round % KINDS);
        s.pace = (int64_t[]){1, 1000, 10000, 15000, 60000}[any(5)];
        s.keep = s.pace * (int64_t)(1 + any(60));
        naive_put(&s.naive, (struct gong_sample){1000000, 5});
        for (unsigned i = 0; i < 400; i++) {
            if (any(5) == 0) {
                feed_late(&s);
            } else {
                feed(&s);
            }
            if (any(100) == 0) {
                recheck(&s);
            }
            if (any(200) == 0) {
                move(&s);
            }
            if (any(60) == 0) {
                s.kind = (enum kind)any(KINDS);
            }
            look(&s);
        }
        gong_sample_windows_fini(&s.all);
        assert_int_equal(s.budget.used, 0);
    }
}

/* Five minutes of a sensor, one sample in 15 s: the bar of the design. */
static void
check_size(int64_t pace, int64_t keep, double bar, double jitter)
{
    struct gong_budget budget = {0};
    struct gong_sample_windows all;
    struct gong_sample last[200];
    const uint32_t series = 200;
    size_t size = 0;

    gong_sample_windows_init(&all, &budget, &budget);
    for (uint32_t i = 0; i < series; i++) {
        assert_true(gong_sample_window_add(&all) != 0);
        last[i] = (struct gong_sample){i, 20.5};
    }
    for (unsigned step = 1; step < 500; step++) {
        for (uint32_t i = 0; i < series; i++) {
            struct gong_sample next = {(int64_t)step * pace + i +
                                           (int64_t)((double)any(100) * jitter),
                                       20 + (double)any(100) / 10};

            assert_int_equal(
                gong_sample_window_push(&all, i + 1, last[i], next, keep),
                GONG_OK);
            last[i] = next;
        }
    }
    size = budget.used - all.room * (sizeof(struct gong_sample) + 8);
    if ((double)size / series > bar) {
        fail_msg("%g bytes a series", (double)size / series);
    }
    gong_sample_windows_fini(&all);
}

static void
test_size(void **state)
{
    (void)state;
    check_size(15000, 300000, 116, 0); /* and 4 in the bindings */
    check_size(15000, 300000, 150, 1);
    check_size(10000, 60000, 80, 0);
}

/* Each code gives back what was written, and a wrong byte never leaves its
 * chunk. */
static void
test_damaged(void **state)
{
    struct gong_budget budget = {0};
    struct gong_sample_windows all;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct gong_sample newest = {1000000, 5};
        size_t count = 0;

        gong_sample_windows_init(&all, &budget, &budget);
        assert_int_equal(gong_sample_window_add(&all), 1);
        for (unsigned i = 0; i < 30; i++) {
            struct gong_sample next = {
                newest.ms + 1 + (int64_t)any(20000),
                any_value((enum kind)(round % KINDS), newest.value)};

            assert_int_equal(
                gong_sample_window_push(&all, 1, newest, next, 100000),
                GONG_OK);
            newest = next;
        }
        for (unsigned i = 0; i < 3; i++) {
            uint8_t *bytes = any(4) == 0 ? gong_arena_at(&all.windows, 1)
                                         : gong_arena_at(&all.chunks, 1);
            size_t len = bytes == gong_arena_at(&all.windows, 1)
                             ? sizeof(struct gong_sample_window)
                             : (all.chunks.count - 1) *
                                   sizeof(struct gong_sample_window_chunk);

            bytes[any(len)] ^= (uint8_t)(1u << any(8));
        }
        if (gong_sample_windows_check_begin(&all) == NULL &&
            gong_sample_windows_claim(&all, 1, newest) == NULL &&
            gong_sample_windows_sweep(&all) == NULL) {
            struct gong_sample next = {newest.ms + 5, 1};
            enum gong_sample_window_late what = GONG_SAMPLE_LATE_OLD;

            (void)gong_sample_window_read(&all, 1, newest, INT64_MIN, INT64_MAX,
                                          &count);
            assert_int_equal(
                gong_sample_window_push(&all, 1, newest, next, 50000), GONG_OK);
            assert_int_equal(
                gong_sample_window_insert(
                    &all, 1, next,
                    (struct gong_sample){next.ms - (int64_t)any(60000) - 1, 7},
                    50000, &what),
                GONG_OK);
        }
        gong_sample_windows_fini(&all);
    }
}

/* Every shortage of memory is told, and nothing is lost to it that is not the
 * caller's to start over. */
static void
test_no_memory(void **state)
{
    (void)state;
    for (size_t limit = 100; limit < 6000; limit += 50) {
        struct gong_budget budget = {.limit = limit};
        struct gong_sample_windows all;
        struct gong_sample newest = {1000000, 5};
        enum gong_err err = GONG_OK;
        uint32_t window = 0;

        gong_sample_windows_init(&all, &budget, &budget);
        window = gong_sample_window_add(&all);
        for (unsigned i = 0; i < 200 && window != 0 && err == GONG_OK; i++) {
            struct gong_sample next = {newest.ms + 1000,
                                       any_value(NOISE, newest.value)};
            enum gong_sample_window_late what = GONG_SAMPLE_LATE_OLD;

            err = gong_sample_window_push(&all, window, newest, next, 1000000);
            newest = next;
            if (err == GONG_OK && i % 7 == 6) {
                err = gong_sample_window_insert(
                    &all, window, newest,
                    (struct gong_sample){newest.ms - 2500, 3}, 1000000, &what);
            }
        }
        assert_true(window == 0 || err == GONG_ERR_MEMORY || limit > 5000);
        gong_sample_windows_fini(&all);
        assert_int_equal(budget.used, 0);
    }
}

static void
test_late_start(void **state)
{
    struct gong_budget budget = {0};
    struct gong_sample_windows all;

    (void)state;
    gong_sample_windows_init(&all, &budget, &budget);
    for (uint32_t i = 1; i <= 10; i++) {
        assert_int_equal(gong_sample_window_add(&all), i);
        assert_true(i % 3 != 0 || gong_sample_window_begin(&all, i, i * 100));
    }
    for (uint32_t i = 1; i <= 10; i++) {
        assert_true(gong_sample_window_whole(&all, i) ==
                    (i % 3 == 0 ? i * 100 : GONG_SAMPLE_WINDOW_ALWAYS));
    }
    assert_null(gong_sample_windows_check_begin(&all));
    gong_sample_windows_fini(&all);
}

static void
assert_claimed(struct gong_sample_windows *all, struct gong_sample newest)
{
    assert_null(gong_sample_windows_check_begin(all));
    assert_null(gong_sample_windows_claim(all, 1, newest));
    assert_null(gong_sample_windows_sweep(all));
}

/* However long a window is kept, what it grows to can be read back. */
static void
test_full(void **state)
{
    struct gong_budget budget = {0};
    struct gong_sample_windows all;
    const struct gong_sample_window *w = NULL;
    struct gong_sample newest = {0, 0};
    uint32_t most = 0;
    uint32_t window = 0;

    (void)state;
    gong_sample_windows_init(&all, &budget, &budget);
    window = gong_sample_window_add(&all);
    w = gong_sample_window_at(&all, window);
    for (int i = 1; i <= 1200000; i++) {
        struct gong_sample next = {i * INT64_C(1000), (double)(i % 7)};

        assert_int_equal(gong_sample_window_push(&all, window, newest, next,
                                                 INT64_C(1) << 40),
                         GONG_OK);
        newest = next;
        if (w->count > most) {
            most = w->count;
            if (most >= GONG_SAMPLE_WINDOW_SAMPLES && i % 10000 == 0) {
                assert_claimed(&all, newest);
            }
        }
    }
    assert_true(most > GONG_SAMPLE_WINDOW_SAMPLES);
    assert_true(most < GONG_SAMPLE_WINDOW_FULL + GONG_SAMPLE_WINDOW_BYTES);
    assert_true(w->count >= GONG_SAMPLE_WINDOW_SAMPLES);
    assert_int_equal(all.lost + w->count + 1, 1200001);
    gong_sample_windows_fini(&all);
}

/* One that late samples fill is no longer than another. */
static void
test_full_of_late(void **state)
{
    struct gong_budget budget = {0};
    struct gong_sample_windows all;
    const struct gong_sample_window *w = NULL;
    struct gong_sample newest = {INT64_C(1) << 40, 0};
    uint32_t window = 0;

    (void)state;
    gong_sample_windows_init(&all, &budget, &budget);
    window = gong_sample_window_add(&all);
    w = gong_sample_window_at(&all, window);
    for (int i = 1; i <= 1100000; i++) {
        struct gong_sample late = {i, (double)(i % 7)};
        enum gong_sample_window_late what = GONG_SAMPLE_LATE_OLD;

        assert_int_equal(
            gong_sample_window_insert(&all, window, newest, late, 0, &what),
            GONG_OK);
        assert_int_equal(what, GONG_SAMPLE_LATE_TAKEN);
        assert_true(w->count <
                    GONG_SAMPLE_WINDOW_FULL + GONG_SAMPLE_WINDOW_BYTES);
    }
    assert_claimed(&all, newest);
    gong_sample_windows_fini(&all);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_full_of_late),
        cmocka_unit_test(test_random_streams),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_late_start),
    };

    return cmocka_run_group_tests_name("sample_window", tests, NULL, NULL);
}
