/* http_private: what the parts of gong_http_server share. */
#ifndef GONG_AGENT_API_HTTP_PRIVATE_H
#define GONG_AGENT_API_HTTP_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <microhttpd.h>

#include "agent/api/http_server.h"
#include "common/monitor.h"

#define GONG_HTTP_LANES     3   /* that block */
#define GONG_HTTP_WORKERS   6   /* two for each of them */
#define GONG_HTTP_QUEUE_MAX 128 /* requests that wait, for each of them */

/* --- connections: http_conns.c --- */

enum gong_http_phase {
    GONG_HTTP_READING,   /* until a request is whole */
    GONG_HTTP_WORKING,   /* a worker has it: no deadline */
    GONG_HTTP_ANSWERING, /* until the answer is taken */
    GONG_HTTP_STREAMING, /* no deadline but heartbeats that fail */
};

struct gong_http_conn {
    struct gong_http_conn *before, *after;
    int fd;
    enum gong_http_phase phase;
    gong_mono_t since;
    atomic_bool gone; /* nobody waits for the answer any more */
};

/* All connections of a server, so that one that is too slow can be ended by
 * its ticker. The lock is a leaf. */
struct gong_http_conns {
    pthread_mutex_t lock;
    struct gong_http_conn *first;
    gong_counter_t *open;
    gong_counter_t *overdue;
};

/* NULL without memory. */
struct gong_http_conn *gong_http_conn_open(struct gong_http_conns *conns,
                                           int fd);
void gong_http_conn_close(struct gong_http_conns *conns,
                          struct gong_http_conn *conn);
void gong_http_conn_set(struct gong_http_conns *conns,
                        struct gong_http_conn *conn,
                        enum gong_http_phase phase);
/* gong_http_conns_expire: shuts down those past their deadline, and says of
 * those that a worker has whether their client went away. */
void gong_http_conns_expire(struct gong_http_conns *conns, gong_mono_t now);
/* gong_http_conns_cancel: nobody waits for any answer. */
void gong_http_conns_cancel(struct gong_http_conns *conns);

/* --- requests: http_exchange.c --- */

struct gong_http_listener {
    struct gong_http_server *server;
    struct MHD_Daemon *daemon;
    bool local;
};

struct gong_http_exchange;

/* Of one lane: first in, first out. */
struct gong_http_queue {
    struct gong_http_exchange *first, *last;
    size_t count;
};

struct gong_http_worker {
    struct gong_http_server *server;
    struct gong_http_queue *queue;
    pthread_t thread;
};

struct gong_http_server {
    const struct gong_api_service *service;
    struct gong_events *events;
    struct gong_http_conns conns;
    struct gong_http_listener listeners[2];
    int local_fd;
    char *socket; /* path of the local socket */
    char *cert;
    char *key;
    bool tls;
    uint16_t port;
    struct gong_monitor monitor; /* of what follows */
    struct gong_http_queue queues[GONG_HTTP_LANES];
    bool stopping;
    bool ticks_end;
    struct gong_http_worker workers[GONG_HTTP_WORKERS];
    size_t worker_count;
    pthread_t ticker;
    bool ticking;
    gong_counter_t *requests[6]; /* by the hundreds of their status */
    gong_counter_t *refused;     /* no worker was free */
};

/* Callbacks of libmicrohttpd; ctx is the listener. */
enum MHD_Result gong_http_on_request(void *ctx,
                                     struct MHD_Connection *connection,
                                     const char *url, const char *method,
                                     const char *version, const char *upload,
                                     size_t *upload_size, void **state);
void gong_http_on_completed(void *ctx, struct MHD_Connection *connection,
                            void **state, enum MHD_RequestTerminationCode code);
void gong_http_on_connection(void *ctx, struct MHD_Connection *connection,
                             void **socket_state,
                             enum MHD_ConnectionNotificationCode code);

/* gong_http_work: a worker's loop over one queue, until stopping. */
void gong_http_work(struct gong_http_server *server,
                    struct gong_http_queue *queue);
/* gong_http_refuse_waiting: answers what waits with 503. Workers are over. */
void gong_http_refuse_waiting(struct gong_http_server *server);

/* gong_peer_uid: who is at the other end of a local socket; -1: unknown. */
long gong_peer_uid(int fd);

#endif
