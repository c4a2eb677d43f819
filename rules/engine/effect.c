#include "rules/engine/effect.h"

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
    }
    return "?";
}

bool
gong_alert_state_valid(unsigned state)
{
    return state <= GONG_ALERT_KEEPING;
}

bool
gong_alert_state_open(enum gong_alert_state state)
{
    switch (state) {
    case GONG_ALERT_FIRING:
    case GONG_ALERT_KEEPING:
        return true;
    case GONG_ALERT_INACTIVE:
    case GONG_ALERT_PENDING:
        break;
    }
    return false;
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
    case GONG_REASON_RULE_REMOVED:
        return "rule_removed";
    }
    return "?";
}
