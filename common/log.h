/*
 * log: one event a line on standard error, as "level=info event=name
 * key=value".
 *
 *   gong_log(GONG_LOG_INFO, "store_back", "url=%s seconds=%" PRId64, ...)
 *
 * A line is written with one write(2), at most GONG_LOG_LINE bytes. Control
 * characters from outside never pass: each byte below 0x20, 0x7f and of each C1
 * control, line end or turn of direction in Unicode becomes '?'. Use
 * gong_log_quote for values that may hold spaces.
 * Any thread. Never a secret.
 */
#ifndef GONG_COMMON_LOG_H
#define GONG_COMMON_LOG_H

#include <stddef.h>

#include "common/err.h"
#include "common/str.h"

#define GONG_LOG_LINE 2048

enum gong_log_level {
    GONG_LOG_DEBUG,
    GONG_LOG_INFO,
    GONG_LOG_WARNING,
    GONG_LOG_ERROR,
};

/* gong_log_init: program names the source (borrowed for good); lines below
 * level are dropped. Call before threads start. */
void gong_log_init(const char *program, enum gong_log_level level);

/* gong_log: errno is preserved. event is a literal [a-z0-9_]+. */
void gong_log(enum gong_log_level level, const char *event, const char *format,
              ...) GONG_PRINTF(3, 4);

/* gong_log_quote: text as "..." with quotes and backslashes escaped and control
 * characters replaced, cut on a UTF-8 boundary to fit size; returns out. */
const char *gong_log_quote(struct gong_str text, char *out, size_t size);

/* gong_text_clean: replaces control characters in place by '?' (C0, DEL, C1,
 * U+2028 to U+202E and U+2066 to U+2069 in UTF-8); length is unchanged. For
 * whatever reaches a terminal or a page. */
void gong_text_clean(char *text, size_t len);

#endif
