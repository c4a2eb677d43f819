/* le: little-endian numbers in stored bytes, at any alignment. Pure. */
#ifndef GONG_COMMON_LE_H
#define GONG_COMMON_LE_H

#include <stdint.h>

static inline void
gong_le_put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static inline void
gong_le_put64(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static inline uint32_t
gong_le_get32(const uint8_t *at)
{
    uint32_t value = 0;

    for (int i = 3; i >= 0; i--) {
        value = value << 8 | at[i];
    }
    return value;
}

static inline uint64_t
gong_le_get64(const uint8_t *at)
{
    uint64_t value = 0;

    for (int i = 7; i >= 0; i--) {
        value = value << 8 | at[i];
    }
    return value;
}

#endif
