/*
 * api_prometheus: what the endpoints that answer as Prometheus does share:
 * parameters as it reads them, answers and errors in its form.
 *
 *   {"status":"success","data":..,"warnings":["tiếng Việt | English"]}
 *   {"status":"error","errorType":"bad_data","error":".."}
 *
 * Queries run on a lane of their own, two at a time; others wait there, and
 * their wait counts for their timeout.
 */
#ifndef GONG_AGENT_API_API_PROMETHEUS_H
#define GONG_AGENT_API_API_PROMETHEUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "agent/api/api_private.h"
#include "rules/engine/promql.h"

#define GONG_PROM_ANSWER_MAX ((size_t)64 << 20) /* bytes of an answer */

/* gong_prom_count: adds what is counted of answers; counters may be NULL. */
void gong_prom_count(struct gong_api *api, struct gong_counters *counters);

/* --- answers: api_prometheus_answer.c --- */

/* gong_prom_error: type is a word of Prometheus, and says the status. */
void gong_prom_error(struct gong_api_call *call, const char *type,
                     const char *format, ...) GONG_PRINTF(3, 4);
/* gong_prom_failed: what err of the history means to who asked. */
void gong_prom_failed(struct gong_api_call *call, enum gong_err err,
                      const char *why);

/* An answer while it is written. */
struct gong_prom_text {
    FILE *file;
    char *bytes;
    size_t len;
    unsigned warnings;
};

/* gong_prom_begin: false with the answer filled. What follows is the value of
 * "data"; then warnings; then end. */
bool gong_prom_begin(struct gong_api_call *call, struct gong_prom_text *text);
void gong_prom_warn(struct gong_prom_text *text, const char *format, ...)
    GONG_PRINTF(2, 3);
void gong_prom_end(struct gong_api_call *call, struct gong_prom_text *text);
/* gong_prom_too_large: whether it has grown past GONG_PROM_ANSWER_MAX. */
bool gong_prom_too_large(struct gong_prom_text *text);
/* Instead of end, with an answer that was filled. */
void gong_prom_drop(struct gong_prom_text *text);

/* --- parameters: api_prometheus_parameters.c; false with the answer filled ---
 */

/* gong_prom_time: an instant in the years 1 to 9999, what lies outside of them
 * as the nearest; absent: fallback. required: absent is an error. */
bool gong_prom_time(struct gong_api_call *call, const char *name,
                    int64_t fallback, int64_t *ms);
bool gong_prom_time_required(struct gong_api_call *call, const char *name,
                             int64_t *ms);
/* gong_prom_length: longer than zero; absent: fallback. */
bool gong_prom_length(struct gong_api_call *call, const char *name,
                      int64_t fallback, int64_t *ms);
/* gong_prom_limit: absent or 0: SIZE_MAX. */
bool gong_prom_limit(struct gong_api_call *call, const char *name, size_t *out);

/* Selectors of match[]. */
struct gong_prom_matches {
    struct gong_expr *exprs[GONG_API_QUERY_MAX];
    size_t count;
};
bool gong_prom_matches(struct gong_api_call *call,
                       struct gong_prom_matches *out);
void gong_prom_matches_fini(struct gong_prom_matches *matches);

/* --- limits: api_prometheus_answer.c --- */

/* Until when a request may take. */
struct gong_prom_patience {
    const struct gong_api_request *request;
    gong_mono_t deadline;
};

/* gong_prom_patience: from the configuration, and "timeout" where that is
 * less. False with the answer filled: also where the time is over. */
bool gong_prom_patience(struct gong_api_call *call,
                        struct gong_prom_patience *out);
bool gong_prom_goes_on(void *patience);

/* gong_prom_visible: for gong_history_question; ctx: the call. NULL where who
 * asks sees everything. */
bool (*gong_prom_visible(const struct gong_api_call *call))(
    void *ctx, const struct gong_label_view *labels, size_t count);

/* gong_prom_recent: NULL where there is none. */
static inline const struct gong_history_recent *
gong_prom_recent(const struct gong_api_history *history)
{
    return history->recent.read == NULL ? NULL : &history->recent;
}

/* gong_prom_has_history: false with the answer filled. */
bool gong_prom_has_history(struct gong_api_call *call);

#endif
