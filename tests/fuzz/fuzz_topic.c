/* Any bytes as a topic; what parses must format to the same bytes. */
#include <string.h>

#include "common/topic.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str text = gong_str_from((const char *)data, size);
    struct gong_topic topic;
    char again[GONG_TOPIC_SIZE];

    if (gong_topic_parse(text, &topic) == GONG_OK) {
        FUZZ_CHECK(gong_topic_name_valid(topic.site));
        FUZZ_CHECK(gong_topic_format(&topic, again) == GONG_OK);
        FUZZ_CHECK(gong_str_is(text, again));
    }
    return 0;
}
