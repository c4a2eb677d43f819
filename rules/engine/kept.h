/*
 * kept: what of the engine's tables stays when it forgets: for each element its
 * new number, 0: it goes. New numbers are 1, 2, 3 ... in the order of the old
 * ones, so that whatever is sorted by number stays sorted.
 */
#ifndef GONG_RULES_ENGINE_KEPT_H
#define GONG_RULES_ENGINE_KEPT_H

#include <stdint.h>

struct gong_kept {
    uint32_t *rows;
    uint32_t *series;
    uint32_t *instances;
    uint32_t *members;
    uint32_t *windows;
    uint32_t *sets;   /* label sets */
    uint8_t *symbols; /* 1: stays, under its number */
};

#endif
