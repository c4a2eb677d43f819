/*
 * presence: what the collector says about itself on .../status, retained.
 *
 *   {"state":"online","conn":"<16 hex>","version":"0.1.0",
 *    "epoch":"<16 hex>","spool":"ok","every":{"cpu":10.0}}
 *   {"state":"offline","conn":"<16 hex>"}             the will, and goodbye
 *
 * spool is "memory" while the disk fails and batches are only in memory; the
 * birth is then told again. conn names one CONNECT: a late will of an older one
 * is recognised by it.
 */
#ifndef GONG_COLLECTOR_PRESENCE_H
#define GONG_COLLECTOR_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/cadence.h"

#define GONG_PRESENCE_WILL_SIZE 64

/* gong_presence_birth: JSON text, the caller's to free(); NULL without memory.
 */
char *gong_presence_birth(uint64_t conn, uint64_t epoch, bool spool_ok,
                          struct gong_cadence *cadence);
void gong_presence_will(uint64_t conn, char out[GONG_PRESENCE_WILL_SIZE]);

#endif
