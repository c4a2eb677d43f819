/* The short forms in the lines of a case. */
#include "rules/tool/case_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *text;
    int64_t at;
    const char *want;
};

/* From 10 to 50 s, each 10 s; the stamp is 7. */
static const struct row rows[] = {
    {"m f=1", 10, "m f=1 7\n"},
    {"m f={0..8}", 10, "m f=0 7\n"},
    {"m f={0..8}", 30, "m f=4 7\n"},
    {"m f={0..8}", 50, "m f=8 7\n"},
    {"m f={8..-8}", 40, "m f=-4 7\n"},
    {"m f={1..1.5}", 30, "m f=1.25 7\n"},
    {"m f={.5...75}", 50, "m f=0.75 7\n"},
    {"m f={17e6..13e6}", 20, "m f=16000000 7\n"},
    {"m f={5..5}i", 30, "m f=5i 7\n"},
    {"m f={1|2|3}", 10, "m f=1 7\n"},
    {"m f={1|2|3}", 30, "m f=3 7\n"},
    {"m f={1|2|3}", 40, "m f=1 7\n"},
    {"m f={1|}2", 20, "m f=2 7\n"},
    {"m f={true|false}", 20, "m f=false 7\n"},
    {"m,t={a..b|c} f=1", 10, "m,t=a..b f=1 7\n"},
    {"m f={1|2},g={0..4}", 20, "m f=2,g=1 7\n"},
    {"a f=1 & b f={1|2} & c f=3", 20, "a f=1 7\nb f=2 7\nc f=3 7\n"},
    {"m f=1&2", 10, "m f=1&2 7\n"},
    /* Other braces, and none that end. */
    {"m,t={x} f=1", 10, "m,t={x} f=1 7\n"},
    {"m,t={} f=1", 10, "m,t={} f=1 7\n"},
    {"m,t={..} f=1", 10, "m,t={..} f=1 7\n"},
    {"m,t={1..} f=1", 10, "m,t={1..} f=1 7\n"},
    {"m,t={1..x} f=1", 10, "m,t={1..x} f=1 7\n"},
    {"m,t={1..2..3} f=1", 10, "m,t={1..2..3} f=1 7\n"},
    {"m,t={1..inf} f=1", 10, "m,t={1..inf} f=1 7\n"},
    {"m,t={1.} f=1..2", 10, "m,t={1.} f=1..2 7\n"},
    {"m,t={1|2", 10, "m,t={1|2 7\n"},
    {"m,t={{1|2}}", 20, "m,t={2} 7\n"},
    {"m,t={", 10, "m,t={ 7\n"},
    {"", 10, " 7\n"},
};

static void
lines_are_as_the_short_forms_say(void **state)
{
    const struct gong_case_span span = {10, 50, 10};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *lines = gong_case_lines(rows[i].text, &span, rows[i].at, 7);

        assert_non_null(lines);
        if (strcmp(lines, rows[i].want) != 0) {
            fail_msg("%s at %d: %s", rows[i].text, (int)rows[i].at, lines);
        }
        free(lines);
    }
}

static void
a_span_of_one_instant_has_the_first(void **state)
{
    const struct gong_case_span span = {10, 10, 1};
    char *lines = gong_case_lines("m f={3..4},g={5|6}", &span, 10, -7);

    (void)state;
    assert_string_equal(lines, "m f=3,g=5 -7\n");
    free(lines);
}

/* A number of more bytes than any has. */
static void
a_long_number_is_none(void **state)
{
    const struct gong_case_span span = {0, 1, 1};
    char text[200] = "m,t={1..";
    char *lines;

    (void)state;
    memset(text + 8, '0', 100);
    text[108] = '}';
    lines = gong_case_lines(text, &span, 0, 7);
    assert_non_null(lines);
    assert_memory_equal(lines, text, 109);
    free(lines);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_as_the_short_forms_say),
        cmocka_unit_test(a_span_of_one_instant_has_the_first),
        cmocka_unit_test(a_long_number_is_none),
    };

    return cmocka_run_group_tests_name("case_line", tests, NULL, NULL);
}
