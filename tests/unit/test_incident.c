/* Every state and event of an incident, with and without sticky: what follows,
 * and what must never be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/desk/incident.h"

/* One letter a state: next state, then what else: n news, o opens, d drops the
 * acknowledgement, e escalates, v overdue, x ends. "-": nothing here. */
static const char *const table[GONG_INCIDENT_STATES][GONG_INCIDENT_EVENTS] = {
    /* fire keep climb fall end | ack unack assign comment resolve outcome |
       ack-expires ack-overdue resolve-overdue escalate */
    {"Oon", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-",
     "-"},
    {"O", "O", "On", "On", "Enx", "A", "-", "O", "O", "Enx", "O", "-", "Ov",
     "Ov", "Oe"},
    {"A", "A", "Ond", "An", "Enx", "A", "Od", "A", "A", "Enx", "A", "Od", "-",
     "Av", "-"},
    {"Ond", "-", "-", "-", "-", "-", "-", "-", "E", "-", "C", "-", "-", "-",
     "-"},
    {"Ond", "-", "-", "-", "-", "-", "-", "-", "C", "-", "C", "-", "-", "-",
     "-"},
};

static void
write_step(char *out, enum gong_incident_state from,
           const struct gong_incident_step *step)
{
    static const char letters[] = "NOAEC";

    if (!step->taken) {
        assert_int_equal(step->next, from);
        (void)strcpy(out, "-");
        return;
    }
    (void)sprintf(out, "%c%s%s%s%s%s%s", letters[step->next],
                  step->opens ? "o" : "", step->news ? "n" : "",
                  step->drops_ack ? "d" : "", step->escalates ? "e" : "",
                  step->overdue ? "v" : "", step->ends ? "x" : "");
}

static void
every_cell(void **state)
{
    (void)state;
    for (unsigned from = 0; from < GONG_INCIDENT_STATES; from++) {
        for (unsigned event = 0; event < GONG_INCIDENT_EVENTS; event++) {
            for (int sticky = 0; sticky < 2; sticky++) {
                struct gong_incident_step step = gong_incident_next(
                    (enum gong_incident_state)from,
                    (enum gong_incident_event)event, sticky != 0);
                char text[16];
                const char *expected =
                    sticky && from == GONG_INCIDENT_ACKNOWLEDGED &&
                            event == GONG_INCIDENT_CLIMB
                        ? "An"
                        : table[from][event];

                write_step(text, (enum gong_incident_state)from, &step);
                if (strcmp(text, expected) != 0) {
                    fail_msg("%s + %s%s: %s, not %s",
                             gong_incident_state_text(
                                 (enum gong_incident_state)from),
                             gong_incident_event_text(
                                 (enum gong_incident_event)event),
                             sticky ? " sticky" : "", text, expected);
                }
            }
        }
    }
}

/* What holds of any table that makes sense. */
static void
no_cell_breaks_sense(void **state)
{
    (void)state;
    for (unsigned from = 0; from < GONG_INCIDENT_STATES; from++) {
        for (unsigned event = 0; event < GONG_INCIDENT_EVENTS; event++) {
            struct gong_incident_step step =
                gong_incident_next((enum gong_incident_state)from,
                                   (enum gong_incident_event)event, false);
            bool open = step.next == GONG_INCIDENT_OPEN ||
                        step.next == GONG_INCIDENT_ACKNOWLEDGED;

            assert_true(step.opens ==
                        (from == GONG_INCIDENT_NONE && step.taken));
            assert_true(!step.ends || !open);
            assert_true(!step.escalates || open);
            assert_true(step.next != GONG_INCIDENT_NONE || !step.taken);
            assert_true(step.taken ||
                        !(step.news || step.drops_ack || step.overdue));
            /* An end is news, and only an open one ends. */
            assert_true(!step.ends || step.news);
        }
    }
    assert_string_equal(gong_incident_state_text(GONG_INCIDENT_CLOSED),
                        "closed");
    assert_string_equal(gong_incident_event_text(GONG_INCIDENT_ESCALATE),
                        "escalate");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell),
        cmocka_unit_test(no_cell_breaks_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
