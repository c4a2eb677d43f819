#include "agent/api/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/api/api_private.h"
#include "api_fixture.h"
#include "rules/desk/desk_config.h"
#include "rules/engine/promql_error.h"

#define OURS "/api/gong/v1"

static void
holds(const struct api_world *world, const char *part)
{
    if (world->answer.body == NULL ||
        strstr(world->answer.body, part) == NULL) {
        fail_msg("\"%s\" is not in %u: %s", part, world->answer.status,
                 world->answer.body == NULL ? "" : world->answer.body);
    }
}

static const char *
header_of(const struct api_world *world, const char *name)
{
    for (size_t i = 0; i < world->answer.header_count; i++) {
        if (strcmp(world->answer.headers[i].name, name) == 0) {
            return world->answer.headers[i].value;
        }
    }
    return "";
}

static unsigned
post(struct api_world *world, const char *path, const char *body,
     const char *bearer)
{
    return api_ask(world, &(struct api_ask){
                              .method = "POST",
                              .path = path,
                              .body = body,
                              .bearer = bearer,
                              .peer = bearer == NULL ? GONG_API_PEER_LOCAL
                                                     : GONG_API_PEER_BEYOND});
}

/* --- before there is a user --- */

static void
without_users_this_machine_reads_and_nobody_else(void **state)
{
    struct api_world *world = *state;
    struct api_ask ask = {.method = "GET",
                          .path = OURS "/incidents",
                          .peer = GONG_API_PEER_LOOPBACK};

    assert_int_equal(api_ask(world, &ask), 200);
    ask.peer = GONG_API_PEER_BEYOND;
    assert_int_equal(api_ask(world, &ask), 403);
    holds(world, "gongctl users add");
    ask = (struct api_ask){.method = "POST",
                           .path = OURS "/incidents/1/acknowledge",
                           .body = "{}",
                           .peer = GONG_API_PEER_LOOPBACK};
    assert_int_equal(api_ask(world, &ask), 401);
    assert_int_equal(world->acts, 0);
    /* The first user comes over the local socket only. */
    ask = (struct api_ask){
        .method = "POST",
        .path = OURS "/users",
        .body = "{\"name\":\"lan\",\"password\":\"" API_PASSWORD
                "\",\"grants\":[{\"role\":\"admin\",\"unit\":\"*\"}]}",
        .peer = GONG_API_PEER_LOOPBACK};
    assert_int_equal(api_ask(world, &ask), 401);
    ask.peer = GONG_API_PEER_BEYOND;
    assert_int_equal(api_ask(world, &ask), 403);
    ask.peer = GONG_API_PEER_LOCAL;
    ask.untrusted = true;
    assert_int_equal(api_ask(world, &ask), 403);
    ask.untrusted = false;
    assert_int_equal(api_ask(world, &ask), 201);
    /* From then on nobody reads without a login. */
    ask = (struct api_ask){.method = "GET",
                           .path = OURS "/incidents",
                           .peer = GONG_API_PEER_LOOPBACK};
    assert_int_equal(api_ask(world, &ask), 401);
    assert_string_equal(header_of(world, "WWW-Authenticate"),
                        "Bearer realm=\"gong\"");
}

/* --- login --- */

static const char *
cookie_of(const struct api_world *world, char out[128])
{
    const char *set = header_of(world, "Set-Cookie");

    assert_true(strncmp(set, "__Host-gong=gs_", 15) == 0);
    (void)snprintf(out, 128, "a=b; %.*s; c=d", (int)strcspn(set, ";"), set);
    return out;
}

static void
a_cookie_needs_its_csrf_token(void **state)
{
    struct api_world *world = *state;
    char cookie[128], csrf[GONG_USER_CSRF_SIZE];
    struct api_ask ask = {.method = "POST",
                          .path = OURS "/incidents/1/acknowledge",
                          .body = "{}",
                          .peer = GONG_API_PEER_BEYOND};

    (void)api_add_user(world, "operator", "22015");
    assert_int_equal(post(world, OURS "/login",
                          "{\"user\":\"operator.22015\",\"password\":"
                          "\"" API_PASSWORD "\"}",
                          NULL),
                     200);
    assert_non_null(strstr(header_of(world, "Set-Cookie"), "; Secure;"));
    assert_non_null(strstr(header_of(world, "Set-Cookie"), "; HttpOnly;"));
    assert_non_null(
        strstr(header_of(world, "Set-Cookie"), "; SameSite=Strict"));
    assert_null(json_object_get(world->json, "token"));
    (void)snprintf(csrf, sizeof csrf, "%s",
                   json_string_value(json_object_get(world->json, "csrf")));
    assert_int_equal(strlen(csrf), 64);
    ask.cookie = cookie_of(world, cookie);
    assert_int_equal(api_ask(world, &ask), 403);
    ask.csrf = "0";
    assert_int_equal(api_ask(world, &ask), 403);
    assert_int_equal(world->acts, 0);
    ask.csrf = csrf;
    assert_int_equal(api_ask(world, &ask), 200);
    assert_int_equal(world->acts, 1);
    ask = (struct api_ask){.method = "GET",
                           .path = OURS "/session",
                           .cookie = cookie,
                           .peer = GONG_API_PEER_BEYOND};
    assert_int_equal(api_ask(world, &ask), 200);
    holds(world, csrf);
    /* The cookie's token is no bearer. */
    ask.cookie = NULL;
    ask.bearer = strstr(cookie, "gs_");
    cookie[strlen(cookie) - 5] = '\0';
    assert_int_equal(api_ask(world, &ask), 401);
    ask = (struct api_ask){.method = "POST",
                           .path = OURS "/logout",
                           .cookie = cookie,
                           .csrf = csrf,
                           .peer = GONG_API_PEER_BEYOND};
    assert_int_equal(api_ask(world, &ask), 200);
    assert_non_null(strstr(header_of(world, "Set-Cookie"), "Max-Age=0"));
    ask.method = "GET";
    ask.path = OURS "/session";
    assert_int_equal(api_ask(world, &ask), 401);
}

