/*
 * Whatever happens to a history in the middle of its work, what it holds is
 * what was committed: a disk that fails or is full at each of its steps, and
 * kill -9 at any moment.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/history/history_schema.h"
#include "agent/sql.h"
#include "common/clock.h"
#include "history_file_fixture.h"

#define KILLS   120
#define DEVICES 12

static const struct gong_history_limits no_limits = {0};

/* --- a disk that fails on order: between SQLite and its own layer --- */

static struct {
    long calls; /* that change the disk, so far */
    long syncs;
    long fail_from;
    long fail_count;
    int code;
} disk;

struct shim_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs shim_vfs;
static sqlite3_io_methods shim_methods;

static bool
fails_now(void)
{
    disk.calls++;
    return disk.fail_from > 0 && disk.calls >= disk.fail_from &&
           disk.calls < disk.fail_from + disk.fail_count;
}

static sqlite3_file *
real_of(sqlite3_file *file)
{
    struct shim_file *shim = (struct shim_file *)(void *)file;

    return shim->real;
}

static int
shim_close(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    int code = SQLITE_OK;

    if (real->pMethods != NULL) {
        code = real->pMethods->xClose(real);
    }
    free(real);
    return code;
}

static int
shim_read(sqlite3_file *file, void *to, int size, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), to, size, at);
}

static int
shim_write(sqlite3_file *file, const void *from, int size, sqlite3_int64 at)
{
    if (fails_now()) {
        /* Half of it may be there. */
        (void)real_of(file)->pMethods->xWrite(real_of(file), from, size / 2,
                                              at);
        return disk.code;
    }
    return real_of(file)->pMethods->xWrite(real_of(file), from, size, at);
}

static int
shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return fails_now()
               ? SQLITE_IOERR_TRUNCATE
               : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int
shim_sync(sqlite3_file *file, int flags)
{
    disk.syncs++;
    return fails_now() ? SQLITE_IOERR_FSYNC
                       : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int
shim_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int
shim_lock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xLock(real_of(file), lock);
}

static int
shim_unlock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}

static int
shim_reserved(sqlite3_file *file, int *reserved)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), reserved);
}

static int
shim_control(sqlite3_file *file, int what, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), what, arg);
}

static int
shim_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int
shim_device(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int
shim_shm_map(sqlite3_file *file, int page, int size, int extend,
             void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend,
                                            out);
}

static int
shim_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count,
                                             flags);
}

static void
shim_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int
shim_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static int
shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
          int *out_flags)
{
    struct shim_file *shim = (struct shim_file *)(void *)file;
    int code;

    (void)vfs;
    shim->base.pMethods = NULL;
    shim->real = calloc(1, (size_t)real_vfs->szOsFile);
    assert_non_null(shim->real);
    code = real_vfs->xOpen(real_vfs, name, shim->real, flags, out_flags);
    if (code != SQLITE_OK) {
        free(shim->real);
        return code;
    }
    shim->base.pMethods = &shim_methods;
    return SQLITE_OK;
}

static void
shim_install(void)
{
    shim_methods = (sqlite3_io_methods){
        .iVersion = 2,
        .xClose = shim_close,
        .xRead = shim_read,
        .xWrite = shim_write,
        .xTruncate = shim_truncate,
        .xSync = shim_sync,
        .xFileSize = shim_file_size,
        .xLock = shim_lock,
        .xUnlock = shim_unlock,
        .xCheckReservedLock = shim_reserved,
        .xFileControl = shim_control,
        .xSectorSize = shim_sector,
        .xDeviceCharacteristics = shim_device,
        .xShmMap = shim_shm_map,
        .xShmLock = shim_shm_lock,
        .xShmBarrier = shim_shm_barrier,
        .xShmUnmap = shim_shm_unmap,
    };
    real_vfs = sqlite3_vfs_find(NULL);
    assert_non_null(real_vfs);
    shim_vfs = *real_vfs;
    shim_vfs.zName = "failing";
    shim_vfs.szOsFile = (int)sizeof(struct shim_file);
    shim_vfs.xOpen = shim_open;
    assert_int_equal(sqlite3_vfs_register(&shim_vfs, 1), SQLITE_OK);
}

static int
faults_setup(void **state)
{
    memset(&disk, 0, sizeof disk);
    if (real_vfs == NULL) {
        shim_install();
    }
    return history_setup(state);
}

