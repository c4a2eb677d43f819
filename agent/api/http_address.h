/* http_address: where an HTTP server listens. Pure. */
#ifndef GONG_AGENT_API_HTTP_ADDRESS_H
#define GONG_AGENT_API_HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <netinet/in.h>

#include "common/err.h"

/* Transparent: a plain value. */
struct gong_http_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } as;
};

/* gong_http_address_parse: "127.0.0.1:9470" or "[::1]:9470". INVALID with the
 * reason in why. */
enum gong_err gong_http_address_parse(const char *text,
                                      struct gong_http_address *out, char *why,
                                      size_t why_size) GONG_MUST_CHECK;
bool gong_http_address_loopback(const struct gong_http_address *address);
/* gong_http_address_guarded: UNSUPPORTED with the reason in why for one beyond
 * loopback that no HTTPS guards. */
enum gong_err gong_http_address_guarded(const struct gong_http_address *address,
                                        bool https, char *why,
                                        size_t why_size) GONG_MUST_CHECK;

/* gong_http_host_loopback: whether a Host header names this machine: localhost,
 * 127.0.0.0/8 or [::1], each with a port or without. */
bool gong_http_host_loopback(const char *host);

#define GONG_HTTP_HOST_SIZE 64
/* gong_http_address_host: the host as text; network: an IPv6 /64 as one. */
void gong_http_address_host(const struct gong_http_address *address,
                            bool network, char out[GONG_HTTP_HOST_SIZE]);

#endif
