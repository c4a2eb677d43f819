/* net_address: "host:port", "[v6]:port" taken apart, and waiting on sockets. */
#ifndef GONG_COLLECTOR_NET_ADDRESS_H
#define GONG_COLLECTOR_NET_ADDRESS_H

#include <stdbool.h>

#include "common/clock.h"

#define GONG_HOST_SIZE 256
#define GONG_PORT_SIZE 8

/* Transparent: plain text, NUL-terminated. */
struct gong_net_address {
    char host[GONG_HOST_SIZE];
    char port[GONG_PORT_SIZE];
};

/* gong_net_address_parse: default_port is used where text names none; NULL: a
 * port is required. False where text is no such address. */
bool gong_net_address_parse(const char *text, const char *default_port,
                            struct gong_net_address *out);

/* gong_net_wait: until fd is ready for events (poll's), or deadline. Restarted
 * after signals. False on timeout or error. */
bool gong_net_wait(int fd, short events, gong_mono_t deadline);

#endif
