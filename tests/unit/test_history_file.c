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

#include "agent/sql.h"
#include "history_file_fixture.h"

#define RAW_MS (2 * HOUR_MS)

/* --- what is put is there --- */

static void
test_samples_of_many_blocks(void **state)
{
    struct history_world *world = *state;
    uint32_t a = history_series(world, "temp", 1);
    uint32_t b = history_series(world, "temp", 2);

    assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
    history_put(world, a, DAY_0 - 5 * HOUR_MS, DAY_0 + DAY_MS, 60000);
    history_put(world, b, DAY_0 - 60000, DAY_0 + 60000, 7000);
    history_commit(world, 5);
    history_check(world, a, DAY_0 - 5 * HOUR_MS, DAY_0 + DAY_MS, 60000);
    history_check(world, b, DAY_0 - 60000, DAY_0 + 60000, 7000);
    history_reopen(world);
    history_check(world, a, DAY_0 - 5 * HOUR_MS, DAY_0 + DAY_MS, 60000);
    /* a: 5 hours before and 12 blocks behind; b is in two of the same */
    assert_int_equal(history_number(world->path, "SELECT count(*) FROM parts"),
                     15);
    assert_int_equal(
        history_number(world->path, "SELECT first FROM spans WHERE series = 1"),
        (DAY_0 - 5 * HOUR_MS) / RAW_MS);
    assert_int_equal(
        history_number(world->path, "SELECT last FROM spans WHERE series = 1"),
        DAY_0 / RAW_MS + 11);
}

static void
test_special_values(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);
    struct gong_sample put[] = {{DAY_0, 1.5},
                                {DAY_0 + 1, gong_stale_nan()},
                                {DAY_0 + 2, -0.0},
                                {GONG_HISTORY_MS_MAX, 1e300}};
    struct gong_samples got = {0};

    assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
    assert_int_equal(gong_history_file_put(world->file, series, put, 4),
                     GONG_OK);
    history_commit(world, 1);
    history_samples(world->path, series, &got);
    assert_int_equal(got.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(got.data[i].ms, put[i].ms);
        assert_memory_equal(&got.data[i].value, &put[i].value, sizeof(double));
    }
    gong_samples_fini(&got);
}

static void
test_what_is_refused(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);
    const struct gong_sample backwards[] = {{DAY_0 + 1, 1}, {DAY_0, 1}};
    const struct gong_sample twice[] = {{DAY_0, 1}, {DAY_0, 1}};
    const struct gong_sample early = {-1, 1};
    const struct gong_sample late = {GONG_HISTORY_MS_MAX + 1, 1};
    const struct gong_sample good = {DAY_0, 1};
    const struct {
        uint32_t series;
        const struct gong_sample *samples;
        size_t count;
    } cases[] = {
        {series, backwards, 2}, {series, twice, 2}, {series, &early, 1},
        {series, &late, 1},     {series, &good, 0}, {99, &good, 1},
        {0, &good, 1},
    };
    struct gong_history_place place = {0};

    assert_int_equal(gong_history_file_put(world->file, series, &good, 1),
                     GONG_ERR_INVALID);
    assert_int_equal(gong_history_file_commit(world->file, &place),
                     GONG_ERR_INVALID);
    assert_int_equal(gong_history_file_state(world->file, series, 1),
                     GONG_ERR_INVALID);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
        assert_int_equal(gong_history_file_begin(world->file),
                         GONG_ERR_INVALID);
        assert_int_equal(gong_history_file_put(world->file, cases[i].series,
                                               cases[i].samples,
                                               cases[i].count),
                         GONG_ERR_INVALID);
        /* It is over, whatever comes. */
        assert_int_equal(gong_history_file_put(world->file, series, &good, 1),
                         GONG_ERR_INVALID);
        assert_int_equal(gong_history_file_commit(world->file, &place),
                         GONG_ERR_INVALID);
    }
    assert_int_equal(history_number(world->path, "SELECT count(*) FROM chunks"),
                     0);
    history_write(world, series, DAY_0, DAY_0 + 1000, 100);
    history_check(world, series, DAY_0, DAY_0 + 1000, 100);
}

