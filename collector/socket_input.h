/*
 * socket_input: a Unix stream socket, mode 0660, that takes points from local
 * programs (collector/socket_client.h has the conversation).
 *
 * One thread. Bounds: `clients` at a time, one line of memory each, silence of
 * `idle`; a program that does not read its answers is disconnected.
 */
#ifndef GONG_COLLECTOR_SOCKET_INPUT_H
#define GONG_COLLECTOR_SOCKET_INPUT_H

#include <stddef.h>

#include "collector/socket_client.h"
#include "common/clock.h"
#include "common/err.h"

struct gong_socket_options {
    const char *path; /* borrowed until free */
    size_t clients;
    gong_dur_t idle;
};

struct gong_socket;

/* gong_socket_new: binds; a socket that nobody answers on is replaced. */
enum gong_err gong_socket_new(const struct gong_socket_options *options,
                              const struct gong_socket_sink *sink,
                              struct gong_socket **out, char *why,
                              size_t why_size) GONG_MUST_CHECK;
enum gong_err gong_socket_start(struct gong_socket *sock) GONG_MUST_CHECK;
void gong_socket_stop(struct gong_socket *sock);
/* Stops, and removes the socket's file. NULL is fine. */
void gong_socket_free(struct gong_socket *sock);

#endif
