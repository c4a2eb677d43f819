#include "common/lp_number.h"

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "common/lp_digits.h"

#define POWER_MIN     (-64)
#define POWER_MAX     64
#define EXACT_DIGITS  19 /* always fit 64 bits */
#define EXPONENT_MAX  1000000
#define MANTISSA_BITS 52

/* A number taken apart: digits with the point left out, and where it stood. */
struct decimal {
    bool negative;
    const char *digits; /* first digit or point */
    const char *digits_end;
    size_t count;      /* of digits, zeros included */
    uint64_t mantissa; /* of all digits, modulo 2^64 */
    int64_t exponent;  /* of ten */
};

/* 5^(POWER_MIN + i), scaled so that the top bit is set, in 128 bits: rounded up
 * from 5^-27 to 5^-1, else down. */
static const struct {
    uint64_t high;
    uint64_t low;
} power_of_five[POWER_MAX - POWER_MIN + 1] = {
    {0xa87fea27a539e9a5, 0x3f2398d747b36224},
    {0xd29fe4b18e88640e, 0x8eec7f0d19a03aad},
    {0x83a3eeeef9153e89, 0x1953cf68300424ac},
    {0xa48ceaaab75a8e2b, 0x5fa8c3423c052dd7},
    {0xcdb02555653131b6, 0x3792f412cb06794d},
    {0x808e17555f3ebf11, 0xe2bbd88bbee40bd0},
    {0xa0b19d2ab70e6ed6, 0x5b6aceaeae9d0ec4},
    {0xc8de047564d20a8b, 0xf245825a5a445275},
    {0xfb158592be068d2e, 0xeed6e2f0f0d56712},
    {0x9ced737bb6c4183d, 0x55464dd69685606b},
    {0xc428d05aa4751e4c, 0xaa97e14c3c26b886},
    {0xf53304714d9265df, 0xd53dd99f4b3066a8},
    {0x993fe2c6d07b7fab, 0xe546a8038efe4029},
    {0xbf8fdb78849a5f96, 0xde98520472bdd033},
    {0xef73d256a5c0f77c, 0x963e66858f6d4440},
    {0x95a8637627989aad, 0xdde7001379a44aa8},
    {0xbb127c53b17ec159, 0x5560c018580d5d52},
    {0xe9d71b689dde71af, 0xaab8f01e6e10b4a6},
    {0x9226712162ab070d, 0xcab3961304ca70e8},
    {0xb6b00d69bb55c8d1, 0x3d607b97c5fd0d22},
    {0xe45c10c42a2b3b05, 0x8cb89a7db77c506a},
    {0x8eb98a7a9a5b04e3, 0x77f3608e92adb242},
    {0xb267ed1940f1c61c, 0x55f038b237591ed3},
    {0xdf01e85f912e37a3, 0x6b6c46dec52f6688},
    {0x8b61313bbabce2c6, 0x2323ac4b3b3da015},
    {0xae397d8aa96c1b77, 0xabec975e0a0d081a},
    {0xd9c7dced53c72255, 0x96e7bd358c904a21},
    {0x881cea14545c7575, 0x7e50d64177da2e54},
    {0xaa242499697392d2, 0xdde50bd1d5d0b9e9},
    {0xd4ad2dbfc3d07787, 0x955e4ec64b44e864},
    {0x84ec3c97da624ab4, 0xbd5af13bef0b113e},
    {0xa6274bbdd0fadd61, 0xecb1ad8aeacdd58e},
    {0xcfb11ead453994ba, 0x67de18eda5814af2},
    {0x81ceb32c4b43fcf4, 0x80eacf948770ced7},
    {0xa2425ff75e14fc31, 0xa1258379a94d028d},
    {0xcad2f7f5359a3b3e, 0x096ee45813a04330},
    {0xfd87b5f28300ca0d, 0x8bca9d6e188853fc},
    {0x9e74d1b791e07e48, 0x775ea264cf55347e},
    {0xc612062576589dda, 0x95364afe032a819e},
    {0xf79687aed3eec551, 0x3a83ddbd83f52205},
    {0x9abe14cd44753b52, 0xc4926a9672793543},
    {0xc16d9a0095928a27, 0x75b7053c0f178294},
    {0xf1c90080baf72cb1, 0x5324c68b12dd6339},
    {0x971da05074da7bee, 0xd3f6fc16ebca5e04},
    {0xbce5086492111aea, 0x88f4bb1ca6bcf585},
    {0xec1e4a7db69561a5, 0x2b31e9e3d06c32e6},
    {0x9392ee8e921d5d07, 0x3aff322e62439fd0},
    {0xb877aa3236a4b449, 0x09befeb9fad487c3},
    {0xe69594bec44de15b, 0x4c2ebe687989a9b4},
    {0x901d7cf73ab0acd9, 0x0f9d37014bf60a11},
    {0xb424dc35095cd80f, 0x538484c19ef38c95},
    {0xe12e13424bb40e13, 0x2865a5f206b06fba},
    {0x8cbccc096f5088cb, 0xf93f87b7442e45d4},
    {0xafebff0bcb24aafe, 0xf78f69a51539d749},
    {0xdbe6fecebdedd5be, 0xb573440e5a884d1c},
    {0x89705f4136b4a597, 0x31680a88f8953031},
    {0xabcc77118461cefc, 0xfdc20d2b36ba7c3e},
    {0xd6bf94d5e57a42bc, 0x3d32907604691b4d},
    {0x8637bd05af6c69b5, 0xa63f9a49c2c1b110},
    {0xa7c5ac471b478423, 0x0fcf80dc33721d54},
    {0xd1b71758e219652b, 0xd3c36113404ea4a9},
    {0x83126e978d4fdf3b, 0x645a1cac083126ea},
    {0xa3d70a3d70a3d70a, 0x3d70a3d70a3d70a4},
    {0xcccccccccccccccc, 0xcccccccccccccccd},
    {0x8000000000000000, 0x0000000000000000},
    {0xa000000000000000, 0x0000000000000000},
    {0xc800000000000000, 0x0000000000000000},
    {0xfa00000000000000, 0x0000000000000000},
    {0x9c40000000000000, 0x0000000000000000},
    {0xc350000000000000, 0x0000000000000000},
    {0xf424000000000000, 0x0000000000000000},
    {0x9896800000000000, 0x0000000000000000},
    {0xbebc200000000000, 0x0000000000000000},
    {0xee6b280000000000, 0x0000000000000000},
    {0x9502f90000000000, 0x0000000000000000},
    {0xba43b74000000000, 0x0000000000000000},
    {0xe8d4a51000000000, 0x0000000000000000},
    {0x9184e72a00000000, 0x0000000000000000},
    {0xb5e620f480000000, 0x0000000000000000},
    {0xe35fa931a0000000, 0x0000000000000000},
    {0x8e1bc9bf04000000, 0x0000000000000000},
    {0xb1a2bc2ec5000000, 0x0000000000000000},
    {0xde0b6b3a76400000, 0x0000000000000000},
    {0x8ac7230489e80000, 0x0000000000000000},
    {0xad78ebc5ac620000, 0x0000000000000000},
    {0xd8d726b7177a8000, 0x0000000000000000},
    {0x878678326eac9000, 0x0000000000000000},
    {0xa968163f0a57b400, 0x0000000000000000},
    {0xd3c21bcecceda100, 0x0000000000000000},
    {0x84595161401484a0, 0x0000000000000000},
    {0xa56fa5b99019a5c8, 0x0000000000000000},
    {0xcecb8f27f4200f3a, 0x0000000000000000},
    {0x813f3978f8940984, 0x4000000000000000},
    {0xa18f07d736b90be5, 0x5000000000000000},
    {0xc9f2c9cd04674ede, 0xa400000000000000},
    {0xfc6f7c4045812296, 0x4d00000000000000},
    {0x9dc5ada82b70b59d, 0xf020000000000000},
    {0xc5371912364ce305, 0x6c28000000000000},
    {0xf684df56c3e01bc6, 0xc732000000000000},
    {0x9a130b963a6c115c, 0x3c7f400000000000},
    {0xc097ce7bc90715b3, 0x4b9f100000000000},
    {0xf0bdc21abb48db20, 0x1e86d40000000000},
    {0x96769950b50d88f4, 0x1314448000000000},
    {0xbc143fa4e250eb31, 0x17d955a000000000},
    {0xeb194f8e1ae525fd, 0x5dcfab0800000000},
    {0x92efd1b8d0cf37be, 0x5aa1cae500000000},
    {0xb7abc627050305ad, 0xf14a3d9e40000000},
    {0xe596b7b0c643c719, 0x6d9ccd05d0000000},
    {0x8f7e32ce7bea5c6f, 0xe4820023a2000000},
    {0xb35dbf821ae4f38b, 0xdda2802c8a800000},
    {0xe0352f62a19e306e, 0xd50b2037ad200000},
    {0x8c213d9da502de45, 0x4526f422cc340000},
    {0xaf298d050e4395d6, 0x9670b12b7f410000},
    {0xdaf3f04651d47b4c, 0x3c0cdd765f114000},
    {0x88d8762bf324cd0f, 0xa5880a69fb6ac800},
    {0xab0e93b6efee0053, 0x8eea0d047a457a00},
    {0xd5d238a4abe98068, 0x72a4904598d6d880},
    {0x85a36366eb71f041, 0x47a6da2b7f864750},
    {0xa70c3c40a64e6c51, 0x999090b65f67d924},
    {0xd0cf4b50cfe20765, 0xfff4b4e3f741cf6d},
    {0x82818f1281ed449f, 0xbff8f10e7a8921a4},
    {0xa321f2d7226895c7, 0xaff72d52192b6a0d},
    {0xcbea6f8ceb02bb39, 0x9bf4f8a69f764490},
    {0xfee50b7025c36a08, 0x02f236d04753d5b4},
    {0x9f4f2726179a2245, 0x01d762422c946590},
    {0xc722f0ef9d80aad6, 0x424d3ad2b7b97ef5},
    {0xf8ebad2b84e0d58b, 0xd2e0898765a7deb2},
    {0x9b934c3b330c8577, 0x63cc55f49f88eb2f},
    {0xc2781f49ffcfa6d5, 0x3cbf6b71c76b25fb},
};

