/*
 * Opening: whatever the folder holds, a log comes out of it, and no record
 * that verifies is given up.
 *
 * 1. log.meta, or what the newest readable segment header says of it.
 * 2. Segment files by name; those of another log are renamed, never read.
 * 3. All records from the segment on in which the log was durable when its
 *    newest one was begun; what lies before is left to those who read it, but
 *    for segments of which nothing says where their data ends. The last segment
 *    that holds a record is the head. Damage before its last record is set
 *    aside; damage after it is the torn tail.
 * 4. A torn tail is cut: zeros to the segment's end, so that nothing in it can
 *    ever verify, and a new generation. A new generation also follows a lost
 *    log.meta and a stop without close in an earlier boot of the machine,
 *    where the page cache may have gone and left no trace.
 */
#include "common/spool_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/spool_file.h"
#include "common/spool_folder.h"

#define OFFSET_MAX (UINT64_MAX >> 2)

struct scan {
    uint64_t data_end;
    uint64_t before;  /* what its header says, or 0 */
    uint64_t durable; /* likewise */
    bool any;         /* holds a record */
    bool clean;       /* ends as a segment should */
    bool ours;        /* its header is right */
    bool stale;       /* renamed for a new use that never began */
    bool whole;       /* its length is right */
};

struct recovery {
    struct gong_spool *spool;
    struct gong_spool_folder folder;
    struct gong_spool_reader reader;
    struct scan *scans;
    const char *reason;  /* for a new generation, or NULL */
    uint64_t number_max; /* offsets must fit */
    bool fresh;          /* the log has just been given its id */
    bool rebuilt;        /* its identity comes from a segment */
};

/* GONG_ERR_CORRUPT also for a file that cannot be opened. */
static enum gong_err
header_load(struct gong_spool *spool, const char *name,
            struct gong_spool_header *out, uint64_t *length)
{
    uint8_t bytes[GONG_SPOOL_HEADER_SIZE];
    struct stat st;
    int fd = openat(spool->dir_fd, name, O_RDONLY | O_CLOEXEC);

    *length = 0;
    if (fd < 0) {
        return GONG_ERR_CORRUPT;
    }
    if (fstat(fd, &st) == 0) {
        *length = (uint64_t)st.st_size;
    }
    gong_spool_file_read(fd, 0, bytes, sizeof bytes);
    (void)close(fd);
    return gong_spool_header_decode(bytes, out);
}

static enum gong_err
meta_new(struct recovery *recovery, uint64_t segment_size, uint64_t start)
{
    struct gong_spool *spool = recovery->spool;

    recovery->fresh = true;
    spool->meta = (struct gong_spool_meta){.segment_size = segment_size};
    if (getrandom(spool->meta.log_id, sizeof spool->meta.log_id, 0) !=
        (ssize_t)sizeof spool->meta.log_id) {
        return GONG_ERR_IO;
    }
    gong_spool_meta_add(&spool->meta, 1, start);
    return GONG_OK;
}

/* From the newest segment that still says whose it is; false if none does. */
static bool
meta_rebuild(struct recovery *recovery)
{
    struct gong_spool *spool = recovery->spool;
    char name[GONG_SPOOL_NAME_SIZE];
    struct gong_spool_header header;
    uint64_t length;

    for (size_t i = recovery->folder.count; i-- > 0;) {
        gong_spool_segment_name(recovery->folder.numbers[i], name);
        if (header_load(spool, name, &header, &length) == GONG_OK) {
            spool->meta =
                (struct gong_spool_meta){.segment_size = header.segment_size};
            memcpy(spool->meta.log_id, header.log_id, sizeof header.log_id);
            gong_spool_meta_add(&spool->meta, header.generation, 0);
            return true;
        }
    }
    return false;
}

/* Nothing says whose the segments are, so none of their records can verify:
 * keep the files, begin a log after them. */
