#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/api/api_handlers.h"
#include "agent/api/api_private.h"

#define AUDIT_PAGE   100
#define AUDIT_MAX    500
#define TOKEN_MAX_MS (INT64_C(400) * 86400000)

static bool
has_users(struct gong_api_call *call)
{
    if (call->api->options.users == NULL) {
        gong_api_not_offered(call);
        return false;
    }
    return true;
}

static const char *
last_admin(enum gong_err err)
{
    return err == GONG_ERR_INVALID ? "the last user who is admin of * stays"
                                   : NULL;
}

/* --- users --- */

static json_t *
user_json(const struct gong_user *user)
{
    return json_pack("{s:s,s:s,s:b,s:I,s:o}", "name", user->name, "full_name",
                     user->full_name, "disabled", (int)user->disabled,
                     "created", (json_int_t)user->created_ms, "grants",
                     gong_api_grants_json(&user->grants));
}

static void
list_user(void *ctx, const struct gong_user *user)
{
    (void)json_array_append_new(ctx, user_json(user));
}

void
gong_api_users(struct gong_api_call *call)
{
    json_t *items;
    enum gong_err err;

    if (!has_users(call)) {
        return;
    }
    items = json_array();
    err = gong_users_each(call->api->options.users, list_user, items);
    if (err != GONG_OK) {
        json_decref(items);
        gong_api_failed(call->answer, err, NULL);
        return;
    }
    gong_api_json(call->answer, 200, json_pack("{s:o}", "users", items));
}

/* tokens: how many a new password removed; -1: no new password. */
static void
answer_user(struct gong_api_call *call, const char *name, unsigned status,
            int64_t tokens)
{
    struct gong_user user;
    json_t *value;
    enum gong_err err = gong_users_get(call->api->options.users, name, &user);

    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, NULL);
        return;
    }
    value = user_json(&user);
    if (value != NULL && tokens >= 0) {
        (void)json_object_set_new(value, "tokens_removed",
                                  json_integer(tokens));
    }
    gong_api_json(call->answer, status, value);
}

void
gong_api_user(struct gong_api_call *call)
{
    if (has_users(call)) {
        answer_user(call, call->param, 200, -1);
    }
}

/* False with the answer filled: a role that is none, a unit that is none, or
 * more than who asks has. */
static bool
read_grants(struct gong_api_call *call, struct gong_grants *out)
{
    const json_t *list = json_object_get(call->body, "grants");

    out->count = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *unit = json_string_value(json_object_get(item, "unit"));
        struct gong_grant *grant = &out->items[out->count++];

        grant->role = gong_role_of(
            gong_str_of(json_string_value(json_object_get(item, "role"))));
        if (!gong_grant_unit_valid(gong_str_of(unit))) {
            gong_api_problem(call->answer, 400, "Đơn vị không hợp lệ",
                             "That is no unit", unit);
            return false;
        }
        (void)snprintf(grant->unit, sizeof grant->unit, "%s", unit);
        for (size_t j = 0; j + 1 < out->count; j++) {
            if (strcmp(out->items[j].unit, grant->unit) == 0) {
                gong_api_problem(call->answer, 400, "Đơn vị lặp lại",
                                 "A unit stands there twice", unit);
                return false;
            }
        }
        if (!gong_principal_has(&call->who, &call->api->options.city.tree,
                                grant)) {
            gong_api_problem(call->answer, 403,
                             "Không thể cấp quyền cao hơn quyền của mình",
                             "Nobody gives more than they have", unit);
            return false;
        }
    }
    return true;
}

static bool
check_new_password(struct gong_api_call *call, const char *password)
{
    const char *wrong = gong_user_password_wrong(gong_str_of(password));

    if (wrong != NULL) {
        gong_api_problem(call->answer, 400, "Mật khẩu không hợp lệ",
                         "The password is none", wrong);
    }
    return wrong == NULL;
}

void
gong_api_user_add(struct gong_api_call *call)
{
    struct gong_audit_by by = gong_api_by(call);
    const char *password = gong_api_body_text(call, "password", "");
    struct gong_user user = {0};
    enum gong_err err;

    if (!has_users(call) || !gong_api_is_person(call) ||
        !check_new_password(call, password) ||
        !read_grants(call, &user.grants)) {
        return;
    }
    (void)snprintf(user.name, sizeof user.name, "%s",
                   gong_api_body_text(call, "name", ""));
    (void)snprintf(user.full_name, sizeof user.full_name, "%s",
                   gong_api_body_text(call, "full_name", ""));
    if (!gong_user_name_valid(gong_str_of(user.name))) {
        gong_api_problem(call->answer, 400, "Tên chỉ gồm a-z, 0-9, . _ -",
                         "A name is of a-z, 0-9, . _ -", "name");
        return;
    }
    err = gong_users_add(call->api->options.users, &user, gong_str_of(password),
                         &by);
    if (err != GONG_OK) {
        gong_api_failed(call->answer, err,
                        err == GONG_ERR_INVALID ? "the name is taken" : NULL);
        return;
    }
    answer_user(call, user.name, 201, -1);
}

