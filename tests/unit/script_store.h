/*
 * script_store: a time-series store for http_script that answers by a plan, and
 * otherwise by what it is sent.
 */
#ifndef GONG_TESTS_SCRIPT_STORE_H
#define GONG_TESTS_SCRIPT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http_script.h"

/* What the scripted server has accepted, one text; under its one thread. */
struct server {
    int type;            /* enum gong_store_type */
    const char *plan;    /* one letter per request, see script_store_decide */
    unsigned started;    /* as /metrics says; 0: it does not */
    unsigned fresh;      /* as often /metrics says that it has just started */
    int metrics_status;  /* of /metrics; 0: 200 */
    bool close_each;     /* the connection, after each answer */
    size_t lines_max;    /* more lines than this: 413 */
    bool partial;        /* lines with "bad": stores the others, 400 */
    bool all_or_nothing; /* lines with "bad": 400 for the whole */
    int64_t accepted;    /* requests; see script_store_accepted */
    char metrics[192];
    size_t stored_len;
    char stored[1 << 16]; /* see script_store_copy */
};

/*
 * One letter of the plan per request: r reset, R reset whatever it is; the
 * others leave GET alone: t too slow, 5 500, 9 429, w 429
 * with Retry-After, a 401, d 404, p 500 without the retention policy, x 400;
 * anything else: by content. ctx is the struct server.
 */
void script_store_decide(void *ctx, size_t index,
                         const struct script_request *request,
                         struct script_reply *reply);

/* script_store_plan: another one while it runs; any thread. */
void script_store_plan(struct server *server, const char *plan);
/* script_store_copy: what is stored so far; any thread. */
void script_store_copy(struct server *server, char *out, size_t size);

/* script_store_accepted: how many requests were stored, since the struct was
 * zeroed; any thread. */
int64_t script_store_accepted(struct server *server);

size_t script_store_count_lines(const char *text);

#endif
