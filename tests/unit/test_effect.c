#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"
#include "rules/engine/effect_render.h"

static const struct gong_hash_key key = {{1, 2}};

static void
test_texts(void **state)
{
    (void)state;
    assert_string_equal(gong_alert_state_text(GONG_ALERT_INACTIVE), "inactive");
    assert_string_equal(gong_alert_state_text(GONG_ALERT_PENDING), "pending");
    assert_string_equal(gong_alert_state_text(GONG_ALERT_FIRING), "firing");
    assert_string_equal(gong_alert_state_text(GONG_ALERT_KEEPING), "keeping");
    assert_string_equal(gong_alert_state_text(GONG_ALERT_UNKNOWN), "unknown");
    assert_string_equal(gong_effect_reason_text(GONG_REASON_DARK), "dark");
    assert_int_equal(gong_severity_of("warning"), GONG_SEVERITY_WARNING);
    assert_int_equal(gong_severity_of("page"), GONG_SEVERITY_OTHER);
    assert_string_equal(gong_severity_text(GONG_SEVERITY_CRITICAL), "critical");
    assert_string_equal(gong_effect_reason_text(GONG_REASON_CONDITION),
                        "condition");
    assert_string_equal(gong_effect_reason_text(GONG_REASON_FOR), "for");
    assert_string_equal(gong_effect_reason_text(GONG_REASON_KEEP),
                        "keep_firing_for");
    assert_string_equal(gong_effect_reason_text(GONG_REASON_MISSING),
                        "missing");
    assert_string_equal(gong_effect_reason_text(GONG_REASON_RULE_REMOVED),
                        "rule_removed");
}

struct fixture {
    struct gong_budget budget;
    struct gong_symbols symbols;
    struct gong_labelsets labelsets;
    struct gong_effect_space space;
    struct gong_ruleset *set;
    struct gong_effect effect;
};

/* Renders one rule for the labels device="d", site="s", zone="z". */
static struct fixture *
render(const struct rule_spec *spec, double value)
{
    static const char *const texts[][2] = {
        {"device", "d"}, {"site", "s"}, {"zone", "z"}};
    struct fixture *f = calloc(1, sizeof *f);
    struct gong_label_pair pairs[3];

    assert_non_null(f);
    gong_symbols_init(&f->symbols, &f->budget, &key);
    gong_labelsets_init(&f->labelsets, &f->symbols, &f->budget);
    for (size_t i = 0; i < 3; i++) {
        pairs[i].name =
            gong_symbol_intern(&f->symbols, gong_str_of(texts[i][0]));
        pairs[i].value =
            gong_symbol_intern(&f->symbols, gong_str_of(texts[i][1]));
    }
    f->set = make_rules(spec, 1);
    f->effect.rule = &f->set->rules[0];
    f->effect.value = value;
    gong_effect_render(&f->space, &f->labelsets,
                       gong_labelset_intern(&f->labelsets, pairs, 3), 0,
                       &f->effect);
    return f;
}

static void
drop(struct fixture *f)
{
    gong_ruleset_free(f->set);
    gong_labelsets_fini(&f->labelsets);
    gong_symbols_fini(&f->symbols);
    free(f);
}

static void
expect_labels(const struct gong_effect *effect, const char *expected)
{
    struct text text = {0};

    for (size_t i = 0; i < effect->label_count; i++) {
        const struct gong_label_view *l = &effect->labels[i];

        text_add(&text, "%.*s=%.*s ", (int)l->name.len, l->name.data,
                 (int)l->value.len, l->value.data);
    }
    assert_string_equal(text.data, expected);
    text_free(&text);
}

static void
test_labels_are_merged_and_sorted(void **state)
{
    static const struct {
        const char *label;
        const char *expected;
    } cases[] = {
        {NULL, "alertname=Hot device=d site=s zone=z "},
        {"severity=page",
         "alertname=Hot device=d severity=page site=s zone=z "},
        {"zzz=1", "alertname=Hot device=d site=s zone=z zzz=1 "},
        {"Aaa=1", "Aaa=1 alertname=Hot device=d site=s zone=z "},
        {"site=other", "alertname=Hot device=d site=other zone=z "},
        {"zone=", "alertname=Hot device=d site=s "},
        {"nothing=", "alertname=Hot device=d site=s zone=z "},
        {"alertname=Cold", "alertname=Hot device=d site=s zone=z "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rule_spec spec = {
            .alert = "Hot", .expr = "m > 1", .label = cases[i].label};
        struct fixture *f = render(&spec, 1);

        expect_labels(&f->effect, cases[i].expected);
        drop(f);
    }
}

/* FNV-1a of "alertname\xffHot\xffdevice\xffd\xffsite\xffs\xffzone\xffz\xff",
 * worked out apart from this code. */
static void
test_fingerprint(void **state)
{
    struct rule_spec spec = {.alert = "Hot", .expr = "m > 1"};
    struct fixture *f = render(&spec, 1);
    struct rule_spec labelled = {
        .alert = "Hot", .expr = "m > 1", .label = "a=b"};
    struct fixture *g = render(&labelled, 1);

    (void)state;
    assert_true(f->effect.fingerprint == UINT64_C(0x1547f5a96a8b517d));
    assert_true(g->effect.fingerprint != f->effect.fingerprint);
    drop(f);
    drop(g);
}

static void
test_annotations(void **state)
{
    struct rule_spec spec = {
        .alert = "Hot",
        .expr = "m > 1",
        .label = "severity=page",
        .annotation = "summary=Đèn {{ $labels.device }}{{ $labels.severity }}: "
                      "{{ $value }} °C"};
    struct fixture *f = render(&spec, 71.5);

    (void)state;
    assert_int_equal(f->effect.annotation_count, 1);
    assert_true(gong_str_is(f->effect.annotations[0].name, "summary"));
    assert_true(gong_str_is(f->effect.annotations[0].value, "Đèn d: 71.5 °C"));
    drop(f);
}

static void
test_annotations_know_the_level(void **state)
{
    struct rule_spec spec = {.alert = "Hot",
                             .expr = "m > 1",
                             .worse = "m > 2",
                             .annotation = "action={{ $labels.severity }}"};
    struct fixture *f = render(&spec, 71.5);

    (void)state;
    assert_true(gong_str_is(f->effect.annotations[0].value, "warning"));
    f->effect.to_level = 2;
    gong_effect_render(&f->space, &f->labelsets, 0, 0, &f->effect);
    assert_true(gong_str_is(f->effect.annotations[0].value, "critical"));
    drop(f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_labels_are_merged_and_sorted),
        cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_annotations),
        cmocka_unit_test(test_annotations_know_the_level),
    };

    return cmocka_run_group_tests_name("effect", tests, NULL, NULL);
}
