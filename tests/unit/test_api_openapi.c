/* docs/openapi.json is what the program says, and what it answers is what the
 * document says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/api/api_routes.h"
#include "api_fixture.h"

#define OURS "/api/gong/v1"

static json_t *
load_document(void)
{
    json_error_t error;
    json_t *document =
        json_load_file(GONG_SOURCE_DIR "/docs/openapi.json", 0, &error);

    if (document == NULL) {
        fail_msg("docs/openapi.json:%d: %s", error.line, error.text);
    }
    return document;
}

static void
the_document_is_the_programs(void **state)
{
    json_t *kept = load_document(), *made = gong_api_openapi();

    (void)state;
    assert_non_null(made);
    if (!json_equal(kept, made)) {
        fail_msg("docs/openapi.json is old: gong-agent --openapi > "
                 "docs/openapi.json");
    }
    json_decref(kept);
    json_decref(made);
}

/* --- a judge of its own, which reads the document --- */

static const json_t *
resolve(const json_t *document, const json_t *schema)
{
    static const char before[] = "#/components/schemas/";
    const char *name = json_string_value(json_object_get(schema, "$ref"));

    if (name == NULL) {
        return schema;
    }
    assert_true(strncmp(name, before, sizeof before - 1) == 0);
    schema = json_object_get(
        json_object_get(json_object_get(document, "components"), "schemas"),
        name + sizeof before - 1);
    assert_non_null(schema);
    return schema;
}

