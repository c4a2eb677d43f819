/* desk_text: texts of people in one line of a record. Pure. */
#ifndef GONG_RULES_DESK_DESK_TEXT_H
#define GONG_RULES_DESK_DESK_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "common/str.h"

/* gong_desk_text_quote: in quotes; a quote, backslash or end of line in it does
 * not end what it is in: \" \\ \n. */
void gong_desk_text_quote(FILE *out, struct gong_str text);
/* gong_desk_text_cut: at most max bytes of UTF-8, never half a character. */
struct gong_str gong_desk_text_cut(struct gong_str text, size_t max);

#endif
