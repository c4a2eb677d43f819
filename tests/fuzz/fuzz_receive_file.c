/* Any bytes as a saved receive state: as they are, and sealed with the right
 * sums so that the contents are looked at too. What is taken is sound. */
#include <stdlib.h>
#include <string.h>

#include "agent/receive/receive_epoch.h"
#include "agent/receive/receive_file.h"
#include "agent/receive/receive_format.h"
#include "common/crc32c.h"
#include "common/le.h"
#include "tests/fuzz/fuzz.h"

static void
check(void *ctx, struct gong_device *device)
{
    (void)ctx;
    for (const struct gong_receive_epoch *epoch = device->state; epoch != NULL;
         epoch = epoch->next) {
        uint64_t below = epoch->settled.cum;

        FUZZ_CHECK(gong_ledger_sound(&epoch->ledger));
        FUZZ_CHECK(epoch->settled.count <= GONG_RANGES_MAX);
        for (uint32_t i = 0; i < epoch->settled.count; i++) {
            FUZZ_CHECK(epoch->settled.items[i].first > below + 1);
            below = epoch->settled.items[i].last;
        }
        (void)gong_ledger_state(&epoch->ledger, &epoch->settled);
    }
}

static void
decode(struct gong_str bytes)
{
    const struct gong_receive_options options = {
        .devices_max = 64, .rate = 1, .burst = 1};
    struct gong_receive *receive = gong_receive_new(&options);
    struct gong_receive_place place;
    const char *why = NULL;
    size_t at = 0;

    FUZZ_CHECK(receive != NULL);
    if (gong_receive_decode(receive, bytes, &place, &why) == GONG_OK) {
        while (gong_receive_visit(receive, &at, check, NULL)) {
        }
    } else {
        FUZZ_CHECK(why != NULL);
        FUZZ_CHECK(gong_receive_devices(receive) == 0);
    }
    gong_receive_free(receive);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy;

    decode(gong_str_from((const char *)data, size));
    if (size < GONG_RECEIVE_HEAD + GONG_RECEIVE_TRAILER) {
        return 0;
    }
    copy = malloc(size);
    FUZZ_CHECK(copy != NULL);
    memcpy(copy, data, size);
    gong_le_put32(copy, GONG_RECEIVE_MAGIC);
    gong_le_put32(copy + 4, GONG_RECEIVE_VERSION);
    gong_le_put64(copy + GONG_RECEIVE_AT_BYTES, size);
    gong_le_put32(copy + size - 8, gong_crc32c(0, copy + GONG_RECEIVE_HEAD,
                                               size - GONG_RECEIVE_HEAD - 8));
    gong_le_put32(copy + size - 4, gong_crc32c(0, copy, GONG_RECEIVE_HEAD));
    decode(gong_str_from((const char *)copy, size));
    free(copy);
    return 0;
}
