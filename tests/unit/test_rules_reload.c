#include "agent/decide/rules_reload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "agent_fixture.h"
#include "sink_fixture.h"
#include "tests/failing_memory.h"

static int
setup(void **state)
{
    return sinks_setup(state);
}

static struct gong_rules_reload
reload_of(const struct sinks *sinks, const struct gong_strings *paths)
{
    struct gong_rules_reload reload = {
        .paths = paths, .state_dir = sinks->dir, .journal = sinks->journal};

    assert_true(gong_rules_reload_init(&reload, sinks->counters));
    return reload;
}

static void
the_digest_is_sha_256(void **state)
{
    char sha[GONG_RULE_SHA_SIZE];

    (void)state;
    assert_int_equal(gong_rule_sha(gong_str_of("abc"), sha), GONG_OK);
    assert_string_equal(sha, "ba7816bf8f01cfea414140de5dae2223"
                             "b00361a396177a9cb410ff61f20015ad");
    assert_true(gong_rule_sha_valid(gong_str_of(sha)));
    sha[3] = 'G';
    assert_false(gong_rule_sha_valid(gong_str_of(sha)));
    assert_false(gong_rule_sha_valid(gong_str_of("ba78")));
    assert_false(gong_rule_sha_valid(
        gong_str_of("../../../../../../../../../../../../../../../../etc/passw"
                    "d..........")));
}

static void
good_rules_are_kept_and_announced(void **state)
{
    struct sinks *sinks = *state;
    struct gong_strings paths = agent_rules(sinks->dir, "a.cfg", RULES_HOT);
    struct gong_rules_reload reload = reload_of(sinks, &paths);
    struct gong_conf_errors errors = {0};
    struct gong_rules_checked checked;
    struct gong_rule_source *source;

    assert_true(gong_rules_reload_run(&reload, NULL, &errors));
    assert_int_equal(errors.count, 0);
    assert_true(gong_rules_check(&paths, &checked, &errors));
    assert_string_equal(agent_last_config(sinks->journal), checked.sha);
    source = gong_rule_store_get(sinks->dir, checked.sha, &errors);
    assert_non_null(source);
    assert_int_equal(source->set->count, 1);
    assert_int_equal(source->bundle_len, checked.source->bundle_len);
    gong_rule_source_free(source);
    gong_rules_checked_fini(&checked);
    assert_int_equal(
        sinks_count(sinks, "gong_agent_rules_loads_total", "result=\"taken\""),
        1);
    agent_rules_free(&paths);
}

static void
bad_rules_change_nothing(void **state)
{
    struct sinks *sinks = *state;
    struct gong_strings paths = agent_rules(sinks->dir, "a.cfg", RULES_HOT);
    struct gong_rules_reload reload = reload_of(sinks, &paths);
    struct gong_conf_errors errors = {0};
    char before[GONG_RULE_SHA_SIZE];

    assert_true(gong_rules_reload_run(&reload, NULL, &errors));
    (void)snprintf(before, sizeof before, "%s",
                   agent_last_config(sinks->journal));
    agent_write(sinks->dir, "a.cfg",
                "group = \"t\";\nrules = (\n"
                " { alert = \"A\"; expr = \"x >\"; },\n"
                " { alert = \"B\"; exp = \"x\"; } );\n");
    assert_false(gong_rules_reload_run(&reload, NULL, &errors));
    assert_true(errors.count >= 2); /* all, not only the first */
    assert_non_null(strstr(errors.items[0], "a.cfg:3:"));
    assert_string_equal(agent_last_config(sinks->journal), before);
    assert_int_equal(sinks_count(sinks, "gong_agent_rules_loads_total",
                                 "result=\"refused\""),
                     1);
    gong_conf_errors_fini(&errors);
    agent_rules_free(&paths);
}

/* The bundle that the journal names holds the model; what is wrong in it leaves
 * the rules as they were, too. */