static void
wrong_passwords_wait_longer_and_longer(void **state)
{
    static const char wrong[] =
        "{\"user\":\"viewer.22015\",\"password\":\"sai sai sai\"}";
    static const char right[] =
        "{\"user\":\"viewer.22015\",\"password\":\"" API_PASSWORD
        "\",\"cookie\":false}";
    struct api_world *world = *state;

    (void)api_add_user(world, "viewer", "22015");
    for (int i = 0; i < GONG_LOGIN_LIMIT_FREE; i++) {
        assert_int_equal(post(world, OURS "/login", wrong, NULL), 401);
    }
    assert_int_equal(post(world, OURS "/login", right, NULL), 429);
    assert_string_equal(header_of(world, "Retry-After"), "1");
    world->now_ms += 1000;
    assert_int_equal(post(world, OURS "/login", wrong, NULL), 401);
    world->now_ms += 1000;
    assert_int_equal(post(world, OURS "/login", right, NULL), 429);
    world->now_ms += 1000;
    assert_int_equal(post(world, OURS "/login", right, NULL), 200);
    assert_true(
        strncmp(json_string_value(json_object_get(world->json, "token")), "gs_",
                3) == 0);
    assert_string_equal(header_of(world, "Set-Cookie"), "");
    assert_int_equal(post(world, OURS "/login",
                          "{\"user\":\"\\u0000\",\"password\":\"x\"}", NULL),
                     400);
}

static void
ones_own_password(void **state)
{
    struct api_world *world = *state;
    char token[GONG_USER_TOKEN_SIZE];
    struct api_ask ask = {.method = "PUT",
                          .path = OURS "/session/password",
                          .body = "{\"old\":\"sai\",\"new\":\"mat khau moi\"}",
                          .bearer = token,
                          .peer = GONG_API_PEER_BEYOND};

    api_login(world, api_add_user(world, "viewer", "22015"), token);
    assert_int_equal(api_ask(world, &ask), 401);
    ask.body = "{\"old\":\"" API_PASSWORD "\",\"new\":\"ngan\"}";
    assert_int_equal(api_ask(world, &ask), 400);
    ask.body = "{\"old\":\"" API_PASSWORD "\",\"new\":\"mat khau moi\"}";
    assert_int_equal(api_ask(world, &ask), 200);
    assert_int_equal(api_ask(world, &ask), 401);
}

/* --- bodies --- */

/* Remarks have lines wherever they are shown; nothing else has. */
static void
answers_are_as_their_schemas_say(void **state)
{
    static const struct {
        const char *path;
        const struct gong_api_schema *schema;
    } cases[] = {
        {OURS "/incidents", &gong_api_incidents_answer},
        {OURS "/incidents/1", &gong_api_incident_answer},
        {OURS "/silences", &gong_api_silences_answer},
        {OURS "/audit", &gong_api_audit_answer},
        {OURS "/incidents?o\x1b[2Jpen=1", &gong_api_problem_answer},
        {OURS "/incidents/x\ny", &gong_api_problem_answer},
    };
    struct api_world *world = *state;
    char why[256] = "";

    assert_int_equal(post(world, OURS "/incidents/1/comment",
                          "{\"comment\":\"a\\nb\"}", NULL),
                     200);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)api_get(world, cases[i].path);
        if (!gong_api_check(world->json, cases[i].schema, why, sizeof why)) {
            fail_msg("%s: %s: %s", cases[i].path, why, world->answer.body);
        }
    }
}

static void
what_a_body_may_be(void **state)
{
    static const struct {
        const char *body, *detail;
        unsigned status;
    } cases[] = {
        {"{}", NULL, 200},
        {"", "line 1", 400},
        {"[]", "no object", 400},
        {"{\"comment\":1}", "comment", 400},
        {"{\"comment\":\"a\",\"comment\":\"b\"}", "duplicate", 400},
        {"{\"coment\":\"a\"}",
         "no such field, expected one of: comment, owner, until, sticky", 400},
        {"{\"until\":1.5}", "until", 400},
        {"{\"until\":\"1\"}", "until", 400},
        {"{\"sticky\":1}", "sticky", 400},
        {"{\"comment\":\"a\\nb\"}", NULL, 200},
        {"{\"owner\":\"a\\nb\"}", "control", 400},
        {"{\"comment\":\"\\u001b[31m\"}", "control", 400},
        {"{\"comment\":\"\\u202e\"}", "control", 400},
        {"{\"comment\":\"\xff\"}", "line 1", 400},
        {"{\"comment\":\"\xc0\xaf\"}", "line 1", 400},
        {"{\"comment\":\"\xed\xa0\x80\"}", "line 1", 400},
        {"{\"comment\":\"a\"} x", "line 1", 400},
        {"{\"comment\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}", "deeper", 400},
        {"{\"comment\":\"[[[[[[[[[[[[[[[[[[[[[\"}", NULL, 200},
        {"{\"until\":99999999999999999999}", "line 1", 400},
    };
    struct api_world *world = *state;
    char large[5000] = "{\"comment\":\"";

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned status =
            post(world, OURS "/incidents/1/acknowledge", cases[i].body, NULL);

        if (status != cases[i].status ||
            (cases[i].detail != NULL &&
             strstr(world->answer.body, cases[i].detail) == NULL)) {
            fail_msg("%s: %u %s", cases[i].body, status, world->answer.body);
        }
        if (status == 400) {
            assert_string_equal(world->answer.type, "application/problem+json");
        }
    }
    memset(large + 12, 'a', 4097);
    memcpy(large + 12 + 4097, "\"}", 3);
    assert_int_equal(post(world, OURS "/incidents/1/comment", large, NULL),
                     400);
    holds(world, "at most 4096 bytes");
    assert_int_equal(
        api_ask(world, &(struct api_ask){.method = "POST",
                                         .path = OURS "/incidents/1/comment",
                                         .body = "{}",
                                         .type = "text/plain"}),
        415);
}

