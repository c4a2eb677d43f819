#include "common/conf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"

static const char *const modes[] = {"fast", "careful", "off", NULL};
static const char *const children[] = {"inputs", "broker", NULL};

struct sample {
    bool enabled;
    int64_t port;
    int64_t wide;
    double ratio;
    gong_dur_t interval;
    uint64_t size;
    char *host;
    char *note;
    struct gong_strings tags;
    int mode;
};

#define FIELD(member) offsetof(struct sample, member)
static const struct gong_option options[] = {
    {"enabled", GONG_OPTION_BOOL, FIELD(enabled), "true", 0, 0, NULL, "",
     "Whether it runs."},
    {"port", GONG_OPTION_INT, FIELD(port), "1883", 1, 65535, NULL, "",
     "TCP port."},
    {"wide", GONG_OPTION_INT, FIELD(wide), "0", 0, 0, NULL, "", "Any integer."},
    {"ratio", GONG_OPTION_NUMBER, FIELD(ratio), "0.5", -1e300, 1e300, NULL,
     "percent", "A | share."},
    {"interval", GONG_OPTION_DURATION, FIELD(interval), "10s", 1000, 3600000,
     NULL, "", "Time between two."},
    {"size", GONG_OPTION_SIZE, FIELD(size), "64MiB", 4096, 0, NULL, "bytes",
     "Room on disk."},
    {"host", GONG_OPTION_STRING, FIELD(host), NULL, 0, 0, NULL, "",
     "Name of the host."},
    {"note", GONG_OPTION_STRING, FIELD(note), "", 0, 0, NULL, "", "Free text."},
    {"tags", GONG_OPTION_STRINGS, FIELD(tags), "a, b", 0, 0, NULL, "",
     "Tags to keep."},
    {"mode", GONG_OPTION_CHOICE, FIELD(mode), "careful", 0, 0, modes, "",
     "How it works."},
};
static const struct gong_option_table table = {
    .name = "sample",
    .help = "All types once.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .children = children,
};

/* All messages, each with a line feed; caller frees. */
static char *
joined(const struct gong_conf_errors *errors)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    gong_conf_errors_print(errors, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void
expect_messages(struct gong_conf_errors *errors, const char *expected)
{
    char *text = joined(errors);

    assert_string_equal(text, expected);
    free(text);
    gong_conf_errors_fini(errors);
}

/* Parses text as "f" and reads the sample table; both may fail. */
static void
read_sample(struct gong_str text, struct gong_conf_errors *errors)
{
    struct gong_conf *conf = gong_conf_open_text("f", text, errors);
    struct sample sample = {0};
    bool ok;

    if (conf == NULL) {
        assert_true(errors->count > 0);
        return;
    }
    ok = gong_conf_read(gong_conf_root(conf), &table, &sample, errors);
    assert_int_equal(ok, errors->count == 0);
    gong_conf_free(&table, &sample);
    gong_conf_close(conf);
}

struct golden {
    const char *text;
    const char *messages;
};

static void
run_goldens(const struct golden *goldens, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct gong_conf_errors errors = {0};

        read_sample(gong_str_of(goldens[i].text), &errors);
        expect_messages(&errors, goldens[i].messages);
    }
}
#define RUN(goldens) run_goldens(goldens, sizeof(goldens) / sizeof(goldens)[0])

#define HOST "host = \"h\";"

static const struct golden scan_goldens[] = {
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
    RUN(scan_goldens);
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

        read_sample(gong_str_of(texts[i]), &errors);
        assert_true(errors.count > 0);
        gong_conf_errors_fini(&errors);
    }
}

static const struct golden syntax_goldens[] = {
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
    RUN(syntax_goldens);
}

static const struct golden value_goldens[] = {
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
    RUN(value_goldens);
}

