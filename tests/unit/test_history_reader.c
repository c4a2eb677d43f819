#include "agent/history/history_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "history_made.h"

#define HOUR  INT64_C(3600000)
#define START (INT64_C(20000) * 24 * HOUR)

/* name, device, site; samples each minute from an hour of the day to another.
 */
static const struct {
    const char *labels[3];
    int64_t from;
    int64_t to;
} series[] = {
    {{"temp", "d1", "hn"}, 0, 10}, {{"temp", "d2", "hn"}, 0, 10},
    {{"temp", "d3", "hp"}, 6, 10}, {{"load", "d1", "hn"}, 0, 3},
    {{"load", "d2", ""}, 8, 10},   {{"quạt", "d 1", "đà nẵng"}, 0, 10},
};
#define SERIES (sizeof series / sizeof series[0])

static struct gong_eval_memory *
make_memory(void)
{
    static const char *const names[] = {"__name__", "device", "site"};
    struct gong_eval_memory *memory = gong_eval_memory_new();

    assert_non_null(memory);
    for (size_t i = 0; i < SERIES; i++) {
        struct gong_label_view labels[3];
        uint32_t number = 0;

        for (size_t j = 0; j < 3; j++) {
            labels[j] = (struct gong_label_view){
                gong_str_of(names[j]), gong_str_of(series[i].labels[j])};
        }
        assert_int_equal(gong_eval_memory_series(memory, labels, 3, &number),
                         GONG_OK);
        for (int64_t ms = series[i].from * HOUR; ms < series[i].to * HOUR;
             ms += HOUR / 60) {
            assert_int_equal(
                gong_eval_memory_append(memory, number, START + ms, 1),
                GONG_OK);
        }
    }
    return memory;
}

struct world {
    struct gong_eval_memory *memory;
    struct history_made made;
    struct gong_history_reader *reader;
};

static void
open_world(struct world *world, const struct history_layout *layout)
{
    char why[128];

    world->memory = make_memory();
    assert_int_equal(history_make(&world->made, world->memory, layout),
                     GONG_OK);
    assert_int_equal(gong_history_reader_open(world->made.path, &world->reader,
                                              why, sizeof why),
                     GONG_OK);
}

static void
close_world(struct world *world)
{
    gong_history_reader_close(world->reader);
    history_unmake(&world->made);
    gong_eval_memory_free(world->memory);
}

/* Which of the series a selector takes in hours of the day, as digits. */
static void
check_choice(struct world *world, const char *text, const int64_t hours[2],
             const char *want)
{
    struct gong_expr_error error;
    struct gong_expr *expr = gong_expr_parse(gong_str_of(text), &error);
    struct gong_history_choice choice = {.from_ms = START + hours[0] * HOUR,
                                         .to_ms = START + hours[1] * HOUR};
    uint32_t *list = NULL;
    size_t found = 0;
    char got[SERIES + 1] = "";

    assert_non_null(expr);
    choice.matchers = expr->nodes[0].matchers;
    choice.matcher_count = expr->nodes[0].matcher_count;
    assert_int_equal(gong_history_reader_select(world->reader, &choice, SERIES,
                                                &list, &found),
                     GONG_OK);
    for (size_t i = 0; i < found; i++) {
        size_t n = 1;

        assert_true(i == 0 || list[i] > list[i - 1]);
        while (world->made.series[n] != list[i]) {
            n++;
        }
        got[i] = (char)('0' + n - 1);
    }
    assert_string_equal(got, want);
    free(list);
    gong_expr_free(expr);
}

static void
test_series_are_chosen_by_matchers_and_time(void **state)
{
    static const struct {
        const char *text;
        int64_t hours[2];
        const char *want;
    } rows[] = {
        {"temp", {0, 10}, "012"},
        {"temp", {10, -10}, "012"},
        {"temp{device=\"d1\"}", {0, 10}, "0"},
        {"{device=\"d1\"}", {0, 10}, "03"},
        {"{device=~\"d1|d3\"}", {0, 10}, "023"},
        {"{device=~\"d.\"}", {0, 10}, "01234"},
        {"temp{device!=\"d1\"}", {0, 10}, "12"},
        {"{device!~\"d[12]\",site!=\"\"}", {0, 10}, "25"},
        {"temp{site=\"\"}", {0, 10}, ""},
        {"load{site=\"\"}", {0, 10}, "4"},
        {"load{site=~\"|hn\"}", {0, 10}, "34"},
        {"load{absent=\"\"}", {0, 10}, "34"},
        {"load{absent=\"x\"}", {0, 10}, ""},
        {"nothing", {0, 10}, ""},
        {"{__name__=\"quạt\",site=\"đà nẵng\"}", {0, 10}, "5"},
        {"{__name__=~\".+\"}", {0, 10}, "012345"},
        /* Blocks of two hours. */
        {"{__name__=~\".+\"}", {0, 1}, "0135"},
        {"{__name__=~\".+\"}", {4, 5}, "015"},
        {"{__name__=~\".+\"}", {8, 9}, "01245"},
        {"{__name__=~\".+\"}", {-9, -5}, ""},
        {"{__name__=~\".+\"}", {20, 21}, ""},
    };
    struct history_layout layout = {
        .seed = 1, .commits = 3, .tidy = true, .rest_ms = 3 * HOUR};
    struct world world;

    (void)state;
    open_world(&world, &layout);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_choice(&world, rows[i].text, rows[i].hours, rows[i].want);
    }
    close_world(&world);
}

