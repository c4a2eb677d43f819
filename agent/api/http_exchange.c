#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/api/http_private.h"

#define BODY_STEP   4096
#define STREAM_STEP 8192
#define WAIT_TURN   gong_dur_s(60)

/* One request from its first byte to the last of its answer. Its texts are the
 * connection's, which keeps them until it is completed; while a worker has it,
 * the connection is suspended and nothing else touches either. */
struct gong_http_exchange {
    struct gong_http_exchange *next;
    struct gong_http_server *server;
    struct MHD_Connection *connection;
    struct gong_http_conn *conn;
    struct gong_api_request request;
    struct gong_api_answer answer;
    char *body;
    size_t body_len, body_room;
    bool answered;
};

/* --- what came --- */

static const char *
header(struct MHD_Connection *connection, const char *name)
{
    const char *value =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

    return value == NULL ? "" : value;
}

static enum MHD_Result
take_argument(void *ctx, enum MHD_ValueKind kind, const char *name,
              const char *value)
{
    struct gong_api_request *request = ctx;

    (void)kind;
    if (request->query_count == GONG_API_QUERY_MAX) {
        request->query_overflow = true;
        return MHD_NO;
    }
    request->query[request->query_count++] =
        (struct gong_api_pair){name, value == NULL ? "" : value};
    return MHD_YES;
}

static const union MHD_ConnectionInfo *
info_of(struct MHD_Connection *connection, enum MHD_ConnectionInfoType type)
{
    return MHD_get_connection_info(connection, type);
}

static void
name_peer(struct gong_http_exchange *x, bool local)
{
    struct gong_api_request *request = &x->request;
    const union MHD_ConnectionInfo *info;
    struct gong_http_address address;

    memset(&address, 0, sizeof address);
    if (local) {
        long uid = -1;

        info = info_of(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (info != NULL) {
            uid = gong_peer_uid(info->connect_fd);
        }
        request->peer = GONG_API_PEER_LOCAL;
        request->peer_trusted = uid == 0 || uid == (long)geteuid();
        (void)snprintf(request->address, sizeof request->address, "local:%ld",
                       uid);
        (void)snprintf(request->network, sizeof request->network, "%s",
                       request->address);
        return;
    }
    request->peer = GONG_API_PEER_BEYOND;
    info = info_of(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL) {
        return;
    }
    memcpy(&address, info->client_addr,
           info->client_addr->sa_family == AF_INET6 ? sizeof address.as.v6
                                                    : sizeof address.as.v4);
    gong_http_address_host(&address, false, request->address);
    gong_http_address_host(&address, true, request->network);
    if (gong_http_address_loopback(&address)) {
        request->peer = GONG_API_PEER_LOOPBACK;
    }
}

static struct gong_http_exchange *
exchange_new(struct gong_http_listener *listener,
             struct MHD_Connection *connection)
{
    struct gong_http_exchange *x = calloc(1, sizeof *x);
    const union MHD_ConnectionInfo *info =
        info_of(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    if (x != NULL) {
        x->server = listener->server;
        x->connection = connection;
        x->conn = info == NULL ? NULL : info->socket_context;
        x->request.tls = listener->server->tls && !listener->local;
        name_peer(x, listener->local);
    }
    return x;
}

/* False without memory. */
static bool
take_body(struct gong_http_exchange *x, const char *bytes, size_t len)
{
    size_t needed = x->body_len + len;
    char *grown;

    if (needed > GONG_API_BODY_MAX) {
        x->request.body_too_large = true;
        return true;
    }
    if (needed > x->body_room) {
        size_t room = needed + BODY_STEP;

        grown = realloc(x->body, room);
        if (grown == NULL) {
            return false;
        }
        x->body = grown;
        x->body_room = room;
    }
    memcpy(x->body + x->body_len, bytes, len);
    x->body_len = needed;
    return true;
}

static void
complete_request(struct gong_http_exchange *x, const char *url,
                 const char *method)
{
    struct gong_api_request *request = &x->request;
    struct MHD_Connection *connection = x->connection;

    request->method = method;
    request->path = url;
    request->host = header(connection, "Host");
    request->origin = header(connection, "Origin");
    request->fetch_site = header(connection, "Sec-Fetch-Site");
    request->authorization = header(connection, "Authorization");
    request->cookie = header(connection, "Cookie");
    request->csrf = header(connection, "X-Gong-CSRF");
    request->last_event_id = header(connection, "Last-Event-ID");
    request->content_type = header(connection, "Content-Type");
    request->body = gong_str_from(x->body, x->body_len);
    request->came = gong_mono_now();
    request->cancelled = x->conn == NULL ? NULL : &x->conn->gone;
    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND,
                                    take_argument, request);
}

/* --- what goes --- */

static void
park(void *ctx)
{
    struct gong_http_exchange *x = ctx;

    MHD_suspend_connection(x->connection);
}

static void
wake(void *ctx)
{
    struct gong_http_exchange *x = ctx;

    MHD_resume_connection(x->connection);
}

static ssize_t
read_stream(void *ctx, uint64_t position, char *out, size_t size)
{
    struct gong_events_reader *reader = ctx;
    ssize_t got = gong_events_read(reader, out, size);

    (void)position;
    return got < 0 ? MHD_CONTENT_READER_END_OF_STREAM : got;
}

static struct MHD_Response *
respond(struct gong_http_exchange *x)
{
    struct gong_api_answer *answer = &x->answer;
    struct MHD_Response *response;

    if (answer->stream != NULL) {
        gong_events_on_wait(answer->stream, park, wake, x);
        return MHD_create_response_from_callback(
            MHD_SIZE_UNKNOWN, STREAM_STEP, read_stream, answer->stream, NULL);
    }
    response = MHD_create_response_from_buffer(answer->len, answer->body,
                                               MHD_RESPMEM_MUST_FREE);
    if (response != NULL) {
        answer->body = NULL;
    }
    return response;
}

static void
put_headers(struct gong_http_exchange *x, struct MHD_Response *response)
{
    static const struct gong_api_pair always[] = {
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "same-origin"},
        {"X-Frame-Options", "DENY"},
        {"Content-Security-Policy",
         "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
         "base-uri 'none'; frame-ancestors 'none'"},
    };

    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        (void)MHD_add_response_header(response, always[i].name,
                                      always[i].value);
    }
    if (x->answer.type != NULL) {
        (void)MHD_add_response_header(response, "Content-Type", x->answer.type);
    }
    if (x->request.tls) {
        (void)MHD_add_response_header(response, "Strict-Transport-Security",
                                      "max-age=31536000");
    }
    for (size_t i = 0; i < x->answer.header_count; i++) {
        (void)MHD_add_response_header(response, x->answer.headers[i].name,
                                      x->answer.headers[i].value);
    }
}

