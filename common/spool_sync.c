/* Making durable what is in the files: group commit, and what a failed sync
 * leaves to be done. */
#include "common/spool_private.h"

#include <string.h>
#include <unistd.h>

#include "common/spool_file.h"

/* What one sync covers, taken under the lock. */
struct batch {
    int fds[GONG_SPOOL_RETIRED_MAX + 1];
    size_t count; /* the last is the head, which stays open */
    uint64_t target;
    bool folder;
};

static int
fd_of(const struct gong_spool *spool, uint64_t number)
{
    for (size_t i = 0; i < spool->retired_count; i++) {
        if (spool->retired[i].number == number) {
            return spool->retired[i].fd;
        }
    }
    return spool->head_fd;
}

/* from..to, which lie in one segment and hold no records. */
static enum gong_err
copy_plain(const struct gong_spool *spool, uint64_t from, uint64_t to)
{
    uint64_t size = spool->meta.segment_size;
    int fd = fd_of(spool, from / size);
    uint8_t block[4096];
    enum gong_err err = GONG_OK;

    while (from < to && err == GONG_OK) {
        size_t len =
            to - from < sizeof block ? (size_t)(to - from) : sizeof block;

        gong_spool_file_read(fd, from % size, block, len);
        err = gong_spool_file_write(fd, from % size, block, len);
        from += len;
    }
    return err;
}

/* The records from at to end, by the blocks in which the reader has them: each
 * byte is read once, but for records that lie across two blocks. */
static enum gong_err
copy_records(const struct gong_spool *spool, struct gong_spool_reader *reader,
             uint64_t at, uint64_t end)
{
    uint64_t size = spool->meta.segment_size;
    int fd = fd_of(spool, at / size);
    uint64_t written_at = UINT64_MAX;
    size_t written_len = 0;
    enum gong_err err = GONG_OK;

    gong_spool_reader_forget(reader);
    while (at < end && err == GONG_OK) {
        uint64_t over = gong_spool_gap_end(spool, at);
        struct gong_record record = {.next = 0};

        if (over > 0) {
            over = over < end ? over : end;
            err = copy_plain(spool, at, over);
            at = over;
            continue;
        }
        if (gong_spool_reader_record(reader, at, end, &record) != GONG_OK) {
            return GONG_ERR_IO;
        }
        if (reader->at != written_at || reader->len != written_len) {
            written_at = reader->at;
            written_len = reader->len;
            err = gong_spool_file_write(fd, written_at % size, reader->buf,
                                        written_len);
        }
        at = record.next;
    }
    return err;
}

/* What of a segment lies in from..to: its header, its records, its zeros. */
static enum gong_err
copy_segment(const struct gong_spool *spool, struct gong_spool_reader *reader,
             uint32_t index, uint64_t from, uint64_t to)
{
    const struct gong_spool_segment *segment = &spool->segments[index];
    uint64_t begin = segment->number * spool->meta.segment_size;
    uint64_t start = gong_spool_segment_start(spool, segment->number);
    uint64_t end = index + 1 < spool->count ? segment->data_end : spool->tail;
    enum gong_err err = GONG_OK;

    from = from < begin ? begin : from;
    to = to < begin + spool->meta.segment_size
             ? to
             : begin + spool->meta.segment_size;
    end = end < to ? end : to;
    if (from < start && from < to) {
        err = copy_plain(spool, from, start < to ? start : to);
        from = start;
    }
    if (err == GONG_OK && from < end) {
        err = copy_records(spool, reader, from, end);
        from = end;
    }
    return err == GONG_OK && from < to ? copy_plain(spool, from, to) : err;
}

/*
 * After a failed fdatasync the kernel may call the pages clean, so that the
 * next one succeeds without them being on the disk. Writing the bytes again
 * from the page cache makes them dirty again, if it has them still: a page that
 * was thrown away and read back is what the disk had before, and its records do
 * not verify. Under the lock, so that no segment is recycled meanwhile.
 */
static enum gong_err
dirty_again(const struct gong_spool *spool, const struct batch *batch)
{
    struct gong_spool_reader reader;
    uint64_t from = atomic_load(&spool->durable);
    uint64_t begin = atomic_load(&spool->begin);
    enum gong_err err = GONG_OK;

    from = from < begin ? begin : from;
    gong_spool_reader_init(&reader, spool->dir_fd, spool->meta.segment_size,
                           spool->meta.log_id);
    for (uint32_t i = 0; i < spool->count && err == GONG_OK; i++) {
        err = copy_segment(spool, &reader, i, from, batch->target);
    }
    gong_spool_reader_fini(&reader);
    return err;
}

static enum gong_err
take_batch(struct gong_spool *spool, struct batch *batch)
{
    enum gong_err err = GONG_OK;

    (void)pthread_mutex_lock(&spool->lock);
    batch->count = 0;
    for (size_t i = 0; i < spool->retired_count; i++) {
        batch->fds[batch->count++] = spool->retired[i].fd;
    }
    batch->fds[batch->count++] = spool->head_fd;
    batch->target = atomic_load(&spool->written);
    batch->folder = spool->folder_dirty;
    spool->folder_dirty = false;
    if (spool->sync_failed) {
        err = dirty_again(spool, batch);
    }
    (void)pthread_mutex_unlock(&spool->lock);
    return err;
}

static void
settle_batch(struct gong_spool *spool, const struct batch *batch,
             enum gong_err err)
{
    size_t done = err == GONG_OK ? batch->count - 1 : 0;

    (void)pthread_mutex_lock(&spool->lock);
    if (err == GONG_OK) {
        atomic_store(&spool->durable, batch->target);
        spool->retired_count -= done;
        memmove(spool->retired, spool->retired + done,
                spool->retired_count * sizeof spool->retired[0]);
    } else {
        spool->folder_dirty |= batch->folder;
    }
    spool->sync_failed = err != GONG_OK;
    gong_spool_note(spool, "spool_sync", &spool->sync_state, err);
    (void)pthread_mutex_unlock(&spool->lock);
    for (size_t i = 0; i < done; i++) {
        (void)close(batch->fds[i]);
    }
}

/* Whether the disk can be synced again, asked with one byte: writing all of it
 * again to find out would hold appends up each time. */
static enum gong_err
probe(const struct gong_spool *spool)
{
    static const uint8_t byte = 0;
    enum gong_err err =
        gong_spool_file_write(spool->lock_fd, 0, &byte, sizeof byte);

    return err == GONG_OK ? gong_spool_file_data_sync(spool->lock_fd) : err;
}

enum gong_err
gong_spool_sync_files(struct gong_spool *spool)
{
    struct batch batch;
    enum gong_err err = spool->sync_failed ? probe(spool) : GONG_OK;

    if (err != GONG_OK) {
        return err;
    }
    err = take_batch(spool, &batch);

    if (batch.target != atomic_load(&spool->durable) || batch.folder) {
        for (size_t i = 0; err == GONG_OK && i < batch.count; i++) {
            err = gong_spool_file_data_sync(batch.fds[i]);
        }
        if (err == GONG_OK && batch.folder) {
            err = gong_spool_file_sync(spool->dir_fd);
        }
        settle_batch(spool, &batch, err);
    }
    return err;
}
