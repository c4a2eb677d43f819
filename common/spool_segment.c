/* The life of segment files: made, filled, recycled. */
#include "common/spool_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/spool_file.h"

uint64_t
gong_spool_segment_start(const struct gong_spool *spool, uint64_t number)
{
    return number * spool->meta.segment_size + GONG_SPOOL_HEADER_SIZE;
}

uint64_t
gong_spool_segment_end(const struct gong_spool *spool, uint64_t offset)
{
    uint64_t size = spool->meta.segment_size;

    return (offset / size + 1) * size;
}

enum gong_err
gong_spool_segment_push(struct gong_spool *spool, uint64_t number,
                        uint64_t data_end)
{
    if (spool->count == spool->cap) {
        uint32_t cap = spool->cap < 8 ? 8 : spool->cap * 2;
        struct gong_spool_segment *grown =
            realloc(spool->segments, cap * sizeof *grown);

        if (grown == NULL) {
            return GONG_ERR_MEMORY;
        }
        spool->segments = grown;
        spool->cap = cap;
    }
    spool->segments[spool->count++] =
        (struct gong_spool_segment){number, data_end};
    return GONG_OK;
}

/* Where the data before segment number ends; 0 where there is none. */
static uint64_t
data_before(const struct gong_spool *spool, uint64_t number)
{
    for (uint32_t i = spool->count; i-- > 0;) {
        if (spool->segments[i].number < number) {
            return spool->segments[i].data_end;
        }
    }
    return 0;
}

enum gong_err
gong_spool_segment_label(struct gong_spool *spool, int fd, uint64_t number)
{
    uint8_t bytes[GONG_SPOOL_HEADER_SIZE];
    struct gong_spool_header header = {
        .segment_size = spool->meta.segment_size,
        .number = number,
        .generation =
            (uint32_t)spool->meta.generations[spool->meta.count - 1].number,
        .before = data_before(spool, number),
        .durable = atomic_load(&spool->durable)};

    memcpy(header.log_id, spool->meta.log_id, sizeof header.log_id);
    gong_spool_header_encode(&header, bytes);
    return gong_spool_file_write(fd, 0, bytes, sizeof bytes);
}

/* Header, and the zeros that say that no record follows yet. */
static enum gong_err
begin_segment(struct gong_spool *spool, int fd, uint64_t number)
{
    enum gong_err err = gong_spool_segment_label(spool, fd, number);

    if (err == GONG_OK) {
        err = gong_spool_file_zero(fd, GONG_SPOOL_HEADER_SIZE,
                                   GONG_SPOOL_HEADER_SIZE +
                                       GONG_RECORD_HEADER_SIZE);
    }
    return err;
}