struct product {
    uint64_t high;
    uint64_t low;
};

static struct product
multiply(uint64_t a, uint64_t b)
{
    const uint64_t half = 0xffffffff;
    uint64_t low = (a & half) * (b & half);
    uint64_t cross = (a >> 32) * (b & half) + (low >> 32);
    uint64_t other = (a & half) * (b >> 32) + (cross & half);

    return (struct product){(a >> 32) * (b >> 32) + (cross >> 32) +
                                (other >> 32),
                            other << 32 | (low & half)};
}

/*
 * mantissa * 10^power, correctly rounded; the Eisel-Lemire method. mantissa is
 * not 0, power lies in the table, so neither overflow nor a subnormal can be:
 * 1e-64 and 1.9e19 * 1e64 are both normal.
 *
 *   mantissa, top bit set   x   5^power, 128 bits   ->  product, top 64 bits
 *   |<------- 52 + implied + 1 rounding bit, and 9 or 10 below it ------->|
 *
 * The low half of the power is only multiplied in where the bits below the
 * rounding bit are all ones, so that a carry could still arrive.
 */
static double
scale_exact(uint64_t mantissa, int power)
{
    const int below = 64 - MANTISSA_BITS - 3;
    int zeros = __builtin_clzll(mantissa);
    size_t row = (size_t)(power - POWER_MIN);
    struct product product;
    uint64_t bits;
    int upper, shift, exponent;
    double result;

    mantissa <<= zeros;
    product = multiply(mantissa, power_of_five[row].high);
    if ((product.high & ((UINT64_C(1) << below) - 1)) ==
        (UINT64_C(1) << below) - 1) {
        struct product carry = multiply(mantissa, power_of_five[row].low);

        product.low += carry.high;
        product.high += product.low < carry.high ? 1 : 0;
    }
    upper = (int)(product.high >> 63);
    shift = upper + below;
    bits = product.high >> shift;
    /* floor(power * log2(10)) + 63, then the bias. */
    exponent = ((217706 * power) >> 16) + 63 + upper - zeros + 1023;
    /* Exactly half way: to even. Only these powers can give such a tie. */
    if (product.low <= 1 && power >= -4 && power <= 23 && (bits & 3) == 1 &&
        bits << shift == product.high) {
        bits &= ~UINT64_C(1);
    }
    bits = (bits + (bits & 1)) >> 1;
    if (bits >> (MANTISSA_BITS + 1) != 0) {
        bits >>= 1;
        exponent++;
    }
    bits &= (UINT64_C(1) << MANTISSA_BITS) - 1;
    bits |= (uint64_t)exponent << MANTISSA_BITS;
    memcpy(&result, &bits, sizeof(result));
    return result;
}

