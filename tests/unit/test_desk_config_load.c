/* A routing file is held against the city model and the channels. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rules/desk/desk_config_load.h"

static const char city[] =
    "model = \"m\"; zone = \"+07:00\";"
    "units = ( { code = \"66\"; name = \"Tỉnh\"; name_en = \"Province\";"
    "  kind = \"province\"; roles = { duty = [\"a\"]; };"
    "  }, { code = \"22015\"; name = \"Xã A\"; name_en = \"A\";"
    "  kind = \"commune\"; parent = \"66\"; aliases = ( { code = \"22018\"; } "
    "); "
    "  } );"
    "contacts = ( { id = \"a\"; name = \"Trực\";"
    "  reaches = ( { channel = \"mail\"; address = \"a@example.vn\"; },"
    "              { channel = \"zalo\"; address = \"1\"; } ); },"
    "  { id = \"b\"; name = \"Trực\";"
    "  reaches = ( { channel = \"zalo\"; address = \"2\"; } ); } );";

#define RECEIVERS                                                              \
    "receivers = ( { name = \"room\"; channels = (\"room\"); },"               \
    "              { name = \"duty\"; role = \"duty\"; of = \"unit\"; } );"

/* What is wrong with it, "" for nothing. */
static void
load(const char *routes, const char *const *channels, size_t count, char *out,
     size_t size)
{
    char path[] = "/tmp/gong-routes-XXXXXX";
    struct gong_conf_errors errors = {0};
    struct gong_conf *conf =
        gong_conf_open_text("city.cfg", gong_str_of(city), &errors);
    const struct gong_conf *files[] = {conf};
    struct gong_model *model = gong_model_read(files, 1, &errors);
    char *names[4];
    struct gong_strings among = {names, count};
    struct gong_desk_config *config = NULL;
    int fd = mkstemp(path);

    if (model == NULL) {
        gong_conf_errors_print(&errors, stderr);
    }
    assert_non_null(model);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, routes, strlen(routes)), (int)strlen(routes));
    (void)close(fd);
    for (size_t i = 0; i < count; i++) {
        names[i] = (char *)(uintptr_t)channels[i];
    }
    config = gong_desk_config_load(path, model, &among, &errors);
    assert_true((config == NULL) == (errors.count > 0));
    out[0] = '\0';
    for (size_t i = 0; i < errors.count; i++) {
        const char *text = strstr(errors.items[i], path);
        size_t used = strlen(out);

        (void)snprintf(out + used, size - used, "%s\n",
                       text == NULL ? errors.items[i] : text + strlen(path));
    }
    gong_desk_config_free(config);
    gong_model_free(model);
    gong_conf_close(conf);
    gong_conf_errors_fini(&errors);
    (void)unlink(path);
}

struct row {
    const char *routes;
    const char *problems;
};

static void
check_rows(const struct row *rows, size_t count, const char *const *channels,
           size_t channel_count)
{
    char out[2048];

    for (size_t i = 0; i < count; i++) {
        load(rows[i].routes, channels, channel_count, out, sizeof out);
        assert_string_equal(out, rows[i].problems);
    }
}

#define ALL(rows) rows, sizeof(rows) / sizeof((rows)[0])

static void
units_of_matchers_are_in_the_model(void **state)
{
    static const char *const channels[] = {"room", "mail", "zalo"};
    static const struct row rows[] = {
        {RECEIVERS "route = { receiver = \"room\"; routes = ("
                   "{ matchers = (\"unit=\\\"22015\\\"\", \"a=\\\"1\\\"\"); },"
                   "{ matchers = (\"unit=~\\\"9.*\\\"\"); },"
                   "{ matchers = (\"unit!=\\\"22018\\\"\"); } ); };",
         ""},
        {RECEIVERS "\nroute = { receiver = \"room\"; routes = (\n"
                   "{ matchers = (\"a=\\\"1\\\"\", \"unit=\\\"99999\\\"\");\n"
                   "  routes = ( { matchers = (\"unit!=\\\"7\\\"\"); } ); } ); "
                   "};",
         ":3:27: found the unit \"99999\", expected the code of one of the "
         "city "
         "model\n"
         ":4:29: found the unit \"7\", expected the code of one of the city "
         "model\n"},
        {RECEIVERS
         "route = { receiver = \"room\"; };\n"
         "inhibit_rules = ( { source_matchers = (\"unit=\\\"1\\\"\");\n"
         "target_matchers = (\"unit=\\\"2\\\"\"); } );\n"
         "escalation = ( { matchers = (\"unit=\\\"3\\\"\"); "
         "acknowledge = \"10m\"; } );",
         ":2:41: found the unit \"1\", expected the code of one of the city "
         "model\n"
         ":3:21: found the unit \"2\", expected the code of one of the city "
         "model\n"
         ":4:31: found the unit \"3\", expected the code of one of the city "
         "model\n"},
    };

    (void)state;
    check_rows(ALL(rows), channels, 3);
}

static void
channels_of_people_are_configured(void **state)
{
    static const char *const channels[] = {"room", "mail"};
    static const struct row rows[] = {
        {"receivers = ( { name = \"room\"; channels = (\"room\"); } );"
         "route = { receiver = \"room\"; };",
         ""}, /* nobody is told by role */
        {RECEIVERS "route = { receiver = \"room\"; };",
         "contact \"a\" of the city model: found the channel \"zalo\", "
         "expected "
         "one of the agent's configuration\n"},
    };

    (void)state;
    check_rows(ALL(rows), channels, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_of_matchers_are_in_the_model),
        cmocka_unit_test(channels_of_people_are_configured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
