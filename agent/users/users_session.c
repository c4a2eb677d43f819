#include "agent/users/users.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "agent/users/users_private.h"

#define RANDOM_SIZE 32
#define TOKEN_LEN   46 /* prefix and 43 characters */
#define USED_MS     INT64_C(60000)

/* --- tokens as text --- */

static void
make_token(const char *prefix, char out[GONG_USER_TOKEN_SIZE],
           uint8_t hash[crypto_hash_sha256_BYTES])
{
    uint8_t random[RANDOM_SIZE];

    randombytes_buf(random, sizeof random);
    memcpy(out, prefix, 3);
    (void)sodium_bin2base64(out + 3, GONG_USER_TOKEN_SIZE - 3, random,
                            sizeof random,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    (void)crypto_hash_sha256(hash, (const uint8_t *)out, strlen(out));
}

/* What a browser has to send with what it changes: known to whoever has the
 * cookie or was told it, and to no other page. */
static void
make_csrf(struct gong_str token, char out[GONG_USER_CSRF_SIZE])
{
    uint8_t key[crypto_hash_sha256_BYTES], made[32];

    (void)crypto_hash_sha256(key, (const uint8_t *)token.data, token.len);
    (void)crypto_generichash(made, sizeof made, (const uint8_t *)token.data,
                             token.len, key, sizeof key);
    (void)sodium_bin2hex(out, GONG_USER_CSRF_SIZE, made, sizeof made);
}

/* --- sessions --- */

static enum gong_err
put_session(struct gong_users *users, const char *user, bool cookie,
            const struct gong_audit_by *by, const uint8_t *hash)
{
    sqlite3 *db = users->db;
    enum gong_err err = gong_users_sql_run(
        db, "DELETE FROM sessions WHERE created < ? OR used < ?", "ii",
        by->now_ms - GONG_SESSION_LIFE_MS, by->now_ms - GONG_SESSION_IDLE_MS);

    if (err == GONG_OK) {
        err = gong_users_sql_run(
            db,
            "DELETE FROM sessions WHERE hash IN (SELECT hash "
            "FROM sessions WHERE user = ? ORDER BY used DESC "
            "LIMIT -1 OFFSET ?)",
            "ti", user, (int64_t)GONG_USER_SESSIONS_MAX - 1);
    }
    if (err == GONG_OK) {
        err = gong_users_sql_run(
            db,
            "INSERT INTO sessions (hash, user, cookie, created, "
            "used) VALUES (?,?,?,?,?)",
            "btiii", hash, user, (int64_t)cookie, by->now_ms, by->now_ms);
    }
    return err != GONG_OK ? err : gong_audit_done(users, by, "login", "", "");
}

enum gong_err
gong_session_open(struct gong_users *users, const char *user, bool cookie,
                  const struct gong_audit_by *by,
                  char token[GONG_USER_TOKEN_SIZE])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    enum gong_err err = gong_users_begin(users);

    if (err != GONG_OK) {
        return err;
    }
    make_token("gs_", token, hash);
    return gong_users_end(users, put_session(users, user, cookie, by, hash));
}

enum gong_err
gong_session_close(struct gong_users *users,
                   const struct gong_principal *principal,
                   const struct gong_audit_by *by)
{
    enum gong_err err = gong_users_begin(users);

    if (err != GONG_OK) {
        return err;
    }
    err = gong_users_sql_run(users->db, "DELETE FROM sessions WHERE hash = ?",
                             "b", principal->session);
    if (err == GONG_OK) {
        err = gong_audit_done(users, by, "logout", "", "");
    }
    return gong_users_end(users, err);
}

/* --- who it is --- */

/* The row: user, full_name, created or expires, used, role, unit, id. */
static enum gong_err
read_principal(struct gong_users *users, sqlite3_stmt *row,
               struct gong_principal *out)
{
    (void)snprintf(out->name, sizeof out->name, "%s",
                   gong_users_sql_text(row, 0));
    (void)snprintf(out->full_name, sizeof out->full_name, "%s",
                   gong_users_sql_text(row, 1));
    if (out->kind == GONG_PRINCIPAL_TOKEN) {
        out->limited = true;
        out->expires_ms = sqlite3_column_int64(row, 2);
        out->token_id = sqlite3_column_int64(row, 6);
        out->limit.count = 1;
        out->limit.items[0].role =
            gong_role_of(gong_str_of(gong_users_sql_text(row, 4)));
        (void)snprintf(out->limit.items[0].unit,
                       sizeof out->limit.items[0].unit, "%s",
                       gong_users_sql_text(row, 5));
    } else {
        out->expires_ms = sqlite3_column_int64(row, 2) + GONG_SESSION_LIFE_MS;
    }
    return gong_users_read_grants(users, out->name, &out->grants);
}

