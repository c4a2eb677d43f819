/*
 * input: one kind of measurement. Each variant (input_cpu.c, input_http.c ...)
 * exports one `const struct gong_input_kind`. An input never stops the
 * collector: gather returns an error, the schedule counts it and logs once per
 * change.
 *
 * Measurement, tag and field names follow Telegraf's; docs/METRICS.md lists
 * them all and a test compares it with real output, both ways.
 */
#ifndef GONG_COLLECTOR_INPUT_H
#define GONG_COLLECTOR_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "collector/points.h"
#include "common/clock.h"
#include "common/conf.h"
#include "common/err.h"

struct gong_input_kind {
    const char *type; /* the `type` key in the file: "cpu" */
    const char *help; /* one sentence for the manual */
    /* The kind's own options (not type and interval); config_size bytes are
     * filled by gong_conf_read and borrowed by the input for life. */
    const struct gong_option_table *options;
    size_t config_size;
    /* Blocks on a network or another program: gets a thread of its own, so
     * that a slow check delays no other. */
    bool slow;
    /* open: *state is the input's own (NULL is fine). proc_root is "/" except
     * in tests, where a tree of files stands for the machine. why says what is
     * wrong and what to do. */
    enum gong_err (*open)(const void *config, const char *proc_root,
                          void **state, char *why, size_t why_size);
    /* gather: appends points. Rates need two calls: the first may add none.
     * Must return within `timeout` if slow. */
    enum gong_err (*gather)(void *state, struct gong_points *points,
                            gong_dur_t timeout, char *why, size_t why_size);
    void (*close)(void *state);
};

/* NULL-terminated list of every kind, in the order of the manual. */
extern const struct gong_input_kind *const gong_input_kinds[];

/* gong_input_find: by type; NULL if there is none. */
const struct gong_input_kind *gong_input_find(const char *type);

#endif
