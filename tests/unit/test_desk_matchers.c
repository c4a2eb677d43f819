/* Matchers of routes, silences and inhibition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/desk/desk_config.h"
#include "rules/engine/promql_error.h"
#include "tests/unit/desk_model.h"

static void
matchers_take_labels(void **state)
{
    static const struct {
        const char *text;
        bool takes;
    } rows[] = {
        {"a=\"1\"", true},
        {"{a=\"1\",b=\"2\"}", true},
        {" { a = '1' } ", true},
        {"a=~\"1|2\",b!=\"3\"", true},
        {"c=\"\"", true},
        {"c!=\"\"", false},
        {"a!~\"1.*\"", false},
        {"a=\"2\"", false},
        {"", true},
        {"{}", true},
        {"a=~\"[0-9]+\"", true},
    };
    static const char *const bad[] = {"a",
                                      "a=1",
                                      "a=\"1\"}[5m",
                                      "a=\"1\"} or {",
                                      "a=\"1\"} offset 5m #",
                                      "a=~\"(\"",
                                      "__name__=\"a\"",
                                      "{a=\"1\""};
    const struct gong_label_view labels[] = {
        {gong_str_of("a"), gong_str_of("1")},
        {gong_str_of("b"), gong_str_of("2")},
    };
    struct gong_expr_error error;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gong_desk_matchers *m =
            gong_desk_matchers_read(gong_str_of(rows[i].text), &error);

        assert_non_null(m);
        assert_true(gong_desk_matchers_take(m, NULL, labels, 2) ==
                    rows[i].takes);
        gong_desk_matchers_free(m);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (gong_desk_matchers_read(gong_str_of(bad[i]), &error) != NULL) {
            fail_msg("%s is taken", bad[i]);
        }
        assert_true(error.at <= strlen(bad[i]));
    }
}

/* A device of 22020, which was merged into 22018, still reports as 22020. */
static void
a_unit_is_also_the_code_that_a_device_reports_under(void **state)
{
    static const struct {
        const char *text;
        bool takes;
        bool alone; /* where the model has it no more */
    } rows[] = {
        {"unit=\"22018\"", true, true},
        {"unit=\"22020\"", true, false},
        {"unit=\"22015\"", false, false},
        {"unit!=\"22020\"", false, true},
        {"unit!=\"22018\"", false, false},
        {"unit!=\"22015\"", true, true},
        {"unit=~\"22020|22015\"", true, false},
        {"unit!~\"2202.\"", false, true},
        {"unit=\"22020\",a=\"1\"", true, false},
        {"unit=\"22020\",a=\"2\"", false, false},
        {"unit=\"22020\",b=\"\"", true, false},
        {"site=\"22018\"", false, false},
    };
    const struct gong_label_view labels[] = {
        {gong_str_of("a"), gong_str_of("1")},
        {gong_str_of("site"), gong_str_of("22020")},
        {gong_str_of("unit"), gong_str_of("22018")},
    };
    struct gong_expr_error error;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gong_desk_matchers *m =
            gong_desk_matchers_read(gong_str_of(rows[i].text), &error);

        assert_non_null(m);
        if (gong_desk_matchers_take(m, desk_model_merged(), labels, 3) !=
                rows[i].takes ||
            gong_desk_matchers_take(m, desk_model(), labels, 3) !=
                rows[i].alone ||
            gong_desk_matchers_take(m, NULL, labels, 3) != rows[i].alone) {
            fail_msg("%s", rows[i].text);
        }
        gong_desk_matchers_free(m);
    }
}

/* A label that a rule gives says whose an alert is, whatever site it is of: who
 * sees to that site has no say in it. */
static void
a_site_of_another_unit_is_none(void **state)
{
    static const struct {
        const char *site;
        const char *device;
        const char *unit;
        const char *asked;
        bool takes;
    } rows[] = {
        {"22015", "lamp", "22018", "22015", false}, /* a label of the rule */
        {"22020", "lamp", "22015", "22020", false},
        {"pump", "lamp", "22018", "pump", false}, /* no unit's code */
        {"22016", "lamp", "22015", "22016", true},
        {"22016", "moved", "22015", "22016", false}, /* it is of 22018 now */
        {"22018", "lamp", "none", "22018", false},
    };
    struct gong_expr_error error;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gong_label_view labels[] = {
            {gong_str_of("device"), gong_str_of(rows[i].device)},
            {gong_str_of("site"), gong_str_of(rows[i].site)},
            {gong_str_of("unit"), gong_str_of(rows[i].unit)},
        };
        char text[64];
        struct gong_desk_matchers *m = NULL;

        (void)snprintf(text, sizeof text, "unit=\"%s\"", rows[i].asked);
        m = gong_desk_matchers_read(gong_str_of(text), &error);
        assert_non_null(m);
        if (gong_desk_matchers_take(m, desk_model_merged(), labels, 3) !=
            rows[i].takes) {
            fail_msg("%zu: %s", i, text);
        }
        gong_desk_matchers_free(m);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matchers_take_labels),
        cmocka_unit_test(a_unit_is_also_the_code_that_a_device_reports_under),
        cmocka_unit_test(a_site_of_another_unit_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
