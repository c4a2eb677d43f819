#include "rules/engine/template.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct gong_label_view labels[] = {
    {{"device", 6}, {"đèn-1", 7}},
    {{"site", 4}, {"22015", 5}},
    {{"empty", 5}, {NULL, 0}},
};

#define LABEL_COUNT (sizeof(labels) / sizeof(labels[0]))

static struct gong_template *
parse(const char *text)
{
    struct gong_expr_error error = {0};
    struct gong_template *tmpl = gong_template_parse(gong_str_of(text), &error);

    if (tmpl == NULL) {
        print_error("%s\n  at %zu: %s\n", text, error.at, error.message);
    }
    return tmpl;
}

static void
check(const char *text, double value, const char *want)
{
    struct gong_template *tmpl = parse(text);
    char out[1024];
    size_t len = 0;

    assert_non_null(tmpl);
    len = gong_template_render(tmpl, labels, LABEL_COUNT, value, out,
                               sizeof(out));
    assert_string_equal(out, want);
    assert_int_equal(len, strlen(want));
    gong_template_free(tmpl);
}

static void
test_parts(void **state)
{
    (void)state;
    check("", 1, "");
    check("chữ", 1, "chữ");
    check("}} { {", 1, "}} { {");
    check("{{ $labels.device }}", 1, "đèn-1");
    check("{{$labels.device}}{{.Labels.site}}", 1, "đèn-122015");
    check("[{{ $labels.none }}{{ $labels.empty }}]", 1, "[]");
    check("{{ $value }}|{{ .Value }}", 70.5, "70.5|70.5");
    check("{{ \t\n $value\n}}", 1e6, "1e+06");
    check("Đèn {{ $labels.device }} quá nhiệt: "
          "{{ $value | printf \"%.1f\" }} °C",
          71.26, "Đèn đèn-1 quá nhiệt: 71.3 °C");
    check("{{ printf \"%.0f%%\" $value }}", 99.6, "100%");
    check("{{ printf `%s\\n` .Labels.site }}", 1, "22015\\n");
    check("{{ $labels.site|printf \"\\x3c%s>\" }}", 1, "<22015>");
}

