#include "backup_fixture.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct gong_audit_by by = {"local:0", "local", 1};

void
backup_world_start(struct backup_world *world)
{
    desk_life_open(&world->life);
    desk_life_start(&world->life);
    world->backup.state_dir = world->life.files.dir;
    world->backup.desk = world->life.desk;
    world->backup.outbox = world->life.outbox;
}

static void
begin(struct backup_world *world)
{
    char why[256];

    (void)snprintf(world->users_path, sizeof world->users_path, "%s/users.db",
                   world->life.files.dir);
    if (gong_users_open(world->users_path, &world->users, why, sizeof why) !=
        GONG_OK) {
        fail_msg("%s", why);
    }
    gong_backup_init(&world->backup);
    (void)snprintf(world->folder, sizeof world->folder, "%s/backup",
                   world->life.files.dir);
    (void)snprintf(world->given, sizeof world->given, "%s/restore",
                   world->folder);
    backup_world_start(world);
}

int
backup_world_setup(void **state)
{
    struct backup_world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    planned_init(&world->planned, "");
    desk_life_init(&world->life, &planned_kind, &world->planned);
    begin(world);
    *state = world;
    return 0;
}

void
backup_world_begin_in(struct backup_world *world, const char *dir)
{
    planned_init(&world->planned, "");
    desk_life_init_in(&world->life, dir, &planned_kind, &world->planned);
    begin(world);
}

static void
remove_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[512];

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        (void)unlink(path);
    }
    if (dir != NULL) {
        (void)closedir(dir);
        assert_int_equal(rmdir(folder), 0);
    }
}

int
backup_world_teardown(void **state)
{
    struct backup_world *world = *state;

    desk_life_stop(&world->life);
    gong_users_close(world->users);
    gong_backup_fini(&world->backup);
    remove_folder(world->folder);
    desk_life_fini(&world->life);
    free(world);
    return 0;
}

void
backup_world_look_away(struct backup_world *world)
{
    (void)sqlite3_close(world->life.files.handle);
    world->life.files.handle = NULL;
}

void
backup_world_look(struct backup_world *world)
{
    struct desk_files *files = &world->life.files;

    if (files->handle == NULL) {
        assert_int_equal(sqlite3_open(files->path, &files->handle), SQLITE_OK);
        (void)sqlite3_busy_timeout(files->handle, 5000);
    }
}

void
backup_world_add_user(struct backup_world *world, const char *name)
{
    struct gong_user user = {.grants.count = 1};

    user.grants.items[0].role = GONG_ROLE_VIEWER;
    (void)snprintf(user.grants.items[0].unit, GONG_GRANT_UNIT_SIZE, "*");
    (void)snprintf(user.name, sizeof user.name, "%s", name);
    assert_int_equal(gong_users_add(world->users, &user,
                                    gong_str_of("mot mat khau dai"), &by),
                     GONG_OK);
}

bool
backup_world_has_user(struct backup_world *world, const char *name)
{
    struct gong_user user;

    return gong_users_get(world->users, name, &user) == GONG_OK;
}

struct gong_backup_manifest
backup_world_make(struct backup_world *world)
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

void
backup_world_send_back(struct backup_world *world)
{
    char bytes[30000], why[512], id[GONG_BACKUP_SHA_SIZE];
    uint64_t offset = 0;
    size_t len;

    world->backup.sending = false; /* who sent before has left off */
    do {
        len = sizeof bytes;
        assert_int_equal(
            gong_backup_get(&world->backup, offset, bytes, &len, id), GONG_OK);
        if (len > 0) {
            assert_int_equal(gong_backup_put(&world->backup, offset, bytes, len,
                                             why, sizeof why),
                             GONG_OK);
        }
        offset += len;
    } while (len > 0);
}

enum gong_err
backup_world_try(struct backup_world *world, struct gong_restored *out,
                 char *why, size_t why_size)
{
    enum gong_err err;

    backup_world_look_away(world);
    err = gong_backup_restore(&world->backup, world->users, out, why, why_size);
    backup_world_look(world);
    return err;
}

struct gong_restored
backup_world_restore(struct backup_world *world)
{
    struct gong_restored restored;
    char why[512];

    if (backup_world_try(world, &restored, why, sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    return restored;
}

void
backup_world_refused(struct backup_world *world, enum gong_err expected,
                     const char *reason)
{
    struct gong_restored restored;
    char why[512];

    assert_int_equal(backup_world_try(world, &restored, why, sizeof why),
                     expected);
    if (strstr(why, reason) == NULL) {
        fail_msg("\"%s\" is not in: %s", reason, why);
    }
    assert_false(restored.desk || restored.users);
}

size_t
backup_world_files(const char *folder, const char *part)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    size_t count = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        count += entry->d_name[0] != '.' && strstr(entry->d_name, part) != NULL;
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return count;
}
