/* The API over a real desk and a real city model: no stand-ins. */
#include "agent/api/api_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/api/api_city.h"
#include "agent/api/api_private.h"
#include "desk_life.h"

#define OURS "/api/gong/v1"
#define WAIT 2000 /* looks, 5 ms apart */

struct world {
    struct desk_life life;
    struct gong_api_desk_reader *reader;
    struct gong_api_city_model *city;
    struct gong_api *api;
    struct gong_api_answer answer;
};

static struct planned planned;

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct gong_api_options options = {0};
    char why[256] = "";

    assert_non_null(world);
    planned_init(&planned, "");
    desk_life_init(&world->life, &planned_kind, &planned);
    desk_life_open(&world->life);
    desk_life_start(&world->life);
    if (gong_api_desk_open(world->life.files.path, world->life.desk,
                           &world->reader, why, sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    world->city = gong_api_city_open(world->life.model);
    assert_non_null(world->city);
    options.desk = gong_api_desk_of(world->reader);
    options.city = gong_api_city_of(world->city);
    world->api = gong_api_new(&options);
    assert_non_null(world->api);
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;

    free(world->answer.body);
    gong_api_free(world->api);
    gong_api_city_close(world->city);
    gong_api_desk_close(world->reader);
    desk_life_stop(&world->life);
    desk_life_fini(&world->life);
    free(world);
    return 0;
}

/* path may end with one ?name=value. */
static unsigned
ask(struct world *world, const char *method, const char *path, const char *body)
{
    char own[128], *name, *value;
    struct gong_api_request request = {
        .method = method,
        .path = own,
        .authorization = "",
        .cookie = "",
        .csrf = "",
        .last_event_id = "",
        .content_type = "application/json",
        .body = gong_str_of(body == NULL ? "" : body),
        .peer = GONG_API_PEER_LOCAL,
        .peer_trusted = true,
        .address = "local:0",
        .network = "local:0",
    };

    (void)snprintf(own, sizeof own, "%s", path);
    name = strchr(own, '?');
    value = name == NULL ? NULL : strchr(name, '=');
    if (value != NULL) {
        *name++ = *value++ = '\0';
        request.query[request.query_count++] =
            (struct gong_api_pair){name, value};
    }
    free(world->answer.body);
    world->answer = (struct gong_api_answer){0};
    gong_api_ask(world->api, &request, gong_floor_ms(gong_wall_now().ns),
                 &world->answer);
    return world->answer.status;
}

/* Until the desk has come so far. */
static void
wait_for(struct world *world, const char *path, const char *part)
{
    for (int i = 0; i < WAIT; i++) {
        if (ask(world, "GET", path, NULL) == 200 &&
            strstr(world->answer.body, part) != NULL) {
            return;
        }
        gong_clock_sleep(gong_dur_ms(5));
    }
    fail_msg("%s: \"%s\" is not in %s", path, part, world->answer.body);
}

static void
an_incident_from_firing_to_its_outcome(void **state)
{
    struct world *world = *state;
    char path[96];

    desk_life_fire(&world->life, "gauge");
    wait_for(world, OURS "/incidents", "\"number\":1");
    wait_for(world, OURS "/incidents/1", "\"unit\":\"22015\"");
    wait_for(world, OURS "/incidents/1", "\"reason\":\"");
    wait_for(world, OURS "/incidents/1", "\"decided\":");
    assert_int_equal(
        ask(world, "POST", OURS "/incidents/1/acknowledge",
            "{\"comment\":\"đã rõ\",\"sticky\":true,\"owner\":\"lan\","
            "\"until\":4102419600000}"),
        200);
    wait_for(world, OURS "/incidents/1",
             "\"text\":\"đã rõ [owner=\\\"lan\\\" "
             "until=2100-01-01T00:00:00+07:00 sticky]\"");
    assert_int_equal(ask(world, "GET", OURS "/incidents/1", NULL), 200);
    assert_non_null(strstr(world->answer.body, "\"state\":\"acknowledged\""));
    assert_non_null(strstr(world->answer.body, "\"acked_by\":\"local:0\""));
    assert_non_null(strstr(world->answer.body, "\"event\":\"acknowledge\""));
    assert_non_null(strstr(world->answer.body, "\"deliveries\":["));
    gong_clock_sleep(gong_dur_ms(2));
    (void)snprintf(path, sizeof path, OURS "/incidents?changed=%lld",
                   (long long)gong_floor_ms(gong_wall_now().ns));
    assert_int_equal(ask(world, "GET", path, NULL), 200);
    assert_non_null(strstr(world->answer.body, "\"incidents\":[]"));
    assert_int_equal(
        ask(world, "POST", OURS "/incidents/9/comment", "{\"comment\":\"x\"}"),
        404);
    desk_life_over(&world->life, "gauge");
    wait_for(world, OURS "/incidents/1", "\"state\":\"ended\"");
    /* What ended since then, whenever it was opened. */
    assert_int_equal(ask(world, "GET", path, NULL), 200);
    assert_non_null(strstr(world->answer.body, "\"number\":1,"));
    assert_int_equal(ask(world, "POST", OURS "/incidents/1/acknowledge", "{}"),
                     409);
    assert_int_equal(ask(world, "POST", OURS "/incidents/1/outcome",
                         "{\"verdict\":\"real\",\"cause\":\"mưa\","
                         "\"cost\":1500000}"),
                     200);
    wait_for(world, OURS "/incidents/1", "\"state\":\"closed\"");
    wait_for(world, OURS "/incidents/1", "\"cause\":\"mưa\"");
    wait_for(world, OURS "/incidents/1", "\"cost\":1500000");
    wait_for(world, OURS "/incidents/1",
             "\"text\":\"[verdict=real cost=1500000 cause=\\\"mưa\\\"]\"");
}

/* A silence of a day; body without its end. */
static unsigned
ask_until(struct world *world, const char *body)
{
    char text[512];

    (void)snprintf(text, sizeof text, "%s,\"until\":%lld}", body,
                   (long long)gong_floor_ms(gong_wall_now().ns) + 86400000);
    return ask(world, "POST", OURS "/silences", text);
}

static void
silences_are_made_listed_and_ended(void **state)
{
    struct world *world = *state;

    assert_int_equal(
        ask_until(world,
                  "{\"matchers\":[{\"name\":\"unit\",\"value\":\"22015\"},"
                  "{\"name\":\"text\",\"value\":\"a \\\"b\\\\c\","
                  "\"isEqual\":false}]"),
        200);
    assert_non_null(strstr(world->answer.body, "\"number\":1"));
    wait_for(world, OURS "/silences", "\"number\":1");
    wait_for(world, OURS "/silences",
             "unit=\\\"22015\\\",text!=\\\"a \\\\\\\"b\\\\\\\\c\\\"");
    assert_int_equal(ask_until(world,
                               "{\"matchers\":[{\"name\":\"a\",\"value\":\"(\","
                               "\"isRegex\":true}]"),
                     409);
    assert_int_equal(ask(world, "DELETE", OURS "/silences/1", NULL), 200);
    wait_for(world, OURS "/silences", "\"silences\":[]");
}

static void
the_city_is_the_models(void **state)
{
    struct world *world = *state;
    struct gong_api_city city = gong_api_city_of(world->city);

    assert_true(city.tree.under(city.tree.ctx, gong_str_of("22015"),
                                gong_str_of("66")));
    assert_false(city.tree.under(city.tree.ctx, gong_str_of("66"),
                                 gong_str_of("22015")));
    assert_false(city.tree.under(city.tree.ctx, gong_str_of("nowhere"),
                                 gong_str_of("66")));
    assert_int_equal(ask(world, "GET", OURS "/units", NULL), 200);
    assert_non_null(strstr(world->answer.body, "\"code\":\"22015\""));
    assert_non_null(strstr(world->answer.body, "\"parent\":\"66\""));
    assert_int_equal(ask(world, "GET", OURS "/devices", NULL), 200);
}

struct seen {
    size_t count;
    uint64_t last;
    size_t enough;
};

static bool
see(void *arg, const struct gong_desk_incident *incident)
{
    struct seen *seen = arg;

    seen->count++;
    seen->last = incident->number;
    return seen->enough == 0 || seen->count < seen->enough;
}

/* What one question costs is bounded, and it says where to go on. */
static void
incidents_are_filtered_by_the_desk(void **state)
{
    static const char *const here[] = {"22015"}, *const there[] = {"66"};
    static const struct {
        struct gong_api_incident_query query;
        size_t enough, count;
        uint64_t next;
    } rows[] = {
        {{.rows_max = 10}, 0, 3, 0},
        {{.rows_max = 2}, 0, 2, 2},
        {{.rows_max = 2, .before = 2}, 0, 1, 0},
        {{.rows_max = 10}, 1, 1, 0},
        {{.rows_max = 10, .open_only = true}, 0, 3, 0},
        {{.rows_max = 10, .units = here, .unit_count = 1}, 0, 3, 0},
        {{.rows_max = 10, .units = there, .unit_count = 1}, 0, 0, 0},
        {{.rows_max = 10, .units = there}, 0, 0, 0},
        {{.rows_max = 10, .since_ms = INT64_MAX}, 0, 0, 0},
    };
    struct world *world = *state;
    struct gong_api_desk desk = gong_api_desk_of(world->reader);

    desk_life_fire(&world->life, "gauge");
    desk_life_fire(&world->life, "pump");
    desk_life_fire(&world->life, "siren");
    wait_for(world, OURS "/incidents", "\"number\":3");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct seen seen = {.enough = rows[i].enough};
        uint64_t next = 99;

        assert_int_equal(
            desk.incidents(desk.ctx, &rows[i].query, see, &seen, &next),
            GONG_OK);
        if (seen.count != rows[i].count || next != rows[i].next) {
            fail_msg("row %zu: %zu, next %d", i, seen.count, (int)next);
        }
    }
}

