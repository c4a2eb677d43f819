/* Bytes of a chunk and of roll-ups with a check that fits: what is behind it
 * must be safe whatever it says, and what is taken comes back when it is
 * written again. */
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

static void
check_samples(struct gong_chunk_coder *coder, struct gong_str bytes)
{
    struct gong_samples samples = {0};
    struct gong_samples second = {0};
    struct gong_buffer again = {0};

    if (gong_chunk_decode(coder, bytes, &samples) == GONG_OK) {
        FUZZ_CHECK(gong_chunk_encode(coder, samples.data, samples.count,
                                     &again) == GONG_OK);
        FUZZ_CHECK(gong_chunk_decode(coder,
                                     gong_str_from(again.data, again.len),
                                     &second) == GONG_OK);
        FUZZ_CHECK(second.count == samples.count &&
                   memcmp(second.data, samples.data,
                          second.count * sizeof *second.data) == 0);
    }
    gong_samples_fini(&samples);
    gong_samples_fini(&second);
    gong_buffer_fini(&again);
}

static void
check_rollups(struct gong_chunk_coder *coder, struct gong_str bytes)
{
    struct gong_rollups rollups = {0};
    struct gong_rollups second = {0};
    struct gong_buffer again = {0};

    if (gong_rollup_decode(coder, bytes, &rollups) == GONG_OK) {
        FUZZ_CHECK(gong_rollup_encode(coder, rollups.data, rollups.count,
                                      &again) == GONG_OK);
        FUZZ_CHECK(gong_rollup_decode(coder,
                                      gong_str_from(again.data, again.len),
                                      &second) == GONG_OK);
        FUZZ_CHECK(second.count == rollups.count &&
                   memcmp(second.data, rollups.data,
                          second.count * sizeof *second.data) == 0);
    }
    gong_rollups_fini(&rollups);
    gong_rollups_fini(&second);
    gong_buffer_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_chunk_coder *coder = gong_chunk_coder_new();
    uint8_t *copy = size <= BODY ? NULL : malloc(size);

    if (coder != NULL && copy != NULL) {
        struct gong_str bytes = gong_str_from((const char *)copy, size);

        memcpy(copy, data, size);
        fit(copy, size, 1);
        check_samples(coder, bytes);
        fit(copy, size, 2);
        check_rollups(coder, bytes);
    }
    free(copy);
    gong_chunk_coder_free(coder);
    return 0;
}