static void
test_undone_is_undone(void **state)
{
    struct history_world *world = *state;
    uint32_t a = history_series(world, "temp", 1);
    uint32_t b;

    history_write(world, a, DAY_0, DAY_0 + 1000, 100);
    assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
    b = history_series(world, "temp", 2);
    history_put(world, a, DAY_0 + 1000, DAY_0 + 2000, 100);
    history_put(world, b, DAY_0 + 1000, DAY_0 + 2000, 100);
    gong_history_file_rollback(world->file);
    history_check(world, a, DAY_0, DAY_0 + 1000, 100);
    /* A number that was given out holds. */
    history_write(world, b, DAY_0 + 1000, DAY_0 + 2000, 100);
    history_check(world, b, DAY_0 + 1000, DAY_0 + 2000, 100);
    assert_int_equal(history_series(world, "temp", 2), b);
    history_reopen(world);
    assert_int_equal(history_series(world, "temp", 2), b);
}

/* --- series --- */

static void
test_numbers_of_series(void **state)
{
    struct history_world *world = *state;
    uint32_t numbers[1000];

    for (int i = 0; i < 1000; i++) {
        numbers[i] = history_series(world, "temp", i);
        assert_true(numbers[i] > 0);
        assert_true(i == 0 || numbers[i] == numbers[i - 1] + 1);
        if (i == 500) {
            assert_int_equal(gong_history_file_publish(world->file), GONG_OK);
        }
    }
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(history_series(world, "temp", i), numbers[i]);
    }
    assert_int_equal(history_number(world->path, "SELECT count(*) FROM series"),
                     501);
    assert_int_equal(gong_history_file_publish(world->file), GONG_OK);
    assert_int_equal(history_number(world->path, "SELECT count(*) FROM series"),
                     1000);
    assert_int_equal(history_number(world->path, "SELECT count(*) FROM labels"),
                     1002);
    assert_int_equal(
        history_number(world->path,
                       "SELECT count(*) FROM label_series WHERE label ="
                       " (SELECT id FROM labels WHERE name = 'site' AND"
                       " value = '22015')"),
        1000);
    history_reopen(world);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(history_series(world, "temp", i), numbers[i]);
    }
    assert_int_equal(history_series(world, "temp", 1000), numbers[999] + 1);
}

static void
test_labels_of_any_bytes(void **state)
{
    static const struct gong_label_view sets[][2] = {
        {{{"a", 1}, {"x\0y", 3}}, {{"b", 1}, {"\xff\xfe", 2}}},
        {{{"a", 1}, {"x\0z", 3}}, {{"b", 1}, {"\xff\xfe", 2}}},
        {{{"a", 1}, {"x", 1}}, {{"b", 1}, {"'; DROP TABLE series", 20}}},
    };
    struct history_world *world = *state;
    uint32_t numbers[3];

    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < 3; i++) {
            uint32_t series;

            assert_int_equal(
                gong_history_file_series(world->file, sets[i], 2, &series),
                GONG_OK);
            assert_true(again == 0 || numbers[i] == series);
            numbers[i] = series;
        }
        assert_int_equal(gong_history_file_publish(world->file), GONG_OK);
        history_reopen(world);
    }
    assert_true(numbers[0] != numbers[1]);
    assert_int_equal(history_number(world->path, "SELECT count(*) FROM labels"),
                     5);
}

