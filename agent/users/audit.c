#include "agent/users/audit.h"

#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "agent/users/users_private.h"
#include "common/le.h"

#define BUSY_MS 5000

/* --- the chain --- */

static void
mix(crypto_hash_sha256_state *state, const char *text)
{
    uint8_t len[8];

    gong_le_put64(len, strlen(text));
    (void)crypto_hash_sha256_update(state, len, sizeof len);
    (void)crypto_hash_sha256_update(state, (const uint8_t *)text, strlen(text));
}

static void
chain(const uint8_t before[GONG_AUDIT_HASH_SIZE],
      const struct gong_audit_entry *entry, uint8_t out[GONG_AUDIT_HASH_SIZE])
{
    crypto_hash_sha256_state state;
    uint8_t numbers[16];

    gong_le_put64(numbers, (uint64_t)entry->number);
    gong_le_put64(numbers + 8, (uint64_t)entry->at_ms);
    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, before, GONG_AUDIT_HASH_SIZE);
    (void)crypto_hash_sha256_update(&state, numbers, sizeof numbers);
    mix(&state, entry->who);
    mix(&state, entry->address);
    mix(&state, entry->action);
    mix(&state, entry->object);
    mix(&state, entry->result);
    mix(&state, entry->text);
    (void)crypto_hash_sha256_final(&state, out);
}

static bool
read_hash(sqlite3_stmt *row, int column, uint8_t out[GONG_AUDIT_HASH_SIZE])
{
    const void *bytes = sqlite3_column_blob(row, column);

    if (bytes == NULL ||
        sqlite3_column_bytes(row, column) != GONG_AUDIT_HASH_SIZE) {
        memset(out, 0, GONG_AUDIT_HASH_SIZE);
        return false;
    }
    memcpy(out, bytes, GONG_AUDIT_HASH_SIZE);
    return true;
}

#define COLUMNS "number, at, who, address, action, object, result, text, hash"

/* Texts are the row's, valid until its next step. */
static bool
read_entry(sqlite3_stmt *row, struct gong_audit_entry *out)
{
    *out = (struct gong_audit_entry){
        .number = sqlite3_column_int64(row, 0),
        .at_ms = sqlite3_column_int64(row, 1),
        .who = gong_users_sql_text(row, 2),
        .address = gong_users_sql_text(row, 3),
        .action = gong_users_sql_text(row, 4),
        .object = gong_users_sql_text(row, 5),
        .result = gong_users_sql_text(row, 6),
        .text = gong_users_sql_text(row, 7),
    };
    return read_hash(row, 8, out->hash);
}

/* --- writing --- */

static enum gong_err
last(struct gong_users *users, int64_t *number,
     uint8_t hash[GONG_AUDIT_HASH_SIZE])
{
    sqlite3_stmt *row = gong_users_sql_open(
        users->db,
        "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1", "");
    int status = row == NULL ? SQLITE_ERROR : sqlite3_step(row);
    enum gong_err err = GONG_OK;

    *number = 0;
    memset(hash, 0, GONG_AUDIT_HASH_SIZE);
    if (status == SQLITE_ROW) {
        *number = sqlite3_column_int64(row, 0);
        (void)read_hash(row, 1, hash);
    } else if (status != SQLITE_DONE) {
        err = gong_users_sql_error(users->db);
    }
    (void)sqlite3_finalize(row);
    return err;
}

enum gong_err
gong_audit_put(struct gong_users *users, const struct gong_audit_entry *entry)
{
    struct gong_audit_entry kept = *entry;
    uint8_t before[GONG_AUDIT_HASH_SIZE];
    char text[GONG_AUDIT_TEXT_MAX + 1];
    enum gong_err err = last(users, &kept.number, before);
    size_t len = strlen(entry->text);

    if (err != GONG_OK) {
        return err;
    }
    len = len > GONG_AUDIT_TEXT_MAX ? GONG_AUDIT_TEXT_MAX : len;
    memcpy(text, entry->text, len);
    while (len > 0 && entry->text[len] != '\0' &&
           ((unsigned char)entry->text[len] & 0xc0) == 0x80) {
        len--; /* not in the middle of a character */
    }
    text[len] = '\0';
    kept.text = text;
    kept.number++;
    chain(before, &kept, kept.hash);
    return gong_users_sql_run(
        users->db, "INSERT INTO audit (" COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?)",
        "iittttttb", kept.number, kept.at_ms, kept.who, kept.address,
        kept.action, kept.object, kept.result, kept.text, kept.hash);
}

