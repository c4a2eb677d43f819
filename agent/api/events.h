/*
 * events: server-sent events: one buffer that all readers read, each from its
 * own place. Nothing is kept per reader but that place, so a slow one costs
 * nothing: once the buffer has overtaken it, it is dropped and counted, and
 * comes back with the id it saw last.
 *
 *   publish -> [ n-3 | n-2 | n-1 | n ]      at most 1,024 events, 1 MiB
 *                  ^reader A         ^reader B (waits)
 *
 * An id is "<boot>-<n>": one of another boot, or older than the buffer, is
 * answered with the event `reset`: read the lists again. A heartbeat comment
 * goes to whoever waits. Who may not see a unit is passed over.
 *
 * Any thread; one lock. park and wake are called under it and must not call
 * back here.
 */
#ifndef GONG_AGENT_API_EVENTS_H
#define GONG_AGENT_API_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/counter.h"
#include "agent/users/grant.h"
#include "common/str.h"

#define GONG_EVENTS_KEPT        1024
#define GONG_EVENTS_BYTES       ((size_t)1 << 20)
#define GONG_EVENT_MAX          65536 /* bytes of one; larger ones are cut */
#define GONG_EVENTS_READERS_MAX 512
#define GONG_EVENTS_BOOT_SIZE   17

struct gong_events;
struct gong_events_reader;

/* boot: [0-9a-f]{1,16}. counters may be NULL. NULL without memory. */
struct gong_events *gong_events_new(const char *boot,
                                    struct gong_counters *counters);
/* No reader may be left. */
void gong_events_free(struct gong_events *events);

/* gong_events_publish: type is a literal [a-z_]+; json is one line; of
 * a place without unit and device it is for those who may see everything. Never
 * blocks. */
void gong_events_publish(struct gong_events *events, const char *type,
                         const struct gong_grant_place *place,
                         struct gong_str json);
/* gong_events_reset: all readers, also those that come back later, are told to
 * read the lists again. Never blocks. */
void gong_events_reset(struct gong_events *events);
/* gong_events_beat: every few seconds: a heartbeat to who waits; who has been
 * reading since before now - life is ended, so that a login that ended is no
 * longer served. */
void gong_events_beat(struct gong_events *events, int64_t now_ms,
                      int64_t life_ms);
/* gong_events_close: all readers end; no new ones. */
void gong_events_close(struct gong_events *events);
size_t gong_events_readers(struct gong_events *events);

/* Who reads. ctx goes to free with the reader. */
struct gong_events_filter {
    bool (*may)(void *ctx, const struct gong_grant_place *place);
    void (*free)(void *ctx);
    void *ctx;
};

/* gong_events_join: last_id "" : from now on. NULL: too many, closed or
 * without memory; then the filter's ctx is not taken. */
struct gong_events_reader *
gong_events_join(struct gong_events *events, const char *last_id,
                 const struct gong_events_filter *filter, int64_t now_ms);
void gong_events_leave(struct gong_events_reader *reader);

/* gong_events_on_wait: who is parked when there is nothing to read, and woken
 * when there is. Before the first read. */
void gong_events_on_wait(struct gong_events_reader *reader,
                         void (*park)(void *ctx), void (*wake)(void *ctx),
                         void *ctx);
/* gong_events_read: bytes written; 0: parked; -1: it is over. */
ssize_t gong_events_read(struct gong_events_reader *reader, char *out,
                         size_t size);

#endif
