/*
 * history_schema: the tables of history.db, and its two kinds of connection.
 *
 *   meta          name -> value: how far journal and effects were read, the
 *                 highest numbers given away, notes ("note <name>")
 *   series        id | labels (history_labels.h) | their hash, keyed by meta's
 *   spans         series -> first and last raw block of it; none: nothing of it
 *                 was written yet
 *   labels        id | name | value, each pair once
 *   label_series  (label, series): which series have it
 *   parts         id | resolution | block | compacted | origin | rows | bytes
 *   chunks        id = part << 32 | series -> chunk or roll-ups
 *   states        series -> bits of its value: what stands until it changes, at
 *                 the place that meta names
 *
 * A part is what one transaction wrote into a block, in the order of series: so
 * writing only appends, and rows lie dense (a table with a key of one number;
 * a key of four columns would take up to a quarter more). Once the block is
 * over its parts are made one, the compacted one (history_tidy.h), of which
 * there are two where a series has more samples than a chunk holds.
 *
 * Reading a block merges its parts, compacted ones first, then by number: of
 * raw samples with the same stamp the first stands, of roll-ups the last.
 *
 *   SELECT id FROM parts WHERE resolution = ? AND block = ?
 *     ORDER BY compacted DESC, id
 *   SELECT chunk FROM chunks WHERE id = ?      -- gong_history_chunk_id
 *
 * A part whose resolution is GONG_RESOLUTIONS is on its way out.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_SCHEMA_H
#define GONG_AGENT_HISTORY_HISTORY_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "common/err.h"

#define GONG_HISTORY_FILE     "history.db" /* in the agent's state */
#define GONG_HISTORY_VERSION  1
#define GONG_HISTORY_PART_MAX INT32_MAX /* numbers are 1 .. this */

/* Where the chunk of a series in a part lies. */
static inline int64_t
gong_history_chunk_id(int64_t part, uint32_t series)
{
    return (int64_t)((uint64_t)part << 32 | series);
}

/* gong_history_connect: a connection with the right settings; writes: makes the
 * file and its tables where there are none. NOT_FOUND: there is none to read.
 * CORRUPT: it is no history, or damaged; UNSUPPORTED: of a later version. why
 * says what, with the path. */
enum gong_err gong_history_connect(const char *path, bool writes, sqlite3 **out,
                                   char *why, size_t why_size) GONG_MUST_CHECK;

/* gong_history_explain: what SQLite says about its last failure, with the path
 * and what the system said; returns err as it is. */
enum gong_err gong_history_explain(sqlite3 *handle, const char *path,
                                   enum gong_err err, char *why,
                                   size_t why_size);

#endif
