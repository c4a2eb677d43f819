#include "collector/lines.h"

#include <stdbool.h>
#include <stdio.h>

#include "common/lp_text.h"

size_t
gong_lines_first(struct gong_str text)
{
    const char *end = text.data + text.len;
    const char *p = text.data;
    bool fields = false;

    for (; p < end && *p != '\n'; p++) {
        bool escaped;
        const char *quote;

        if (*p == '\\' && !fields) {
            p += p + 1 < end; /* of a blank in a name: no fields yet */
        } else if (*p == ' ') {
            fields = true;
        } else if (*p == '"' && fields && p[-1] == '=') {
            quote = gong_lp_find_quote(p + 1, end, &escaped);
            p = quote == NULL ? p : quote;
        }
    }
    return p < end ? (size_t)(p - text.data) + 1 : text.len;
}

static void
refuse(const struct gong_lp_error *error, struct gong_lines_count *count)
{
    if (count->refused++ == 0) {
        (void)snprintf(count->first, sizeof count->first,
                       "line %zu column %zu: %s", error->line, error->column,
                       error->reason);
    }
}

static void
take(const struct gong_lp_point *point, struct gong_points *points,
     struct gong_lines_count *count)
{
    struct gong_lp_line line = {
        .measurement = point->measurement,
        .tags = point->tags,
        .tag_count = point->tag_count,
        .fields = point->fields,
        .field_count = point->field_count,
        .time_ns = point->has_time ? point->time : points->time_ns,
    };

    gong_points_line(points, &line);
    count->taken++;
}

enum gong_lp_result
gong_lines_next(struct gong_lp_reader *reader,
                const struct gong_lp_point **point,
                const struct gong_lp_error **error)
{
    enum gong_lp_result result = gong_lp_reader_next(reader, point, error);

    if (result == GONG_LP_POINT && (*point)->has_time && (*point)->time < 0) {
        *error = gong_lp_reader_refuse(reader, "time");
        result = GONG_LP_REFUSED;
    }
    return result;
}

enum gong_err
gong_lines_add(struct gong_lp_reader *reader, struct gong_str text,
               struct gong_points *points, struct gong_lines_count *count)
{
    const struct gong_lp_point *point = NULL;
    const struct gong_lp_error *error = NULL;
    enum gong_lp_result result;

    gong_lp_reader_start(reader, text);
    do {
        result = gong_lines_next(reader, &point, &error);
        if (result == GONG_LP_POINT) {
            take(point, points, count);
        } else if (result == GONG_LP_REFUSED) {
            refuse(error, count);
        }
    } while (result != GONG_LP_END && points->err == GONG_OK);
    return points->err;
}
