/* Bytes of a chunk and of roll-ups with a check that fits: what is behind it
 * must be safe whatever it says, and what is taken must be written again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/history/chunk.h"
#include "agent/history/rollup.h"
#include "common/crc32c.h"
#include "common/le.h"
#include "tests/fuzz/fuzz.h"

#define HEAD 2
#define BODY 6

static void
fit(uint8_t *bytes, size_t size, uint8_t kind)
{
    uint32_t crc;

    bytes[0] = 1;
    bytes[1] = (uint8_t)(kind << 1 | (bytes[1] & 1));
    crc = gong_crc32c(0, bytes, HEAD);
    gong_le_put32(bytes + HEAD, gong_crc32c(crc, bytes + BODY, size - BODY));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_chunk_coder *coder = gong_chunk_coder_new();
    struct gong_samples samples = {0};
    struct gong_rollups rollups = {0};
    struct gong_buffer again = {0};
    uint8_t *copy = size <= BODY ? NULL : malloc(size);

    if (coder != NULL && copy != NULL) {
        struct gong_str bytes = gong_str_from((const char *)copy, size);

        memcpy(copy, data, size);
        fit(copy, size, 1);
        if (gong_chunk_decode(coder, bytes, &samples) == GONG_OK) {
            FUZZ_CHECK(gong_chunk_encode(coder, samples.data, samples.count,
                                         &again) == GONG_OK);
        }
        fit(copy, size, 2);
        if (gong_rollup_decode(coder, bytes, &rollups) == GONG_OK) {
            FUZZ_CHECK(gong_rollup_encode(coder, rollups.data, rollups.count,
                                          &again) == GONG_OK);
        }
    }
    free(copy);
    gong_samples_fini(&samples);
    gong_rollups_fini(&rollups);
    gong_buffer_fini(&again);
    gong_chunk_coder_free(coder);
    return 0;
}
