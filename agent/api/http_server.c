#include "agent/api/http_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/api/http_private.h"
#include "common/log.h"

#define TIMEOUT_S       10
#define HEADERS_MAX     16384
#define PEM_MAX         (1 << 20)
#define BACKLOG         128
#define LOCAL_CONNS_MAX 64
#define BEAT_TICKS      10
#define STREAM_LIFE_MS  INT64_C(600000)
#define TICK            gong_dur_s(1)
#define FILES_BESIDE    512 /* descriptors of the rest of the agent */

/* --- parts --- */

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

static void
add_counters(struct gong_http_server *server, struct gong_counters *counters)
{
    static const char *const labels[] = {"code=\"0\"",   "code=\"1xx\"",
                                         "code=\"2xx\"", "code=\"3xx\"",
                                         "code=\"4xx\"", "code=\"5xx\""};

    if (counters == NULL) {
        return;
    }
    for (size_t i = 2; i < 6; i++) {
        server->requests[i] =
            gong_counter_add(counters, GONG_COUNTER, "gong_http_requests_total",
                             "Requests answered, by status.", labels[i]);
    }
    server->refused = gong_counter_add(
        counters, GONG_COUNTER, "gong_http_busy_total",
        "Requests refused because too many waited for a worker.", "");
    server->conns.open =
        gong_counter_add(counters, GONG_GAUGE, "gong_http_connections",
                         "Connections of HTTP clients.", "");
    server->conns.overdue = gong_counter_add(
        counters, GONG_COUNTER, "gong_http_overdue_total",
        "Connections ended because a request or an answer took too long.", "");
}

/* Heap, NUL-terminated; NULL with why filled. */
static char *
read_pem(const char *path, char *why, size_t why_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = NULL;
    ssize_t len = -1;

    if (fd >= 0) {
        text = calloc(1, PEM_MAX + 1);
        len = text == NULL ? -1 : read(fd, text, PEM_MAX);
    }
    if (len <= 0) {
        (void)snprintf(why, why_size, "%.200s: cannot be read: %s", path,
                       len == 0 ? "it is empty" : strerror(errno));
        free(text);
        text = NULL;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return text;
}

/* As many descriptors as connections may be open. */
static void
raise_files(unsigned connections)
{
    struct rlimit limit;
    rlim_t needed = (rlim_t)connections + FILES_BESIDE;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) {
        return;
    }
    limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < needed) {
        gong_log(GONG_LOG_WARNING, "http_files",
                 "limit=%llu wanted=%llu todo=\"raise LimitNOFILE\"",
                 (unsigned long long)limit.rlim_cur,
                 (unsigned long long)needed);
    }
}

/* --- the local socket --- */

/* A socket that nobody serves any more is taken away; another's is not. */
static bool
is_served(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool served = fd >= 0 && connect(fd, (const struct sockaddr *)address,
                                     sizeof *address) == 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    return served;
}

