/*
 * Every allocation of the language fails once, in turn: the answer is NULL with
 * an error, nothing leaks, and the same call succeeds afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "rules/engine/aggregate.h"
#include "rules/engine/book.h"
#include "rules/engine/plan.h"
#include "rules/engine/promql.h"
#include "rules/engine/match.h"
#include "rules/engine/template.h"
#include "tests/failing_memory.h"

static bool
parse_and_print(const char *text)
{
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of(text), &error);
    char *printed = expr == NULL ? NULL : gong_expr_print(expr);
    bool ok = printed != NULL;

    if (expr == NULL) {
        assert_non_null(strstr(error.message, "memory"));
    }
    free(printed);
    gong_expr_free(expr);
    return ok;
}

static bool
parse_and_plan(const char *text)
{
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of(text), &error);
    struct gong_plan *plan = expr == NULL ? NULL : gong_plan_new(expr, &error);
    bool ok = plan != NULL;

    assert_true(ok || strstr(error.message, "memory") != NULL);
    gong_plan_free(plan);
    gong_expr_free(expr);
    return ok;
}

static bool
parse_and_aggregate(const char *text)
{
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of(text), &error);
    struct gong_aggregate *aggregate =
        expr == NULL ? NULL : gong_aggregate_new(expr, &error);
    bool ok = aggregate != NULL;

    assert_true(ok || error.no_memory);
    gong_aggregate_free(aggregate);
    gong_expr_free(expr);
    return ok;
}

/* What stays out of the failures: the rules that a book is compiled of. */
static struct gong_ruleset *rules;

/* Of another class a rule is never, and never wrong. */
static bool
compile_book(const char *text)
{
    static const struct gong_hash_key key = {{1, 2}};
    static const enum gong_book_form forms[] = {
        GONG_FORM_GENERAL, GONG_FORM_AGGREGATE, GONG_FORM_THRESHOLD};
    struct gong_budget budget = {0};
    struct gong_symbols symbols;
    struct gong_book book;
    enum gong_err err = GONG_OK;

    (void)text;
    gong_symbols_init(&symbols, &budget, &key);
    err = gong_book_compile(&book, rules, &symbols);
    assert_true(err == GONG_OK || err == GONG_ERR_MEMORY);
    for (uint32_t i = 0; err == GONG_OK && i < book.count; i++) {
        assert_int_equal(book.rules[i].form, forms[i]);
    }
    if (err == GONG_OK) {
        gong_book_fini(&book);
    }
    gong_symbols_fini(&symbols);
    return err == GONG_OK;
}

static bool
parse_template(const char *text)
{
    struct gong_expr_error error = {0};
    struct gong_template *tmpl = gong_template_parse(gong_str_of(text), &error);
    bool ok = tmpl != NULL;

    assert_true(ok || strstr(error.message, "memory") != NULL);
    gong_template_free(tmpl);
    return ok;
}

/* Renders too: without memory the text says so. */
static bool
render(const char *text)
{
    struct gong_expr_error error = {0};
    struct gong_template *tmpl = gong_template_parse(gong_str_of(text), &error);
    const struct gong_template_context context = {.value = 1};
    char out[256];
    bool ok = false;

    if (tmpl != NULL) {
        ok = gong_template_expand(tmpl, &context, out, sizeof out, NULL);
        assert_true(ok || strstr(out, "<error expanding template: ") == out);
    }
    gong_template_free(tmpl);
    return ok;
}

static bool
match(const char *text)
{
    char name[] = "a";
    char pattern[64];
    const struct gong_matcher matcher = {GONG_MATCH_REGEX, name, pattern};
    struct gong_expr_error error = {0};
    struct gong_matchers *all = NULL;

    assert_true(strlen(text) < sizeof pattern);
    strcpy(pattern, text);
    all = gong_matchers_new(&matcher, 1, &error);
    assert_true(all != NULL || strstr(error.message, "memory") != NULL);
    gong_matchers_free(all);
    return all != NULL;
}

static void
fail_each(bool (*run)(const char *), const char *text)
{
    uint64_t failures = 0;

    for (;; failures++) {
        bool ok = false;

        failing_memory_begin(failures);
        ok = run(text);
        if (failing_memory_end() <= failures) {
            assert_true(ok);
            break;
        }
        assert_false(ok);
    }
    assert_true(failures > 3);
}

static void
test_every_allocation(void **state)
{
    (void)state;
    fail_each(parse_and_print,
              "-sum by (b, a) (rate(x{y=~\"z\", v!='w'}[5m] offset 1m)) / "
              "ignoring (c) group_left (d) max_over_time((e)[1h:1m]) > bool "
              "count_values without (f) (\"text\", {__name__=\"g\"})");
    fail_each(parse_and_plan, "-(a{b=\"c\", d!=\"e\"} > 5) and f or 1 + g");
    fail_each(parse_template, "a {{ $labels.b }} {{ $value }} "
                              "{{ printf \"x%.1fy\" $value }} c");
    fail_each(render,
              "{{ define \"t\" }}{{ printf `%5s|%q` . \"y\" }}{{ end }}"
              "{{ range $i, $x := args 1 `x` }}{{ $i }}{{ $x }}{{ end }}"
              "{{ template \"t\" (print $value \"x\") }}");
    fail_each(match, "[a-z]+x\\d");
}

static void
test_classes(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "A",
         .expr = "sum by (b) (rate({__name__=~\"c.*d[ef]\"}[1m]))"},
        {.alert = "B", .expr = "sum by (b) (c{d=\"e\"}) > 1"},
        {.alert = "C", .expr = "d > 1"},
    };

    (void)state;
    fail_each(parse_and_aggregate, specs[1].expr);
    rules = make_rules(specs, sizeof specs / sizeof specs[0]);
    fail_each(compile_book, "");
    gong_ruleset_free(rules);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_classes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
