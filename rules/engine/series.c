#include "rules/engine/series.h"

#include "rules/engine/name.h"

void
gong_registry_init(struct gong_registry *registry, struct gong_symbols *symbols,
                   struct gong_labelsets *labelsets, struct gong_budget *budget)
{
    *registry = (struct gong_registry){
        .symbols = symbols,
        .labelsets = labelsets,
        .devices_max = UINT32_MAX,
        .rows_max = UINT32_MAX,
    };
    gong_arena_init(&registry->devices, budget, sizeof(struct gong_device));
    gong_arena_init(&registry->rows, budget, sizeof(struct gong_row));
    gong_arena_init(&registry->columns, budget, sizeof(struct gong_column));
    gong_bytes_init(&registry->keys, budget);
    gong_index_init(&registry->device_index, budget);
    gong_index_init(&registry->row_index, budget);
}

void
gong_registry_fini(struct gong_registry *registry)
{
    gong_arena_fini(&registry->devices);
    gong_arena_fini(&registry->rows);
    gong_arena_fini(&registry->columns);
    gong_arena_fini(&registry->keys);
    gong_index_fini(&registry->device_index);
    gong_index_fini(&registry->row_index);
}

static uint32_t
device_name(struct gong_registry *registry, struct gong_str name, bool full)
{
    return full ? gong_symbol_find(registry->symbols, name)
                : gong_symbol_intern(registry->symbols, name);
}

enum gong_err
gong_registry_device(struct gong_registry *registry, struct gong_str site,
                     struct gong_str name, uint32_t *device)
{
    /* At the limit names that are not known are not even stored. */
    bool full = registry->devices.count > registry->devices_max;
    uint32_t names[2] = {
        device_name(registry, site, full),
        device_name(registry, name, full),
    };
    uint64_t hash = gong_hash(registry->symbols->key, names, sizeof names);
    struct gong_probe probe = gong_probe_start(&registry->device_index, hash);
    uint32_t found = 0;

    if (names[0] == 0 || names[1] == 0) {
        return full ? GONG_ERR_TOO_LARGE : GONG_ERR_MEMORY;
    }
    while ((found = gong_probe_next(&registry->device_index, &probe)) != 0) {
        const struct gong_device *d = gong_device_at(registry, found);

        if (d->site == names[0] && d->name == names[1]) {
            *device = found;
            return GONG_OK;
        }
    }
    if (full) {
        return GONG_ERR_TOO_LARGE;
    }
    found = gong_arena_add(&registry->devices, 1);
    if (found == 0 || !gong_index_put(&registry->device_index, hash, found)) {
        return GONG_ERR_MEMORY;
    }
    gong_device_at(registry, found)->site = names[0];
    gong_device_at(registry, found)->name = names[1];
    *device = found;
    return GONG_OK;
}

uint32_t
gong_registry_find(const struct gong_registry *registry, struct gong_str site,
                   struct gong_str name)
{
    uint32_t names[2] = {
        gong_symbol_find(registry->symbols, site),
        gong_symbol_find(registry->symbols, name),
    };
    struct gong_probe probe = gong_probe_start(
        &registry->device_index,
        gong_hash(registry->symbols->key, names, sizeof names));
    uint32_t found = 0;

    while (names[0] != 0 && names[1] != 0 &&
           (found = gong_probe_next(&registry->device_index, &probe)) != 0) {
        const struct gong_device *d = gong_device_at(registry, found);

        if (d->site == names[0] && d->name == names[1]) {
            break;
        }
    }
    return found;
}

static bool
row_is(const struct gong_registry *registry, uint32_t row, uint32_t device,
       struct gong_str key)
{
    return gong_row_at(registry, row)->device == device &&
           gong_str_equal(gong_row_key(registry, row), key);
}

static enum gong_err
row_labels(struct gong_registry *registry, const struct gong_batch *batch,
           const struct gong_lp_point *point, uint32_t *labelset)
{
    struct gong_lp_tag tags[GONG_LP_TAGS_MAX + 2];
    struct gong_label_pair labels[GONG_LP_TAGS_MAX + 2];
    char name[GONG_NAME_MAX];
    size_t count = gong_batch_labels(batch, point, tags);

    /* Before anything is stored: a refused row is no row that counts, so
     * nothing would bound what its values take. */
    for (size_t i = 0; i < count; i++) {
        if (gong_name_label(tags[i].key, name) == 0) {
            return GONG_ERR_TOO_LARGE;
        }
    }
    for (size_t i = 0; i < count; i++) {
        size_t len = gong_name_label(tags[i].key, name);

        if (!gong_label_intern(registry->symbols, gong_str_from(name, len),
                               tags[i].value, &labels[i])) {
            return GONG_ERR_MEMORY;
        }
    }
    *labelset = gong_labelset_intern(registry->labelsets, labels, count);
    return *labelset == 0 ? GONG_ERR_MEMORY : GONG_OK;
}

static void
link_row(struct gong_registry *registry, uint32_t row)
{
    struct gong_row *r = gong_row_at(registry, row);
    struct gong_device *d = gong_device_at(registry, r->device);

    r->before = d->newest;
    d->newest = row;
}

void
gong_registry_link(struct gong_registry *registry)
{
    for (uint32_t i = 1; i < registry->devices.count; i++) {
        gong_device_at(registry, i)->newest = 0;
    }
    for (uint32_t i = 1; i < registry->rows.count; i++) {
        link_row(registry, i);
    }
}

