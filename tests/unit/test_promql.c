#include "rules/engine/promql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What must parse, and its canonical text; NULL: as written. */
static const struct {
    const char *text;
    const char *canonical;
} must_parse[] = {
    {"1", NULL},
    {"010", "8"},
    {"08", "8"},
    {"0x1F", "31"},
    {"1e3", "1000"},
    {".5", "0.5"},
    {"5.", "5"},
    {"1e-400", "0"},
    {"inf", "Inf"},
    {"+Inf", "Inf"},
    {"-inf", "-Inf"},
    {"nAn", "NaN"},
    {"1e6", "1e+06"},
    {"1e21", "1e+21"},
    {"123456789", "1.23456789e+08"},
    {"0.0001", NULL},
    {"0.00001", "1e-05"},
    {"1e5", "100000"},
    {"-0", NULL},
    {"--1", "1"},
    {"-1^2", "-1 ^ 2"},
    {"2^-1", "2 ^ -1"},
    {"-a^2", "-a ^ 2"},
    {"2 ^ 3 ^ 2", NULL},
    {"a  # c\n + b", "a + b"},
    {"'it\\'s'", "\"it's\""},
    {"`raw \\n`", "\"raw \\\\n\""},
    {"\"\\x41\\u00e9\\101\\t\"", "\"AéA\\t\""},
    {"\"\\xff\"", NULL},
    {"\"đèn\"", NULL},
    {"up", NULL},
    {"up{}", "up"},
    {"a:b:c", NULL},
    {":a", NULL},
    {"sum", "{__name__=\"sum\"}"},
    {"by + and", "{__name__=\"by\"} + {__name__=\"and\"}"},
    {"and and and", "{__name__=\"and\"} and {__name__=\"and\"}"},
    {"offset offset 5m", "{__name__=\"offset\"} offset 5m"},
    {"start{end=\"1\"}", "{__name__=\"start\", end=\"1\"}"},
    {"{__name__=\"x\"}", "x"},
    {"{__name__=\"a b\"}", NULL},
    {"{__name__=\"sum\"}", NULL},
    {"{__name__=~\"a.*\"}", NULL},
    {"{b=\"2\",a=\"1\",__name__=\"m\",}", "m{a=\"1\", b=\"2\"}"},
    {"m{b!=\"2\",a=~\"1.*\",b=\"3\",c!~\"x\"}",
     "m{a=~\"1.*\", b=\"3\", b!=\"2\", c!~\"x\"}"},
    {"{a=~\".+\"}", NULL},
    {"{a!=\"\"}", NULL},
    {"{a!~\".*x|\"}", NULL},
    {"a[5m]", NULL},
    {"a[ 90m ]", "a[1h30m]"},
    {"a[7d]", "a[1w]"},
    {"a[8d]", NULL},
    {"a[365d]", "a[1y]"},
    {"a[1y1w1d1h1m1s1ms]", "a[373d1h1m1s1ms]"},
    {"a offset 5m", NULL},
    {"a offset -5m", NULL},
    {"a[5m] offset 1w", NULL},
    {"a @ 1.5", NULL},
    {"a @ -1", NULL},
    {"a @ +1e3", "a @ 1000"},
    {"a @ start()", NULL},
    {"a[5m] @ end ( ) offset 1h", "a[5m] @ end() offset 1h"},
    {"a offset 1h @ 3", "a @ 3 offset 1h"},
    {"a[5m:]", NULL},
    {"a[5m:1m]", NULL},
    {"rate(a[5m])[1h:1m] @ 5 offset 2m", NULL},
    {"(a + b)[5m:]", NULL},
    {"a offset 5m [5m:1m]", "a offset 5m[5m:1m]"},
    {"sum(a)", NULL},
    {"SUM by (a) (b)", "sum by (a) (b)"},
    {"sum(b) without (x, a,)", "sum without (a, x) (b)"},
    {"sum by () (a)", NULL},
    {"topk(5, a)", NULL},
    {"count_values(\"v\", a)", NULL},
    {"quantile by (bool, on, and, start, sum) (0.9, a)",
     "quantile by (and, bool, on, start, sum) (0.9, a)"},
    {"group(a)", NULL},
    {"a == bool 1", NULL},
    {"a + on (x) b", NULL},
    {"a * ignoring (z, y) group_left b", "a * ignoring (y, z) group_left () b"},
    {"a * on (x) group_right (c, b) (d)", "a * on (x) group_right (b, c) (d)"},
    {"a / on () group_left () b", NULL},
    {"1 + on () group_left () a", "1 + a"},
    {"a and ignoring (x) b", NULL},
    {"a or b unless c", NULL},
    {"a atan2 b", NULL},
    {"time()", NULL},
    {"hour()", NULL},
    {"round(a)", NULL},
    {"round(a, 5)", NULL},
    {"label_join(a, \"d\", \"s\")", NULL},
    {"label_join(a, \"d\", \"s\", \"x\", \"y\", \"z\")", NULL},
    {"label_replace(a, \"d\", \"$1\", \"s\", \"(.*)\")", NULL},
    {"day_of_year(a)", NULL},
    {"histogram_quantile(0.9, sum by (le) (rate(a[5m])))", NULL},
    {"clamp(a, 0, 1)", NULL},
    {"holt_winters(a[5m], 0.5, 0.5)", NULL},
    {"absent(up{job=\"x\"})", NULL},
    {"-sum(a)", NULL},
    {"+a", NULL},
    {"\"text\"", NULL},
    {"a[5m]", NULL},
    {"1 > bool 2", NULL},
    {"a > 5 and b < 3 or c != 0", NULL},
};

