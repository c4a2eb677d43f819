/* promql_error: how expressions, templates and plans say what is wrong. */
#ifndef GONG_RULES_ENGINE_PROMQL_ERROR_H
#define GONG_RULES_ENGINE_PROMQL_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/str.h"
#include "rules/engine/promql.h"

/* Room for one foreign word inside a message. */
#define GONG_EXPR_WORD_SIZE 72

/* gong_expr_fail: fills error and returns false, for "return gong_expr_fail".
 * Foreign text goes through gong_expr_word first. */
bool gong_expr_fail(struct gong_expr_error *error, size_t at,
                    const char *format, ...) GONG_PRINTF(3, 4);

/* gong_expr_no_memory: likewise, for want of memory. */
bool gong_expr_no_memory(struct gong_expr_error *error, size_t at);

/* gong_expr_word: text in quotes, cut short, safe for a log; returns out. */
const char *gong_expr_word(struct gong_str text,
                           char out[static GONG_EXPR_WORD_SIZE]);

#endif
