/* Unit tests of common/conf*.c: what a file says arrives. */
#include "common/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf_fixture.h"

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
    struct conf_sample sample = {0};

    (void)state;
    assert_non_null(conf);
    assert_true(
        gong_conf_read(gong_conf_root(conf), &conf_table, &sample, &errors));
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
    gong_conf_free(&conf_table, &sample);
    gong_conf_close(conf);
}

static void
defaults_fill_what_is_absent(void **state)
{
    struct gong_conf_errors errors = {0};
    struct conf_sample sample = {0};

    (void)state;
    assert_false(gong_conf_read(NULL, &conf_table, &sample, &errors));
    conf_expect(&errors,
                "found no sample.host, expected host = text in \"quotes\"\n");
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
    gong_conf_free(&conf_table, &sample);
    gong_conf_free(&conf_table, &sample);
}

static void
a_default_that_does_not_fit_is_reported(void **state)
{
    static const struct gong_option wrong[] = {
        {"a", GONG_OPTION_INT, CONF_FIELD(port), "70000", 1, 65535, NULL, "",
         ""},
        {"b", GONG_OPTION_CHOICE, CONF_FIELD(mode), "none", 0, 0, conf_modes,
         "", ""},
        {"c", GONG_OPTION_BOOL, CONF_FIELD(enabled), "yes", 0, 0, NULL, "", ""},
        {"d", GONG_OPTION_NUMBER, CONF_FIELD(ratio), "1,5", 0, 0, NULL, "", ""},
    };
    static const struct gong_option_table bad = {
        .name = "t", .help = "", .options = wrong, .option_count = 4};
    struct gong_conf_errors errors = {0};
    struct conf_sample sample = {0};

    (void)state;
    assert_false(gong_conf_read(NULL, &bad, &sample, &errors));
    conf_expect(&errors, "t.a: the default \"70000\" does not fit\n"
                         "t.b: the default \"none\" does not fit\n"
                         "t.c: the default \"yes\" does not fit\n"
                         "t.d: the default \"1,5\" does not fit\n");
}

static void
a_missing_key_is_reported_at_the_parent(void **state)
{
    const struct gong_option_table below = {
        .name = "agent.broker",
        .help = "",
        .options = conf_table.options,
        .option_count = conf_table.option_count,
    };
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("f", gong_str_of("\nagent = { };"), &errors);
    const struct gong_conf_node *agent;
    struct conf_sample sample = {0};

    (void)state;
    assert_non_null(conf);
    agent = gong_conf_child(gong_conf_root(conf), "agent");
    assert_false(gong_conf_read_child(agent, &below, &sample, &errors));
    gong_conf_free(&below, &sample);
    gong_conf_close(conf);
    conf_expect(&errors, "f:2:1: found no agent.broker.host, expected host "
                         "= text in \"quotes\"\n");

    conf = gong_conf_open_text("f", gong_str_of("agent = { broker = \"x\"; };"),
                               &errors);
    assert_non_null(conf);
    agent = gong_conf_child(gong_conf_root(conf), "agent");
    assert_false(gong_conf_read_child(agent, &below, &sample, &errors));
    gong_conf_free(&below, &sample);
    gong_conf_close(conf);
    conf_expect(&errors, "f:1:20: found \"x\", expected a group { } for "
                         "agent.broker\n");
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
    conf_expect(&errors, expected);

    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_null(gong_conf_open(path, &errors));
    (void)snprintf(expected, sizeof expected,
                   "%s: cannot be read: No such file or directory\n", path);
    conf_expect(&errors, expected);
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
    conf_expect(&errors, "f:1:19: b\nf:1:31: element\nf:1:41: two\n");
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
        conf_expect(&errors, cases[i].place);
    }
    gong_conf_close(conf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_arrive_in_the_struct),
        cmocka_unit_test(defaults_fill_what_is_absent),
        cmocka_unit_test(a_default_that_does_not_fit_is_reported),
        cmocka_unit_test(a_missing_key_is_reported_at_the_parent),
        cmocka_unit_test(files_are_read_and_their_absence_reported),
        cmocka_unit_test(nodes_can_be_walked),
        cmocka_unit_test(places_inside_texts_survive_escapes_and_joins),
    };

    return cmocka_run_group_tests_name("conf_read", tests, NULL, NULL);
}
