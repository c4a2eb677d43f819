/*
 * match_pattern: RE2's patterns said in PCRE2's language, where the two read
 * the same text differently:
 *
 *   \v      one character; PCRE2: any vertical space     -> \x{b}
 *   \s      without \x0b; PCRE2: with it                 -> [\t\n\f\r ]
 *   \12     octal; PCRE2: perhaps a back-reference       -> \x{a}
 *   \pL{..} the script alone; PCRE2: its extensions too  -> \p{sc:..}
 *   ^*      is allowed                                   -> (?:^)*
 *   [a-\]]  any escape, "-" anywhere                     -> [\x{61}-\x{5d}]
 *
 * and the simple forms that need no regular expression at all. The pattern must
 * be one that promql_regex takes; of any other the result is only bounded.
 */
#ifndef GONG_RULES_ENGINE_MATCH_PATTERN_H
#define GONG_RULES_ENGINE_MATCH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

/* What stands before or after the text of a simple pattern. */
enum gong_pattern_edge {
    GONG_EDGE_NONE,
    GONG_EDGE_ANY,  /* .* */
    GONG_EDGE_SOME, /* .+ */
};

/* head text tail; the text may be empty. Plain value. */
struct gong_pattern_simple {
    enum gong_pattern_edge head;
    enum gong_pattern_edge tail;
    struct gong_str text;
};

/* gong_pattern_pcre: heap, NUL-terminated, length in len; NULL without memory.
 */
char *gong_pattern_pcre(struct gong_str pattern, size_t *len);

/* gong_pattern_simple: false where the pattern is not of that form. The text
 * points into space, which holds the pattern's bytes. */
bool gong_pattern_simple(struct gong_str pattern, char *space,
                         struct gong_pattern_simple *out);

/* gong_pattern_literals: see gong_matcher_literals. */
size_t gong_pattern_literals(struct gong_str pattern, char *space,
                             struct gong_str *out, size_t max);

#endif
