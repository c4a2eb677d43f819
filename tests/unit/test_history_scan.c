/* All raw samples of chosen series in the order of time, in bounded memory. */
#include "agent/history/history_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/promql.h"
#include "tests/unit/history_fixture.h"

#define T0       INT64_C(1760004000000) /* no multiple of a block */
#define BLOCK    INT64_C(7200000)
#define SEEN_MAX 20000

struct seen {
    struct gong_sample samples[SEEN_MAX];
    size_t places[SEEN_MAX];
    size_t count;
    size_t stop_at; /* 0: never */
};

static struct seen seen;

static enum gong_err
see(void *ctx, size_t place, struct gong_sample sample)
{
    struct seen *s = ctx;

    assert_true(s->count < SEEN_MAX);
    if (s->count > 0) {
        int64_t before = s->samples[s->count - 1].ms;

        assert_true(before < sample.ms ||
                    (before == sample.ms && s->places[s->count - 1] < place));
    }
    s->samples[s->count] = sample;
    s->places[s->count] = place;
    s->count++;
    return s->count == s->stop_at ? GONG_ERR_CLOSED : GONG_OK;
}

static struct gong_history_reader *
open_reader(const struct history_fixture *fixture)
{
    struct gong_history_reader *reader = NULL;
    char why[200] = "";

    if (gong_history_reader_open(fixture->path, &reader, why, sizeof why) !=
        GONG_OK) {
        fail_msg("%s", why);
    }
    return reader;
}

static enum gong_err
scan_all(const struct gong_history_scan_options *options)
{
    struct gong_history_scan *scan = NULL;
    enum gong_err err = gong_history_scan_new(options, &scan);

    seen.count = 0;
    seen.stop_at = 0;
    if (err == GONG_OK) {
        err = gong_history_scan_run(scan, see, &seen);
    }
    gong_history_scan_free(scan);
    return err;
}

static void
ramp(double *values, size_t count, double from)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = from + (double)i;
    }
}

static void
series_are_interleaved_over_blocks(void **state)
{
    struct history_fixture fixture;
    struct gong_history_scan_options options = {.to_ms = GONG_HISTORY_MS_MAX};
    double values[3000];

    (void)state;
    history_fixture_open(&fixture);
    ramp(values, 3000, 0);
    history_fixture_put(&fixture, "m_a{device=\"d1\",site=\"66\"}", T0, 10000,
                        values, 3000); /* over more than four blocks */
    history_fixture_put(&fixture, "m_b{device=\"d2\",site=\"66\"}", T0 + 5000,
                        10000, values, 3000);
    options.reader = open_reader(&fixture);
    assert_int_equal(scan_all(&options), GONG_OK);
    assert_int_equal(seen.count, 6000);
    for (size_t i = 0; i < seen.count; i++) {
        assert_int_equal(seen.places[i], i % 2);
        assert_int_equal(seen.samples[i].ms, T0 + (int64_t)i * 5000);
        assert_true(seen.samples[i].value == (double)(i / 2));
    }
    gong_history_reader_close(options.reader);
    history_fixture_close(&fixture);
}

static void
only_the_time_that_was_asked_for(void **state)
{
    struct history_fixture fixture;
    struct gong_history_scan_options options = {.from_ms = T0 + 10000,
                                                .to_ms = T0 + 30000};
    double values[100];
    int64_t from = 0;
    int64_t to = 0;
    struct gong_history_scan *scan = NULL;

    (void)state;
    history_fixture_open(&fixture);
    ramp(values, 100, 0);
    history_fixture_put(&fixture, "m_a", T0, 10000, values, 100);
    history_fixture_put(&fixture, "m_a", T0 + 20 * BLOCK, 10000, values, 100);
    options.reader = open_reader(&fixture);
    assert_int_equal(scan_all(&options), GONG_OK);
    assert_int_equal(seen.count, 3); /* both ends are in */
    assert_int_equal(seen.samples[0].ms, T0 + 10000);
    assert_int_equal(seen.samples[2].ms, T0 + 30000);
    options.from_ms = T0 + BLOCK * 2; /* the empty time between */
    options.to_ms = T0 + BLOCK * 10;
    assert_int_equal(scan_all(&options), GONG_OK);
    assert_int_equal(seen.count, 0);
    options.from_ms = 0;
    options.to_ms = GONG_HISTORY_MS_MAX;
    assert_int_equal(scan_all(&options), GONG_OK);
    assert_int_equal(seen.count, 200);
    assert_int_equal(gong_history_scan_new(&options, &scan), GONG_OK);
    assert_true(gong_history_scan_span(scan, &from, &to));
    assert_true(from <= T0 && from > T0 - BLOCK && to > T0 + 20 * BLOCK);
    gong_history_scan_free(scan);
    options.from_ms = 2;
    options.to_ms = 1;
    assert_int_equal(scan_all(&options), GONG_ERR_INVALID);
    gong_history_reader_close(options.reader);
    history_fixture_close(&fixture);
}