static void
values_arrive_in_the_struct(void **state)
{
    const char *text =
        "enabled = FALSE; port : 0x50, wide = -9223372036854775808L\n"
        "ratio = 80; # comment at the end of line\n"
        "interval = \"1m30s\"; // another\n"
        "size = \"10MB\"; /* and\n one */ host = \"a\" /* x */ "
        "\"\\x41\\\"\\\\\\n\\t\"; \n note = \"\";"
        "tags = (\"x\", \"y, z\"); mode = \"off\";"
        "inputs = ( { }, [ 1L, 2L ], 7 ); broker = { a = 1.5; };"
        "# no line feed at the end";
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("f", gong_str_of(text), &errors);
    struct sample sample = {0};

    (void)state;
    assert_non_null(conf);
    assert_true(gong_conf_read(gong_conf_root(conf), &table, &sample, &errors));
    assert_int_equal(errors.count, 0);
    assert_false(sample.enabled);
    assert_int_equal(sample.port, 80);
    assert_true(sample.wide == INT64_MIN);
    assert_true(sample.ratio == 80.0);
    assert_true(sample.interval.ns == 90 * GONG_NS_PER_S);
    assert_int_equal(sample.size, 10000000);
    assert_string_equal(sample.host, "aA\"\\\n\t");
    assert_string_equal(sample.note, "");
    assert_int_equal(sample.tags.count, 2);
    assert_string_equal(sample.tags.items[1], "y, z");
    assert_int_equal(sample.mode, 2);
    gong_conf_free(&table, &sample);
    gong_conf_close(conf);
}

static void
defaults_fill_what_is_absent(void **state)
{
    struct gong_conf_errors errors = {0};
    struct sample sample = {0};

    (void)state;
    assert_false(gong_conf_read(NULL, &table, &sample, &errors));
    expect_messages(
        &errors, "found no sample.host, expected host = text in \"quotes\"\n");
    assert_true(sample.enabled);
    assert_int_equal(sample.port, 1883);
    assert_true(sample.ratio == 0.5);
    assert_true(sample.interval.ns == 10 * GONG_NS_PER_S);
    assert_int_equal(sample.size, INT64_C(67108864));
    assert_null(sample.host);
    assert_string_equal(sample.note, "");
    assert_int_equal(sample.tags.count, 2);
    assert_string_equal(sample.tags.items[0], "a");
    assert_string_equal(sample.tags.items[1], "b");
    assert_int_equal(sample.mode, 1);
    gong_conf_free(&table, &sample);
    gong_conf_free(&table, &sample);
}

static void
a_default_that_does_not_fit_is_reported(void **state)
{
    static const struct gong_option wrong[] = {
        {"a", GONG_OPTION_INT, FIELD(port), "70000", 1, 65535, NULL, "", ""},
        {"b", GONG_OPTION_CHOICE, FIELD(mode), "none", 0, 0, modes, "", ""},
        {"c", GONG_OPTION_BOOL, FIELD(enabled), "yes", 0, 0, NULL, "", ""},
        {"d", GONG_OPTION_NUMBER, FIELD(ratio), "1,5", 0, 0, NULL, "", ""},
    };
    static const struct gong_option_table bad = {
        .name = "t", .help = "", .options = wrong, .option_count = 4};
    struct gong_conf_errors errors = {0};
    struct sample sample = {0};

    (void)state;
    assert_false(gong_conf_read(NULL, &bad, &sample, &errors));
    expect_messages(&errors, "t.a: the default \"70000\" does not fit\n"
                             "t.b: the default \"none\" does not fit\n"
                             "t.c: the default \"yes\" does not fit\n"
                             "t.d: the default \"1,5\" does not fit\n");
}

