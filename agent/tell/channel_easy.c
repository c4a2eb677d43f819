#include "agent/tell/channel_easy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "agent/store/http_client.h"
#include "agent/store/http_easy.h"
#include "common/log.h"
#include "common/lp_text.h"
#include "common/wipe.h"

#define ANSWER_SHOWN    128
#define LOGIN_SIZE      (2 * GONG_HTTP_SECRET_MAX)
#define QUERY_TOKEN_MIN 6  /* letters of what may be one */
#define PATH_TOKEN_MIN  16 /* likewise; most pieces are words */

enum gong_err
gong_channel_post(struct gong_channel_try *attempt,
                  const struct gong_channel_post *post)
{
    bool ok = post->body != NULL;

    attempt->body = post->body;
    attempt->body_length = ok ? strlen(post->body) : 0;
    attempt->easy = gong_http_easy(&(struct gong_http_easy){
        GONG_HTTP_SCHEMES, post->ca_file, post->username, post->password,
        post->timeout});
    ok = ok && attempt->easy != NULL &&
         gong_http_easy_proxy(attempt->easy,
                              gong_http_url_loopback(post->url)) &&
         gong_http_header(&attempt->headers, "Expect:");
    for (size_t i = 0; ok && post->headers[i] != NULL; i++) {
        ok = gong_http_header(&attempt->headers, post->headers[i]);
    }
    if (ok &&
        curl_easy_setopt(attempt->easy, CURLOPT_URL, post->url) == CURLE_OK &&
        curl_easy_setopt(attempt->easy, CURLOPT_HTTPHEADER, attempt->headers) ==
            CURLE_OK &&
        curl_easy_setopt(attempt->easy, CURLOPT_POST, 1L) == CURLE_OK &&
        curl_easy_setopt(attempt->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)attempt->body_length) == CURLE_OK &&
        curl_easy_setopt(attempt->easy, CURLOPT_POSTFIELDS, attempt->body) ==
            CURLE_OK) {
        return GONG_OK;
    }
    return GONG_ERR_MEMORY;
}

/* How much of an answer is shown: no half character at its end, for which all
 * letters beyond ASCII would be taken out. */
static size_t
shown_of(const struct gong_channel_try *attempt)
{
    size_t shown = ANSWER_SHOWN;

    if (attempt->answer_length <= ANSWER_SHOWN) {
        return attempt->answer_length;
    }
    while (shown > ANSWER_SHOWN - 4 &&
           ((unsigned char)attempt->answer[shown] & 0xc0) == 0x80) {
        shown--;
    }
    return shown;
}

enum gong_channel_outcome
gong_channel_judge_status(struct gong_channel_try *attempt, CURLcode code,
                          long status)
{
    size_t shown = shown_of(attempt);

    if (code != CURLE_OK || status == 0) {
        (void)snprintf(attempt->why, sizeof attempt->why, "%s",
                       code == CURLE_OK ? "no answer"
                                        : curl_easy_strerror(code));
        return GONG_CHANNEL_RETRY;
    }
    if (status >= 200 && status <= 299) {
        return GONG_CHANNEL_SENT;
    }
    (void)snprintf(attempt->why, sizeof attempt->why, "status %ld: %.*s",
                   status, (int)shown, shown == 0 ? "" : attempt->answer);
    gong_text_clean(attempt->why, strlen(attempt->why));
    return status == 408 || status == 429 || (status >= 500 && status <= 599)
               ? GONG_CHANNEL_RETRY
               : GONG_CHANNEL_REFUSE;
}

char *
gong_channel_secret(const char *path, char *why, size_t why_size)
{
    char secret[GONG_HTTP_SECRET_MAX];
    enum gong_err err = gong_http_secret(path, secret);
    char *out = NULL;

    if (err == GONG_OK) {
        out = gong_str_copy(gong_str_of(secret));
        err = out == NULL ? GONG_ERR_MEMORY : GONG_OK;
    }
    if (err != GONG_OK) {
        (void)snprintf(why, why_size, "%s: %s", path,
                       gong_http_secret_wrong(err));
    }
    gong_wipe(secret, sizeof secret);
    return out;
}

