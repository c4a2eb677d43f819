#include "agent/history/history_map.h"

#include <stdlib.h>

#include "agent/sql.h"

const char *const gong_history_map_sql =
    "SELECT resolution, block, compacted, id FROM parts"
    " WHERE resolution IN (0, 1, 2)"
    " ORDER BY resolution, block, compacted DESC, id";

void
gong_history_map_fini(struct gong_history_map *map)
{
    free(map->parts);
    for (size_t i = 0; i < GONG_RESOLUTIONS; i++) {
        free(map->of[i].blocks);
    }
    *map = (struct gong_history_map){0};
}

/* Room for one more element; list stands where there is none. */
static void *
grow(void *list, size_t count, size_t *capacity, size_t size)
{
    size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
    void *grown = NULL;

    if (count < *capacity) {
        return list;
    }
    grown = realloc(list, wanted * size);
    if (grown != NULL) {
        *capacity = wanted;
    }
    return grown;
}

static struct gong_history_map_block *
block_of(struct gong_history_map *map, size_t resolution, int64_t block)
{
    struct gong_history_map_block *blocks = map->of[resolution].blocks;
    size_t count = map->of[resolution].count;

    if (count > 0 && blocks[count - 1].block == block) {
        return &blocks[count - 1];
    }
    blocks = grow(blocks, count, &map->of[resolution].capacity, sizeof *blocks);
    if (blocks == NULL) {
        return NULL;
    }
    map->of[resolution].blocks = blocks;
    map->of[resolution].count++;
    blocks[count] = (struct gong_history_map_block){
        .block = block, .first = map->part_count, .next_open = SIZE_MAX};
    return &blocks[count];
}

static enum gong_err
add_part(struct gong_history_map *map, struct gong_sql_row *row)
{
    int64_t resolution = gong_sql_get_int(row);
    int64_t block = gong_sql_get_int(row);
    bool compacted = gong_sql_get_int(row) != 0;
    int64_t *parts =
        grow(map->parts, map->part_count, &map->part_capacity, sizeof *parts);
    struct gong_history_map_block *of = NULL;

    if (parts == NULL) {
        return GONG_ERR_MEMORY;
    }
    map->parts = parts;
    of = block_of(map, (size_t)resolution, block);
    if (of == NULL) {
        return GONG_ERR_MEMORY;
    }
    of->count++;
    if (!compacted) {
        of->next_open = map->of[resolution].count - 1;
    }
    parts[map->part_count++] = gong_sql_get_int(row);
    return GONG_OK;
}

static void
link_open(struct gong_history_map *map)
{
    for (size_t i = 0; i < GONG_RESOLUTIONS; i++) {
        size_t next = SIZE_MAX;

        for (size_t at = map->of[i].count; at-- > 0;) {
            struct gong_history_map_block *block = &map->of[i].blocks[at];

            next = block->next_open == SIZE_MAX ? next : block->next_open;
            block->next_open = next;
        }
    }
}

enum gong_err
gong_history_map_read(struct gong_history_map *map, sqlite3_stmt *statement)
{
    struct gong_sql_row row = gong_sql_row(statement);
    enum gong_err err = GONG_OK;

    map->part_count = 0;
    for (size_t i = 0; i < GONG_RESOLUTIONS; i++) {
        map->of[i].count = 0;
    }
    while (err == GONG_OK) {
        err = gong_sql_next(&row);
        if (err == GONG_OK) {
            err = add_part(map, &row);
        }
    }
    gong_sql_end(&row);
    link_open(map);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

const struct gong_history_map_block *
gong_history_map_find(const struct gong_history_map *map,
                      enum gong_resolution resolution, int64_t block)
{
    const struct gong_history_map_block *blocks = map->of[resolution].blocks;
    size_t low = 0;
    size_t high = map->of[resolution].count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (blocks[middle].block < block) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == map->of[resolution].count ? NULL : &blocks[low];
}
