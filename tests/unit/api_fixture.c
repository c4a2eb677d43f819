#include "api_fixture.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* --- the desk --- */

static void
make_incident(uint64_t number, struct gong_desk_incident *out,
              struct gong_label_view labels[4])
{
    static const char *const units[] = {"", "22015", "22018", ""};
    static const struct gong_label_view annotations[] = {
        {{"summary", 7}, {"Nước <b>dâng</b>", 20}},
    };

    labels[0] =
        (struct gong_label_view){gong_str_of("device"), gong_str_of("gauge")};
    labels[1] = (struct gong_label_view){gong_str_of("severity"),
                                         gong_str_of("critical")};
    labels[2] = (struct gong_label_view){gong_str_of("site"),
                                         gong_str_of(units[number])};
    labels[3] = (struct gong_label_view){gong_str_of("unit"),
                                         gong_str_of(units[number])};
    *out = (struct gong_desk_incident){
        .number = number,
        .state = GONG_INCIDENT_OPEN,
        .alert = GONG_ALERT_FIRING,
        .severity = GONG_SEVERITY_CRITICAL,
        .value = 40.31,
        .opened_ms = API_NOW - 1000 * (int64_t)number,
        .since_ms = API_NOW - 2000,
        .changed_ms = API_NOW,
        .rule_id = gong_str_of("water/RiverHigh"),
        .ack_comment = gong_str_of("đang đến\nvới hai người"),
        .labels = labels,
        .label_count = number == 3 ? 2 : 4,
        .annotations = annotations,
        .annotation_count = 1,
        .verdict = number == 2 ? GONG_VERDICT_REAL : GONG_VERDICT_NONE,
        .cost = number == 2 ? 1500000 : 0,
        .cause = gong_str_of(number == 2 ? "mưa lớn" : "mưa\nlớn"),
    };
}

static enum gong_err
incidents(void *ctx, const struct gong_api_incident_query *query,
          bool (*each)(void *arg, const struct gong_desk_incident *incident),
          void *arg, uint64_t *next)
{
    struct api_world *world = ctx;

    world->rounds++;
    if (world->rounds_empty > 0) {
        world->rounds_empty--;
        *next = 100 - world->rounds;
        return GONG_OK;
    }
    *next = 0;
    for (uint64_t n = 3; n > 0; n--) {
        struct gong_desk_incident incident;
        struct gong_label_view labels[4];

        make_incident(n, &incident, labels);
        incident.silenced = world->marked;
        incident.alert = world->marked ? GONG_ALERT_KEEPING : incident.alert;
        if ((query->before == 0 || n < query->before) &&
            !each(arg, &incident)) {
            break;
        }
    }
    return GONG_OK;
}

static enum gong_err
incident(void *ctx, uint64_t number,
         void (*each)(void *arg, const struct gong_desk_incident *incident),
         void (*event)(void *arg, const struct gong_api_event *event),
         void *arg)
{
    struct gong_desk_incident found;
    struct gong_label_view labels[4];

    (void)ctx;
    if (number == 0 || number > 3) {
        return GONG_ERR_NOT_FOUND;
    }
    make_incident(number, &found, labels);
    each(arg, &found);
    if (event != NULL) {
        event(arg, &(struct gong_api_event){API_NOW, GONG_INCIDENT_FIRE,
                                            gong_str_from(NULL, 0),
                                            gong_str_of("40,31 m")});
    }
    return GONG_OK;
}

static json_t *
more(void *ctx, uint64_t number)
{
    (void)ctx;
    (void)number;
    return json_pack(
        "{s:[{s:s,s:s,s:s,s:s,s:i,s:i,s:i,s:I,s:I,s:I,s:I,s:I,s:I}],"
        "s:[{s:s,s:s,s:s,s:s,s:b,s:s,s:s,s:I,s:I,s:i}]}",
        "decisions", "event", "fire", "reason", "condition", "expr",
        "river_level > 40", "value", "40.31", "level", 0, "position", 4096,
        "ordinal", 1, "at", (json_int_t)API_NOW - 2000, "captured",
        (json_int_t)API_NOW - 2000, "published", (json_int_t)API_NOW - 1900,
        "received", (json_int_t)API_NOW - 1800, "decided",
        (json_int_t)API_NOW - 1750, "stored", (json_int_t)API_NOW - 1000,
        "deliveries", "receiver", "duty", "unit", "22015", "recipient",
        "contact:duty-1", "channel", "email", "unreached", 0, "outcome", "sent",
        "why", "", "created", (json_int_t)API_NOW - 900, "at",
        (json_int_t)API_NOW - 500, "latency", 12);
}

