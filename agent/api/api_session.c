#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "agent/api/api_handlers.h"
#include "agent/api/api_private.h"

static const char *const kinds[] = {
    [GONG_PRINCIPAL_NOBODY] = "nobody",   [GONG_PRINCIPAL_COOKIE] = "cookie",
    [GONG_PRINCIPAL_SESSION] = "session", [GONG_PRINCIPAL_TOKEN] = "token",
    [GONG_PRINCIPAL_LOCAL] = "local",
};

/* --- login --- */

static int64_t
wait_for(struct gong_api_call *call, const char *user)
{
    int64_t wait;

    (void)pthread_mutex_lock(&call->api->lock);
    wait = gong_login_limit_wait(call->api->limit, gong_str_of(user),
                                 gong_str_of(call->request->network),
                                 call->now_ms);
    (void)pthread_mutex_unlock(&call->api->lock);
    return wait;
}

static void
note(struct gong_api_call *call, const char *user, bool passed)
{
    (void)pthread_mutex_lock(&call->api->lock);
    if (passed) {
        gong_login_limit_passed(call->api->limit, gong_str_of(user),
                                gong_str_of(call->request->network),
                                call->now_ms);
    } else {
        gong_login_limit_failed(call->api->limit, gong_str_of(user),
                                gong_str_of(call->request->network),
                                call->now_ms);
    }
    (void)pthread_mutex_unlock(&call->api->lock);
}

/* False with the answer filled. */
static bool
check_password(struct gong_api_call *call, const char *user,
               const char *password)
{
    int64_t wait = wait_for(call, user);
    enum gong_err err;

    if (wait > 0) {
        gong_api_problem(call->answer, 429, "Thử quá nhiều lần, hãy chờ",
                         "Too many tries: wait", NULL);
        gong_api_header(call->answer, "Retry-After", "%lld",
                        (long long)((wait + 999) / 1000));
        return false;
    }
    err =
        gong_users_check(call->api->options.users, user, gong_str_of(password));
    if (err != GONG_OK && err != GONG_ERR_INVALID) {
        gong_api_failed(call->answer, err, NULL);
        return false;
    }
    note(call, user, err == GONG_OK);
    if (err != GONG_OK) {
        char object[80];

        if (call->api->logins_failed != NULL) {
            gong_counter_increase(call->api->logins_failed, 1);
        }
        /* A stranger's text is in the log only if it could be a name. */
        (void)snprintf(object, sizeof object, "user %.64s",
                       gong_user_name_valid(gong_str_of(user)) ? user : "?");
        gong_api_audit(call, "login", object, "wrong name or password", "");
        gong_api_problem(call->answer, 401, "Sai tên hoặc mật khẩu",
                         "Wrong name or password", NULL);
    }
    return err == GONG_OK;
}

static void
put_cookie(struct gong_api_call *call, const char *token)
{
    gong_api_header(call->answer, "Set-Cookie",
                    "__Host-gong=%s; Path=/; Secure; HttpOnly; "
                    "SameSite=Strict; Max-Age=%lld",
                    token, (long long)(GONG_SESSION_LIFE_MS / 1000));
}

static void
answer_login(struct gong_api_call *call, const char *token, bool cookie)
{
    struct gong_principal who;
    json_t *value;
    enum gong_err err =
        gong_users_find(call->api->options.users, gong_str_of(token), cookie,
                        call->now_ms, &who);

    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, NULL);
        return;
    }
    value = json_pack("{s:s,s:s,s:I,s:s}", "user", who.name, "full_name",
                      who.full_name, "expires", (json_int_t)who.expires_ms,
                      cookie ? "csrf" : "token", cookie ? who.csrf : token);
    gong_api_json(call->answer, 200, value);
    if (cookie) {
        put_cookie(call, token);
    }
}

void
gong_api_login(struct gong_api_call *call)
{
    const char *user = gong_api_body_text(call, "user", "");
    bool cookie = gong_api_body_true(call, "cookie", true);
    struct gong_audit_by by = {user, call->request->address, call->now_ms};
    char token[GONG_USER_TOKEN_SIZE];
    enum gong_err err;

    if (call->api->options.users == NULL) {
        gong_api_not_offered(call);
        return;
    }
    if (!check_password(call, user, gong_api_body_text(call, "password", ""))) {
        return;
    }
    err = gong_session_open(call->api->options.users, user, cookie, &by, token);
    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, NULL);
        return;
    }
    answer_login(call, token, cookie);
}

/* --- the form of the page --- */

static int
digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* A field of application/x-www-form-urlencoded as it was sent; data NULL: it is
 * not there. */
static struct gong_str
find_field(struct gong_str form, const char *name)
{
    size_t at = 0, len = strlen(name);

    while (at < form.len) {
        const char *start = form.data + at;
        const char *stop = memchr(start, '&', form.len - at);
        size_t size = stop == NULL ? form.len - at : (size_t)(stop - start);

        if (size > len && memcmp(start, name, len) == 0 && start[len] == '=') {
            return gong_str_from(start + len + 1, size - len - 1);
        }
        at += size + 1;
    }
    return gong_str_from(NULL, 0);
}

