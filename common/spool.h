/*
 * spool: an append-only log of records in preallocated, recycled segment
 * files, read by several cursors. The collector's spool and the agent's
 * journal are both this module.
 *
 *   DIR/log.meta              log id, generation history, segment size
 *   DIR/<16 hex>.segment      one per segment number; offset / size = number
 *   DIR/<name>.cursor         a named cursor's committed offset
 *   DIR/lock                  held while the log is open
 *
 * Offsets are logical and only grow. A record never crosses a segment; the
 * unused end of a segment is zeros. Opening finds the end by reading records,
 * from the segment on in which the log was durable when its newest segment was
 * begun: at most a few segments. Bad bytes followed by good records are set
 * aside (skipped, counted, named in the log), at the opening or when a cursor
 * comes to them; bad bytes at the end are the torn tail: cut, zeroed, and a new
 * generation begins.
 *
 * A disk that fails (EIO, read-only) stops nothing: what append refuses may be
 * held in memory instead, behind the same offsets, so that readers go on:
 *
 *   begin          durable      written                    end
 *     | on the disk   | page cache | memory, at most memory_max |
 *
 * Each sync tries to write it out; until that works nothing of it is durable.
 * When memory is full the oldest goes, counted, and leaves a gap.
 *
 * Threads: all functions may be called from any thread, a cursor from one
 * thread at a time. Appending takes one short lock and writes to the page
 * cache (kill -9 safe); only gong_spool_sync blocks on the disk.
 */
#ifndef GONG_COMMON_SPOOL_H
#define GONG_COMMON_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/record.h"

/* The most parts that one record may be appended from. */
#define GONG_SPOOL_PARTS_MAX 30
/* A cursor's name may have as many characters. */
#define GONG_SPOOL_CURSOR_NAME_MAX 24

enum gong_spool_policy {
    GONG_SPOOL_BLOCK,       /* full: append says GONG_ERR_NO_SPACE */
    GONG_SPOOL_DROP_OLDEST, /* full: the oldest segment goes, counted */
};

struct gong_spool_options {
    const char *dir;       /* made if missing (one level); mode 0700 */
    uint64_t segment_size; /* bytes, multiple of 4096, at least 64 KiB; that of
                              an existing log wins */
    uint32_t segments_max; /* at least 2 */
    enum gong_spool_policy policy;
    /* DROP_OLDEST, may be NULL: called before a segment goes that some named
     * cursor has not done with: for each record in it that is not done, oldest
     * first, then once with NULL, where it may wait for the disk. Inside
     * gong_spool_append, the log locked: it must not call the spool. What it
     * was told may stay after all, if the disk then fails or the process dies;
     * it is told of again. */
    void (*dropping)(void *ctx, const struct gong_record *record);
    void *dropping_ctx;
    uint64_t memory_max;     /* bytes that hold may take, for records and their
                                index; 0: none */
    gong_dur_t memory_retry; /* between tries to write them out, doubling up to
                                32 times that; 0: at each sync */
};

struct gong_spool_stats {
    uint64_t begin;   /* offset of the oldest record kept */
    uint64_t end;     /* where the next record goes */
    uint64_t written; /* everything before survives the process */
    uint64_t durable; /* everything before survives a power cut */
    uint64_t checked; /* where opening began to read: the records that were the
                         newest then stand behind it */
    uint32_t generation;
    uint64_t set_aside_records; /* gaps of damaged bytes, since open */
    uint64_t set_aside_bytes;
    uint64_t dropped_bytes; /* by policy, since open, unread by a cursor */
    uint64_t bytes_max;
    uint64_t unread_bytes; /* from the slowest named cursor to the end */
    uint64_t memory_bytes; /* of records held now */
    uint64_t memory_records;
    uint64_t memory_lost_bytes; /* gone from memory unwritten, since open */
    uint64_t memory_lost_records;
    enum gong_err append_state; /* how the last append went */
    enum gong_err sync_state;   /* how the last sync went */
};

struct gong_spool;
struct gong_spool_cursor;

