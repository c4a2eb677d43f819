/* Unit tests of agent/tell/utf16.c: lengths as chat services count, and cuts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/tell/utf16.h"

#define FAMILY "\U0001f468\u200d\U0001f469\u200d\U0001f467"
#define FLAG   "\U0001f1fb\U0001f1f3"
#define LETTER "e\u0302\u0301" /* ế in three characters */

static const struct {
    const char *text;
    size_t units;
} lengths[] = {
    {"", 0},         {"abc", 3},        {"Củng Sơn", 8},     {"ế", 1},
    {LETTER, 3},     {"\U0001f6a8", 2}, {FAMILY, 8},         {FLAG, 4},
    {"\xff\xfe", 2}, {"a\xe1\xba", 3},  {"\xf0\x9f\x9a", 3},
};

static const struct {
    const char *text;
    size_t units;
    const char *cut;
} cuts[] = {
    {"abc", 3, "abc"},
    {"abc", 2, "ab"},
    {"abc", 0, ""},
    {"Củng", 2, "Củ"},
    {"a" LETTER "b", 1, "a"},
    {"a" LETTER "b", 2, "a"},
    {"a" LETTER "b", 3, "a"},
    {"a" LETTER "b", 4, "a" LETTER},
    {"a\U0001f6a8", 2, "a"},
    {"a\U0001f6a8", 3, "a\U0001f6a8"},
    {"x" FAMILY "y", 8, "x"},
    {"x" FAMILY "y", 9, "x" FAMILY},
    {FLAG FLAG, 4, FLAG},
    {FLAG FLAG, 7, FLAG},
    {FLAG FLAG, 8, FLAG FLAG},
    {"a\r\nb", 2, "a"},
    {"\U0001f44d\U0001f3fd!", 3, ""},
    {"\U0001f44d\U0001f3fd!", 4, "\U0001f44d\U0001f3fd"},
    {"\xff\xff\xff", 2, "\xff\xff"},
    {"កម្ពុជា", 2, "ក"}, /* marks below and around a letter */
};

static void
units_are_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        assert_int_equal(gong_utf16_units(gong_str_of(lengths[i].text)),
                         lengths[i].units);
    }
}

static void
nothing_is_cut_in_two(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        size_t len = gong_utf16_cut(gong_str_of(cuts[i].text), cuts[i].units);

        if (len != strlen(cuts[i].cut)) {
            fail_msg("case %zu: %zu bytes, expected %zu", i, len,
                     strlen(cuts[i].cut));
        }
        assert_memory_equal(cuts[i].text, cuts[i].cut, len);
    }
}

/* A letter with marks without end is cut all the same. */
static void
marks_without_end_are_cut(void **state)
{
    char text[1 + 2 * 3000];

    (void)state;
    text[0] = 'e';
    for (size_t i = 1; i + 1 < sizeof text; i += 2) {
        text[i] = (char)0xcc;
        text[i + 1] = (char)0x81;
    }
    assert_int_equal(
        gong_utf16_cut(gong_str_from(text, sizeof text), 2000),
        1 + 2 * (2000 / GONG_UTF16_CLUSTER_MAX * GONG_UTF16_CLUSTER_MAX - 1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_counted),
        cmocka_unit_test(nothing_is_cut_in_two),
        cmocka_unit_test(marks_without_end_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
