/* Any bytes as Zalo's answer: what is understood is one line of clean text, and
 * each code means one thing. */
#include <string.h>

#include "agent/tell/zalo_answer.h"
#include "common/lp_text.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char again[] = "-32";
    static char over[] = "-211";
    static char token[] = "-216";
    static char *lists[] = {again, over, token};
    static const struct gong_zalo_codes codes = {
        {&lists[0], 1}, {&lists[1], 1}, {&lists[2], 1}};
    struct gong_zalo_answer answer;
    enum gong_zalo_meaning meaning;
    char why[128];

    if (!gong_zalo_answer_read(gong_str_from((const char *)data, size),
                               &answer)) {
        return 0;
    }
    FUZZ_CHECK(memchr(answer.text, '\0', sizeof answer.text) != NULL);
    FUZZ_CHECK(gong_lp_utf8_valid(gong_str_of(answer.text)));
    for (const char *c = answer.text; *c != '\0'; c++) {
        FUZZ_CHECK(!gong_lp_byte_is(*c, GONG_LP_BYTE_CONTROL));
    }
    meaning = gong_zalo_meaning(&codes, answer.code);
    FUZZ_CHECK(gong_zalo_codes_valid(&codes, why, sizeof why));
    FUZZ_CHECK((meaning == GONG_ZALO_SENT) == (answer.code == 0));
    FUZZ_CHECK((meaning == GONG_ZALO_TOKEN) == (answer.code == -216));
    return 0;
}
