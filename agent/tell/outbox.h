/*
 * outbox: sends what waits in the table `outbox` of the desk's database, on one
 * thread with one libcurl multi handle: many at a time, none waits for another
 * but the next one to the same recipient, which keeps them in order.
 *
 *   recipient   a channel by itself ("hook"), or a contact of the city model
 *               with its chain (Zalo, then mail, then SMS): first to last
 *               until one succeeds; the chain begins anew after the last
 *               refused, twice; then the row is `unreached`
 *   row         waiting -> sent | unreached | refused | expired
 *
 * In a chain a reach that is away gets two tries, and one whose channel is
 * known to be away none, before the next one has its turn. A row that only met
 * receivers that are away stays, and is tried on; after three rounds (eight
 * tries where there is one reach) it counts as unreached until it is sent.
 * gong_desk_unreached is the number of open incidents that nobody was told of
 * because of such rows (unreached.h): no person where one was meant, and not
 * since that row was made.
 *
 * At least once: the row is marked sent when the receiver has answered; a kill
 * in between sends it again with the same key, and so does a power cut within
 * the next second: the mark does not wait for the disk by itself, so that no
 * message waits for the mark of another one. Rates are token
 * buckets per channel. A recipient whose message fails backs off by itself (1 s
 * to 60 s, jitter), and so does a whole channel that cannot be connected to, or
 * that fails for two recipients in a row: then one try at a time asks whether
 * it is back. Others go on. Rows older than `expire` (24 h) and about what is
 * over are not sent any more, but counted and kept as expired.
 */
#ifndef GONG_AGENT_TELL_OUTBOX_H
#define GONG_AGENT_TELL_OUTBOX_H

#include <stdatomic.h>
#include <stddef.h>

#include "agent/tell/channel.h"
#include "common/clock.h"
#include "common/counter.h"

/* A channel of the configuration. */
struct gong_outbox_channel {
    const char *name; /* [a-z0-9_-] */
    const struct gong_channel_kind *kind;
    const void *config;
    double rate; /* messages a second; 0: unbounded */
    double burst;
};

struct gong_outbox_options {
    const char *path; /* of the database */
    const struct gong_outbox_channel *channels;
    size_t channel_count;
    gong_dur_t expire;
    /* Bounds of the random wait between tries; 0: 1 s and 60 s. */
    gong_dur_t retry_min;
    gong_dur_t retry_max;
    const struct gong_link_signer *signer; /* NULL: no signed links */
    struct gong_counters *counters;
};

struct gong_outbox;

/* Makes the file where there is none yet, as the desk does. */
enum gong_err gong_outbox_start(const struct gong_outbox_options *options,
                                struct gong_outbox **out, char *why,
                                size_t why_size) GONG_MUST_CHECK;
void gong_outbox_stop(struct gong_outbox *outbox);
/* gong_outbox_wake: any thread: rows were added. */
void gong_outbox_wake(struct gong_outbox *outbox);
/* gong_outbox_renew: any thread: the file may be another one now (a damaged one
 * was set aside): open it again. */
void gong_outbox_renew(struct gong_outbox *outbox);
/* gong_outbox_pause: any thread: begins nothing more, and returns when what was
 * being sent is over, and kept unless that fails: then the file is closed until
 * gong_outbox_resume, and what could not be kept is in the file that has its
 * name then, if that knows the row. TIMEOUT, and CLOSED once cancelled (NULL:
 * never): it goes on as before. Not to be called twice. */
enum gong_err gong_outbox_pause(struct gong_outbox *outbox, gong_dur_t timeout,
                                const atomic_bool *cancelled) GONG_MUST_CHECK;
void gong_outbox_resume(struct gong_outbox *outbox);
/* gong_outbox_away: any thread until stop: each channel that is known to be
 * away (its breaker is open), and since when by the wall clock. */
void gong_outbox_away(const struct gong_outbox *outbox,
                      void (*each)(void *ctx, const char *channel,
                                   int64_t since_ms),
                      void *ctx);

#endif
