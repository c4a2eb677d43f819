#include "agent/store/store_http.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/store/gzip.h"
#include "common/wipe.h"

#define GZIP_LEVEL      1
#define GZIP_LEAST      1024 /* shorter bodies are not worth it */
#define QUERY_PART_SIZE 1024

struct gong_store_http {
    const struct gong_store_config *config;
    bool (*cancelled)(void *ctx);
    void *ctx;
    pthread_mutex_t mutex; /* http, against wake during a reload */
    struct gong_http *http;
    struct gong_gzip *gzip; /* NULL: bodies go plain */
    struct gong_buffer packed;
    char *write_url;
    char *metrics_url;
};

/* Percent-encodes text for a query; false where out is too small. */
static bool
escape(const char *text, char out[QUERY_PART_SIZE])
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                                "uvwxyz0123456789-._~";
    size_t used = 0;

    for (const unsigned char *c = (const unsigned char *)text; *c != '\0';
         c++) {
        if (used + 4 > QUERY_PART_SIZE) {
            return false;
        }
        if (strchr(plain, *c) != NULL) {
            out[used++] = (char)*c;
            continue;
        }
        (void)snprintf(out + used, 4, "%%%02X", *c);
        used += 3;
    }
    out[used] = '\0';
    return true;
}

/* Path and query of a write, with the precision always said: the servers guess
 * or default differently. */
static bool
write_path(const struct gong_store_config *config, char *out, size_t size)
{
    char first[QUERY_PART_SIZE] = "";
    char second[QUERY_PART_SIZE] = "";

    switch ((enum gong_store_type)config->type) {
    case GONG_STORE_INFLUXDB1:
        if (!escape(config->database, first)) {
            return false;
        }
        /* "n" and not "ns": what 1.x does not know it takes for n silently,
         * but only this is in its manual. */
        (void)snprintf(out, size, "/write?db=%s&precision=n", first);
        return true;
    case GONG_STORE_INFLUXDB2:
        if (!escape(config->organization, first) ||
            !escape(config->bucket, second)) {
            return false;
        }
        (void)snprintf(out, size, "/api/v2/write?org=%s&bucket=%s&precision=ns",
                       first, second);
        return true;
    case GONG_STORE_VICTORIAMETRICS:
        (void)snprintf(out, size, "/write?precision=ns");
        return true;
    }
    return false;
}

/* base without its trailing slashes, then path. */
static char *
join_url(const char *base, const char *path)
{
    size_t len = strlen(base);
    size_t size;
    char *url;

    while (len > 0 && base[len - 1] == '/') {
        len--;
    }
    size = len + strlen(path) + 1;
    url = malloc(size);
    if (url != NULL) {
        memcpy(url, base, len);
        memcpy(url + len, path, size - len);
    }
    return url;
}

static enum gong_err
make_urls(struct gong_store_http *http)
{
    char path[2 * QUERY_PART_SIZE + 64];

    if (!write_path(http->config, path, sizeof path)) {
        return GONG_ERR_TOO_LARGE;
    }
    http->write_url = join_url(http->config->url, path);
    http->metrics_url = join_url(http->config->url, "/metrics");
    return http->write_url == NULL || http->metrics_url == NULL
               ? GONG_ERR_MEMORY
               : GONG_OK;
}

enum gong_err
gong_store_http_reload(struct gong_store_http *http, char *why, size_t why_size)
{
    const struct gong_store_config *config = http->config;
    char password[GONG_HTTP_SECRET_MAX];
    char token[GONG_HTTP_SECRET_MAX];
    struct gong_http_options options = {
        .ca_file = config->ca_file,
        .username = config->username,
        .password = password,
        .token = token,
        .timeout = config->timeout,
        .cancelled = http->cancelled,
        .ctx = http->ctx,
    };
    struct gong_http *fresh = NULL;
    struct gong_http *old;
    enum gong_err err =
        gong_http_read_secret(config->password_file, password, why, why_size);

    if (err == GONG_OK) {
        err = gong_http_read_secret(config->token_file, token, why, why_size);
    }
    if (err == GONG_OK) {
        err = gong_http_open(&options, &fresh);
        if (err != GONG_OK) {
            (void)snprintf(why, why_size, "HTTP client: %s",
                           gong_err_text(err));
        }
    }
    gong_wipe(password, sizeof password);
    gong_wipe(token, sizeof token);
    if (err != GONG_OK) {
        return err;
    }
    (void)pthread_mutex_lock(&http->mutex);
    old = http->http;
    http->http = fresh;
    (void)pthread_mutex_unlock(&http->mutex);
    gong_http_close(old);
    return GONG_OK;
}