static int
listen_local(const char *path, char *why, size_t why_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;
    mode_t mask;
    bool bound;

    if (strlen(path) >= sizeof address.sun_path) {
        (void)snprintf(why, why_size, "%.100s...: too long for a socket", path);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    if (is_served(&address)) {
        (void)snprintf(why, why_size, "%s: another agent serves it", path);
        return -1;
    }
    (void)unlink(path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mask = umask(0177);
    bound = fd >= 0 &&
            bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    (void)umask(mask);
    if (!bound || listen(fd, BACKLOG) != 0) {
        (void)snprintf(why, why_size, "%s: cannot listen: %s", path,
                       strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    return fd;
}

/* --- threads --- */

static void *
work_thread(void *ctx)
{
    struct gong_http_worker *worker = ctx;

    gong_http_work(worker->server, worker->queue);
    return NULL;
}

static void *
tick_thread(void *ctx)
{
    struct gong_http_server *server = ctx;
    unsigned ticks = 0;

    gong_monitor_lock(&server->monitor);
    while (!server->ticks_end) {
        /* Workers share the condition: only time makes a tick. */
        gong_mono_t before = gong_mono_now();

        while (!server->ticks_end &&
               gong_mono_since(gong_mono_now(), before).ns < TICK.ns) {
            (void)gong_monitor_wait(&server->monitor, TICK);
        }
        gong_monitor_unlock(&server->monitor);
        gong_http_conns_expire(&server->conns, gong_mono_now());
        if (server->events != NULL && ++ticks % BEAT_TICKS == 0) {
            gong_events_beat(server->events, gong_floor_ms(gong_wall_now().ns),
                             STREAM_LIFE_MS);
        }
        gong_monitor_lock(&server->monitor);
    }
    gong_monitor_unlock(&server->monitor);
    return NULL;
}

static bool
start_threads(struct gong_http_server *server)
{
    for (size_t i = 0; i < GONG_HTTP_WORKERS; i++) {
        struct gong_http_worker *worker = &server->workers[i];

        worker->server = server;
        worker->queue = &server->queues[i % GONG_HTTP_LANES];
        if (pthread_create(&worker->thread, NULL, work_thread, worker) != 0) {
            return false;
        }
        server->worker_count++;
    }
    server->ticking =
        pthread_create(&server->ticker, NULL, tick_thread, server) == 0;
    return server->ticking;
}

/* --- start and stop --- */

/* A "%00" would end a path early, and what came before it would be asked: it
 * becomes a character that no path and no parameter has. */
static size_t
unescape(void *ctx, struct MHD_Connection *connection, char *text)
{
    size_t len = MHD_http_unescape(text);

    (void)ctx;
    (void)connection;
    for (size_t i = 0; i < len; i++) {
        text[i] = text[i] == '\0' ? '\x01' : text[i];
    }
    return len;
}

#define EVERY_LISTENER(listener)                                               \
    MHD_OPTION_EXTERNAL_LOGGER, log_problem, NULL,                             \
        MHD_OPTION_NOTIFY_COMPLETED, gong_http_on_completed, (listener),       \
        MHD_OPTION_NOTIFY_CONNECTION, gong_http_on_connection, (listener),     \
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,                    \
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MAX,               \
        MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,                          \
        MHD_OPTION_STRICT_FOR_CLIENT, 1

#define EVERY_FLAG                                                             \
    (MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG |                       \
     MHD_ALLOW_SUSPEND_RESUME)

static enum gong_err
start_local(struct gong_http_server *server, const char *path, char *why,
            size_t why_size)
{
    struct gong_http_listener *listener = &server->listeners[1];

    server->local_fd = listen_local(path, why, why_size);
    if (server->local_fd < 0) {
        return GONG_ERR_IO;
    }
    server->socket = strdup(path);
    listener->local = true;
    listener->daemon = MHD_start_daemon(
        EVERY_FLAG, 0, NULL, NULL, gong_http_on_request, listener,
        EVERY_LISTENER(listener), MHD_OPTION_LISTEN_SOCKET, server->local_fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)LOCAL_CONNS_MAX, MHD_OPTION_END);
    if (listener->daemon == NULL) {
        (void)snprintf(why, why_size, "%s: cannot serve: %s", path,
                       strerror(errno));
        return GONG_ERR_IO;
    }
    return GONG_OK;
}

static enum gong_err
load_tls(struct gong_http_server *server,
         const struct gong_http_server_options *options, char *why,
         size_t why_size)
{
    bool cert = options->tls_cert != NULL && options->tls_cert[0] != '\0';
    bool key = options->tls_key != NULL && options->tls_key[0] != '\0';

    if (cert != key) {
        (void)snprintf(why, why_size,
                       "found only one of tls_cert and tls_key, expected both "
                       "or none");
        return GONG_ERR_INVALID;
    }
    if (!cert) {
        return GONG_OK;
    }
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) == MHD_NO) {
        (void)snprintf(why, why_size, "libmicrohttpd was built without TLS");
        return GONG_ERR_UNSUPPORTED;
    }
    server->cert = read_pem(options->tls_cert, why, why_size);
    server->key =
        server->cert == NULL ? NULL : read_pem(options->tls_key, why, why_size);
    server->tls = server->key != NULL;
    return server->tls ? GONG_OK : GONG_ERR_IO;
}

static enum gong_err
start_tcp(struct gong_http_server *server,
          const struct gong_http_server_options *options, char *why,
          size_t why_size)
{
    struct gong_http_listener *listener = &server->listeners[0];
    unsigned flags = EVERY_FLAG | (server->tls ? MHD_USE_TLS : 0U);
    const union MHD_DaemonInfo *info;

    if (options->address->as.any.sa_family == AF_INET6) {
        flags |= MHD_USE_IPv6;
    }
    errno = 0;
    listener->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, gong_http_on_request, listener,
        EVERY_LISTENER(listener), MHD_OPTION_SOCK_ADDR,
        &options->address->as.any, MHD_OPTION_CONNECTION_LIMIT,
        options->connections_max == 0 ? (unsigned)GONG_HTTP_CONNECTIONS_MAX
                                      : options->connections_max,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        options->per_address_max == 0 ? (unsigned)GONG_HTTP_PER_ADDRESS_MAX
                                      : options->per_address_max,
        server->tls ? MHD_OPTION_HTTPS_MEM_KEY : MHD_OPTION_END, server->key,
        MHD_OPTION_HTTPS_MEM_CERT, server->cert, MHD_OPTION_HTTPS_PRIORITIES,
        "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", MHD_OPTION_END);
    if (listener->daemon == NULL) {
        (void)snprintf(why, why_size, "cannot listen%s: %s",
                       server->tls ? " with this certificate and key" : "",
                       strerror(errno));
        return GONG_ERR_IO;
    }
    info = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info == NULL ? 0 : info->port;
    return GONG_OK;
}

