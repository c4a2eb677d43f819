/* Unit tests of collector/config.c: what reads, what is refused and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/config.h"

#define BASE "site = \"22015\"; device = \"gateway-1\";\n"

static struct gong_config *
read_text(const char *text, struct gong_conf_errors *errors)
{
    *errors = (struct gong_conf_errors){0};
    return gong_config_read_text("c.cfg", gong_str_of(text), errors);
}

static void
defaults(void **state)
{
    struct gong_conf_errors errors;
    struct gong_config *config = read_text(BASE, &errors);

    (void)state;
    assert_non_null(config);
    assert_string_equal(config->site, "22015");
    assert_int_equal(config->interval.ns, gong_dur_s(10).ns);
    assert_string_equal(config->broker.url, "mqtt://127.0.0.1:1883");
    assert_int_equal(config->publish.window, 8);
    assert_int_equal(config->spool.size, 64u << 20);
    assert_string_equal(config->socket.path, "");
    assert_int_equal(config->input_count, 0);
    gong_config_free(config);
    gong_conf_errors_fini(&errors);
}

static void
inputs_mix_common_and_own_keys(void **state)
{
    struct gong_conf_errors errors;
    struct gong_config *config = read_text(
        BASE "interval = \"30s\";\n"
             "inputs = ( { type = \"internal\"; },\n"
             "  { type = \"internal\"; interval = \"2s\"; timeout = \"1s\"; } "
             ");\n",
        &errors);

    (void)state;
    assert_non_null(config);
    assert_int_equal(config->input_count, 2);
    assert_string_equal(config->inputs[0].kind->type, "internal");
    assert_int_equal(config->inputs[0].interval.ns, gong_dur_s(30).ns);
    assert_int_equal(config->inputs[0].timeout.ns, gong_dur_s(5).ns);
    assert_int_equal(config->inputs[1].interval.ns, gong_dur_s(2).ns);
    assert_int_equal(config->inputs[1].timeout.ns, gong_dur_s(1).ns);
    gong_config_free(config);
    gong_conf_errors_fini(&errors);
}

static const struct {
    const char *text;
    const char *error; /* part of the one message */
} refused[] = {
    {"device = \"d\";", "site"},
    {BASE "sites = \"x\";", "c.cfg:2:1"},
    {"site = \"A B\"; device = \"d\";", "c.cfg:1:"},
    {"site = \"a.b\"; device = \"d\";", "expected 1 to 64 of"},
    {BASE "interval = \"1ms\";", "c.cfg:2:"},
    {BASE "interval = 10;", "c.cfg:2:"},
    {BASE "broker = { url = \"http://x\"; };", "mqtt://"},
    {BASE "broker = { url = \"mqtt://u:p@x\"; };", "c.cfg:2:"},
    {BASE "broker = { port = 1; };", "unknown key \"port\""},
    {BASE "spool = { policy = \"maybe\"; };", "drop_oldest"},
    {BASE "spool = { segment = \"200000\"; };", "c.cfg:2:"},
    {BASE "spool = { size = \"1MiB\"; };", "half of size"},
    {BASE "publish = { window = 0; };", "c.cfg:2:"},
    {BASE "publish = { window = 33; };", "c.cfg:2:"},
    {BASE "inputs = { type = \"cpu\"; };", "expected a list"},
    {BASE "inputs = ( 5 );", "expected a group"},
    {BASE "inputs = ( { interval = \"1s\"; } );", "type"},
    {BASE "inputs = ( { type = 5; } );", "type"},
    {BASE "inputs = ( { type = \"cup\"; } );", "internal"},
    {BASE "inputs = ( { type = \"internal\"; wrong = 1; } );",
     "unknown key \"wrong\""},
    {BASE "inputs = ( { type = \"internal\"; interval = \"20ms\"; } );",
     "at least 100ms"},
    {BASE "inputs = ( { type = \"internal\"; timeout = \"0s\"; } );",
     "c.cfg:2:"},
};

static void
refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct gong_conf_errors errors;
        struct gong_config *config = read_text(refused[i].text, &errors);

        if (config != NULL || errors.count != 1 ||
            strstr(errors.items[0], refused[i].error) == NULL) {
            print_error("case %zu: %zu errors, first: %s\n", i, errors.count,
                        errors.count > 0 ? errors.items[0] : "-");
            fail();
        }
        gong_conf_errors_fini(&errors);
    }
}

static void
all_problems_are_told(void **state)
{
    struct gong_conf_errors errors;

    (void)state;
    assert_null(read_text("sit = \"x\"; publish = { window = 99; };\n"
                          "inputs = ( { type = \"nothing\"; } );",
                          &errors));
    /* unknown key, two missing ones, the window, the type */
    assert_int_equal(errors.count, 5);
    gong_conf_errors_fini(&errors);
    assert_null(read_text("site = \"A B\"; device = \"\"; colour = 3;\n"
                          "broker = { url = \"nowhere\"; };\n"
                          "spool = { size = \"1\"; };\n",
                          &errors));
    /* both names, the unknown key, the url, the size; its ratio to another one
     * cannot be known */
    assert_int_equal(errors.count, 5);
    gong_conf_errors_fini(&errors);
}

static char *
dump(const struct gong_config *config)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    gong_config_dump(config, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void
dump_reads_back_to_the_same_dump(void **state)
{
    struct gong_conf_errors errors;
    struct gong_config *config =
        read_text(BASE "spool = { path = \"/tmp/a \\\"b\\\"\"; };\n"
                       "inputs = ( { type = \"internal\"; }, { type = "
                       "\"internal\"; interval = \"1m30s\"; } );",
                  &errors);
    struct gong_config *again;
    char *first = dump(config);
    char *second;

    (void)state;
    again = read_text(first, &errors);
    assert_non_null(again);
    second = dump(again);
    assert_string_equal(first, second);
    free(first);
    free(second);
    gong_config_free(config);
    gong_config_free(again);
    gong_conf_errors_fini(&errors);
}

static void
missing_file(void **state)
{
    struct gong_conf_errors errors = {0};

    (void)state;
    assert_null(gong_config_read("/nonexistent/c.cfg", &errors));
    assert_int_equal(errors.count, 1);
    gong_conf_errors_fini(&errors);
}

static void
shipped_example_is_good(void **state)
{
    struct gong_conf_errors errors = {0};
    struct gong_config *config =
        gong_config_read(GONG_SOURCE_DIR "/deploy/gong-collector.cfg", &errors);

    (void)state;
    gong_conf_errors_print(&errors, stderr);
    assert_non_null(config);
    assert_true(config->input_count > 0);
    gong_config_free(config);
    gong_conf_errors_fini(&errors);
}

static void
manual_names_every_input(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_non_null(out);
    gong_config_manual(out);
    assert_int_equal(fclose(out), 0);
    for (size_t i = 0; gong_input_kinds[i] != NULL; i++) {
        char title[80];

        (void)snprintf(title, sizeof title, "inputs: %s\n",
                       gong_input_kinds[i]->type);
        assert_non_null(strstr(text, title));
    }
    assert_non_null(strstr(text, "ack_timeout"));
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(inputs_mix_common_and_own_keys),
        cmocka_unit_test(refusals),
        cmocka_unit_test(all_problems_are_told),
        cmocka_unit_test(dump_reads_back_to_the_same_dump),
        cmocka_unit_test(missing_file),
        cmocka_unit_test(shipped_example_is_good),
        cmocka_unit_test(manual_names_every_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
