/* A pattern up to the first NUL, then a value: what RE2 takes compiles or is
 * refused with a reason, matches within its limits, and the two judges of the
 * empty text agree. */
#include <stdlib.h>
#include <string.h>

#include "rules/engine/match.h"
#include "rules/engine/promql_regex.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[] = "a";
    char *pattern = malloc(size + 1);
    struct gong_expr_error error = {0};
    struct gong_matchers *all = NULL;
    bool empty = false;

    FUZZ_CHECK(pattern != NULL);
    memcpy(pattern, data, size);
    pattern[size] = '\0';
    struct gong_str text = gong_str_of(pattern);
    struct gong_matcher matcher = {GONG_MATCH_REGEX, name, pattern};
    if (size <= 512 && gong_promql_check_regex(text, &empty, &error)) {
        all = gong_matchers_new(&matcher, 1, &error);
        FUZZ_CHECK(all != NULL || error.message[0] != '\0');
    }
    if (all != NULL) {
        size_t skip = text.len < size ? text.len + 1 : size;
        enum gong_match_verdict nothing =
            gong_matchers_one(all, 0, gong_str_from("", 0));

        FUZZ_CHECK(nothing == GONG_MATCH_UNKNOWN ||
                   (nothing == GONG_MATCH_YES) == empty);
        (void)gong_matchers_one(
            all, 0, gong_str_from((const char *)data + skip, size - skip));
    }
    gong_matchers_free(all);
    free(pattern);
    return 0;
}
