#include "agent/api/api_rule_sets.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "agent/decide/rules_reload.h"
#include "agent/decide/rules_rollback.h"
#include "agent_fixture.h"

static void
put(struct sinks *sinks, const char *text)
{
    struct gong_strings paths = agent_rules(sinks->dir, "a.cfg", text);
    struct gong_rules_reload reload = {
        .paths = &paths, .state_dir = sinks->dir, .journal = sinks->journal};
    struct gong_conf_errors errors = {0};

    assert_true(gong_rules_reload_init(&reload, sinks->counters));
    if (!gong_rules_reload_run(&reload, NULL, &errors)) {
        fail_msg("%s", errors.items[0]);
    }
    gong_conf_errors_fini(&errors);
    agent_rules_free(&paths);
}

/* Only what going back asks of it. */
static struct gong_rules_reload
reload_of(struct sinks *sinks)
{
    struct gong_rules_reload reload = {.state_dir = sinks->dir,
                                       .journal = sinks->journal};

    assert_true(gong_rules_reload_init(&reload, sinks->counters));
    return reload;
}

static bool
holds(const json_t *value, const char *part)
{
    char *text = json_dumps(value, JSON_COMPACT);
    bool found = text != NULL && strstr(text, part) != NULL;

    free(text);
    return found;
}

static void
sets_are_listed_and_gone_back_to(void **state)
{
    struct sinks *sinks = *state;
    struct gong_engine_thread *engine = agent_engine(sinks);
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct gong_rules_reload reload = reload_of(sinks);
    struct gong_api_rule_sets sets = {
        .state_dir = sinks->dir,
        .engine = engine,
        .journal = sinks->journal,
        .lock = &lock,
        .reload = &reload,
    };
    struct gong_api_rules rules = gong_api_rules_of(&sets);
    char first[GONG_RULE_SHA_SIZE], other[GONG_RULE_SHA_SIZE], why[256] = "";
    struct gong_engine_report report;
    json_t *value;

    put(sinks, RULES_HOT);
    report = agent_engine_settled(sinks, engine);
    memcpy(first, report.rules_sha, sizeof first);
    put(sinks, RULES_HOTTER);
    report = agent_engine_settled(sinks, engine);
    assert_string_not_equal(first, report.rules_sha);
    value = rules.rules(rules.ctx);
    assert_true(holds(value, "\"query\":\"lamp_temp > 75\""));
    json_decref(value);
    value = rules.log(rules.ctx);
    assert_int_equal(json_array_size(value), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *set = json_array_get(value, i);

        assert_int_equal(json_is_true(json_object_get(set, "now")),
                         strcmp(json_string_value(json_object_get(set, "sha")),
                                report.rules_sha) == 0);
        assert_true(json_integer_value(json_object_get(set, "at")) > 0);
    }
    json_decref(value);
    assert_int_equal(rules.rollback(rules.ctx, first, why, sizeof why),
                     GONG_OK);
    report = agent_engine_settled(sinks, engine);
    assert_string_equal(report.rules_sha, first);
    value = rules.rules(rules.ctx);
    assert_true(holds(value, "\"query\":\"lamp_temp > 70\""));
    json_decref(value);
    memcpy(other, first, sizeof other);
    other[0] = other[0] == 'a' ? 'b' : 'a';
    assert_int_equal(rules.rollback(rules.ctx, other, why, sizeof why),
                     GONG_ERR_NOT_FOUND);
    assert_int_equal(rules.rollback(rules.ctx, "../../x", why, sizeof why),
                     GONG_ERR_INVALID);
    report = agent_engine_settled(sinks, engine);
    assert_string_equal(report.rules_sha, first);
    gong_engine_thread_stop(engine);
}

#define CITY(name)                                                             \
    "model = \"m\";\nunits = ( { code = \"66\"; kind = \"province\"; name = "  \
    "\"" name "\"; } );\n"

/* A desk that goes along: what it was given last. */
struct follower {
    unsigned gone;
    char name[32]; /* of the first unit of the model that it has */
    char receiver[32];
};

