/* Routing files: what is inherited, and every mistake with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/desk/desk_config.h"

static struct gong_desk_config *
read_text(const char *text, struct gong_conf_errors *errors)
{
    static const char *const others[] = {"channels", NULL};
    struct gong_conf *conf =
        gong_conf_open_text("r.cfg", gong_str_of(text), errors);
    struct gong_desk_config *config =
        conf == NULL ? NULL : gong_desk_config_read(conf, others, errors);

    gong_conf_close(conf);
    return config;
}

static void
children_inherit(void **state)
{
    struct gong_conf_errors errors = {0};
    struct gong_desk_config *c = read_text(
        "channels = 1;\n"
        "receivers = ({ name = \"a\"; channels = (\"x\", \"y\"); },\n"
        "  { name = \"b\"; role = \"duty\"; of = \"unit\"; affects = true;\n"
        "    send_resolved = false; });\n"
        "time_intervals = ({ name = \"night\"; hours = (\"mon-sun "
        "22:00-06:00\"); }, { name = \"day\"; });\n"
        "route = { receiver = \"a\"; group_by = (\"unit\", \"alertname\");\n"
        "  group_wait = \"0s\"; repeat_interval = \"1h\";\n"
        "  routes = ({ matchers = (\"b=~\\\"x|y\\\"\", \"a!=\\\"\\\"\");\n"
        "      continue = true; mute_time_intervals = (\"night\");\n"
        "      group_interval = \"1m\"; routes = (\n"
        "        { receiver = \"b\"; group_by = (\"...\"); routes = (\n"
        "            { active_time_intervals = (\"day\", \"night\"); }); });\n"
        "    }, { matchers = (\"b=~\\\"x|y\\\",a!=\\\"\\\"\");\n"
        "      group_by = (); }); };\n",
        &errors);

    (void)state;
    gong_conf_errors_print(&errors, stderr);
    assert_non_null(c);
    assert_int_equal(c->route_count, 5);
    assert_int_equal(c->receiver_count, 2);
    assert_int_equal(c->interval_count, 2);
    assert_true(c->receivers[0].send_resolved);
    assert_false(c->receivers[1].send_resolved);
    assert_int_equal(c->receivers[0].channels.count, 2);
    assert_string_equal(c->routes[0].identity, "{}");
    assert_int_equal(c->routes[0].first, 1);
    assert_int_equal(c->routes[0].next, 0);
    /* The first child. */
    assert_string_equal(c->routes[1].identity, "{}/{a!=\"\",b=~\"x|y\"}");
    assert_true(c->routes[1].go_on);
    assert_int_equal(c->routes[1].mute_count, 1);
    assert_int_equal(c->routes[1].group_by.count, 2);
    assert_string_equal(c->routes[1].group_by.items[0], "alertname");
    assert_true(c->routes[1].group_wait.ns == 0);
    assert_true(c->routes[1].group_interval.ns == 60 * GONG_NS_PER_S);
    assert_true(c->routes[1].repeat_interval.ns == 3600 * GONG_NS_PER_S);
    assert_int_equal(c->routes[1].next, 4);
    /* Below it: no matchers, no continue, no intervals of the parent. */
    assert_string_equal(c->routes[2].identity, "{}/{a!=\"\",b=~\"x|y\"}/{}");
    assert_false(c->routes[2].go_on);
    assert_int_equal(c->routes[2].mute_count, 0);
    assert_int_equal(c->routes[2].receiver, 1);
    assert_true(c->routes[2].group_by_all);
    assert_true(c->routes[2].group_interval.ns == 60 * GONG_NS_PER_S);
    assert_int_equal(c->routes[3].active_count, 2);
    assert_int_equal(c->routes[3].active[0], 1);
    assert_int_equal(c->routes[3].receiver, 1);
    assert_true(c->routes[3].group_by_all);
    /* The second has the same matchers. */
    assert_int_equal(c->routes[4].twin, 1);
    assert_int_equal(c->routes[4].group_by.count, 0);
    assert_false(c->routes[4].group_by_all);
    assert_true(c->routes[4].group_interval.ns == 300 * GONG_NS_PER_S);
    gong_desk_config_free(c);
    gong_conf_errors_fini(&errors);
}