static void
what_a_path_may_be(void **state)
{
    static const struct {
        const char *method, *path;
        unsigned status;
    } cases[] = {
        {"GET", OURS "/incidents/1", 200},
        {"HEAD", OURS "/incidents/1", 200},
        {"GET", OURS "/incidents/9", 404},
        {"GET", OURS "/incidents/0", 404},
        {"GET", OURS "/incidents/-1", 404},
        {"GET", OURS "/incidents/1x", 404},
        {"GET", OURS "/incidents/99999999999999999999", 404},
        {"GET", OURS "/incidents/1/", 404},
        {"GET", OURS "/incidents//", 404},
        {"GET", OURS "/incidents/", 404},
        {"GET", "", 404},
        {"GET", "//", 404},
        {"GET", OURS "/incidents?befor=1", 400},
        {"GET", OURS "/incidents?before=x", 400},
        {"GET", OURS "/session?a=b", 400},
        {"DELETE", OURS "/incidents/1", 405},
        {"TRACE", OURS "/login", 405},
        {"GET", OURS "/users/none", 404},
        {"GET", OURS "/users/%00", 404},
    };
    struct api_world *world = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned status =
            api_ask(world, &(struct api_ask){.method = cases[i].method,
                                             .path = cases[i].path});

        if (status != cases[i].status) {
            fail_msg("%s %s: %u %s", cases[i].method, cases[i].path, status,
                     world->answer.body);
        }
    }
    assert_int_equal(
        api_ask(world,
                &(struct api_ask){.method = "PUT", .path = OURS "/silences"}),
        405);
    assert_string_equal(header_of(world, "Allow"), "GET, POST");
}

/* --- incidents and acts --- */

static void
lists_hold_what_may_be_seen(void **state)
{
    static const char *const lists[] = {"/api/v1/rules", OURS "/units",
                                        OURS "/devices", OURS "/incidents",
                                        OURS "/ledger"};
    struct api_world *world = *state;
    char token[GONG_USER_TOKEN_SIZE];
    struct api_ask ask = {
        .method = "GET", .bearer = token, .peer = GONG_API_PEER_BEYOND};

    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(api_get(world, lists[i]), 200);
        holds(world, "22015");
        if (strstr(lists[i], "units") == NULL) {
            holds(world, "22018");
        }
    }
    api_login(world, api_add_user(world, "viewer", "22015"), token);
    for (size_t i = 0; i < 5; i++) {
        ask.path = lists[i];
        assert_int_equal(api_ask(world, &ask), 200);
        holds(world, "22015");
        /* A device of theirs may name whom it affects. */
        if (strstr(lists[i], "devices") == NULL) {
            assert_null(strstr(world->answer.body, "22018"));
        }
        assert_null(strstr(world->answer.body, "\"gw\""));
    }
    ask.path = OURS "/incidents";
    assert_int_equal(api_ask(world, &ask), 200);
    assert_int_equal(json_array_size(json_object_get(world->json, "incidents")),
                     1);
    ask.path = OURS "/silences";
    assert_int_equal(api_ask(world, &ask), 200);
    assert_int_equal(json_array_size(json_object_get(world->json, "silences")),
                     2);
}

static void
incidents_by_page_and_by_what_is_wanted(void **state)
{
    struct api_world *world = *state;

    assert_int_equal(api_get(world, OURS "/incidents?limit=2"), 200);
    assert_int_equal(json_array_size(json_object_get(world->json, "incidents")),
                     2);
    assert_int_equal(json_integer_value(json_object_get(world->json, "next")),
                     2);
    assert_int_equal(api_get(world, OURS "/incidents?limit=2&before=2"), 200);
    assert_int_equal(json_array_size(json_object_get(world->json, "incidents")),
                     1);
    assert_true(json_is_null(json_object_get(world->json, "next")));
    assert_int_equal(api_get(world, OURS "/incidents?unit=66"), 200);
    assert_int_equal(json_array_size(json_object_get(world->json, "incidents")),
                     2);
    assert_int_equal(api_get(world, OURS "/incidents?severity=info,warning"),
                     200);
    assert_int_equal(json_array_size(json_object_get(world->json, "incidents")),
                     0);
    assert_int_equal(api_get(world, OURS "/incidents?severity=info,critical"),
                     200);
    assert_int_equal(json_array_size(json_object_get(world->json, "incidents")),
                     3);
    assert_int_equal(api_get(world, OURS "/incidents?owner=lan"), 200);
    assert_int_equal(json_array_size(json_object_get(world->json, "incidents")),
                     0);
    assert_int_equal(api_get(world, OURS "/incidents/1"), 200);
    holds(world, "\"history\":[{\"at\":1760000000000,\"event\":\"fire\","
                 "\"by\":\"\",\"text\":\"40,31 m\"}]");
    holds(world, "\"value\":\"40.31\"");
}