/*
 * Any length, through strtod: the significant digits without their point (which
 * a locale could change) and an exponent. 800 digits decide every double; what
 * lies behind them only matters in that it is not zero.
 */
static double
scale_long(const struct decimal *number)
{
    enum { DIGITS_KEPT = 800 };
    char text[DIGITS_KEPT + 32];
    size_t len = 0;
    int64_t exponent = number->exponent;
    bool rest = false;

    for (const char *p = number->digits; p < number->digits_end; p++) {
        if (*p == '.' || (len == 0 && *p == '0')) {
            continue;
        }
        if (len < DIGITS_KEPT) {
            text[len++] = *p;
        } else {
            rest = rest || *p != '0';
            exponent++;
        }
    }
    if (len == 0) {
        return 0.0;
    }
    if (rest) {
        text[len++] = '1';
        exponent--;
    }
    (void)snprintf(text + len, sizeof(text) - len, "e%lld",
                   (long long)exponent);
    return strtod(text, NULL);
}

/* How many of the counted digits stand behind the leading zeros. */
static size_t
significant_count(const struct decimal *number)
{
    size_t count = number->count;

    for (const char *p = number->digits; p < number->digits_end; p++) {
        if (*p == '0') {
            count--;
        } else if (*p != '.') {
            break;
        }
    }
    return count;
}

