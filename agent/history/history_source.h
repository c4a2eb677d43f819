/*
 * history_source: the history as a source of the evaluator (rules/engine/
 * eval.h). Series are loaded block by block as evaluation goes forward in time,
 * and what lies behind is given back: memory is that of the windows, not of the
 * range.
 *
 *   prepare: each selector's series, and what is recent of them
 *   begin    one state of the file
 *   window, newest: load on demand
 *
 * window and newest cannot fail: after one that did, `failed` says why, they
 * find nothing any more, and what was evaluated is void. One thread.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_SOURCE_H
#define GONG_AGENT_HISTORY_HISTORY_SOURCE_H

#include <stdbool.h>

#include "agent/history/history_reader.h"
#include "rules/engine/eval.h"

struct gong_history_source_options {
    struct gong_history_reader *reader;       /* borrowed until free */
    const struct gong_history_recent *recent; /* copied; NULL: none */
    const struct gong_expr *expr;             /* borrowed until free */
    int64_t start_ms; /* of the evaluations that will come */
    int64_t end_ms;
    int64_t step_ms;          /* 0: an instant */
    int64_t lookback_ms;      /* 0: 5 minutes */
    int64_t subquery_step_ms; /* 0: 1 minute */
    /* Roll-ups may stand for raw samples (docs/HISTORY.md says when). */
    bool rollups;
    size_t series_max; /* of all selectors */
    size_t bytes_max;  /* of loaded samples */
    /* Asked on the way in whatever takes long: false ends it with TIMEOUT. May
     * be NULL. */
    bool (*goes_on)(void *ctx);
    void *goes_on_ctx;
    /* Only series that this takes, if not NULL: who asks may not see others. */
    bool (*visible)(void *ctx, const struct gong_label_view *labels,
                    size_t count);
    void *visible_ctx;
};

struct gong_history_source;

/* gong_history_source_new: on an error *out is NULL, or failed() says more.
 * Free it in any case. */
enum gong_err
gong_history_source_new(const struct gong_history_source_options *options,
                        struct gong_history_source **out) GONG_MUST_CHECK;
void gong_history_source_free(struct gong_history_source *source);

/* gong_history_source_view: what gong_eval_new is given. */
struct gong_eval_source
gong_history_source_view(struct gong_history_source *source);

/* gong_history_source_failed: GONG_OK, TIMEOUT, TOO_LARGE, MEMORY, IO ...; text
 * (may be NULL) says which limit. */
enum gong_err
gong_history_source_failed(const struct gong_history_source *source,
                           const char **text);

/* gong_history_source_used: which resolutions were read, as bits of enum
 * gong_resolution; coarse: those of them that stood for samples that are gone,
 * where they may say another thing than these did; damaged: chunks that had to
 * be left out. */
unsigned gong_history_source_used(const struct gong_history_source *source);
unsigned gong_history_source_coarse(const struct gong_history_source *source);
uint64_t gong_history_source_damaged(const struct gong_history_source *source);

#endif