/* What must not parse, and where and why. */
static const struct {
    const char *text;
    size_t at;
    const char *message;
} must_not_parse[] = {
    {"", 0, "found end of text, expected an expression"},
    {"  # x", 5, "found end of text, expected an expression"},
    {"a b", 2, "found \"b\", expected an operator or the end"},
    {"a +", 3, "found end of text, expected an expression"},
    {"(a", 2, "found end of text, expected an operator or \")\""},
    {"a)", 1, "found \")\", expected an operator or the end"},
    {"a[5m", 4, "found end of text, expected \":\" or \"]\""},
    {"a[5]", 2, "found \"5\", expected a duration such as 5m"},
    {"a[5m:1]", 5, "found \"1\", expected a duration such as 5m"},
    {"a[0s]", 2,
     "found \"0s\", expected a number or a duration above zero such as 1h30m"},
    {"a[1m1h]", 2,
     "found \"1m1h\", expected a number or a duration above zero such as "
     "1h30m"},
    {"a[300y]", 2,
     "found \"300y\", expected a number or a duration above zero such as "
     "1h30m"},
    {"a[5m:x]", 5, "found \"x\", expected a duration such as 5m"},
    {"a[5m][5m]", 5,
     "found a range after what is no instant selector, expected [range:step] "
     "there"},
    {"(a)[5m]", 3,
     "found a range after what is no instant selector, expected [range:step] "
     "there"},
    {"a offset 1m[5m]", 11, "found a range after offset, expected it before"},
    {"a @ 1[5m]", 5, "found a range after @, expected it before"},
    {"a[5m:1m:2m]", 7, "found \":\", expected \"]\""},
    {"a{", 2, "found end of text, expected a label name or \"}\""},
    {"a{b", 3, "found end of text, expected one of = != =~ !~"},
    {"a{b=", 4, "found end of text, expected a string"},
    {"a{b=\"c\"", 7, "found end of text, expected \",\" or \"}\""},
    {"a{b===\"c\"}", 4, "found \"=\", expected a string"},
    {"a{b=\"c\" d=\"e\"}", 8, "found \"d\", expected \",\" or \"}\""},
    {"a{,}", 2, "found \",\", expected a label name or \"}\""},
    {"a{b=\"c\",,}", 8, "found \",\", expected a label name or \"}\""},
    {"a{b=~\"(\"}", 5,
     "found its end in a group at byte 1 of the pattern \"(\", expected \")\""},
    {"{}", 0,
     "found a selector that takes every series, expected a matcher that an "
     "absent label fails"},
    {"{a=\"\"}", 0,
     "found a selector that takes every series, expected a matcher that an "
     "absent label fails"},
    {"{a=~\".*\"}", 0,
     "found a selector that takes every series, expected a matcher that an "
     "absent label fails"},
    {"{a!=\"x\"}", 0,
     "found a selector that takes every series, expected a matcher that an "
     "absent label fails"},
    {"a{__name__=\"b\"}", 0, "found a second metric name, expected one"},
    {"1 2", 2, "found \"2\", expected an operator or the end"},
    {"0x", 0, "found \"0x\", expected a number"},
    {"1e", 0, "found \"1e\", expected a number"},
    {"1e400", 0, "found \"1e400\", expected a number"},
    {"5m", 0, "found \"5m\", expected an expression"},
    {"1_0", 0,
     "found \"1_0\", expected a number or a duration above zero such as 1h30m"},
    {"0b1", 0,
     "found \"0b1\", expected a number or a duration above zero such as 1h30m"},
    {"08x", 0,
     "found \"08x\", expected a number or a duration above zero such as 1h30m"},
    {"\"abc", 0, "found end of text, expected a closing \""},
    {"\"a\nb\"", 0, "found the end of the line, expected a closing \""},
    {"`a", 0, "found end of text, expected a closing `"},
    {"\"\\q\"", 1,
     "found escape \"\\\\q\", expected one of \\a \\b \\f \\n \\r \\t \\v \\\\ "
     "\\\" \\ooo \\xhh \\uhhhh \\Uhhhhhhhh"},
    {"\"\\400\"", 1,
     "found an escape that is no character, expected a Unicode code point"},
    {"\"\\ud800\"", 1,
     "found an escape that is no character, expected a Unicode code point"},
    {"\"\\x4\"", 4, "found the end of an escape after 1 digits, expected 2"},
    {"\"\\x00\"", 1, "found a NUL character in a string, expected none"},
    {"\"\377\"", 1, "found bytes that are not UTF-8, expected text"},
    {"a \377", 2, "found bytes that are not UTF-8, expected an expression"},
    {"a ~ b", 2,
     "found character \"~\", expected an expression or an operator"},
    {"a ! b", 2,
     "found character \"!\", expected an expression or an operator"},
    {"a =~ b", 2, "found \"=\", expected an operator or the end"},
    {"a = b", 2, "found \"=\", expected an operator or the end"},
    {"a $ b", 2,
     "found character \"$\", expected an expression or an operator"},
    {"sum by a (b)", 7, "found \"a\", expected \"(\" and labels"},
    {"sum by (without) (a)", 8, "found \"without\", expected a label name"},
    {"sum by (a b) (c)", 10, "found \"b\", expected \",\" or \")\""},
    {"sum by (,) (a)", 8, "found \",\", expected a label name"},
    {"sum by (a:b) (c)", 8, "found \"a:b\", expected a label name"},
    {"sum(a) by (b) by (c)", 14,
     "found \"by\", expected an operator or the end"},
    {"sum()", 0, "found 0 arguments of sum(), expected 1"},
    {"sum(a, b)", 0, "found 2 arguments of sum(), expected 1"},
    {"topk(a)", 0, "found 1 argument of topk(), expected 2"},
    {"topk(a, b)", 5,
     "found an instant vector as argument 1 of topk(), expected a scalar"},
    {"count_values(1, a)", 13,
     "found a scalar as argument 1 of count_values(), expected a string"},
    {"sum(a,)", 6, "found \")\", expected an expression"},
    {"sum(1)", 4,
     "found a scalar as argument 1 of sum(), expected an instant vector"},
    {"sum(a[5m])", 4,
     "found a range vector as argument 1 of sum(), expected an instant vector"},
    {"foo(a)", 0, "found \"foo\" before \"(\", expected a function"},
    {"start()", 5, "found \"(\", expected an operator or the end"},
    {"rate(a)", 5,
     "found an instant vector as argument 1 of rate(), expected a range "
     "vector"},
    {"abs(a[5m])", 4,
     "found a range vector as argument 1 of abs(), expected an instant vector"},
    {"abs()", 0, "found 0 arguments of abs(), expected 1"},
    {"abs(a, b)", 0, "found 2 arguments of abs(), expected 1"},
    {"round(a, 1, 2)", 0, "found 3 arguments of round(), expected at most 2"},
    {"label_join(a, \"b\")", 0,
     "found 2 arguments of label_join(), expected at least 3"},
    {"label_replace(a, b, \"c\", \"d\", \"e\")", 17,
     "found an instant vector as argument 2 of label_replace(), expected a "
     "string"},
    {"clamp(a, 1)", 0, "found 2 arguments of clamp(), expected 3"},
    {"hour(a, b)", 0, "found 2 arguments of hour(), expected at most 1"},
    {"time(1)", 0, "found 1 argument of time(), expected 0"},
    {"vector(a)", 7,
     "found an instant vector as argument 1 of vector(), expected a scalar"},
    {"scalar(1)", 7,
     "found a scalar as argument 1 of scalar(), expected an instant vector"},
    {"abs(a,)", 6, "found \")\", expected an expression"},
    {"a + bool b", 2, "found bool after +, expected it after comparisons only"},
    {"1 > 2", 2, "found > between scalars, expected > bool"},
    {"1 and 2", 2,
     "found and beside a scalar, expected it between instant vectors only"},
    {"a and 1", 2,
     "found and beside a scalar, expected it between instant vectors only"},
    {"a + \"b\"", 4,
     "found a string beside +, expected a scalar or an instant vector"},
    {"a + b[5m]", 4,
     "found a range vector beside +, expected a scalar or an instant vector"},
    {"-\"a\"", 0,
     "found a string after a sign, expected a scalar or an instant vector"},
    {"-a[5m]", 0,
     "found a range vector after a sign, expected a scalar or an instant "
     "vector"},
    {"1[5m:]", 1,
     "found a subquery over a scalar, expected one over an instant vector"},
    {"a[5m][5m:]", 5,
     "found a subquery over a range vector, expected one over an instant "
     "vector"},
    {"a * group_left b", 4, "found \"group_left\", expected an expression"},
    {"a and on (x) group_left b", 2,
     "found a group clause at and, expected none"},
    {"a * on (x) group_left (x) b", 2,
     "found label \"x\" in both on and group, expected it in one"},
    {"1 + on (x) a", 2,
     "found matching labels beside a scalar, expected them between instant "
     "vectors only"},
    {"a on (x) + b", 2, "found \"on\", expected an operator or the end"},
    {"a + on (x) bool b", 11, "found \"bool\", expected an expression"},
    {"bool", 0, "found \"bool\", expected an expression"},
    {"atan2", 0, "found \"atan2\", expected an expression"},
    {"on", 0, "found \"on\", expected an expression"},
    {"1 offset 5m", 2,
     "found offset after what is no selector and no subquery, expected it "
     "after one of these"},
    {"(a) offset 5m", 4,
     "found offset after what is no selector and no subquery, expected it "
     "after one of these"},
    {"a offset 5", 9, "found \"5\", expected a duration such as 5m"},
    {"a offset 0s", 9,
     "found \"0s\", expected a number or a duration above zero such as 1h30m"},
    {"a offset 1m offset 2m", 12, "found \"offset\", expected one offset only"},
    {"a offset", 8, "found end of text, expected a duration such as 5m"},
    {"1 @ 5", 2,
     "found @ after what is no selector and no subquery, expected it after one "
     "of these"},
    {"a @ 5 @ 6", 6, "found \"@\", expected one @ only"},
    {"a @ x", 4, "found \"x\", expected a time in seconds, start() or end()"},
    {"a @ inf", 4, "found \"inf\", expected a time in seconds within 64 bits"},
    {"a @ 1e19", 4,
     "found \"1e19\", expected a time in seconds within 64 bits"},
    {"a @ start", 9, "found end of text, expected \"()\""},
    {"a @ start(1)", 10, "found \"1\", expected \")\""},
    {"a @ 5m", 4, "found \"5m\", expected a time in seconds, start() or end()"},
    {"sum(a) @ 5", 7,
     "found @ after what is no selector and no subquery, expected it after one "
     "of these"},
    {"a @", 3,
     "found end of text, expected a time in seconds, start() or end()"},
    {"{a=\"b\"}{c=\"d\"}", 7, "found \"{\", expected an operator or the end"},
    {"a{b=\"c\"} d", 9, "found \"d\", expected an operator or the end"},
    {"{1=\"a\"}", 1, "found \"1\", expected a label name or \"}\""},
    {"a{\"b\"}", 2, "found \"\\\"b\\\"\", expected a label name or \"}\""},
    {"a{b=1}", 4, "found \"1\", expected a string"},
    {"a:b(c)", 3, "found \"(\", expected an operator or the end"},
    {"sum{a=\"b\"} (c)", 11, "found \"(\", expected an operator or the end"},
    {"a[5m] offset", 12, "found end of text, expected a duration such as 5m"},
};

