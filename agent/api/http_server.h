/*
 * http_server: the agent's one HTTP server: carries requests to the API
 * (api_request.h) and answers back, over libmicrohttpd with epoll.
 *
 *   TCP  --.                          .-> answered at once
 *   TLS  --+-> one thread each, epoll-+-> 2 workers (disk)   -> resumed
 *   unix --'                          +-> 2 workers (hashes) -> resumed
 *                                     '-> 2 workers (queries) -> resumed
 *
 * A request that may block waits suspended: no thread is held by a client.
 * Bounds: connections in all and per address, bytes of headers (16 KiB) and
 * body (64 KiB), 10 s without progress, 30 s until a request is whole, 120 s
 * until an answer is taken, 128 requests that wait for a worker of their kind
 * (then 503). A query whose client went away, or that runs at a stop, is told
 * so (gong_api_request.cancelled). Streams of events live 10 minutes, then
 * their reader comes again.
 *
 * The local socket has mode 0600, and only root and the agent's own user are
 * answered there. What is beyond loopback must be HTTPS.
 */
#ifndef GONG_AGENT_API_HTTP_SERVER_H
#define GONG_AGENT_API_HTTP_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "agent/api/api_request.h"
#include "agent/api/http_address.h"
#include "common/counter.h"
#include "common/err.h"

#define GONG_HTTP_CONNECTIONS_MAX 1200
#define GONG_HTTP_PER_ADDRESS_MAX 100

/* Everything is borrowed until stop. */
struct gong_http_server_options {
    const struct gong_http_address *address; /* NULL: no TCP */
    const char *tls_cert;                    /* PEM file; NULL or "": plain */
    const char *tls_key;
    const char *socket;       /* path of the local socket; NULL: none */
    unsigned connections_max; /* 0: as above */
    unsigned per_address_max;
    const struct gong_api_service *service;
    struct gong_events *events;     /* may be NULL */
    struct gong_counters *counters; /* may be NULL */
};

struct gong_http_server;

enum gong_err
gong_http_server_start(const struct gong_http_server_options *options,
                       struct gong_http_server **out, char *why,
                       size_t why_size) GONG_MUST_CHECK;
/* Ends the streams, answers what waits with 503, joins. */
void gong_http_server_stop(struct gong_http_server *server);

/* gong_http_server_port: the port it listens on; 0: none. */
uint16_t gong_http_server_port(const struct gong_http_server *server);

#endif
