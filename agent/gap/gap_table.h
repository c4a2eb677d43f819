/*
 * gap_table: which devices send what they could not send in time, of which
 * times that is, and whether all of it has come.
 *
 *   batch of lane=back --> the device's gap opens, or grows
 *   batch of any lane  --> low: what its spool still holds
 *
 * A gap is closed when for GONG_GAP_QUIET_MS no batch of it came and the spool
 * of the sender begins behind the last one; or, where it says nothing more,
 * after GONG_GAP_LOST_MS. A closed one that grows is open again. Time is the
 * journal's, so whoever reads a journal again finds the same gaps; between two
 * places in it `each` and `restore` carry them over. Pure but for memory; one
 * thread.
 */
#ifndef GONG_AGENT_GAP_GAP_TABLE_H
#define GONG_AGENT_GAP_GAP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/batch.h"
#include "common/err.h"
#include "common/topic.h"

#define GONG_GAP_QUIET_MS INT64_C(30000)
#define GONG_GAP_LOST_MS  INT64_C(3600000)
#define GONG_GAPS_MAX     100000 /* of devices; those past it are counted */

/* Plain value. */
struct gong_gap {
    char site[GONG_TOPIC_NAME_MAX + 1];
    char device[GONG_TOPIC_NAME_MAX + 1];
    int64_t from_ms; /* the oldest and the newest stamp */
    int64_t to_ms;
    uint64_t epoch;   /* the spool that sent last */
    uint64_t highest; /* of its backlog, the highest number */
    uint64_t low;     /* the lowest number that it still holds */
    int64_t heard_ms; /* journal time of the last batch of the backlog */
};

struct gong_gap_table;

/* NULL without memory. */
struct gong_gap_table *gong_gap_table_new(void);
void gong_gap_table_free(struct gong_gap_table *table);

/* gong_gap_table_batch: one that was journaled at journal_ms, with its oldest
 * and newest stamp, as shifted; from_ms > to_ms: no line of it could be read.
 * Without a header, or without a spool, it says nothing. */
struct gong_gap_span {
    int64_t from_ms;
    int64_t to_ms;
};
enum gong_err gong_gap_table_batch(struct gong_gap_table *table,
                                   const struct gong_batch *batch,
                                   const struct gong_gap_span *span,
                                   int64_t journal_ms) GONG_MUST_CHECK;

/* gong_gap_is_closed: at that journal time. */
bool gong_gap_is_closed(const struct gong_gap *gap, int64_t journal_ms);

/* gong_gap_table_next: of those that are closed the one that was heard of
 * first; false: there is none. */
bool gong_gap_table_next(const struct gong_gap_table *table, int64_t journal_ms,
                         struct gong_gap *out);

/* gong_gap_table_done: forgets it, unless it has grown since. False: it has. */
bool gong_gap_table_done(struct gong_gap_table *table,
                         const struct gong_gap *gap);

/* gong_gap_table_clear: there are none. */
void gong_gap_table_clear(struct gong_gap_table *table);

/* gong_gap_table_each: in any order; visit must not call the table.
 * gong_gap_table_restore: one that each gave; INVALID: it can be none. */
void gong_gap_table_each(const struct gong_gap_table *table,
                         void (*visit)(void *ctx, const struct gong_gap *gap),
                         void *ctx);
enum gong_err
gong_gap_table_restore(struct gong_gap_table *table,
                       const struct gong_gap *gap) GONG_MUST_CHECK;

/* gong_gap_table_version: another one whenever what each gives has changed. */
uint64_t gong_gap_table_version(const struct gong_gap_table *table);
size_t gong_gap_table_count(const struct gong_gap_table *table);
/* gong_gap_table_crowded: batches of gaps that found no room. */
uint64_t gong_gap_table_crowded(const struct gong_gap_table *table);

#endif
