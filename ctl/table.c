#include "ctl/table.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common/log.h"

#define GAP      2
#define LAST_MIN 20

struct gong_ctl_table {
    const char *const *headings;
    size_t columns;
    char **cells;
    size_t count, room;
    size_t widths[GONG_CTL_COLUMNS_MAX];
};

/* --- width --- */

/* The character at p and its bytes; bytes that are none count one each. */
static uint32_t
decode(const char *p, size_t *len)
{
    const unsigned char *u = (const unsigned char *)p;
    size_t more = u[0] >= 0xf0 ? 3 : u[0] >= 0xe0 ? 2 : u[0] >= 0xc0 ? 1 : 0;
    uint32_t value = more == 0 ? u[0] : u[0] & (0x3fU >> more);

    for (size_t i = 1; i <= more; i++) {
        if ((u[i] & 0xc0) != 0x80) {
            *len = 1;
            return '?';
        }
        value = value << 6 | (u[i] & 0x3fU);
    }
    *len = more + 1;
    return value;
}

static size_t
width_of(uint32_t character)
{
    static const struct {
        uint32_t from, to;
        size_t width;
    } ranges[] = {
        {0x300, 0x36f, 0},     {0x200b, 0x200f, 0},   {0x20d0, 0x20ff, 0},
        {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},   {0x1100, 0x115f, 2},
        {0x2e80, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},
        {0xfe30, 0xfe4f, 2},   {0xff00, 0xff60, 2},   {0x1f300, 0x1f64f, 2},
        {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
    };

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (character >= ranges[i].from && character <= ranges[i].to) {
            return ranges[i].width;
        }
    }
    return 1;
}

size_t
gong_ctl_text_width(const char *text)
{
    size_t width = 0, len;

    for (; *text != '\0'; text += len) {
        width += width_of(decode(text, &len));
    }
    return width;
}

size_t
gong_ctl_width(FILE *out)
{
    struct winsize size;

    return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* --- cells --- */

struct gong_ctl_table *
gong_ctl_table_new(const char *const *headings, size_t columns)
{
    struct gong_ctl_table *table = calloc(1, sizeof *table);

    if (table == NULL || columns > GONG_CTL_COLUMNS_MAX) {
        free(table);
        return NULL;
    }
    table->headings = headings;
    table->columns = columns;
    for (size_t i = 0; i < columns; i++) {
        table->widths[i] = gong_ctl_text_width(headings[i]);
    }
    return table;
}

void
gong_ctl_table_free(struct gong_ctl_table *table)
{
    if (table == NULL) {
        return;
    }
    for (size_t i = 0; i < table->count; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    free(table);
}

static bool
grow(struct gong_ctl_table *table)
{
    size_t room = table->room == 0 ? 64 : table->room * 2;
    char **grown = realloc(table->cells, room * sizeof *grown);

    if (grown == NULL) {
        return false;
    }
    table->cells = grown;
    table->room = room;
    return true;
}

void
gong_ctl_table_add(struct gong_ctl_table *table, const char *text)
{
    char *copy;
    size_t width, column;

    if (table == NULL || (table->count == table->room && !grow(table))) {
        return;
    }
    copy = strdup(text == NULL ? "" : text);
    if (copy == NULL) {
        return;
    }
    gong_text_clean(copy, strlen(copy));
    column = table->count % table->columns;
    width = gong_ctl_text_width(copy);
    if (width > table->widths[column]) {
        table->widths[column] = width;
    }
    table->cells[table->count++] = copy;
}

/* --- printing --- */

static void
print_cut(const char *text, size_t width, FILE *out)
{
    size_t used = 0, len;

    if (gong_ctl_text_width(text) <= width) {
        (void)fputs(text, out);
        return;
    }
    for (; *text != '\0'; text += len) {
        size_t more = width_of(decode(text, &len));

        if (used + more + 1 > width) {
            break;
        }
        used += more;
        (void)fwrite(text, 1, len, out);
    }
    (void)fputs("…", out);
}

static void
print_row(const struct gong_ctl_table *table, const char *const *cells,
          size_t last_width, FILE *out)
{
    for (size_t i = 0; i < table->columns; i++) {
        if (i + 1 == table->columns) {
            print_cut(cells[i], last_width, out);
            break;
        }
        (void)fprintf(
            out, "%s%*s", cells[i],
            (int)(table->widths[i] - gong_ctl_text_width(cells[i]) + GAP), "");
    }
    (void)fputc('\n', out);
}

void
gong_ctl_table_print(const struct gong_ctl_table *table, size_t width,
                     FILE *out)
{
    size_t before = 0, last;
    const char *cells[GONG_CTL_COLUMNS_MAX];

    if (table == NULL) {
        return;
    }
    for (size_t i = 0; i + 1 < table->columns; i++) {
        before += table->widths[i] + GAP;
    }
    last = width > before + LAST_MIN ? width - before
           : width > 0               ? (size_t)LAST_MIN
                                     : SIZE_MAX;
    print_row(table, table->headings, last, out);
    for (size_t i = 0; i + table->columns <= table->count;
         i += table->columns) {
        for (size_t j = 0; j < table->columns; j++) {
            cells[j] = table->cells[i + j];
        }
        print_row(table, cells, last, out);
    }
}
