#include "firmware-sim/signal.h"

/* SplitMix64 (Steele, Lea, Flood 2014): one well mixed word per argument. */
static uint64_t
mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* In [-1, 1). */
static double
noise(uint64_t seed, uint64_t stream, uint64_t step)
{
    uint64_t word = mix(mix(mix(seed) ^ stream) ^ step);

    return (double)(word >> 11) / 4503599627370496.0 - 1.0;
}

/* A triangle instead of a sine: exact on every machine. In [-1, 1]. */
static double
wave(double period, uint64_t step)
{
    uint64_t length = (uint64_t)period;
    double phase;

    if (length == 0) {
        return 0;
    }
    phase = (double)(step % length) / (double)length;
    return phase < 0.5 ? 4 * phase - 1 : 3 - 4 * phase;
}

double
gong_signal_read(const struct gong_signal *signal, uint64_t seed,
                 uint64_t stream, uint64_t step)
{
    double value = signal->base + signal->swing * wave(signal->period, step) +
                   signal->noise * noise(seed, stream, step);

    if (value < signal->min) {
        return signal->min;
    }
    return value > signal->max ? signal->max : value;
}
