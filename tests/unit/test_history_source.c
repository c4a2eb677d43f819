#include "agent/history/history_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "history_made.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define START  (INT64_C(20000) * 24 * HOUR)
#define COUNT  4

/* The value of the last series; with a byte that is not UTF-8 no pattern that
 * is matched as a whole can be decided on it. */
static const char *last_value = "3";

/* x{i="0".."3"}: each 30 s of ten hours. */
static struct gong_eval_memory *
make_memory(void)
{
    struct gong_eval_memory *memory = gong_eval_memory_new();

    assert_non_null(memory);
    for (unsigned i = COUNT; i-- > 0;) {
        char digit[2] = {(char)('0' + i), '\0'};
        struct gong_label_view labels[] = {
            {gong_str_of("__name__"), gong_str_of("x")},
            {gong_str_of("i"),
             gong_str_of(i == COUNT - 1 ? last_value : digit)}};
        uint32_t series = 0;

        assert_int_equal(gong_eval_memory_series(memory, labels, 2, &series),
                         GONG_OK);
        for (int64_t n = 0; n <= 10 * 120; n++) {
            assert_int_equal(gong_eval_memory_append(
                                 memory, series, START + n * 30000, (double)n),
                             GONG_OK);
        }
    }
    return memory;
}

struct world {
    struct gong_eval_memory *memory;
    struct history_made made;
    struct gong_history_reader *reader;
    struct gong_expr *expr;
    struct gong_history_source_options options;
    struct gong_history_source *source;
    struct gong_eval_source view;
};

static void
open_world(struct world *world, const char *expr, int64_t length)
{
    struct history_layout layout = {
        .seed = 1, .commits = 4, .late_percent = 5, .kept_percent = 10};
    struct gong_expr_error error;
    char why[128];

    *world = (struct world){.memory = make_memory()};
    assert_int_equal(history_make(&world->made, world->memory, &layout),
                     GONG_OK);
    assert_int_equal(gong_history_reader_open(world->made.path, &world->reader,
                                              why, sizeof why),
                     GONG_OK);
    world->expr = gong_expr_parse(gong_str_of(expr), &error);
    assert_non_null(world->expr);
    world->options =
        (struct gong_history_source_options){.reader = world->reader,
                                             .expr = world->expr,
                                             .start_ms = START,
                                             .end_ms = START + length,
                                             .step_ms = length > 0 ? 30000 : 0,
                                             .series_max = 100,
                                             .bytes_max = 64 << 20};
}

static enum gong_err
begin(struct world *world)
{
    enum gong_err err =
        gong_history_source_new(&world->options, &world->source);

    if (world->source != NULL) {
        world->view = gong_history_source_view(world->source);
    }
    return err;
}

static void
close_world(struct world *world)
{
    gong_history_source_free(world->source);
    gong_history_reader_close(world->reader);
    gong_expr_free(world->expr);
    history_unmake(&world->made);
    gong_eval_memory_free(world->memory);
}

static const uint32_t *
selected(struct world *world, size_t *count)
{
    const uint32_t *series = NULL;
    uint32_t index = 0;

    while (world->expr->nodes[index].kind != GONG_EXPR_SELECTOR) {
        index++;
    }
    assert_int_equal(world->view.select(world->view.ctx,
                                        &world->expr->nodes[index], index,
                                        &series, count),
                     GONG_OK);
    return series;
}

static void
test_series_stand_in_the_order_of_labels(void **state)
{
    struct world world;
    const uint32_t *series;
    size_t count = 0;

    (void)state;
    open_world(&world, "x", HOUR);
    assert_int_equal(begin(&world), GONG_OK);
    series = selected(&world, &count);
    assert_int_equal(count, COUNT);
    for (size_t i = 0; i < count; i++) {
        struct gong_label_view labels[GONG_LABELSET_MAX];

        assert_int_equal(world.view.labels(world.view.ctx, series[i], labels),
                         2);
        assert_true(gong_str_equal(labels[0].name, gong_str_of("__name__")));
        assert_int_equal(labels[1].value.data[0], '0' + (int)i);
    }
    close_world(&world);
}

/* A commit while a question begins: before its first look at what is recent, or
 * behind the last. */
struct committing {
    struct world *world;
    struct gong_history_recent recent;
    unsigned commit_at;
    unsigned calls;
    bool committed;
};

static enum gong_err
read_and_commit(void *ctx, uint32_t series, int64_t from, int64_t to,
                struct gong_samples *out)
{
    struct committing *committing = ctx;
    enum gong_err err = GONG_OK;

    if (committing->calls++ == committing->commit_at) {
        assert_int_equal(history_write_recent(&committing->world->made),
                         GONG_OK);
        committing->committed = true;
    }
    /* The head is empty then. */
    if (!committing->committed) {
        err = committing->recent.read(committing->recent.ctx, series, from, to,
                                      out);
    }
    return err;
}

