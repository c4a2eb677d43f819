#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/users/users_private.h"

/* 64 MiB and two passes: about 0.1 s. */
#define OPS    crypto_pwhash_OPSLIMIT_INTERACTIVE
#define MEMORY crypto_pwhash_MEMLIMIT_INTERACTIVE
#define TURN   gong_dur_s(60)

static void
enter(struct gong_users *users)
{
    gong_monitor_lock(&users->hashing);
    while (users->hashes >= GONG_USERS_HASHES) {
        (void)gong_monitor_wait(&users->hashing, TURN);
    }
    users->hashes++;
    gong_monitor_unlock(&users->hashing);
}

static void
leave(struct gong_users *users)
{
    gong_monitor_lock(&users->hashing);
    users->hashes--;
    gong_monitor_unlock(&users->hashing);
    gong_monitor_wake(&users->hashing);
}

char *
gong_password_hash(struct gong_users *users, struct gong_str password)
{
    char *hash = calloc(1, crypto_pwhash_STRBYTES);
    int failed;

    if (hash == NULL) {
        return NULL;
    }
    enter(users);
    failed = crypto_pwhash_str(hash, password.len == 0 ? "" : password.data,
                               password.len, OPS, MEMORY);
    leave(users);
    if (failed != 0) {
        free(hash);
        return NULL;
    }
    return hash;
}

bool
gong_password_is(struct gong_users *users, const char *hash,
                 struct gong_str password)
{
    char padded[crypto_pwhash_STRBYTES] = {0};
    int failed;

    if (strlen(hash) >= sizeof padded) {
        return false;
    }
    memcpy(padded, hash, strlen(hash) + 1);
    enter(users);
    failed = crypto_pwhash_str_verify(
        padded, password.len == 0 ? "" : password.data, password.len);
    leave(users);
    return failed == 0;
}

const char *
gong_user_password_wrong(struct gong_str password)
{
    if (password.len < GONG_USER_PASSWORD_MIN) {
        return "Mật khẩu phải có ít nhất 10 ký tự | a password has at least "
               "10 characters";
    }
    if (password.len > GONG_USER_PASSWORD_MAX ||
        memchr(password.data, '\0', password.len) != NULL) {
        return "Mật khẩu dài quá 256 byte | a password has at most 256 bytes";
    }
    return NULL;
}

/* The hash (heap) of a user who may log in. NOT_FOUND: there is none. */
static enum gong_err
hash_of(struct gong_users *users, const char *name, char **out)
{
    sqlite3_stmt *row;
    int status;
    enum gong_err err;

    *out = NULL;
    gong_users_lock(users);
    row = gong_users_sql_open(users->db,
                              "SELECT password FROM users WHERE name = ? AND "
                              "disabled = 0",
                              "t", name);
    status = row == NULL ? SQLITE_ERROR : sqlite3_step(row);
    if (status == SQLITE_ROW) {
        *out = strdup(gong_users_sql_text(row, 0));
        err = *out == NULL ? GONG_ERR_MEMORY : GONG_OK;
    } else {
        err = status == SQLITE_DONE ? GONG_ERR_NOT_FOUND
                                    : gong_users_sql_error(users->db);
    }
    (void)sqlite3_finalize(row);
    (void)pthread_mutex_unlock(&users->lock);
    return err;
}

enum gong_err
gong_users_check(struct gong_users *users, const char *name,
                 struct gong_str password)
{
    char *hash;
    enum gong_err err = hash_of(users, name, &hash);
    bool same;

    if (err != GONG_OK && err != GONG_ERR_NOT_FOUND) {
        return err;
    }
    same =
        gong_password_is(users, hash == NULL ? users->nobodys : hash, password);
    free(hash);
    return err == GONG_OK && same ? GONG_OK : GONG_ERR_INVALID;
}
