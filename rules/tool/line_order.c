#include "rules/tool/line_order.h"

#include <stdlib.h>
#include <string.h>

#define WAITING_MAX ((size_t)1 << 30)
#define SPARES_MAX  64
#define NAMES       2 /* bytes of a payload before its lines */

/* The lines of one millisecond, as one payload. */
struct waiting {
    int64_t ms;
    char *bytes;
    size_t len;
    size_t size;
    struct gong_line_part *parts;
    size_t part_count;
    size_t parts_size;
};

struct gong_line_order {
    int64_t tolerance;
    gong_line_run_fn take;
    void *ctx;
    struct waiting *items; /* by rising ms */
    size_t count;
    size_t capacity;
    struct waiting spares[SPARES_MAX]; /* buffers to use again */
    size_t spare_count;
    size_t held; /* bytes that wait */
    int64_t newest;
    int64_t told; /* the youngest that was handed out */
    uint64_t late_line;
    int64_t late_ms;
};

struct gong_line_order *
gong_line_order_new(int64_t tolerance_ms, gong_line_run_fn take, void *ctx)
{
    struct gong_line_order *order = calloc(1, sizeof *order);

    if (order != NULL) {
        order->tolerance = tolerance_ms;
        order->take = take;
        order->ctx = ctx;
        order->newest = INT64_MIN;
        order->told = INT64_MIN;
    }
    return order;
}

static void
free_buffers(struct waiting *item)
{
    free(item->bytes);
    free(item->parts);
}

void
gong_line_order_free(struct gong_line_order *order)
{
    if (order == NULL) {
        return;
    }
    for (size_t i = 0; i < order->count; i++) {
        free_buffers(&order->items[i]);
    }
    for (size_t i = 0; i < order->spare_count; i++) {
        free_buffers(&order->spares[i]);
    }
    free(order->items);
    free(order);
}

uint64_t
gong_line_order_late(const struct gong_line_order *order, int64_t *late_ms)
{
    *late_ms = order->late_ms;
    return order->late_line;
}

static enum gong_err
add_item(struct gong_line_order *order, size_t at)
{
    struct waiting fresh = {0};

    if (order->count == order->capacity) {
        size_t capacity = order->capacity == 0 ? 64 : order->capacity * 2;
        struct waiting *items = realloc(order->items, capacity * sizeof *items);

        if (items == NULL) {
            return GONG_ERR_MEMORY;
        }
        order->items = items;
        order->capacity = capacity;
    }
    if (order->spare_count > 0) {
        fresh = order->spares[--order->spare_count];
    }
    fresh.len = 0;
    fresh.part_count = 0;
    for (size_t i = order->count; i > at; i--) {
        order->items[i] = order->items[i - 1];
    }
    order->items[at] = fresh;
    order->count++;
    return GONG_OK;
}

static enum gong_err
add_part(struct waiting *item, struct gong_line_part part)
{
    if (item->part_count == item->parts_size) {
        size_t size = item->parts_size == 0 ? 4 : item->parts_size * 2;
        struct gong_line_part *parts =
            realloc(item->parts, size * sizeof *parts);

        if (parts == NULL) {
            return GONG_ERR_MEMORY;
        }
        item->parts = parts;
        item->parts_size = size;
    }
    item->parts[item->part_count++] = part;
    return GONG_OK;
}

/* The payload's names stand once, its lines one after another, each with its
 * end. */
static enum gong_err
append(struct gong_line_order *order, struct waiting *item,
       const struct gong_line_run *run)
{
    size_t from = item->len == 0 ? 0 : NAMES;
    size_t need = item->len + (run->len - from) + 1;

    if (order->held + run->len > WAITING_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    if (item->bytes == NULL || need > item->size) {
        size_t size = need + need / 2;
        char *bytes = realloc(item->bytes, size);

        if (bytes == NULL) {
            return GONG_ERR_MEMORY;
        }
        item->bytes = bytes;
        item->size = size;
    }
    /* What comes here was read at one place. */
    if (add_part(item, (struct gong_line_part){item->len + NAMES - from,
                                               run->parts[0].line}) !=
        GONG_OK) {
        return GONG_ERR_MEMORY;
    }
    memcpy(item->bytes + item->len, run->payload + from, run->len - from);
    item->len += run->len - from;
    if (item->bytes[item->len - 1] != '\n') {
        item->bytes[item->len++] = '\n';
    }
    order->held += run->len - from;
    return GONG_OK;
}

static enum gong_err
keep(struct gong_line_order *order, const struct gong_line_run *run)
{
    size_t at = order->count;
    enum gong_err err = GONG_OK;

    while (at > 0 && order->items[at - 1].ms > run->ms) {
        at--;
    }
    if (at > 0 && order->items[at - 1].ms == run->ms) {
        return append(order, &order->items[at - 1], run);
    }
    err = add_item(order, at);
    if (err != GONG_OK) {
        return err;
    }
    order->items[at].ms = run->ms;
    return append(order, &order->items[at], run);
}

/* Keeps a buffer for later, or lets it go. */
static void
give_back(struct gong_line_order *order, struct waiting *item)
{
    order->held -= order->held < item->len ? order->held : item->len;
    if (order->spare_count < SPARES_MAX) {
        order->spares[order->spare_count++] = *item;
    } else {
        free_buffers(item);
    }
}

/* Hands out the first so many, oldest first. */
static enum gong_err
hand_out(struct gong_line_order *order, size_t count)
{
    enum gong_err err = GONG_OK;

    if (count == 0) {
        return GONG_OK;
    }
    for (size_t i = 0; i < count; i++) {
        struct waiting *item = &order->items[i];
        struct gong_line_run run = {item->ms, item->bytes, item->len,
                                    item->parts, item->part_count};

        if (err == GONG_OK) {
            order->told = item->ms;
            err = order->take(order->ctx, &run);
        }
        give_back(order, item);
    }
    order->count -= count;
    memmove(order->items, order->items + count,
            order->count * sizeof *order->items);
    return err;
}

static size_t
count_due(const struct gong_line_order *order)
{
    size_t count = 0;

    while (count < order->count &&
           order->newest - order->items[count].ms > order->tolerance) {
        count++;
    }
    return count;
}

enum gong_err
gong_line_order_put(void *ctx, const struct gong_line_run *run)
{
    struct gong_line_order *order = ctx;
    enum gong_err err = GONG_OK;

    if (run->ms == INT64_MIN) {
        return order->take(order->ctx, run);
    }
    if (run->ms < order->told) {
        order->late_line = run->parts[0].line;
        order->late_ms = order->newest - run->ms;
        return GONG_ERR_CORRUPT;
    }
    if (run->ms > order->newest) {
        order->newest = run->ms;
    }
    if (order->tolerance == 0) {
        order->told = run->ms;
        return order->take(order->ctx, run);
    }
    err = keep(order, run);
    return err == GONG_OK ? hand_out(order, count_due(order)) : err;
}

enum gong_err
gong_line_order_end(struct gong_line_order *order)
{
    return hand_out(order, order->count);
}
