/* markup: texts that may be hostile in CSV and HTML. */
#ifndef GONG_CTL_MARKUP_H
#define GONG_CTL_MARKUP_H

#include <stdio.h>

#define GONG_CTL_CSV_MARK "\xef\xbb\xbf" /* for spreadsheets */

/* gong_ctl_csv: a cell in quotes; one that begins like a formula is none. */
void gong_ctl_csv(FILE *out, const char *text);
void gong_ctl_html(FILE *out, const char *text);
/* The begin of a page, up to its first heading, and its end. */
void gong_ctl_html_open(FILE *out, const char *title);
void gong_ctl_html_close(FILE *out);

#endif