/* Too many labels take nothing with them. */
static void
test_too_many_labels(void **state)
{
    struct history_world *world = *state;
    struct gong_label_view labels[GONG_LABELSET_MAX + 1];
    char names[GONG_LABELSET_MAX + 1][4];
    uint32_t series = history_series(world, "temp", 1);
    uint32_t refused;

    for (int i = 0; i <= GONG_LABELSET_MAX; i++) {
        (void)snprintf(names[i], sizeof names[i], "a%c%c", 'a' + i / 26,
                       'a' + i % 26);
        labels[i] =
            (struct gong_label_view){gong_str_of(names[i]), gong_str_of("x")};
    }
    assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
    assert_int_equal(gong_history_file_series(world->file, labels,
                                              GONG_LABELSET_MAX + 1, &refused),
                     GONG_ERR_TOO_LARGE);
    assert_non_null(strstr(gong_history_file_why(world->file), world->path));
    assert_int_equal(gong_history_file_series(world->file, labels,
                                              GONG_LABELSET_MAX, &refused),
                     GONG_OK);
    history_put(world, series, DAY_0, DAY_0 + 1000, 100);
    history_commit(world, 1);
    history_check(world, series, DAY_0, DAY_0 + 1000, 100);
}

/* --- the place and the states --- */

static void
count_state(void *ctx, uint32_t series, double value)
{
    double *values = ctx;

    assert_true(series < 10);
    values[series] = value;
}

static void
test_place_and_states(void **state)
{
    struct history_world *world = *state;
    struct gong_history_place place = {
        .journal = {.id = {1, 2, 255}, .generation = 3, .offset = UINT64_MAX},
        .effects = {.id = {9}, .generation = UINT32_MAX, .offset = 4}};
    struct gong_history_place got;
    double values[10] = {0};
    uint32_t a = history_series(world, "param_a", 1);
    uint32_t b = history_series(world, "param_b", 1);

    memset(place.rules, 'f', 64);
    gong_history_file_place(world->file, &got);
    assert_int_equal(got.journal.offset, 0);
    assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
    assert_int_equal(gong_history_file_state(world->file, a, 1.25), GONG_OK);
    assert_int_equal(gong_history_file_state(world->file, b, 7), GONG_OK);
    assert_int_equal(gong_history_file_commit(world->file, &place), GONG_OK);
    history_reopen(world);
    gong_history_file_place(world->file, &got);
    assert_memory_equal(&got.journal.id, &place.journal.id, 16);
    assert_int_equal(got.journal.generation, 3);
    assert_true(got.journal.offset == UINT64_MAX);
    assert_memory_equal(&got.effects.id, &place.effects.id, 16);
    assert_int_equal(got.effects.generation, UINT32_MAX);
    assert_int_equal(got.effects.offset, 4);
    assert_string_equal(got.rules, place.rules);
    assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
    assert_int_equal(gong_history_file_state(world->file, a, gong_stale_nan()),
                     GONG_OK);
    assert_int_equal(gong_history_file_state(world->file, b, 8), GONG_OK);
    history_commit(world, 1);
    assert_int_equal(gong_history_file_states(world->file, count_state, values),
                     GONG_OK);
    assert_true(values[a] == 0);
    assert_true(values[b] == 8);
}

static void
test_sizes(void **state)
{
    struct history_world *world = *state;
    struct gong_history_sizes sizes;
    struct stat st;

    gong_history_file_sizes(world->file, &sizes);
    assert_int_equal(sizes.rows[0], 0);
    assert_int_equal(sizes.oldest_ms[0], 0);
    for (int i = 0; i < 50; i++) {
        history_write(world, history_series(world, "temp", i), DAY_0,
                      DAY_0 + 4 * HOUR_MS, 10000);
    }
    gong_history_file_sizes(world->file, &sizes);
    assert_int_equal(sizes.series, 50);
    assert_int_equal(sizes.rows[0], 100);
    assert_int_equal(sizes.oldest_ms[0], DAY_0);
    history_close(world);
    assert_int_equal(stat(world->path, &st), 0);
    assert_int_equal(sizes.bytes, st.st_size);
    assert_int_equal(st.st_mode & 0777, 0600);
    history_open(world);
    gong_history_file_sizes(world->file, &sizes);
    assert_int_equal(sizes.series, 50);
}