enum gong_err
gong_store_http_open(const struct gong_store_config *config,
                     bool (*cancelled)(void *ctx), void *ctx,
                     struct gong_store_http **out, char *why, size_t why_size)
{
    struct gong_store_http *http = calloc(1, sizeof *http);
    enum gong_err err = GONG_OK;

    (void)snprintf(why, why_size, "out of memory");
    if (http == NULL) {
        return GONG_ERR_MEMORY;
    }
    http->config = config;
    http->cancelled = cancelled;
    http->ctx = ctx;
    (void)pthread_mutex_init(&http->mutex, NULL);
    if (config->gzip && !gong_http_url_loopback(config->url)) {
        http->gzip = gong_gzip_new(GZIP_LEVEL);
        err = http->gzip == NULL ? GONG_ERR_MEMORY : GONG_OK;
    }
    if (err == GONG_OK) {
        err = make_urls(http);
    }
    if (err == GONG_OK) {
        err = gong_store_http_reload(http, why, why_size);
    }
    if (err != GONG_OK) {
        gong_store_http_close(http);
        return err;
    }
    *out = http;
    return GONG_OK;
}

void
gong_store_http_close(struct gong_store_http *http)
{
    if (http == NULL) {
        return;
    }
    gong_http_close(http->http);
    gong_gzip_free(http->gzip);
    gong_buffer_fini(&http->packed);
    (void)pthread_mutex_destroy(&http->mutex);
    free(http->write_url);
    free(http->metrics_url);
    free(http);
}

void
gong_store_http_write(struct gong_store_http *http, struct gong_str lines,
                      bool reuse, struct gong_http_answer *answer)
{
    static const char *const plain[] = {
        "Content-Type: text/plain; charset=utf-8", NULL};
    static const char *const packed[] = {
        "Content-Type: text/plain; charset=utf-8", "Content-Encoding: gzip",
        NULL};
    struct gong_http_request request = {.url = http->write_url,
                                        .headers = plain,
                                        .post = true,
                                        .reuse = reuse,
                                        .body = lines};

    /* Where packing fails, for want of memory, the plain text still goes. */
    if (http->gzip != NULL && lines.len >= GZIP_LEAST &&
        gong_gzip_pack(http->gzip, lines, &http->packed) == GONG_OK) {
        request.headers = packed;
        request.body = gong_str_from(http->packed.data, http->packed.len);
    }
    gong_http_do(http->http, &request, answer);
}

void
gong_store_http_metrics(struct gong_store_http *http,
                        struct gong_http_answer *answer)
{
    struct gong_http_request request = {.url = http->metrics_url};

    gong_http_do(http->http, &request, answer);
}

void
gong_store_http_wake(struct gong_store_http *http)
{
    (void)pthread_mutex_lock(&http->mutex);
    gong_http_wake(http->http);
    (void)pthread_mutex_unlock(&http->mutex);
}

/*
 * The two forms:
 *   -dedup.minScrapeInterval="1ms"
 *   flag{name="dedup.minScrapeInterval", value="1ms", ...} 1
 * After the name comes the value: the first digit from 1 to 9 before the end of
 * the line says that it is not zero.
 */
bool
gong_store_http_dedup_set(struct gong_str text)
{
    static const char name[] = "dedup.minScrapeInterval";
    size_t len = sizeof name - 1;

    for (size_t i = 0; i + len <= text.len; i++) {
        size_t at = i + len;
        unsigned quotes = 0;

        if (memcmp(text.data + i, name, len) != 0) {
            continue;
        }
        /* The value ends at the third quote at the latest (second form). */
        for (; at < text.len && text.data[at] != '\n' && quotes < 3; at++) {
            if (text.data[at] == '"') {
                quotes++;
            } else if (text.data[at] >= '1' && text.data[at] <= '9') {
                return true;
            }
        }
    }
    return false;
}

/* The whole number after name, which ends at the blank before it. */
static bool
read_metric(struct gong_str text, struct gong_str name, uint64_t *out)
{
    for (size_t i = 0; i + name.len < text.len; i++) {
        uint64_t number = 0;
        size_t at = i + name.len;

        if (memcmp(text.data + i, name.data, name.len) != 0) {
            continue;
        }
        for (; at < text.len && text.data[at] >= '0' && text.data[at] <= '9' &&
               number < UINT32_MAX;
             at++) {
            number = number * 10 + (uint64_t)(text.data[at] - '0');
        }
        *out = number;
        return at > i + name.len;
    }
    return false;
}

uint64_t
gong_store_http_started(struct gong_str text)
{
    uint64_t seconds;

    return read_metric(text, gong_str_of("\nvm_app_start_timestamp "), &seconds)
               ? seconds
               : 0;
}

bool
gong_store_http_fresh(struct gong_str text)
{
    uint64_t seconds;

    return read_metric(text, gong_str_of("\nvm_app_uptime_seconds "),
                       &seconds) &&
           seconds == 0;
}
