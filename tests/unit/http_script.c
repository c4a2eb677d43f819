#include "http_script.h"

#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <microhttpd.h>

#include "common/clock.h"

struct script {
    struct MHD_Daemon *daemon;
    script_fn decide;
    void *ctx;
    unsigned port;
    pthread_mutex_t mutex;
    size_t count;
    struct script_request requests[SCRIPT_REQUESTS_MAX];
};

static char *
copy(const char *text)
{
    size_t size = text == NULL ? 1 : strlen(text) + 1;
    char *out = calloc(1, size);

    if (out != NULL && text != NULL) {
        memcpy(out, text, size);
    }
    return out;
}

static enum MHD_Result
add_query(void *ctx, enum MHD_ValueKind kind, const char *key,
          const char *value)
{
    struct script_request *request = ctx;
    size_t used = strlen(request->url);
    const char *text = value == NULL ? "" : value;
    size_t size = used + strlen(key) + strlen(text) + 3;
    char *url = realloc(request->url, size);

    (void)kind;
    if (url == NULL) {
        return MHD_NO;
    }
    request->url = url;
    (void)snprintf(url + used, size - used, "%c%s=%s",
                   strchr(url, '?') == NULL ? '?' : '&', key, text);
    return MHD_YES;
}

static char *
header(struct MHD_Connection *connection, const char *name)
{
    return copy(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

static struct script_request *
begin_request(struct MHD_Connection *connection, const char *url,
              const char *method)
{
    struct script_request *request = calloc(1, sizeof *request);

    if (request == NULL) {
        return NULL;
    }
    request->method = copy(method);
    request->url = copy(url);
    request->body = copy("");
    request->content_type = header(connection, "Content-Type");
    request->authorization = header(connection, "Authorization");
    request->idempotency_key = header(connection, "Idempotency-Key");
    request->content_encoding = header(connection, "Content-Encoding");
    request->expect = header(connection, "Expect");
    request->access_token = header(connection, "access_token");
    request->secret_key = header(connection, "secret_key");
    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND,
                                    add_query, request);
    return request;
}

static enum MHD_Result
add_body(struct script_request *request, const char *data, size_t *len)
{
    char *body = realloc(request->body, request->body_len + *len + 1);

    if (body == NULL) {
        return MHD_NO;
    }
    memcpy(body + request->body_len, data, *len);
    request->body = body;
    request->body_len += *len;
    body[request->body_len] = '\0';
    *len = 0;
    return MHD_YES;
}

static enum MHD_Result
answer(struct MHD_Connection *connection, const struct script_reply *reply)
{
    const char *text = reply->body == NULL ? "" : reply->body;
    char *body = copy(text);
    struct MHD_Response *response;
    enum MHD_Result result;

    if (body == NULL) {
        return MHD_NO;
    }
    response = MHD_create_response_from_buffer(strlen(body), body,
                                               MHD_RESPMEM_MUST_FREE);
    if (reply->retry_after != NULL) {
        (void)MHD_add_response_header(response, "Retry-After",
                                      reply->retry_after);
    }
    if (reply->close) {
        (void)MHD_add_response_header(response, "Connection", "close");
    }
    result = MHD_queue_response(connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result
/* The library's callback type has so many parameters. NOLINTNEXTLINE */
on_request(void *ctx, struct MHD_Connection *connection, const char *url,
           const char *method, const char *version, const char *data,
           size_t *len, void **request_ctx)
{
    struct script *script = ctx;
    struct script_request *request = *request_ctx;
    struct script_reply reply = {.status = 204};
    size_t index;

    (void)version;
    if (request == NULL) {
        *request_ctx = begin_request(connection, url, method);
        return *request_ctx == NULL ? MHD_NO : MHD_YES;
    }
    if (*len > 0) {
        return add_body(request, data, len);
    }
    (void)pthread_mutex_lock(&script->mutex);
    index = script->count;
    (void)pthread_mutex_unlock(&script->mutex);
    if (index >= SCRIPT_REQUESTS_MAX) {
        return MHD_NO;
    }
    script->decide(script->ctx, index, request, &reply);
    if (reply.delay_ms > 0) {
        gong_clock_sleep(gong_dur_ms(reply.delay_ms));
    }
    (void)pthread_mutex_lock(&script->mutex);
    script->requests[script->count++] = *request;
    (void)pthread_mutex_unlock(&script->mutex);
    free(request);
    *request_ctx = NULL;
    return reply.status == 0 ? MHD_NO : answer(connection, &reply);
}

static void
free_request(struct script_request *request)
{
    free(request->method);
    free(request->url);
    free(request->body);
    free(request->content_type);
    free(request->authorization);
    free(request->idempotency_key);
    free(request->content_encoding);
    free(request->expect);
    free(request->access_token);
    free(request->secret_key);
}

/* A request that was cut before it was whole. */
static void
on_completed(void *ctx, struct MHD_Connection *connection, void **request_ctx,
             enum MHD_RequestTerminationCode code)
{
    struct script_request *request = *request_ctx;

    (void)ctx;
    (void)connection;
    (void)code;
    if (request != NULL) {
        free_request(request);
        free(request);
        *request_ctx = NULL;
    }
}

struct script *
script_start(unsigned port, script_fn decide, void *ctx)
{
    struct script *script = calloc(1, sizeof *script);
    struct sockaddr_in address = {.sin_family = AF_INET};
    const union MHD_DaemonInfo *info;

    assert_non_null(script);
    script->decide = decide;
    script->ctx = ctx;
    (void)pthread_mutex_init(&script->mutex, NULL);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    script->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)port, NULL, NULL, on_request,
        script, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, NULL, MHD_OPTION_END);
    assert_non_null(script->daemon);
    info = MHD_get_daemon_info(script->daemon, MHD_DAEMON_INFO_BIND_PORT);
    assert_non_null(info);
    script->port = info->port;
    return script;
}

void
script_stop(struct script *script)
{
    if (script == NULL) {
        return;
    }
    MHD_stop_daemon(script->daemon);
    for (size_t i = 0; i < script->count; i++) {
        free_request(&script->requests[i]);
    }
    (void)pthread_mutex_destroy(&script->mutex);
    free(script);
}

unsigned
script_port(const struct script *script)
{
    return script->port;
}

size_t
script_count(struct script *script)
{
    size_t count;

    (void)pthread_mutex_lock(&script->mutex);
    count = script->count;
    (void)pthread_mutex_unlock(&script->mutex);
    return count;
}

void
script_wait(struct script *script, size_t count)
{
    for (int i = 0; i < 4000; i++) {
        if (script_count(script) >= count) {
            return;
        }
        gong_clock_sleep(gong_dur_ms(5));
    }
    fail_msg("only %zu of %zu requests came", script_count(script), count);
}

const struct script_request *
script_at(struct script *script, size_t index)
{
    assert_true(index < script_count(script));
    return &script->requests[index];
}
