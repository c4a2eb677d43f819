#include "agent/users/users_private.h"

#include <stdarg.h>
#include <string.h>

enum gong_err
gong_users_sql_error(sqlite3 *db)
{
    switch (sqlite3_errcode(db)) {
    case SQLITE_NOMEM:
        return GONG_ERR_MEMORY;
    case SQLITE_FULL:
        return GONG_ERR_NO_SPACE;
    case SQLITE_READONLY:
        return GONG_ERR_READ_ONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return GONG_ERR_CORRUPT;
    case SQLITE_CONSTRAINT:
        return GONG_ERR_INVALID;
    default:
        return GONG_ERR_IO;
    }
}

static int
bind(sqlite3_stmt *statement, const char *format, va_list values)
{
    int status = SQLITE_OK;

    for (int i = 1; *format != '\0' && status == SQLITE_OK; format++, i++) {
        if (*format == 't') {
            const char *text = va_arg(values, const char *);

            status =
                sqlite3_bind_text(statement, i, text, -1, SQLITE_TRANSIENT);
        } else if (*format == 's') {
            struct gong_str text = va_arg(values, struct gong_str);

            status =
                sqlite3_bind_text(statement, i, text.len == 0 ? "" : text.data,
                                  (int)text.len, SQLITE_TRANSIENT);
        } else if (*format == 'b') {
            const uint8_t *bytes = va_arg(values, const uint8_t *);

            status = sqlite3_bind_blob(statement, i, bytes,
                                       GONG_AUDIT_HASH_SIZE, SQLITE_TRANSIENT);
        } else {
            status = sqlite3_bind_int64(statement, i, va_arg(values, int64_t));
        }
    }
    return status;
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql, const char *format, va_list values)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK ||
        bind(statement, format, values) != SQLITE_OK) {
        (void)sqlite3_finalize(statement);
        return NULL;
    }
    return statement;
}

sqlite3_stmt *
gong_users_sql_open(sqlite3 *db, const char *sql, const char *format, ...)
{
    va_list values;
    sqlite3_stmt *statement;

    va_start(values, format);
    statement = prepare(db, sql, format, values);
    va_end(values);
    return statement;
}

enum gong_err
gong_users_sql_run(sqlite3 *db, const char *sql, const char *format, ...)
{
    va_list values;
    sqlite3_stmt *statement;
    enum gong_err err;

    va_start(values, format);
    statement = prepare(db, sql, format, values);
    va_end(values);
    err = statement != NULL && sqlite3_step(statement) == SQLITE_DONE
              ? GONG_OK
              : gong_users_sql_error(db);
    (void)sqlite3_finalize(statement);
    return err;
}

int64_t
gong_users_sql_number(sqlite3 *db, int64_t fallback, const char *sql,
                      const char *format, ...)
{
    va_list values;
    sqlite3_stmt *statement;
    int64_t number = fallback;

    va_start(values, format);
    statement = prepare(db, sql, format, values);
    va_end(values);
    if (statement != NULL && sqlite3_step(statement) == SQLITE_ROW &&
        sqlite3_column_type(statement, 0) != SQLITE_NULL) {
        number = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return number;
}

const char *
gong_users_sql_text(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);

    return text == NULL ? "" : (const char *)text;
}

enum gong_err
gong_users_begin(struct gong_users *users)
{
    enum gong_err err;

    gong_users_lock(users);
    err = gong_users_sql_run(users->db, "BEGIN IMMEDIATE", "");
    if (err != GONG_OK) {
        (void)pthread_mutex_unlock(&users->lock);
    }
    return err;
}

enum gong_err
gong_users_end(struct gong_users *users, enum gong_err err)
{
    if (err == GONG_OK) {
        err = gong_users_sql_run(users->db, "COMMIT", "");
    }
    if (err != GONG_OK) {
        (void)sqlite3_exec(users->db, "ROLLBACK", NULL, NULL, NULL);
    }
    (void)pthread_mutex_unlock(&users->lock);
    return err;
}
