/* Any bytes as an agent's ack; what parses keeps its promises. */
#include "collector/settled.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_settled settled;
    uint64_t below;

    if (gong_settled_parse(gong_str_from((const char *)data, size), &settled) !=
        GONG_OK) {
        return 0;
    }
    FUZZ_CHECK(settled.range_count <= GONG_SETTLED_RANGES_MAX);
    FUZZ_CHECK(settled.now_ms >= 0 &&
               settled.now_ms <= INT64_MAX / INT64_C(1000000));
    FUZZ_CHECK(gong_settled_has(&settled, settled.cum));
    below = settled.cum;
    for (size_t i = 0; i < settled.range_count; i++) {
        FUZZ_CHECK(settled.ranges[i].first > below);
        FUZZ_CHECK(settled.ranges[i].last >= settled.ranges[i].first);
        FUZZ_CHECK(gong_settled_has(&settled, settled.ranges[i].first - 1) ==
                   (settled.ranges[i].first - 1 == below));
        FUZZ_CHECK(gong_settled_has(&settled, settled.ranges[i].last));
        below = settled.ranges[i].last;
    }
    FUZZ_CHECK(gong_settled_highest(&settled) == below);
    FUZZ_CHECK(!gong_settled_has(&settled, below + 1));
    return 0;
}