/* An odd factor keeps devices with equal keys apart. */
static uint64_t
hash_row(const struct gong_registry *registry, uint32_t device,
         struct gong_str key)
{
    return gong_hash(registry->symbols->key, key.data, key.len) +
           device * UINT64_C(0x9e3779b97f4a7c15);
}

bool
gong_registry_index(struct gong_registry *registry, uint32_t row)
{
    const struct gong_row *r = gong_row_at(registry, row);

    return gong_index_put(
        &registry->row_index,
        hash_row(registry, r->device,
                 gong_bytes_at(&registry->keys, r->key_at, r->key_len)),
        row);
}

static enum gong_err
add_row(struct gong_registry *registry, uint32_t device, uint64_t hash,
        const struct gong_batch *batch, const struct gong_lp_point *point,
        uint32_t *row)
{
    struct gong_device *d = gong_device_at(registry, device);
    struct gong_row made = {
        .device = device,
        .key_len = (uint32_t)point->series_key.len,
        .capacity = (uint16_t)point->field_count,
    };
    enum gong_err err = GONG_OK;

    /* A file is one device without a name, and no stranger writes it. */
    if ((d->rows >= registry->rows_max && batch->site.len != 0) ||
        point->series_key.len > GONG_SERIES_KEY_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    err = row_labels(registry, batch, point, &made.labelset);
    if (err != GONG_OK) {
        return err;
    }
    made.measurement =
        gong_symbol_intern(registry->symbols, point->measurement);
    made.key_at = gong_bytes_add(&registry->keys, point->series_key);
    made.columns = gong_arena_add(&registry->columns, made.capacity);
    if (made.measurement == 0 || made.key_at == 0 || made.columns == 0) {
        return GONG_ERR_MEMORY;
    }
    *row = gong_arena_add(&registry->rows, 1);
    if (*row == 0) {
        return GONG_ERR_MEMORY;
    }
    *gong_row_at(registry, *row) = made;
    link_row(registry, *row);
    if (!gong_index_put(&registry->row_index, hash, *row)) {
        return GONG_ERR_MEMORY;
    }
    d->rows++;
    return GONG_OK;
}

enum gong_err
gong_registry_row(struct gong_registry *registry, uint32_t device,
                  const struct gong_batch *batch,
                  const struct gong_lp_point *point, uint32_t *row)
{
    struct gong_str key = point->series_key;
    struct gong_probe probe = {0, 0};
    uint64_t hash = 0;

    hash = hash_row(registry, device, key);
    probe = gong_probe_start(&registry->row_index, hash);
    while ((*row = gong_probe_next(&registry->row_index, &probe)) != 0) {
        if (row_is(registry, *row, device, key)) {
            return GONG_OK;
        }
    }
    return add_row(registry, device, hash, batch, point, row);
}

/* Space for one more column of a row. A full block moves to the end; what it
 * leaves behind is never more than what it holds. */
static bool
grow_row(struct gong_registry *registry, struct gong_row *row)
{
    uint32_t capacity = row->capacity == 0 ? 4 : row->capacity * 2u;
    uint32_t columns = gong_arena_add(&registry->columns, capacity);

    if (columns == 0) {
        return false;
    }
    if (row->count != 0) {
        memcpy(gong_column_at(registry, columns),
               gong_column_at(registry, row->columns),
               row->count * sizeof(struct gong_column));
        memset(gong_column_at(registry, row->columns), 0,
               row->count * sizeof(struct gong_column));
    }
    row->columns = columns;
    row->capacity = (uint16_t)capacity;
    return true;
}

static enum gong_err
add_column(struct gong_registry *registry, struct gong_row *row,
           const struct gong_lp_field *field, uint32_t *position,
           uint32_t *column)
{
    char name[GONG_NAME_MAX];
    size_t len =
        gong_name_metric(gong_symbol_text(registry->symbols, row->measurement),
                         field->key, name);
    struct gong_column made = {.series = GONG_COLUMN_NEW};

    if (row->count >= GONG_ROW_COLUMNS_MAX || len == 0 ||
        field->raw_key.len > GONG_NAME_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    made.raw = gong_symbol_intern(registry->symbols, field->raw_key);
    made.metric =
        gong_symbol_intern(registry->symbols, gong_str_from(name, len));
    if (made.raw == 0 || made.metric == 0 ||
        (row->count == row->capacity && !grow_row(registry, row))) {
        return GONG_ERR_MEMORY;
    }
    *column = row->columns + row->count;
    *gong_column_at(registry, *column) = made;
    row->count++;
    *position = row->count;
    return GONG_OK;
}

enum gong_err
gong_registry_column(struct gong_registry *registry, uint32_t row,
                     const struct gong_lp_field *field, uint32_t *position,
                     uint32_t *column)
{
    struct gong_row *r = gong_row_at(registry, row);
    uint32_t raw = 0;

    raw = gong_symbol_find(registry->symbols, field->raw_key);
    for (uint32_t i = 0; raw != 0 && i < r->count; i++) {
        if (gong_column_at(registry, r->columns + i)->raw == raw) {
            *column = r->columns + i;
            *position = i + 1;
            return GONG_OK;
        }
    }
    return add_column(registry, r, field, position, column);
}
