#include <stdio.h>

#include "agent/backup/sqlite_file.h"
#include "agent/users/users_private.h"

/* Sessions of then are over: whoever had one logs in again. */
static enum gong_err
end_sessions(const char *path, char *why, size_t why_size)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
    enum gong_err err = GONG_OK;

    if (code == SQLITE_OK) {
        code = sqlite3_exec(db,
                            "PRAGMA trusted_schema = OFF;"
                            "PRAGMA cell_size_check = ON;"
                            "DELETE FROM sessions",
                            NULL, NULL, NULL);
    }
    if (code != SQLITE_OK) {
        (void)snprintf(why, why_size, "%s: %s", path,
                       db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(db));
        err = db == NULL ? GONG_ERR_MEMORY : gong_users_sql_error(db);
    }
    (void)sqlite3_close(db);
    return err;
}

enum gong_err
gong_users_prepare(const char *with, char *why, size_t why_size)
{
    enum gong_err err = end_sessions(with, why, why_size);

    return err == GONG_OK ? gong_sqlite_settle(with, why, why_size) : err;
}

static void
shut(struct gong_users *users)
{
    (void)sqlite3_close(users->db);
    users->db = NULL;
}

void
gong_users_hold(struct gong_users *users)
{
    (void)pthread_mutex_lock(&users->lock);
    shut(users);
}

enum gong_err
gong_users_look(struct gong_users *users, char *why, size_t why_size)
{
    enum gong_err err = gong_users_open_db(users, why, why_size);

    if (err != GONG_OK) {
        shut(users);
    }
    return err;
}

void
gong_users_shut(struct gong_users *users)
{
    shut(users);
}

/* As at the start; on a disk that is too full for that as far as can be read.
 */
static void
open_again(struct gong_users *users)
{
    char why[256];

    if (gong_users_open_db(users, why, sizeof why) != GONG_OK &&
        gong_users_read_any(users) != GONG_OK) {
        shut(users);
        return;
    }
    atomic_store(&users->any, users->any_in);
}

void
gong_users_lock(struct gong_users *users)
{
    (void)pthread_mutex_lock(&users->lock);
    if (users->db == NULL && !users->shut) {
        open_again(users);
    }
}

void
gong_users_release(struct gong_users *users, bool may_open)
{
    users->shut = !may_open;
    if (users->db != NULL) {
        atomic_store(&users->any, users->any_in);
    }
    (void)pthread_mutex_unlock(&users->lock);
}
