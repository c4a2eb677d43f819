/*
 * presence: what the collector says about itself on .../status, retained.
 *
 *   {"state":"online","conn":"<16 hex>","version":"0.1.0",
 *    "epoch":"<16 hex>","next":1043,"spool":"ok","every":{"cpu":10.0}}
 *   {"state":"offline","conn":"<16 hex>"}                    the will
 *   {"state":"offline","conn":"<16 hex>",
 *    "epoch":"<16 hex>","next":1043}                         goodbye
 *
 * conn names one CONNECT: a late will of an older one is recognised by it. next
 * is the number that the spool gives to its next batch: what is below exists;
 * after a goodbye that is all there is. spool is "memory" while the disk fails
 * and batches are only in memory; the birth is then told again.
 */
#ifndef GONG_COLLECTOR_PRESENCE_H
#define GONG_COLLECTOR_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "collector/cadence.h"

#define GONG_PRESENCE_WILL_SIZE    64
#define GONG_PRESENCE_GOODBYE_SIZE 128

/* What a birth says of the spool. */
struct gong_presence_spool {
    uint64_t epoch;
    uint64_t next;
    bool writable;
};

/* gong_presence_birth: JSON text, the caller's to free(); NULL without memory.
 */
char *gong_presence_birth(uint64_t conn,
                          const struct gong_presence_spool *spool,
                          struct gong_cadence *cadence);
void gong_presence_goodbye(uint64_t conn, uint64_t epoch, uint64_t next,
                           char out[GONG_PRESENCE_GOODBYE_SIZE]);
void gong_presence_will(uint64_t conn, char out[GONG_PRESENCE_WILL_SIZE]);

#endif