static void
desk_goes(void *ctx, struct gong_rules_checked *checked)
{
    struct follower *follower = ctx;
    const struct gong_model *model = checked->source->model;

    follower->gone++;
    (void)snprintf(follower->name, sizeof follower->name, "%s",
                   gong_model_unit_count(model) > 0
                       ? gong_model_unit_at(model, 0)->name
                       : "");
    (void)snprintf(
        follower->receiver, sizeof follower->receiver, "%s",
        checked->routes == NULL ? "" : checked->routes->receivers[0].name);
    gong_rules_checked_fini(checked);
}

#define ROUTES(name)                                                           \
    "receivers = ( { name = \"" name "\"; channels = (\"room\"); } );\n"       \
    "route = { receiver = \"" name "\"; };\n"

/* Rules, city model and routes on disk, an engine, and a desk to go along. */
struct city {
    struct gong_engine_thread *engine;
    pthread_mutex_t lock;
    struct gong_strings paths;
    struct gong_strings models;
    char path[128];
    struct gong_desk_file file;
    struct gong_outbox_channel channel;
    struct gong_desk_channels channels;
    struct gong_rules_reload reload;
    struct follower follower;
    struct gong_api_rule_sets sets;
    struct gong_api_rules rules;
};

static void
city_open(struct sinks *sinks, struct city *city)
{
    *city = (struct city){.engine = agent_engine(sinks)};
    (void)pthread_mutex_init(&city->lock, NULL);
    city->paths = agent_rules(sinks->dir, "a.cfg", RULES_HOT);
    city->models = agent_rules(sinks->dir, "m.cfg", CITY("Đắk Lắk"));
    agent_write(sinks->dir, "routes.cfg", ROUTES("first"));
    (void)snprintf(city->path, sizeof city->path, "%s/routes.cfg", sinks->dir);
    city->file.routes = city->path;
    city->channel = (struct gong_outbox_channel){.name = "room"};
    city->channels =
        (struct gong_desk_channels){.channels = &city->channel, .count = 1};
    city->reload = (struct gong_rules_reload){
        .paths = &city->paths,
        .models = &city->models,
        .desk = &city->file,
        .channels = &city->channels,
        .state_dir = sinks->dir,
        .journal = sinks->journal,
    };
    assert_true(gong_rules_reload_init(&city->reload, sinks->counters));
    city->sets = (struct gong_api_rule_sets){
        sinks->dir,    city->engine, sinks->journal, &city->lock,
        &city->reload, desk_goes,    &city->follower};
    city->rules = gong_api_rules_of(&city->sets);
}

static void
city_close(struct city *city)
{
    gong_engine_thread_stop(city->engine);
    agent_rules_free(&city->paths);
    agent_rules_free(&city->models);
}

/* What is on disk, taken; the digest of it. */
static void
read_again(struct sinks *sinks, struct city *city, char out[GONG_RULE_SHA_SIZE])
{
    struct gong_conf_errors errors = {0};
    struct gong_engine_report report;

    if (!gong_rules_reload_run(&city->reload, NULL, &errors)) {
        fail_msg("%s", errors.items[0]);
    }
    gong_conf_errors_fini(&errors);
    report = agent_engine_settled(sinks, city->engine);
    memcpy(out, report.rules_sha, GONG_RULE_SHA_SIZE);
}

/* City model and routes go back with the rules that they were in force with,
 * though the files on disk are others. */
static void
the_desk_goes_back_with_its_rules(void **state)
{
    struct sinks *sinks = *state;
    char first[GONG_RULE_SHA_SIZE], second[GONG_RULE_SHA_SIZE], why[256] = "";
    struct gong_engine_report report;
    struct city city;

    city_open(sinks, &city);
    read_again(sinks, &city, first);
    agent_write(sinks->dir, "m.cfg", CITY("Dak Lak"));
    agent_write(sinks->dir, "routes.cfg", ROUTES("second"));
    read_again(sinks, &city, second);
    assert_string_not_equal(first, second);
    assert_int_equal(
        city.rules.rollback(city.rules.ctx, first, why, sizeof why), GONG_OK);
    assert_int_equal(city.follower.gone, 1);
    assert_string_equal(city.follower.name, "Đắk Lắk");
    assert_string_equal(city.follower.receiver, "first");
    report = agent_engine_settled(sinks, city.engine);
    assert_string_equal(report.rules_sha, first);
    city_close(&city);
}

