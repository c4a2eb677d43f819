/* Unit tests of agent/backup/exchange.c and of gong_sqlite_settle: two files
 * take the place of two others, and whatever fails, and wherever it dies, both
 * names stand for the old ones, whole, or both for the new ones. */
#include "agent/backup/exchange.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "agent/backup/sqlite_file.h"
#include "tests/failing_step.h"

struct world {
    char dir[64];
    char path[2][96];
    char with[2][96];
};

static const char *const names[] = {"desk.db", "users.db"};

static int
setup(void **state)
{
    static struct world world;

    (void)snprintf(world.dir, sizeof world.dir, "/tmp/gong-exchange-XXXXXX");
    assert_non_null(mkdtemp(world.dir));
    for (int i = 0; i < 2; i++) {
        (void)snprintf(world.path[i], sizeof world.path[i], "%s/%s", world.dir,
                       names[i]);
        (void)snprintf(world.with[i], sizeof world.with[i], "%s/new-%s",
                       world.dir, names[i]);
    }
    *state = &world;
    return 0;
}

static void
empty(const struct world *world)
{
    DIR *dir = opendir(world->dir);
    struct dirent *entry;
    char path[400];

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", world->dir, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(dir);
}

static int
teardown(void **state)
{
    const struct world *world = *state;

    empty(world);
    (void)rmdir(world->dir);
    return 0;
}

static void
exec(sqlite3 *handle, const char *sql)
{
    if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
    }
}