static void
escalation_and_inhibition(void **state)
{
    struct gong_conf_errors errors = {0};
    struct gong_desk_config *c = read_text(
        "receivers = ({ name = \"a\"; channels = (\"x\"); });\n"
        "route = { receiver = \"a\"; };\n"
        "inhibit_rules = ({ source_matchers = (\"a=\\\"1\\\"\");\n"
        "  target_matchers = (\"b!~\\\"1\\\"\"); equal = (\"y\", \"x\"); });\n"
        "escalation = ({ acknowledge = \"10m\"; },\n"
        "  { matchers = (\"s=\\\"c\\\"\"); resolve = \"4h\"; steps = (\n"
        "    { after = \"10m\"; receiver = \"a\"; },\n"
        "    { after = \"20m\"; receiver = \"a\"; }); });\n",
        &errors);

    (void)state;
    assert_non_null(c);
    assert_string_equal(c->inhibits[0].equal.items[0], "x");
    assert_string_equal(gong_desk_matchers_text(c->inhibits[0].target),
                        "{b!~\"1\"}");
    assert_null(c->escalations[0].matchers);
    assert_true(c->escalations[0].acknowledge.ns == 600 * GONG_NS_PER_S);
    assert_int_equal(c->escalations[1].step_count, 2);
    gong_desk_config_free(c);
}

#define GOOD "receivers = ({ name = \"a\"; channels = (\"x\"); });\n"

