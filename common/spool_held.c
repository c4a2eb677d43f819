/* What the disk did not take waits in memory, until it does. */
#include "common/spool_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define RING_STEP   16 /* records that the ring grows by */
#define WAIT_GROWTH 32 /* the longest wait, in first waits */

static struct gong_spool_held_record *
at(const struct gong_spool_held *held, size_t index)
{
    return &held->records[(held->first + index) % held->cap];
}

void
gong_spool_held_fini(struct gong_spool_held *held)
{
    for (size_t i = 0; i < held->count; i++) {
        free(at(held, i)->bytes);
    }
    free(held->records);
    *held = (struct gong_spool_held){0};
}

/* Takes the oldest out; its bytes are the caller's to free. */
static struct gong_spool_held_record
take_first(struct gong_spool_held *held)
{
    struct gong_spool_held_record record = *at(held, 0);

    held->first = (held->first + 1) % held->cap;
    held->count--;
    held->bytes -= record.size;
    return record;
}

static void
drop_ring(struct gong_spool_held *held)
{
    free(held->records);
    held->records = NULL;
    held->first = 0;
    held->cap = 0;
}

/* Makes room for one more element. */
static enum gong_err
fit(struct gong_spool_held *held)
{
    size_t cap = held->cap + RING_STEP;
    struct gong_spool_held_record *grown;

    if (held->count < held->cap) {
        return GONG_OK;
    }
    grown = realloc(held->records, cap * sizeof *grown);
    if (grown == NULL) {
        return GONG_ERR_MEMORY;
    }
    /* What stood behind the first goes to the new end. */
    if (held->first > 0) {
        memmove(grown + held->first + RING_STEP, grown + held->first,
                (held->cap - held->first) * sizeof *grown);
        held->first += RING_STEP;
    }
    held->records = grown;
    held->cap = cap;
    return GONG_OK;
}

/* All that it takes with one record more. */
static uint64_t
memory_with(const struct gong_spool_held *held, size_t size)
{
    size_t cap = held->count < held->cap ? held->cap : held->cap + RING_STEP;

    return held->bytes + size + cap * sizeof held->records[0];
}

/* The oldest goes, also where nobody has read it yet. */
static void
make_room(struct gong_spool *spool, size_t size)
{
    struct gong_spool_held *held = &spool->held;

    while (held->count > 0 && memory_with(held, size) > held->max) {
        struct gong_spool_held_record oldest = take_first(held);

        if (held->lost_records++ == 0) {
            gong_log(GONG_LOG_ERROR, "spool_memory_full",
                     "dir=%s bytes_max=%" PRIu64 " lost_from=%" PRIu64
                     " further=counted_only",
                     spool->label, held->max, oldest.offset);
        }
        held->lost_bytes += oldest.size;
        held->gapped = true;
        free(oldest.bytes);
    }
    if (held->count == 0) {
        drop_ring(held); /* many small ones may have made it long */
    }
}

/* Where a record of that size goes: as if it went to a file. */
static uint64_t
next_place(const struct gong_spool *spool, size_t size)
{
    uint64_t end = atomic_load(&spool->end);
    uint64_t segment = spool->meta.segment_size;
    uint64_t number = (end - 1) / segment; /* end is beyond its header */

    return (number + 1) * segment - end < size
               ? gong_spool_segment_start(spool, number + 1)
               : end;
}

/* Takes over bytes on success. */
static enum gong_err
push(struct gong_spool *spool, const struct gong_spool_draft *draft,
     uint8_t *bytes, uint64_t *offset)
{
    struct gong_spool_held *held = &spool->held;
    uint64_t place = next_place(spool, draft->size);
    enum gong_err err;

    make_room(spool, draft->size);
    err = fit(held);
    if (err != GONG_OK) {
        return err;
    }
    if (held->count == 0) {
        held->reason =
            spool->append_state == GONG_OK ? GONG_ERR_IO : spool->append_state;
        gong_log(GONG_LOG_ERROR, "spool_in_memory",
                 "dir=%s from=%" PRIu64 " bytes_max=%" PRIu64, spool->label,
                 place, held->max);
    }
    gong_spool_seal(spool, draft, place, bytes);
    *at(held, held->count++) =
        (struct gong_spool_held_record){place, draft->size, bytes};
    held->bytes += draft->size;
    atomic_store(&spool->end, place + draft->size);
    if (offset != NULL) {
        *offset = place;
    }
    return GONG_OK;
}

static void
copy_payload(const struct gong_spool_draft *draft, uint8_t *out)
{
    for (int i = 0; i < draft->part_count; i++) {
        if (draft->parts[i].iov_len > 0) {
            memcpy(out, draft->parts[i].iov_base, draft->parts[i].iov_len);
            out += draft->parts[i].iov_len;
        }
    }
}

enum gong_err
gong_spool_hold(struct gong_spool *spool, const struct gong_record_meta *meta,
                const struct iovec *parts, int part_count, uint64_t *offset)
{
    struct gong_spool_draft draft = {
        .meta = meta, .parts = parts, .part_count = part_count};
    enum gong_err err = gong_spool_measure(spool, &draft);
    uint8_t *bytes;

    if (err != GONG_OK) {
        return err;
    }
    if (draft.size + RING_STEP * sizeof(struct gong_spool_held_record) >
        spool->held.max) {
        return GONG_ERR_NO_SPACE;
    }
    bytes = calloc(1, draft.size);
    if (bytes == NULL) {
        return GONG_ERR_MEMORY;
    }
    copy_payload(&draft, bytes + GONG_RECORD_HEADER_SIZE);
    (void)pthread_mutex_lock(&spool->lock);
    err = push(spool, &draft, bytes, offset);
    (void)pthread_mutex_unlock(&spool->lock);
    if (err != GONG_OK) {
        free(bytes);
    }
    return err;
}

