#include "common/spool_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/spool_file.h"

#define SUFFIX ".cursor"
_Static_assert(GONG_SPOOL_CURSOR_NAME_MAX + sizeof SUFFIX <=
                   GONG_SPOOL_NAME_SIZE,
               "a cursor's file name must fit");

static bool
name_valid(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= GONG_SPOOL_CURSOR_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static enum gong_err
write_mark(struct gong_spool_cursor *cursor, uint64_t offset)
{
    uint8_t bytes[GONG_SPOOL_HEADER_SIZE];

    gong_spool_mark_encode(cursor->spool->meta.log_id, offset, bytes);
    return gong_spool_file_write(cursor->fd, 0, bytes, sizeof bytes);
}

/* One file's mark, if it is a sound one behind the end. */
static void
clamp(struct gong_spool *spool, const char *name)
{
    uint64_t end = atomic_load(&spool->end);
    uint8_t bytes[GONG_SPOOL_HEADER_SIZE];
    uint64_t offset = 0;
    enum gong_err err = GONG_OK;
    int fd = openat(spool->dir_fd, name, O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        return; /* opening the cursor will say why */
    }
    gong_spool_file_read(fd, 0, bytes, sizeof bytes);
    if (gong_spool_mark_decode(bytes, spool->meta.log_id, &offset) == GONG_OK &&
        offset > end) {
        gong_spool_mark_encode(spool->meta.log_id, end, bytes);
        err = gong_spool_file_write(fd, 0, bytes, sizeof bytes);
        if (err == GONG_OK) {
            err = gong_spool_file_data_sync(fd);
        }
        gong_log(GONG_LOG_WARNING, "spool_cursor_clamped",
                 "dir=%s file=%s offset=%" PRIu64 " end=%" PRIu64
                 " state=\"%s\"",
                 spool->label, name, offset, end, gong_err_text(err));
    }
    (void)close(fd);
}

void
gong_spool_cursor_clamp(struct gong_spool *spool)
{
    int fd = openat(spool->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    if (dir == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);

        if (len > strlen(SUFFIX) && len < GONG_SPOOL_NAME_SIZE &&
            strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) == 0) {
            clamp(spool, entry->d_name);
        }
    }
    (void)closedir(dir);
}

/* Where the file says, or the begin with a word why. That the policy pushes a
 * cursor is no news: it was said when it dropped. */
static uint64_t
read_mark(struct gong_spool_cursor *cursor, uint64_t begin, uint64_t end)
{
    uint8_t bytes[GONG_SPOOL_HEADER_SIZE];
    uint64_t offset = begin;

    gong_spool_file_read(cursor->fd, 0, bytes, sizeof bytes);
    if (gong_spool_mark_decode(bytes, cursor->spool->meta.log_id, &offset) !=
        GONG_OK) {
        gong_log(GONG_LOG_ERROR, "spool_cursor_damaged",
                 "dir=%s cursor=%s starts_at=%" PRIu64, cursor->spool->label,
                 cursor->name, begin);
        return begin;
    }
    if (offset < begin || offset > end) {
        bool pushed =
            offset < begin && cursor->spool->policy == GONG_SPOOL_DROP_OLDEST;

        gong_log(pushed ? GONG_LOG_INFO : GONG_LOG_WARNING,
                 pushed ? "spool_cursor_pushed" : "spool_cursor_outside",
                 "dir=%s cursor=%s offset=%" PRIu64 " begin=%" PRIu64
                 " end=%" PRIu64,
                 cursor->spool->label, cursor->name, offset, begin, end);
        cursor->mark_stale = true; /* said once */
        return offset < begin ? begin : end;
    }
    return offset;
}

/* Under the lock: a mark never names a place that the files have not reached.
 */
static uint64_t
mark_of(const struct gong_spool_cursor *cursor)
{
    uint64_t written = atomic_load(&cursor->spool->written);

    return cursor->committed < written ? cursor->committed : written;
}

static void
flush_mark(struct gong_spool_cursor *cursor)
{
    if (cursor->mark_stale) {
        uint64_t mark = mark_of(cursor);

        cursor->mark_stale =
            write_mark(cursor, mark) != GONG_OK || mark != cursor->committed;
    }
}

