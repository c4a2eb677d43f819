/* The endpoints that answer as Prometheus does, over a history made here. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/history/history_file.h"
#include "api_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FORM         "application/x-www-form-urlencoded"
#define EVERY        15000
#define SAMPLES      41 /* the last of them now */

/* --- a history --- */

static const struct {
    const char *labels[8]; /* name, value .. */
    double first, step;
} series[] = {
    {{"__name__", "city:load"}, 0.5, 0},
    {{"__name__", "lamp_temp", "device", "lamp-1", "site", "22015"}, 10, 1},
    {{"__name__", "lamp_temp", "device", "lamp-2", "site", "22018"}, 100, 1},
    {{"__name__", "lamp_temp", "device", "lamp-3", "site", "22018", "unit",
      "22019"},
     1000,
     1},
    {{"__name__", "up", "device", "lamp-1", "site", "22015"}, 1, 0},
};

static void
put_series(struct gong_history_file *file, size_t i)
{
    struct gong_label_view labels[4];
    struct gong_sample samples[SAMPLES];
    size_t count = 0;
    uint32_t number = 0;

    for (; count < 4 && series[i].labels[2 * count] != NULL; count++) {
        labels[count].name = gong_str_of(series[i].labels[2 * count]);
        labels[count].value = gong_str_of(series[i].labels[2 * count + 1]);
    }
    for (size_t j = 0; j < SAMPLES; j++) {
        samples[j] =
            (struct gong_sample){API_NOW - (int64_t)(SAMPLES - 1 - j) * EVERY,
                                 series[i].first + series[i].step * (double)j};
    }
    assert_int_equal(gong_history_file_series(file, labels, count, &number),
                     GONG_OK);
    assert_int_equal(gong_history_file_put(file, number, samples, SAMPLES),
                     GONG_OK);
}

