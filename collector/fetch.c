#include "collector/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/curl_load.h"

#define PASSWORD_SIZE 512

struct gong_fetch {
    const struct gong_curl *curl;
    CURL *handle;
    char *body;
    size_t len;
    size_t capacity;
};

struct gong_fetch *
gong_fetch_new(char *why, size_t why_size)
{
    const struct gong_curl *curl = gong_curl_load(why, why_size);
    struct gong_fetch *fetch;

    if (curl == NULL) {
        return NULL;
    }
    fetch = calloc(1, sizeof *fetch);
    if (fetch != NULL) {
        fetch->curl = curl;
        fetch->handle = curl->init();
    }
    if (fetch == NULL || fetch->handle == NULL) {
        (void)snprintf(why, why_size, "out of memory");
        free(fetch);
        return NULL;
    }
    return fetch;
}

void
gong_fetch_free(struct gong_fetch *fetch)
{
    if (fetch == NULL) {
        return;
    }
    fetch->curl->cleanup(fetch->handle);
    free(fetch->body);
    free(fetch);
}

/* libcurl's write function: 0 ends the transfer with CURLE_WRITE_ERROR. */
static size_t
take_body(char *data, size_t size, size_t count, void *ctx)
{
    struct gong_fetch *fetch = ctx;
    size_t len = size * count;
    size_t need = fetch->len + len + 1;

    if (need > GONG_FETCH_BODY_MAX) {
        return 0;
    }
    if (need > fetch->capacity) {
        size_t capacity = need < 4096 ? 4096 : need * 2;
        char *body = realloc(fetch->body, capacity);

        if (body == NULL) {
            return 0;
        }
        fetch->body = body;
        fetch->capacity = capacity;
    }
    memcpy(fetch->body + fetch->len, data, len);
    fetch->len += len;
    fetch->body[fetch->len] = '\0';
    return len;
}

/* The first line of the file without its newline. */
static bool
read_password(const char *path, char out[PASSWORD_SIZE])
{
    FILE *file = fopen(path, "re");
    bool ok = file != NULL && fgets(out, PASSWORD_SIZE, file) != NULL;

    if (file != NULL) {
        (void)fclose(file);
    }
    if (ok) {
        out[strcspn(out, "\r\n")] = '\0';
    }
    return ok;
}

static bool
given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool
set_login(struct gong_fetch *fetch, const struct gong_fetch_request *request,
          struct gong_fetch_answer *answer)
{
    char password[PASSWORD_SIZE] = "";

    if (!given(request->username)) {
        return true;
    }
    if (given(request->password_file) &&
        !read_password(request->password_file, password)) {
        (void)snprintf(answer->why, sizeof answer->why,
                       "%s: the password cannot be read",
                       request->password_file);
        return false;
    }
    (void)fetch->curl->setopt(fetch->handle, CURLOPT_USERNAME,
                              request->username);
    (void)fetch->curl->setopt(fetch->handle, CURLOPT_PASSWORD, password);
    memset(password, 0, sizeof password);
    return true;
}

static void
set_options(struct gong_fetch *fetch, const struct gong_fetch_request *request)
{
    const struct gong_curl *curl = fetch->curl;
    CURL *handle = fetch->handle;
    long timeout_ms = (long)(request->timeout.ns / GONG_NS_PER_MS);

    curl->reset(handle);
    (void)curl->setopt(handle, CURLOPT_URL, request->url);
    (void)curl->setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl->setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    (void)curl->setopt(handle, CURLOPT_PROXY, "");
    if (strcmp(request->method, "POST") == 0) {
        (void)curl->setopt(handle, CURLOPT_POSTFIELDSIZE, 0L);
        (void)curl->setopt(handle, CURLOPT_POSTFIELDS, "");
    } else {
        (void)curl->setopt(handle, CURLOPT_NOBODY,
                           (long)(strcmp(request->method, "HEAD") == 0));
    }
    (void)curl->setopt(handle, CURLOPT_NOSIGNAL, 1L);
    (void)curl->setopt(handle, CURLOPT_TIMEOUT_MS, timeout_ms);
    (void)curl->setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
    (void)curl->setopt(handle, CURLOPT_FORBID_REUSE, 1L);
    (void)curl->setopt(handle, CURLOPT_CERTINFO, 1L);
    (void)curl->setopt(handle, CURLOPT_USERAGENT, "gong-collector");
    (void)curl->setopt(handle, CURLOPT_FOLLOWLOCATION,
                       (long)request->follow_redirects);
    (void)curl->setopt(handle, CURLOPT_MAXREDIRS, 5L);
    (void)curl->setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl->setopt(handle, CURLOPT_WRITEDATA, fetch);
    if (given(request->ca_file)) {
        (void)curl->setopt(handle, CURLOPT_CAINFO, request->ca_file);
    }
}

static enum gong_fetch_result
result_of(CURLcode code, long status)
{
    /* Only the codes that a check tells apart; all others are a connection
     * that failed. */
    if (code == CURLE_OK) {
        return GONG_FETCH_OK;
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return GONG_FETCH_TIMEOUT;
    }
    if (code == CURLE_COULDNT_RESOLVE_HOST) {
        return GONG_FETCH_NAME_FAILED;
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
        return GONG_FETCH_CERTIFICATE_FAILED;
    }
    if (status != 0 &&
        (code == CURLE_WRITE_ERROR || code == CURLE_PARTIAL_FILE ||
         code == CURLE_RECV_ERROR)) {
        return GONG_FETCH_BODY_FAILED;
    }
    return GONG_FETCH_CONNECTION_FAILED;
}

