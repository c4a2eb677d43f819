/*
 * api_host: everything that the API needs, started and stopped together:
 * STATE/users.db, the streams of events, the routes, the HTTP server on TCP,
 * HTTPS and STATE/gong.sock.
 */
#ifndef GONG_AGENT_API_API_HOST_H
#define GONG_AGENT_API_API_HOST_H

#include "agent/api/api.h"
#include "agent/config.h"
#include "agent/api/http_server.h"

/* Everything is borrowed until stop; api's users, events and counters are the
 * host's own. */
struct gong_api_host_options {
    const char *state_dir;
    const struct gong_agent_http *http;
    struct gong_api_options api;
    struct gong_counters *counters;
};

struct gong_api_host;

enum gong_err gong_api_host_start(const struct gong_api_host_options *options,
                                  struct gong_api_host **out, char *why,
                                  size_t why_size) GONG_MUST_CHECK;
void gong_api_host_stop(struct gong_api_host *host);

/* gong_api_host_port: of TCP; 0: off. */
uint16_t gong_api_host_port(const struct gong_api_host *host);
/* gong_api_host_changed: any thread: an incident is new or other than before:
 * to the streams of whoever may see it. host may be NULL. incident NULL: any of
 * them may be: all readers are told to read the lists again. */
void gong_api_host_changed(struct gong_api_host *host,
                           const struct gong_desk_incident *incident);

#endif
