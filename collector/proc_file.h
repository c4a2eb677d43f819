/*
 * proc_file: small text files of the kernel (/proc, /sys), read whole.
 */
#ifndef GONG_COLLECTOR_PROC_FILE_H
#define GONG_COLLECTOR_PROC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define GONG_PROC_PATH_MAX 512

/* A growing buffer that an input keeps between gatherings. Start: {0}. */
struct gong_proc_file {
    char *text; /* NUL-terminated after a successful read */
    size_t len;
    size_t capacity;
};

void gong_proc_file_fini(struct gong_proc_file *file);

/* gong_proc_path: root joined with path ("/" and "proc/stat"); false where it
 * does not fit. */
bool gong_proc_path(const char *root, const char *path,
                    char out[GONG_PROC_PATH_MAX]);

/*
 * gong_proc_read: reads root/path whole, at most 4 MiB. On failure why says
 * which file and what is wrong.
 */
enum gong_err gong_proc_read(struct gong_proc_file *file, const char *root,
                             const char *path, char *why,
                             size_t why_size) GONG_MUST_CHECK;

/* gong_proc_line: the line at *cursor, NUL-terminated in place, and moves on;
 * NULL at the end. */
char *gong_proc_line(char **cursor);

/* gong_proc_word: the next run of non-blanks at *cursor, NUL-terminated in
 * place; NULL at the end of the line. */
char *gong_proc_word(char **cursor);

/* gong_proc_number: the whole of word as a non-negative number; false where it
 * is none. */
bool gong_proc_number(const char *word, uint64_t *out);

#endif
