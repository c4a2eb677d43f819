/* Restores that meet a full disk, a kill, a stop, an outbox that cannot write,
 * others that read: what is in force then is all old or all new, and the desk
 * goes on. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/api/api_desk.h"
#include "agent/desk/desk_db.h"
#include "backup_fixture.h"
#include "tests/failing_step.h"

#define SENT      "SELECT count(*) FROM outbox WHERE state = 1"
#define STEPS_MAX 5000

/* --- statements that fail when told so --- */

int __real_sqlite3_exec(sqlite3 *handle, const char *sql,
                        int (*each)(void *, int, char **, char **), void *ctx,
                        char **error);
int __wrap_sqlite3_exec(sqlite3 *handle, const char *sql,
                        int (*each)(void *, int, char **, char **), void *ctx,
                        char **error);

static const char *_Atomic broken; /* part of a statement; NULL: none */

int
__wrap_sqlite3_exec(sqlite3 *handle, const char *sql,
                    int (*each)(void *, int, char **, char **), void *ctx,
                    char **error)
{
    const char *part = atomic_load(&broken);

    if (part != NULL && strstr(sql, part) != NULL) {
        return SQLITE_IOERR;
    }
    return __real_sqlite3_exec(handle, sql, each, ctx, error);
}

/* --- what tells the old from the new --- */

static int64_t
ask(const char *path, const char *sql)
{
    sqlite3 *handle;
    sqlite3_stmt *statement;
    int64_t value = -1;

    assert_int_equal(
        sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    (void)sqlite3_busy_timeout(handle, 5000);
    if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail_msg("%s: %s: %s", path, sql, sqlite3_errmsg(handle));
    }
    if (sqlite3_step(statement) == SQLITE_ROW) {
        value = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(handle);
    return value;
}

/* In what is in force, and in no backup. */
static void
mark(const char *dir)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/desk.db", dir);
    (void)ask(path, "INSERT OR REPLACE INTO meta VALUES('mark', 1)");
    (void)snprintf(path, sizeof path, "%s/users.db", dir);
    (void)ask(path, "INSERT OR IGNORE INTO users VALUES('mark', '', '', 0, 0)");
}

/* Whether the old ones are in force; both are sound, and of one time. */
static bool
is_marked(const char *dir)
{
    char desk[128], users[128];
    int64_t marked;

    (void)snprintf(desk, sizeof desk, "%s/desk.db", dir);
    (void)snprintf(users, sizeof users, "%s/users.db", dir);
    marked = ask(desk, "SELECT count(*) FROM meta WHERE name = 'mark'");
    assert_int_equal(
        ask(users, "SELECT count(*) FROM users WHERE name = 'mark'"), marked);
    assert_int_equal(ask(desk, "SELECT count(*) FROM pragma_integrity_check"
                               " WHERE integrity_check = 'ok'"),
                     1);
    assert_int_equal(ask(users, "SELECT count(*) FROM pragma_integrity_check"
                                " WHERE integrity_check = 'ok'"),
                     1);
    assert_int_equal(ask(desk, "SELECT count(*) FROM incidents"), 1);
    assert_int_equal(
        ask(users, "SELECT count(*) FROM users WHERE name = 'lan'"), 1);
    assert_int_equal(backup_world_files(dir, ".damaged-"), 0);
    return marked == 1;
}

static void
acknowledge(struct backup_world *world)
{
    const struct gong_desk_act act = {.kind = GONG_ACT_ACKNOWLEDGE,
                                      .by = gong_str_of("lan"),
                                      .incident = 1,
                                      .comment = gong_str_of("đang xem")};
    char why[256];

    assert_int_equal(
        gong_desk_do(world->life.desk, &act, NULL, why, sizeof why), GONG_OK);
}

