/*
 * conf_source: the text of one configuration file and places in it. Private to
 * the conf modules.
 *
 * A place is an offset in bytes; people get lines and columns, both from 1. A
 * column counts characters (not bytes), a tab is one.
 */
#ifndef GONG_COMMON_CONF_SOURCE_H
#define GONG_COMMON_CONF_SOURCE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"
#include "common/err.h"
#include "common/str.h"

/* Transparent: read by the scanner byte by byte. */
struct gong_conf_source {
    char *name;
    char *text; /* len bytes, then "\n": libconfig 1.5 takes a comment for
                   garbage if no line feed ends it; then a NUL */
    size_t len;
    size_t *lines; /* offsets where lines begin */
    size_t line_count;
};

struct gong_conf_place {
    size_t line;
    size_t column;
};

/* gong_conf_source_init: copies name and text. Too large a text, a NUL byte and
 * text that is not UTF-8 are added to errors, and false is returned; fini is
 * due either way. */
bool gong_conf_source_init(struct gong_conf_source *source, const char *name,
                           struct gong_str text,
                           struct gong_conf_errors *errors);
void gong_conf_source_fini(struct gong_conf_source *source);

struct gong_conf_place
gong_conf_source_place(const struct gong_conf_source *source, size_t at);

/* gong_conf_source_line: the line alone, without walking along it. */
size_t gong_conf_source_line(const struct gong_conf_source *source, size_t at);

/* gong_conf_errors_add_at: adds "file:line:column: message" in its order among
 * those of the same file. */
void gong_conf_errors_add_at(struct gong_conf_errors *errors, const char *file,
                             struct gong_conf_place place, const char *message);

/* gong_conf_source_error: adds "name:line:column: ..." for the byte at. */
void gong_conf_source_error(const struct gong_conf_source *source, size_t at,
                            struct gong_conf_errors *errors, const char *format,
                            ...) GONG_PRINTF(4, 5);
void gong_conf_source_verror(const struct gong_conf_source *source, size_t at,
                             struct gong_conf_errors *errors,
                             const char *format, va_list args)
    GONG_PRINTF(4, 0);

#endif
