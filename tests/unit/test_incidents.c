#include "agent/decide/incidents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define KEYS 500

static struct gong_incident_key
key(uint64_t n)
{
    return (struct gong_incident_key){n % 7, n * UINT64_C(0x100000000)};
}

static void
set(struct gong_incidents *table, uint64_t n, enum gong_alert_state state)
{
    assert_int_equal(gong_incidents_set(table, key(n), state, n), GONG_OK);
}

static void
an_empty_table_knows_nothing(void **state)
{
    struct gong_incidents table = {0};

    (void)state;
    assert_null(gong_incidents_find(&table, key(1)));
    set(&table, 1, GONG_ALERT_INACTIVE);
    assert_int_equal(table.count, 0);
    gong_incidents_fini(&table);
}

/* Against a plain array, with many keys whose homes lie together. */
static void
it_is_what_was_set_last(void **state)
{
    struct gong_incidents table = {0};
    enum gong_alert_state model[KEYS] = {GONG_ALERT_INACTIVE};
    uint64_t dice = 1;
    size_t count = 0;

    (void)state;
    for (int step = 0; step < 20000; step++) {
        size_t n;

        dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
        n = (size_t)(dice >> 33) % KEYS;
        model[n] = (enum gong_alert_state)((dice >> 60) % 3);
        set(&table, n, model[n]);
    }
    for (size_t n = 0; n < KEYS; n++) {
        const struct gong_incident *incident =
            gong_incidents_find(&table, key(n));

        assert_int_equal(
            incident == NULL ? GONG_ALERT_INACTIVE : incident->state, model[n]);
        assert_true(incident == NULL || incident->offset == n);
        count += incident != NULL;
    }
    assert_int_equal(table.count, count);
    gong_incidents_fini(&table);
}

static void
a_rule_is_known_by_its_id(void **state)
{
    (void)state;
    assert_true(gong_incident_rule("") == UINT64_C(0xcbf29ce484222325));
    assert_true(gong_incident_rule("a") == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(gong_incident_rule("g/A") != gong_incident_rule("g/B"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_knows_nothing),
        cmocka_unit_test(it_is_what_was_set_last),
        cmocka_unit_test(a_rule_is_known_by_its_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