static void
live_a_little(struct backup_world *world)
{
    backup_world_look(world);
    backup_world_add_user(world, "lan");
    desk_life_fire(&world->life, "a");
    desk_wait(&world->life.files, 1, "SELECT count(*) FROM incidents");
    acknowledge(world);
    desk_wait(&world->life.files, 0,
              "SELECT count(*) FROM outbox WHERE state = 0");
    (void)backup_world_make(world);
}

/* --- a disk that fails --- */

static void
fails_at_each_step(struct backup_world *world, enum failing_step_way way)
{
    const char *dir = world->life.files.dir;
    struct gong_restored restored;
    uint64_t steps = 1, refused = 0;
    char why[512];

    live_a_little(world);
    for (uint64_t at = 0; at < steps && at < STEPS_MAX; at++) {
        enum gong_err err;

        backup_world_look_away(world);
        mark(dir);
        backup_world_send_back(world);
        failing_step_begin(way, at);
        err = gong_backup_restore(&world->backup, world->users, &restored, why,
                                  sizeof why);
        steps = failing_step_end() + 1;
        refused += err != GONG_OK;
        assert_int_equal(is_marked(dir), err != GONG_OK);
        assert_false(err != GONG_OK && why[0] == '\0');
        assert_true(backup_world_has_user(world, "lan"));
        while (!gong_desk_well(world->life.desk)) { /* loaded again soon */
            gong_clock_sleep(gong_dur_ms(1));
        }
        acknowledge(world);
        assert_int_equal(backup_world_files(dir, "restoring"), 0);
        assert_int_equal(backup_world_files(world->folder, "restore-"), 0);
    }
    assert_true(steps < STEPS_MAX);
    assert_true(refused > 30);
}

static void
a_disk_that_gets_full_leaves_all_as_it_was(void **state)
{
    fails_at_each_step(*state, FAILING_STEP_FULL);
}

static void
a_step_that_fails_leaves_all_as_it_was(void **state)
{
    fails_at_each_step(*state, FAILING_STEP_ONCE);
}

/* --- kill -9 --- */

