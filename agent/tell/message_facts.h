/*
 * message_facts: what sections of annotations (message_fill.h) know beside the
 * value and the level, put into an item of a message as JSON. Pure.
 *
 *   "device_name":"Trạm thủy văn Củng Sơn",
 *   "facts":{"param_level3":34.5,"trend":0.42}
 */
#ifndef GONG_AGENT_TELL_MESSAGE_FACTS_H
#define GONG_AGENT_TELL_MESSAGE_FACTS_H

#include <stdbool.h>

#include <jansson.h>

#include "common/str.h"
#include "rules/model/model.h"

/* gong_message_facts_device: the name and the parameters of the alert's device.
 * device NULL: nothing to add. False without memory. */
bool gong_message_facts_device(json_t *item,
                               const struct gong_model_device *device);

/* gong_message_facts_trend: how much the value changes in an hour, as the
 * engine put it among the alert's annotations (rules/engine/effect_render.h).
 * False without memory. */
bool gong_message_facts_trend(json_t *item, struct gong_str text);

#endif
