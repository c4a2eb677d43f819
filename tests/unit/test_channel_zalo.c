/* Unit tests of the channels to Zalo, against a server that answers as the
 * published descriptions say: headers, sizes, parameter lengths, codes, and the
 * age of tokens. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/tell/channel_zalo_bot.h"
#include "agent/tell/channel_zns.h"
#include "agent/tell/utf16.h"
#include "try_fixture.h"
#include "common/clock.h"
#include "http_script.h"
#include "message_fixture.h"

#define BOT_TOKEN "123456789:AbC-dEf_ghi"

/* --- a process that is killed, or a disk that is full, at a rename --- */

int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);

static enum { RENAME_WORKS, KILLED_BEFORE, KILLED_AFTER, DISK_FULL } renames;

int
__wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    if (renames == KILLED_BEFORE) {
        _exit(9);
    }
    if (renames == DISK_FULL) {
        errno = ENOSPC;
        return -1;
    }
    if (renames == KILLED_AFTER) {
        (void)__real_renameat(from_fd, from, to_fd, to);
        _exit(9);
    }
    return __real_renameat(from_fd, from, to_fd, to);
}

/* The service: which tokens are good now, and what to answer else. */
struct service {
    struct script *script;
    pthread_mutex_t mutex; /* also where another process is what sends */
    char folder[32];
    char token_path[64];
    char secret_path[64];
    char access[32];  /* the one that is good */
    char refresh[32]; /* not yet used */
    int renewals;
    int old_refresh;    /* times a used refresh token came */
    const char *answer; /* to messages; NULL: sent */
    const char *answer_to_renewal;
    int status;
    bool deaf;         /* says that each token is invalid */
    bool replace_file; /* somebody stores another pair during a renewal */
    char reply[256];
};

static void
write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void
write_tokens(const struct service *service, const char *access,
             const char *refresh, int64_t expires)
{
    char text[256];

    (void)snprintf(text, sizeof text,
                   "{\"access_token\":\"%s\",\"refresh_token\":\"%s\","
                   "\"expires\":%lld}",
                   access, refresh, (long long)expires);
    write_file(service->token_path, text);
}

static void
renew(struct service *service, const struct script_request *request,
      struct script_reply *reply)
{
    char expected[128];

    assert_string_equal(request->secret_key, "app-secret");
    assert_string_equal(request->content_type,
                        "application/x-www-form-urlencoded");
    if (service->replace_file) {
        write_tokens(service, service->access, "granted-anew", 0);
    }
    (void)snprintf(expected, sizeof expected,
                   "refresh_token=%s&app_id=42&grant_type=refresh_token",
                   service->refresh);
    if (service->answer_to_renewal != NULL) {
        reply->body = service->answer_to_renewal;
        return;
    }
    if (strcmp(request->body, expected) != 0) {
        service->old_refresh++;
        reply->body = "{\"error\":-14014,\"message\":\"Invalid refresh "
                      "token\"}";
        return;
    }
    service->renewals++;
    (void)snprintf(service->access, sizeof service->access, "access-%d",
                   service->renewals);
    (void)snprintf(service->refresh, sizeof service->refresh, "refresh-%d",
                   service->renewals);
    (void)snprintf(service->reply, sizeof service->reply,
                   "{\"access_token\":\"%s\",\"refresh_token\":\"%s\","
                   "\"expires_in\":\"90000\"}",
                   service->access, service->refresh);
    reply->body = service->reply;
}

/* Of the default parameters; the rest may have what it is given. */
static const struct {
    const char *name;
    size_t max;
} lengths[] = {
    {"so", 30},    {"don_vi", 30},    {"tinh_trang", 30}, {"noi_dung", 200},
    {"viec", 200}, {"thoi_gian", 30}, {"lien_ket", 200},
};

/* As the service: no parameter longer than its type, none empty, and no more
 * than a block has. */
static bool
lengths_are_kept(const char *text)
{
    json_t *body = json_loads(text, 0, NULL);
    json_t *data = json_object_get(body, "template_data");
    const char *name;
    json_t *value;
    size_t all = 0;
    bool ok = json_object_size(data) > 0;

    json_object_foreach(data, name, value)
    {
        size_t units = gong_utf16_units(gong_str_of(json_string_value(value)));

        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            ok = ok && (strcmp(name, lengths[i].name) != 0 ||
                        units <= lengths[i].max);
        }
        ok = ok && units > 0 && units <= 200;
        all += units;
    }
    json_decref(body);
    return ok && all <= 400;
}

static void
answer(struct service *service, const struct script_request *request,
       struct script_reply *reply)
{
    reply->status = 200;
    if (strcmp(request->url, "/v4/oa/access_token") == 0) {
        renew(service, request, reply);
        return;
    }
    if (strncmp(request->url, "/bot", 4) != 0 &&
        (service->deaf ||
         strcmp(request->access_token, service->access) != 0)) {
        reply->body =
            strcmp(request->url, "/message/template") == 0
                ? "{\"error\":-124,\"message\":\"Access token invalid\"}"
                : "{\"error\":-216,\"message\":\"Access token is invalid\"}";
        return;
    }
    if (strcmp(request->url, "/message/template") == 0 &&
        !lengths_are_kept(request->body)) {
        reply->body = "{\"error\":-1121,\"message\":\"Parameter too long\"}";
        return;
    }
    reply->status = service->status == 0 ? 200 : service->status;
    reply->body = service->answer != NULL ? service->answer
                  : strncmp(request->url, "/bot", 4) == 0
                      ? "{\"ok\":true,\"result\":{\"message_id\":\"m\"}}"
                      : "{\"error\":0,\"message\":\"Success\",\"data\":"
                        "{\"message_id\":\"m\",\"quota\":{\"dailyQuota\":"
                        "\"500\",\"remainingQuota\":\"499\"}}}";
}