static void
a_missing_key_is_reported_at_the_parent(void **state)
{
    static const struct gong_option_table below = {
        .name = "agent.broker",
        .help = "",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("f", gong_str_of("\nagent = { };"), &errors);
    const struct gong_conf_node *agent;
    struct sample sample = {0};

    (void)state;
    assert_non_null(conf);
    agent = gong_conf_child(gong_conf_root(conf), "agent");
    assert_false(gong_conf_read_child(agent, &below, &sample, &errors));
    gong_conf_free(&below, &sample);
    gong_conf_close(conf);
    expect_messages(&errors, "f:2:1: found no agent.broker.host, expected host "
                             "= text in \"quotes\"\n");

    conf = gong_conf_open_text("f", gong_str_of("agent = { broker = \"x\"; };"),
                               &errors);
    assert_non_null(conf);
    agent = gong_conf_child(gong_conf_root(conf), "agent");
    assert_false(gong_conf_read_child(agent, &below, &sample, &errors));
    gong_conf_free(&below, &sample);
    gong_conf_close(conf);
    expect_messages(&errors, "f:1:20: found \"x\", expected a group { } for "
                             "agent.broker\n");
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

        read_sample(gong_str_from(cases[i].bytes, cases[i].len), &errors);
        expect_messages(&errors, cases[i].message);
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

    read_sample(gong_str_of(text), &errors);
    free(text);
    expect_messages(&errors, messages);
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
    expect_messages(&errors, "f:1025:1: found \"n1024\", expected at most 1024 "
                             "names in a group\n");

    text = repeat(HOST "inputs = [ 1", ", 3000000000", 1000, "];");
    read_sample(gong_str_of(text), &errors);
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
    expect_messages(&errors, "a?[31m???b\n");
}

/* A fresh folder's path of a file named leaf. */
static void
write_file(char *folder, char *path, size_t size, const char *text)
{
    FILE *out;

    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, size, "%s/a.conf", folder);
    out = fopen(path, "w");
    assert_non_null(out);
    (void)fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static void
files_are_read_and_their_absence_reported(void **state)
{
    char folder[] = "/tmp/gong-conf-XXXXXX";
    char path[64];
    char expected[200];
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf;

    (void)state;
    write_file(folder, path, sizeof path, "\n\nx = \"y\";\n");
    conf = gong_conf_open(path, &errors);
    assert_non_null(conf);
    assert_string_equal(gong_conf_file(gong_conf_root(conf)), path);
    assert_int_equal(gong_conf_line(gong_conf_child(gong_conf_root(conf), "x")),
                     3);
    gong_conf_close(conf);

    assert_null(gong_conf_open(folder, &errors));
    (void)snprintf(expected, sizeof expected,
                   "%s: cannot be read: Is a directory\n", folder);
    expect_messages(&errors, expected);

    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_null(gong_conf_open(path, &errors));
    (void)snprintf(expected, sizeof expected,
                   "%s: cannot be read: No such file or directory\n", path);
    expect_messages(&errors, expected);
}

static void
nodes_can_be_walked(void **state)
{
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf = gong_conf_open_text(
        "f",
        gong_str_of("list = ( { a = 1; b = ( ); }, \"t\", [ 1, 2 ] ); s = 1;"),
        &errors);
    const struct gong_conf_node *list;

    (void)state;
    assert_non_null(conf);
    assert_true(gong_conf_is_group(gong_conf_root(conf)));
    assert_int_equal(gong_conf_count(gong_conf_root(conf)), 2);
    assert_string_equal(gong_conf_name(gong_conf_root(conf)), "");
    assert_null(gong_conf_child(gong_conf_root(conf), "lis"));
    list = gong_conf_child(gong_conf_root(conf), "list");
    assert_non_null(list);
    assert_true(gong_conf_is_list(list));
    assert_false(gong_conf_is_group(list));
    assert_string_equal(gong_conf_name(list), "list");
    assert_int_equal(gong_conf_count(list), 3);
    assert_null(gong_conf_at(list, 3));
    assert_null(gong_conf_child(list, "a"));
    assert_true(gong_conf_is_group(gong_conf_at(list, 0)));
    assert_string_equal(gong_conf_name(gong_conf_at(list, 0)), "");
    assert_string_equal(gong_conf_name(gong_conf_at(gong_conf_at(list, 0), 1)),
                        "b");
    assert_null(gong_conf_string(gong_conf_at(list, 0)));
    assert_string_equal(gong_conf_string(gong_conf_at(list, 1)), "t");
    assert_true(gong_conf_is_list(gong_conf_at(list, 2)));
    assert_int_equal(gong_conf_count(gong_conf_at(list, 1)), 0);

    gong_conf_error(gong_conf_at(list, 1), &errors, "element");
    gong_conf_error(gong_conf_at(gong_conf_at(list, 2), 1), &errors, "two");
    gong_conf_error(gong_conf_at(gong_conf_at(list, 0), 1), &errors, "b");
    gong_conf_close(conf);
    expect_messages(&errors, "f:1:19: b\nf:1:31: element\nf:1:41: two\n");
}

static void
places_inside_texts_survive_escapes_and_joins(void **state)
{
    /* value: sum(x)\n  > "5" Đ|end */
    const char *text = "  expr = \"sum(x)\\n\n > \\\"\\x355\\\" \"  # rest\n"
                       "      /* more */ \"\xc4\x90|\"\n\"\" \"end\";\n";
    static const struct {
        size_t at;
        const char *place;
    } cases[] = {
        {0, "f:1:11: x\n"},  /* s */
        {5, "f:1:16: x\n"},  /* ) */
        {6, "f:1:17: x\n"},  /* \n */
        {7, "f:1:19: x\n"},  /* the line feed itself */
        {8, "f:2:1: x\n"},   /* blank */
        {9, "f:2:2: x\n"},   /* > */
        {11, "f:2:4: x\n"},  /* \" */
        {12, "f:2:6: x\n"},  /* \x35 */
        {13, "f:2:10: x\n"}, /* 5 */
        {14, "f:2:11: x\n"}, /* \" */
        {15, "f:2:13: x\n"}, /* blank */
        {16, "f:3:19: x\n"}, /* Đ */
        {18, "f:3:20: x\n"}, /* | */
        {19, "f:4:5: x\n"},  /* e */
        {21, "f:4:7: x\n"},  /* d */
        {22, "f:4:8: x\n"},  /* the end: the closing quote */
        {900, "f:4:8: x\n"},
    };
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("f", gong_str_of(text), &errors);
    const struct gong_conf_node *expr;

    (void)state;
    assert_non_null(conf);
    expr = gong_conf_child(gong_conf_root(conf), "expr");
    assert_string_equal(gong_conf_string(expr),
                        "sum(x)\n\n > \"55\" \xc4\x90|end");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gong_conf_error_in(expr, cases[i].at, &errors, "x");
        expect_messages(&errors, cases[i].place);
    }
    gong_conf_close(conf);
}