/* Two of the ten hours are in memory only; load{device="d2"} has no more. */
static void
test_series_that_are_only_recent_are_chosen_too(void **state)
{
    static const int64_t hours[2] = {8, 10};
    struct history_layout layout = {
        .seed = 1, .commits = 1, .kept_percent = 30};
    struct gong_history_recent recent;
    struct world world;

    (void)state;
    open_world(&world, &layout);
    check_choice(&world, "load", hours, "");
    recent = history_recent(&world.made);
    gong_history_reader_recent(world.reader, &recent);
    check_choice(&world, "load", hours, "4");
    check_choice(&world, "temp", hours, "012");
    gong_history_reader_recent(world.reader, NULL);
    check_choice(&world, "temp", hours, "");
    close_world(&world);
}

static void
test_too_many_series(void **state)
{
    struct history_layout layout = {.seed = 1, .commits = 1};
    struct gong_history_choice choice = {.from_ms = 1};
    struct world world;
    uint32_t *list = NULL;
    size_t found = 0;

    (void)state;
    open_world(&world, &layout);
    assert_int_equal(gong_history_reader_select(world.reader, &choice,
                                                SERIES - 1, &list, &found),
                     GONG_ERR_TOO_LARGE);
    assert_null(list);
    assert_int_equal(gong_history_reader_select(world.reader, &choice, SERIES,
                                                &list, &found),
                     GONG_OK);
    assert_int_equal(found, SERIES);
    free(list);
    close_world(&world);
}

static bool
join(void *ctx, struct gong_str text)
{
    char *out = ctx;
    size_t used = strlen(out);

    (void)snprintf(out + used, 200 - used, "%.*s,", (int)text.len, text.data);
    return strcmp(out, "d 1,d1,") != 0;
}

static void
test_names_and_values_are_sorted(void **state)
{
    struct history_layout layout = {.seed = 1, .commits = 1};
    struct world world;
    char text[200] = "";

    (void)state;
    open_world(&world, &layout);
    assert_int_equal(gong_history_reader_names(world.reader, join, text),
                     GONG_OK);
    assert_string_equal(text, "__name__,device,site,");
    text[0] = '\0';
    assert_int_equal(gong_history_reader_values(
                         world.reader, gong_str_of("site"), join, text),
                     GONG_OK);
    assert_string_equal(text, "hn,hp,đà nẵng,");
    text[0] = '\0'; /* ended by the visitor */
    assert_int_equal(gong_history_reader_values(
                         world.reader, gong_str_of("device"), join, text),
                     GONG_OK);
    assert_string_equal(text, "d 1,d1,");
    close_world(&world);
}

static void
test_labels_of_a_series(void **state)
{
    struct history_layout layout = {.seed = 1, .commits = 1};
    struct gong_label_view labels[GONG_LABELSET_MAX];
    struct world world;
    size_t count = 0;

    (void)state;
    open_world(&world, &layout);
    assert_int_equal(gong_history_reader_labels(
                         world.reader, world.made.series[6], labels, &count),
                     GONG_OK);
    assert_int_equal(count, 3);
    assert_true(gong_str_equal(labels[2].value, gong_str_of("đà nẵng")));
    assert_int_equal(
        gong_history_reader_labels(world.reader, 9999, labels, &count),
        GONG_ERR_NOT_FOUND);
    assert_int_equal(count, 0);
    close_world(&world);
}

