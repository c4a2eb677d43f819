#include "rules/tool/engine_feed.h"

#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "rules/engine/labelset.h"

void
gong_engine_feed_fini(struct gong_engine_feed *feed)
{
    gong_buffer_fini(&feed->buffer);
}

static bool
is_plain(struct gong_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c < 0x20 || c == 0x7f || c == '\\') {
            return false;
        }
    }
    return true;
}

static bool
is_metric(struct gong_str name)
{
    return name.len > 0 && memchr(name.data, ':', name.len) == NULL &&
           !gong_str_is(name, "up") && !gong_str_is(name, "unit_up") &&
           !gong_str_is(name, "device_dark");
}

static enum gong_err
apply(struct gong_engine_feed *feed)
{
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_DATA,
                 .journal_ms = feed->ms,
                 .wall_ns = feed->ms * GONG_NS_PER_MS + GONG_NS_PER_MS - 1},
        .offset = feed->position,
        .payload = gong_str_from(feed->buffer.data, feed->buffer.len),
    };

    if (feed->buffer.len == 0) {
        return GONG_OK;
    }
    feed->position++;
    feed->buffer.len = 0;
    return gong_engine_apply(feed->engine, &record);
}

enum gong_err
gong_engine_feed_put(struct gong_engine_feed *feed,
                     const struct gong_label_view *labels, size_t count,
                     int64_t ms, double value)
{
    static const struct gong_lp_dialect dialect = {0};
    struct gong_lp_tag tags[GONG_LABELSET_MAX];
    struct gong_lp_field field = {
        .key = gong_str_of("value"),
        .value = {.type = GONG_LP_FLOAT, .as.number = value}};
    struct gong_lp_line line = {.tags = tags,
                                .fields = &field,
                                .field_count = 1,
                                .time_ns = ms * GONG_NS_PER_MS};
    struct gong_lp_losses losses = {0};
    enum gong_err err = GONG_OK;

    for (size_t i = 0; i < count && i < GONG_LABELSET_MAX; i++) {
        if (!is_plain(labels[i].value)) {
            return GONG_ERR_UNSUPPORTED;
        }
        if (gong_str_is(labels[i].name, "__name__")) {
            line.measurement = labels[i].value;
        } else {
            tags[line.tag_count++] =
                (struct gong_lp_tag){labels[i].name, labels[i].value};
        }
    }
    if (!isfinite(value) || !is_metric(line.measurement)) {
        return GONG_ERR_UNSUPPORTED;
    }
    if (feed->buffer.len > 0 && ms != feed->ms) {
        err = apply(feed);
    }
    feed->ms = ms;
    if (err == GONG_OK && feed->buffer.len == 0) {
        err = gong_buffer_append(&feed->buffer, "\0", 2);
    }
    return err == GONG_OK
               ? gong_lp_encode(&feed->buffer, &line, &dialect, &losses)
               : err;
}

enum gong_err
gong_engine_feed_clock(struct gong_engine_feed *feed, int64_t ms)
{
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_CLOCK,
                 .journal_ms = ms,
                 .wall_ns = ms * GONG_NS_PER_MS},
    };
    enum gong_err err = apply(feed);

    record.offset = feed->position++;
    return err == GONG_OK ? gong_engine_apply(feed->engine, &record) : err;
}
