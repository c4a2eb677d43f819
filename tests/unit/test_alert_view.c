/* Alerts as Prometheus lists them: two states, and what is unknown is said
 * beside them. */
#include "agent/decide/alert_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "engine_fixture.h"

#define BEGIN INT64_C(1760000000000)

static const struct rule_spec specs[] = {
    {.alert = "Hot",
     .expr = "lamp_temp > 70",
     .on_missing = GONG_ON_MISSING_UNKNOWN,
     .lookback_ms = 10000},
    {.alert = "Slow", .expr = "lamp_temp > 70", .for_ms = 600000},
};

static void
forget(void *ctx, const struct gong_effect *effect)
{
    (void)ctx;
    (void)effect;
}

static json_t *
look(struct gong_engine *engine)
{
    struct gong_alert_view *view = gong_alert_view_new(engine);
    json_t *answer = json_loadb(view->json, view->len, 0, NULL);
    json_t *alerts =
        json_incref(json_object_get(json_object_get(answer, "data"), "alerts"));

    json_decref(answer);
    gong_alert_view_release(view);
    return alerts;
}

static const char *
state_of(const json_t *alerts, size_t i)
{
    return json_string_value(
        json_object_get(json_array_get(alerts, i), "state"));
}

static void
what_is_unknown_fires(void **state)
{
    struct gong_ruleset *set = make_rules(specs, 2);
    struct gong_engine *engine = gong_engine_new(NULL, forget, NULL);
    struct text payload = {0};
    struct gong_record record;
    json_t *alerts;

    (void)state;
    assert_int_equal(gong_engine_set_rules(engine, set, 0, BEGIN, NULL),
                     GONG_OK);
    record = data_record(&payload, BEGIN, "22015", "lamp-1",
                         "lamp temp=90 1760000000000\n");
    assert_int_equal(gong_engine_apply(engine, &record), GONG_OK);
    alerts = look(engine);
    assert_int_equal(json_array_size(alerts), 2);
    assert_string_equal(state_of(alerts, 0), "firing");
    assert_null(json_object_get(json_array_get(alerts, 0), "unknown"));
    assert_string_equal(state_of(alerts, 1), "pending");
    json_decref(alerts);
    for (int64_t second = 1; second <= 20; second++) {
        record = clock_record(BEGIN + second * 1000);
        assert_int_equal(gong_engine_apply(engine, &record), GONG_OK);
    }
    alerts = look(engine);
    assert_string_equal(state_of(alerts, 0), "firing");
    assert_true(
        json_is_true(json_object_get(json_array_get(alerts, 0), "unknown")));
    json_decref(alerts);
    gong_engine_free(engine);
    gong_ruleset_free(set);
    text_free(&payload);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_unknown_fires),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
