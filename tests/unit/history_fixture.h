/* history_fixture: a small history.db made by its own writer, for tests of what
 * reads it. */
#ifndef GONG_TESTS_HISTORY_FIXTURE_H
#define GONG_TESTS_HISTORY_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/history/history_file.h"

/* In a folder of its own. */
struct history_fixture {
    char folder[64];
    char path[96]; /* history.db in it */
    struct gong_history_file *file;
};

void history_fixture_open(struct history_fixture *fixture);
void history_fixture_close(struct history_fixture *fixture);

/* history_fixture_put: in a transaction of its own; the metric's labels as
 * `name{a="1",b="2"}`, and count samples from from_ms on, every step_ms. */
void history_fixture_put(struct history_fixture *fixture, const char *series,
                         int64_t from_ms, int64_t step_ms, const double *values,
                         size_t count);

#endif