/* How operators group, with every pair in brackets. */
static const struct {
    const char *text;
    const char *grouped;
} groups[] = {
    {"a + b * c ^ d", "(a + (b * (c ^ d)))"},
    {"a - b - c", "((a - b) - c)"},
    {"a ^ b ^ c", "(a ^ (b ^ c))"},
    {"a * b % c / d atan2 e", "((((a * b) % c) / d) atan2 e)"},
    {"a > b + c == bool d", "((a > (b + c)) == d)"},
    {"a or b and c unless d or e", "((a or ((b and c) unless d)) or e)"},
    {"a and b > c", "(a and (b > c))"},
    {"-a ^ b", "(-(a ^ b))"},
    {"-a * b", "((-a) * b)"},
    {"a ^ -b ^ c", "(a ^ (-(b ^ c)))"},
    {"a ^ -b * c", "((a ^ (-b)) * c)"},
    {"-1 ^ a", "(-(1 ^ a))"},
    {"-1 * a", "(-1 * a)"},
    {"- - a", "(-(-a))"},
    {"-a offset 5m", "(-a)"},
    {"a + b offset 5m", "(a + b)"},
};

static struct gong_expr *
parse(const char *text)
{
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of(text), &error);

    if (expr == NULL) {
        print_error("%s\n  at %zu: %s\n", text, error.at, error.message);
    }
    return expr;
}

