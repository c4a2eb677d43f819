/*
 * reads: what an expression reads, for rules that are evaluated as a whole:
 * its selectors, how far back each of them looks, and what else than a new
 * sample may change the result.
 */
#ifndef GONG_RULES_ENGINE_READS_H
#define GONG_RULES_ENGINE_READS_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/engine/match.h"
#include "rules/engine/promql.h"

#define GONG_READS_MAX 255

struct gong_read {
    uint32_t node;      /* the selector's, in the tree */
    const char *metric; /* the tree's; NULL: the matchers take several names */
    struct gong_matchers *matchers;
    /* How far behind now a sample may lie and still matter, look-back left out;
     * 0: the newest one will do. back says whether look-back comes on top. */
    int64_t need_ms;
    bool back;
};

struct gong_reads {
    struct gong_read *all;
    uint32_t count;
    /* Semantics rule 3e: the result moves with time, while samples are there,
     * or even without any. */
    bool moves;
    bool moves_alone;
    /* A series that falls silent can make the result true. */
    bool silence;
};

/* gong_reads_new: NULL with error filled where the engine cannot know what it
 * would have to keep (@, an offset into the future), for a bare range, a text,
 * too many selectors, or without memory. expr is borrowed until free. */
struct gong_reads *gong_reads_new(const struct gong_expr *expr,
                                  struct gong_expr_error *error);
void gong_reads_free(struct gong_reads *reads);

/* gong_reads_find: which of them a node of the tree is. */
uint32_t gong_reads_find(const struct gong_reads *reads, uint32_t node);

#endif
