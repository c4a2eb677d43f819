/* snapshot_bytes: an engine's snapshot in memory, to be looked at, damaged and
 * sealed again. */
#ifndef GONG_TESTS_SNAPSHOT_BYTES_H
#define GONG_TESTS_SNAPSHOT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/engine_snapshot.h"

struct bytes {
    uint8_t *data;
    size_t len;
    size_t size;
    size_t read;  /* how far a restore has come */
    size_t limit; /* not 0: writing past it fails */
};

bool bytes_save(struct bytes *bytes, const struct gong_engine *engine,
                const struct gong_snapshot_place *place);
enum gong_err bytes_restore(struct bytes *bytes,
                            const struct gong_snapshot_start *start,
                            struct gong_engine **out, const char **why);
void bytes_free(struct bytes *bytes);

/* Makes every CRC right again, as far as the lengths make sense: what is left
 * is a forgery. */
void bytes_seal(struct bytes *bytes);

#endif
