/* engine_stats: what the engine counts. */
#ifndef GONG_RULES_ENGINE_ENGINE_STATS_H
#define GONG_RULES_ENGINE_ENGINE_STATS_H

#include <stdint.h>

/* What became of the input so far. Plain values. */
struct gong_engine_stats {
    uint64_t records;
    uint64_t points;
    uint64_t samples; /* numeric fields */
    uint64_t evaluations;
    uint64_t lines_refused;  /* by the decoder */
    uint64_t damaged;        /* records that are no batch, or no status */
    uint64_t backlog_points; /* lane=back: not for the live engine */
    uint64_t late_samples;   /* older than the newest of their series */
    uint64_t same_stamp;     /* rule 8: another value at an equal stamp */
    uint64_t over_limit;     /* samples and results refused past a limit */
    uint64_t own_names;   /* samples with a name that only the engine feeds */
    uint64_t rule_faults; /* evaluations without a result (rule 16) */
    uint64_t left_out;    /* instants by time alone, after a day's silence */
    uint64_t transitions;
    uint64_t series_expired; /* forgotten after a long silence */
    uint64_t devices;
    uint64_t rows;
    uint64_t series; /* columns that some rule reads */
    uint64_t instances;
    uint64_t pending;
    uint64_t firing; /* firing or keeping */
    uint64_t unknown;
    uint64_t trial;      /* not at rest, of rules on trial: in none of these */
    uint64_t devices_up; /* by presence */
    uint64_t devices_dark;
    uint64_t rules;
    uint64_t bytes;       /* held by arenas */
    uint64_t bytes_state; /* of these: what limits.bytes is about */
};

#endif