static void
decide(void *ctx, size_t index, const struct script_request *request,
       struct script_reply *reply)
{
    struct service *service = ctx;

    (void)index;
    (void)pthread_mutex_lock(&service->mutex);
    answer(service, request, reply);
    (void)pthread_mutex_unlock(&service->mutex);
}

/* The token that everybody has is no longer good. */
static void
revoke(struct service *service)
{
    (void)pthread_mutex_lock(&service->mutex);
    (void)snprintf(service->access, sizeof service->access, "another");
    (void)pthread_mutex_unlock(&service->mutex);
}

static int
renewals(struct service *service)
{
    int count;

    (void)pthread_mutex_lock(&service->mutex);
    count = service->renewals;
    (void)pthread_mutex_unlock(&service->mutex);
    return count;
}

static int
begin(void **state)
{
    struct service *service = calloc(1, sizeof *service);

    assert_non_null(service);
    assert_int_equal(pthread_mutex_init(&service->mutex, NULL), 0);
    (void)snprintf(service->folder, sizeof service->folder,
                   "/tmp/gong-zalo-XXXXXX");
    assert_non_null(mkdtemp(service->folder));
    (void)snprintf(service->token_path, sizeof service->token_path,
                   "%s/tokens.json", service->folder);
    (void)snprintf(service->secret_path, sizeof service->secret_path,
                   "%s/secret", service->folder);
    write_file(service->secret_path, "app-secret\n");
    (void)snprintf(service->access, sizeof service->access, "access-0");
    (void)snprintf(service->refresh, sizeof service->refresh, "refresh-0");
    write_tokens(service, "access-0", "refresh-0", 0);
    service->script = script_start(0, decide, service);
    *state = service;
    return 0;
}

static int
end(void **state)
{
    struct service *service = *state;
    char lock[80];

    script_stop(service->script);
    (void)snprintf(lock, sizeof lock, "%s.lock", service->token_path);
    (void)unlink(lock);
    (void)unlink(service->token_path);
    (void)unlink(service->secret_path);
    assert_int_equal(rmdir(service->folder), 0);
    (void)pthread_mutex_destroy(&service->mutex);
    free(service);
    return 0;
}

/* A channel that is open. */
struct opened {
    const struct gong_channel_kind *kind;
    void *config;
    void *state;
};

static struct opened
open_kind(const struct service *service, const struct gong_channel_kind *kind,
          const char *more)
{
    struct opened opened = {.kind = kind};
    char text[1024];
    unsigned port = script_port(service->script);

    if (kind == &gong_channel_zalo_bot) {
        (void)snprintf(text, sizeof text,
                       "base_url = \"http://127.0.0.1:%u\"; token_file = "
                       "\"%s\"; %s",
                       port, service->secret_path, more);
        write_file(service->secret_path, BOT_TOKEN "\n");
    } else {
        (void)snprintf(text, sizeof text,
                       "base_url = \"http://127.0.0.1:%u\"; oauth_url = "
                       "\"http://127.0.0.1:%u\"; app_id = \"42\"; secret_file "
                       "= \"%s\"; token_file = \"%s\"; %s %s",
                       port, port, service->secret_path, service->token_path,
                       kind == &gong_channel_zns ? "template_id = \"7\";" : "",
                       more);
    }
    opened.config = channel_read_config(kind, text);
    opened.state = channel_open(kind, opened.config);
    return opened;
}

static void
close_kind(struct opened *opened)
{
    opened->kind->close(opened->state);
    channel_free_config(opened->kind, opened->config);
}

static struct gong_channel_send
send_of(const json_t *message, const char *address,
        const struct gong_link_signer *signer)
{
    return (struct gong_channel_send){.address = address,
                                      .contact = "cs-duty-1",
                                      .key = "gong-17-1",
                                      .message = message,
                                      .signer = signer};
}

static json_t *
body_at(struct service *service, size_t index)
{
    json_t *body = json_loads(script_at(service->script, index)->body, 0, NULL);

    assert_non_null(body);
    return body;
}