static enum gong_err
begin_after_unknown(struct recovery *recovery, uint64_t segment_size)
{
    struct gong_spool_folder *folder = &recovery->folder;
    uint64_t next = 0;

    if (folder->count > 0) {
        next = folder->numbers[folder->count - 1] + 1;
        next = next > OFFSET_MAX / segment_size ? 0 : next;
        gong_log(GONG_LOG_ERROR, "spool_unreadable",
                 "dir=%s segments=%zu renamed=*%s new_log=yes",
                 recovery->spool->label, folder->count,
                 GONG_SPOOL_FOREIGN_SUFFIX);
    }
    while (folder->count > 0) {
        gong_spool_folder_set_apart(folder, folder->count - 1);
    }
    return meta_new(recovery, segment_size,
                    next * segment_size + GONG_SPOOL_HEADER_SIZE);
}

/* Step 1. */
static enum gong_err
identify(struct recovery *recovery, uint64_t segment_size)
{
    struct gong_spool *spool = recovery->spool;
    enum gong_err err = gong_spool_meta_load(spool);

    if (err == GONG_OK ||
        (err != GONG_ERR_NOT_FOUND && err != GONG_ERR_CORRUPT)) {
        return err;
    }
    if (err == GONG_ERR_CORRUPT || recovery->folder.count > 0) {
        gong_log(GONG_LOG_ERROR, "spool_meta_lost",
                 "dir=%s file=" GONG_SPOOL_META " state=\"%s\"", spool->label,
                 gong_err_text(err));
    }
    if (meta_rebuild(recovery)) {
        recovery->reason = "meta_lost";
        recovery->rebuilt = true;
        return GONG_OK;
    }
    return begin_after_unknown(recovery, segment_size);
}

/* Step 2, one file: false if it is of another log. */
static bool
examine(struct recovery *recovery, uint64_t number, struct scan *scan)
{
    struct gong_spool *spool = recovery->spool;
    char name[GONG_SPOOL_NAME_SIZE];
    struct gong_spool_header header;
    uint64_t length;
    enum gong_err err;

    gong_spool_segment_name(number, name);
    err = header_load(spool, name, &header, &length);
    scan->ours = err == GONG_OK && header.number == number;
    scan->stale = err == GONG_OK && header.number != number;
    if (scan->ours) {
        scan->before = header.before;
        scan->durable = header.durable;
    }
    scan->whole = length == spool->meta.segment_size;
    if ((err == GONG_OK &&
         memcmp(header.log_id, spool->meta.log_id, 16) != 0) ||
        number > recovery->number_max) {
        gong_log(GONG_LOG_ERROR, "spool_foreign_segment",
                 "dir=%s file=%s renamed=*%s", spool->label, name,
                 GONG_SPOOL_FOREIGN_SUFFIX);
        return false;
    }
    if (!scan->ours) {
        gong_log(GONG_LOG_ERROR, "spool_segment_header",
                 "dir=%s file=%s state=\"%s\"", spool->label, name,
                 err == GONG_OK ? "of another number" : "unreadable");
    }
    if (!scan->whole) {
        gong_log(GONG_LOG_ERROR, "spool_segment_length",
                 "dir=%s file=%s bytes=%" PRIu64 " expected=%" PRIu64,
                 spool->label, name, length, spool->meta.segment_size);
    }
    return true;
}

static enum gong_err
examine_all(struct recovery *recovery)
{
    struct gong_spool_folder *folder = &recovery->folder;

    recovery->scans = calloc(folder->count + 1, sizeof *recovery->scans);
    if (recovery->scans == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < folder->count;) {
        if (examine(recovery, folder->numbers[i], &recovery->scans[i])) {
            i++;
        } else {
            gong_spool_folder_set_apart(folder, i);
        }
    }
    return GONG_OK;
}