void
gong_channel_wipe(char *secret)
{
    if (secret != NULL) {
        gong_wipe(secret, strlen(secret));
    }
    free(secret);
}

static void
hide(char *text, size_t len, const char *secret)
{
    size_t size = strlen(secret);
    size_t at = 0;

    while (len - at >= size) {
        if (memcmp(text + at, secret, size) == 0) {
            memset(text + at, '*', size);
            at += size;
        } else {
            at++;
        }
    }
}

/* Many write / as \/ in JSON, which base64 and addresses are full of. */
static void
hide_in_json(struct gong_channel_try *attempt, const char *secret)
{
    size_t size = 2 * strlen(secret) + 1;
    char *escaped = malloc(size);
    size_t len = 0;

    for (size_t i = 0; escaped != NULL && secret[i] != '\0'; i++) {
        if (strchr("/\\\"", secret[i]) != NULL) {
            escaped[len++] = '\\';
        }
        escaped[len++] = secret[i];
    }
    if (escaped != NULL) {
        escaped[len] = '\0';
        hide(attempt->answer, attempt->answer_length, escaped);
    }
    gong_channel_wipe(escaped);
}

void
gong_channel_hide(struct gong_channel_try *attempt, const char *secret)
{
    char *escaped;

    if (attempt->answer_length == 0 || secret == NULL || secret[0] == '\0') {
        return;
    }
    hide_in_json(attempt, secret);
    hide(attempt->answer, attempt->answer_length, secret);
    escaped = curl_easy_escape(NULL, secret, 0);
    if (escaped != NULL) {
        hide(attempt->answer, attempt->answer_length, escaped);
    }
    curl_free(escaped);
}

void
gong_channel_hide_login(struct gong_channel_try *attempt, const char *user,
                        const char *password)
{
    char login[LOGIN_SIZE];
    char encoded[(sizeof login + 2) / 3 * 4 + 1];
    int len;

    if (user == NULL || user[0] == '\0' || password == NULL) {
        gong_channel_hide(attempt, password);
        return;
    }
    len = snprintf(login, sizeof login, "%s:%s", user, password);
    if (len > 0 && (size_t)len < sizeof login) {
        (void)EVP_EncodeBlock((unsigned char *)encoded,
                              (const unsigned char *)login, len);
        gong_channel_hide(attempt, encoded);
        gong_wipe(encoded, sizeof encoded);
    }
    gong_wipe(login, sizeof login);
    gong_channel_hide(attempt, password);
}

static void
hide_piece(struct gong_channel_try *attempt, const char *piece, size_t len)
{
    char *copy = gong_str_copy(gong_str_from(piece, len));
    char *plain = copy == NULL ? NULL : curl_easy_unescape(NULL, copy, 0, NULL);

    gong_channel_hide(attempt, copy);
    gong_channel_hide(attempt, plain);
    curl_free(plain);
    gong_channel_wipe(copy);
}

void
gong_channel_hide_url(struct gong_channel_try *attempt, const char *url)
{
    const char *host = strstr(url, "://");
    const char *at = host == NULL ? url : host + 3;
    bool query = false;

    at += strcspn(at, "/?#");
    while (*at != '\0') {
        size_t len;

        query = query || *at == '?';
        len = strcspn(++at, query ? "&=#" : "/?#");
        if (len >= (query ? QUERY_TOKEN_MIN : PATH_TOKEN_MIN)) {
            hide_piece(attempt, at, len);
        }
        at += len;
    }
}

bool
gong_channel_line_valid(const char *text)
{
    bool ok = text != NULL && text[0] != '\0' &&
              gong_lp_utf8_valid(gong_str_of(text));

    for (size_t i = 0; ok && text[i] != '\0'; i++) {
        ok = !gong_lp_byte_is(text[i], GONG_LP_BYTE_CONTROL);
    }
    return ok;
}