static void
a_bot_sends(void **state)
{
    struct service *service = *state;
    const struct gong_link_signer signer = message_signer();
    struct opened bot = open_kind(service, &gong_channel_zalo_bot, "");
    json_t *message = message_flood("escalate");
    struct gong_channel_send send = send_of(message, "chat-9", &signer);
    const struct script_request *request;
    const char *text;
    json_t *body;

    assert_int_equal(channel_send(bot.kind, bot.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    request = script_at(service->script, 0);
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->url, "/bot" BOT_TOKEN "/sendMessage");
    assert_string_equal(request->content_type, "application/json");
    assert_string_equal(request->expect, "");
    body = body_at(service, 0);
    assert_int_equal(json_object_size(body), 2);
    assert_string_equal(json_string_value(json_object_get(body, "chat_id")),
                        "chat-9");
    text = json_string_value(json_object_get(body, "text"));
    assert_non_null(strstr(text, "tăng 0,42 m/giờ"));
    assert_non_null(strstr(text, MESSAGE_LINK));
    assert_non_null(strstr(text, "nobody acknowledged within 10 min"));
    json_decref(body);
    json_decref(message);
    close_kind(&bot);
}

/* 2,000 units at most, whatever the message is, and each alert is counted. */
static void
a_text_is_never_longer(void **state)
{
    struct service *service = *state;
    static const struct gong_channel_kind *const kinds[] = {
        &gong_channel_zalo_bot, &gong_channel_zalo_oa};
    json_t *message = message_storm(100, 9000, 900);
    struct gong_channel_send send = send_of(message, "u", NULL);

    for (size_t i = 0; i < 2; i++) {
        struct opened opened;
        json_t *body;
        const char *text;
        size_t units;

        write_file(service->secret_path, "app-secret");
        opened = open_kind(service, kinds[i], "");
        assert_int_equal(channel_send(opened.kind, opened.state, &send).outcome,
                         GONG_CHANNEL_SENT);
        body = body_at(service, i);
        text = json_string_value(json_object_get(
            i == 0 ? body : json_object_get(body, "message"), "text"));
        units = gong_utf16_units(gong_str_of(text));
        assert_true(units <= 2000 && units > 1700);
        assert_non_null(strstr(text, "cảnh báo khác"));
        json_decref(body);
        close_kind(&opened);
    }
    json_decref(message);
}

static const struct {
    int status;
    const char *answer;
    enum gong_channel_outcome outcome;
} bot_answers[] = {
    {200, "{\"ok\":true,\"result\":{}}", GONG_CHANNEL_SENT},
    /* The status says nothing: what is inside does. */
    {200, "{\"ok\":false,\"error_code\":400,\"description\":\"no chat\"}",
     GONG_CHANNEL_REFUSE},
    {200, "{\"ok\":false,\"error_code\":429,\"description\":\"slow\"}",
     GONG_CHANNEL_RETRY},
    {200, "{\"ok\":false,\"error_code\":\"503\"}", GONG_CHANNEL_RETRY},
    {200, "{\"ok\":false,\"error_code\":401,\"description\":\"token\"}",
     GONG_CHANNEL_EXHAUSTED},
    {200, "{\"ok\":false}", GONG_CHANNEL_RETRY},
    {200, "{\"ok\":false,\"error_code\":0}", GONG_CHANNEL_REFUSE},
    {200, "{\"ok\":false,\"error_code\":-777}", GONG_CHANNEL_REFUSE},
    {200, "{\"ok\":1}", GONG_CHANNEL_RETRY},
    {200, "<html>log in</html>", GONG_CHANNEL_RETRY},
    {200, "", GONG_CHANNEL_RETRY},
    {500, "{\"ok\":true}", GONG_CHANNEL_RETRY},
    {502, "bad gateway", GONG_CHANNEL_RETRY},
    {429, "", GONG_CHANNEL_RETRY},
    {401, "no", GONG_CHANNEL_EXHAUSTED},
    {404, "nobody here", GONG_CHANNEL_REFUSE},
    {400, "{\"ok\":false,\"error_code\":400}", GONG_CHANNEL_REFUSE},
};

static void
answers_of_the_bot_platform(void **state)
{
    struct service *service = *state;
    struct opened bot = open_kind(service, &gong_channel_zalo_bot, "");
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "c", NULL);

    for (size_t i = 0; i < sizeof bot_answers / sizeof bot_answers[0]; i++) {
        struct channel_result result;

        service->status = bot_answers[i].status;
        service->answer = bot_answers[i].answer;
        result = channel_send(bot.kind, bot.state, &send);
        if (result.outcome != bot_answers[i].outcome) {
            fail_msg("case %zu: %d: %s", i, (int)result.outcome, result.why);
        }
        assert_null(strstr(result.why, "AbC"));
    }
    json_decref(message);
    close_kind(&bot);
}

/* Neither what libcurl says nor what a server says brings the token out. */
static void
the_token_is_never_told(void **state)
{
    struct service *service = *state;
    struct opened bot = open_kind(service, &gong_channel_zalo_bot, "");
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "c", NULL);
    struct channel_result result;

    script_stop(service->script);
    result = channel_send(bot.kind, bot.state, &send);
    assert_int_equal(result.outcome, GONG_CHANNEL_RETRY);
    assert_null(strstr(result.why, "AbC"));
    assert_null(strstr(result.why, "127.0.0.1"));
    service->script = script_start(0, decide, service);
    send.address = "";
    assert_false(channel_try(bot.kind, bot.state, &send).asked);
    json_decref(message);
    close_kind(&bot);
}

static const struct {
    int code;
    enum gong_channel_outcome outcome;
} oa_codes[] = {
    {0, GONG_CHANNEL_SENT},         {-32, GONG_CHANNEL_RETRY},
    {-200, GONG_CHANNEL_RETRY},     {-201, GONG_CHANNEL_REFUSE},
    {-204, GONG_CHANNEL_EXHAUSTED}, {-205, GONG_CHANNEL_EXHAUSTED},
    {-211, GONG_CHANNEL_EXHAUSTED}, {-213, GONG_CHANNEL_REFUSE},
    {-218, GONG_CHANNEL_REFUSE},    {-221, GONG_CHANNEL_EXHAUSTED},
    {-223, GONG_CHANNEL_EXHAUSTED}, {-224, GONG_CHANNEL_EXHAUSTED},
    {-227, GONG_CHANNEL_REFUSE},    {-230, GONG_CHANNEL_REFUSE},
    {-232, GONG_CHANNEL_REFUSE},    {-234, GONG_CHANNEL_REFUSE},
    {-240, GONG_CHANNEL_REFUSE},    {-244, GONG_CHANNEL_REFUSE},
    {-320, GONG_CHANNEL_EXHAUSTED}, {-321, GONG_CHANNEL_EXHAUSTED},
    {-99999, GONG_CHANNEL_REFUSE},  {7, GONG_CHANNEL_REFUSE},
};

static const struct {
    int code;
    enum gong_channel_outcome outcome;
} zns_codes[] = {
    {0, GONG_CHANNEL_SENT},          {-100, GONG_CHANNEL_RETRY},
    {-101, GONG_CHANNEL_EXHAUSTED},  {-105, GONG_CHANNEL_EXHAUSTED},
    {-108, GONG_CHANNEL_REFUSE},     {-109, GONG_CHANNEL_EXHAUSTED},
    {-110, GONG_CHANNEL_REFUSE},     {-112, GONG_CHANNEL_REFUSE},
    {-114, GONG_CHANNEL_REFUSE},     {-115, GONG_CHANNEL_EXHAUSTED},
    {-118, GONG_CHANNEL_REFUSE},     {-131, GONG_CHANNEL_EXHAUSTED},
    {-1121, GONG_CHANNEL_REFUSE},    {-1122, GONG_CHANNEL_REFUSE},
    {-1472, GONG_CHANNEL_EXHAUSTED}, {-4242, GONG_CHANNEL_REFUSE},
};

