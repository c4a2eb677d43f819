/* api_history: the embedded history as the API asks it. */
#ifndef GONG_AGENT_API_API_HISTORY_H
#define GONG_AGENT_API_API_HISTORY_H

#include "agent/api/api.h"
#include "agent/history/history.h"

/* gong_api_history_of: for gong_api_options; both borrowed. history NULL: there
 * is none. */
struct gong_api_history
gong_api_history_of(struct gong_history *history,
                    const struct gong_history_config *config);

#endif