static int
setup(void **state)
{
    static char path[128];
    struct api_world *world;
    struct gong_history_file *file = NULL;
    char why[256] = "";

    assert_int_equal(api_setup(state), 0);
    world = *state;
    (void)snprintf(path, sizeof path, "%s/history.db", world->dir);
    if (gong_history_file_open(path, &file, why, sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    assert_int_equal(gong_history_file_begin(file), GONG_OK);
    for (size_t i = 0; i < COUNT(series); i++) {
        put_series(file, i);
    }
    assert_int_equal(
        gong_history_file_commit(file, &(struct gong_history_place){0}),
        GONG_OK);
    gong_history_file_close(file);
    world->options.history.path = path;
    world->options.history.query = gong_history_query;
    api_renew(world);
    return 0;
}

/* --- asking --- */

static void
expect(struct api_world *world, const char *path, unsigned status,
       const char *body)
{
    unsigned found = api_get(world, path);

    if (found != status || strcmp(world->answer.body, body) != 0) {
        fail_msg("%s: %u %s\nexpected %u %s", path, found, world->answer.body,
                 status, body);
    }
    assert_string_equal(world->answer.type, "application/json");
}

static void
post(struct api_world *world, const char *path, const char *body,
     const char *type, unsigned status)
{
    unsigned found = api_ask(
        world, &(struct api_ask){
                   .method = "POST", .path = path, .body = body, .type = type});

    if (found != status) {
        fail_msg("%s %s: %u %s", path, body, found, world->answer.body);
    }
}

static const char *
text(const struct api_world *world, const char *name)
{
    const char *value = json_string_value(json_object_get(world->json, name));

    return value == NULL ? "" : value;
}

#define SUCCESS(data) "{\"status\":\"success\",\"data\":" data "}"

static void
queries_at_an_instant(void **state)
{
    struct api_world *world = *state;

    expect(
        world, "/api/v1/query?query=1+1", 200,
        SUCCESS("{\"resultType\":\"scalar\",\"result\":[1760000000,\"2\"]}"));
    expect(world, "/api/v1/query?query=lamp_temp{device=\"lamp-1\"}", 200,
           SUCCESS("{\"resultType\":\"vector\",\"result\":[{\"metric\":{"
                   "\"__name__\":\"lamp_temp\",\"device\":\"lamp-1\",\"site\":"
                   "\"22015\"},\"value\":[1760000000,\"50\"]}]}"));
    expect(world, "/api/v1/query?query=sum(lamp_temp)&time=1759999970.000", 200,
           SUCCESS("{\"resultType\":\"vector\",\"result\":[{\"metric\":{},"
                   "\"value\":[1759999970,\"1224\"]}]}"));
    expect(world,
           "/api/v1/query?query=city:load[30s]&time=2025-10-09T08:53:20Z", 200,
           SUCCESS("{\"resultType\":\"matrix\",\"result\":[{\"metric\":{"
                   "\"__name__\":\"city:load\"},\"values\":[[1759999970,"
                   "\"0.5\"],[1759999985,\"0.5\"],[1760000000,\"0.5\"]]}]}"));
    /* Samples have an exponent from here on, scalars have none. */
    expect(world, "/api/v1/query?query=1e21", 200,
           SUCCESS("{\"resultType\":\"scalar\",\"result\":[1760000000,"
                   "\"1000000000000000000000\"]}"));
    expect(world, "/api/v1/query?query=vector(1e21)", 200,
           SUCCESS("{\"resultType\":\"vector\",\"result\":[{\"metric\":{},"
                   "\"value\":[1760000000,\"1e+21\"]}]}"));
    expect(world, "/api/v1/query?query=nothing", 200,
           SUCCESS("{\"resultType\":\"vector\",\"result\":[]}"));
    /* What Grafana's test of a data source asks. */
    expect(world, "/api/v1/query?query=1+1&time=4", 200,
           SUCCESS("{\"resultType\":\"scalar\",\"result\":[4,\"2\"]}"));
}

static void
queries_over_a_range(void **state)
{
    struct api_world *world = *state;
    static const char answer[] =
        SUCCESS("{\"resultType\":\"matrix\",\"result\":[{\"metric\":{"
                "\"site\":\"22015\"},\"values\":[[1759999940,\"46\"],["
                "1759999970,\"48\"],[1760000000,\"50\"]]}]}");

    expect(world,
           "/api/v1/query_range?query=max by (site) "
           "(lamp_temp{site=\"22015\"})&start=1759999940&end=1760000000&"
           "step=30",
           200, answer);
    post(world, "/api/v1/query_range",
         "query=max+by+(site)+(lamp_temp%7Bsite%3D%2222015%22%7D)&start="
         "2025-10-09T08:52:20Z&end=1760000000.000&step=30s",
         FORM, 200);
    assert_string_equal(world->answer.body, answer);
    /* The form counts before the query. */
    post(world, "/api/v1/query_range?step=1&query=up",
         "query=max+by+(site)+(lamp_temp%7Bsite%3D%2222015%22%7D)&start="
         "1759999940&end=1760000000&step=30",
         FORM "; charset=utf-8", 200);
    assert_string_equal(world->answer.body, answer);
}

static void
what_is_wrong_is_said_as_prometheus_does(void **state)
{
    static const struct {
        const char *path;
        unsigned status;
        const char *type, *says;
    } cases[] = {
        {"/api/v1/query", 400, "bad_data", "expected"},
        {"/api/v1/query?query=sum(", 400, "bad_data",
         "invalid parameter \"query\": 1:5: found"},
        {"/api/v1/query?query=sum(\nup + )", 400, "bad_data", ": 2:6: found"},
        {"/api/v1/query?query=up&time=x", 400, "bad_data",
         "invalid parameter \"time\": cannot parse \"x\" to a valid timestamp"},
        {"/api/v1/query?query=up&timeout=x", 400, "bad_data", "\"timeout\""},
        {"/api/v1/query?query=up&timeout=0", 400, "bad_data", "\"timeout\""},
        {"/api/v1/query?query=up&limit=-1", 400, "bad_data", "\"limit\""},
        {"/api/v1/query?query=up&tme=1", 400, "bad_data",
         "There is no such parameter: tme"},
        {"/api/v1/query?query=lamp_temp*on()lamp_temp", 422, "execution", ""},
        {"/api/v1/query_range?query=up", 400, "bad_data", "\"start\""},
        {"/api/v1/query_range?query=up&start=1", 400, "bad_data", "\"end\""},
        {"/api/v1/query_range?query=up&start=1&end=2", 400, "bad_data",
         "\"step\""},
        {"/api/v1/query_range?query=up&start=1&end=2&step=0", 400, "bad_data",
         "\"step\""},
        {"/api/v1/query_range?query=up&start=1&end=2&step=-1", 400, "bad_data",
         "\"step\""},
        {"/api/v1/query_range?query=up&start=2&end=1&step=1", 400, "bad_data",
         "must not be before start"},
        {"/api/v1/query_range?query=up&start=0&end=11001&step=1", 400,
         "bad_data", "exceeded maximum resolution of 11,000 points"},
        {"/api/v1/query_range?query=up[5m]&start=1&end=2&step=1", 400,
         "bad_data", ""},
        {"/api/v1/series", 400, "bad_data", "no match[] parameter provided"},
        {"/api/v1/series?match[]=up[5m]", 400, "bad_data", "\"match[]\""},
        {"/api/v1/series?match[]=up offset 1m", 400, "bad_data", "match[]"},
        {"/api/v1/series?match[]=1", 400, "bad_data", "match[]"},
        {"/api/v1/series?match[]={}", 400, "bad_data", "match[]"},
        {"/api/v1/series?match[]=up&start=2&end=1", 400, "bad_data", "before"},
        {"/api/v1/labels?start=x", 400, "bad_data", "\"start\""},
        {"/api/v1/label/1x/values", 400, "bad_data", "invalid label name"},
        {"/api/v1/label/a-b/values", 400, "bad_data", "invalid label name"},
        {"/api/v1/metadata?limit=x", 400, "bad_data", "\"limit\""},
        {"/api/v1/metadata?limit_per_metric=x", 400, "bad_data", "limit_per"},
        {"/api/v1/status/buildinfo?x=1", 400, "bad_data", "no such parameter"},
    };
    struct api_world *world = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned status = api_get(world, cases[i].path);

        if (status != cases[i].status ||
            strcmp(text(world, "status"), "error") != 0 ||
            strcmp(text(world, "errorType"), cases[i].type) != 0 ||
            strstr(text(world, "error"), cases[i].says) == NULL) {
            fail_msg("%s: %u %s", cases[i].path, status, world->answer.body);
        }
    }
}

/* Whatever comes, the answer is JSON (api_ask reads it) and says no. */
static void
hostile_bytes_are_refused(void **state)
{
    static const char *const values[] = {
        "\xff\xfe",
        "\x01\x1b[31m",
        "{a=\"\xff\"}",
        "\"\xc3",
        "up{",
        "(((",
        "{__name__=~\"(a+)+\"}[",
        "label_replace(up,\"\xff\",\"\",\"\",\"\")",
    };
    static const char *const names[] = {
        "/api/v1/query?query=",
        "/api/v1/query?query=up&time=",
        "/api/v1/query_range?start=1&end=2&step=1&query=",
        "/api/v1/series?match[]=",
        "/api/v1/labels?match[]=",
        "/api/v1/label/site/values?match[]=",
        "/api/v1/metadata?limit=",
    };
    struct api_world *world = *state;

    for (size_t i = 0; i < COUNT(names); i++) {
        for (size_t j = 0; j < COUNT(values); j++) {
            char path[256];
            unsigned status;

            (void)snprintf(path, sizeof path, "%s%s", names[i], values[j]);
            status = api_get(world, path);
            if (status != 400 && status != 422 &&
                strstr(path, "a=\"") == NULL) {
                fail_msg("%s: %u %s", path, status, world->answer.body);
            }
        }
    }
}

static void
forms_that_are_none(void **state)
{
    struct api_world *world = *state;

    post(world, "/api/v1/query", "query=%zz", FORM, 400);
    assert_string_equal(text(world, "errorType"), "bad_data");
    post(world, "/api/v1/query", "{\"query\":\"up\"}", "application/json", 400);
    assert_string_equal(text(world, "errorType"), "bad_data");
    post(world, "/api/v1/query", "1&2&3&4&5&6&7&8&9&a&b&c&d&e&f&g&h", FORM,
         400);
    assert_non_null(strstr(text(world, "error"), "too many parameters"));
    /* With those of the query they are too many. */
    post(world, "/api/v1/series?match[]=up&match[]=up",
         "match[]=up&match[]=up&match[]=up&match[]=up&match[]=up&match[]=up&"
         "match[]=up&match[]=up&match[]=up&match[]=up&match[]=up&match[]=up&"
         "match[]=up&match[]=up&match[]=up",
         FORM, 400);
    assert_non_null(strstr(text(world, "error"), "too many parameters"));
    /* Without one those of the query are enough. */
    post(world, "/api/v1/query?query=1", "", FORM, 200);
}

/* --- which series there are --- */

#define LAMP(n, site)                                                          \
    "{\"__name__\":\"lamp_temp\",\"device\":\"lamp-" n "\",\"site\":\"" site   \
    "\"}"
#define LAMP3                                                                  \
    "{\"__name__\":\"lamp_temp\",\"device\":\"lamp-3\",\"site\":\"22018\","    \
    "\"unit\":\"22019\"}"
#define UP "{\"__name__\":\"up\",\"device\":\"lamp-1\",\"site\":\"22015\"}"

static void
series_that_selectors_take(void **state)
{
    struct api_world *world = *state;

    expect(world, "/api/v1/series?match[]=lamp_temp{site=\"22018\"}", 200,
           SUCCESS("[" LAMP("2", "22018") "," LAMP3 "]"));
    /* Each once, whichever takes it. */
    expect(world, "/api/v1/series?match[]=up&match[]={site=\"22015\"}", 200,
           SUCCESS("[" LAMP("1", "22015") "," UP "]"));
    expect(world, "/api/v1/series?match[]=up&start=1759999000&end=1760000001",
           200, SUCCESS("[" UP "]"));
    expect(world, "/api/v1/series?match[]=up&start=1&end=2", 200,
           SUCCESS("[]"));
    /* As promtool says "of any time". */
    expect(world,
           "/api/v1/series?match[]=up&start=-9223309901257974.775&end="
           "9223309901257974.775",
           200, SUCCESS("[" UP "]"));
    expect(world,
           "/api/v1/series?match[]=up&start=-292273086-05-16T16:47:06Z&end="
           "292277025-08-18T07:12:54.999999999Z",
           200, SUCCESS("[" UP "]"));
    assert_int_equal(api_get(world, "/api/v1/series?match[]=lamp_temp&limit=1"),
                     200);
    assert_int_equal(json_array_size(json_object_get(world->json, "data")), 1);
    assert_non_null(strstr(world->answer.body, "truncated"));
    post(world, "/api/v1/series", "match%5B%5D=up", FORM, 200);
    assert_string_equal(world->answer.body, SUCCESS("[" UP "]"));
}

static void
labels_and_their_values(void **state)
{
    struct api_world *world = *state;

    expect(world, "/api/v1/labels", 200,
           SUCCESS("[\"__name__\",\"device\",\"site\",\"unit\"]"));
    expect(world, "/api/v1/labels?match[]=up", 200,
           SUCCESS("[\"__name__\",\"device\",\"site\"]"));
    expect(world, "/api/v1/labels?match[]=up&start=1&end=2", 200,
           SUCCESS("[]"));
    expect(world, "/api/v1/label/__name__/values", 200,
           SUCCESS("[\"city:load\",\"lamp_temp\",\"up\"]"));
    expect(world, "/api/v1/label/device/values?match[]={site=\"22018\"}", 200,
           SUCCESS("[\"lamp-2\",\"lamp-3\"]"));
    expect(world, "/api/v1/label/nothing/values", 200, SUCCESS("[]"));
    expect(world, "/api/v1/label/device/values?limit=2", 200,
           "{\"status\":\"success\",\"data\":[\"lamp-1\",\"lamp-2\"],"
           "\"warnings\":[\"chỉ có 2 mục đầu | results truncated due to "
           "limit\"]}");
    post(world, "/api/v1/labels", "start=1759990000&end=1760000000", FORM, 200);
    assert_string_equal(world->answer.body,
                        SUCCESS("[\"__name__\",\"device\",\"site\",\"unit\"]"));
}

static void
what_is_known_of_metrics(void **state)
{
    struct api_world *world = *state;
    json_t *data;

    assert_int_equal(api_get(world, "/api/v1/metadata"), 200);
    data = json_object_get(world->json, "data");
    assert_int_equal(json_object_size(data), 3);
    assert_string_equal(
        json_string_value(json_object_get(
            json_array_get(json_object_get(data, "lamp_temp"), 0), "type")),
        "unknown");
    assert_string_equal(
        json_string_value(json_object_get(
            json_array_get(json_object_get(data, "up"), 0), "type")),
        "gauge");
    expect(world, "/api/v1/metadata?metric=lamp_temp", 200,
           SUCCESS("{\"lamp_temp\":[{\"type\":\"unknown\",\"help\":\"\","
                   "\"unit\":\"\"}]}"));
    expect(world, "/api/v1/metadata?limit=1&limit_per_metric=1", 200,
           SUCCESS("{\"city:load\":[{\"type\":\"unknown\",\"help\":\"\","
                   "\"unit\":\"\"}]}"));
    expect(world, "/api/v1/query_exemplars?query=up&start=1&end=2", 200,
           SUCCESS("[]"));
    assert_int_equal(api_get(world, "/api/v1/status/buildinfo"), 200);
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(world->json, "data"), "version")),
                        "2.42.0");
}

