/*
 * series: what has been heard of: devices, their rows, the rows' columns.
 *
 *   device (site, name)
 *     row      the bytes of a series key as written, and its label set
 *       column   one field of it: its key as written, its metric's name
 *
 * A point finds its row by its bytes: the reader is told to expect the row that
 * followed the row before it last time (gong_row_expected), and only another is
 * looked up. Fields are tried in the order of the row's columns. So the usual
 * point costs one comparison of its key and one of each field's.
 *
 * Which series a column feeds, if any, is bind.h's business.
 */
#ifndef GONG_RULES_ENGINE_SERIES_H
#define GONG_RULES_ENGINE_SERIES_H

#include <stdint.h>

#include "common/batch.h"
#include "common/err.h"
#include "rules/engine/city.h"
#include "rules/engine/kept.h"
#include "rules/engine/labelset.h"

#define GONG_SERIES_KEY_MAX  4096 /* bytes of a series key */
#define GONG_ROW_COLUMNS_MAX 512  /* different fields of one row */

struct gong_device {
    uint32_t site; /* symbols */
    uint32_t name;
    uint32_t clock;    /* in timer.h's table */
    uint32_t rows;     /* how many */
    uint32_t head;     /* the row that began its last record */
    uint32_t newest;   /* the row made last */
    uint32_t declared; /* the engine's: a list of declared.h */
};

struct gong_row {
    uint32_t device;
    uint32_t labelset;
    uint32_t key_at; /* in keys */
    uint32_t key_len;
    uint32_t columns; /* the first one */
    uint16_t count;
    uint16_t capacity;
    uint32_t next;        /* the row that came after this one last time */
    uint32_t measurement; /* symbol */
    uint32_t before;      /* the device's row that was made before it */
    uint32_t seen;        /* minute of journal time of its last point */
};

struct gong_column {
    uint32_t raw;    /* symbol: the field's key as written */
    uint32_t metric; /* symbol */
    uint32_t series; /* of bind.h, or one of these: */
};
#define GONG_COLUMN_NEW     0                /* no number came yet */
#define GONG_COLUMN_UNREAD  UINT32_MAX       /* no rule reads it */
#define GONG_COLUMN_REFUSED (UINT32_MAX - 1) /* past a limit */
#define GONG_COLUMN_OWN     (UINT32_MAX - 2) /* of a name the engine feeds */

static inline bool
gong_column_feeds(uint32_t series)
{
    return series != GONG_COLUMN_NEW && series != GONG_COLUMN_UNREAD &&
           series != GONG_COLUMN_REFUSED && series != GONG_COLUMN_OWN;
}

/* Transparent: embedded. */
struct gong_registry {
    struct gong_symbols *symbols;
    struct gong_labelsets *labelsets;
    struct gong_arena devices;
    struct gong_arena rows;
    struct gong_arena columns;
    struct gong_arena keys;
    struct gong_index device_index;
    struct gong_index row_index;
    uint32_t devices_max;
    uint32_t rows_max;            /* of one device */
    const struct gong_city *city; /* of the rules in force; NULL: none */
};

/* symbols and labelsets are borrowed until fini. */
void gong_registry_init(struct gong_registry *registry,
                        struct gong_symbols *symbols,
                        struct gong_labelsets *labelsets,
                        struct gong_budget *budget);
void gong_registry_fini(struct gong_registry *registry);

static inline struct gong_device *
gong_device_at(const struct gong_registry *registry, uint32_t device)
{
    struct gong_device *all = registry->devices.data;

    return all + device;
}

static inline struct gong_row *
gong_row_at(const struct gong_registry *registry, uint32_t row)
{
    struct gong_row *all = registry->rows.data;

    return all + row;
}

static inline struct gong_column *
gong_column_at(const struct gong_registry *registry, uint32_t column)
{
    struct gong_column *all = registry->columns.data;

    return all + column;
}

/* gong_row_key: good until a row is made. */
static inline struct gong_str
gong_row_key(const struct gong_registry *registry, uint32_t row)
{
    const struct gong_row *r = gong_row_at(registry, row);

    return gong_bytes_at(&registry->keys, r->key_at, r->key_len);
}

/* gong_row_expected: what a point of the row looks like, as far as its first
 * columns; keys holds GONG_ROW_EXPECTED_MAX and is borrowed by out, which is
 * good until a row is made. False for row 0 and one of another device. */
#define GONG_ROW_EXPECTED_MAX 16
static inline bool
gong_row_expected(const struct gong_registry *registry, uint32_t device,
                  uint32_t row, struct gong_str *keys,
                  struct gong_lp_expected *out)
{
    const struct gong_row *r = row == 0 ? NULL : gong_row_at(registry, row);
    const struct gong_column *columns = NULL;
    size_t count = 0;

    if (r == NULL || r->device != device) {
        return false;
    }
    columns = gong_column_at(registry, r->columns);
    for (; count < r->count && count < GONG_ROW_EXPECTED_MAX; count++) {
        keys[count] = gong_symbol_text(registry->symbols, columns[count].raw);
    }
    *out = (struct gong_lp_expected){gong_row_key(registry, row), keys, count};
    return true;
}

/* All three find or make; GONG_ERR_TOO_LARGE past a limit. */

/* gong_registry_device: a new one has clock 0. Both names may be empty. */
enum gong_err gong_registry_device(struct gong_registry *registry,
                                   struct gong_str site, struct gong_str name,
                                   uint32_t *device) GONG_MUST_CHECK;

/* gong_registry_find: 0 where there is none. */
uint32_t gong_registry_find(const struct gong_registry *registry,
                            struct gong_str site, struct gong_str name);

/* gong_registry_row: of a point that has its measurement and tags. */
enum gong_err gong_registry_row(struct gong_registry *registry, uint32_t device,
                                const struct gong_batch *batch,
                                const struct gong_lp_point *point,
                                uint32_t *row) GONG_MUST_CHECK;

/* gong_registry_link: makes the lists of all devices' rows anew. */
void gong_registry_link(struct gong_registry *registry);

/* gong_registry_keep: forgets rows, and renumbers what stays. False without
 * memory, or where keys do not lie in the order of their rows: the registry is
 * not to be used any more. gong_registry_index makes a row known. */
bool gong_registry_keep(struct gong_registry *registry,
                        const struct gong_kept *kept);
bool gong_registry_index(struct gong_registry *registry, uint32_t row);

/* gong_registry_relabel: the label set that a row would have if it were made
 * now. reader is scratch. */
enum gong_err gong_registry_relabel(struct gong_registry *registry,
                                    uint32_t row, struct gong_lp_reader *reader,
                                    uint32_t *labelset) GONG_MUST_CHECK;

/* gong_registry_column: leaves *position after the column found. */
enum gong_err gong_registry_column(struct gong_registry *registry, uint32_t row,
                                   const struct gong_lp_field *field,
                                   uint32_t *position,
                                   uint32_t *column) GONG_MUST_CHECK;

/* gong_registry_expected: whether the row's column number position has this
 * key: the first thing to try. */
static inline bool
gong_registry_expected(const struct gong_registry *registry,
                       const struct gong_row *row, uint32_t position,
                       struct gong_str raw_key)
{
    return position < row->count &&
           gong_str_equal(
               gong_symbol_text(
                   registry->symbols,
                   gong_column_at(registry, row->columns + position)->raw),
               raw_key);
}

#endif