static bool
has_type(const json_t *value, const char *type)
{
    return (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
           (strcmp(type, "number") == 0 && json_is_number(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "object") == 0 && json_is_object(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value));
}

static void judge(const json_t *document, json_t *value, const json_t *schema,
                  const char *where);

static void
judge_object(const json_t *document, json_t *value, const json_t *schema,
             const char *where)
{
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *required = json_object_get(schema, "required");
    const json_t *others = json_object_get(schema, "additionalProperties");
    const char *name;
    json_t *member;

    for (size_t i = 0; i < json_array_size(required); i++) {
        name = json_string_value(json_array_get(required, i));
        if (json_object_get(value, name) == NULL) {
            fail_msg("%s: %s is missing", where, name);
        }
    }
    json_object_foreach(value, name, member)
    {
        const json_t *known = json_object_get(properties, name);

        if (known != NULL) {
            judge(document, member, known, name);
        } else if (json_is_false(others)) {
            fail_msg("%s: %s is not in the document", where, name);
        } else if (json_is_object(others)) {
            judge(document, member, others, name);
        }
    }
}

static void
judge(const json_t *document, json_t *value, const json_t *schema,
      const char *where)
{
    const json_t *words;
    const char *type;

    schema = resolve(document, schema);
    type = json_string_value(json_object_get(schema, "type"));
    words = json_object_get(schema, "enum");
    if (type == NULL || (json_is_null(value) &&
                         json_is_true(json_object_get(schema, "nullable")))) {
        return;
    }
    if (!has_type(value, type)) {
        fail_msg("%s is no %s", where, type);
    }
    if (words != NULL) {
        bool found = false;

        for (size_t i = 0; i < json_array_size(words); i++) {
            found = found || json_equal(json_array_get(words, i), value);
        }
        if (!found) {
            fail_msg("%s: \"%s\" is not among its words", where,
                     json_string_value(value));
        }
    }
    if (json_is_object(value)) {
        judge_object(document, value, schema, where);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        judge(document, json_array_get(value, i),
              json_object_get(schema, "items"), where);
    }
}

static const json_t *
schema_of(const json_t *document, const char *path, const char *method,
          unsigned status)
{
    const json_t *operation = json_object_get(
        json_object_get(json_object_get(document, "paths"), path), method);
    const json_t *responses = json_object_get(operation, "responses");
    const json_t *content = json_object_get(
        json_object_get(responses, status / 100 == 2 ? "2XX" : "default"),
        "content");

    assert_non_null(content);
    return json_object_get(json_object_get(content, status / 100 == 2
                                                        ? "application/json"
                                                        : "application/problem+"
                                                          "json"),
                           "schema");
}

static void
every_answer_is_as_documented(void **state)
{
    static const struct {
        const char *path, *method, *ask, *body;
        unsigned status;
    } cases[] = {
        {OURS "/users", "post", OURS "/users",
         "{\"name\":\"lan\",\"password\":\"" API_PASSWORD
         "\",\"grants\":[{\"role\":\"admin\",\"unit\":\"*\"}]}",
         201},
        {OURS "/users", "get", OURS "/users", NULL, 200},
        {OURS "/users/{name}", "get", OURS "/users/lan", NULL, 200},
        {OURS "/users/{name}", "patch", OURS "/users/lan",
         "{\"full_name\":\"Lan\"}", 200},
        {OURS "/login", "post", OURS "/login",
         "{\"user\":\"lan\",\"password\":\"" API_PASSWORD "\"}", 200},
        {OURS "/login", "post", OURS "/login",
         "{\"user\":\"lan\",\"password\":\"x\"}", 401},
        {OURS "/session", "get", OURS "/session", NULL, 200},
        {OURS "/logout", "post", OURS "/logout", NULL, 200},
        {OURS "/incidents", "get", OURS "/incidents?limit=2", NULL, 200},
        {OURS "/incidents/{n}", "get", OURS "/incidents/1", NULL, 200},
        {OURS "/incidents/{n}", "get", OURS "/incidents/9", NULL, 404},
        {OURS "/incidents/{n}/acknowledge", "post",
         OURS "/incidents/1/acknowledge", "{}", 200},
        {OURS "/incidents/{n}/acknowledge", "post",
         OURS "/incidents/1/acknowledge", "{\"x\":1}", 400},
        {OURS "/incidents/{n}/silence", "post", OURS "/incidents/1/silence",
         "{}", 200},
        {OURS "/silences", "get", OURS "/silences", NULL, 200},
        {OURS "/silences/{n}", "delete", OURS "/silences/1", NULL, 200},
        {OURS "/maintenance", "get", OURS "/maintenance", NULL, 200},
        {OURS "/units", "get", OURS "/units", NULL, 200},
        {OURS "/devices", "get", OURS "/devices", NULL, 200},
        {OURS "/tokens", "get", OURS "/tokens", NULL, 200},
        {OURS "/audit", "get", OURS "/audit", NULL, 200},
        {OURS "/audit/verify", "get", OURS "/audit/verify", NULL, 200},
        {OURS "/rules/log", "get", OURS "/rules/log", NULL, 200},
        {OURS "/rules/rollback", "post", OURS "/rules/rollback",
         "{\"sha\":\"ab\"}", 200},
        {OURS "/rules/rollback", "post", OURS "/rules/rollback",
         "{\"sha\":\"no\"}", 404},
        {"/api/v1/rules", "get", "/api/v1/rules", NULL, 200},
        {"/api/v1/alerts", "get", "/api/v1/alerts", NULL, 200},
        {"/api/v1/query_exemplars", "get", "/api/v1/query_exemplars", NULL,
         200},
        {"/api/v1/status/buildinfo", "get", "/api/v1/status/buildinfo", NULL,
         200},
        {"/healthz", "get", "/healthz", NULL, 501},
    };
    struct api_world *world = *state;
    json_t *document = load_document();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char method[16] = "";
        unsigned status;

        for (size_t j = 0; cases[i].method[j] != '\0'; j++) {
            method[j] = (char)(cases[i].method[j] - 'a' + 'A');
        }
        status = api_ask(world, &(struct api_ask){.method = method,
                                                  .path = cases[i].ask,
                                                  .body = cases[i].body});
        if (status != cases[i].status) {
            fail_msg("%s %s: %u %s", method, cases[i].ask, status,
                     world->answer.body);
        }
        assert_non_null(world->json);
        judge(document, world->json,
              schema_of(document, cases[i].path, cases[i].method, status),
              cases[i].path);
    }
    json_decref(document);
}

static void
tokens_that_are_made_are_as_documented(void **state)
{
    struct api_world *world = *state;
    json_t *document = load_document();
    char token[GONG_USER_TOKEN_SIZE];

    api_login(world, api_add_user(world, "viewer", "22015"), token);
    assert_int_equal(
        api_ask(world,
                &(struct api_ask){
                    .method = "POST",
                    .path = OURS "/tokens",
                    .body = "{\"name\":\"x\",\"role\":\"viewer\",\"unit\":"
                            "\"22015\",\"expires\":1760000100000}",
                    .bearer = token}),
        201);
    judge(document, world->json,
          schema_of(document, OURS "/tokens", "post", 201), "tokens");
    json_decref(document);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, api_setup, api_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_is_the_programs),
        T(every_answer_is_as_documented),
        T(tokens_that_are_made_are_as_documented),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
