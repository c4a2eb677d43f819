/*
 * sql: SQLite in few words: a row of values bound in order and run, a row
 * of results read in order, and the project's own word for what went wrong.
 *
 *   struct gong_sql_row row = gong_sql_row(statement);
 *   gong_sql_put_int(&row, number);
 *   gong_sql_put_text(&row, name);
 *   err = gong_sql_run(&row);
 *
 * Text and bytes that are bound must live until the statement is reset; what is
 * read is valid until then.
 */
#ifndef GONG_AGENT_SQL_H
#define GONG_AGENT_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "common/err.h"
#include "common/str.h"

/* gong_sql_err: of a result code, extended or not. */
enum gong_err gong_sql_err(int code);

/* gong_sql_do: statements without results. */
enum gong_err gong_sql_do(sqlite3 *handle, const char *sql) GONG_MUST_CHECK;

/* gong_sql_rollback: where a transaction is open; SQLite may have ended it. */
void gong_sql_rollback(sqlite3 *handle);

/* gong_sql_prepare: as many statements as texts; on failure those made so far
 * are in out, the others NULL. gong_sql_finalize sets them NULL. */
enum gong_err gong_sql_prepare(sqlite3 *handle, const char *const *texts,
                               sqlite3_stmt **out,
                               size_t count) GONG_MUST_CHECK;
void gong_sql_finalize(sqlite3_stmt **statements, size_t count);

/* Transparent: where binding or reading stands. */
struct gong_sql_row {
    sqlite3_stmt *statement;
    int at;
    int code; /* the first failure */
};

struct gong_sql_row gong_sql_row(sqlite3_stmt *statement);
void gong_sql_put_int(struct gong_sql_row *row, int64_t value);
/* NaN becomes NULL. */
void gong_sql_put_real(struct gong_sql_row *row, double value);
void gong_sql_put_text(struct gong_sql_row *row, struct gong_str value);
void gong_sql_put_blob(struct gong_sql_row *row, struct gong_str value);
/* gong_sql_run: to the end, and reset. */
enum gong_err gong_sql_run(struct gong_sql_row *row) GONG_MUST_CHECK;
/* gong_sql_next: the next row of results, to be read from the first column on.
 * NOT_FOUND behind the last. gong_sql_end resets; also needed after errors. */
enum gong_err gong_sql_next(struct gong_sql_row *row) GONG_MUST_CHECK;
void gong_sql_end(struct gong_sql_row *row);

int64_t gong_sql_get_int(struct gong_sql_row *row);
/* NULL is NaN. */
double gong_sql_get_real(struct gong_sql_row *row);
struct gong_str gong_sql_get_text(struct gong_sql_row *row);
struct gong_str gong_sql_get_blob(struct gong_sql_row *row);

#endif
