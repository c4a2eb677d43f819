#include "agent/api/api_history.h"

struct gong_api_history
gong_api_history_of(struct gong_history *history,
                    const struct gong_history_config *config)
{
    if (history == NULL) {
        return (struct gong_api_history){0};
    }
    return (struct gong_api_history){
        .path = gong_history_path(history),
        .recent = gong_history_recent(history),
        .limits = {.timeout = config->query_timeout,
                   .series = (size_t)config->query_series,
                   .samples = (size_t)config->query_samples,
                   .bytes = (size_t)config->query_memory},
        .query = gong_history_query,
    };
}
