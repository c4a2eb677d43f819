/*
 * stored_marks: when rows of the outbox were first seen on the disk: for the
 * newest few times that some were, up to which row. Pure. One thread.
 *
 *   rows   1 .. 7 | 8 .. 9 | 10 | ...     numbers only grow
 *   mark       t0       t1   t2
 */
#ifndef GONG_AGENT_TELL_STORED_MARKS_H
#define GONG_AGENT_TELL_STORED_MARKS_H

#include <stddef.h>
#include <stdint.h>

#define GONG_STORED_MARKS 1024

/* Transparent; all zero is empty. */
struct gong_stored_marks {
    struct {
        int64_t upto;
        int64_t at_ms;
    } marks[GONG_STORED_MARKS];
    size_t next;
};

/* gong_stored_marks_note: rows behind those of the last call, up to this one.
 * at_ms 0: nobody knows. */
void gong_stored_marks_note(struct gong_stored_marks *marks, int64_t upto,
                            int64_t at_ms);
/* gong_stored_marks_find: 0: not known, or too long ago. */
int64_t gong_stored_marks_find(const struct gong_stored_marks *marks,
                               int64_t row);

#endif
