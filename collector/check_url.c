#include "collector/check_url.h"

#include <stdio.h>
#include <string.h>

#include "collector/net_address.h"

static bool
is_clean(const char *url)
{
    for (const char *p = url; *p != '\0'; p++) {
        if ((unsigned char)*p <= ' ' || *p == 0x7f) {
            return false;
        }
    }
    return true;
}

bool
gong_check_url(const char *url, char instance[GONG_INSTANCE_SIZE], char *why,
               size_t why_size)
{
    bool tls = strncmp(url, "https://", 8) == 0;
    const char *host = url + (tls ? 8 : 7);
    struct gong_net_address address;
    size_t len;

    if (!is_clean(url) || (!tls && strncmp(url, "http://", 7) != 0)) {
        (void)snprintf(why, why_size,
                       "expected a url that begins with http:// or https:// "
                       "and has no blanks");
        return false;
    }
    len = strcspn(host, "/?#");
    if (memchr(host, '@', len) != NULL) {
        (void)snprintf(why, why_size,
                       "found a login in the url, expected it in username and "
                       "password_file");
        return false;
    }
    (void)snprintf(instance, GONG_INSTANCE_SIZE, "%.*s", (int)len, host);
    if (len >= GONG_INSTANCE_SIZE ||
        !gong_net_address_parse(instance, tls ? "443" : "80", &address)) {
        (void)snprintf(why, why_size, "expected host or host:port in the url");
        return false;
    }
    (void)snprintf(instance, GONG_INSTANCE_SIZE,
                   host[0] == '[' ? "[%s]:%s" : "%s:%s", address.host,
                   address.port);
    return true;
}
