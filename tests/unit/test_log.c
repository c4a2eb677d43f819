#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"

/* Runs one log call with standard error caught; returns what was written. */
static size_t
capture(char *out, size_t size, enum gong_log_level level, const char *value)
{
    int pipe_ends[2];
    int saved = dup(STDERR_FILENO);
    ssize_t got;

    assert_int_equal(pipe(pipe_ends), 0);
    assert_true(dup2(pipe_ends[1], STDERR_FILENO) >= 0);
    gong_log(level, "test_event", "value=%s", value);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    (void)close(pipe_ends[1]);
    got = read(pipe_ends[0], out, size - 1);
    (void)close(pipe_ends[0]);
    out[got < 0 ? 0 : got] = '\0';
    return got < 0 ? 0 : (size_t)got;
}

static void
a_line_names_level_program_and_event(void **state)
{
    char line[GONG_LOG_LINE + 1];

    (void)state;
    gong_log_init("tester", GONG_LOG_INFO);
    capture(line, sizeof line, GONG_LOG_WARNING, "7");
    assert_non_null(strstr(line, " level=warning program=tester "
                                 "event=test_event value=7\n"));
}

static void
lines_below_the_level_are_dropped(void **state)
{
    char line[GONG_LOG_LINE + 1];

    (void)state;
    gong_log_init("tester", GONG_LOG_WARNING);
    assert_int_equal(capture(line, sizeof line, GONG_LOG_INFO, "7"), 0);
}

static void
control_characters_never_pass(void **state)
{
    char line[GONG_LOG_LINE + 1];

    (void)state;
    gong_log_init("tester", GONG_LOG_INFO);
    capture(line, sizeof line, GONG_LOG_INFO, "a\nb\x1b[31m\x7f\xc2\x9b Đắk");
    assert_non_null(strstr(line, "value=a?b?[31m??? Đắk\n"));
    assert_null(strchr(line, 0x1b));
    /* What turns the direction, or ends a line for some viewers. */
    capture(line, sizeof line, GONG_LOG_INFO,
            "a\u202eb\u2028c\u2066d\u2069 \u201cĐ\u201d\u2027\u2065\u206a");
    assert_non_null(strstr(line, "value=a???b???c???d??? "
                                 "\u201cĐ\u201d\u2027\u2065\u206a\n"));
    /* A character that is cut off is not read beyond its end. */
    capture(line, sizeof line, GONG_LOG_INFO, "a\xe2\x80");
    assert_non_null(strstr(line, "value=a\xe2\x80\n"));
}

static void
a_long_line_is_cut_and_ends(void **state)
{
    char line[GONG_LOG_LINE + 1];
    char value[2 * GONG_LOG_LINE];
    size_t len;

    (void)state;
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    len = capture(line, sizeof line, GONG_LOG_INFO, value);
    assert_int_equal(len, GONG_LOG_LINE);
    assert_int_equal(line[len - 1], '\n');
}

static void
errno_is_kept(void **state)
{
    char line[GONG_LOG_LINE + 1];

    (void)state;
    errno = ENOSPC;
    capture(line, sizeof line, GONG_LOG_INFO, "7");
    errno = ENOSPC;
    gong_log(GONG_LOG_DEBUG, "test_event", "value=%d", 1);
    assert_int_equal(errno, ENOSPC);
}

static void
quote_escapes_cleans_and_cuts(void **state)
{
    char out[32];
    char small[8];

    (void)state;
    assert_string_equal(
        gong_log_quote(gong_str_of("a\"b\\c\nd"), out, sizeof out),
        "\"a\\\"b\\\\c?d\"");
    assert_string_equal(gong_log_quote(gong_str_of(""), out, sizeof out),
                        "\"\"");
    /* "ấ" is three bytes: it is left out rather than cut in two. */
    assert_string_equal(
        gong_log_quote(gong_str_of("abcấ"), small, sizeof small), "\"abc\"");
    for (size_t size = 0; size <= sizeof small; size++) {
        memset(small, 'z', sizeof small);
        (void)gong_log_quote(gong_str_of("Đắk Lắk"), small, size);
        if (size > 0) {
            assert_non_null(memchr(small, '\0', size));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_names_level_program_and_event),
        cmocka_unit_test(lines_below_the_level_are_dropped),
        cmocka_unit_test(control_characters_never_pass),
        cmocka_unit_test(a_long_line_is_cut_and_ends),
        cmocka_unit_test(errno_is_kept),
        cmocka_unit_test(quote_escapes_cleans_and_cuts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
