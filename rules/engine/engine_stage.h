/*
 * engine_stage: a record of samples, read and made ready:
 *
 *   decode -> staged (ms, value, series), sorted by ms
 */
#ifndef GONG_RULES_ENGINE_ENGINE_STAGE_H
#define GONG_RULES_ENGINE_ENGINE_STAGE_H

#include "rules/engine/engine_state.h"

/* A record while it is read. */
struct gong_intake {
    struct gong_batch batch;
    uint32_t device;       /* 0: past the limit */
    uint32_t row;          /* the one read last, 0 at the start */
    uint32_t expected_row; /* the one that may come next, or 0 */
    struct gong_lp_expected expected;
    struct gong_str expected_keys[GONG_ROW_EXPECTED_MAX];
    int64_t newest;
    int64_t last_ms; /* of the sample staged last */
    bool disordered;
};

/* gong_engine_stage: reads all of a record into engine->staged; the batch has
 * been opened. */
enum gong_err gong_engine_stage(struct gong_engine *engine,
                                struct gong_intake *intake) GONG_MUST_CHECK;

static inline struct gong_staged *
gong_staged_at(const struct gong_arena *staged, uint32_t i)
{
    return gong_arena_at(staged, i);
}

#endif