#define DIGEST                                                                 \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define D10  "đđđđđđđđđđ"
#define D100 D10 D10 D10 D10 D10 D10 D10 D10 D10 D10

/* Whether a silence that was made holds an alert of a site and a unit. */
static bool
holds_alert(const char *act, const char *site, const char *unit)
{
    const struct gong_label_view labels[] = {
        {gong_str_of("site"), gong_str_of(site)},
        {gong_str_of("unit"), gong_str_of(unit)},
    };
    const char *begin = strstr(act, "matchers=") + strlen("matchers=");
    struct gong_expr_error error;
    struct gong_desk_matchers *matchers = gong_desk_matchers_read(
        gong_str_from(begin, (size_t)(strstr(begin, " comment=") - begin)),
        &error);
    bool held;

    assert_non_null(matchers);
    held = gong_desk_matchers_take(matchers, NULL, labels, 2);
    gong_desk_matchers_free(matchers);
    return held;
}

/* A site alone reaches as far as the grants of who silences it. */
static void
a_site_is_silenced_where_its_unit_is(void **state)
{
    static const char body[] =
        "{\"matchers\":[{\"name\":\"site\",\"value\":\"22015\"}],"
        "\"until\":1760000001000}";
    struct api_world *world = *state;
    char token[GONG_USER_TOKEN_SIZE], unit[GONG_GRANT_UNIT_SIZE];

    api_login(world, api_add_user(world, "operator", "22015"), token);
    assert_int_equal(post(world, OURS "/silences", body, token), 200);
    assert_true(holds_alert(world->act, "22015", "22015"));
    assert_true(holds_alert(world->act, "22015", ""));
    assert_false(holds_alert(world->act, "22015", "22018"));
    assert_false(holds_alert(world->act, "22018", ""));
    api_login(world, api_add_user(world, "operator", "*"), token);
    assert_int_equal(post(world, OURS "/silences", body, token), 200);
    assert_true(holds_alert(world->act, "22015", "22018"));
    /* Who may make it may end it, and nobody else. */
    gong_api_matchers_unit(gong_str_of("{site=\"22015\",unit=~\"|22015\"}"),
                           unit);
    assert_string_equal(unit, "22015");
    gong_api_matchers_unit(gong_str_of("{site=\"22015\"}"), unit);
    assert_string_equal(unit, "");
}

