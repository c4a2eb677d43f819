/* Freed whole and half-built; a sanitizer sees what is left behind. */
#include "rules/engine/ruleset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *
copy(const char *text)
{
    char *to = malloc(strlen(text) + 1);

    assert_non_null(to);
    memcpy(to, text, strlen(text) + 1);
    return to;
}

static struct gong_ruleset *
set_of(size_t count)
{
    struct gong_ruleset *set = calloc(1, sizeof(*set));

    assert_non_null(set);
    set->rules = calloc(count == 0 ? 1 : count, sizeof(*set->rules));
    assert_non_null(set->rules);
    set->count = count;
    return set;
}

static void
test_whole(void **state)
{
    struct gong_ruleset *set = set_of(2);
    struct gong_expr_error error;

    (void)state;
    for (size_t i = 0; i < set->count; i++) {
        struct gong_rule *rule = &set->rules[i];

        rule->id = copy("lamp");
        rule->group = copy("street");
        rule->alert = copy("LampHot");
        rule->expr_text = copy("temp > 70");
        rule->file = copy("street.cfg");
        rule->expr = gong_expr_parse(gong_str_of(rule->expr_text), &error);
        assert_non_null(rule->expr);
        rule->labels = calloc(1, sizeof(*rule->labels));
        assert_non_null(rule->labels);
        rule->label_count = 1;
        rule->labels[0].name = copy("severity");
        rule->labels[0].text = copy("critical");
        rule->annotations = calloc(1, sizeof(*rule->annotations));
        assert_non_null(rule->annotations);
        rule->annotation_count = 1;
        rule->annotations[0].name = copy("summary");
        rule->annotations[0].text = copy("{{ $value }}");
        rule->annotations[0].tmpl =
            gong_template_parse(gong_str_of("{{ $value }}"), &error);
        assert_non_null(rule->annotations[0].tmpl);
    }
    gong_ruleset_free(set);
}

static void
test_half_built(void **state)
{
    (void)state;
    gong_ruleset_free(NULL);
    gong_ruleset_free(set_of(0));
    gong_ruleset_free(set_of(3));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_half_built),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