static enum gong_err
silences(void *ctx, bool ended_too,
         void (*each)(void *arg, const struct gong_desk_silence *silence),
         void *arg)
{
    static const char *const matchers[] = {"severity=\"info\",unit=\"22015\"",
                                           "unit=\"22018\"",
                                           "severity=~\"unit=\\\"22015\\\"\""};

    (void)ctx;
    (void)ended_too;
    for (size_t i = 0; i < 3; i++) {
        for (int kind = 0; kind < 2; kind++) {
            each(arg, &(struct gong_desk_silence){
                          .number = i + 1 + (kind == 1 ? 10 : 0),
                          .maintenance = kind == 1,
                          .matchers = gong_str_of(matchers[i]),
                          .by = gong_str_of("lan"),
                          .comment = gong_str_of("sửa\ntrạm"),
                          .until_ms = INT64_MAX,
                      });
        }
    }
    return GONG_OK;
}

struct one_silence {
    uint64_t number;
    void (*each)(void *arg, const struct gong_desk_silence *silence);
    void *arg;
    bool found;
};

static void
see_one(void *arg, const struct gong_desk_silence *is)
{
    struct one_silence *one = arg;

    if (is->number == one->number) {
        one->found = true;
        one->each(one->arg, is);
    }
}

static enum gong_err
silence(void *ctx, uint64_t number,
        void (*each)(void *arg, const struct gong_desk_silence *silence),
        void *arg)
{
    struct one_silence one = {number, each, arg, false};
    enum gong_err err = silences(ctx, true, see_one, &one);

    return err == GONG_OK && !one.found ? GONG_ERR_NOT_FOUND : err;
}

static enum gong_err
act(void *ctx, const struct gong_desk_act *what, uint64_t *number, char *why,
    size_t why_size)
{
    struct api_world *world = ctx;

    world->acts++;
    (void)snprintf(
        world->act, sizeof world->act,
        "%d by=%.*s incident=%d silence=%d owner=%.*s matchers=%.*s "
        "comment=%.*s until=%lld sticky=%d verdict=%d cost=%lld cause=%.*s",
        (int)what->kind, (int)what->by.len, what->by.data, (int)what->incident,
        (int)what->silence, (int)what->owner.len, what->owner.data,
        (int)what->matchers.len, what->matchers.data, (int)what->comment.len,
        what->comment.data, (long long)what->until_ms, (int)what->sticky,
        (int)what->verdict, (long long)what->cost, (int)what->cause.len,
        what->cause.data);
    if (number != NULL) {
        *number = 7;
    }
    if (world->act_err != GONG_OK) {
        (void)snprintf(why, why_size, "it is over");
    }
    return world->act_err;
}

static enum gong_err
well(void *ctx)
{
    const struct api_world *world = ctx;

    return world->desk_err;
}

/* --- the city, the rules, links --- */

static bool
find(void *ctx, struct gong_str text, char code[GONG_GRANT_UNIT_SIZE],
     char *near, size_t size)
{
    (void)ctx;
    if (gong_str_is(text, "Xã Sơn Hoà")) {
        (void)snprintf(code, GONG_GRANT_UNIT_SIZE, "22015");
        return true;
    }
    (void)snprintf(near, size, "22015 (Xã Sơn Hoà)");
    if (text.len >= GONG_GRANT_UNIT_SIZE) {
        return true; /* as without a model */
    }
    return gong_str_is(text, "66") || gong_str_is(text, "22015") ||
           gong_str_is(text, "22018") || gong_str_is(text, "22019");
}

static bool
contact(void *ctx, struct gong_str id)
{
    (void)ctx;
    return gong_str_is(id, "duty-22015");
}

static bool
under(void *ctx, struct gong_str unit, struct gong_str root)
{
    (void)ctx;
    return gong_str_equal(unit, root) ||
           (gong_str_is(root, "66") &&
            (gong_str_is(unit, "22015") || gong_str_is(unit, "22018")));
}

static bool
affects(void *ctx, struct gong_str site, struct gong_str device,
        struct gong_str root)
{
    (void)ctx;
    return gong_str_is(site, "22015") && gong_str_is(device, "gauge") &&
           gong_str_is(root, "22019");
}

