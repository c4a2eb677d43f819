#include "agent/history/history_feed_private.h"

#include <stdlib.h>
#include <string.h>

struct made {
    uint32_t *series;
    size_t count;
    struct gong_feed_expected *expected;
    size_t expected_count;
};

static size_t
count_params(const struct gong_city *city)
{
    size_t count = 0;

    for (size_t i = 0; city != NULL && i < city->device_count; i++) {
        count += city->devices[i].param_count;
    }
    return count;
}

/* As the engine labels them (rules/engine/engine_city.c). */
static size_t
labels_of(const struct gong_city *city, const struct gong_city_device *device,
          struct gong_label_view out[4])
{
    const struct gong_city_unit *unit =
        gong_city_unit(city, gong_str_of(device->site));
    size_t count = 0;

    out[count++] = (struct gong_label_view){gong_str_of("device"),
                                            gong_str_of(device->name)};
    if (unit != NULL) {
        out[count++] = (struct gong_label_view){gong_str_of("kind"),
                                                gong_str_of(unit->kind)};
    }
    out[count++] = (struct gong_label_view){gong_str_of("site"),
                                            gong_str_of(device->site)};
    if (unit != NULL) {
        out[count++] = (struct gong_label_view){gong_str_of("unit"),
                                                gong_str_of(unit->code)};
    }
    return count;
}

static bool
is_bounded(const struct gong_city_device *device, const char *metric)
{
    return strcmp(metric, GONG_CITY_PARAM GONG_CITY_EXPECTED) == 0 &&
           (device->from_ms != INT64_MIN || device->until_ms != INT64_MAX);
}

static double
expected_at(const struct gong_feed_expected *e, int64_t ms)
{
    return ms >= e->from_ms && ms < e->until_ms ? 1 : gong_stale_nan();
}

/* *said: where it stands; ms is when, or GONG_FEED_NO_TIME: that is known. */
static enum gong_err
add_param(struct gong_history_feed *feed, struct made *made,
          const struct gong_city_device *device,
          const struct gong_city_param *param, int64_t ms)
{
    const struct gong_city *city = feed->rules->set->city;
    const char *metric = city->metrics[param->metric];
    struct gong_label_view labels[4];
    struct gong_sample sample = {ms, param->value};
    uint32_t series = 0;
    enum gong_err err =
        gong_feed_series(feed, gong_str_of(metric), labels,
                         labels_of(city, device, labels), &series);

    if (err == GONG_ERR_TOO_LARGE) {
        feed->counts.too_large++;
        return GONG_OK;
    }
    if (err != GONG_OK) {
        return err;
    }
    made->series[made->count++] = series;
    if (is_bounded(device, metric)) {
        struct gong_feed_expected *e = &made->expected[made->expected_count++];

        *e = (struct gong_feed_expected){series, device->from_ms,
                                         device->until_ms};
        sample.value = expected_at(e, ms);
    }
    return ms == GONG_FEED_NO_TIME ? GONG_OK
                                   : gong_feed_state(feed, series, sample);
}

static enum gong_err
add_params(struct gong_history_feed *feed, struct made *made, int64_t ms)
{
    const struct gong_city *city =
        feed->rules == NULL ? NULL : feed->rules->set->city;
    enum gong_err err = GONG_OK;

    for (size_t i = 0; city != NULL && i < city->device_count; i++) {
        const struct gong_city_device *device = &city->devices[i];

        for (size_t p = 0; p < device->param_count && err == GONG_OK; p++) {
            err = add_param(feed, made, device, &device->params[p], ms);
        }
    }
    return err;
}

static int
compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

/* What the model gave before, and gives no more. */
static enum gong_err
end_others(struct gong_history_feed *feed, const struct made *made, int64_t ms)
{
    struct gong_sample gone = {ms, gong_stale_nan()};
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < feed->param_count && err == GONG_OK; i++) {
        if (made->count == 0 ||
            bsearch(&feed->params[i], made->series, made->count,
                    sizeof *made->series, compare) == NULL) {
            err = gong_feed_state(feed, feed->params[i], gone);
        }
    }
    return err;
}

static enum gong_err
renew(struct gong_history_feed *feed, int64_t ms)
{
    const struct gong_city *city =
        feed->rules == NULL ? NULL : feed->rules->set->city;
    size_t count = count_params(city);
    size_t devices = city == NULL ? 0 : city->device_count;
    struct made made = {
        .series = calloc(count + 1, sizeof *made.series),
        .expected = calloc(devices + 1, sizeof *made.expected),
    };
    enum gong_err err = made.series == NULL || made.expected == NULL
                            ? GONG_ERR_MEMORY
                            : add_params(feed, &made, ms);

    if (err == GONG_OK) {
        qsort(made.series, made.count, sizeof *made.series, compare);
        if (ms != GONG_FEED_NO_TIME) {
            err = end_others(feed, &made, ms);
        }
    }
    if (err != GONG_OK) {
        free(made.series);
        free(made.expected);
        return err;
    }
    free(feed->params);
    free(feed->expected);
    feed->params = made.series;
    feed->param_count = made.count;
    feed->expected = made.expected;
    feed->expected_count = made.expected_count;
    feed->expect_ms = INT64_MIN;
    return GONG_OK;
}

enum gong_err
gong_feed_params(struct gong_history_feed *feed, int64_t ms)
{
    return renew(feed, ms);
}

enum gong_err
gong_feed_params_again(struct gong_history_feed *feed)
{
    return renew(feed, GONG_FEED_NO_TIME);
}

enum gong_err
gong_feed_expect(struct gong_history_feed *feed, int64_t ms)
{
    int64_t next = INT64_MAX;
    enum gong_err err = GONG_OK;

    if (ms < feed->expect_ms) {
        return GONG_OK;
    }
    for (size_t i = 0; i < feed->expected_count && err == GONG_OK; i++) {
        const struct gong_feed_expected *e = &feed->expected[i];

        err = gong_feed_state(feed, e->series,
                              (struct gong_sample){ms, expected_at(e, ms)});
        next = e->from_ms > ms && e->from_ms < next ? e->from_ms : next;
        next = e->until_ms > ms && e->until_ms < next ? e->until_ms : next;
    }
    if (err == GONG_OK) {
        feed->expect_ms = next;
    }
    return err;
}
