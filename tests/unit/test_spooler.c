/* Unit tests of collector/spooler.c: numbers are never used twice, and no line
 * is ever cut. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "collector/spooled.h"
#include "collector/spooler.h"
#include "common/log.h"

#define SEGMENT ((size_t)65536)

static char folder[64];
static struct gong_spooler *spooler;

static void
open_spooler(void)
{
    const struct gong_spooler_options options = {
        .path = folder,
        .size = 4 * SEGMENT,
        .segment_size = SEGMENT,
        .policy = GONG_SPOOL_BLOCK,
        .sync = gong_dur_s(60),
        .site = "22015",
        .device = "gw",
    };
    char why[256] = "";

    assert_int_equal(gong_spooler_open(&options, &spooler, why, sizeof why),
                     GONG_OK);
}

static int
setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/gong-spooler-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    open_spooler();
    return 0;
}

static int
teardown(void **state)
{
    struct dirent *entry;
    DIR *dir;

    (void)state;
    gong_spooler_close(spooler);
    dir = opendir(folder);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        char name[400];

        (void)snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') {
            (void)unlink(name);
        }
    }
    (void)closedir(dir);
    return rmdir(folder);
}

static void
append(int count)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(
            gong_spooler_append(spooler, gong_str_of("m v=1 1\n"), NULL),
            GONG_OK);
    }
}

/* A power cut that costs the newest records from offset on: closes, damages,
 * opens again. */
static void
tear(uint64_t offset)
{
    char name[128];
    FILE *file;

    gong_spooler_close(spooler);
    (void)snprintf(name, sizeof name, "%s/%016x.segment", folder,
                   (unsigned)(offset / SEGMENT));
    file = fopen(name, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)(offset % SEGMENT), SEEK_SET), 0);
    for (uint64_t at = offset % SEGMENT; at < SEGMENT; at++) {
        assert_int_equal(fputc('X', file), 'X');
    }
    assert_int_equal(fclose(file), 0);
    open_spooler();
}

static uint64_t
end_of_spool(void)
{
    struct gong_spool_stats stats;

    gong_spool_stats(gong_spooler_spool(spooler), &stats);
    return stats.end;
}

static uint64_t
begin_of_spool(void)
{
    struct gong_spool_stats stats;

    gong_spool_stats(gong_spooler_spool(spooler), &stats);
    return stats.begin;
}

static void
numbers_go_on_after_a_restart(void **state)
{
    (void)state;
    assert_int_equal(gong_spooler_last_seq(spooler), 0);
    append(3);
    gong_spooler_close(spooler);
    open_spooler();
    assert_int_equal(gong_spooler_last_seq(spooler), 3);
}

/* The batches of the second life are torn as a whole: nothing in the spool says
 * that their numbers, after the first jump, were ever used. */
static void
two_torn_tails_are_two_jumps(void **state)
{
    uint64_t used;
    uint64_t torn;

    (void)state;
    append(3);
    torn = end_of_spool();
    append(2);
    tear(torn);
    append(4);
    used = gong_spooler_last_seq(spooler);
    assert_int_equal(used, 3 + GONG_SPOOLER_JUMP + 4 + 1); /* a report */
    tear(torn);
    append(1);
    assert_true(gong_spooler_last_seq(spooler) > used);
}

/* Before the first sync a power cut may take all there was. */
static void
torn_to_nothing_is_a_jump(void **state)
{
    uint64_t begin = begin_of_spool();
    uint64_t used;

    (void)state;
    append(5);
    used = gong_spooler_last_seq(spooler);
    tear(begin);
    append(1);
    assert_true(gong_spooler_last_seq(spooler) > used);
}

static void
a_newline_in_a_string_cuts_nothing(void **state)
{
    static char lines[3 * SEGMENT];
    struct gong_spool_cursor *cursor = NULL;
    struct gong_record record;
    struct gong_spooled batch;
    struct gong_spooler_taken taken = {0};
    uint64_t points = 0;
    uint64_t count = 0;
    size_t len = 0;

    (void)state;
    while (len + 512 < 2 * SEGMENT) {
        len += (size_t)snprintf(
            lines + len, sizeof lines - len,
            "m\\ x,t=a\"=\"b s=\"%.*s\n\n=\\\" \",v=1 7\n", (int)(count % 97),
            "................................"
            ".................................................");
        count++;
    }
    assert_int_equal(
        gong_spooler_append(spooler, gong_str_from(lines, len), &taken),
        GONG_OK);
    assert_int_equal(taken.accepted, count);
    assert_int_equal(
        gong_spool_cursor_open(gong_spooler_spool(spooler), NULL, &cursor),
        GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        assert_int_equal(gong_spooled_parse(&record, &batch), GONG_OK);
        assert_true(batch.body.len <= SEGMENT / 2);
        assert_memory_equal(batch.body.data, "m\\ x,", 5);
        assert_memory_equal(batch.body.data + batch.body.len - 7, ",v=1 7\n",
                            7);
        points += batch.points;
    }
    gong_spool_cursor_close(cursor);
    assert_int_equal(points, count);
    assert_true(gong_spooler_last_seq(spooler) > 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_go_on_after_a_restart),
        TEST(two_torn_tails_are_two_jumps),
        TEST(torn_to_nothing_is_a_jump),
        TEST(a_newline_in_a_string_cuts_nothing),
    };

    gong_log_init("test_spooler", GONG_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
