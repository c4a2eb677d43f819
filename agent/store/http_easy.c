#include "agent/store/http_easy.h"

#define CONNECT_TIMEOUT_MS 3000L

static bool
given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool
set_login(CURL *easy, const struct gong_http_easy *how)
{
    const char *password = how->password == NULL ? "" : how->password;

    return !given(how->username) ||
           (curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) ==
                CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_USERNAME, how->username) ==
                CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_PASSWORD, password) == CURLE_OK);
}

CURL *
gong_http_easy(const struct gong_http_easy *how)
{
    CURL *easy = curl_easy_init();
    long timeout_ms = (long)(how->timeout.ns / GONG_NS_PER_MS);
    bool ok =
        easy != NULL &&
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, how->schemes) ==
            CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) ==
            CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                         (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_USERAGENT, "gong/" GONG_VERSION) ==
            CURLE_OK &&
        (!given(how->ca_file) ||
         curl_easy_setopt(easy, CURLOPT_CAINFO, how->ca_file) == CURLE_OK) &&
        set_login(easy, how);

    if (!ok) {
        curl_easy_cleanup(easy);
        return NULL;
    }
    return easy;
}

bool
gong_http_easy_proxy(CURL *easy, bool loopback)
{
    return curl_easy_setopt(easy, CURLOPT_NOPROXY, loopback ? "*" : NULL) ==
           CURLE_OK;
}

bool
gong_http_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer == NULL) {
        return false;
    }
    *list = longer;
    return true;
}