/* Decoded. False where it is not there, too long, or holds NUL. */
static bool
take_field(struct gong_str form, const char *name, char *out, size_t size)
{
    struct gong_str field = find_field(form, name);
    size_t put = 0;

    for (size_t i = 0; i < field.len; i++) {
        char c = field.data[i] == '+' ? ' ' : field.data[i];

        if (c == '%') {
            int high = i + 2 < field.len ? digit_of(field.data[i + 1]) : -1;
            int low = i + 2 < field.len ? digit_of(field.data[i + 2]) : -1;

            c = high < 0 || low < 0 ? '\0' : (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0' || put + 1 >= size) {
            return false;
        }
        out[put++] = c;
    }
    out[put] = '\0';
    return field.data != NULL;
}

/* Whether another site's page sent the form: it would log somebody in under a
 * name that they did not type. Browsers say so; one that says neither is older
 * than both headers, or no browser. */
static bool
is_foreign(const struct gong_api_request *request)
{
    const char *site = request->fetch_site, *origin = request->origin;
    const char *host;

    if (site != NULL && site[0] != '\0') {
        return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
    }
    if (origin == NULL || origin[0] == '\0') {
        return false;
    }
    host = strstr(origin, "://");
    return host == NULL || request->host == NULL ||
           strcasecmp(host + 3, request->host) != 0;
}

/* Why a login came to nothing, as the form says it. */
static const char *
login_failed(unsigned status)
{
    switch (status) {
    case 401:
        return "Sai tên hoặc mật khẩu / wrong name or password";
    case 429:
        return "Thử quá nhiều lần, hãy chờ một lát rồi thử lại / too many "
               "tries: wait a while, then try again";
    default:
        return "Máy chủ hiện chưa kiểm tra được mật khẩu (không phải do nhập "
               "sai): hãy thử lại sau, nếu vẫn vậy hãy báo quản trị hệ thống / "
               "the server cannot check passwords now (yours is not wrong): "
               "try again later, and tell the administrator if it stays so";
    }
}

/* As /login, for browsers without a script. */
void
gong_api_page_login(struct gong_api_call *call)
{
    static const char type[] = "application/x-www-form-urlencoded";
    struct gong_str form = call->request->body;
    char user[GONG_USER_NAME_SIZE], password[1025];
    char token[GONG_USER_TOKEN_SIZE];
    struct gong_audit_by by = {user, call->request->address, call->now_ms};

    if (call->api->options.users == NULL) {
        gong_api_not_offered(call);
        return;
    }
    if (is_foreign(call->request)) {
        gong_api_login_form(call, 403,
                            "Biểu mẫu được gửi từ trang khác: hãy đăng nhập "
                            "tại đây / the form came from another site: log "
                            "in here");
        return;
    }
    if (strncmp(call->request->content_type, type, sizeof type - 1) != 0 ||
        !take_field(form, "user", user, sizeof user) ||
        !take_field(form, "password", password, sizeof password)) {
        gong_api_login_form(call, 400,
                            "Thiếu tên hoặc mật khẩu / name or "
                            "password is missing");
        return;
    }
    if (!check_password(call, user, password)) {
        gong_api_login_form(call, call->answer->status,
                            login_failed(call->answer->status));
    } else if (gong_session_open(call->api->options.users, user, true, &by,
                                 token) != GONG_OK) {
        gong_api_login_form(call, 503, login_failed(503));
    } else {
        gong_api_text(call->answer, 303, call->route->type,
                      gong_str_copy(gong_str_from("", 0)), 0);
        gong_api_header(call->answer, "Location", "/");
        put_cookie(call, token);
    }
    sodium_memzero(password, sizeof password);
}

void
gong_api_logout(struct gong_api_call *call)
{
    struct gong_audit_by by = gong_api_by(call);
    enum gong_err err = GONG_OK;

    if (call->who.kind == GONG_PRINCIPAL_COOKIE ||
        call->who.kind == GONG_PRINCIPAL_SESSION) {
        err = gong_session_close(call->api->options.users, &call->who, &by);
    }
    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, NULL);
        return;
    }
    gong_api_done(call, 0);
    gong_api_header(call->answer, "Set-Cookie",
                    "__Host-gong=; Path=/; Secure; HttpOnly; SameSite=Strict; "
                    "Max-Age=0");
}

json_t *
gong_api_grants_json(const struct gong_grants *grants)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < grants->count; i++) {
        (void)json_array_append_new(
            array, json_pack("{s:s,s:s}", "role",
                             gong_role_text(grants->items[i].role), "unit",
                             grants->items[i].unit));
    }
    return array;
}

void
gong_api_session(struct gong_api_call *call)
{
    const struct gong_principal *who = &call->who;
    json_t *value = json_pack(
        "{s:s,s:s,s:s,s:I,s:o}", "user", who->name, "full_name", who->full_name,
        "kind", kinds[who->kind], "expires", (json_int_t)who->expires_ms,
        "grants",
        gong_api_grants_json(who->limited ? &who->limit : &who->grants));

    if (value != NULL && who->csrf[0] != '\0') {
        (void)json_object_set_new(value, "csrf", json_string(who->csrf));
    }
    gong_api_json(call->answer, 200, value);
}

void
gong_api_password(struct gong_api_call *call)
{
    struct gong_audit_by by = gong_api_by(call);
    struct gong_str password = gong_str_of(gong_api_body_text(call, "new", ""));
    struct gong_user_change change = {.password = &password};
    const char *wrong = gong_user_password_wrong(password);
    enum gong_err err;

    if (call->who.kind != GONG_PRINCIPAL_COOKIE &&
        call->who.kind != GONG_PRINCIPAL_SESSION) {
        gong_api_problem(call->answer, 403, "Cần đăng nhập bằng mật khẩu",
                         "Only after a login with a password", NULL);
        return;
    }
    if (wrong != NULL) {
        gong_api_problem(call->answer, 400, "Mật khẩu không hợp lệ",
                         "The password is none", wrong);
        return;
    }
    if (!check_password(call, call->who.name,
                        gong_api_body_text(call, "old", ""))) {
        return;
    }
    err = gong_users_change(call->api->options.users, call->who.name, &change,
                            &by);
    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, NULL);
        return;
    }
    gong_api_done(call, 0);
}
