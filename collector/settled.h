/*
 * settled: what an agent says it has: the ack message of design 3.
 *
 *   {"agent":"a","journal":"...","epoch":"5f1c09e2a7b4d310","cum":1041,
 *    "ranges":[[1043,1050],[1060,1060]],"birth":"9a3c11f0",
 *    "now":1760000000123}
 *
 * Comes from the network: everything is checked. Pure but for memory.
 */
#ifndef GONG_COLLECTOR_SETTLED_H
#define GONG_COLLECTOR_SETTLED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#define GONG_SETTLED_RANGES_MAX 32
#define GONG_SETTLED_TEXT_MAX   8192

/* Transparent: plain values. Ranges lie above cum, ascend, do not overlap. */
struct gong_settled {
    uint64_t epoch;
    uint64_t cum; /* this and all below */
    struct {
        uint64_t first, last;
    } ranges[GONG_SETTLED_RANGES_MAX];
    size_t range_count;
    int64_t now_ms; /* the agent's clock */
    bool has_birth;
    uint32_t birth; /* CRC-32C of the birth that it knows; 0: none */
};

/* gong_settled_parse: GONG_ERR_INVALID where text is no ack. */
enum gong_err gong_settled_parse(struct gong_str text,
                                 struct gong_settled *out) GONG_MUST_CHECK;

bool gong_settled_has(const struct gong_settled *settled, uint64_t seq);
/* The highest number it speaks of. */
uint64_t gong_settled_highest(const struct gong_settled *settled);

#endif
