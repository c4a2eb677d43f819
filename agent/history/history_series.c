#include <stdlib.h>
#include <string.h>

#include "agent/history/history_file_private.h"
#include "agent/history/history_labels.h"

#define SLOTS_FIRST 256

/* --- numbers given out --- */

static enum gong_err
hold(struct gong_history_file *file, uint32_t series)
{
    size_t word = series / 64;

    if (word >= file->held_words) {
        size_t words = word + word / 2 + 16;
        uint64_t *grown = realloc(file->held, words * sizeof *grown);

        if (grown == NULL) {
            return GONG_ERR_MEMORY;
        }
        memset(grown + file->held_words, 0,
               (words - file->held_words) * sizeof *grown);
        file->held = grown;
        file->held_words = words;
    }
    file->held[word] |= UINT64_C(1) << (series % 64);
    return GONG_OK;
}

bool
gong_history_series_held(const struct gong_history_file *file, uint32_t series)
{
    size_t word = series / 64;

    return word < file->held_words &&
           (file->held[word] >> (series % 64) & 1) != 0;
}

void
gong_history_file_forget(struct gong_history_file *file)
{
    if (file->held != NULL) {
        memset(file->held, 0, file->held_words * sizeof *file->held);
    }
}

/* --- series that have no row yet --- */

static struct gong_str
pending_labels(const struct history_pending *pending, size_t index)
{
    const struct history_pending_series *series = &pending->series[index];

    return gong_str_from(pending->labels.data + series->at, series->len);
}

/* The slot where it is, or would be. There is always a free one. */
static size_t
slot_of(const struct history_pending *pending, uint64_t hash,
        struct gong_str labels)
{
    size_t slot = (size_t)hash & (pending->slot_count - 1);

    while (pending->slots[slot] != 0) {
        size_t index = pending->slots[slot] - 1;

        if (pending->series[index].hash == hash &&
            gong_str_equal(pending_labels(pending, index), labels)) {
            break;
        }
        slot = (slot + 1) & (pending->slot_count - 1);
    }
    return slot;
}

static bool
grow_slots(struct history_pending *pending)
{
    size_t count =
        pending->slot_count == 0 ? SLOTS_FIRST : pending->slot_count * 2;
    uint32_t *slots = calloc(count, sizeof *slots);

    if (slots == NULL) {
        return false;
    }
    free(pending->slots);
    pending->slots = slots;
    pending->slot_count = count;
    for (size_t i = 0; i < pending->count; i++) {
        size_t slot = slot_of(pending, pending->series[i].hash,
                              pending_labels(pending, i));

        slots[slot] = (uint32_t)(i + 1);
    }
    return true;
}

static bool
make_room(struct history_pending *pending)
{
    if (pending->count == pending->capacity) {
        size_t capacity = pending->capacity == 0 ? 64 : pending->capacity * 2;
        struct history_pending_series *grown =
            realloc(pending->series, capacity * sizeof *grown);

        if (grown == NULL) {
            return false;
        }
        pending->series = grown;
        pending->capacity = capacity;
    }
    return pending->count * 2 < pending->slot_count || grow_slots(pending);
}

static enum gong_err
add_pending(struct gong_history_file *file, uint64_t hash,
            struct gong_str labels, uint32_t *series)
{
    struct history_pending *pending = &file->pending;
    size_t at = pending->labels.len;
    enum gong_err err;

    if (file->last_series == UINT32_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    if (!make_room(pending)) {
        return GONG_ERR_MEMORY;
    }
    err = hold(file, file->last_series + 1);
    if (err == GONG_OK) {
        err = gong_buffer_append(&pending->labels, labels.data, labels.len);
    }
    if (err != GONG_OK) {
        return err;
    }
    *series = ++file->last_series;
    if (pending->count == 0) {
        pending->first = *series;
    }
    pending->series[pending->count++] = (struct history_pending_series){
        .hash = hash, .at = at, .len = labels.len};
    pending->slots[slot_of(pending, hash, labels)] = (uint32_t)pending->count;
    return GONG_OK;
}

static bool
is_pending(const struct history_pending *pending, uint32_t series)
{
    return pending->count > 0 && series >= pending->first &&
           series - pending->first < pending->count;
}

void
gong_history_series_written(struct gong_history_file *file)
{
    struct history_pending *pending = &file->pending;

    file->sizes.series += pending->count;
    pending->count = 0;
    pending->labels.len = 0;
    if (pending->slots != NULL) {
        memset(pending->slots, 0, pending->slot_count * sizeof(uint32_t));
    }
}

void
gong_history_series_fini(struct gong_history_file *file)
{
    gong_buffer_fini(&file->pending.labels);
    free(file->pending.series);
    free(file->pending.slots);
    free(file->held);
}

/* --- finding --- */

/* NOT_FOUND: it has no row. */
static enum gong_err
find_row(struct gong_history_file *file, uint64_t hash, struct gong_str labels,
         uint32_t *series)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_SERIES_FIND]);
    enum gong_err err;

    gong_sql_put_int(&row, (int64_t)hash);
    while ((err = gong_sql_next(&row)) == GONG_OK) {
        *series = (uint32_t)gong_sql_get_int(&row);
        if (gong_str_equal(gong_sql_get_blob(&row), labels)) {
            break;
        }
    }
    gong_sql_end(&row);
    return err;
}