/* Step 3, one segment. */
static enum gong_err
scan_segment(struct recovery *recovery, uint64_t number, struct scan *scan)
{
    struct gong_spool *spool = recovery->spool;
    struct gong_spool_reader *reader = &recovery->reader;
    uint64_t at = gong_spool_segment_start(spool, number);
    uint64_t limit = gong_spool_segment_end(spool, at);
    struct gong_record record;
    uint64_t found = 0;
    enum gong_err err;

    scan->data_end = at;
    for (;;) {
        err = gong_spool_reader_record(reader, at, limit, &record);
        if (err == GONG_OK) {
            scan->any = true;
            scan->data_end = at = record.next;
            continue;
        }
        if (err != GONG_ERR_CORRUPT && err != GONG_ERR_AGAIN) {
            return err;
        }
        err = gong_spool_reader_find(reader, at + 1, limit, &found);
        if (err == GONG_ERR_NOT_FOUND) {
            break;
        }
        if (err != GONG_OK) {
            return err;
        }
        gong_spool_set_aside(spool, at, found);
        at = found;
    }
    scan->clean = scan->whole && gong_spool_reader_is_end(reader, at, limit);
    return GONG_OK;
}

/* How many segments at the front need not be read: before the newest was begun,
 * all of them was durable. The two newest are always read, so that the newest
 * records are among what was. */
static size_t
trusted(struct recovery *recovery)
{
    struct gong_spool *spool = recovery->spool;
    const struct gong_spool_folder *folder = &recovery->folder;
    uint64_t durable = 0;
    size_t count = 0;

    for (size_t i = folder->count; i-- > 0 && durable == 0;) {
        if (recovery->scans[i].ours) {
            durable = recovery->scans[i].durable;
        }
    }
    if (recovery->fresh || recovery->rebuilt) {
        return 0;
    }
    while (count + 2 < folder->count &&
           folder->numbers[count] < durable / spool->meta.segment_size) {
        count++;
    }
    atomic_store(&spool->durable, count > 0 ? durable : 0);
    return count;
}

/* Takes the next segment's word for where this one's data ends. */
static bool
take_word(const struct recovery *recovery, size_t i)
{
    const struct gong_spool *spool = recovery->spool;
    const struct scan *next = &recovery->scans[i + 1];
    struct scan *scan = &recovery->scans[i];
    uint64_t number = recovery->folder.numbers[i];
    uint64_t start = gong_spool_segment_start(spool, number);

    if (!scan->ours || !scan->whole || !next->ours ||
        recovery->folder.numbers[i + 1] != number + 1 ||
        next->before <= start ||
        next->before > gong_spool_segment_end(spool, start)) {
        return false;
    }
    scan->data_end = next->before;
    scan->any = true;
    scan->clean = true;
    return true;
}

/* The head is the last with a record, or the first of none. */
static enum gong_err
scan_from(struct recovery *recovery, size_t first, size_t *head)
{
    const uint64_t *numbers = recovery->folder.numbers;

    *head = 0;
    recovery->spool->checked =
        gong_spool_segment_start(recovery->spool, numbers[first]);
    for (size_t i = 0; i < recovery->folder.count; i++) {
        enum gong_err err = GONG_OK;

        if (i >= first || !take_word(recovery, i)) {
            err = scan_segment(recovery, numbers[i], &recovery->scans[i]);
        }
        if (err != GONG_OK) {
            return err;
        }
        if (recovery->scans[i].any) {
            *head = i;
        }
    }
    return GONG_OK;
}

/* Where nothing is left of what had to be read, all is. */
static enum gong_err
scan_all(struct recovery *recovery, size_t *head)
{
    size_t first = trusted(recovery);
    enum gong_err err = scan_from(recovery, first, head);

    return err == GONG_OK && *head < first ? scan_from(recovery, 0, head) : err;
}

