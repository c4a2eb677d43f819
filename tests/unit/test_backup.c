/* Unit tests of agent/backup, agent/desk/desk_replace.c and
 * agent/users/users_replace.c: a backup is made and restored while the desk
 * and the outbox run; and files that are none. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/backup/backup.h"
#include "desk_life.h"

#define SENT "SELECT count(*) FROM outbox WHERE state = 1"

struct world {
    struct desk_life life;
    struct planned planned;
    struct gong_users *users;
    struct gong_backup backup;
    char folder[96];
    char given[128]; /* what was sent to be restored */
};

static const struct gong_audit_by by = {"local:0", "local", 1};

static void
start(struct world *world)
{
    desk_life_open(&world->life);
    desk_life_start(&world->life);
    world->backup.state_dir = world->life.files.dir;
    world->backup.desk = world->life.desk;
    world->backup.outbox = world->life.outbox;
}

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    char path[128], why[256];

    assert_non_null(world);
    planned_init(&world->planned, "");
    desk_life_init(&world->life, &planned_kind, &world->planned);
    (void)snprintf(path, sizeof path, "%s/users.db", world->life.files.dir);
    assert_int_equal(gong_users_open(path, &world->users, why, sizeof why),
                     GONG_OK);
    gong_backup_init(&world->backup);
    (void)snprintf(world->folder, sizeof world->folder, "%s/backup",
                   world->life.files.dir);
    (void)snprintf(world->given, sizeof world->given, "%s/restore",
                   world->folder);
    start(world);
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;
    DIR *dir = opendir(world->folder);
    struct dirent *entry;
    char path[512];

    desk_life_stop(&world->life);
    gong_users_close(world->users);
    gong_backup_fini(&world->backup);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", world->folder,
                       entry->d_name);
        (void)unlink(path);
    }
    if (dir != NULL) {
        (void)closedir(dir);
        assert_int_equal(rmdir(world->folder), 0);
    }
    desk_life_fini(&world->life);
    free(world);
    return 0;
}

/* The file that has the name now. */
static void
look_again(struct world *world)
{
    struct desk_files *files = &world->life.files;

    (void)sqlite3_close(files->handle);
    assert_int_equal(sqlite3_open(files->path, &files->handle), SQLITE_OK);
    (void)sqlite3_busy_timeout(files->handle, 5000);
}

static void
act(struct world *world, enum gong_act_kind kind, uint64_t incident,
    const char *matchers)
{
    const struct gong_desk_act act = {
        .kind = kind,
        .by = gong_str_of("lan"),
        .incident = incident,
        .silence = kind == GONG_ACT_UNSILENCE ? 1 : 0,
        .comment = gong_str_of("đang xem"),
        .matchers = gong_str_of(matchers),
        .until_ms =
            kind == GONG_ACT_SILENCE ? desk_life_tomorrow() : INT64_C(0),
    };
    char why[256];

    if (gong_desk_do(world->life.desk, &act, NULL, why, sizeof why) !=
        GONG_OK) {
        fail_msg("%s", why);
    }
}

static void
add_user(struct world *world, const char *name)
{
    struct gong_user user = {.grants.count = 1};

    user.grants.items[0].role = GONG_ROLE_VIEWER;
    (void)snprintf(user.grants.items[0].unit, GONG_GRANT_UNIT_SIZE, "*");
    (void)snprintf(user.name, sizeof user.name, "%s", name);
    assert_int_equal(gong_users_add(world->users, &user,
                                    gong_str_of("mot mat khau dai"), &by),
                     GONG_OK);
}

static bool
has_user(struct world *world, const char *name)
{
    struct gong_user user;

    return gong_users_get(world->users, name, &user) == GONG_OK;
}