/* The same texts as Prometheus 2.42 writes. */
static void
test_formats(void **state)
{
    static const struct {
        const char *format;
        double value;
        const char *want;
    } cases[] = {
        {"%f", 70.25, "70.250000"},
        {"%F", 70.25, "70.250000"},
        {"%.1f", -0.05, "-0.1"},
        {"%.1f", -0.0, "-0.0"},
        {"%.0f", 2.5, "2"},
        {"%e", 123456, "1.234560e+05"},
        {"%E", 2.5, "2.500000E+00"},
        {"%g", 123456789, "1.23456789e+08"},
        {"%g", 123456, "123456"},
        {"%G", 1e-5, "1E-05"},
        {"%.3g", 1234567.891, "1.23e+06"},
        {"%.3G", 100000, "1E+05"},
        {"%8.2f", -1.5, "   -1.50"},
        {"%-8.2f|", 2.5, "2.50    |"},
        {"%08.2f", -1.5, "-0001.50"},
        {"%-08.2f|", 2.5, "2.50    |"},
        {"%+.1f", 2.5, "+2.5"},
        {"% .1f", 2.5, " 2.5"},
        {"%+08.1f", 70.25, "+00070.2"},
        {"%010g", 1e21, "000001e+21"},
        {"%%%.2f%%", 0.1, "%0.10%"},
        {"%5.1f°C", 0.1, "  0.1°C"},
        {"%.1f", (double)INFINITY, "+Inf"},
        {"%08.2f", -(double)INFINITY, "    -Inf"},
        {"%+08.1f", (double)NAN, "    +NaN"},
        {"%.1f", (double)NAN, "NaN"},
        {"% .1f", (double)INFINITY, " Inf"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[64] = "{{ $value | printf \"";

        strncat(text, cases[i].format, 20);
        strncat(text, "\" }}", 5);
        check(text, cases[i].value, cases[i].want);
    }
    check("{{ printf \"%-7s|\" $labels.device }}", 1, "đèn-1  |");
    check("{{ printf \"%7s|\" $labels.device }}", 1, "  đèn-1|");
}

static void
test_refused(void **state)
{
    static const struct {
        const char *text;
        size_t at;
        const char *found;
    } cases[] = {
        {"a {{", 4, "found the end of the text"},
        {"{{ }}", 3, "found \"}}\""},
        {"{{ $value", 9, "found the end of the text"},
        {"{{ $value }", 10, "expected \"}}\""},
        {"{{ $labels. }}", 10, "expected \"}}\""},
        {"{{ $labels.1a }}", 10, "found"},
        {"{{ $labels.a-b }}", 12, "expected \"}}\""},
        {"{{ $values }}", 3, "expected $labels, $value or a variable"},
        {"{{ value_ }}", 3, "expected $labels.NAME, $value or a function"},
        {"{{ $value | humanise }}", 12, "found \"humanise\""},
        {"{{ humanize $value 1 }}", 3, "found 2 arguments of humanize"},
        {"{{ print humanize }}", 9, "found 0 arguments of humanize"},
        {"{{ $value | printf }}x{{ printf }}", 25, "at least 1"},
        {"{{ $value | printf \"%.1f }}", 19, "expected a closing quote"},
        {"{{ $value | printf \"\\q%f\" }}", 20, "found escape"},
        {"{{ query \"up\" }}", 3, "expected no query"},
        {"{{ call 1 }}", 3, "found \"call\""},
        {"{{ toTime 1 }}", 3, "found \"toTime\""},
        {"{{ 1i }}", 3, "expected a number"},
        {"{{ 08 }}", 3, "expected a number"},
        {"{{ 99999999999999999999 }}", 3, "expected a number"},
        {"{{ 'ab' }}", 3, "expected one character"},
        {"{{ \"a\" | \"b\" }}", 9, "found a value"},
        {"{{ (1) 2 }}", 4, "found a value"},
        {"{{ $value 1 }}", 3, "found a value"},
        {"{{ nil }}", 3, "found nil"},
        {"{{ true.x }}", 7, "found \".x\""},
        {"{{ (1 }}", 6, "expected \")\""},
        {"{{ 1) }}", 4, "expected \"}}\""},
        {"{{ .Foo }}", 3, "found field \"Foo\""},
        {"{{ $.labels.a }}", 3, "found field \"labels\""},
        {"{{ if true }}x", 14, "expected {{end}}"},
        {"{{ if true }}x{{ else }}y", 25, "expected {{end}}"},
        {"{{ if true }}a{{ else }}b{{ else }}c{{ end }}", 32, "{{end}}"},
        {"x{{ end }}", 10, "found {{end}} or {{else}}"},
        {"{{ if }}x{{ end }}", 6, "found \"}}\""},
        {"{{ break }}", 3, "inside {{range}}"},
        {"{{ range $labels }}{{ define \"a\" }}{{ end }}{{ end }}", 22,
         "define outside"},
        {"{{ define a }}{{ end }}", 10, "a text in quotes"},
        {"{{ template \"t\" }}", 3, "found template \"t\""},
        {"{{ define \"t\" }}{{ $value }}{{ end }}", 19, "$labels, $value"},
        {"{{ $x = 1 }}", 3, "a variable that is set"},
        {"{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}", 38, "that is set"},
        {"{{ /* c */ }}", 3, "found"},
        {"{{/* c }}", 9, "expected */"},
        {"{{/* c */ x }}", 9, "right after a comment"},
        {"{{ \t@ }}", 4, "found \"@ }}\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gong_expr_error error = {0};

        if (gong_template_parse(gong_str_of(cases[i].text), &error) != NULL) {
            fail_msg("taken: %s", cases[i].text);
        }
        if (error.at != cases[i].at ||
            strstr(error.message, cases[i].found) == NULL) {
            fail_msg("%s: at %zu: %s", cases[i].text, error.at, error.message);
        }
    }
}

static void
test_cut_on_a_character(void **state)
{
    struct gong_template *tmpl = parse("aế{{ $labels.device }}🚨");
    static const char whole[] = "aếđèn-1🚨";
    char out[32];

    (void)state;
    assert_non_null(tmpl);
    for (size_t size = 1; size <= sizeof(whole); size++) {
        size_t len =
            gong_template_render(tmpl, labels, LABEL_COUNT, 1, out, size);

        assert_true(len < size);
        assert_int_equal(len, strlen(out));
        assert_memory_equal(out, whole, len);
        /* The next byte of the whole starts a character. */
        assert_true(((unsigned char)whole[len] & 0xc0) != 0x80);
        assert_true(size - len <= 4);
    }
    out[0] = 'x';
    assert_int_equal(gong_template_render(tmpl, labels, LABEL_COUNT, 1, out, 0),
                     0);
    assert_int_equal(out[0], 'x');
    gong_template_free(tmpl);
    gong_template_free(NULL);
}

static void
test_nul_is_refused(void **state)
{
    struct gong_expr_error error;

    (void)state;
    assert_null(gong_template_parse(gong_str_from("a\0b", 3), &error));
    assert_int_equal(error.at, 1);
}

/* What nests too deep is refused before it is read. */
static void
test_depth(void **state)
{
    struct gong_expr_error error = {0};
    char text[8192] = "";

    (void)state;
    for (int i = 0; i < 100; i++) {
        strcat(text, "{{ if true }}");
    }
    assert_null(gong_template_parse(gong_str_of(text), &error));
    assert_non_null(strstr(error.message, "fewer blocks"));
    strcpy(text, "{{ ");
    for (int i = 0; i < 100; i++) {
        strcat(text, "(");
    }
    assert_null(gong_template_parse(gong_str_of(text), &error));
    assert_non_null(strstr(error.message, "fewer brackets"));
    text[0] = '\0';
    for (int i = 0; i < 100; i++) {
        strcat(text, "{{ $x := 1 }}");
    }
    assert_null(gong_template_parse(gong_str_of(text), &error));
    assert_non_null(strstr(error.message, "fewer variables"));
}

static void
test_size(void **state)
{
    struct gong_expr_error error = {0};
    size_t size = GONG_TEMPLATE_TEXT_MAX + 1;
    char *text = malloc(size);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', size);
    assert_null(gong_template_parse(gong_str_from(text, size), &error));
    assert_non_null(strstr(error.message, "expected at most 65536"));
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_cut_on_a_character),
        cmocka_unit_test(test_nul_is_refused),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
