/*
 * signal: what a sensor would read: a base, a daily wave and noise, from the
 * seed, the device and the step alone. The same arguments give the same
 * reading on any machine.
 */
#ifndef GONG_SIM_SIGNAL_H
#define GONG_SIM_SIGNAL_H

#include <stdint.h>

struct gong_signal {
    double base;
    double swing;  /* half height of the wave */
    double period; /* of the wave, in steps; 0: none */
    double noise;  /* largest deviation */
    double min, max;
};

/* gong_signal_read: pure. stream tells sensors apart. */
double gong_signal_read(const struct gong_signal *signal, uint64_t seed,
                        uint64_t stream, uint64_t step);

#endif
