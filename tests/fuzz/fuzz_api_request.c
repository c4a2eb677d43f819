/*
 * Any bytes as a request to the whole API, with users in it and a desk that
 * only remembers (tests/unit/api_fixture.h):
 *
 *   who METHOD /path?name=value&..\n      who: one digit, see ask
 *   Content-Type\n Authorization\n Cookie\n X-Gong-CSRF\n Last-Event-ID\n
 *   body
 *
 * Answers are as their schemas say, whoever may not act does not, and no header
 * is broken. Passwords are not hashed here: that is slow by intention.
 */
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "agent/api/api_routes.h"
#include "agent/api/api_schema.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/api_fixture.h"

#define LINES      6 /* before the body */
#define ASKED_EACH 64

enum { VIEWER, OPERATOR, ENGINEER, ADMIN, USERS };

static struct api_world *world;
static char tokens[USERS][GONG_USER_TOKEN_SIZE];
static unsigned asked;

int __wrap_crypto_pwhash_str(char *out, const char *password,
                             unsigned long long len, unsigned long long ops,
                             size_t memory);
int __wrap_crypto_pwhash_str_verify(const char *hash, const char *password,
                                    unsigned long long len);

int
__wrap_crypto_pwhash_str(char *out, const char *password,
                         unsigned long long len, unsigned long long ops,
                         size_t memory)
{
    (void)password;
    (void)ops;
    (void)memory;
    (void)snprintf(out, crypto_pwhash_STRBYTES, "hash of %llu bytes", len);
    return 0;
}

int
__wrap_crypto_pwhash_str_verify(const char *hash, const char *password,
                                unsigned long long len)
{
    char wanted[crypto_pwhash_STRBYTES];

    (void)password;
    (void)snprintf(wanted, sizeof wanted, "hash of %llu bytes", len);
    return strcmp(hash, wanted) == 0 ? 0 : -1;
}

static void
end_world(void)
{
    void *state = world;

    if (world != NULL) {
        (void)api_teardown(&state);
    }
    world = NULL;
}

/* A fresh one now and then: what was done adds up. */
static void
begin_world(void)
{
    static const char *const grants[USERS][2] = {{"viewer", "22015"},
                                                 {"operator", "22015"},
                                                 {"engineer", "*"},
                                                 {"admin", "*"}};
    void *state = NULL;

    if (world == NULL) {
        (void)atexit(end_world);
    }
    end_world();
    (void)api_setup(&state);
    world = state;
    for (size_t i = 0; i < USERS; i++) {
        const char *name = api_add_user(world, grants[i][0], grants[i][1]);

        api_login(world, name, tokens[i]);
    }
}

static void
split_query(char *path, struct gong_api_request *request)
{
    char *at = strchr(path, '?');

    while (at != NULL) {
        char *value;
        char *next;

        *at++ = '\0';
        next = strchr(at, '&');
        if (next != NULL) {
            *next = '\0';
        }
        value = strchr(at, '=');
        if (request->query_count == GONG_API_QUERY_MAX) {
            request->query_overflow = true;
            return;
        }
        request->query[request->query_count++] =
            (struct gong_api_pair){at, value == NULL ? "" : value + 1};
        if (value != NULL) {
            *value = '\0';
        }
        at = next;
    }
}

static void
check_headers(const struct gong_api_answer *answer)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        for (const char *c = answer->headers[i].value; *c != '\0'; c++) {
            FUZZ_CHECK((unsigned char)*c >= ' ' && *c != 0x7f);
        }
    }
}

static void
check_answer(const struct gong_api_request *request,
             const struct gong_api_answer *answer)
{
    char param[GONG_API_PARAM_SIZE], allow[64], why[256] = "";
    const struct gong_api_route *route = gong_api_route_find(
        strcmp(request->method, "HEAD") == 0 ? "GET" : request->method,
        request->path, param, allow, sizeof allow);
    const struct gong_api_schema *schema = NULL;
    json_t *json = NULL;

    FUZZ_CHECK(answer->status >= 200 && answer->status < 600);
    FUZZ_CHECK(answer->status != 500);
    check_headers(answer);
    if (answer->body == NULL || strstr(answer->type, "json") == NULL) {
        return;
    }
    json = json_loadb(answer->body, answer->len, 0, NULL);
    FUZZ_CHECK(json != NULL);
    if (answer->status >= 400 && strstr(answer->type, "problem") != NULL) {
        schema = &gong_api_problem_answer;
    } else if (answer->status >= 400 && route != NULL &&
               strncmp(route->path, "/api/v1/", 8) == 0) {
        schema = &gong_api_prom_error_answer;
    } else if (route != NULL) {
        schema = route->answer;
    }
    if (schema != NULL && !gong_api_check(json, schema, why, sizeof why)) {
        (void)fprintf(stderr, "%s: %s\n", why, answer->body);
        FUZZ_CHECK(false);
    }
    json_decref(json);
}

/* who: 0 the local socket's owner, 1 this machine, 2 anybody, 3 to 6 those
 * with a login. */
static void
ask(unsigned who, struct gong_api_request *request)
{
    struct gong_api_answer answer = {0};
    char bearer[sizeof "Bearer " + GONG_USER_TOKEN_SIZE];
    unsigned acts = world->acts;

    request->host = "localhost";
    request->peer = who == 0   ? GONG_API_PEER_LOCAL
                    : who == 1 ? GONG_API_PEER_LOOPBACK
                               : GONG_API_PEER_BEYOND;
    request->peer_trusted = who == 0;
    if (who > 2) {
        (void)snprintf(bearer, sizeof bearer, "Bearer %s", tokens[who - 3]);
        request->authorization = bearer;
    }
    (void)snprintf(request->address, sizeof request->address, "192.0.2.1");
    (void)snprintf(request->network, sizeof request->network, "192.0.2.1");
    world->rolled_back[0] = '\0';
    gong_api_ask(world->api, request, world->now_ms, &answer);
    check_answer(request, &answer);
    /* A genuine link acts without a login. */
    if (who > 0 && who - 3 != OPERATOR && who - 3 != ENGINEER &&
        who - 3 != ADMIN && strncmp(request->path, "/a/", 3) != 0) {
        FUZZ_CHECK(world->acts == acts);
    }
    FUZZ_CHECK(who == 0 || who - 3 == ENGINEER || who - 3 == ADMIN ||
               world->rolled_back[0] == '\0');
    gong_events_leave(answer.stream);
    free(answer.body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_api_request request = {0};
    char *copy = malloc(size + 1);
    char *lines[LINES];
    char *at = copy;
    char *space;

    if (copy == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    copy[size] = '\0';
    for (size_t i = 0; i < LINES; i++) {
        char *end = memchr(at, '\n', (size_t)(copy + size - at));

        lines[i] = at;
        at = end == NULL ? copy + size : end + 1;
        if (end != NULL) {
            *end = '\0';
        }
    }
    space = strlen(lines[0]) < 2 ? NULL : strchr(lines[0] + 2, ' ');
    if (space != NULL) {
        *space = '\0';
        request.method = lines[0] + 2;
        request.path = space + 1;
        split_query(space + 1, &request);
        request.content_type = lines[1];
        request.authorization = lines[2];
        request.cookie = lines[3];
        request.csrf = lines[4];
        request.last_event_id = lines[5];
        request.body = gong_str_from(at, (size_t)(copy + size - at));
        if (asked++ % ASKED_EACH == 0) {
            begin_world();
        }
        ask((unsigned)(lines[0][0] - '0') % (3 + USERS), &request);
    }
    free(copy);
    return 0;
}