static enum gong_err
open_allocated(struct gong_spool *spool, const char *name, int *out)
{
    int fd = openat(spool->dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    enum gong_err err;

    if (fd < 0) {
        return gong_err_from_errno(errno);
    }
    err = gong_spool_file_allocate(fd, spool->meta.segment_size);
    if (err != GONG_OK) {
        (void)unlinkat(spool->dir_fd, name, 0); /* gives its blocks back */
        (void)close(fd);
        return err;
    }
    *out = fd;
    return GONG_OK;
}

/* A file that has a segment's name and is none must not stay: an opening would
 * take it for a damaged one. It is the spare from now on; what cannot be done
 * is left, for new_file to take up. Takes over fd. */
static void
make_spare(struct gong_spool *spool, int fd, const char *name)
{
    if (spool->spare_fd < 0 &&
        renameat(spool->dir_fd, name, spool->dir_fd, GONG_SPOOL_SPARE) == 0) {
        spool->spare_fd = fd;
        return;
    }
    (void)unlinkat(spool->dir_fd, name, 0);
    (void)close(fd);
}

/* A file that never was a segment, or whose use failed before it held one. */
static enum gong_err
new_file(struct gong_spool *spool, uint64_t number, int *out)
{
    char name[GONG_SPOOL_NAME_SIZE];
    enum gong_err err;
    int fd = spool->spare_fd;

    gong_spool_segment_name(number, name);
    if (fd >= 0 &&
        renameat(spool->dir_fd, GONG_SPOOL_SPARE, spool->dir_fd, name) == 0) {
        spool->spare_fd = -1;
        err = gong_spool_file_allocate(fd, spool->meta.segment_size);
    } else {
        err = open_allocated(spool, name, &fd);
        if (err != GONG_OK) {
            return err;
        }
    }
    spool->folder_dirty = true;
    if (err == GONG_OK) {
        err = begin_segment(spool, fd, number);
    }
    if (err != GONG_OK) {
        make_spare(spool, fd, name);
        return err;
    }
    *out = fd;
    return GONG_OK;
}

static void
become_head(struct gong_spool *spool, int fd, uint64_t number)
{
    spool->head_fd = fd;
    spool->tail = gong_spool_segment_start(spool, number);
    spool->head_filled = false;
}

enum gong_err
gong_spool_segment_create(struct gong_spool *spool, uint64_t number)
{
    enum gong_err err;
    int fd;

    err = gong_spool_segment_push(spool, number,
                                  gong_spool_segment_start(spool, number));
    if (err != GONG_OK) {
        return err;
    }
    err = new_file(spool, number, &fd);
    if (err != GONG_OK) {
        spool->count--;
        return err;
    }
    become_head(spool, fd, number);
    return GONG_OK;
}

/* Where the slowest named cursor stands in the oldest segment, or its end. */
static uint64_t
held_from(const struct gong_spool *spool)
{
    const struct gong_spool_segment *oldest = &spool->segments[0];
    uint64_t low = oldest->data_end;
    uint64_t start = gong_spool_segment_start(spool, oldest->number);

    for (const struct gong_spool_cursor *cursor = spool->cursors;
         cursor != NULL; cursor = cursor->next) {
        if (cursor->name[0] != '\0' && cursor->committed < low) {
            low = cursor->committed;
        }
    }
    return low > start ? low : start;
}

/* Bytes of the oldest segment that the slowest named cursor has not done. */
static uint64_t
held_bytes(const struct gong_spool *spool)
{
    return spool->segments[0].data_end - held_from(spool);
}

static void
tell_drop(struct gong_spool *spool)
{
    if (held_bytes(spool) > 0) {
        gong_spool_tell_drop(spool, held_from(spool));
    }
}

static void
note_dropped(struct gong_spool *spool, uint64_t bytes)
{
    spool->dropped_bytes += bytes;
    if (bytes > 0 && !spool->dropping) {
        gong_log(GONG_LOG_WARNING, "spool_dropping",
                 "dir=%s policy=drop_oldest from=%" PRIu64 " bytes=%" PRIu64,
                 spool->label,
                 gong_spool_segment_start(spool, spool->segments[0].number),
                 bytes);
    } else if (bytes == 0 && spool->dropping) {
        gong_log(GONG_LOG_INFO, "spool_dropping_ended",
                 "dir=%s dropped_bytes=%" PRIu64, spool->label,
                 spool->dropped_bytes);
    }
    spool->dropping = bytes > 0;
}

/* Takes the oldest segment out of the log; its file is the caller's. */
static void
release_oldest(struct gong_spool *spool)
{
    uint64_t begin = gong_spool_segment_start(spool, spool->segments[1].number);

    note_dropped(spool, held_bytes(spool));
    spool->count--;
    memmove(spool->segments, spool->segments + 1,
            spool->count * sizeof spool->segments[0]);
    atomic_store(&spool->begin, begin);
    for (struct gong_spool_cursor *cursor = spool->cursors; cursor != NULL;
         cursor = cursor->next) {
        if (cursor->committed < begin) {
            cursor->committed = begin;
        }
    }
}

static bool
may_release(const struct gong_spool *spool)
{
    return spool->count >= 2 &&
           (spool->policy == GONG_SPOOL_DROP_OLDEST || held_bytes(spool) == 0);
}

/* A log that was opened with a smaller bound than it has files. */
static void
trim(struct gong_spool *spool)
{
    char name[GONG_SPOOL_NAME_SIZE];

    while (spool->count > spool->segments_max && may_release(spool)) {
        gong_spool_segment_name(spool->segments[0].number, name);
        tell_drop(spool);
        release_oldest(spool);
        (void)unlinkat(spool->dir_fd, name, 0);
        spool->folder_dirty = true;
    }
}

/* The oldest file under the new name. Nothing has changed on failure, except
 * when writing to it fails: then it is the spare. */
static enum gong_err
recycle(struct gong_spool *spool, uint64_t number, int *out)
{
    char oldest[GONG_SPOOL_NAME_SIZE];
    char name[GONG_SPOOL_NAME_SIZE];
    enum gong_err err;
    int fd;

    if (!may_release(spool)) {
        return GONG_ERR_NO_SPACE;
    }
    gong_spool_segment_name(spool->segments[0].number, oldest);
    gong_spool_segment_name(number, name);
    fd = openat(spool->dir_fd, oldest, O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) { /* somebody removed it under us */
        release_oldest(spool);
        return new_file(spool, number, out);
    }
    if (fd >= 0) {
        tell_drop(spool);
    }
    if (fd < 0 || renameat(spool->dir_fd, oldest, spool->dir_fd, name) != 0) {
        err = gong_err_from_errno(errno);
        if (fd >= 0) {
            (void)close(fd);
        }
        return err;
    }
    release_oldest(spool);
    spool->folder_dirty = true;
    err = gong_spool_file_allocate(fd, spool->meta.segment_size);
    if (err == GONG_OK) {
        err = begin_segment(spool, fd, number);
    }
    if (err != GONG_OK) {
        make_spare(spool, fd, name);
        return err;
    }
    *out = fd;
    return GONG_OK;
}

/* A full disk is a smaller bound: then the oldest is recycled early. */
static enum gong_err
obtain(struct gong_spool *spool, uint64_t number, int *out)
{
    trim(spool);
    if (spool->count < spool->segments_max) {
        enum gong_err err = new_file(spool, number, out);

        if (err != GONG_ERR_NO_SPACE) {
            return err;
        }
    }
    return recycle(spool, number, out);
}

enum gong_err
gong_spool_segment_advance(struct gong_spool *spool, uint64_t number)
{
    uint64_t old = spool->segments[spool->count - 1].number;
    uint64_t size = spool->meta.segment_size;
    uint64_t used = spool->tail - old * size;
    enum gong_err err;
    int fd = -1;

    if (spool->retired_count == GONG_SPOOL_RETIRED_MAX) {
        return GONG_ERR_AGAIN;
    }
    if (!spool->head_filled) {
        err = gong_spool_file_zero(spool->head_fd, used, size);
        if (err != GONG_OK) {
            return err;
        }
        spool->head_filled = true;
    }
    /* Room in the table first, so that nothing can fail after obtain. */
    err = gong_spool_segment_push(spool, number,
                                  gong_spool_segment_start(spool, number));
    if (err != GONG_OK) {
        return err;
    }
    spool->count--;
    spool->segments[spool->count - 1].data_end = spool->tail;
    err = obtain(spool, number, &fd);
    if (err != GONG_OK) {
        return err;
    }
    spool->retired[spool->retired_count++] =
        (struct gong_spool_retired){spool->head_fd, old};
    spool->segments[spool->count++] = (struct gong_spool_segment){
        number, gong_spool_segment_start(spool, number)};
    become_head(spool, fd, number);
    return GONG_OK;
}

void
gong_spool_segment_spare(struct gong_spool *spool)
{
    uint64_t size = spool->meta.segment_size;
    bool needed;
    int fd = -1;

    (void)pthread_mutex_lock(&spool->lock);
    needed = spool->spare_fd < 0 && spool->count < spool->segments_max &&
             spool->tail % size > size / 2;
    (void)pthread_mutex_unlock(&spool->lock);
    if (!needed || open_allocated(spool, GONG_SPOOL_SPARE, &fd) != GONG_OK) {
        return;
    }
    (void)pthread_mutex_lock(&spool->lock);
    spool->spare_fd = fd;
    (void)pthread_mutex_unlock(&spool->lock);
}