static void
count_answer(struct gong_http_server *server, unsigned status)
{
    unsigned hundreds = status / 100 < 6 ? status / 100 : 5;

    if (server->requests[hundreds] != NULL) {
        gong_counter_increase(server->requests[hundreds], 1);
    }
}

static enum MHD_Result
send_answer(struct gong_http_exchange *x)
{
    bool streams = x->answer.stream != NULL;
    struct MHD_Response *response = respond(x);
    enum MHD_Result queued;

    if (response == NULL) {
        return MHD_NO;
    }
    put_headers(x, response);
    gong_http_conn_set(&x->server->conns, x->conn,
                       streams ? GONG_HTTP_STREAMING : GONG_HTTP_ANSWERING);
    count_answer(x->server, x->answer.status);
    queued = MHD_queue_response(x->connection, x->answer.status, response);
    MHD_destroy_response(response);
    return queued;
}

/* --- workers --- */

static void
refuse(struct gong_http_exchange *x)
{
    static const char text[] =
        "{\"type\":\"about:blank\",\"status\":503,\"title\":\"Máy chủ đang "
        "bận, thử lại sau | busy, try again\"}\n";

    x->answer.status = MHD_HTTP_SERVICE_UNAVAILABLE;
    x->answer.type = "application/problem+json";
    x->answer.body = strdup(text);
    x->answer.len = x->answer.body == NULL ? 0 : sizeof text - 1;
    gong_api_header(&x->answer, "Retry-After", "1");
    x->answered = true;
    if (x->server->refused != NULL) {
        gong_counter_increase(x->server->refused, 1);
    }
}

/* False where nothing more is taken. */
static bool
push(struct gong_http_server *server, struct gong_http_queue *queue,
     struct gong_http_exchange *x)
{
    bool taken;

    gong_monitor_lock(&server->monitor);
    taken = !server->stopping && queue->count < GONG_HTTP_QUEUE_MAX;
    if (taken) {
        if (queue->last == NULL) {
            queue->first = x;
        } else {
            queue->last->next = x;
        }
        queue->last = x;
        queue->count++;
    }
    gong_monitor_unlock(&server->monitor);
    gong_monitor_wake(&server->monitor);
    return taken;
}