/* --- who sees what --- */

static void
each_sees_their_own(void **state)
{
    static const struct {
        const char *path;
        const char *all, *own, *below, *beside; /* *, 22015, 66, 22019 */
    } cases[] = {
        {"/api/v1/query?query=count(lamp_temp)", "\"3\"", "\"1\"", "\"2\"",
         "\"1\""},
        {"/api/v1/query?query=sum(lamp_temp)", "\"1230\"", "\"50\"", "\"190\"",
         "\"1040\""},
        {"/api/v1/query?query=sum(city:load)", "\"0.5\"", "\"result\":[]",
         "\"result\":[]", "\"result\":[]"},
        {"/api/v1/query_range?query=sum(lamp_temp)&start=1760000000&end="
         "1760000000&step=1",
         "\"1230\"", "\"50\"", "\"190\"", "\"1040\""},
        {"/api/v1/query?query=absent(up)", "\"result\":[]", "\"result\":[]",
         "\"result\":[]", "\"1\""},
        {"/api/v1/series?match[]={__name__=~\".+\"}", "city:load",
         "[" LAMP("1", "22015") "," UP "]",
         "[" LAMP("1", "22015") "," LAMP("2", "22018") "," UP "]",
         "[" LAMP3 "]"},
        {"/api/v1/labels", "[\"__name__\",\"device\",\"site\",\"unit\"]",
         "[\"__name__\",\"device\",\"site\"]",
         "[\"__name__\",\"device\",\"site\"]",
         "[\"__name__\",\"device\",\"site\",\"unit\"]"},
        {"/api/v1/label/device/values", "[\"lamp-1\",\"lamp-2\",\"lamp-3\"]",
         "[\"lamp-1\"]", "[\"lamp-1\",\"lamp-2\"]", "[\"lamp-3\"]"},
        {"/api/v1/label/__name__/values?match[]={__name__!=\"\"}",
         "[\"city:load\",\"lamp_temp\",\"up\"]", "[\"lamp_temp\",\"up\"]",
         "[\"lamp_temp\",\"up\"]", "[\"lamp_temp\"]"},
        {"/api/v1/label/site/values?start=1759990000&end=1760000000",
         "[\"22015\",\"22018\"]", "[\"22015\"]", "[\"22015\",\"22018\"]",
         "[\"22018\"]"},
        {"/api/v1/metadata", "{\"city:load\"", "{\"lamp_temp\"",
         "{\"lamp_temp\"", "{\"lamp_temp\""},
    };
    static const char *const units[] = {"*", "22015", "66", "22019"};
    struct api_world *world = *state;

    for (size_t u = 0; u < COUNT(units); u++) {
        char token[GONG_USER_TOKEN_SIZE];

        api_login(world, api_add_user(world, "viewer", units[u]), token);
        for (size_t i = 0; i < COUNT(cases); i++) {
            const char *const expected[] = {cases[i].all, cases[i].own,
                                            cases[i].below, cases[i].beside};
            unsigned status =
                api_ask(world, &(struct api_ask){.method = "GET",
                                                 .path = cases[i].path,
                                                 .bearer = token});

            if (status != 200 ||
                strstr(world->answer.body, expected[u]) == NULL) {
                fail_msg("%s as %s: %u %s, expected %s", cases[i].path,
                         units[u], status, world->answer.body, expected[u]);
            }
        }
    }
}

