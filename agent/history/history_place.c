/*
 * How far the logs were read, and what stands there until it changes.
 *
 *   place  id 16 | u32 generation | u64 offset, of the journal, of the effects,
 *          then the digest of the rules                      (little endian)
 */
#include <string.h>

#include "agent/history/history_file_private.h"
#include "common/le.h"

#define GENERATION_AT ((size_t)16)
#define OFFSET_AT     ((size_t)20)
#define LOG_SIZE      ((size_t)28)
#define PLACE_SIZE    (2 * LOG_SIZE)

static void
encode_log(const struct gong_history_log_place *log, uint8_t *out)
{
    memcpy(out, log->id, sizeof log->id);
    gong_le_put32(out + GENERATION_AT, log->generation);
    gong_le_put64(out + OFFSET_AT, log->offset);
}

static void
decode_log(const uint8_t *bytes, struct gong_history_log_place *out)
{
    memcpy(out->id, bytes, sizeof out->id);
    out->generation = gong_le_get32(bytes + GENERATION_AT);
    out->offset = gong_le_get64(bytes + OFFSET_AT);
}

enum gong_err
gong_history_place_write(struct gong_history_file *file,
                         const struct gong_history_place *place)
{
    uint8_t bytes[PLACE_SIZE + sizeof place->rules];
    size_t digest = strnlen(place->rules, sizeof place->rules - 1);
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_META_PUT]);

    encode_log(&place->journal, bytes);
    encode_log(&place->effects, bytes + LOG_SIZE);
    memcpy(bytes + PLACE_SIZE, place->rules, digest);
    gong_sql_put_text(&row, gong_str_of("place"));
    gong_sql_put_blob(&row,
                      gong_str_from((const char *)bytes, PLACE_SIZE + digest));
    return gong_history_fail(file, gong_sql_run(&row));
}

enum gong_err
gong_history_place_read(struct gong_history_file *file)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_META_GET]);
    struct gong_history_place *place = &file->place;
    struct gong_str bytes = {0};
    enum gong_err err;

    gong_sql_put_text(&row, gong_str_of("place"));
    err = gong_sql_next(&row);
    if (err == GONG_OK) {
        bytes = gong_sql_get_blob(&row);
        if (bytes.len < PLACE_SIZE ||
            bytes.len >= PLACE_SIZE + sizeof place->rules) {
            err = GONG_ERR_CORRUPT;
        }
    }
    if (err == GONG_OK) {
        decode_log((const uint8_t *)bytes.data, &place->journal);
        decode_log((const uint8_t *)bytes.data + LOG_SIZE, &place->effects);
        memcpy(place->rules, bytes.data + PLACE_SIZE, bytes.len - PLACE_SIZE);
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

void
gong_history_file_place(const struct gong_history_file *file,
                        struct gong_history_place *out)
{
    *out = file->place;
}

/* --- states --- */

enum gong_err
gong_history_file_state(struct gong_history_file *file, uint32_t series,
                        double value)
{
    bool ends = gong_is_stale(value);
    struct gong_sql_row row =
        gong_sql_row(file->sql[ends ? HISTORY_STATE_END : HISTORY_STATE_PUT]);
    int64_t bits = 0;

    if (!file->begun || file->failed != GONG_OK) {
        return file->begun ? file->failed : GONG_ERR_INVALID;
    }
    memcpy(&bits, &value, sizeof bits);
    gong_sql_put_int(&row, series);
    if (!ends) {
        gong_sql_put_int(&row, bits);
    }
    return gong_history_fail(file, gong_sql_run(&row));
}

enum gong_err
gong_history_file_states(struct gong_history_file *file,
                         void (*visit)(void *ctx, uint32_t series,
                                       double value),
                         void *ctx)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_STATES]);
    enum gong_err err;

    while ((err = gong_sql_next(&row)) == GONG_OK) {
        uint32_t series = (uint32_t)gong_sql_get_int(&row);
        int64_t bits = gong_sql_get_int(&row);
        double value = 0;

        memcpy(&value, &bits, sizeof value);
        visit(ctx, series, value);
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : gong_history_fail(file, err);
}
