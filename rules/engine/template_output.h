/*
 * template_output: where a render writes: the caller's bytes, cut where they
 * are full.
 */
#ifndef GONG_RULES_ENGINE_TEMPLATE_OUTPUT_H
#define GONG_RULES_ENGINE_TEMPLATE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

/* Plain value. */
struct gong_toutput {
    char *out;
    size_t size;
    size_t used;
    bool full; /* something did not fit: nothing more is written */
};

void gong_toutput_put(struct gong_toutput *output, struct gong_str text);

/* gong_toutput_end: writes the NUL and drops half a character before it;
 * returns the length. With size 0 nothing is written. */
size_t gong_toutput_end(struct gong_toutput *output);

#endif
