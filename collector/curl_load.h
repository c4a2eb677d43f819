/*
 * curl_load: libcurl, loaded when the first check that needs it is opened, so
 * that it and OpenSSL cost a collector nothing until then.
 */
#ifndef GONG_COLLECTOR_CURL_LOAD_H
#define GONG_COLLECTOR_CURL_LOAD_H

#include <curl/curl.h>

#include "common/err.h"

/* The functions that are used, by their names in libcurl without prefix. */
struct gong_curl {
    CURL *(*init)(void);
    CURLcode (*setopt)(CURL *handle, CURLoption option, ...);
    CURLcode (*perform)(CURL *handle);
    CURLcode (*getinfo)(CURL *handle, CURLINFO info, ...);
    void (*reset)(CURL *handle);
    void (*cleanup)(CURL *handle);
    const char *(*strerror)(CURLcode code);
};

/* gong_curl_load: any thread; the library is loaded and initialised once and
 * stays. NULL with a reason in why when it is not there. */
const struct gong_curl *gong_curl_load(char *why, size_t why_size);

#endif