static char *
dump(const struct sample *sample, int depth)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    gong_conf_dump(&table, sample, depth, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void
a_dump_has_this_form(void **state)
{
    char host[] = "a\"b\\c\nd\te";
    char tag[] = "\xc4\x90\xc3\xa8n";
    char *tags[] = {tag, host};
    struct sample sample = {.enabled = true,
                            .port = 80,
                            .wide = INT64_C(2147483648),
                            .ratio = 1e20,
                            .interval = gong_dur_ms(90500),
                            .size = UINT64_C(1572864),
                            .host = host,
                            .tags = {tags, 2},
                            .mode = 2};
    char *text = dump(&sample, 1);

    (void)state;
    assert_string_equal(text, "    enabled = true;\n"
                              "    port = 80;\n"
                              "    wide = 2147483648L;\n"
                              "    ratio = 1.0e+20;\n"
                              "    interval = \"1m30s500ms\";\n"
                              "    size = \"1536KiB\";\n"
                              "    host = \"a\\\"b\\\\c\\nd\\te\";\n"
                              "    tags = [\"\xc4\x90\xc3\xa8n\", "
                              "\"a\\\"b\\\\c\\nd\\te\"];\n"
                              "    mode = \"off\";\n");
    free(text);
}

/* A fixed generator: the same cases in every run. */
static uint64_t
next_random(uint64_t *seed)
{
    *seed =
        *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 11;
}

static char *
random_text(uint64_t *seed)
{
    static const char *const parts[] = {
        "\"",    "\\",       "\n", "\t",         "\xc4\x90", "\xf0\x9f\x9a\xa8",
        " ",     "#",        "//", "/*",         "*/",       "@include \"x\"",
        "\\x41", "\\n",      "'",  ";",          "}",        "a",
        "%s",    "\xc2\xa0", "=",  "\n@include", "\"\"",     "0",
    };
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    for (uint64_t i = next_random(seed) % 12; i > 0; i--) {
        (void)fputs(parts[next_random(seed) % (sizeof parts / sizeof parts[0])],
                    out);
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

static double
random_number(uint64_t *seed)
{
    static const double special[] = {0.0,  -0.0,     1.0,     -1.0,   0.1,
                                     1e20, 1e-300,   -1e300,  5e-324, 1e16,
                                     1e17, 123456.0, 1.0 / 3, 2.5e-5};
    double value;
    uint64_t bits;

    if (next_random(seed) % 2 == 0) {
        return special[next_random(seed) %
                       (sizeof special / sizeof special[0])];
    }
    do {
        bits = next_random(seed) << 20 ^ next_random(seed);
        memcpy(&value, &bits, sizeof value);
    } while (!(value > -1e300 && value < 1e300));
    return value;
}

static struct sample
random_sample(uint64_t *seed)
{
    struct sample sample = {
        .enabled = next_random(seed) % 2 == 0,
        .port = (int64_t)(next_random(seed) % 65535) + 1,
        .wide = (int64_t)((next_random(seed) << 20 ^ next_random(seed)) >>
                          next_random(seed) % 64),
        .ratio = random_number(seed),
        .interval = gong_dur_ms(1000 + (int64_t)(next_random(seed) % 3599000)),
        .size = 4096 + (next_random(seed) << next_random(seed) % 11),
        .host = random_text(seed),
        .note = random_text(seed),
        .mode = (int)(next_random(seed) % 3),
    };

    sample.tags.count = next_random(seed) % 4;
    sample.tags.items = calloc(4, sizeof *sample.tags.items);
    assert_non_null(sample.tags.items);
    for (size_t i = 0; i < sample.tags.count; i++) {
        sample.tags.items[i] = random_text(seed);
    }
    return sample;
}

static void
a_dump_parses_back_to_itself(void **state)
{
    uint64_t seed = 42;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct gong_conf_errors errors = {0};
        struct sample first = random_sample(&seed);
        struct sample second = {0};
        char *text = dump(&first, 0);
        struct gong_conf *conf =
            gong_conf_open_text("f", gong_str_of(text), &errors);
        char *again;

        gong_conf_errors_print(&errors, stderr);
        assert_non_null(conf);
        assert_true(
            gong_conf_read(gong_conf_root(conf), &table, &second, &errors));
        again = dump(&second, 0);
        assert_string_equal(again, text);
        assert_memory_equal(&first.ratio, &second.ratio, sizeof first.ratio);
        assert_true(first.wide == second.wide);
        assert_true(first.size == second.size);
        assert_string_equal(first.host, second.host);
        assert_string_equal(first.note, second.note);
        free(again);
        free(text);
        gong_conf_free(&table, &first);
        gong_conf_free(&table, &second);
        gong_conf_close(conf);
    }
}

static void
sizes_are_read_in_all_units(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {
        {"\"4096\"", 4096},
        {"4096", 4096},
        {"5000000000L", UINT64_C(5000000000)},
        {"\"8192B\"", 8192},
        {"\"5kB\"", 5000},
        {"\"5KB\"", 5000},
        {"\"5KiB\"", 5120},
        {"\"10MB\"", 10000000},
        {"\"64MiB\"", 67108864},
        {"\"2GB\"", UINT64_C(2000000000)},
        {"\"2GiB\"", UINT64_C(2147483648)},
        {"\"3TB\"", UINT64_C(3000000000000)},
        {"\"1TiB\"", UINT64_C(1099511627776)},
        {"\"18446744073709551615\"", UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_conf_errors errors = {0};
        struct sample sample = {0};
        struct gong_conf *conf;
        char text[80];

        (void)snprintf(text, sizeof text, HOST "size = %s;", cases[i].text);
        conf = gong_conf_open_text("f", gong_str_of(text), &errors);
        assert_non_null(conf);
        assert_true(
            gong_conf_read(gong_conf_root(conf), &table, &sample, &errors));
        assert_true(sample.size == cases[i].bytes);
        gong_conf_free(&table, &sample);
        gong_conf_close(conf);
    }
}

static void
the_manual_has_a_row_for_each_option(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_non_null(out);
    gong_conf_manual(&table, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(
        text,
        "| key | type | unit | default | range | meaning |\n"
        "|---|---|---|---|---|---|\n"
        "| `enabled` | true or false |  | `true` |  | Whether it runs. |\n"
        "| `port` | integer |  | `1883` | 1 to 65535 | TCP port. |\n"
        "| `wide` | integer |  | `0` |  | Any integer. |\n"
        "| `ratio` | number | percent | `0.5` | -1e+300 to 1e+300 | A \\| "
        "share. |\n"
        "| `interval` | duration |  | `10s` | 1s to 1h | Time between two. |\n"
        "| `size` | size | bytes | `64MiB` | at least 4KiB | Room on disk. |\n"
        "| `host` | text |  | required |  | Name of the host. |\n"
        "| `note` | text |  | none |  | Free text. |\n"
        "| `tags` | texts |  | `a, b` |  | Tags to keep. |\n"
        "| `mode` | choice |  | `careful` | one of \"fast\", \"careful\", "
        "\"off\" | How it works. |\n");
    free(text);
}

static void
the_nearest_name_is_found(void **state)
{
    static const char *const known[] = {"interval", "keep_firing_for", "for",
                                        "expr", "id"};
    static const struct {
        const char *name;
        const char *nearest; /* NULL: none is near */
    } cases[] = {
        {"intervall", "interval"},
        {"intreval", "interval"},
        {"Interval", "interval"},
        {"keepFiringFor", "keep_firing_for"},
        {"keep-firing-for", "keep_firing_for"},
        {"fro", "for"},
        {"fo", "for"},
        {"f", NULL},
        {"exp", "expr"},
        {"EXPR", "expr"},
        {"xd", "id"},
        {"labels", NULL},
        {"", NULL},
        {"interval_of_the_group_as_it_was_meant_to_be_written_by_the_author_",
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *nearest = gong_conf_nearest(cases[i].name, known,
                                                sizeof known / sizeof known[0]);

        if (cases[i].nearest == NULL) {
            assert_null(nearest);
        } else {
            assert_non_null(nearest);
            assert_string_equal(nearest, cases[i].nearest);
        }
    }
    assert_null(gong_conf_nearest("x", known, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan_errors_have_exact_places),
        cmocka_unit_test(a_file_that_ends_in_an_escape_is_refused),
        cmocka_unit_test(syntax_errors_name_what_was_found),
        cmocka_unit_test(values_that_do_not_fit_are_all_collected),
        cmocka_unit_test(values_arrive_in_the_struct),
        cmocka_unit_test(defaults_fill_what_is_absent),
        cmocka_unit_test(a_default_that_does_not_fit_is_reported),
        cmocka_unit_test(a_missing_key_is_reported_at_the_parent),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(messages_hold_no_control_characters),
        cmocka_unit_test(files_are_read_and_their_absence_reported),
        cmocka_unit_test(nodes_can_be_walked),
        cmocka_unit_test(places_inside_texts_survive_escapes_and_joins),
        cmocka_unit_test(a_dump_has_this_form),
        cmocka_unit_test(a_dump_parses_back_to_itself),
        cmocka_unit_test(sizes_are_read_in_all_units),
        cmocka_unit_test(the_manual_has_a_row_for_each_option),
        cmocka_unit_test(the_nearest_name_is_found),
    };

    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
