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

/*
 *   name,tag=a\ b key=1,text="x=1, y",more=2i 1760000000000000000
 *                 ^ fields              ends ^
 */
static uint64_t
count_samples(struct gong_str line)
{
    const char *end = line.data + line.len;
    uint64_t count = 0;
    bool fields = false;
    bool escaped;

    for (const char *p = line.data; p < end; p++) {
        if (*p == '\\') {
            p += p + 1 < end;
        } else if (*p == ' ' && fields) {
            break;
        } else if (*p == ' ') {
            fields = true;
        } else if (*p == '=' && fields && p + 1 < end && p[1] == '"') {
            const char *quote = gong_lp_find_quote(p + 2, end, &escaped);

            p = quote == NULL ? end - 1 : quote;
        } else if (*p == '=' && fields) {
            count++;
        }
    }
    return count;
}

uint64_t
gong_lines_samples(struct gong_str text)
{
    uint64_t count = 0;

    while (text.len > 0) {
        size_t len = gong_lines_first(text);

        count += count_samples(gong_str_from(text.data, len));
        text = gong_str_from(text.data + len, text.len - len);
    }
    return count;
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
    struct gong_lp_line line = gong_lp_line_of(point, points->time_ns);

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
