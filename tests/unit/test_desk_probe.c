/* Proofs and drills at the desk: messages by the real routes, and nothing that
 * could be taken for history. */
#include "desk_life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/trust/trust.h"

#define SENT "SELECT count(*) FROM outbox WHERE state = 1"

struct world {
    struct desk_life life;
    struct planned planned;
    struct gong_counters *counters;
};

static bool
yes(void *ctx)
{
    (void)ctx;
    return true;
}

static bool
swallow(void *ctx, const char *topic, struct gong_str payload)
{
    (void)ctx;
    (void)topic;
    (void)payload;
    return true;
}

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    planned_init(&world->planned, "");
    desk_life_init(&world->life, &planned_kind, &world->planned);
    world->counters = gong_counters_new();
    world->life.trust = gong_trust_new(&(struct gong_trust_options){
        .agent = "agent-1", .counters = world->counters});
    assert_non_null(world->life.trust);
    assert_int_equal(
        gong_trust_start(world->life.trust,
                         &(struct gong_trust_way){NULL, yes, swallow}),
        GONG_OK);
    desk_life_open(&world->life);
    desk_life_start(&world->life);
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;

    desk_life_stop(&world->life);
    gong_trust_free(world->life.trust);
    gong_counters_free(world->counters);
    desk_life_fini(&world->life);
    free(world);
    return 0;
}

/* The drill that is asked for, at once at the desk. */
static void
drill(struct world *world, const char *label, const char *value)
{
    const char *why = "";
    uint64_t number = 0;

    assert_int_equal(gong_trust_drill(world->life.trust,
                                      &(struct gong_drill){0}, &number, &why),
                     GONG_OK);
    desk_life_probe(&world->life, GONG_DRILL_NAME, (double)number, label,
                    value);
}

/* The drill as it stands once the desk has had it. */
static struct gong_trust_probe
at_desk(struct world *world)
{
    struct gong_trust_probe probe;

    for (int i = 0; i < 4000; i++) {
        gong_trust_last_drill(world->life.trust, &probe);
        if (probe.desk_ms != 0) {
            return probe;
        }
        gong_clock_sleep(gong_dur_ms(5));
    }
    fail_msg("the desk said nothing");
    return probe;
}

static void
nothing_is_history(struct world *world)
{
    struct desk_files *files = &world->life.files;

    assert_int_equal(desk_number(files, "SELECT count(*) FROM incidents"), 0);
    assert_int_equal(desk_number(files, "SELECT count(*) FROM events"), 0);
    assert_int_equal(desk_number(files, "SELECT count(*) FROM groups"), 0);
    assert_int_equal(
        desk_number(files, "SELECT count(*) FROM message_incidents"), 0);
}

static void
a_drill_goes_by_the_routes(void **state)
{
    struct world *world = *state;
    struct gong_trust_probe probe;

    drill(world, "unit", "22015");
    probe = at_desk(world);
    assert_int_equal(probe.messages, 1);
    assert_string_equal(probe.why, "");
    desk_wait(&world->life.files, 1, SENT);
    assert_string_equal(world->planned.addresses[0], "u1");
    assert_int_equal(world->planned.incidents[0], 0);
    assert_int_equal(desk_number(&world->life.files,
                                 "SELECT count(*) FROM messages WHERE id = %lld"
                                 " AND json_extract(body, '$.kind') = 'drill'",
                                 (long long)probe.first_message),
                     1);
    nothing_is_history(world);
    /* The next real one is the first. */
    desk_life_fire(&world->life, "lamp");
    desk_wait(&world->life.files, 1, "SELECT max(number) FROM incidents");
}

/* Escalation would have told the head after 300 ms. */
static void
a_drill_does_not_escalate(void **state)
{
    struct world *world = *state;

    drill(world, "unit", "22015");
    desk_wait(&world->life.files, 1, SENT);
    gong_clock_sleep(gong_dur_ms(700));
    assert_int_equal(
        desk_number(&world->life.files, "SELECT count(*) FROM outbox"), 1);
}

static void
a_drill_goes_to_the_receiver_named(void **state)
{
    struct world *world = *state;

    drill(world, GONG_DRILL_RECEIVER, "province");
    assert_int_equal(at_desk(world).messages, 1);
    desk_wait(&world->life.files, 1, SENT);
    assert_string_equal(world->planned.addresses[0], "p1");
    nothing_is_history(world);
}

static void
a_drill_goes_to_the_contact_named(void **state)
{
    struct world *world = *state;

    drill(world, GONG_DRILL_CONTACT, "h");
    assert_int_equal(at_desk(world).messages, 1);
    desk_wait(&world->life.files, 1, SENT);
    assert_string_equal(world->planned.addresses[0], "h2");
    nothing_is_history(world);
}

static void
nobody_of_that_name_is_told(void **state)
{
    struct world *world = *state;
    struct gong_trust_probe probe;

    drill(world, GONG_DRILL_RECEIVER, "nobody");
    probe = at_desk(world);
    assert_int_equal(probe.messages, 0);
    assert_non_null(strstr(probe.why, "no such receiver"));
    gong_clock_sleep(gong_dur_ms(1100));
    drill(world, GONG_DRILL_CONTACT, "nobody");
    probe = at_desk(world);
    assert_int_equal(probe.messages, 0);
    assert_non_null(strstr(probe.why, "no such contact"));
    assert_int_equal(
        desk_number(&world->life.files, "SELECT count(*) FROM messages"), 0);
}

/* One that this run did not send, say from before a restart. */
static void
a_drill_of_another_run_is_not_told(void **state)
{
    struct world *world = *state;

    desk_life_probe(&world->life, GONG_DRILL_NAME, 4711, "unit", "22015");
    desk_life_fire(&world->life, "lamp"); /* behind it */
    desk_wait(&world->life.files, 1, SENT);
    assert_int_equal(
        desk_number(&world->life.files, "SELECT count(*) FROM messages"), 1);
    assert_int_equal(world->planned.incidents[0], 1);
}

static void
a_silence_does_not_hold_a_drill(void **state)
{
    struct world *world = *state;
    const struct gong_desk_act act = {
        .kind = GONG_ACT_SILENCE,
        .by = gong_str_of("lan"),
        .matchers = gong_str_of("severity=\"critical\""),
        .until_ms = desk_life_tomorrow(),
    };
    char why[256] = "";

    assert_int_equal(
        gong_desk_do(world->life.desk, &act, NULL, why, sizeof why), GONG_OK);
    drill(world, "unit", "22015");
    desk_wait(&world->life.files, 1, SENT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_drill_goes_by_the_routes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_drill_does_not_escalate, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_drill_goes_to_the_receiver_named,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_drill_goes_to_the_contact_named,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_of_that_name_is_told, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_drill_of_another_run_is_not_told,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_silence_does_not_hold_a_drill, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
