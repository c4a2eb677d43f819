/* What gongctl watch says, look by look. */
#include "ctl/watch_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define N GONG_WATCH_NOTHING
#define A GONG_WATCH_ALARM
#define R GONG_WATCH_AGAIN
#define W GONG_WATCH_WELL

#define FINE GONG_WATCH_FINE
#define DEAF GONG_WATCH_NO_ANSWER
#define NONE GONG_WATCH_NO_PROOFS
#define OLD  GONG_WATCH_TOO_OLD

/* A look at an instant (s), and what it comes to. */
struct step {
    int now;
    bool answered;
    bool proves;
    bool any; /* a proof since the agent's start */
    int age;
    enum gong_watch_why why;
    enum gong_watch_word word;
};

/* max-age 180 s, repeat 600 s; the watch begins at 0. */
static void
play(const struct step *steps, size_t count)
{
    struct gong_watch watch;

    gong_watch_init(&watch, 180000, 600000, 0);
    for (size_t i = 0; i < count; i++) {
        const struct step *step = &steps[i];
        const struct gong_watch_look look = {step->answered, step->proves,
                                             step->any ? 1760000000000 : 0,
                                             INT64_C(1000) * step->age, false};
        enum gong_watch_why why =
            gong_watch_note(&watch, &look, INT64_C(1000) * step->now);

        assert_int_equal(why, step->why);
        assert_int_equal(gong_watch_say(&watch, why, INT64_C(1000) * step->now),
                         step->word);
    }
}

#define PLAY(steps) play(steps, sizeof(steps) / sizeof((steps)[0]))

static void
an_old_proof_is_an_alarm(void **state)
{
    static const struct step steps[] = {
        {15, true, true, true, 10, FINE, N},
        {180, true, true, true, 175, FINE, N},
        {190, true, true, true, 185, OLD, A},
        {200, true, true, true, 195, OLD, N},
        {789, true, true, true, 784, OLD, N},
        {790, true, true, true, 785, OLD, R},
        {1389, true, true, true, 1384, OLD, N},
        {1390, true, true, true, 1385, OLD, R},
        {1400, true, true, true, 5, FINE, W},
        {1415, true, true, true, 20, FINE, N},
    };

    (void)state;
    PLAY(steps);
}

static void
one_missed_answer_is_none(void **state)
{
    static const struct step steps[] = {
        {15, true, true, true, 10, FINE, N},
        {30, false, false, false, 0, FINE, N},
        {45, false, false, false, 0, FINE, N},
        {50, true, true, true, 45, FINE, N},
        {60, false, false, false, 0, FINE, N},
        {75, false, false, false, 0, FINE, N},
        {90, false, false, false, 0, DEAF, A},
        {105, false, false, false, 0, DEAF, N},
        {120, true, true, true, 7, FINE, W},
    };

    (void)state;
    PLAY(steps);
}

static void
a_slow_watch_does_not_wait_for_three(void **state)
{
    static const struct step steps[] = {
        {100, true, true, true, 10, FINE, N},
        {200, false, false, false, 0, FINE, N},
        {300, false, false, false, 0, DEAF, A},
    };

    (void)state;
    PLAY(steps);
}

static void
a_restart_is_none_but_restarting_is(void **state)
{
    static const struct step steps[] = {
        {15, true, true, true, 10, FINE, N},
        {60, true, true, false, 3, FINE, N},  /* restarted */
        {120, true, true, false, 2, FINE, N}, /* again */
        {180, true, true, false, 4, FINE, N},
        {190, true, true, false, 1, OLD, A},
        {200, true, true, false, 2, OLD, N},
        {210, true, true, true, 1, FINE, W},
    };

    (void)state;
    PLAY(steps);
}

/* A start of the watch itself, and an agent that has just begun. */
static void
an_alarm_ends_by_a_proof_only(void **state)
{
    static const struct step steps[] = {
        {10, false, false, false, 0, FINE, N},
        {20, false, false, false, 0, FINE, N},
        {30, false, false, false, 0, DEAF, A},
        {40, true, true, false, 1, OLD, N},
        {50, false, false, false, 0, OLD, N},
        {60, true, true, true, 2, FINE, W},
    };

    (void)state;
    PLAY(steps);
}

static void
an_agent_without_proofs_is_an_alarm(void **state)
{
    static const struct step steps[] = {
        {15, true, false, false, 0, NONE, A},
        {30, true, false, false, 0, NONE, N},
    };

    (void)state;
    PLAY(steps);
}

static void
what_nobody_heard_is_said_again(void **state)
{
    struct gong_watch watch;

    (void)state;
    gong_watch_init(&watch, 1000, 5000, 0);
    assert_int_equal(gong_watch_say(&watch, OLD, 2000), A);
    gong_watch_unsaid(&watch, A);
    assert_int_equal(gong_watch_say(&watch, OLD, 3000), A);
    assert_int_equal(gong_watch_say(&watch, OLD, 4000), N);
    assert_int_equal(gong_watch_say(&watch, OLD, 8000), R);
    gong_watch_unsaid(&watch, R);
    assert_int_equal(gong_watch_say(&watch, OLD, 8100), R);
    assert_int_equal(gong_watch_say(&watch, FINE, 8200), W);
    gong_watch_unsaid(&watch, W);
    assert_int_equal(gong_watch_say(&watch, FINE, 8300), W);
    assert_int_equal(gong_watch_say(&watch, FINE, 8400), N);
}

/* The agent lives and says so: no waiting for a third time, no "dead". */
static void
a_refusal_is_told_apart_at_once(void **state)
{
    const struct gong_watch_look refused = {.refused = true};
    const struct gong_watch_look well = {
        .answered = true, .proves = true, .last = 1};
    struct gong_watch watch;

    (void)state;
    gong_watch_init(&watch, 180000, 600000, 0);
    assert_int_equal(gong_watch_note(&watch, &refused, 1000),
                     GONG_WATCH_REFUSED);
    assert_int_equal(gong_watch_say(&watch, GONG_WATCH_REFUSED, 1000), A);
    assert_int_equal(gong_watch_note(&watch, &refused, 900000),
                     GONG_WATCH_REFUSED);
    assert_int_equal(gong_watch_say(&watch, GONG_WATCH_REFUSED, 900000), R);
    assert_int_equal(gong_watch_note(&watch, &well, 901000), FINE);
    assert_int_equal(gong_watch_say(&watch, FINE, 901000), W);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_proof_is_an_alarm),
        cmocka_unit_test(one_missed_answer_is_none),
        cmocka_unit_test(a_slow_watch_does_not_wait_for_three),
        cmocka_unit_test(a_restart_is_none_but_restarting_is),
        cmocka_unit_test(an_alarm_ends_by_a_proof_only),
        cmocka_unit_test(an_agent_without_proofs_is_an_alarm),
        cmocka_unit_test(what_nobody_heard_is_said_again),
        cmocka_unit_test(a_refusal_is_told_apart_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