static void
check_code(struct service *service, const struct opened *opened,
           const char *address, int code, enum gong_channel_outcome outcome)
{
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, address, NULL);
    struct channel_result result;
    char answer[96];

    (void)snprintf(answer, sizeof answer,
                   "{\"error\":%d,\"message\":\"because\\u001b\"}", code);
    service->answer = answer;
    result = channel_send(opened->kind, opened->state, &send);
    if (result.outcome != outcome) {
        fail_msg("%d: outcome %d: %s", code, (int)result.outcome, result.why);
    }
    assert_null(strchr(result.why, 0x1b));
    service->answer = NULL;
    json_decref(message);
}

static void
answers_of_accounts_and_templates(void **state)
{
    struct service *service = *state;
    struct opened oa = open_kind(service, &gong_channel_zalo_oa, "");
    struct opened zns = open_kind(service, &gong_channel_zns, "");

    for (size_t i = 0; i < sizeof oa_codes / sizeof oa_codes[0]; i++) {
        check_code(service, &oa, "u", oa_codes[i].code, oa_codes[i].outcome);
    }
    for (size_t i = 0; i < sizeof zns_codes / sizeof zns_codes[0]; i++) {
        check_code(service, &zns, "0987654321", zns_codes[i].code,
                   zns_codes[i].outcome);
    }
    close_kind(&oa);
    close_kind(&zns);
    /* The lists are the configuration's. */
    oa = open_kind(service, &gong_channel_zalo_oa,
                   "retry_codes = (\"-4242\"); exhausted_codes = (\"-213\");");
    check_code(service, &oa, "u", -4242, GONG_CHANNEL_RETRY);
    check_code(service, &oa, "u", -213, GONG_CHANNEL_EXHAUSTED);
    check_code(service, &oa, "u", -32, GONG_CHANNEL_REFUSE);
    close_kind(&oa);
    assert_int_equal(service->renewals, 0);
}

static void
an_account_sends(void **state)
{
    struct service *service = *state;
    struct opened oa = open_kind(service, &gong_channel_zalo_oa, "");
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "user-5", NULL);
    const struct script_request *request;
    json_t *body;

    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    request = script_at(service->script, 0);
    assert_string_equal(request->url, "/v3.0/oa/message/cs");
    assert_string_equal(request->access_token, "access-0");
    assert_string_equal(request->content_type, "application/json");
    body = body_at(service, 0);
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(body, "recipient"), "user_id")),
                        "user-5");
    json_decref(body);
    json_decref(message);
    close_kind(&oa);
}

static void
check_tokens(const struct service *service, const char *access,
             const char *refresh)
{
    json_t *file = json_load_file(service->token_path, 0, NULL);
    struct stat about;

    assert_non_null(file);
    assert_string_equal(
        json_string_value(json_object_get(file, "access_token")), access);
    assert_string_equal(
        json_string_value(json_object_get(file, "refresh_token")), refresh);
    json_decref(file);
    assert_int_equal(stat(service->token_path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

/* One refusal, one renewal, and the message goes out with the new token, which
 * is in the file by then. */
static void
a_token_that_is_refused_is_renewed_once(void **state)
{
    struct service *service = *state;
    struct opened oa = open_kind(service, &gong_channel_zalo_oa, "");
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "u", NULL);

    revoke(service);
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    assert_int_equal(script_count(service->script), 3);
    assert_string_equal(script_at(service->script, 0)->access_token,
                        "access-0");
    assert_string_equal(script_at(service->script, 1)->url,
                        "/v4/oa/access_token");
    assert_string_equal(script_at(service->script, 2)->access_token,
                        "access-1");
    check_tokens(service, "access-1", "refresh-1");
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    assert_int_equal(service->renewals, 1);
    close_kind(&oa);
    json_decref(message);
}

/* A token that ends soon is renewed before it is used. */
static void
an_old_token_is_not_used(void **state)
{
    struct service *service = *state;
    int64_t now = gong_floor_ms(gong_wall_now().ns);
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "u", NULL);
    struct opened oa;

    write_tokens(service, "access-0", "refresh-0", now + 60000);
    oa = open_kind(service, &gong_channel_zalo_oa, "");
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    assert_string_equal(script_at(service->script, 0)->url,
                        "/v4/oa/access_token");
    assert_int_equal(service->renewals, 1);
    close_kind(&oa);
    json_decref(message);
}

/* A service that takes no token at all is not asked for one after another. */
static void
a_token_renewed_in_vain(void **state)
{
    struct service *service = *state;
    struct opened oa = open_kind(service, &gong_channel_zalo_oa, "");
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "u", NULL);

    service->deaf = true;
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_EXHAUSTED);
    for (int i = 0; i < 5; i++) {
        struct channel_result result = channel_send(oa.kind, oa.state, &send);

        assert_int_equal(result.outcome, GONG_CHANNEL_RETRY);
        assert_false(result.asked);
    }
    assert_int_equal(service->renewals, 1);
    /* Somebody grants access anew. */
    service->deaf = false;
    (void)snprintf(service->access, sizeof service->access, "granted");
    write_tokens(service, "granted", "refresh-9", 0);
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    close_kind(&oa);
    json_decref(message);
}

