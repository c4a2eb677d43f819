#include "common/mqtt_address.h"

#include <stdio.h>
#include <string.h>

#include "common/ascii.h"
#include "common/str.h"

static bool
take_scheme(const char **rest, bool *tls)
{
    static const struct {
        const char *text;
        bool tls;
    } schemes[] = {{"mqtt://", false}, {"mqtts://", true}};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t len = strlen(schemes[i].text);

        if (strncmp(*rest, schemes[i].text, len) == 0) {
            *rest += len;
            *tls = schemes[i].tls;
            return true;
        }
    }
    return false;
}

static bool
host_byte(char c, bool bracketed)
{
    return gong_ascii_is_name(c) || c == '-' || c == '.' ||
           (bracketed && c == ':');
}

/* The host with its brackets, if any; len 0 if it is none. */
static struct gong_str
take_host(const char **rest)
{
    const char *start = *rest;
    bool bracketed = *start == '[';
    const char *c = start + (bracketed ? 1 : 0);
    const char *first = c;

    while (host_byte(*c, bracketed)) {
        c++;
    }
    if (c == first || (bracketed && *c != ']')) {
        return (struct gong_str){0};
    }
    c += bracketed ? 1 : 0;
    *rest = c;
    return gong_str_from(start, (size_t)(c - start));
}

/* The port after the host; 0 if it is none. */
static unsigned
take_port(const char **rest, unsigned otherwise)
{
    unsigned port = 0;

    if (**rest != ':') {
        return otherwise;
    }
    ++*rest;
    while (**rest >= '0' && **rest <= '9' && port <= 65535) {
        port = port * 10 + (unsigned)(**rest - '0');
        ++*rest;
    }
    return port <= 65535 ? port : 0;
}

enum gong_err
gong_mqtt_address_parse(const char *url, struct gong_mqtt_address *out,
                        char *why, size_t why_size)
{
    const char *rest = url == NULL ? "" : url;
    struct gong_str host;
    unsigned port;
    const char *problem = NULL;

    *out = (struct gong_mqtt_address){0};
    if (!take_scheme(&rest, &out->tls)) {
        problem = "found no scheme, expected mqtt:// or mqtts://";
        goto out;
    }
    host = take_host(&rest);
    if (host.len == 0 || host.len > GONG_MQTT_HOST_MAX) {
        problem = "expected a host name or address after the scheme";
        goto out;
    }
    port = take_port(&rest, out->tls ? 8883 : 1883);
    if (port == 0) {
        problem = "expected a port from 1 to 65535";
        goto out;
    }
    if (*rest == '@') {
        problem = "found a user, expected username and password_file options";
        goto out;
    }
    if (*rest != '\0' && strcmp(rest, "/") != 0) {
        problem = "found more after the port, expected the end";
        goto out;
    }
    (void)snprintf(out->uri, sizeof out->uri, "%s://%.*s:%u",
                   out->tls ? "ssl" : "tcp", (int)host.len, host.data, port);
    return GONG_OK;
out:
    (void)snprintf(why, why_size, "%s", problem);
    return GONG_ERR_INVALID;
}
