#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/engine/series.h"

static const struct gong_hash_key key = {{1, 2}};

struct fixture {
    struct gong_budget budget;
    struct gong_symbols symbols;
    struct gong_labelsets labelsets;
    struct gong_registry registry;
    struct gong_lp_reader *reader;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    gong_symbols_init(&f->symbols, &f->budget, &key);
    gong_labelsets_init(&f->labelsets, &f->symbols, &f->budget);
    gong_registry_init(&f->registry, &f->symbols, &f->labelsets, &f->budget);
    f->reader = gong_lp_reader_new(false);
    assert_non_null(f->reader);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    gong_lp_reader_free(f->reader);
    gong_registry_fini(&f->registry);
    gong_labelsets_fini(&f->labelsets);
    gong_symbols_fini(&f->symbols);
    assert_int_equal(f->budget.used, 0);
    free(f);
    return 0;
}

static uint32_t
device(struct fixture *f, const char *site, const char *name)
{
    uint32_t found = 0;

    assert_int_equal(gong_registry_device(&f->registry, gong_str_of(site),
                                          gong_str_of(name), &found),
                     GONG_OK);
    return found;
}

/* The row of a line's point, and *columns of its fields. */
static enum gong_err
feed(struct fixture *f, uint32_t dev, uint32_t hint, const char *line,
     uint32_t *row, uint32_t *columns)
{
    struct gong_batch batch = {.site = gong_str_of("s"),
                               .device = gong_str_of("d")};
    const struct gong_lp_point *point = NULL;
    const struct gong_lp_error *error = NULL;
    struct gong_str keys[GONG_ROW_EXPECTED_MAX];
    struct gong_lp_expected expected;
    uint32_t position = 0;
    enum gong_err err = GONG_OK;

    gong_lp_reader_start(f->reader, gong_str_of(line));
    if (gong_row_expected(&f->registry, dev, hint, keys, &expected)) {
        gong_lp_reader_expect(f->reader, &expected);
    }
    assert_int_equal(gong_lp_reader_next(f->reader, &point, &error),
                     GONG_LP_POINT);
    if (point->expected) {
        *row = hint;
    } else {
        err = gong_registry_row(&f->registry, dev, &batch, point, row);
    }
    for (size_t i = 0; i < point->field_count && err == GONG_OK; i++) {
        const struct gong_row *r = gong_row_at(&f->registry, *row);
        const struct gong_lp_field *field = &point->fields[i];

        if (i < point->expected_fields ||
            gong_registry_expected(&f->registry, r, position, field->raw_key)) {
            columns[i] = r->columns + position++;
            continue;
        }
        err = gong_registry_column(&f->registry, *row, field, &position,
                                   &columns[i]);
    }
    return err;
}

static const char *
metric(struct fixture *f, uint32_t column)
{
    static char text[64];
    struct gong_str name = gong_symbol_text(
        &f->symbols, gong_column_at(&f->registry, column)->metric);

    snprintf(text, sizeof text, "%.*s", (int)name.len, name.data);
    return text;
}

static void
test_devices(void **state)
{
    struct fixture *f = *state;
    uint32_t a = device(f, "s", "a");

    assert_int_equal(device(f, "s", "a"), a);
    assert_int_not_equal(device(f, "s", "b"), a);
    assert_int_not_equal(device(f, "a", "s"), a);
    assert_int_not_equal(device(f, "", ""), a);
    assert_int_equal(device(f, "s", "a"), a);
}

static void
test_device_limit(void **state)
{
    struct fixture *f = *state;
    uint32_t found = 0;
    uint32_t symbols = 0;

    f->registry.devices_max = 2;
    device(f, "s", "a");
    device(f, "s", "b");
    symbols = f->symbols.symbols.count;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(gong_registry_device(&f->registry, gong_str_of("s"),
                                              gong_str_of("c"), &found),
                         GONG_ERR_TOO_LARGE);
    }
    assert_int_equal(gong_registry_device(&f->registry, gong_str_of("a"),
                                          gong_str_of("b"), &found),
                     GONG_ERR_TOO_LARGE);
    assert_int_equal(f->symbols.symbols.count, symbols);
    device(f, "s", "b");
}

static void
test_rows_and_columns(void **state)
{
    struct fixture *f = *state;
    uint32_t dev = device(f, "s", "d");
    uint32_t other = device(f, "s", "e");
    uint32_t first = 0;
    uint32_t row = 0;
    uint32_t a[4] = {0};
    uint32_t b[4] = {0};

    assert_int_equal(feed(f, dev, 0, "m,k=1 x=1,y=2,value=3 1", &first, a),
                     GONG_OK);
    assert_string_equal(metric(f, a[0]), "m_x");
    assert_string_equal(metric(f, a[2]), "m");
    assert_int_equal(feed(f, dev, first, "m,k=1 x=1,y=2,value=3 1", &row, b),
                     GONG_OK);
    assert_int_equal(row, first);
    assert_memory_equal(a, b, sizeof a);
    /* Without a hint, in another order, some missing, a new one, for which
     * the row's columns move. */
    assert_int_equal(feed(f, dev, 0, "m,k=1 value=3,z=1,x=1 1", &row, b),
                     GONG_OK);
    assert_int_equal(feed(f, dev, 0, "m,k=1 value=3,z=1,x=1 1", &row, b),
                     GONG_OK);
    assert_int_equal(row, first);
    assert_string_equal(metric(f, b[0]), "m");
    assert_string_equal(metric(f, b[1]), "m_z");
    assert_string_equal(metric(f, b[2]), "m_x");
    /* A wrong hint, and another device. */
    assert_int_equal(feed(f, dev, first, "m,k=2 x=1 1", &row, b), GONG_OK);
    assert_int_not_equal(row, first);
    assert_int_equal(feed(f, other, first, "m,k=1 x=1 1", &row, b), GONG_OK);
    assert_int_not_equal(row, first);
    assert_int_equal(gong_device_at(&f->registry, dev)->rows, 2);
}