static void
acts_reach_the_desk_and_the_audit_log(void **state)
{
    struct api_world *world = *state;
    char token[GONG_USER_TOKEN_SIZE];

    api_login(world, api_add_user(world, "operator", "22015"), token);
    assert_int_equal(post(world, OURS "/incidents/1/acknowledge",
                          "{\"comment\":\"đã rõ\",\"until\":5,"
                          "\"sticky\":true}",
                          token),
                     200);
    assert_string_equal(world->act,
                        "0 by=operator.22015 incident=1 silence=0 owner= "
                        "matchers= comment=đã rõ until=5 sticky=1 verdict=0 "
                        "cost=0 cause=");
    assert_int_equal(post(world, OURS "/incidents/1/outcome",
                          "{\"verdict\":\"false\",\"cost\":1500000,"
                          "\"cause\":\"phao kẹt\",\"comment\":\"đã sửa\"}",
                          token),
                     200);
    assert_non_null(
        strstr(world->act, "verdict=2 cost=1500000 cause=phao kẹt"));
    assert_int_equal(post(world, OURS "/incidents/1/outcome",
                          "{\"verdict\":\"false\",\"cost\":-1}", token),
                     400);
    assert_int_equal(post(world, OURS "/incidents/1/outcome",
                          "{\"verdict\":\"false\",\"cost\":1000000000000001}",
                          token),
                     400);
    assert_int_equal(post(world, OURS "/incidents/1/outcome",
                          "{\"verdict\":\"false\",\"cost\":1000000000000000}",
                          token),
                     200);
    assert_int_equal(
        post(world, OURS "/silences",
             "{\"matchers\":[{\"name\":\"unit\",\"value\":\"22015\"},"
             "{\"name\":\"comment\",\"value\":\"a \\\"b\\\\\","
             "\"isEqual\":false},{\"name\":\"x\",\"value\":\"y.*\","
             "\"isRegex\":true}],\"until\":1760000001000}",
             token),
        200);
    assert_non_null(strstr(world->act,
                           "matchers=unit=\"22015\",comment!=\"a \\\"b\\\\\","
                           "x=~\"y.*\" "));
    assert_int_equal(json_integer_value(json_object_get(world->json, "number")),
                     7);
    /* Bound to another unit, to none, or only by a regular expression. */
    world->acts = 0;
    assert_int_equal(
        post(world, OURS "/silences",
             "{\"matchers\":[{\"name\":\"unit\",\"value\":\"22018\"}],"
             "\"until\":1760000001000}",
             token),
        403);
    assert_int_equal(
        post(world, OURS "/silences",
             "{\"matchers\":[{\"name\":\"severity\",\"value\":\"info\"}],"
             "\"until\":1760000001000}",
             token),
        403);
    assert_int_equal(
        post(world, OURS "/silences",
             "{\"matchers\":[{\"name\":\"unit\",\"value\":\"22015\","
             "\"isRegex\":true}],\"until\":1760000001000}",
             token),
        403);
    /* A rule may give the alerts of a site to another unit. */
    assert_int_equal(
        post(world, OURS "/silences",
             "{\"matchers\":[{\"name\":\"site\",\"value\":\"22018\"}],"
             "\"until\":1760000001000}",
             token),
        403);
    assert_int_equal(
        post(world, OURS "/silences",
             "{\"matchers\":[{\"name\":\"site\",\"value\":\"22015\"},"
             "{\"name\":\"unit\",\"value\":\"|22018\","
             "\"isRegex\":true}],\"until\":1760000001000}",
             token),
        403);
    /* Two units are none, in whatever order they are kept. */
    assert_int_equal(
        post(world, OURS "/silences",
             "{\"matchers\":[{\"name\":\"unit\",\"value\":\"22018\"},"
             "{\"name\":\"unit\",\"value\":\"22015\"}],"
             "\"until\":1760000001000}",
             token),
        403);
    assert_int_equal(
        post(world, OURS "/maintenance",
             "{\"matchers\":[{\"name\":\"unit\",\"value\":\"22015\"}],"
             "\"from\":1760000009000,\"until\":1760000001000}",
             token),
        400);
    /* Absurd lengths, and what would not fit a number. */
    assert_int_equal(
        post(world, OURS "/silences",
             "{\"matchers\":[{\"name\":\"unit\",\"value\":\"22015\"}],"
             "\"until\":9999999999999}",
             token),
        400);
    holds(world, "366 ngày");
    assert_int_equal(
        post(world, OURS "/maintenance",
             "{\"matchers\":[{\"name\":\"unit\",\"value\":\"22015\"}],"
             "\"from\":9223372036854775806,\"until\":9223372036854775807}",
             token),
        400);
    assert_int_equal(post(world, OURS "/silences",
                          "{\"matchers\":[],\"until\":1760000001000}", token),
                     400);
    holds(world, "tên chỉ gồm [a-zA-Z0-9_] |");
    assert_int_equal(world->acts, 0);
    /* Two bytes a character from an odd place on; quotes of its own. */
    assert_int_equal(
        post(world, OURS "/handovers",
             "{\"by\":\"Lan \\\"A\\\"\",\"to\":\"Minh\",\"from\":1,\"until\":2,"
             "\"open\":3,\"sha256\":\"" DIGEST "\",\"comment\":\"x" D100 D100
             "\"}",
             token),
        200);
    assert_int_equal(api_get(world, OURS "/audit?limit=1"), 200);
    holds(world, "by=\\\"Lan \\\\\\\"A\\\\\\\"\\\" to=\\\"Minh\\\" from=1 "
                 "until=2 open=3 sha256=" DIGEST " comment=\\\"x" D100 D10 D10
                 "đđđđđđđ\\\"\"");
    world->act_err = GONG_ERR_INVALID;
    assert_int_equal(post(world, OURS "/incidents/1/resolve", "{}", token),
                     409);
    holds(world, "it is over");
    assert_int_equal(api_get(world, OURS "/audit?limit=4"), 200);
    holds(world, "\"action\":\"resolve\",\"object\":\"incident 1\","
                 "\"result\":\"it is over\"");
    holds(world, "\"result\":\"denied\"");
    assert_int_equal(api_get(world, OURS "/audit"), 200);
    holds(world, "\"who\":\"operator.22015\",\"address\":\"127.0.0.1\","
                 "\"action\":\"acknowledge\",\"object\":\"incident 1\","
                 "\"result\":\"ok\",\"text\":\"đã rõ "
                 "[until=1970-01-01T07:00:00+07:00 sticky]\"");
    holds(world, "\"text\":\"đã sửa [verdict=false cost=1500000 "
                 "cause=\\\"phao kẹt\\\"]\"");
    assert_int_equal(api_get(world, OURS "/audit/verify"), 200);
    assert_true(json_is_null(json_object_get(world->json, "broken")));
}

/* --- users and tokens --- */

static void
tokens_are_shown_once_and_never_above(void **state)
{
    struct api_world *world = *state;
    char token[GONG_USER_TOKEN_SIZE], text[GONG_USER_TOKEN_SIZE];
    struct api_ask ask = {.method = "GET",
                          .path = OURS "/incidents/1",
                          .bearer = text,
                          .peer = GONG_API_PEER_BEYOND};

    api_login(world, api_add_user(world, "operator", "66"), token);
    assert_int_equal(post(world, OURS "/tokens",
                          "{\"name\":\"bang\",\"role\":\"engineer\","
                          "\"unit\":\"22015\",\"expires\":1760000100000}",
                          token),
                     403);
    assert_int_equal(post(world, OURS "/tokens",
                          "{\"name\":\"bang\",\"role\":\"viewer\","
                          "\"unit\":\"*\",\"expires\":1760000100000}",
                          token),
                     403);
    assert_int_equal(post(world, OURS "/tokens",
                          "{\"name\":\"bang\",\"role\":\"viewer\","
                          "\"unit\":\"22015\",\"expires\":1960000100000}",
                          token),
                     400);
    assert_int_equal(post(world, OURS "/tokens",
                          "{\"name\":\"bang\",\"role\":\"viewer\","
                          "\"unit\":\"22015\",\"expires\":1760000100000}",
                          token),
                     201);
    (void)snprintf(text, sizeof text, "%s",
                   json_string_value(json_object_get(world->json, "token")));
    assert_int_equal(api_ask(world, &ask), 200);
    ask.path = OURS "/incidents/2";
    assert_int_equal(api_ask(world, &ask), 404);
    assert_int_equal(post(world, OURS "/incidents/1/comment", "{}", text), 403);
    assert_int_equal(post(world, OURS "/tokens",
                          "{\"name\":\"x\",\"role\":\"viewer\","
                          "\"unit\":\"22015\",\"expires\":1760000100000}",
                          text),
                     403);
    ask.path = OURS "/tokens";
    assert_int_equal(api_ask(world, &ask), 200);
    assert_null(strstr(world->answer.body, text));
    holds(world, "\"name\":\"bang\"");
    world->now_ms = INT64_C(1760000100000);
    assert_int_equal(api_ask(world, &ask), 401);
}

