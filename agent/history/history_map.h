/*
 * history_map: which blocks of history.db hold something, and in which parts,
 * at one state of the file: a list in memory, so that going through time asks
 * the file for samples only.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_MAP_H
#define GONG_AGENT_HISTORY_HISTORY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "agent/history/history_time.h"
#include "common/err.h"

/* Plain value. */
struct gong_history_map_block {
    int64_t block;
    size_t first; /* of its parts, in the order in which they are merged */
    size_t count;
    size_t next_open; /* the next block that has parts yet to be made one; it
                         may be this one; past the end: none */
};

/* Transparent; {0} is an empty one. */
struct gong_history_map {
    int64_t *parts;
    size_t part_count;
    size_t part_capacity;
    struct {
        struct gong_history_map_block *blocks; /* rising */
        size_t count;
        size_t capacity;
    } of[GONG_RESOLUTIONS];
};

void gong_history_map_fini(struct gong_history_map *map);

/* gong_history_map_read: anew. statement is of gong_history_map_sql. */
extern const char *const gong_history_map_sql;
enum gong_err gong_history_map_read(struct gong_history_map *map,
                                    sqlite3_stmt *statement) GONG_MUST_CHECK;

/* gong_history_map_find: the first block from this one on; NULL: none. */
const struct gong_history_map_block *
gong_history_map_find(const struct gong_history_map *map,
                      enum gong_resolution resolution, int64_t block);

#endif
