#include "common/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/crc32c.h"
#include "common/log.h"
#include "common/spool_file.h"
#include "common/spool_private.h"

#define LOCK_NAME "lock"

static const uint8_t zeros[GONG_RECORD_ALIGN + GONG_RECORD_HEADER_SIZE];

static void say(char *why, size_t size, const char *format, ...)
    GONG_PRINTF(3, 4);

static void
say(char *why, size_t size, const char *format, ...)
{
    va_list arguments;

    if (size > 0) {
        va_start(arguments, format);
        (void)vsnprintf(why, size, format, arguments);
        va_end(arguments);
    }
}

static struct gong_spool *
spool_new(const struct gong_spool_options *options)
{
    struct gong_spool *spool = calloc(1, sizeof *spool);

    if (spool == NULL) {
        return NULL;
    }
    (void)gong_log_quote(gong_str_of(options->dir), spool->label,
                         sizeof spool->label);
    spool->dir_fd = -1;
    spool->lock_fd = -1;
    spool->head_fd = -1;
    spool->spare_fd = -1;
    spool->segments_max = options->segments_max;
    spool->policy = options->policy;
    spool->drop_told = options->dropping;
    spool->drop_ctx = options->dropping_ctx;
    spool->held.max = options->memory_max;
    spool->held.retry = options->memory_retry;
    (void)pthread_mutex_init(&spool->lock, NULL);
    (void)pthread_mutex_init(&spool->sync_lock, NULL);
    return spool;
}

