/*
 * conf_scan: the tokens of a configuration text, as libconfig 1.5 reads them
 * but stricter. Private to the conf modules.
 *
 * Reported here, because libconfig takes them without a word:
 *   - a comment that never ends (the rest of the file would vanish)
 *   - integers that do not fit their type (they would wrap)
 *   - decimal numbers out of range, or a lone "."
 *   - unknown escapes, control characters and bytes \x80..\xff in texts
 * and because it would only name a line: texts that never end, characters that
 * mean nothing, @include.
 */
#ifndef GONG_COMMON_CONF_SCAN_H
#define GONG_COMMON_CONF_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"
#include "common/conf_source.h"

enum gong_conf_token_kind {
    GONG_CONF_TOKEN_END,
    GONG_CONF_TOKEN_NAME,
    GONG_CONF_TOKEN_BOOL,
    GONG_CONF_TOKEN_INT,   /* 32 bits */
    GONG_CONF_TOKEN_INT64, /* written with L */
    GONG_CONF_TOKEN_FLOAT,
    GONG_CONF_TOKEN_STRING, /* one pair of quotes */
    GONG_CONF_TOKEN_MARK,   /* one of = : , ; { } [ ] ( ) */
    GONG_CONF_TOKEN_BAD,    /* reported; what follows makes no sense */
};

/* Transparent: a plain value. */
struct gong_conf_token {
    enum gong_conf_token_kind kind;
    char mark;  /* of MARK, ':' as '='; else 0 */
    size_t at;  /* offset of its first byte */
    size_t len; /* bytes, quotes included */
};

struct gong_conf_scanner {
    const struct gong_conf_source *source; /* borrowed */
    struct gong_conf_errors *errors;       /* borrowed */
    size_t at;
    /* The last text over several lines, where a missing quote is likely. */
    struct gong_conf_token long_text;
    bool failed; /* something was reported */
};

/* gong_conf_scan_next: the token at or after scanner->at, which moves past it.
 * At the end it gives END for ever. */
struct gong_conf_token gong_conf_scan_next(struct gong_conf_scanner *scanner);

/* gong_conf_scan_string_at: the offset in the text of byte `index` of the
 * string that begins at `at`; adjacent strings are one. An index at or past
 * the end gives the last closing quote. The text must have been accepted. */
size_t gong_conf_scan_string_at(const struct gong_conf_source *source,
                                size_t at, size_t index);

#endif
