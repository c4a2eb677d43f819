/* Unit tests of common/conf*.c: what is refused, and where it says so. */
#include "common/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf_fixture.h"

#define HOST "host = \"h\";"

static const struct conf_golden scan_goldens[] = {
    {HOST "\n  /* gone\nport = 1;\n",
     "f:2:3: found a comment that never ends, expected */\n"},
    {HOST "\nnote = \"gone;\nport = 1;\n",
     "f:2:8: found text that never ends, expected a closing \"\n"},
    {HOST "\nwide = 2147483648;\nport = -2147483649;",
     "f:2:8: found 2147483648, expected 2147483648L (an integer over 32 "
     "bits needs the L)\n"
     "f:3:8: found -2147483649, expected -2147483649L (an integer over 32 "
     "bits needs the L)\n"},
    {HOST "wide = 0xFFFFFFFF;",
     "f:1:19: found 0xFFFFFFFF, expected 0xFFFFFFFFL (an integer over 32 "
     "bits needs the L)\n"},
    {HOST "wide = 99999999999999999999L;",
     "f:1:19: found 99999999999999999999L, expected an integer of at most "
     "64 bits\n"},
    {HOST "wide = 0x8000000000000000L;",
     "f:1:19: found 0x8000000000000000L, expected an integer of at most "
     "64 bits\n"},
    {HOST "ratio = 1e999;",
     "f:1:20: found 1e999, expected a number below 1.8e308\n"},
    {HOST "ratio = .;",
     "f:1:20: found ., expected a number, or text in \"quotes\"\n"},
    {HOST "interval = 10s;",
     "f:1:23: found 10s, expected a number, or text in \"quotes\"\n"},
    {HOST "wide = "
          "00000000000000000000000000000000000000000000000000000000000000001;",
     "f:1:19: found a number of 65 characters, expected at most 63\n"},
    {HOST "\n  @include \"other.conf\"\n",
     "f:2:3: found @include, expected settings (list several files "
     "instead)\n"},
    {"\xef\xbb\xbf" HOST,
     "f:1:1: found a byte order mark, expected a file without one\n"},
    {"host = 'h';", "f:1:8: found ', expected text in \"quotes\"\n"},
    {HOST " \xc4\x90\xc3\xa8n = 1;",
     "f:1:13: found \"\xc4\x90\", expected a name, a value or one of = ; , "
     "{ } [ ] ( )\n"},
    {"host = \"h\";\nnote = \"\xc4\x90\xc3\xa8n\" ~",
     "f:2:14: found \"~\", expected a name, a value or one of = ; , { } [ "
     "] ( )\n"},
    {"host = \"a\\d\\q\";", "f:1:10: found the escape \\d, expected one of "
                            "\\\\ \\\" \\n \\t \\xHH "
                            "(a backslash itself is written \\\\)\n"
                            "f:1:12: found the escape \\q, expected one of "
                            "\\\\ \\\" \\n \\t \\xHH "
                            "(a backslash itself is written \\\\)\n"},
    {"host = \"a\\\xc4\x90\";",
     "f:1:10: found the escape \\\xc4\x90, expected one of \\\\ \\\" \\n "
     "\\t \\xHH (a backslash itself is written \\\\)\n"},
    {"host = \"a\\x00\\r\\x1b\\xc4\";",
     "f:1:10: found the escape \\x00, a control character, expected text\n"
     "f:1:14: found the escape \\r, a control character, expected text\n"
     "f:1:16: found the escape \\x1b, a control character, expected text\n"
     "f:1:20: found the escape \\xc4, expected \\x20 to \\x7e (other "
     "characters are written as they are)\n"},
    {"host = \"\x1b[31m\x7f\xc2\x9b\";",
     "f:1:9: found the control character U+001B, expected text\n"
     "f:1:14: found the control character U+007F, expected text\n"
     "f:1:15: found the control character U+009B, expected text\n"},
    {"host = \"a\r\nb\";\r\n",
     "f:1:10: found a carriage return, expected text (save the file with "
     "Unix line ends)\n"},
};

