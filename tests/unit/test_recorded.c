/* Unit tests of agent/decide/recorded.c: samples in the journal, each once. */
#include "agent/decide/recorded.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/engine/sample.h"
#include "sink_fixture.h"

static char rule_id[] = "load";
static char rule_record[] = "site:load:avg";
static const struct gong_rule rule = {.id = rule_id, .record = rule_record};

/* The names are the linker's. NOLINTBEGIN(bugprone-reserved-identifier) */
enum gong_err __real_gong_spool_cursor_next(struct gong_spool_cursor *cursor,
                                            uint64_t end,
                                            struct gong_record *record);
enum gong_err __wrap_gong_spool_cursor_next(struct gong_spool_cursor *cursor,
                                            uint64_t end,
                                            struct gong_record *record);

static bool cannot_read;

enum gong_err
__wrap_gong_spool_cursor_next(struct gong_spool_cursor *cursor, uint64_t end,
                              struct gong_record *record)
{
    return cannot_read ? GONG_ERR_IO
                       : __real_gong_spool_cursor_next(cursor, end, record);
}
/* NOLINTEND(bugprone-reserved-identifier) */

struct world {
    struct sinks *sinks;
    struct gong_recorder *recorder;
};

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    void *sinks = NULL;

    assert_non_null(world);
    assert_int_equal(sinks_setup(&sinks), 0);
    world->sinks = sinks;
    world->recorder =
        gong_recorder_new(world->sinks->journal, world->sinks->counters);
    assert_non_null(world->recorder);
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;
    void *sinks = world->sinks;

    gong_recorder_free(world->recorder);
    (void)sinks_teardown(&sinks);
    free(world);
    return 0;
}

/* As after a kill: what waited is gone. */
static void
begin_anew(struct world *world)
{
    gong_recorder_free(world->recorder);
    sinks_reopen(world->sinks);
    world->recorder =
        gong_recorder_new(world->sinks->journal, world->sinks->counters);
    assert_non_null(world->recorder);
}

static void
put(struct world *world, uint64_t position, uint32_t ordinal, double value)
{
    const struct gong_label_view labels[] = {
        {gong_str_of("site"), gong_str_of("22015")},
        {gong_str_of("zone"), gong_str_of("a b")},
    };
    struct gong_recorded recorded = {
        .position = position,
        .ordinal = ordinal,
        .name = rule.record,
        .rule = &rule,
        .at_ms = SINK_ARRIVAL_MS + (int64_t)position,
        .value = value,
        .labels = labels,
        .label_count = 2,
    };

    gong_recorder_put(world->recorder, &recorded);
}

/* "position:lines" of each, '|' between them; counted in *count. */
static char *
journaled(struct world *world, size_t *count)
{
    struct gong_spool_cursor *cursor;
    struct gong_recorded_batch batch;
    struct gong_record record;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    *count = 0;
    assert_non_null(out);
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        if (gong_recorded_read(&record, &batch)) {
            (void)fprintf(out, "%" PRIu64 "/%" PRIu32 ":%.*s|", batch.position,
                          batch.ordinal, (int)batch.lines.len,
                          batch.lines.data);
            ++*count;
        }
    }
    gong_spool_cursor_close(cursor);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* What the recorder does with the journal at a start. */
static void
read_journal(struct world *world)
{
    struct gong_spool_cursor *cursor;
    struct gong_record record;

    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(world->sinks->journal), NULL,
                               &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        gong_recorder_seen(world->recorder, &record);
        gong_recorder_flush(world->recorder, false);
    }
    gong_spool_cursor_close(cursor);
}

static uint64_t
counted(struct world *world, const char *what)
{
    char name[64];

    (void)snprintf(name, sizeof name, "gong_agent_recorded_%s_total", what);
    return sinks_count(world->sinks, name, "");
}

static void
samples_become_lines(void **state)
{
    struct world *world = *state;
    size_t count = 0;
    char *text;

    put(world, 5, 2, 1.5);
    put(world, 5, 3, -0.25);
    put(world, 5, 4, gong_stale_nan());
    put(world, 9, 0, (double)INFINITY);
    put(world, 9, 1, (double)NAN);
    put(world, 9, 2, 1e300);
    assert_true(gong_recorder_pending(world->recorder));
    gong_recorder_flush(world->recorder, true);
    assert_false(gong_recorder_pending(world->recorder));
    text = journaled(world, &count);
    assert_string_equal(text,
                        "5/4:site:load:avg,site=22015,zone=a\\ b value=1.5 "
                        "1760000000005000000\n"
                        "site:load:avg,site=22015,zone=a\\ b value=-0.25 "
                        "1760000000005000000\n"
                        "site:load:avg,site=22015,zone=a\\ b ended=true "
                        "1760000000005000000\n"
                        "|9/2:site:load:avg,site=22015,zone=a\\ b "
                        "value=1.0000000000000001e+300 1760000000009000000\n|");
    free(text);
    assert_int_equal(counted(world, "samples"), 4);
    assert_int_equal(counted(world, "not_finite"), 2);
    assert_int_equal(counted(world, "lost"), 0);
}

/* Said again after a kill at each place: in the journal, or waiting. */
static void
a_start_says_nothing_twice(void **state)
{
    struct world *world = *state;
    size_t count = 0;

    for (uint64_t kept = 0; kept <= 6; kept++) {
        for (uint64_t p = 1; p <= 6; p++) {
            put(world, kept * 10 + p, 0, 1);
            put(world, kept * 10 + p, 7, 2);
            if (p <= kept) {
                gong_recorder_flush(world->recorder, true);
            }
        }
        begin_anew(world);
        for (uint64_t p = 1; p <= 6; p++) {
            put(world, kept * 10 + p, 0, 1);
            put(world, kept * 10 + p, 7, 2);
        }
        read_journal(world);
        assert_int_equal(counted(world, "repeated"), kept * 2);
        gong_recorder_flush(world->recorder, true);
        free(journaled(world, &count));
        assert_int_equal(count, (kept + 1) * 6);
    }
}

