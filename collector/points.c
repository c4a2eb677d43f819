#include "collector/points.h"

#include <string.h>

const struct gong_lp_dialect gong_points_dialect = {
    .unsigned_integers = false,
    .strings = true,
    .newlines_in_strings = true,
};

void
gong_points_init(struct gong_points *points, int64_t time_ns)
{
    memset(points, 0, sizeof *points);
    points->time_ns = time_ns;
}

void
gong_points_fini(struct gong_points *points)
{
    gong_buffer_fini(&points->lines);
}

void
gong_points_reset(struct gong_points *points, int64_t time_ns)
{
    points->lines.len = 0;
    points->count = 0;
    points->losses = (struct gong_lp_losses){0};
    points->err = GONG_OK;
    points->time_ns = time_ns;
}

static void
fail(struct gong_points *points, enum gong_err err)
{
    if (points->err == GONG_OK) {
        points->err = err;
    }
}

void
gong_points_begin(struct gong_points *points, const char *measurement)
{
    points->line = (struct gong_lp_line){
        .measurement = gong_str_of(measurement),
        .tags = points->tags,
        .fields = points->fields,
        .time_ns = points->time_ns,
    };
}

void
gong_points_tag(struct gong_points *points, const char *key, const char *value)
{
    struct gong_lp_tag *tag;

    if (value == NULL || value[0] == '\0') {
        return;
    }
    if (points->line.tag_count == GONG_POINTS_TAGS_MAX) {
        fail(points, GONG_ERR_TOO_LARGE);
        return;
    }
    tag = &points->tags[points->line.tag_count++];
    tag->key = gong_str_of(key);
    tag->value = gong_str_of(value);
}

static void
add_field(struct gong_points *points, const char *key,
          struct gong_lp_value value)
{
    struct gong_lp_field *field;

    if (points->line.field_count == GONG_POINTS_FIELDS_MAX) {
        fail(points, GONG_ERR_TOO_LARGE);
        return;
    }
    field = &points->fields[points->line.field_count++];
    *field = (struct gong_lp_field){.key = gong_str_of(key), .value = value};
}

void
gong_points_float(struct gong_points *points, const char *key, double value)
{
    add_field(
        points, key,
        (struct gong_lp_value){.type = GONG_LP_FLOAT, .as.number = value});
}

void
gong_points_int(struct gong_points *points, const char *key, int64_t value)
{
    add_field(points, key,
              (struct gong_lp_value){.type = GONG_LP_INT, .as.integer = value});
}

void
gong_points_uint(struct gong_points *points, const char *key, uint64_t value)
{
    if (value > INT64_MAX) {
        gong_points_float(points, key, (double)value);
        return;
    }
    gong_points_int(points, key, (int64_t)value);
}

void
gong_points_bool(struct gong_points *points, const char *key, bool value)
{
    add_field(
        points, key,
        (struct gong_lp_value){.type = GONG_LP_BOOL, .as.boolean = value});
}

void
gong_points_string(struct gong_points *points, const char *key,
                   const char *value)
{
    add_field(points, key,
              (struct gong_lp_value){.type = GONG_LP_STRING,
                                     .as.string = gong_str_of(value)});
}

void
gong_points_time(struct gong_points *points, int64_t time_ns)
{
    points->line.time_ns = time_ns;
}

void
gong_points_line(struct gong_points *points, const struct gong_lp_line *line)
{
    uint64_t lost = points->losses.points;
    enum gong_err err;

    if (points->err != GONG_OK) {
        return;
    }
    err = gong_lp_encode(&points->lines, line, &gong_points_dialect,
                         &points->losses);
    if (err != GONG_OK) {
        fail(points, err);
    } else if (points->losses.points == lost) {
        points->count++;
    }
}

void
gong_points_end(struct gong_points *points)
{
    gong_points_line(points, &points->line);
}