static enum gong_err
start_all(struct gong_http_server *server,
          const struct gong_http_server_options *options, char *why,
          size_t why_size)
{
    unsigned connections = options->connections_max == 0
                               ? GONG_HTTP_CONNECTIONS_MAX
                               : options->connections_max;
    enum gong_err err = load_tls(server, options, why, why_size);

    if (err == GONG_OK && options->address != NULL) {
        err = gong_http_address_guarded(options->address, server->tls, why,
                                        why_size);
    }
    if (err != GONG_OK) {
        return err;
    }
    raise_files(connections);
    if (!start_threads(server)) {
        (void)snprintf(why, why_size, "no threads");
        return GONG_ERR_MEMORY;
    }
    if (options->socket != NULL) {
        err = start_local(server, options->socket, why, why_size);
    }
    if (err == GONG_OK && options->address != NULL) {
        err = start_tcp(server, options, why, why_size);
    }
    return err;
}

enum gong_err
gong_http_server_start(const struct gong_http_server_options *options,
                       struct gong_http_server **out, char *why,
                       size_t why_size)
{
    struct gong_http_server *server = calloc(1, sizeof *server);
    enum gong_err err;

    *out = NULL;
    if (server == NULL || gong_monitor_init(&server->monitor) != GONG_OK) {
        (void)snprintf(why, why_size, "out of memory");
        free(server);
        return GONG_ERR_MEMORY;
    }
    (void)pthread_mutex_init(&server->conns.lock, NULL);
    server->service = options->service;
    server->events = options->events;
    server->local_fd = -1;
    server->listeners[0].server = server->listeners[1].server = server;
    add_counters(server, options->counters);
    err = start_all(server, options, why, why_size);
    if (err != GONG_OK) {
        gong_http_server_stop(server);
        return err;
    }
    *out = server;
    return GONG_OK;
}

static void
stop_threads(struct gong_http_server *server)
{
    gong_monitor_lock(&server->monitor);
    server->stopping = true;
    server->ticks_end = true;
    gong_monitor_unlock(&server->monitor);
    gong_monitor_wake(&server->monitor);
    gong_http_conns_cancel(&server->conns);
    for (size_t i = 0; i < server->worker_count; i++) {
        (void)pthread_join(server->workers[i].thread, NULL);
    }
    if (server->ticking) {
        (void)pthread_join(server->ticker, NULL);
    }
}

void
gong_http_server_stop(struct gong_http_server *server)
{
    if (server == NULL) {
        return;
    }
    stop_threads(server);
    gong_http_refuse_waiting(server);
    if (server->events != NULL) {
        gong_events_close(server->events);
    }
    for (size_t i = 0; i < 2; i++) {
        if (server->listeners[i].daemon != NULL) {
            MHD_stop_daemon(server->listeners[i].daemon);
        } else if (i == 1 && server->local_fd >= 0) {
            (void)close(server->local_fd);
        }
    }
    if (server->socket != NULL) {
        (void)unlink(server->socket);
    }
    (void)pthread_mutex_destroy(&server->conns.lock);
    gong_monitor_fini(&server->monitor);
    free(server->socket);
    free(server->cert);
    free(server->key);
    free(server);
}

uint16_t
gong_http_server_port(const struct gong_http_server *server)
{
    return server->port;
}
