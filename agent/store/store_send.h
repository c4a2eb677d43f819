/*
 * store_send: brings one batch to its store, whatever it answers: retries with
 * backoff, halves what is too large, finds bad lines by halves, and keeps in
 * the dead-letter file what the store will never take. Logs one line when the
 * store goes away and one when it is back.
 *
 * A store that may lose what it has answered for is asked when it was started,
 * on each connection before the first write on it, and no write opens a
 * connection by itself: what a new process is sent first is never by accident.
 * It says so in seconds, so one that runs for less than a second is not written
 * to yet: two starts within a second would look like one.
 *
 * One thread, but for stop.
 */
#ifndef GONG_AGENT_STORE_STORE_SEND_H
#define GONG_AGENT_STORE_STORE_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/store/store_batch.h"
#include "agent/store/store_influx.h"

struct gong_store_sender;

struct gong_store_sender_options {
    const struct gong_store_config *config; /* borrowed until free */
    const char *dead_letter_file;           /* copied */
    struct gong_counters *counters;         /* borrowed until free */
    uint64_t (*behind)(void *ctx); /* bytes not yet read; for logs, a gauge */
    /* Told when the store was started (seconds since 1970; 0: it does not say)
     * before it is written to. True where it must be sent something else first.
     * NULL: the store is not asked. */
    bool (*started)(void *ctx, uint64_t seconds);
    void *ctx;
};

enum gong_err
gong_store_sender_new(const struct gong_store_sender_options *options,
                      struct gong_store_sender **out, char *why,
                      size_t why_size) GONG_MUST_CHECK;
void gong_store_sender_free(struct gong_store_sender *sender);

enum gong_store_sent {
    GONG_STORE_SENT,    /* each line is stored or in the dead-letter file */
    GONG_STORE_ANEW,    /* given up where `started` said true */
    GONG_STORE_STOPPED, /* before it was done */
};

/* gong_store_sender_send: blocks until one of these. */
enum gong_store_sent
gong_store_sender_send(struct gong_store_sender *sender,
                       const struct gong_store_batch *batch);

/* gong_store_sender_stop: any thread: from now on no waiting for a store that
 * is away, and no request lasts beyond grace. */
void gong_store_sender_stop(struct gong_store_sender *sender, gong_dur_t grace);
bool gong_store_sender_stopping(struct gong_store_sender *sender);
/* Whether the grace is over. */
bool gong_store_sender_expired(struct gong_store_sender *sender);
/* gong_store_sender_pause: sleeps; true when stopping. */
bool gong_store_sender_pause(struct gong_store_sender *sender,
                             gong_dur_t length);

#endif
