/*
 * dead_letter: lines that a store or the decoder will never take, kept for
 * people. The file is line protocol with a comment before each group:
 *
 *   # 2026-03-01T07:05:09Z store=main lines=1 reason="field type conflict"
 *   lamp,site=22015 on=3i 1760000000000000000
 *
 * so what was mended can be sent again as it is. Control characters become
 * '?'. Bounded: past max_bytes the file becomes FILE.1 (the former one goes).
 * If the disk does not take it the lines are dropped, which is counted and
 * logged once per change. One thread.
 */
#ifndef GONG_AGENT_STORE_DEAD_LETTER_H
#define GONG_AGENT_STORE_DEAD_LETTER_H

#include <stdint.h>

#include "common/counter.h"
#include "common/err.h"
#include "common/str.h"

#define GONG_DEAD_LETTER_BYTES     (UINT64_C(64) << 20) /* a file's usual bound */
#define GONG_DEAD_LETTER_LINES_MAX (1u << 20) /* bytes of one kept group */

struct gong_dead_letter;

/* path is copied. lost counts lines that the disk did not take; borrowed.
 * NULL without memory; the file is made when the first line comes. */
struct gong_dead_letter *gong_dead_letter_new(const char *path,
                                              uint64_t max_bytes,
                                              gong_counter_t *lost);
/* Flushes. */
void gong_dead_letter_free(struct gong_dead_letter *letter);

/* gong_dead_letter_add: comment is text of the comment line after the time;
 * lines is one or more lines, with or without the last newline, count of them.
 * Buffered until flush or 64 KiB. */
void gong_dead_letter_add(struct gong_dead_letter *letter, const char *comment,
                          struct gong_str lines, size_t count);

/* gong_dead_letter_flush: writes and syncs; before a cursor is committed. */
void gong_dead_letter_flush(struct gong_dead_letter *letter);

#endif
