/*
 * engine_feed: samples with labels to an engine, as records that a file of line
 * protocol would give. What line protocol cannot say is refused and counted:
 * NaN, Inf, staleness markers, a colon in a metric's name, backslashes and
 * control characters in values, and the three series of presence.
 */
#ifndef GONG_RULES_TOOL_ENGINE_FEED_H
#define GONG_RULES_TOOL_ENGINE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/lp_encode.h"
#include "rules/engine/engine.h"

/* Transparent: embedded; engine is borrowed. Zero but for it at the start. */
struct gong_engine_feed {
    struct gong_engine *engine;
    struct gong_buffer buffer; /* the record's payload so far */
    int64_t ms;                /* of the samples in it */
    uint64_t position;
};

void gong_engine_feed_fini(struct gong_engine_feed *feed);

/* gong_engine_feed_put: one sample; stamps rise. UNSUPPORTED where line
 * protocol cannot say it. */
enum gong_err gong_engine_feed_put(struct gong_engine_feed *feed,
                                   const struct gong_label_view *labels,
                                   size_t count, int64_t ms,
                                   double value) GONG_MUST_CHECK;

/* gong_engine_feed_clock: all samples so far are applied, then time goes on to
 * ms and what is due by then runs. */
enum gong_err gong_engine_feed_clock(struct gong_engine_feed *feed,
                                     int64_t ms) GONG_MUST_CHECK;

#endif
