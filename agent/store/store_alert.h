/* store_alert: an alert transition as the point gong_alert; its tags and fields
 * are listed in agent/store/store_influx.h. Pure. */
#ifndef GONG_AGENT_STORE_STORE_ALERT_H
#define GONG_AGENT_STORE_STORE_ALERT_H

#include <jansson.h>

#include "common/lp_encode.h"

/* gong_store_alert_encode: appends the line of an effect that was read by
 * gong_effect_from_json. A value that is not finite is left out and counted in
 * losses. GONG_ERR_INVALID where the instant lies outside 1970..2262. */
enum gong_err gong_store_alert_encode(
    const json_t *effect, const struct gong_lp_dialect *dialect,
    struct gong_buffer *buffer, struct gong_lp_losses *losses) GONG_MUST_CHECK;

/* gong_store_alert_state: the state tag: pending, firing, keeping, unknown,
 * resolved (from any of the last three) or inactive (from pending). Static
 * storage. */
const char *gong_store_alert_state(const json_t *effect);

#endif
