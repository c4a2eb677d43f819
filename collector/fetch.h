/*
 * fetch: one HTTP request with libcurl, its answer and its timing. Used by the
 * http_response check and the prometheus input.
 */
#ifndef GONG_COLLECTOR_FETCH_H
#define GONG_COLLECTOR_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/err.h"

/* The options of every input that asks over HTTP: whom to trust, who asks.
 * Filled by gong_conf_read; embedded in the input's own options. */
struct gong_fetch_access {
    char *ca_file;
    char *username;
    char *password_file;
};

/* Their rows of the input's table; at is where the struct lies in its options.
 */
#define GONG_FETCH_ACCESS_OPTIONS(at)                                          \
    GONG_FETCH_ACCESS_OPTION(at, ca_file, GONG_OPTION_FILE,                    \
                             "Certificates to trust instead of the "           \
                             "system's."),                                     \
        GONG_FETCH_ACCESS_OPTION(                                              \
            at, username, GONG_OPTION_STRING,                                  \
            "Name for HTTP basic authentication; empty: none."),               \
        GONG_FETCH_ACCESS_OPTION(at, password_file, GONG_OPTION_SECRET,        \
                                 "File whose first line is the password.")
#define GONG_FETCH_ACCESS_OPTION(at, member, kind, text)                       \
    {                                                                          \
        .name = #member, .type = (kind),                                       \
        .offset = (at) + offsetof(struct gong_fetch_access, member),           \
        .default_value = "", .unit = "", .help = (text)                        \
    }

#define GONG_FETCH_BODY_MAX (8u << 20) /* bytes; a longer body is an error */

struct gong_fetch_request {
    const char *url;           /* http or https only */
    const char *method;        /* "GET", "HEAD", or "POST" with an empty body */
    const char *username;      /* NULL or "": none */
    const char *password_file; /* first line is the password; read each time */
    const char *ca_file;       /* NULL or "": the system's */
    bool follow_redirects;
    gong_dur_t timeout;
};

enum gong_fetch_result {
    GONG_FETCH_OK,        /* an HTTP answer came, whatever its status */
    GONG_FETCH_NOT_TRIED, /* the fault is here: no password to send */
    GONG_FETCH_BODY_FAILED,
    GONG_FETCH_CONNECTION_FAILED,
    GONG_FETCH_TIMEOUT,
    GONG_FETCH_NAME_FAILED,
    GONG_FETCH_CERTIFICATE_FAILED,
};

/* Kept between requests so that the body's memory is used again. */
struct gong_fetch;

struct gong_fetch_answer {
    enum gong_fetch_result result;
    long status; /* 0 without answer */
    double first_byte_s;
    double total_s;
    const char *body; /* NUL-terminated; the fetch's, until its next call */
    size_t body_len;
    bool has_certificate;
    double certificate_days; /* until the server's certificate ends */
    char why[256];           /* when result is not OK */
};

/* gong_fetch_new: NULL with why where libcurl is missing. */
struct gong_fetch *gong_fetch_new(char *why, size_t why_size);
void gong_fetch_free(struct gong_fetch *fetch);

/* gong_fetch_run: blocks up to the timeout. A new connection each time, never
 * through a proxy: the check is about that server. Where the certificate is
 * refused, it is read once more without trust, only to tell how long it lasts.
 */
void gong_fetch_run(struct gong_fetch *fetch,
                    const struct gong_fetch_request *request,
                    struct gong_fetch_answer *answer);

/* gong_fetch_certificate_end: seconds since 1970 of an "Expire date" as
 * libcurl writes it: "Nov 21 08:00:00 2027 GMT". False if it is none. */
bool gong_fetch_certificate_end(const char *text, int64_t *seconds);

#endif