static void
scan_errors_have_exact_places(void **state)
{
    (void)state;
    CONF_RUN(scan_goldens);
}

static void
a_file_that_ends_in_an_escape_is_refused(void **state)
{
    static const char *const texts[] = {
        "host = \"a\\",
        "host = \"a\\x",
        "host = \"a\\x4",
        "host = \"",
        "host = \"\\\"",
        "/",
        "/*",
        "/**",
        "host = \"a\" /",
        "#",
        "-",
        "@",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct gong_conf_errors errors = {0};

        conf_read(gong_str_of(texts[i]), &errors);
        assert_true(errors.count > 0);
        gong_conf_errors_fini(&errors);
    }
}

static const struct conf_golden syntax_goldens[] = {
    {"host \"h\";",
     "f:1:6: found the text \"h\", expected \"=\" after the name\n"},
    {"host = ;",
     "f:1:8: found \";\", expected a value: text in \"quotes\", a number, "
     "true, false, [ ], ( ) or { }\n"},
    {"host = localhost;",
     "f:1:8: found \"localhost\", expected a value: text in \"quotes\", a "
     "number, true, false, [ ], ( ) or { }\n"},
    {"host =", "f:1:7: found the end of the file, expected a value: text in "
               "\"quotes\", a number, true, false, [ ], ( ) or { }\n"},
    {"\"host\" : \"h\"",
     "f:1:1: found the text \"host\", expected a name, as in name = "
     "value;\n"},
    {HOST ";", "f:1:12: found \";\", expected a name, as in name = value;\n"},
    {HOST "}", "f:1:12: found \"}\", expected a name, as in name = value;\n"},
    {"port = 1 2", "f:1:10: found 2, expected a name, as in name = value;\n"},
    {"true = 1",
     "f:1:1: found \"true\", expected a name, as in name = value;\n"},
    {"broker = {\n a = 1;\n",
     "f:3:1: found the end of the file, expected a name, as in name = "
     "value; or \"}\" (it opens at 1:10)\n"},
    {"inputs = (\n { a = 1; }\n { b = 1; }\n);",
     "f:3:2: found \"{\", expected \",\" or \")\" (it opens at 1:10)\n"},
    {"inputs = ( 1, );",
     "f:1:15: found \")\", expected a value: text in \"quotes\", a number, "
     "true, false, [ ], ( ) or { }\n"},
    {"tags = [ \"a\", 1 ];",
     "f:1:15: found 1, expected text like the array's first element\n"},
    {"tags = [ 1, 2.5 ];",
     "f:1:13: found 2.5, expected an integer without L like the array's "
     "first element\n"},
    {"tags = [ 1, 5L ];",
     "f:1:13: found 5L, expected an integer without L like the array's "
     "first element\n"},
    {"tags = [ \"a\" \"b\" ;",
     "f:1:18: found \";\", expected \",\" or \"]\" (it opens at 1:8)\n"},
    {"tags = [ { } ];",
     "f:1:10: found \"{\", expected text, a number, true or false\n"},
    {"note = \"one;\n" HOST,
     "f:2:10: found text that never ends, expected a closing \" here or in "
     "the text that begins at 1:8\n"},
    {"note = \"one;\nhost = \"5;",
     "f:2:9: found 5, expected a name, as in name = value; (the text "
     "before it begins at 1:8)\n"},
    {HOST "\nport = 1;\nhost = \"i\";\nport = 2;",
     "f:3:1: found \"host\", expected each name once in a group (first at "
     "1:1)\n"
     "f:4:1: found \"port\", expected each name once in a group (first at "
     "2:1)\n"},
};

static void
syntax_errors_name_what_was_found(void **state)
{
    (void)state;
    CONF_RUN(syntax_goldens);
}

