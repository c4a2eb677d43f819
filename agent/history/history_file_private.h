/*
 * history_file_private: what the modules that write history.db share.
 *
 *   history_file     opening, transactions
 *   history_place    how far the logs were read, and states there
 *   history_notes    what is carried from one place to the next
 *   history_series   numbers of series
 *   history_parts    the parts that a transaction writes into
 *   history_put      samples and roll-ups into parts
 *   history_tidy     what is done behind the writing: history_compact makes
 *                    parts one, history_retain lets blocks go
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_FILE_PRIVATE_H
#define GONG_AGENT_HISTORY_HISTORY_FILE_PRIVATE_H

#include <sqlite3.h>

#include "agent/history/chunk.h"
#include "agent/history/history_file.h"
#include "agent/history/history_schema.h"
#include "agent/sql.h"
#include "rules/engine/hash.h"

enum history_statement {
    HISTORY_META_GET,
    HISTORY_META_PUT,
    HISTORY_SERIES_FIND,
    HISTORY_SERIES_ADD,
    HISTORY_LABEL_FIND,
    HISTORY_LABEL_ADD,
    HISTORY_LABEL_SERIES_ADD,
    HISTORY_SERIES_KNOWN,
    HISTORY_SPAN_GET,
    HISTORY_SPAN_PUT,
    HISTORY_STATE_PUT,
    HISTORY_STATE_END,
    HISTORY_STATES,
    HISTORY_NOTES,
    HISTORY_NOTES_END,
    HISTORY_PART_PUT,
    HISTORY_PART_FIND,
    HISTORY_CHUNK_ADD,
    HISTORY_CHUNK_PUT,
    HISTORY_CHUNK_GET,
    HISTORY_SIZES,
    HISTORY_PAGES,
    HISTORY_SERIES_COUNT,
    HISTORY_STATEMENTS,
};

/* A part that the transaction at hand writes into. Those with the same block
 * and origin differ by slot: a series' second chunk goes into the second. */
struct history_part {
    int resolution;
    bool compacted;
    uint32_t slot;
    int64_t block;
    int64_t origin; /* of roll-ups; else 0 */
    int64_t id;
    int64_t rows; /* added by this transaction */
    int64_t bytes;
};

struct history_parts {
    struct history_part *data; /* sorted by what they are of */
    size_t count;
    size_t capacity;
    size_t last; /* where one was found last */
};

/* Series that have a number and no row yet. */
struct history_pending {
    struct gong_buffer labels;
    struct history_pending_series {
        uint64_t hash;
        size_t at; /* in labels */
        size_t len;
    } * series; /* numbers follow each other, from first on */
    uint32_t first;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* index + 1 by hash; 0: none */
    size_t slot_count;
};

struct gong_history_file {
    sqlite3 *handle;
    char *path;
    sqlite3_stmt *sql[HISTORY_STATEMENTS];
    struct gong_chunk_coder *coder;
    struct gong_buffer labels; /* of the series asked for */
    struct gong_buffer chunk;  /* at hand */
    struct gong_hash_key key;
    struct gong_history_place place;
    struct gong_history_sizes sizes;

    bool begun;
    bool durable;         /* how this connection commits */
    enum gong_err failed; /* of the transaction at hand */
    struct history_parts parts;
    int64_t part;         /* highest number, as committed */
    int64_t next_part;    /* as of the transaction at hand */
    int64_t dropped[2];   /* raw, 5m: blocks below went */
    uint32_t last_series; /* highest number given */
    uint64_t page_bytes;
    int64_t series_change; /* in the transaction at hand */
    struct history_pending pending;
    uint64_t *held; /* bits by number: given out since the opening */
    size_t held_words;

    struct history_tidying *tidying; /* NULL until the first step */
    char why[512];
};

/* --- history_file.c --- */

/* gong_history_fail: notes the failure of a statement, and that the transaction
 * at hand is lost; returns err. */
enum gong_err gong_history_fail(struct gong_history_file *file,
                                enum gong_err err);
/* gong_history_transaction: begins one; durable: its commit is synced. */
enum gong_err gong_history_transaction(struct gong_history_file *file,
                                       bool durable) GONG_MUST_CHECK;
/* gong_history_finish: writes what the transaction gathered, and commits. */
enum gong_err
gong_history_finish(struct gong_history_file *file) GONG_MUST_CHECK;
/* gong_history_sizes_read: after a failure they are as they were. */
enum gong_err gong_history_sizes_read(struct gong_history_file *file);
enum gong_err gong_history_meta_get(struct gong_history_file *file,
                                    const char *name, int64_t *value,
                                    bool *found) GONG_MUST_CHECK;
enum gong_err gong_history_meta_put(struct gong_history_file *file,
                                    const char *name,
                                    int64_t value) GONG_MUST_CHECK;

/* --- history_place.c --- */

enum gong_err
gong_history_place_read(struct gong_history_file *file) GONG_MUST_CHECK;
enum gong_err gong_history_place_write(struct gong_history_file *file,
                                       const struct gong_history_place *place)
    GONG_MUST_CHECK;

/* --- history_series.c --- */

/* gong_history_series_write: rows for those that have none, in the transaction
 * at hand; gong_history_series_written: it was committed. */
enum gong_err
gong_history_series_write(struct gong_history_file *file) GONG_MUST_CHECK;
void gong_history_series_written(struct gong_history_file *file);
void gong_history_series_fini(struct gong_history_file *file);
/* gong_history_series_spans: series has samples in raw blocks first to last.
 * INVALID: no such series. */
enum gong_err gong_history_series_spans(struct gong_history_file *file,
                                        uint32_t series, int64_t first,
                                        int64_t last) GONG_MUST_CHECK;
bool gong_history_series_held(const struct gong_history_file *file,
                              uint32_t series);

/* --- history_parts.c --- */

/* gong_history_part: the part of the transaction at hand that is as wanted:
 * what of wanted says which; made anew unless it was asked for before, or, of
 * compacted and rolled-up ones, lies in the file. Valid until the next call. */
enum gong_err gong_history_part(struct gong_history_file *file,
                                const struct history_part *wanted,
                                struct history_part **out) GONG_MUST_CHECK;
/* gong_history_parts_write: their rows. */
enum gong_err
gong_history_parts_write(struct gong_history_file *file) GONG_MUST_CHECK;

/* --- history_tidy.c --- */

/* Where tidying stands, and what it works with. */
struct history_tidying;
void gong_history_tidying_free(struct history_tidying *tidying);

#endif
