#include "rules/engine/promql_error.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/log.h"

bool
gong_expr_fail(struct gong_expr_error *error, size_t at, const char *format,
               ...)
{
    va_list arguments;

    error->at = at;
    error->no_memory = false;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return false;
}

bool
gong_expr_no_memory(struct gong_expr_error *error, size_t at)
{
    (void)gong_expr_fail(error, at, "found no memory left, expected some");
    error->no_memory = true;
    return false;
}

const char *
gong_expr_word(struct gong_str text, char out[static GONG_EXPR_WORD_SIZE])
{
    return gong_log_quote(text, out, GONG_EXPR_WORD_SIZE);
}