/* Ten days of noise with four digits, a chunk of 720 samples a block, and all
 * that belongs to them: labels, roll-ups, free space in pages. */
static void
test_three_bytes_a_sample(void **state)
{
    struct history_world *world = *state;
    const struct gong_history_limits limits = {0};
    struct stat st;
    uint64_t samples = 0;
    double bytes;

    for (int i = 0; i < 40; i++) {
        (void)history_series(world, "temp", i);
    }
    for (int64_t at = DAY_0; at < DAY_0 + 2 * DAY_MS; at += 10 * MINUTE_MS) {
        assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
        for (uint32_t series = 1; series <= 40; series++) {
            history_put(world, series, at, at + 10 * MINUTE_MS, 10000);
            samples += 60;
        }
        history_commit(world, 1);
        (void)history_tidy(world, &limits, at + 10 * MINUTE_MS);
    }
    (void)history_tidy(world, &limits, DAY_0 + 4 * DAY_MS);
    history_close(world);
    assert_int_equal(stat(world->path, &st), 0);
    history_open(world);
    bytes = (double)st.st_size / (double)samples;
    print_message("%.2f bytes a sample\n", bytes);
    assert_true(bytes < 3);
}

/* --- files that are no history, or a damaged one --- */

static void
write_file(const char *path, const void *bytes, size_t len)
{
    FILE *out = fopen(path, "wb");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
}

static enum gong_err
try_open(struct history_world *world)
{
    enum gong_err err;

    world->why[0] = '\0';
    err = gong_history_file_open(world->path, &world->file, world->why,
                                 sizeof world->why);
    if (err != GONG_OK) {
        assert_null(world->file);
        assert_true(strncmp(world->why, world->path, strlen(world->path)) == 0);
    }
    return err;
}

static void
run_sql(const char *path, const char *sql)
{
    sqlite3 *handle;

    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(handle);
}

static void
test_files_that_are_no_history(void **state)
{
    static const struct {
        const char *sql;
        enum gong_err err;
        const char *says;
    } cases[] = {
        {"PRAGMA user_version = 2", GONG_ERR_UNSUPPORTED,
         "its version is 2, this program knows 1"},
        {"PRAGMA user_version = 0", GONG_ERR_CORRUPT, "version is 0"},
        {"PRAGMA application_id = 5", GONG_ERR_CORRUPT,
         "a database of something else"},
        {"DROP TABLE chunks", GONG_ERR_CORRUPT, "no such table"},
        {"ALTER TABLE parts DROP COLUMN bytes", GONG_ERR_CORRUPT, "bytes"},
        {"DELETE FROM meta WHERE name = 'hash 1'", GONG_ERR_CORRUPT, ""},
        {"DELETE FROM meta WHERE name = 'series'", GONG_ERR_CORRUPT, ""},
        {"UPDATE meta SET value = 0 WHERE name = 'part'", GONG_ERR_CORRUPT, ""},
        {"UPDATE parts SET block = 9223372036854775807", GONG_ERR_CORRUPT, ""},
        {"UPDATE parts SET block = -1", GONG_ERR_CORRUPT, ""},
        {"UPDATE meta SET value = x'00' WHERE name = 'place'", GONG_ERR_CORRUPT,
         ""},
    };
    static const char text[] =
        "this is a text, of more than a hundred bytes, which is the least that "
        "SQLite looks at in the beginning of a file before it says a word";
    struct history_world *world = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        history_write(world, history_series(world, "temp", 1), DAY_0,
                      DAY_0 + 1000, 100);
        history_close(world);
        run_sql(world->path, cases[i].sql);
        assert_int_equal(try_open(world), cases[i].err);
        assert_non_null(strstr(world->why, cases[i].says));
        assert_int_equal(unlink(world->path), 0);
        history_open(world);
    }
    history_close(world);
    write_file(world->path, text, sizeof text);
    assert_int_equal(try_open(world), GONG_ERR_CORRUPT);
    assert_int_equal(unlink(world->path), 0);
    assert_int_equal(mkdir(world->path, 0700), 0);
    assert_int_equal(try_open(world), GONG_ERR_INVALID);
    assert_int_equal(rmdir(world->path), 0);
    history_open(world);
}