/* The canonical text must be a fixed point of parse and print. */
static void
check_round_trip(const struct gong_expr *expr, const char *text)
{
    char *first = gong_expr_print(expr);
    struct gong_expr *again = NULL;
    char *second = NULL;

    assert_non_null(first);
    again = parse(first);
    assert_non_null(again);
    second = gong_expr_print(again);
    assert_string_equal(first, second);
    if (again->count != expr->count) {
        fail_msg("%s: %u nodes became %u", text, expr->count, again->count);
    }
    for (uint32_t i = 0; i < expr->count; i++) {
        assert_int_equal(expr->nodes[i].kind, again->nodes[i].kind);
        assert_int_equal(expr->nodes[i].type, again->nodes[i].type);
    }
    free(first);
    free(second);
    gong_expr_free(again);
}

static void
test_must_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(must_parse) / sizeof(must_parse[0]); i++) {
        const char *want = must_parse[i].canonical != NULL
                               ? must_parse[i].canonical
                               : must_parse[i].text;
        struct gong_expr *expr = parse(must_parse[i].text);
        char *text = NULL;

        assert_non_null(expr);
        text = gong_expr_print(expr);
        assert_string_equal(text, want);
        check_round_trip(expr, must_parse[i].text);
        free(text);
        gong_expr_free(expr);
    }
}

