#include "message_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "agent/tell/message_facts.h"
#include "rules/engine/template.h"

/* As a rule file has them: what the engine knows is rendered by the engine,
 * sections are filled when the message is written. */
#define SUMMARY                                                                \
    "{{ $labels.station }} {{ $value | printf \"%.2f\" }} m"                   \
    "[[, trên báo động {level:roman} {value-param_level#:2} m]]"          \
    "[[, {trend:+2} m/giờ]]"
#define SUMMARY_EN                                                             \
    "{{ $labels.station }} {{ $value | printf \"%.2f\" }} m"                   \
    "[[, {value-param_level#:2} m above flood alarm {level:roman}]]"           \
    "[[, {trend:+2} m/h]]"

static json_t *
rendered(const char *text, double value)
{
    const struct gong_label_view labels[] = {
        {gong_str_of("station"), gong_str_of("Củng Sơn")}};
    struct gong_expr_error error;
    struct gong_template *tmpl = gong_template_parse(gong_str_of(text), &error);
    char out[2048];

    assert_non_null(tmpl);
    (void)gong_template_render(tmpl, labels, 1, value, out, sizeof out);
    gong_template_free(tmpl);
    return json_string(out);
}

json_t *
message_flood(const char *kind)
{
    static char label[] = "Trạm thủy văn Củng Sơn";
    static char level[] = "level3";
    static struct gong_model_param param = {level, 34.5};
    static const struct gong_model_device device = {
        .label = label, .params = &param, .param_count = 1};
    json_t *item = json_pack(
        "{s:i, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s}, s:{s:s, s:o, s:o, "
        "s:s, s:s}, s:s, s:i, s:i, s:s, s:I, s:I, s:i, s:s}",
        "number", 17, "news", "climbed", "state", "open", "alert", "firing",
        "rule", "water/flood", "labels", "alertname", "Flood", "unit", "22015",
        "device", "cung-son", "severity", "critical", "annotations",
        "unit_name", "Xã Sơn Hoà", "summary", rendered(SUMMARY, 40.31),
        "summary_en", rendered(SUMMARY_EN, 40.31), "action",
        "Sơ tán dân vùng ngập.", "action_en", "Evacuate.", "value", "40.31",
        "level", 3, "told_level", 2, "severity", "critical", "since",
        (json_int_t)(MESSAGE_AT_MS - 2700000), "opened",
        (json_int_t)(MESSAGE_AT_MS - 600000), "ended", 0, "owner", "");

    assert_non_null(item);
    assert_true(gong_message_facts_device(item, &device));
    assert_true(gong_message_facts_trend(item, gong_str_of("0.420")));
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:s, s:{s:i, s:i}, s:[o]}",
                     "kind", kind, "receiver", "unit-duty", "unit", "22015",
                     "unit_name", "Xã Sơn Hoà", "step", 1, "at",
                     (json_int_t)MESSAGE_AT_MS, "link",
                     "https://gong.example/alerts", "omitted", "firing", 0,
                     "resolved", 0, "items", item);
}

json_t *
message_storm(size_t listed, int firing, int resolved)
{
    json_t *message = message_flood("news");
    json_t *items = json_object_get(message, "items");

    assert_int_equal(json_array_clear(items), 0);
    for (size_t i = 1; i <= listed; i++) {
        bool over = i % 3 == 0;
        json_t *item = json_pack(
            "{s:i, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}, s:{s:s, s:s}, s:s, "
            "s:i, s:i, s:s, s:I, s:I, s:I, s:s}",
            "number", (int)i, "news", over ? "resolved" : "firing", "state",
            over ? "ended" : "open", "alert", over ? "inactive" : "firing",
            "rule", "lighting/hot", "labels", "alertname", "LampHot", "site",
            "22015", "device", "lamp-7", "annotations", "summary",
            "Đèn quá nhiệt: 71.5 °C", "action", "Cắt nguồn tủ đèn", "value",
            "71.5", "level", 0, "told_level", 0, "severity", "warning", "since",
            (json_int_t)(MESSAGE_AT_MS - 60000), "opened",
            (json_int_t)(MESSAGE_AT_MS - 60000), "ended",
            (json_int_t)(over ? MESSAGE_AT_MS : 0), "owner", "");

        assert_non_null(item);
        assert_int_equal(json_array_append_new(items, item), 0);
    }
    assert_int_equal(
        json_object_set_new(
            message, "omitted",
            json_pack("{s:i, s:i}", "firing", firing, "resolved", resolved)),
        0);
    return message;
}

struct gong_link_signer
message_signer(void)
{
    return (struct gong_link_signer){.base = "https://gong.example",
                                     .life_ms = INT64_C(86400000)};
}