static const struct conf_golden value_goldens[] = {
    {HOST "\nenabled = 1;\nport = 80.0;\nratio = \"1\";\n"
          "interval = 10;\nsize = \"4 MB\";\nnote = 5L;\n"
          "tags = \"a\";\nmode = \"carefull\";\n",
     "f:2:11: found 1, expected true or false for sample.enabled\n"
     "f:3:8: found 80.0, expected an integer, 1 to 65535 for sample.port\n"
     "f:4:9: found \"1\", expected a number, -1e+300 to 1e+300 for "
     "sample.ratio\n"
     "f:5:12: found 10, expected a duration such as \"10s\", 1s to 1h for "
     "sample.interval\n"
     "f:6:8: found \"4 MB\", expected a size such as \"64MiB\" or a number "
     "of bytes, at least 4KiB for sample.size\n"
     "f:7:8: found 5L, expected text in \"quotes\" for sample.note\n"
     "f:8:8: found \"a\", expected an array of texts such as [\"a\", "
     "\"b\"] for sample.tags\n"
     "f:9:8: found \"carefull\", expected one of \"fast\", \"careful\", "
     "\"off\" for sample.mode; did you mean \"careful\"?\n"},
    {HOST "port = 0;",
     "f:1:19: found 0, expected an integer, 1 to 65535 for sample.port\n"},
    {HOST "port = 65536;",
     "f:1:19: found 65536, expected an integer, 1 to 65535 for "
     "sample.port\n"},
    {HOST "interval = \"999ms\";",
     "f:1:23: found \"999ms\", expected a duration such as \"10s\", 1s to "
     "1h for sample.interval\n"},
    {HOST "interval = \"1h1ms\";",
     "f:1:23: found \"1h1ms\", expected a duration such as \"10s\", 1s to "
     "1h for sample.interval\n"},
    {HOST "size = 4095;",
     "f:1:19: found 4095, expected a size such as \"64MiB\" or a number of "
     "bytes, at least 4KiB for sample.size\n"},
    {HOST "size = -1;",
     "f:1:19: found -1, expected a size such as \"64MiB\" or a number of "
     "bytes, at least 4KiB for sample.size\n"},
    {HOST "size = \"20000000TiB\";",
     "f:1:19: found \"20000000TiB\", expected a size such as \"64MiB\" or "
     "a number of bytes, at least 4KiB for sample.size\n"},
    {HOST "mode = 1;",
     "f:1:19: found 1, expected one of \"fast\", \"careful\", \"off\" for "
     "sample.mode\n"},
    {HOST "tags = ( \"a\", 2 );",
     "f:1:26: found 2, expected an array of texts such as [\"a\", \"b\"] "
     "for sample.tags\n"},
    {HOST "note = { };",
     "f:1:19: found a group { }, expected text in \"quotes\" for "
     "sample.note\n"},
    {HOST "note = ( );",
     "f:1:19: found a list ( ), expected text in \"quotes\" for "
     "sample.note\n"},
    {HOST "note = [ ];",
     "f:1:19: found an array [ ], expected text in \"quotes\" for "
     "sample.note\n"},
    {"port = 1;\n",
     "f:1:1: found no sample.host, expected host = text in \"quotes\"\n"},
    {HOST "\n  intervall = \"1s\";",
     "f:2:3: found unknown key \"intervall\", expected one of enabled, "
     "port, wide, ratio, interval, size, host, note, tags, mode, inputs, "
     "broker; did you mean \"interval\"?\n"},
    {HOST "zzz = 1;",
     "f:1:12: found unknown key \"zzz\", expected one of enabled, port, "
     "wide, ratio, interval, size, host, note, tags, mode, inputs, "
     "broker\n"},
};

static void
values_that_do_not_fit_are_all_collected(void **state)
{
    (void)state;
    CONF_RUN(value_goldens);
}

