/*
 * The history as the source of a replay: what is in the file and what is only
 * heard yet, of the series that rules read, and of no other device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/gap/gap_source.h"
#include "engine_fixture.h"
#include "history_fixture.h"

#define HOUR INT64_C(3600000)
#define AT   (HOUR * 500000)

static const struct rule_spec specs[] = {
    {.alert = "Hot", .expr = "lamp_temp > 70", .for_ms = 30000},
    {.alert = "Sum", .expr = "sum by (site) (lamp_load) > 5"},
};

struct heard {
    struct gong_sample samples[4];
    size_t count;
};

/* The first series of the file, so far only heard. */
static enum gong_err
read_recent(void *ctx, uint32_t series, int64_t from, int64_t to,
            struct gong_samples *out)
{
    const struct heard *heard = ctx;
    enum gong_err err = GONG_OK;

    for (size_t i = 0; series == 1 && err == GONG_OK && i < heard->count; i++) {
        if (heard->samples[i].ms >= from && heard->samples[i].ms <= to) {
            err = gong_samples_add(out, heard->samples[i]);
        }
    }
    return err;
}

struct seen {
    size_t series;
    size_t samples;
    int64_t first;
    int64_t last;
};

static enum gong_err
see(void *ctx, const struct gong_label_view *labels, size_t label_count,
    const struct gong_sample *samples, size_t count)
{
    struct seen *seen = ctx;

    assert_int_equal(label_count, 4);
    assert_true(gong_str_equal(labels[0].value, gong_str_of("lamp_temp")));
    assert_true(gong_str_equal(labels[1].value, gong_str_of("d0")));
    seen->series++;
    seen->samples += count;
    seen->first = samples[0].ms;
    seen->last = samples[count - 1].ms;
    for (size_t i = 1; i < count; i++) {
        assert_true(samples[i - 1].ms < samples[i].ms);
    }
    return GONG_OK;
}

struct world {
    struct history_fixture fixture;
    struct gong_ruleset *set;
    struct gong_gap_rules rules;
    struct gong_history_reader *reader;
    struct heard heard;
    struct gong_history_recent recent;
    struct gong_gap_history history;
};

static void
setup(struct world *w)
{
    double values[100];
    char why[200];

    *w = (struct world){.set = make_rules(specs, 2)};
    for (size_t i = 0; i < 100; i++) {
        values[i] = i < 50 ? 80 : 60;
    }
    history_fixture_open(&w->fixture);
    history_fixture_put(&w->fixture,
                        "lamp_temp{device=\"d0\",lamp=\"1\",site=\"s\"}", AT,
                        120000, values, 100);
    history_fixture_put(&w->fixture,
                        "lamp_temp{device=\"d1\",lamp=\"1\",site=\"s\"}", AT,
                        120000, values, 100);
    history_fixture_put(&w->fixture,
                        "lamp_load{device=\"d0\",lamp=\"1\",site=\"s\"}", AT,
                        120000, values, 100);
    assert_int_equal(gong_gap_rules_init(&w->rules, w->set), GONG_OK);
    assert_int_equal(
        gong_history_reader_open(w->fixture.path, &w->reader, why, sizeof why),
        GONG_OK);
    w->recent = (struct gong_history_recent){&w->heard, read_recent};
    gong_history_reader_recent(w->reader, &w->recent);
    w->history = (struct gong_gap_history){.reader = w->reader,
                                           .recent = &w->recent,
                                           .rules = &w->rules,
                                           .site = "s",
                                           .device = "d0"};
}

static void
teardown(struct world *w)
{
    gong_history_reader_close(w->reader);
    gong_gap_rules_fini(&w->rules);
    gong_ruleset_free(w->set);
    history_fixture_close(&w->fixture);
}

static void
test_read(void **state)
{
    struct world w;
    struct seen seen = {0};
    struct gong_gap_source source;

    (void)state;
    setup(&w);
    source = gong_gap_history_source(&w.history);
    /* One is in the file as well, one comes between, one after. */
    w.heard = (struct heard){
        {{AT + 120000, 1}, {AT + 120001, 2}, {AT + 13 * HOUR, 3}}, 3};
    assert_int_equal(
        source.read(source.ctx, AT + 120000, AT + 50 * 120000, see, &seen),
        GONG_OK);
    assert_int_equal(seen.series, 1);
    assert_int_equal(seen.samples, 51);
    assert_true(seen.first == AT + 120000);
    assert_true(seen.last == AT + 50 * 120000);
    w.history.device = "d2";
    seen = (struct seen){0};
    assert_int_equal(source.read(source.ctx, AT, AT + HOUR, see, &seen),
                     GONG_OK);
    assert_int_equal(seen.series, 0);
    w.history.device = "d0";
    w.history.series_max = 1;
    assert_int_equal(source.read(source.ctx, AT, AT + HOUR, see, &seen),
                     GONG_ERR_TOO_LARGE);
    teardown(&w);
}

static void
test_replay(void **state)
{
    struct world w;
    struct gong_gap_source source;
    struct gong_gap_intervals list = {0};
    struct gong_gap_replay how = {.from_ms = AT + HOUR,
                                  .to_ms = AT + 3 * HOUR,
                                  .site = gong_str_of("s"),
                                  .device = gong_str_of("d0")};

    (void)state;
    setup(&w);
    source = gong_gap_history_source(&w.history);
    how.rules = &w.rules;
    how.source = &source;
    assert_int_equal(gong_gap_replay(&how, &list), GONG_OK);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.data[0].rule, "Hot");
    assert_false(list.data[0].open);
    assert_true(list.data[0].ended_ms == AT + INT64_C(50) * 120000);
    assert_true(list.data[0].since_ms < AT + HOUR);
    gong_gap_intervals_fini(&list);
    teardown(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_replay),
    };

    return cmocka_run_group_tests_name("gap_source", tests, NULL, NULL);
}
