/* The collector about itself, as one point "internal_collector". */
#include "collector/input_internal.h"

#include "collector/stats.h"

static const struct gong_option_table table = {
    .name = "inputs.internal",
    .help = "The collector's own counters.",
};

static const struct field {
    const char *name;
    size_t offset;
} fields[] = {
    {"points_gathered", offsetof(struct gong_stats, points_gathered)},
    {"points_received", offsetof(struct gong_stats, points_received)},
    {"points_refused", offsetof(struct gong_stats, points_refused)},
    {"points_held", offsetof(struct gong_stats, points_held)},
    {"points_dropped", offsetof(struct gong_stats, points_dropped)},
    {"gather_errors", offsetof(struct gong_stats, gather_errors)},
    {"gathers_missed", offsetof(struct gong_stats, gathers_missed)},
    {"batches_spooled", offsetof(struct gong_stats, batches_spooled)},
    {"batches_sent", offsetof(struct gong_stats, batches_sent)},
    {"batches_resent", offsetof(struct gong_stats, batches_resent)},
    {"batches_settled", offsetof(struct gong_stats, batches_settled)},
    {"batches_damaged", offsetof(struct gong_stats, batches_damaged)},
    {"batches_placed", offsetof(struct gong_stats, batches_placed)},
    {"acks_refused", offsetof(struct gong_stats, acks_refused)},
    {"spool_bytes", offsetof(struct gong_stats, spool_bytes)},
    {"spool_dropped_bytes", offsetof(struct gong_stats, spool_dropped_bytes)},
    {"dropped_batches", offsetof(struct gong_stats, dropped_batches)},
    {"dropped_points", offsetof(struct gong_stats, dropped_points)},
    {"dropped_samples", offsetof(struct gong_stats, dropped_samples)},
    {"damaged_batches", offsetof(struct gong_stats, damaged_batches)},
    {"spool_writable", offsetof(struct gong_stats, spool_writable)},
    {"spool_memory_bytes", offsetof(struct gong_stats, spool_memory_bytes)},
    {"spool_memory_lost", offsetof(struct gong_stats, spool_memory_lost)},
    {"connected", offsetof(struct gong_stats, connected)},
    {"clock_offset_ms", offsetof(struct gong_stats, clock_offset_ms)},
};

static enum gong_err
open_internal(const void *config, const char *proc_root, void **state,
              char *why, size_t why_size)
{
    (void)config;
    (void)proc_root;
    (void)why;
    (void)why_size;
    *state = NULL;
    return GONG_OK;
}

static enum gong_err
gather(void *state, struct gong_points *points, gong_dur_t timeout, char *why,
       size_t why_size)
{
    const char *stats = (const char *)gong_stats();

    (void)state;
    (void)timeout;
    (void)why;
    (void)why_size;
    gong_points_begin(points, "internal_collector");
    gong_points_tag(points, "version", GONG_VERSION);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const void *counter = stats + fields[i].offset;

        gong_points_int(points, fields[i].name,
                        (int64_t)gong_counter_get(counter));
    }
    gong_points_end(points);
    return points->err;
}

static void
close_internal(void *state)
{
    (void)state;
}

const struct gong_input_kind gong_input_internal = {
    .type = "internal",
    .help = "The collector's own counters.",
    .options = &table,
    .config_size = 0,
    .slow = false,
    .open = open_internal,
    .gather = gather,
    .close = close_internal,
};
