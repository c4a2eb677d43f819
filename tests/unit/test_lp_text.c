#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "common/lp_text.h"

static void
utf8(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"", true},
        {"Tuy Ho\xc3\xa0", true},
        {"\xe1\xba\xbf\xf0\x9f\x94\x94\xf4\x8f\xbf\xbf\xed\x9f\xbf", true},
        {"\xc3", false},             /* cut off */
        {"\xe1\xba", false},         /* cut off */
        {"\xf0\x9f\x94", false},     /* cut off */
        {"\x80", false},             /* no first byte */
        {"\xc0\xaf", false},         /* overlong */
        {"\xc1\xbf", false},         /* overlong */
        {"\xe0\x9f\xbf", false},     /* overlong */
        {"\xf0\x8f\xbf\xbf", false}, /* overlong */
        {"\xed\xa0\x80", false},     /* surrogate */
        {"\xf4\x90\x80\x80", false}, /* past U+10FFFF */
        {"\xf5\x80\x80\x80", false},
        {"\xff", false},
        {"\xe1\xba\x28", false},
        {"\xc3\xa0\xa0", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (gong_lp_utf8_valid(gong_str_of(rows[i].text)) != rows[i].valid) {
            fail_msg("row %zu", i);
        }
    }
    assert_int_equal(gong_lp_utf8_next("a", "a"), 0);
}

static void
name_escapes(void **state)
{
    static const struct {
        const char *raw;
        bool equals;
        const char *text;
    } rows[] = {
        {"a\\ b\\,c", false, "a b,c"}, {"a\\=b", false, "a\\=b"},
        {"a\\=b", true, "a=b"},        {"a\\\\b", true, "a\\\\b"},
        {"a\\\\ b", true, "a\\ b"},    {"a\\n\\\"", true, "a\\n\\\""},
        {"a\\", true, "a\\"},          {"\\ ", true, " "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[32];
        size_t len = gong_lp_name_unescape(gong_str_of(rows[i].raw),
                                           rows[i].equals, out);

        if (!gong_str_is(gong_str_from(out, len), rows[i].text)) {
            fail_msg("%s: %.*s", rows[i].raw, (int)len, out);
        }
    }
}

static void
string_escapes(void **state)
{
    static const struct {
        const char *raw;
        bool controls;
        const char *text;
    } rows[] = {
        {"a\\\"b", false, "a\"b"},   {"a\\\\b", false, "a\\b"},
        {"a\\nb", false, "a\\nb"},   {"\\n\\r\\t", true, "\n\r\t"},
        {"\\x\\,", true, "\\x\\,"},  {"\\\\n", true, "\\n"},
        {"\\\\\\\"", false, "\\\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[32];
        size_t len = gong_lp_string_unescape(gong_str_of(rows[i].raw),
                                             rows[i].controls, out);

        if (!gong_str_is(gong_str_from(out, len), rows[i].text)) {
            fail_msg("%s: %.*s", rows[i].raw, (int)len, out);
        }
    }
}

static void
quotes_and_newlines(void **state)
{
    const char text[] = "a\\\"b\n\\\\\"c\n";
    const char *end = text + sizeof(text) - 1;
    bool escaped;

    (void)state;
    assert_ptr_equal(gong_lp_find_quote(text, end, &escaped), text + 7);
    assert_true(escaped);
    assert_ptr_equal(gong_lp_find_quote("x\"", "x\"", &escaped), NULL);
    assert_null(gong_lp_find_quote(text + 8, end, &escaped));
    assert_null(gong_lp_find_quote(text, text + 3, &escaped));
    assert_int_equal(gong_lp_count_newlines(text, end), 2);
    assert_int_equal(gong_lp_count_newlines(text, text), 0);
}

static void
class_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        unsigned expected = 0;

        if (i != 0 && strchr(" ,\n\r\\", (int)i) != NULL) {
            expected |= GONG_LP_BYTE_NAME;
        }
        expected |= i == '=' ? GONG_LP_BYTE_EQUALS : 0;
        expected |= i < 0x20 || i == 0x7f ? GONG_LP_BYTE_CONTROL : 0;
        expected |= i >= 0x80 ? GONG_LP_BYTE_HIGH : 0;
        assert_int_equal(gong_lp_byte_class[i], expected);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8),           cmocka_unit_test(name_escapes),
        cmocka_unit_test(string_escapes), cmocka_unit_test(quotes_and_newlines),
        cmocka_unit_test(class_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
