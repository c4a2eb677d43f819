/*
 * history_schema: the tables of history.db, and its two kinds of connection.
 *
 *   meta         what the file is, and how far it read journal and effects
 *   series       id | labels (history_labels.h) | first and last raw block
 *   label_pairs  (name, value, series): which series a matcher takes
 *   blocks       (resolution, block, part): what parts there are, their bytes
 *   parts        (resolution, block, part, series) -> chunk or roll-ups
 *   states       series -> value: what stands until it changes, at the place
 *                that meta names
 *
 * A part is what one transaction wrote into a block, in the order of series: so
 * writing only appends. Reading a block merges its parts; once the block is
 * over they are made one, part 0 (history_tidy.h). Of raw samples with the same
 * stamp the lower part's stands, of roll-ups the higher one's.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_SCHEMA_H
#define GONG_AGENT_HISTORY_HISTORY_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <sqlite3.h>

#include "common/err.h"

#define GONG_HISTORY_FILE    "history.db" /* in the agent's state */
#define GONG_HISTORY_VERSION 1

/* gong_history_connect: a connection with the right settings; writes: makes the
 * file and its tables where there are none. CORRUPT: it is no history, or
 * damaged; UNSUPPORTED: of a later version. why says what, with the path. */
enum gong_err gong_history_connect(const char *path, bool writes, sqlite3 **out,
                                   char *why, size_t why_size) GONG_MUST_CHECK;

#endif
