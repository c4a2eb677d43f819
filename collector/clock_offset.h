/*
 * clock_offset: the collector's clock minus the agent's, in ms, from acks.
 *
 *   collector   --sent-----------------heard--->
 *                    \                /
 *   agent       -------'--now (ack)--'--------->
 *
 * The ack says the agent's `now` when it had already got what was sent, so
 * sent - now <= offset <= heard - now. Of the newest acks the narrowest bounds
 * count. The agent moves stamps only for more than two seconds, so a late ack
 * alone must not say as much: that needs both bounds.
 *
 * Pure. One user at a time.
 */
#ifndef GONG_COLLECTOR_CLOCK_OFFSET_H
#define GONG_COLLECTOR_CLOCK_OFFSET_H

#include <stddef.h>
#include <stdint.h>

#define GONG_CLOCK_OFFSETS 8

/* Transparent plain values; zeros: nothing is known. */
struct gong_clock_offset {
    struct {
        int64_t low; /* INT64_MIN: none */
        int64_t high;
    } bounds[GONG_CLOCK_OFFSETS];
    size_t count; /* of all acks ever */
};

/* gong_clock_offset_add: an ack. sent_ms: when something was first sent that it
 * is the first to settle; 0: nothing. */
void gong_clock_offset_add(struct gong_clock_offset *offset, int64_t sent_ms,
                           int64_t heard_ms, int64_t now_ms);

/* gong_clock_offset_stepped: the own clock was set, by_ms forward. */
void gong_clock_offset_stepped(struct gong_clock_offset *offset, int64_t by_ms);

/* gong_clock_offset_ms: 0 until measured. */
int64_t gong_clock_offset_ms(const struct gong_clock_offset *offset);

#endif
