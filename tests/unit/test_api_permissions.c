/* Every endpoint x role x unit. Each row of the route table needs a row here:
 * what is written down twice, by two people in mind, is what is meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/api/api_routes.h"
#include "api_fixture.h"

#define OURS         "/api/gong/v1"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What a user meets: y: it is done, or refused for another reason than who
 * they are; n: 403; -: 404, as if it were not there; ?: 401. */
struct row {
    const char *method, *path;
    const char *ask; /* the path asked: things in unit 22015 */
    const char *body;
    const char *nobody;  /* without a login */
    const char *own;     /* viewer operator engineer admin, over 22015 */
    const char *foreign; /* the same, over 22018 */
    const char *all;     /* the same, over everything */
};

#define SILENCE                                                                \
    "{\"matchers\":[{\"name\":\"unit\",\"value\":\"22015\"}],"                 \
    "\"from\":1760000000001,\"until\":1760000001000}"

#define HANDOVER                                                               \
    "{\"by\":\"Lan\",\"to\":\"Minh\",\"from\":1,\"until\":2,\"open\":3,"       \
    "\"sha256\":"                                                              \
    "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}"

static const struct row rows[] = {
    {"GET", "/", "/", NULL, "?", "yyyy", "yyyy", "yyyy"},
    {"POST", "/", "/", NULL, "y", "yyyy", "yyyy", "yyyy"},
    {"GET", "/healthz", "/healthz", NULL, "y", "yyyy", "yyyy", "yyyy"},
    {"GET", "/metrics", "/metrics", NULL, "?", "yyyy", "yyyy", "yyyy"},
    {"GET", "/ledger", "/ledger", NULL, "?", "yyyy", "yyyy", "yyyy"},
    {"GET", "/a/{token}", "/a/good", NULL, "y", "yyyy", "yyyy", "yyyy"},
    {"POST", "/a/{token}", "/a/good", NULL, "y", "yyyy", "yyyy", "yyyy"},
    {"GET", "/api/v1/alerts", "/api/v1/alerts", NULL, "?", "yyyy", "yyyy",
     "yyyy"},
    {"GET", "/api/v1/rules", "/api/v1/rules", NULL, "?", "yyyy", "yyyy",
     "yyyy"},
    {"GET", "/api/v1/query", "/api/v1/query?query=up", NULL, "?", "yyyy",
     "yyyy", "yyyy"},
    {"POST", "/api/v1/query", "/api/v1/query?query=up", NULL, "?", "yyyy",
     "yyyy", "yyyy"},
    {"GET", "/api/v1/query_range", "/api/v1/query_range", NULL, "?", "yyyy",
     "yyyy", "yyyy"},
    {"POST", "/api/v1/query_range", "/api/v1/query_range", NULL, "?", "yyyy",
     "yyyy", "yyyy"},
    {"GET", "/api/v1/series", "/api/v1/series", NULL, "?", "yyyy", "yyyy",
     "yyyy"},
    {"POST", "/api/v1/series", "/api/v1/series", NULL, "?", "yyyy", "yyyy",
     "yyyy"},
    {"GET", "/api/v1/labels", "/api/v1/labels", NULL, "?", "yyyy", "yyyy",
     "yyyy"},
    {"POST", "/api/v1/labels", "/api/v1/labels", NULL, "?", "yyyy", "yyyy",
     "yyyy"},
    {"GET", "/api/v1/label/{name}/values", "/api/v1/label/site/values", NULL,
     "?", "yyyy", "yyyy", "yyyy"},
    {"GET", "/api/v1/metadata", "/api/v1/metadata", NULL, "?", "yyyy", "yyyy",
     "yyyy"},
    {"GET", "/api/v1/query_exemplars", "/api/v1/query_exemplars", NULL, "?",
     "yyyy", "yyyy", "yyyy"},
    {"POST", "/api/v1/query_exemplars", "/api/v1/query_exemplars", NULL, "?",
     "yyyy", "yyyy", "yyyy"},
    {"GET", "/api/v1/status/buildinfo", "/api/v1/status/buildinfo", NULL, "?",
     "yyyy", "yyyy", "yyyy"},
    {"GET", OURS "/openapi.json", OURS "/openapi.json", NULL, "y", "yyyy",
     "yyyy", "yyyy"},
    {"POST", OURS "/login", OURS "/login", "{\"user\":\"\",\"password\":1}",
     "y", "yyyy", "yyyy", "yyyy"},
    {"POST", OURS "/logout", OURS "/logout", NULL, "?", "yyyy", "yyyy", "yyyy"},
    {"GET", OURS "/session", OURS "/session", NULL, "?", "yyyy", "yyyy",
     "yyyy"},
    {"PUT", OURS "/session/password", OURS "/session/password",
     "{\"old\":\"x\",\"new\":\"y\"}", "?", "yyyy", "yyyy", "yyyy"},
    {"GET", OURS "/incidents", OURS "/incidents", NULL, "?", "yyyy", "yyyy",
     "yyyy"},
    {"GET", OURS "/incidents/{n}", OURS "/incidents/1", NULL, "?", "yyyy",
     "----", "yyyy"},
    {"POST", OURS "/incidents/{n}/acknowledge", OURS "/incidents/1/acknowledge",
     "{}", "?", "nyyy", "----", "nyyy"},
    {"POST", OURS "/incidents/{n}/unacknowledge",
     OURS "/incidents/1/unacknowledge", "{}", "?", "nyyy", "----", "nyyy"},
    {"POST", OURS "/incidents/{n}/assign", OURS "/incidents/1/assign",
     "{\"owner\":\"lan\"}", "?", "nyyy", "----", "nyyy"},
    {"POST", OURS "/incidents/{n}/comment", OURS "/incidents/1/comment", "{}",
     "?", "nyyy", "----", "nyyy"},
    {"POST", OURS "/incidents/{n}/silence", OURS "/incidents/1/silence", "{}",
     "?", "nyyy", "----", "nyyy"},
    {"POST", OURS "/incidents/{n}/resolve", OURS "/incidents/1/resolve", "{}",
     "?", "nyyy", "----", "nyyy"},
    {"POST", OURS "/incidents/{n}/outcome", OURS "/incidents/1/outcome", "{}",
     "?", "nyyy", "----", "nyyy"},
    {"POST", OURS "/handovers", OURS "/handovers", HANDOVER, "?", "nyyy",
     "nyyy", "nyyy"},
    {"GET", OURS "/silences", OURS "/silences", NULL, "?", "yyyy", "yyyy",
     "yyyy"},
    {"POST", OURS "/silences", OURS "/silences", SILENCE, "?", "nyyy", "nnnn",
     "nyyy"},
    {"DELETE", OURS "/silences/{n}", OURS "/silences/1", NULL, "?", "nyyy",
     "----", "nyyy"},
    {"GET", OURS "/maintenance", OURS "/maintenance", NULL, "?", "yyyy", "yyyy",
     "yyyy"},
    {"POST", OURS "/maintenance", OURS "/maintenance", SILENCE, "?", "nyyy",
     "nnnn", "nyyy"},
    {"GET", OURS "/units", OURS "/units", NULL, "?", "yyyy", "yyyy", "yyyy"},
    {"GET", OURS "/devices", OURS "/devices", NULL, "?", "yyyy", "yyyy",
     "yyyy"},
    {"GET", OURS "/ledger", OURS "/ledger", NULL, "?", "yyyy", "yyyy", "yyyy"},
    {"GET", OURS "/users", OURS "/users", NULL, "?", "nnnn", "nnnn", "nnny"},
    {"POST", OURS "/users", OURS "/users", "{}", "?", "nnnn", "nnnn", "nnny"},
    {"GET", OURS "/users/{name}", OURS "/users/viewer.all", NULL, "?", "nnnn",
     "nnnn", "nnny"},
    {"PATCH", OURS "/users/{name}", OURS "/users/viewer.all",
     "{\"full_name\":\"Lan\"}", "?", "nnnn", "nnnn", "nnny"},
    {"DELETE", OURS "/users/{name}", OURS "/users/viewer.x", NULL, "?", "nnnn",
     "nnnn", "nnn-"},
    {"GET", OURS "/tokens", OURS "/tokens", NULL, "?", "yyyy", "yyyy", "yyyy"},
    {"POST", OURS "/tokens", OURS "/tokens",
     "{\"name\":\"x\",\"role\":\"viewer\",\"unit\":\"22015\","
     "\"expires\":1760000100000}",
     "?", "yyyy", "nnnn", "yyyy"},
    {"DELETE", OURS "/tokens/{n}", OURS "/tokens/999", NULL, "?", "----",
     "----", "----"},
    {"GET", OURS "/audit", OURS "/audit", NULL, "?", "nnnn", "nnnn", "nnny"},
    {"GET", OURS "/audit/verify", OURS "/audit/verify", NULL, "?", "nnnn",
     "nnnn", "nnny"},
    {"GET", OURS "/rules/log", OURS "/rules/log", NULL, "?", "yyyy", "yyyy",
     "yyyy"},
    {"POST", OURS "/rules/rollback", OURS "/rules/rollback", "{\"sha\":\"ab\"}",
     "?", "nnnn", "nnnn", "nnyy"},
    {"POST", OURS "/backup", OURS "/backup", NULL, "?", "nnnn", "nnnn", "nnny"},
    {"GET", OURS "/backup", OURS "/backup", NULL, "?", "nnnn", "nnnn", "nnny"},
    {"PUT", OURS "/restore", OURS "/restore", "{\"offset\":0,\"data\":\"\"}",
     "?", "nnnn", "nnnn", "nnny"},
    {"POST", OURS "/restore", OURS "/restore", "{\"check\":true}", "?", "nnnn",
     "nnnn", "nnny"},
    {"GET", OURS "/proof", OURS "/proof", NULL, "?", "yyyy", "yyyy", "yyyy"},
    {"GET", OURS "/drill", OURS "/drill", NULL, "?", "nnnn", "nnnn", "nyyy"},
    {"POST", OURS "/drill", OURS "/drill", "{}", "?", "nnnn", "nnnn", "nyyy"},
    {"GET", OURS "/events", OURS "/events", NULL, "?", "yyyy", "yyyy", "yyyy"},
};

