/* Any bytes as a status and as a presence record; what is taken lies within
 * its bounds, and a record says what its status says. */
#include <stdlib.h>
#include <string.h>

#include "common/presence.h"
#include "tests/fuzz/fuzz.h"

/* Of all that was declared; 0: nothing was. */
static int64_t
shortest(struct gong_str every)
{
    struct gong_str measurement;
    int64_t least = 0;
    int64_t ms = 0;

    while (gong_presence_every(&every, &measurement, &ms)) {
        least = least == 0 || ms < least ? ms : least;
    }
    return least;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str text = gong_str_from((const char *)data, size);
    struct gong_presence_message message;
    struct gong_presence_record record;
    char *payload = malloc(size + 5);
    enum gong_err err = gong_presence_parse(text, &message);

    if (err == GONG_OK) {
        FUZZ_CHECK(message.every_ms >= 0 &&
                   message.every_ms <= GONG_PRESENCE_EVERY);
        FUZZ_CHECK(size == 0 || message.kind != GONG_PRESENCE_CLEARED);
        FUZZ_CHECK(message.has_conn || message.conn == 0);
        FUZZ_CHECK(message.has_epoch || message.epoch == 0);
        FUZZ_CHECK(message.next <= INT64_MAX);
        FUZZ_CHECK(shortest(message.every) == message.every_ms);
    }
    if (payload != NULL) {
        memcpy(payload, "\1\2sd1", 5);
        if (size > 0) {
            memcpy(payload + 5, data, size);
        }
        FUZZ_CHECK(gong_presence_open(gong_str_from(payload, size + 5),
                                      &record) == err);
        FUZZ_CHECK(err != GONG_OK || (record.message.kind == message.kind &&
                                      record.message.conn == message.conn));
        free(payload);
    }
    if (gong_presence_open(text, &record) == GONG_OK) {
        FUZZ_CHECK(record.site.len + record.device.len + 2 <= size);
    }
    return 0;
}