static void
disk_fails(long from, long count, int code)
{
    disk.calls = 0;
    disk.fail_from = from;
    disk.fail_count = count;
    disk.code = code;
}

static void
disk_works(void)
{
    disk.fail_from = 0;
}

/* --- the work: transaction n writes minute n of each device --- */

static enum gong_err
do_transaction(struct history_world *world, uint64_t n)
{
    struct gong_history_place place = {.journal = {.offset = n}};
    int64_t from = DAY_0 + (int64_t)(n - 1) * 10 * MINUTE_MS;
    enum gong_err err = gong_history_file_begin(world->file);

    (void)snprintf(place.rules, sizeof place.rules, "rules-%d", (int)(n % 10));
    for (int i = 0; i < DEVICES && err == GONG_OK; i++) {
        struct gong_sample samples[60];
        uint32_t series = history_series(world, "temp", i);

        for (int j = 0; j < 60; j++) {
            int64_t ms = from + j * 10000;

            samples[j] = (struct gong_sample){ms, history_value(series, ms)};
        }
        err = gong_history_file_put(world->file, series, samples, 60);
        if (err == GONG_OK) {
            err = gong_history_file_state(world->file, series, (double)n);
        }
    }
    if (err == GONG_OK) {
        return gong_history_file_commit(world->file, &place);
    }
    gong_history_file_rollback(world->file);
    return err;
}

struct states {
    size_t count;
    double value;
};

static void
check_state(void *ctx, uint32_t series, double value)
{
    struct states *states = ctx;

    (void)series;
    states->count++;
    assert_true(value == states->value);
}

/* The file holds transactions 1 .. n, of all devices. */
static void
check_all(struct history_world *world, uint64_t n)
{
    struct gong_history_place place;
    struct states states = {.value = (double)n};

    gong_history_file_place(world->file, &place);
    assert_int_equal(place.journal.offset, n);
    if (n == 0) {
        return;
    }
    assert_int_equal(place.rules[6], '0' + (int)(n % 10));
    for (int i = 0; i < DEVICES; i++) {
        history_check(world, history_series(world, "temp", i), DAY_0,
                      DAY_0 + (int64_t)n * 10 * MINUTE_MS, 10000);
    }
    assert_int_equal(
        gong_history_file_states(world->file, check_state, &states), GONG_OK);
    assert_int_equal(states.count, DEVICES);
}

static void
check_pages(const struct history_world *world)
{
    assert_int_equal(history_number(world->path,
                                    "SELECT integrity_check = 'ok'"
                                    " FROM pragma_integrity_check"),
                     1);
    assert_int_equal(
        history_number(world->path,
                       "SELECT count(*) FROM parts AS p WHERE rows <>"
                       " (SELECT count(*) FROM chunks WHERE id >> 32 = p.id) OR"
                       " bytes <> (SELECT sum(length(chunk)) FROM chunks"
                       " WHERE id >> 32 = p.id)"),
        0);
    assert_int_equal(
        history_number(world->path,
                       "SELECT count(*) FROM chunks WHERE id >> 32 NOT IN"
                       " (SELECT id FROM parts)"),
        0);
}

/* Each call that changes the disk fails in turn: of a transaction, and of what
 * tidying does after it. */
static void
fail_each(struct history_world *world, int code, long count)
{
    uint64_t n = 0;
    bool more = true;

    for (long at = 1; at < 400 && more; at++) {
        enum gong_err err;

        disk_fails(at, count, code);
        err = do_transaction(world, n + 1);
        more = disk.calls >= at;
        disk_works();
        if (err != GONG_OK) {
            assert_true(strncmp(gong_history_file_why(world->file), world->path,
                                strlen(world->path)) == 0);
            assert_true(err == GONG_ERR_NO_SPACE || err == GONG_ERR_IO);
            check_all(world, n);
            assert_int_equal(do_transaction(world, n + 1), GONG_OK);
        }
        n++;
        check_all(world, n);
    }
    assert_false(more);
    assert_true(n > 3);
    check_pages(world);
    history_reopen(world);
    check_all(world, n);
}

static void
test_disk_full_at_each_step(void **state)
{
    fail_each(*state, SQLITE_FULL, 1);
}

static void
test_disk_fails_at_each_step(void **state)
{
    fail_each(*state, SQLITE_IOERR_WRITE, 1);
}

static void
test_disk_stays_full_for_a_while(void **state)
{
    fail_each(*state, SQLITE_FULL, 1000);
}