/* Other routes alone are another set. */
static void
routes_are_part_of_a_set(void **state)
{
    struct sinks *sinks = *state;
    char first[GONG_RULE_SHA_SIZE], second[GONG_RULE_SHA_SIZE];
    struct city city;

    city_open(sinks, &city);
    read_again(sinks, &city, first);
    agent_write(sinks->dir, "routes.cfg", ROUTES("second"));
    read_again(sinks, &city, second);
    assert_string_not_equal(first, second);
    city_close(&city);
}

/* What a load refuses a rollback refuses, in the same words: the channel of a
 * set is no longer in the configuration. */
static void
a_rollback_is_checked_as_a_load(void **state)
{
    struct sinks *sinks = *state;
    char first[GONG_RULE_SHA_SIZE], second[GONG_RULE_SHA_SIZE], why[512] = "";
    struct gong_conf_errors errors = {0};
    struct city city;

    city_open(sinks, &city);
    read_again(sinks, &city, first);
    agent_write(sinks->dir, "a.cfg", RULES_HOTTER);
    read_again(sinks, &city, second);
    city.channel.name = "hall";
    assert_false(gong_rules_reload_run(&city.reload, NULL, &errors));
    assert_int_equal(
        city.rules.rollback(city.rules.ctx, first, why, sizeof why),
        GONG_ERR_INVALID);
    assert_non_null(strstr(why, "found \"room\", expected the name of a "
                                "channel of the agent's configuration"));
    assert_non_null(strstr(errors.items[0], strstr(why, "found \"room\"")));
    assert_string_equal(agent_engine_settled(sinks, city.engine).rules_sha,
                        second);
    assert_int_equal(city.follower.gone, 0);
    gong_conf_errors_fini(&errors);
    city_close(&city);
}

/* Files take no more than so many bytes. */
static void
limit_files(rlim_t bytes, struct rlimit *before)
{
    struct rlimit small;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, before), 0);
    small = *before;
    small.rlim_cur = bytes;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
}

/* A set of before routes were in it, and before this program's probes: with
 * those on disk, and with these. */
static void
an_older_set_gets_what_it_lacks(void **state)
{
    struct sinks *sinks = *state;
    char first[GONG_RULE_SHA_SIZE], why[256] = "";
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source;
    struct rlimit before;
    struct city city;
    enum gong_err err;

    city_open(sinks, &city);
    city.reload.desk = NULL;
    read_again(sinks, &city, first);
    city.reload.desk = &city.file;
    agent_write(sinks->dir, "routes.cfg", ROUTES("now"));
    /* A disk that takes nothing makes no set a bad one. */
    limit_files(10, &before);
    err = city.rules.rollback(city.rules.ctx, first, why, sizeof why);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(err, GONG_ERR_IO);
    assert_int_equal(
        city.rules.rollback(city.rules.ctx, first, why, sizeof why), GONG_OK);
    assert_string_equal(city.follower.receiver, "now");
    source = gong_rule_store_get(
        sinks->dir, agent_engine_settled(sinks, city.engine).rules_sha,
        &errors);
    assert_non_null(source);
    assert_int_equal(source->set->count, 3); /* with proof and drill */
    assert_string_equal(source->routes, ROUTES("now"));
    gong_rule_source_free(source);
    city_close(&city);
}

static int64_t
field_of(struct city *city, const char *sha, const char *name)
{
    json_t *sets = city->rules.log(city->rules.ctx);
    int64_t found = -1;

    for (size_t i = 0; i < json_array_size(sets); i++) {
        const json_t *set = json_array_get(sets, i);

        if (strcmp(json_string_value(json_object_get(set, "sha")), sha) == 0) {
            found = json_integer_value(json_object_get(set, name));
        }
    }
    json_decref(sets);
    return found;
}

