/* Unit tests of agent/decide/effect_json.c: the form, its way back, hostile
 * texts. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/decide/effect_json.h"

static struct gong_label_view
view(const char *name, const char *value)
{
    return (struct gong_label_view){gong_str_of(name), gong_str_of(value)};
}

static char rule_id[] = "lamps/hot";
static char rule_group[] = "lamps";
static char rule_alert[] = "LampHot";
static char rule_expr[] = "lamp_temp > 70";
static const struct gong_rule rule = {.id = rule_id,
                                      .group = rule_group,
                                      .alert = rule_alert,
                                      .expr_text = rule_expr};

/* labels and annotations must outlive the result. */
static struct gong_effect
example(const struct gong_label_view *labels, size_t label_count,
        const struct gong_label_view *annotations, size_t annotation_count)
{
    return (struct gong_effect){
        .position = 4096,
        .ordinal = 2,
        .rule = &rule,
        .from = GONG_ALERT_PENDING,
        .to = GONG_ALERT_FIRING,
        .reason = GONG_REASON_FOR,
        .at_ms = 1760000000500,
        .since_ms = 1760000000000,
        .value = 71.5,
        .labels = labels,
        .label_count = label_count,
        .annotations = annotations,
        .annotation_count = annotation_count,
        .fingerprint = UINT64_C(0xc0ffee12345678),
        .captured_ms = 1,
        .published_ms = 2,
        .received_ms = 3,
    };
}

static void
golden(void **state)
{
    const struct gong_label_view labels[] = {view("alertname", "LampHot"),
                                             view("site", "22015")};
    const struct gong_label_view notes[] = {
        view("summary", "Đèn \"1\"\nquá nhiệt")};
    struct gong_effect effect = example(labels, 2, notes, 1);
    char *text = gong_effect_to_json(&effect, 4);
    char expected[1024];

    (void)state;
    (void)snprintf(
        expected, sizeof expected,
        "{\"rule\":\"lamps/hot\",\"group\":\"lamps\",\"alertname\":\"LampHot\","
        "\"expr\":\"lamp_temp > 70\","
        "\"from\":\"%s\",\"to\":\"%s\",\"reason\":\"%s\",\"value\":\"71.5\","
        "\"at\":1760000000500,\"since\":1760000000000,\"position\":4096,"
        "\"ordinal\":2,\"fingerprint\":\"00c0ffee12345678\","
        "\"labels\":{\"alertname\":\"LampHot\",\"site\":\"22015\"},"
        "\"annotations\":{\"summary\":\"Đèn \\\"1\\\"\\nquá nhiệt\"},"
        "\"stamps\":{\"captured\":1,\"published\":2,\"received\":3,"
        "\"decided\":4}}",
        gong_alert_state_text(GONG_ALERT_PENDING),
        gong_alert_state_text(GONG_ALERT_FIRING),
        gong_effect_reason_text(GONG_REASON_FOR));
    assert_string_equal(text, expected);
    free(text);
}

static void
reads_back_what_it_wrote(void **state)
{
    const struct gong_label_view labels[] = {view("lamp", "a\tb")};
    struct gong_effect effect = example(labels, 1, NULL, 0);
    char *text = gong_effect_to_json(&effect, 4);
    json_t *back = gong_effect_from_json(gong_str_of(text));

    (void)state;
    assert_non_null(back);
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(back, "labels"), "lamp")),
                        "a\tb");
    assert_int_equal(json_integer_value(json_object_get(back, "ordinal")), 2);
    json_decref(back);
    free(text);
}

