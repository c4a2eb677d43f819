/* Unit tests of agent/store_recent.c: what a store was given in its last
 * seconds is named again when another one answers, and only then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/store_recent.h"
#include "sink_fixture.h"

static struct gong_store_recent *
open_recent(struct sinks *sinks)
{
    struct gong_store_recent *recent;

    assert_int_equal(gong_store_recent_open(gong_journal_spool(sinks->journal),
                                            gong_effects_spool(sinks->effects),
                                            "main", sinks->dir, &recent),
                     GONG_OK);
    return recent;
}

static gong_mono_t
second(int64_t n)
{
    return (gong_mono_t){gong_dur_s(1000 + n).ns};
}

/* A place after n records of the journal. */
static struct gong_store_place
put(struct sinks *sinks, int n)
{
    struct gong_spool_stats stats;
    struct gong_store_place place;

    for (int i = 0; i < n; i++) {
        (void)sinks_put_data(sinks, "22015", "lamp-1", "m v=1 1\n");
    }
    gong_spool_stats(gong_journal_spool(sinks->journal), &stats);
    place.journal = stats.end;
    gong_spool_stats(gong_effects_spool(sinks->effects), &stats);
    place.effects = stats.end;
    return place;
}

static void
last_seconds_again(void **state)
{
    struct sinks *sinks = *state;
    struct gong_store_recent *recent = open_recent(sinks);
    struct gong_store_place from = {0};
    struct gong_store_place early = put(sinks, 1);
    struct gong_store_place late;

    assert_false(gong_store_recent_started(recent, 50, early, &from));
    gong_store_recent_answered(recent, early, second(0));
    late = put(sinks, 3);
    gong_store_recent_answered(recent, late, second(9));
    gong_store_recent_answered(recent, late, second(12));
    assert_false(gong_store_recent_started(recent, 50, late, &from));
    assert_false(gong_store_recent_started(recent, 0, late, &from));
    assert_true(gong_store_recent_started(recent, 60, late, &from));
    assert_int_equal(from.journal, early.journal);
    assert_int_equal(from.effects, early.effects);
    /* It is sent again once. */
    assert_false(gong_store_recent_started(recent, 60, from, &from));
    gong_store_recent_answered(recent, late, second(13));
    assert_false(gong_store_recent_started(recent, 60, late, &from));
    gong_store_recent_close(recent);
}

/* The agent is away while the store is started anew, and dies again before all
 * was sent: it begins from the same place. */
static void
over_restarts(void **state)
{
    struct sinks *sinks = *state;
    struct gong_store_recent *recent = open_recent(sinks);
    struct gong_store_place from = {0};
    struct gong_store_place early = put(sinks, 1);
    struct gong_store_place late = put(sinks, 2);

    assert_false(gong_store_recent_started(recent, 50, early, &from));
    gong_store_recent_answered(recent, early, second(0));
    gong_store_recent_answered(recent, late, second(11));
    for (int i = 0; i < 2; i++) {
        gong_store_recent_close(recent);
        sinks_reopen(sinks);
        recent = open_recent(sinks);
        assert_true(gong_store_recent_started(recent, 60, late, &from));
        assert_int_equal(from.journal, early.journal);
        gong_store_recent_answered(recent, from, second(20));
    }
    gong_store_recent_answered(recent, late, second(21));
    gong_store_recent_close(recent);
    recent = open_recent(sinks);
    assert_false(gong_store_recent_started(recent, 60, late, &from));
    gong_store_recent_close(recent);
}

/* A second restart while it is sent again: again, and all of it. */
static void
restarted_twice(void **state)
{
    struct sinks *sinks = *state;
    struct gong_store_recent *recent = open_recent(sinks);
    struct gong_store_place from = {0};
    struct gong_store_place early = put(sinks, 1);
    struct gong_store_place middle = put(sinks, 1);
    struct gong_store_place late = put(sinks, 1);

    assert_false(gong_store_recent_started(recent, 50, early, &from));
    gong_store_recent_answered(recent, early, second(0));
    gong_store_recent_answered(recent, late, second(11));
    assert_true(gong_store_recent_started(recent, 60, late, &from));
    gong_store_recent_answered(recent, middle, second(12));
    assert_true(gong_store_recent_started(recent, 70, middle, &from));
    assert_int_equal(from.journal, early.journal);
    gong_store_recent_answered(recent, middle, second(13));
    gong_store_recent_close(recent);
    recent = open_recent(sinks);
    assert_true(gong_store_recent_started(recent, 70, middle, &from));
    gong_store_recent_close(recent);
}

static void
refuses_bad_names(void **state)
{
    struct sinks *sinks = *state;
    struct gong_store_recent *recent;

    assert_int_equal(gong_store_recent_open(gong_journal_spool(sinks->journal),
                                            gong_effects_spool(sinks->effects),
                                            "No/Name", sinks->dir, &recent),
                     GONG_ERR_INVALID);
    assert_null(recent);
    gong_store_recent_close(NULL);
}

/* Without the file it goes on; a start that was not kept is not known. */
static void
file_cannot_be_written(void **state)
{
    struct sinks *sinks = *state;
    struct gong_store_place from = {0};
    struct gong_store_place place = put(sinks, 1);
    struct gong_store_recent *recent;

    assert_int_equal(gong_store_recent_open(gong_journal_spool(sinks->journal),
                                            gong_effects_spool(sinks->effects),
                                            "main", "/nowhere", &recent),
                     GONG_OK);
    assert_false(gong_store_recent_started(recent, 50, place, &from));
    gong_store_recent_answered(recent, place, second(0));
    assert_true(gong_store_recent_started(recent, 60, place, &from));
    gong_store_recent_close(recent);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(last_seconds_again, sinks_setup,
                                        sinks_teardown),
        cmocka_unit_test_setup_teardown(over_restarts, sinks_setup,
                                        sinks_teardown),
        cmocka_unit_test_setup_teardown(restarted_twice, sinks_setup,
                                        sinks_teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_names, sinks_setup,
                                        sinks_teardown),
        cmocka_unit_test_setup_teardown(file_cannot_be_written, sinks_setup,
                                        sinks_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