/* With the lock held. */
static struct gong_http_exchange *
pop(struct gong_http_queue *queue)
{
    struct gong_http_exchange *x = queue->first;

    if (x != NULL) {
        queue->first = x->next;
        if (queue->first == NULL) {
            queue->last = NULL;
        }
        queue->count--;
    }
    return x;
}

void
gong_http_work(struct gong_http_server *server, struct gong_http_queue *queue)
{
    gong_monitor_lock(&server->monitor);
    while (!server->stopping) {
        struct gong_http_exchange *x = pop(queue);

        if (x == NULL) {
            (void)gong_monitor_wait(&server->monitor, WAIT_TURN);
            continue;
        }
        gong_monitor_unlock(&server->monitor);
        server->service->answer(server->service->ctx, &x->request, &x->answer);
        x->answered = true;
        MHD_resume_connection(x->connection);
        gong_monitor_lock(&server->monitor);
    }
    gong_monitor_unlock(&server->monitor);
}

void
gong_http_refuse_waiting(struct gong_http_server *server)
{
    for (size_t i = 0; i < GONG_HTTP_LANES; i++) {
        struct gong_http_exchange *x;

        while ((x = pop(&server->queues[i])) != NULL) {
            refuse(x);
            MHD_resume_connection(x->connection);
        }
    }
}

/* --- what libmicrohttpd calls --- */

/* NULL: it does not wait. */
static struct gong_http_queue *
queue_of(struct gong_http_server *server, enum gong_api_lane lane)
{
    switch (lane) {
    case GONG_API_LANE_WORK:
        return &server->queues[0];
    case GONG_API_LANE_HASH:
        return &server->queues[1];
    case GONG_API_LANE_QUERY:
        return &server->queues[2];
    case GONG_API_LANE_HERE:
        break;
    }
    return NULL;
}

static enum MHD_Result
dispatch(struct gong_http_exchange *x)
{
    struct gong_http_server *server = x->server;
    enum gong_api_lane lane =
        server->service->lane(server->service->ctx, &x->request);
    struct gong_http_queue *queue = queue_of(server, lane);

    if (queue == NULL) {
        server->service->answer(server->service->ctx, &x->request, &x->answer);
        x->answered = true;
        return send_answer(x);
    }
    gong_http_conn_set(&server->conns, x->conn, GONG_HTTP_WORKING);
    MHD_suspend_connection(x->connection);
    if (!push(server, queue, x)) {
        refuse(x);
        MHD_resume_connection(x->connection);
    }
    return MHD_YES;
}

/* The eight parameters are the library's. */
enum MHD_Result
/* NOLINTNEXTLINE(readability-function-size) */
gong_http_on_request(void *ctx, struct MHD_Connection *connection,
                     const char *url, const char *method, const char *version,
                     const char *upload, size_t *upload_size, void **state)
{
    struct gong_http_exchange *x = *state;

    (void)version;
    if (x == NULL) {
        x = exchange_new(ctx, connection);
        *state = x;
        return x == NULL ? MHD_NO : MHD_YES;
    }
    if (x->answered) {
        return send_answer(x);
    }
    if (*upload_size > 0) {
        bool taken = take_body(x, upload, *upload_size);

        *upload_size = 0;
        return taken ? MHD_YES : MHD_NO;
    }
    complete_request(x, url, method);
    return dispatch(x);
}

void
gong_http_on_completed(void *ctx, struct MHD_Connection *connection,
                       void **state, enum MHD_RequestTerminationCode code)
{
    struct gong_http_exchange *x = *state;

    (void)ctx;
    (void)connection;
    (void)code;
    if (x == NULL) {
        return;
    }
    gong_events_leave(x->answer.stream);
    gong_http_conn_set(&x->server->conns, x->conn, GONG_HTTP_READING);
    free(x->answer.body);
    free(x->body);
    free(x);
    *state = NULL;
}

void
gong_http_on_connection(void *ctx, struct MHD_Connection *connection,
                        void **socket_state,
                        enum MHD_ConnectionNotificationCode code)
{
    struct gong_http_listener *listener = ctx;
    struct gong_http_conns *conns = &listener->server->conns;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            info_of(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

        *socket_state =
            info == NULL ? NULL : gong_http_conn_open(conns, info->connect_fd);
    } else {
        gong_http_conn_close(conns, *socket_state);
        *socket_state = NULL;
    }
}