static sqlite3_stmt *
look_up(struct gong_users *users, enum gong_principal_kind kind,
        const uint8_t *hash, int64_t now_ms)
{
    if (kind == GONG_PRINCIPAL_TOKEN) {
        return gong_users_sql_open(
            users->db,
            "SELECT user, full_name, expires, used, role, unit, id FROM tokens "
            "JOIN users ON users.name = user WHERE hash = ? AND disabled = 0 "
            "AND expires > ?",
            "bi", hash, now_ms);
    }
    return gong_users_sql_open(
        users->db,
        "SELECT user, full_name, sessions.created, used FROM sessions JOIN "
        "users ON users.name = user WHERE hash = ? AND cookie = ? AND "
        "disabled = 0 AND sessions.created > ? AND used > ?",
        "biii", hash, (int64_t)(kind == GONG_PRINCIPAL_COOKIE),
        now_ms - GONG_SESSION_LIFE_MS, now_ms - GONG_SESSION_IDLE_MS);
}

/* Kept by the minute: a request does not wait for the disk. One that cannot be
 * kept only ends the session early. */
static void
note_use(struct gong_users *users, enum gong_principal_kind kind,
         const uint8_t *hash, int64_t now_ms)
{
    const char *sql = kind == GONG_PRINCIPAL_TOKEN
                          ? "UPDATE tokens SET used = ? WHERE hash = ?"
                          : "UPDATE sessions SET used = ? WHERE hash = ?";

    if (gong_users_sql_run(users->db, sql, "ib", now_ms, hash) != GONG_OK) {
        return;
    }
}

static enum gong_err
find(struct gong_users *users, const uint8_t *hash, int64_t now_ms,
     struct gong_principal *out)
{
    sqlite3_stmt *row = look_up(users, out->kind, hash, now_ms);
    int status = row == NULL ? SQLITE_ERROR : sqlite3_step(row);
    int64_t used = 0;
    enum gong_err err;

    if (status == SQLITE_ROW) {
        used = sqlite3_column_int64(row, 3);
        err = read_principal(users, row, out);
    } else {
        err = status == SQLITE_DONE ? GONG_ERR_NOT_FOUND
                                    : gong_users_sql_error(users->db);
    }
    (void)sqlite3_finalize(row);
    if (err == GONG_OK && now_ms - used >= USED_MS) {
        note_use(users, out->kind, hash, now_ms);
    }
    return err;
}

enum gong_err
gong_users_find(struct gong_users *users, struct gong_str token, bool cookie,
                int64_t now_ms, struct gong_principal *out)
{
    bool session = token.len == TOKEN_LEN && memcmp(token.data, "gs_", 3) == 0;
    bool lasting = token.len == TOKEN_LEN && memcmp(token.data, "gt_", 3) == 0;
    enum gong_err err;

    memset(out, 0, sizeof *out);
    if (!session && (!lasting || cookie)) {
        return GONG_ERR_NOT_FOUND;
    }
    out->kind = lasting  ? GONG_PRINCIPAL_TOKEN
                : cookie ? GONG_PRINCIPAL_COOKIE
                         : GONG_PRINCIPAL_SESSION;
    (void)crypto_hash_sha256(out->session, (const uint8_t *)token.data,
                             token.len);
    gong_users_lock(users);
    err = find(users, out->session, now_ms, out);
    (void)pthread_mutex_unlock(&users->lock);
    if (err == GONG_OK && cookie) {
        make_csrf(token, out->csrf);
    }
    return err;
}

bool
gong_principal_may(const struct gong_principal *principal,
                   const struct gong_grant_tree *tree, enum gong_action action,
                   struct gong_str unit)
{
    return gong_grant_may(&principal->grants, tree, action, unit) &&
           (!principal->limited ||
            gong_grant_may(&principal->limit, tree, action, unit));
}

bool
gong_principal_concerns(const struct gong_principal *principal,
                        const struct gong_grant_tree *tree,
                        enum gong_action action,
                        const struct gong_grant_place *place)
{
    return gong_grant_concerns(&principal->grants, tree, action, place) &&
           (!principal->limited ||
            gong_grant_concerns(&principal->limit, tree, action, place));
}

/* Of an API token both must reach somewhere; whether they meet is asked of
 * each unit. */
bool
gong_principal_may_somewhere(const struct gong_principal *principal,
                             enum gong_action action)
{
    return gong_grant_may_somewhere(&principal->grants, action) &&
           (!principal->limited ||
            gong_grant_may_somewhere(&principal->limit, action));
}

bool
gong_principal_has(const struct gong_principal *principal,
                   const struct gong_grant_tree *tree,
                   const struct gong_grant *grant)
{
    return gong_grant_within(&principal->grants, tree, grant) &&
           (!principal->limited ||
            gong_grant_within(&principal->limit, tree, grant));
}