/* --- limits --- */

static struct {
    enum gong_err err;
    uint32_t series, samples;
    struct gong_history_remarks remarks;
    const char *type;
    struct gong_history_query_limits limits;
    unsigned asked;
} told;

static enum gong_err
fill(struct gong_answer *answer)
{
    enum gong_err err = GONG_OK;

    answer->type = GONG_VALUE_MATRIX;
    answer->memory = gong_eval_memory_new();
    answer->order = calloc(told.series + 1, sizeof *answer->order);
    assert_non_null(answer->memory);
    assert_non_null(answer->order);
    for (uint32_t i = 0; i < told.series && err == GONG_OK; i++) {
        char name[16];
        struct gong_label_view label = {gong_str_of("n"), {name, 0}};

        (void)snprintf(name, sizeof name, "%" PRIu32, i);
        label.value = gong_str_of(name);
        err = gong_eval_memory_series(answer->memory, &label, 1,
                                      &answer->order[answer->count]);
        for (uint32_t j = 0; j < told.samples && err == GONG_OK; j++) {
            err = gong_eval_memory_append(answer->memory,
                                          answer->order[answer->count], j, 1);
        }
        answer->count++;
    }
    return err;
}

static enum gong_err
tell(const struct gong_history_question *question, struct gong_answer *answer,
     struct gong_history_remarks *remarks, struct gong_query_error *error)
{
    told.asked++;
    told.limits = *question->limits;
    *remarks = told.remarks;
    if (told.err != GONG_OK) {
        error->type = told.type;
        (void)snprintf(error->detail.message, sizeof error->detail.message,
                       "it went wrong");
        return told.err;
    }
    return fill(answer);
}