/* What differs from foreign over 22019, which incident 1's device affects. */
static const struct concern {
    const char *method, *path;
    const char *may;
} concerns[] = {
    {"GET", OURS "/incidents/{n}", "yyyy"},
    {"POST", OURS "/incidents/{n}/acknowledge", "nyyy"},
    {"POST", OURS "/incidents/{n}/unacknowledge", "nyyy"},
    {"POST", OURS "/incidents/{n}/assign", "nyyy"},
    {"POST", OURS "/incidents/{n}/comment", "nyyy"},
    {"POST", OURS "/incidents/{n}/silence", "nnnn"},
    {"POST", OURS "/incidents/{n}/resolve", "nnnn"},
    {"POST", OURS "/incidents/{n}/outcome", "nnnn"},
};

static const char *
of_concern(const struct row *row)
{
    for (size_t i = 0; i < COUNT(concerns); i++) {
        if (strcmp(concerns[i].method, row->method) == 0 &&
            strcmp(concerns[i].path, row->path) == 0) {
            return concerns[i].may;
        }
    }
    return row->foreign;
}

static char
met(unsigned status)
{
    switch (status) {
    case 401:
        return '?';
    case 403:
        return 'n';
    case 404:
        return '-';
    default:
        return 'y';
    }
}

static const struct row *
row_of(const struct gong_api_route *route)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (strcmp(rows[i].path, route->path) == 0 &&
            strcmp(rows[i].method, route->method) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

static void
every_endpoint_has_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < gong_api_route_count; i++) {
        if (row_of(&gong_api_routes[i]) == NULL) {
            fail_msg("no permissions for %s %s", gong_api_routes[i].method,
                     gong_api_routes[i].path);
        }
    }
    assert_int_equal(COUNT(rows), gong_api_route_count);
}

