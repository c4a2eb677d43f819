/*
 * spool_reader: reads the records of a log's segment files in blocks.
 *
 *   segment file: | header 64 | record | record | ... | zeros |
 *                 ^ number x segment size            ^ may hold older bytes
 *                                                      after 64 zeros
 *
 * It knows offsets, not what is kept: the caller says how far it may look
 * (limit, at most the segment's end). Whatever it calls a record verified at
 * that very place, even if the file is being recycled meanwhile.
 * One thread at a time.
 */
#ifndef GONG_COMMON_SPOOL_READER_H
#define GONG_COMMON_SPOOL_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/record.h"

#define GONG_SPOOL_NAME_SIZE 32

/* Transparent: it is a member of its two users. */
struct gong_spool_reader {
    int dir_fd; /* borrowed */
    uint64_t segment_size;
    uint8_t log_id[16];
    int fd; /* -1: no segment is open */
    uint64_t number;
    uint8_t *buf;
    size_t cap;
    size_t len;
    uint64_t at; /* offset of buf[0] */
};

/* gong_spool_segment_name: the file name of segment number; returns out. */
const char *gong_spool_segment_name(uint64_t number,
                                    char out[GONG_SPOOL_NAME_SIZE]);

void gong_spool_reader_init(struct gong_spool_reader *reader, int dir_fd,
                            uint64_t segment_size, const uint8_t log_id[16]);
void gong_spool_reader_fini(struct gong_spool_reader *reader);

/* gong_spool_reader_forget: closes the file, drops what was read ahead. */
void gong_spool_reader_forget(struct gong_spool_reader *reader);

/* gong_spool_reader_keep: a copy of bytes in the reader's own buffer, until the
 * next call; NULL without memory. What was read ahead is dropped. */
const uint8_t *gong_spool_reader_keep(struct gong_spool_reader *reader,
                                      const uint8_t *bytes, size_t len);

/* gong_spool_reader_record: the record at offset; its payload is the reader's
 * until the next call. GONG_ERR_CORRUPT: none there; GONG_ERR_AGAIN: one
 * begins but runs past limit; NOT_FOUND: no such file; MEMORY; IO. */
enum gong_err gong_spool_reader_record(struct gong_spool_reader *reader,
                                       uint64_t offset, uint64_t limit,
                                       struct gong_record *out) GONG_MUST_CHECK;

/* gong_spool_reader_find: the first whole record in from..limit; else
 * GONG_ERR_NOT_FOUND. */
enum gong_err gong_spool_reader_find(struct gong_spool_reader *reader,
                                     uint64_t from, uint64_t limit,
                                     uint64_t *found) GONG_MUST_CHECK;

/* gong_spool_reader_is_end: whether a log may rightly end at offset: too few
 * bytes for a record, or a header's length of zeros. */
bool gong_spool_reader_is_end(struct gong_spool_reader *reader, uint64_t offset,
                              uint64_t limit);

#endif