static size_t
read_file(const char *path, char **out)
{
    FILE *in = fopen(path, "rb");
    struct stat st;

    assert_non_null(in);
    assert_int_equal(stat(path, &st), 0);
    *out = malloc((size_t)st.st_size);
    assert_non_null(*out);
    assert_int_equal(fread(*out, 1, (size_t)st.st_size, in), st.st_size);
    assert_int_equal(fclose(in), 0);
    return (size_t)st.st_size;
}

/* Works on whatever it is; no answer but these. */
static void
work_on(struct history_world *world)
{
    static const struct gong_history_limits limits = {
        .age_ms = {HOUR_MS, HOUR_MS, HOUR_MS}};
    struct gong_history_tidied tidied = {0};
    struct gong_history_place place = {0};
    struct gong_label_view label = {gong_str_of("a"), gong_str_of("b")};
    struct gong_sample sample = {DAY_0 + 5, 1};
    uint32_t series = 0;
    bool more = true;
    enum gong_err err = try_open(world);

    assert_true(err == GONG_OK || err == GONG_ERR_CORRUPT ||
                err == GONG_ERR_UNSUPPORTED || err == GONG_ERR_IO);
    if (err != GONG_OK) {
        return;
    }
    err = gong_history_file_series(world->file, &label, 1, &series);
    if (err == GONG_OK) {
        err = gong_history_file_begin(world->file);
    }
    if (err == GONG_OK) {
        err = gong_history_file_put(world->file, series, &sample, 1);
    }
    if (err == GONG_OK) {
        err = gong_history_file_commit(world->file, &place);
    }
    for (int i = 0; i < 200 && more && err == GONG_OK; i++) {
        err = gong_history_tidy_step(world->file, &limits, DAY_0 + 40 * DAY_MS,
                                     &more, &tidied);
    }
    history_close(world);
}

/* A few hundred bits turned, one or many at a time, and files cut short. */
static void
test_damaged_files(void **state)
{
    struct history_world *world = *state;
    char *bytes;
    char *copy;
    size_t len;

    for (int i = 0; i < 30; i++) {
        history_write(world, history_series(world, "temp", i), DAY_0,
                      DAY_0 + 3 * HOUR_MS, 60000);
    }
    history_close(world);
    len = read_file(world->path, &bytes);
    copy = malloc(len);
    assert_non_null(copy);
    srand(5);
    for (int i = 0; i < 300; i++) {
        size_t cut = i % 10 == 9 ? (size_t)rand() % len : len;

        memcpy(copy, bytes, len);
        for (int j = 0; j < 1 + i % 8 * 8; j++) {
            size_t at = (size_t)rand() % (i % 2 == 0 ? len : 200);

            copy[at] = (char)(copy[at] ^ (1 << (rand() % 8)));
        }
        write_file(world->path, copy, cut);
        work_on(world);
    }
    write_file(world->path, bytes, len - 16384);
    assert_int_equal(try_open(world), GONG_ERR_CORRUPT);
    write_file(world->path, bytes, len);
    free(bytes);
    free(copy);
    history_open(world);
}

