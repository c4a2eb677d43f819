/* What rules that are evaluated as a whole read: selectors, how far back, what
 * moves with time; and in which order rules go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "rules/engine/book.h"
#include "rules/engine/book_order.h"
#include "rules/engine/reads.h"

#define MINUTE INT64_C(60000)

struct expected {
    const char *expr;
    const char *metrics; /* of the selectors, "?" for any, with their needs */
    const char *flags;   /* moves, Moves alone, silence */
};

static const struct expected table[] = {
    {"sum by (site) (a)", "a:0", ""},
    {"sum(rate(a[5m])) / sum(b)", "b:0 a:300000", "m"},
    {"avg_over_time(a[1m] offset 2m)", "a:180000", ""},
    {"a offset 1h > a", "a:0 a:3600000+", ""},
    {"max_over_time(rate(a[5m])[1h:1m] offset 10m)", "a:4500000", "m"},
    {"avg_over_time(sum(a)[10m:30s])", "a:600000+", "m"},
    {"{__name__=~\"a|b\", site=\"x\"} > 1", "?:0", ""},
    {"absent(a)", "a:0", "s"},
    {"absent_over_time(a[3m])", "a:180000", "s"},
    {"a unless b", "b:0 a:0", "s"},
    {"a or b", "b:0 a:0", "s"},
    {"a and b", "b:0 a:0", ""},
    {"time() > bool 5", "", "M"},
    {"vector(1) and hour() > 5", "", "M"},
    {"hour(a) > 5", "a:0", ""},
    {"count(a) by (site) > 1", "a:0", ""},
    {"predict_linear(a[1h], 60) > 1", "a:3600000", "m"},
};

static void
describe(const struct gong_reads *reads, struct text *out)
{
    text_clear(out);
    for (uint32_t i = 0; i < reads->count; i++) {
        const struct gong_read *read = &reads->all[i];

        text_add(out, "%s%s:%lld%s", i == 0 ? "" : " ",
                 read->metric == NULL ? "?" : read->metric,
                 (long long)read->need_ms, read->back ? "+" : "");
    }
    text_add(out, "|%s%s%s", reads->moves ? "m" : "",
             reads->moves_alone ? "M" : "", reads->silence ? "s" : "");
}

static void
test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct gong_expr_error error = {0};
        struct gong_expr *expr =
            gong_expr_parse(gong_str_of(table[i].expr), &error);
        struct gong_reads *reads =
            expr == NULL ? NULL : gong_reads_new(expr, &error);
        struct text have = {0};
        char want[256];

        if (reads == NULL) {
            fail_msg("%s: %s", table[i].expr, error.message);
        }
        snprintf(want, sizeof want, "%s|%s", table[i].metrics, table[i].flags);
        describe(reads, &have);
        if (strcmp(have.data, want) != 0) {
            fail_msg("%s: have %s, want %s", table[i].expr, have.data, want);
        }
        for (uint32_t r = 0; r < reads->count; r++) {
            assert_int_equal(gong_reads_find(reads, reads->all[r].node), r);
        }
        text_free(&have);
        gong_reads_free(reads);
        gong_expr_free(expr);
    }
}

