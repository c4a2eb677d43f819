/*
 * points: what 10,200 devices of five kinds at 102 sites say every 10 s, five
 * fields each, as line protocol. The same on every machine.
 *
 *   lamp,device=lamp-00003,site=w-0000 load=21.30,lux=..,...
 * 1760000000000000000
 *
 * One device in 40 runs hot half of the time, and a site in 17 does from round
 * 40 to 60: rules.10s.cfg and rules.0s.cfg are about these.
 */
#ifndef GONG_BENCH_POINTS_H
#define GONG_BENCH_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POINTS_DEVICES   10200
#define POINTS_ROUNDS    100
#define POINTS_PERIOD_MS 10000
#define POINTS_START_MS  INT64_C(1760000000000)
#define POINTS_LINE_SIZE 200

/* points_line: one line with its newline into out; returns its length. Tagged:
 * with device and site as tags, as in a file. */
size_t points_line(uint32_t device, uint32_t round, bool tagged,
                   char out[POINTS_LINE_SIZE]);

/* points_names: a device's site and name; returns how many bytes of each. */
void points_names(uint32_t device, char site[16], char name[16]);

#endif
