#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "rules/engine/bind.h"

static const struct gong_hash_key key = {{1, 2}};

struct fixture {
    struct gong_budget budget;
    struct gong_symbols symbols;
    struct gong_labelsets labelsets;
    struct gong_ruleset *set;
    struct gong_book book;
    struct gong_binds binds;
};

static void
start(struct fixture *f, const struct rule_spec *specs, size_t count)
{
    *f = (struct fixture){0};
    gong_symbols_init(&f->symbols, &f->budget, &key);
    gong_labelsets_init(&f->labelsets, &f->symbols, &f->budget);
    f->set = make_rules(specs, count);
    assert_int_equal(gong_book_compile(&f->book, f->set, &f->symbols), GONG_OK);
    gong_binds_init(&f->binds, &f->book, &f->labelsets, &f->budget, &f->budget);
}

static void
stop(struct fixture *f)
{
    gong_binds_fini(&f->binds);
    gong_book_fini(&f->book);
    gong_ruleset_free(f->set);
    gong_labelsets_fini(&f->labelsets);
    gong_symbols_fini(&f->symbols);
    assert_int_equal(f->budget.used, 0);
}

/* A series of metric with label k, of device. */
static enum gong_err
bind(struct fixture *f, uint32_t device, const char *metric, const char *k,
     uint32_t *series)
{
    struct gong_label_pair pair = {
        gong_symbol_intern(&f->symbols, gong_str_of("k")),
        gong_symbol_intern(&f->symbols, gong_str_of(k)),
    };
    struct gong_series_name name = {
        device, gong_labelset_intern(&f->labelsets, &pair, 1),
        gong_symbol_intern(&f->symbols, gong_str_of(metric))};

    return gong_bind_series(&f->binds, name, series);
}

static uint32_t
bound(struct fixture *f, uint32_t device, const char *metric, const char *k)
{
    uint32_t series = 0;

    assert_int_equal(bind(f, device, metric, k, &series), GONG_OK);
    return series;
}

static void
test_matchers_choose(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "all", .expr = "m > 1"},
        {.alert = "x", .expr = "m{k=\"x\"} > 1"},
        {.alert = "notx", .expr = "m{k!=\"x\"} > 1"},
        {.alert = "missing", .expr = "m{other=\"\"} > 1"},
        {.alert = "there", .expr = "m{other!=\"\"} > 1"},
        {.alert = "n", .expr = "n > 1"},
    };
    struct fixture f;
    uint32_t x = 0;
    uint32_t y = 0;
    uint32_t none = 0;

    (void)state;
    start(&f, specs, 6);
    x = bound(&f, 1, "m", "x");
    y = bound(&f, 1, "m", "y");
    for (uint32_t rule = 0; rule < 6; rule++) {
        bool for_x = rule == 0 || rule == 1 || rule == 3;
        bool for_y = rule == 0 || rule == 2 || rule == 3;

        assert_int_equal(gong_bind_instance(&f.binds, x, rule) != 0, for_x);
        assert_int_equal(gong_bind_instance(&f.binds, y, rule) != 0, for_y);
    }
    assert_int_equal(bind(&f, 1, "other", "x", &none), GONG_ERR_NOT_FOUND);
    assert_int_equal(bound(&f, 1, "m", "x"), x);
    assert_int_not_equal(bound(&f, 2, "m", "x"), x);
    /* The same rules read both: one attachment. */
    assert_int_equal(
        gong_series_at(&f.binds, bound(&f, 2, "m", "x"))->attachment,
        gong_series_at(&f.binds, x)->attachment);
    assert_int_not_equal(gong_series_at(&f.binds, y)->attachment,
                         gong_series_at(&f.binds, x)->attachment);
    stop(&f);
}

static void
test_joint_instances(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "j", .expr = "m{k!=\"z\"} > n"},
        {.alert = "twice", .expr = "n{k=\"x\"} > n"},
    };
    struct fixture f;
    uint32_t m = 0;
    uint32_t n = 0;
    uint32_t instance = 0;
    const struct gong_instance *i = NULL;

    (void)state;
    start(&f, specs, 2);
    n = bound(&f, 1, "n", "x");
    instance = gong_bind_instance(&f.binds, n, 0);
    i = gong_instance_at(&f.binds, instance);
    assert_int_equal(gong_bind_home(&f.binds, i), n);
    assert_int_equal(gong_bind_leaf(&f.binds, i, 0), 0);
    m = bound(&f, 1, "m", "x");
    assert_int_equal(gong_bind_instance(&f.binds, m, 0), instance);
    i = gong_instance_at(&f.binds, instance);
    assert_int_equal(gong_bind_leaf(&f.binds, i, 0), m);
    assert_int_equal(gong_bind_leaf(&f.binds, i, 1), n);
    assert_int_not_equal(
        gong_bind_instance(&f.binds, bound(&f, 1, "m", "y"), 0), instance);
    assert_int_not_equal(
        gong_bind_instance(&f.binds, bound(&f, 2, "m", "x"), 0), instance);
    /* One series under two selectors of one instance. */
    i = gong_instance_at(&f.binds, gong_bind_instance(&f.binds, n, 1));
    assert_int_equal(gong_bind_leaf(&f.binds, i, 0), n);
    assert_int_equal(gong_bind_leaf(&f.binds, i, 1), n);
    stop(&f);
}

/* Within low..high no entry holds; just outside one does, where they can say
 * so at all. */
