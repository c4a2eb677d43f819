/*
 * history_scan: the raw samples of chosen series, all of them by rising time,
 * as a journal would have them.
 *
 *   block after block   each series' samples of [from, to] -> sorted -> visit
 *
 * Never more samples are held than samples_max: of a block that has more, a
 * shorter time at once, and the block is read once for each of these. A block
 * is read in one state of the file, others in later ones: the agent is not held
 * up, and what it wrote or dropped meanwhile is there or not.
 *
 * Raw samples only: what is older than these says gong_history_scan_span. One
 * thread.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_SCAN_H
#define GONG_AGENT_HISTORY_HISTORY_SCAN_H

#include "agent/history/history_reader.h"

struct gong_history_scan_options {
    struct gong_history_reader *reader; /* borrowed until free */
    /* Series that one of them takes; their times do not count. Borrowed by new;
     * none: all series. */
    const struct gong_history_choice *choices;
    size_t choice_count;
    int64_t from_ms; /* both included */
    int64_t to_ms;
    size_t series_max;  /* 0: 1,000,000 */
    size_t samples_max; /* 0: 4 million, of 24 bytes each */
};

struct gong_history_scan;

/* gong_history_scan_new: chooses the series. TOO_LARGE past series_max; INVALID
 * as gong_history_reader_each. */
enum gong_err
gong_history_scan_new(const struct gong_history_scan_options *options,
                      struct gong_history_scan **out) GONG_MUST_CHECK;
void gong_history_scan_free(struct gong_history_scan *scan);

/* gong_history_scan_count: the series, by rising number; gong_history_scan_
 * labels: of one of them, by its place from 0 on; out holds GONG_LABELSET_MAX,
 * and what it shows is good until free. */
size_t gong_history_scan_count(const struct gong_history_scan *scan);
enum gong_err gong_history_scan_labels(const struct gong_history_scan *scan,
                                       size_t place,
                                       struct gong_label_view *out,
                                       size_t *count) GONG_MUST_CHECK;

/* gong_history_scan_span: from when on, and until when, there are raw samples
 * in the file, of any series, in whole blocks; false: there are none. */
bool gong_history_scan_span(struct gong_history_scan *scan, int64_t *from_ms,
                            int64_t *to_ms);

/* gong_history_scan_run: visit is called for each sample, by rising time, at
 * equal times by rising place; what is not GONG_OK ends it. TOO_LARGE: more
 * than samples_max of one millisecond. */
typedef enum gong_err (*gong_history_scan_fn)(void *ctx, size_t place,
                                              struct gong_sample sample);
enum gong_err gong_history_scan_run(struct gong_history_scan *scan,
                                    gong_history_scan_fn visit,
                                    void *ctx) GONG_MUST_CHECK;

#endif