/* Tidying on a disk that fails says the same before, after, and in the end. */
static void
test_tidying_on_a_failing_disk(void **state)
{
    struct history_world *world = *state;
    const int64_t now = DAY_0 + 3 * DAY_MS;
    long at = 1;
    int failures = 0;

    for (uint64_t n = 1; n <= 30; n++) {
        assert_int_equal(do_transaction(world, n), GONG_OK);
    }
    for (bool more = true; more; at++) {
        struct gong_history_tidied tidied = {0};

        disk_fails(1 + at % 61, 1, at % 2 == 0 ? SQLITE_FULL : SQLITE_IOERR);
        if (gong_history_tidy_step(world->file, &no_limits, now, &more,
                                   &tidied) != GONG_OK) {
            failures++;
            more = true;
        }
        disk_works();
        check_all(world, 30);
        assert_true(at < 1000);
    }
    assert_true(failures > 3);
    check_pages(world);
    for (uint32_t series = 1; series <= DEVICES; series++) {
        history_check_rollups(world, series, GONG_RESOLUTION_5M);
        history_check_rollups(world, series, GONG_RESOLUTION_1H);
    }
}

static void
test_no_room_for_new_series(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 77);

    disk_fails(1, 1000, SQLITE_FULL);
    assert_int_equal(gong_history_file_publish(world->file), GONG_ERR_NO_SPACE);
    disk_works();
    assert_int_equal(history_series(world, "temp", 77), series);
    assert_int_equal(history_number(world->path, "SELECT count(*) FROM series"),
                     0);
    assert_int_equal(gong_history_file_publish(world->file), GONG_OK);
    assert_int_equal(history_number(world->path, "SELECT count(*) FROM series"),
                     1);
    history_reopen(world);
    assert_int_equal(history_series(world, "temp", 77), series);
}

/* A commit is durable on return; what the next one makes durable too is not
 * waited for. */
static void
test_what_is_synced(void **state)
{
    struct history_world *world = *state;
    struct gong_history_tidied tidied = {0};
    bool more = true;

    for (uint64_t n = 1; n <= 3; n++) {
        disk.syncs = 0;
        assert_int_equal(do_transaction(world, n), GONG_OK);
        assert_true(disk.syncs >= 1);
        disk.syncs = 0;
        (void)history_series(world, "new", (int)n);
        assert_int_equal(gong_history_file_publish(world->file), GONG_OK);
        assert_int_equal(disk.syncs, 0);
    }
    assert_int_equal(gong_history_tidy_step(world->file, &no_limits,
                                            DAY_0 + DAY_MS, &more, &tidied),
                     GONG_OK);
    assert_true(tidied.compacted_rows > 0);
    assert_int_equal(disk.syncs, 0);
}

/* --- kill -9 --- */

/* Transactions and tidying by turns, from where the file stands. */
static _Noreturn void
live(const char *path, const struct gong_history_limits *limits)
{
    struct history_world world = {0};
    struct gong_history_place place;
    bool more;

    (void)snprintf(world.path, sizeof world.path, "%s", path);
    history_open(&world);
    gong_history_file_place(world.file, &place);
    for (uint64_t n = place.journal.offset + 1;; n++) {
        struct gong_history_tidied tidied = {0};
        int64_t now = DAY_0 + (int64_t)n * 10 * MINUTE_MS;

        if (do_transaction(&world, n) != GONG_OK) {
            _exit(1);
        }
        do {
            if (gong_history_tidy_step(world.file, limits, now, &more,
                                       &tidied) != GONG_OK) {
                _exit(2);
            }
        } while (more);
        (void)history_series(&world, "new", (int)n);
        if (gong_history_file_publish(world.file) != GONG_OK) {
            _exit(3);
        }
    }
}

static uint64_t
killed_after(struct history_world *world,
             const struct gong_history_limits *limits, int64_t us)
{
    struct gong_history_place place;
    pid_t pid;
    int status = 0;

    history_close(world);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        live(world->path, limits);
    }
    gong_clock_sleep((gong_dur_t){us * 1000});
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    history_open(world);
    gong_history_file_place(world->file, &place);
    return place.journal.offset;
}

/* A block and a half a kill or so at most: samples of the newest blocks, and
 * each tenth time of all. */