/* With a log of changes that holds what counts, as a kill leaves it. */
static void
write_killed(const char *path, const char *text)
{
    pid_t pid = fork();
    char sql[128];
    sqlite3 *handle;
    int status;

    if (pid == 0) {
        assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
        exec(handle, "PRAGMA journal_mode = WAL");
        exec(handle, "CREATE TABLE t(text); INSERT INTO t VALUES('nothing')");
        exec(handle, "PRAGMA wal_checkpoint(TRUNCATE)");
        (void)snprintf(sql, sizeof sql, "UPDATE t SET text = '%s'", text);
        exec(handle, sql);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void
holds(const char *path, const char *text)
{
    sqlite3 *handle;
    sqlite3_stmt *statement;

    assert_int_equal(
        sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(handle,
                                        "SELECT text, (SELECT integrity_check"
                                        " FROM pragma_integrity_check) FROM t",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), text);
    assert_string_equal((const char *)sqlite3_column_text(statement, 1), "ok");
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(handle);
}

static void
prepare(const struct world *world)
{
    char why[256];

    empty(world);
    for (int i = 0; i < 2; i++) {
        write_killed(world->path[i], "old");
        write_killed(world->with[i], "new");
        assert_int_equal(gong_sqlite_settle(world->with[i], why, sizeof why),
                         GONG_OK);
    }
}

static struct gong_exchange
plan(const struct world *world)
{
    struct gong_exchange exchange = {.dir = world->dir};

    for (size_t i = 0; i < 2; i++) {
        gong_exchange_add(&exchange, names[i], world->with[i]);
    }
    return exchange;
}

static void
both_hold(const struct world *world, const char *text)
{
    holds(world->path[0], text);
    holds(world->path[1], text);
}

static bool
is_there(const struct world *world, const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", world->dir, name);
    return access(path, F_OK) == 0;
}

static void
both_change_and_what_was_is_kept(void **state)
{
    const struct world *world = *state;
    struct gong_exchange exchange;
    char why[256], path[256];
    bool whole = false;

    prepare(world);
    exchange = plan(world);
    assert_int_equal(gong_exchange_do(&exchange, &whole, why, sizeof why),
                     GONG_OK);
    both_hold(world, "new");
    assert_true(is_there(world, "restoring"));
    assert_int_equal(gong_exchange_keep(&exchange, why, sizeof why), GONG_OK);
    assert_false(is_there(world, "restoring"));
    both_hold(world, "new");
    assert_string_equal(exchange.files[0].aside, "desk.db.before-restore-1");
    for (int i = 0; i < 2; i++) { /* with what was not written back */
        (void)snprintf(path, sizeof path, "%s/%s", world->dir,
                       exchange.files[i].aside);
        holds(path, "old");
    }
    assert_int_equal(gong_exchange_mend(world->dir, why, sizeof why), GONG_OK);
    both_hold(world, "new");
}

static void
undone_all_is_as_before(void **state)
{
    const struct world *world = *state;
    struct gong_exchange exchange;
    char why[256];
    bool whole = false;

    prepare(world);
    exchange = plan(world);
    assert_int_equal(gong_exchange_do(&exchange, &whole, why, sizeof why),
                     GONG_OK);
    both_hold(world, "new");
    assert_int_equal(gong_exchange_undo(&exchange, why, sizeof why), GONG_OK);
    assert_false(is_there(world, "restoring"));
    assert_false(is_there(world, "desk.db.before-restore-1"));
    assert_false(is_there(world, "desk.db.before-restore-1-wal"));
    both_hold(world, "old");
}

static void
what_was_not_there_goes_again(void **state)
{
    const struct world *world = *state;
    struct gong_exchange exchange;
    char why[256];
    bool whole = false;

    prepare(world);
    (void)unlink(world->path[1]);
    exchange = plan(world);
    assert_int_equal(gong_exchange_do(&exchange, &whole, why, sizeof why),
                     GONG_OK);
    assert_string_equal(exchange.files[1].aside, "");
    holds(world->path[1], "new");
    assert_int_equal(gong_exchange_mend(world->dir, why, sizeof why), GONG_OK);
    holds(world->path[0], "old");
    assert_false(is_there(world, "users.db"));
}

/* Each step, once: the rest goes on. */
static void
a_step_that_fails_changes_nothing(void **state)
{
    const struct world *world = *state;
    enum gong_err err;
    uint64_t at = 0, steps;
    bool reached;

    do {
        struct gong_exchange exchange;
        char why[256] = "";
        bool whole = false;

        prepare(world);
        exchange = plan(world);
        failing_step_begin(FAILING_STEP_ONCE, at);
        err = gong_exchange_do(&exchange, &whole, why, sizeof why);
        if (err == GONG_OK) {
            err = gong_exchange_keep(&exchange, why, sizeof why);
            whole = err == GONG_OK ||
                    gong_exchange_undo(&exchange, why, sizeof why) == GONG_OK;
        }
        steps = failing_step_end();
        reached = at < steps;
        assert_true(whole);
        if (err != GONG_OK) {
            assert_true(why[0] == '/');
        }
        assert_false(is_there(world, "restoring"));
        both_hold(world, err == GONG_OK ? "new" : "old");
    } while (reached && ++at < 1000);
    assert_int_equal(err, GONG_OK);
    assert_true(at > 15);
}

static void
exchange_and_die(const struct world *world, uint64_t at, bool keeps)
{
    struct gong_exchange exchange = plan(world);
    char why[256];
    bool whole;

    failing_step_begin(FAILING_STEP_DIES, at);
    if (gong_exchange_do(&exchange, &whole, why, sizeof why) == GONG_OK &&
        (keeps ? gong_exchange_keep(&exchange, why, sizeof why)
               : gong_exchange_undo(&exchange, why, sizeof why)) == GONG_OK) {
        _exit(0);
    }
    _exit(1);
}

static void
mend_and_die(const struct world *world, uint64_t at)
{
    char why[256];

    failing_step_begin(FAILING_STEP_DIES, at);
    _exit(gong_exchange_mend(world->dir, why, sizeof why) == GONG_OK ? 0 : 1);
}

/* What a kill left is mended, also where each step of the mending is killed. */
static void
mend(const struct world *world)
{
    int status = FAILING_STEP_DIED;
    char why[256];

    for (uint64_t at = 0; status == FAILING_STEP_DIED; at++) {
        pid_t pid = fork();

        if (pid == 0) {
            mend_and_die(world, at);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        status = WEXITSTATUS(status);
    }
    assert_int_equal(status, 0);
    assert_int_equal(gong_exchange_mend(world->dir, why, sizeof why), GONG_OK);
}

static void
has_one_name(const char *path)
{
    struct stat about;

    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_nlink, 1);
}

static void
killed_at_each_step(const struct world *world, bool keeps)
{
    int status = FAILING_STEP_DIED;
    uint64_t at = 0;
    bool renewed = false;

    for (; status == FAILING_STEP_DIED; at++) {
        pid_t pid;

        prepare(world);
        pid = fork();
        if (pid == 0) {
            exchange_and_die(world, at, keeps);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        status = WEXITSTATUS(status);
        /* At any instant: the first name is a whole file, old or new. */
        assert_true(is_there(world, names[0]) && is_there(world, names[1]));
        mend(world);
        assert_false(is_there(world, "restoring"));
        renewed = !is_there(world, "new-users.db") &&
                  is_there(world, "desk.db.before-restore-1") &&
                  is_there(world, "users.db.before-restore-1");
        both_hold(world, renewed ? "new" : "old");
        has_one_name(world->path[0]);
        has_one_name(world->path[1]);
    }
    assert_int_equal(status, 0);
    assert_int_equal(renewed, keeps);
    assert_true(at > 15);
}

static void
killed_at_each_step_of_it(void **state)
{
    killed_at_each_step(*state, true);
}

static void
killed_at_each_step_of_its_undoing(void **state)
{
    killed_at_each_step(*state, false);
}

static void
a_note_of_others_is_refused(void **state)
{
    static const char *const notes[] = {
        "",
        "gong-restoring 2\nend\n",
        "gong-restoring 1\n",
        "gong-restoring 1\ndesk.db\nend\n",
        "gong-restoring 1\ndesk.db /etc/passwd\nend\n",
        "gong-restoring 1\ndesk.db users.db\nend\n",
        "gong-restoring 1\ndesk.db -\n",
        "gong-restoring 1\na -\nb -\nc -\nend\n",
    };
    const struct world *world = *state;
    char path[128], why[512];

    (void)snprintf(path, sizeof path, "%s/restoring", world->dir);
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        (void)fputs(notes[i], file);
        (void)fclose(file);
        assert_int_equal(gong_exchange_mend(world->dir, why, sizeof why),
                         GONG_ERR_CORRUPT);
        assert_non_null(strstr(why, "/restoring: "));
        assert_true(is_there(world, "restoring"));
    }
}

/* --- a file that is all of its database --- */

static void
settled_it_needs_no_log(void **state)
{
    const struct world *world = *state;
    enum gong_err err = GONG_OK;
    uint64_t steps = 1, failed = 0;
    char why[256];

    for (uint64_t at = 0; at < steps; at++) {
        empty(world);
        write_killed(world->path[0], "old");
        failing_step_begin(FAILING_STEP_ONCE, at);
        err = gong_sqlite_settle(world->path[0], why, sizeof why);
        steps = failing_step_end() + 1;
        failed += err != GONG_OK;
        if (err == GONG_OK) {
            assert_false(is_there(world, "desk.db-wal"));
        }
        holds(world->path[0], "old");
    }
    assert_int_equal(err, GONG_OK);
    assert_true(failed > 3);
}

static void
one_that_others_have_open_is_not_settled(void **state)
{
    const struct world *world = *state;
    sqlite3 *other;
    char why[256];

    write_killed(world->path[0], "old");
    assert_int_equal(sqlite3_open(world->path[0], &other), SQLITE_OK);
    exec(other, "SELECT * FROM t");
    assert_int_equal(gong_sqlite_settle(world->path[0], why, sizeof why),
                     GONG_ERR_AGAIN);
    (void)sqlite3_close(other);
    holds(world->path[0], "old");
    assert_int_equal(gong_sqlite_settle(world->path[0], why, sizeof why),
                     GONG_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(both_change_and_what_was_is_kept),
        TEST(undone_all_is_as_before),
        TEST(what_was_not_there_goes_again),
        TEST(a_step_that_fails_changes_nothing),
        TEST(killed_at_each_step_of_it),
        TEST(killed_at_each_step_of_its_undoing),
        TEST(a_note_of_others_is_refused),
        TEST(settled_it_needs_no_log),
        TEST(one_that_others_have_open_is_not_settled),
#undef TEST
    };

    failing_step_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
