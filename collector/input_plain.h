/*
 * input_plain: what the inputs share that keep nothing but a file buffer and
 * the root of /proc between gatherings.
 */
#ifndef GONG_COLLECTOR_INPUT_PLAIN_H
#define GONG_COLLECTOR_INPUT_PLAIN_H

#include "collector/input.h"
#include "collector/proc_file.h"

/* The state of such an input; config and root are borrowed for life. */
struct gong_input_plain {
    const void *config;
    const char *root;
    struct gong_proc_file file;
};

/* open and close of struct gong_input_kind. */
enum gong_err gong_input_plain_open(const void *config, const char *proc_root,
                                    void **state, char *why,
                                    size_t why_size) GONG_MUST_CHECK;
void gong_input_plain_close(void *state);

#endif