static void
codes_are_those_of_a_unit_and_all_below(void **state)
{
    struct world *world = *state;
    struct gong_api_city city = gong_api_city_of(world->city);
    json_t *codes = city.codes(city.ctx, gong_str_of("66"));
    char *text = json_dumps(codes, JSON_COMPACT);

    assert_string_equal(text, "[\"66\",\"22015\",\"66\"]");
    free(text);
    json_decref(codes);
    codes = city.codes(city.ctx, gong_str_of("nowhere"));
    text = json_dumps(codes, JSON_COMPACT);
    assert_string_equal(text, "[\"nowhere\"]");
    free(text);
    json_decref(codes);
}

/* A unit downstream is told of the gauge above it: the lists look there too. */
static void
a_device_concerns_the_units_that_it_affects(void **state)
{
    static const char text[] =
        "model = \"m\";\n"
        "units = ( { code = \"66\"; name = \"a\"; kind = \"province\"; },\n"
        "  { code = \"22015\"; name = \"b\"; kind = \"ward\"; parent = \"66\"; "
        "},\n"
        "  { code = \"22018\"; name = \"c\"; kind = \"ward\"; parent = \"66\"; "
        "});\n"
        "devices = ( { unit = \"22015\"; name = \"gauge\"; label = \"g\";\n"
        "  affects = [\"22018\"]; } );\n";
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("city", gong_str_of(text), &errors);
    const struct gong_conf *files[] = {conf};
    struct gong_model *model = gong_model_read(files, 1, &errors);
    struct gong_api_city_model *opened = gong_api_city_open(model);
    struct gong_api_city city = gong_api_city_of(opened);
    struct gong_str site = gong_str_of("22015"), gauge = gong_str_of("gauge");
    json_t *codes;
    char *found;

    (void)state;
    if (errors.count > 0) {
        fail_msg("%s", errors.items[0]);
    }
    assert_true(
        city.tree.affects(city.tree.ctx, site, gauge, gong_str_of("22018")));
    assert_true(
        city.tree.affects(city.tree.ctx, site, gauge, gong_str_of("66")));
    assert_false(city.tree.affects(city.tree.ctx, site, gauge, site));
    assert_false(city.tree.affects(city.tree.ctx, site, gong_str_of("pump"),
                                   gong_str_of("22018")));
    codes = city.codes(city.ctx, gong_str_of("22018"));
    found = json_dumps(codes, JSON_COMPACT);
    assert_string_equal(found, "[\"22015\",\"22018\",\"22018\"]");
    free(found);
    json_decref(codes);
    gong_api_city_close(opened);
    gong_model_free(model);
    gong_conf_close(conf);
}

