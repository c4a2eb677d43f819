/*
 * child: one program run to its end, with its output, under a deadline.
 *
 * It gets a process group of its own, /dev/null to read, PATH and LANG and
 * nothing else, and none of our files. Whatever happens, the group is killed
 * and the program reaped before gong_child_run returns.
 */
#ifndef GONG_COLLECTOR_CHILD_H
#define GONG_COLLECTOR_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/lp_encode.h"

#define GONG_CHILD_COMPLAINT_SIZE 256

/* Transparent plain values. */
struct gong_child_end {
    int exit_code; /* -1: a signal ended it */
    int signal;    /* 0: none */
    /* What came first on standard error, raw, NUL-terminated. */
    char complaint[GONG_CHILD_COMPLAINT_SIZE];
};

/*
 * gong_child_run: argv is NULL-terminated, argv[0] an absolute path. out is
 * emptied and gets the standard output, at most out_max bytes. GONG_OK when it
 * ended by itself (see *end for how), GONG_ERR_TIMEOUT and GONG_ERR_TOO_LARGE
 * when it was killed for that, else why it could not be run.
 */
enum gong_err gong_child_run(char *const *argv, gong_dur_t timeout,
                             struct gong_buffer *out, size_t out_max,
                             struct gong_child_end *end) GONG_MUST_CHECK;

#endif