/* With the lock held, so that begin stays. */
static enum gong_err
open_mark(struct gong_spool_cursor *cursor)
{
    struct gong_spool *spool = cursor->spool;
    uint64_t begin = atomic_load(&spool->begin);
    char name[GONG_SPOOL_NAME_SIZE];

    cursor->offset = begin;
    cursor->committed = begin;
    if (cursor->name[0] == '\0') {
        return GONG_OK;
    }
    (void)snprintf(name, sizeof name, "%s" SUFFIX, cursor->name);
    cursor->fd = openat(spool->dir_fd, name, O_RDWR | O_CLOEXEC);
    if (cursor->fd >= 0) {
        cursor->offset = read_mark(cursor, begin, atomic_load(&spool->end));
        cursor->committed = cursor->offset;
        flush_mark(cursor);
        return GONG_OK;
    }
    if (errno == ENOENT) {
        cursor->fd =
            openat(spool->dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        spool->folder_dirty = true;
    }
    return cursor->fd < 0 ? gong_err_from_errno(errno)
                          : write_mark(cursor, begin);
}

void
gong_spool_cursor_marks(struct gong_spool *spool)
{
    for (struct gong_spool_cursor *cursor = spool->cursors; cursor != NULL;
         cursor = cursor->next) {
        flush_mark(cursor);
    }
}

static bool
is_open(const struct gong_spool *spool, const char *name)
{
    for (const struct gong_spool_cursor *cursor = spool->cursors;
         cursor != NULL; cursor = cursor->next) {
        if (name[0] != '\0' && strcmp(cursor->name, name) == 0) {
            return true;
        }
    }
    return false;
}

enum gong_err
gong_spool_cursor_open(struct gong_spool *spool, const char *name,
                       struct gong_spool_cursor **out)
{
    struct gong_spool_cursor *cursor;
    enum gong_err err;

    if (name != NULL && !name_valid(name)) {
        return GONG_ERR_INVALID;
    }
    cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL) {
        return GONG_ERR_MEMORY;
    }
    cursor->spool = spool;
    cursor->fd = -1;
    if (name != NULL) {
        (void)snprintf(cursor->name, sizeof cursor->name, "%s", name);
    }
    gong_spool_reader_init(&cursor->reader, spool->dir_fd,
                           spool->meta.segment_size, spool->meta.log_id);
    (void)pthread_mutex_lock(&spool->lock);
    err = is_open(spool, cursor->name) ? GONG_ERR_INVALID : open_mark(cursor);
    if (err == GONG_OK) {
        cursor->next = spool->cursors;
        spool->cursors = cursor;
    }
    (void)pthread_mutex_unlock(&spool->lock);
    if (err != GONG_OK) {
        if (cursor->fd >= 0) {
            (void)close(cursor->fd);
        }
        free(cursor);
        return err;
    }
    *out = cursor;
    return GONG_OK;
}

void
gong_spool_cursor_close(struct gong_spool_cursor *cursor)
{
    struct gong_spool_cursor **link;

    if (cursor == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&cursor->spool->lock);
    for (link = &cursor->spool->cursors; *link != cursor;) {
        link = &(*link)->next;
    }
    *link = cursor->next;
    flush_mark(cursor);
    (void)pthread_mutex_unlock(&cursor->spool->lock);
    gong_spool_reader_fini(&cursor->reader);
    if (cursor->fd >= 0) {
        (void)close(cursor->fd);
    }
    free(cursor);
}

/* The first record's place in the segment after offset's, under the lock. */
static uint64_t
next_segment(const struct gong_spool *spool, uint64_t offset)
{
    uint64_t number = offset / spool->meta.segment_size;

    for (uint32_t i = 0; i < spool->count; i++) {
        if (spool->segments[i].number > number) {
            return gong_spool_segment_start(spool, spool->segments[i].number);
        }
    }
    return offset;
}

/* Whether a full segment's last record ends at or before offset: a mark may
 * outlive what it stood at, and older bytes stand there then. */
static bool
is_behind_data(const struct gong_spool *spool, uint64_t offset)
{
    uint64_t number = offset / spool->meta.segment_size;

    for (uint32_t i = 0; i + 1 < spool->count; i++) {
        if (spool->segments[i].number == number) {
            return offset >= spool->segments[i].data_end;
        }
    }
    return false;
}

/*
 * No record stands at the cursor's offset. Either the segment was recycled
 * meanwhile, which the lock settles, or its data ends here, or the bytes up to
 * found (0: up to the segment's end) are damaged.
 */
static void
step_over(struct gong_spool_cursor *cursor, uint64_t found, bool is_end)
{
    struct gong_spool *spool = cursor->spool;
    uint64_t begin;

    (void)pthread_mutex_lock(&spool->lock);
    begin = atomic_load(&spool->begin);
    if (cursor->offset < begin) {
        cursor->offset = begin;
        gong_spool_reader_forget(&cursor->reader);
    } else if (found != 0) {
        gong_spool_set_aside(spool, cursor->offset, found);
        cursor->offset = found;
    } else {
        if (!is_end && !is_behind_data(spool, cursor->offset)) {
            gong_spool_set_aside(spool, cursor->offset,
                                 gong_spool_segment_end(spool, cursor->offset));
        }
        cursor->offset = next_segment(spool, cursor->offset);
    }
    (void)pthread_mutex_unlock(&spool->lock);
}

