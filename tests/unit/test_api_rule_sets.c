#include "agent/api/api_rule_sets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/decide/rules_reload.h"
#include "agent_fixture.h"

static void
put_city(struct sinks *sinks, const char *text, const char *city)
{
    struct gong_strings paths = agent_rules(sinks->dir, "a.cfg", text);
    struct gong_strings models = {0};
    struct gong_rules_reload reload = {
        .paths = &paths, .state_dir = sinks->dir, .journal = sinks->journal};
    struct gong_conf_errors errors = {0};

    if (city != NULL) {
        models = agent_rules(sinks->dir, "m.cfg", city);
        reload.models = &models;
    }
    assert_true(gong_rules_reload_init(&reload, sinks->counters));
    if (!gong_rules_reload_run(&reload, NULL, &errors)) {
        fail_msg("%s", errors.items[0]);
    }
    gong_conf_errors_fini(&errors);
    agent_rules_free(&paths);
    if (city != NULL) {
        agent_rules_free(&models);
    }
}

static void
put(struct sinks *sinks, const char *text)
{
    put_city(sinks, text, NULL);
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
    pthread_mutex_t reload = PTHREAD_MUTEX_INITIALIZER;
    struct gong_api_rule_sets sets = {
        .state_dir = sinks->dir,
        .engine = engine,
        .journal = sinks->journal,
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

/* A desk that goes along, or not. */
struct follower {
    bool may;
    unsigned asked;
    char name[32]; /* of the first unit of the model that it has */
    size_t units;
};

static enum gong_err
desk_may(void *ctx, const struct gong_rule_source *source, char *why,
         size_t why_size)
{
    struct follower *follower = ctx;

    assert_non_null(source->model);
    follower->asked++;
    (void)snprintf(why, why_size, "no such role");
    return follower->may ? GONG_OK : GONG_ERR_INVALID;
}

static void
desk_goes(void *ctx, struct gong_rules_checked *checked)
{
    struct follower *follower = ctx;
    const struct gong_model *model = checked->source->model;

    follower->units = gong_model_unit_count(model);
    if (follower->units > 0) {
        (void)snprintf(follower->name, sizeof follower->name, "%s",
                       gong_model_unit_at(model, 0)->name);
    }
    assert_null(checked->routes);
    gong_rules_checked_fini(checked);
}

/* The city model goes back with the rules, or neither does. */
static void
the_city_goes_back_with_its_rules(void **state)
{
    struct sinks *sinks = *state;
    struct gong_engine_thread *engine = agent_engine(sinks);
    pthread_mutex_t reload = PTHREAD_MUTEX_INITIALIZER;
    struct follower follower = {.may = false};
    struct gong_api_rule_sets sets = {sinks->dir, engine,   sinks->journal,
                                      &reload,    desk_may, desk_goes,
                                      &follower};
    struct gong_api_rules rules = gong_api_rules_of(&sets);
    char first[GONG_RULE_SHA_SIZE], why[256] = "";
    struct gong_engine_report report;

    put_city(sinks, RULES_HOT, CITY("Đắk Lắk"));
    report = agent_engine_settled(sinks, engine);
    memcpy(first, report.rules_sha, sizeof first);
    put_city(sinks, RULES_HOTTER, CITY("Dak Lak"));
    report = agent_engine_settled(sinks, engine);
    assert_int_equal(rules.rollback(rules.ctx, first, why, sizeof why),
                     GONG_ERR_INVALID);
    assert_string_equal(why, "no such role");
    assert_string_equal(follower.name, "");
    report = agent_engine_settled(sinks, engine);
    assert_string_not_equal(report.rules_sha, first);
    follower.may = true;
    assert_int_equal(rules.rollback(rules.ctx, first, why, sizeof why),
                     GONG_OK);
    assert_int_equal(follower.asked, 2);
    assert_string_equal(follower.name, "Đắk Lắk");
    report = agent_engine_settled(sinks, engine);
    assert_string_equal(report.rules_sha, first);
    gong_engine_thread_stop(engine);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sets_are_listed_and_gone_back_to,
                                        sinks_setup, sinks_teardown),
        cmocka_unit_test_setup_teardown(the_city_goes_back_with_its_rules,
                                        sinks_setup, sinks_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
