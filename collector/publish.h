/*
 * publish: from the spool to the broker, until an agent has settled it.
 *
 *   spool --lanes--> window --link--> gong/v1/<site>/<device>/data
 *                      ^------------- gong/v1/<site>/<device>/ack
 *
 * Message = header line (common/batch.h) + the spooled body, QoS 1, at most
 * `window` without PUBACK and 64 unsettled. The spool is released up to the
 * oldest batch that is not settled. The clock's offset is told by the last acks
 * (clock_offset.h).
 *
 * The epoch is the spool's, until three acks in a row speak of numbers that it
 * never gave out: it was restored from an older copy of itself, and the agent
 * would take other batches for these. Then all that is not settled goes under a
 * random one, for as long as the process lives.
 *
 * Threads: one of its own runs gong_publish_step; the link's handlers only
 * change the window under a lock that is never held over a call to the link.
 */
#ifndef GONG_COLLECTOR_PUBLISH_H
#define GONG_COLLECTOR_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/cadence.h"
#include "collector/lanes.h"
#include "collector/spooler.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/mqtt_link.h"

/* What the publisher needs of a link; a test puts its own behind it. */
struct gong_publish_link {
    enum gong_err (*publish)(void *link,
                             const struct gong_mqtt_message *message);
    void *link;
};

struct gong_publish_options {
    const char *site; /* valid topic names; borrowed */
    const char *device;
    size_t window;
    gong_dur_t ack_timeout;
    struct gong_lanes_options lanes;
};

struct gong_publish;

/* gong_publish_new: spooler and cadence are borrowed until free. */
enum gong_err gong_publish_new(const struct gong_publish_options *options,
                               struct gong_spooler *spooler,
                               struct gong_cadence *cadence,
                               struct gong_publish **out) GONG_MUST_CHECK;
void gong_publish_free(struct gong_publish *publish);

/* For the link's options: borrowed until free. */
const char *gong_publish_status_topic(const struct gong_publish *publish);
const char *const *gong_publish_ack_topic(const struct gong_publish *publish);
struct gong_mqtt_handlers gong_publish_handlers(struct gong_publish *publish);
/* Before start and before the link starts. */
void gong_publish_set_link(struct gong_publish *publish,
                           const struct gong_publish_link *link);

enum gong_err gong_publish_start(struct gong_publish *publish) GONG_MUST_CHECK;
/* gong_publish_stop: sends what is left for at most flush, says goodbye, joins.
 * Stop the link afterwards. */
void gong_publish_stop(struct gong_publish *publish, gong_dur_t flush);

/* gong_publish_step: does all that can be done now; returns how long nothing
 * more will be due by itself. For the thread and for tests. */
gong_dur_t gong_publish_step(struct gong_publish *publish, gong_mono_t now,
                             gong_wall_t wall);
/* gong_publish_handle_ack: a message on the ack topic, at those times. */
void gong_publish_handle_ack(struct gong_publish *publish,
                             struct gong_str payload, gong_mono_t now,
                             gong_wall_t wall);

#endif
