#include "agent/receive/receive_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/fd_bytes.h"
#include "agent/receive/receive_epoch.h"
#include "agent/receive/receive_format.h"
#include "common/crc32c.h"
#include "common/le.h"
#include "common/lp_encode.h"

#define PATH_SIZE 4096

struct gong_receive_writer {
    struct gong_receive *receive;
    char path[PATH_SIZE];
    char part[PATH_SIZE];
    int fd;
    size_t place; /* of the visit */
    struct gong_buffer buffer;
    enum gong_err err; /* of filling it */
    uint8_t head[GONG_RECEIVE_HEAD];
    uint64_t devices;
    uint64_t bytes; /* behind head */
    uint32_t crc;   /* of these */
};

static void
put(struct gong_receive_writer *writer, const void *bytes, size_t len)
{
    if (writer->err == GONG_OK) {
        writer->err = gong_buffer_append(&writer->buffer, bytes, len);
    }
}

static void
put_ranges(struct gong_receive_writer *writer, const struct gong_range *ranges,
           uint32_t count)
{
    uint8_t bytes[GONG_RECEIVE_RANGE_SIZE];

    for (uint32_t i = 0; i < count; i++) {
        gong_le_put64(bytes, ranges[i].first);
        gong_le_put64(bytes + 8, ranges[i].last);
        put(writer, bytes, sizeof bytes);
    }
}

static void
put_told(struct gong_receive_writer *writer, const struct gong_ledger *ledger)
{
    for (uint32_t i = 0; i < ledger->told_count; i++) {
        const struct gong_ledger_told *told = &ledger->told[i];
        uint8_t bytes[GONG_RECEIVE_TOLD_SIZE];

        gong_le_put64(bytes, told->first);
        gong_le_put64(bytes + 8, told->last);
        gong_le_put64(bytes + 16, told->points);
        gong_le_put64(bytes + 24, told->samples);
        gong_le_put64(bytes + 32, (uint64_t)told->reason);
        put(writer, bytes, sizeof bytes);
    }
}

static void
put_counts(uint8_t *at, const struct gong_ledger_counts *counts)
{
    uint64_t values[GONG_LEDGER_COUNTS];

    memcpy(values, counts, sizeof values);
    for (size_t i = 0; i < GONG_LEDGER_COUNTS; i++) {
        gong_le_put64(at + 8 * i, values[i]);
    }
}

static void
put_epoch(struct gong_receive_writer *writer,
          const struct gong_receive_epoch *epoch)
{
    const struct gong_ledger *ledger = &epoch->ledger;
    const uint64_t values[] = {
        epoch->epoch,
        epoch->low,
        epoch->position,
        epoch->settled.cum,
        ledger->base,
        ledger->highest,
        ledger->expected,
        ledger->goodbye,
        ledger->lost_points,
        (uint64_t)ledger->highest_ms,
        (uint64_t)ledger->until_ms,
    };
    uint8_t head[GONG_RECEIVE_EPOCH_HEAD] = {0};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        gong_le_put64(head + 8 * i, values[i]);
    }
    put_counts(head + sizeof values, &ledger->counts);
    head[GONG_RECEIVE_EPOCH_HEAD - 4] = (uint8_t)epoch->settled.count;
    head[GONG_RECEIVE_EPOCH_HEAD - 3] = (uint8_t)ledger->gap_count;
    head[GONG_RECEIVE_EPOCH_HEAD - 2] = ledger->closed;
    head[GONG_RECEIVE_EPOCH_HEAD - 1] = (uint8_t)ledger->told_count;
    put(writer, head, sizeof head);
    put_ranges(writer, epoch->settled.items, epoch->settled.count);
    put_ranges(writer, ledger->gaps, ledger->gap_count);
    put_told(writer, ledger);
}

static void
put_device(void *ctx, struct gong_device *device)
{
    struct gong_receive_writer *writer = ctx;
    uint8_t head[GONG_RECEIVE_DEVICE_HEAD] = {
        (uint8_t)device->site_len, (uint8_t)device->device_len, 0, 0};

    for (const struct gong_receive_epoch *epoch = device->state; epoch != NULL;
         epoch = epoch->next) {
        head[2]++;
    }
    put(writer, head, sizeof head);
    put(writer, device->names, device->site_len + device->device_len);
    for (const struct gong_receive_epoch *epoch = device->state; epoch != NULL;
         epoch = epoch->next) {
        put_epoch(writer, epoch);
    }
    writer->devices++;
}

static void
free_writer(struct gong_receive_writer *writer)
{
    if (writer->fd >= 0) {
        (void)close(writer->fd);
    }
    gong_buffer_fini(&writer->buffer);
    free(writer);
}

