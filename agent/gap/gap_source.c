#include "agent/gap/gap_source.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/labelset.h"

#define SERIES_MAX ((size_t)10000)

/* One read. */
struct reading {
    const struct gong_gap_history *history;
    int64_t from;
    int64_t to;
    uint32_t *series;
    size_t count;
    size_t *ends; /* of each one's in recent */
    struct gong_samples recent;
    struct gong_samples samples;
};

static enum gong_err
choose(struct reading *reading)
{
    const struct gong_gap_history *history = reading->history;
    /* Matchers own no text here: they are only looked at. */
    char site_name[] = "site";
    char device_name[] = "device";
    char *site = strdup(history->site);
    char *device = strdup(history->device);
    struct gong_matcher matchers[] = {
        {.op = GONG_MATCH_EQUAL, .name = site_name, .value = site},
        {.op = GONG_MATCH_EQUAL, .name = device_name, .value = device},
    };
    struct gong_history_choice choice = {
        .matchers = matchers,
        .matcher_count = 2,
        .from_ms = reading->from,
        .to_ms = reading->to,
    };
    enum gong_err err = GONG_ERR_MEMORY;

    if (site != NULL && device != NULL) {
        err = gong_history_reader_select(
            history->reader, &choice,
            history->series_max == 0 ? SERIES_MAX : history->series_max,
            &reading->series, &reading->count);
    }
    free(site);
    free(device);
    return err;
}

static bool
is_read(const struct reading *reading, const struct gong_label_view *labels,
        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (gong_str_equal(labels[i].name, gong_str_of("__name__"))) {
            return gong_gap_rules_read(reading->history->rules,
                                       labels[i].value);
        }
    }
    return false;
}

/* Those that rules read; then what is recent of them, before the file's state
 * is fixed (history_reader.h). */
static enum gong_err
narrow(struct reading *reading)
{
    const struct gong_history_recent *recent = reading->history->recent;
    enum gong_err err = GONG_OK;
    size_t kept = 0;

    reading->ends = calloc(reading->count + 1, sizeof *reading->ends);
    if (reading->ends == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; err == GONG_OK && i < reading->count; i++) {
        struct gong_label_view labels[GONG_LABELSET_MAX];
        uint32_t series = reading->series[i];
        size_t count = 0;

        err = gong_history_reader_labels(reading->history->reader, series,
                                         labels, &count);
        if (err != GONG_OK || !is_read(reading, labels, count)) {
            continue;
        }
        if (recent != NULL) {
            err = recent->read(recent->ctx, series, reading->from, reading->to,
                               &reading->recent);
        }
        reading->series[kept] = series;
        reading->ends[kept] = reading->recent.count;
        kept++;
    }
    reading->count = kept;
    return err;
}

/* Blocks hold more than was asked for. */
static void
clip(struct reading *reading)
{
    struct gong_samples *samples = &reading->samples;
    size_t kept = 0;

    for (size_t i = 0; i < samples->count; i++) {
        if (samples->data[i].ms >= reading->from &&
            samples->data[i].ms <= reading->to) {
            samples->data[kept++] = samples->data[i];
        }
    }
    samples->count = kept;
}

static enum gong_err
load(struct reading *reading, size_t at)
{
    int64_t block = gong_history_block(GONG_RESOLUTION_RAW, reading->from);
    int64_t last = gong_history_block(GONG_RESOLUTION_RAW, reading->to);
    size_t first = at == 0 ? 0 : reading->ends[at - 1];
    enum gong_err err = GONG_OK;

    reading->samples.count = 0;
    for (; err == GONG_OK && block <= last; block++) {
        err = gong_history_reader_block(reading->history->reader,
                                        reading->series[at], block,
                                        &reading->samples);
    }
    for (size_t i = first; err == GONG_OK && i < reading->ends[at]; i++) {
        err = gong_samples_add(&reading->samples, reading->recent.data[i]);
    }
    if (err == GONG_OK) {
        err = gong_samples_merge(&reading->samples, 0);
    }
    clip(reading);
    return err;
}

static enum gong_err
hand_over(struct reading *reading, gong_gap_series_fn visit, void *visit_ctx)
{
    struct gong_history_reader *reader = reading->history->reader;
    enum gong_err err = gong_history_reader_begin(reader);

    if (err != GONG_OK) {
        return err;
    }
    for (size_t i = 0; err == GONG_OK && i < reading->count; i++) {
        struct gong_label_view labels[GONG_LABELSET_MAX];
        size_t count = 0;

        err = load(reading, i);
        if (err == GONG_OK && reading->samples.count > 0) {
            err = gong_history_reader_labels(reader, reading->series[i], labels,
                                             &count);
        }
        if (err == GONG_OK && reading->samples.count > 0) {
            err = visit(visit_ctx, labels, count, reading->samples.data,
                        reading->samples.count);
        }
    }
    gong_history_reader_end(reader);
    return err;
}

static enum gong_err
read_history(void *ctx, int64_t from_ms, int64_t to_ms,
             gong_gap_series_fn visit, void *visit_ctx)
{
    struct reading reading = {.history = ctx, .from = from_ms, .to = to_ms};
    enum gong_err err = choose(&reading);

    if (err == GONG_OK) {
        err = narrow(&reading);
    }
    if (err == GONG_OK) {
        err = hand_over(&reading, visit, visit_ctx);
    }
    free(reading.series);
    free(reading.ends);
    gong_samples_fini(&reading.recent);
    gong_samples_fini(&reading.samples);
    return err;
}

struct gong_gap_source
gong_gap_history_source(struct gong_gap_history *history)
{
    return (struct gong_gap_source){history, read_history};
}