/* GONG_ERR_AGAIN where the damage may not be over yet. */
static enum gong_err
skip(struct gong_spool_cursor *cursor, uint64_t bound)
{
    struct gong_spool_reader *reader = &cursor->reader;
    uint64_t segment_end =
        gong_spool_segment_end(cursor->spool, cursor->offset);
    uint64_t limit = bound < segment_end ? bound : segment_end;
    uint64_t found = 0;
    bool is_end = false;
    enum gong_err err =
        gong_spool_reader_find(reader, cursor->offset + 1, limit, &found);

    switch (err) {
    case GONG_OK:
        break;
    case GONG_ERR_NOT_FOUND:
        if (bound <= segment_end &&
            cursor->offset >= atomic_load(&cursor->spool->begin)) {
            return GONG_ERR_AGAIN;
        }
        found = 0;
        is_end = gong_spool_reader_is_end(reader, cursor->offset, limit);
        break;
    case GONG_ERR_MEMORY:
    case GONG_ERR_INVALID:
    case GONG_ERR_IO:
    case GONG_ERR_NO_SPACE:
    case GONG_ERR_READ_ONLY:
    case GONG_ERR_CORRUPT:
    case GONG_ERR_TOO_LARGE:
    case GONG_ERR_AGAIN:
    case GONG_ERR_CLOSED:
    case GONG_ERR_TIMEOUT:
    case GONG_ERR_UNSUPPORTED:
        return err;
    }
    step_over(cursor, found, is_end);
    return GONG_OK;
}

/* The record at the cursor, which stands before bound, in its file.
 * GONG_ERR_NOT_FOUND: none was there, and the cursor has moved on. */
static enum gong_err
read_file(struct gong_spool_cursor *cursor, uint64_t bound,
          struct gong_record *out)
{
    uint64_t segment_end =
        gong_spool_segment_end(cursor->spool, cursor->offset);
    enum gong_err err = gong_spool_reader_record(
        &cursor->reader, cursor->offset,
        bound < segment_end ? bound : segment_end, out);

    if (err == GONG_OK) {
        cursor->offset = out->next;
        return GONG_OK;
    }
    if (err == GONG_ERR_CORRUPT || err == GONG_ERR_AGAIN ||
        err == GONG_ERR_NOT_FOUND) {
        err = skip(cursor, bound);
    }
    return err == GONG_OK ? GONG_ERR_NOT_FOUND : err;
}

enum gong_err
gong_spool_cursor_next(struct gong_spool_cursor *cursor, uint64_t limit,
                       struct gong_record *out)
{
    struct gong_spool *spool = cursor->spool;
    enum gong_err err = GONG_ERR_NOT_FOUND;

    while (err == GONG_ERR_NOT_FOUND) {
        uint64_t written = atomic_load(&spool->written);
        uint64_t bound = limit < written ? limit : written;
        uint64_t begin = atomic_load(&spool->begin);

        if (cursor->offset < begin) {
            cursor->offset = begin;
        }
        if (cursor->offset < bound &&
            cursor->offset % spool->meta.segment_size == 0) {
            /* The segment before was full to the byte. */
            cursor->offset += GONG_SPOOL_HEADER_SIZE;
        }
        if (cursor->offset < bound) {
            err = read_file(cursor, bound, out);
        } else {
            err = bound == limit ? GONG_ERR_AGAIN
                                 : gong_spool_held_read(cursor, limit, out);
        }
    }
    return err;
}

uint64_t
gong_spool_cursor_offset(const struct gong_spool_cursor *cursor)
{
    return cursor->offset;
}

void
gong_spool_cursor_seek(struct gong_spool_cursor *cursor, uint64_t offset)
{
    uint64_t begin = atomic_load(&cursor->spool->begin);
    uint64_t end = atomic_load(&cursor->spool->end);

    cursor->offset = offset < begin ? begin : offset > end ? end : offset;
}

enum gong_err
gong_spool_cursor_commit(struct gong_spool_cursor *cursor, uint64_t offset)
{
    struct gong_spool *spool = cursor->spool;
    uint64_t end = atomic_load(&spool->end);
    enum gong_err err;
    bool stale;

    offset = offset < end ? offset : end;
    (void)pthread_mutex_lock(&spool->lock);
    if (offset > cursor->committed) {
        cursor->committed = offset;
        cursor->mark_stale = cursor->fd >= 0;
    }
    /* While the disk fails it is left alone; sync writes the mark later. */
    stale = cursor->mark_stale && spool->held.count == 0;
    offset = mark_of(cursor);
    (void)pthread_mutex_unlock(&spool->lock);
    if (!stale) {
        return GONG_OK;
    }
    err = write_mark(cursor, offset);
    (void)pthread_mutex_lock(&spool->lock);
    cursor->mark_stale = err != GONG_OK || offset != cursor->committed;
    (void)pthread_mutex_unlock(&spool->lock);
    return err;
}

uint64_t
gong_spool_cursor_committed(struct gong_spool_cursor *cursor)
{
    uint64_t offset;

    (void)pthread_mutex_lock(&cursor->spool->lock);
    offset = cursor->committed;
    (void)pthread_mutex_unlock(&cursor->spool->lock);
    return offset;
}
