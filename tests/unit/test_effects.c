#include "agent/decide/effects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/decide/effect_json.h"
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

static char rule_id[] = "g/A";
static char rule_alert[] = "A";
static char rule_group[] = "g";
static const struct gong_rule rule_a = {
    .id = rule_id, .alert = rule_alert, .group = rule_group};

static void
change(struct gong_effects *effects, uint64_t position, uint64_t fingerprint,
       enum gong_alert_state from, enum gong_alert_state to)
{
    struct gong_effect effect = {.position = position,
                                 .rule = &rule_a,
                                 .fingerprint = fingerprint,
                                 .from = from,
                                 .to = to};

    assert_int_equal(gong_effects_put(effects, &effect, 5), GONG_OK);
}

/* Each of an alert of its own. */
static void
put(struct gong_effects *effects, uint64_t position, uint32_t ordinal)
{
    struct gong_effect effect = {.position = position,
                                 .ordinal = ordinal,
                                 .rule = &rule_a,
                                 .fingerprint = position * 8 + ordinal,
                                 .to = GONG_ALERT_FIRING,
                                 .value = 1};

    assert_int_equal(gong_effects_put(effects, &effect, 5), GONG_OK);
}

static void
hold(struct gong_effects *effects, uint64_t fingerprint,
     enum gong_alert_state state)
{
    struct gong_effect effect = {.position = 900,
                                 .rule = &rule_a,
                                 .fingerprint = fingerprint,
                                 .from = state,
                                 .to = state};

    gong_effects_held(effects, &effect, 5);
}

static void
reconciled(struct gong_effects *effects)
{
    struct gong_effect place = {.position = 900, .journal_ms = 1234};

    gong_effects_reconciled(effects, &place, 5);
}

/* "fingerprint:from>to ..." of the log's last effects, and "!" where the reason
 * is "lost". */
