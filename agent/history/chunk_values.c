#include "agent/history/chunk_values.h"

#include <string.h>

#include "rules/engine/sample_window_code.h"

#define PLACES     GONG_SAMPLE_CODE_PLACES
#define HOW_XOR    (UINT64_C(2) * (PLACES + 1))
#define HOW_NEAR   (HOW_XOR + 1)
#define HOWS       (HOW_NEAR + HOW_XOR)
#define NEAR       UINT64_C(4)        /* doubles between it and a decimal */
#define NEAR_MAX   (INT64_C(1) << 44) /* above, any double may be near one */
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

/* How a column's values are decimals. */
struct decimals {
    bool near;
    uint8_t most; /* places that are looked for */
    uint8_t places;
    size_t exceptions;
};

static bool
is_small(int64_t number)
{
    return number < NEAR_MAX && number > -NEAR_MAX;
}

/* The number of the decimal that a value is, or lies near; 0 and false where
 * there is none. above: how many doubles above it. */
static bool
number_of(const struct decimals *how, double value, int64_t *number,
          int64_t *above)
{
    uint64_t distance = 0;

    *above = 0;
    if (!how->near) {
        return gong_sample_code_number(value, how->places, number);
    }
    if (gong_sample_code_nearest(value, how->places, number) &&
        is_small(*number)) {
        distance = bits_of(value) -
                   bits_of(gong_sample_code_value(*number, how->places));
        if (distance + NEAR <= 2 * NEAR) {
            *above = (int64_t)distance;
            return true;
        }
    }
    *number = 0;
    return false;
}

/* How many places all values have at most, but for exceptions; false where
 * these are too many: of those up to there. */
static bool
find_places(const double *values, size_t count, struct decimals *how)
{
    struct decimals try = *how;
    size_t exceptions = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t number = 0;
        int64_t above = 0;

        try.places = how->places;
        while (try.places <= try.most &&
               !number_of(&try, values[i], &number, &above)) {
            try.places++;
        }
        if (try.places <= try.most) {
            how->places = try.places;
        } else if (++exceptions > FEW(i < ENOUGH ? ENOUGH : i)) {
            return false;
        }
    }
    return true;
}

/* The numbers, an exception as the one before it. */
static void
make_numbers(const double *values, size_t count, struct decimals *how,
             int64_t *out)
{
    int64_t before = 0;
    int64_t above = 0;

    how->exceptions = 0;
    for (size_t i = 0; i < count; i++) {
        if (number_of(how, values[i], &out[i], &above)) {
            before = out[i];
        } else {
            out[i] = before;
            how->exceptions++;
        }
    }
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
put_exceptions(struct gong_frame *frame, const struct decimals *how,
               const double *values, size_t count)
{
    enum gong_err err = GONG_OK;
    size_t last = 0;

    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        int64_t number = 0;
        int64_t above = 0;

        if (number_of(how, values[i], &number, &above)) {
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

static enum gong_err
put_above(struct gong_frame *frame, const struct decimals *how,
          const double *values, uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t number = 0;
        int64_t above = 0;

        (void)number_of(how, values[i], &number, &above);
        numbers[i] = gong_zigzag(above);
    }
    return gong_frame_put_column(frame, numbers, count);
}

/* The numbers are made. */
static enum gong_err
put_decimals(struct gong_frame *frame, const struct decimals *how,
             const double *values, uint64_t *numbers, size_t count)
{
    int64_t *decimals = (int64_t *)numbers; /* signed ones, in place */
    int64_t least = least_of(decimals, count);
    bool differences = differences_are_smaller(decimals, count, least);
    int64_t base = differences ? decimals[0] : least;
    enum gong_err err = gong_frame_put(frame, (how->near ? HOW_NEAR : 0) +
                                                  UINT64_C(2) * how->places +
                                                  (differences ? 1 : 0));

    if (err == GONG_OK) {
        err = gong_frame_put(frame, how->exceptions);
    }
    if (err == GONG_OK && how->exceptions > 0) {
        err = put_exceptions(frame, how, values, count);
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
    err = gong_frame_put_column(frame, numbers + (differences ? 1 : 0),
                                count - (differences ? 1 : 0));
    return err == GONG_OK && how->near
               ? put_above(frame, how, values, numbers, count)
               : err;
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

/* The numbers, with few exceptions. What has few places may be too large for
 * many: then it is those of many that are the exceptions. */
static bool
find_decimals(const double *values, size_t count, struct decimals *how,
              int64_t *numbers)
{
    for (how->most = PLACES;; how->most = (uint8_t)(how->places - 1)) {
        how->places = 0;
        if (find_places(values, count, how)) {
            make_numbers(values, count, how, numbers);
            if (how->exceptions <= FEW(count < ENOUGH ? ENOUGH : count)) {
                return true;
            }
        }
        if (how->places == 0) {
            return false;
        }
    }
}

enum gong_err
gong_values_put(struct gong_frame *frame, const double *values,
                uint64_t *numbers, size_t count)
{
    struct decimals exact = {.near = false};
    struct decimals near = {.near = true};

    if (find_decimals(values, count, &exact, (int64_t *)numbers)) {
        return put_decimals(frame, &exact, values, numbers, count);
    }
    if (find_decimals(values, count, &near, (int64_t *)numbers)) {
        return put_decimals(frame, &near, values, numbers, count);
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

static bool
get_above(struct gong_frame *frame, double *values, uint64_t *numbers,
          size_t count)
{
    if (!gong_frame_get_column(frame, numbers, count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        values[i] =
            double_of(bits_of(values[i]) + (uint64_t)gong_unzigzag(numbers[i]));
    }
    return true;
}

/* Exceptions stand before the numbers: they are read twice. */
static bool
get_decimals(struct gong_frame *frame, double *values, uint64_t *numbers,
             size_t count, uint64_t how)
{
    bool near = how >= HOW_NEAR;
    uint8_t places = (uint8_t)((near ? how - HOW_NEAR : how) / 2);
    size_t first = (near ? how - HOW_NEAR : how) % 2;
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
    if (near && !get_above(frame, values, numbers, count)) {
        return false;
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

    if (!gong_frame_get(frame, &how) || how >= HOWS) {
        return false;
    }
    return how == HOW_XOR ? get_xor(frame, values, numbers, count)
                          : get_decimals(frame, values, numbers, count, how);
}
