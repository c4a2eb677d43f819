/*
 * desk_message_json: a message of the desk as the JSON that waits in the
 * outbox; channels make mail, chat text and webhooks of it.
 *
 * {"kind":"news","receiver":"unit-duty","unit":"22015",
 *  "unit_name":"Xã Sơn Hoà","step":0,"at":ms,"link":"https://..",
 *  "groups":1,"group_key":"{}/{..}:{..}","group_labels":{..},
 *  "omitted":{"firing":0,"resolved":0},
 *  "items":[{"number":17,"news":"firing","state":"open","alert":"firing",
 *    "rule":"..","labels":{..},"annotations":{..},"value":"34.5",
 *    "level":3,"told_level":2,"severity":"critical","since":ms,"opened":ms,
 *    "ended":0,"over":0,"owner":"","acked_by":"","lost":false,"no_unit":false,
 *    "fingerprint":"16 hex","device_name":"..","facts":{..}}]}
 *
 * waited, in ms, behind step where that is why it was made.
 * device_name and facts (message_facts.h) where the model has the device, or a
 * trend is known.
 * value is a string because JSON has no Inf and NaN. kind: news, repeat,
 * escalate, drill. news of an item: still, firing, climbed, fell,
 * overdue, resolved.
 */
#ifndef GONG_AGENT_TELL_DESK_MESSAGE_JSON_H
#define GONG_AGENT_TELL_DESK_MESSAGE_JSON_H

#include <jansson.h>

#include "rules/desk/desk.h"

/* gong_desk_message_to_json: the caller json_decref()s; NULL without memory.
 * link: where the message's incidents can be seen, "" for none. */
json_t *gong_desk_message_to_json(const struct gong_desk_message *message,
                                  const struct gong_model *model,
                                  const char *link);

#endif