static double
to_double(const struct decimal *number)
{
    static const double power_of_ten[] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int64_t exponent = number->exponent;
    double magnitude;

    if ((number->count > EXACT_DIGITS &&
         significant_count(number) > EXACT_DIGITS) ||
        exponent < POWER_MIN || exponent > POWER_MAX) {
        magnitude = scale_long(number);
    } else if (number->mantissa == 0) {
        magnitude = 0.0;
    } else if (FLT_EVAL_METHOD == 0 &&
               number->mantissa <= UINT64_C(1) << (MANTISSA_BITS + 1) &&
               exponent >= -22 && exponent <= 0) {
        /* Both exact, so one division rounds once (Clinger). */
        magnitude = (double)number->mantissa / power_of_ten[-exponent];
    } else {
        magnitude = scale_exact(number->mantissa, (int)exponent);
    }
    return number->negative ? -magnitude : magnitude;
}

/* Reads digits into the mantissa; how many. */
static size_t
scan_digits(const char **at, const char *end, uint64_t *mantissa)
{
    static const uint32_t power_of_ten[] = {
        1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    const char *p = *at;
    uint64_t value = *mantissa;
    unsigned step = 8;
    size_t count;

    while (step == 8 && end - p >= 8) {
        uint64_t word = gong_lp_digits_load(p);
        uint64_t others = gong_lp_digits_others(word);

        step = others == 0 ? 8 : gong_lp_digits_before(others);
        if (step > 0) {
            value =
                value * power_of_ten[step] + gong_lp_digits_join(word, step);
            p += step;
        }
    }
    while (step == 8 && p < end && gong_ascii_is_digit(*p)) {
        value = value * 10 + (uint64_t)(*p - '0');
        p++;
    }
    count = (size_t)(p - *at);
    *mantissa = value;
    *at = p;
    return count;
}

/* The digits behind 'e'; false where there are none. */
static bool
scan_exponent(const char **at, const char *end, int64_t *exponent)
{
    const char *p = *at;
    bool negative = false;
    int64_t value = 0;

    if (p < end && (*p == '-' || *p == '+')) {
        negative = *p == '-';
        p++;
    }
    if (p == end || !gong_ascii_is_digit(*p)) {
        *at = p;
        return false;
    }
    for (; p < end && gong_ascii_is_digit(*p); p++) {
        if (value < EXPONENT_MAX) {
            value = value * 10 + (*p - '0');
        }
    }
    *exponent += negative ? -value : value;
    *at = p;
    return true;
}

/* Whether the letters at p spell NaN or Inf(inity), in any case. */
static bool
spells_not_finite(const char *p, const char *end)
{
    static const char *const words[] = {"nan", "inf"};

    if (end - p < 3) {
        return false;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if ((p[0] | 0x20) == words[i][0] && (p[1] | 0x20) == words[i][1] &&
            (p[2] | 0x20) == words[i][2]) {
            return true;
        }
    }
    return false;
}

/* The digits of an integer fit 64 bits: mantissa did not wrap. */
static bool
fits_64_bits(const struct decimal *number)
{
    static const char max[] = "18446744073709551615";
    size_t count;

    if (number->count <= EXACT_DIGITS) {
        return true;
    }
    count = significant_count(number);
    return count <= EXACT_DIGITS ||
           (count == EXACT_DIGITS + 1 &&
            memcmp(number->digits_end - count, max, count) <= 0);
}

static const char *
to_signed(const struct decimal *number, int64_t *out)
{
    const uint64_t limit = (uint64_t)INT64_MAX + (number->negative ? 1 : 0);

    if (!fits_64_bits(number) || number->mantissa > limit) {
        return "out_of_range";
    }
    if (number->negative) {
        *out = number->mantissa > (uint64_t)INT64_MAX
                   ? INT64_MIN
                   : -(int64_t)number->mantissa;
    } else {
        *out = (int64_t)number->mantissa;
    }
    return NULL;
}

/* The suffix at *at, or none: a float. */
static const char *
finish(const struct decimal *number, bool integer, const char **at,
       const char *end, struct gong_lp_value *value)
{
    const char suffix = *at < end ? **at : '\n';

    if (suffix == 'i' && integer) {
        ++*at;
        value->type = GONG_LP_INT;
        return to_signed(number, &value->as.integer);
    }
    if (suffix == 'u' && integer && !number->negative) {
        ++*at;
        value->type = GONG_LP_UINT;
        value->as.unsigned_integer = number->mantissa;
        return fits_64_bits(number) ? NULL : "out_of_range";
    }
    value->type = GONG_LP_FLOAT;
    value->as.number = to_double(number);
    return isfinite(value->as.number) ? NULL : "out_of_range";
}

const char *
gong_lp_number_scan(const char **at, const char *end,
                    struct gong_lp_value *value)
{
    struct decimal number = {0};
    const char *p = *at;
    bool integer = true;

    if (p < end && *p == '-') {
        number.negative = true;
        p++;
    }
    number.digits = p;
    number.count = scan_digits(&p, end, &number.mantissa);
    if (p < end && *p == '.') {
        size_t behind;

        p++;
        behind = scan_digits(&p, end, &number.mantissa);
        number.count += behind;
        number.exponent = -(int64_t)behind;
        integer = false;
    }
    number.digits_end = p;
    if (number.count == 0) {
        *at = p;
        return spells_not_finite(p, end) ? "nan" : "bad_number";
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        integer = false;
        if (!scan_exponent(&p, end, &number.exponent)) {
            *at = p;
            return "bad_number";
        }
    }
    *at = p;
    return finish(&number, integer, at, end, value);
}

const char *
gong_lp_number_stamp(const char **at, const char *end, int64_t *value)
{
    struct decimal number = {0};
    const char *p = *at;

    if (p < end && *p == '-') {
        number.negative = true;
        p++;
    }
    number.digits = p;
    number.count = scan_digits(&p, end, &number.mantissa);
    number.digits_end = p;
    *at = p;
    if (number.count == 0) {
        return "bad_time";
    }
    return to_signed(&number, value) == NULL ? NULL : "time";
}
