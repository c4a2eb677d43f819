/*
 * output: where a command writes: --output FILE, else standard output. What
 * could not be written is said, with the file and the reason, and makes the
 * exit code GONG_CTL_IO: a report that is not there must not look as if it
 * were.
 */
#ifndef GONG_CTL_OUTPUT_H
#define GONG_CTL_OUTPUT_H

#include <stdio.h>

#include "ctl/commands.h"

/* gong_ctl_output_open: NULL after saying why; close it with
 * gong_ctl_output_close, which says what could not be written. */
FILE *gong_ctl_output_open(struct gong_ctl *ctl);
int gong_ctl_output_close(struct gong_ctl *ctl, FILE *out);
/* gong_ctl_output_end: of the program's own output: code, or GONG_CTL_IO. */
int gong_ctl_output_end(struct gong_ctl *ctl, int code);
/* gong_ctl_failed: says errno's reason; the exit code. */
int gong_ctl_failed(struct gong_ctl *ctl, const char *path);

#endif
