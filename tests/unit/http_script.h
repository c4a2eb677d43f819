/*
 * http_script: a small HTTP server inside a test. For each request a function
 * of the test decides on the answer; all requests are kept to be looked at.
 */
#ifndef GONG_TESTS_HTTP_SCRIPT_H
#define GONG_TESTS_HTTP_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_REQUESTS_MAX 512

struct script_request {
    char *method;
    char *url;  /* path with its query as it was sent, decoded by the server */
    char *body; /* NUL-terminated */
    size_t body_len;
    char *content_type;
    char *authorization;
    char *idempotency_key;
    char *content_encoding;
    char *expect;
    char *access_token;
    char *secret_key;
};

struct script_reply {
    int status; /* 0: the connection is closed without an answer */
    const char *body;
    const char *retry_after; /* NULL for none */
    int delay_ms;
    bool close; /* the connection, after the answer */
};

/* Called on the server's thread, one request at a time. index counts from 0. */
typedef void (*script_fn)(void *ctx, size_t index,
                          const struct script_request *request,
                          struct script_reply *reply);

struct script;

/* port 0: any. Fails the test where it cannot start. */
struct script *script_start(unsigned port, script_fn decide, void *ctx);
void script_stop(struct script *script);
unsigned script_port(const struct script *script);

/* How many requests have been answered (or cut) so far. */
size_t script_count(struct script *script);
/* Blocks until there were at least count; fails the test after 20 s. */
void script_wait(struct script *script, size_t count);
const struct script_request *script_at(struct script *script, size_t index);

#endif
