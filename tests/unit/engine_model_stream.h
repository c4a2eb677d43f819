/* engine_model_stream: random records for the engine, its twin and its model,
 * the same ones for the same seed on every machine. */
#ifndef GONG_TESTS_ENGINE_MODEL_STREAM_H
#define GONG_TESTS_ENGINE_MODEL_STREAM_H

#include "engine_model.h"

struct stream {
    struct model model;
    struct gong_engine *engine;
    struct gong_engine *twin; /* read back from a snapshot of engine or twin */
    struct gong_ruleset *set;
    struct text effects;    /* the engine's */
    struct text bytes;      /* the same, every byte of them */
    struct text twin_bytes; /* the twin's */
    struct text payload;
    struct text points;
    int64_t now;
    int64_t skews[DEVICES];
    bool blinks;  /* it is blind at times */
    bool slow;    /* samples lie far apart at times */
    bool forgets; /* so much that the engine forgets, and it does at once */
    int mute;     /* says nothing, -1: none */
    /* How many records had effects, such of darkness, only such that hide
     * something: to see that the streams say something. */
    uint64_t told;
    uint64_t unknown;
    uint64_t hid;
};

/* stream_begin: a zeroed stream; emit gets the engine's effects, with the
 * stream as its ctx. stream_end frees all of it. */
void stream_begin(struct stream *s, uint64_t seed, gong_effect_fn emit);
void stream_end(struct stream *s);

/* stream_step: one more record or reload. */
void stream_step(struct stream *s);

#endif
