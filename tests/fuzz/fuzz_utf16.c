/* Any bytes cut at a length that their first two name: never longer, never
 * shorter than need be, never in the middle of a character. */
#include "agent/tell/utf16.h"
#include "common/lp_text.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str text;
    size_t units;
    size_t all;
    size_t cut;

    if (size < 2) {
        return 0;
    }
    units = (size_t)data[0] << 8 | data[1];
    text = gong_str_from((const char *)data + 2, size - 2);
    all = gong_utf16_units(text);
    cut = gong_utf16_cut(text, units);
    FUZZ_CHECK(cut <= text.len);
    FUZZ_CHECK(gong_utf16_units(gong_str_from(text.data, cut)) <= units);
    FUZZ_CHECK(cut == text.len || all > units);
    FUZZ_CHECK(!gong_lp_utf8_valid(text) ||
               gong_lp_utf8_valid(gong_str_from(text.data, cut)));
    FUZZ_CHECK(gong_utf16_cut(gong_str_from(text.data, cut), units) == cut);
    FUZZ_CHECK(units < 2 * GONG_UTF16_CLUSTER_MAX || cut > 0 || text.len == 0);
    return 0;
}
