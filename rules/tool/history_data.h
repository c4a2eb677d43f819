/*
 * history_data: an agent's embedded history as --data: "history:PATH", where
 * PATH is history.db or the folder that holds it. The agent may run: what it
 * has committed is read, which is up to 10 minutes behind.
 */
#ifndef GONG_RULES_TOOL_HISTORY_DATA_H
#define GONG_RULES_TOOL_HISTORY_DATA_H

#include <stdio.h>

#include "agent/history/history_scan.h"
#include "rules/tool/arguments.h"

/* gong_history_data_path: what stands behind "history:"; NULL: it is none. */
const char *gong_history_data_path(const char *data);

/* gong_history_data_file: the file's own path, heap; NULL without memory. */
char *gong_history_data_file(const char *data);

/* gong_call_history_times: --from and --to, which mean nothing where data is
 * no history, and must leave some time between them. OK, or USAGE. */
int gong_call_history_times(const struct gong_call *call, const char *data,
                            const struct gong_argument_time *from,
                            const struct gong_argument_time *to);

/* Plain data; all of it is borrowed. */
struct gong_history_wanted {
    const char *data;                          /* "history:PATH" */
    const struct gong_history_choice *choices; /* as history_scan.h has them */
    size_t choice_count;
    bool has_from;
    int64_t from_ms;
    bool has_to;
    int64_t to_ms;
    FILE *err;
};

/* Transparent: an open history and the series wanted. */
struct gong_history_data {
    struct gong_history_reader *reader;
    struct gong_history_scan *scan;
};

/* gong_history_data_open: a word about what is wrong was said on err; likewise
 * from when on there are raw samples, where earlier ones were wanted. */
enum gong_err
gong_history_data_open(const struct gong_history_wanted *wanted,
                       struct gong_history_data *out) GONG_MUST_CHECK;
/* gong_history_data_close: says on err how many chunks were damaged and left
 * out, if any. */
void gong_history_data_close(const struct gong_history_wanted *wanted,
                             struct gong_history_data *data);

#endif
