/* refusals: lines of data that could not be taken: the first few are named, all
 * are counted. */
#ifndef GONG_RULES_TOOL_REFUSALS_H
#define GONG_RULES_TOOL_REFUSALS_H

#include <stdint.h>
#include <stdio.h>

#include "common/str.h"

#define GONG_REFUSALS_NAMED 10

/* Plain data; borrowed. */
struct gong_refusals {
    const char *name; /* of what is read */
    FILE *err;
    uint64_t count;
};

/* gong_refusals_add: "NAME:LINE: refused: REASON: TEXT", of the first ones. */
void gong_refusals_add(struct gong_refusals *refusals, uint64_t line,
                       const char *reason, struct gong_str text);

/* gong_refusals_end: how many there were, and how many of them have no word. */
void gong_refusals_end(const struct gong_refusals *refusals);

#endif
