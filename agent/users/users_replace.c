#include <stdio.h>

#include "agent/backup/sqlite_file.h"
#include "agent/users/users_private.h"

/* Sessions of then are over: whoever had one logs in again. */
static enum gong_err
end_sessions(const char *path, char *why, size_t why_size)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_exec(db, "DELETE FROM sessions", NULL, NULL, NULL);
    }
    if (code != SQLITE_OK) {
        (void)snprintf(why, why_size, "%s: %s", path, sqlite3_errmsg(db));
    }
    (void)sqlite3_close(db);
    return code == SQLITE_OK ? GONG_OK : GONG_ERR_IO;
}

static void
close_db(struct gong_users *users)
{
    (void)sqlite3_close(users->db);
    users->db = NULL;
}

/* With the lock held and the file closed. */
static enum gong_err
replace(struct gong_users *users, const char *with, char *aside, char *why,
        size_t why_size)
{
    enum gong_err err =
        gong_sqlite_swap(users->path, with, aside, why, why_size);

    if (err == GONG_OK) {
        err = gong_users_open_db(users, why, why_size);
        if (err != GONG_OK) {
            close_db(users);
            if (gong_sqlite_swap_back(users->path, with, aside) != GONG_OK) {
                (void)snprintf(why, why_size, "users lie in %s", aside);
            }
        }
    }
    return err;
}

enum gong_err
gong_users_replace(struct gong_users *users, const char *with, char *aside,
                   char *why, size_t why_size)
{
    char reason[256];
    enum gong_err err = end_sessions(with, why, why_size);

    if (err != GONG_OK) {
        return err;
    }
    (void)pthread_mutex_lock(&users->lock);
    close_db(users);
    err = replace(users, with, aside, why, why_size);
    if (err != GONG_OK &&
        gong_users_open_db(users, reason, sizeof reason) != GONG_OK) {
        (void)snprintf(why, why_size, "%s", reason);
    }
    (void)pthread_mutex_unlock(&users->lock);
    return err;
}