static void
test_refused(void **state)
{
    static const struct {
        const char *expr;
        const char *message;
    } refused[] = {
        {"a @ 5 > 1", "@ modifier"},
        {"sum(a offset -5m)", "offset into the future"},
        {"a[5m]", "range vector"},
        {"\"text\"", "text"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct gong_expr_error error = {0};
        struct gong_expr *expr =
            gong_expr_parse(gong_str_of(refused[i].expr), &error);

        assert_non_null(expr);
        assert_null(gong_reads_new(expr, &error));
        if (strstr(error.message, refused[i].message) == NULL) {
            fail_msg("%s: %s", refused[i].expr, error.message);
        }
        gong_expr_free(expr);
    }
}

/* Of what the engine says itself only the present is known. */
static void
test_past_of_own(void **state)
{
    static const struct {
        const char *expr;
        const char *message; /* NULL: it may be */
    } cases[] = {
        {"count(ALERTS)", NULL},
        {"count({__name__=~\"ALERTS.*|up\"})", NULL},
        {"ALERTS offset 5m > 0", "the past of ALERTS"},
        {"sum(max_over_time(ALERTS[1h]))", "the past of ALERTS"},
        {"max_over_time(count(ALERTS)[1h:1m])", "the past of ALERTS"},
        {"sum(ALERTS_FOR_STATE offset 1m)", "the past of ALERTS_FOR_STATE"},
        {"sum(unit_up offset 1m)", "the past of up"},
        {"count({__name__=~\"ALERTS.*\"} offset 5m)", "take in ALERTS"},
        {"count({__name__=~\".+\", site=\"s\"} offset 5m)", "take in up"},
        {"count(rate({__name__!=\"up\", site=\"s\"}[5m]))", "take in unit_up"},
        {"sum(rate({__name__=~\"m_.*\"}[5m]))", NULL},
        {"count({__name__!~\"ALERTS.*|up|unit_up|device_dark\", site=\"s\"} "
         "offset 5m)",
         NULL},
        {"count({__name__=~\".+\", __name__!~\"ALERTS.*|.*up|device_dark\"} "
         "offset 5m)",
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_expr_error error = {0};
        struct gong_expr *expr =
            gong_expr_parse(gong_str_of(cases[i].expr), &error);
        bool fine = false;

        assert_non_null(expr);
        fine = gong_book_check(expr, false, &error);
        if (fine != (cases[i].message == NULL) ||
            (!fine && strstr(error.message, cases[i].message) == NULL)) {
            fail_msg("%s: %s", cases[i].expr, error.message);
        }
        gong_expr_free(expr);
    }
}

static void
check_order(const struct rule_spec *specs, size_t count, const char *want)
{
    struct gong_ruleset *set = make_rules(specs, count);
    uint32_t *order = NULL;
    struct text have = {0};

    assert_int_equal(gong_book_order(set, &order), GONG_OK);
    text_clear(&have);
    for (size_t i = 0; i < count; i++) {
        text_add(&have, "%u", (unsigned)order[i]);
    }
    assert_string_equal(have.data, want);
    text_free(&have);
    free(order);
    gong_ruleset_free(set);
}

static void
test_order(void **state)
{
    static const struct rule_spec chain[] = {
        {.alert = "A", .expr = "r:two > 1"},
        {.alert = "r:two", .record = true, .expr = "r:one * 2"},
        {.alert = "B", .expr = "x > 1"},
        {.alert = "r:one", .record = true, .expr = "sum(x)"},
    };
    static const struct rule_spec circle[] = {
        {.alert = "r:a", .record = true, .expr = "r:b + 1"},
        {.alert = "r:b", .record = true, .expr = "r:a + 1"},
        {.alert = "r:c", .record = true, .expr = "r:c + 1"},
    };
    static const struct rule_spec patterns[] = {
        {.alert = "A", .expr = "count({__name__=~\"r:t.*\", site=\"s\"}) > 1"},
        {.alert = "r:sum", .record = true, .expr = "sum({site=\"s\"})"},
        {.alert = "r:two",
         .record = true,
         .expr = "sum({__name__=~\"r:o.+\"})"},
        {.alert = "B",
         .expr = "sum({__name__=~\"r:.*\", __name__!~\"r:t.*|r:sum\"}) > 1"},
        {.alert = "r:one", .record = true, .expr = "sum(x)"},
    };

    (void)state;
    check_order(patterns, 5, "42013");
    check_order(chain, 4, "3102");
    check_order(circle, 3, "102");
}

static void
test_recorded(void **state)
{
    static const struct rule_spec specs[] = {
        {.alert = "A", .expr = "r:one > 1"},
        {.alert = "B", .expr = "x > 1"},
        {.alert = "C", .expr = "count(ALERTS) > 1"},
        {.alert = "r:one", .record = true, .expr = "sum(x)"},
    };
    struct gong_ruleset *set = make_rules(specs, 4);

    (void)state;
    assert_true(gong_book_reads_recorded(set, &set->rules[0]));
    assert_false(gong_book_reads_recorded(set, &set->rules[1]));
    assert_true(gong_book_reads_recorded(set, &set->rules[2]));
    assert_false(gong_book_reads_recorded(set, &set->rules[3]));
    gong_ruleset_free(set);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_past_of_own), cmocka_unit_test(test_order),
        cmocka_unit_test(test_recorded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
