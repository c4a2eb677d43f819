#include "history_file_fixture.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/history/chunk.h"
#include "agent/sql.h"

#define STEPS_MAX 100000

int
history_setup(void **state)
{
    struct history_world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    (void)snprintf(world->dir, sizeof world->dir, "/tmp/gong-history-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    (void)snprintf(world->path, sizeof world->path, "%s/" GONG_HISTORY_FILE,
                   world->dir);
    history_open(world);
    *state = world;
    return 0;
}

int
history_teardown(void **state)
{
    struct history_world *world = *state;
    char path[400];
    DIR *dir;
    const struct dirent *entry;

    history_close(world);
    dir = opendir(world->dir);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", world->dir, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(dir);
    (void)rmdir(world->dir);
    free(world);
    return 0;
}

void
history_open(struct history_world *world)
{
    enum gong_err err = gong_history_file_open(world->path, &world->file,
                                               world->why, sizeof world->why);

    if (err != GONG_OK) {
        fail_msg("%s", world->why);
    }
}

void
history_close(struct history_world *world)
{
    gong_history_file_close(world->file);
    world->file = NULL;
}

void
history_reopen(struct history_world *world)
{
    history_close(world);
    history_open(world);
}

uint32_t
history_series(struct history_world *world, const char *name, int device)
{
    char number[24];
    struct gong_label_view labels[] = {
        {gong_str_of("__name__"), gong_str_of(name)},
        {gong_str_of("device"), {0}},
        {gong_str_of("site"), gong_str_of("22015")},
    };
    uint32_t series = 0;

    (void)snprintf(number, sizeof number, "lamp-%d", device);
    labels[1].value = gong_str_of(number);
    assert_int_equal(gong_history_file_series(world->file, labels, 3, &series),
                     GONG_OK);
    return series;
}

double
history_value(uint32_t series, int64_t ms)
{
    uint64_t x = ((uint64_t)ms + series) * UINT64_C(0x9e3779b97f4a7c15);

    x ^= x >> 29;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return (double)(2000 + (x >> 40) % 1000) / 100.0;
}

void
history_put(struct history_world *world, uint32_t series, int64_t from,
            int64_t to, int64_t step)
{
    struct gong_samples samples = {0};

    for (int64_t ms = from; ms < to; ms += step) {
        struct gong_sample sample = {ms, history_value(series, ms)};

        assert_int_equal(gong_samples_add(&samples, sample), GONG_OK);
    }
    assert_int_equal(
        gong_history_file_put(world->file, series, samples.data, samples.count),
        GONG_OK);
    gong_samples_fini(&samples);
}

void
history_commit(struct history_world *world, uint64_t offset)
{
    struct gong_history_place place = {.journal = {.offset = offset}};

    if (gong_history_file_commit(world->file, &place) != GONG_OK) {
        fail_msg("%s", gong_history_file_why(world->file));
    }
}

void
history_write(struct history_world *world, uint32_t series, int64_t from,
              int64_t to, int64_t step)
{
    assert_int_equal(gong_history_file_begin(world->file), GONG_OK);
    history_put(world, series, from, to, step);
    history_commit(world, 1);
}

struct gong_history_tidied
history_tidy(struct history_world *world,
             const struct gong_history_limits *limits, int64_t now_ms)
{
    struct gong_history_tidied tidied = {0};
    bool more = true;

    for (int i = 0; more; i++) {
        assert_true(i < STEPS_MAX);
        if (gong_history_tidy_step(world->file, limits, now_ms, &more,
                                   &tidied) != GONG_OK) {
            fail_msg("%s", gong_history_file_why(world->file));
        }
    }
    return tidied;
}

/* --- reading --- */

struct reading {
    sqlite3 *handle;
    sqlite3_stmt *parts;
    sqlite3_stmt *chunk;
    struct gong_chunk_coder *coder;
};

static void
reading_begin(struct reading *reading, const char *path,
              enum gong_resolution resolution)
{
    char why[512];