static void
test_nothing_is_lost_or_twice_while_a_commit_comes_between(void **state)
{
    (void)state;
    for (unsigned at = 0; at <= COUNT; at++) {
        struct world world;
        struct committing committing = {.world = &world, .commit_at = at};
        struct gong_history_recent recent = {&committing, read_and_commit};
        const uint32_t *series;
        size_t count = 0;

        open_world(&world, "x", 10 * HOUR);
        committing.recent = history_recent(&world.made);
        world.options.recent = &recent;
        assert_int_equal(begin(&world), GONG_OK);
        series = selected(&world, &count);
        assert_int_equal(count, COUNT);
        for (size_t i = 0; i < count; i++) {
            size_t found = 0;
            const struct gong_sample *samples = world.view.window(
                world.view.ctx, series[i], START, START + 10 * HOUR, &found);

            assert_int_equal(found, 10 * 120 + 1);
            for (size_t n = 0; n < found; n++) {
                assert_int_equal(samples[n].ms, START + (int64_t)n * 30000);
            }
        }
        close_world(&world);
    }
}

/* Forwards, backwards and at random, every window is what memory has. */
static void
test_any_order_of_windows_is_right(void **state)
{
    struct world world;
    struct gong_eval_source truth;
    struct gong_history_recent recent;
    const uint32_t *series;
    uint64_t random = 1;
    size_t count = 0;

    (void)state;
    open_world(&world, "x[3h]", 10 * HOUR);
    recent = history_recent(&world.made);
    world.options.recent = &recent;
    assert_int_equal(begin(&world), GONG_OK);
    truth = gong_eval_memory_source(world.memory);
    series = selected(&world, &count);
    for (unsigned i = 0; i < 3000; i++) {
        int64_t to =
            START + (int64_t)(history_random(&random) % (uint64_t)(10 * HOUR));
        int64_t from =
            to - (int64_t)(history_random(&random) % (uint64_t)(3 * HOUR));
        size_t want = 0;
        size_t got = 0;
        struct gong_sample want_newest = {0, 0};
        struct gong_sample got_newest = {0, 0};
        const struct gong_sample *expected;
        const struct gong_sample *found;

        if (i % 3 == 0) {
            to = START + i * 12000;
            from = to - 3 * HOUR;
        }
        expected = truth.window(truth.ctx, 1, from, to, &want);
        found = world.view.window(world.view.ctx, series[COUNT - 1], from, to,
                                  &got);
        assert_int_equal(got, want);
        for (size_t n = 0; n < want; n++) {
            assert_int_equal(found[n].ms, expected[n].ms);
            assert_true(found[n].value == expected[n].value);
        }
        assert_int_equal(truth.newest(truth.ctx, 2, from, to, &want_newest),
                         world.view.newest(world.view.ctx, series[COUNT - 2],
                                           from, to, &got_newest));
        assert_int_equal(got_newest.ms, want_newest.ms);
    }
    close_world(&world);
}

/* Ten hours of four series take 77 KB, a block of each 15 KB: with less, parts
 * of blocks are kept. */
static void
test_what_lies_behind_is_given_back(void **state)
{
    static const size_t limits[] = {40000, 16000, 10000};

    (void)state;
    for (size_t n = 0; n < sizeof limits / sizeof limits[0]; n++) {
        struct world world;
        struct gong_eval_source truth;
        const uint32_t *series;
        size_t count = 0;

        open_world(&world, "x", 10 * HOUR);
        assert_int_equal(history_write_recent(&world.made), GONG_OK);
        world.options.bytes_max = limits[n];
        assert_int_equal(begin(&world), GONG_OK);
        truth = gong_eval_memory_source(world.memory);
        series = selected(&world, &count);
        for (int64_t t = START; t <= START + 8 * HOUR; t += 37000) {
            for (uint32_t i = 0; i < count; i++) {
                struct gong_sample want = {0, 0};
                struct gong_sample got = {0, 0};

                assert_int_equal(world.view.newest(world.view.ctx, series[i],
                                                   t - 5 * MINUTE, t, &got),
                                 truth.newest(truth.ctx, COUNT - i,
                                              t - 5 * MINUTE, t, &want));
                assert_int_equal(got.ms, want.ms);
            }
        }
        assert_int_equal(gong_history_source_failed(world.source, NULL),
                         GONG_OK);
        close_world(&world);
    }
}

