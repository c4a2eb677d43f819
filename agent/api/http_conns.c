#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "agent/api/http_private.h"

#define READING_S   30
#define ANSWERING_S 120

struct gong_http_conn *
gong_http_conn_open(struct gong_http_conns *conns, int fd)
{
    struct gong_http_conn *conn = calloc(1, sizeof *conn);

    if (conn == NULL) {
        return NULL;
    }
    conn->fd = fd;
    conn->since = gong_mono_now();
    (void)pthread_mutex_lock(&conns->lock);
    conn->after = conns->first;
    if (conns->first != NULL) {
        conns->first->before = conn;
    }
    conns->first = conn;
    (void)pthread_mutex_unlock(&conns->lock);
    if (conns->open != NULL) {
        gong_counter_increase(conns->open, 1);
    }
    return conn;
}

void
gong_http_conn_close(struct gong_http_conns *conns, struct gong_http_conn *conn)
{
    if (conn == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&conns->lock);
    if (conn->before != NULL) {
        conn->before->after = conn->after;
    } else {
        conns->first = conn->after;
    }
    if (conn->after != NULL) {
        conn->after->before = conn->before;
    }
    (void)pthread_mutex_unlock(&conns->lock);
    if (conns->open != NULL) {
        gong_counter_increase(conns->open, (uint64_t)-1);
    }
    free(conn);
}

void
gong_http_conn_set(struct gong_http_conns *conns, struct gong_http_conn *conn,
                   enum gong_http_phase phase)
{
    if (conn == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&conns->lock);
    conn->phase = phase;
    conn->since = gong_mono_now();
    (void)pthread_mutex_unlock(&conns->lock);
}

static bool
is_overdue(const struct gong_http_conn *conn, gong_mono_t now)
{
    int64_t seconds = gong_mono_since(now, conn->since).ns / GONG_NS_PER_S;

    switch (conn->phase) {
    case GONG_HTTP_READING:
        return seconds >= READING_S;
    case GONG_HTTP_ANSWERING:
        return seconds >= ANSWERING_S;
    case GONG_HTTP_WORKING:
    case GONG_HTTP_STREAMING:
        break;
    }
    return false;
}

/* Its bytes are the library's: only a hang-up is looked for. */
static bool
is_gone(const struct gong_http_conn *conn)
{
    struct pollfd fd = {.fd = conn->fd, .events = POLLRDHUP};

    return conn->phase == GONG_HTTP_WORKING && poll(&fd, 1, 0) > 0 &&
           (fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* The descriptor is open for as long as the connection is in the list. */
void
gong_http_conns_expire(struct gong_http_conns *conns, gong_mono_t now)
{
    (void)pthread_mutex_lock(&conns->lock);
    for (struct gong_http_conn *c = conns->first; c != NULL; c = c->after) {
        if (is_gone(c)) {
            atomic_store(&c->gone, true);
        }
        if (is_overdue(c, now)) {
            (void)shutdown(c->fd, SHUT_RDWR);
            c->since = now;
            if (conns->overdue != NULL) {
                gong_counter_increase(conns->overdue, 1);
            }
        }
    }
    (void)pthread_mutex_unlock(&conns->lock);
}

void
gong_http_conns_cancel(struct gong_http_conns *conns)
{
    (void)pthread_mutex_lock(&conns->lock);
    for (struct gong_http_conn *c = conns->first; c != NULL; c = c->after) {
        atomic_store(&c->gone, true);
    }
    (void)pthread_mutex_unlock(&conns->lock);
}
