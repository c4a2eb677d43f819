#include "rules/tool/replay_history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/batch.h"
#include "common/clock.h"
#include "rules/engine/presence.h"
#include "rules/tool/history_line.h"

#define NAME_MAX_    64 /* of a site or a device, as topics have them */
#define NO_DEVICE    UINT32_MAX
#define PAYLOAD_MAX_ (8u << 20)

enum part {
    PART_LEFT, /* out */
    PART_UP,
    PART_LINE,
};

/* A series, at its place in the scan. */
struct place {
    enum part part;
    uint32_t device;
    size_t line_at; /* in lines */
    size_t line_len;
};

struct device {
    struct gong_str site;
    struct gong_str name;
    uint32_t place; /* while devices are not numbered yet */
    bool told;      /* whether it is up was told */
    bool up;
};

struct pending {
    uint32_t device;
    uint32_t place;
    double value;
};

struct feed {
    const struct gong_ruleset *set;
    const struct gong_history_scan *scan;
    gong_replay_record_fn take;
    void *ctx;
    enum gong_err taken; /* what take said */
    struct place *places;
    size_t place_count;
    struct device *devices;
    size_t device_count;
    struct gong_buffer lines; /* how those of each place begin */
    struct gong_buffer payload;
    struct pending *pending; /* of one millisecond */
    size_t count;
    size_t capacity;
    int64_t ms;
    uint64_t offset;
};

bool
gong_replay_history_made(const struct gong_ruleset *set, struct gong_str metric)
{
    size_t param = sizeof GONG_CITY_PARAM - 1;
    bool made = gong_str_is(metric, "ALERTS") ||
                gong_str_is(metric, "ALERTS_FOR_STATE") ||
                (set->city != NULL && metric.len >= param &&
                 memcmp(metric.data, GONG_CITY_PARAM, param) == 0);

    for (size_t i = 0; i < set->count && !made; i++) {
        made = set->rules[i].record != NULL &&
               gong_str_is(metric, set->rules[i].record);
    }
    return made;
}

/* The engine makes it itself, or no line can have the name. */
static bool
is_left(const struct gong_ruleset *set, struct gong_str metric)
{
    enum gong_presence_metric presence = gong_presence_metric(metric);

    return metric.len == 0 || memchr(metric.data, ':', metric.len) != NULL ||
           (!set->foreign && (presence == GONG_PRESENCE_UNIT_UP ||
                              presence == GONG_PRESENCE_DEVICE_DARK)) ||
           gong_replay_history_made(set, metric);
}

static bool
is_name(struct gong_str name)
{
    return name.len > 0 && name.len <= NAME_MAX_;
}

static enum gong_err
learn(struct feed *feed, size_t at)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];
    struct place *place = &feed->places[at];
    struct gong_history_named named;
    size_t count = 0;
    bool apart;
    enum gong_err err =
        gong_history_scan_labels(feed->scan, at, labels, &count);

    *place = (struct place){PART_LEFT, NO_DEVICE, 0, 0};
    if (err != GONG_OK) {
        return err;
    }
    named = gong_history_named(labels, count);
    apart = is_name(named.site) && is_name(named.device);
    if (is_left(feed->set, named.metric)) {
        return GONG_OK;
    }
    feed->devices[feed->device_count++] =
        (struct device){.site = apart ? named.site : gong_str_of(""),
                        .name = apart ? named.device : gong_str_of(""),
                        .place = (uint32_t)at};
    if (!feed->set->foreign &&
        gong_presence_metric(named.metric) == GONG_PRESENCE_UP) {
        place->part = apart ? PART_UP : PART_LEFT;
        return GONG_OK;
    }
    place->line_at = feed->lines.len;
    err = gong_history_line_begin(&feed->lines, labels, count, feed->set->city,
                                  apart);
    if (err == GONG_OK) {
        place->part = PART_LINE;
        place->line_len = feed->lines.len - place->line_at;
    }
    return err == GONG_ERR_INVALID ? GONG_OK : err;
}