/* gong_spool_open: *out is the caller's to close. On failure *why (size bytes)
 * says what and which file. One process at a time: the folder is locked, and
 * GONG_ERR_AGAIN says that somebody else has it. Damage never makes it fail:
 * it is logged, counted, and what verifies is kept. */
enum gong_err gong_spool_open(const struct gong_spool_options *options,
                              struct gong_spool **out, char *why,
                              size_t why_size) GONG_MUST_CHECK;
/* Syncs, then frees. Close all cursors first. NULL is fine. */
void gong_spool_close(struct gong_spool *spool);

/* gong_spool_append: one record from parts; its offset in *offset (may be
 * NULL). All or nothing. NO_SPACE, READ_ONLY, IO or TOO_LARGE on failure, and
 * the log is as before. INVALID: more than GONG_SPOOL_PARTS_MAX parts. */
enum gong_err gong_spool_append(struct gong_spool *spool,
                                const struct gong_record_meta *meta,
                                const struct iovec *parts, int part_count,
                                uint64_t *offset) GONG_MUST_CHECK;

/* gong_spool_hold: as append, into memory; for after append said IO or
 * READ_ONLY (or NO_SPACE, where that is better than to refuse). From then until
 * all of it could be written out append says the same again without trying.
 * NO_SPACE: larger than memory_max. */
enum gong_err gong_spool_hold(struct gong_spool *spool,
                              const struct gong_record_meta *meta,
                              const struct iovec *parts, int part_count,
                              uint64_t *offset) GONG_MUST_CHECK;

/* gong_spool_written: everything before this offset is in the files; what is
 * after it is held in memory. */
uint64_t gong_spool_written(struct gong_spool *spool);

/* gong_spool_sync: makes everything appended before the call durable and moves
 * the durable mark. Blocks on the disk. What is held is written out first;
 * while that fails, its error is returned, and the mark is moved up to written.
 */
enum gong_err gong_spool_sync(struct gong_spool *spool) GONG_MUST_CHECK;

void gong_spool_stats(struct gong_spool *spool, struct gong_spool_stats *out);
void gong_spool_id(struct gong_spool *spool, uint8_t out[16]);

/* gong_spool_position_holds: whether (generation, offset), taken earlier, still
 * names the same place: no tail was cut before it since. */
bool gong_spool_position_holds(struct gong_spool *spool, uint32_t generation,
                               uint64_t offset);

/*
 * gong_spool_cursor_open: a reader. With a name ([a-z0-9_-]) it starts at its
 * committed offset (at the begin if new) and holds what it has not committed
 * (BLOCK) or is pushed past it (DROP_OLDEST), while it is open. Without (NULL)
 * it starts at the begin and holds nothing. INVALID: not a name, or open
 * already.
 */
enum gong_err
gong_spool_cursor_open(struct gong_spool *spool, const char *name,
                       struct gong_spool_cursor **out) GONG_MUST_CHECK;
void gong_spool_cursor_close(struct gong_spool_cursor *cursor);

/* gong_spool_cursor_next: the next record before offset limit (UINT64_MAX: up
 * to the end). The payload is the cursor's, valid until its next call.
 * GONG_ERR_AGAIN when there is none; damaged bytes are skipped. */
enum gong_err gong_spool_cursor_next(struct gong_spool_cursor *cursor,
                                     uint64_t limit,
                                     struct gong_record *out) GONG_MUST_CHECK;

/* Where the next call of next reads from; seek moves it (clamped to what is
 * kept; offset must be a record's start). */
uint64_t gong_spool_cursor_offset(const struct gong_spool_cursor *cursor);
void gong_spool_cursor_seek(struct gong_spool_cursor *cursor, uint64_t offset);

/* gong_spool_cursor_commit: everything before offset is done with. Written
 * without fsync: after a power cut the cursor may stand earlier (never later
 * than committed), so readers must bear repeats. What is committed beyond
 * written counts, but is put into the file only once the log got there. */
enum gong_err gong_spool_cursor_commit(struct gong_spool_cursor *cursor,
                                       uint64_t offset) GONG_MUST_CHECK;

/* gong_spool_cursor_committed: where it stands; may be pushed by the policy. */
uint64_t gong_spool_cursor_committed(struct gong_spool_cursor *cursor);

#endif
