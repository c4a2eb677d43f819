/*
 * http_server: what can be looked at, on one thread of libmicrohttpd:
 *
 *   GET /               a page for people
 *   GET /healthz        200, or 503 and which part is not well
 *   GET /metrics        Prometheus' text format
 *   GET /api/v1/alerts  as Prometheus answers
 *   GET /ledger         what came of whom (agent/ledger_view.h), as JSON:
 *                       ?site=&device=&prefix=&after=&limit=
 *
 * Only GET, only loopback: without users and HTTPS there is nothing to keep a
 * stranger out. At most 64 connections, 10 s each without progress, 16 KiB of
 * request; what exceeds that is refused by the library.
 */
#ifndef GONG_AGENT_HTTP_SERVER_H
#define GONG_AGENT_HTTP_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

#include "agent/status.h"
#include "common/err.h"

/* Transparent: a plain value. */
struct gong_http_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } as;
};

/* gong_http_address_parse: "127.0.0.1:9470" or "[::1]:9470". INVALID, or
 * UNSUPPORTED beyond loopback, with the reason in why. Pure. */
enum gong_err gong_http_address_parse(const char *text,
                                      struct gong_http_address *out, char *why,
                                      size_t why_size) GONG_MUST_CHECK;

struct gong_http_server;

/* source is borrowed until stop. */
enum gong_err gong_http_server_start(const struct gong_http_address *address,
                                     const struct gong_status_source *source,
                                     struct gong_http_server **out, char *why,
                                     size_t why_size) GONG_MUST_CHECK;
void gong_http_server_stop(struct gong_http_server *server);

/* gong_http_server_port: the port it listens on. */
uint16_t gong_http_server_port(const struct gong_http_server *server);

#endif