/* The files on disk count when they are read again: that is told. */
static void
an_undone_rollback_is_told(void **state)
{
    struct sinks *sinks = *state;
    char first[GONG_RULE_SHA_SIZE], second[GONG_RULE_SHA_SIZE], why[256] = "";
    struct gong_rules_rollback back;
    struct city city;

    city_open(sinks, &city);
    read_again(sinks, &city, first);
    agent_write(sinks->dir, "a.cfg", RULES_HOTTER);
    read_again(sinks, &city, second);
    assert_int_equal(gong_rules_rollback_read(sinks->dir, &back),
                     GONG_ERR_NOT_FOUND);
    assert_int_equal(
        city.rules.rollback(city.rules.ctx, first, why, sizeof why), GONG_OK);
    assert_true(field_of(&city, first, "rolled_back") > 0);
    assert_int_equal(field_of(&city, first, "undone"), 0);
    assert_int_equal(field_of(&city, second, "rolled_back"), 0);
    read_again(sinks, &city, second);
    assert_true(field_of(&city, first, "rolled_back") > 0);
    assert_true(field_of(&city, first, "undone") > 0);
    assert_int_equal(gong_rules_rollback_read(sinks->dir, &back), GONG_OK);
    assert_string_equal(back.by, second);
    /* Told once. */
    agent_write(sinks->dir, "a.cfg", RULES_HOT);
    read_again(sinks, &city, second);
    assert_int_equal(gong_rules_rollback_read(sinks->dir, &back), GONG_OK);
    assert_string_not_equal(back.by, second);
    /* Files that say what was gone back to undo nothing. */
    assert_int_equal(
        city.rules.rollback(city.rules.ctx, first, why, sizeof why), GONG_OK);
    gong_rules_rollback_settle(sinks->dir, first, 5);
    assert_int_equal(field_of(&city, first, "undone"), 0);
    agent_write(sinks->dir, "rules/rollback", "sha=x at=1 by=- ended=0\n");
    assert_int_equal(gong_rules_rollback_read(sinks->dir, &back),
                     GONG_ERR_CORRUPT);
    city_close(&city);
}

/* What did not fit on the disk takes no place. */
static void
a_torn_note_takes_no_place(void **state)
{
    struct sinks *sinks = *state;
    struct gong_rules_rollback back = {.at_ms = 1}, read;
    struct rlimit before;
    char folder[4200];
    enum gong_err err;

    (void)snprintf(folder, sizeof folder, "%s/rules", sinks->dir);
    (void)mkdir(folder, 0700);
    memset(back.sha, 'a', sizeof back.sha - 1);
    assert_int_equal(gong_rules_rollback_keep(sinks->dir, &back), GONG_OK);
    back.at_ms = 2;
    limit_files(10, &before);
    errno = 0;
    err = gong_rules_rollback_keep(sinks->dir, &back);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(err, GONG_ERR_NO_SPACE);
    assert_int_equal(gong_rules_rollback_read(sinks->dir, &read), GONG_OK);
    assert_int_equal(read.at_ms, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sets_are_listed_and_gone_back_to,
                                        sinks_setup, sinks_teardown),
        cmocka_unit_test_setup_teardown(the_desk_goes_back_with_its_rules,
                                        sinks_setup, sinks_teardown),
        cmocka_unit_test_setup_teardown(routes_are_part_of_a_set, sinks_setup,
                                        sinks_teardown),
        cmocka_unit_test_setup_teardown(a_rollback_is_checked_as_a_load,
                                        sinks_setup, sinks_teardown),
        cmocka_unit_test_setup_teardown(an_older_set_gets_what_it_lacks,
                                        sinks_setup, sinks_teardown),
        cmocka_unit_test_setup_teardown(an_undone_rollback_is_told, sinks_setup,
                                        sinks_teardown),
        cmocka_unit_test_setup_teardown(a_torn_note_takes_no_place, sinks_setup,
                                        sinks_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
