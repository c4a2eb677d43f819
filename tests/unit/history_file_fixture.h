/* history_file_fixture: a history.db in a folder of its own, and what it holds,
 * read by the words of history_schema.h alone. */
#ifndef GONG_TESTS_HISTORY_FILE_FIXTURE_H
#define GONG_TESTS_HISTORY_FILE_FIXTURE_H

#include "agent/history/history_file.h"
#include "agent/history/history_schema.h"
#include "agent/history/history_tidy.h"
#include "agent/history/rollup.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define DAY_0     (INT64_C(20000) * DAY_MS) /* a day's beginning */

struct history_world {
    char dir[64];
    char path[96];
    struct gong_history_file *file;
    char why[512];
};

/* cmocka's setup and teardown; *state is a struct history_world, opened. */
int history_setup(void **state);
int history_teardown(void **state);

void history_open(struct history_world *world);
void history_close(struct history_world *world);
void history_reopen(struct history_world *world);

/* history_series: of a name and a device. */
uint32_t history_series(struct history_world *world, const char *name,
                        int device);
/* history_value: of a series at a time: always the same. */
double history_value(uint32_t series, int64_t ms);
/* history_put: [from, to) in steps, in the transaction at hand. */
void history_put(struct history_world *world, uint32_t series, int64_t from,
                 int64_t to, int64_t step);
/* history_write: that as a transaction. */
void history_write(struct history_world *world, uint32_t series, int64_t from,
                   int64_t to, int64_t step);
void history_commit(struct history_world *world, uint64_t offset);
/* history_tidy: until there is nothing to do; at most so many steps. */
struct gong_history_tidied
history_tidy(struct history_world *world,
             const struct gong_history_limits *limits, int64_t now_ms);

/* history_samples: all raw samples of a series in the file; history_rollups:
 * likewise. */
void history_samples(const char *path, uint32_t series,
                     struct gong_samples *out);
void history_rollups(const char *path, enum gong_resolution resolution,
                     uint32_t series, struct gong_rollups *out);
/* history_number: of one row and column. */
int64_t history_number(const char *path, const char *sql);

/* history_check: the raw samples are [from, to) in steps and history_value. */
void history_check(const struct history_world *world, uint32_t series,
                   int64_t from, int64_t to, int64_t step);
/* history_check_rollups: those of a series are what its samples make. */
void history_check_rollups(const struct history_world *world, uint32_t series,
                           enum gong_resolution resolution);
/* history_check_made: they are what [from, to) in steps and history_value
 * make. */
void history_check_made(const struct history_world *world, uint32_t series,
                        enum gong_resolution resolution, int64_t from,
                        int64_t to, int64_t step);
/* history_same_rollups: but for the last bits of sums. */
void history_same_rollups(const struct gong_rollups *a,
                          const struct gong_rollups *b);

#endif
