/* Unit tests of agent/store/store_alert.c: the point, and the state of every
 * pair of states. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/store/store_alert.h"
#include "agent/store/store_batch.h"
#include "sink_fixture.h"

static const struct sink_alert firing = {
    .name = "LampHot",
    .device = "lamp-1",
    .from = GONG_ALERT_PENDING,
    .to = GONG_ALERT_FIRING,
    .at_ms = SINK_ARRIVAL_MS + 500,
    .value = 71.5,
};

#define TAGS                                                                   \
    "gong_alert,alertname=LampHot,device=lamp-1,fingerprint=00c0ffee12345678," \
    "reason=condition,"                                                        \
    "rule=lamps/hot,severity=critical,site=22015,state="

static void
check(const struct sink_alert *alert, const char *expected)
{
    json_t *effect = sinks_alert(alert);
    struct gong_buffer buffer = {0};
    struct gong_lp_losses losses = {0};
    struct gong_lp_dialect dialect =
        gong_store_dialect(GONG_STORE_VICTORIAMETRICS);

    assert_int_equal(
        gong_store_alert_encode(effect, &dialect, &buffer, &losses), GONG_OK);
    assert_int_equal(gong_buffer_append(&buffer, "", 1), GONG_OK);
    assert_string_equal(buffer.data, expected);
    gong_buffer_fini(&buffer);
    json_decref(effect);
}

static void
golden(void **state)
{
    struct sink_alert alert = firing;

    (void)state;
    check(&alert, TAGS "firing value=71.5,since=1760000000000i,state_code=2i "
                       "1760000000500000000\n");
    alert.value = NAN; /* left out */
    check(&alert, TAGS "firing since=1760000000000i,state_code=2i "
                       "1760000000500000000\n");
    alert.value = 2;
    alert.from = GONG_ALERT_KEEPING;
    alert.to = GONG_ALERT_INACTIVE;
    check(&alert, TAGS "resolved value=2,since=1760000000000i,state_code=0i "
                       "1760000000500000000\n");
}

static void
levels_and_trials_are_points_too(void **state)
{
    struct sink_alert alert = firing;
    json_t *effect = sinks_alert(&alert);
    struct gong_buffer buffer = {0};
    struct gong_lp_losses losses = {0};
    struct gong_lp_dialect dialect =
        gong_store_dialect(GONG_STORE_VICTORIAMETRICS);

    (void)state;
    assert_int_equal(json_object_set_new(effect, "level", json_integer(2)), 0);
    assert_int_equal(
        json_object_set_new(effect, "reason", json_string("level")), 0);
    assert_int_equal(json_object_set_new(effect, "trial", json_true()), 0);
    assert_int_equal(
        gong_store_alert_encode(effect, &dialect, &buffer, &losses), GONG_OK);
    assert_int_equal(gong_buffer_append(&buffer, "", 1), GONG_OK);
    assert_string_equal(
        buffer.data,
        "gong_alert,alertname=LampHot,device=lamp-1,"
        "fingerprint=00c0ffee12345678,reason=level,rule=lamps/hot,"
        "severity=critical,site=22015,state=firing,trial=true value=71.5,"
        "since=1760000000000i,state_code=2i,level=2i 1760000000500000000\n");
    gong_buffer_fini(&buffer);
    json_decref(effect);
}

static void
every_transition(void **state)
{
    static const char *const after[] = {
        [GONG_ALERT_PENDING] = "pending",
        [GONG_ALERT_FIRING] = "firing",
        [GONG_ALERT_KEEPING] = "keeping",
        [GONG_ALERT_UNKNOWN] = "unknown",
    };

    (void)state;
    for (int from = 0; from <= GONG_ALERT_UNKNOWN; from++) {
        for (int to = 0; to <= GONG_ALERT_UNKNOWN; to++) {
            struct sink_alert alert = firing;
            const char *expected = after[to];
            json_t *effect;

            alert.from = from;
            alert.to = to;
            effect = sinks_alert(&alert);
            if (to == GONG_ALERT_INACTIVE) {
                expected = from >= GONG_ALERT_FIRING ? "resolved" : "inactive";
            }
            assert_string_equal(gong_store_alert_state(effect), expected);
            json_decref(effect);
        }
    }
}

static void
empty_labels_give_no_tags(void **state)
{
    struct sink_alert alert = firing;
    json_t *effect = sinks_alert(&alert);
    struct gong_buffer buffer = {0};
    struct gong_lp_losses losses = {0};
    struct gong_lp_dialect dialect = gong_store_dialect(GONG_STORE_INFLUXDB1);

    (void)state;
    assert_int_equal(json_object_clear(json_object_get(effect, "labels")), 0);
    assert_int_equal(
        gong_store_alert_encode(effect, &dialect, &buffer, &losses), GONG_OK);
    assert_int_equal(gong_buffer_append(&buffer, "", 1), GONG_OK);
    assert_null(strstr(buffer.data, "site="));
    assert_null(strstr(buffer.data, "severity="));
    assert_non_null(strstr(buffer.data, ",alertname=LampHot,fingerprint="));
    gong_buffer_fini(&buffer);
    json_decref(effect);
}

static void
absurd_instants_are_refused(void **state)
{
    static const int64_t instants[] = {-1, INT64_MAX, INT64_MIN,
                                       INT64_MAX / GONG_NS_PER_MS + 1};
    struct gong_lp_dialect dialect = gong_store_dialect(GONG_STORE_INFLUXDB1);

    (void)state;
    for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++) {
        struct sink_alert alert = firing;
        struct gong_buffer buffer = {0};
        struct gong_lp_losses losses = {0};
        json_t *effect;

        alert.at_ms = instants[i];
        effect = sinks_alert(&alert);
        assert_int_equal(
            gong_store_alert_encode(effect, &dialect, &buffer, &losses),
            GONG_ERR_INVALID);
        assert_int_equal(buffer.len, 0);
        gong_buffer_fini(&buffer);
        json_decref(effect);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(levels_and_trials_are_points_too),
        cmocka_unit_test(every_transition),
        cmocka_unit_test(empty_labels_give_no_tags),
        cmocka_unit_test(absurd_instants_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
