#include "collector/net_address.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

static bool
copy(char *out, size_t size, const char *text, size_t len)
{
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static bool
is_port(const char *text)
{
    char *end = NULL;
    unsigned long port = strtoul(text, &end, 10);

    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && port > 0 &&
           port <= 65535;
}

bool
gong_net_address_parse(const char *text, const char *default_port,
                       struct gong_net_address *out)
{
    const char *host = text;
    const char *host_end;
    const char *port;

    if (text[0] == '[') {
        host++;
        host_end = strchr(host, ']');
        if (host_end == NULL || (host_end[1] != ':' && host_end[1] != '\0')) {
            return false;
        }
        port = host_end[1] == ':' ? host_end + 2 : default_port;
    } else {
        host_end = strchr(host, ':');
        port = host_end != NULL ? host_end + 1 : default_port;
        host_end = host_end != NULL ? host_end : host + strlen(host);
    }
    return port != NULL && is_port(port) &&
           copy(out->host, sizeof out->host, host, (size_t)(host_end - host)) &&
           copy(out->port, sizeof out->port, port, strlen(port));
}

bool
gong_net_wait(int fd, short events, gong_mono_t deadline)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};

    for (;;) {
        int64_t left_ms =
            gong_mono_since(deadline, gong_mono_now()).ns / GONG_NS_PER_MS;
        int ready;

        if (left_ms < 0) {
            return false;
        }
        ready =
            poll(&poll_fd, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms + 1);
        if (ready > 0) {
            return true;
        }
        if (ready < 0 && errno != EINTR) {
            return false;
        }
    }
}
