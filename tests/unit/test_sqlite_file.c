/* Unit tests of agent/backup/sqlite_file.c: databases that somebody sent, and
 * work that is cancelled. */
#include "agent/backup/sqlite_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "agent/users/users.h"

struct world {
    char dir[64];
    char path[96];
    char copy[96];
};

static int
setup(void **state)
{
    static struct world world;

    (void)snprintf(world.dir, sizeof world.dir, "/tmp/gong-sqlite-XXXXXX");
    assert_non_null(mkdtemp(world.dir));
    (void)snprintf(world.path, sizeof world.path, "%s/one.db", world.dir);
    (void)snprintf(world.copy, sizeof world.copy, "%s/copy.db", world.dir);
    *state = &world;
    return 0;
}

static int
teardown(void **state)
{
    const struct world *world = *state;

    (void)unlink(world->path);
    (void)unlink(world->copy);
    (void)rmdir(world->dir);
    return 0;
}

static void
make(const char *path, const char *sql)
{
    sqlite3 *handle;

    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
    }
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

/* --- a function that a schema may not be trusted with --- */

static int spied;

static void
spy(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    (void)values;
    spied++;
    sqlite3_result_int(context, 1);
}

static int
add_spy(sqlite3 *handle, const char **error, const void *api)
{
    (void)error;
    (void)api;
    return sqlite3_create_function_v2(handle, "spy", 0,
                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                      spy, NULL, NULL, NULL);
}

static void
what_a_file_brings_is_not_run(void **state)
{
    const struct world *world = *state;
    char why[256] = "";
    const struct gong_file_job job = {NULL, why, sizeof why};

    assert_int_equal(sqlite3_auto_extension((void (*)(void))add_spy),
                     SQLITE_OK);
    make(world->path,
         "CREATE TABLE sessions(n CHECK(spy() = 1));"
         "CREATE TRIGGER t AFTER DELETE ON sessions BEGIN SELECT spy(); END;"
         "INSERT INTO sessions VALUES(1)");
    assert_true(spied > 0);
    spied = 0;
    assert_int_not_equal(gong_sqlite_check(world->path, &job), GONG_OK);
    assert_int_equal(spied, 0);
    assert_non_null(strstr(why, "spy"));
    assert_int_not_equal(gong_users_prepare(world->path, why, sizeof why),
                         GONG_OK);
    assert_int_equal(spied, 0);
    assert_non_null(strstr(why, "spy"));
    sqlite3_reset_auto_extension();
}

/* --- cancelled --- */

static void
what_was_cancelled_says_so(void **state)
{
    const struct world *world = *state;
    atomic_bool cancelled = false;
    char why[256] = "";
    const struct gong_file_job job = {&cancelled, why, sizeof why};

    make(world->path,
         "CREATE TABLE t(a, b); CREATE INDEX i ON t(b, a);"
         "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
         " WHERE i < 60000) INSERT INTO t SELECT i, hex(randomblob(8)) FROM n");
    assert_int_equal(gong_sqlite_check(world->path, &job), GONG_OK);
    atomic_store(&cancelled, true);
    assert_int_equal(gong_sqlite_check(world->path, &job), GONG_ERR_CLOSED);
    assert_string_equal(why, "the agent is stopping");
    assert_int_equal(gong_sqlite_copy(world->path, world->copy, &job),
                     GONG_ERR_CLOSED);
    assert_string_equal(why, "the agent is stopping");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_file_brings_is_not_run, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_was_cancelled_says_so, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