static int
setup_told(void **state)
{
    struct api_world *world;

    assert_int_equal(setup(state), 0);
    world = *state;
    memset(&told, 0, sizeof told);
    told.series = 2;
    told.samples = 2;
    world->options.history.query = tell;
    world->options.history.limits.timeout = gong_dur_s(30);
    api_renew(world);
    return 0;
}

static void
an_answer_that_is_too_large_is_an_error(void **state)
{
    struct api_world *world = *state;

    told.series = 3;
    told.samples = 500000;
    assert_int_equal(api_get(world, "/api/v1/query?query=up"), 422);
    assert_string_equal(text(world, "errorType"), "execution");
    assert_non_null(strstr(text(world, "error"), "too large"));
    /* Of what is left there is not too much. */
    assert_int_equal(api_get(world, "/api/v1/query?query=up&limit=1"), 200);
    assert_non_null(strstr(world->answer.body, "truncated"));
}

static void
remarks_are_warnings(void **state)
{
    static const struct {
        struct gong_history_remarks remarks;
        const char *says[2];
        size_t count;
    } cases[] = {
        {{0, 0, 0}, {"", ""}, 0},
        {{1U << GONG_RESOLUTION_RAW, 0, 0}, {"", ""}, 0},
        {{1U << GONG_RESOLUTION_5M, 0, 0}, {"computed from roll-ups", ""}, 1},
        {{1U << GONG_RESOLUTION_5M, 1U << GONG_RESOLUTION_5M, 0},
         {"roll-ups of 5 min", ""},
         1},
        {{6, 6, 7}, {"roll-ups of 1 h", "7 damaged chunks"}, 2},
        {{1, 0, 1}, {"1 damaged chunks", ""}, 1},
    };
    struct api_world *world = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        const json_t *warnings;

        told.remarks = cases[i].remarks;
        assert_int_equal(api_get(world, "/api/v1/query?query=up"), 200);
        warnings = json_object_get(world->json, "warnings");
        assert_int_equal(json_array_size(warnings), cases[i].count);
        assert_non_null(json_object_get(world->json, "data"));
        for (size_t j = 0; j < cases[i].count; j++) {
            assert_non_null(
                strstr(json_string_value(json_array_get(warnings, j)),
                       cases[i].says[j]));
        }
    }
}

