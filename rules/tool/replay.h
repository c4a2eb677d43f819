/*
 * replay: samples of a file, a journal or a history through the engine, as fast
 * as it goes. Time is the samples' own: in a file and in a history a sample
 * arrives at its stamp, in a journal records come when they came.
 */
#ifndef GONG_RULES_TOOL_REPLAY_H
#define GONG_RULES_TOOL_REPLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "rules/engine/engine.h"
#include "rules/tool/precision.h"

struct gong_replay {
    const struct gong_ruleset *set; /* borrowed */
    const char *path;     /* a file, "-", a journal's folder, history:PATH */
    int64_t tolerance_ms; /* how late a line of a file may be */
    struct gong_precision precision; /* of a file's stamps */
    bool progress;                   /* say how far it is, on err */
    bool has_since; /* what is earlier is left out; of a history only */
    int64_t since_ms;
    bool has_until; /* what is later is left out */
    int64_t until_ms;
    gong_effect_fn at_end; /* of every alert that is open or pending at the
                              end, or NULL; gets ctx too */
    gong_effect_fn emit;
    gong_recorded_fn recorded; /* or NULL; gets ctx too */
    gong_fault_fn fault;       /* likewise */
    void *ctx;
    FILE *err;
    bool named; /* what is wrong with lines was told before: doubts about their
                   stamps, and the first ones that are refused */
    /* What came of it. */
    struct gong_engine_stats stats;
    uint64_t refused; /* lines of a file; others have what devices sent */
    int64_t from_ms;
    int64_t to_ms;
};

/* gong_replay_run: on an error a word about it is on err: IO where path cannot
 * be read, CORRUPT or INVALID for what is in it. */
enum gong_err gong_replay_run(struct gong_replay *replay) GONG_MUST_CHECK;

#endif