static void
a_renewal_that_fails(void **state)
{
    struct service *service = *state;
    struct opened oa = open_kind(service, &gong_channel_zalo_oa, "");
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "u", NULL);
    struct channel_result result;

    revoke(service);
    service->answer_to_renewal =
        "{\"error\":-14014,\"message\":\"Invalid refresh token\"}";
    result = channel_send(oa.kind, oa.state, &send);
    assert_int_equal(result.outcome, GONG_CHANNEL_EXHAUSTED);
    assert_non_null(strstr(result.why, "-14014"));
    assert_null(strstr(result.why, "refresh-0"));
    write_tokens(service, "access-0", "refresh-0", 0);
    close_kind(&oa);
    oa = open_kind(service, &gong_channel_zalo_oa, "");
    service->answer_to_renewal = "<html>";
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_RETRY);
    /* It did not come from Zalo: the next try may come soon. */
    service->answer_to_renewal = NULL;
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    close_kind(&oa);
    json_decref(message);
}

/* Two channels of one account: one renews, the other waits and then has what
 * the first one stored. A refresh token is never used twice. */
static void
one_renews_for_all(void **state)
{
    struct service *service = *state;
    struct opened oa = open_kind(service, &gong_channel_zalo_oa, "");
    struct opened zns = open_kind(service, &gong_channel_zns, "");
    json_t *message = message_flood("news");
    struct gong_channel_send to_user = send_of(message, "u", NULL);
    struct gong_channel_send to_phone = send_of(message, "0987654321", NULL);
    struct gong_channel_try renewal = {.wait_fd = -1};
    struct channel_result result;

    revoke(service);
    result = channel_try(oa.kind, oa.state, &to_user);
    assert_true(result.at_once);
    /* The renewal is under way. */
    assert_int_equal(oa.kind->begin(oa.state, &to_user, &renewal), GONG_OK);
    assert_non_null(renewal.easy);
    assert_true(channel_try(zns.kind, zns.state, &to_phone).at_once);
    result = channel_try(zns.kind, zns.state, &to_phone);
    assert_false(result.asked);
    assert_int_equal(result.outcome, GONG_CHANNEL_RETRY);
    curl_easy_cleanup(renewal.easy);
    renewal.easy = NULL;
    /* What came of it is told, as the outbox does. */
    renewal.answer = strdup("{\"access_token\":\"access-1\",\"refresh_token\":"
                            "\"refresh-1\",\"expires_in\":\"90000\"}");
    assert_non_null(renewal.answer);
    renewal.answer_length = strlen(renewal.answer);
    (void)snprintf(service->access, sizeof service->access, "access-1");
    assert_int_equal(oa.kind->judge(oa.state, &renewal, CURLE_OK, 200),
                     GONG_CHANNEL_RETRY);
    assert_true(renewal.at_once);
    check_tokens(service, "access-1", "refresh-1");
    assert_int_equal(channel_send(zns.kind, zns.state, &to_phone).outcome,
                     GONG_CHANNEL_SENT);
    assert_int_equal(channel_send(oa.kind, oa.state, &to_user).outcome,
                     GONG_CHANNEL_SENT);
    assert_int_equal(service->renewals + service->old_refresh, 0);
    curl_slist_free_all(renewal.headers);
    free(renewal.body);
    free(renewal.answer);
    close_kind(&oa);
    close_kind(&zns);
    json_decref(message);
}

/* Whoever stores a pair while one renews has the newest. */
static void
the_newest_pair_stays(void **state)
{
    struct service *service = *state;
    struct opened oa = open_kind(service, &gong_channel_zalo_oa, "");
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "u", NULL);

    (void)snprintf(service->access, sizeof service->access, "granted");
    service->replace_file = true;
    service->answer_to_renewal = "{\"access_token\":\"late\","
                                 "\"refresh_token\":\"late\"}";
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    assert_string_equal(
        script_at(service->script, script_count(service->script) - 1)
            ->access_token,
        "granted");
    close_kind(&oa);
    json_decref(message);
}

/* A pair that cannot be stored is used all the same, and stored when it can. */
static void
a_pair_that_cannot_be_stored(void **state)
{
    struct service *service = *state;
    struct opened oa = open_kind(service, &gong_channel_zalo_oa, "");
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "u", NULL);
    char beside[80];

    /* What is to be written beside it is a folder. */
    (void)snprintf(beside, sizeof beside, "%s.tmp", service->token_path);
    assert_int_equal(mkdir(beside, 0700), 0);
    revoke(service);
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    assert_int_equal(rmdir(beside), 0);
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    check_tokens(service, "access-1", "refresh-1");
    assert_int_equal(service->renewals, 1);
    close_kind(&oa);
    json_decref(message);
}

/* Tokens that somebody put there are not written over by older ones. */
static void
a_pair_that_is_no_longer_wanted(void **state)
{
    struct service *service = *state;
    struct opened oa = open_kind(service, &gong_channel_zalo_oa, "");
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "u", NULL);
    char beside[80];

    (void)snprintf(beside, sizeof beside, "%s.tmp", service->token_path);
    assert_int_equal(mkdir(beside, 0700), 0);
    revoke(service);
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    assert_int_equal(rmdir(beside), 0);
    (void)snprintf(service->access, sizeof service->access, "granted");
    write_file(service->token_path, "{\"access_token\":\"granted\","
                                    "\"refresh_token\":\"fresh\"}");
    assert_int_equal(chmod(service->token_path, 0600), 0);
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    check_tokens(service, "granted", "fresh");
    assert_int_equal(service->renewals, 1);
    close_kind(&oa);
    json_decref(message);
}

/* A send in a process of its own, which is killed while it stores a pair. */
static void
send_and_be_killed(struct service *service,
                   const struct gong_channel_send *send)
{
    pid_t pid = fork();
    int status = 0;

    assert_true(pid >= 0);
    if (pid == 0) {
        struct opened oa = open_kind(service, &gong_channel_zalo_oa, "");

        (void)channel_send(oa.kind, oa.state, send);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 9);
}