/* --- API tokens --- */

static enum gong_err
put_token(struct gong_users *users, const struct gong_token *token,
          const struct gong_audit_by *by, const uint8_t *hash, int64_t *id)
{
    sqlite3 *db = users->db;
    char object[64], text[256];
    enum gong_err err;

    if (gong_users_sql_number(db, 0,
                              "SELECT count(*) FROM tokens WHERE user = ?", "t",
                              token->user) >= GONG_USER_TOKENS_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    err =
        gong_users_sql_run(db,
                           "INSERT INTO tokens (hash, user, name, role, unit, "
                           "created, expires, used) VALUES (?,?,?,?,?,?,?,0)",
                           "bttttii", hash, token->user, token->name,
                           gong_role_text(token->grant.role), token->grant.unit,
                           by->now_ms, token->expires_ms);
    *id = sqlite3_last_insert_rowid(db);
    (void)snprintf(object, sizeof object, "token %lld", (long long)*id);
    (void)snprintf(text, sizeof text, "%s: %s@%s", token->name,
                   gong_role_text(token->grant.role), token->grant.unit);
    return err != GONG_OK
               ? err
               : gong_audit_done(users, by, "token.add", object, text);
}

enum gong_err
gong_token_add(struct gong_users *users, const struct gong_token *token,
               const struct gong_audit_by *by, int64_t *id,
               char text[GONG_USER_TOKEN_SIZE])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    enum gong_err err;

    *id = 0;
    if (token->expires_ms <= by->now_ms) {
        return GONG_ERR_INVALID;
    }
    err = gong_users_begin(users);
    if (err != GONG_OK) {
        return err;
    }
    make_token("gt_", text, hash);
    return gong_users_end(users, put_token(users, token, by, hash, id));
}

static enum gong_err
remove_token(struct gong_users *users, int64_t id, const char *user,
             const struct gong_audit_by *by)
{
    char object[64];
    enum gong_err err =
        user == NULL
            ? gong_users_sql_run(users->db, "DELETE FROM tokens WHERE id = ?",
                                 "i", id)
            : gong_users_sql_run(users->db,
                                 "DELETE FROM tokens WHERE id = ? AND user = ?",
                                 "it", id, user);

    if (err == GONG_OK && sqlite3_changes(users->db) == 0) {
        err = GONG_ERR_NOT_FOUND;
    }
    (void)snprintf(object, sizeof object, "token %lld", (long long)id);
    return err != GONG_OK
               ? err
               : gong_audit_done(users, by, "token.remove", object, "");
}

enum gong_err
gong_token_remove(struct gong_users *users, int64_t id, const char *user,
                  const struct gong_audit_by *by)
{
    enum gong_err err = gong_users_begin(users);

    return err != GONG_OK
               ? err
               : gong_users_end(users, remove_token(users, id, user, by));
}

static void
read_token(sqlite3_stmt *row, struct gong_token *out)
{
    *out = (struct gong_token){
        .id = sqlite3_column_int64(row, 0),
        .grant.role = gong_role_of(gong_str_of(gong_users_sql_text(row, 3))),
        .created_ms = sqlite3_column_int64(row, 5),
        .expires_ms = sqlite3_column_int64(row, 6),
        .used_ms = sqlite3_column_int64(row, 7),
    };
    (void)snprintf(out->user, sizeof out->user, "%s",
                   gong_users_sql_text(row, 1));
    (void)snprintf(out->name, sizeof out->name, "%s",
                   gong_users_sql_text(row, 2));
    (void)snprintf(out->grant.unit, sizeof out->grant.unit, "%s",
                   gong_users_sql_text(row, 4));
}

enum gong_err
gong_tokens_each(struct gong_users *users, const char *user,
                 void (*each)(void *ctx, const struct gong_token *token),
                 void *ctx)
{
    sqlite3_stmt *row;
    int status = SQLITE_ERROR;
    enum gong_err err = GONG_OK;

    gong_users_lock(users);
    row = gong_users_sql_open(
        users->db,
        "SELECT id, user, name, role, unit, created, expires, "
        "used FROM tokens WHERE ?1 = '' OR user = ?1 "
        "ORDER BY id",
        "t", user == NULL ? "" : user);
    while (row != NULL && (status = sqlite3_step(row)) == SQLITE_ROW) {
        struct gong_token token;

        read_token(row, &token);
        each(ctx, &token);
    }
    if (status != SQLITE_DONE) {
        err = gong_users_sql_error(users->db);
    }
    (void)sqlite3_finalize(row);
    (void)pthread_mutex_unlock(&users->lock);
    return err;
}
