#include "rules/engine/promql_regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
check_all(const char *const *patterns, size_t count, bool want_empty)
{
    for (size_t i = 0; i < count; i++) {
        struct gong_expr_error error = {0};
        bool empty = !want_empty;

        if (!gong_promql_check_regex(gong_str_of(patterns[i]), &empty,
                                     &error)) {
            fail_msg("%s: %s", patterns[i], error.message);
        }
        if (empty != want_empty) {
            fail_msg("%s: wrong about the empty text", patterns[i]);
        }
    }
}

static void
test_matches_empty(void **state)
{
    static const char *const patterns[] = {
        "",        ".*",      "a?",     "a{0,5}",     "a|",
        "|a",      "()",      "(a|b*)", "^$",         "^*",
        "\\A\\z",  "\\B",     "(?i)",   "(?:a*)(b?)", "(?P<n>a*)",
        "(?i:a)?", "\\Q\\E",  "a??",    "a*?",        "[a-z]*",
        "(?)",     "(a{0})+", "\\pN*",  "x{,2}y|",    "(?s-i:.*)",
    };

    (void)state;
    check_all(patterns, sizeof(patterns) / sizeof(patterns[0]), true);
}

static void
test_does_not_match_empty(void **state)
{
    static const char *const patterns[] = {
        "a",           ".",           ".+",
        "a{1,2}",      "a{2}",        "(a|b)",
        "[^a]",        "\\d+",        "\\b",
        "a*b",         "[]a]",        "[^]a]",
        "[a-]",        "[[:alpha:]]", "[[:^digit:]_]",
        "\\x41",       "\\x{10FFFF}", "\\012",
        "\\.",         "\\_",         "\\p{Greek}",
        "\\P{^Latin}", "{",           "a{,2}",
        "{a}",         "a{01}",       "}",
        "]",           "\\Qa*\\E",    "đ+",
        "a+?",         "[\\w.-]+",    "(x{10}){100}",
        "[\\]]",       "[a\\-z]",     "prod|staging",
    };

    (void)state;
    check_all(patterns, sizeof(patterns) / sizeof(patterns[0]), false);
}

static const struct {
    const char *pattern;
    size_t at;
} refused[] = {
    {"(", 1},         {"\\Qa.b", 5},       {")", 0},       {"a)(b", 1},
    {"(a", 2},        {"[a", 2},           {"[", 1},       {"[]", 2},
    {"*", 0},         {"a|*", 2},          {"(+)", 1},     {"{2}", 0},
    {"a**", 2},       {"a+*", 2},          {"a++", 2},     {"a{2}{3}", 4},
    {"a*??", 3},      {"x{1001}", 1},      {"x{2,1}", 1},  {"(x{100}){11}", 8},
    {"\\", 1},        {"\\1", 1},          {"\\8", 1},     {"\\y", 1},
    {"\\Z", 1},       {"\\C", 1},          {"\\x", 2},     {"\\x4", 2},
    {"\\x{}", 3},     {"\\x{110000}", 10}, {"\\pX", 2},    {"\\p{", 3},
    {"\\p{Greek", 8}, {"[z-a]", 4},        {"[a-\\d]", 4}, {"[[:foo:]]", 3},
    {"(?=a)", 2},     {"(?!a)", 2},        {"(?<n>a)", 2}, {"(?P<n", 5},
    {"(?P=n)", 2},    {"(?i-)a", 4},       {"(?i)*", 4},   {"(?>a)", 2},
    {"\xff", 0},      {"[\xff]", 1},
};

static void
test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct gong_expr_error error = {0};
        bool empty = false;

        if (gong_promql_check_regex(gong_str_of(refused[i].pattern), &empty,
                                    &error)) {
            fail_msg("taken: %s", refused[i].pattern);
        }
        if (error.at != refused[i].at) {
            fail_msg("%s: at %zu, not %zu", refused[i].pattern, error.at,
                     refused[i].at);
        }
        assert_non_null(strstr(error.message, "expected"));
    }
}

static void
test_depth_is_bounded(void **state)
{
    char pattern[20000];
    struct gong_expr_error error;
    bool empty = false;

    (void)state;
    memset(pattern, '(', sizeof(pattern));
    assert_false(gong_promql_check_regex(
        gong_str_from(pattern, sizeof(pattern)), &empty, &error));
    assert_non_null(strstr(error.message, "too deep"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches_empty),
        cmocka_unit_test(test_does_not_match_empty),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
