#include "agent/users/users.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "agent/users/audit.h"

#define NOW INT64_C(1760000000000)

static const char password[] = "mot mat khau dai";

struct world {
    char dir[64];
    char path[96];
    struct gong_users *users;
};

static const struct gong_audit_by by = {"local:0", "local", NOW};

static void
open_users(struct world *world)
{
    char why[256] = "";

    if (gong_users_open(world->path, &world->users, why, sizeof why) !=
        GONG_OK) {
        fail_msg("%s", why);
    }
}

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    (void)snprintf(world->dir, sizeof world->dir, "/tmp/gong-users-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    (void)snprintf(world->path, sizeof world->path, "%s/users.db", world->dir);
    open_users(world);
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
add(struct world *world, const char *name, enum gong_role role,
    const char *unit)
{
    struct gong_user user = {.grants.count = 1};

    (void)snprintf(user.name, sizeof user.name, "%s", name);
    (void)snprintf(user.full_name, sizeof user.full_name, "Cán bộ %s", name);
    user.grants.items[0].role = role;
    (void)snprintf(user.grants.items[0].unit, GONG_GRANT_UNIT_SIZE, "%s", unit);
    assert_int_equal(
        gong_users_add(world->users, &user, gong_str_of(password), &by),
        GONG_OK);
}

static void
the_file_is_private(void **state)
{
    struct world *world = *state;
    struct stat status;

    assert_int_equal(stat(world->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    add(world, "lan", GONG_ROLE_VIEWER, "22015");
    {
        char wal[128];

        (void)snprintf(wal, sizeof wal, "%s-wal", world->path);
        assert_int_equal(stat(wal, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
}

static void
users_outlive_a_restart(void **state)
{
    struct world *world = *state;
    struct gong_user user;

    assert_false(gong_users_any(world->users));
    add(world, "lan", GONG_ROLE_OPERATOR, "22015");
    assert_true(gong_users_any(world->users));
    gong_users_close(world->users);
    open_users(world);
    assert_true(gong_users_any(world->users));
    assert_int_equal(gong_users_get(world->users, "lan", &user), GONG_OK);
    assert_string_equal(user.full_name, "Cán bộ lan");
    assert_int_equal(user.created_ms, NOW);
    assert_int_equal(user.grants.count, 1);
    assert_int_equal(user.grants.items[0].role, GONG_ROLE_OPERATOR);
    assert_string_equal(user.grants.items[0].unit, "22015");
    assert_int_equal(gong_users_get(world->users, "minh", &user),
                     GONG_ERR_NOT_FOUND);
}

static void
passwords(void **state)
{
    struct world *world = *state;
    struct gong_str other = gong_str_of("mot mat khau khac");
    struct gong_user_change change = {.password = &other};
    struct gong_user twice = {.name = "lan"};
    bool yes = true;

    add(world, "lan", GONG_ROLE_VIEWER, "22015");
    assert_int_equal(
        gong_users_check(world->users, "lan", gong_str_of(password)), GONG_OK);
    assert_int_equal(gong_users_check(world->users, "lan", other),
                     GONG_ERR_INVALID);
    assert_int_equal(
        gong_users_check(world->users, "lan", gong_str_from(NULL, 0)),
        GONG_ERR_INVALID);
    assert_int_equal(
        gong_users_check(world->users, "minh", gong_str_of(password)),
        GONG_ERR_INVALID);
    assert_int_equal(
        gong_users_add(world->users, &twice, gong_str_of(password), &by),
        GONG_ERR_INVALID);
    assert_int_equal(gong_users_add(world->users,
                                    &(struct gong_user){.name = "Minh"},
                                    gong_str_of(password), &by),
                     GONG_ERR_INVALID);
    assert_int_equal(gong_users_add(world->users,
                                    &(struct gong_user){.name = "minh"},
                                    gong_str_of("ngan"), &by),
                     GONG_ERR_INVALID);
    assert_int_equal(gong_users_change(world->users, "lan", &change, &by),
                     GONG_OK);
    assert_int_equal(gong_users_check(world->users, "lan", other), GONG_OK);
    change = (struct gong_user_change){.disabled = &yes};
    assert_int_equal(gong_users_change(world->users, "lan", &change, &by),
                     GONG_OK);
    assert_int_equal(gong_users_check(world->users, "lan", other),
                     GONG_ERR_INVALID);
    assert_int_equal(gong_users_change(world->users, "ai", &change, &by),
                     GONG_ERR_NOT_FOUND);
}

/* Neither a password nor a token stands in the file. */
static void
no_secret_is_kept(void **state)
{
    struct world *world = *state;
    char session[GONG_USER_TOKEN_SIZE], text[GONG_USER_TOKEN_SIZE];
    struct gong_token token = {.user = "lan",
                               .name = "bang",
                               .grant = {GONG_ROLE_VIEWER, "22015"},
                               .expires_ms = NOW + 1000};
    int64_t id;
    char *bytes;
    FILE *file;
    size_t len = 0;

    add(world, "lan", GONG_ROLE_VIEWER, "22015");
    assert_int_equal(gong_session_open(world->users, "lan", true, &by, session),
                     GONG_OK);
    assert_int_equal(gong_token_add(world->users, &token, &by, &id, text),
                     GONG_OK);
    gong_users_close(world->users);
    world->users = NULL;
    bytes = calloc(1, 1 << 20);
    assert_non_null(bytes);
    file = fopen(world->path, "rb");
    assert_non_null(file);
    len = fread(bytes, 1, 1 << 20, file);
    (void)fclose(file);
    assert_true(len > 4096);
    for (size_t i = 0; i + 47 < len; i++) {
        assert_true(memcmp(bytes + i, password, strlen(password)) != 0);
        assert_true(memcmp(bytes + i, session, strlen(session)) != 0);
        assert_true(memcmp(bytes + i, text, strlen(text)) != 0);
    }
    free(bytes);
}

static enum gong_err
find(struct world *world, const char *token, bool cookie, int64_t at)
{
    struct gong_principal principal;

    return gong_users_find(world->users, gong_str_of(token), cookie, at,
                           &principal);
}

static void
sessions_end_by_idleness_and_by_age(void **state)
{
    struct world *world = *state;
    char token[GONG_USER_TOKEN_SIZE];
    int64_t at = NOW;

    add(world, "lan", GONG_ROLE_VIEWER, "22015");
    assert_int_equal(gong_session_open(world->users, "lan", true, &by, token),
                     GONG_OK);
    assert_int_equal(find(world, token, true, NOW), GONG_OK);
    /* Not as bearer, and nothing near it. */
    assert_int_equal(find(world, token, false, NOW), GONG_ERR_NOT_FOUND);
    assert_int_equal(find(world, "gs_", true, NOW), GONG_ERR_NOT_FOUND);
    assert_int_equal(find(world, "", true, NOW), GONG_ERR_NOT_FOUND);
    /* Each request keeps it awake, but never past its life. */
    for (; at < NOW + GONG_SESSION_LIFE_MS; at += GONG_SESSION_IDLE_MS / 2) {
        assert_int_equal(find(world, token, true, at), GONG_OK);
    }
    assert_int_equal(find(world, token, true, at), GONG_ERR_NOT_FOUND);
    assert_int_equal(gong_session_open(world->users, "lan", true, &by, token),
                     GONG_OK);
    assert_int_equal(find(world, token, true, NOW + GONG_SESSION_IDLE_MS + 1),
                     GONG_ERR_NOT_FOUND);
}

static void
a_logout_a_new_password_and_a_disabled_user_end_sessions(void **state)
{
    struct world *world = *state;
    struct gong_principal principal;
    char token[GONG_USER_TOKEN_SIZE];
    struct gong_str other = gong_str_of("mot mat khau khac");
    struct gong_user_change change = {.password = &other};
    bool yes = true;

    add(world, "lan", GONG_ROLE_VIEWER, "22015");
    assert_int_equal(gong_session_open(world->users, "lan", false, &by, token),
                     GONG_OK);
    assert_int_equal(gong_users_find(world->users, gong_str_of(token), false,
                                     NOW, &principal),
                     GONG_OK);
    assert_int_equal(principal.kind, GONG_PRINCIPAL_SESSION);
    assert_int_equal(gong_session_close(world->users, &principal, &by),
                     GONG_OK);
    assert_int_equal(find(world, token, false, NOW), GONG_ERR_NOT_FOUND);
    assert_int_equal(gong_session_open(world->users, "lan", false, &by, token),
                     GONG_OK);
    assert_int_equal(gong_users_change(world->users, "lan", &change, &by),
                     GONG_OK);
    assert_int_equal(find(world, token, false, NOW), GONG_ERR_NOT_FOUND);
    assert_int_equal(gong_session_open(world->users, "lan", false, &by, token),
                     GONG_OK);
    change = (struct gong_user_change){.disabled = &yes};
    assert_int_equal(gong_users_change(world->users, "lan", &change, &by),
                     GONG_OK);
    assert_int_equal(find(world, token, false, NOW), GONG_ERR_NOT_FOUND);
}

static void
sessions_of_a_user_are_bounded(void **state)
{
    struct world *world = *state;
    char first[GONG_USER_TOKEN_SIZE], token[GONG_USER_TOKEN_SIZE];

    add(world, "lan", GONG_ROLE_VIEWER, "22015");
    assert_int_equal(gong_session_open(world->users, "lan", false, &by, first),
                     GONG_OK);
    for (int64_t i = 1; i <= GONG_USER_SESSIONS_MAX; i++) {
        struct gong_audit_by later = {"lan", "local", NOW + i};

        assert_int_equal(
            gong_session_open(world->users, "lan", false, &later, token),
            GONG_OK);
    }
    assert_int_equal(find(world, first, false, NOW + 100), GONG_ERR_NOT_FOUND);
    assert_int_equal(find(world, token, false, NOW + 100), GONG_OK);
}

static bool
under(void *ctx, struct gong_str unit, struct gong_str root)
{
    (void)ctx;
    return gong_str_equal(unit, root) || gong_str_is(root, "66");
}

/* A token may what it was given and what its owner may now. */
static void
a_token_never_outgrows_its_owner(void **state)
{
    static const struct gong_grant_tree tree = {under, NULL, NULL};
    struct world *world = *state;
    struct gong_principal principal;
    struct gong_grants fewer = {.count = 1,
                                .items = {{GONG_ROLE_VIEWER, "66"}}};
    struct gong_user_change change = {.grants = &fewer};
    struct gong_token token = {.user = "lan",
                               .name = "bang",
                               .grant = {GONG_ROLE_OPERATOR, "22015"},
                               .expires_ms = NOW + 1000};
    char text[GONG_USER_TOKEN_SIZE];
    int64_t id;

    add(world, "lan", GONG_ROLE_ENGINEER, "66");
    assert_int_equal(gong_token_add(world->users, &token, &by, &id, text),
                     GONG_OK);
    assert_int_equal(gong_users_find(world->users, gong_str_of(text), false,
                                     NOW, &principal),
                     GONG_OK);
    assert_true(gong_principal_may(&principal, &tree, GONG_ACTION_ACT,
                                   gong_str_of("22015")));
    assert_false(gong_principal_may(&principal, &tree, GONG_ACTION_ACT,
                                    gong_str_of("22018")));
    assert_false(gong_principal_may(&principal, &tree, GONG_ACTION_RULES,
                                    gong_str_of("22015")));
    assert_int_equal(gong_users_change(world->users, "lan", &change, &by),
                     GONG_OK);
    assert_int_equal(gong_users_find(world->users, gong_str_of(text), false,
                                     NOW, &principal),
                     GONG_OK);
    assert_false(gong_principal_may(&principal, &tree, GONG_ACTION_ACT,
                                    gong_str_of("22015")));
    assert_true(gong_principal_may(&principal, &tree, GONG_ACTION_READ,
                                   gong_str_of("22015")));
    assert_false(gong_principal_may(&principal, &tree, GONG_ACTION_READ,
                                    gong_str_of("22018")));
}

static void
tokens_expire_and_are_removed(void **state)
{
    struct world *world = *state;
    struct gong_token token = {.user = "lan",
                               .name = "bang",
                               .grant = {GONG_ROLE_VIEWER, "22015"},
                               .expires_ms = NOW + 1000};
    char text[GONG_USER_TOKEN_SIZE];
    int64_t id;

    add(world, "lan", GONG_ROLE_VIEWER, "22015");
    assert_int_equal(gong_token_add(world->users, &token, &by, &id, text),
                     GONG_OK);
    assert_int_equal(find(world, text, false, NOW + 999), GONG_OK);
    assert_int_equal(find(world, text, true, NOW), GONG_ERR_NOT_FOUND);
    assert_int_equal(find(world, text, false, NOW + 1000), GONG_ERR_NOT_FOUND);
    assert_int_equal(gong_token_remove(world->users, id, "minh", &by),
                     GONG_ERR_NOT_FOUND);
    assert_int_equal(gong_token_remove(world->users, id, "lan", &by), GONG_OK);
    assert_int_equal(find(world, text, false, NOW), GONG_ERR_NOT_FOUND);
    token.expires_ms = NOW;
    assert_int_equal(gong_token_add(world->users, &token, &by, &id, text),
                     GONG_ERR_INVALID);
    token.expires_ms = NOW + 1;
    for (int i = 0; i < GONG_USER_TOKENS_MAX; i++) {
        assert_int_equal(gong_token_add(world->users, &token, &by, &id, text),
                         GONG_OK);
    }
    assert_int_equal(gong_token_add(world->users, &token, &by, &id, text),
                     GONG_ERR_TOO_LARGE);
    assert_int_equal(gong_users_remove(world->users, "lan", &by), GONG_OK);
    assert_int_equal(find(world, text, false, NOW), GONG_ERR_NOT_FOUND);
    assert_int_equal(gong_users_remove(world->users, "lan", &by),
                     GONG_ERR_NOT_FOUND);
    /* What a login guarded stays guarded. */
    assert_true(gong_users_any(world->users));
    gong_users_close(world->users);
    open_users(world);
    assert_true(gong_users_any(world->users));
}

static void
a_new_password_removes_tokens(void **state)
{
    struct world *world = *state;
    struct gong_str other = gong_str_of("mot mat khau khac");
    int64_t removed = 0;
    struct gong_user_change change = {.password = &other,
                                      .tokens_removed = &removed};
    struct gong_token token = {.user = "lan",
                               .name = "bang",
                               .grant = {GONG_ROLE_VIEWER, "22015"},
                               .expires_ms = NOW + 1000};
    char text[GONG_USER_TOKEN_SIZE];
    int64_t id;

    add(world, "lan", GONG_ROLE_VIEWER, "22015");
    assert_int_equal(gong_token_add(world->users, &token, &by, &id, text),
                     GONG_OK);
    assert_int_equal(gong_users_change(world->users, "lan", &change, &by),
                     GONG_OK);
    assert_int_equal(removed, 1);
    assert_int_equal(find(world, text, false, NOW), GONG_ERR_NOT_FOUND);
}

static void
the_last_admin_stays(void **state)
{
    struct world *world = *state;
    bool yes = true, no = false;
    struct gong_grants fewer = {.count = 1, .items = {{GONG_ROLE_ADMIN, "66"}}};
    struct gong_user_change disable = {.disabled = &yes};
    struct gong_user_change enable = {.disabled = &no};
    struct gong_user_change demote = {.grants = &fewer};

    add(world, "lan", GONG_ROLE_ADMIN, "*");
    add(world, "minh", GONG_ROLE_ADMIN, "*");
    assert_int_equal(gong_users_change(world->users, "minh", &disable, &by),
                     GONG_OK);
    assert_int_equal(gong_users_remove(world->users, "lan", &by),
                     GONG_ERR_INVALID);
    assert_int_equal(gong_users_change(world->users, "lan", &disable, &by),
                     GONG_ERR_INVALID);
    assert_int_equal(gong_users_change(world->users, "lan", &demote, &by),
                     GONG_ERR_INVALID);
    assert_int_equal(gong_users_change(world->users, "minh", &enable, &by),
                     GONG_OK);
    assert_int_equal(gong_users_remove(world->users, "lan", &by), GONG_OK);
    assert_int_equal(gong_users_remove(world->users, "minh", &by),
                     GONG_ERR_INVALID);
}

/* What cannot be read is neither a wrong password nor an open door. */
static void
a_broken_file_is_no_wrong_password(void **state)
{
    struct world *world = *state;
    struct gong_users *again;
    sqlite3 *db = NULL;
    char why[256] = "";

    add(world, "lan", GONG_ROLE_VIEWER, "22015");
    assert_int_equal(sqlite3_open(world->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA foreign_keys = OFF;"
                                  "ALTER TABLE users RENAME TO others;",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    (void)sqlite3_close(db);
    assert_int_equal(
        gong_users_check(world->users, "lan", gong_str_of(password)),
        GONG_ERR_IO);
    assert_int_not_equal(gong_users_open(world->path, &again, why, sizeof why),
                         GONG_OK);
    assert_null(again);
    assert_true(why[0] != '\0');
}

static void
what_is_no_such_file_is_refused(void **state)
{
    struct world *world = *state;
    struct gong_users *other;
    char path[96], why[256] = "";
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/other.db", world->dir);
    file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 500; i++) {
        (void)fputs("this is no database ", file);
    }
    (void)fclose(file);
    assert_int_equal(gong_users_open(path, &other, why, sizeof why),
                     GONG_ERR_CORRUPT);
    assert_null(other);
    assert_true(why[0] != '\0');
    (void)unlink(path);
    assert_int_not_equal(
        gong_users_open("/nowhere/users.db", &other, why, sizeof why), GONG_OK);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_file_is_private),
        T(users_outlive_a_restart),
        T(passwords),
        T(no_secret_is_kept),
        T(sessions_end_by_idleness_and_by_age),
        T(a_logout_a_new_password_and_a_disabled_user_end_sessions),
        T(sessions_of_a_user_are_bounded),
        T(a_token_never_outgrows_its_owner),
        T(tokens_expire_and_are_removed),
        T(a_new_password_removes_tokens),
        T(the_last_admin_stays),
        T(a_broken_file_is_no_wrong_password),
        T(what_is_no_such_file_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