static const char *
chain(struct gong_effects *effects)
{
    static char text[1024];
    struct gong_spool_cursor *cursor;
    struct gong_record record;
    size_t len = 0;

    text[0] = '\0';
    assert_int_equal(
        gong_spool_cursor_open(gong_effects_spool(effects), NULL, &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        json_t *effect = NULL;

        if (record.meta.type != GONG_RECORD_EFFECT) {
            continue;
        }
        effect = gong_effect_from_json(
            gong_str_from(record.payload.data + GONG_EFFECTS_PREFIX,
                          record.payload.len - GONG_EFFECTS_PREFIX));
        assert_non_null(effect);
        len = len > sizeof text / 2 ? 0 : len;
        len += (size_t)snprintf(
            text + len, sizeof text - len, "%ld:%s>%s%s ",
            strtol(json_string_value(json_object_get(effect, "fingerprint")),
                   NULL, 16),
            json_string_value(json_object_get(effect, "from")),
            json_string_value(json_object_get(effect, "to")),
            strcmp(json_string_value(json_object_get(effect, "reason")),
                   "lost") == 0
                ? "!"
                : "");
        json_decref(effect);
    }
    gong_spool_cursor_close(cursor);
    return text;
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

static const char *
chain_end(struct gong_effects *effects)
{
    const char *text = chain(effects);
    const char *last = strrchr(text, ' ');

    while (last != NULL && last > text && last[-1] != ' ') {
        last--;
    }
    return last == NULL ? text : last;
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

/* The journal lost 200 and 300 in a torn tail and gives 200 out again: what
 * was kept of them is not decided twice, for it is the same incident. */
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
    assert_string_equal(kept(effects), "100.0 200.0 300.0 ");
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
    struct gong_effect effect = {
        .position = 100, .rule = &rule_a, .to = GONG_ALERT_FIRING};

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

#define INACTIVE GONG_ALERT_INACTIVE
#define PENDING  GONG_ALERT_PENDING
#define FIRING   GONG_ALERT_FIRING

/* A damaged journal record no longer moves its device's clock, so that `for`
 * is found to be over at a later record than before. */
static void
what_was_told_is_not_told_again_from_another_position(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);

    (void)state;
    change(effects, 100, 1, INACTIVE, PENDING);
    change(effects, 200, 1, PENDING, FIRING);
    gong_effects_close(effects);

    effects = open_bound(journal_a, 1000);
    change(effects, 100, 1, INACTIVE, PENDING);
    change(effects, 300, 1, PENDING, FIRING);
    change(effects, 400, 1, FIRING, INACTIVE);
    change(effects, 500, 1, INACTIVE, FIRING);
    assert_string_equal(chain(effects), "1:inactive>pending 1:pending>firing "
                                        "1:firing>inactive 1:inactive>firing ");
    gong_effects_close(effects);
}

static struct gong_effect
at_level(uint64_t position, unsigned from, unsigned to)
{
    return (struct gong_effect){.position = position,
                                .rule = &rule_a,
                                .fingerprint = 1,
                                .from = from == 0 ? INACTIVE : FIRING,
                                .to = FIRING,
                                .from_level = from,
                                .to_level = to};
}

static void
climb(struct gong_effects *effects, uint64_t position, unsigned from,
      unsigned to)
{
    struct gong_effect effect = at_level(position, from, to);

    assert_int_equal(gong_effects_put(effects, &effect, 5), GONG_OK);
}

/* Levels are part of the chain: a change of one is kept once, and one that the
 * log does not know is made good. */
static void
levels_are_part_of_the_chain(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);
    struct gong_effect held = at_level(900, 1, 1);

    (void)state;
    climb(effects, 100, 0, 1);
    climb(effects, 200, 1, 2);
    gong_effects_close(effects);

    effects = open_bound(journal_a, 1000);
    climb(effects, 300, 1, 2); /* told already */
    climb(effects, 400, 2, 3);
    assert_string_equal(kept(effects), "100.0 200.0 400.0 ");
    gong_effects_reconcile(effects);
    gong_effects_held(effects, &held, 5);
    gong_effects_held(effects, &held, 5);
    assert_string_equal(kept(effects), "100.0 200.0 400.0 900.2147483648 ");
    gong_effects_close(effects);
}

static void
what_the_engine_no_longer_knows_ends_as_lost(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);

    (void)state;
    change(effects, 100, 1, INACTIVE, FIRING);
    change(effects, 110, 2, INACTIVE, FIRING);
    change(effects, 120, 3, INACTIVE, PENDING);
    gong_effects_close(effects);

    effects = open_bound(journal_a, 100);
    assert_true(gong_effects_unreconciled(effects));
    gong_effects_reconcile(effects);
    hold(effects, 2, FIRING);
    hold(effects, 4, FIRING);
    reconciled(effects);
    assert_false(gong_effects_unreconciled(effects));
    assert_int_equal(gong_effects_incidents(effects), 2);
    assert_string_equal(chain(effects),
                        "1:inactive>firing 2:inactive>firing "
                        "3:inactive>pending 4:inactive>firing "
                        "1:firing>inactive! 3:pending>inactive! ");
    gong_effects_close(effects);

    effects = open_bound(journal_a, 1000);
    assert_int_equal(gong_effects_incidents(effects), 2);
    assert_true(gong_effects_known(effects, 900, 0));
    gong_effects_close(effects);
}

static void
pending_again_ends_an_incident_only_once_reconciled(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);

    (void)state;
    change(effects, 100, 1, INACTIVE, FIRING);
    change(effects, 110, 2, INACTIVE, FIRING);
    gong_effects_close(effects);

    effects = open_bound(journal_a, 100);
    change(effects, 100, 1, INACTIVE, PENDING);
    change(effects, 110, 2, INACTIVE, PENDING);
    change(effects, 120, 1, PENDING, FIRING);
    assert_string_equal(chain(effects), "1:inactive>firing 2:inactive>firing ");
    gong_effects_reconcile(effects);
    hold(effects, 1, FIRING);
    hold(effects, 2, PENDING);
    reconciled(effects);
    assert_string_equal(chain(effects), "1:inactive>firing 2:inactive>firing "
                                        "2:firing>pending ");
    gong_effects_close(effects);
}