static void
a_model_goes_with_the_rules(void **state)
{
    struct sinks *sinks = *state;
    struct gong_strings paths = agent_rules(sinks->dir, "a.cfg", RULES_HOT);
    struct gong_strings models = agent_rules(
        sinks->dir, "m.cfg",
        "model = \"m\"; units = ( { code = \"66\"; name = \"T\"; kind = "
        "\"province\"; } );");
    struct gong_rules_reload reload = reload_of(sinks, &paths);
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = NULL;
    char without[GONG_RULE_SHA_SIZE];
    char with[GONG_RULE_SHA_SIZE];

    assert_true(gong_rules_reload_run(&reload, NULL, &errors));
    (void)snprintf(without, sizeof without, "%s",
                   agent_last_config(sinks->journal));
    reload.models = &models;
    assert_true(gong_rules_reload_run(&reload, NULL, &errors));
    (void)snprintf(with, sizeof with, "%s", agent_last_config(sinks->journal));
    assert_string_not_equal(with, without);
    source = gong_rule_store_get(sinks->dir, with, &errors);
    assert_non_null(source);
    assert_int_equal(gong_model_unit_count(source->model), 1);
    assert_non_null(source->set->city);
    gong_rule_source_free(source);
    agent_write(sinks->dir, "m.cfg", "model = \"m\"; units = 5;");
    assert_false(gong_rules_reload_run(&reload, NULL, &errors));
    assert_non_null(strstr(errors.items[0], "m.cfg:1:"));
    assert_string_equal(agent_last_config(sinks->journal), with);
    gong_conf_errors_fini(&errors);
    agent_rules_free(&paths);
    agent_rules_free(&models);
}

static void
a_missing_folder_changes_nothing(void **state)
{
    struct sinks *sinks = *state;
    struct gong_strings paths = agent_rules(sinks->dir, "a.cfg", RULES_HOT);
    struct gong_rules_reload reload = reload_of(sinks, &paths);
    struct gong_conf_errors errors = {0};

    reload.state_dir = "/proc/no-such";
    assert_false(gong_rules_reload_run(&reload, NULL, &errors));
    assert_int_equal(errors.count, 1);
    assert_non_null(strstr(errors.items[0], "/proc/no-such"));
    assert_string_equal(agent_last_config(sinks->journal), "");
    gong_conf_errors_fini(&errors);
    agent_rules_free(&paths);
}

static void
a_bundle_that_was_changed_is_refused_and_mended(void **state)
{
    struct sinks *sinks = *state;
    struct gong_strings paths = agent_rules(sinks->dir, "a.cfg", RULES_HOT);
    struct gong_rules_reload reload = reload_of(sinks, &paths);
    struct gong_conf_errors errors = {0};
    char name[128];
    const char *sha;

    assert_true(gong_rules_reload_run(&reload, NULL, &errors));
    sha = agent_last_config(sinks->journal);
    (void)snprintf(name, sizeof name, "rules/%s.bundle", sha);
    agent_write(sinks->dir, name, "something else");
    assert_null(gong_rule_store_get(sinks->dir, sha, &errors));
    assert_int_equal(errors.count, 1);
    gong_conf_errors_fini(&errors);
    errors = (struct gong_conf_errors){0};
    assert_true(gong_rules_reload_run(&reload, NULL, &errors));
    agent_rule_source_is(sinks->dir, agent_last_config(sinks->journal));
    agent_rules_free(&paths);
}

static const char rules_of_all_kinds[] =
    "group = \"t\"; interval = \"15s\";\n"
    "calendars = ( { name = \"night\"; hours = (\"mon-sun 22:00-05:00\");"
    " except = (\"2026-01-01\"); zone = \"+07:00\"; } );\n"
    "rules = ( { alert = \"A\"; expr = \"a{b=~\\\"c.*\\\"} > 1\";"
    " resolve = \"a < 0\"; active = \"night\";"
    " labels = { d = \"{{ $labels.b }}\"; };"
    " annotations = { e = \"{{ $value | humanize }}\"; }; },\n"
    "{ alert = \"B\"; expr = \"sum by (c) (rate(b[5m]))\";"
    " levels = ( { severity = \"x\"; above = 1; },"
    " { severity = \"y\"; above = 2; } ); },\n"
    "{ record = \"a:b\"; expr = \"a and b\"; } );\n";

/* Every allocation fails once: there are the rules, or memory was short. */
static void
want_of_memory_is_no_fault_of_a_bundle(void **state)
{
    struct sinks *sinks = *state;
    struct gong_strings paths =
        agent_rules(sinks->dir, "a.cfg", rules_of_all_kinds);
    struct gong_rules_reload reload = reload_of(sinks, &paths);
    struct gong_conf_errors errors = {0};
    uint64_t failures = 0;
    const char *sha;

    if (!gong_rules_reload_run(&reload, NULL, &errors)) {
        gong_conf_errors_print(&errors, stderr);
        fail();
    }
    sha = agent_last_config(sinks->journal);
    for (uint64_t at = 0, asked = 1; at < asked; at++) {
        struct gong_rule_source *source;

        failing_memory_begin(at);
        source = gong_rule_store_get(sinks->dir, sha, &errors);
        asked = failing_memory_end();
        assert_true((source != NULL) != errors.no_memory);
        failures += source == NULL;
        gong_rule_source_free(source);
        gong_conf_errors_fini(&errors);
    }
    assert_true(failures > 100);
    agent_rules_free(&paths);
}

