#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "rules/engine/book.h"

static const struct gong_hash_key key = {{1, 2}};

struct fixture {
    struct gong_budget budget;
    struct gong_symbols symbols;
    struct gong_ruleset *set;
    struct gong_book book;
};

static enum gong_err
compile(struct fixture *f, const struct rule_spec *specs, size_t count)
{
    *f = (struct fixture){0};
    gong_symbols_init(&f->symbols, &f->budget, &key);
    f->set = make_rules(specs, count);
    return gong_book_compile(&f->book, f->set, &f->symbols);
}

static void
drop(struct fixture *f)
{
    gong_book_fini(&f->book);
    gong_ruleset_free(f->set);
    gong_symbols_fini(&f->symbols);
    assert_int_equal(f->budget.used, 0);
}

static void
test_forms(void **state)
{
    static const struct {
        const char *expr;
        enum gong_book_form form;
        enum gong_op op;
        double number;
        bool silence;
    } cases[] = {
        {"m > 5", GONG_FORM_THRESHOLD, GONG_OP_GT, 5, false},
        {"m >= -5", GONG_FORM_THRESHOLD, GONG_OP_GE, -5, false},
        {"5 > m", GONG_FORM_THRESHOLD, GONG_OP_LT, 5, false},
        {"-5 <= m{a=\"b\"}", GONG_FORM_THRESHOLD, GONG_OP_GE, -5, false},
        {"5 != m", GONG_FORM_THRESHOLD, GONG_OP_NE, 5, false},
        {"m > bool 5", GONG_FORM_SINGLE, 0, 0, false},
        {"m", GONG_FORM_SINGLE, 0, 0, false},
        {"-m > 5", GONG_FORM_SINGLE, 0, 0, false},
        {"m + 1 > 5", GONG_FORM_SINGLE, 0, 0, false},
        {"m > 5 < 9", GONG_FORM_SINGLE, 0, 0, false},
        {"m > 5 and m < 9", GONG_FORM_SINGLE, 0, 0, false},
        {"m > n", GONG_FORM_JOINT, 0, 0, false},
        {"m > 5 or n > 5", GONG_FORM_JOINT, 0, 0, true},
        {"m unless n", GONG_FORM_JOINT, 0, 0, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rule_spec spec = {.alert = "a", .expr = cases[i].expr};
        struct fixture f;
        const struct gong_book_rule *r = NULL;

        assert_int_equal(compile(&f, &spec, 1), GONG_OK);
        r = &f.book.rules[0];
        if (r->form != cases[i].form || r->silence != cases[i].silence ||
            (r->form == GONG_FORM_THRESHOLD &&
             (r->op != cases[i].op || r->number != cases[i].number))) {
            fail_msg("%s", cases[i].expr);
        }
        drop(&f);
    }
}

static void
test_refused(void **state)
{
    struct rule_spec specs[2] = {
        {.alert = "a", .expr = "m > 5"},
        {.alert = "b", .expr = "sum(m) > 5"},
    };
    struct fixture f;

    (void)state;
    assert_int_equal(compile(&f, specs, 2), GONG_ERR_INVALID);
    assert_null(f.book.rules);
    drop(&f);
    specs[1] = specs[0];
    assert_int_equal(compile(&f, specs, 2), GONG_ERR_INVALID);
    drop(&f);
    assert_int_equal(compile(&f, specs, 0), GONG_OK);
    assert_int_equal(gong_book_find(&f.book, "a"), GONG_BOOK_NONE);
    drop(&f);
}

static void
test_without_memory(void **state)
{
    struct rule_spec spec = {.alert = "a", .expr = "m > 5"};
    struct fixture f;

    (void)state;
    assert_int_equal(compile(&f, &spec, 1), GONG_OK);
    gong_book_fini(&f.book);
    gong_symbols_fini(&f.symbols);
    gong_symbols_init(&f.symbols, &f.budget, &key);
    f.budget.limit = 1;
    assert_int_equal(gong_book_compile(&f.book, f.set, &f.symbols),
                     GONG_ERR_MEMORY);
    assert_null(f.book.rules);
    drop(&f);
}

static void
test_ids_are_found(void **state)
{
    struct rule_spec specs[101] = {{0}};
    char names[101][8];
    struct fixture f;

    (void)state;
    for (size_t count = 1; count <= 101; count += 20) {
        for (size_t i = 0; i < count; i++) {
            snprintf(names[i], sizeof names[i], "r%zu", i * 37 % 101);
            specs[i] = (struct rule_spec){.alert = names[i], .expr = "m > 5"};
        }
        assert_int_equal(compile(&f, specs, count), GONG_OK);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(gong_book_find(&f.book, names[i]), i);
        }
        assert_int_equal(gong_book_find(&f.book, "q"), GONG_BOOK_NONE);
        assert_int_equal(gong_book_find(&f.book, "z"), GONG_BOOK_NONE);
        drop(&f);
    }
}

static void
test_leaves_of_a_metric(void **state)
{
    struct rule_spec specs[3] = {
        {.alert = "a", .expr = "m > n"},
        {.alert = "b", .expr = "n > 1"},
        {.alert = "c", .expr = "n{a=\"1\"} > n"},
    };
    struct fixture f;
    uint32_t count = 0;
    const struct gong_book_leaf *leaves = NULL;

    (void)state;
    assert_int_equal(compile(&f, specs, 3), GONG_OK);
    leaves = gong_book_leaves(
        &f.book, gong_symbol_find(&f.symbols, gong_str_of("n")), &count);
    assert_int_equal(count, 4);
    for (uint32_t i = 1; i < count; i++) {
        assert_true(leaves[i - 1].rule <= leaves[i].rule);
    }
    gong_book_leaves(&f.book, gong_symbol_find(&f.symbols, gong_str_of("m")),
                     &count);
    assert_int_equal(count, 1);
    gong_book_leaves(&f.book, 0, &count);
    assert_int_equal(count, 0);
    drop(&f);
}

static void
test_same_meaning(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "a", .expr = "m > 5", .label = "x=1"},
        {.alert = "a", .expr = "m>5", .label = "x=1", .annotation = "s=t"},
        {.alert = "a", .expr = "m > 6", .label = "x=1"},
        {.alert = "a", .expr = "m > 5", .label = "x=1", .for_ms = 1},
        {.alert = "a", .expr = "m > 5", .label = "x=1", .keep_ms = 1},
        {.alert = "a", .expr = "m > 5", .label = "x=1", .interval_ms = 1},
        {.alert = "a", .expr = "m > 5", .label = "x=1", .lookback_ms = 1},
        {.alert = "a", .expr = "m > 5", .label = "x=2"},
        {.alert = "a", .expr = "m > 5", .label = "y=1"},
        {.alert = "a", .expr = "m > 5"},
        {.alert = "b", .expr = "m > 5", .label = "x=1"},
    };
    struct fixture first;

    (void)state;
    assert_int_equal(compile(&first, specs, 1), GONG_OK);
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        struct fixture f;

        assert_int_equal(compile(&f, &specs[i], 1), GONG_OK);
        assert_int_equal(gong_book_same(&first.book.rules[0], &f.book.rules[0]),
                         i < 2);
        drop(&f);
    }
    drop(&first);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_ids_are_found),
        cmocka_unit_test(test_leaves_of_a_metric),
        cmocka_unit_test(test_same_meaning),
    };

    return cmocka_run_group_tests_name("book", tests, NULL, NULL);
}
