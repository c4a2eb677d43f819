/*
 * match: the matchers of a selector, compiled. Patterns are RE2's as far as
 * promql_regex takes them, run by PCRE2 in UTF, anchored at both ends, within
 * limits of steps and depth. A label that is missing is the empty text.
 *
 *   =  !=                     bytes
 *   =~ a|b|c                  bytes, each
 *   =~ lamp-.*  .*-x  .*  .+  prefix, suffix and length, while there is no \n
 *   =~ the rest               PCRE2
 *
 * One set of matchers is for one thread. Pure.
 */
#ifndef GONG_RULES_ENGINE_MATCH_H
#define GONG_RULES_ENGINE_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"
#include "rules/engine/promql.h"
#include "rules/engine/template.h"

enum gong_match_verdict {
    GONG_MATCH_NO,
    GONG_MATCH_YES,
    GONG_MATCH_UNKNOWN, /* a limit ended the match, or the value is no UTF-8:
                           the rule cannot be decided for this series */
};

struct gong_matchers;

/* gong_matchers_new: compiled from the matchers of a selector, which are
 * borrowed as long as this lives. NULL with error filled: no memory, or a
 * pattern that PCRE2 does not take. error's at counts from the pattern. */
struct gong_matchers *gong_matchers_new(const struct gong_matcher *matchers,
                                        size_t count,
                                        struct gong_expr_error *error);
void gong_matchers_free(struct gong_matchers *matchers);

size_t gong_matchers_count(const struct gong_matchers *matchers);

/* gong_matchers_one: whether matcher i takes value. */
enum gong_match_verdict gong_matchers_one(struct gong_matchers *matchers,
                                          size_t i, struct gong_str value);

/* gong_matchers_all: whether all take a series with these labels, sorted by
 * name, __name__ among them. No wins over unknown. */
enum gong_match_verdict gong_matchers_all(struct gong_matchers *matchers,
                                          const struct gong_label_view *labels,
                                          size_t count);

/* gong_matchers_unknown: how often the verdict was unknown. */
uint64_t gong_matchers_unknown(const struct gong_matchers *matchers);

/* gong_matcher_literals: the texts that the pattern matches if it is nothing
 * but literals between bars, at most max of them, in the order written; 0: it
 * is not, or they are more. The texts point into space, which holds at least
 * the pattern's bytes. An index by value may be asked for these. */
size_t gong_matcher_literals(struct gong_str pattern, char *space,
                             struct gong_str *out, size_t max);

#endif
