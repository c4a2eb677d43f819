/*
 * api_request: one request and its answer as the API sees them: no sockets, so
 * that the whole API can be asked in a test without any.
 */
#ifndef GONG_AGENT_API_API_REQUEST_H
#define GONG_AGENT_API_API_REQUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/api/events.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/str.h"

#define GONG_API_BODY_MAX    65536
#define GONG_API_QUERY_MAX   16 /* parameters; further ones are refused */
#define GONG_API_ADDRESS_MAX 64
#define GONG_API_HEADERS_MAX 6

enum gong_api_peer {
    GONG_API_PEER_LOCAL, /* the local socket */
    GONG_API_PEER_LOOPBACK,
    GONG_API_PEER_BEYOND,
};

struct gong_api_pair {
    const char *name;
    const char *value;
};

/* Everything is borrowed. Headers that are absent are "". */
struct gong_api_request {
    const char *method;
    const char *path; /* decoded, without the query */
    struct gong_api_pair query[GONG_API_QUERY_MAX];
    size_t query_count;
    bool query_overflow;
    const char *host;       /* Host */
    const char *origin;     /* Origin */
    const char *fetch_site; /* Sec-Fetch-Site */
    const char *authorization;
    const char *cookie;
    const char *csrf;          /* X-Gong-CSRF */
    const char *last_event_id; /* Last-Event-ID */
    const char *content_type;
    struct gong_str body;
    bool body_too_large;
    enum gong_api_peer peer;
    bool peer_trusted; /* LOCAL: root, or the user that the agent runs as */
    char address[GONG_API_ADDRESS_MAX]; /* for the audit log */
    char network[GONG_API_ADDRESS_MAX]; /* for limits: an IPv6 /64 is one */
    bool tls;
    gong_mono_t came; /* when it was whole; 0: it does not matter */
    /* Nobody waits for the answer any more: the client went away, or the server
     * stops. May be NULL. */
    const atomic_bool *cancelled;
};

struct gong_api_header {
    const char *name; /* literal */
    char value[256];
};

/* What a handler fills, from {0}. */
struct gong_api_answer {
    unsigned status;
    const char *type; /* literal */
    char *body;       /* heap, taken by whoever asked */
    size_t len;
    struct gong_api_header headers[GONG_API_HEADERS_MAX];
    size_t header_count;
    struct gong_events_reader *stream; /* instead of a body; taken likewise */
};

/* gong_api_header: adds one; what is past the most is left out. */
void gong_api_header(struct gong_api_answer *answer, const char *name,
                     const char *format, ...) GONG_PRINTF(3, 4);
/* gong_api_argument: of the query; "" if absent. */
const char *gong_api_argument(const struct gong_api_request *request,
                              const char *name);

/* Where a request is answered. */
enum gong_api_lane {
    GONG_API_LANE_HERE,  /* at once: never blocks */
    GONG_API_LANE_WORK,  /* may wait for a disk */
    GONG_API_LANE_HASH,  /* hashes a password */
    GONG_API_LANE_QUERY, /* asks the history: may take long */
};

/* What the HTTP server asks. lane: on its own thread; answer: on any. */
struct gong_api_service {
    void *ctx;
    enum gong_api_lane (*lane)(void *ctx,
                               const struct gong_api_request *request);
    void (*answer)(void *ctx, const struct gong_api_request *request,
                   struct gong_api_answer *answer);
};

#endif