static void
what_could_not_be_kept_is_told_when_there_is_room(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);
    struct gong_effect effect = {.position = 100,
                                 .rule = &rule_a,
                                 .fingerprint = 7,
                                 .to = GONG_ALERT_FIRING};

    (void)state;
    gong_effects_reconcile(effects);
    reconciled(effects);
    disk.write_errno = 28; /* ENOSPC */
    assert_int_not_equal(gong_effects_put(effects, &effect, 5), GONG_OK);
    gong_effects_reconcile(effects);
    hold(effects, 7, FIRING);
    hold(effects, 8, FIRING);
    reconciled(effects);
    assert_string_equal(chain(effects), "");
    disk.write_errno = 0;
    gong_effects_reconcile(effects);
    hold(effects, 7, FIRING);
    hold(effects, 8, FIRING);
    reconciled(effects);
    assert_string_equal(chain(effects), "7:inactive>firing 8:inactive>firing ");
    assert_false(gong_effects_unreconciled(effects));
    gong_effects_close(effects);
}

/* It will not fit next time either: the others must not wait for it. */
static void
what_is_too_long_to_be_kept_holds_up_no_other(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);
    static char text[SEGMENT];
    const struct gong_label_view note = {gong_str_of("summary"),
                                         gong_str_from(text, sizeof text)};
    struct gong_effect effect = {.position = 900,
                                 .rule = &rule_a,
                                 .fingerprint = 7,
                                 .from = FIRING,
                                 .to = FIRING,
                                 .annotations = &note,
                                 .annotation_count = 1};

    (void)state;
    memset(text, 'x', sizeof text);
    gong_effects_reconcile(effects);
    gong_effects_held(effects, &effect, 5);
    hold(effects, 8, FIRING);
    reconciled(effects);
    assert_string_equal(chain(effects), "8:inactive>firing ");
    assert_false(gong_effects_unreconciled(effects));
    effect.position = 950;
    assert_int_equal(gong_effects_put(effects, &effect, 5), GONG_ERR_TOO_LARGE);
    assert_false(gong_effects_unreconciled(effects));
    gong_effects_close(effects);
}

/* The log is bounded, an incident's length is not. */
static void
an_incident_outlives_the_record_that_told_it(void **state)
{
    struct gong_effects *effects = open_bound(journal_a, 64);
    struct gong_spool_stats stats;
    uint64_t position = 100;

    (void)state;
    change(effects, position, 1, INACTIVE, FIRING);
    do {
        position += 8;
        change(effects, position, 2, INACTIVE, FIRING);
        change(effects, position + 1, 2, FIRING, INACTIVE);
        gong_spool_stats(gong_effects_spool(effects), &stats);
    } while (stats.begin < SEGMENT);
    gong_effects_close(effects);

    effects = open_bound(journal_a, position + 1000);
    gong_effects_reconcile(effects);
    hold(effects, 1, FIRING);
    reconciled(effects);
    assert_null(strstr(chain_end(effects), "1:"));
    change(effects, position + 2000, 1, FIRING, INACTIVE);
    assert_string_equal(chain_end(effects), "1:firing>inactive ");
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
        T(what_was_told_is_not_told_again_from_another_position),
        T(levels_are_part_of_the_chain),
        T(what_the_engine_no_longer_knows_ends_as_lost),
        T(pending_again_ends_an_incident_only_once_reconciled),
        T(what_could_not_be_kept_is_told_when_there_is_room),
        T(what_is_too_long_to_be_kept_holds_up_no_other),
        T(an_incident_outlives_the_record_that_told_it),
        T(waiting_ends_with_an_effect_a_timeout_or_a_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
