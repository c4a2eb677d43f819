/*
 * drops_event: one run of lost batches, in memory, as a line, and as bytes:
 *
 *    0 u8 reason, u8 has sizes, u16 runs      24 u64 batches, points, samples
 *    4 u32 0                                  48 i64 from ms, to ms, stamp ns
 *    8 u64 first, last                        72 u64 told in batch
 *   80 runs x {u32 points, u32 samples, u32 count}
 *
 * Pure but for memory.
 */
#ifndef GONG_COLLECTOR_DROPS_EVENT_H
#define GONG_COLLECTOR_DROPS_EVENT_H

#include "collector/drops.h"

struct gong_drops_run {
    uint32_t points;
    uint32_t samples;
    uint32_t count;
};

/* Transparent: start from {0}. */
struct gong_drops_event {
    enum gong_drop_reason reason;
    uint64_t first, last;
    uint64_t batches, points, samples;
    int64_t from_ms, to_ms; /* when the batches were accepted; 0: unknown */
    int64_t stamp_ns;
    uint64_t told_seq; /* 0: not told */
    struct gong_drops_run *runs;
    size_t run_count, run_capacity;
    bool logged;   /* not stored */
    bool no_sizes; /* too many runs, or no memory for them */
};

void gong_drops_event_fini(struct gong_drops_event *event);

const char *gong_drops_event_reason(const struct gong_drops_event *event);

/* gong_drops_event_extend: one batch more behind the last. */
void gong_drops_event_extend(struct gong_drops_event *event,
                             const struct gong_drops_run *batch, uint64_t seq,
                             int64_t ms);
/* gong_drops_event_join: later, which begins behind event's last and is
 * taken and left empty, into event. */
void gong_drops_event_join(struct gong_drops_event *event,
                           struct gong_drops_event *later);

/* gong_drops_event_line: the line of line protocol. */
enum gong_err gong_drops_event_line(const struct gong_drops_event *event,
                                    uint64_t epoch,
                                    struct gong_buffer *out) GONG_MUST_CHECK;

enum gong_err gong_drops_event_encode(const struct gong_drops_event *event,
                                      struct gong_buffer *out) GONG_MUST_CHECK;
/* gong_drops_event_decode: moves bytes behind what it read; CORRUPT, MEMORY. */
enum gong_err
gong_drops_event_decode(struct gong_str *bytes,
                        struct gong_drops_event *out) GONG_MUST_CHECK;

#endif