static void
set_aside_between(struct recovery *recovery, size_t i)
{
    struct gong_spool *spool = recovery->spool;
    const uint64_t *numbers = recovery->folder.numbers;
    uint64_t end = (numbers[i] + 1) * spool->meta.segment_size;

    if (!recovery->scans[i].clean) {
        gong_spool_set_aside(spool, recovery->scans[i].data_end, end);
    }
    if (numbers[i + 1] != numbers[i] + 1) {
        gong_log(GONG_LOG_ERROR, "spool_segment_missing",
                 "dir=%s first=%016" PRIx64 " last=%016" PRIx64, spool->label,
                 numbers[i] + 1, numbers[i + 1] - 1);
        gong_spool_set_aside(spool, end,
                             numbers[i + 1] * spool->meta.segment_size);
    }
}

/* Behind the head: nothing in them verifies. */
static void
remove_later(struct recovery *recovery, size_t head)
{
    struct gong_spool *spool = recovery->spool;
    char name[GONG_SPOOL_NAME_SIZE];

    for (size_t i = head + 1; i < recovery->folder.count; i++) {
        gong_spool_segment_name(recovery->folder.numbers[i], name);
        gong_log(GONG_LOG_INFO, "spool_segment_removed",
                 "dir=%s file=%s records=0", spool->label, name);
        (void)unlinkat(spool->dir_fd, name, 0);
        if (!recovery->scans[i].stale && !recovery->scans[i].clean) {
            recovery->scans[head].clean = false;
        }
    }
}

/* Step 4: the head is open; its end is known. */
static enum gong_err
repair_head(struct recovery *recovery, uint64_t number, const struct scan *scan)
{
    struct gong_spool *spool = recovery->spool;
    uint64_t size = spool->meta.segment_size;
    enum gong_err err = gong_spool_file_allocate(spool->head_fd, size);

    if (err == GONG_OK && !scan->clean) {
        gong_log(GONG_LOG_WARNING, "spool_torn_tail", "dir=%s cut_at=%" PRIu64,
                 spool->label, scan->data_end);
        recovery->reason = "torn_tail";
        err = gong_spool_file_zero(spool->head_fd,
                                   scan->data_end - number * size, size);
    }
    return err;
}

static enum gong_err
take_head(struct recovery *recovery, size_t head)
{
    struct gong_spool *spool = recovery->spool;
    uint64_t number = recovery->folder.numbers[head];
    char name[GONG_SPOOL_NAME_SIZE];
    enum gong_err err;

    spool->head_fd =
        openat(spool->dir_fd, gong_spool_segment_name(number, name),
               O_RDWR | O_CLOEXEC);
    if (spool->head_fd < 0) {
        return gong_err_from_errno(errno);
    }
    spool->tail = recovery->scans[head].data_end;
    err = repair_head(recovery, number, &recovery->scans[head]);
    if (err == GONG_OK && recovery->reason != NULL) {
        uint64_t last = spool->meta.generations[spool->meta.count - 1].number;

        gong_spool_meta_add(&spool->meta, last + 1, spool->tail);
        gong_log(GONG_LOG_INFO, "spool_generation",
                 "dir=%s number=%" PRIu64 " start=%" PRIu64 " reason=%s",
                 spool->label, last + 1, spool->tail, recovery->reason);
    }
    if (err == GONG_OK &&
        (recovery->reason != NULL || !recovery->scans[head].ours)) {
        err = gong_spool_segment_label(spool, spool->head_fd, number);
    }
    return err;
}

/* What the scan found may be in the page cache alone; what it did not look at
 * was durable before. */
static enum gong_err
sync_segments(struct recovery *recovery)
{
    struct gong_spool *spool = recovery->spool;
    char name[GONG_SPOOL_NAME_SIZE];
    enum gong_err err = gong_spool_file_sync(spool->dir_fd);

    for (uint32_t i = spool->count; err == GONG_OK && i-- > 0;) {
        uint64_t number = spool->segments[i].number;
        int fd;

        if (number < spool->checked / spool->meta.segment_size) {
            break;
        }
        fd = openat(spool->dir_fd, gong_spool_segment_name(number, name),
                    O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            return gong_err_from_errno(errno);
        }
        err = gong_spool_file_data_sync(fd);
        (void)close(fd);
    }
    return err;
}

