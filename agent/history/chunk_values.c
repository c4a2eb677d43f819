#include "agent/history/chunk_values.h"

#include <string.h>

#include "rules/engine/sample_window_code.h"

#define PLACES     GONG_SAMPLE_CODE_PLACES
#define HOW_XOR    (UINT64_C(2) * (PLACES + 1))
#define ENOUGH     16 /* values that say whether decimals are worth a try */
#define FEW(count) ((count) / 16 + 1) /* exceptions at most */

static uint64_t
bits_of(double value)
{
    uint64_t bits = 0;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double
double_of(uint64_t bits)
{
    double value = 0;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* How many places all values have at most, but for exceptions; false where
 * these are too many. */
static bool
find_places(const double *values, size_t count, uint8_t *places)
{
    size_t exceptions = 0;
    uint8_t most = 0;

    for (size_t i = 0; i < count; i++) {
        uint8_t at = most;

        while (at <= PLACES && !gong_sample_code_fits(values[i], at)) {
            at++;
        }
        if (at <= PLACES) {
            most = at;
        } else if (++exceptions > FEW(i < ENOUGH ? ENOUGH : i)) {
            return false;
        }
    }
    *places = most;
    return true;
}

/* The numbers, an exception as the one before it; how many exceptions. */
static size_t
make_numbers(const double *values, size_t count, uint8_t places, int64_t *out)
{
    size_t exceptions = 0;
    int64_t before = 0;

    for (size_t i = 0; i < count; i++) {
        if (gong_sample_code_number(values[i], places, &out[i])) {
            before = out[i];
        } else {
            out[i] = before;
            exceptions++;
        }
    }
    return exceptions;
}

static unsigned
bits_needed(uint64_t number)
{
    return number == 0 ? 0 : 64 - (unsigned)__builtin_clzll(number);
}

static int64_t
least_of(const int64_t *numbers, size_t count)
{
    int64_t least = numbers[0];

    for (size_t i = 1; i < count; i++) {
        least = numbers[i] < least ? numbers[i] : least;
    }
    return least;
}

/* Whether differences take fewer bits in all than distances from the least. */
static bool
differences_are_smaller(const int64_t *numbers, size_t count, int64_t least)
{
    uint64_t differences = 0;
    uint64_t distances = 0;

    for (size_t i = 1; i < count; i++) {
        differences += bits_needed(gong_zigzag(numbers[i] - numbers[i - 1]));
        distances += bits_needed((uint64_t)(numbers[i] - least));
    }
    return differences < distances;
}

static enum gong_err
put_exceptions(struct gong_frame *frame, const double *values, size_t count,
               uint8_t places)
{
    enum gong_err err = GONG_OK;
    size_t last = 0;

    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        if (gong_sample_code_fits(values[i], places)) {
            continue;
        }
        err = gong_frame_put(frame, i - last);
        if (err == GONG_OK) {
            err = gong_frame_put(frame, bits_of(values[i]));
        }
        last = i;
    }
    return err;
}

/* A column's decimals; numbers are there. */
struct decimals {
    uint8_t places;
    size_t exceptions;
};

static enum gong_err
put_decimals(struct gong_frame *frame, const struct decimals *how,
             const double *values, uint64_t *numbers, size_t count)
{
    int64_t *decimals = (int64_t *)numbers; /* signed ones, in place */
    int64_t least = least_of(decimals, count);
    bool differences = differences_are_smaller(decimals, count, least);
    int64_t base = differences ? decimals[0] : least;
    enum gong_err err = gong_frame_put(frame, 2 * (unsigned)how->places +
                                                  (differences ? 1u : 0u));

    if (err == GONG_OK) {
        err = gong_frame_put(frame, how->exceptions);
    }
    if (err == GONG_OK && how->exceptions > 0) {
        err = put_exceptions(frame, values, count, how->places);
    }
    if (err == GONG_OK) {
        err = gong_frame_put(frame, gong_zigzag(base));
    }
    if (err != GONG_OK) {
        return err;
    }
    for (size_t i = count; i-- > 0;) {
        int64_t from = !differences ? base
                       : i == 0     ? decimals[0]
                                    : decimals[i - 1];
        int64_t distance = decimals[i] - from;

        numbers[i] = differences ? gong_zigzag(distance) : (uint64_t)distance;
    }
    return gong_frame_put_column(frame, numbers + (differences ? 1 : 0),
                                 count - (differences ? 1 : 0));
}

static enum gong_err
put_xor(struct gong_frame *frame, const double *values, uint64_t *numbers,
        size_t count)
{
    enum gong_err err = gong_frame_put(frame, HOW_XOR);

    if (err == GONG_OK) {
        err = gong_frame_put(frame, bits_of(values[0]));
    }
    for (size_t i = 1; i < count; i++) {
        numbers[i] = bits_of(values[i]) ^ bits_of(values[i - 1]);
    }
    return err == GONG_OK ? gong_frame_put_column(frame, numbers + 1, count - 1)
                          : err;
}

enum gong_err
gong_values_put(struct gong_frame *frame, const double *values,
                uint64_t *numbers, size_t count)
{
    struct decimals how = {0};

    if (find_places(values, count, &how.places)) {
        /* What has few places may be too large for many. */
        how.exceptions =
            make_numbers(values, count, how.places, (int64_t *)numbers);
        if (how.exceptions <= FEW(count < ENOUGH ? ENOUGH : count)) {
            return put_decimals(frame, &how, values, numbers, count);
        }
    }
    return put_xor(frame, values, numbers, count);
}

static bool
get_exceptions(struct gong_frame *frame, double *values, size_t count,
               uint64_t exceptions)
{
    uint64_t at = 0;

    for (uint64_t i = 0; i < exceptions; i++) {
        uint64_t step = 0;
        uint64_t bits = 0;

        if (!gong_frame_get(frame, &step) || !gong_frame_get(frame, &bits) ||
            step >= count - at) {
            return false;
        }
        at += step;
        values[at] = double_of(bits);
    }
    return true;
}

/* Exceptions stand before the numbers: they are read twice. */
static bool
get_decimals(struct gong_frame *frame, double *values, uint64_t *numbers,
             size_t count, uint64_t how)
{
    uint8_t places = (uint8_t)(how / 2);
    size_t first = how % 2;
    struct gong_str exceptions;
    struct gong_str after;
    uint64_t exception_count = 0;
    uint64_t base = 0;
    uint64_t number = 0;

    if (!gong_frame_get(frame, &exception_count) || exception_count > count) {
        return false;
    }
    exceptions = frame->left;
    if (!get_exceptions(frame, values, count, exception_count) ||
        !gong_frame_get(frame, &base) ||
        !gong_frame_get_column(frame, numbers + first, count - first)) {
        return false;
    }
    number = (uint64_t)gong_unzigzag(base);
    for (size_t i = 0; i < count; i++) {
        if (first == 1 && i > 0) {
            number += (uint64_t)gong_unzigzag(numbers[i]);
        }
        values[i] = gong_sample_code_value(
            (int64_t)(first == 1 ? number : number + numbers[i]), places);
    }
    after = frame->left;
    frame->left = exceptions;
    if (!get_exceptions(frame, values, count, exception_count)) {
        return false;
    }
    frame->left = after;
    return true;
}

static bool
get_xor(struct gong_frame *frame, double *values, uint64_t *numbers,
        size_t count)
{
    uint64_t bits = 0;

    if (!gong_frame_get(frame, &bits) ||
        !gong_frame_get_column(frame, numbers + 1, count - 1)) {
        return false;
    }
    values[0] = double_of(bits);
    for (size_t i = 1; i < count; i++) {
        bits ^= numbers[i];
        values[i] = double_of(bits);
    }
    return true;
}

bool
gong_values_get(struct gong_frame *frame, double *values, uint64_t *numbers,
                size_t count)
{
    uint64_t how = 0;

    if (!gong_frame_get(frame, &how) || how > HOW_XOR) {
        return false;
    }
    return how == HOW_XOR ? get_xor(frame, values, numbers, count)
                          : get_decimals(frame, values, numbers, count, how);
}