static void
an_admin_gives_no_more_than_they_have(void **state)
{
    struct api_world *world = *state;
    char token[GONG_USER_TOKEN_SIZE];
    struct api_ask ask = {.method = "PATCH",
                          .path = OURS "/users/viewer.22015",
                          .body = "{\"disabled\":true}",
                          .bearer = token,
                          .peer = GONG_API_PEER_BEYOND};

    (void)api_add_user(world, "viewer", "22015");
    api_login(world, api_add_user(world, "admin", "22015"), token);
    /* Users are for an admin over everything. */
    assert_int_equal(api_ask(world, &ask), 403);
    api_login(world, api_add_user(world, "admin", "*"), token);
    assert_int_equal(api_ask(world, &ask), 200);
    holds(world, "\"disabled\":true");
    ask.body = "{\"grants\":[{\"role\":\"viewer\",\"unit\":\"a b\"}]}";
    assert_int_equal(api_ask(world, &ask), 400);
    ask.body = "{\"grants\":[{\"role\":\"king\",\"unit\":\"66\"}]}";
    assert_int_equal(api_ask(world, &ask), 400);
    ask.body = "{\"grants\":[{\"role\":\"viewer\",\"unit\":\"66\"},"
               "{\"role\":\"admin\",\"unit\":\"66\"}]}";
    assert_int_equal(api_ask(world, &ask), 400);
    ask.body = "{\"grants\":[{\"role\":\"operator\",\"unit\":\"66\"}]}";
    assert_int_equal(api_ask(world, &ask), 200);
    holds(world, "\"role\":\"operator\",\"unit\":\"66\"");
    assert_null(strstr(world->answer.body, "password"));
    assert_int_equal(
        api_ask(world, &(struct api_ask){.method = "DELETE",
                                         .path = OURS "/users/viewer.22015",
                                         .bearer = token,
                                         .peer = GONG_API_PEER_BEYOND}),
        200);
    assert_int_equal(api_get(world, OURS "/users"), 200);
    assert_null(strstr(world->answer.body, "viewer.22015"));
}

/* --- the link of a page --- */

static void
a_link_shows_and_acknowledges(void **state)
{
    struct api_world *world = *state;
    struct api_ask ask = {.method = "GET",
                          .path = "/a/good",
                          .type = "application/x-www-form-urlencoded",
                          .peer = GONG_API_PEER_BEYOND};

    (void)api_add_user(world, "viewer", "22015");
    assert_int_equal(api_ask(world, &ask), 200);
    holds(world, "Nước &lt;b&gt;dâng&lt;/b&gt;");
    holds(world, "Trực ban &lt;1&gt;");
    holds(world, "<form method=\"post\">");
    assert_int_equal(world->acts, 0);
    ask.method = "POST";
    assert_int_equal(api_ask(world, &ask), 200);
    assert_int_equal(world->acts, 1);
    assert_non_null(strstr(world->act, "by=Trực ban <1> incident=1"));
    /* One that was genuine is no guess, and says what to do. */
    ask.path = "/a/old";
    for (int i = 0; i < 3 * GONG_LOGIN_LIMIT_FREE; i++) {
        assert_int_equal(api_ask(world, &ask), 410);
    }
    holds(world, "Liên kết đã hết hạn");
    assert_int_equal(world->acts, 1);
    ask.path = "/a/bad";
    for (int i = 0; i < GONG_LOGIN_LIMIT_FREE; i++) {
        assert_int_equal(api_ask(world, &ask), 404);
    }
    assert_int_equal(api_ask(world, &ask), 429);
    assert_int_equal(world->acts, 1);
    /* Those of the same network whose link is genuine wait for nothing. */
    ask.path = "/a/good";
    assert_int_equal(api_ask(world, &ask), 200);
    assert_int_equal(world->acts, 2);
    ask.path = "/a/old";
    assert_int_equal(api_ask(world, &ask), 410);
    ask.path = "/a/bad";
    assert_int_equal(api_ask(world, &ask), 429);
    /* Who guesses links may still log in. */
    assert_int_equal(
        post(world, OURS "/login",
             "{\"user\":\"viewer.22015\",\"password\":\"" API_PASSWORD "\"}",
             NULL),
        200);
}

