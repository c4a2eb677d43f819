#include "agent/tell/utf16.h"

#include <stdbool.h>
#include <stdint.h>

#include "agent/tell/utf16_marks.h"
#include "common/lp_text.h"

#define REPLACEMENT 0xfffdu
#define JOINER      0x200du

uint32_t
gong_utf16_character(const char *p, const char *end, size_t *len)
{
    static const uint8_t lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t character;

    *len = gong_lp_utf8_next(p, end);
    if (*len == 0) {
        *len = 1;
        return REPLACEMENT;
    }
    character = (unsigned char)p[0] & (uint32_t)lead_bits[*len];
    for (size_t i = 1; i < *len; i++) {
        character = character << 6 | ((unsigned char)p[i] & 0x3fu);
    }
    return character;
}

static size_t
units_of(uint32_t character)
{
    return character > 0xffffu ? 2 : 1;
}

static bool
is_regional(uint32_t character)
{
    return character >= 0x1f1e6u && character <= 0x1f1ffu;
}

/* The cluster at p: its bytes; *units: its UTF-16 units. */
static size_t
cluster(const char *p, const char *end, size_t *units)
{
    size_t used = 0;
    size_t regional = 0;
    uint32_t before = 0;

    *units = 0;
    for (size_t i = 0; i < GONG_UTF16_CLUSTER_MAX && p + used < end; i++) {
        size_t len;
        uint32_t next = gong_utf16_character(p + used, end, &len);

        if (i > 0 && !gong_utf16_is_mark(next) && before != JOINER &&
            !(is_regional(next) && regional == 1 && i == 1) &&
            !(before == '\r' && next == '\n')) {
            break;
        }
        regional += is_regional(next) ? 1 : 0;
        *units += units_of(next);
        used += len;
        before = next;
    }
    return used;
}

size_t
gong_utf16_units(struct gong_str text)
{
    size_t units = 0;
    size_t at = 0;

    while (at < text.len) {
        size_t len;

        units += units_of(
            gong_utf16_character(text.data + at, text.data + text.len, &len));
        at += len;
    }
    return units;
}

size_t
gong_utf16_cut(struct gong_str text, size_t units)
{
    size_t at = 0;

    while (at < text.len) {
        size_t more;
        size_t len = cluster(text.data + at, text.data + text.len, &more);

        if (more > units) {
            break;
        }
        units -= more;
        at += len;
    }
    return at;
}
