/* Records given to a feed by hand: what is full on the way, and what goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/history/history_feed.h"
#include "agent/history/history_tidy.h"
#include "history_logs_fixture.h"

#define T0     (SINK_ARRIVAL_MS / 60000 * 60000) /* a full minute */
#define MINUTE INT64_C(60000)

static const char model[] =
    "units = ( { code = \"66\"; name = \"T\"; kind = \"province\"; },\n"
    "{ code = \"1\"; name = \"Mot\"; kind = \"ward\"; parent = \"66\";\n"
    "  aliases = ( { code = \"11\"; } ); } );\n"
    "devices = ( { unit = \"1\"; name = \"g\"; params = { top = 30; }; } );\n";
static const char other_model[] =
    "units = ( { code = \"66\"; name = \"T\"; kind = \"province\"; },\n"
    "{ code = \"1\"; name = \"Mot\"; kind = \"ward\"; parent = \"66\";\n"
    "  aliases = ( { code = \"11\"; } ); } );\n"
    "devices = ( { unit = \"1\"; name = \"g\"; params = { low = 4; }; } );\n";

/* A feed by hand, of the journal from its begin. */
struct direct {
    struct gong_history_file *file;
    struct gong_history_head *head;
    struct gong_history_states *states;
    struct gong_history_feed *feed;
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    char dir[96];
};

static void
direct_open(struct direct *d, struct sinks *sinks, uint64_t bytes_max)
{
    struct gong_history_feed_options options = {.bytes_max = bytes_max};
    char why[512];

    *d = (struct direct){0};
    (void)snprintf(d->dir, sizeof d->dir, "%s/a", sinks->dir);
    assert_int_equal(gong_history_file_open(logs_path(sinks, "a"), &d->file,
                                            why, sizeof why),
                     GONG_OK);
    d->head = options.head = gong_history_head_new();
    d->states = options.states = gong_history_states_new();
    options.file = d->file;
    options.state_dir = d->dir;
    d->feed = gong_history_feed_new(&options);
    assert_non_null(d->feed);
    assert_int_equal(gong_spool_cursor_open(gong_journal_spool(sinks->journal),
                                            NULL, &d->cursor),
                     GONG_OK);
}

static void
direct_close(struct direct *d)
{
    gong_spool_cursor_close(d->cursor);
    gong_history_feed_free(d->feed);
    gong_history_states_free(d->states);
    gong_history_head_free(d->head);
    gong_history_file_close(d->file);
}

static enum gong_err
direct_next(struct direct *d)
{
    assert_int_equal(gong_spool_cursor_next(d->cursor, UINT64_MAX, &d->record),
                     GONG_OK);
    return gong_history_feed_record(d->feed, &d->record);
}

static enum gong_err
put_file(void *ctx, uint32_t series, const struct gong_sample *samples,
         size_t count)
{
    return gong_history_file_put(ctx, series, samples, count);
}

static enum gong_err
put_file_state(void *ctx, uint32_t series, double value)
{
    return gong_history_file_state(ctx, series, value);
}

static void
direct_commit(struct direct *d)
{
    const struct gong_history_place place = {0};

    assert_int_equal(gong_history_file_begin(d->file), GONG_OK);
    assert_int_equal(gong_history_head_each(d->head, put_file, d->file),
                     GONG_OK);
    assert_int_equal(
        gong_history_states_changed(d->states, put_file_state, d->file),
        GONG_OK);
    assert_int_equal(gong_history_file_commit(d->file, &place), GONG_OK);
    gong_history_head_clear(d->head);
    gong_history_states_forget(d->states);
    assert_int_equal(gong_history_feed_forget(d->feed), GONG_OK);
}

static bool
is_expected(struct direct *d, const char *device)
{
    struct gong_label_view labels[] = {
        {gong_str_of("__name__"), gong_str_of("param_expected")},
        {gong_str_of("device"), gong_str_of(device)},
        {gong_str_of("kind"), gong_str_of("ward")},
        {gong_str_of("site"), gong_str_of("1")},
        {gong_str_of("unit"), gong_str_of("1")}};
    uint32_t series = 0;

    assert_int_equal(gong_history_file_series(d->file, labels, 5, &series),
                     GONG_OK);
    return gong_history_states_is(d->states, series, 1);
}