void
gong_api_user_change(struct gong_api_call *call)
{
    struct gong_audit_by by = gong_api_by(call);
    const char *text = gong_api_body_text(call, "password", NULL);
    struct gong_str password = gong_str_of(text == NULL ? "" : text);
    bool disabled = gong_api_body_true(call, "disabled", false);
    struct gong_grants grants;
    int64_t tokens = 0;
    struct gong_user_change change = {
        .full_name = gong_api_body_text(call, "full_name", NULL),
        .password = text == NULL ? NULL : &password,
        .tokens_removed = &tokens,
    };
    enum gong_err err;

    if (!has_users(call) || !gong_api_is_person(call) ||
        (text != NULL && !check_new_password(call, text)) ||
        !read_grants(call, &grants)) {
        return;
    }
    if (json_object_get(call->body, "grants") != NULL) {
        change.grants = &grants;
    }
    if (json_object_get(call->body, "disabled") != NULL) {
        change.disabled = &disabled;
    }
    err =
        gong_users_change(call->api->options.users, call->param, &change, &by);
    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, last_admin(err));
        return;
    }
    answer_user(call, call->param, 200, text == NULL ? -1 : tokens);
}

void
gong_api_user_remove(struct gong_api_call *call)
{
    struct gong_audit_by by = gong_api_by(call);
    enum gong_err err;

    if (!has_users(call) || !gong_api_is_person(call)) {
        return;
    }
    err = gong_users_remove(call->api->options.users, call->param, &by);
    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, last_admin(err));
        return;
    }
    gong_api_done(call, 0);
}

/* --- tokens --- */

static bool
sees_all(const struct gong_api_call *call)
{
    return gong_principal_may(&call->who, &call->api->options.city.tree,
                              GONG_ACTION_USERS, gong_str_of(GONG_GRANT_ALL));
}

static void
list_token(void *ctx, const struct gong_token *token)
{
    (void)json_array_append_new(
        ctx, json_pack("{s:I,s:s,s:s,s:s,s:s,s:I,s:I,s:I}", "id",
                       (json_int_t)token->id, "user", token->user, "name",
                       token->name, "role", gong_role_text(token->grant.role),
                       "unit", token->grant.unit, "created",
                       (json_int_t)token->created_ms, "expires",
                       (json_int_t)token->expires_ms, "used",
                       (json_int_t)token->used_ms));
}

void
gong_api_tokens(struct gong_api_call *call)
{
    json_t *items;
    enum gong_err err;

    if (!has_users(call)) {
        return;
    }
    items = json_array();
    err = gong_tokens_each(call->api->options.users,
                           sees_all(call) ? NULL : call->who.name, list_token,
                           items);
    if (err != GONG_OK) {
        json_decref(items);
        gong_api_failed(call->answer, err, NULL);
        return;
    }
    gong_api_json(call->answer, 200, json_pack("{s:o}", "tokens", items));
}

/* False with the answer filled. */
static bool
read_token(struct gong_api_call *call, struct gong_token *token)
{
    const char *unit = gong_api_body_text(call, "unit", "");

    (void)snprintf(token->user, sizeof token->user, "%s", call->who.name);
    (void)snprintf(token->name, sizeof token->name, "%s",
                   gong_api_body_text(call, "name", ""));
    token->grant.role =
        gong_role_of(gong_str_of(gong_api_body_text(call, "role", "")));
    token->expires_ms = gong_api_body_number(call, "expires", 0);
    (void)snprintf(token->grant.unit, sizeof token->grant.unit, "%s", unit);
    if (!gong_grant_unit_valid(gong_str_of(unit)) || token->name[0] == '\0') {
        gong_api_problem(call->answer, 400, "Tên hoặc đơn vị không hợp lệ",
                         "The name or the unit is none", NULL);
        return false;
    }
    if (token->expires_ms <= call->now_ms ||
        token->expires_ms > call->now_ms + TOKEN_MAX_MS) {
        gong_api_problem(call->answer, 400, "Thời hạn tối đa 400 ngày",
                         "It must expire, within 400 days", "expires");
        return false;
    }
    if (!gong_principal_has(&call->who, &call->api->options.city.tree,
                            &token->grant)) {
        gong_api_problem(call->answer, 403,
                         "Không thể cấp quyền cao hơn quyền của mình",
                         "Nobody gives more than they have", NULL);
        return false;
    }
    return true;
}