static void
numbers(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {71.5, "71.5"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {-2e300, "-2e+300"},
        {INFINITY, "+Inf"},
        {-INFINITY, "-Inf"},
        {NAN, "NaN"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_effect effect = example(NULL, 0, NULL, 0);
        char *text;
        json_t *back;

        effect.value = cases[i].value;
        text = gong_effect_to_json(&effect, 0);
        back = gong_effect_from_json(gong_str_of(text));
        assert_non_null(back);
        assert_string_equal(json_string_value(json_object_get(back, "value")),
                            cases[i].text);
        json_decref(back);
        free(text);
    }
}

static void
bad_utf8_becomes_replacement(void **state)
{
    static const struct {
        const char *in;
        size_t len;
        const char *out;
    } cases[] = {
        {"a\x80z", 3, "a\xef\xbf\xbdz"},
        {"\xc3", 1, "\xef\xbf\xbd"},                 /* cut */
        {"\xc0\xaf", 2, "\xef\xbf\xbd\xef\xbf\xbd"}, /* overlong */
        {"\xed\xa0\x80", 3,                          /* surrogate */
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf5\x80", 2, "\xef\xbf\xbd\xef\xbf\xbd"},
        {"a\0b", 3,
         "a\xef\xbf\xbd"
         "b"},
        {"\xf0\x9f\x94\x94", 4, "\xf0\x9f\x94\x94"}, /* a bell */
        {"đèn", 5, "đèn"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gong_label_view label = {
            gong_str_of("l"), gong_str_from(cases[i].in, cases[i].len)};
        struct gong_effect effect = example(&label, 1, NULL, 0);
        char *text = gong_effect_to_json(&effect, 0);
        json_t *back = gong_effect_from_json(gong_str_of(text));

        assert_non_null(back);
        assert_string_equal(json_string_value(json_object_get(
                                json_object_get(back, "labels"), "l")),
                            cases[i].out);
        json_decref(back);
        free(text);
    }
}

static void
text_has_no_newline(void **state)
{
    const struct gong_label_view labels[] = {view("l", "a\nb\r\n")};
    struct gong_effect effect = example(labels, 1, labels, 1);
    char *text = gong_effect_to_json(&effect, 0);

    (void)state;
    assert_null(strchr(text, '\n'));
    free(text);
}

/* Takes the example and changes one member: each must be refused. */
static void
wrong_shapes_are_refused(void **state)
{
    static const char *const members[] = {
        "rule",    "group",       "alertname", "from",        "to",
        "reason",  "value",       "at",        "since",       "position",
        "ordinal", "fingerprint", "labels",    "annotations", "stamps"};
    struct gong_effect effect = example(NULL, 0, NULL, 0);
    char *text = gong_effect_to_json(&effect, 0);

    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        for (int missing = 0; missing < 2; missing++) {
            json_t *object = json_loads(text, 0, NULL);
            char *changed;

            assert_int_equal(
                missing != 0
                    ? json_object_del(object, members[i])
                    : json_object_set_new(object, members[i], json_true()),
                0);
            changed = json_dumps(object, 0);
            assert_null(gong_effect_from_json(gong_str_of(changed)));
            free(changed);
            json_decref(object);
        }
    }
    free(text);
}

static char warning[] = "warning";
static char critical[] = "critical";

/* What only some effects have: levels and trials, there and back, and after the
 * end that the log makes up. */
static void
levels_and_trials_are_said(void **state)
{
    static struct gong_rule_level levels[] = {{warning, 0}, {critical, 0}};
    static const char *const numbers[] = {"from_level", "level", "trial"};
    struct gong_rule leveled = rule;
    struct gong_effect effect = example(NULL, 0, NULL, 0);
    struct gong_effect end = {.from = GONG_ALERT_FIRING};
    char *text = NULL;
    char *lost = NULL;

    (void)state;
    leveled.levels = levels;
    leveled.level_count = 2;
    leveled.trial = true;
    effect.rule = &leveled;
    effect.from_level = 1;
    effect.to_level = 2;
    effect.reason = GONG_REASON_LEVEL;
    text = gong_effect_to_json(&effect, 0);
    assert_non_null(strstr(text, "\"reason\":\"level\""));
    assert_non_null(strstr(text, "\"from_level\":1"));
    assert_non_null(strstr(text, "\"level\":2"));
    assert_non_null(strstr(text, "\"trial\":true"));
    lost = gong_effect_lost(gong_str_of(text), &end, 0);
    assert_non_null(lost);
    assert_non_null(strstr(lost, "\"from_level\":2"));
    assert_non_null(strstr(lost, "\"level\":0"));
    assert_non_null(strstr(lost, "\"trial\":true"));
    free(lost);
    for (size_t i = 0; i < 3; i++) {
        json_t *object = json_loads(text, 0, NULL);
        char *changed;

        assert_int_equal(
            json_object_set_new(object, numbers[i], json_string("x")), 0);
        changed = json_dumps(object, 0);
        assert_null(gong_effect_from_json(gong_str_of(changed)));
        free(changed);
        json_decref(object);
    }
    free(text);
    effect.rule = &rule;
    text = gong_effect_to_json(&effect, 0);
    assert_null(strstr(text, "level\":"));
    assert_null(strstr(text, "trial"));
    free(text);
}

static void
hostile_texts_are_refused(void **state)
{
    static const char *const texts[] = {
        "", "{", "[]", "null", "\"x\"", "{\"rule\":1,\"rule\":2}"};
    struct gong_effect effect = example(NULL, 0, NULL, 0);
    char *text = gong_effect_to_json(&effect, 0);
    json_t *object = json_loads(text, 0, NULL);
    char *changed;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_null(gong_effect_from_json(gong_str_of(texts[i])));
    }
    assert_int_equal(json_object_set_new(object, "to", json_string("exploded")),
                     0);
    changed = json_dumps(object, 0);
    assert_null(gong_effect_from_json(gong_str_of(changed)));
    free(changed);
    assert_int_equal(json_object_set_new(object, "to", json_string("firing")),
                     0);
    assert_int_equal(json_object_set_new(json_object_get(object, "labels"), "l",
                                         json_integer(1)),
                     0);
    changed = json_dumps(object, 0);
    assert_null(gong_effect_from_json(gong_str_of(changed)));
    free(changed);
    json_decref(object);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(reads_back_what_it_wrote),
        cmocka_unit_test(numbers),
        cmocka_unit_test(bad_utf8_becomes_replacement),
        cmocka_unit_test(text_has_no_newline),
        cmocka_unit_test(wrong_shapes_are_refused),
        cmocka_unit_test(levels_and_trials_are_said),
        cmocka_unit_test(hostile_texts_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