/* The API says the sentence of the mail: with names and levels of the model. */
static void
an_incident_says_what_messages_say(void **state)
{
    static const char text[] =
        "model = \"m\";\n"
        "units = ( { code = \"66\"; kind = \"province\"; name = \"Đắk Lắk\"; "
        "} );\n"
        "devices = ( { unit = \"66\"; name = \"gauge\"; label = \"Củng Sơn\"; "
        "params = { level3 = 34.5; }; } );\n";
    static const struct gong_label_view labels[] = {
        {{"device", 6}, {"gauge", 5}},
        {{"site", 4}, {"66", 2}},
        {{"unit", 4}, {"66", 2}},
    };
    static const char summary[] =
        "Củng Sơn 40.31 m[[, trên báo động {level:roman} "
        "{value-param_level#:2} m]][[, {trend:+2} m/giờ]]";
    const struct gong_label_view annotations[] = {
        {gong_str_of("summary"), gong_str_of(summary)},
        {gong_str_of("trend"), gong_str_of("0.42")},
    };
    const struct gong_desk_incident incident = {
        .number = 1,
        .state = GONG_INCIDENT_OPEN,
        .alert = GONG_ALERT_FIRING,
        .severity = GONG_SEVERITY_CRITICAL,
        .level = 3,
        .value = 40.31,
        .labels = labels,
        .label_count = 3,
        .annotations = annotations,
        .annotation_count = 2,
    };
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("m.cfg", gong_str_of(text), &errors);
    const struct gong_conf *files[] = {conf};
    struct gong_model *model = gong_model_read(files, 1, &errors);
    struct gong_api_city_model *opened = gong_api_city_open(model);
    struct gong_api_city city = gong_api_city_of(opened);
    json_t *shown;

    (void)state;
    assert_non_null(model);
    shown = gong_api_incident_json(&city, &incident);
    assert_string_equal(
        json_string_value(json_object_get(shown, "summary")),
        "Củng Sơn 40,31 m, trên báo động III 5,81 m, tăng 0,42 m/giờ");
    assert_string_equal(json_string_value(json_object_get(shown, "unit_name")),
                        "Đắk Lắk");
    assert_string_equal(
        json_string_value(json_object_get(shown, "device_name")), "Củng Sơn");
    json_decref(shown);
    gong_api_city_close(opened);
    gong_model_free(model);
    gong_conf_close(conf);
    gong_conf_errors_fini(&errors);
}