/* The refresh token that came last is never lost: a used one is never sent. */
static void
killed_while_a_pair_is_stored(void **state)
{
    struct service *service = *state;
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "u", NULL);

    for (int at = KILLED_BEFORE; at <= KILLED_AFTER; at++) {
        int before = renewals(service);
        struct opened oa;

        revoke(service);
        renames = at == KILLED_BEFORE ? KILLED_BEFORE : KILLED_AFTER;
        send_and_be_killed(service, &send);
        renames = RENAME_WORKS;
        assert_int_equal(renewals(service), before + 1);
        oa = open_kind(service, &gong_channel_zalo_oa, "");
        assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                         GONG_CHANNEL_SENT);
        assert_int_equal(renewals(service), before + 1);
        check_tokens(service, service->access, service->refresh);
        close_kind(&oa);
        assert_int_equal(service->old_refresh, 0);
    }
    json_decref(message);
}

/* One that was open all the time takes it before it renews. */
static void
another_process_was_killed(void **state)
{
    struct service *service = *state;
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "u", NULL);
    struct opened oa = open_kind(service, &gong_channel_zalo_oa, "");

    revoke(service);
    renames = KILLED_BEFORE;
    send_and_be_killed(service, &send);
    renames = RENAME_WORKS;
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    assert_int_equal(renewals(service), 1);
    assert_int_equal(service->old_refresh, 0);
    close_kind(&oa);
    json_decref(message);
}

/* What lies beside is not taken where it is half a pair, or older. */
static void
what_lies_beside_is_judged(void **state)
{
    struct service *service = *state;
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "u", NULL);
    char beside[80];
    const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    static const char *const texts[] = {
        "", "{\"access_token\":\"half", "{\"access_token\":\"a\"}",
        "{\"access_token\":\"a\",\"refresh_token\":\"b\"}"};

    (void)snprintf(beside, sizeof beside, "%s.tmp", service->token_path);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct opened oa;

        write_file(beside, texts[i]);
        if (i == 3) {
            assert_int_equal(utimensat(AT_FDCWD, beside, old, 0), 0);
        }
        oa = open_kind(service, &gong_channel_zalo_oa, "");
        assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                         GONG_CHANNEL_SENT);
        assert_int_equal(renewals(service), 0);
        close_kind(&oa);
    }
    assert_int_equal(unlink(beside), 0);
    json_decref(message);
}

static void
a_disk_that_is_full_loses_no_pair(void **state)
{
    struct service *service = *state;
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "u", NULL);
    struct opened oa = open_kind(service, &gong_channel_zalo_oa, "");

    revoke(service);
    renames = DISK_FULL;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                         GONG_CHANNEL_SENT);
    }
    renames = RENAME_WORKS;
    assert_int_equal(channel_send(oa.kind, oa.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    check_tokens(service, "access-1", "refresh-1");
    close_kind(&oa);
    assert_int_equal(renewals(service), 1);
    assert_int_equal(service->old_refresh, 0);
    json_decref(message);
}

/* --- nothing secret is told, whatever a server repeats --- */

#define ALL_SECRETS                                                            \
    "access-0 refresh-0 app-secret " BOT_TOKEN " 123456789%3AAbC-dEf_ghi"

/* The bot knows only the last one. */
static void
check_secrets(const struct gong_channel_kind *kind, const char *text)
{
    static const char *const secrets[] = {"access-0", "refresh-0", "app-secret",
                                          "fresh-one", "AbC-dEf"};
    bool bot = kind == &gong_channel_zalo_bot;

    for (size_t i = bot ? 4 : 0; i < (bot ? 5 : 4); i++) {
        if (strstr(text, secrets[i]) != NULL) {
            fail_msg("%s is told: %s", secrets[i], text);
        }
    }
}

static const struct {
    int status;
    const char *answer;  /* to messages; NULL: the token is refused */
    const char *renewal; /* NULL: as it should be */
} repeated[] = {
    {200, "{\"error\":-201,\"message\":\"" ALL_SECRETS "\"}", NULL},
    {200, "{\"error\":-32,\"message\":\"" ALL_SECRETS "\"}", NULL},
    {200,
     "{\"ok\":false,\"error_code\":400,\"description\":\"" ALL_SECRETS "\"}",
     NULL},
    {200, "<p>" ALL_SECRETS, NULL},
    {400, ALL_SECRETS, NULL},
    {500, ALL_SECRETS, NULL},
    {401, ALL_SECRETS, "{\"error\":-1,\"message\":\"" ALL_SECRETS "\"}"},
    {401, ALL_SECRETS, "{\"error\":-1,\"access_token\":\"fresh-one\"}"},
    {401, ALL_SECRETS, "<p>fresh-one " ALL_SECRETS},
};

static void
check_kind(struct service *service, const struct gong_channel_kind *kind)
{
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "0987654321", NULL);

    for (size_t i = 0; i < sizeof repeated / sizeof repeated[0]; i++) {
        struct opened opened;

        write_tokens(service, "access-0", "refresh-0", 0);
        write_file(service->secret_path, "app-secret\n");
        (void)snprintf(service->access, sizeof service->access, "access-0");
        (void)snprintf(service->refresh, sizeof service->refresh, "refresh-0");
        service->status = repeated[i].status;
        service->answer = repeated[i].answer;
        service->answer_to_renewal = repeated[i].renewal;
        opened = open_kind(service, kind, "");
        (void)fprintf(stderr, "%s\n",
                      channel_send(opened.kind, opened.state, &send).why);
        renames = DISK_FULL;
        (void)fprintf(stderr, "%s\n",
                      channel_send(opened.kind, opened.state, &send).why);
        renames = RENAME_WORKS;
        close_kind(&opened);
    }
    json_decref(message);
}

/* The reasons and what is logged meanwhile. */
static char *
told_by(struct service *service, const struct gong_channel_kind *kind)
{
    int before = dup(STDERR_FILENO);
    char *told = calloc(1, 262144);
    FILE *log = tmpfile();

    assert_non_null(log);
    assert_non_null(told);
    (void)fflush(stderr);
    assert_true(dup2(fileno(log), STDERR_FILENO) >= 0);
    check_kind(service, kind);
    (void)fflush(stderr);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    (void)close(before);
    rewind(log);
    assert_true(fread(told, 1, 262143, log) > 0);
    (void)fclose(log);
    return told;
}

