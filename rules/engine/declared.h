/*
 * declared: what devices' births say of how far apart samples lie, kept only
 * where that asks for a longer look-back than the usual one (semantics rule 5).
 *
 *   device -> measurement, look-back -> measurement, look-back -> 0
 *
 * A list is replaced as a whole by each birth. Names of measurements are kept
 * as keyed hashes: what a birth names need never be sent, so nothing else would
 * bound what the names take.
 *
 * A look-back is 2.5 times what was declared, rounded up to a second, past 68
 * minutes to 12 binary digits, so that it fits a series' spare 16 bits:
 *
 *   15       12 11            0
 *   | exponent | mantissa     |   seconds = mantissa << exponent
 *
 * More is a larger number; 0 is the usual one.
 */
#ifndef GONG_RULES_ENGINE_DECLARED_H
#define GONG_RULES_ENGINE_DECLARED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"
#include "rules/engine/arena.h"
#include "rules/engine/hash.h"

#define GONG_LOOKBACK_MS   300000 /* the usual one */
#define GONG_DECLARED_EACH 64     /* kept of one device: the first ones */

struct gong_declared {
    uint64_t measurement; /* hashed */
    uint32_t next;        /* in the free list: next free */
    uint16_t lookback;
    uint16_t used;
};

/* Transparent: embedded. */
struct gong_declareds {
    struct gong_arena arena;
    const struct gong_hash_key *key;
    uint32_t free;
};

void gong_declareds_init(struct gong_declareds *all, struct gong_budget *budget,
                         const struct gong_hash_key *key);
void gong_declareds_fini(struct gong_declareds *all);

/* gong_lookback_of: for samples so far apart; 0 where the usual one does. */
uint16_t gong_lookback_of(int64_t every_ms);

static inline int64_t
gong_lookback_ms(uint16_t lookback)
{
    return (int64_t)(lookback & 4095) * 1000 * (INT64_C(1) << (lookback >> 12));
}

/* gong_declareds_replace: makes a list of what a birth declares (presence.h's
 * `every`), in place of *list; *changed says whether it was another one. False
 * without memory: then nothing changed. */
bool gong_declareds_replace(struct gong_declareds *all, uint32_t *list,
                            struct gong_str every, bool *changed);

/* gong_declareds_find: a measurement's look-back; 0 if the list has none. */
uint16_t gong_declareds_find(const struct gong_declareds *all, uint32_t list,
                             struct gong_str measurement);

/* For what was read back: gong_declareds_claim says whether a list lies within
 * the table and shares nothing with those claimed before; gong_declareds_begin
 * comes before all of them, gong_declareds_sweep frees what none claimed. */
void gong_declareds_begin(struct gong_declareds *all);
bool gong_declareds_claim(struct gong_declareds *all, uint32_t list);
void gong_declareds_sweep(struct gong_declareds *all);

#endif