/* Where messages send people: a form, a session, and what is open of theirs. */
static void
the_page_lists_what_is_open(void **state)
{
    static const struct {
        const char *body;
        unsigned status;
        const char *part;
    } logins[] = {
        {"", 400, "Thiếu tên"},
        {"user=viewer.22015", 400, "Thiếu tên"},
        {"user=viewer.22015&password=%zz", 400, "Thiếu tên"},
        {"user=viewer.22015&password=a%00b", 400, "Thiếu tên"},
        {"user=viewer.22015&password=x", 401, "Sai tên hoặc mật khẩu"},
        {"a=b&password=mot+mat%20khau+dai&user=viewer.22015", 303, ""},
    };
    struct api_world *world = *state;
    struct api_ask ask = {
        .method = "GET", .path = "/", .peer = GONG_API_PEER_BEYOND};
    char cookie[160];

    (void)api_add_user(world, "viewer", "22015");
    assert_int_equal(api_ask(world, &ask), 401);
    holds(world, "<form method=\"post\" action=\"/\">");
    assert_null(strstr(world->answer.body, "#1"));
    assert_null(strstr(world->answer.body, "<script"));
    ask.method = "POST";
    ask.type = "application/x-www-form-urlencoded";
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++) {
        ask.body = logins[i].body;
        assert_int_equal(api_ask(world, &ask), logins[i].status);
        assert_non_null(strstr(world->answer.body, logins[i].part));
    }
    assert_string_equal(header_of(world, "Location"), "/");
    assert_non_null(strstr(header_of(world, "Set-Cookie"), "SameSite=Strict"));
    (void)snprintf(cookie, sizeof cookie, "%.*s",
                   (int)strcspn(header_of(world, "Set-Cookie"), ";"),
                   header_of(world, "Set-Cookie"));
    ask = (struct api_ask){.method = "GET",
                           .path = "/",
                           .cookie = cookie,
                           .peer = GONG_API_PEER_BEYOND};
    assert_int_equal(api_ask(world, &ask), 200);
    holds(world, "#1 KHẨN CẤP");
    holds(world, "Nước &lt;b&gt;dâng&lt;/b&gt;");
    assert_null(strstr(world->answer.body, "#2"));
    ask.path = "/?before=1";
    assert_int_equal(api_ask(world, &ask), 200);
    holds(world, "Không có");
    /* Guesses wait here too. */
    ask = (struct api_ask){.method = "POST",
                           .path = "/",
                           .type = "application/x-www-form-urlencoded",
                           .body = "user=viewer.22015&password=x",
                           .peer = GONG_API_PEER_BEYOND};
    for (int i = 0; i < GONG_LOGIN_LIMIT_FREE; i++) {
        (void)api_ask(world, &ask);
    }
    assert_int_equal(api_ask(world, &ask), 429);
    holds(world, "hãy chờ");
}

/* A page whose name was turned to this machine reads nothing. */
static void
another_name_is_not_answered_before_there_is_a_user(void **state)
{
    struct api_world *world = *state;
    struct api_ask ask = {.method = "GET",
                          .path = OURS "/incidents",
                          .host = "evil.example:9470",
                          .peer = GONG_API_PEER_LOOPBACK};

    assert_int_equal(api_ask(world, &ask), 421);
    ask.path = "/healthz";
    assert_int_equal(api_ask(world, &ask), 421);
    ask.host = "127.0.0.1:9470";
    ask.path = OURS "/incidents";
    assert_int_equal(api_ask(world, &ask), 200);
    (void)api_add_user(world, "viewer", "22015");
    ask.host = "gong.example";
    assert_int_equal(api_ask(world, &ask), 401);
}

/* What a stolen token made would outlive it. */
static void
a_token_changes_no_users_and_removes_itself_alone(void **state)
{
    static const struct gong_audit_by by = {"local:0", "local", API_NOW};
    static const char user[] =
        "{\"name\":\"moi\",\"password\":\"" API_PASSWORD "\",\"grants\":[]}";
    struct api_world *world = *state;
    struct gong_token token = {.user = "admin.all",
                               .name = "bang",
                               .grant = {GONG_ROLE_ADMIN, "*"},
                               .expires_ms = API_NOW + 1000};
    char first[GONG_USER_TOKEN_SIZE], second[GONG_USER_TOKEN_SIZE];
    char path[64];
    int64_t one, two;
    struct api_ask ask = {.bearer = first, .peer = GONG_API_PEER_BEYOND};

    (void)api_add_user(world, "admin", "*");
    assert_int_equal(gong_token_add(world->users, &token, &by, &one, first),
                     GONG_OK);
    assert_int_equal(gong_token_add(world->users, &token, &by, &two, second),
                     GONG_OK);
    assert_int_equal(post(world, OURS "/users", user, first), 403);
    ask.method = "PATCH";
    ask.path = OURS "/users/admin.all";
    ask.body = "{\"password\":\"mot mat khau khac\"}";
    assert_int_equal(api_ask(world, &ask), 403);
    ask.method = "DELETE";
    ask.body = NULL;
    assert_int_equal(api_ask(world, &ask), 403);
    ask.path = path;
    (void)snprintf(path, sizeof path, OURS "/tokens/%d", (int)two);
    assert_int_equal(api_ask(world, &ask), 403);
    (void)snprintf(path, sizeof path, OURS "/tokens/%d", (int)one);
    assert_int_equal(api_ask(world, &ask), 200);
    /* Over the local socket; the other token goes with the password. */
    assert_int_equal(post(world, OURS "/users", user, NULL), 201);
    ask = (struct api_ask){.method = "PATCH",
                           .path = OURS "/users/admin.all",
                           .body = "{\"password\":\"mot mat khau khac\"}"};
    assert_int_equal(api_ask(world, &ask), 200);
    holds(world, "\"tokens_removed\":1");
    ask = (struct api_ask){.method = "DELETE", .path = OURS "/users/admin.all"};
    assert_int_equal(api_ask(world, &ask), 409);
}

