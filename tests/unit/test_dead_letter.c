/* Unit tests of agent/store/dead_letter.c: the file, its bound, a disk that
 * fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "agent/store/dead_letter.h"
#include "sink_fixture.h"

static gong_counter_t lost;

static struct gong_dead_letter *
open_letter(struct sinks *sinks, uint64_t max_bytes)
{
    char path[128];
    struct gong_dead_letter *letter;

    (void)snprintf(path, sizeof path, "%s/dead.lp", sinks->dir);
    letter = gong_dead_letter_new(path, max_bytes, &lost);
    assert_non_null(letter);
    gong_counter_set(&lost, 0);
    return letter;
}

static void
comment_then_lines(void **state)
{
    struct sinks *sinks = *state;
    struct gong_dead_letter *letter = open_letter(sinks, 1 << 20);
    struct stat status;
    char path[128];
    char *text;

    gong_dead_letter_add(letter, "reason=\"a\nb\"", gong_str_of("m v=1 1\n"),
                         1);
    gong_dead_letter_add(letter, "reason=two",
                         gong_str_of("m v=2 1\nm\x1b v=3 1"), 2);
    gong_dead_letter_free(letter);
    text = sinks_read(sinks, "dead.lp");
    assert_int_equal(text[0], '#');
    assert_non_null(strstr(text, "Z reason=\"a"));
    assert_non_null(strstr(text, "m v=1 1\n# "));
    assert_non_null(strstr(text, " reason=two\nm v=2 1\nm? v=3 1\n"));
    free(text);
    (void)snprintf(path, sizeof path, "%s/dead.lp", sinks->dir);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(gong_counter_get(&lost), 0);
}

static void
the_file_is_bounded(void **state)
{
    struct sinks *sinks = *state;
    struct gong_dead_letter *letter = open_letter(sinks, 400);
    char *now;
    char *before;

    for (int i = 0; i < 100; i++) {
        char line[32];

        (void)snprintf(line, sizeof line, "m v=%d 1\n", i);
        gong_dead_letter_add(letter, "reason=x", gong_str_of(line), 1);
        gong_dead_letter_flush(letter);
    }
    gong_dead_letter_free(letter);
    now = sinks_read(sinks, "dead.lp");
    before = sinks_read(sinks, "dead.lp.1");
    assert_true(strlen(now) <= 400);
    assert_true(strlen(before) <= 400);
    assert_non_null(strstr(now, "m v=99 1\n"));
    assert_true(strlen(before) > 300);
    free(now);
    free(before);
}

static void
one_group_is_bounded(void **state)
{
    struct sinks *sinks = *state;
    struct gong_dead_letter *letter = open_letter(sinks, 1 << 30);
    size_t size = (size_t)GONG_DEAD_LETTER_LINES_MAX * 2;
    char *huge = malloc(size);
    char path[128];
    struct stat status;

    assert_non_null(huge);
    memset(huge, 'x', size);
    gong_dead_letter_add(letter, "reason=x", gong_str_from(huge, size), 1);
    gong_dead_letter_free(letter);
    free(huge);
    (void)snprintf(path, sizeof path, "%s/dead.lp", sinks->dir);
    assert_int_equal(stat(path, &status), 0);
    assert_in_range((uint64_t)status.st_size, GONG_DEAD_LETTER_LINES_MAX,
                    GONG_DEAD_LETTER_LINES_MAX + 200);
}

static void
what_the_disk_does_not_take_is_counted(void **state)
{
    static const char *const paths[] = {"/dev/full", "/nonexistent/dead.lp"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct gong_dead_letter *letter =
            gong_dead_letter_new(paths[i], 1 << 20, &lost);

        assert_non_null(letter);
        gong_counter_set(&lost, 0);
        gong_dead_letter_add(letter, "reason=x", gong_str_of("a\nb\n"), 2);
        gong_dead_letter_flush(letter);
        assert_int_equal(gong_counter_get(&lost), 2);
        gong_dead_letter_add(letter, "reason=x", gong_str_of("c\n"), 1);
        gong_dead_letter_free(letter);
        assert_int_equal(gong_counter_get(&lost), 3);
    }
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, sinks_setup, sinks_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(comment_then_lines),
        TEST(the_file_is_bounded),
        TEST(one_group_is_bounded),
        cmocka_unit_test(what_the_disk_does_not_take_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
