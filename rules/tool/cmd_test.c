#include "rules/tool/commands.h"

#include "common/conf.h"
#include "rules/tool/desk_cases.h"
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

/* What the files of tests are about; NULL where nothing is said. */
struct subject {
    char *rules;
    char *model;
    char *routes;
    struct gong_ruleset *set;
};

static bool
test_file(const struct gong_call *call, const struct subject *subject,
          const char *path)
{
    if (gong_rule_path_is_yaml(path)) {
        return test_yaml(call, path);
    }
    if (gong_desk_path_is_cases(path)) {
        return gong_desk_cases_run(path, subject->routes, subject->model,
                                   call->out);
    }
    return test_cases(call, path, subject->set);
}

static size_t
test_all(const struct gong_call *call, const struct gong_words *words,
         const struct subject *subject)
{
    size_t failed = 0;

    for (size_t i = 0; i < words->count; i++) {
        bool passed;

        (void)fprintf(call->out, "Unit Testing:  %s\n", words->items[i]);
        passed = test_file(call, subject, words->items[i]);
        failed += !passed;
        (void)fputs(passed ? "  SUCCESS\n\n" : "\n", call->out);
    }
    return failed;
}

int
gong_cmd_test(const struct gong_call *call)
{
    struct subject subject = {NULL, NULL, NULL, NULL};
    const struct gong_argument table[] = {
        {"rules", GONG_ARGUMENT_TEXT, &subject.rules, "FILE",
         "quy tắc cho các tệp *.cases (tệp hoặc thư mục)",
         "the rules of *.cases files (a file or a folder)"},
        {"model", GONG_ARGUMENT_TEXT, &subject.model, "FILE",
         "mô hình đơn vị, thiết bị (tệp hoặc thư mục)",
         "the city model (a file or a folder)"},
        {"routes", GONG_ARGUMENT_TEXT, &subject.routes, "FILE",
         "tệp định tuyến cho các tệp *.desk",
         "the routing file of *.desk files, instead of theirs"},
    };
    struct gong_conf_errors errors = {0};
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
    if (subject.rules != NULL) {
        subject.set =
            gong_rules_load_city(&subject.rules, 1, subject.model, &errors);
        gong_conf_errors_print(&errors, call->err);
        gong_conf_errors_fini(&errors);
        if (subject.set == NULL) {
            return GONG_TOOL_NO;
        }
    }
    failed = test_all(call, &words, &subject);
    gong_ruleset_free(subject.set);
    return failed == 0 ? GONG_TOOL_OK : GONG_TOOL_NO;
}
