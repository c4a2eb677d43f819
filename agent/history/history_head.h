/*
 * history_head: what was heard since the last commit to history.db, in windows
 * as the engine has them (rules/engine/sample_window.h), 2 to 4 bytes a sample.
 *
 *   series   in order:  window          what is newer than all before it
 *            late:      late window     older than the newest, in order among
 *                                       itself: backlog
 *                       a list          neither
 *
 * So that backlog costs no more than what is live, nothing is looked for among
 * what came before: a stamp may be held twice, the first is what is read.
 *
 * One thread puts and clears, any thread reads (gong_history_recent): a lock,
 * held for one sample or one series at a time.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_HEAD_H
#define GONG_AGENT_HISTORY_HISTORY_HEAD_H

#include "agent/history/history_reader.h"

/* Samples of one series in each of the three. */
#define GONG_HISTORY_HEAD_SAMPLES 1000000

struct gong_history_head;

/* NULL without memory. */
struct gong_history_head *gong_history_head_new(void);
void gong_history_head_free(struct gong_history_head *head);

/* gong_history_head_put: of equal stamps the first stands. False in *taken: it
 * was one of these, as can be told without a search. A stamp outside of 0 ..
 * GONG_HISTORY_MS_MAX is INVALID; AGAIN: the series has as many as it can have,
 * commit first. */
enum gong_err gong_history_head_put(struct gong_history_head *head,
                                    uint32_t series, struct gong_sample sample,
                                    bool *taken) GONG_MUST_CHECK;

/* gong_history_head_each: each series that has samples, by rising number; they
 * stand by rising time until visit returns, which ends it with an error. The
 * writing thread only. */
typedef enum gong_err (*gong_history_head_fn)(void *ctx, uint32_t series,
                                              const struct gong_sample *samples,
                                              size_t count);
enum gong_err gong_history_head_each(struct gong_history_head *head,
                                     gong_history_head_fn visit,
                                     void *ctx) GONG_MUST_CHECK;

/* gong_history_head_clear: all of it is in the file now. */
void gong_history_head_clear(struct gong_history_head *head);

/* Memory held; series and samples. Any thread. */
struct gong_history_head_sizes {
    uint64_t bytes;
    uint64_t series;
    uint64_t samples;
};
void gong_history_head_sizes(struct gong_history_head *head,
                             struct gong_history_head_sizes *out);

struct gong_history_recent
gong_history_head_recent(struct gong_history_head *head);

#endif