static void
test_set_aside(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);
    char aside[200];
    char other[220];

    history_write(world, series, DAY_0, DAY_0 + 1000, 100);
    for (int i = 1; i <= 3; i++) {
        history_close(world);
        (void)snprintf(other, sizeof other, "%s-wal", world->path);
        write_file(other, "log", 3);
        assert_int_equal(gong_history_file_set_aside(
                             world->path, 1700000000 + i, aside, sizeof aside),
                         GONG_OK);
        (void)snprintf(other, sizeof other, "%s.damaged-170000000%d",
                       world->path, i);
        assert_string_equal(aside, other);
        assert_int_equal(access(aside, F_OK), 0);
        (void)snprintf(other, sizeof other, "%s-wal", aside);
        assert_int_equal(access(other, F_OK), 0);
        (void)snprintf(other, sizeof other, "%s.damaged-170000000%d",
                       world->path, i - 1);
        assert_int_not_equal(access(other, F_OK), 0);
        history_open(world);
        history_check(world, series, 0, 0, 1);
    }
    assert_int_equal(gong_history_file_set_aside(world->path, 1, aside, 20),
                     GONG_ERR_TOO_LARGE);
}

/* The log of a file that went is no part of the new one. */
static void
test_orphaned_log(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);
    char wal[120];
    char *bytes;
    size_t len;

    history_write(world, series, DAY_0, DAY_0 + 1000, 100);
    (void)snprintf(wal, sizeof wal, "%s-wal", world->path);
    len = read_file(wal, &bytes);
    assert_true(len > 0);
    history_close(world);
    assert_int_equal(unlink(world->path), 0);
    write_file(wal, bytes, len);
    free(bytes);
    history_open(world);
    history_check(world, series, 0, 0, 1);
    assert_int_equal(history_number(world->path, "SELECT count(*) FROM series"),
                     0);
}

static void
test_nothing_to_read(void **state)
{
    struct history_world *world = *state;
    char path[120];
    char why[256];
    sqlite3 *handle;

    (void)snprintf(path, sizeof path, "%s/none.db", world->dir);
    assert_int_equal(
        gong_history_connect(path, false, &handle, why, sizeof why),
        GONG_ERR_NOT_FOUND);
    assert_null(handle);
    assert_int_not_equal(access(path, F_OK), 0);
    write_file(path, "", 0);
    assert_int_equal(
        gong_history_connect(path, false, &handle, why, sizeof why),
        GONG_ERR_NOT_FOUND);
}

/* Readers see what was committed, as it was when they began, and hold nobody
 * up. */
static void
test_readers_beside_the_writer(void **state)
{
    struct history_world *world = *state;
    uint32_t series = history_series(world, "temp", 1);
    sqlite3 *handle;
    char why[256];

    history_write(world, series, DAY_0, DAY_0 + 1000, 100);
    assert_int_equal(
        gong_history_connect(world->path, false, &handle, why, sizeof why),
        GONG_OK);
    assert_int_equal(
        sqlite3_exec(handle, "BEGIN; SELECT * FROM chunks", NULL, NULL, NULL),
        SQLITE_OK);
    history_write(world, series, DAY_0 + 1000, DAY_0 + 2000, 100);
    assert_int_equal(
        sqlite3_exec(handle,
                     "SELECT CASE WHEN count(*) = 1 THEN 1 ELSE"
                     " abs(-9223372036854775807 - 1) END FROM chunks",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(handle, "DELETE FROM chunks", NULL, NULL, NULL),
        SQLITE_READONLY);
    (void)sqlite3_close(handle);
    history_check(world, series, DAY_0, DAY_0 + 2000, 100);
}

int
main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, history_setup, history_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_samples_of_many_blocks),
        TEST(test_special_values),
        TEST(test_what_is_refused),
        TEST(test_undone_is_undone),
        TEST(test_numbers_of_series),
        TEST(test_labels_of_any_bytes),
        TEST(test_too_many_labels),
        TEST(test_place_and_states),
        TEST(test_sizes),
        TEST(test_three_bytes_a_sample),
        TEST(test_files_that_are_no_history),
        TEST(test_damaged_files),
        TEST(test_set_aside),
        TEST(test_orphaned_log),
        TEST(test_nothing_to_read),
        TEST(test_readers_beside_the_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
