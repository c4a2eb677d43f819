/*
 * The shipped packs, through the real loader and the real engine: every rule
 * fires where tests/rules/city.cases says so and keeps quiet where it says so,
 * and no rule is without both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/rule_file.h"
#include "rules/tool/rule_cases.h"

#define CASES GONG_SOURCE_DIR "/tests/rules/city.cases"
#define CITY  GONG_SOURCE_DIR "/rules/city"

static struct gong_rule_source *
load_city(void)
{
    char path[] = CITY;
    char model[] = CITY "/daklak.cfg";
    char *paths[] = {path};
    char *models[] = {model};
    struct gong_strings list = {paths, 1};
    struct gong_strings city = {models, 1};
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source =
        gong_rule_files_load_city(&list, &city, &errors);

    gong_conf_errors_print(&errors, stderr);
    assert_non_null(source);
    gong_conf_errors_fini(&errors);
    return source;
}

static void
every_rule_fires_and_just_does_not(void **state)
{
    struct gong_rule_source *source = load_city();
    size_t lacking = 0;

    (void)state;
    assert_true(gong_rule_cases_run(CASES, source->set, stderr, &lacking));
    assert_int_equal(lacking, 0);
    gong_rule_source_free(source);
}

static void
has(const struct gong_rule *rule, const struct gong_rule_text *texts,
    size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i].name, name) == 0 && texts[i].text[0] != '\0') {
            return;
        }
    }
    fail_msg("%s has no %s", rule->id, name);
}

static void
every_rule_says_what_and_what_to_do_in_both_languages(void **state)
{
    struct gong_rule_source *source = load_city();

    (void)state;
    for (size_t i = 0; i < source->set->count; i++) {
        const struct gong_rule *rule = &source->set->rules[i];

        if (rule->record != NULL) {
            continue;
        }
        if (rule->level_count == 0) { /* else each level says it */
            has(rule, rule->labels, rule->label_count, "severity");
        }
        has(rule, rule->labels, rule->label_count, "service");
        has(rule, rule->annotations, rule->annotation_count, "summary");
        has(rule, rule->annotations, rule->annotation_count, "summary_en");
        has(rule, rule->annotations, rule->annotation_count, "action");
        has(rule, rule->annotations, rule->annotation_count, "action_en");
    }
    gong_rule_source_free(source);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_fires_and_just_does_not),
        cmocka_unit_test(every_rule_says_what_and_what_to_do_in_both_languages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
