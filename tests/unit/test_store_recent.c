/* Unit tests of agent/store/store_recent.c: what a store was given in its last
 * seconds is named again when another one answers, and only then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/store/store_recent.h"
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

static struct gong_store_recent *
reopen(struct gong_store_recent *recent, struct sinks *sinks)
{
    gong_store_recent_close(recent);
    sinks_reopen(sinks);
    return open_recent(sinks);
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
 * was sent: it goes on from where the store answered last. */
static void
over_restarts(void **state)
{
    struct sinks *sinks = *state;
    struct gong_store_recent *recent = open_recent(sinks);
    struct gong_store_place from = {0};
    struct gong_store_place early = put(sinks, 1);
    struct gong_store_place middle = put(sinks, 1);
    struct gong_store_place late = put(sinks, 2);

    assert_false(gong_store_recent_resume(recent, early, &from));
    assert_false(gong_store_recent_started(recent, 50, early, &from));
    gong_store_recent_answered(recent, early, second(0));
    gong_store_recent_answered(recent, late, second(11));
    recent = reopen(recent, sinks);
    assert_false(gong_store_recent_resume(recent, late, &from));
    assert_true(gong_store_recent_started(recent, 60, late, &from));
    assert_int_equal(from.journal, early.journal);

    recent = reopen(recent, sinks);
    assert_true(gong_store_recent_resume(recent, late, &from));
    assert_int_equal(from.journal, early.journal);
    assert_false(gong_store_recent_started(recent, 60, from, &from));
    gong_store_recent_answered(recent, middle, second(20));

    recent = reopen(recent, sinks);
    assert_true(gong_store_recent_resume(recent, late, &from));
    assert_int_equal(from.journal, middle.journal);
    assert_int_equal(from.effects, middle.effects);
    gong_store_recent_answered(recent, late, second(21));

    recent = reopen(recent, sinks);
    assert_false(gong_store_recent_resume(recent, late, &from));
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

    /* It is not over at middle, and over at late. */
    recent = reopen(recent, sinks);
    assert_true(gong_store_recent_resume(recent, late, &from));
    assert_int_equal(from.journal, middle.journal);
    assert_true(gong_store_recent_started(recent, 80, from, &from));
    assert_int_equal(from.journal, early.journal);
    gong_store_recent_answered(recent, late, second(14));
    recent = reopen(recent, sinks);
    assert_false(gong_store_recent_resume(recent, late, &from));
    gong_store_recent_close(recent);
}

/* A progress that cannot be is none. */
static void
damaged_files(void **state)
{
    static const struct {
        const char *text;
        bool known;
        bool resumed;
    } cases[] = {
        {"", false, false},
        {"x\n", false, false},
        {"50", false, false},
        {"99999999999999999999\n", false, false},
        {"50\n", true, false},
        {"50\n50 1 2\n", true, false},
        {"50 \n", true, true},
        {"50 7\n", true, true},
        {"50 0 0\n", true, true},
        {"50 18446744073709551615 0\n", true, true},
        {"50 18446744073709551615 18446744073709551615\n", true, true},
        {"50 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n",
         true, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_store_place from = {0};
        struct gong_store_place first;
        struct gong_store_place late;
        struct gong_store_recent *recent;
        struct sinks *sinks;
        char path[128];
        FILE *file;

        assert_int_equal(sinks_setup(state), 0);
        sinks = *state;
        first = put(sinks, 0);
        late = put(sinks, 2);
        (void)snprintf(path, sizeof path, "%s/store-main.start", sinks->dir);
        file = fopen(path, "w");
        assert_non_null(file);
        (void)fputs(cases[i].text, file);
        (void)fclose(file);
        recent = open_recent(sinks);
        assert_int_equal(gong_store_recent_resume(recent, late, &from),
                         cases[i].resumed);
        if (cases[i].resumed) {
            assert_int_equal(from.journal, first.journal);
        }
        assert_int_equal(gong_store_recent_started(recent, 60, late, &from),
                         cases[i].known);
        gong_store_recent_close(recent);
        assert_int_equal(sinks_teardown(state), 0);
    }
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
        cmocka_unit_test(damaged_files),
        cmocka_unit_test_setup_teardown(refuses_bad_names, sinks_setup,
                                        sinks_teardown),
        cmocka_unit_test_setup_teardown(file_cannot_be_written, sinks_setup,
                                        sinks_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
