#include "agent/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "agent/ledger_view.h"
#include "common/log.h"

#define CONNECTIONS_MAX 64
#define TIMEOUT_S       10
#define REQUEST_MAX     16384
#define HOST_SIZE       64
#define PORT_MAX        65535

struct gong_http_server {
    const struct gong_status_source *source;
    struct MHD_Daemon *daemon;
    uint16_t port;
};

/* --- address --- */

/* The digits behind the last colon. */
static bool
read_port(const char *text, uint16_t *out)
{
    unsigned value = 0;

    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(*text - '0');
        if (value > PORT_MAX) {
            return false;
        }
    }
    *out = (uint16_t)value;
    return true;
}

/* "host:port" or "[host]:port" into its two parts. */
static bool
split(const char *text, char host[HOST_SIZE], bool *six, uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);

    if (len == 0 || !read_port(colon + 1, port)) {
        return false;
    }
    *six = text[0] == '[' && text[len - 1] == ']';
    if (*six) {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= HOST_SIZE) {
        return false;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    return true;
}

static bool
is_loopback(const struct gong_http_address *address)
{
    static const unsigned char six[16] = {[15] = 1};

    if (address->as.any.sa_family == AF_INET6) {
        return memcmp(&address->as.v6.sin6_addr, six, sizeof six) == 0;
    }
    return ntohl(address->as.v4.sin_addr.s_addr) >> 24 == 127;
}

enum gong_err
gong_http_address_parse(const char *text, struct gong_http_address *out,
                        char *why, size_t why_size)
{
    char host[HOST_SIZE];
    uint16_t port = 0;
    bool six = false;
    bool fits;

    memset(out, 0, sizeof *out);
    fits = split(text, host, &six, &port);
    if (fits && six) {
        out->as.v6.sin6_family = AF_INET6;
        out->as.v6.sin6_port = htons(port);
        fits = inet_pton(AF_INET6, host, &out->as.v6.sin6_addr) == 1;
    } else if (fits) {
        out->as.v4.sin_family = AF_INET;
        out->as.v4.sin_port = htons(port);
        fits = inet_pton(AF_INET, host, &out->as.v4.sin_addr) == 1;
    }
    if (!fits) {
        (void)snprintf(why, why_size,
                       "found an address that cannot be read, expected "
                       "127.0.0.1:PORT or [::1]:PORT");
        return GONG_ERR_INVALID;
    }
    if (!is_loopback(out)) {
        (void)snprintf(why, why_size,
                       "found an address beyond loopback, expected "
                       "127.0.0.1:PORT or [::1]:PORT: there are no users and "
                       "no HTTPS to guard it");
        return GONG_ERR_UNSUPPORTED;
    }
    return GONG_OK;
}

/* --- answers --- */

/* Takes body (heap). */
static enum MHD_Result
answer(struct MHD_Connection *connection, unsigned status, const char *type,
       char *body, size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result queued;

    if (response == NULL) {
        free(body);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, "Content-Type", type);
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(response, "X-Content-Type-Options",
                                  "nosniff");
    (void)MHD_add_response_header(
        response, "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        (void)MHD_add_response_header(response, "Allow", "GET");
    }
    queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result
answer_text(struct MHD_Connection *connection, unsigned status,
            const char *text)
{
    char *body = strdup(text);

    return body == NULL
               ? MHD_NO
               : answer(connection, status, "text/plain; charset=utf-8", body,
                        strlen(text));
}

static enum MHD_Result
answer_health(const struct gong_status_source *source,
              struct MHD_Connection *connection)
{
    size_t len = 0;
    bool well;
    char *body = gong_status_health(source, &well, &len);

    if (body == NULL) {
        return MHD_NO;
    }
    return answer(connection, well ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                  "application/json", body, len);
}

static enum MHD_Result
answer_metrics(const struct gong_status_source *source,
               struct MHD_Connection *connection)
{
    size_t len = 0;
    char *body = gong_status_metrics(source, &len);

    return body == NULL
               ? MHD_NO
               : answer(connection, MHD_HTTP_OK,
                        "text/plain; version=0.0.4; charset=utf-8", body, len);
}

static enum MHD_Result
answer_page(const struct gong_status_source *source,
            struct MHD_Connection *connection)
{
    size_t len = 0;
    char *body = gong_status_page(source, &len);

    return body == NULL ? MHD_NO
                        : answer(connection, MHD_HTTP_OK,
                                 "text/html; charset=utf-8", body, len);
}

static enum MHD_Result
answer_alerts(const struct gong_status_source *source,
              struct MHD_Connection *connection)
{
    static const char none[] =
        "{\"status\":\"success\",\"data\":{\"alerts\":[],\"truncated\":0}}";
    struct gong_alert_view *view = gong_engine_thread_alerts(source->engine);
    size_t len = view == NULL ? sizeof none - 1 : view->len;
    char *body = malloc(len + 1);

    if (body != NULL) {
        memcpy(body, view == NULL ? none : view->json, len + 1);
    }
    gong_alert_view_release(view);
    return body == NULL
               ? MHD_NO
               : answer(connection, MHD_HTTP_OK, "application/json", body, len);
}

static const char *
argument(struct MHD_Connection *connection, const char *name)
{
    const char *value =
        MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);

    return value == NULL ? "" : value;
}

