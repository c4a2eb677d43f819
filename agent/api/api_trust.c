/* Whether silence may be trusted: proofs and drills. */
#include <stdio.h>

#include "agent/api/api_handlers.h"
#include "agent/api/api_private.h"
#include "agent/trust/trust.h"

void
gong_api_proof(struct gong_api_call *call)
{
    struct gong_trust_report report;

    if (call->api->options.trust == NULL) {
        gong_api_not_offered(call);
        return;
    }
    gong_trust_report(call->api->options.trust, &report);
    gong_api_json(call->answer, 200,
                  json_pack("{s:I,s:I,s:I,s:I,s:b,s:s}", "interval",
                            (json_int_t)(report.interval.ns / GONG_NS_PER_MS),
                            "last", (json_int_t)report.last_ms, "age",
                            (json_int_t)report.age_ms, "took",
                            (json_int_t)report.took_ms, "ok", (int)report.well,
                            "hop", gong_probe_hop_text(report.broken)));
}

/* Of a drill the outbox knows whether it was told: to everybody whom the desk
 * named. */
static bool
all_told(const json_t *deliveries)
{
    for (size_t i = 0; i < json_array_size(deliveries); i++) {
        const char *state = json_string_value(
            json_object_get(json_array_get(deliveries, i), "state"));

        if (state == NULL || !gong_str_is(gong_str_of(state), "sent")) {
            return false;
        }
    }
    return json_array_size(deliveries) > 0;
}

/* Channels that a drill passes over, or asks one try of at a time. */
static json_t *
away_now(const struct gong_api_channels *channels)
{
    json_t *away =
        channels->away == NULL ? NULL : channels->away(channels->ctx);

    return away == NULL ? json_array() : away;
}

void
gong_api_drill(struct gong_api_call *call)
{
    const struct gong_api_desk *desk = &call->api->options.desk;
    struct gong_trust_probe drill;
    json_t *deliveries = NULL;

    if (call->api->options.trust == NULL || desk->told == NULL) {
        gong_api_not_offered(call);
        return;
    }
    gong_trust_last_drill(call->api->options.trust, &drill);
    deliveries =
        drill.messages == 0
            ? json_array()
            : desk->told(desk->ctx, drill.first_message, drill.last_message);
    if (all_told(deliveries)) {
        drill.told_ms = call->now_ms;
    }
    gong_api_json(
        call->answer, 200,
        json_pack(
            "{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:s,s:s,s:o,s:o}", "number",
            (json_int_t)drill.number, "begun", (json_int_t)drill.begun_ms,
            "sent", (json_int_t)drill.sent_ms, "received",
            (json_int_t)drill.received_ms, "decided",
            (json_int_t)drill.decided_ms, "desk", (json_int_t)drill.desk_ms,
            "messages", (json_int_t)drill.messages, "hop",
            drill.number == 0 ? ""
                              : gong_probe_hop_text(gong_probe_hop(&drill)),
            "why", drill.why, "deliveries", deliveries, "away",
            away_now(&call->api->options.channels)));
}

void
gong_api_drill_begin(struct gong_api_call *call)
{
    struct gong_drill drill = {
        .receiver = gong_api_body_text(call, "receiver", ""),
        .contact = gong_api_body_text(call, "contact", ""),
        .unit = gong_api_body_text(call, "unit", ""),
        .severity = gong_api_body_text(call, "severity", "critical"),
        .service = gong_api_body_text(call, "service", ""),
    };
    const char *why = "";
    char object[GONG_DRILL_WORD_MAX + 16], code[GONG_GRANT_UNIT_SIZE];
    uint64_t number = 0;
    enum gong_err err;

    if (call->api->options.trust == NULL) {
        gong_api_not_offered(call);
        return;
    }
    if (!gong_api_check_unit(call, "unit", drill.unit, code)) {
        return;
    }
    drill.unit = code;
    err = gong_trust_drill(call->api->options.trust, &drill, &number, &why);
    (void)snprintf(object, sizeof object, "drill %.128s",
                   drill.contact[0] != '\0' ? drill.contact : drill.receiver);
    gong_api_audit(call, "drill", object, err == GONG_OK ? "ok" : why, "");
    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, why);
        return;
    }
    gong_api_done(call, number);
}
