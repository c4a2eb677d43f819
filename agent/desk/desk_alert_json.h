/*
 * desk_alert_json: an effect as the effects log keeps it
 * (agent/decide/effect_json.h) as the pure desk takes it.
 */
#ifndef GONG_AGENT_DESK_DESK_ALERT_JSON_H
#define GONG_AGENT_DESK_DESK_ALERT_JSON_H

#include <jansson.h>

#include "agent/decide/effects.h"
#include "agent/desk/desk_decision.h"
#include "rules/desk/desk.h"

/* Transparent; what alert points to. */
struct gong_desk_alert_read {
    struct gong_desk_alert alert;
    struct gong_desk_decision decision;
    json_t *json;
    struct gong_label_view *views;
};

/* gong_desk_alert_read: of a record of the effects log. AGAIN: it is no effect
 * (a mark); CORRUPT: not as it was written. Free with fini, also then. */
enum gong_err
gong_desk_alert_read(const struct gong_record *record,
                     struct gong_desk_alert_read *out) GONG_MUST_CHECK;
void gong_desk_alert_fini(struct gong_desk_alert_read *read);

#endif