static void
test_must_not_parse(void **state)
{
    size_t count = sizeof(must_not_parse) / sizeof(must_not_parse[0]);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct gong_expr_error error = {0};
        struct gong_expr *expr =
            gong_expr_parse(gong_str_of(must_not_parse[i].text), &error);

        if (expr != NULL) {
            fail_msg("parsed: %s", must_not_parse[i].text);
        }
        if (error.at != must_not_parse[i].at) {
            fail_msg("%s: at %zu, not %zu", must_not_parse[i].text, error.at,
                     must_not_parse[i].at);
        }
        assert_string_equal(error.message, must_not_parse[i].message);
    }
}

static void
write_grouped(const struct gong_expr *expr, uint32_t index, char *out,
              size_t size)
{
    const struct gong_expr_node *node = &expr->nodes[index];
    size_t used = strlen(out);

    if (node->kind == GONG_EXPR_NUMBER) {
        (void)snprintf(out + used, size - used, "%g", node->number);
        return;
    }
    if (node->kind == GONG_EXPR_SELECTOR) {
        (void)snprintf(out + used, size - used, "%s", node->matchers[0].value);
        return;
    }
    (void)snprintf(out + used, size - used, "(%s",
                   node->kind == GONG_EXPR_UNARY ? gong_op_text(node->op) : "");
    write_grouped(expr, node->args[0], out, size);
    if (node->kind == GONG_EXPR_BINARY) {
        used = strlen(out);
        (void)snprintf(out + used, size - used, " %s ", gong_op_text(node->op));
        write_grouped(expr, node->args[1], out, size);
    }
    used = strlen(out);
    (void)snprintf(out + used, size - used, ")");
}