static void
put_head(struct gong_receive_writer *writer,
         const struct gong_receive_place *place)
{
    uint8_t *head = writer->head;

    gong_le_put32(head, GONG_RECEIVE_MAGIC);
    gong_le_put32(head + 4, GONG_RECEIVE_VERSION);
    memcpy(head + 8, place->journal_id, sizeof place->journal_id);
    gong_le_put32(head + 24, place->generation);
    gong_le_put64(head + GONG_RECEIVE_AT_FROM, place->from);
    (void)pthread_mutex_lock(&writer->receive->lock);
    put_counts(head + GONG_RECEIVE_AT_COUNTS, &writer->receive->forgotten);
    (void)pthread_mutex_unlock(&writer->receive->lock);
}

enum gong_err
gong_receive_save_begin(struct gong_receive *receive, const char *path,
                        const struct gong_receive_place *place,
                        struct gong_receive_writer **out)
{
    struct gong_receive_writer *writer = calloc(1, sizeof *writer);
    enum gong_err err;
    int len;

    *out = NULL;
    if (writer == NULL) {
        return GONG_ERR_MEMORY;
    }
    writer->receive = receive;
    writer->fd = -1;
    (void)snprintf(writer->path, sizeof writer->path, "%s", path);
    len = snprintf(writer->part, sizeof writer->part, "%s.part", path);
    if (len < 0 || (size_t)len >= sizeof writer->part) {
        free_writer(writer);
        return GONG_ERR_TOO_LARGE;
    }
    writer->fd =
        open(writer->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (writer->fd < 0) {
        err = gong_err_from_errno(errno);
        free_writer(writer);
        return err;
    }
    put_head(writer, place);
    err = gong_fd_write_all(writer->fd, writer->head, sizeof writer->head);
    if (err != GONG_OK) {
        gong_receive_save_abandon(writer);
        return err;
    }
    *out = writer;
    return GONG_OK;
}

enum gong_err
gong_receive_save_step(struct gong_receive_writer *writer, bool *more)
{
    enum gong_err err;

    writer->buffer.len = 0;
    *more =
        gong_receive_visit(writer->receive, &writer->place, put_device, writer);
    if (writer->err != GONG_OK || writer->buffer.len == 0) {
        return writer->err;
    }
    writer->crc =
        gong_crc32c(writer->crc, writer->buffer.data, writer->buffer.len);
    writer->bytes += writer->buffer.len;
    err =
        gong_fd_write_all(writer->fd, writer->buffer.data, writer->buffer.len);
    return err;
}

/* Now that all is known: the head again. The devices' CRC was taken as they
 * went; the trailer has it and the head's. */
static enum gong_err
finish(struct gong_receive_writer *writer, uint64_t through)
{
    uint8_t trailer[GONG_RECEIVE_TRAILER];
    enum gong_err err;

    gong_le_put64(writer->head + GONG_RECEIVE_AT_BYTES,
                  GONG_RECEIVE_HEAD + writer->bytes + sizeof trailer);
    gong_le_put64(writer->head + GONG_RECEIVE_AT_THROUGH, through);
    gong_le_put64(writer->head + GONG_RECEIVE_AT_DEVICES, writer->devices);
    gong_le_put32(trailer, writer->crc);
    gong_le_put32(trailer + 4, gong_crc32c(0, writer->head, GONG_RECEIVE_HEAD));
    err = gong_fd_write_all(writer->fd, trailer, sizeof trailer);
    if (err == GONG_OK && lseek(writer->fd, 0, SEEK_SET) != 0) {
        err = gong_err_from_errno(errno);
    }
    if (err == GONG_OK) {
        err = gong_fd_write_all(writer->fd, writer->head, GONG_RECEIVE_HEAD);
    }
    if (err == GONG_OK && fsync(writer->fd) != 0) {
        err = gong_err_from_errno(errno);
    }
    return err;
}

/* A rename that a power cut undoes leaves the one before: still true. */
enum gong_err
gong_receive_save_end(struct gong_receive_writer *writer, uint64_t through)
{
    enum gong_err err = finish(writer, through);

    if (err == GONG_OK && rename(writer->part, writer->path) != 0) {
        err = gong_err_from_errno(errno);
    }
    if (err != GONG_OK) {
        gong_receive_save_abandon(writer);
        return err;
    }
    free_writer(writer);
    return GONG_OK;
}

void
gong_receive_save_abandon(struct gong_receive_writer *writer)
{
    (void)unlink(writer->part);
    free_writer(writer);
}
