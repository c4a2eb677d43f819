/*
 * lp_text: the bytes of names and strings in line protocol: which end a token,
 * how escapes are undone, what is valid UTF-8. Pure.
 */
#ifndef GONG_COMMON_LP_TEXT_H
#define GONG_COMMON_LP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "common/str.h"

/* What a byte is to a scanner; a scanner stops at any bit of its mask. */
#define GONG_LP_BYTE_NAME    1u /* space , newline carriage-return backslash */
#define GONG_LP_BYTE_EQUALS  2u
#define GONG_LP_BYTE_CONTROL 4u /* below 0x20, and 0x7f */
#define GONG_LP_BYTE_HIGH    8u /* part of a character beyond ASCII */

extern const uint8_t gong_lp_byte_class[256];

static inline bool
gong_lp_byte_is(char byte, unsigned mask)
{
    return (gong_lp_byte_class[(unsigned char)byte] & mask) != 0;
}

#if defined(__SSE2__)
/* Bit i: byte i of the 16 at p may be of a class. Certain for letters, digits,
 * - . / : ; < > and the like, which are of none; the table decides the rest. */
static inline unsigned
gong_lp_candidates(const char *p)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    const __m128i low =
        _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(',')), bytes);
    const __m128i equals = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('='));
    const __m128i slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    const __m128i high =
        _mm_or_si128(bytes, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));

    return (unsigned)_mm_movemask_epi8(
        _mm_or_si128(_mm_or_si128(low, high), _mm_or_si128(equals, slash)));
}
#endif

/* gong_lp_scan: the first byte from p on with any bit of mask, or end. Nothing
 * at or past end is read. */
static inline const char *
gong_lp_scan(const char *p, const char *end, unsigned mask)
{
#if defined(__SSE2__)
    while (end - p >= 16) {
        unsigned candidates = gong_lp_candidates(p);

        while (candidates != 0) {
            const char *at = p + __builtin_ctz(candidates);

            if (gong_lp_byte_is(*at, mask)) {
                return at;
            }
            candidates &= candidates - 1;
        }
        p += 16;
    }
#endif
    while (p < end && !gong_lp_byte_is(*p, mask)) {
        p++;
    }
    return p;
}

/* gong_lp_same: memcmp() == 0 of at least one byte, without a call for as long
 * as most names are: two loads that overlap. */
static inline bool
gong_lp_same(const char *a, const char *b, size_t len)
{
    if (len >= 4 && len <= 8) {
        uint32_t heads[2], tails[2];

        memcpy(&heads[0], a, 4);
        memcpy(&heads[1], b, 4);
        memcpy(&tails[0], a + len - 4, 4);
        memcpy(&tails[1], b + len - 4, 4);
        return heads[0] == heads[1] && tails[0] == tails[1];
    }
    if (len > 8) {
        return memcmp(a, b, len) == 0;
    }
    return a[0] == b[0] && a[len / 2] == b[len / 2] && a[len - 1] == b[len - 1];
}

/* gong_lp_utf8_next: the length of the valid UTF-8 character (shortest form, no
 * surrogates, at most U+10FFFF) at p, before end; 0 if there is none. */
size_t gong_lp_utf8_next(const char *p, const char *end);
bool gong_lp_utf8_valid(struct gong_str text);

/* gong_lp_name_unescape: undoes \, and \space (and \= with equals) of raw into
 * out, which holds raw.len bytes; returns the length. Other backslashes stay,
 * doubled ones too. */
size_t gong_lp_name_unescape(struct gong_str raw, bool equals, char *out);

/* gong_lp_string_unescape: the same for the inside of "...": \" and \\, and
 * with controls also \n \r \t. */
size_t gong_lp_string_unescape(struct gong_str raw, bool controls, char *out);

/* gong_lp_find_quote: the closing quote of a string whose inside begins at p,
 * or NULL; *escaped tells whether a backslash stands before it. */
const char *gong_lp_find_quote(const char *p, const char *end, bool *escaped);

size_t gong_lp_count_newlines(const char *p, const char *end);

/* gong_lp_bool_scan: t, T, true, True, TRUE and their opposites at *at, up to a
 * byte that ends a token; moves *at past the word. False: it is none. */
bool gong_lp_bool_scan(const char **at, const char *end, bool *out);

#endif
