/* series_keep: rows that go, and new numbers of rows, series and label sets. A
 * column whose series goes finds it anew with its next number, and one that was
 * refused tries again: there may be room now. */
#include "rules/engine/series.h"

/* Columns of the rows that stay, row by row, without spare ones. */
static bool
copy_columns(const struct gong_registry *registry, const struct gong_kept *kept,
             struct gong_arena *columns)
{
    for (uint32_t r = 1; r < registry->rows.count; r++) {
        struct gong_row *row = gong_row_at(registry, r);
        uint32_t to = 0;

        if (kept->rows[r] == 0) {
            continue;
        }
        to = gong_arena_add(columns, row->count);
        if (to == 0) {
            return false;
        }
        for (uint32_t c = 0; c < row->count; c++) {
            struct gong_column *column = gong_arena_at(columns, to + c);

            *column = *gong_column_at(registry, row->columns + c);
            if (gong_column_feeds(column->series)) {
                column->series = kept->series[column->series];
            } else if (column->series == GONG_COLUMN_REFUSED) {
                column->series = GONG_COLUMN_NEW;
            }
        }
        row->columns = to;
        row->capacity = row->count;
    }
    return true;
}

static bool
keep_columns(struct gong_registry *registry, const struct gong_kept *kept)
{
    struct gong_arena columns;
    uint64_t count = 1;

    for (uint32_t r = 1; r < registry->rows.count; r++) {
        count += kept->rows[r] == 0 ? 0 : gong_row_at(registry, r)->count;
    }
    gong_arena_init(&columns, registry->columns.budget,
                    sizeof(struct gong_column));
    if (count > UINT32_MAX || !gong_arena_reserve(&columns, (uint32_t)count) ||
        !copy_columns(registry, kept, &columns)) {
        gong_arena_fini(&columns);
        return false;
    }
    gong_arena_fini(&registry->columns);
    registry->columns = columns;
    return true;
}

/* Keys lie in the order of the rows, as they were made. */
static bool
keep_rows(struct gong_registry *registry, const struct gong_kept *kept)
{
    uint32_t to = 1;

    for (uint32_t r = 1; r < registry->rows.count; r++) {
        struct gong_row *row = gong_row_at(registry, r);
        uint32_t units = (uint32_t)gong_bytes_units(row->key_len);

        if (kept->rows[r] == 0) {
            gong_device_at(registry, row->device)->rows--;
            continue;
        }
        if (!gong_arena_move(&registry->keys, to, row->key_at, units)) {
            return false;
        }
        row->key_at = to;
        to += units;
        row->labelset = kept->sets[row->labelset];
        row->next = kept->rows[row->next];
    }
    gong_arena_cut(&registry->keys, to);
    gong_arena_keep(&registry->rows, kept->rows);
    return true;
}

bool
gong_registry_keep(struct gong_registry *registry, const struct gong_kept *kept)
{
    if (registry->rows.count == 0) {
        return true;
    }
    if (!keep_columns(registry, kept) || !keep_rows(registry, kept)) {
        return false;
    }
    for (uint32_t d = 1; d < registry->devices.count; d++) {
        struct gong_device *device = gong_device_at(registry, d);

        device->head = kept->rows[device->head];
    }
    gong_registry_link(registry);
    gong_index_clear(&registry->row_index);
    for (uint32_t r = 1; r < registry->rows.count; r++) {
        if (!gong_registry_index(registry, r)) {
            return false;
        }
    }
    return true;
}
