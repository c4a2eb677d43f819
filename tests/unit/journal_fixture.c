#include "journal_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct gong_counters *journal_counters;
struct journal_watch journal_watch;

static void
on_committing(void *ctx)
{
    struct journal_watch *watch = ctx;

    (void)atomic_fetch_add(&watch->committing, 1);
}

static void
on_durable(void *ctx, uint64_t offset)
{
    struct journal_watch *watch = ctx;

    assert_true(atomic_load(&watch->committing) > atomic_load(&watch->durable));
    (void)atomic_fetch_add(&watch->durable, 1);
    atomic_store(&watch->offset, offset);
}

static void
on_seen(void *ctx, const struct gong_record *record)
{
    struct journal_watch *watch = ctx;

    assert_true(record->meta.type == GONG_RECORD_CLOCK ||
                record->meta.type == GONG_RECORD_CONFIG);
    (void)atomic_fetch_add(&watch->seen, 1);
}

struct gong_journal *
journal_open_with(uint32_t segments_max, enum gong_spool_policy policy)
{
    struct gong_journal_options options = {
        .spool = {.dir = fixture_dir(),
                  .segment_size = SEGMENT,
                  .segments_max = segments_max,
                  .policy = policy},
        .commit_interval = gong_dur_ms(1),
        .committing = on_committing,
        .durable = on_durable,
        .ctx = &journal_watch,
        .seen = on_seen,
        .seen_ctx = &journal_watch,
    };
    struct gong_journal *journal = NULL;
    char why[256] = "";

    if (gong_journal_open(&options, journal_counters, &journal, why,
                          sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
    return journal;
}

struct gong_journal *
journal_open(void)
{
    return journal_open_with(16, GONG_SPOOL_DROP_OLDEST);
}

uint64_t
journal_append(struct gong_journal *journal)
{
    uint64_t position = 0;

    assert_int_equal(
        gong_journal_append(journal, GONG_RECORD_CLOCK, NULL, 0, 0, &position),
        GONG_OK);
    return position;
}

uint64_t
journal_count(const char *name)
{
    return gong_counter_get(
        gong_counter_add(journal_counters, GONG_COUNTER, name, "", ""));
}

int
journal_setup(void **state)
{
    memset(&journal_watch, 0, sizeof journal_watch);
    journal_counters = gong_counters_new();
    return fixture_setup(state);
}

int
journal_teardown(void **state)
{
    gong_counters_free(journal_counters);
    return fixture_teardown(state);
}
