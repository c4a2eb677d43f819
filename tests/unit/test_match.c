#include "rules/engine/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct gong_matchers *
compile(enum gong_match_op op, const char *pattern)
{
    char name[] = "device";
    char text[4096];
    const struct gong_matcher matcher = {op, name, text};
    struct gong_expr_error error = {0};
    struct gong_matchers *all = NULL;

    assert_true(strlen(pattern) < sizeof text);
    strcpy(text, pattern);
    all = gong_matchers_new(&matcher, 1, &error);
    if (all == NULL) {
        fail_msg("%s: %s", pattern, error.message);
    }
    assert_int_equal(gong_matchers_count(all), 1);
    return all;
}

/* Patterns of every form, a value, and whether RE2 matches it whole. */
static const struct {
    const char *pattern;
    const char *value;
    bool matches;
} cases[] = {
    /* literals */
    {"", "", true},
    {"", "a", false},
    {"a|b|", "", true},
    {"a|b|c", "b", true},
    {"a|b|c", "ab", false},
    {"(prod|staging)", "staging", true},
    {"(?:prod|staging)", "prod", true},
    {"host1\\.example\\.com:9100", "host1.example.com:9100", true},
    {"host1\\.example\\.com:9100", "host1xexample.com:9100", false},
    {"foo\\|bar|a", "foo|bar", true},
    {"đèn-1|đèn-2", "đèn-2", true},
    /* edges */
    {"lamp-.*", "lamp-", true},
    {"lamp-.*", "lamp-1", true},
    {"lamp-.*", "xlamp-1", false},
    {"lamp-.*", "lamp-\n", false},
    {"lamp-.+", "lamp-", false},
    {"lamp-.+", "lamp-1", true},
    {".*-1", "a\n-1", false},
    {".*-1", "-1", true},
    {".+-1", "-1", false},
    {".*m.*", "m", true},
    {".+m.+", "ama", true},
    {".+m.+", "ma", false},
    {".+m.+", "mma", true},
    {".+m.+", "am", false},
    {".*m.*", "a\nm", false},
    {".*m.*", "m\na", false},
    {".*", "", true},
    {".+", "", false},
    {".*", "a\n", false},
    {".+", "đ", true},
    {"(lamp-.*)", "lamp-12", true},
    /* PCRE2, where it would differ from RE2 */
    {"(?s).*", "a\nb", true},
    {"(a|ab)(c|bcd)?", "abcd", true},
    {"a$", "a\n", false},
    {"(?m)a$\\nb", "a\nb", true},
    {"(?m)a\\n^", "a\n", true},
    {"a\\sb", "a\vb", false},
    {"a\\Sb", "a\vb", true},
    {"a[\\S]b", "a\vb", true},
    {"a[\\s]b", "a\vb", false},
    {"[[:space:]]", "\v", true},
    {"\\v", "\v", true},
    {"\\v", "\n", false},
    {"\\141", "a", true},
    {"(b)\\12", "b\n", true},
    {"\\x{111}", "đ", true},
    {"\\p{Greek}", "α", true},
    {"\\p{^Greek}", "α", false},
    {"\\P{Greek}", "a", true},
    {"\\p{Hiragana}", "ー", false},
    {"\\pL+", "đèn", true},
    {"[a\\-b]", "-", true},
    {"[]a]", "]", true},
    {"[\\d-z]", "-", true},
    {"[\\d-z]", "x", false},
    {"[+--]", ",", true},
    {"^*a", "a", true},
    {"a{,2}", "a{,2}", true},
    {"a{,2}", "aa", false},
    {"\\Qa.b\\E", "a.b", true},
    {"\\Qa.b\\E", "axb", false},
    {"(?i)k", "\u212a", true},
    {"(?i)đèn", "ĐÈN", true},
    {"\\d", "٣", false},
    {"\\w", "é", false},
    {"[[:alpha:]]", "é", false},
    {"(?P<n>a)|(?P<m>b)", "b", true},
    {"(|a)+", "aa", true},
    {"(a*)*", "aaa", true},
};

static void
test_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_matchers *yes = compile(GONG_MATCH_REGEX, cases[i].pattern);
        struct gong_matchers *no =
            compile(GONG_MATCH_NOT_REGEX, cases[i].pattern);
        struct gong_str value = gong_str_of(cases[i].value);
        enum gong_match_verdict want =
            cases[i].matches ? GONG_MATCH_YES : GONG_MATCH_NO;

        if (gong_matchers_one(yes, 0, value) != want ||
            gong_matchers_one(no, 0, value) == want) {
            fail_msg("%s on %s", cases[i].pattern, cases[i].value);
        }
        gong_matchers_free(yes);
        gong_matchers_free(no);
    }
}