static void
what_is_not_there_is_said_so(void **state)
{
    struct api_world *world = *state;
    struct gong_api *bare = gong_api_new(&(struct gong_api_options){0});
    struct gong_api *whole = world->api;

    assert_non_null(bare);
    world->api = bare;
    for (size_t i = 0; i < gong_api_route_count; i++) {
        const struct gong_api_route *route = &gong_api_routes[i];

        if (strchr(route->path, '{') == NULL && route->body == NULL &&
            strstr(route->path, "openapi") == NULL &&
            (strncmp(route->path, "/api/v1/", 8) != 0 ||
             strcmp(route->path, "/api/v1/rules") == 0) &&
            route->action != GONG_ACTION_SELF) {
            unsigned status =
                api_ask(world, &(struct api_ask){.method = route->method,
                                                 .path = route->path});

            if (status != 501) {
                fail_msg("%s: %u", route->path, status);
            }
        }
    }
    world->api = whole;
    gong_api_free(bare);
}

/* Parameters that come several times, and a type that is none. */
static void
rules_are_asked_for_as_of_prometheus(void **state)
{
    struct api_world *world = *state;

    assert_int_equal(api_get(world, "/api/v1/rules?rule_name[]=x"
                                    "&rule_name[]=RiverHigh&type=alert"),
                     200);
    holds(world, "RiverHigh");
    assert_int_equal(api_get(world, "/api/v1/rules?exclude_alerts=true"), 200);
    holds(world, "\"alerts\":[]");
    assert_int_equal(
        api_get(world, "/api/v1/rules?rule_group[]=air&file[]=a.cfg"), 200);
    holds(world, "\"groups\":[]");
    assert_int_equal(api_get(world, "/api/v1/rules?type=x"), 400);
    holds(world, "\"errorType\":\"bad_data\"");
    assert_int_equal(api_get(world, "/api/v1/rules?limit=1"), 400);
}

static void
publish(struct api_world *world, const char *unit, const char *json)
{
    struct gong_grant_place place = {gong_str_of(unit), gong_str_of(unit),
                                     gong_str_of("gauge")};

    gong_events_publish(world->events, "incident", &place, gong_str_of(json));
}

/* Who is told of a gauge because it affects their unit sees its incidents, and
 * nothing else of where it stands. */
static void
whom_a_device_concerns_sees_its_incidents(void **state)
{
    static const char *const paths[] = {OURS "/incidents", "/api/v1/rules",
                                        OURS "/silences", OURS "/ledger",
                                        OURS "/events"};
    static const char *const seen[] = {"\"number\":1,", "22015", NULL, NULL,
                                       NULL};
    static const char *const unseen[] = {"22018", "22018", "\"number\":1,",
                                         "22015", NULL};
    struct api_world *world = *state;
    char token[GONG_USER_TOKEN_SIZE], text[256];
    ssize_t len;

    api_login(world, api_add_user(world, "viewer", "22019"), token);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(
            api_ask(world, &(struct api_ask){.method = "GET",
                                             .path = paths[i],
                                             .bearer = token,
                                             .peer = GONG_API_PEER_BEYOND}),
            200);
        if (seen[i] != NULL) {
            holds(world, seen[i]);
        }
        if (unseen[i] != NULL) {
            assert_null(strstr(world->answer.body, unseen[i]));
        }
    }
    publish(world, "22018", "{\"n\":1}");
    publish(world, "22015", "{\"n\":2}");
    len = gong_events_read(world->answer.stream, text, sizeof text);
    assert_true(len > 0);
    len = gong_events_read(world->answer.stream, text, sizeof text - 1);
    assert_true(len > 0);
    text[len] = '\0';
    assert_string_equal(text,
                        "id: b00t-2\nevent: incident\ndata: {\"n\":2}\n\n");
}

static void
streams_filter_by_grant(void **state)
{
    struct api_world *world = *state;
    char token[GONG_USER_TOKEN_SIZE], text[512];
    ssize_t len;

    api_login(world, api_add_user(world, "viewer", "22015"), token);
    assert_int_equal(
        api_ask(world, &(struct api_ask){.method = "GET",
                                         .path = OURS "/events",
                                         .bearer = token,
                                         .peer = GONG_API_PEER_BEYOND}),
        200);
    assert_non_null(world->answer.stream);
    publish(world, "22018", "{\"n\":1}");
    publish(world, "", "{\"n\":2}");
    publish(world, "22015", "{\"n\":3}");
    len = gong_events_read(world->answer.stream, text, sizeof text);
    assert_true(len > 0);
    len = gong_events_read(world->answer.stream, text, sizeof text - 1);
    assert_true(len > 0);
    text[len] = '\0';
    assert_string_equal(text,
                        "id: b00t-3\nevent: incident\ndata: {\"n\":3}\n\n");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, api_setup, api_teardown)
    const struct CMUnitTest tests[] = {
        T(without_users_this_machine_reads_and_nobody_else),
        T(a_cookie_needs_its_csrf_token),
        T(wrong_passwords_wait_longer_and_longer),
        T(ones_own_password),
        T(answers_are_as_their_schemas_say),
        T(what_a_body_may_be),
        T(what_a_path_may_be),
        T(lists_hold_what_may_be_seen),
        T(incidents_by_page_and_by_what_is_wanted),
        T(a_site_is_silenced_where_its_unit_is),
        T(acts_reach_the_desk_and_the_audit_log),
        T(tokens_are_shown_once_and_never_above),
        T(an_admin_gives_no_more_than_they_have),
        T(a_link_shows_and_acknowledges),
        T(the_page_lists_what_is_open),
        T(another_name_is_not_answered_before_there_is_a_user),
        T(a_token_changes_no_users_and_removes_itself_alone),
        T(what_is_not_there_is_said_so),
        T(rules_are_asked_for_as_of_prometheus),
        T(streams_filter_by_grant),
        T(whom_a_device_concerns_sees_its_incidents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