/* The engine says them before or behind where the journal holds them. */
static void
what_the_journal_has_is_dropped_when_it_comes(void **state)
{
    struct world *world = *state;
    size_t count = 0;

    put(world, 3, 0, 1);
    gong_recorder_flush(world->recorder, true);
    begin_anew(world);
    read_journal(world);
    put(world, 2, 9, 1);
    put(world, 3, 0, 1);
    assert_false(gong_recorder_pending(world->recorder));
    put(world, 3, 1, 1);
    assert_true(gong_recorder_pending(world->recorder));
    gong_recorder_flush(world->recorder, true);
    free(journaled(world, &count));
    assert_int_equal(count, 2);
    gong_recorder_restart(world->recorder);
    put(world, 3, 1, 1);
    assert_false(gong_recorder_pending(world->recorder));
}

/* One cause with more than a record holds; cut in the same places again. */
static void
many_samples_are_several_records(void **state)
{
    struct world *world = *state;
    size_t count = 0;
    size_t again = 0;
    char *first;
    char *second;

    for (uint32_t i = 0; i < 2000; i++) {
        put(world, 4, i, i);
    }
    gong_recorder_flush(world->recorder, true);
    first = journaled(world, &count);
    assert_true(count > 3);
    begin_anew(world);
    for (uint32_t i = 0; i < 2000; i++) {
        put(world, 4, i, i);
    }
    read_journal(world);
    gong_recorder_flush(world->recorder, true);
    second = journaled(world, &again);
    assert_int_equal(again, count);
    assert_string_equal(first, second);
    free(first);
    free(second);
    assert_int_equal(counted(world, "repeated"), 2000);
}

/* While the journal is still being read too much waits: the rest of it is
 * looked through, and none is there twice or gone. */
static void
what_waits_is_bounded(void **state)
{
    struct world *world = *state;
    uint64_t position = 1;
    uint64_t put_in_all = 0;
    size_t count = 0;

    for (; position <= 100; position++) {
        put(world, position, 0, 1);
        gong_recorder_flush(world->recorder, true);
    }
    begin_anew(world);
    for (position = 1; put_in_all < GONG_RECORDED_PENDING / 60; position++) {
        for (uint32_t i = 0; i < 100; i++) {
            put(world, position, i * (position > 100), 1);
            put_in_all++;
        }
    }
    assert_int_equal(counted(world, "lost"), 0);
    assert_true(counted(world, "samples") > 0);
    gong_recorder_flush(world->recorder, false);
    assert_int_equal(counted(world, "samples") + counted(world, "repeated") +
                         counted(world, "lost"),
                     put_in_all);
    assert_false(gong_recorder_pending(world->recorder));
    free(journaled(world, &count));
    assert_true(count > 0);
}

/* Where the journal cannot be read none is put that may be there; what waits is
 * bounded all the same. */
static void
what_cannot_be_looked_up_waits(void **state)
{
    struct world *world = *state;
    uint64_t put_in_all = 0;
    size_t before = 0;
    size_t after = 0;

    for (uint64_t position = 1; position <= 100; position++) {
        put(world, position, 0, 1);
        gong_recorder_flush(world->recorder, true);
    }
    free(journaled(world, &before));
    begin_anew(world);
    cannot_read = true;
    for (uint64_t position = 1; put_in_all < GONG_RECORDED_PENDING / 20;
         position++) {
        for (uint32_t i = 0; i < 100; i++) {
            put(world, position, i, 1);
            put_in_all++;
        }
    }
    gong_recorder_flush(world->recorder, false);
    cannot_read = false;
    assert_true(counted(world, "lost") > 0);
    free(journaled(world, &after));
    assert_int_equal(before, after);
    gong_recorder_flush(world->recorder, true);
    assert_int_equal(counted(world, "samples") + counted(world, "repeated") +
                         counted(world, "lost"),
                     put_in_all);
}

static void
what_is_no_recording_is_not_read(void **state)
{
    char bytes[GONG_RECORDED_PREFIX + 8] = {0};
    struct gong_record record = {.meta = {.type = GONG_RECORD_RECORDED}};
    struct gong_recorded_batch batch;

    (void)state;
    bytes[12] = GONG_RECORDED_FORMAT;
    for (size_t len = 0; len <= sizeof bytes; len++) {
        record.payload = gong_str_from(bytes, len);
        assert_int_equal(gong_recorded_read(&record, &batch),
                         len > GONG_RECORDED_PREFIX);
    }
    record.meta.type = GONG_RECORD_DATA;
    assert_false(gong_recorded_read(&record, &batch));
    record.meta.type = GONG_RECORD_RECORDED;
    bytes[15] = 1;
    assert_false(gong_recorded_read(&record, &batch));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(samples_become_lines),
        T(a_start_says_nothing_twice),
        T(what_the_journal_has_is_dropped_when_it_comes),
        T(many_samples_are_several_records),
        T(what_waits_is_bounded),
        T(what_cannot_be_looked_up_waits),
        cmocka_unit_test(what_is_no_recording_is_not_read),
    };

    return cmocka_run_group_tests_name("recorded", tests, NULL, NULL);
}