void
gong_api_token_add(struct gong_api_call *call)
{
    struct gong_audit_by by = gong_api_by(call);
    struct gong_token token = {0};
    char text[GONG_USER_TOKEN_SIZE];
    int64_t id;
    enum gong_err err;

    if (!has_users(call)) {
        return;
    }
    /* A token that makes tokens would outlive being removed. */
    if (call->who.kind != GONG_PRINCIPAL_COOKIE &&
        call->who.kind != GONG_PRINCIPAL_SESSION) {
        gong_api_problem(call->answer, 403, "Cần đăng nhập bằng mật khẩu",
                         "Only after a login with a password", NULL);
        return;
    }
    if (!read_token(call, &token)) {
        return;
    }
    err = gong_token_add(call->api->options.users, &token, &by, &id, text);
    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, NULL);
        return;
    }
    gong_api_json(call->answer, 201,
                  json_pack("{s:I,s:s}", "id", (json_int_t)id, "token", text));
    sodium_memzero(text, sizeof text);
}

void
gong_api_token_remove(struct gong_api_call *call)
{
    struct gong_audit_by by = gong_api_by(call);
    char *end = NULL;
    long long id;
    enum gong_err err;

    if (!has_users(call)) {
        return;
    }
    errno = 0;
    id = strtoll(call->param, &end, 10);
    if (call->who.kind == GONG_PRINCIPAL_TOKEN && id != call->who.token_id) {
        gong_api_problem(call->answer, 403, "Mã API chỉ xóa được chính nó",
                         "A token removes only itself", NULL);
        return;
    }
    err = errno != 0 || *end != '\0'
              ? GONG_ERR_NOT_FOUND
              : gong_token_remove(call->api->options.users, id,
                                  sees_all(call) ? NULL : call->who.name, &by);
    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, NULL);
        return;
    }
    gong_api_done(call, 0);
}

/* --- the audit log --- */

struct page {
    json_t *items;
    int64_t last;
};

static void
list_entry(void *ctx, const struct gong_audit_entry *entry)
{
    struct page *page = ctx;
    char hash[2 * GONG_AUDIT_HASH_SIZE + 1];

    (void)sodium_bin2hex(hash, sizeof hash, entry->hash, sizeof entry->hash);
    page->last = entry->number;
    (void)json_array_append_new(
        page->items,
        json_pack("{s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:s}", "number",
                  (json_int_t)entry->number, "at", (json_int_t)entry->at_ms,
                  "who", gong_api_str_json(gong_str_of(entry->who)), "address",
                  gong_api_str_json(gong_str_of(entry->address)), "action",
                  gong_api_str_json(gong_str_of(entry->action)), "object",
                  gong_api_str_json(gong_str_of(entry->object)), "result",
                  gong_api_str_json(gong_str_of(entry->result)), "text",
                  gong_api_str_json(gong_str_of(entry->text)), "hash", hash));
}

void
gong_api_audit_list(struct gong_api_call *call)
{
    uint64_t limit = gong_api_query_number(call, "limit", AUDIT_PAGE);
    struct page page = {0};
    enum gong_err err;

    if (!has_users(call)) {
        return;
    }
    limit = limit == 0 || limit > AUDIT_MAX ? AUDIT_MAX : limit;
    page.items = json_array();
    err = gong_audit_each(call->api->options.users,
                          (int64_t)gong_api_query_number(call, "before", 0),
                          (size_t)limit, list_entry, &page);
    if (err != GONG_OK) {
        json_decref(page.items);
        gong_api_failed(call->answer, err, NULL);
        return;
    }
    gong_api_json(
        call->answer, 200,
        json_pack("{s:o,s:o}", "entries", page.items, "next",
                  page.last > 1 ? json_integer(page.last) : json_null()));
}

void
gong_api_audit_verdict(struct gong_api_call *call)
{
    struct gong_audit_verdict verdict;
    char head[2 * GONG_AUDIT_HASH_SIZE + 1];
    enum gong_err err;

    if (!has_users(call)) {
        return;
    }
    err = gong_audit_verify(call->api->options.users, &verdict);
    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, NULL);
        return;
    }
    (void)sodium_bin2hex(head, sizeof head, verdict.head, sizeof verdict.head);
    gong_api_json(call->answer, 200,
                  json_pack("{s:I,s:o,s:s}", "entries",
                            (json_int_t)verdict.entries, "broken",
                            verdict.broken == 0 ? json_null()
                                                : json_integer(verdict.broken),
                            "head", head));
}
