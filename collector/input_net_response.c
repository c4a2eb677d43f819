/* Does a TCP port accept a connection, and how fast. */
#include "collector/input_net_response.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collector/net_address.h"

/* As Telegraf numbers them. */
enum result {
    RESULT_SUCCESS = 0,
    RESULT_TIMEOUT = 1,
    RESULT_CONNECTION_FAILED = 2,
};

struct config {
    char *address;
};

static const struct gong_option options[] = {
    {.name = "address",
     .type = GONG_OPTION_STRING,
     .offset = offsetof(struct config, address),
     .unit = "",
     .help = "host:port to connect to."},
};
static const struct gong_option_table table = {
    .name = "inputs.net_response",
    .help = "Does a TCP port answer.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

static enum gong_err
net_open(const void *config, const char *proc_root, void **state, char *why,
         size_t why_size)
{
    const struct config *mine = config;
    struct gong_net_address *address = calloc(1, sizeof *address);

    (void)proc_root;
    if (address == NULL) {
        return GONG_ERR_MEMORY;
    }
    if (!gong_net_address_parse(mine->address, NULL, address)) {
        (void)snprintf(why, why_size, "found address %s, expected host:port",
                       mine->address);
        free(address);
        return GONG_ERR_INVALID;
    }
    *state = address;
    return GONG_OK;
}

static enum result
connect_to(const struct addrinfo *info, gong_mono_t deadline)
{
    int fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
    int error = 0;
    socklen_t len = sizeof error;
    enum result result = RESULT_CONNECTION_FAILED;

    if (fd < 0) {
        return result;
    }
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
        if (connect(fd, info->ai_addr, info->ai_addrlen) == 0) {
            result = RESULT_SUCCESS;
        } else if (errno == EINPROGRESS) {
            result = RESULT_TIMEOUT;
        }
    }
    if (result == RESULT_TIMEOUT && gong_net_wait(fd, POLLOUT, deadline)) {
        result = getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
                         error == 0
                     ? RESULT_SUCCESS
                     : RESULT_CONNECTION_FAILED;
    }
    (void)close(fd);
    return result;
}

/* Tries each address of the name until one accepts. */
static enum result
connect_any(const struct gong_net_address *address, gong_mono_t deadline)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    enum result result = RESULT_CONNECTION_FAILED;

    if (getaddrinfo(address->host, address->port, &hints, &list) != 0) {
        return result;
    }
    for (const struct addrinfo *info = list;
         info != NULL && result == RESULT_CONNECTION_FAILED;
         info = info->ai_next) {
        result = connect_to(info, deadline);
    }
    freeaddrinfo(list);
    return result;
}

static enum gong_err
net_gather(void *state, struct gong_points *points, gong_dur_t timeout,
           char *why, size_t why_size)
{
    const struct gong_net_address *address = state;
    gong_mono_t began = gong_mono_now();
    enum result result = connect_any(address, gong_mono_add(began, timeout));
    gong_dur_t took = gong_mono_since(gong_mono_now(), began);

    (void)why;
    (void)why_size;
    gong_points_begin(points, "net_response");
    gong_points_tag(points, "server", address->host);
    gong_points_tag(points, "port", address->port);
    gong_points_tag(points, "protocol", "tcp");
    gong_points_int(points, "result_code", (int64_t)result);
    if (result == RESULT_SUCCESS) {
        gong_points_float(points, "response_time",
                          (double)took.ns / (double)GONG_NS_PER_S);
    }
    gong_points_end(points);
    return GONG_OK;
}

const struct gong_input_kind gong_input_net_response = {
    .type = "net_response",
    .help = "Does a TCP port accept a connection, and how fast.",
    .options = &table,
    .config_size = sizeof(struct config),
    .slow = true,
    .open = net_open,
    .gather = net_gather,
    .close = free,
};