static void
test_groups(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        struct gong_expr *expr = parse(groups[i].text);
        char out[200] = "";

        assert_non_null(expr);
        write_grouped(expr, expr->root, out, sizeof(out));
        assert_string_equal(out, groups[i].grouped);
        gong_expr_free(expr);
    }
}

/* Children come before their parents, and the root is the last one. */
static void
test_order_is_postfix(void **state)
{
    struct gong_expr *expr =
        parse("sum by (a) (rate(x[5m])) / on (a) group_left (b) y > 1");

    (void)state;
    assert_non_null(expr);
    assert_int_equal(expr->root, expr->count - 1);
    for (uint32_t i = 0; i < expr->count; i++) {
        for (size_t j = 0; j < expr->nodes[i].arg_count; j++) {
            assert_true(expr->nodes[i].args[j] < i);
        }
    }
    gong_expr_free(expr);
}

static char *
repeated(const char *first, const char *part, size_t count, const char *last)
{
    size_t size = strlen(first) + strlen(part) * count + strlen(last) + 1;
    char *text = malloc(size);
    char *to = text;

    assert_non_null(text);
    to += snprintf(to, size, "%s", first);
    for (size_t i = 0; i < count; i++) {
        memcpy(to, part, strlen(part));
        to += strlen(part);
    }
    memcpy(to, last, strlen(last) + 1);
    return text;
}

static bool
parses(char *text)
{
    struct gong_expr_error error;
    struct gong_expr *expr = gong_expr_parse(gong_str_of(text), &error);
    bool parsed = expr != NULL;

    if (parsed) {
        check_round_trip(expr, text);
    }
    gong_expr_free(expr);
    free(text);
    return parsed;
}

static void
test_limits(void **state)
{
    char *deep = NULL;

    (void)state;
    /* A chain of operators is no nesting. */
    assert_true(parses(repeated("a", "+a", 16000, "")));
    deep = repeated("", "(", 99, "a");
    deep = realloc(deep, 300);
    assert_non_null(deep);
    memset(deep + 100, ')', 99);
    deep[199] = '\0';
    assert_true(parses(deep));
    assert_false(parses(repeated("", "(", 30000, "a")));
    assert_false(parses(repeated("", "-", 60000, "a")));
    assert_true(parses(repeated("a", "^a", 99, "")));
    assert_false(parses(repeated("a", "^a", 100, "")));
    assert_false(parses(repeated("", "abs(", 10000, "a")));
    /* The text itself. */
    assert_true(parses(repeated("a", " ", GONG_EXPR_TEXT_MAX - 1, "")));
    assert_false(parses(repeated("a", " ", GONG_EXPR_TEXT_MAX, "")));
}

/* Bytes past the given length do not exist. */
static void
test_text_is_bounded(void **state)
{
    struct gong_expr_error error;
    struct gong_expr *expr =
        gong_expr_parse(gong_str_from("up > 55", 6), &error);
    char *text = NULL;

    (void)state;
    assert_non_null(expr);
    text = gong_expr_print(expr);
    assert_string_equal(text, "up > 5");
    free(text);
    gong_expr_free(expr);
    assert_null(gong_expr_parse(gong_str_from(NULL, 0), &error));
    assert_null(gong_expr_parse(gong_str_from("a\0b", 3), &error));
    assert_int_equal(error.at, 1);
    gong_expr_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_must_parse),
        cmocka_unit_test(test_must_not_parse),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_order_is_postfix),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_text_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
