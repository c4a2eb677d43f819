#include "rules/engine/sample_window_code.h"

#include <math.h>
#include <string.h>

#include "common/le.h"

/* v of decimal numbers */
#define SMALL   48 /* below: the difference itself, zigzag */
#define DOUBLE  56 /* the double; SMALL to this: 1 to 8 bytes */
#define RAW     57 /* 8 bytes of time and the double; of both kinds */
#define LARGEST 4503599627370496.0

/* v of XOR: a place in the table below; the first one: equal. */
#define PAIRS 37

static const double tens[GONG_SAMPLE_CODE_PLACES + 1] = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
static const uint8_t time_bytes[4] = {0, 1, 2, 4};
static const uint8_t value_bytes[64] = {
    [SMALL] = 1,     [SMALL + 1] = 2, [SMALL + 2] = 3,
    [SMALL + 3] = 4, [SMALL + 4] = 5, [SMALL + 5] = 6,
    [SMALL + 6] = 7, [SMALL + 7] = 8, [DOUBLE] = 8};

/* How many bytes are written, and how many zero bytes stood below them. */
static const struct {
    uint8_t len;
    uint8_t below;
} pairs[PAIRS] = {
    {0, 0}, {1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}, {1, 6},
    {1, 7}, {2, 0}, {2, 1}, {2, 2}, {2, 3}, {2, 4}, {2, 5}, {2, 6},
    {3, 0}, {3, 1}, {3, 2}, {3, 3}, {3, 4}, {3, 5}, {4, 0}, {4, 1},
    {4, 2}, {4, 3}, {4, 4}, {5, 0}, {5, 1}, {5, 2}, {5, 3}, {6, 0},
    {6, 1}, {6, 2}, {7, 0}, {7, 1}, {8, 0},
};

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

static uint64_t
zigzag(int64_t n)
{
    return ((uint64_t)n << 1) ^ (n < 0 ? UINT64_MAX : 0);
}

static int64_t
unzigzag(uint64_t n)
{
    return (int64_t)((n >> 1) ^ (UINT64_C(0) - (n & 1)));
}

static inline uint64_t
load(const uint8_t *at)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t number = 0;

    memcpy(&number, at, sizeof number);
    return number;
#else
    return gong_le_get64(at);
#endif
}

/* The len bytes that end before end: what stands before them is shifted out, in
 * two steps, as none may be of 64. */
static inline uint64_t
bytes_before(const uint8_t *end, size_t len)
{
    size_t half = 32 - 4 * len;

    return load(end - 8) >> half >> half;
}

/* len bytes that count; eight are written, for which there is always room. */
static inline size_t
put(uint8_t *at, uint64_t number, size_t len)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(at, &number, sizeof number);
#else
    gong_le_put64(at, number);
#endif
    return len;
}

static inline bool
nearest(double value, uint8_t scale, int64_t *number)
{
    double x = value * tens[scale];

    *number = 0;
    if (!(x < LARGEST && x > -LARGEST)) {
        return false;
    }
    *number = (int64_t)(x < 0 ? x - 0.5 : x + 0.5);
    return true;
}

static bool
scaled(double value, uint8_t scale, int64_t *number)
{
    if (!nearest(value, scale, number)) {
        return false;
    }
    if (bits_of((double)*number / tens[scale]) != bits_of(value)) {
        *number = 0;
        return false;
    }
    return true;
}

bool
gong_sample_code_nearest(double value, uint8_t scale, int64_t *number)
{
    return nearest(value, scale, number);
}

bool
gong_sample_code_number(double value, uint8_t scale, int64_t *number)
{
    return scaled(value, scale, number);
}

double
gong_sample_code_value(int64_t number, uint8_t scale)
{
    return (double)number / tens[scale];
}

bool
gong_sample_code_fits(double value, uint8_t scale)
{
    int64_t number = 0;

    return scaled(value, scale, &number);
}

/* How many bytes a number that is not 0 needs. */
static size_t
bytes_of(uint64_t number)
{
    return (71 - (size_t)__builtin_clzll(number)) / 8;
}

static size_t
write_decimal(const struct gong_sample_code *code, double older, double newer,
              uint8_t *control, uint8_t *out)
{
    int64_t from = 0;
    int64_t to = 0;
    uint64_t difference = 0;
    size_t len = 0;

    (void)scaled(newer, code->scale, &from);
    if (!scaled(older, code->scale, &to)) {
        *control |= DOUBLE;
        return put(out, bits_of(older), 8);
    }
    difference = zigzag(from - to);
    if (difference < SMALL) {
        *control |= (uint8_t)difference;
        return 0;
    }
    len = bytes_of(difference);
    *control |= (uint8_t)(SMALL + len - 1);
    return put(out, difference, len);
}

static size_t
write_xor(double older, double newer, uint8_t *control, uint8_t *out)
{
    uint64_t x = bits_of(older) ^ bits_of(newer);
    unsigned below = 0;
    size_t len = 0;

    if (x == 0) {
        return 0;
    }
    while ((x & 255) == 0) {
        x >>= 8;
        below++;
    }
    len = bytes_of(x);
    for (uint8_t i = 0; i < PAIRS; i++) {
        if (pairs[i].len == len && pairs[i].below == below) {
            *control |= i;
        }
    }
    return put(out, x, len);
}

