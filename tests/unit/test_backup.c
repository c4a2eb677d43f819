/* Unit tests of agent/backup, agent/desk/desk_replace.c and
 * agent/users/users_replace.c: a backup is made and restored while the desk
 * and the outbox run; and files that are none. */
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
#include <openssl/evp.h>

#include "backup_fixture.h"
#include "tests/failing_step.h"

#define SENT "SELECT count(*) FROM outbox WHERE state = 1"

static const struct gong_audit_by by = {"local:0", "local", 1};

static void
act(struct backup_world *world, enum gong_act_kind kind, uint64_t incident,
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
told_once(struct backup_world *world)
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

/* Pieces say which backup they are of: another may be made between two. */
static void
a_piece_names_its_backup(void **state)
{
    struct backup_world *world = *state;
    struct gong_backup_manifest first, second;
    char id[GONG_BACKUP_SHA_SIZE], why[512], byte[4];
    uint64_t size = 0;
    size_t len = sizeof byte;

    assert_int_equal(
        gong_backup_make(&world->backup, 1000, &first, &size, why, sizeof why),
        GONG_OK);
    assert_int_equal(gong_backup_get(&world->backup, 8, byte, &len, id),
                     GONG_OK);
    assert_string_equal(id, first.id);
    assert_int_equal(
        gong_backup_make(&world->backup, 2000, &second, &size, why, sizeof why),
        GONG_OK);
    assert_int_equal(gong_backup_get(&world->backup, 8, byte, &len, id),
                     GONG_OK);
    assert_string_equal(id, second.id);
    assert_string_not_equal(first.id, second.id);
}

static void
what_people_did_comes_back(void **state)
{
    struct backup_world *world = *state;
    struct desk_files *files = &world->life.files;
    struct gong_backup_manifest manifest;
    struct gong_restored restored;
    struct stat status;

    backup_world_add_user(world, "lan");
    desk_life_fire(&world->life, "a");
    desk_life_fire(&world->life, "b");
    desk_wait(files, 2, "SELECT count(*) FROM incidents");
    act(world, GONG_ACT_ACKNOWLEDGE, 1, "");
    act(world, GONG_ACT_ACKNOWLEDGE, 2, "");
    act(world, GONG_ACT_SILENCE, 0, "unit=\"22015\"");
    desk_wait(files, 2, SENT);
    manifest = backup_world_make(world);
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
    backup_world_add_user(world, "minh");
    assert_int_equal(gong_users_remove(world->users, "lan", &by), GONG_OK);

    backup_world_send_back(world);
    restored = backup_world_restore(world);
    assert_true(restored.desk && restored.users && !restored.rules);
    assert_true(backup_world_has_user(world, "lan") &&
                !backup_world_has_user(world, "minh"));
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
    struct backup_world *world = *state;
    struct desk_files *files = &world->life.files;
    size_t tries;

    desk_life_fire(&world->life, "a");
    desk_wait(files, 1, SENT);
    act(world, GONG_ACT_ACKNOWLEDGE, 1, "");
    desk_sql(files, "UPDATE outbox SET state = 0, done_ms = 0");
    (void)backup_world_make(world);
    desk_sql(files, "UPDATE outbox SET state = 1, done_ms = 9");
    tries = planned_tries(&world->planned);
    backup_world_send_back(world);
    (void)backup_world_restore(world);
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
    struct backup_world *world = *state;
    struct desk_files *files = &world->life.files;
    char path[128];

    desk_life_fire(&world->life, "a");
    desk_life_fire(&world->life, "b");
    desk_wait(files, 2, SENT);
    act(world, GONG_ACT_ACKNOWLEDGE, 1, "");
    act(world, GONG_ACT_ACKNOWLEDGE, 2, "");
    (void)backup_world_make(world);
    desk_life_over(&world->life, "b");
    desk_wait(files, 3, SENT);

    backup_world_look_away(world);
    desk_life_stop(&world->life);
    for (int i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s%s", files->path,
                       i == 0   ? ""
                       : i == 1 ? "-wal"
                                : "-shm");
        (void)unlink(path);
    }
    backup_world_start(world);
    backup_world_look(world);
    desk_wait(files, 1, "SELECT count(*) FROM incidents");
    desk_wait(files, 0, "SELECT count(*) FROM outbox WHERE state = 0");

    backup_world_send_back(world);
    (void)backup_world_restore(world);
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
    struct backup_world *world = *state;
    struct desk_files *files = &world->life.files;

    desk_life_fire(&world->life, "a");
    desk_wait(files, 1, SENT);
    act(world, GONG_ACT_ACKNOWLEDGE, 1, "");
    (void)backup_world_make(world);
    backup_world_send_back(world);
    desk_life_stop(&world->life);
    desk_life_forget_log(&world->life);
    backup_world_start(world);
    (void)backup_world_restore(world);
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
damaged_files_change_nothing(void **state)
{
    struct backup_world *world = *state;
    struct desk_files *files = &world->life.files;
    struct gong_backup_manifest manifest;
    struct stat status;
    char why[512];

    backup_world_refused(world, GONG_ERR_NOT_FOUND, "no file");
    desk_life_fire(&world->life, "a");
    desk_wait(files, 1, SENT);
    (void)backup_world_make(world);
    backup_world_send_back(world);
    assert_int_equal(stat(world->given, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    /* Truncated; longer; another bit; another line; other versions. */
    assert_int_equal(truncate(world->given, status.st_size - 1), 0);
    backup_world_refused(world, GONG_ERR_CORRUPT, "users.db: the file ends");
    backup_world_send_back(world);
    assert_int_equal(truncate(world->given, status.st_size + 1), 0);
    backup_world_refused(world, GONG_ERR_CORRUPT, "more behind");
    backup_world_send_back(world);
    change(world->given, -1, "\x55");
    backup_world_refused(world, GONG_ERR_CORRUPT, "users.db: its digest");
    backup_world_send_back(world);
    change(world->given, 100, "\x55");
    backup_world_refused(world, GONG_ERR_CORRUPT, "manifest");
    backup_world_send_back(world);
    change(world->given, 12, "2");
    backup_world_refused(world, GONG_ERR_UNSUPPORTED, "another version");
    backup_world_send_back(world);
    change(world->given, 0, "G");
    backup_world_refused(world, GONG_ERR_INVALID, "no backup");
    assert_int_equal(
        gong_backup_put(&world->backup, 7, "x", 1, why, sizeof why),
        GONG_ERR_INVALID);
    /* A whole one is sound, and checking it changes nothing. */
    backup_world_send_back(world);
    assert_int_equal(
        gong_backup_check(&world->backup, &manifest, why, sizeof why), GONG_OK);
    assert_int_equal(manifest.made_ms, 5);
    assert_int_equal(desk_number(files, "SELECT count(*) FROM incidents"), 1);
}

/* Of a later program: its desk.db has a version that is not known. */
static void
a_newer_desk_is_refused(void **state)
{
    struct backup_world *world = *state;
    struct gong_backup_manifest manifest = {.count = 1};
    struct desk_files other;
    const char *const file[] = {other.path};
    char why[512];
    const struct gong_file_job job = {NULL, why, sizeof why};

    desk_files_init(&other);
    desk_sql(&other, "PRAGMA user_version = 99");
    desk_sql(&other, "PRAGMA wal_checkpoint(TRUNCATE)");
    (void)backup_world_make(world);
    (void)snprintf(manifest.parts[0].name, GONG_BACKUP_NAME_SIZE, "desk.db");
    (void)unlink(world->given);
    assert_int_equal(gong_backup_write(world->given, &manifest, file, &job),
                     GONG_OK);
    backup_world_refused(world, GONG_ERR_UNSUPPORTED, "newer");
    desk_files_fini(&other);
    desk_life_fire(&world->life, "a");
    desk_wait(&world->life.files, 1, SENT);
}

/* Sound as a file, but nothing that a desk can begin with: it is taken out
 * again, and what was there goes on. */
static void
a_desk_that_cannot_be_restored_is_taken_out(void **state)
{
    struct backup_world *world = *state;
    struct gong_backup_manifest manifest = {.count = 1};
    struct desk_files other;
    const char *const file[] = {other.path};
    char why[512];
    const struct gong_file_job job = {NULL, why, sizeof why};

    desk_files_init(&other);
    desk_incident(&other, 1);
    desk_sql(&other, "UPDATE incidents SET state = 99");
    desk_sql(&other, "PRAGMA wal_checkpoint(TRUNCATE)");
    desk_life_fire(&world->life, "a");
    desk_wait(&world->life.files, 1, SENT);
    (void)backup_world_make(world);
    (void)snprintf(manifest.parts[0].name, GONG_BACKUP_NAME_SIZE, "desk.db");
    (void)unlink(world->given);
    assert_int_equal(gong_backup_write(world->given, &manifest, file, &job),
                     GONG_OK);
    backup_world_refused(world, GONG_ERR_CORRUPT, "cannot be restored");
    desk_files_fini(&other);
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
    struct backup_world *world = *state;
    struct gong_outbox *outbox = world->life.outbox;

    assert_int_equal(gong_outbox_pause(outbox, gong_dur_s(20), NULL), GONG_OK);
    desk_life_fire(&world->life, "a");
    desk_wait(&world->life.files, 1, "SELECT count(*) FROM outbox");
    assert_int_equal(planned_tries(&world->planned), 0);
    world->planned.plan = "n"; /* never answers */
    gong_outbox_resume(outbox);
    while (planned_tries(&world->planned) == 0) {
        gong_clock_sleep(gong_dur_ms(1));
    }
    assert_int_equal(gong_outbox_pause(outbox, gong_dur_ms(30), NULL),
                     GONG_ERR_TIMEOUT);
}

/* At each step of it. */
static void
a_full_disk_leaves_nothing(void **state)
{
    struct backup_world *world = *state;
    struct gong_backup_manifest manifest;
    uint64_t size, steps = 0;
    uint64_t at = 0;
    char why[512];
    enum gong_err err;

    desk_life_fire(&world->life, "a");
    desk_wait(&world->life.files, 1, SENT);
    do {
        failing_step_begin(FAILING_STEP_FULL, at);
        err = gong_backup_make(&world->backup, 5, &manifest, &size, why,
                               sizeof why);
        steps = failing_step_end();
        if (err != GONG_OK) {
            assert_true(why[0] == '/'); /* a file, and what is wrong with it */
            assert_int_equal(backup_world_files(world->folder, ""), 0);
        }
    } while (err != GONG_OK && ++at < 10000);
    assert_true(at > 10 && at <= steps);
    backup_world_send_back(world);
    assert_int_equal(
        gong_backup_check(&world->backup, &manifest, why, sizeof why), GONG_OK);
}

static void
too_small_a_disk_is_told(void **state)
{
    struct backup_world *world = *state;
    struct gong_backup_manifest manifest;
    uint64_t size;
    char why[512];

    desk_life_fire(&world->life, "a");
    desk_wait(&world->life.files, 1, SENT);
    failing_step_room(1 << 20);
    assert_int_equal(
        gong_backup_make(&world->backup, 5, &manifest, &size, why, sizeof why),
        GONG_ERR_NO_SPACE);
    assert_non_null(strstr(why, "còn 1 MiB | "));
    assert_non_null(strstr(why, "MiB are needed, 1 MiB are free"));
    assert_int_equal(backup_world_files(world->folder, ""), 0);
    failing_step_room(-1);
    (void)backup_world_make(world);
    backup_world_send_back(world);
    failing_step_room(1 << 20);
    backup_world_refused(world, GONG_ERR_NO_SPACE, "1 MiB are free");
    failing_step_room(-1);
    (void)backup_world_restore(world);
}

static void
write_manifest(struct backup_world *world, const char *parts)
{
    FILE *file = fopen(world->given, "w");
    unsigned char digest[32];
    char text[512];

    (void)mkdir(world->folder, 0700);
    file = file == NULL ? fopen(world->given, "w") : file;
    assert_non_null(file);
    (void)snprintf(text, sizeof text,
                   "{\"format\":1,\"version\":\"1\",\"parts\":[%s]}", parts);
    assert_int_equal(
        EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL), 1);
    (void)fputs("gong-backup 1 ", file);
    for (size_t i = 0; i < sizeof digest; i++) {
        (void)fprintf(file, "%02x", digest[i]);
    }
    (void)fprintf(file, "\n%s\n", text);
    assert_int_equal(fclose(file), 0);
}

#define NO_BYTES                                                               \
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* Whole, by its digests, and yet no backup of anything. */
static void
nothing_is_no_backup(void **state)
{
    struct backup_world *world = *state;
    struct gong_backup_manifest manifest = {.count = 0};
    char why[512], path[160];
    const struct gong_file_job job = {NULL, why, sizeof why};

    write_manifest(world, "");
    backup_world_refused(world, GONG_ERR_CORRUPT, "manifest");
    write_manifest(world, "{\"name\":\"users.db\",\"size\":0,"
                          "\"sha256\":\"" NO_BYTES "\"}");
    backup_world_refused(world, GONG_ERR_CORRUPT, "manifest");
    (void)snprintf(path, sizeof path, "%s/none", world->folder);
    assert_int_equal(gong_backup_write(path, &manifest, NULL, &job),
                     GONG_ERR_CORRUPT);
    manifest.count = 1;
    assert_int_equal(gong_backup_write(path, &manifest,
                                       (const char *const[]){"/dev/null"},
                                       &job),
                     GONG_ERR_CORRUPT);
    assert_string_equal(why, "/dev/null: it is empty");
    assert_int_equal(
        gong_backup_write(path, &manifest,
                          (const char *const[]){"/nowhere/desk.db"}, &job),
        GONG_ERR_NOT_FOUND);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* --- two at once --- */

static void
the_second_of_two_restores_is_told(void **state)
{
    struct backup_world *world = *state;
    struct gong_backup_manifest manifest;
    struct gong_restored restored;
    uint64_t size;
    char why[512];

    assert_int_equal(
        gong_backup_put(&world->backup, 0, "gong", 4, why, sizeof why),
        GONG_OK);
    /* Another begins, while the first one still sends. */
    assert_int_equal(
        gong_backup_put(&world->backup, 0, "gong", 4, why, sizeof why),
        GONG_ERR_AGAIN);
    assert_non_null(strstr(why, "another restore is running"));
    assert_int_equal(
        gong_backup_put(&world->backup, 4, "-backup", 7, why, sizeof why),
        GONG_OK);
    /* Looked at: whoever comes now may send. */
    assert_int_not_equal(
        gong_backup_check(&world->backup, &manifest, why, sizeof why), GONG_OK);
    assert_int_equal(
        gong_backup_put(&world->backup, 0, "gong", 4, why, sizeof why),
        GONG_OK);
    /* One that left off. */
    world->backup.sent = gong_mono_add(gong_mono_now(), gong_dur_s(-11));
    assert_int_equal(
        gong_backup_put(&world->backup, 0, "gong", 4, why, sizeof why),
        GONG_OK);

    (void)pthread_mutex_lock(&world->backup.lock);
    atomic_store(&world->backup.doing, GONG_BACKUP_RESTORING);
    assert_int_equal(gong_backup_restore(&world->backup, world->users,
                                         &restored, why, sizeof why),
                     GONG_ERR_AGAIN);
    assert_non_null(strstr(why, "another restore is running"));
    assert_int_equal(
        gong_backup_make(&world->backup, 5, &manifest, &size, why, sizeof why),
        GONG_ERR_AGAIN);
    assert_non_null(strstr(why, "another restore is running"));
    atomic_store(&world->backup.doing, GONG_BACKUP_MAKING);
    assert_int_equal(gong_backup_restore(&world->backup, world->users,
                                         &restored, why, sizeof why),
                     GONG_ERR_AGAIN);
    assert_non_null(strstr(why, "a backup is being made"));
    (void)pthread_mutex_unlock(&world->backup.lock);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, backup_world_setup,                  \
                                    backup_world_teardown)
        TEST(a_piece_names_its_backup),
        TEST(what_people_did_comes_back),
        TEST(what_was_sent_since_is_not_sent_again),
        TEST(a_wiped_desk_has_its_incidents_again),
        TEST(what_the_engine_does_not_hold_ends),
        TEST(damaged_files_change_nothing),
        TEST(a_newer_desk_is_refused),
        TEST(a_desk_that_cannot_be_restored_is_taken_out),
        TEST(messages_stand_still_and_go_on),
        TEST(a_full_disk_leaves_nothing),
        TEST(too_small_a_disk_is_told),
        TEST(nothing_is_no_backup),
        TEST(the_second_of_two_restores_is_told),
#undef TEST
    };

    failing_step_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
