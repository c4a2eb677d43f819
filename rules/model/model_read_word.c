/* model_read_word: what all readers of a model ask of names, dates, places. */
#include "rules/model/model_read.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/lp_text.h"
#include "common/topic.h"

#define MESSAGE_SIZE  512
#define SHOWN_SIZE    96
#define SUGGESTED_MAX 50 /* a look at every name, each time */

void
gong_model_refuse(struct gong_model_reader *reader,
                  const struct gong_conf_node *node, const char *key, size_t at,
                  const char *format, ...)
{
    const struct gong_conf_node *child =
        key == NULL ? NULL : gong_conf_child(node, key);
    char message[MESSAGE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    reader->failed = true;
    gong_conf_error_in(child == NULL ? node : child, child == NULL ? 0 : at,
                       reader->errors, "%s", message);
}

void
gong_model_out_of_memory(struct gong_model_reader *reader)
{
    reader->failed = true;
    gong_conf_errors_no_memory(reader->errors, "model");
}

const struct gong_conf_node *
gong_model_list(struct gong_model_reader *reader,
                const struct gong_conf_node *node, const char *key)
{
    const struct gong_conf_node *list = gong_conf_child(node, key);

    if (list != NULL && (!gong_conf_is_list(list) ||
                         gong_conf_count(list) > GONG_MODEL_ENTRIES_MAX)) {
        gong_model_refuse(reader, node, key, 0,
                          "found no list of at most %d, expected %s = ( ... );",
                          GONG_MODEL_ENTRIES_MAX, key);
        return NULL;
    }
    return list;
}

void
gong_model_check_name(struct gong_model_reader *reader,
                      const struct gong_conf_node *node, const char *key,
                      const char *text)
{
    char shown[SHOWN_SIZE];

    if (text != NULL && !gong_topic_name_valid(gong_str_of(text))) {
        gong_model_refuse(
            reader, node, key, 0,
            "found %s, expected 1 to %d of a-z, 0-9, _ and - for %s",
            gong_log_quote(gong_str_of(text), shown, sizeof shown),
            GONG_TOPIC_NAME_MAX, key);
    }
}

void
gong_model_check_text(struct gong_model_reader *reader,
                      const struct gong_conf_node *node, const char *key,
                      const char *text, bool empty)
{
    size_t len = text == NULL ? 0 : strlen(text);

    if (text == NULL) {
        return;
    }
    if ((len == 0 && !empty) || len > GONG_MODEL_TEXT_MAX ||
        !gong_lp_utf8_valid(gong_str_of(text)) || strchr(text, '\n') != NULL ||
        strchr(text, '\r') != NULL || strchr(text, '\t') != NULL) {
        gong_model_refuse(reader, node, key, 0,
                          "found %s, expected one line of UTF-8, up to %d "
                          "bytes, for %s",
                          len == 0 ? "no text" : "other text",
                          GONG_MODEL_TEXT_MAX, key);
    }
}

/* One end of valid, at byte `at` of its text; an empty one is open. */
static bool
read_day(struct gong_model_reader *reader, const struct gong_conf_node *node,
         struct gong_str text, size_t at, int64_t *day)
{
    struct gong_calendar_list list = {0};
    struct gong_expr_error error = {0};

    if (text.len == 0) {
        return true;
    }
    if (text.len > 10) {
        text.len = 11; /* not another range */
    }
    if (!gong_calendar_add_dates(&list, false, text, &error)) {
        gong_model_refuse(reader, node, "valid", at + error.at, "%s",
                          error.message);
        return false;
    }
    *day = list.items[0].first;
    free(list.items);
    return true;
}

void
gong_model_read_valid(struct gong_model_reader *reader,
                      const struct gong_conf_node *node, const char *text,
                      struct gong_validity *out)
{
    const char *dots = text == NULL ? NULL : strstr(text, "..");
    size_t head = dots == NULL ? 0 : (size_t)(dots - text);

    *out = (struct gong_validity){INT64_MIN, INT64_MAX};
    if (text == NULL || text[0] == '\0') {
        return;
    }
    if (dots == NULL) {
        gong_model_refuse(reader, node, "valid", 0,
                          "found no .., expected the first and the last day "
                          "such as 2025-07-01..2026-06-30, either may be "
                          "missing");
        return;
    }
    if (read_day(reader, node, gong_str_from(text, head), 0, &out->from) &&
        read_day(reader, node, gong_str_of(dots + 2), head + 2, &out->until) &&
        out->from > out->until) {
        gong_model_refuse(reader, node, "valid", 0,
                          "found the later day first, expected the earlier");
    }
}

void
gong_model_check_place(struct gong_model_reader *reader,
                       const struct gong_conf_node *node, double *lon,
                       double *lat)
{
    bool has_lon = gong_conf_child(node, "lon") != NULL;
    bool has_lat = gong_conf_child(node, "lat") != NULL;

    if (has_lon != has_lat) {
        gong_model_refuse(reader, node, has_lon ? "lon" : "lat", 0,
                          "found one coordinate, expected lon and lat");
    }
    if (!has_lon || !has_lat) {
        *lon = NAN;
        *lat = NAN;
    }
}

static const char *
nearest(struct gong_model_reader *reader, const char *text,
        const struct gong_model_keys *keys)
{
    const char **known = NULL;
    const char *found = NULL;

    if (reader->suggested == SUGGESTED_MAX || strlen(text) > SHOWN_SIZE) {
        return NULL;
    }
    reader->suggested++;
    known = calloc(keys->count + 1, sizeof *known);
    for (size_t i = 0; known != NULL && i < keys->count; i++) {
        known[i] = keys->items[i].text;
    }
    found = known == NULL ? NULL : gong_conf_nearest(text, known, keys->count);
    free(known);
    return found;
}

size_t
gong_model_refer(struct gong_model_reader *reader,
                 const struct gong_conf_node *node, const char *text,
                 const struct gong_model_keys *keys, const char *what)
{
    size_t found = gong_model_keys_of(keys, text);
    char shown[SHOWN_SIZE];
    const char *near = NULL;

    if (found == GONG_MODEL_NONE) {
        near = nearest(reader, text, keys);
        gong_model_refuse(
            reader, node, NULL, 0,
            near == NULL ? "found %s, expected %s"
                         : "found %s, expected %s; did you mean \"%s\"?",
            gong_log_quote(gong_str_of(text), shown, sizeof shown), what, near);
    }
    return found;
}