enum gong_err
gong_audit_done(struct gong_users *users, const struct gong_audit_by *by,
                const char *action, const char *object, const char *text)
{
    return gong_audit_put(users, &(struct gong_audit_entry){
                                     .at_ms = by->now_ms,
                                     .who = by->who,
                                     .address = by->address,
                                     .action = action,
                                     .object = object,
                                     .result = "ok",
                                     .text = text,
                                 });
}

enum gong_err
gong_audit_add(struct gong_users *users, const struct gong_audit_entry *entry)
{
    enum gong_err err = gong_users_begin(users);

    return err != GONG_OK ? err
                          : gong_users_end(users, gong_audit_put(users, entry));
}

/* --- reading --- */

enum gong_err
gong_audit_each(struct gong_users *users, int64_t before, size_t limit,
                void (*each)(void *ctx, const struct gong_audit_entry *entry),
                void *ctx)
{
    sqlite3_stmt *row;
    int status = SQLITE_ERROR;
    enum gong_err err = GONG_OK;

    gong_users_lock(users);
    row = gong_users_sql_open(users->db,
                              "SELECT " COLUMNS " FROM audit WHERE number < ? "
                              "ORDER BY number DESC LIMIT ?",
                              "ii", before == 0 ? INT64_MAX : before,
                              (int64_t)limit);
    while (row != NULL && (status = sqlite3_step(row)) == SQLITE_ROW) {
        struct gong_audit_entry entry;

        (void)read_entry(row, &entry);
        each(ctx, &entry);
    }
    if (status != SQLITE_DONE) {
        err = gong_users_sql_error(users->db);
    }
    (void)sqlite3_finalize(row);
    (void)pthread_mutex_unlock(&users->lock);
    return err;
}

static enum gong_err
verify(sqlite3 *db, struct gong_audit_verdict *out)
{
    sqlite3_stmt *row = gong_users_sql_open(
        db, "SELECT " COLUMNS " FROM audit ORDER BY number", "");
    int status = SQLITE_ERROR;
    enum gong_err err = GONG_OK;

    *out = (struct gong_audit_verdict){0};
    while (row != NULL && (status = sqlite3_step(row)) == SQLITE_ROW) {
        struct gong_audit_entry entry;
        uint8_t expected[GONG_AUDIT_HASH_SIZE];
        bool whole = read_entry(row, &entry);

        out->entries++;
        chain(out->head, &entry, expected);
        if (out->broken == 0 &&
            (!whole || entry.number != out->entries ||
             memcmp(expected, entry.hash, sizeof expected) != 0)) {
            out->broken = out->entries;
        }
        memcpy(out->head, entry.hash, sizeof out->head);
    }
    if (status != SQLITE_DONE) {
        err = gong_users_sql_error(db);
    }
    (void)sqlite3_finalize(row);
    return err;
}

/* What is wrong is in why (may be NULL). */
static enum gong_err
verify_file(const char *path, struct gong_audit_verdict *out, char *why,
            size_t why_size)
{
    sqlite3 *db = NULL;
    enum gong_err err = GONG_ERR_IO;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) {
        (void)sqlite3_busy_timeout(db, BUSY_MS);
        err = verify(db, out);
    }
    if (err != GONG_OK && why != NULL) {
        (void)snprintf(why, why_size, "%s",
                       db == NULL ? "out of memory" : sqlite3_errmsg(db));
    }
    (void)sqlite3_close(db);
    return err;
}

enum gong_err
gong_audit_verify(struct gong_users *users, struct gong_audit_verdict *out)
{
    /* Nobody waits for a log that only grows: a connection of its own. */
    return verify_file(users->path, out, NULL, 0);
}

static enum gong_err
report(const struct gong_audit_verdict *verdict, FILE *out)
{
    char head[2 * GONG_AUDIT_HASH_SIZE + 1];

    (void)sodium_bin2hex(head, sizeof head, verdict->head,
                         sizeof verdict->head);
    if (verdict->broken != 0) {
        (void)fprintf(out,
                      "entry %" PRId64 " of %" PRId64
                      " does not follow from the ones before it: the log was "
                      "changed\n",
                      verdict->broken, verdict->entries);
        return GONG_ERR_CORRUPT;
    }
    (void)fprintf(out, "%" PRId64 " entries, unbroken, head %s\n",
                  verdict->entries, head);
    return GONG_OK;
}

enum gong_err
gong_audit_check(const char *path, FILE *out, FILE *errors)
{
    struct gong_audit_verdict verdict;
    char why[256];
    enum gong_err err = verify_file(path, &verdict, why, sizeof why);

    if (err != GONG_OK) {
        (void)fprintf(errors, "%s: cannot be read: %s\n", path, why);
        return err;
    }
    return report(&verdict, out);
}