static void
test_quiet_range(void **state)
{
    static const struct {
        const char *exprs[3];
        double low;
        double high;
    } cases[] = {
        {{"m > 5"}, -INFINITY, 5},
        {{"m < 5"}, 5, INFINITY},
        {{"m > 9", "m < 2", "m > 7"}, 2, 7},
        {{"m != 5"}, 5, 5},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rule_spec specs[3] = {{0}};
        static const char *const names[] = {"a", "b", "c"};
        struct fixture f;
        const struct gong_attachment *a = NULL;
        size_t count = 0;

        while (count < 3 && cases[i].exprs[count] != NULL) {
            specs[count].alert = names[count];
            specs[count].expr = cases[i].exprs[count];
            count++;
        }
        start(&f, specs, count);
        a = gong_attachment_at(
            &f.binds,
            gong_series_at(&f.binds, bound(&f, 1, "m", "x"))->attachment);
        assert_true(a->low == cases[i].low && a->high == cases[i].high);
        stop(&f);
    }
}

static void
test_quiet_range_is_never_wrong(void **state)
{
    static const char *const exprs[] = {
        "m > 5",    "m >= 5",    "m < 5",      "m <= 5",   "m == 5",
        "m != 5",   "m + 1 > 5", "m > bool 5", "m > n",    "5 > m",
        "m > Inf",  "m < -Inf",  "m == Inf",   "m <= Inf", "m >= -Inf",
        "m != Inf", "m > NaN",   "m != NaN"};
    const double values[] = {-INFINITY,       -5, 0,       nextafter(5, 0), 5,
                             nextafter(5, 9), 7,  INFINITY};

    (void)state;
    for (size_t i = 0; i < sizeof exprs / sizeof exprs[0]; i++) {
        struct rule_spec spec = {.alert = "a", .expr = exprs[i]};
        struct fixture f;
        const struct gong_attachment *a = NULL;
        struct gong_plan_input inputs[2] = {{0, true}, {0, false}};

        start(&f, &spec, 1);
        a = gong_attachment_at(
            &f.binds,
            gong_series_at(&f.binds, bound(&f, 1, "m", "x"))->attachment);
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            bool quiet = values[v] >= a->low && values[v] <= a->high;
            double out = 0;

            inputs[0].value = values[v];
            if (quiet && gong_plan_run(f.book.rules[0].plan, inputs, 0, &out)) {
                fail_msg("%s at %.17g", exprs[i], values[v]);
            }
        }
        stop(&f);
    }
}

static void
test_limit_of_instances(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "a", .expr = "m > 1"},
        {.alert = "b", .expr = "m > 2"},
    };
    struct fixture f;
    uint32_t series = 0;

    (void)state;
    start(&f, specs, 2);
    f.binds.instances_max = 5;
    bound(&f, 1, "m", "x");
    bound(&f, 1, "m", "y");
    assert_int_equal(bind(&f, 1, "m", "z", &series), GONG_ERR_TOO_LARGE);
    bound(&f, 1, "m", "y");
    f.binds.instances_max = 1;
    assert_int_equal(bind(&f, 1, "m", "z", &series), GONG_ERR_TOO_LARGE);
    stop(&f);
}

static void
test_without_memory(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "a", .expr = "m > 1"},
        {.alert = "b", .expr = "m > n"},
    };

    (void)state;
    for (size_t limit = 0; limit < 4000; limit += 8) {
        struct fixture f;
        char k[8];
        uint32_t series = 0;
        enum gong_err err = GONG_OK;

        start(&f, specs, 2);
        for (int i = 0; i < 40; i++) {
            snprintf(k, sizeof k, "%d", i);
            assert_int_equal(bind(&f, 1, "unread", k, &series),
                             GONG_ERR_NOT_FOUND);
        }
        f.budget.limit = f.budget.used + limit + 1;
        for (int i = 0; i < 40 && err == GONG_OK; i++) {
            snprintf(k, sizeof k, "%d", i);
            err = bind(&f, 1, i % 2 == 0 ? "m" : "n", k, &series);
        }
        assert_true(err == GONG_OK || err == GONG_ERR_MEMORY);
        f.budget.limit = 0;
        stop(&f);
    }
}

/* Both lie in one index: where hashes are equal by chance, an instance of a
 * rule that is evaluated as a whole has no series to compare with. */
static void
test_equal_hashes(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "joint", .expr = "m - n > 1"},
        {.alert = "general",
         .expr = "m * on(k) n > 1",
         .on_missing = GONG_ON_MISSING_RESOLVE},
    };
    struct fixture f;
    struct gong_label_pair pair = {0, 0};
    uint32_t words[3] = {0, 1, 0};
    uint32_t instance = 0;
    uint32_t series = 0;

    (void)state;
    start(&f, specs, 2);
    assert_true(gong_binds_prepare(&f.binds));
    assert_int_equal(gong_bind_general(&f.binds, 1, 0, &instance), GONG_OK);
    pair.name = gong_symbol_intern(&f.symbols, gong_str_of("k"));
    pair.value = gong_symbol_intern(&f.symbols, gong_str_of("x"));
    words[2] = gong_labelset_intern(&f.labelsets, &pair, 1);
    assert_int_equal(gong_bind_general(&f.binds, 1, words[2], &instance),
                     GONG_OK);
    assert_true(gong_index_put(&f.binds.joint_index,
                               gong_hash(&key, words, sizeof words), instance));
    series = bound(&f, 1, "m", "x");
    assert_int_not_equal(gong_bind_instance(&f.binds, series, 0), instance);
    stop(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matchers_choose),
        cmocka_unit_test(test_joint_instances),
        cmocka_unit_test(test_quiet_range),
        cmocka_unit_test(test_quiet_range_is_never_wrong),
        cmocka_unit_test(test_limit_of_instances),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_equal_hashes),
    };

    return cmocka_run_group_tests_name("bind", tests, NULL, NULL);
}
