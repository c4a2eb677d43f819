#include "agent/store/http_client.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include <curl/curl.h>

#include "agent/store/http_easy.h"
#include "common/wipe.h"

#define CONNECTION_AGE_S 50L /* under VictoriaMetrics' idle limit of 60 s */
#define POLL_MS          500

struct gong_http {
    CURLM *multi;
    CURL *easy;
    char *authorization; /* a header line, or NULL */
    bool (*cancelled)(void *ctx);
    void *ctx;
    bool disconnected; /* a new connection was refused, see reuse */
    char error[CURL_ERROR_SIZE];
    size_t len;
    char body[GONG_HTTP_ANSWER_MAX];
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void
start_curl(void)
{
    /* A failure shows again, and is handled, in curl_easy_init. */
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t
on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct gong_http *http = ctx;
    size_t len = size * count;
    size_t room = sizeof http->body - http->len;
    size_t take = len < room ? len : room;

    memcpy(http->body + http->len, data, take);
    http->len += take;
    return len; /* what does not fit is read and forgotten */
}

static curl_socket_t
refuse_connection(void *ctx, curlsocktype purpose, struct curl_sockaddr *peer)
{
    struct gong_http *http = ctx;

    (void)purpose;
    (void)peer;
    http->disconnected = true;
    return CURL_SOCKET_BAD;
}

/* The library opens another connection silently where the one that it has is
 * closed, and sends a request that broke with it once more; reuse says that it
 * must not. */
static bool
keep_to_connection(struct gong_http *http, bool reuse)
{
    curl_opensocket_callback callback = reuse ? refuse_connection : NULL;

    http->disconnected = false;
    return curl_easy_setopt(http->easy, CURLOPT_OPENSOCKETFUNCTION, callback) ==
               CURLE_OK &&
           curl_easy_setopt(http->easy, CURLOPT_OPENSOCKETDATA, http) ==
               CURLE_OK;
}

static bool
given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* What only this client needs of its handle. */
static bool
set_options(struct gong_http *http)
{
    CURL *easy = http->easy;

    return easy != NULL &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->error) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, http) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, CONNECTION_AGE_S) ==
               CURLE_OK;
}

/* Own header instead of curl's bearer option: InfluxDB's word is "Token". */
static bool
set_authorization(struct gong_http *http,
                  const struct gong_http_options *options)
{
    const char *scheme = given(options->bearer) ? "Bearer" : "Token";
    const char *secret =
        given(options->bearer) ? options->bearer : options->token;
    size_t size;

    if (!given(secret)) {
        return true;
    }
    size = strlen(secret) + sizeof "Authorization: Bearer ";
    http->authorization = malloc(size);
    if (http->authorization == NULL) {
        return false;
    }
    (void)snprintf(http->authorization, size, "Authorization: %s %s", scheme,
                   secret);
    return true;
}

enum gong_err
gong_http_open(const struct gong_http_options *options, struct gong_http **out)
{
    struct gong_http *http;

    (void)pthread_once(&curl_once, start_curl);
    http = calloc(1, sizeof *http);
    if (http == NULL) {
        return GONG_ERR_MEMORY;
    }
    http->cancelled = options->cancelled;
    http->ctx = options->ctx;
    http->multi = curl_multi_init();
    http->easy = gong_http_easy(&(struct gong_http_easy){
        GONG_HTTP_SCHEMES, options->ca_file, options->username,
        options->password, options->timeout});
    if (http->multi == NULL || !set_options(http) ||
        !set_authorization(http, options)) {
        gong_http_close(http);
        return GONG_ERR_MEMORY;
    }
    *out = http;
    return GONG_OK;
}

void
gong_http_close(struct gong_http *http)
{
    if (http == NULL) {
        return;
    }
    curl_easy_cleanup(http->easy);
    (void)curl_multi_cleanup(http->multi);
    if (http->authorization != NULL) {
        /* A secret: not left behind in freed memory. */
        gong_wipe(http->authorization, strlen(http->authorization));
    }
    free(http->authorization);
    free(http);
}

static struct curl_slist *
make_headers(const struct gong_http *http,
             const struct gong_http_request *request)
{
    struct curl_slist *list = NULL;
    bool ok = gong_http_header(&list, "Expect:");

    if (http->authorization != NULL) {
        ok = ok && gong_http_header(&list, http->authorization);
    }
    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL;
         i++) {
        ok = ok && gong_http_header(&list, request->headers[i]);
    }
    if (!ok) {
        curl_slist_free_all(list);
        return NULL;
    }
    return list;
}

static bool
set_request(struct gong_http *http, const struct gong_http_request *request,
            struct curl_slist *headers)
{
    CURL *easy = http->easy;
    const char *body = request->body.len == 0 ? "" : request->body.data;
    bool ok =
        curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
        gong_http_easy_proxy(easy, gong_http_url_loopback(request->url)) &&
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
        keep_to_connection(http, request->reuse);

    if (!request->post) {
        return ok && curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    }
    return ok && curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                            (curl_off_t)request->body.len) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body) == CURLE_OK;
}