static void
few_samples_are_held_at_once(void **state)
{
    static const size_t bounds[] = {10000, 700, 64, 2};
    struct history_fixture fixture;
    struct gong_history_scan_options options = {.to_ms = GONG_HISTORY_MS_MAX};
    double values[900];

    (void)state;
    history_fixture_open(&fixture);
    ramp(values, 900, 0);
    history_fixture_put(&fixture, "m_a", T0, 7000, values, 900);
    history_fixture_put(&fixture, "m_b", T0, 5000, values, 900);
    options.reader = open_reader(&fixture);
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        options.samples_max = bounds[i];
        assert_int_equal(scan_all(&options), GONG_OK);
        assert_int_equal(seen.count, 1800);
    }
    /* Two series have a sample at T0. */
    options.samples_max = 1;
    assert_int_equal(scan_all(&options), GONG_ERR_TOO_LARGE);
    gong_history_reader_close(options.reader);
    history_fixture_close(&fixture);
}

static void
choices_are_joined(void **state)
{
    struct history_fixture fixture;
    struct gong_expr_error error;
    struct gong_expr *exprs[2] = {
        gong_expr_parse(gong_str_of("m_a{device=\"d1\"}"), &error),
        gong_expr_parse(gong_str_of("{__name__=~\"m_a|m_c\"}"), &error)};
    struct gong_history_choice choices[2];
    struct gong_history_scan_options options = {
        .choices = choices, .choice_count = 2, .to_ms = GONG_HISTORY_MS_MAX};
    struct gong_history_scan *scan = NULL;
    struct gong_label_view labels[GONG_LABELSET_MAX];
    double one = 1;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct gong_expr_node *root = NULL;

        assert_non_null(exprs[i]);
        root = &exprs[i]->nodes[exprs[i]->root];
        choices[i] = (struct gong_history_choice){
            .matchers = root->matchers, .matcher_count = root->matcher_count};
    }
    history_fixture_open(&fixture);
    history_fixture_put(&fixture, "m_a{device=\"d1\"}", T0, 1, &one, 1);
    history_fixture_put(&fixture, "m_b{device=\"d1\"}", T0, 1, &one, 1);
    history_fixture_put(&fixture, "m_c{device=\"d9\"}", T0, 1, &one, 1);
    options.reader = open_reader(&fixture);
    assert_int_equal(scan_all(&options), GONG_OK);
    assert_int_equal(seen.count, 2);
    assert_int_equal(gong_history_scan_new(&options, &scan), GONG_OK);
    assert_int_equal(gong_history_scan_count(scan), 2);
    assert_int_equal(gong_history_scan_labels(scan, 1, labels, &count),
                     GONG_OK);
    assert_int_equal(count, 2);
    assert_true(gong_str_is(labels[0].value, "m_c"));
    assert_true(gong_str_is(labels[1].value, "d9"));
    gong_history_scan_free(scan);
    options.series_max = 1;
    assert_int_equal(scan_all(&options), GONG_ERR_TOO_LARGE);
    gong_history_reader_close(options.reader);
    history_fixture_close(&fixture);
    gong_expr_free(exprs[0]);
    gong_expr_free(exprs[1]);
}

static void
a_visitor_ends_it(void **state)
{
    struct history_fixture fixture;
    struct gong_history_scan_options options = {.to_ms = GONG_HISTORY_MS_MAX};
    struct gong_history_scan *scan = NULL;
    double values[10];

    (void)state;
    history_fixture_open(&fixture);
    ramp(values, 10, 0);
    history_fixture_put(&fixture, "m_a", T0, 1000, values, 10);
    options.reader = open_reader(&fixture);
    assert_int_equal(gong_history_scan_new(&options, &scan), GONG_OK);
    seen.count = 0;
    seen.stop_at = 4;
    assert_int_equal(gong_history_scan_run(scan, see, &seen), GONG_ERR_CLOSED);
    assert_int_equal(seen.count, 4);
    gong_history_scan_free(scan);
    gong_history_reader_close(options.reader);
    history_fixture_close(&fixture);
}

/* What is written while it runs is no harm: the writer is not held up. */
static enum gong_err
write_too(void *ctx, size_t place, struct gong_sample sample)
{
    struct history_fixture *fixture = ctx;
    double one = 1;

    (void)place;
    if (sample.ms % 100000 == 0) {
        history_fixture_put(fixture, "m_late", sample.ms + 100 * BLOCK, 1, &one,
                            1);
    }
    seen.count++;
    return GONG_OK;
}

static void
the_writer_goes_on_meanwhile(void **state)
{
    struct history_fixture fixture;
    struct gong_history_scan_options options = {.to_ms = GONG_HISTORY_MS_MAX};
    struct gong_history_scan *scan = NULL;
    double values[2000];

    (void)state;
    history_fixture_open(&fixture);
    ramp(values, 2000, 0);
    history_fixture_put(&fixture, "m_a", T0, 10000, values, 2000);
    options.reader = open_reader(&fixture);
    assert_int_equal(gong_history_scan_new(&options, &scan), GONG_OK);
    seen.count = 0;
    assert_int_equal(gong_history_scan_run(scan, write_too, &fixture), GONG_OK);
    assert_int_equal(seen.count, 2000);
    gong_history_scan_free(scan);
    gong_history_reader_close(options.reader);
    history_fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series_are_interleaved_over_blocks),
        cmocka_unit_test(only_the_time_that_was_asked_for),
        cmocka_unit_test(few_samples_are_held_at_once),
        cmocka_unit_test(choices_are_joined),
        cmocka_unit_test(a_visitor_ends_it),
        cmocka_unit_test(the_writer_goes_on_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