static void
errors_have_their_status(void **state)
{
    static const struct {
        const char *type;
        unsigned status;
    } cases[] = {
        {"bad_data", 400}, {"execution", 422}, {"timeout", 503},
        {"canceled", 503}, {"internal", 500},
    };
    struct api_world *world = *state;

    told.err = GONG_ERR_INVALID;
    for (size_t i = 0; i < COUNT(cases); i++) {
        told.type = cases[i].type;
        assert_int_equal(api_get(world, "/api/v1/query?query=up"),
                         cases[i].status);
        assert_string_equal(text(world, "errorType"), cases[i].type);
        assert_non_null(strstr(text(world, "error"), "it went wrong"));
    }
    /* Whatever the query was doing when memory ended. */
    told.err = GONG_ERR_MEMORY;
    told.type = "bad_data";
    assert_int_equal(api_get(world, "/api/v1/query?query=up"), 503);
    assert_string_equal(text(world, "errorType"), "unavailable");
}

static void
time_is_bounded(void **state)
{
    struct api_world *world = *state;
    atomic_bool gone = true;
    gong_mono_t now = gong_mono_now();
    struct api_ask ask = {.method = "GET", .path = "/api/v1/query?query=up"};

    assert_int_equal(api_ask(world, &ask), 200);
    assert_true(told.limits.timeout.ns > gong_dur_s(1).ns &&
                told.limits.timeout.ns <= gong_dur_s(30).ns);
    ask.path = "/api/v1/query?query=up&timeout=1h";
    assert_int_equal(api_ask(world, &ask), 200);
    assert_true(told.limits.timeout.ns <= gong_dur_s(30).ns);
    ask.path = "/api/v1/query?query=up&timeout=1s";
    assert_int_equal(api_ask(world, &ask), 200);
    assert_true(told.limits.timeout.ns <= gong_dur_s(1).ns);
    assert_int_equal(told.asked, 3);
    /* It waited for a worker as long as it might take. */
    ask.path = "/api/v1/query?query=up";
    ask.came = (gong_mono_t){now.ns - gong_dur_s(30).ns};
    assert_int_equal(api_ask(world, &ask), 503);
    assert_string_equal(text(world, "errorType"), "timeout");
    ask.path = "/api/v1/labels";
    assert_int_equal(api_ask(world, &ask), 503);
    assert_string_equal(text(world, "errorType"), "timeout");
    /* Nobody waits any more. */
    ask.came = (gong_mono_t){0};
    ask.cancelled = &gone;
    assert_int_equal(api_ask(world, &ask), 503);
    assert_string_equal(text(world, "errorType"), "canceled");
    assert_int_equal(told.asked, 3);
}