static struct gong_backup_manifest
make(struct world *world)
{
    struct gong_backup_manifest manifest;
    uint64_t size = 0;
    char why[512];

    if (gong_backup_make(&world->backup, 5, &manifest, &size, why,
                         sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    assert_true(size > 8192);
    return manifest;
}

/* What was made goes back in pieces, as over the API. */
static void
send_back(struct world *world)
{
    char bytes[30000], why[512];
    uint64_t offset = 0;
    size_t len;

    do {
        len = sizeof bytes;
        assert_int_equal(gong_backup_get(&world->backup, offset, bytes, &len),
                         GONG_OK);
        if (len > 0) {
            assert_int_equal(gong_backup_put(&world->backup, offset, bytes, len,
                                             why, sizeof why),
                             GONG_OK);
        }
        offset += len;
    } while (len > 0);
}

static struct gong_restored
restore(struct world *world)
{
    struct gong_restored restored;
    char why[512];

    if (gong_backup_restore(&world->backup, world->users, &restored, why,
                            sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    look_again(world);
    return restored;
}

static void
told_once(struct world *world)
{
    size_t told = planned_tries(&world->planned);

    for (size_t i = 0; i < told; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(world->planned.keys[i],
                                    world->planned.keys[j]);
        }
    }
}

/* --- tests --- */

static void
what_people_did_comes_back(void **state)
{
    struct world *world = *state;
    struct desk_files *files = &world->life.files;
    struct gong_backup_manifest manifest;
    struct gong_restored restored;
    struct stat status;

    add_user(world, "lan");
    desk_life_fire(&world->life, "a");
    desk_life_fire(&world->life, "b");
    desk_wait(files, 2, "SELECT count(*) FROM incidents");
    act(world, GONG_ACT_ACKNOWLEDGE, 1, "");
    act(world, GONG_ACT_ACKNOWLEDGE, 2, "");
    act(world, GONG_ACT_SILENCE, 0, "unit=\"22015\"");
    desk_wait(files, 2, SENT);
    manifest = make(world);
    assert_int_equal(manifest.count, 2);
    assert_string_equal(manifest.parts[0].name, "desk.db");
    assert_string_equal(manifest.parts[1].name, "users.db");
    assert_true(manifest.position > 0);

    /* Then all goes wrong. */
    act(world, GONG_ACT_UNSILENCE, 0, "");
    act(world, GONG_ACT_RESOLVE, 2, "");
    desk_life_fire(&world->life, "c");
    desk_wait(files, 3, "SELECT count(*) FROM incidents");
    desk_wait(files, 0, "SELECT count(*) FROM outbox WHERE state = 0");
    add_user(world, "minh");
    assert_int_equal(gong_users_remove(world->users, "lan", &by), GONG_OK);

    send_back(world);
    restored = restore(world);
    assert_true(restored.desk && restored.users && !restored.rules);
    assert_true(has_user(world, "lan") && !has_user(world, "minh"));
    assert_int_equal(desk_number(files, "SELECT count(*) FROM incidents WHERE"
                                        " number <= 2 AND state = 2"),
                     2);
    assert_int_equal(
        desk_number(files, "SELECT count(*) FROM silences WHERE ended = 0"), 1);
    /* c was told as number 3: it has another one now, as it is silenced nobody
     * hears of it again; and so have rows. */
    desk_wait(files, 1, "SELECT count(*) FROM incidents WHERE number = 4");
    assert_int_equal(desk_number(files, "SELECT count(*) FROM incidents"), 3);
    desk_life_over(&world->life, "a");
    desk_wait(files, 1,
              "SELECT count(*) FROM incidents WHERE number = 1 AND state = 3");
    told_once(world);
    /* What was there before is kept. */
    assert_int_equal(stat(restored.desk_aside, &status), 0);
    assert_int_equal(stat(restored.users_aside, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

/* Waiting in the backup, sent since: it is not sent again. */
static void
what_was_sent_since_is_not_sent_again(void **state)
{
    struct world *world = *state;
    struct desk_files *files = &world->life.files;
    size_t tries;

    desk_life_fire(&world->life, "a");
    desk_wait(files, 1, SENT);
    act(world, GONG_ACT_ACKNOWLEDGE, 1, "");
    desk_sql(files, "UPDATE outbox SET state = 0, done_ms = 0");
    (void)make(world);
    desk_sql(files, "UPDATE outbox SET state = 1, done_ms = 9");
    tries = planned_tries(&world->planned);
    send_back(world);
    (void)restore(world);
    assert_int_equal(desk_number(files, SENT), 1);
    desk_life_fire(&world->life, "b");
    desk_wait(files, 2, SENT);
    assert_int_equal(planned_tries(&world->planned), tries + 1);
    assert_true(desk_number(files, "SELECT max(id) FROM outbox") >
                INT64_C(4294967296));
    told_once(world);
}

/* The database is gone, and with it what it gave out. */
static void
a_wiped_desk_has_its_incidents_again(void **state)
{
    struct world *world = *state;
    struct desk_files *files = &world->life.files;
    char path[128];

    desk_life_fire(&world->life, "a");
    desk_life_fire(&world->life, "b");
    desk_wait(files, 2, SENT);
    act(world, GONG_ACT_ACKNOWLEDGE, 1, "");
    act(world, GONG_ACT_ACKNOWLEDGE, 2, "");
    (void)make(world);
    desk_life_over(&world->life, "b");
    desk_wait(files, 3, SENT);

    desk_life_stop(&world->life);
    for (int i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s%s", files->path,
                       i == 0   ? ""
                       : i == 1 ? "-wal"
                                : "-shm");
        (void)unlink(path);
    }
    start(world);
    look_again(world);
    desk_wait(files, 1, "SELECT count(*) FROM incidents");
    desk_wait(files, 0, "SELECT count(*) FROM outbox WHERE state = 0");

    send_back(world);
    (void)restore(world);
    desk_wait(files, 1,
              "SELECT count(*) FROM incidents WHERE number = 1 AND state = 2"
              " AND acked_by = 'lan'");
    /* What ended since is over here too. */
    desk_wait(files, 1,
              "SELECT count(*) FROM incidents WHERE number = 2 AND state = 3");
    assert_int_equal(desk_number(files, "SELECT count(*) FROM incidents"), 2);
}

/* Open in the backup; neither the log nor the engine has it any more. */
static void
what_the_engine_does_not_hold_ends(void **state)
{
    struct world *world = *state;
    struct desk_files *files = &world->life.files;

    desk_life_fire(&world->life, "a");
    desk_wait(files, 1, SENT);
    act(world, GONG_ACT_ACKNOWLEDGE, 1, "");
    (void)make(world);
    send_back(world);
    desk_life_stop(&world->life);
    desk_life_forget_log(&world->life);
    start(world);
    (void)restore(world);
    assert_true(gong_effects_unreconciled(world->life.effects));
    desk_life_reconcile(&world->life, NULL);
    desk_wait(files, 1, "SELECT count(*) FROM incidents WHERE lost = 1");
}

/* --- files that are none --- */

static void
change(const char *path, long at, const char *byte)
{
    FILE *file = fopen(path, "r+b");

    assert_non_null(file);
    assert_int_equal(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    assert_int_equal(fwrite(byte, 1, 1, file), 1);
    assert_int_equal(fclose(file), 0);
}

static void
refused(struct world *world, enum gong_err expected, const char *reason)
{
    struct gong_restored restored;
    char why[512];

    assert_int_equal(gong_backup_restore(&world->backup, world->users,
                                         &restored, why, sizeof why),
                     expected);
    if (strstr(why, reason) == NULL) {
        fail_msg("\"%s\" is not in: %s", reason, why);
    }
    assert_false(restored.desk || restored.users);
}

static void
damaged_files_change_nothing(void **state)
{
    struct world *world = *state;
    struct desk_files *files = &world->life.files;
    struct gong_backup_manifest manifest;
    struct stat status;
    char why[512];

    refused(world, GONG_ERR_NOT_FOUND, "no file");
    desk_life_fire(&world->life, "a");
    desk_wait(files, 1, SENT);
    (void)make(world);
    send_back(world);
    assert_int_equal(stat(world->given, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    /* Truncated; longer; another bit; another line; other versions. */
    assert_int_equal(truncate(world->given, status.st_size - 1), 0);
    refused(world, GONG_ERR_CORRUPT, "users.db: the file ends");
    send_back(world);
    assert_int_equal(truncate(world->given, status.st_size + 1), 0);
    refused(world, GONG_ERR_CORRUPT, "more behind");
    send_back(world);
    change(world->given, -1, "\x55");
    refused(world, GONG_ERR_CORRUPT, "users.db: its digest");
    send_back(world);
    change(world->given, 100, "\x55");
    refused(world, GONG_ERR_CORRUPT, "manifest");
    send_back(world);
    change(world->given, 12, "2");
    refused(world, GONG_ERR_UNSUPPORTED, "another version");
    send_back(world);
    change(world->given, 0, "G");
    refused(world, GONG_ERR_INVALID, "no backup");
    assert_int_equal(
        gong_backup_put(&world->backup, 7, "x", 1, why, sizeof why),
        GONG_ERR_INVALID);
    /* A whole one is sound, and checking it changes nothing. */
    send_back(world);
    assert_int_equal(
        gong_backup_check(&world->backup, &manifest, why, sizeof why), GONG_OK);
    assert_int_equal(manifest.made_ms, 5);
    assert_int_equal(desk_number(files, "SELECT count(*) FROM incidents"), 1);
}

/* Of a later program: its desk.db has a version that is not known. */
static void
a_newer_desk_is_refused(void **state)
{
    struct world *world = *state;
    struct gong_backup_manifest manifest = {.count = 1};
    struct desk_files other;
    const char *const file[] = {other.path};
    char why[512];

    desk_files_init(&other);
    desk_sql(&other, "PRAGMA user_version = 99");
    desk_sql(&other, "PRAGMA wal_checkpoint(TRUNCATE)");
    (void)make(world);
    (void)snprintf(manifest.parts[0].name, GONG_BACKUP_NAME_SIZE, "desk.db");
    (void)unlink(world->given);
    assert_int_equal(
        gong_backup_write(world->given, &manifest, file, why, sizeof why),
        GONG_OK);
    refused(world, GONG_ERR_UNSUPPORTED, "newer");
    desk_files_fini(&other);
    desk_life_fire(&world->life, "a");
    desk_wait(&world->life.files, 1, SENT);
}

/* Sound as a file, but nothing that a desk can begin with: it is taken out
 * again, and what was there goes on. */
static void
a_desk_that_cannot_be_restored_is_taken_out(void **state)
{
    struct world *world = *state;
    struct gong_backup_manifest manifest = {.count = 1};
    struct desk_files other;
    const char *const file[] = {other.path};
    char why[512];

    desk_files_init(&other);
    desk_incident(&other, 1);
    desk_sql(&other, "UPDATE incidents SET state = 99");
    desk_sql(&other, "PRAGMA wal_checkpoint(TRUNCATE)");
    desk_life_fire(&world->life, "a");
    desk_wait(&world->life.files, 1, SENT);
    (void)make(world);
    (void)snprintf(manifest.parts[0].name, GONG_BACKUP_NAME_SIZE, "desk.db");
    (void)unlink(world->given);
    assert_int_equal(
        gong_backup_write(world->given, &manifest, file, why, sizeof why),
        GONG_OK);
    refused(world, GONG_ERR_CORRUPT, "cannot be restored");
    desk_files_fini(&other);
    look_again(world);
    assert_true(gong_desk_well(world->life.desk));
    desk_life_fire(&world->life, "b");
    desk_wait(&world->life.files, 2, SENT);
    assert_int_equal(
        desk_number(&world->life.files, "SELECT max(number) FROM incidents"),
        2);
    told_once(world);
}

/* Whoever waits for messages to be over waits no longer than they said, and
 * then they go on. */
static void
messages_stand_still_and_go_on(void **state)
{
    struct world *world = *state;
    struct gong_outbox *outbox = world->life.outbox;

    assert_int_equal(gong_outbox_pause(outbox, gong_dur_s(20)), GONG_OK);
    desk_life_fire(&world->life, "a");
    desk_wait(&world->life.files, 1, "SELECT count(*) FROM outbox");
    assert_int_equal(planned_tries(&world->planned), 0);
    world->planned.plan = "n"; /* never answers */
    gong_outbox_resume(outbox);
    while (planned_tries(&world->planned) == 0) {
        gong_clock_sleep(gong_dur_ms(1));
    }
    assert_int_equal(gong_outbox_pause(outbox, gong_dur_ms(30)),
                     GONG_ERR_TIMEOUT);
}

static void
a_full_disk_leaves_nothing(void **state)
{
    struct world *world = *state;
    struct gong_backup_manifest manifest;
    uint64_t size;
    char why[512], path[160];

    if (geteuid() != 0) {
        /* A folder that cannot be written to. */
        (void)mkdir(world->folder, 0500);
        assert_int_equal(chmod(world->folder, 0500), 0);
        assert_int_not_equal(gong_backup_make(&world->backup, 5, &manifest,
                                              &size, why, sizeof why),
                             GONG_OK);
        assert_int_equal(chmod(world->folder, 0700), 0);
    }
    (void)mkdir(world->folder, 0700);
    (void)snprintf(path, sizeof path, "%s/backup", world->folder);
    manifest = (struct gong_backup_manifest){.count = 1};
    (void)snprintf(manifest.parts[0].name, GONG_BACKUP_NAME_SIZE, "desk.db");
    assert_int_equal(
        gong_backup_write("/dev/full", &manifest,
                          (const char *const[]){world->life.files.path}, why,
                          sizeof why),
        GONG_ERR_IO);
    assert_int_equal(
        gong_backup_write(path, &manifest,
                          (const char *const[]){"/nowhere/desk.db"}, why,
                          sizeof why),
        GONG_ERR_NOT_FOUND);
    assert_int_not_equal(access(path, F_OK), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(what_people_did_comes_back),
        TEST(what_was_sent_since_is_not_sent_again),
        TEST(a_wiped_desk_has_its_incidents_again),
        TEST(what_the_engine_does_not_hold_ends),
        TEST(damaged_files_change_nothing),
        TEST(a_newer_desk_is_refused),
        TEST(a_desk_that_cannot_be_restored_is_taken_out),
        TEST(messages_stand_still_and_go_on),
        TEST(a_full_disk_leaves_nothing),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
