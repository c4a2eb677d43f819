/*
 * table: rows of text under headings, in columns as wide as their text is on a
 * terminal. Only the last column is cut where the line would be too long.
 */
#ifndef GONG_CTL_TABLE_H
#define GONG_CTL_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define GONG_CTL_COLUMNS_MAX 12

struct gong_ctl_table;

/* headings: as many as columns; borrowed for good. NULL without memory. */
struct gong_ctl_table *gong_ctl_table_new(const char *const *headings,
                                          size_t columns);
void gong_ctl_table_free(struct gong_ctl_table *table);

/* gong_ctl_table_add: the next cell, copied; NULL counts as "". Control
 * characters become '?'. */
void gong_ctl_table_add(struct gong_ctl_table *table, const char *text);
/* gong_ctl_table_print: width 0: as wide as it is. */
void gong_ctl_table_print(const struct gong_ctl_table *table, size_t width,
                          FILE *out);
/* gong_ctl_width: columns of the terminal that out is; 0: it is none. */
size_t gong_ctl_width(FILE *out);
/* gong_ctl_text_width: columns that text takes: combining marks none, Chinese,
 * Japanese and Korean two. */
size_t gong_ctl_text_width(const char *text);

#endif
