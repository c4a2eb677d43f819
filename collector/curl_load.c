#include "collector/curl_load.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct gong_curl functions; /* complete once loaded is set */
static int loaded;

/* POSIX lets a function's address travel in a void pointer; C does not let it
 * be cast, so it is copied. */
static int
find(void *library, const char *name, void *function, size_t size)
{
    void *symbol = dlsym(library, name);

    if (symbol == NULL) {
        return 0;
    }
    memcpy(function, &symbol, size);
    return 1;
}

#define FIND(library, member)                                                  \
    find(library, "curl_easy_" #member, &functions.member,                     \
         sizeof functions.member)

static int
load(char *why, size_t why_size)
{
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    CURLcode (*global_init)(long) = NULL;

    if (library == NULL) {
        (void)snprintf(why, why_size, "libcurl is missing: install libcurl4");
        return 0;
    }
    if (!find(library, "curl_global_init", &global_init, sizeof global_init) ||
        !FIND(library, init) || !FIND(library, setopt) ||
        !FIND(library, perform) || !FIND(library, getinfo) ||
        !FIND(library, reset) || !FIND(library, cleanup) ||
        !FIND(library, strerror) ||
        global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)snprintf(why, why_size, "libcurl.so.4 cannot be used");
        (void)dlclose(library);
        return 0;
    }
    return 1;
}

const struct gong_curl *
gong_curl_load(char *why, size_t why_size)
{
    const struct gong_curl *result;

    (void)pthread_mutex_lock(&lock);
    if (!loaded) {
        loaded = load(why, why_size);
    }
    result = loaded ? &functions : NULL;
    (void)pthread_mutex_unlock(&lock);
    return result;
}
