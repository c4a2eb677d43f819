#include "agent/receive/ranges.h"

#include <stdlib.h>
#include <string.h>

void
gong_ranges_fini(struct gong_ranges *ranges)
{
    free(ranges->items);
    *ranges = (struct gong_ranges){0};
}

/* The first range that ends at or after seq; count if none. */
static uint32_t
find(const struct gong_ranges *ranges, uint64_t seq)
{
    uint32_t at = 0;

    while (at < ranges->count && ranges->items[at].last < seq) {
        at++;
    }
    return at;
}

bool
gong_ranges_has(const struct gong_ranges *ranges, uint64_t seq)
{
    uint32_t at = find(ranges, seq);

    return seq <= ranges->cum ||
           (at < ranges->count && ranges->items[at].first <= seq);
}

static void
drop(struct gong_ranges *ranges, uint32_t at)
{
    ranges->count--;
    if (at < ranges->count) {
        memmove(ranges->items + at, ranges->items + at + 1,
                (ranges->count - at) * sizeof ranges->items[0]);
    }
}

void
gong_ranges_raise(struct gong_ranges *ranges, uint64_t cum)
{
    if (cum > ranges->cum) {
        ranges->cum = cum;
    }
    while (ranges->count > 0 && ranges->items[0].first - 1 <= ranges->cum) {
        if (ranges->items[0].last > ranges->cum) {
            ranges->cum = ranges->items[0].last;
        }
        drop(ranges, 0);
    }
}

static bool
touches_below(const struct gong_ranges *ranges, uint32_t at, uint64_t seq)
{
    return at > 0 && ranges->items[at - 1].last + 1 == seq;
}

static bool
touches_above(const struct gong_ranges *ranges, uint32_t at, uint64_t seq)
{
    return at < ranges->count && ranges->items[at].first - 1 == seq;
}

bool
gong_ranges_fits(const struct gong_ranges *ranges, uint64_t seq)
{
    uint32_t at = find(ranges, seq);

    return ranges->count < GONG_RANGES_MAX || gong_ranges_has(ranges, seq) ||
           seq - 1 == ranges->cum || touches_below(ranges, at, seq) ||
           touches_above(ranges, at, seq);
}

static enum gong_err
insert(struct gong_ranges *ranges, uint32_t at, uint64_t seq)
{
    if (ranges->count == GONG_RANGES_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    if (ranges->count == ranges->capacity) {
        uint32_t capacity = ranges->capacity == 0 ? 4 : 2 * ranges->capacity;
        struct gong_range *items =
            realloc(ranges->items, capacity * sizeof *items);

        if (items == NULL) {
            return GONG_ERR_MEMORY;
        }
        ranges->items = items;
        ranges->capacity = capacity;
    }
    memmove(ranges->items + at + 1, ranges->items + at,
            (ranges->count - at) * sizeof ranges->items[0]);
    ranges->items[at] = (struct gong_range){seq, seq};
    ranges->count++;
    return GONG_OK;
}

enum gong_err
gong_ranges_add(struct gong_ranges *ranges, uint64_t seq)
{
    uint32_t at = find(ranges, seq);
    bool below, above;

    if (gong_ranges_has(ranges, seq)) {
        return GONG_OK;
    }
    if (seq - 1 == ranges->cum) {
        gong_ranges_raise(ranges, seq);
        return GONG_OK;
    }
    below = touches_below(ranges, at, seq);
    above = touches_above(ranges, at, seq);
    if (below && above) {
        ranges->items[at - 1].last = ranges->items[at].last;
        drop(ranges, at);
    } else if (below) {
        ranges->items[at - 1].last = seq;
    } else if (above) {
        ranges->items[at].first = seq;
    } else {
        return insert(ranges, at, seq);
    }
    return GONG_OK;
}

/* Grown from both ends, one missing run at a time: each is one range more at
 * most while it is filled, and none when it is. */
static enum gong_err
fill(struct gong_ranges *ranges, struct gong_range run)
{
    enum gong_err err = gong_ranges_add(ranges, run.first);
    uint32_t at;

    if (err != GONG_OK || gong_ranges_has(ranges, run.last)) {
        return err;
    }
    if (ranges->cum >= run.first) {
        gong_ranges_raise(ranges, run.last);
        return GONG_OK;
    }
    at = find(ranges, run.first);
    ranges->items[at].last = run.last;
    if (at + 1 < ranges->count && ranges->items[at + 1].first - 1 == run.last) {
        ranges->items[at].last = ranges->items[at + 1].last;
        drop(ranges, at + 1);
    }
    return GONG_OK;
}

enum gong_err
gong_ranges_add_run(struct gong_ranges *ranges, uint64_t first, uint64_t last)
{
    struct gong_range run;
    enum gong_err err = GONG_OK;

    while (err == GONG_OK &&
           gong_ranges_next_missing(ranges, first, last, &run)) {
        err = fill(ranges, run);
    }
    return err;
}

bool
gong_ranges_next_missing(const struct gong_ranges *ranges, uint64_t from,
                         uint64_t last, struct gong_range *out)
{
    uint32_t at;

    if (from <= ranges->cum) {
        if (ranges->cum == UINT64_MAX) {
            return false;
        }
        from = ranges->cum + 1;
    }
    at = find(ranges, from);
    while (at < ranges->count && ranges->items[at].first <= from) {
        if (ranges->items[at].last == UINT64_MAX) {
            return false;
        }
        from = ranges->items[at++].last + 1;
    }
    if (from > last) {
        return false;
    }
    out->first = from;
    out->last = last;
    if (at < ranges->count && ranges->items[at].first <= last) {
        out->last = ranges->items[at].first - 1;
    }
    return true;
}