/* Runs the added handle to its end; the curl code, or a cancel. */
static CURLcode
run(struct gong_http *http)
{
    int running = 1;
    int queued = 0;
    const CURLMsg *message;

    while (running > 0) {
        if (curl_multi_perform(http->multi, &running) != CURLM_OK) {
            return CURLE_FAILED_INIT;
        }
        if (running == 0) {
            break;
        }
        if (http->cancelled != NULL && http->cancelled(http->ctx)) {
            return CURLE_ABORTED_BY_CALLBACK;
        }
        if (curl_multi_poll(http->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK) {
            return CURLE_FAILED_INIT;
        }
    }
    message = curl_multi_info_read(http->multi, &queued);
    return message == NULL ? CURLE_FAILED_INIT : message->data.result;
}

static void
read_answer(struct gong_http *http, CURLcode code,
            struct gong_http_answer *answer)
{
    curl_off_t retry_after = 0;

    if (code != CURLE_OK) {
        answer->disconnected = http->disconnected;
        (void)snprintf(answer->why, sizeof answer->why, "%s",
                       http->error[0] != '\0' ? http->error
                                              : curl_easy_strerror(code));
        return;
    }
    (void)curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE,
                            &answer->status);
    if (curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &retry_after) ==
        CURLE_OK) {
        answer->retry_after_s = retry_after > 0 ? retry_after : 0;
    }
    answer->body = gong_str_from(http->body, http->len);
}

void
gong_http_do(struct gong_http *http, const struct gong_http_request *request,
             struct gong_http_answer *answer)
{
    struct curl_slist *headers = make_headers(http, request);
    CURLcode code = CURLE_OUT_OF_MEMORY;

    memset(answer, 0, sizeof *answer);
    http->len = 0;
    http->error[0] = '\0';
    if (headers != NULL && set_request(http, request, headers) &&
        curl_multi_add_handle(http->multi, http->easy) == CURLM_OK) {
        code = run(http);
        read_answer(http, code, answer);
        (void)curl_multi_remove_handle(http->multi, http->easy);
    } else {
        read_answer(http, code, answer);
    }
    (void)curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
}

void
gong_http_wake(struct gong_http *http)
{
    (void)curl_multi_wakeup(http->multi);
}

/* What follows the scheme; NULL where it is neither http nor https. */
static const char *
after_scheme(const char *url)
{
    if (strncasecmp(url, "http://", 7) == 0) {
        return url + 7;
    }
    return strncasecmp(url, "https://", 8) == 0 ? url + 8 : NULL;
}

bool
gong_http_url_valid(const char *url)
{
    const char *host = url == NULL ? NULL : after_scheme(url);

    if (host == NULL || strcspn(host, "/?#") == 0) {
        return false;
    }
    for (const char *c = url; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f) {
            return false;
        }
    }
    return true;
}

bool
gong_http_url_loopback(const char *url)
{
    const char *host = after_scheme(url);
    size_t len;

    /* What is before an '@' is a name and its password, not the host. */
    if (host == NULL || memchr(host, '@', strcspn(host, "/?#")) != NULL) {
        return false;
    }
    /* Behind user info stands another host. */
    if (memchr(host, '@', strcspn(host, "/?#")) != NULL) {
        return false;
    }
    if (strncmp(host, "[::1]", 5) == 0) {
        return host[5] == '\0' || strchr(":/?#", host[5]) != NULL;
    }
    len = strcspn(host, ":/?#");
    if (len == 9 && strncasecmp(host, "localhost", 9) == 0) {
        return true;
    }
    /* Digits and dots only, or 127.example.org would pass. */
    return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == len;
}

bool
gong_http_url_private(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 || gong_http_url_loopback(url);
}

enum gong_err
gong_http_secret(const char *path, char out[GONG_HTTP_SECRET_MAX])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len;

    if (fd < 0) {
        return gong_err_from_errno(errno);
    }
    len = read(fd, out, GONG_HTTP_SECRET_MAX);
    (void)close(fd);
    if (len < 0) {
        return GONG_ERR_IO;
    }
    if (len == GONG_HTTP_SECRET_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    while (len > 0 && isspace((unsigned char)out[len - 1]) != 0) {
        len--;
    }
    out[len] = '\0';
    for (ssize_t i = 0; i < len; i++) {
        if (iscntrl((unsigned char)out[i]) != 0) {
            return GONG_ERR_INVALID;
        }
    }
    return len == 0 ? GONG_ERR_INVALID : GONG_OK;
}

const char *
gong_http_secret_wrong(enum gong_err err)
{
    return err == GONG_ERR_INVALID
               ? "found no secret in it, expected one line of text: put the "
                 "password or token there"
               : gong_err_text(err);
}

enum gong_err
gong_http_read_secret(const char *path, char out[GONG_HTTP_SECRET_MAX],
                      char *why, size_t why_size)
{
    enum gong_err err = GONG_OK;

    out[0] = '\0';
    if (given(path)) {
        err = gong_http_secret(path, out);
    }
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "%s: %s", path,
                       gong_http_secret_wrong(err));
    }
    return err;
}
