/* html: texts of strangers as text of HTML, in elements and quoted attributes.
 */
#ifndef GONG_COMMON_HTML_H
#define GONG_COMMON_HTML_H

#include <stdbool.h>
#include <stdio.h>

#include "common/str.h"

/* gong_html_entity: what stands for the character; NULL: itself. */
const char *gong_html_entity(char c);
/* gong_html_put: control characters but line feed and tab become '?'. */
void gong_html_put(FILE *out, struct gong_str text);

#endif