static void
what_came_of_questions_is_counted(void **state)
{
    struct api_world *world = *state;
    struct gong_counters *counters = gong_counters_new();
    const gong_counter_t *well, *wrong;

    assert_non_null(counters);
    world->options.counters = counters;
    api_renew(world);
    well = gong_counter_add(counters, GONG_COUNTER, "gong_api_queries_total",
                            "", "result=\"success\"");
    wrong = gong_counter_add(counters, GONG_COUNTER, "gong_api_queries_total",
                             "", "result=\"bad_data\"");
    (void)api_get(world, "/api/v1/query?query=up");
    (void)api_get(world, "/api/v1/query?query=up&x=1");
    (void)api_get(world, "/api/v1/labels");
    assert_int_equal(gong_counter_get(well), 2);
    assert_int_equal(gong_counter_get(wrong), 1);
    world->options.counters = NULL;
    api_renew(world);
    gong_counters_free(counters);
}

static void
without_a_history_it_is_unavailable(void **state)
{
    static const char *const paths[] = {
        "/api/v1/query?query=1",
        "/api/v1/query_range?query=1&start=1&end=2&step=1",
        "/api/v1/series?match[]=up",
        "/api/v1/labels",
        "/api/v1/label/site/values",
        "/api/v1/metadata",
    };
    struct api_world *world = *state;

    world->options.history.path = NULL;
    api_renew(world);
    for (size_t i = 0; i < COUNT(paths); i++) {
        assert_int_equal(api_get(world, paths[i]), 503);
        assert_string_equal(text(world, "errorType"), "unavailable");
        assert_non_null(strstr(text(world, "error"), "history.on"));
    }
    assert_int_equal(api_get(world, "/api/v1/status/buildinfo"), 200);
    world->options.history.path = "/nowhere/history.db";
    api_renew(world);
    for (size_t i = 1; i < COUNT(paths); i++) {
        assert_int_equal(api_get(world, paths[i]), 500);
        assert_string_equal(text(world, "errorType"), "internal");
    }
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, api_teardown)
#define TOLD(name)                                                             \
    cmocka_unit_test_setup_teardown(name, setup_told, api_teardown)
    const struct CMUnitTest tests[] = {
        T(queries_at_an_instant),
        T(queries_over_a_range),
        T(what_is_wrong_is_said_as_prometheus_does),
        T(hostile_bytes_are_refused),
        T(forms_that_are_none),
        T(series_that_selectors_take),
        T(labels_and_their_values),
        T(what_is_known_of_metrics),
        T(each_sees_their_own),
        TOLD(an_answer_that_is_too_large_is_an_error),
        TOLD(remarks_are_warnings),
        TOLD(errors_have_their_status),
        TOLD(time_is_bounded),
        T(what_came_of_questions_is_counted),
        T(without_a_history_it_is_unavailable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
