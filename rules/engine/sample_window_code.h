/*
 * sample_window_code: one sample of a window in a few bytes, told from the
 * sample that came after it, so that a window is read from its newest sample
 * backwards.
 *
 *   control        time                      value
 *   | t 2 | v 6 |  0, 1, 2 or 4 bytes by t   0 to 8 bytes by v
 *
 * Time is how much the distance to the newer sample differs from the window's
 * step, zigzag. A value is, by the window's scale, either the difference of two
 * decimal numbers of so many places (v: the difference itself if it is small,
 * or its bytes, or that the double follows as it is), or the XOR of the two
 * doubles without the zero bytes around it (v: which bytes). v = RAW: both are
 * written as they are.
 *
 * A scale is taken only for what it gives back bit by bit.
 */
#ifndef GONG_RULES_ENGINE_SAMPLE_WINDOW_CODE_H
#define GONG_RULES_ENGINE_SAMPLE_WINDOW_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/sample.h"

#define GONG_SAMPLE_CODE_PLACES 9   /* decimal ones at most */
#define GONG_SAMPLE_CODE_XOR    255 /* a scale */
#define GONG_SAMPLE_CODE_MAX    17  /* bytes of one sample */

/* How a window writes its samples. Plain value. */
struct gong_sample_code {
    uint32_t step; /* ms */
    uint8_t scale; /* decimal places, or GONG_SAMPLE_CODE_XOR */
};

/* Where a reader stands: the sample that it read last. */
struct gong_sample_code_state {
    int64_t ms;
    double value;
    int64_t number; /* the value in the scale's units, 0 if it has none */
};

/* gong_sample_code_fits: whether a value has so many decimal places at most. */
bool gong_sample_code_fits(double value, uint8_t scale);

/* gong_sample_code_number: the value in the scale's units; false, and 0, where
 * it does not fit. gong_sample_code_value: back again, bit by bit. */
bool gong_sample_code_number(double value, uint8_t scale, int64_t *number);
double gong_sample_code_value(int64_t number, uint8_t scale);
/* gong_sample_code_nearest: likewise, rounded; false where it is too large. */
bool gong_sample_code_nearest(double value, uint8_t scale, int64_t *number);

/* gong_sample_code_write: older as told from newer; how many bytes it took. */
size_t gong_sample_code_write(const struct gong_sample_code *code,
                              struct gong_sample older,
                              struct gong_sample newer,
                              uint8_t out[GONG_SAMPLE_CODE_MAX]);

/* gong_sample_code_size: bytes of a sample that begins with this control byte,
 * 0 where none does. */
size_t gong_sample_code_size(uint8_t scale, uint8_t control);

/* gong_sample_code_start: a reader that stands at a window's newest sample. */
struct gong_sample_code_state
gong_sample_code_start(const struct gong_sample_code *code,
                       struct gong_sample newest);

/* gong_sample_code_next: reads one sample at at; how many bytes it took. The 7
 * bytes before at must be readable, whatever they are. */
size_t gong_sample_code_next(const struct gong_sample_code *code,
                             struct gong_sample_code_state *state,
                             const uint8_t *at);

/* gong_sample_code_read: all samples from at to end, each put before the one
 * before: returns where the last one went. */
struct gong_sample *gong_sample_code_read(const struct gong_sample_code *code,
                                          struct gong_sample_code_state *state,
                                          const uint8_t *at, const uint8_t *end,
                                          struct gong_sample *out);

#endif
