/*
 * spool_private: what the files of the spool share.
 *
 *      segments[0]                        segments[count - 1]: the head
 *   | ######### | #########.. | ...... | ######____________ |
 *     ^ begin             ^ data_end             ^ tail, end
 *
 * begin, end and durable are read without the lock; everything else that
 * changes is under it. end is published after the bytes are in the file, and
 * begin before the bytes of a recycled segment change, so a reader that finds
 * a bad record looks at begin again, under the lock, before it believes it.
 *
 * Lock order: sync_lock, then lock. Of the two only sync_lock is held across a
 * sync, but where a full segment goes that is told of first (dropping), and
 * where a failed sync is made good (spool_sync.c).
 */
#ifndef GONG_COMMON_SPOOL_PRIVATE_H
#define GONG_COMMON_SPOOL_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/spool.h"
#include "common/spool_format.h"
#include "common/spool_reader.h"

#define GONG_SPOOL_RETIRED_MAX 32
#define GONG_SPOOL_GAPS_MAX    256
#define GONG_SPOOL_LABEL_SIZE  128
#define GONG_SPOOL_SPARE       "spare.segment"
#define GONG_SPOOL_META        "log.meta"

struct gong_spool_segment {
    uint64_t number;
    uint64_t data_end; /* after its last record; the head's is tail */
};

/* A full segment that no sync has covered yet. */
struct gong_spool_retired {
    int fd;
    uint64_t number;
};

struct gong_spool_gap {
    uint64_t from;
    uint64_t to;
};

/* A record as it will stand in its file. */
struct gong_spool_held_record {
    uint64_t offset;
    size_t size;
    uint8_t *bytes;
};

/* What waits in memory: a ring of count records from first on, oldest first.
 * Their bytes and the ring are at most max. */
struct gong_spool_held {
    uint64_t max;
    gong_dur_t retry;
    gong_dur_t wait;      /* until the next try; under sync_lock */
    gong_mono_t tried;    /* under sync_lock */
    enum gong_err reason; /* what append says meanwhile */
    struct gong_spool_held_record *records;
    size_t first;
    size_t count;
    size_t cap;
    uint64_t bytes;
    uint64_t lost_bytes;
    uint64_t lost_records;
    bool gapped; /* some went since one was written out */
};

struct gong_spool {
    char label[GONG_SPOOL_LABEL_SIZE]; /* the folder, quoted for the log */
    int dir_fd;
    int lock_fd;
    uint32_t segments_max;
    enum gong_spool_policy policy;
    void (*drop_told)(void *ctx, const struct gong_record *record);
    void *drop_ctx;

    pthread_mutex_t sync_lock;
    pthread_mutex_t lock;
    _Atomic uint64_t begin;
    _Atomic uint64_t end;
    _Atomic uint64_t written; /* below end: the rest is in held */
    _Atomic uint64_t durable;

    struct gong_spool_meta meta; /* id and size never change after open */
    struct gong_spool_segment *segments; /* ascending */
    uint32_t count;
    uint32_t cap;
    int head_fd;
    uint64_t tail;
    uint64_t checked; /* never changes after open */
    bool head_filled; /* zeros stand from tail to the head's end */
    int spare_fd;     /* preallocated under GONG_SPOOL_SPARE, or -1 */
    struct gong_spool_retired retired[GONG_SPOOL_RETIRED_MAX];
    size_t retired_count;
    bool folder_dirty; /* a name changed since the last sync */
    bool sync_failed;  /* written with both locks held */

    struct gong_spool_cursor *cursors;
    struct gong_spool_gap gaps[GONG_SPOOL_GAPS_MAX];
    uint64_t gap_count; /* past GAPS_MAX the newest are kept */
    uint64_t gap_bytes;
    uint64_t dropped_bytes;
    bool dropping;              /* an episode is on; logged once */
    enum gong_err append_state; /* last outcome; changes are logged */
    enum gong_err sync_state;
    struct gong_spool_held held;
};

struct gong_spool_cursor {
    struct gong_spool *spool;
    struct gong_spool_cursor *next;
    char name[GONG_SPOOL_CURSOR_NAME_MAX + 1]; /* "": holds nothing */
    int fd;                                    /* its file, or -1 */
    uint64_t offset;
    uint64_t committed; /* under the spool's lock */
    bool mark_stale;    /* committed is not in the file; under the lock */
    struct gong_spool_reader reader;
};

/* What is appended, measured once. */
struct gong_spool_draft {
    const struct gong_record_meta *meta;
    const struct iovec *parts;
    int part_count;
    uint32_t payload_len;
    size_t size;
};

/* gong_spool_measure: fills payload_len and size from parts. */
enum gong_err
gong_spool_measure(const struct gong_spool *spool,
                   struct gong_spool_draft *draft) GONG_MUST_CHECK;
