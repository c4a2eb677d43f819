#include "rules/tool/commands.h"

#include "common/conf.h"
#include "rules/tool/promtest.h"
#include "rules/tool/rule_cases.h"
#include "rules/tool/rule_load.h"

/* promtool's own test files. */
static bool
test_yaml(const struct gong_call *call, const char *path)
{
    struct gong_conf_errors errors = {0};
    struct gong_promtest *test = gong_promtest_load(path, &errors);
    bool passed = false;

    if (test == NULL) {
        (void)fputs("  FAILED:\n", call->out);
        gong_conf_errors_print(&errors, call->out);
    } else {
        passed = gong_promtest_run(test, path, call->out);
    }
    gong_conf_errors_fini(&errors);
    gong_promtest_free(test);
    return passed;
}

static bool
test_cases(const struct gong_call *call, const char *path,
           const struct gong_ruleset *set)
{
    size_t lacking = 0;

    if (set == NULL) {
        (void)fputs("  FAILED:\n  found no --rules, expected the rules that "
                    "the cases are about\n",
                    call->out);
        return false;
    }
    return gong_rule_cases_run(path, set, call->out, &lacking);
}

static size_t
test_all(const struct gong_call *call, const struct gong_words *words,
         const struct gong_ruleset *set)
{
    size_t failed = 0;

    for (size_t i = 0; i < words->count; i++) {
        bool passed;

        (void)fprintf(call->out, "Unit Testing:  %s\n", words->items[i]);
        passed = gong_rule_path_is_yaml(words->items[i])
                     ? test_yaml(call, words->items[i])
                     : test_cases(call, words->items[i], set);
        failed += !passed;
        (void)fputs(passed ? "  SUCCESS\n\n" : "\n", call->out);
    }
    return failed;
}

int
gong_cmd_test(const struct gong_call *call)
{
    struct gong_argument_texts rules = {.count = 0};
    const struct gong_argument table[] = {
        {"rules", GONG_ARGUMENT_TEXTS, &rules, "FILE",
         "quy tắc cho các tệp *.cases (tệp hoặc thư mục); nhiều lần",
         "the rules of *.cases files (a file or a folder); may come again"},
    };
    struct gong_conf_errors errors = {0};
    struct gong_ruleset *set = NULL;
    struct gong_words words;
    size_t failed;
    int status;

    if (!gong_arguments_read(call, table, sizeof table / sizeof table[0],
                             &words, &status)) {
        return status;
    }
    if (words.count == 0) {
        return gong_call_refuse(call, "no file", "files of tests");
    }
    if (rules.count > 0) {
        set = gong_rules_load(rules.items, rules.count, &errors);
        gong_conf_errors_print(&errors, call->err);
        gong_conf_errors_fini(&errors);
        if (set == NULL) {
            return GONG_TOOL_NO;
        }
    }
    failed = test_all(call, &words, set);
    gong_ruleset_free(set);
    return failed == 0 ? GONG_TOOL_OK : GONG_TOOL_NO;
}
