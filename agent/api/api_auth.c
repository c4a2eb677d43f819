#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/api/api_handlers.h"
#include "agent/api/api_private.h"
#include "agent/api/http_address.h"

#define COOKIE       "__Host-gong="
#define BEARER       "Bearer "
#define DENIALS_EACH 10 /* denials that are kept in the audit log, a second */

/* --- who it is --- */

/* The value of our cookie; empty: none. */
static struct gong_str
cookie_of(const char *header)
{
    const char *at = header;

    while (*at != '\0') {
        size_t len;

        at += strspn(at, " ;");
        len = strcspn(at, ";");
        if (len > strlen(COOKIE) && strncmp(at, COOKIE, strlen(COOKIE)) == 0) {
            return gong_str_from(at + strlen(COOKIE), len - strlen(COOKIE));
        }
        at += len;
    }
    return gong_str_from(NULL, 0);
}

static bool
is_unsafe(const char *method)
{
    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

static void
be_everybody(struct gong_principal *who, enum gong_principal_kind kind,
             enum gong_role role, const char *name)
{
    *who = (struct gong_principal){.kind = kind, .grants.count = 1};
    who->grants.items[0].role = role;
    (void)snprintf(who->grants.items[0].unit, GONG_GRANT_UNIT_SIZE, "%s",
                   GONG_GRANT_ALL);
    (void)snprintf(who->name, sizeof who->name, "%s", name);
}

static bool
unknown(struct gong_api_call *call)
{
    if (call->route->handle == gong_api_page) {
        gong_api_login_form(call, 401, NULL);
        return false;
    }
    gong_api_problem(call->answer, 401, "Cần đăng nhập", "A login is needed",
                     NULL);
    gong_api_header(call->answer, "WWW-Authenticate", "Bearer realm=\"gong\"");
    return false;
}

static bool
check_csrf(struct gong_api_call *call)
{
    size_t len = strlen(call->who.csrf);

    if (!is_unsafe(call->request->method) ||
        (strlen(call->request->csrf) == len &&
         sodium_memcmp(call->request->csrf, call->who.csrf, len) == 0)) {
        return true;
    }
    gong_api_problem(call->answer, 403, "Thiếu hoặc sai X-Gong-CSRF",
                     "X-Gong-CSRF is missing or wrong", NULL);
    return false;
}

static bool
find(struct gong_api_call *call, struct gong_str token, bool cookie)
{
    enum gong_err err = call->api->options.users == NULL
                            ? GONG_ERR_NOT_FOUND
                            : gong_users_find(call->api->options.users, token,
                                              cookie, call->now_ms, &call->who);

    if (err == GONG_ERR_NOT_FOUND) {
        return unknown(call);
    }
    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, NULL);
        return false;
    }
    return !cookie || check_csrf(call);
}

static bool
any_user(const struct gong_api_call *call)
{
    return call->api->options.users != NULL &&
           gong_users_any(call->api->options.users);
}

/* Without a login. */
static bool
be_nobody(struct gong_api_call *call)
{
    const struct gong_api_request *request = call->request;

    if (request->peer == GONG_API_PEER_LOCAL) {
        be_everybody(&call->who, GONG_PRINCIPAL_LOCAL, GONG_ROLE_ADMIN,
                     request->address);
        return true;
    }
    if (call->route->action == GONG_ACTION_OPEN) {
        call->who = (struct gong_principal){.kind = GONG_PRINCIPAL_NOBODY};
        return true;
    }
    if (!any_user(call) && request->peer == GONG_API_PEER_LOOPBACK &&
        call->route->action != GONG_ACTION_SELF) {
        be_everybody(&call->who, GONG_PRINCIPAL_NOBODY, GONG_ROLE_VIEWER, "");
        return true;
    }
    return unknown(call);
}

/* Without users a browser on this machine could be made to read for a page of
 * somebody's whose name was turned to 127.0.0.1: the name gives it away. */
static bool
check_host(struct gong_api_call *call)
{
    const struct gong_api_request *request = call->request;

    if (request->peer != GONG_API_PEER_LOOPBACK || any_user(call) ||
        (request->host != NULL && gong_http_host_loopback(request->host))) {
        return true;
    }
    gong_api_problem(
        call->answer, 421, "Chưa có người dùng nào: chỉ trả lời cho localhost",
        "There is no user yet: only localhost is answered", "Host");
    return false;
}

bool
gong_api_identify(struct gong_api_call *call)
{
    const struct gong_api_request *request = call->request;
    struct gong_str cookie = cookie_of(request->cookie);

    if (request->peer == GONG_API_PEER_LOCAL && !request->peer_trusted) {
        gong_api_problem(call->answer, 403,
                         "Chỉ dành cho root và người dùng của gong-agent",
                         "Only for root and the agent's own user", NULL);
        return false;
    }
    if (request->peer == GONG_API_PEER_BEYOND && !any_user(call)) {
        gong_api_problem(
            call->answer, 403,
            "Chưa có người dùng nào; tạo người đầu tiên trên chính máy này: "
            "gongctl users add",
            "There is no user yet; make the first one on that machine: "
            "gongctl users add",
            NULL);
        return false;
    }
    if (!check_host(call)) {
        return false;
    }
    if (call->route->action == GONG_ACTION_OPEN) {
        return be_nobody(call);
    }
    if (strncmp(request->authorization, BEARER, strlen(BEARER)) == 0) {
        return find(call, gong_str_of(request->authorization + strlen(BEARER)),
                    false);
    }
    if (cookie.len > 0) {
        return find(call, cookie, true);
    }
    return be_nobody(call);
}

