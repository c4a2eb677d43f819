#include "common/spool_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/le.h"
#include "common/spool_file.h"

#define BLOCK (64u << 10)
/* A buffer that one large record made is given back above this size. */
#define KEEP_MAX (1u << 20)

const char *
gong_spool_segment_name(uint64_t number, char out[GONG_SPOOL_NAME_SIZE])
{
    (void)snprintf(out, GONG_SPOOL_NAME_SIZE, "%016" PRIx64 ".segment", number);
    return out;
}

void
gong_spool_reader_init(struct gong_spool_reader *reader, int dir_fd,
                       uint64_t segment_size, const uint8_t log_id[16])
{
    *reader = (struct gong_spool_reader){
        .dir_fd = dir_fd, .segment_size = segment_size, .fd = -1};
    memcpy(reader->log_id, log_id, sizeof reader->log_id);
}

void
gong_spool_reader_fini(struct gong_spool_reader *reader)
{
    gong_spool_reader_forget(reader);
    free(reader->buf);
    reader->buf = NULL;
    reader->cap = 0;
}

void
gong_spool_reader_forget(struct gong_spool_reader *reader)
{
    if (reader->fd >= 0) {
        (void)close(reader->fd);
        reader->fd = -1;
    }
    reader->len = 0;
}

static enum gong_err
open_segment(struct gong_spool_reader *reader, uint64_t number)
{
    char name[GONG_SPOOL_NAME_SIZE];

    if (reader->fd >= 0 && reader->number == number) {
        return GONG_OK;
    }
    gong_spool_reader_forget(reader);
    reader->fd = openat(reader->dir_fd, gong_spool_segment_name(number, name),
                        O_RDONLY | O_CLOEXEC);
    reader->number = number;
    return reader->fd >= 0 ? GONG_OK : gong_err_from_errno(errno);
}

static enum gong_err
fit_buffer(struct gong_spool_reader *reader, size_t need)
{
    size_t cap = need > BLOCK ? need : BLOCK;
    uint8_t *grown;

    if (reader->cap >= need && (reader->cap <= KEEP_MAX || need > KEEP_MAX)) {
        return GONG_OK;
    }
    grown = realloc(reader->buf, cap);
    if (grown == NULL) {
        return GONG_ERR_MEMORY;
    }
    reader->buf = grown;
    reader->cap = cap;
    return GONG_OK;
}

const uint8_t *
gong_spool_reader_keep(struct gong_spool_reader *reader, const uint8_t *bytes,
                       size_t len)
{
    reader->len = 0;
    if (fit_buffer(reader, len) != GONG_OK) {
        return NULL;
    }
    memcpy(reader->buf, bytes, len);
    return reader->buf;
}

/* Makes need bytes at offset stand in the buffer; offset + need <= limit. */
static enum gong_err
load(struct gong_spool_reader *reader, uint64_t offset, size_t need,
     uint64_t limit)
{
    uint64_t number = offset / reader->segment_size;
    enum gong_err err;
    size_t want;

    if (reader->len > 0 && offset >= reader->at &&
        offset - reader->at <= reader->len &&
        reader->len - (size_t)(offset - reader->at) >= need) {
        return GONG_OK;
    }
    err = open_segment(reader, number);
    if (err != GONG_OK) {
        return err;
    }
    reader->len = 0;
    err = fit_buffer(reader, need);
    if (err != GONG_OK) {
        return err;
    }
    want =
        limit - offset < reader->cap ? (size_t)(limit - offset) : reader->cap;
    gong_spool_file_read(reader->fd, offset % reader->segment_size, reader->buf,
                         want);
    reader->at = offset;
    reader->len = want;
    return GONG_OK;
}

static const uint8_t *
at_offset(const struct gong_spool_reader *reader, uint64_t offset)
{
    return reader->buf + (offset - reader->at);
}

enum gong_err
gong_spool_reader_record(struct gong_spool_reader *reader, uint64_t offset,
                         uint64_t limit, struct gong_record *out)
{
    struct gong_record_place place = {.segment = offset / reader->segment_size,
                                      .offset = offset};
    enum gong_err err;
    size_t size;

    if (limit < offset || limit - offset < GONG_RECORD_HEADER_SIZE) {
        return GONG_ERR_CORRUPT;
    }
    memcpy(place.log_id, reader->log_id, sizeof place.log_id);
    err = load(reader, offset, GONG_RECORD_HEADER_SIZE, limit);
    if (err == GONG_OK) {
        err = gong_record_check(&place, at_offset(reader, offset), &size);
    }
    if (err == GONG_OK) {
        err = size > limit - offset ? GONG_ERR_AGAIN
                                    : load(reader, offset, size, limit);
    }
    if (err != GONG_OK) {
        return err;
    }
    return gong_record_open(
        &place, gong_str_from((const char *)at_offset(reader, offset), size),
        out);
}

/* The first place from offset on, at a record's alignment, where a record's
 * magic stands; past what is loaded if none does. */
static uint64_t
find_magic(const struct gong_spool_reader *reader, uint64_t offset)
{
    uint64_t end = reader->at + reader->len;
    const uint8_t *p = at_offset(reader, offset);

    for (; end - offset >= GONG_RECORD_ALIGN;
         offset += GONG_RECORD_ALIGN, p += GONG_RECORD_ALIGN) {
        if (gong_le_get32(p) == GONG_RECORD_MAGIC) {
            return offset;
        }
    }
    return end;
}

enum gong_err
gong_spool_reader_find(struct gong_spool_reader *reader, uint64_t from,
                       uint64_t limit, uint64_t *found)
{
    struct gong_record record;

    from = (from + GONG_RECORD_ALIGN - 1) & ~(uint64_t)(GONG_RECORD_ALIGN - 1);
    while (from < limit && limit - from >= GONG_RECORD_HEADER_SIZE) {
        enum gong_err err = load(reader, from, GONG_RECORD_ALIGN, limit);
        uint64_t at;

        if (err != GONG_OK) {
            return err;
        }
        at = find_magic(reader, from);
        if (at == reader->at + reader->len) {
            from = at & ~(uint64_t)(GONG_RECORD_ALIGN - 1);
            continue;
        }
        err = gong_spool_reader_record(reader, at, limit, &record);
        if (err == GONG_OK) {
            *found = at;
            return GONG_OK;
        }
        if (err != GONG_ERR_CORRUPT && err != GONG_ERR_AGAIN) {
            return err;
        }
        from = at + GONG_RECORD_ALIGN;
    }
    return GONG_ERR_NOT_FOUND;
}

bool
gong_spool_reader_is_end(struct gong_spool_reader *reader, uint64_t offset,
                         uint64_t limit)
{
    const uint8_t *bytes;
    uint8_t any = 0;

    if (limit < offset || limit - offset < GONG_RECORD_HEADER_SIZE) {
        return true;
    }
    if (load(reader, offset, GONG_RECORD_HEADER_SIZE, limit) != GONG_OK) {
        return false;
    }
    bytes = at_offset(reader, offset);
    for (size_t i = 0; i < GONG_RECORD_HEADER_SIZE; i++) {
        any |= bytes[i];
    }
    return any == 0;
}
