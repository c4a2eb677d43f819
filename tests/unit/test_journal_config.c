/* Which rules the journal names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "journal_fixture.h"

static char old_name[] =
    "0000000000000000000000000000000000000000000000000000000000000001";
static char new_name[] =
    "0000000000000000000000000000000000000000000000000000000000000002";

static void
announce(struct gong_journal *journal, char *name)
{
    struct iovec part = {name, strlen(name)};

    assert_int_equal(
        gong_journal_append(journal, GONG_RECORD_CONFIG, &part, 1, 0, NULL),
        GONG_OK);
}

/* The payload of the last CONFIG; static storage. */
static const char *
last_config(struct gong_journal *journal)
{
    static char name[65];
    struct gong_spool_cursor *cursor;
    struct gong_record record;

    name[0] = '\0';
    assert_int_equal(
        gong_spool_cursor_open(gong_journal_spool(journal), NULL, &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        if (record.meta.type == GONG_RECORD_CONFIG) {
            assert_int_equal(record.payload.len, 64);
            memcpy(name, record.payload.data, 64);
        }
    }
    gong_spool_cursor_close(cursor);
    return name;
}

/* Whoever repeats, however far behind it reads, never undoes a reload. */
static void
the_newest_config_is_repeated(void **state)
{
    struct gong_journal *journal = journal_open();

    (void)state;
    assert_int_equal(gong_journal_repeat_config(journal), GONG_ERR_NOT_FOUND);
    announce(journal, old_name);
    announce(journal, new_name);
    assert_int_equal(gong_journal_repeat_config(journal), GONG_OK);
    assert_string_equal(last_config(journal), new_name);
    assert_int_equal(journal_count("gong_agent_journal_records_total"), 3);
    gong_journal_close(journal);
    journal = journal_open();
    assert_int_equal(gong_journal_repeat_config(journal), GONG_OK);
    assert_string_equal(last_config(journal), new_name);
    gong_journal_close(journal);
}

static void
a_config_is_named_while_its_record_is_kept(void **state)
{
    struct gong_journal *journal = journal_open_with(2, GONG_SPOOL_DROP_OLDEST);
    struct gong_spool_stats stats;
    uint64_t begin;

    (void)state;
    announce(journal, old_name);
    announce(journal, new_name);
    gong_spool_stats(gong_journal_spool(journal), &stats);
    begin = stats.begin;
    assert_true(gong_journal_config_named(journal, gong_str_of(old_name)));
    do {
        (void)journal_append(journal);
        gong_spool_stats(gong_journal_spool(journal), &stats);
    } while (stats.begin == begin);
    assert_false(gong_journal_config_named(journal, gong_str_of(old_name)));
    assert_true(gong_journal_config_named(journal, gong_str_of(new_name)));
    gong_journal_close(journal);
}

int
main(void)
{
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(name, journal_setup, journal_teardown)
    const struct CMUnitTest tests[] = {
        T(the_newest_config_is_repeated),
        T(a_config_is_named_while_its_record_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
