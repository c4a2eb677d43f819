/*
 * effect_json: an effect as JSON, the one form in which it leaves the engine.
 *
 * {"rule":"street-lighting/LampOverheating","group":..,"alertname":..,
 *  "from":"pending","to":"firing","reason":"for","value":"71.5",
 *  "at":ms,"since":ms,"position":n,"ordinal":n,"fingerprint":"16 hex",
 *  "labels":{..},"annotations":{..},
 *  "stamps":{"captured":ms,"published":ms,"received":ms,"decided":ms}}
 *
 * value is a string because JSON has no Inf and NaN. A presence alert also says
 * "hidden":n, how many alerts it hides, if there are any; one with levels
 * "from_level":n and "level":n, from 1 on, 0 where it has none; one of a rule
 * on trial "trial":true.
 */
#ifndef GONG_AGENT_DECIDE_EFFECT_JSON_H
#define GONG_AGENT_DECIDE_EFFECT_JSON_H

#include <jansson.h>

#include "common/err.h"
#include "common/str.h"
#include "rules/engine/effect.h"

/* gong_effect_to_json: heap text without newline, NULL without memory. Text
 * from devices is made valid UTF-8 (bad bytes become U+FFFD). */
char *gong_effect_to_json(const struct gong_effect *effect, int64_t decided_ms);

/* gong_effect_lost: an earlier effect's text changed to the end of its alert:
 * position, ordinal, from, to and at_ms of end, reason "lost", no stamps but
 * decided. Heap; NULL without memory or for a text of another shape. */
char *gong_effect_lost(struct gong_str text, const struct gong_effect *end,
                       int64_t decided_ms) GONG_MUST_CHECK;

/* gong_effect_from_json: parses and checks the shape; NULL otherwise. The
 * caller json_decref()s. */
json_t *gong_effect_from_json(struct gong_str text);

#endif
