#include "agent/store/store_alert.h"

#include <stdlib.h>

#include "common/clock.h"
#include "rules/engine/effect.h"

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static bool
is_state(const json_t *effect, const char *key, enum gong_alert_state state)
{
    return strcmp(text_of(effect, key), gong_alert_state_text(state)) == 0;
}

/* The state after the transition as a number; false if its text is unknown. */
static enum gong_alert_state
state_after(const json_t *effect)
{
    static const enum gong_alert_state states[] = {
        GONG_ALERT_PENDING, GONG_ALERT_FIRING, GONG_ALERT_KEEPING,
        GONG_ALERT_UNKNOWN};

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (is_state(effect, "to", states[i])) {
            return states[i];
        }
    }
    return GONG_ALERT_INACTIVE;
}

const char *
gong_store_alert_state(const json_t *effect)
{
    switch (state_after(effect)) {
    case GONG_ALERT_PENDING:
        return "pending";
    case GONG_ALERT_FIRING:
        return "firing";
    case GONG_ALERT_KEEPING:
        return "keeping";
    case GONG_ALERT_UNKNOWN:
        return "unknown";
    case GONG_ALERT_INACTIVE:
        break;
    }
    return is_state(effect, "from", GONG_ALERT_PENDING) ||
                   is_state(effect, "from", GONG_ALERT_INACTIVE)
               ? "inactive"
               : "resolved";
}

static int
state_code(const json_t *effect)
{
    switch (state_after(effect)) {
    case GONG_ALERT_INACTIVE:
        return 0;
    case GONG_ALERT_PENDING:
        return 1;
    case GONG_ALERT_FIRING:
        return 2;
    case GONG_ALERT_KEEPING:
        return 3;
    case GONG_ALERT_UNKNOWN:
        return 4;
    }
    return 0;
}

static struct gong_lp_tag
tag(const char *key, const char *value)
{
    return (struct gong_lp_tag){gong_str_of(key), gong_str_of(value)};
}

static struct gong_lp_field
integer_field(const char *key, int64_t value)
{
    return (struct gong_lp_field){
        .key = gong_str_of(key),
        .value = {.type = GONG_LP_INT, .as = {.integer = value}}};
}

static struct gong_lp_field
number_field(const char *key, double value)
{
    return (struct gong_lp_field){
        .key = gong_str_of(key),
        .value = {.type = GONG_LP_FLOAT, .as = {.number = value}}};
}

enum gong_err
gong_store_alert_encode(const json_t *effect,
                        const struct gong_lp_dialect *dialect,
                        struct gong_buffer *buffer,
                        struct gong_lp_losses *losses)
{
    const json_t *labels = json_object_get(effect, "labels");
    const json_t *level = json_object_get(effect, "level");
    int64_t at_ms = json_integer_value(json_object_get(effect, "at"));
    int64_t since_ms = json_integer_value(json_object_get(effect, "since"));
    /* A label that is absent or empty gives no tag: the encoder skips it. */
    const struct gong_lp_tag tags[] = {
        tag("alertname", text_of(effect, "alertname")),
        tag("rule", text_of(effect, "rule")),
        tag("severity", text_of(labels, "severity")),
        tag("site", text_of(labels, "site")),
        tag("device", text_of(labels, "device")),
        tag("state", gong_store_alert_state(effect)),
        tag("fingerprint", text_of(effect, "fingerprint")),
        tag("reason", text_of(effect, "reason")),
        tag("trial",
            json_is_true(json_object_get(effect, "trial")) ? "true" : ""),
    };
    const struct gong_lp_field fields[] = {
        number_field("value", strtod(text_of(effect, "value"), NULL)),
        integer_field("since", since_ms),
        integer_field("state_code", state_code(effect)),
        integer_field("level", json_integer_value(level)), /* the last */
    };
    struct gong_lp_line line = {
        .measurement = gong_str_of("gong_alert"),
        .tags = tags,
        .tag_count = sizeof tags / sizeof tags[0],
        .fields = fields,
        .field_count =
            sizeof fields / sizeof fields[0] - (level == NULL ? 1 : 0),
    };

    if (at_ms < 0 || at_ms > INT64_MAX / GONG_NS_PER_MS) {
        return GONG_ERR_INVALID;
    }
    line.time_ns = at_ms * GONG_NS_PER_MS;
    return gong_lp_encode(buffer, &line, dialect, losses);
}