    if (gong_history_connect(path, false, &reading->handle, why, sizeof why) !=
        GONG_OK) {
        fail_msg("%s", why);
    }
    reading->coder = gong_chunk_coder_new();
    assert_non_null(reading->coder);
    assert_int_equal(
        sqlite3_prepare_v2(reading->handle,
                           "SELECT id FROM parts WHERE resolution = ? ORDER BY"
                           " block, compacted DESC, id",
                           -1, &reading->parts, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(reading->handle,
                                        "SELECT chunk FROM chunks WHERE id = ?",
                                        -1, &reading->chunk, NULL),
                     SQLITE_OK);
    (void)sqlite3_bind_int(reading->parts, 1, (int)resolution);
}

static void
reading_end(struct reading *reading)
{
    (void)sqlite3_finalize(reading->parts);
    (void)sqlite3_finalize(reading->chunk);
    (void)sqlite3_close(reading->handle);
    gong_chunk_coder_free(reading->coder);
}

/* The next chunk of a series; false: there are no more. */
static bool
reading_next(struct reading *reading, uint32_t series, struct gong_str *bytes)
{
    while (sqlite3_step(reading->parts) == SQLITE_ROW) {
        int64_t part = sqlite3_column_int64(reading->parts, 0);

        (void)sqlite3_reset(reading->chunk);
        (void)sqlite3_bind_int64(reading->chunk, 1,
                                 gong_history_chunk_id(part, series));
        if (sqlite3_step(reading->chunk) == SQLITE_ROW) {
            bytes->data = sqlite3_column_blob(reading->chunk, 0);
            bytes->len = (size_t)sqlite3_column_bytes(reading->chunk, 0);
            return true;
        }
    }
    return false;
}

void
history_samples(const char *path, uint32_t series, struct gong_samples *out)
{
    struct reading reading;
    struct gong_str bytes;

    out->count = 0;
    reading_begin(&reading, path, GONG_RESOLUTION_RAW);
    while (reading_next(&reading, series, &bytes)) {
        assert_int_equal(gong_chunk_decode(reading.coder, bytes, out), GONG_OK);
    }
    reading_end(&reading);
    assert_int_equal(gong_samples_merge(out, 0), GONG_OK);
}

void
history_rollups(const char *path, enum gong_resolution resolution,
                uint32_t series, struct gong_rollups *out)
{
    struct reading reading;
    struct gong_str bytes;

    out->count = 0;
    reading_begin(&reading, path, resolution);
    while (reading_next(&reading, series, &bytes)) {
        assert_int_equal(gong_rollup_decode(reading.coder, bytes, out),
                         GONG_OK);
    }
    reading_end(&reading);
    assert_int_equal(gong_rollups_merge(out, 0), GONG_OK);
}

int64_t
history_number(const char *path, const char *sql)
{
    sqlite3 *handle;
    sqlite3_stmt *statement;
    char why[512];
    int64_t number;

    assert_int_equal(
        gong_history_connect(path, false, &handle, why, sizeof why), GONG_OK);
    assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(handle);
    return number;
}

/* --- checking --- */

void
history_check(const struct history_world *world, uint32_t series, int64_t from,
              int64_t to, int64_t step)
{
    struct gong_samples samples = {0};
    size_t at = 0;

    history_samples(world->path, series, &samples);
    for (int64_t ms = from; ms < to; ms += step, at++) {
        assert_true(at < samples.count);
        assert_int_equal(samples.data[at].ms, ms);
        assert_true(samples.data[at].value == history_value(series, ms));
    }
    assert_int_equal(samples.count, at);
    gong_samples_fini(&samples);
}

void
history_same_rollups(const struct gong_rollups *a, const struct gong_rollups *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct gong_rollup *one = &a->data[i];
        const struct gong_rollup *other = &b->data[i];

        assert_int_equal(one->end_ms, other->end_ms);
        assert_int_equal(one->last_ms, other->last_ms);
        assert_int_equal(one->count, other->count);
        assert_true(one->last == other->last);
        assert_true(one->min == other->min);
        assert_true(one->max == other->max);
        assert_true(fabs(one->sum - other->sum) <= 1e-9 * fabs(one->sum));
    }
}

void
history_check_made(const struct history_world *world, uint32_t series,
                   enum gong_resolution resolution, int64_t from, int64_t to,
                   int64_t step)
{
    struct gong_samples samples = {0};
    struct gong_rollups stored = {0};
    struct gong_rollups made = {0};

    for (int64_t ms = from; ms < to; ms += step) {
        struct gong_sample sample = {ms, history_value(series, ms)};

        assert_int_equal(gong_samples_add(&samples, sample), GONG_OK);
    }
    history_rollups(world->path, resolution, series, &stored);
    assert_int_equal(gong_rollup_make(samples.data, samples.count,
                                      gong_resolution_ms(resolution), &made),
                     GONG_OK);
    history_same_rollups(&stored, &made);
    gong_samples_fini(&samples);
    gong_rollups_fini(&stored);
    gong_rollups_fini(&made);
}

void
history_check_rollups(const struct history_world *world, uint32_t series,
                      enum gong_resolution resolution)
{
    struct gong_samples samples = {0};
    struct gong_rollups stored = {0};
    struct gong_rollups made = {0};

    history_samples(world->path, series, &samples);
    history_rollups(world->path, resolution, series, &stored);
    assert_int_equal(gong_rollup_make(samples.data, samples.count,
                                      gong_resolution_ms(resolution), &made),
                     GONG_OK);
    history_same_rollups(&stored, &made);
    gong_samples_fini(&samples);
    gong_rollups_fini(&stored);
    gong_rollups_fini(&made);
}