static void
test_kill_at_any_moment(void **state)
{
    struct history_world *world = *state;
    uint64_t last = 0;

    srand(11);
    for (int i = 0; i < KILLS; i++) {
        uint64_t n = killed_after(world, &no_limits, 500 + rand() % 40000);

        assert_true(n >= last);
        last = n;
        if (i % 8 == 0 || i == KILLS - 1) {
            check_all(world, n);
            check_pages(world);
        } else if (n > 0) {
            history_check(world, history_series(world, "temp", i % DEVICES),
                          DAY_0, DAY_0 + (int64_t)n * 10 * MINUTE_MS, 10000);
        }
    }
    while (last <= 12) { /* on a slow machine: one block at least */
        last = killed_after(world, &no_limits, 300000);
    }
    (void)history_tidy(world, &no_limits,
                       DAY_0 + (int64_t)last * 10 * MINUTE_MS + 3 * DAY_MS);
    check_all(world, last);
    for (int i = 0; i < DEVICES; i++) {
        uint32_t series = history_series(world, "temp", i);

        history_check_rollups(world, series, GONG_RESOLUTION_5M);
        history_check_rollups(world, series, GONG_RESOLUTION_1H);
    }
}

/* Blocks go by age meanwhile: of raw samples there is the end, all of it from
 * the beginning of a block on; roll-ups are those of all that ever was. */
static void
test_kill_while_blocks_go(void **state)
{
    const struct gong_history_limits limits = {.age_ms = {6 * HOUR_MS, 0, 0}};
    struct history_world *world = *state;
    struct gong_history_sizes sizes;
    uint64_t n = 0;
    int64_t end;

    srand(12);
    for (int i = 0; i < KILLS; i++) {
        uint32_t series;

        n = killed_after(world, &limits, 500 + rand() % 40000);
        if (n == 0) {
            continue;
        }
        gong_history_file_sizes(world->file, &sizes);
        end = DAY_0 + (int64_t)n * 10 * MINUTE_MS;
        assert_true(sizes.oldest_ms[0] <=
                    (end > DAY_0 + 6 * HOUR_MS ? end - 6 * HOUR_MS : DAY_0));
        series = history_series(world, "temp", i % DEVICES);
        history_check(world, series, sizes.oldest_ms[0], end, 10000);
    }
    while (n <= 60) { /* on a slow machine: some blocks went */
        n = killed_after(world, &limits, 300000);
    }
    end = DAY_0 + (int64_t)n * 10 * MINUTE_MS;
    (void)history_tidy(world, &limits, end + 3 * DAY_MS);
    check_pages(world);
    for (int i = 0; i < DEVICES; i++) {
        uint32_t series = history_series(world, "temp", i);

        history_check(world, series, 0, 0, 1);
        history_check_made(world, series, GONG_RESOLUTION_5M, DAY_0, end,
                           10000);
        history_check_made(world, series, GONG_RESOLUTION_1H, DAY_0, end,
                           10000);
    }
}

static _Noreturn void
make_again_and_again(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct history_world world = {0};
    char name[120];

    (void)snprintf(world.path, sizeof world.path, "%s", path);
    for (;;) {
        for (size_t i = 0; i < 3; i++) {
            (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
            (void)unlink(name);
        }
        history_open(&world);
        if (do_transaction(&world, 1) != GONG_OK) {
            _exit(1);
        }
        history_close(&world);
    }
}

/* A file that was killed while it was made is made, or was. */
static void
test_kill_while_it_is_made(void **state)
{
    struct history_world *world = *state;
    struct gong_history_place place;
    uint64_t last = 0; /* where no child came as far as to begin anew */

    srand(13);
    for (int i = 0; i < KILLS; i++) {
        pid_t pid;
        int status = 0;

        history_close(world);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            make_again_and_again(world->path);
        }
        gong_clock_sleep((gong_dur_t){(200 + rand() % 15000) * INT64_C(1000)});
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        history_open(world);
        gong_history_file_place(world->file, &place);
        assert_true(place.journal.offset <= 1 || place.journal.offset == last);
        last = place.journal.offset + 1;
        check_all(world, place.journal.offset);
        assert_int_equal(do_transaction(world, last), GONG_OK);
    }
}

int
main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, faults_setup, history_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_disk_full_at_each_step),
        TEST(test_disk_fails_at_each_step),
        TEST(test_disk_stays_full_for_a_while),
        TEST(test_tidying_on_a_failing_disk),
        TEST(test_no_room_for_new_series),
        TEST(test_what_is_synced),
        TEST(test_kill_at_any_moment),
        TEST(test_kill_while_blocks_go),
        TEST(test_kill_while_it_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
