/* Any bytes as a data record: arrival in the first 8, the payload behind. */
#include <string.h>

#include "common/batch.h"
#include "tests/fuzz/fuzz.h"

static void
run(struct gong_str payload, int64_t arrival, struct gong_lp_reader *reader)
{
    struct gong_batch batch;
    struct gong_lp_tag tags[GONG_LP_TAGS_MAX + 2];
    const struct gong_lp_point *point;
    const struct gong_lp_error *error;
    enum gong_lp_result result;
    int64_t time;

    if (gong_batch_open(&batch, reader, payload, arrival) != GONG_OK) {
        return;
    }
    while ((result = gong_batch_next(&batch, reader, &point, &error, &time)) !=
           GONG_LP_END) {
        if (result == GONG_LP_REFUSED) {
            FUZZ_CHECK(error->reason != NULL);
            continue;
        }
        FUZZ_CHECK(!point->has_time || time >= 0);
        /* Nothing is left in a future that a sound clock could not show. */
        FUZZ_CHECK(arrival < 0 || time <= arrival ||
                   (batch.has_header && time - arrival <= 2000000000));
        FUZZ_CHECK(gong_batch_labels(&batch, point, tags) <=
                   point->tag_count + 2);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_lp_reader *reader = gong_lp_reader_new(false);
    struct gong_batch_header header;
    struct gong_str body;
    int64_t arrival = INT64_C(1760000000000000000);
    char line[GONG_BATCH_HEADER_SIZE];

    FUZZ_CHECK(reader != NULL);
    run(gong_str_from((const char *)data, size), arrival, reader);
    if (size > sizeof(arrival)) {
        memcpy(&arrival, data, sizeof(arrival));
        data += sizeof(arrival);
        size -= sizeof(arrival);
        run(gong_str_from((const char *)data, size), arrival, reader);
    }
    if (gong_batch_header_parse(gong_str_from((const char *)data, size),
                                &header, &body) == GONG_BATCH_HEADED) {
        FUZZ_CHECK(gong_batch_header_format(&header, line) < sizeof(line));
    }
    gong_lp_reader_free(reader);
    return 0;
}
