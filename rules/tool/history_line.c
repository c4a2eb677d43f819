#include "rules/tool/history_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

struct gong_history_named
gong_history_named(const struct gong_label_view *labels, size_t count)
{
    struct gong_history_named named = {{0}, {0}, {0}};

    for (size_t i = 0; i < count; i++) {
        if (gong_str_is(labels[i].name, "__name__")) {
            named.metric = labels[i].value;
        } else if (gong_str_is(labels[i].name, "site")) {
            named.site = labels[i].value;
        } else if (gong_str_is(labels[i].name, "device")) {
            named.device = labels[i].value;
        }
    }
    return named;
}

/* The last '=' of a line is its field's. */
static size_t
value_at(struct gong_str line)
{
    while (line.len > 0 && line.data[line.len - 1] != '=') {
        line.len--;
    }
    return line.len;
}

enum gong_err
gong_history_line_begin(struct gong_buffer *out,
                        const struct gong_label_view *labels, size_t count,
                        const struct gong_city *city, bool apart)
{
    static const struct gong_lp_dialect dialect = {0};
    static const struct gong_lp_field field = {
        {"value", 5}, {"value", 5}, {GONG_LP_FLOAT, {.number = 0}}};
    struct gong_history_named named = gong_history_named(labels, count);
    bool given = gong_city_unit(city, named.site) != NULL;
    struct gong_lp_tag tags[GONG_LABELSET_MAX];
    struct gong_lp_line line = {named.metric, tags, 0, &field, 1, 1};
    struct gong_lp_losses losses = {0};
    size_t at = out->len;
    enum gong_err err;

    for (size_t i = 0; i < count; i++) {
        struct gong_str name = labels[i].name;
        bool left =
            gong_str_is(name, "__name__") ||
            (given &&
             (gong_str_is(name, "unit") || gong_str_is(name, "kind"))) ||
            (apart &&
             (gong_str_is(name, "site") || gong_str_is(name, "device")));

        if (!left) {
            tags[line.tag_count++] =
                (struct gong_lp_tag){name, labels[i].value};
        }
    }
    err = gong_lp_encode(out, &line, &dialect, &losses);
    if (err == GONG_OK && out->len == at) {
        err = GONG_ERR_INVALID;
    }
    if (err == GONG_OK) {
        out->len = at + value_at(gong_str_from(out->data + at, out->len - at));
    }
    return err;
}

enum gong_err
gong_history_line_end(struct gong_buffer *out, double value, int64_t ms)
{
    char text[64];
    int64_t ns = gong_ms_to_ns(ms);
    int len = snprintf(text, sizeof text, "%.17g %" PRId64 "\n", value,
                       ns == 0 ? 1 : ns);

    return gong_buffer_append(out, text, (size_t)len);
}