static void
mistakes_have_their_place(void **state)
{
    static const struct {
        const char *text;
        const char *expected; /* all of them, in order */
    } rows[] = {
        {GOOD, "r.cfg:1:1: found no route"},
        {"route = { receiver = \"a\"; };\n",
         "r.cfg:1:23: found \"a\", expected the name of a receiver"},
        {GOOD "route = { group_wait = \"1s\"; };\n",
         "r.cfg:2:9: found no receiver"},
        {GOOD "route = 3;\n", "r.cfg:2:9: found no route"},
        {GOOD "route = { receiver = \"b\"; };\n", "r.cfg:2:23: found \"b\""},
        {GOOD "route = { receiver = \"a\"; group_interval = \"0s\"; };\n",
         "r.cfg:2:44:"},
        {GOOD "route = { receiver = \"a\"; repeat_interval = \"0s\"; };\n",
         "r.cfg:2:45:"},
        {GOOD "route = { receiver = \"a\"; group_wait = \"-1s\"; };\n",
         "r.cfg:2:40:"},
        {GOOD "route = { receiver = \"a\"; matchers = (\"x=\\\"1\\\"\"); };\n",
         "r.cfg:2:38: found `matchers`"},
        {GOOD "route = { receiver = \"a\"; continue = true; };\n",
         "r.cfg:2:38: found `continue`"},
        {GOOD "time_intervals = ({ name = \"n\"; });\n"
              "route = { receiver = \"a\"; mute_time_intervals = (\"n\"); };\n",
         "r.cfg:3:49: found `mute_time_intervals`"},
        {GOOD "time_intervals = ({ name = \"n\"; }, { name = \"n\"; });\n"
              "route = { receiver = \"a\"; active_time_intervals = (\"n\"); "
              "};\n",
         "r.cfg:2:46: found a second calendar|r.cfg:3:51: found "
         "`active_time_intervals`"},
        {GOOD "route = { receiver = \"a\"; routes = (\n"
              "  { mute_time_intervals = (\"n\"); });};\n",
         "r.cfg:3:29: found \"n\", expected the name of one of time_intervals"},
        {GOOD "route = { receiver = \"a\"; routes = (\n"
              "  { matchers = (\"a=b\"); },\n"
              "  { matchers = (\"a=\\\"b\\\"\", \"c=~\\\"(\\\"\"); },\n"
              "  { matchers = (\"\"); }, { matchers = 3; }, 5 );};\n",
         "r.cfg:3:20:|r.cfg:4:32:|r.cfg:5:18: found no matcher|r.cfg:5:38: "
         "found no list|r.cfg:5:44: found another type"},
        {GOOD "route = { receiver = \"a\"; group_by = (\"b\", \"b\", \"1\"); "
              "};\n",
         "r.cfg:2:45: found \"b\" a second time|r.cfg:2:50: found another"},
        {GOOD "route = { receiver = \"a\"; group_by = (\"...\", \"b\"); };\n",
         "r.cfg:2:38: found \"...\" and other labels"},
        {GOOD "rute = 1; route = { receiver = \"a\"; recever = \"a\"; };\n",
         "r.cfg:2:1:|r.cfg:2:37:"},
        {"receivers = ({ name = \"a\"; }, { name = \"a\"; role = \"d\"; },\n"
         "  { name = \"c\"; of = \"unit\"; channels = (\"x\"); },\n"
         "  { name = \"d\"; role = \"d\"; of = \"66\"; affects = true; },\n"
         "  { name = \"\"; role = \"d\"; of = \"66\"; channels = (\"x\"); });\n"
         "route = { receiver = \"a\"; };\n",
         "r.cfg:1:14: found neither|r.cfg:1:31: found a role without "
         "`of`|r.cfg:1:41: found a second receiver|r.cfg:2:3: found `of` "
         "without|r.cfg:3:50: found `affects`|r.cfg:4:3: found "
         "both|r.cfg:4:13: found no name"},
        {GOOD "route = { receiver = \"a\"; };\n"
              "escalation = ({ steps = ({ after = \"0s\"; receiver = \"a\"; "
              "}); },\n"
              "  { steps = ({ after = \"5m\"; receiver = \"b\"; },\n"
              "     { after = \"5m\"; receiver = \"a\"; }); });\n",
         "r.cfg:3:36:|r.cfg:4:42: found \"b\"|r.cfg:5:17: found a time that"},
        {GOOD "route = { receiver = \"a\"; };\n"
              "inhibit_rules = ({ target_matchers = (\"a=\\\"1\\\"\"); },\n"
              "  { source_matchers = (\"a=\\\"1\\\"\"); equal = (\"-\"); });\n",
         "r.cfg:3:18: found no source_matchers|r.cfg:4:46: found another"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gong_conf_errors errors = {0};
        struct gong_desk_config *c = read_text(rows[i].text, &errors);
        char *expected = gong_str_copy(gong_str_of(rows[i].expected));
        char *save = NULL;
        size_t at = 0;

        assert_null(c);
        for (char *one = strtok_r(expected, "|", &save); one != NULL;
             one = strtok_r(NULL, "|", &save)) {
            if (at >= errors.count ||
                strncmp(errors.items[at], one, strlen(one)) != 0) {
                gong_conf_errors_print(&errors, stderr);
                fail_msg("row %zu: not %s", i, one);
            }
            at++;
        }
        if (at != errors.count) {
            gong_conf_errors_print(&errors, stderr);
            fail_msg("row %zu: %zu more", i, errors.count - at);
        }
        free(expected);
        gong_conf_errors_fini(&errors);
    }
}

/* Routes in routes in routes, and too many of them. */
static void
trees_are_bounded(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct gong_conf_errors errors = {0};

    (void)state;
    (void)fputs(GOOD "route = { receiver = \"a\";", out);
    for (int i = 0; i < 14; i++) {
        (void)fputs(" routes = ({", out);
    }
    for (int i = 0; i < 14; i++) {
        (void)fputs("});", out);
    }
    (void)fputs("};", out);
    (void)fclose(out);
    assert_null(read_text(text, &errors));
    assert_int_equal(errors.count, 1);
    assert_non_null(strstr(errors.items[0], "found routes 13 deep"));
    gong_conf_errors_fini(&errors);
    free(text);
    errors = (struct gong_conf_errors){0};
    out = open_memstream(&text, &len);
    (void)fputs(GOOD "route = { receiver = \"a\"; routes = ({}", out);
    for (int i = 0; i < GONG_DESK_ROUTES_MAX - 1; i++) {
        (void)fputs(", {}", out);
    }
    (void)fputs("); };", out);
    (void)fclose(out);
    assert_null(read_text(text, &errors));
    assert_int_equal(errors.count, 1);
    assert_non_null(strstr(errors.items[0], "found more routes"));
    gong_conf_errors_fini(&errors);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_inherit),
        cmocka_unit_test(escalation_and_inhibition),
        cmocka_unit_test(mistakes_have_their_place),
        cmocka_unit_test(trees_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
