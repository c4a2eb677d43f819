/*
 * history_made: a history.db with the samples of series in memory, as an agent
 * would have written it by and by: some samples late, the last ones not yet
 * written, blocks made one where there was time.
 */
#ifndef GONG_TESTS_UNIT_HISTORY_MADE_H
#define GONG_TESTS_UNIT_HISTORY_MADE_H

#include "agent/history/history_file.h"
#include "agent/history/history_reader.h"
#include "agent/history/history_tidy.h"
#include "rules/engine/eval_memory.h"

/* The same layout gives the same file. */
struct history_layout {
    uint64_t seed;
    unsigned commits;      /* how many, at random times; at least 1 */
    unsigned late_percent; /* of samples come one to three commits later */
    unsigned kept_percent; /* of the time at the end is not written */
    bool tidy;             /* after each commit */
    int64_t rest_ms;       /* after the last one time goes on so far, and what
                              that makes due is done */
    const struct gong_history_limits *limits; /* NULL: none */
};

struct history_made {
    char folder[64];
    char path[96];
    struct gong_history_file *file;
    uint32_t *series;            /* number in the file by that in memory */
    uint32_t count;              /* of series */
    struct gong_samples *recent; /* by number in memory, from 1 on */
};

enum gong_err history_make(struct history_made *made,
                           const struct gong_eval_memory *memory,
                           const struct history_layout *layout);
/* history_unmake: and removes the folder. */
void history_unmake(struct history_made *made);

/* history_recent: what is not in the file; some of it is, too. */
struct gong_history_recent history_recent(struct history_made *made);

/* history_write_recent: what is recent goes into the file, and stays recent. */
enum gong_err history_write_recent(struct history_made *made);

/* history_random: of a sequence; the next. */
uint64_t history_random(uint64_t *state);

#endif
