/*
 * history_query: one question in PromQL to the history, within limits, as
 * /api/v1/query and query_range of Prometheus answer it.
 *
 * Blocks on the disk. One thread; each call opens a reader of its own.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_QUERY_H
#define GONG_AGENT_HISTORY_HISTORY_QUERY_H

#include <stdatomic.h>

#include "agent/history/history_source.h"
#include "common/clock.h"
#include "rules/query/query.h"

struct gong_history_query_limits {
    gong_dur_t timeout; /* 0: 2 min */
    size_t series;      /* 0: 200,000 */
    size_t samples;     /* 0: 50 million, as GONG_EVAL_SAMPLES_MAX */
    size_t bytes;       /* 0: 256 MiB, each of source, evaluator, answer */
};

struct gong_history_question {
    const char *path; /* of history.db */
    const struct gong_history_recent *recent;
    struct gong_query query; /* as gong-rules eval has it */
    const struct gong_history_query_limits *limits; /* NULL: the defaults */
    bool rollups;
    bool (*visible)(void *ctx, const struct gong_label_view *labels,
                    size_t count);
    void *visible_ctx;
    const atomic_bool *cancelled; /* may be NULL: looked at on the way */
};

/* What is to be said beside an answer: from its zero value. */
struct gong_history_remarks {
    unsigned used;    /* resolutions, as bits of enum gong_resolution */
    unsigned coarse;  /* of these, those that stood for raw samples that are
                         gone: the answer is coarser than these were */
    uint64_t damaged; /* chunks left out */
};

/* gong_history_query: as gong_query_run. error's type is bad_data, execution,
 * timeout, canceled or internal, as Prometheus has them. gong_answer_fini in
 * any case. */
enum gong_err
gong_history_query(const struct gong_history_question *question,
                   struct gong_answer *answer,
                   struct gong_history_remarks *remarks,
                   struct gong_query_error *error) GONG_MUST_CHECK;

#endif