static void
a_reload_without_memory_is_not_refused(void **state)
{
    struct sinks *sinks = *state;
    struct gong_strings paths = agent_rules(sinks->dir, "a.cfg", RULES_HOT);
    struct gong_rules_reload reload = reload_of(sinks, &paths);
    struct gong_conf_errors errors = {0};

    failing_memory_begin(0);
    assert_false(gong_rules_reload_run(&reload, NULL, &errors));
    (void)failing_memory_end();
    assert_true(errors.no_memory);
    assert_int_equal(sinks_count(sinks, "gong_agent_rules_loads_total",
                                 "result=\"refused\""),
                     0);
    assert_int_equal(sinks_count(sinks, "gong_agent_rules_loads_total",
                                 "result=\"no_memory\""),
                     1);
    gong_conf_errors_fini(&errors);
    assert_true(gong_rules_reload_run(&reload, NULL, &errors));
    assert_false(errors.no_memory);
    agent_rules_free(&paths);
}

static void
an_unknown_bundle_is_named(void **state)
{
    struct sinks *sinks = *state;
    struct gong_conf_errors errors = {0};

    assert_null(gong_rule_store_get(sinks->dir, "00ff", &errors));
    assert_int_equal(errors.count, 1);
    assert_non_null(strstr(errors.items[0], "00ff.bundle"));
    gong_conf_errors_fini(&errors);
}

static bool
exists(const struct sinks *sinks, const char *name)
{
    char path[256];
    struct stat status;

    (void)snprintf(path, sizeof path, "%s/rules/%s", sinks->dir, name);
    return stat(path, &status) == 0;
}

/* Bundles live as long as a record names them; other files are not ours. */
static void
bundles_that_nothing_names_are_removed(void **state)
{
    struct sinks *sinks = *state;
    struct gong_strings paths = agent_rules(sinks->dir, "a.cfg", RULES_HOT);
    struct gong_rules_reload reload = reload_of(sinks, &paths);
    struct gong_conf_errors errors = {0};
    static const char stale[] =
        "00000000000000000000000000000000000000000000000000000000000000ff"
        ".bundle";
    char first[GONG_RULE_SHA_SIZE + sizeof ".bundle"];
    char name[128];

    assert_true(gong_rules_reload_run(&reload, NULL, &errors));
    (void)snprintf(first, sizeof first, "%s.bundle",
                   agent_last_config(sinks->journal));
    agent_write(sinks->dir, "rules/other.bundle", "not a digest");
    agent_write(sinks->dir, "rules/notes.txt", "somebody's");
    (void)snprintf(name, sizeof name, "rules/%s", stale);
    agent_write(sinks->dir, name, "left by an older journal");
    agent_write(sinks->dir, "a.cfg", RULES_HOTTER);
    assert_true(gong_rules_reload_run(&reload, NULL, &errors));
    assert_false(exists(sinks, stale));
    assert_true(exists(sinks, first)); /* a replay would ask for it */
    agent_rule_source_is(sinks->dir, agent_last_config(sinks->journal));
    assert_true(exists(sinks, "other.bundle"));
    assert_true(exists(sinks, "notes.txt"));
    agent_rules_free(&paths);
}

/* A message that found no memory is still one line of the log. */
static void
a_message_without_memory_is_logged(void **state)
{
    char *none[] = {NULL};
    struct gong_conf_errors errors = {.items = none, .count = 1};

    (void)state;
    gong_rules_log_errors("rules_problem", &errors);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, sinks_teardown)
    const struct CMUnitTest tests[] = {
        T(the_digest_is_sha_256),
        T(good_rules_are_kept_and_announced),
        T(bad_rules_change_nothing),
        T(a_model_goes_with_the_rules),
        T(a_missing_folder_changes_nothing),
        T(a_bundle_that_was_changed_is_refused_and_mended),
        T(want_of_memory_is_no_fault_of_a_bundle),
        T(a_reload_without_memory_is_not_refused),
        T(an_unknown_bundle_is_named),
        T(bundles_that_nothing_names_are_removed),
        T(a_message_without_memory_is_logged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
