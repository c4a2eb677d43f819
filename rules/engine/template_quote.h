/*
 * template_quote: Go's ways to write a text as a literal or to escape it.
 */
#ifndef GONG_RULES_ENGINE_TEMPLATE_QUOTE_H
#define GONG_RULES_ENGINE_TEMPLATE_QUOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"
#include "rules/engine/template_value.h"

/* gong_tquote: "..." with escapes; raw takes back quotes where the text allows
 * it, ascii escapes all else. */
void gong_tquote(struct gong_tbuilder *out, struct gong_str text, bool ascii,
                 bool raw);
void gong_tquote_char(struct gong_tbuilder *out, uint32_t rune);

/* gong_tquote_rune: the character itself, in UTF-8. */
void gong_tquote_rune(struct gong_tbuilder *out, uint32_t rune);

void gong_tquote_html(struct gong_tbuilder *out, struct gong_str text);
void gong_tquote_js(struct gong_tbuilder *out, struct gong_str text);
void gong_tquote_url(struct gong_tbuilder *out, struct gong_str text);

#endif
