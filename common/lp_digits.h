/*
 * lp_digits: decimal digits, eight at a time. Pure; for lp_number.
 *
 *   text   2  1  .  3  0  ,  l  u       the first byte in the lowest bits
 *   word   02 01 1e 03 00 1c 5c 45      text XOR '0's
 *   others        80       80 80 80     no digits
 */
#ifndef GONG_COMMON_LP_DIGITS_H
#define GONG_COMMON_LP_DIGITS_H

#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/le.h"

static inline uint64_t
gong_lp_digits_load(const char *p)
{
    return gong_le_get64((const uint8_t *)p) ^ UINT64_C(0x3030303030303030);
}

/* The top bit of each byte of a word that is no digit. */
static inline uint64_t
gong_lp_digits_others(uint64_t word)
{
    const uint64_t tops = UINT64_C(0x8080808080808080);

    return (((word & ~tops) + UINT64_C(0x7676767676767676)) | word) & tops;
}

/* How many bytes stand before the first of others, which are not 0. */
static inline unsigned
gong_lp_digits_before(uint64_t others)
{
    return (unsigned)__builtin_ctzll(others) / 8;
}

/* The number that the first count digits of a word are, 1 to 8: they move to
 * its end, zeros before them; then each step joins neighbours, 8 x 1 -> 4 x 2
 * -> 2 x 4 -> 1 x 8. */
static inline uint64_t
gong_lp_digits_join(uint64_t word, unsigned count)
{
    word <<= 64 - 8 * count;
    word = (word * 10 + (word >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    word = (word * 100 + (word >> 16)) & UINT64_C(0x0000ffff0000ffff);
    return (word * 10000 + (word >> 32)) & UINT32_MAX;
}

/*
 * gong_lp_digits_short: the usual reading, all at once: seven digits at most, a
 * point among them or none, and what ends a value, in the eight bytes at p or
 * behind its sign. Where it ends; NULL where it is anything else.
 *
 * Digits and power of ten are exact, so one division rounds once (Clinger).
 */
static inline const char *
gong_lp_digits_short(const char *p, const char *end, double *out)
{
    static const double power_of_ten[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    bool negative = false;
    uint64_t word, others;
    unsigned whole, stop, behind;
    double number;

    if (FLT_EVAL_METHOD != 0 || end - p < 9) {
        return NULL;
    }
    if (*p == '-') {
        negative = true;
        p++;
    }
    word = gong_lp_digits_load(p);
    others = gong_lp_digits_others(word);
    if (others == 0) {
        return NULL;
    }
    whole = gong_lp_digits_before(others);
    stop = whole;
    behind = 0;
    if (p[whole] == '.') {
        const uint64_t head = others ^ (others - 1); /* as far as the point */

        others &= others - 1;
        if (others == 0) {
            return NULL;
        }
        stop = gong_lp_digits_before(others);
        behind = stop - whole - 1;
        /* Closes the gap of the point. */
        word = (word << 8 & head) | (word & ~head);
    }
    if (whole + behind == 0 || (p[stop] != ',' && p[stop] != ' ')) {
        return NULL;
    }
    number = (double)gong_lp_digits_join(word, stop) / power_of_ten[behind];
    *out = negative ? -number : number;
    return p + stop;
}

#endif