static enum MHD_Result
answer_ledger(const struct gong_status_source *source,
              struct MHD_Connection *connection)
{
    struct gong_ledger_query query = {
        .site = argument(connection, "site"),
        .device = argument(connection, "device"),
        .prefix = argument(connection, "prefix"),
        .after = argument(connection, "after"),
        .limit = strtoul(argument(connection, "limit"), NULL, 10),
    };
    size_t len = 0;
    char *body = gong_ledger_view_json(source->receive, &query, &len);

    return body == NULL
               ? MHD_NO
               : answer(connection, MHD_HTTP_OK, "application/json", body, len);
}

static const struct {
    const char *path;
    enum MHD_Result (*answer)(const struct gong_status_source *source,
                              struct MHD_Connection *connection);
} paths[] = {
    {"/", answer_page},           {"/healthz", answer_health},
    {"/metrics", answer_metrics}, {"/api/v1/alerts", answer_alerts},
    {"/ledger", answer_ledger},
};

/* A body is never read. The eight parameters are the library's. */
static enum MHD_Result
/* NOLINTNEXTLINE(readability-function-size) */
handle(void *ctx, struct MHD_Connection *connection, const char *url,
       const char *method, const char *version, const char *upload,
       size_t *upload_size, void **state)
{
    const struct gong_http_server *server = ctx;

    (void)version;
    (void)upload;
    (void)upload_size;
    (void)state;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0) {
        return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                           "only GET\n");
    }
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (strcmp(url, paths[i].path) == 0) {
            return paths[i].answer(server->source, connection);
        }
    }
    return answer_text(connection, MHD_HTTP_NOT_FOUND, "not found\n");
}

static void GONG_PRINTF(2, 0)
    log_problem(void *ctx, const char *format, va_list arguments)
{
    char text[256];
    char quoted[600];

    (void)ctx;
    (void)vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    gong_log(GONG_LOG_WARNING, "http_problem", "message=%s",
             gong_log_quote(gong_str_of(text), quoted, sizeof quoted));
}

enum gong_err
gong_http_server_start(const struct gong_http_address *address,
                       const struct gong_status_source *source,
                       struct gong_http_server **out, char *why,
                       size_t why_size)
{
    struct gong_http_server *server = calloc(1, sizeof *server);
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG;
    const union MHD_DaemonInfo *info;

    *out = NULL;
    if (server == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        return GONG_ERR_MEMORY;
    }
    if (address->as.any.sa_family == AF_INET6) {
        flags |= MHD_USE_IPv6;
    }
    server->source = source;
    errno = 0;
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, handle, server, MHD_OPTION_EXTERNAL_LOGGER,
        log_problem, NULL, MHD_OPTION_SOCK_ADDR, &address->as.any,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MAX,
        MHD_OPTION_END);
    if (server->daemon == NULL) {
        (void)snprintf(why, why_size, "cannot listen: %s", strerror(errno));
        free(server);
        return GONG_ERR_IO;
    }
    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info == NULL ? 0 : info->port;
    *out = server;
    return GONG_OK;
}

void
gong_http_server_stop(struct gong_http_server *server)
{
    if (server == NULL) {
        return;
    }
    MHD_stop_daemon(server->daemon);
    free(server);
}

uint16_t
gong_http_server_port(const struct gong_http_server *server)
{
    return server->port;
}