static void
run_sql(struct world *world, const char *sql)
{
    sqlite3 *handle = NULL;

    assert_int_equal(sqlite3_open(world->made.path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_true(sqlite3_changes(handle) > 0);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static size_t
count_block(struct world *world, int64_t block)
{
    struct gong_samples samples = {0};
    size_t count;

    assert_int_equal(gong_history_reader_block(
                         world->reader, world->made.series[1], block, &samples),
                     GONG_OK);
    for (size_t i = 1; i < samples.count; i++) {
        assert_true(samples.data[i].ms > samples.data[i - 1].ms);
    }
    count = samples.count;
    gong_samples_fini(&samples);
    return count;
}

/* Of the parts of a block one is damaged: the others count. */
static void
test_a_damaged_chunk_is_left_out_and_counted(void **state)
{
    struct history_layout layout = {.seed = 5, .commits = 9};
    struct world world;
    int64_t block = gong_history_block(GONG_RESOLUTION_RAW, START);

    (void)state;
    open_world(&world, &layout);
    assert_int_equal(count_block(&world, block), 120);
    assert_int_equal(gong_history_reader_damaged(world.reader), 0);
    run_sql(&world, "UPDATE chunks SET chunk = x'0100ff' WHERE id ="
                    " (SELECT min(id) FROM chunks)");
    assert_true(count_block(&world, block) < 120);
    assert_int_equal(gong_history_reader_damaged(world.reader), 1);
    /* A sound chunk in another block's place is damage, too. */
    run_sql(&world, "UPDATE parts SET block = block + 1000");
    assert_int_equal(count_block(&world, block), 0);
    assert_int_equal(count_block(&world, block + 1000), 0);
    assert_true(gong_history_reader_damaged(world.reader) > 1);
    close_world(&world);
}

/* What is committed after begin is not there until end. */
static void
test_one_state_of_the_file_from_begin_to_end(void **state)
{
    struct history_layout layout = {
        .seed = 1, .commits = 2, .kept_percent = 25};
    struct world world;
    int64_t block = gong_history_block(GONG_RESOLUTION_RAW, START + 8 * HOUR);
    int64_t next = block;
    int64_t from = 0;
    int64_t to = 0;

    (void)state;
    open_world(&world, &layout);
    assert_int_equal(gong_history_reader_begin(world.reader), GONG_OK);
    assert_int_equal(history_write_recent(&world.made), GONG_OK);
    assert_int_equal(count_block(&world, block), 0);
    assert_false(gong_history_reader_next(world.reader, GONG_RESOLUTION_RAW,
                                          false, &next));
    gong_history_reader_end(world.reader);
    assert_int_equal(count_block(&world, block), 120);
    assert_true(gong_history_reader_span(world.reader, GONG_RESOLUTION_RAW,
                                         &from, &to));
    assert_int_equal(from, START);
    assert_int_equal(to, START + 10 * HOUR);
    assert_false(
        gong_history_reader_span(world.reader, GONG_RESOLUTION_5M, &from, &to));
    close_world(&world);
}

static void
test_blocks_that_were_made_one_are_not_open(void **state)
{
    struct history_layout layout = {
        .seed = 1, .commits = 4, .tidy = true, .rest_ms = HOUR};
    struct world world;
    int64_t block = gong_history_block(GONG_RESOLUTION_RAW, START);
    int64_t open = block;
    int64_t day = gong_history_block(GONG_RESOLUTION_5M, START + 1);

    (void)state;
    open_world(&world, &layout);
    assert_int_equal(gong_history_reader_begin(world.reader), GONG_OK);
    assert_false(gong_history_reader_next(world.reader, GONG_RESOLUTION_RAW,
                                          true, &open));
    open = day;
    assert_true(gong_history_reader_next(world.reader, GONG_RESOLUTION_5M, true,
                                         &open));
    assert_int_equal(open, day);
    assert_int_equal(count_block(&world, block), 120);
    gong_history_reader_end(world.reader);
    close_world(&world);
}

static bool
never(void *ctx)
{
    (void)ctx;
    return false;
}

static void
test_a_cancelled_reader_ends_at_once(void **state)
{
    struct history_layout layout = {.seed = 1, .commits = 1};
    struct gong_history_choice choice = {.from_ms = 1};
    struct gong_samples samples = {0};
    struct world world;
    uint32_t *list = NULL;
    size_t found = 0;

    (void)state;
    open_world(&world, &layout);
    gong_history_reader_cancel(world.reader);
    assert_int_equal(gong_history_reader_select(world.reader, &choice, SERIES,
                                                &list, &found),
                     GONG_ERR_TIMEOUT);
    assert_int_equal(gong_history_reader_block(world.reader, 1, 0, &samples),
                     GONG_ERR_TIMEOUT);
    gong_history_reader_again(world.reader);
    assert_int_equal(gong_history_reader_block(world.reader, 1, 0, &samples),
                     GONG_OK);
    gong_history_reader_patience(world.reader, never, NULL);
    assert_int_equal(gong_history_reader_block(world.reader, 1, 0, &samples),
                     GONG_ERR_TIMEOUT);
    close_world(&world);
}

static void
test_no_file(void **state)
{
    struct gong_history_reader *reader = NULL;
    char why[128] = "";

    (void)state;
    assert_int_equal(gong_history_reader_open("/tmp/gong-none/history.db",
                                              &reader, why, sizeof why),
                     GONG_ERR_NOT_FOUND);
    assert_null(reader);
    assert_non_null(strstr(why, "/tmp/gong-none/history.db"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_series_are_chosen_by_matchers_and_time),
        cmocka_unit_test(test_series_that_are_only_recent_are_chosen_too),
        cmocka_unit_test(test_too_many_series),
        cmocka_unit_test(test_names_and_values_are_sorted),
        cmocka_unit_test(test_labels_of_a_series),
        cmocka_unit_test(test_a_damaged_chunk_is_left_out_and_counted),
        cmocka_unit_test(test_one_state_of_the_file_from_begin_to_end),
        cmocka_unit_test(test_blocks_that_were_made_one_are_not_open),
        cmocka_unit_test(test_a_cancelled_reader_ends_at_once),
        cmocka_unit_test(test_no_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