static void
bytes_that_are_no_text_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *message;
    } cases[] = {
        {"a = 1;\0b", 8, "f:1:7: found the byte 0x00, expected UTF-8 text\n"},
        {"\n\xff", 2, "f:2:1: found the byte 0xff, expected UTF-8 text\n"},
        {"#\xc0\x80", 3, "f:1:2: found the byte 0xc0, expected UTF-8 text\n"},
        {"#\xe0\x80\x80", 4,
         "f:1:2: found the byte 0xe0, expected UTF-8 text\n"},
        {"#\xed\xa0\x80", 4,
         "f:1:2: found the byte 0xed, expected UTF-8 text\n"},
        {"#\xf4\x90\x80\x80", 5,
         "f:1:2: found the byte 0xf4, expected UTF-8 text\n"},
        {"#\xf0\x8f\xbf\xbf", 5,
         "f:1:2: found the byte 0xf0, expected UTF-8 text\n"},
        {"#\xe1\xbb", 3, "f:1:2: found the byte 0xe1, expected UTF-8 text\n"},
        {"#\xe1\xbb(", 4, "f:1:2: found the byte 0xe1, expected UTF-8 text\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_conf_errors errors = {0};

        conf_read(gong_str_from(cases[i].bytes, cases[i].len), &errors);
        conf_expect(&errors, cases[i].message);
    }
}

/* A text of count copies of part between two others; caller frees. */
static char *
repeat(const char *before, const char *part, size_t count, const char *after)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    (void)fputs(before, out);
    for (size_t i = 0; i < count; i++) {
        (void)fputs(part, out);
    }
    (void)fputs(after, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void
expect_repeated(const char *before, const char *part, size_t count,
                const char *after, const char *messages)
{
    struct gong_conf_errors errors = {0};
    char *text = repeat(before, part, count, after);

    conf_read(gong_str_of(text), &errors);
    free(text);
    conf_expect(&errors, messages);
}

static void
limits_hold(void **state)
{
    struct gong_conf_errors errors = {0};
    char *names = NULL;
    size_t size = 0;
    FILE *out;
    char *text;

    (void)state;
    expect_repeated(HOST "inputs = ", "(", 32,
                    ")))))))))))))))))))))))))))))))) ;", "");
    expect_repeated(HOST "inputs = ", "(", 33, "",
                    "f:1:53: found \"(\", expected at most 32 levels of "
                    "nesting\n");
    expect_repeated(HOST "#", "0123456789abcdef", 262143, "xyz", "");
    expect_repeated(HOST "#", "0123456789abcdef", 262144, "",
                    "f: found a file of more than 4194304 bytes, expected a "
                    "smaller one\n");

    out = open_memstream(&names, &size);
    assert_non_null(out);
    for (int i = 0; i < 1025; i++) {
        (void)fprintf(out, "n%d = %d\n", i, i);
    }
    assert_int_equal(fclose(out), 0);
    assert_null(gong_conf_open_text("f", gong_str_from(names, size), &errors));
    free(names);
    conf_expect(&errors, "f:1025:1: found \"n1024\", expected at most 1024 "
                         "names in a group\n");

    text = repeat(HOST "inputs = [ 1", ", 3000000000", 1000, "];");
    conf_read(gong_str_of(text), &errors);
    free(text);
    assert_int_equal(errors.count, 201);
    assert_string_equal(errors.items[200], "more problems follow; not shown");
    gong_conf_errors_fini(&errors);
}

static void
messages_hold_no_control_characters(void **state)
{
    struct gong_conf_errors errors = {0};

    (void)state;
    gong_conf_errors_add(&errors, "a%sb", "\x1b[31m\n\xc2\x9b");
    conf_expect(&errors, "a?[31m???b\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan_errors_have_exact_places),
        cmocka_unit_test(a_file_that_ends_in_an_escape_is_refused),
        cmocka_unit_test(syntax_errors_name_what_was_found),
        cmocka_unit_test(values_that_do_not_fit_are_all_collected),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(messages_hold_no_control_characters),
    };

    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
