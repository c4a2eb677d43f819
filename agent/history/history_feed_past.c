/* history_feed_past: alerts that nobody knew of in time, as ALERTS. */
#include "agent/history/history_feed_private.h"

#include "agent/history/history_labels.h"
#include "agent/history/history_states.h"

/* Labels of ALERTS, sorted; state NULL: of ALERTS_FOR_STATE. 0: too many. */
static size_t
labels_of(const struct gong_gap_interval *interval, const char *state,
          struct gong_label_view *out)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    struct gong_label_view more = {gong_str_of("alertstate"),
                                   gong_str_of(state == NULL ? "" : state)};
    bool due = state != NULL;
    size_t count = 0;
    size_t n = 0;

    if (!gong_history_labels_get(
            gong_str_from(interval->labels.data, interval->labels.len), labels,
            &count) ||
        count + 2 > GONG_LABELSET_MAX) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (due && gong_str_compare(labels[i].name, more.name) > 0) {
            out[n++] = more;
            due = false;
        }
        if (!gong_str_is(labels[i].name, "alertstate") &&
            !gong_str_is(labels[i].name, "__name__")) {
            out[n++] = labels[i];
        }
    }
    if (due) {
        out[n++] = more;
    }
    return n;
}

static enum gong_err
series_of(struct gong_history_feed *feed,
          const struct gong_gap_interval *interval, const char *state,
          uint32_t *series)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    size_t count = labels_of(interval, state, labels);
    enum gong_err err = GONG_ERR_TOO_LARGE;

    *series = 0;
    if (count > 0) {
        err = gong_feed_series(
            feed, gong_str_of(state == NULL ? "ALERTS_FOR_STATE" : "ALERTS"),
            labels, count, series);
    }
    if (err == GONG_ERR_TOO_LARGE) {
        feed->counts.too_large++;
        err = GONG_OK;
    }
    return err;
}

enum gong_err
gong_history_feed_past_series(struct gong_history_feed *feed,
                              const struct gong_gap_interval *interval,
                              uint32_t *series)
{
    return series_of(feed, interval, "firing", series);
}

/* When it fired, each full minute after that, and its end. */
static enum gong_err
put_all(struct gong_history_feed *feed, uint32_t series,
        const struct gong_history_past *past, double value)
{
    const int64_t every = GONG_HISTORY_STATE_EVERY_MS;
    const struct gong_gap_interval *interval = past->interval;
    int64_t end = interval->open ? past->to_ms + 1 : interval->ended_ms;
    int64_t ms =
        interval->fired_ms > past->from_ms ? interval->fired_ms : past->from_ms;
    enum gong_err err = GONG_OK;

    for (; err == GONG_OK && ms < end; ms = (ms / every + 1) * every) {
        err = gong_feed_put(feed, series, (struct gong_sample){ms, value});
    }
    return err == GONG_OK && !interval->open
               ? gong_feed_put(feed, series,
                               (struct gong_sample){end, gong_stale_nan()})
               : err;
}

enum gong_err
gong_history_feed_past(struct gong_history_feed *feed, uint32_t series,
                       const struct gong_history_past *past)
{
    uint32_t since = 0;
    enum gong_err err = series_of(feed, past->interval, NULL, &since);

    if (err == GONG_OK && series != 0) {
        err = put_all(feed, series, past, 1);
    }
    return err == GONG_OK && since != 0
               ? put_all(feed, since, past,
                         (double)past->interval->since_ms / 1000)
               : err;
}