static int
compare_devices(const void *a, const void *b)
{
    const struct device *x = a;
    const struct device *y = b;
    int order = gong_str_compare(x->site, y->site);

    return order != 0 ? order : gong_str_compare(x->name, y->name);
}

/* One device was noted for each place: those that are the same become one. */
static void
number_devices(struct feed *feed)
{
    size_t kept = 0;

    if (feed->device_count > 1) {
        qsort(feed->devices, feed->device_count, sizeof *feed->devices,
              compare_devices);
    }
    for (size_t i = 0; i < feed->device_count; i++) {
        struct device device = feed->devices[i];

        if (kept == 0 ||
            compare_devices(&feed->devices[kept - 1], &device) != 0) {
            feed->devices[kept++] = device;
        }
        feed->places[device.place].device = (uint32_t)(kept - 1);
    }
    feed->device_count = kept;
}

static enum gong_err
give(struct feed *feed, enum gong_record_type type)
{
    int64_t ns = gong_ms_to_ns(feed->ms) + GONG_NS_PER_MS - 1;
    struct gong_record record = {
        .meta = {.type = (uint8_t)type, .journal_ms = feed->ms, .wall_ns = ns},
        .offset = feed->offset++,
        .payload = gong_str_from(feed->payload.data, feed->payload.len),
    };

    feed->taken = feed->take(feed->ctx, &record);
    return feed->taken;
}

static enum gong_err
put_prefix(struct feed *feed, const struct device *device)
{
    char prefix[GONG_BATCH_PREFIX_SIZE];
    size_t len = gong_batch_prefix(device->site, device->name, prefix);

    feed->payload.len = 0;
    return gong_buffer_append(&feed->payload, prefix, len);
}

/* As of one connection that lasts: what comes while it is dark is none of its
 * samples, and only this brings it back. */
static enum gong_err
tell_up(struct feed *feed, struct device *device, double value)
{
    static const char *const texts[] = {
        "{\"state\":\"offline\",\"conn\":\"1\"}",
        "{\"state\":\"online\",\"conn\":\"1\"}"};
    bool up = value != 0;
    enum gong_err err;

    if (isnan(value) || (device->told && device->up == up)) {
        return GONG_OK;
    }
    /* An offline counts for a birth's connection only. */
    err = put_prefix(feed, device);
    if (err == GONG_OK && !device->told && !up) {
        err = gong_buffer_append(&feed->payload, texts[1], strlen(texts[1]));
        if (err == GONG_OK) {
            err = give(feed, GONG_RECORD_PRESENCE);
        }
        if (err == GONG_OK) {
            err = put_prefix(feed, device);
        }
    }
    if (err == GONG_OK) {
        err = gong_buffer_append(&feed->payload, texts[up], strlen(texts[up]));
    }
    device->told = true;
    device->up = up;
    return err == GONG_OK ? give(feed, GONG_RECORD_PRESENCE) : err;
}

static enum gong_err
add_line(struct feed *feed, const struct place *place, double value)
{
    enum gong_err err = gong_buffer_append(
        &feed->payload, feed->lines.data + place->line_at, place->line_len);

    return err == GONG_OK
               ? gong_history_line_end(&feed->payload, value, feed->ms)
               : err;
}

/* Two records where they are many. */
static enum gong_err
flush_lines(struct feed *feed, const struct device *device,
            const struct pending *pending, size_t count)
{
    bool lines = false;
    enum gong_err err = put_prefix(feed, device);

    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        const struct place *place = &feed->places[pending[i].place];

        if (place->part != PART_LINE || !isfinite(pending[i].value)) {
            continue;
        }
        if (feed->payload.len > PAYLOAD_MAX_) {
            err = give(feed, GONG_RECORD_DATA);
            err = err == GONG_OK ? put_prefix(feed, device) : err;
        }
        if (err == GONG_OK) {
            err = add_line(feed, place, pending[i].value);
        }
        lines = true;
    }
    return err == GONG_OK && lines ? give(feed, GONG_RECORD_DATA) : err;
}