/* Each begins and ends by itself, whatever others do before and after. */
static void
devices_are_expected_for_a_time(void **state)
{
    static const char bounded[] =
        "units = ( { code = \"66\"; name = \"T\"; kind = \"province\"; },\n"
        "{ code = \"1\"; name = \"Mot\"; kind = \"ward\"; parent = \"66\"; "
        "} );\n"
        "devices = (\n"
        "{ unit = \"1\"; name = \"day\"; valid = "
        "\"2025-10-11..2025-10-11\"; },\n"
        "{ unit = \"1\"; name = \"old\"; valid = \"..2025-10-12\"; },\n"
        "{ unit = \"1\"; name = \"new\"; valid = \"2025-10-13..\"; } );\n";
    struct sinks *sinks = *state;
    struct direct d;
    int hours = 0;

    (void)logs_rules(sinks, T0, "", bounded);
    for (int hour = 1; hour <= 150; hour++) {
        (void)logs_put(sinks, GONG_RECORD_CLOCK, T0 + hour * 60 * MINUTE, "",
                       0);
    }
    direct_open(&d, sinks, 0);
    assert_int_equal(direct_next(&d), GONG_OK);
    assert_true(is_expected(&d, "old"));
    for (int hour = 1; hour <= 150; hour++) {
        assert_int_equal(direct_next(&d), GONG_OK);
        hours += is_expected(&d, "day");
        assert_true(is_expected(&d, "old") != is_expected(&d, "new"));
    }
    assert_int_equal(hours, 24);
    assert_true(is_expected(&d, "new"));
    direct_close(&d);
}

/* Where the parameters of a set could not be told, a commit says the set
 * before: a start from there tells them, and ends those before. */
static void
parameters_that_fail_are_told_after_a_start(void **state)
{
    struct sinks *sinks = *state;
    struct gong_label_view low[] = {
        {gong_str_of("__name__"), gong_str_of("param_low")},
        {gong_str_of("device"), gong_str_of("g")},
        {gong_str_of("kind"), gong_str_of("ward")},
        {gong_str_of("site"), gong_str_of("1")},
        {gong_str_of("unit"), gong_str_of("1")}};
    struct direct d;
    char first[GONG_RULE_SHA_SIZE];
    uint32_t series = 0;
    bool taken;

    (void)logs_rules(sinks, T0 + 1000, "", model);
    (void)logs_rules(sinks, T0 + 2000, "", other_model);
    direct_open(&d, sinks, 0);
    assert_int_equal(direct_next(&d), GONG_OK);
    (void)snprintf(first, sizeof first, "%s", gong_history_feed_digest(d.feed));
    assert_int_equal(strlen(first), 64);
    assert_int_equal(gong_history_file_series(d.file, low, 5, &series),
                     GONG_OK);
    for (int i = 0; i < GONG_HISTORY_HEAD_SAMPLES; i++) {
        assert_int_equal(gong_history_head_put(d.head, series,
                                               (struct gong_sample){i, 1},
                                               &taken),
                         GONG_OK);
    }
    assert_int_equal(direct_next(&d), GONG_ERR_AGAIN);
    assert_string_equal(gong_history_feed_digest(d.feed), first);
    gong_history_head_clear(d.head);
    assert_int_equal(gong_history_feed_record(d.feed, &d.record), GONG_OK);
    assert_string_not_equal(gong_history_feed_digest(d.feed), first);
    direct_close(&d);
}

/* Series of devices that are no more go while the agent runs; what the model
 * may yet begin does not. */
static void
forgotten_series_may_go(void **state)
{
    static const char later[] =
        "units = ( { code = \"66\"; name = \"T\"; kind = \"province\"; },\n"
        "{ code = \"1\"; name = \"Mot\"; kind = \"ward\"; parent = \"66\"; "
        "} );\n"
        "devices = ( { unit = \"1\"; name = \"g\";\n"
        "  valid = \"2026-01-15..\"; } );\n";
    struct sinks *sinks = *state;
    struct gong_history_limits limits = {
        .age_ms = {1440 * MINUTE, 1440 * MINUTE, 1440 * MINUTE}};
    struct gong_history_tidied tidied = {0};
    struct direct d;
    bool more = true;

    (void)logs_rules(sinks, T0 + 500, "", model);
    (void)logs_rules(sinks, T0 + 1000, "", later);
    (void)logs_data(sinks, T0 + 2000, "1", "g", "m a=1,b=2\n");
    (void)logs_put(sinks, GONG_RECORD_CLOCK, T0 + 100 * 1440 * MINUTE, "", 0);
    direct_open(&d, sinks, 2000);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(direct_next(&d), GONG_OK);
        direct_commit(&d);
    }
    while (more) {
        assert_int_equal(gong_history_tidy_step(d.file, &limits,
                                                T0 + 90 * 1440 * MINUTE, &more,
                                                &tidied),
                         GONG_OK);
    }
    assert_int_equal(tidied.dropped_series, 3); /* m_a, m_b, param_top */
    assert_int_equal(direct_next(&d), GONG_OK);
    direct_commit(&d);
    direct_close(&d);
}

int
main(void)
{
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(name, sinks_setup, sinks_teardown)
    const struct CMUnitTest tests[] = {
        T(devices_are_expected_for_a_time),
        T(parameters_that_fail_are_told_after_a_start),
        T(forgotten_series_may_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
