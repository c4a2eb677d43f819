#include "agent/effects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/le.h"
#include "common/spool.h"
#include "rules/engine/ruleset.h"
#include "spool_fixture.h"

static const uint8_t journal_a[16] = {1, 2, 3};
static const uint8_t journal_b[16] = {9, 8, 7};

static struct gong_counters *counters;

static struct gong_effects *
open_bound(const uint8_t id[16], uint64_t journal_end)
{
    struct gong_spool_options options = {.dir = fixture_dir(),
                                         .segment_size = SEGMENT,
                                         .segments_max = 8,
                                         .policy = GONG_SPOOL_DROP_OLDEST};
    struct gong_effects *effects = NULL;
    char why[256] = "";

    if (gong_effects_open(&options, counters, &effects, why, sizeof why) !=
        GONG_OK) {
        fail_msg("%s", why);
    }
    assert_int_equal(gong_effects_bind(effects, id, journal_end), GONG_OK);
    return effects;
}

static void
put(struct gong_effects *effects, uint64_t position, uint32_t ordinal)
{
    char id[] = "g/A";
    char name[] = "A";
    char group[] = "g";
    struct gong_rule rule = {.id = id, .alert = name, .group = group};
    struct gong_effect effect = {.position = position,
                                 .ordinal = ordinal,
                                 .rule = &rule,
                                 .to = GONG_ALERT_FIRING,
                                 .value = 1};

    assert_int_equal(gong_effects_put(effects, &effect, 5), GONG_OK);
}

/* "position.ordinal ..." of every effect in the log. */
static const char *
kept(struct gong_effects *effects)
{
    static char text[512];
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    size_t len = 0;

    text[0] = '\0';
    assert_int_equal(
        gong_spool_cursor_open(gong_effects_spool(effects), NULL, &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        const uint8_t *bytes = (const uint8_t *)record.payload.data;

        if (record.meta.type == GONG_RECORD_EFFECT) {
            assert_int_equal(record.payload.data[GONG_EFFECTS_PREFIX], '{');
            len += (size_t)snprintf(text + len, sizeof text - len, "%u.%u ",
                                    (unsigned)gong_le_get64(bytes),
                                    (unsigned)gong_le_get32(bytes + 8));
        }
    }
    gong_spool_cursor_close(cursor);
    return text;
}

static int
setup(void **state)
{
    counters = gong_counters_new();
    return fixture_setup(state);
}

static int
teardown(void **state)
{
    gong_counters_free(counters);
    return fixture_teardown(state);
}

static void
decided_again_after_a_restart_is_kept_once(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);

    (void)state;
    put(effects, 100, 0);
    put(effects, 100, 1);
    put(effects, 200, 0);
    gong_effects_close(effects);

    effects = open_bound(journal_a, 1000);
    put(effects, 100, 0);
    put(effects, 100, 1);
    put(effects, 200, 0);
    put(effects, 200, 1);
    put(effects, 300, 0);
    assert_string_equal(kept(effects), "100.0 100.1 200.0 200.1 300.0 ");
    assert_int_equal(gong_counter_get(gong_counter_add(
                         counters, GONG_COUNTER,
                         "gong_agent_effects_repeated_total", "", "")),
                     3);
    gong_effects_close(effects);
}

static void
a_start_without_effects_is_remembered_too(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);

    (void)state;
    put(effects, 100, 0);
    for (int i = 0; i < 3; i++) {
        gong_effects_close(effects);
        effects = open_bound(journal_a, 1000);
    }
    assert_true(gong_effects_known(effects, 100, 0));
    assert_false(gong_effects_known(effects, 100, 1));
    assert_false(gong_effects_known(effects, 101, 0));
    gong_effects_close(effects);
}

/* The journal lost 200 and 300 in a torn tail and gives 200 out again. */
static void
a_cut_journal_may_use_its_positions_again(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);

    (void)state;
    put(effects, 100, 0);
    put(effects, 200, 0);
    put(effects, 300, 0);
    gong_effects_close(effects);

    effects = open_bound(journal_a, 200);
    assert_true(gong_effects_known(effects, 100, 0));
    assert_false(gong_effects_known(effects, 200, 0));
    gong_effects_close(effects);

    /* Nothing was put, but the journal has grown past 300 in between. */
    effects = open_bound(journal_a, 1000);
    put(effects, 100, 0);
    put(effects, 200, 0);
    put(effects, 300, 0);
    assert_string_equal(kept(effects), "100.0 200.0 300.0 200.0 300.0 ");
    gong_effects_close(effects);
}

static void
another_journal_starts_from_nothing(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);

    (void)state;
    put(effects, 500, 0);
    gong_effects_close(effects);
    effects = open_bound(journal_b, 64);
    assert_false(gong_effects_known(effects, 64, 0));
    put(effects, 100, 0);
    assert_string_equal(kept(effects), "500.0 100.0 ");
    gong_effects_close(effects);
    effects = open_bound(journal_b, 1000);
    assert_true(gong_effects_known(effects, 100, 0));
    assert_false(gong_effects_known(effects, 500, 0));
    gong_effects_close(effects);
}

/* The last effect's bytes did not all reach the disk. */
static void
a_torn_tail_is_decided_again(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);
    struct gong_spool_stats stats;

    (void)state;
    put(effects, 100, 0);
    put(effects, 200, 0);
    gong_spool_stats(gong_effects_spool(effects), &stats);
    gong_effects_close(effects);
    fixture_flip("0000000000000000.segment", stats.end - 40, 8);

    effects = open_bound(journal_a, 1000);
    assert_true(gong_effects_known(effects, 100, 0));
    assert_false(gong_effects_known(effects, 200, 0));
    put(effects, 100, 0);
    put(effects, 200, 0);
    assert_string_equal(kept(effects), "100.0 200.0 ");
    gong_effects_close(effects);
}

static void
a_full_disk_is_counted_and_passes(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);
    struct gong_rule rule = {0};
    struct gong_effect effect = {.position = 100, .rule = &rule};

    (void)state;
    disk.write_errno = 28; /* ENOSPC */
    assert_int_not_equal(gong_effects_put(effects, &effect, 5), GONG_OK);
    disk.write_errno = 0;
    assert_false(gong_effects_known(effects, 100, 0));
    assert_int_equal(
        gong_counter_get(gong_counter_add(
            counters, GONG_COUNTER, "gong_agent_effects_failed_total", "", "")),
        1);
    put(effects, 100, 0);
    assert_string_equal(kept(effects), "100.0 ");
    gong_effects_close(effects);
}

static void
waiting_ends_with_an_effect_a_timeout_or_a_stop(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);
    struct gong_spool_stats stats;

    (void)state;
    gong_spool_stats(gong_effects_spool(effects), &stats);
    assert_true(gong_effects_wait(effects, stats.end, gong_dur_ms(1)));
    put(effects, 100, 0);
    assert_true(gong_effects_wait(effects, stats.end, gong_dur_s(3600)));
    gong_effects_stop(effects);
    assert_false(gong_effects_wait(effects, UINT64_MAX, gong_dur_s(3600)));
    gong_effects_close(effects);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(decided_again_after_a_restart_is_kept_once),
        T(a_start_without_effects_is_remembered_too),
        T(a_cut_journal_may_use_its_positions_again),
        T(another_journal_starts_from_nothing),
        T(a_torn_tail_is_decided_again),
        T(a_full_disk_is_counted_and_passes),
        T(waiting_ends_with_an_effect_a_timeout_or_a_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