static void
live_once(const char *dir, void (*live)(struct backup_world *world))
{
    struct backup_world *world = calloc(1, sizeof *world);
    char why[512];

    assert_non_null(world);
    if (gong_backup_recover(dir, why, sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    backup_world_begin_in(world, dir);
    live(world);
    backup_world_look_away(world);
    desk_life_stop(&world->life);
    gong_users_close(world->users);
    _exit(0);
}

static uint64_t die_at;

static void
restore_and_die(struct backup_world *world)
{
    struct gong_restored restored;
    char why[512];

    backup_world_send_back(world);
    failing_step_begin(FAILING_STEP_DIES, die_at);
    if (gong_backup_restore(&world->backup, world->users, &restored, why,
                            sizeof why) != GONG_OK) {
        (void)fprintf(stderr, "%s\n", why);
        _exit(1);
    }
    _exit(0); /* killed a moment later */
}

static int
in_a_child(const char *dir, void (*live)(struct backup_world *world))
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        live_once(dir, live);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
killed_at_each_step_all_is_old_or_new(void **state)
{
    struct desk_files files;
    char folder[96], why[512];
    int status = FAILING_STEP_DIED;
    uint64_t old = 0;

    (void)state;
    desk_files_init(&files);
    (void)sqlite3_close(files.handle); /* none may be there across a fork */
    files.handle = NULL;
    (void)snprintf(folder, sizeof folder, "%s/backup", files.dir);
    assert_int_equal(in_a_child(files.dir, live_a_little), 0);
    for (die_at = 0; status == FAILING_STEP_DIED && die_at < STEPS_MAX;
         die_at++) {
        mark(files.dir);
        status = in_a_child(files.dir, restore_and_die);
        if (gong_backup_recover(files.dir, why, sizeof why) != GONG_OK) {
            fail_msg("%s", why);
        }
        old += is_marked(files.dir);
        assert_int_equal(backup_world_files(files.dir, "restoring"), 0);
        assert_int_equal(backup_world_files(folder, ""), 1); /* the backup */
    }
    assert_int_equal(status, 0);
    assert_false(is_marked(files.dir));
    assert_true(old > 30);
    {
        struct backup_world world = {.life.files = files};

        (void)snprintf(world.life.effects_dir, sizeof world.life.effects_dir,
                       "%s/effects", files.dir);
        desk_life_forget_log(&world.life);
        (void)snprintf(why, sizeof why, "%s/backup", folder);
        (void)unlink(why);
        assert_int_equal(rmdir(folder), 0);
    }
    desk_files_fini(&files);
}

static void
what_a_crash_left_is_removed_at_the_start(void **state)
{
    static const char *const names[] = {"desk.db",         "desk.db-journal",
                                        "backup.new",      "restore",
                                        "restore-desk.db", "restore-rules"};
    struct backup_world *world = *state;
    char path[160], why[256];

    (void)mkdir(world->folder, 0700);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        FILE *file;

        (void)snprintf(path, sizeof path, "%s/%s", world->folder, names[i]);
        file = fopen(path, "w");
        assert_non_null(file);
        (void)fclose(file);
    }
    (void)backup_world_make(world);
    assert_int_equal(
        gong_backup_recover(world->life.files.dir, why, sizeof why), GONG_OK);
    assert_int_equal(backup_world_files(world->folder, ""), 1);
    assert_int_equal(backup_world_files(world->folder, "backup"), 1);
}

/* Which of the two files cannot be read or written makes the difference. */
static void
only_the_old_files_damage_is_passed_over(void **state)
{
    static const char *const fatal[] = {"FROM main.outbox WHERE state = 0",
                                        "UPDATE main.outbox"};
    struct backup_world *world = *state;

    live_a_little(world);
    backup_world_look_away(world);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        mark(world->life.files.dir);
        backup_world_send_back(world);
        atomic_store(&broken, fatal[i]);
        backup_world_refused(world, GONG_ERR_IO, "restore-desk.db");
        atomic_store(&broken, NULL);
        assert_true(is_marked(world->life.files.dir));
    }
    backup_world_send_back(world);
    atomic_store(&broken, "FROM live.meta");
    (void)backup_world_restore(world);
    atomic_store(&broken, NULL);
    assert_false(is_marked(world->life.files.dir));
}

static void
note_nothing(void *arg, const struct gong_desk_incident *incident)
{
    *(uint64_t *)arg = incident->number;
}

/* The disk fails for good in the middle: nothing is opened, nothing is told,
 * until a start undoes it. */
static void
what_cannot_be_undone_waits_for_the_next_start(void **state)
{
    struct backup_world *world = *state;
    const char *dir = world->life.files.dir;
    struct gong_restored restored;
    struct gong_api_desk_reader *reader;
    struct gong_api_desk desk;
    uint64_t at = 0, number = 0;
    char why[512];

    live_a_little(world);
    assert_int_equal(gong_api_desk_open(world->life.files.path,
                                        world->life.desk, &reader, why,
                                        sizeof why),
                     GONG_OK);
    desk = gong_api_desk_of(reader);
    world->backup.hold_readers = gong_api_desk_hold;
    world->backup.readers = reader;
    backup_world_look_away(world);
    do { /* to where the note can no longer be removed */
        mark(dir);
        backup_world_send_back(world);
        failing_step_begin(FAILING_STEP_DEAD, at++);
        assert_int_not_equal(gong_backup_restore(&world->backup, world->users,
                                                 &restored, why, sizeof why),
                             GONG_OK);
        (void)failing_step_end();
    } while (!gong_exchange_pending(dir) && at < STEPS_MAX);
    assert_true(gong_exchange_pending(dir));
    assert_false(gong_desk_well(world->life.desk));
    assert_int_equal(desk.incident(desk.ctx, 1, note_nothing, NULL, &number),
                     GONG_ERR_IO);
    assert_null(desk.more(desk.ctx, 1));
    assert_null(desk.told(desk.ctx, 1, 2));
    assert_false(backup_world_has_user(world, "lan"));
    assert_int_equal(gong_backup_restore(&world->backup, world->users,
                                         &restored, why, sizeof why),
                     GONG_ERR_IO);
    assert_non_null(strstr(why, "/restoring: a restore could not be undone"));
    assert_int_equal(desk.incident(desk.ctx, 1, note_nothing, NULL, &number),
                     GONG_ERR_IO);
    gong_api_desk_close(reader);
    world->backup.hold_readers = NULL;
    desk_life_stop(&world->life);
    gong_users_close(world->users);
    assert_int_equal(gong_backup_recover(dir, why, sizeof why), GONG_OK);
    assert_true(is_marked(dir));
    backup_world_start(world);
    assert_int_equal(
        gong_users_open(world->users_path, &world->users, why, sizeof why),
        GONG_OK);
    assert_true(backup_world_has_user(world, "lan"));
    acknowledge(world);
}

