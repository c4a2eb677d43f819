/*
 * history_reader: questions to history.db over a connection that only reads, of
 * this process or another; writers are not held up. One thread at a time.
 *
 * What the writer has heard and not yet written lies in its memory; whoever is
 * in the same process has it by `recent` (history_head.h). It must be asked
 * before gong_history_reader_begin: what is written in between is then in both,
 * and merging drops it, instead of in neither.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_READER_H
#define GONG_AGENT_HISTORY_HISTORY_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/history/history_time.h"
#include "agent/history/rollup.h"
#include "agent/history/samples.h"
#include "common/err.h"
#include "rules/engine/match.h"

/* recent: any thread; appends to out, by rising time, what is not yet in the
 * file of a series with from <= ms <= to. */
struct gong_history_recent {
    void *ctx;
    enum gong_err (*read)(void *ctx, uint32_t series, int64_t from, int64_t to,
                          struct gong_samples *out);
};

struct gong_history_reader;

/* path: borrowed until it returns. NOT_FOUND: there is no such file. */
enum gong_err gong_history_reader_open(const char *path,
                                       struct gong_history_reader **out,
                                       char *why,
                                       size_t why_size) GONG_MUST_CHECK;
void gong_history_reader_close(struct gong_history_reader *reader);

/* gong_history_reader_cancel: any thread: what runs ends with TIMEOUT. Holds
 * until gong_history_reader_again. */
void gong_history_reader_cancel(struct gong_history_reader *reader);
void gong_history_reader_again(struct gong_history_reader *reader);

/* gong_history_reader_patience: goes_on is asked on the way in whatever takes
 * long; where it says false, that ends with TIMEOUT. NULL: not any more. */
void gong_history_reader_patience(struct gong_history_reader *reader,
                                  bool (*goes_on)(void *ctx), void *ctx);

/* gong_history_reader_recent: samples that are only there count for choosing
 * series from now on. Copied; NULL: none. */
void gong_history_reader_recent(struct gong_history_reader *reader,
                                const struct gong_history_recent *recent);

/* Series that the matchers take and that have samples, written or not, in
 * blocks of [from_ms, to_ms]; from_ms > to_ms: of any time. Of those that are
 * not visible nothing is looked at, nor may one of them make a pattern fail:
 * whoever asks would learn of it. visible NULL: all are. */
struct gong_history_choice {
    const struct gong_matcher *matchers; /* borrowed */
    size_t matcher_count;
    int64_t from_ms;
    int64_t to_ms;
    bool (*visible)(void *ctx, const struct gong_label_view *labels,
                    size_t count);
    void *visible_ctx;
};

/* gong_history_reader_each: visit is called for each of them, in any order,
 * with its labels as bytes (history_labels.h), good until it returns; what is
 * not GONG_OK ends it. It must not ask the reader. INVALID: a pattern that
 * cannot be decided. */
typedef enum gong_err (*gong_history_series_fn)(void *ctx, uint32_t series,
                                                struct gong_str labels);
enum gong_err gong_history_reader_each(struct gong_history_reader *reader,
                                       const struct gong_history_choice *choice,
                                       gong_history_series_fn visit,
                                       void *ctx) GONG_MUST_CHECK;

/* gong_history_reader_select: their numbers, rising; TOO_LARGE past max.
 * free() *series. */
enum gong_err
gong_history_reader_select(struct gong_history_reader *reader,
                           const struct gong_history_choice *choice, size_t max,
                           uint32_t **series, size_t *found) GONG_MUST_CHECK;

/* gong_history_reader_labels: views good until the next call; out holds
 * GONG_LABELSET_MAX. */
enum gong_err gong_history_reader_labels(struct gong_history_reader *reader,
                                         uint32_t series,
                                         struct gong_label_view *out,
                                         size_t *count) GONG_MUST_CHECK;

/* gong_history_reader_names: each label name, sorted; gong_history_reader_
 * values: each value of a name, sorted. Of all series, whenever they were; for
 * some of them use select. visit returns false to end. */
typedef bool (*gong_history_text_fn)(void *ctx, struct gong_str text);
enum gong_err gong_history_reader_names(struct gong_history_reader *reader,
                                        gong_history_text_fn visit,
                                        void *ctx) GONG_MUST_CHECK;
enum gong_err gong_history_reader_values(struct gong_history_reader *reader,
                                         struct gong_str name,
                                         gong_history_text_fn visit,
                                         void *ctx) GONG_MUST_CHECK;

/* gong_history_reader_begin: from here to end all is one state of the file. */
enum gong_err
gong_history_reader_begin(struct gong_history_reader *reader) GONG_MUST_CHECK;
void gong_history_reader_end(struct gong_history_reader *reader);

/* gong_history_reader_block: appends the samples of a raw block of a series;
 * gong_history_reader_rollups: of the other resolutions. Nothing there is
 * GONG_OK. A chunk that does not verify is left out and counted (damaged). */
enum gong_err
gong_history_reader_block(struct gong_history_reader *reader, uint32_t series,
                          int64_t block,
                          struct gong_samples *out) GONG_MUST_CHECK;
enum gong_err gong_history_reader_rollups(
    struct gong_history_reader *reader, enum gong_resolution resolution,
    uint32_t series, int64_t block, struct gong_rollups *out) GONG_MUST_CHECK;
uint64_t gong_history_reader_damaged(const struct gong_history_reader *reader);

/* gong_history_reader_span: where blocks of a resolution begin and end in all;
 * false: there are none. gong_history_reader_next: the first block from this
 * one on that holds something; open: that has not been made one (yet, or anew:
 * roll-ups of its time may say less than it). Both as of begin. */
bool gong_history_reader_span(struct gong_history_reader *reader,
                              enum gong_resolution resolution, int64_t *from_ms,
                              int64_t *to_ms);
bool gong_history_reader_next(struct gong_history_reader *reader,
                              enum gong_resolution resolution, bool open,
                              int64_t *block);

#endif
