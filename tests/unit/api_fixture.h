/* api_fixture: an API with users of every role and a desk that only remembers.
 *
 * Units: 66 over 22015 and 22018; 22019 beside it. Incident 1 lies in 22015, of
 * a gauge that affects 22019, 2 in 22018, 3 in no unit; silence 1 is bound to
 * 22015, 2 to 22018, 3 to everything. */
#ifndef GONG_TESTS_API_FIXTURE_H
#define GONG_TESTS_API_FIXTURE_H

#include <stdbool.h>

#include <jansson.h>

#include "agent/api/api.h"

#define API_NOW      INT64_C(1760000000000)
#define API_PASSWORD "mot mat khau dai"

struct api_world {
    char dir[64];
    char db[96];
    struct gong_users *users;
    struct gong_events *events;
    struct gong_receive *receive;    /* knows 22015/gauge and 22018/gw */
    struct gong_backup backup;       /* of the users alone: there is no desk */
    struct gong_api_options options; /* of the API as it is */
    struct gong_api *api;
    struct gong_api_answer answer;
    json_t *json;  /* of the last answer, or NULL */
    char act[512]; /* what the desk was asked last; "" nothing */
    unsigned acts;
    enum gong_err act_err;
    char rolled_back[80];
    enum gong_err desk_err; /* why the desk cannot write */
    bool marked;            /* incidents are silenced, and their alerts keep */
    unsigned rounds_empty;  /* questions whose answer holds nothing, but next */
    unsigned rounds;
    int64_t now_ms;
};

/* How one asks. */
struct api_ask {
    const char *method;
    const char *path; /* may hold ?a=b&c=d */
    const char *body; /* JSON, or NULL */
    const char *bearer;
    const char *cookie;
    const char *csrf;
    const char *last_event_id;
    const char *type;
    const char *host; /* NULL: localhost:9470 */
    const char *origin;
    const char *fetch_site;
    enum gong_api_peer peer; /* 0: local */
    bool untrusted;
    const atomic_bool *cancelled;
    gong_mono_t came;
};

int api_setup(void **state);
int api_teardown(void **state);

/* Another API in the place of the one there is, by world->options. */
void api_renew(struct api_world *world);

/* A user "role.unit" ("operator.22015", "admin.all") with that grant; gives
 * back the name. */
const char *api_add_user(struct api_world *world, const char *role,
                         const char *unit);
/* A session that is sent as bearer. */
void api_login(struct api_world *world, const char *user,
               char token[GONG_USER_TOKEN_SIZE]);
/* The status; the answer is in the world until the next one. */
unsigned api_ask(struct api_world *world, const struct api_ask *ask);
/* GET as the local socket's owner. */
unsigned api_get(struct api_world *world, const char *path);

#endif
