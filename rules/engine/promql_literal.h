/*
 * promql_literal: numbers, durations and strings of PromQL, text to value and
 * back. What is written reads back to the same value.
 */
#ifndef GONG_RULES_ENGINE_PROMQL_LITERAL_H
#define GONG_RULES_ENGINE_PROMQL_LITERAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"
#include "rules/engine/promql.h"

#define GONG_NUMBER_TEXT_SIZE   32
#define GONG_DURATION_TEXT_SIZE 96

/* gong_promql_number: decimal, exponent, 0x hexadecimal, leading-zero octal,
 * Inf and NaN in any case; no sign. False where it is none, or overflows. */
bool gong_promql_number(struct gong_str text, double *out);

/* gong_promql_number_text: the shortest text that reads back, with an exponent
 * below 1e-4 and from 1e+06 on, as Go prints it: 100000, 0.5, 1.5e+06, NaN,
 * +Inf. Returns the length. */
size_t gong_promql_number_text(double value,
                               char out[static GONG_NUMBER_TEXT_SIZE]);

/* gong_promql_duration: 1y2w3d4h5m6s7ms in this order, each at most once;
 * false where it is none, is zero, or exceeds 292 years. */
bool gong_promql_duration(struct gong_str text, int64_t *ms);

/* gong_promql_duration_text: ms > 0; returns the length. */
size_t gong_promql_duration_text(int64_t ms,
                                 char out[static GONG_DURATION_TEXT_SIZE]);

/* gong_promql_unquote: the value of a literal with its quotes (", ' or `),
 * heap, NUL-terminated; NULL with error filled, at counted from the literal. A
 * NUL inside is refused: no label value can hold one. */
char *gong_promql_unquote(struct gong_str literal,
                          struct gong_expr_error *error);

/* gong_promql_quote: value as a "..." literal; out holds 4 * len + 2 bytes.
 * Returns the length; no NUL is added. */
size_t gong_promql_quote(struct gong_str value, char *out);

/* gong_promql_rune: bytes of the UTF-8 character that text starts with, its
 * code point in rune; 0 where it is not UTF-8, or empty. rune may be NULL. */
size_t gong_promql_rune(struct gong_str text, uint32_t *rune);

#endif