/* --- others --- */

/* What was sent could not be kept; the file that is restored knows the row. */
static void
an_outbox_that_cannot_write_is_no_hindrance(void **state)
{
    struct backup_world *world = *state;
    struct gong_outbox *outbox = world->life.outbox;
    struct desk_files *files = &world->life.files;

    assert_int_equal(gong_outbox_pause(outbox, gong_dur_s(20), NULL), GONG_OK);
    desk_life_fire(&world->life, "a");
    desk_wait(files, 1, "SELECT count(*) FROM outbox");
    acknowledge(world);
    backup_world_add_user(world, "lan");
    (void)backup_world_make(world);
    desk_sql(files, "CREATE TRIGGER full BEFORE UPDATE ON outbox BEGIN"
                    " SELECT raise(ABORT, 'full'); END");
    gong_outbox_resume(outbox);
    while (desk_life_count(&world->life, GONG_COUNTER,
                           "gong_desk_outbox_failed_total", "") == 0 ||
           planned_tries(&world->planned) == 0) {
        gong_clock_sleep(gong_dur_ms(1));
    }
    assert_int_equal(desk_number(files, SENT), 0);
    backup_world_send_back(world);
    (void)backup_world_restore(world);
    desk_wait(files, 0, "SELECT count(*) FROM outbox WHERE state = 0");
    assert_int_equal(desk_number(files, "SELECT state FROM outbox WHERE id ="
                                        " (SELECT min(id) FROM outbox)"),
                     1);
    for (size_t i = 1; i < planned_tries(&world->planned); i++) {
        assert_string_not_equal(world->planned.keys[i], world->planned.keys[0]);
    }
}

/* Their file is closed before another takes its place: nobody holds on to the
 * index of a log that is another's by then. */
static void
whoever_reads_has_it_closed_meanwhile(void **state)
{
    struct backup_world *world = *state;
    struct gong_api_desk_reader *reader;
    struct gong_api_desk desk;
    uint64_t number = 0;
    char why[256];

    live_a_little(world);
    assert_int_equal(gong_api_desk_open(world->life.files.path,
                                        world->life.desk, &reader, why,
                                        sizeof why),
                     GONG_OK);
    desk = gong_api_desk_of(reader);
    world->backup.hold_readers = gong_api_desk_hold;
    world->backup.readers = reader;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            desk.incident(desk.ctx, 1, note_nothing, NULL, &number), GONG_OK);
        backup_world_send_back(world);
        (void)backup_world_restore(world);
        assert_int_equal(
            desk.incident(desk.ctx, 1, note_nothing, NULL, &number), GONG_OK);
        assert_int_equal(number, 1);
    }
    gong_api_desk_close(reader);
}

static void
a_file_that_others_have_open_is_left_to_them(void **state)
{
    struct backup_world *world = *state;
    struct gong_restored restored;
    char why[512];

    live_a_little(world);
    backup_world_send_back(world);
    (void)desk_number(&world->life.files, SENT);
    assert_int_equal(gong_backup_restore(&world->backup, world->users,
                                         &restored, why, sizeof why),
                     GONG_ERR_AGAIN);
    assert_non_null(strstr(why, "desk.db: another program has it open"));
    acknowledge(world);
    assert_true(backup_world_has_user(world, "lan"));
    (void)backup_world_restore(world);
}

