/*
 * data_set: samples of files, in memory, for the evaluator.
 *
 *   line protocol   streetlight,lamp=17 temp=41.2 1760000000000000000
 *                   metric = measurement_field, labels = tags as they stand
 *                   (semantics rule 25), stamps in ns or another precision;
 *                   texts are no samples
 *   Prometheus      metric{label="x"} 41.2 1760000000000      ms
 *   OpenMetrics     metric{label="x"} 41.2 1760000000.000     seconds
 *
 * The last two also take NaN, +Inf, -Inf and `stale`, the marker that ends a
 * series. Samples may come in any order; of two of one series with the same
 * millisecond the first stands (semantics rule 8).
 */
#ifndef GONG_RULES_TOOL_DATA_SET_H
#define GONG_RULES_TOOL_DATA_SET_H

#include <stdio.h>

#include "common/err.h"
#include "rules/engine/city.h"
#include "rules/engine/eval_memory.h"
#include "rules/engine/ruleset.h"
#include "rules/tool/precision.h"

enum gong_data_format {
    GONG_DATA_BY_NAME, /* .prom, .om or .openmetrics, before .gz; else lines */
    GONG_DATA_LINES,
    GONG_DATA_PROMETHEUS,
    GONG_DATA_OPENMETRICS,
};

/* gong_data_format_find: lines, prometheus, openmetrics; false: none. */
bool gong_data_format_find(const char *word, enum gong_data_format *out);

/* gong_data_format_of: by the name of a file. */
enum gong_data_format gong_data_format_of(const char *path);

struct gong_data_set;

/* NULL without memory. */
struct gong_data_set *gong_data_set_new(void);
void gong_data_set_free(struct gong_data_set *set);

/* gong_data_set_use: from here on points get the labels that the city gives; it
 * is borrowed, NULL for none. gong_data_set_add_params: its parameters as they
 * stand at ms. */
void gong_data_set_use(struct gong_data_set *set, const struct gong_city *city);
enum gong_err gong_data_set_add_params(struct gong_data_set *set,
                                       int64_t ms) GONG_MUST_CHECK;

/* gong_data_set_add: one sample; labels as gong_eval_memory_series. */
enum gong_err gong_data_set_add(struct gong_data_set *set,
                                const struct gong_label_view *labels,
                                size_t count, int64_t ms,
                                double value) GONG_MUST_CHECK;

/* gong_data_set_precision: of the stamps of line protocol that is read from
 * here on. */
void gong_data_set_precision(struct gong_data_set *set,
                             struct gong_precision precision);

/* gong_data_set_read: adds what a file holds ("-": standard input). Lines that
 * are refused are named on err, the first ten of them, and counted; so is a
 * stamp that is hardly meant in nanoseconds. On an error a word about it was
 * said on err. */
enum gong_err gong_data_set_read(struct gong_data_set *set, const char *path,
                                 enum gong_data_format format, FILE *err,
                                 size_t *refused) GONG_MUST_CHECK;

/* gong_data_set_text: the same of a text; name stands for it in messages. */
enum gong_err gong_data_set_text(struct gong_data_set *set, const char *name,
                                 struct gong_str text,
                                 enum gong_data_format format, FILE *err,
                                 size_t *refused) GONG_MUST_CHECK;

struct gong_history_wanted; /* rules/tool/history_data.h */

/* gong_data_set_history: adds what an agent's history holds, as it stands
 * there, but what these rules make themselves. On an error a word about it was
 * said; TOO_LARGE past the bytes of a file. */
enum gong_err
gong_data_set_history(struct gong_data_set *set,
                      const struct gong_history_wanted *wanted,
                      const struct gong_ruleset *rules) GONG_MUST_CHECK;

/* gong_data_set_finish: the series with all samples in order; the set's own.
 * Nothing is added behind it. NULL without memory. */
struct gong_eval_memory *gong_data_set_finish(struct gong_data_set *set);

#endif