static void
test_past_a_limit_nothing_is_found_any_more(void **state)
{
    struct world world;
    const uint32_t *series;
    const char *text = NULL;
    size_t count = 0;
    size_t found = 0;

    (void)state;
    open_world(&world, "x[10h]", 0);
    world.options.start_ms = START + 10 * HOUR;
    world.options.bytes_max = 20000;
    assert_int_equal(begin(&world), GONG_OK);
    series = selected(&world, &count);
    for (size_t i = 0; i < count; i++) {
        (void)world.view.window(world.view.ctx, series[i], START,
                                START + 10 * HOUR, &found);
    }
    assert_int_equal(found, 0);
    assert_int_equal(gong_history_source_failed(world.source, &text),
                     GONG_ERR_TOO_LARGE);
    assert_non_null(strstr(text, "samples to hold"));
    close_world(&world);

    open_world(&world, "x", 0);
    world.options.series_max = COUNT - 1;
    assert_int_equal(begin(&world), GONG_ERR_TOO_LARGE);
    assert_int_equal(gong_history_source_failed(world.source, &text),
                     GONG_ERR_TOO_LARGE);
    assert_non_null(strstr(text, "more than 3 series"));
    close_world(&world);
}

static enum gong_err
read_much(void *ctx, uint32_t series, int64_t from, int64_t to,
          struct gong_samples *out)
{
    unsigned *calls = ctx;
    enum gong_err err = GONG_OK;

    (void)series;
    (void)from;
    (*calls)++;
    for (int64_t i = 1000; i > 0 && err == GONG_OK; i--) {
        err = gong_samples_add(out, (struct gong_sample){to - i, 1});
    }
    return err;
}

/* Selectors that differ have a copy each of what is not committed. */
static void
test_copies_of_recent_samples_stop_at_the_limit(void **state)
{
    struct world world;
    unsigned calls = 0;
    struct gong_history_recent recent = {&calls, read_much};
    const char *text = NULL;

    (void)state;
    open_world(&world, "x + x offset 1m + x offset 2m + x offset 3m", 0);
    world.options.start_ms = START + 10 * HOUR;
    world.options.recent = &recent;
    world.options.bytes_max = 40000;
    assert_int_equal(begin(&world), GONG_ERR_TOO_LARGE);
    assert_in_range(calls, 1, COUNT);
    assert_int_equal(gong_history_source_failed(world.source, &text),
                     GONG_ERR_TOO_LARGE);
    assert_non_null(strstr(text, "samples to hold"));
    close_world(&world);
}

static bool
is_good(void *ctx, const struct gong_label_view *labels, size_t count)
{
    (void)ctx;
    return gong_str_compare(labels[count - 1].value, gong_str_of("9")) < 0;
}

static void
test_what_is_hidden_makes_no_pattern_fail(void **state)
{
    struct world world;
    size_t count = 0;

    (void)state;
    last_value = "\xff";
    open_world(&world, "x{i=~\"([0-9]+)+|a.b.c\"}", 0);
    assert_int_equal(begin(&world), GONG_ERR_INVALID);
    gong_history_source_free(world.source);
    world.options.visible = is_good;
    assert_int_equal(begin(&world), GONG_OK);
    (void)selected(&world, &count);
    assert_int_equal(count, COUNT - 1);
    close_world(&world);
    last_value = "3";
}

static bool
spend(void *ctx)
{
    unsigned *left = ctx;

    if (*left > 0) {
        (*left)--;
    }
    return *left > 0;
}

/* Wherever it runs out, it ends with TIMEOUT and not with half an answer. */
static void
test_patience_ends_anywhere(void **state)
{
    bool whole = false;

    (void)state;
    for (unsigned patience = 1; !whole && patience < 200; patience++) {
        struct world world;
        unsigned left = patience;
        size_t count = 0;
        size_t found = 0;

        open_world(&world, "x[10h]", 0);
        world.options.start_ms = START + 10 * HOUR;
        world.options.goes_on = spend;
        world.options.goes_on_ctx = &left;
        if (begin(&world) == GONG_OK) {
            const uint32_t *series = selected(&world, &count);

            (void)world.view.window(world.view.ctx, series[0], START,
                                    START + 10 * HOUR, &found);
        }
        whole = gong_history_source_failed(world.source, NULL) == GONG_OK;
        assert_true(whole ? found > 0
                          : gong_history_source_failed(world.source, NULL) ==
                                GONG_ERR_TIMEOUT);
        close_world(&world);
    }
    assert_true(whole);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_series_stand_in_the_order_of_labels),
        cmocka_unit_test(
            test_nothing_is_lost_or_twice_while_a_commit_comes_between),
        cmocka_unit_test(test_any_order_of_windows_is_right),
        cmocka_unit_test(test_what_lies_behind_is_given_back),
        cmocka_unit_test(test_past_a_limit_nothing_is_found_any_more),
        cmocka_unit_test(test_copies_of_recent_samples_stop_at_the_limit),
        cmocka_unit_test(test_what_is_hidden_makes_no_pattern_fail),
        cmocka_unit_test(test_patience_ends_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
