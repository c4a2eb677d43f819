/*
 * line_runs: line protocol cut into runs of lines of one millisecond, which
 * the engine takes as records. Lines are not copied: a run's payload lies in
 * the buffer that the file was read into.
 *
 *   ... previous run | 0 0 | line | line | line | next run ...
 *                      '----- payload -----'
 *
 * The two zeros are a data record's empty names (common/batch.h) and overwrite
 * what was handed out before. A line without a stamp of its own belongs to the
 * run before it. A line end inside a quoted string is no line end, unless no
 * quote closes it within the longest line that there is.
 */
#ifndef GONG_RULES_TOOL_LINE_RUNS_H
#define GONG_RULES_TOOL_LINE_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/tool/input.h"
#include "rules/tool/precision.h"

/* Lines that stand together in the file: where they begin in a payload, and the
 * first one's number, from 1. */
struct gong_line_part {
    size_t at;
    uint64_t line;
};

/* Lines of one millisecond. ms is INT64_MIN where no line has a stamp yet. */
struct gong_line_run {
    int64_t ms;
    const char *payload; /* good until take returns, as parts */
    size_t len;
    const struct gong_line_part *parts; /* at least one, by at */
    size_t part_count;
    uint64_t far_line; /* the file's first one whose stamp is past int64 in
                          nanoseconds; 0: none so far */
};

/* gong_line_run_number: of the line in the file that stands at a place in the
 * payload. */
uint64_t gong_line_run_number(const struct gong_line_run *run, size_t at);

typedef enum gong_err (*gong_line_run_fn)(void *ctx,
                                          const struct gong_line_run *run);

/* gong_line_runs_read: all of input to take; an error of either ends it. A run
 * past 16 MiB is handed out in pieces. Stamps come out in nanoseconds; where
 * the file has others, runs are copies with zeros behind the stamps, also
 * behind those that are out of range. A byte order mark that the file begins
 * with is left out. */
enum gong_err gong_line_runs_read(struct gong_input *input,
                                  struct gong_precision precision,
                                  gong_line_run_fn take,
                                  void *ctx) GONG_MUST_CHECK;

#endif