static void
test_label_sets(void **state)
{
    struct fixture *f = *state;
    uint32_t dev = device(f, "s", "d");
    uint32_t rows[3];
    uint32_t column = 0;
    uint32_t set = 0;

    feed(f, dev, 0, "m,b=2,a=1 x=1 1", &rows[0], &column);
    feed(f, dev, 0, "m,a=1,b=2 x=1 1", &rows[1], &column);
    feed(f, dev, 0, "m,a=1,b=2,site=q x=1 1", &rows[2], &column);
    assert_int_not_equal(rows[0], rows[1]);
    set = gong_row_at(&f->registry, rows[0])->labelset;
    assert_int_equal(gong_row_at(&f->registry, rows[1])->labelset, set);
    assert_true(gong_str_is(
        gong_labelset_get(&f->labelsets, set, gong_str_of("device")), "d"));
    set = gong_row_at(&f->registry, rows[2])->labelset;
    assert_true(gong_str_is(
        gong_labelset_get(&f->labelsets, set, gong_str_of("exported_site")),
        "q"));
    assert_true(gong_str_is(
        gong_labelset_get(&f->labelsets, set, gong_str_of("site")), "s"));
}

static void
test_row_limits(void **state)
{
    struct fixture *f = *state;
    uint32_t dev = device(f, "s", "d");
    uint32_t row = 0;
    uint32_t column = 0;
    static char line[GONG_SERIES_KEY_MAX + 16];

    f->registry.rows_max = 1;
    memset(line, 'k', sizeof line);
    memcpy(line + GONG_SERIES_KEY_MAX + 1, " x=1 1", 7);
    assert_int_equal(feed(f, dev, 0, line, &row, &column), GONG_ERR_TOO_LARGE);
    assert_int_equal(feed(f, dev, 0, "m x=1 1", &row, &column), GONG_OK);
    assert_int_equal(feed(f, dev, 0, "n x=1 1", &row, &column),
                     GONG_ERR_TOO_LARGE);
    assert_int_equal(feed(f, dev, 0, "m x=1 1", &row, &column), GONG_OK);
}

/* One new field after the other, until the row has enough. */
static void
test_column_limit(void **state)
{
    struct fixture *f = *state;
    uint32_t dev = device(f, "s", "d");
    uint32_t row = 0;
    uint32_t column = 0;
    char line[64];

    for (int i = 0; i < GONG_ROW_COLUMNS_MAX; i++) {
        snprintf(line, sizeof line, "m f%d=1 1", i);
        assert_int_equal(feed(f, dev, row, line, &row, &column), GONG_OK);
    }
    assert_int_equal(feed(f, dev, row, "m other=1 1", &row, &column),
                     GONG_ERR_TOO_LARGE);
    for (int i = 0; i < GONG_ROW_COLUMNS_MAX; i += 100) {
        char name[32];

        snprintf(line, sizeof line, "m f%d=1 1", i);
        snprintf(name, sizeof name, "m_f%d", i);
        assert_int_equal(feed(f, dev, row, line, &row, &column), GONG_OK);
        assert_string_equal(metric(f, column), name);
    }
}

static void
test_without_memory(void **state)
{
    struct fixture *f = *state;

    (void)f;
    for (size_t limit = 1; limit < 6000; limit += 16) {
        void *inner = NULL;
        struct fixture *g = NULL;
        uint32_t dev = 0;
        uint32_t row = 0;
        uint32_t columns[4];
        enum gong_err err = GONG_OK;

        setup(&inner);
        g = inner;
        g->budget.limit = limit;
        err = gong_registry_device(&g->registry, gong_str_of("s"),
                                   gong_str_of("d"), &dev);
        for (int i = 0; i < 100 && err == GONG_OK; i++) {
            char line[64];

            snprintf(line, sizeof line, "m,k=%d x=1,y%d=2 1", i, i);
            err = feed(g, dev, row, line, &row, columns);
        }
        assert_int_equal(err, GONG_ERR_MEMORY);
        teardown(&inner);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_devices),          TEST(test_device_limit),
        TEST(test_rows_and_columns), TEST(test_label_sets),
        TEST(test_row_limits),       TEST(test_column_limit),
        TEST(test_without_memory),
    };

    return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