static json_t *
units(void *ctx)
{
    (void)ctx;
    return json_pack("[{s:s,s:s,s:s,s:s,s:s,s:n,s:n,s:[]},"
                     "{s:s,s:s,s:s,s:s,s:s,s:f,s:f,s:[s]}]",
                     "code", "66", "name", "Tỉnh Đắk Lắk", "name_en", "Dak Lak",
                     "kind", "province", "parent", "", "lon", "lat", "was",
                     "code", "22015", "name", "Xã Sơn Hoà", "name_en",
                     "Son Hoa", "kind", "commune", "parent", "66", "lon", 108.9,
                     "lat", 13.0, "was", "22016");
}

static json_t *
devices(void *ctx)
{
    (void)ctx;
    return json_pack("[{s:s,s:s,s:s,s:s,s:i,s:n,s:n,s:[s]},"
                     "{s:s,s:s,s:s,s:s,s:i,s:n,s:n,s:[]}]",
                     "unit", "22015", "name", "gauge", "label", "Trạm Củng Sơn",
                     "label_en", "", "every", 600000, "lon", "lat", "affects",
                     "22018", "unit", "22018", "name", "gw", "label", "",
                     "label_en", "", "every", 0, "lon", "lat", "affects");
}

static json_t *
rules(void *ctx)
{
    (void)ctx;
    return json_loads(
        "{\"status\":\"success\",\"data\":{\"groups\":[{\"name\":\"water\","
        "\"rules\":[{\"name\":\"RiverHigh\","
        "\"type\":\"alerting\",\"alerts\":["
        "{\"labels\":{\"unit\":\"22015\",\"site\":\"22015\","
        "\"device\":\"gauge\"}},{\"labels\":{\"site\":\"22018\"}}"
        "]}]}]}}",
        0, NULL);
}

static json_t *
rules_log(void *ctx)
{
    (void)ctx;
    return json_pack("[{s:s,s:I,s:b,s:I,s:I}]", "sha", "ab", "at",
                     (json_int_t)API_NOW, "now", 1, "rolled_back",
                     (json_int_t)API_NOW, "undone", (json_int_t)0);
}

static enum gong_err
rollback(void *ctx, const char *sha, char *why, size_t why_size)
{
    struct api_world *world = ctx;

    if (strcmp(sha, "ab") != 0) {
        (void)snprintf(why, why_size, "no such set");
        return GONG_ERR_NOT_FOUND;
    }
    (void)snprintf(world->rolled_back, sizeof world->rolled_back, "%s", sha);
    return GONG_OK;
}

static enum gong_err
verify(void *ctx, const char *token, int64_t now_ms,
       struct gong_api_link_claims *out)
{
    (void)ctx;
    (void)now_ms;
    if (strcmp(token, "good") != 0) {
        return strcmp(token, "old") == 0 ? GONG_ERR_TIMEOUT : GONG_ERR_INVALID;
    }
    *out =
        (struct gong_api_link_claims){.incident = 1, .expires_ms = API_NOW + 1};
    (void)snprintf(out->person, sizeof out->person, "Trực ban <1>");
    return GONG_OK;
}

/* --- the world --- */

static struct gong_receive *
make_receive(void)
{
    static const char *const names[][2] = {{"22015", "gauge"}, {"22018", "gw"}};
    struct gong_receive *receive = gong_receive_new(
        &(struct gong_receive_options){.devices_max = 10, .burst = 1});

    assert_non_null(receive);
    for (size_t i = 0; i < 2; i++) {
        struct gong_device_name name = {gong_str_of(names[i][0]),
                                        gong_str_of(names[i][1])};

        assert_int_equal(gong_receive_admit(receive, name, gong_mono_now()),
                         GONG_RECEIVE_NEW);
    }
    return receive;
}

void
api_renew(struct api_world *world)
{
    gong_api_free(world->api);
    world->api = gong_api_new(&world->options);
    assert_non_null(world->api);
}

