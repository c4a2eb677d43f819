/* journal_fixture: a journal in spool_fixture's folder, and what it told. */
#ifndef GONG_TESTS_JOURNAL_FIXTURE_H
#define GONG_TESTS_JOURNAL_FIXTURE_H

#include <stdatomic.h>
#include <stdint.h>

#include "agent/journal/journal.h"
#include "spool_fixture.h"

/* What journals were heard to say, since the test began. */
struct journal_watch {
    atomic_uint committing;
    atomic_uint durable;
    _Atomic uint64_t offset; /* that is durable */
    atomic_uint seen;        /* records, at starts */
};

extern struct journal_watch journal_watch;
extern struct gong_counters *journal_counters;

/* cmocka's setup and teardown. */
int journal_setup(void **state);
int journal_teardown(void **state);

/* Opens the folder's journal; journal_open: of 16 segments at most, the oldest
 * goes. */
struct gong_journal *journal_open_with(uint32_t segments_max,
                                       enum gong_spool_policy policy);
struct gong_journal *journal_open(void);

/* A CLOCK record; its position. */
uint64_t journal_append(struct gong_journal *journal);

uint64_t journal_count(const char *counter);

#endif
