#include "agent/sql.h"

#include <math.h>

enum gong_err
gong_sql_err(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return GONG_OK;
    case SQLITE_NOMEM:
        return GONG_ERR_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return GONG_ERR_AGAIN;
    case SQLITE_READONLY:
        return GONG_ERR_READ_ONLY;
    case SQLITE_FULL:
        return GONG_ERR_NO_SPACE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return GONG_ERR_CORRUPT;
    case SQLITE_TOOBIG:
        return GONG_ERR_TOO_LARGE;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return GONG_ERR_INVALID;
    case SQLITE_INTERRUPT:
        return GONG_ERR_TIMEOUT;
    default:
        return GONG_ERR_IO;
    }
}

enum gong_err
gong_sql_do(sqlite3 *handle, const char *sql)
{
    return gong_sql_err(sqlite3_exec(handle, sql, NULL, NULL, NULL));
}

void
gong_sql_rollback(sqlite3 *handle)
{
    if (sqlite3_get_autocommit(handle) == 0) {
        (void)sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
    }
}

enum gong_err
gong_sql_prepare(sqlite3 *handle, const char *const *texts, sqlite3_stmt **out,
                 size_t count)
{
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < count; i++) {
        out[i] = NULL;
    }
    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        err = gong_sql_err(sqlite3_prepare_v3(
            handle, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &out[i], NULL));
    }
    return err;
}

void
gong_sql_finalize(sqlite3_stmt **statements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)sqlite3_finalize(statements[i]);
        statements[i] = NULL;
    }
}

struct gong_sql_row
gong_sql_row(sqlite3_stmt *statement)
{
    return (struct gong_sql_row){.statement = statement, .code = SQLITE_OK};
}

static void
note(struct gong_sql_row *row, int code)
{
    if (row->code == SQLITE_OK) {
        row->code = code;
    }
}

void
gong_sql_put_int(struct gong_sql_row *row, int64_t value)
{
    note(row, sqlite3_bind_int64(row->statement, ++row->at, value));
}

void
gong_sql_put_real(struct gong_sql_row *row, double value)
{
    note(row, sqlite3_bind_double(row->statement, ++row->at, value));
}

void
gong_sql_put_text(struct gong_sql_row *row, struct gong_str value)
{
    /* No pointer would be NULL instead of an empty text. */
    const char *data = value.len == 0 ? "" : value.data;

    note(row, sqlite3_bind_text64(row->statement, ++row->at, data, value.len,
                                  SQLITE_STATIC, SQLITE_UTF8));
}

void
gong_sql_put_blob(struct gong_sql_row *row, struct gong_str value)
{
    const char *data = value.len == 0 ? "" : value.data;

    note(row, sqlite3_bind_blob64(row->statement, ++row->at, data, value.len,
                                  SQLITE_STATIC));
}

void
gong_sql_end(struct gong_sql_row *row)
{
    (void)sqlite3_reset(row->statement);
    (void)sqlite3_clear_bindings(row->statement);
}

enum gong_err
gong_sql_run(struct gong_sql_row *row)
{
    int code = row->code;

    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(row->statement);
    }
    gong_sql_end(row);
    return gong_sql_err(code);
}

enum gong_err
gong_sql_next(struct gong_sql_row *row)
{
    int code =
        row->code == SQLITE_OK ? sqlite3_step(row->statement) : row->code;

    row->at = 0;
    return code == SQLITE_DONE ? GONG_ERR_NOT_FOUND : gong_sql_err(code);
}

int64_t
gong_sql_get_int(struct gong_sql_row *row)
{
    return sqlite3_column_int64(row->statement, row->at++);
}

double
gong_sql_get_real(struct gong_sql_row *row)
{
    int column = row->at++;

    return sqlite3_column_type(row->statement, column) == SQLITE_NULL
               ? (double)NAN
               : sqlite3_column_double(row->statement, column);
}

struct gong_str
gong_sql_get_text(struct gong_sql_row *row)
{
    int column = row->at++;
    const unsigned char *text = sqlite3_column_text(row->statement, column);
    int len = sqlite3_column_bytes(row->statement, column);

    return gong_str_from((const char *)text, text == NULL ? 0 : (size_t)len);
}

struct gong_str
gong_sql_get_blob(struct gong_sql_row *row)
{
    int column = row->at++;
    const char *bytes = sqlite3_column_blob(row->statement, column);
    int len = sqlite3_column_bytes(row->statement, column);

    return gong_str_from(bytes, bytes == NULL ? 0 : (size_t)len);
}