static void
no_secret_is_told(void **state)
{
    static const struct gong_channel_kind *const kinds[] = {
        &gong_channel_zalo_bot, &gong_channel_zalo_oa, &gong_channel_zns};

    for (size_t i = 0; i < 3; i++) {
        char *told = told_by(*state, kinds[i]);

        check_secrets(kinds[i], told);
        assert_int_equal(strstr(told, "zalo_token_refused") != NULL, i > 0);
        free(told);
    }
}

static void
a_template_is_filled(void **state)
{
    struct service *service = *state;
    const struct gong_link_signer signer = message_signer();
    struct opened zns = open_kind(
        service, &gong_channel_zns,
        "development = true; params = (\"so:code=number\", \"ten:name=title\", "
        "\"gia_tri:number=value\", \"noi_dung:address=summary\", "
        "\"viec:status=action\", \"trong:name=nothing\");");
    json_t *message = message_flood("news");
    struct gong_channel_send send = send_of(message, "0987 654 321", &signer);
    json_t *item = json_array_get(json_object_get(message, "items"), 0);
    json_t *body;
    const json_t *data;
    char text[1201];
    const char *name;
    json_t *value;

    for (size_t i = 0; i + 3 < sizeof text; i += 3) {
        memcpy(text + i, "\xe1\xba\xbf", 4); /* ế */
    }
    assert_int_equal(json_object_set_new(json_object_get(item, "annotations"),
                                         "summary", json_string(text)),
                     0);
    assert_int_equal(json_object_set_new(json_object_get(item, "annotations"),
                                         "action", json_string(text)),
                     0);
    send.key = "0123456789012345678901234567890123456789012345678901234567890";
    assert_int_equal(channel_send(zns.kind, zns.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    assert_string_equal(script_at(service->script, 0)->url,
                        "/message/template");
    body = body_at(service, 0);
    assert_string_equal(json_string_value(json_object_get(body, "phone")),
                        "84987654321");
    assert_string_equal(json_string_value(json_object_get(body, "template_id")),
                        "7");
    assert_string_equal(json_string_value(json_object_get(body, "mode")),
                        "development");
    assert_string_equal(json_string_value(json_object_get(body, "tracking_id")),
                        send.key + 13);
    data = json_object_get(body, "template_data");
    assert_int_equal(json_object_size(data), 6);
    assert_string_equal(json_string_value(json_object_get(data, "so")), "17");
    assert_string_equal(json_string_value(json_object_get(data, "ten")),
                        "Flood");
    assert_string_equal(json_string_value(json_object_get(data, "gia_tri")),
                        "40,31");
    assert_string_equal(json_string_value(json_object_get(data, "trong")), "-");
    assert_int_equal(gong_utf16_units(gong_str_of(
                         json_string_value(json_object_get(data, "noi_dung")))),
                     200);
    assert_int_equal(gong_utf16_units(gong_str_of(
                         json_string_value(json_object_get(data, "viec")))),
                     30);
    json_object_foreach((json_t *)(uintptr_t)data, name, value)
    {
        assert_true(json_string_length(value) > 0);
    }
    json_decref(body);
    json_decref(message);
    close_kind(&zns);
}

static const char *
param_at(const json_t *body, const char *name)
{
    return json_string_value(
        json_object_get(json_object_get(body, "template_data"), name));
}

/* What is configured by default says all that a page does. */
static void
the_default_parameters(void **state)
{
    struct service *service = *state;
    struct gong_link_signer signer = message_signer();
    struct opened zns = open_kind(service, &gong_channel_zns, "");
    json_t *message = message_flood("escalate");
    struct gong_channel_send send = send_of(message, "0987654321", &signer);
    json_t *body;

    assert_int_equal(channel_send(zns.kind, zns.state, &send).outcome,
                     GONG_CHANNEL_SENT);
    body = body_at(service, 0);
    assert_string_equal(param_at(body, "so"), "17");
    assert_string_equal(param_at(body, "don_vi"), "Xã Sơn Hoà");
    assert_string_equal(param_at(body, "tinh_trang"),
                        "CHUYỂN CẤP TRÊN, KHẨN CẤP");
    assert_string_equal(
        param_at(body, "noi_dung"),
        "Củng Sơn 40,31 m, trên báo động III 5,81 m, tăng 0,42 m/giờ");
    assert_string_equal(param_at(body, "viec"), "Sơ tán dân vùng ngập.");
    assert_string_equal(param_at(body, "thoi_gian"), "07:25 ngày 20/11");
    assert_string_equal(param_at(body, "lien_ket"), MESSAGE_LINK);
    json_decref(body);
    json_decref(message);
    close_kind(&zns);
}

/* However long names are, nothing is refused for that, and a link is whole or
 * not there. */
static void
the_longest_parameters_fit(void **state)
{
    struct service *service = *state;
    struct gong_link_signer signer = message_signer();
    struct opened zns = open_kind(service, &gong_channel_zns, "");
    static const char *const news[] = {"firing",  "climbed", "fell",
                                       "overdue", "still",   "resolved"};
    static const char *const severities[] = {"critical", "warning", "info", ""};
    char base[256] = "https://";
    char text[1201];
    size_t sent = 0;

    for (size_t i = 0; i + 3 < sizeof text; i += 3) {
        memcpy(text + i, "\xe1\xba\xbf", 4); /* ế */
    }
    memset(base + 8, 'a', 200);
    base[208] = '\0';
    for (size_t n = 0; n < 6; n++) {
        json_t *message = message_flood("news");
        json_t *item = json_array_get(json_object_get(message, "items"), 0);
        json_t *annotations = json_object_get(item, "annotations");
        struct gong_channel_send send = send_of(message, "0987654321", &signer);

        (void)json_object_set_new(annotations, "summary", json_string(text));
        (void)json_object_set_new(annotations, "action", json_string(text));
        (void)json_object_set_new(annotations, "unit_name", json_string(text));
        (void)json_object_set_new(item, "news", json_string(news[n]));
        for (size_t s = 0; s < 4; s++, sent++) {
            json_t *body;

            (void)json_object_set_new(item, "severity",
                                      json_string(severities[s]));
            signer.base = s == 3 ? base : "https://gong.example";
            assert_int_equal(channel_send(zns.kind, zns.state, &send).outcome,
                             GONG_CHANNEL_SENT);
            body = body_at(service, sent);
            assert_string_equal(param_at(body, "lien_ket"),
                                s == 3 ? "-" : MESSAGE_LINK);
            assert_true(gong_utf16_units(
                            gong_str_of(param_at(body, "noi_dung"))) >= 100);
            json_decref(body);
        }
        json_decref(message);
    }
    close_kind(&zns);
}

static const struct {
    const char *text;
    const char *phone; /* NULL: none */
} phones[] = {
    {"0987654321", "84987654321"},
    {"84987654321", "84987654321"},
    {"+84987654321", "84987654321"},
    {"987654321", "84987654321"},
    {"0987 654 321", "84987654321"},
    {"+84 (98) 765-43.21", "84987654321"},
    {"02623812345", "842623812345"},
    {"842623812345", "842623812345"},
    {"", NULL},
    {"0", NULL},
    {"098765432", NULL},
    {"00987654321", NULL},
    {"09876543210987", NULL},
    {"0987654321a", NULL},
    {"0987+654321", NULL},
    {"84", NULL},
    {"áéí", NULL},
    {"0987654321\n", NULL},
};

static void
phone_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof phones / sizeof phones[0]; i++) {
        char phone[GONG_ZNS_PHONE_SIZE] = "";

        if (gong_zns_phone(phones[i].text, phone) !=
            (phones[i].phone != NULL)) {
            fail_msg("%s became %s", phones[i].text, phone);
        }
        if (phones[i].phone != NULL) {
            assert_string_equal(phone, phones[i].phone);
        }
    }
}

