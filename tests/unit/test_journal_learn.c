/* How little of a journal a start reads, and what it knows then. */
#include "agent/journal/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool_fixture.h"

static struct gong_counters *counters;

struct learner {
    struct gong_spool *spool;
    uint64_t from;
    uint64_t first;
    uint64_t last;
    int count;
};

static uint64_t
learner_from(void *ctx, struct gong_spool *spool)
{
    struct learner *learner = ctx;

    learner->spool = spool;
    return learner->from;
}

static void
learner_seen(void *ctx, const struct gong_record *record)
{
    struct learner *learner = ctx;

    assert_non_null(learner->spool); /* asked before */
    if (learner->count++ == 0) {
        learner->first = record->offset;
    }
    learner->last = record->offset;
}

static struct gong_journal *
open_journal(struct learner *learner)
{
    struct gong_journal_options options = {
        .spool = {.dir = fixture_dir(),
                  .segment_size = SEGMENT,
                  .segments_max = 16},
        .commit_interval = gong_dur_ms(1),
        .seen = learner == NULL ? NULL : learner_seen,
        .seen_from = learner == NULL ? NULL : learner_from,
        .seen_ctx = learner,
    };
    struct gong_journal *journal = NULL;
    char why[256] = "";

    if (gong_journal_open(&options, counters, &journal, why, sizeof why) !=
        GONG_OK) {
        fail_msg("%s", why);
    }
    return journal;
}

/* Old segments are seen where the learner asks for them, and only then. */
static void
learning_goes_on_where_it_stopped(void **state)
{
    static char big[4000];
    struct iovec part = {big, sizeof big};
    struct learner learner = {.from = 0};
    struct gong_journal *journal = open_journal(NULL);
    uint64_t positions[80];
    int64_t last_ms = 0;

    (void)state;
    for (size_t i = 0; i < 80; i++) {
        assert_int_equal(gong_journal_append(journal, GONG_RECORD_CLOCK, &part,
                                             1, 0, &positions[i]),
                         GONG_OK);
        assert_int_equal(gong_spool_sync(gong_journal_spool(journal)), GONG_OK);
    }
    last_ms = gong_journal_now_ms(journal);
    gong_journal_close(journal);
    for (size_t i = 0; i < 80; i += 13) {
        learner = (struct learner){.from = positions[i]};
        journal = open_journal(&learner);
        assert_int_equal(learner.count, 80 - i);
        assert_int_equal(learner.first, positions[i]);
        assert_int_equal(learner.last, positions[79]);
        assert_true(gong_journal_last_ms(journal) <= last_ms);
        assert_true(gong_journal_last_ms(journal) > last_ms - 1000);
        gong_journal_close(journal);
    }
}

/* What older records name is not known without reading them. */
static void
unread_configs_count_as_named(void **state)
{
    static char big[4000];
    struct iovec part = {big, sizeof big};
    struct gong_journal *journal = open_journal(NULL);
    struct gong_str unknown = gong_str_of(
        "0000000000000000000000000000000000000000000000000000000000000009");

    (void)state;
    for (size_t i = 0; i < 80; i++) {
        assert_int_equal(
            gong_journal_append(journal, GONG_RECORD_CLOCK, &part, 1, 0, NULL),
            GONG_OK);
        assert_int_equal(gong_spool_sync(gong_journal_spool(journal)), GONG_OK);
    }
    assert_false(gong_journal_config_named(journal, unknown));
    gong_journal_close(journal);
    journal = open_journal(NULL);
    assert_true(gong_journal_config_named(journal, unknown));
    gong_journal_close(journal);
}

static int
setup(void **state)
{
    counters = gong_counters_new();
    return fixture_setup(state);
}

static int
teardown(void **state)
{
    gong_counters_free(counters);
    return fixture_teardown(state);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(learning_goes_on_where_it_stopped),
        T(unread_configs_count_as_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
