/*
 * http_easy: a libcurl handle with what holds for all transfers of the agent,
 * to stores and to receivers: no redirects, no cookies, only the schemes asked
 * for; certificates are checked; loopback never goes through a proxy from the
 * environment; HTTP/1.1; one time to connect.
 */
#ifndef GONG_AGENT_STORE_HTTP_EASY_H
#define GONG_AGENT_STORE_HTTP_EASY_H

#include <stdbool.h>

#include <curl/curl.h>

#include "common/clock.h"

#define GONG_HTTP_SCHEMES "http,https"

/* Strings are borrowed during the call; NULL or "" for none. */
struct gong_http_easy {
    const char *schemes;
    const char *ca_file;  /* instead of the system's authorities */
    const char *username; /* basic authentication */
    const char *password;
    gong_dur_t timeout; /* of a whole transfer */
};

/* gong_http_easy: NULL without memory. */
CURL *gong_http_easy(const struct gong_http_easy *how);

/* gong_http_easy_proxy: no proxy where the transfer goes to loopback. */
bool gong_http_easy_proxy(CURL *easy, bool loopback);

/* gong_http_header: adds a header; false without memory. */
bool gong_http_header(struct curl_slist **list, const char *line);

#endif