static void
what_is_refused_at_start(void **state)
{
    struct service *service = *state;
    char text[512];

    (void)snprintf(text, sizeof text, "token_file = \"%s/none\";",
                   service->folder);
    channel_refused(&gong_channel_zalo_bot, text, "/none: ");
    write_file(service->secret_path, "has a/slash\n");
    (void)snprintf(text, sizeof text, "token_file = \"%s\";",
                   service->secret_path);
    channel_refused(&gong_channel_zalo_bot, text, "no token of a bot");
    (void)snprintf(text, sizeof text,
                   "token_file = \"%s\"; base_url = \"ftp://x\";",
                   service->secret_path);
    channel_refused(&gong_channel_zalo_bot, text, "base_url");
    (void)snprintf(text, sizeof text,
                   "token_file = \"%s\"; base_url = \"http://zalo.example\";",
                   service->secret_path);
    channel_refused(&gong_channel_zalo_bot, text, "https://");
    (void)snprintf(text, sizeof text,
                   "token_file = \"%s\"; retry_codes = (\"soon\");",
                   service->secret_path);
    channel_refused(&gong_channel_zalo_bot, text, "soon");
    (void)snprintf(text, sizeof text,
                   "app_id = \"1\"; secret_file = \"%s\"; token_file = \"%s\";"
                   "template_id = \"7\"; params = (\"a:huge=b\");",
                   service->secret_path, service->token_path);
    channel_refused(&gong_channel_zns, text, "a:huge=b");
    (void)snprintf(text, sizeof text,
                   "app_id = \"1\"; secret_file = \"%s\"; token_file = \"%s\";"
                   "oauth_url = \"x\";",
                   service->secret_path, service->token_path);
    channel_refused(&gong_channel_zalo_oa, text, "oauth_url");
    (void)snprintf(text, sizeof text,
                   "app_id = \"1\"; secret_file = \"%s\"; token_file = \"%s\";"
                   "oauth_url = \"http://x\";",
                   service->secret_path, service->token_path);
    channel_refused(&gong_channel_zalo_oa, text, "https://");
    write_file(service->token_path, "{\"access_token\":\"a\"}");
    (void)snprintf(text, sizeof text,
                   "app_id = \"1\"; secret_file = \"%s\"; token_file = \"%s\";",
                   service->secret_path, service->token_path);
    channel_refused(&gong_channel_zalo_oa, text, "no refresh_token");
    write_file(service->token_path, "{\"refresh_token\":\"a\\nb\"}");
    channel_refused(&gong_channel_zalo_oa, text, "no refresh_token");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_bot_sends),
        TEST(a_text_is_never_longer),
        TEST(answers_of_the_bot_platform),
        TEST(the_token_is_never_told),
        TEST(answers_of_accounts_and_templates),
        TEST(an_account_sends),
        TEST(a_token_that_is_refused_is_renewed_once),
        TEST(an_old_token_is_not_used),
        TEST(a_token_renewed_in_vain),
        TEST(a_renewal_that_fails),
        TEST(one_renews_for_all),
        TEST(the_newest_pair_stays),
        TEST(a_pair_that_cannot_be_stored),
        TEST(a_pair_that_is_no_longer_wanted),
        TEST(killed_while_a_pair_is_stored),
        TEST(another_process_was_killed),
        TEST(what_lies_beside_is_judged),
        TEST(a_disk_that_is_full_loses_no_pair),
        TEST(no_secret_is_told),
        TEST(a_template_is_filled),
        TEST(the_default_parameters),
        TEST(the_longest_parameters_fit),
        cmocka_unit_test(phone_numbers),
        TEST(what_is_refused_at_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