/* By code, by name, or with what is near. */
static void
a_unit_is_found_by_what_people_call_it(void **state)
{
    static const char text[] =
        "model = \"m\";\n"
        "units = ( { code = \"66\"; kind = \"province\"; name = \"Đắk Lắk\"; },"
        "{ code = \"22015\"; kind = \"commune\"; name = \"Xã Sơn Hoà\"; "
        "parent = \"66\"; },"
        "{ code = \"22018\"; kind = \"commune\"; name = \"Xã Hai\"; "
        "parent = \"66\"; },"
        "{ code = \"22019\"; kind = \"commune\"; name = \"Xã Hai\"; "
        "parent = \"66\"; } );\n";
    static const struct {
        const char *text;
        const char *code; /* NULL: none */
        const char *near;
    } rows[] = {
        {"22015", "22015", ""},
        {"Xã Sơn Hoà", "22015", ""},
        {"Xã Hai", NULL, "22018 (Xã Hai)"},
        {"22051", NULL, "22015 (Xã Sơn Hoà)"},
        {"2205", NULL, "22015 (Xã Sơn Hoà)"},
        {"nowhere at all", NULL, ""},
    };
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("m.cfg", gong_str_of(text), &errors);
    const struct gong_conf *files[] = {conf};
    struct gong_model *model = gong_model_read(files, 1, &errors);
    struct gong_api_city_model *opened = gong_api_city_open(model);
    struct gong_api_city city = gong_api_city_of(opened);

    (void)state;
    if (model == NULL) {
        fail_msg("%s", errors.items[0]);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char code[GONG_GRANT_UNIT_SIZE], near[256] = "";

        (void)snprintf(code, sizeof code, "%s", rows[i].text);
        assert_int_equal(city.find(city.ctx, gong_str_of(rows[i].text), code,
                                   near, sizeof near),
                         rows[i].code != NULL);
        if (rows[i].code != NULL) {
            assert_string_equal(code, rows[i].code);
        }
        if (strstr(near, rows[i].near) == NULL) {
            fail_msg("%s: %s", rows[i].text, near);
        }
    }
    gong_api_city_close(opened);
    gong_model_free(model);
    gong_conf_close(conf);
    gong_conf_errors_fini(&errors);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(an_incident_from_firing_to_its_outcome),
        T(silences_are_made_listed_and_ended),
        T(the_city_is_the_models),
        cmocka_unit_test(an_incident_says_what_messages_say),
        cmocka_unit_test(a_unit_is_found_by_what_people_call_it),
        cmocka_unit_test(a_device_concerns_the_units_that_it_affects),
        T(incidents_are_filtered_by_the_desk),
        T(codes_are_those_of_a_unit_and_all_below),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