static void
check(struct api_world *world, const struct row *row, const char *who,
      const char *bearer, char expected)
{
    struct api_ask ask = {.method = row->method,
                          .path = row->ask,
                          .body = row->body,
                          .bearer = bearer,
                          .peer = GONG_API_PEER_BEYOND};
    unsigned status = api_ask(world, &ask);
    char found = met(status);

    /* A password that is wrong is a 401 of its own. */
    if (status == 401 && strstr(row->path, "password") != NULL &&
        strstr(world->answer.body, "Wrong name") != NULL) {
        found = 'y';
    }
    if (found != expected) {
        fail_msg("%s %s as %s: %u, expected %c: %s", row->method, row->path,
                 who, status, expected,
                 world->answer.body == NULL ? "" : world->answer.body);
    }
}

static void
every_endpoint_role_and_unit(void **state)
{
    static const char *const roles[] = {"viewer", "operator", "engineer",
                                        "admin"};
    static const char *const units[] = {"22015", "22018", "*", "22019"};
    struct api_world *world = *state;

    for (size_t u = 0; u < 4; u++) {
        for (size_t r = 0; r < 4; r++) {
            char name[GONG_USER_NAME_SIZE];

            (void)snprintf(name, sizeof name, "%s",
                           api_add_user(world, roles[r], units[u]));
            for (size_t i = 0; i < COUNT(rows); i++) {
                const char *expected = u == 0   ? rows[i].own
                                       : u == 1 ? rows[i].foreign
                                       : u == 2 ? rows[i].all
                                                : of_concern(&rows[i]);
                char token[GONG_USER_TOKEN_SIZE];

                api_login(world, name, token);
                check(world, &rows[i], name, token, expected[r]);
            }
        }
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        check(world, &rows[i], "nobody", NULL, rows[i].nobody[0]);
    }
}

