#include "rules/engine/effect.h"

#include <string.h>

const char *
gong_alert_state_text(enum gong_alert_state state)
{
    switch (state) {
    case GONG_ALERT_INACTIVE:
        return "inactive";
    case GONG_ALERT_PENDING:
        return "pending";
    case GONG_ALERT_FIRING:
        return "firing";
    case GONG_ALERT_KEEPING:
        return "keeping";
    case GONG_ALERT_UNKNOWN:
        return "unknown";
    }
    return "?";
}

bool
gong_alert_state_valid(unsigned state)
{
    return state <= GONG_ALERT_UNKNOWN;
}

bool
gong_alert_state_open(enum gong_alert_state state)
{
    switch (state) {
    case GONG_ALERT_FIRING:
    case GONG_ALERT_KEEPING:
    case GONG_ALERT_UNKNOWN:
        return true;
    case GONG_ALERT_INACTIVE:
    case GONG_ALERT_PENDING:
        break;
    }
    return false;
}

bool
gong_alert_text_open(const char *text)
{
    for (unsigned i = GONG_ALERT_INACTIVE; gong_alert_state_valid(i); i++) {
        enum gong_alert_state state = (enum gong_alert_state)i;

        if (strcmp(text, gong_alert_state_text(state)) == 0) {
            return gong_alert_state_open(state);
        }
    }
    return false;
}

static const char *const severities[] = {
    [GONG_SEVERITY_OTHER] = NULL,
    [GONG_SEVERITY_INFO] = "info",
    [GONG_SEVERITY_WARNING] = "warning",
    [GONG_SEVERITY_CRITICAL] = "critical",
};

enum gong_severity
gong_severity_of(const char *text)
{
    for (unsigned i = GONG_SEVERITY_INFO; i <= GONG_SEVERITY_CRITICAL; i++) {
        if (strcmp(text, severities[i]) == 0) {
            return (enum gong_severity)i;
        }
    }
    return GONG_SEVERITY_OTHER;
}

const char *
gong_severity_text(enum gong_severity severity)
{
    return severities[severity];
}

const char *
gong_effect_reason_text(enum gong_effect_reason reason)
{
    switch (reason) {
    case GONG_REASON_CONDITION:
        return "condition";
    case GONG_REASON_FOR:
        return "for";
    case GONG_REASON_KEEP:
        return "keep_firing_for";
    case GONG_REASON_MISSING:
        return "missing";
    case GONG_REASON_DARK:
        return "dark";
    case GONG_REASON_RULE_REMOVED:
        return "rule_removed";
    case GONG_REASON_RESOLVE:
        return "resolve";
    case GONG_REASON_LEVEL:
        return "level";
    case GONG_REASON_CALENDAR:
        return "calendar";
    case GONG_REASON_LIMIT:
        return "limit";
    }
    return "?";
}