/* Without its segments a log's end is unknown, and with it every position:
 * that is another log. */
static enum gong_err
begin_first(struct recovery *recovery)
{
    struct gong_spool *spool = recovery->spool;
    uint64_t size = spool->meta.segment_size;
    enum gong_err err = GONG_OK;

    if (!recovery->fresh) {
        gong_log(GONG_LOG_ERROR, "spool_segments_lost", "dir=%s new_log=yes",
                 spool->label);
        err = meta_new(recovery, size, GONG_SPOOL_HEADER_SIZE);
    }
    return err != GONG_OK ? err
                          : gong_spool_segment_create(
                                spool, spool->meta.generations[0].start / size);
}

static enum gong_err
take_segments(struct recovery *recovery)
{
    struct gong_spool *spool = recovery->spool;
    enum gong_err err;
    size_t head;

    if (recovery->folder.count == 0) {
        return begin_first(recovery);
    }
    err = scan_all(recovery, &head);
    for (size_t i = 0; err == GONG_OK && i <= head; i++) {
        if (i < head) {
            set_aside_between(recovery, i);
        }
        err = gong_spool_segment_push(spool, recovery->folder.numbers[i],
                                      recovery->scans[i].data_end);
    }
    if (err != GONG_OK) {
        return err;
    }
    remove_later(recovery, head);
    return take_head(recovery, head);
}

/* Whether the machine has run on since the log was opened: two boots without a
 * name may be two. */
static bool
same_boot(const struct gong_spool_meta *meta, const uint8_t boot_id[16])
{
    static const uint8_t unnamed[16];

    return memcmp(boot_id, unnamed, sizeof unnamed) != 0 &&
           memcmp(boot_id, meta->boot_id, sizeof meta->boot_id) == 0;
}

static enum gong_err
recover(struct recovery *recovery, uint64_t segment_size, const char **at)
{
    struct gong_spool *spool = recovery->spool;
    uint8_t boot_id[16];
    enum gong_err err;

    *at = GONG_SPOOL_META;
    err = identify(recovery, segment_size);
    if (err != GONG_OK) {
        return err;
    }
    recovery->number_max = OFFSET_MAX / spool->meta.segment_size;
    gong_clock_boot_id(boot_id);
    if (recovery->reason == NULL && spool->meta.in_use &&
        !same_boot(&spool->meta, boot_id)) {
        recovery->reason = "machine_stopped";
    }
    *at = "*.segment";
    err = examine_all(recovery);
    if (err == GONG_OK) {
        gong_spool_reader_init(&recovery->reader, spool->dir_fd,
                               spool->meta.segment_size, spool->meta.log_id);
        err = take_segments(recovery);
        gong_spool_reader_fini(&recovery->reader);
    }
    if (err == GONG_OK) {
        err = sync_segments(recovery);
    }
    if (err != GONG_OK) {
        return err;
    }
    *at = GONG_SPOOL_META;
    memcpy(spool->meta.boot_id, boot_id, sizeof boot_id);
    spool->meta.in_use = true;
    return gong_spool_meta_save(spool);
}

enum gong_err
gong_spool_recover(struct gong_spool *spool, uint64_t segment_size,
                   const char **at)
{
    struct recovery recovery = {.spool = spool};
    enum gong_err err;

    *at = ".";
    err = gong_spool_folder_list(&recovery.folder, spool->dir_fd);
    if (err == GONG_OK) {
        err = recover(&recovery, segment_size, at);
    }
    if (err == GONG_OK) {
        atomic_store(&spool->begin, gong_spool_segment_start(
                                        spool, spool->segments[0].number));
        atomic_store(&spool->end, spool->tail);
        atomic_store(&spool->durable, spool->tail);
    }
    gong_spool_folder_fini(&recovery.folder);
    free(recovery.scans);
    return err;
}
