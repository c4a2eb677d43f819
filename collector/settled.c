#include "collector/settled.h"

#include <string.h>

#include <jansson.h>

static bool
read_number(const json_t *value, uint64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static bool
read_epoch(const json_t *value, uint64_t *out)
{
    const char *text = json_string_value(value);
    uint64_t epoch = 0;

    if (text == NULL || json_string_length(value) != 16) {
        return false;
    }
    for (int i = 0; i < 16; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit = text[i] == '\0' ? NULL : strchr(digits, text[i]);

        if (digit == NULL) {
            return false;
        }
        epoch = epoch << 4 | (uint64_t)(digit - digits);
    }
    *out = epoch;
    return true;
}

/* 8 lower-case hex digits; anything else says nothing. */
static void
read_birth(const json_t *value, struct gong_settled *out)
{
    static const char digits[] = "0123456789abcdef";
    const char *text = json_string_value(value);
    uint32_t birth = 0;

    if (text == NULL || json_string_length(value) != 8) {
        return;
    }
    for (int i = 0; i < 8; i++) {
        const char *digit = text[i] == '\0' ? NULL : strchr(digits, text[i]);

        if (digit == NULL) {
            return;
        }
        birth = birth << 4 | (uint32_t)(digit - digits);
    }
    out->has_birth = true;
    out->birth = birth;
}

static bool
read_ranges(const json_t *list, struct gong_settled *out)
{
    uint64_t below = out->cum;

    if (list == NULL) {
        return true;
    }
    if (!json_is_array(list) ||
        json_array_size(list) > GONG_SETTLED_RANGES_MAX) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *pair = json_array_get(list, i);
        uint64_t first;
        uint64_t last;

        if (json_array_size(pair) != 2 ||
            !read_number(json_array_get(pair, 0), &first) ||
            !read_number(json_array_get(pair, 1), &last) || first <= below ||
            last < first) {
            return false;
        }
        out->ranges[i].first = first;
        out->ranges[i].last = last;
        out->range_count = i + 1;
        below = last;
    }
    return true;
}

enum gong_err
gong_settled_parse(struct gong_str text, struct gong_settled *out)
{
    uint64_t now = 0;
    json_t *root;
    bool ok;

    *out = (struct gong_settled){0};
    if (text.len == 0 || text.len > GONG_SETTLED_TEXT_MAX) {
        return GONG_ERR_INVALID;
    }
    root = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    ok = json_is_object(root) &&
         read_epoch(json_object_get(root, "epoch"), &out->epoch) &&
         read_number(json_object_get(root, "cum"), &out->cum) &&
         read_ranges(json_object_get(root, "ranges"), out) &&
         read_number(json_object_get(root, "now"), &now) &&
         now <= INT64_MAX / 1000000;
    out->now_ms = ok ? (int64_t)now : 0;
    if (ok) {
        read_birth(json_object_get(root, "birth"), out);
    }
    json_decref(root);
    return ok ? GONG_OK : GONG_ERR_INVALID;
}

bool
gong_settled_has(const struct gong_settled *settled, uint64_t seq)
{
    if (seq <= settled->cum) {
        return true;
    }
    for (size_t i = 0; i < settled->range_count; i++) {
        if (seq >= settled->ranges[i].first && seq <= settled->ranges[i].last) {
            return true;
        }
    }
    return false;
}

uint64_t
gong_settled_highest(const struct gong_settled *settled)
{
    return settled->range_count == 0
               ? settled->cum
               : settled->ranges[settled->range_count - 1].last;
}
