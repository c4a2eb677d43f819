#include "agent/users/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#define ENTRIES 20

struct world {
    char dir[64];
    char path[96];
    struct gong_users *users;
};

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    char why[256], text[32];

    assert_non_null(world);
    (void)snprintf(world->dir, sizeof world->dir, "/tmp/gong-audit-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    (void)snprintf(world->path, sizeof world->path, "%s/users.db", world->dir);
    assert_int_equal(
        gong_users_open(world->path, &world->users, why, sizeof why), GONG_OK);
    for (int i = 1; i <= ENTRIES; i++) {
        struct gong_audit_entry entry = {.at_ms = 1760000000000 + i,
                                         .who = "lan",
                                         .address = "127.0.0.1",
                                         .action = "acknowledge",
                                         .object = "incident 17",
                                         .result = "ok",
                                         .text = text};

        (void)snprintf(text, sizeof text, "ghi chú %d", i);
        assert_int_equal(gong_audit_add(world->users, &entry), GONG_OK);
    }
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    struct world *world = *state;
    char path[128];

    gong_users_close(world->users);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s%s", world->path, ends[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(world->dir), 0);
    free(world);
    return 0;
}

static void
meddle(struct world *world, const char *sql)
{
    sqlite3 *db = NULL;
    char *why = NULL;

    assert_int_equal(sqlite3_open(world->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s: %s", sql, why);
    }
    assert_true(sqlite3_total_changes(db) > 0 ||
                strncmp(sql, "CREATE", 6) == 0);
    (void)sqlite3_close(db);
}

static int64_t
broken(struct world *world)
{
    struct gong_audit_verdict verdict;

    assert_int_equal(gong_audit_verify(world->users, &verdict), GONG_OK);
    return verdict.broken;
}

static void
an_untouched_log_is_unbroken(void **state)
{
    struct world *world = *state;
    struct gong_audit_verdict verdict;

    assert_int_equal(gong_audit_verify(world->users, &verdict), GONG_OK);
    assert_int_equal(verdict.entries, ENTRIES);
    assert_int_equal(verdict.broken, 0);
}

/* One column of one entry at a time, and each is found. */
static void
every_change_of_an_entry_is_found(void **state)
{
    static const char *const changes[] = {
        "at = at + 1",
        "who = 'minh'",
        "address = '127.0.0.2'",
        "action = 'resolve'",
        "object = 'incident 18'",
        "result = 'denied'",
        "text = text || ' '",
        "text = '', result = result || text",
        "hash = zeroblob(32)",
        "hash = x'00'",
    };
    struct world *world = *state;
    char sql[128];

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        meddle(world, "CREATE TABLE kept AS SELECT * FROM audit");
        (void)snprintf(sql, sizeof sql, "UPDATE audit SET %s WHERE number = 7",
                       changes[i]);
        meddle(world, sql);
        if (broken(world) != 7) {
            fail_msg("%s", changes[i]);
        }
        meddle(world, "DELETE FROM audit");
        meddle(world, "INSERT INTO audit SELECT * FROM kept; DROP TABLE kept");
        assert_int_equal(broken(world), 0);
    }
}

static void
what_is_taken_out_is_found(void **state)
{
    struct world *world = *state;

    meddle(world, "DELETE FROM audit WHERE number = 9");
    assert_int_equal(broken(world), 9);
    meddle(world, "UPDATE audit SET number = number - 1 WHERE number > 9");
    assert_int_equal(broken(world), 9);
}

/* A byte of the file itself. */
static void
a_flipped_byte_is_found(void **state)
{
    static const char needle[] = "ghi chú 13";
    struct world *world = *state;
    char why[256];
    char *bytes = calloc(1, 1 << 20);
    FILE *file, *nothing = fopen("/dev/null", "w");
    size_t len, at = 0;

    assert_non_null(bytes);
    assert_non_null(nothing);
    gong_users_close(world->users);
    world->users = NULL;
    assert_int_equal(gong_audit_check(world->path, nothing, nothing), GONG_OK);
    file = fopen(world->path, "r+b");
    assert_non_null(file);
    len = fread(bytes, 1, 1 << 20, file);
    for (size_t i = 0; i + sizeof needle < len; i++) {
        if (memcmp(bytes + i, needle, sizeof needle - 1) == 0) {
            at = i;
        }
    }
    assert_true(at > 0);
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    assert_int_equal(fputc('G', file), 'G');
    (void)fclose(file);
    free(bytes);
    assert_int_equal(gong_audit_check(world->path, nothing, nothing),
                     GONG_ERR_CORRUPT);
    assert_int_equal(gong_audit_check("/nowhere", nothing, nothing),
                     GONG_ERR_IO);
    (void)fclose(nothing);
    assert_int_equal(
        gong_users_open(world->path, &world->users, why, sizeof why), GONG_OK);
    assert_int_equal(broken(world), 13);
}

struct seen {
    size_t count;
    int64_t numbers[ENTRIES];
};

static void
note(void *ctx, const struct gong_audit_entry *entry)
{
    struct seen *seen = ctx;

    assert_true(seen->count < ENTRIES);
    assert_string_equal(entry->who, "lan");
    seen->numbers[seen->count++] = entry->number;
}

static void
pages_go_backwards(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};

    assert_int_equal(gong_audit_each(world->users, 0, 5, note, &seen), GONG_OK);
    assert_int_equal(seen.count, 5);
    assert_int_equal(seen.numbers[0], 20);
    assert_int_equal(seen.numbers[4], 16);
    assert_int_equal(gong_audit_each(world->users, 3, 5, note, &seen), GONG_OK);
    assert_int_equal(seen.count, 7);
    assert_int_equal(seen.numbers[6], 1);
}

/* Long texts are cut where a character ends. */
static void
long_texts_are_cut(void **state)
{
    struct world *world = *state;
    char text[2 * GONG_AUDIT_TEXT_MAX];
    struct gong_audit_entry entry = {.who = "lan",
                                     .address = "",
                                     .action = "comment",
                                     .object = "",
                                     .result = "ok",
                                     .text = text};

    text[0] = 'x';
    for (size_t i = 1; i + 1 < sizeof text; i += 2) {
        memcpy(text + i, "đ", 2);
    }
    text[sizeof text - 1] = '\0';
    assert_int_equal(gong_audit_add(world->users, &entry), GONG_OK);
    meddle(world, "UPDATE audit SET text = text WHERE number = 21 AND "
                  "length(CAST(text AS BLOB)) = 1023");
    assert_int_equal(broken(world), 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(an_untouched_log_is_unbroken), T(every_change_of_an_entry_is_found),
        T(what_is_taken_out_is_found),   T(a_flipped_byte_is_found),
        T(pages_go_backwards),           T(long_texts_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