/* --- may they --- */

struct gong_audit_by
gong_api_by(const struct gong_api_call *call)
{
    return (struct gong_audit_by){call->who.name, call->request->address,
                                  call->now_ms};
}

void
gong_api_audit(struct gong_api_call *call, const char *action,
               const char *object, const char *result, const char *text)
{
    struct gong_audit_entry entry = {.at_ms = call->now_ms,
                                     .who = call->who.name,
                                     .address = call->request->address,
                                     .action = action,
                                     .object = object,
                                     .result = result,
                                     .text = text};

    /* What was done is done: a log that cannot be written is told by the
     * counter of its disk, not by taking it back. */
    if (call->api->options.users != NULL &&
        gong_audit_add(call->api->options.users, &entry) != GONG_OK) {
        return;
    }
}

/* A flood of denials does not fill the disk; the counter has them all. */
static bool
is_kept(struct gong_api *api, int64_t now_ms)
{
    bool kept;

    (void)pthread_mutex_lock(&api->lock);
    if (now_ms / 1000 != api->denied_ms / 1000) {
        api->denied_ms = now_ms;
        api->denied = 0;
    }
    kept = api->denied++ < DENIALS_EACH;
    (void)pthread_mutex_unlock(&api->lock);
    return kept;
}

static bool
denied(struct gong_api_call *call)
{
    char object[256];

    if (call->api->denials != NULL) {
        gong_counter_increase(call->api->denials, 1);
    }
    if (call->who.kind == GONG_PRINCIPAL_NOBODY) {
        return unknown(call);
    }
    (void)snprintf(object, sizeof object, "%s %.200s", call->request->method,
                   call->request->path);
    if (is_kept(call->api, call->now_ms)) {
        gong_api_audit(call, gong_action_text(call->route->action), object,
                       "denied", "");
    }
    gong_api_problem(call->answer, 403, "Không có quyền", "Not allowed", NULL);
    return false;
}

bool
gong_api_allow(struct gong_api_call *call)
{
    const struct gong_grant_tree *tree = &call->api->options.city.tree;
    enum gong_action action = call->route->action;
    bool may = true;

    switch (call->route->scope) {
    case GONG_API_SCOPE_NONE:
        break;
    case GONG_API_SCOPE_ALL:
        may = gong_principal_may(&call->who, tree, action,
                                 gong_str_of(GONG_GRANT_ALL));
        break;
    case GONG_API_SCOPE_SOME:
    case GONG_API_SCOPE_INCIDENT:
    case GONG_API_SCOPE_CONCERNED:
    case GONG_API_SCOPE_SILENCE:
        may = gong_principal_may_somewhere(&call->who, GONG_ACTION_READ);
        if (may && call->route->scope == GONG_API_SCOPE_SOME) {
            may = gong_principal_may_somewhere(&call->who, action);
        }
        break;
    case GONG_API_SCOPE_MATCHERS:
        may = gong_principal_may_somewhere(&call->who, action);
        break;
    }
    return may || denied(call);
}

bool
gong_api_sees(const struct gong_api_call *call, struct gong_str unit)
{
    return gong_principal_may(&call->who, &call->api->options.city.tree,
                              GONG_ACTION_READ, unit);
}

bool
gong_api_sees_place(const struct gong_api_call *call,
                    const struct gong_grant_place *place)
{
    return gong_principal_concerns(&call->who, &call->api->options.city.tree,
                                   GONG_ACTION_READ, place);
}

bool
gong_api_allow_unit(struct gong_api_call *call, struct gong_str unit)
{
    return gong_principal_may(&call->who, &call->api->options.city.tree,
                              call->route->action, unit) ||
           denied(call);
}

/* What may not be read is not there. */
bool
gong_api_allow_place(struct gong_api_call *call)
{
    const struct gong_grant_tree *tree = &call->api->options.city.tree;
    struct gong_grant_place place = {gong_str_of(call->unit),
                                     gong_str_of(call->site),
                                     gong_str_of(call->device)};

    if (gong_principal_may(&call->who, tree, call->route->action, place.unit) ||
        (call->route->scope == GONG_API_SCOPE_CONCERNED &&
         gong_principal_concerns(&call->who, tree, call->route->action,
                                 &place))) {
        return true;
    }
    if (!gong_api_sees_place(call, &place)) {
        gong_api_failed(call->answer, GONG_ERR_NOT_FOUND, NULL);
        return false;
    }
    return denied(call);
}

bool
gong_api_is_person(struct gong_api_call *call)
{
    enum gong_principal_kind kind = call->who.kind;

    if (kind == GONG_PRINCIPAL_COOKIE || kind == GONG_PRINCIPAL_SESSION ||
        kind == GONG_PRINCIPAL_LOCAL) {
        return true;
    }
    gong_api_problem(call->answer, 403, "Cần đăng nhập bằng mật khẩu",
                     "Only after a login with a password", NULL);
    return false;
}
