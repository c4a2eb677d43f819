/*
 * history_tidy_private: what the modules that tidy history.db share.
 *
 *   history_tidy     which step is next
 *   history_compact  parts of a block made one
 *   history_rollup   what goes into the coarser resolution while that is done
 *   history_view     what the file holds of a series in a block
 *   history_retain   blocks and series that go
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_TIDY_PRIVATE_H
#define GONG_AGENT_HISTORY_HISTORY_TIDY_PRIVATE_H

#include "agent/history/history_file_private.h"
#include "agent/history/history_tidy.h"
#include "agent/history/rollup.h"

enum history_tidy_statement {
    TIDY_PARTS,
    TIDY_LOOSE_BLOCK,
    TIDY_FIRST_CHUNK,
    TIDY_NTH_CHUNK,
    TIDY_CHUNKS,
    TIDY_CHUNKS_DELETE,
    TIDY_PART_LESS,
    TIDY_PART_DELETE,
    TIDY_GARBAGE,
    TIDY_OLDEST_BLOCK,
    TIDY_IS_LOOSE,
    TIDY_BLOCK_DROP,
    TIDY_PAGES,
    TIDY_SPAN_NTH,
    TIDY_SPANS_OVER,
    TIDY_SERIES_LABELS,
    TIDY_LABEL_SERIES_DELETE,
    TIDY_LABEL_USED,
    TIDY_LABEL_DELETE,
    TIDY_SPAN_DELETE,
    TIDY_SERIES_DELETE,
    TIDY_STATEMENTS,
};

/* The parts of a block in the order of reading; cached for a step. */
struct history_block_parts {
    bool known;
    int resolution;
    int64_t block;
    struct history_block_part {
        int64_t id;
        bool compacted;
        int64_t origin;
    } * data;
    size_t count;
    size_t capacity;
};

/* A chunk of a part that is about to be merged. */
struct history_row {
    uint32_t series;
    uint32_t rank; /* of its part */
    size_t at;     /* in bytes */
    size_t len;
};

enum {
    HISTORY_HERE,   /* parts of the block that is compacted */
    HISTORY_BEFORE, /* raw, the one before */
    HISTORY_BEHIND, /* raw, the next */
    HISTORY_COARSE, /* roll-ups of it */
    HISTORY_EDGE,   /* roll-ups that hold the interval at its beginning */
    HISTORY_BLOCKS,
};

struct history_tidying {
    sqlite3_stmt *sql[TIDY_STATEMENTS];
    struct history_block_parts blocks[HISTORY_BLOCKS];
    struct gong_buffer bytes;
    struct history_row *rows;
    size_t row_count;
    size_t row_capacity;
    struct gong_samples samples;
    struct gong_samples edge;
    struct gong_rollups rollups;
    struct gong_rollups coarse; /* made of samples or rollups */
    struct gong_rollups stored;
    int64_t swept_ms;  /* series that ended before were looked for */
    uint32_t sweep_at; /* the last series looked at */
    bool sweeping;
};

/* One step. Borrowed. */
struct history_step {
    struct gong_history_file *file;
    struct history_tidying *tidying;
    const struct gong_history_limits *limits;
    int64_t now_ms;
    struct gong_history_tidied did; /* by this step */
};

/* --- history_view.c --- */

/* gong_history_view_parts: of a block, as the transaction began. */
enum gong_err
gong_history_view_parts(struct history_step *step, int which, int resolution,
                        int64_t block,
                        struct history_block_parts **out) GONG_MUST_CHECK;
void gong_history_view_forget(struct history_tidying *tidying);
/* gong_history_view_chunk: NOT_FOUND: there is none. The bytes are good until
 * gong_sql_end of row. */
enum gong_err gong_history_view_chunk(struct gong_history_file *file,
                                      int64_t part, uint32_t series,
                                      struct gong_sql_row *row,
                                      struct gong_str *bytes) GONG_MUST_CHECK;
/* gong_history_view_samples: appends what the parts hold of a series, in
 * order; what does not verify is left out. */
enum gong_err gong_history_view_samples(
    struct history_step *step, const struct history_block_parts *parts,
    uint32_t series, struct gong_samples *out) GONG_MUST_CHECK;
/* gong_history_view_rollups: likewise; origin: only those of it, and compacted
 * ones. */
enum gong_err gong_history_view_rollups(
    struct history_step *step, const struct history_block_parts *parts,
    uint32_t series, int64_t origin, struct gong_rollups *out) GONG_MUST_CHECK;

/* --- history_rollup.c --- */

/* gong_history_roll: what samples or rollups of the step say of a series in a
 * block goes into the coarser resolution. whole: they are all that there was;
 * else what is stored stands, and only what it lacks is added. */
enum gong_err gong_history_roll(struct history_step *step, int resolution,
                                int64_t block, uint32_t series,
                                bool whole) GONG_MUST_CHECK;

/* --- history_compact.c --- */

/* gong_history_compact: merges some thousand rows of a block that has loose
 * parts. A transaction of its own. */
enum gong_err gong_history_compact(struct history_step *step, int resolution,
                                   int64_t block) GONG_MUST_CHECK;

/* --- history_retain.c; each sets *done where there was something to do --- */

enum gong_err gong_history_sweep_garbage(struct history_step *step,
                                         bool *done) GONG_MUST_CHECK;
enum gong_err gong_history_drop_aged(struct history_step *step,
                                     bool *done) GONG_MUST_CHECK;
enum gong_err gong_history_drop_crowded(struct history_step *step,
                                        bool *done) GONG_MUST_CHECK;
enum gong_err gong_history_shrink(struct history_step *step,
                                  bool *done) GONG_MUST_CHECK;
enum gong_err gong_history_sweep_series(struct history_step *step,
                                        bool *done) GONG_MUST_CHECK;

#endif
