#include "agent/api/http_address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define PORT_MAX 65535

/* The digits behind the last colon. */
static bool
read_port(const char *text, uint16_t *out)
{
    unsigned value = 0;

    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(*text - '0');
        if (value > PORT_MAX) {
            return false;
        }
    }
    *out = (uint16_t)value;
    return true;
}

/* "host:port" or "[host]:port" into its two parts. */
static bool
split(const char *text, char host[GONG_HTTP_HOST_SIZE], bool *six,
      uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);

    if (len == 0 || !read_port(colon + 1, port)) {
        return false;
    }
    *six = text[0] == '[' && text[len - 1] == ']';
    if (*six) {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= GONG_HTTP_HOST_SIZE) {
        return false;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    return true;
}

bool
gong_http_address_loopback(const struct gong_http_address *address)
{
    static const unsigned char six[16] = {[15] = 1};

    if (address->as.any.sa_family == AF_INET6) {
        return memcmp(&address->as.v6.sin6_addr, six, sizeof six) == 0;
    }
    return ntohl(address->as.v4.sin_addr.s_addr) >> 24 == 127;
}

bool
gong_http_host_loopback(const char *host)
{
    struct gong_http_address address;
    char name[GONG_HTTP_HOST_SIZE];
    size_t len = host[0] == '[' ? strcspn(host, "]") : strcspn(host, ":");
    uint16_t port;

    len += host[0] == '[' && host[len] == ']';
    if (len >= sizeof name || (host[len] != '\0' && host[len] != ':') ||
        (host[len] == ':' && !read_port(host + len + 1, &port))) {
        return false;
    }
    memcpy(name, host, len);
    name[len] = '\0';
    memset(&address, 0, sizeof address);
    address.as.v4.sin_family = AF_INET;
    return strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0 ||
           (inet_pton(AF_INET, name, &address.as.v4.sin_addr) == 1 &&
            gong_http_address_loopback(&address));
}

enum gong_err
gong_http_address_parse(const char *text, struct gong_http_address *out,
                        char *why, size_t why_size)
{
    char host[GONG_HTTP_HOST_SIZE];
    uint16_t port = 0;
    bool six = false;
    bool fits;

    memset(out, 0, sizeof *out);
    fits = split(text, host, &six, &port);
    if (fits && six) {
        out->as.v6.sin6_family = AF_INET6;
        out->as.v6.sin6_port = htons(port);
        fits = inet_pton(AF_INET6, host, &out->as.v6.sin6_addr) == 1;
    } else if (fits) {
        out->as.v4.sin_family = AF_INET;
        out->as.v4.sin_port = htons(port);
        fits = inet_pton(AF_INET, host, &out->as.v4.sin_addr) == 1;
    }
    if (!fits) {
        (void)snprintf(why, why_size,
                       "found an address that cannot be read, expected "
                       "127.0.0.1:PORT or [::1]:PORT");
        return GONG_ERR_INVALID;
    }
    return GONG_OK;
}

enum gong_err
gong_http_address_guarded(const struct gong_http_address *address, bool https,
                          char *why, size_t why_size)
{
    if (https || gong_http_address_loopback(address)) {
        return GONG_OK;
    }
    (void)snprintf(why, why_size,
                   "found an address beyond loopback, expected 127.0.0.1:PORT "
                   "or [::1]:PORT, or tls_cert and tls_key: beyond this "
                   "machine there is only HTTPS");
    return GONG_ERR_UNSUPPORTED;
}

void
gong_http_address_host(const struct gong_http_address *address, bool network,
                       char out[GONG_HTTP_HOST_SIZE])
{
    struct gong_http_address copy = *address;
    const void *host = &copy.as.v4.sin_addr;

    if (copy.as.any.sa_family == AF_INET6) {
        host = &copy.as.v6.sin6_addr;
        if (network) {
            memset(copy.as.v6.sin6_addr.s6_addr + 8, 0, 8);
        }
    }
    if (inet_ntop(copy.as.any.sa_family, host, out, GONG_HTTP_HOST_SIZE) ==
        NULL) {
        out[0] = '\0';
    }
}