/* What may not be done is not done: no act reached the desk but those of who
 * may. */
static void
what_is_denied_is_not_done(void **state)
{
    struct api_world *world = *state;
    char token[GONG_USER_TOKEN_SIZE];

    (void)api_add_user(world, "viewer", "*");
    for (size_t i = 0; i < COUNT(rows); i++) {
        api_login(world, "viewer.all", token);
        if (strncmp(rows[i].path, "/a/", 3) == 0) {
            continue;
        }
        (void)api_ask(world, &(struct api_ask){.method = rows[i].method,
                                               .path = rows[i].ask,
                                               .body = rows[i].body,
                                               .bearer = token,
                                               .peer = GONG_API_PEER_BEYOND});
    }
    assert_int_equal(world->acts, 0);
    assert_string_equal(world->rolled_back, "");
}

/* A user without any grant sees nothing but themselves. */
static void
without_a_grant_nothing_is_seen(void **state)
{
    static const struct gong_audit_by by = {"local:0", "local", API_NOW};
    struct api_world *world = *state;
    struct gong_user user = {.name = "moi"};
    char token[GONG_USER_TOKEN_SIZE];

    assert_int_equal(
        gong_users_add(world->users, &user, gong_str_of(API_PASSWORD), &by),
        GONG_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool asked = gong_api_routes[i].action != GONG_ACTION_SELF &&
                     gong_api_routes[i].action != GONG_ACTION_OPEN;
        unsigned status;

        api_login(world, "moi", token);
        status = api_ask(
            world, &(struct api_ask){.method = gong_api_routes[i].method,
                                     .path = row_of(&gong_api_routes[i])->ask,
                                     .body = row_of(&gong_api_routes[i])->body,
                                     .bearer = token,
                                     .peer = GONG_API_PEER_BEYOND});
        if (asked) {
            assert_int_equal(status, 403);
        }
    }
    /* The link's own. */
    assert_int_equal(world->acts, 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, api_setup, api_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_endpoint_has_its_row),
        T(every_endpoint_role_and_unit),
        T(what_is_denied_is_not_done),
        T(without_a_grant_nothing_is_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