/* Moves the tail to where the record stands; what went from memory before it
 * stays behind as a gap. */
static enum gong_err
go_to(struct gong_spool *spool, uint64_t offset)
{
    uint64_t number = offset / spool->meta.segment_size;
    uint64_t from = spool->tail;

    if (number != spool->segments[spool->count - 1].number) {
        enum gong_err err = gong_spool_segment_advance(spool, number);

        if (err != GONG_OK) {
            return err;
        }
    }
    if (spool->held.gapped) {
        gong_spool_set_aside(spool, from, offset);
        spool->held.gapped = false;
    }
    spool->tail = offset;
    return GONG_OK;
}

/* GONG_ERR_AGAIN: sync first. */
static enum gong_err
write_first(struct gong_spool *spool)
{
    struct gong_spool_held *held = &spool->held;
    const struct gong_spool_held_record *record = at(held, 0);
    struct iovec parts[2] = {{record->bytes, record->size}};
    enum gong_err err = go_to(spool, record->offset);

    if (err == GONG_OK) {
        err = gong_spool_write(spool, parts, 1, record->size, 0);
    }
    if (err == GONG_OK) {
        free(take_first(held).bytes);
    }
    return err;
}

static enum gong_err
write_one(struct gong_spool *spool, bool *more)
{
    struct gong_spool_held *held = &spool->held;
    enum gong_err err = GONG_OK;

    (void)pthread_mutex_lock(&spool->lock);
    if (held->count > 0) {
        err = write_first(spool);
        if (err == GONG_OK && held->count == 0) {
            gong_spool_note(spool, "spool_append", &spool->append_state, err);
            gong_log(GONG_LOG_INFO, "spool_written_out",
                     "dir=%s end=%" PRIu64 " lost_records=%" PRIu64,
                     spool->label, spool->tail, held->lost_records);
            gong_spool_cursor_marks(spool);
        }
    }
    *more = held->count > 0;
    (void)pthread_mutex_unlock(&spool->lock);
    return err;
}

static bool
is_due(struct gong_spool_held *held)
{
    gong_mono_t now;

    if (held->retry.ns == 0) {
        return true;
    }
    now = gong_mono_now();
    if (held->tried.ns != 0 &&
        gong_mono_since(now, held->tried).ns < held->wait.ns) {
        return false;
    }
    held->tried = now;
    held->wait.ns = held->wait.ns == 0 ? held->retry.ns : held->wait.ns * 2;
    if (held->wait.ns > held->retry.ns * WAIT_GROWTH) {
        held->wait.ns = held->retry.ns * WAIT_GROWTH;
    }
    return true;
}

static bool
is_holding(struct gong_spool *spool, enum gong_err *reason)
{
    bool holding;

    (void)pthread_mutex_lock(&spool->lock);
    holding = spool->held.count > 0;
    *reason = spool->held.reason;
    (void)pthread_mutex_unlock(&spool->lock);
    return holding;
}

enum gong_err
gong_spool_held_write_out(struct gong_spool *spool, bool at_once)
{
    enum gong_err err = GONG_OK;
    enum gong_err reason;
    bool more = is_holding(spool, &reason);

    if (!more) {
        return GONG_OK;
    }
    if (!is_due(&spool->held) && !at_once) {
        return reason;
    }
    while (err == GONG_OK && more) {
        err = write_one(spool, &more);
        if (err == GONG_ERR_AGAIN) {
            err = gong_spool_sync_files(spool);
        }
    }
    if (err == GONG_OK) {
        spool->held.wait.ns = 0;
        spool->held.tried.ns = 0;
    }
    return err;
}

/* The index of the first record at or after offset; count where none is. */
static size_t
find(const struct gong_spool_held *held, uint64_t offset)
{
    size_t low = 0;
    size_t high = held->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (at(held, middle)->offset < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* A copy: the record itself may go any moment. */
static enum gong_err
lend(struct gong_spool_cursor *cursor,
     const struct gong_spool_held_record *record, struct gong_record *out)
{
    struct gong_record_place place = {
        .segment = record->offset / cursor->spool->meta.segment_size,
        .offset = record->offset};
    const uint8_t *bytes =
        gong_spool_reader_keep(&cursor->reader, record->bytes, record->size);

    if (bytes == NULL) {
        return GONG_ERR_MEMORY;
    }
    memcpy(place.log_id, cursor->spool->meta.log_id, sizeof place.log_id);
    return gong_record_open(
        &place, gong_str_from((const char *)bytes, record->size), out);
}

enum gong_err
gong_spool_held_read(struct gong_spool_cursor *cursor, uint64_t limit,
                     struct gong_record *out)
{
    struct gong_spool *spool = cursor->spool;
    struct gong_spool_held *held = &spool->held;
    const struct gong_spool_held_record *record;
    enum gong_err err = GONG_ERR_AGAIN;
    size_t i;

    (void)pthread_mutex_lock(&spool->lock);
    i = find(held, cursor->offset);
    if (cursor->offset < atomic_load(&spool->written)) {
        err = GONG_ERR_NOT_FOUND;
    } else if (i < held->count) {
        record = at(held, i);
        if (record->offset + record->size <= limit) {
            err = lend(cursor, record, out);
        }
    }
    (void)pthread_mutex_unlock(&spool->lock);
    if (err == GONG_OK) {
        cursor->offset = out->next;
    }
    return err;
}