/* gong_spool_seal: the header of a draft that stands at offset. */
void gong_spool_seal(const struct gong_spool *spool,
                     const struct gong_spool_draft *draft, uint64_t offset,
                     uint8_t header[GONG_RECORD_HEADER_SIZE]);
/* gong_spool_write: puts a record at the tail, which moves behind it. parts
 * (used up) are size bytes but for padding zeros at the end; one more element
 * must be free behind them. With the lock held. */
enum gong_err gong_spool_write(struct gong_spool *spool, struct iovec *parts,
                               int part_count, size_t size,
                               size_t padding) GONG_MUST_CHECK;
/* gong_spool_note: logs a change of an outcome. With the lock held. */
void gong_spool_note(const struct gong_spool *spool, const char *what,
                     enum gong_err *state, enum gong_err now);
/* gong_spool_sync_files: what is written becomes durable. With sync_lock held.
 */
enum gong_err gong_spool_sync_files(struct gong_spool *spool) GONG_MUST_CHECK;

/* gong_spool_held_write_out: tries to empty the memory: OK when it is empty.
 * at_once: whether or not it is time for it. With sync_lock held. */
enum gong_err gong_spool_held_write_out(struct gong_spool *spool,
                                        bool at_once) GONG_MUST_CHECK;
/* gong_spool_held_read: the first record in memory from the cursor on.
 * GONG_ERR_AGAIN: none before limit. GONG_ERR_NOT_FOUND: the place is in a file
 * by now. */
enum gong_err gong_spool_held_read(struct gong_spool_cursor *cursor,
                                   uint64_t limit,
                                   struct gong_record *out) GONG_MUST_CHECK;
void gong_spool_held_fini(struct gong_spool_held *held);

/* gong_spool_cursor_marks: puts what cursors committed meanwhile into their
 * files. With the lock held. */
void gong_spool_cursor_marks(struct gong_spool *spool);
/* gong_spool_cursor_clamp: no cursor's file may name a place behind the end:
 * what comes next there is another record. For open. */
void gong_spool_cursor_clamp(struct gong_spool *spool);

/* The first record's place in segment number, and where the segment ends. */
uint64_t gong_spool_segment_start(const struct gong_spool *spool,
                                  uint64_t number);
uint64_t gong_spool_segment_end(const struct gong_spool *spool,
                                uint64_t offset);

/* gong_spool_segment_create: makes number the head; the log may be empty.
 * gong_spool_segment_advance: closes the head and goes on in number, usually
 * the next one, new or recycled, as the policy allows. GONG_ERR_AGAIN: sync
 * first. Both with the lock held. */
enum gong_err gong_spool_segment_create(struct gong_spool *spool,
                                        uint64_t number) GONG_MUST_CHECK;
enum gong_err gong_spool_segment_advance(struct gong_spool *spool,
                                         uint64_t number) GONG_MUST_CHECK;
/* gong_spool_segment_spare: preallocates the next segment if it will be needed
 * soon; failure is left for advance to meet. With sync_lock held only. */
void gong_spool_segment_spare(struct gong_spool *spool);
/* gong_spool_segment_label: writes the segment header of number to fd. */
enum gong_err gong_spool_segment_label(struct gong_spool *spool, int fd,
                                       uint64_t number) GONG_MUST_CHECK;
/* gong_spool_segment_push: one more in the table. */
enum gong_err gong_spool_segment_push(struct gong_spool *spool, uint64_t number,
                                      uint64_t data_end) GONG_MUST_CHECK;

/* gong_spool_tell_drop: the records from offset low on in the oldest segment,
 * to whoever asked to be told. With the lock held. */
void gong_spool_tell_drop(struct gong_spool *spool, uint64_t low);

/* gong_spool_recover: reads the folder, repairs what must be, fills spool.
 * On failure *at is the file it failed at (static text). */
enum gong_err gong_spool_recover(struct gong_spool *spool,
                                 uint64_t segment_size,
                                 const char **at) GONG_MUST_CHECK;
/* gong_spool_set_aside: counts and logs damaged bytes, each range once. */
void gong_spool_set_aside(struct gong_spool *spool, uint64_t from, uint64_t to);
/* gong_spool_gap_end: where the gap ends that begins at offset; 0: none does.
 */
uint64_t gong_spool_gap_end(const struct gong_spool *spool, uint64_t offset);

/* spool_meta.c: log.meta from the disk (NOT_FOUND, CORRUPT, IO) and to it. */
enum gong_err gong_spool_meta_load(struct gong_spool *spool) GONG_MUST_CHECK;
enum gong_err gong_spool_meta_save(struct gong_spool *spool) GONG_MUST_CHECK;

#endif
