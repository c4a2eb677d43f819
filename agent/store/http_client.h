/*
 * http_client: one HTTP request at a time over libcurl, on the caller's
 * thread, with the connection kept for the next one. It can be woken from
 * another thread, and then asks its owner whether to give up.
 *
 * No redirects, no cookies, only http and https; certificates are checked; no
 * `Expect: 100-continue` (it costs a second with bodies over 1 MiB); loopback
 * never goes through a proxy from the environment.
 */
#ifndef GONG_AGENT_STORE_HTTP_CLIENT_H
#define GONG_AGENT_STORE_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/str.h"

#define GONG_HTTP_ANSWER_MAX (256u << 10) /* bytes of a body that are kept */
#define GONG_HTTP_WHY_SIZE   256
#define GONG_HTTP_SECRET_MAX 4096 /* bytes of a password or token */

/* All strings are borrowed during gong_http_open only; NULL or "" for none. */
struct gong_http_options {
    const char *ca_file;
    const char *username;
    const char *password;
    const char *bearer; /* Authorization: Bearer ... */
    const char *token;  /* Authorization: Token ... (InfluxDB 2.x) */
    gong_dur_t timeout;
    /* Asked before waiting and after each wake; NULL for never. */
    bool (*cancelled)(void *ctx);
    void *ctx;
};

struct gong_http_request {
    const char *url;
    /* "Name: value", NULL-terminated; NULL for none. Borrowed. */
    const char *const *headers;
    bool post; /* else GET */
    /* Only on the connection of the request before: what answers is what
     * answered then. */
    bool reuse;
    struct gong_str body;
};

/* body is the client's, valid until its next request. */
struct gong_http_answer {
    long status; /* 0: no answer; why says what went wrong */
    struct gong_str body;
    int64_t retry_after_s; /* 0 if the server named none */
    bool disconnected;     /* reuse: that connection is gone. Status 0; part of
                              the request may have been sent */
    char why[GONG_HTTP_WHY_SIZE];
};

struct gong_http;

enum gong_err gong_http_open(const struct gong_http_options *options,
                             struct gong_http **out) GONG_MUST_CHECK;
void gong_http_close(struct gong_http *http);

/* gong_http_do: blocks until the answer, the timeout or a cancel. Never fails
 * otherwise than by status 0. */
void gong_http_do(struct gong_http *http,
                  const struct gong_http_request *request,
                  struct gong_http_answer *answer);

/* gong_http_wake: any thread: makes a waiting request ask `cancelled`. */
void gong_http_wake(struct gong_http *http);

/* Whether url starts with http:// or https:// and names a host. */
bool gong_http_url_valid(const char *url);
/* Whether url's host is localhost, 127.x.x.x or [::1]. */
bool gong_http_url_loopback(const char *url);
/* Whether secrets may go there: by https://, or to loopback. */
bool gong_http_url_private(const char *url);

/* gong_http_secret: reads a one-line secret file without its line end.
 * GONG_ERR_INVALID where it is empty or holds control characters. */
enum gong_err gong_http_secret(const char *path,
                               char out[GONG_HTTP_SECRET_MAX]) GONG_MUST_CHECK;
/* gong_http_secret_wrong: what was wrong with the file, and what to do. */
const char *gong_http_secret_wrong(enum gong_err err);
/* gong_http_read_secret: likewise of an option; empty where that is not given,
 * and NULL is not given either. why names the file where it fails. */
enum gong_err gong_http_read_secret(const char *path,
                                    char out[GONG_HTTP_SECRET_MAX], char *why,
                                    size_t why_size) GONG_MUST_CHECK;

#endif