/* Days from 1970-01-01 of a Gregorian date (Fliegel and van Flandern 1968,
 * shifted from the Julian day number). */
static int64_t
days_from_date(int64_t year, int64_t month, int64_t day)
{
    int64_t a = (month - 14) / 12;

    return (1461 * (year + 4800 + a)) / 4 + (367 * (month - 2 - 12 * a)) / 12 -
           (3 * ((year + 4900 + a) / 100)) / 4 + day - 32075 - 2440588;
}

bool
gong_fetch_certificate_end(const char *text, int64_t *seconds)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4] = "";
    const char *found;
    int day;
    int hour;
    int minute;
    int second;
    int year;

    /* NOLINTNEXTLINE(cert-err34-c): the ranges are checked below */
    if (sscanf(text, "%3s %2d %2d:%2d:%2d %4d", month, &day, &hour, &minute,
               &second, &year) != 6 ||
        strlen(month) != 3 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 60 || year < 1900) {
        return false;
    }
    found = strstr(months, month);
    if (found == NULL || (found - months) % 3 != 0) {
        return false;
    }
    *seconds = days_from_date(year, (found - months) / 3 + 1, day) * 86400 +
               hour * INT64_C(3600) + minute * INT64_C(60) + second;
    return true;
}

static void
read_certificate(struct gong_fetch *fetch, struct gong_fetch_answer *answer)
{
    static const char key[] = "Expire date:";
    struct curl_certinfo *info = NULL;

    if (fetch->curl->getinfo(fetch->handle, CURLINFO_CERTINFO, &info) !=
            CURLE_OK ||
        info == NULL || info->num_of_certs < 1) {
        return;
    }
    for (const struct curl_slist *item = info->certinfo[0]; item != NULL;
         item = item->next) {
        int64_t end;

        if (strncmp(item->data, key, sizeof key - 1) == 0 &&
            gong_fetch_certificate_end(item->data + sizeof key - 1, &end)) {
            int64_t left = end - gong_wall_now().ns / GONG_NS_PER_S;

            answer->has_certificate = true;
            answer->certificate_days = (double)left / 86400.0;
        }
    }
}

/* The refused certificate itself, without trusting or asking for anything, in
 * the time that is left. */
static void
read_refused_certificate(struct gong_fetch *fetch, gong_mono_t deadline,
                         struct gong_fetch_answer *answer)
{
    const struct gong_curl *curl = fetch->curl;
    gong_dur_t left = gong_mono_since(deadline, gong_mono_now());

    if (left.ns < GONG_NS_PER_MS) {
        return; /* to libcurl 0 would mean for ever */
    }
    (void)curl->setopt(fetch->handle, CURLOPT_TIMEOUT_MS,
                       (long)(left.ns / GONG_NS_PER_MS));
    (void)curl->setopt(fetch->handle, CURLOPT_SSL_VERIFYPEER, 0L);
    (void)curl->setopt(fetch->handle, CURLOPT_SSL_VERIFYHOST, 0L);
    (void)curl->setopt(fetch->handle, CURLOPT_CONNECT_ONLY, 1L);
    if (curl->perform(fetch->handle) == CURLE_OK) {
        read_certificate(fetch, answer);
    }
}

void
gong_fetch_run(struct gong_fetch *fetch,
               const struct gong_fetch_request *request,
               struct gong_fetch_answer *answer)
{
    const struct gong_curl *curl = fetch->curl;
    gong_mono_t deadline = gong_mono_add(gong_mono_now(), request->timeout);
    char error[CURL_ERROR_SIZE] = "";
    CURLcode code;

    *answer = (struct gong_fetch_answer){.body = ""};
    fetch->len = 0;
    set_options(fetch, request);
    if (!set_login(fetch, request, answer)) {
        answer->result = GONG_FETCH_NOT_TRIED;
        return;
    }
    (void)curl->setopt(fetch->handle, CURLOPT_ERRORBUFFER, error);
    code = curl->perform(fetch->handle);
    if (code != CURLE_OK) {
        (void)snprintf(answer->why, sizeof answer->why, "%s",
                       error[0] != '\0' ? error : curl->strerror(code));
    }
    (void)curl->getinfo(fetch->handle, CURLINFO_RESPONSE_CODE, &answer->status);
    answer->result = result_of(code, answer->status);
    (void)curl->getinfo(fetch->handle, CURLINFO_STARTTRANSFER_TIME,
                        &answer->first_byte_s);
    (void)curl->getinfo(fetch->handle, CURLINFO_TOTAL_TIME, &answer->total_s);
    read_certificate(fetch, answer);
    if (answer->result == GONG_FETCH_CERTIFICATE_FAILED &&
        !answer->has_certificate) {
        read_refused_certificate(fetch, deadline, answer);
    }
    if (fetch->len > 0) {
        answer->body = fetch->body;
        answer->body_len = fetch->len;
    }
    /* error dies with this frame. */
    (void)curl->setopt(fetch->handle, CURLOPT_ERRORBUFFER, NULL);
}