size_t
gong_sample_code_write(const struct gong_sample_code *code,
                       struct gong_sample older, struct gong_sample newer,
                       uint8_t out[GONG_SAMPLE_CODE_MAX])
{
    uint64_t distance = (uint64_t)newer.ms - (uint64_t)older.ms;
    uint64_t time = zigzag((int64_t)(distance - code->step));
    unsigned kind = time == 0            ? 0
                    : time <= UINT8_MAX  ? 1
                    : time <= UINT16_MAX ? 2
                                         : 3;
    size_t len = 1;

    if (time > UINT32_MAX) {
        out[0] = RAW;
        len += put(out + len, distance, 8);
        return len + put(out + len, bits_of(older.value), 8);
    }
    out[0] = (uint8_t)(kind << 6);
    len += put(out + len, time, time_bytes[kind]);
    return len + (code->scale == GONG_SAMPLE_CODE_XOR
                      ? write_xor(older.value, newer.value, &out[0], out + len)
                      : write_decimal(code, older.value, newer.value, &out[0],
                                      out + len));
}

size_t
gong_sample_code_size(uint8_t scale, uint8_t control)
{
    size_t v = control & 63;
    size_t len = 1u + time_bytes[control >> 6];

    if (v == RAW) {
        return control == RAW ? 17 : 0;
    }
    if (scale == GONG_SAMPLE_CODE_XOR) {
        return v < PAIRS ? len + pairs[v].len : 0;
    }
    return v > DOUBLE ? 0 : len + value_bytes[v];
}

struct gong_sample_code_state
gong_sample_code_start(const struct gong_sample_code *code,
                       struct gong_sample newest)
{
    struct gong_sample_code_state state = {.ms = newest.ms,
                                           .value = newest.value};

    if (code->scale != GONG_SAMPLE_CODE_XOR) {
        (void)scaled(newest.value, code->scale, &state.number);
    }
    return state;
}

static size_t
next_raw(const struct gong_sample_code *code,
         struct gong_sample_code_state *state, const uint8_t *at)
{
    struct gong_sample sample = {
        (int64_t)((uint64_t)state->ms - load(at + 1)),
        double_of(load(at + 9)),
    };

    *state = gong_sample_code_start(code, sample);
    return 17;
}

/* Back by the step and what differs; where the time ends. */
static inline const uint8_t *
next_time(const struct gong_sample_code *code,
          struct gong_sample_code_state *state, const uint8_t *at)
{
    size_t len = time_bytes[*at >> 6];
    const uint8_t *end = at + 1 + len;

    state->ms = (int64_t)((uint64_t)state->ms - code->step -
                          (uint64_t)unzigzag(bytes_before(end, len)));
    return end;
}

static inline size_t
next_decimal(const struct gong_sample_code *code,
             struct gong_sample_code_state *state, const uint8_t *at)
{
    unsigned v = *at & 63;
    size_t len = value_bytes[v];
    const uint8_t *end = NULL;
    uint64_t difference = 0;

    if (v == RAW) {
        return next_raw(code, state, at);
    }
    end = next_time(code, state, at) + len;
    difference = bytes_before(end, len) + (v < SMALL ? v : 0);
    if (v == DOUBLE) {
        state->number = 0;
        state->value = double_of(difference);
        return (size_t)(end - at);
    }
    state->number =
        (int64_t)((uint64_t)state->number - (uint64_t)unzigzag(difference));
    state->value = (double)state->number / tens[code->scale];
    return (size_t)(end - at);
}

static inline size_t
next_xor(const struct gong_sample_code *code,
         struct gong_sample_code_state *state, const uint8_t *at)
{
    unsigned v = *at & 63;
    const uint8_t *end = NULL;

    if (v == RAW) {
        return next_raw(code, state, at);
    }
    end = next_time(code, state, at) + pairs[v].len;
    state->value =
        double_of(bits_of(state->value) ^ bytes_before(end, pairs[v].len)
                                              << (8 * pairs[v].below));
    return (size_t)(end - at);
}

/* One loop for each kind: a window is read at every evaluation. */
struct gong_sample *
gong_sample_code_read(const struct gong_sample_code *code,
                      struct gong_sample_code_state *state, const uint8_t *at,
                      const uint8_t *end, struct gong_sample *out)
{
    const struct gong_sample_code fixed = *code;
    struct gong_sample_code_state now = *state;

    if (fixed.scale == GONG_SAMPLE_CODE_XOR) {
        while (at < end) {
            at += next_xor(&fixed, &now, at);
            *--out = (struct gong_sample){now.ms, now.value};
        }
    } else {
        while (at < end) {
            at += next_decimal(&fixed, &now, at);
            *--out = (struct gong_sample){now.ms, now.value};
        }
    }
    *state = now;
    return out;
}

size_t
gong_sample_code_next(const struct gong_sample_code *code,
                      struct gong_sample_code_state *state, const uint8_t *at)
{
    size_t len = gong_sample_code_size(code->scale, *at);
    struct gong_sample one;

    (void)gong_sample_code_read(code, state, at, at + len, &one + 1);
    return len;
}
