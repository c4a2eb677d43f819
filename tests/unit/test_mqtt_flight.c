/* Unit tests of common/mqtt_flight.c: one answer per publish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/mqtt_flight.h"

static int answers[100];
static int good;

static void
note(void *ctx, uint64_t tag, bool ok)
{
    assert_ptr_equal(ctx, answers);
    answers[tag]++;
    good += ok;
}

/* Late answers fall flat, and no tag is told twice. */
static void
answers_once(void **state)
{
    static struct gong_mqtt_flight flight;
    struct gong_mqtt_handlers handlers = {.ctx = answers, .published = note};
    struct gong_mqtt_slot *first = NULL;
    struct gong_mqtt_slot *second = NULL;
    struct gong_mqtt_slot *third = NULL;
    struct gong_monitor monitor;

    (void)state;
    assert_int_equal(gong_monitor_init(&monitor), GONG_OK);
    gong_mqtt_flight_init(&flight, &monitor, &handlers);
    assert_int_equal(gong_mqtt_flight_take(&flight, 5, &first), GONG_OK);
    assert_int_equal(gong_mqtt_flight_take(&flight, 6, &second), GONG_OK);
    assert_int_equal(gong_mqtt_flight_take(&flight, 7, &third), GONG_OK);
    gong_mqtt_flight_release(third);
    gong_mqtt_flight_finish(first, true);
    gong_mqtt_flight_finish(first, true);
    gong_mqtt_flight_fail_all(&flight);
    gong_mqtt_flight_finish(second, true);
    assert_int_equal(answers[5], 1);
    assert_int_equal(answers[6], 1);
    assert_int_equal(answers[7], 0);
    assert_int_equal(good, 1);
    gong_monitor_fini(&monitor);
}

static void
full_table_refuses(void **state)
{
    static struct gong_mqtt_flight flight;
    struct gong_mqtt_handlers handlers = {.ctx = NULL};
    struct gong_mqtt_slot *slot = NULL;
    struct gong_monitor monitor;

    (void)state;
    assert_int_equal(gong_monitor_init(&monitor), GONG_OK);
    gong_mqtt_flight_init(&flight, &monitor, &handlers);
    for (uint64_t i = 0; i < GONG_MQTT_IN_FLIGHT_MAX; i++) {
        assert_int_equal(gong_mqtt_flight_take(&flight, i, &slot), GONG_OK);
    }
    assert_int_equal(gong_mqtt_flight_take(&flight, 99, &slot), GONG_ERR_AGAIN);
    gong_mqtt_flight_finish(&flight.slots[3], true);
    assert_int_equal(gong_mqtt_flight_take(&flight, 99, &slot), GONG_OK);
    assert_ptr_equal(slot, &flight.slots[3]);
    gong_mqtt_flight_fail_all(&flight);
    gong_monitor_fini(&monitor);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_once),
        cmocka_unit_test(full_table_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
