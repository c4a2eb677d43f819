#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/engine/labelset.h"

static const struct gong_hash_key key = {{1, 2}};

struct fixture {
    struct gong_budget budget;
    struct gong_symbols symbols;
    struct gong_labelsets sets;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    gong_symbols_init(&f->symbols, &f->budget, &key);
    gong_labelsets_init(&f->sets, &f->symbols, &f->budget);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    gong_labelsets_fini(&f->sets);
    gong_symbols_fini(&f->symbols);
    assert_int_equal(f->budget.used, 0);
    free(f);
    return 0;
}

/* texts: name, value, name, value, ..., NULL */
static uint32_t
intern(struct fixture *f, const char *const *texts)
{
    struct gong_label_pair pairs[8];
    size_t count = 0;

    while (texts[2 * count] != NULL) {
        pairs[count].name =
            gong_symbol_intern(&f->symbols, gong_str_of(texts[2 * count]));
        pairs[count].value =
            gong_symbol_intern(&f->symbols, gong_str_of(texts[2 * count + 1]));
        count++;
    }
    return gong_labelset_intern(&f->sets, pairs, count);
}

#define SET(...) intern(f, (const char *const[]){__VA_ARGS__, NULL})

static void
test_order_does_not_matter(void **state)
{
    struct fixture *f = *state;
    uint32_t one = SET("b", "1", "a", "2", "c", "3");

    assert_true(one != 0);
    assert_int_equal(SET("a", "2", "b", "1", "c", "3"), one);
    assert_int_equal(SET("c", "3", "b", "1", "a", "2"), one);
    assert_int_not_equal(SET("a", "2", "b", "1"), one);
    assert_int_not_equal(SET("a", "1", "b", "2", "c", "3"), one);
}

static void
test_views_are_sorted_by_bytes(void **state)
{
    struct fixture *f = *state;
    struct gong_label_view views[GONG_LABELSET_MAX];
    uint32_t set = SET("zz", "1", "Z", "2", "a", "3", "ab", "4");
    static const char *const names[] = {"Z", "a", "ab", "zz"};

    assert_int_equal(gong_labelset_views(&f->sets, set, views), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(gong_str_is(views[i].name, names[i]));
    }
    assert_true(gong_str_is(views[3].value, "1"));
}

static void
test_equal_names(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(SET("a", "1", "a", "2"), SET("a", "1"));
    assert_int_equal(SET("a", "2", "b", "0", "a", "1"),
                     SET("b", "0", "a", "1"));
}

static void
test_empty_and_missing(void **state)
{
    struct fixture *f = *state;
    uint32_t empty = intern(f, (const char *const[]){NULL});
    uint32_t set = SET("a", "1");
    struct gong_label_view views[GONG_LABELSET_MAX];

    assert_true(empty != 0 && empty != set);
    assert_int_equal(intern(f, (const char *const[]){NULL}), empty);
    assert_int_equal(gong_labelset_views(&f->sets, empty, views), 0);
    assert_true(
        gong_str_is(gong_labelset_get(&f->sets, set, gong_str_of("a")), "1"));
    assert_int_equal(gong_labelset_get(&f->sets, set, gong_str_of("b")).len, 0);
    assert_int_equal(gong_labelset_get(&f->sets, empty, gong_str_of("a")).len,
                     0);
}

static void
test_without_memory(void **state)
{
    struct fixture *f = *state;
    struct gong_label_pair pairs[40];
    char name[3] = "aa";
    uint32_t count = 0;

    for (size_t i = 0; i < 40; i++) {
        name[1] = (char)('a' + i);
        pairs[i].name = gong_symbol_intern(&f->symbols, gong_str_of(name));
        pairs[i].value = pairs[i].name;
    }
    f->budget.limit = f->budget.used + 200;
    while (count < 40 && gong_labelset_intern(&f->sets, pairs, count) != 0) {
        count++;
    }
    assert_true(count < 40);
    f->budget.limit = 0;
}

/* What stays moves down and has its labels still; what went is made anew. */
static void
test_kept(void **state)
{
    struct fixture *f = *state;
    uint32_t map[101] = {0};
    struct gong_label_pair pairs[3];
    uint32_t kept = 0;

    for (uint32_t i = 1; i <= 100; i++) {
        for (uint32_t k = 0; k < 3; k++) {
            pairs[k].name =
                gong_symbol_intern(&f->symbols, gong_str_from(&"abc"[k], 1));
            pairs[k].value = gong_symbol_intern(
                &f->symbols, gong_str_from(&"0123456789"[i / 10 % 10], 1));
        }
        pairs[2].value = gong_symbol_intern(
            &f->symbols, gong_str_from(&"0123456789"[i % 10], 1));
        /* The last one has no label but this. */
        assert_int_equal(gong_labelset_intern(&f->sets, pairs + (i == 100) * 2,
                                              i == 100 ? 1 : 3),
                         i);
        map[i] = i % 3 == 1 ? ++kept : 0;
    }
    assert_true(gong_labelsets_keep(&f->sets, map));
    assert_int_equal(f->sets.sets.count, kept + 1);
    assert_true(gong_str_is(
        gong_labelset_get(&f->sets, map[37], gong_str_of("a")), "3"));
    assert_true(gong_str_is(
        gong_labelset_get(&f->sets, map[37], gong_str_of("c")), "7"));
    assert_int_equal(gong_labelset_intern(&f->sets, pairs + 2, 1), map[100]);
    assert_int_equal(gong_labelset_intern(&f->sets, pairs, 2), kept + 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order_does_not_matter, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_views_are_sorted_by_bytes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_equal_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty_and_missing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_without_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
    };

    return cmocka_run_group_tests_name("labelset", tests, NULL, NULL);
}