static void
close_if_open(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

static void
spool_free(struct gong_spool *spool)
{
    for (size_t i = 0; i < spool->retired_count; i++) {
        close_if_open(spool->retired[i].fd);
    }
    close_if_open(spool->head_fd);
    if (spool->spare_fd >= 0) {
        (void)unlinkat(spool->dir_fd, GONG_SPOOL_SPARE, 0);
        (void)close(spool->spare_fd);
    }
    close_if_open(spool->dir_fd);
    close_if_open(spool->lock_fd); /* last: others may have the folder now */
    free(spool->segments);
    gong_spool_held_fini(&spool->held);
    (void)pthread_mutex_destroy(&spool->lock);
    (void)pthread_mutex_destroy(&spool->sync_lock);
    free(spool);
}

static enum gong_err
open_folder(struct gong_spool *spool, const char *dir, const char **at)
{
    *at = "";
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return gong_err_from_errno(errno);
    }
    spool->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (spool->dir_fd < 0) {
        return gong_err_from_errno(errno);
    }
    *at = "/" LOCK_NAME;
    spool->lock_fd =
        openat(spool->dir_fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (spool->lock_fd < 0) {
        return gong_err_from_errno(errno);
    }
    return flock(spool->lock_fd, LOCK_EX | LOCK_NB) == 0
               ? GONG_OK
               : gong_err_from_errno(errno); /* AGAIN: taken */
}

static enum gong_err
open_log(struct gong_spool *spool, const struct gong_spool_options *options,
         char *why, size_t why_size)
{
    const char *at;
    const char *slash = "";
    enum gong_err err = open_folder(spool, options->dir, &at);
    /* "Permission denied" says more than that it did not work. */
    const char *reason = err == GONG_ERR_IO || err == GONG_ERR_NOT_FOUND
                             ? strerror(errno)
                             : gong_err_text(err);

    if (err == GONG_ERR_AGAIN) {
        say(why, why_size, "%s is in use by another process", options->dir);
        return err;
    }
    if (err == GONG_OK) {
        slash = "/";
        err = gong_spool_recover(spool, options->segment_size, &at);
        reason = gong_err_text(err);
    }
    if (err != GONG_OK) {
        say(why, why_size, "%s%s%s: %s", options->dir, slash, at, reason);
        return err;
    }
    atomic_store(&spool->written, spool->tail);
    gong_spool_cursor_clamp(spool);
    return GONG_OK;
}

enum gong_err
gong_spool_open(const struct gong_spool_options *options,
                struct gong_spool **out, char *why, size_t why_size)
{
    struct gong_spool *spool;
    enum gong_err err;

    if (!gong_spool_size_valid(options->segment_size) ||
        options->segments_max < 2) {
        say(why, why_size,
            "%s: segments must be at least 2, of at least %u bytes, a "
            "multiple of %d",
            options->dir, GONG_SPOOL_SEGMENT_MIN, GONG_SPOOL_SEGMENT_STEP);
        return GONG_ERR_INVALID;
    }
    spool = spool_new(options);
    if (spool == NULL) {
        say(why, why_size, "%s: out of memory", options->dir);
        return GONG_ERR_MEMORY;
    }
    err = open_log(spool, options, why, why_size);
    if (err != GONG_OK) {
        spool_free(spool);
        return err;
    }
    *out = spool;
    return GONG_OK;
}

/* One line when it goes wrong or wrong in another way, one when it is over. */
void
gong_spool_note(const struct gong_spool *spool, const char *what,
                enum gong_err *state, enum gong_err now)
{
    if (*state == now) {
        return;
    }
    *state = now;
    gong_log(now == GONG_OK ? GONG_LOG_INFO : GONG_LOG_ERROR, what,
             "dir=%s state=\"%s\"", spool->label, gong_err_text(now));
}

void
gong_spool_seal(const struct gong_spool *spool,
                const struct gong_spool_draft *draft, uint64_t offset,
                uint8_t header[GONG_RECORD_HEADER_SIZE])
{
    struct gong_record_place place = {
        .segment = offset / spool->meta.segment_size, .offset = offset};
    uint32_t crc;

    memcpy(place.log_id, spool->meta.log_id, sizeof place.log_id);
    crc = gong_record_seed(&place);
    for (int i = 0; i < draft->part_count; i++) {
        crc =
            gong_crc32c(crc, draft->parts[i].iov_base, draft->parts[i].iov_len);
    }
    gong_record_seal(&place, draft->meta, draft->payload_len, crc, header);
}

/*
 *   | header 64 | parts | padding 0..7 | 64 zeros: nothing follows yet |
 *
 * The zeros are what the next record overwrites; where they would cross the
 * segment's end they stop there.
 */
enum gong_err
gong_spool_write(struct gong_spool *spool, struct iovec *parts, int part_count,
                 size_t size, size_t padding)
{
    uint64_t at = spool->tail % spool->meta.segment_size;
    uint64_t room = spool->meta.segment_size - at - size;
    enum gong_err err;

    padding +=
        room < GONG_RECORD_HEADER_SIZE ? (size_t)room : GONG_RECORD_HEADER_SIZE;
    parts[part_count] = (struct iovec){(void *)(uintptr_t)zeros, padding};
    err = gong_spool_file_writev(spool->head_fd, at, parts, part_count + 1);
    if (err != GONG_OK) {
        /* Its first bytes may be there: without a header it is no record. */
        (void)!gong_spool_file_zero(spool->head_fd, at,
                                    at + GONG_RECORD_HEADER_SIZE);
        return err;
    }
    spool->head_filled = false;
    spool->tail += size;
    atomic_store(&spool->written, spool->tail);
    return GONG_OK;
}

static enum gong_err
write_draft(struct gong_spool *spool, const struct gong_spool_draft *draft)
{
    uint8_t header[GONG_RECORD_HEADER_SIZE];
    struct iovec parts[GONG_SPOOL_PARTS_MAX + 2] = {{header, sizeof header}};

    gong_spool_seal(spool, draft, spool->tail, header);
    for (int i = 0; i < draft->part_count; i++) {
        parts[i + 1] = draft->parts[i];
    }
    return gong_spool_write(spool, parts, draft->part_count + 1, draft->size,
                            draft->size - GONG_RECORD_HEADER_SIZE -
                                draft->payload_len);
}

static enum gong_err
append_locked(struct gong_spool *spool, const struct gong_spool_draft *draft,
              uint64_t *offset)
{
    uint64_t size = spool->meta.segment_size;
    uint64_t last = spool->segments[spool->count - 1].number;
    enum gong_err err = GONG_OK;

    if (spool->held.count > 0) {
        return spool->held.reason; /* behind what waits in memory */
    }
    if ((last + 1) * size - spool->tail < draft->size) {
        err = gong_spool_segment_advance(spool, last + 1);
    }
    if (err == GONG_OK) {
        err = write_draft(spool, draft);
    }
    if (err == GONG_OK) {
        if (offset != NULL) {
            *offset = spool->tail - draft->size;
        }
        atomic_store(&spool->end, spool->tail);
    }
    if (err != GONG_ERR_AGAIN) {
        gong_spool_note(spool, "spool_append", &spool->append_state, err);
    }
    return err;
}

enum gong_err
gong_spool_measure(const struct gong_spool *spool,
                   struct gong_spool_draft *draft)
{
    size_t len = 0;

    if (draft->part_count < 0 || draft->part_count > GONG_SPOOL_PARTS_MAX) {
        return GONG_ERR_INVALID;
    }
    for (int i = 0; i < draft->part_count; i++) {
        if (draft->parts[i].iov_len > GONG_RECORD_PAYLOAD_MAX - len) {
            return GONG_ERR_TOO_LARGE;
        }
        len += draft->parts[i].iov_len;
    }
    draft->payload_len = (uint32_t)len;
    draft->size = gong_record_size(len);
    return draft->size <= spool->meta.segment_size - GONG_SPOOL_HEADER_SIZE
               ? GONG_OK
               : GONG_ERR_TOO_LARGE;
}

enum gong_err
gong_spool_append(struct gong_spool *spool, const struct gong_record_meta *meta,
                  const struct iovec *parts, int part_count, uint64_t *offset)
{
    struct gong_spool_draft draft = {
        .meta = meta, .parts = parts, .part_count = part_count};
    enum gong_err err = gong_spool_measure(spool, &draft);

    while (err == GONG_OK) {
        (void)pthread_mutex_lock(&spool->lock);
        err = append_locked(spool, &draft, offset);
        (void)pthread_mutex_unlock(&spool->lock);
        if (err != GONG_ERR_AGAIN) {
            return err;
        }
        err = gong_spool_sync(spool); /* too many full segments unsynced */
    }
    return err;
}

enum gong_err
gong_spool_sync(struct gong_spool *spool)
{
    enum gong_err held;
    enum gong_err err;

    (void)pthread_mutex_lock(&spool->sync_lock);
    held = gong_spool_held_write_out(spool, false);
    err = gong_spool_sync_files(spool);
    err = err == GONG_OK ? held : err;
    if (err == GONG_OK) {
        gong_spool_segment_spare(spool);
    }
    (void)pthread_mutex_unlock(&spool->sync_lock);
    return err;
}

void
gong_spool_close(struct gong_spool *spool)
{
    enum gong_err held;
    enum gong_err err;

    if (spool == NULL) {
        return;
    }
    held = gong_spool_held_write_out(spool, true);
    err = gong_spool_sync_files(spool);
    err = err == GONG_OK ? held : err;
    if (err == GONG_OK) {
        spool->meta.in_use = false;
        err = gong_spool_meta_save(spool);
    }
    if (err != GONG_OK) {
        gong_log(GONG_LOG_ERROR, "spool_close", "dir=%s state=\"%s\"",
                 spool->label, gong_err_text(err));
    }
    spool_free(spool);
}

uint64_t
gong_spool_written(struct gong_spool *spool)
{
    return atomic_load(&spool->written);
}

/* Under the lock. */
static uint64_t
unread_bytes(const struct gong_spool *spool)
{
    uint64_t end = atomic_load(&spool->end);
    uint64_t low = end;

    for (const struct gong_spool_cursor *cursor = spool->cursors;
         cursor != NULL; cursor = cursor->next) {
        if (cursor->name[0] != '\0' && cursor->committed < low) {
            low = cursor->committed;
        }
    }
    return end - low;
}

void
gong_spool_stats(struct gong_spool *spool, struct gong_spool_stats *out)
{
    (void)pthread_mutex_lock(&spool->lock);
    *out = (struct gong_spool_stats){
        .begin = atomic_load(&spool->begin),
        .end = atomic_load(&spool->end),
        .written = atomic_load(&spool->written),
        .durable = atomic_load(&spool->durable),
        .checked = spool->checked,
        .generation =
            (uint32_t)spool->meta.generations[spool->meta.count - 1].number,
        .set_aside_records = spool->gap_count,
        .set_aside_bytes = spool->gap_bytes,
        .dropped_bytes = spool->dropped_bytes,
        .bytes_max = spool->segments_max * spool->meta.segment_size,
        .unread_bytes = unread_bytes(spool),
        .memory_bytes = spool->held.bytes,
        .memory_records = spool->held.count,
        .memory_lost_bytes = spool->held.lost_bytes,
        .memory_lost_records = spool->held.lost_records,
        .append_state =
            spool->held.count > 0 ? spool->held.reason : spool->append_state,
        .sync_state = spool->sync_state};
    (void)pthread_mutex_unlock(&spool->lock);
}

void
gong_spool_id(struct gong_spool *spool, uint8_t out[16])
{
    memcpy(out, spool->meta.log_id, 16);
}

bool
gong_spool_position_holds(struct gong_spool *spool, uint32_t generation,
                          uint64_t offset)
{
    return gong_spool_meta_holds(&spool->meta, generation, offset) &&
           offset <= atomic_load(&spool->end);
}