static void
test_equal(void **state)
{
    struct gong_matchers *is = compile(GONG_MATCH_EQUAL, "a.*");
    struct gong_matchers *is_not = compile(GONG_MATCH_NOT_EQUAL, "a.*");

    (void)state;
    assert_int_equal(gong_matchers_one(is, 0, gong_str_of("a.*")),
                     GONG_MATCH_YES);
    assert_int_equal(gong_matchers_one(is, 0, gong_str_of("abc")),
                     GONG_MATCH_NO);
    assert_int_equal(gong_matchers_one(is_not, 0, gong_str_of("abc")),
                     GONG_MATCH_YES);
    assert_int_equal(gong_matchers_one(is_not, 0, gong_str_of("a.*")),
                     GONG_MATCH_NO);
    gong_matchers_free(is);
    gong_matchers_free(is_not);
}

/* What runs away, or is no UTF-8, is neither yes nor no, even for !~. */
static void
test_unknown(void **state)
{
    static const char bad[] = {'a', (char)0xff, 'c'};
    struct gong_matchers *runs = compile(GONG_MATCH_NOT_REGEX, "(a|aa)+(b|c)+");
    struct gong_matchers *any = compile(GONG_MATCH_REGEX, "a.[cd]");
    char value[61];

    (void)state;
    memset(value, 'a', sizeof value);
    value[60] = 'x';
    assert_int_equal(gong_matchers_one(runs, 0, gong_str_from(value, 61)),
                     GONG_MATCH_UNKNOWN);
    assert_int_equal(gong_matchers_unknown(runs), 1);
    assert_int_equal(gong_matchers_one(runs, 0, gong_str_of("aab")),
                     GONG_MATCH_NO);
    assert_int_equal(gong_matchers_unknown(runs), 1);
    assert_int_equal(gong_matchers_one(any, 0, gong_str_from(bad, 3)),
                     GONG_MATCH_UNKNOWN);
    assert_int_equal(gong_matchers_one(any, 0, gong_str_of("a-c")),
                     GONG_MATCH_YES);
    gong_matchers_free(runs);
    gong_matchers_free(any);
}

static void
test_all(void **state)
{
    char names[4][9] = {"__name__", "site", "device", "lamp"};
    char texts[4][14] = {"env_temp", "22015", "(a|aa)+(b|c)+", ""};
    const struct gong_matcher list[] = {
        {GONG_MATCH_EQUAL, names[0], texts[0]},
        {GONG_MATCH_NOT_EQUAL, names[1], texts[1]},
        {GONG_MATCH_REGEX, names[2], texts[2]},
        {GONG_MATCH_EQUAL, names[3], texts[3]},
    };
    struct gong_label_view labels[] = {
        {gong_str_of("__name__"), gong_str_of("env_temp")},
        {gong_str_of("device"), gong_str_of("ab")},
        {gong_str_of("site"), gong_str_of("22016")},
        {gong_str_of("unit"), gong_str_of("1")},
    };
    static const char away[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax";
    struct gong_expr_error error = {0};
    struct gong_matchers *all = gong_matchers_new(list, 4, &error);

    (void)state;
    assert_non_null(all);
    assert_int_equal(gong_matchers_all(all, labels, 4), GONG_MATCH_YES);
    assert_int_equal(gong_matchers_all(all, labels, 1), GONG_MATCH_NO);
    labels[1].value = gong_str_of(away);
    assert_int_equal(gong_matchers_all(all, labels, 4), GONG_MATCH_UNKNOWN);
    labels[3].name = gong_str_of("lamp");
    assert_int_equal(gong_matchers_all(all, labels, 4), GONG_MATCH_NO);
    gong_matchers_free(all);

    all = gong_matchers_new(NULL, 0, &error);
    assert_non_null(all);
    assert_int_equal(gong_matchers_all(all, labels, 4), GONG_MATCH_YES);
    gong_matchers_free(all);
    gong_matchers_free(NULL);
}

/* More than PCRE2's code can hold: said, not cut. */
static void
test_too_large(void **state)
{
    char name[] = "a";
    char text[] = "(abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvw"
                  "xyz[a-z]|x){1000}";
    const struct gong_matcher matcher = {GONG_MATCH_REGEX, name, text};
    struct gong_expr_error error = {0};

    (void)state;
    assert_null(gong_matchers_new(&matcher, 1, &error));
    assert_non_null(strstr(error.message, "cannot be compiled"));
    assert_true(error.at <= strlen(text));
}

static void
test_literals(void **state)
{
    char space[64];
    struct gong_str out[3];

    (void)state;
    assert_int_equal(
        gong_matcher_literals(gong_str_of("b|a\\.x|"), space, out, 3), 3);
    assert_true(gong_str_is(out[0], "b"));
    assert_true(gong_str_is(out[1], "a.x"));
    assert_true(gong_str_is(out[2], ""));
    assert_int_equal(
        gong_matcher_literals(gong_str_of("a|b|c|d"), space, out, 3), 0);
    assert_int_equal(gong_matcher_literals(gong_str_of("a.|b"), space, out, 3),
                     0);
    assert_int_equal(
        gong_matcher_literals(gong_str_of("(a)|(b)"), space, out, 3), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),  cmocka_unit_test(test_equal),
        cmocka_unit_test(test_unknown),   cmocka_unit_test(test_all),
        cmocka_unit_test(test_too_large), cmocka_unit_test(test_literals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
