/*
 * socket_client: what one local program says on the socket, and the answers.
 *
 *   door,id=3 open=true\n          line protocol; without a stamp: now
 *   door,id=4 open=false 17600...\n
 *   \n                             a blank line, or the end: the batch is over
 *                  <--  accepted=2 refused=0 reason=-\n
 *                       accepted=0 refused=0 held=2 reason=disk_failed\n
 *
 * held, which is left out where it is 0: lines that will be sent, but that the
 * disk did not take: a restart of the collector loses what was not sent by
 * then. Whoever can, keeps them and says them again.
 *
 * Lines are checked, written anew and given to the sink in pieces of 32 KiB,
 * so a batch of any length is taken with bounded memory; the answer comes when
 * all of it is in the spool. A line over GONG_LP_LINE_MAX ends the
 * conversation. reason is that of the first refused line.
 *
 * No descriptors, no clock: those are the caller's.
 *
 * Once a full spool has dropped points that it had accepted, answers end in
 * " dropped=<points>": all of them since the spool was made.
 */
#ifndef GONG_COLLECTOR_SOCKET_CLIENT_H
#define GONG_COLLECTOR_SOCKET_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/spooler.h"
#include "common/err.h"
#include "common/lp_decode.h"
#include "common/lp_encode.h"
#include "common/str.h"

#define GONG_SOCKET_ANSWER_SIZE 128

/* Where checked lines go; *taken says what became of them. */
struct gong_socket_sink {
    enum gong_err (*take)(void *ctx, struct gong_str lines,
                          struct gong_spooler_taken *taken);
    void *ctx;
};

/* What clients share; one thread. */
struct gong_socket_desk {
    struct gong_socket_sink sink;
    struct gong_lp_reader *reader;
    struct gong_buffer lines;
};

/* Transparent: start from {0}, gong_socket_client_fini frees. */
struct gong_socket_client {
    struct gong_buffer in;
    size_t scanned; /* bytes of in known to hold whole lines only */
    uint64_t accepted;
    uint64_t held;
    uint64_t refused;
    const char *reason; /* static text; NULL: none */
};

void gong_socket_client_fini(struct gong_socket_client *client);

/* gong_socket_client_feed: takes bytes as they come and appends answers.
 * GONG_ERR_TOO_LARGE: the last answer says so; hang up after it. */
enum gong_err
gong_socket_client_feed(struct gong_socket_client *client,
                        struct gong_socket_desk *desk, struct gong_str bytes,
                        int64_t now_ns,
                        struct gong_buffer *answers) GONG_MUST_CHECK;
/* gong_socket_client_end: the program has closed its side. */
enum gong_err
gong_socket_client_end(struct gong_socket_client *client,
                       struct gong_socket_desk *desk, int64_t now_ns,
                       struct gong_buffer *answers) GONG_MUST_CHECK;

#endif
