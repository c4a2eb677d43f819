/* users_private: what the parts of gong_users share. */
#ifndef GONG_AGENT_USERS_USERS_PRIVATE_H
#define GONG_AGENT_USERS_USERS_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include <sqlite3.h>

#include "agent/users/audit.h"
#include "agent/users/users.h"
#include "common/monitor.h"

#define GONG_USERS_HASHES 2 /* at a time */

struct gong_users {
    pthread_mutex_t lock; /* of the connection */
    sqlite3 *db;
    char *path;
    atomic_bool any; /* there is a user, or was one once */
    bool any_in;     /* the same of the file, under the lock */
    bool shut;       /* for good: it must not be opened */
    struct gong_monitor hashing;
    unsigned hashes; /* under hashing */
    char *nobodys;   /* a hash that no password has, for unknown names */
};

/* gong_users_open_db: users->db at users->path, with all that it needs. */
enum gong_err gong_users_open_db(struct gong_users *users, char *why,
                                 size_t why_size) GONG_MUST_CHECK;

/* gong_users_read_any: users->any_in, from the file. */
enum gong_err gong_users_read_any(struct gong_users *users) GONG_MUST_CHECK;
/* gong_users_lock: with the file open, unless that fails: then users->db is
 * NULL, and what asks it fails. */
void gong_users_lock(struct gong_users *users);

/* gong_users_sql_open: prepares sql and binds by format: t const char *, s
 * struct gong_str, i int64_t, b pointer to 32 bytes. NULL after an error.
 * Finish with sqlite3_finalize. */
sqlite3_stmt *gong_users_sql_open(sqlite3 *db, const char *sql,
                                  const char *format, ...);
/* gong_users_sql_run: one that gives no rows. */
enum gong_err gong_users_sql_run(sqlite3 *db, const char *sql,
                                 const char *format, ...) GONG_MUST_CHECK;
/* gong_users_sql_number: of the first row's first column, or fallback. */
int64_t gong_users_sql_number(sqlite3 *db, int64_t fallback, const char *sql,
                              const char *format, ...);
enum gong_err gong_users_sql_error(sqlite3 *db);
/* Never NULL. */
const char *gong_users_sql_text(sqlite3_stmt *row, int column);

/* A transaction: begin takes the lock, end commits if err is OK and gives the
 * lock back; a failed commit is its error. */
enum gong_err gong_users_begin(struct gong_users *users) GONG_MUST_CHECK;
enum gong_err gong_users_end(struct gong_users *users, enum gong_err err);

/* In a transaction. */
enum gong_err
gong_audit_put(struct gong_users *users,
               const struct gong_audit_entry *entry) GONG_MUST_CHECK;
enum gong_err gong_audit_done(struct gong_users *users,
                              const struct gong_audit_by *by,
                              const char *action, const char *object,
                              const char *text) GONG_MUST_CHECK;

/* With the lock held. */
enum gong_err gong_users_read_grants(struct gong_users *users, const char *name,
                                     struct gong_grants *out) GONG_MUST_CHECK;

/* gong_password_hash: heap; NULL without memory. gong_password_is: whether it
 * is. Both wait for their turn. */
char *gong_password_hash(struct gong_users *users, struct gong_str password);
bool gong_password_is(struct gong_users *users, const char *hash,
                      struct gong_str password);

#endif