int
api_setup(void **state)
{
    struct api_world *world = calloc(1, sizeof *world);
    struct gong_api_options options = {
        .desk = {world, incidents, incident, more, NULL, silences, silence, act,
                 well},
        .city = {{under, NULL, affects},
                 NULL,
                 units,
                 devices,
                 NULL,
                 find,
                 contact,
                 NULL},
        .rules = {world, rules, rules_log, rollback},
        .link = {NULL, verify},
    };
    char why[256];

    assert_non_null(world);
    (void)snprintf(world->dir, sizeof world->dir, "/tmp/gong-api-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    (void)snprintf(world->db, sizeof world->db, "%s/users.db", world->dir);
    assert_int_equal(gong_users_open(world->db, &world->users, why, sizeof why),
                     GONG_OK);
    world->events = gong_events_new("b00t", NULL);
    assert_non_null(world->events);
    world->now_ms = API_NOW;
    options.users = world->users;
    gong_backup_init(&world->backup);
    world->backup.state_dir = world->dir;
    options.backup = &world->backup;
    world->receive = make_receive();
    options.receive = world->receive;
    options.events = world->events;
    world->options = options;
    api_renew(world);
    *state = world;
    return 0;
}

static void
forget(struct api_world *world)
{
    gong_events_leave(world->answer.stream);
    free(world->answer.body);
    json_decref(world->json);
    world->answer = (struct gong_api_answer){0};
    world->json = NULL;
}

static void
empty(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[512];

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        (void)unlink(path);
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

int
api_teardown(void **state)
{
    struct api_world *world = *state;
    char path[128];

    forget(world);
    gong_api_free(world->api);
    gong_events_free(world->events);
    gong_receive_free(world->receive);
    gong_users_close(world->users);
    gong_backup_fini(&world->backup);
    (void)snprintf(path, sizeof path, "%s/backup", world->dir);
    empty(path);
    (void)rmdir(path);
    empty(world->dir);
    assert_int_equal(rmdir(world->dir), 0);
    free(world);
    return 0;
}

const char *
api_add_user(struct api_world *world, const char *role, const char *unit)
{
    static const struct gong_audit_by by = {"local:0", "local", API_NOW};
    static char name[GONG_USER_NAME_SIZE];
    struct gong_user user = {.grants.count = 1};

    user.grants.items[0].role = gong_role_of(gong_str_of(role));
    (void)snprintf(user.grants.items[0].unit, GONG_GRANT_UNIT_SIZE, "%s", unit);
    (void)snprintf(user.name, sizeof user.name, "%s.%s", role,
                   strcmp(unit, "*") == 0 ? "all" : unit);
    (void)snprintf(name, sizeof name, "%s", user.name);
    assert_int_equal(
        gong_users_add(world->users, &user, gong_str_of(API_PASSWORD), &by),
        GONG_OK);
    return name;
}

void
api_login(struct api_world *world, const char *user,
          char token[GONG_USER_TOKEN_SIZE])
{
    struct gong_audit_by by = {user, "test", world->now_ms};

    assert_int_equal(gong_session_open(world->users, user, false, &by, token),
                     GONG_OK);
}

/* "/path?a=b&c=d" into its parts, in place. */
static void
split(char *path, struct gong_api_request *request)
{
    char *at = strchr(path, '?');

    request->path = path;
    while (at != NULL) {
        char *value;

        *at++ = '\0';
        value = strchr(at, '=');
        assert_non_null(value);
        *value++ = '\0';
        assert_true(request->query_count < GONG_API_QUERY_MAX);
        request->query[request->query_count++] =
            (struct gong_api_pair){at, value};
        at = strchr(value, '&');
    }
}

static const char *
or_none(const char *text)
{
    return text == NULL ? "" : text;
}

unsigned
api_ask(struct api_world *world, const struct api_ask *ask)
{
    struct gong_api_request request = {0};
    char path[3000], bearer[128] = "";

    forget(world);
    (void)snprintf(path, sizeof path, "%s", ask->path);
    split(path, &request);
    if (ask->bearer != NULL) {
        (void)snprintf(bearer, sizeof bearer, "Bearer %s", ask->bearer);
    }
    request.method = ask->method;
    request.host = ask->host == NULL ? "localhost:9470" : ask->host;
    request.origin = or_none(ask->origin);
    request.fetch_site = or_none(ask->fetch_site);
    request.authorization = bearer;
    request.cookie = or_none(ask->cookie);
    request.csrf = or_none(ask->csrf);
    request.last_event_id = or_none(ask->last_event_id);
    request.content_type = ask->type != NULL ? ask->type : "application/json";
    request.body = gong_str_of(or_none(ask->body));
    request.cancelled = ask->cancelled;
    request.came = ask->came;
    request.peer = ask->peer;
    request.peer_trusted = !ask->untrusted;
    (void)snprintf(request.address, sizeof request.address, "127.0.0.1");
    (void)snprintf(request.network, sizeof request.network, "127.0.0.1");
    gong_api_ask(world->api, &request, world->now_ms, &world->answer);
    if (world->answer.body != NULL && world->answer.type != NULL &&
        strstr(world->answer.type, "json") != NULL) {
        world->json =
            json_loadb(world->answer.body, world->answer.len, 0, NULL);
        assert_non_null(world->json);
    }
    return world->answer.status;
}

unsigned
api_get(struct api_world *world, const char *path)
{
    return api_ask(world, &(struct api_ask){.method = "GET", .path = path});
}
