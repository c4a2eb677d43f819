/* history_notes: rows "note <name>" of meta. */
#include <string.h>

#include "agent/history/history_file_private.h"

static const char before[] = "note ";

#define BEFORE (sizeof before - 1)

static enum gong_err
state_of(const struct gong_history_file *file)
{
    return file->begun ? file->failed : GONG_ERR_INVALID;
}

enum gong_err
gong_history_file_notes_end(struct gong_history_file *file)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_NOTES_END]);
    enum gong_err err = state_of(file);

    return err == GONG_OK ? gong_history_fail(file, gong_sql_run(&row)) : err;
}

enum gong_err
gong_history_file_note(struct gong_history_file *file, struct gong_str name,
                       struct gong_str bytes)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_META_PUT]);
    char text[BEFORE + GONG_HISTORY_NOTE_MAX];
    enum gong_err err = state_of(file);

    if (err == GONG_OK && (name.len > GONG_HISTORY_NOTE_MAX ||
                           bytes.len > GONG_HISTORY_NOTE_MAX)) {
        return GONG_ERR_TOO_LARGE;
    }
    if (err != GONG_OK) {
        return err;
    }
    memcpy(text, before, BEFORE);
    memcpy(text + BEFORE, name.data, name.len);
    gong_sql_put_text(&row, gong_str_from(text, BEFORE + name.len));
    gong_sql_put_blob(&row, bytes);
    return gong_history_fail(file, gong_sql_run(&row));
}

enum gong_err
gong_history_file_notes(struct gong_history_file *file,
                        gong_history_note_fn visit, void *ctx)
{
    struct gong_sql_row row = gong_sql_row(file->sql[HISTORY_NOTES]);
    enum gong_err err;

    while ((err = gong_sql_next(&row)) == GONG_OK) {
        struct gong_str name = gong_sql_get_text(&row);
        struct gong_str bytes = gong_sql_get_blob(&row);

        err = name.len < BEFORE
                  ? GONG_ERR_CORRUPT
                  : visit(ctx,
                          gong_str_from(name.data + BEFORE, name.len - BEFORE),
                          bytes);
        if (err != GONG_OK) {
            break;
        }
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}