enum gong_err
gong_history_file_series(struct gong_history_file *file,
                         const struct gong_label_view *labels, size_t count,
                         uint32_t *series)
{
    struct history_pending *pending = &file->pending;
    struct gong_str bytes;
    uint64_t hash;
    enum gong_err err;

    file->labels.len = 0;
    err = gong_history_labels_put(&file->labels, labels, count);
    if (err != GONG_OK) { /* nothing else is lost by it */
        return gong_history_explain(file->handle, file->path, err, file->why,
                                    sizeof file->why);
    }
    bytes = gong_str_from(file->labels.data, file->labels.len);
    hash = gong_hash(&file->key, bytes.data, bytes.len);
    if (pending->count > 0) {
        size_t slot = slot_of(pending, hash, bytes);

        if (pending->slots[slot] != 0) {
            *series = pending->first + pending->slots[slot] - 1;
            return GONG_OK;
        }
    }
    err = find_row(file, hash, bytes, series);
    if (err == GONG_ERR_NOT_FOUND) {
        err = add_pending(file, hash, bytes, series);
    } else if (err == GONG_OK) {
        err = hold(file, *series);
    }
    return gong_history_fail(file, err);
}

/* --- rows --- */

static enum gong_err
label_number(struct gong_history_file *file,
             const struct gong_label_view *label, int64_t *number)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_LABEL_FIND]);
    enum gong_err err;

    gong_sql_put_text(&row, label->name);
    gong_sql_put_text(&row, label->value);
    err = gong_sql_next(&row);
    if (err == GONG_OK) {
        *number = gong_sql_get_int(&row);
    }
    gong_sql_end(&row);
    if (err != GONG_ERR_NOT_FOUND) {
        return err;
    }
    row = gong_sql_row(file->sql[HISTORY_LABEL_ADD]);
    gong_sql_put_text(&row, label->name);
    gong_sql_put_text(&row, label->value);
    err = gong_sql_next(&row);
    if (err == GONG_OK) {
        *number = gong_sql_get_int(&row);
        err = gong_sql_next(&row); /* the row stands once it has ended */
        err = err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
    }
    gong_sql_end(&row);
    return err;
}

static enum gong_err
write_labels(struct gong_history_file *file, uint32_t series,
             struct gong_str bytes)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    enum gong_err err = GONG_OK;
    size_t count = 0;

    if (!gong_history_labels_get(bytes, labels, &count)) {
        return GONG_ERR_INVALID;
    }
    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        int64_t number = 0;

        err = label_number(file, &labels[i], &number);
        if (err == GONG_OK) {
            struct gong_sql_row row =
                gong_sql_row(file->sql[HISTORY_LABEL_SERIES_ADD]);

            gong_sql_put_int(&row, number);
            gong_sql_put_int(&row, series);
            err = gong_sql_run(&row);
        }
    }
    return err;
}

enum gong_err
gong_history_series_write(struct gong_history_file *file)
{
    const struct history_pending *pending = &file->pending;
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < pending->count && err == GONG_OK; i++) {
        struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_SERIES_ADD]);
        uint32_t series = pending->first + (uint32_t)i;

        gong_sql_put_int(&row, series);
        gong_sql_put_int(&row, (int64_t)pending->series[i].hash);
        gong_sql_put_blob(&row, pending_labels(pending, i));
        err = gong_sql_run(&row);
        if (err == GONG_OK) {
            err = write_labels(file, series, pending_labels(pending, i));
        }
    }
    return gong_history_fail(file, err);
}

enum gong_err
gong_history_file_publish(struct gong_history_file *file)
{
    enum gong_err err;

    if (file->begun) {
        return GONG_ERR_INVALID;
    }
    if (file->pending.count == 0) {
        return GONG_OK;
    }
    err = gong_history_transaction(file, false);
    return err == GONG_OK ? gong_history_finish(file) : err;
}

/* --- spans --- */

static enum gong_err
check_known(struct gong_history_file *file, uint32_t series)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_SERIES_KNOWN]);
    enum gong_err err;

    if (is_pending(&file->pending, series)) {
        return GONG_OK;
    }
    gong_sql_put_int(&row, series);
    err = gong_sql_next(&row);
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_ERR_INVALID : err;
}

enum gong_err
gong_history_series_spans(struct gong_history_file *file, uint32_t series,
                          int64_t first, int64_t last)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_SPAN_GET]);
    enum gong_err err;
    bool new_block = true;

    gong_sql_put_int(&row, series);
    err = gong_sql_next(&row);
    if (err == GONG_OK) {
        int64_t known_first = gong_sql_get_int(&row);
        int64_t known_last = gong_sql_get_int(&row);

        new_block = first < known_first || last > known_last;
        first = first < known_first ? first : known_first;
        last = last > known_last ? last : known_last;
    }
    gong_sql_end(&row);
    if (err == GONG_ERR_NOT_FOUND) {
        err = check_known(file, series);
    }
    if (err == GONG_OK && new_block) {
        row = gong_sql_row(file->sql[HISTORY_SPAN_PUT]);
        gong_sql_put_int(&row, series);
        gong_sql_put_int(&row, first);
        gong_sql_put_int(&row, last);
        err = gong_sql_run(&row);
    }
    return gong_history_fail(file, err);
}
