#include "tests/faults/log_reader.h"

#include <stdio.h>
#include <sys/stat.h>

/* Room for any log of a run: an existing one keeps its own segment size, and
 * segments are made as they are needed. */
#define SEGMENT_SIZE (64u << 10)
#define SEGMENTS     64

bool
log_reader_open(struct log_reader *reader, const char *state, const char *name)
{
    char dir[4096];
    char why[512] = "";
    struct stat info;
    struct gong_spool_options options = {
        .dir = dir,
        .segment_size = SEGMENT_SIZE,
        .segments_max = SEGMENTS,
        .policy = GONG_SPOOL_BLOCK,
    };
    int len = snprintf(dir, sizeof dir, "%s/%s", state, name);

    *reader = (struct log_reader){0};
    if (len <= 0 || (size_t)len >= sizeof dir || stat(dir, &info) != 0) {
        (void)fprintf(stderr, "%s/%s: no such folder\n", state, name);
        return false;
    }
    if (gong_spool_open(&options, &reader->spool, why, sizeof why) != GONG_OK ||
        gong_spool_cursor_open(reader->spool, NULL, &reader->cursor) !=
            GONG_OK) {
        (void)fprintf(stderr, "%s: %s\n", dir, why);
        return false;
    }
    return true;
}

void
log_reader_close(struct log_reader *reader)
{
    gong_spool_cursor_close(reader->cursor);
    gong_spool_close(reader->spool);
}

bool
log_reader_next(struct log_reader *reader, struct gong_record *record)
{
    return gong_spool_cursor_next(reader->cursor, UINT64_MAX, record) ==
           GONG_OK;
}