/* --- a stop --- */

struct restoring {
    struct backup_world *world;
    enum gong_err err;
    char why[512];
};

static void *
restore_main(void *ctx)
{
    struct restoring *restoring = ctx;
    struct gong_restored restored;

    restoring->err =
        gong_backup_restore(&restoring->world->backup, restoring->world->users,
                            &restored, restoring->why, sizeof restoring->why);
    return NULL;
}

/* It would wait half a minute for what is being sent. */
static void
a_stop_waits_for_no_restore(void **state)
{
    struct backup_world *world = *state;
    struct restoring restoring = {.world = world};
    struct gong_backup_manifest manifest;
    pthread_t thread;
    uint64_t size;

    live_a_little(world);
    world->planned.plan = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
    desk_life_fire(&world->life, "b");
    desk_wait(&world->life.files, 1,
              "SELECT count(*) > 0 FROM outbox WHERE state = 0");
    backup_world_send_back(world);
    backup_world_look_away(world);
    mark(world->life.files.dir);
    assert_int_equal(pthread_create(&thread, NULL, restore_main, &restoring),
                     0);
    while (backup_world_files(world->folder, "restore-users.db") == 0) {
        gong_clock_sleep(gong_dur_ms(1));
    }
    gong_backup_cancel(&world->backup);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(restoring.err, GONG_ERR_CLOSED);
    assert_string_equal(restoring.why, "the agent is stopping");
    assert_int_equal(gong_backup_make(&world->backup, 5, &manifest, &size,
                                      restoring.why, sizeof restoring.why),
                     GONG_ERR_CLOSED);
    assert_int_equal(gong_backup_check(&world->backup, &manifest, restoring.why,
                                       sizeof restoring.why),
                     GONG_ERR_CLOSED);
    assert_int_equal(ask(world->life.files.path,
                         "SELECT count(*) FROM meta WHERE name = 'mark'"),
                     1);
}

/* --- what is only looked at --- */

static void
what_is_examined_stays_as_it_is(void **state)
{
    struct backup_world *world = *state;
    const char *dir = world->life.files.dir;
    struct gong_desk_place place;
    struct gong_desk_db *db;
    char path[128], why[512], bytes[512];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/other.db", dir);
    assert_int_equal(gong_desk_db_open_sound(path, &db, why, sizeof why),
                     GONG_ERR_IO);
    assert_int_equal(backup_world_files(dir, "other.db"), 0);
    memset(bytes, 'x', sizeof bytes);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(gong_desk_db_open_sound(path, &db, why, sizeof why),
                     GONG_ERR_CORRUPT);
    assert_int_equal(gong_desk_db_look(path, &place, why, sizeof why),
                     GONG_ERR_CORRUPT);
    assert_int_equal(backup_world_files(dir, ".damaged-"), 0);
    assert_int_equal(access(path, F_OK), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, backup_world_setup,                  \
                                    backup_world_teardown)
        TEST(a_step_that_fails_leaves_all_as_it_was),
        TEST(a_disk_that_gets_full_leaves_all_as_it_was),
        cmocka_unit_test(killed_at_each_step_all_is_old_or_new),
        TEST(what_a_crash_left_is_removed_at_the_start),
        TEST(only_the_old_files_damage_is_passed_over),
        TEST(what_cannot_be_undone_waits_for_the_next_start),
        TEST(an_outbox_that_cannot_write_is_no_hindrance),
        TEST(whoever_reads_has_it_closed_meanwhile),
        TEST(a_file_that_others_have_open_is_left_to_them),
        TEST(a_stop_waits_for_no_restore),
        TEST(what_is_examined_stays_as_it_is),
#undef TEST
    };

    failing_step_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