/* Whether the device is up, then its lines. */
static enum gong_err
flush_device(struct feed *feed, const struct pending *pending, size_t count)
{
    struct device *device = &feed->devices[pending[0].device];
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        if (feed->places[pending[i].place].part == PART_UP) {
            err = tell_up(feed, device, pending[i].value);
        }
    }
    return err == GONG_OK ? flush_lines(feed, device, pending, count) : err;
}

static int
compare_pending(const void *a, const void *b)
{
    const struct pending *x = a;
    const struct pending *y = b;

    if (x->device != y->device) {
        return x->device < y->device ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place ? 1 : 0;
}

static enum gong_err
flush(struct feed *feed)
{
    enum gong_err err = GONG_OK;
    size_t from = 0;

    if (feed->count > 1) {
        qsort(feed->pending, feed->count, sizeof *feed->pending,
              compare_pending);
    }
    for (size_t i = 1; i <= feed->count && err == GONG_OK; i++) {
        if (i == feed->count ||
            feed->pending[i].device != feed->pending[from].device) {
            err = flush_device(feed, feed->pending + from, i - from);
            from = i;
        }
    }
    feed->count = 0;
    return err;
}

static enum gong_err
take_sample(void *ctx, size_t at, struct gong_sample sample)
{
    struct feed *feed = ctx;
    enum gong_err err = GONG_OK;

    if (feed->places[at].part == PART_LEFT) {
        return GONG_OK;
    }
    if (feed->count > 0 && sample.ms != feed->ms) {
        err = flush(feed);
    }
    if (err == GONG_OK && feed->count == feed->capacity) {
        size_t capacity = feed->capacity == 0 ? 64 : feed->capacity * 2;
        struct pending *grown =
            realloc(feed->pending, capacity * sizeof *grown);

        if (grown == NULL) {
            return GONG_ERR_MEMORY;
        }
        feed->pending = grown;
        feed->capacity = capacity;
    }
    if (err == GONG_OK) {
        feed->ms = sample.ms;
        feed->pending[feed->count++] = (struct pending){
            feed->places[at].device, (uint32_t)at, sample.value};
    }
    return err;
}

static enum gong_err
prepare(struct feed *feed)
{
    enum gong_err err = GONG_OK;

    feed->place_count = gong_history_scan_count(feed->scan);
    feed->places = calloc(feed->place_count + 1, sizeof *feed->places);
    feed->devices = calloc(feed->place_count + 1, sizeof *feed->devices);
    if (feed->places == NULL || feed->devices == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < feed->place_count && err == GONG_OK; i++) {
        err = learn(feed, i);
    }
    number_devices(feed);
    return err;
}

/* What take said, it said of itself. */
static void
say(const struct gong_history_wanted *wanted, const struct feed *feed,
    enum gong_err err)
{
    if (err == GONG_OK && feed->offset == 0) {
        (void)fprintf(wanted->err,
                      "%s: found no sample that rules may read in this time, "
                      "expected another --from or --to\n",
                      wanted->data);
    } else if (err != GONG_OK && feed->taken == GONG_OK) {
        (void)fprintf(wanted->err, "%s: cannot be read any further: %s\n",
                      wanted->data, gong_err_text(err));
    }
}

enum gong_err
gong_replay_history_read(const struct gong_history_wanted *wanted,
                         const struct gong_ruleset *set,
                         gong_replay_record_fn take, void *ctx)
{
    struct feed feed = {.set = set, .take = take, .ctx = ctx};
    struct gong_history_data data;
    enum gong_err err = gong_history_data_open(wanted, &data);

    if (err != GONG_OK) {
        return err;
    }
    feed.scan = data.scan;
    err = prepare(&feed);
    if (err == GONG_OK) {
        err = gong_history_scan_run(data.scan, take_sample, &feed);
    }
    if (err == GONG_OK) {
        err = flush(&feed);
    }
    say(wanted, &feed, err);
    if (err == GONG_OK && feed.offset == 0) {
        err = GONG_ERR_INVALID;
    }
    gong_history_data_close(wanted, &data);
    gong_buffer_fini(&feed.lines);
    gong_buffer_fini(&feed.payload);
    free(feed.pending);
    free(feed.devices);
    free(feed.places);
    return err;
}
