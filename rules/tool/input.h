/*
 * input: the bytes of a file, plain or gzip, or of standard input ("-").
 */
#ifndef GONG_RULES_TOOL_INPUT_H
#define GONG_RULES_TOOL_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct gong_input;

/* gong_input_open: IO with errno where it cannot be opened. */
enum gong_err gong_input_open(const char *path,
                              struct gong_input **out) GONG_MUST_CHECK;
/* gong_input_is_folder: "-" is none. */
bool gong_input_is_folder(const char *path);

void gong_input_close(struct gong_input *input);

/* gong_input_read: up to size bytes; *len is 0 at the end. CORRUPT where gzip
 * data is damaged or ends too early. */
enum gong_err gong_input_read(struct gong_input *input, char *out, size_t size,
                              size_t *len) GONG_MUST_CHECK;

/* gong_input_done: how much of the file was read, and how long it is; 0 where
 * that is not known. */
uint64_t gong_input_done(const struct gong_input *input);
uint64_t gong_input_size(const struct gong_input *input);

/* gong_input_all: everything, heap, NUL-terminated; TOO_LARGE past max. */
enum gong_err gong_input_all(const char *path, size_t max, char **out,
                             size_t *len) GONG_MUST_CHECK;

#endif
