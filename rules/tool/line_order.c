#include "rules/tool/line_order.h"

#include <stdlib.h>
#include <string.h>

#define WAITING_MAX ((size_t)1 << 30)
#define SPARES_MAX  64
#define NAMES       2    /* bytes of a payload before its lines */
#define TAIL_MIN    1024 /* items that may stay out of order */

/* The lines of one millisecond, as one payload. */
struct waiting {
    int64_t ms;
    uint64_t number; /* the how manieth it was */
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
    struct waiting *items; /* the first so many by rising ms, each once; the
                              others as they came */
    size_t sorted;
    size_t count;
    size_t capacity;
    uint64_t numbers;
    int64_t oldest;                    /* of items */
    struct waiting spares[SPARES_MAX]; /* buffers to use again */
    size_t spare_count;
    size_t held; /* bytes that items take */
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
        order->oldest = INT64_MAX;
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

static size_t
weight(const struct waiting *item)
{
    return sizeof *item + item->size +
           item->parts_size * sizeof(struct gong_line_part);
}

/* An item behind the others. */
static enum gong_err
add_item(struct gong_line_order *order, int64_t ms)
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
    fresh.ms = ms;
    fresh.number = order->numbers++;
    fresh.len = 0;
    fresh.part_count = 0;
    order->held += weight(&fresh);
    if (order->sorted == order->count &&
        (order->count == 0 || order->items[order->count - 1].ms < ms)) {
        order->sorted++;
    }
    order->items[order->count++] = fresh;
    order->oldest = ms < order->oldest ? ms : order->oldest;
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

/* Room for more bytes behind an item's. */
static enum gong_err
make_room(struct waiting *item, size_t more)
{
    size_t need = item->len + more;

    if (item->bytes == NULL || need > item->size) {
        size_t size = need + need / 2;
        char *bytes = realloc(item->bytes, size);

        if (bytes == NULL) {
            return GONG_ERR_MEMORY;
        }
        item->bytes = bytes;
        item->size = size;
    }
    return GONG_OK;
}

/* The payload's names stand once, its lines one after another, each with its
 * end. */
static enum gong_err
append(struct gong_line_order *order, struct waiting *item,
       const struct gong_line_run *run)
{
    size_t from = item->len == 0 ? 0 : NAMES;
    size_t before = weight(item);
    enum gong_err err = GONG_OK;

    if (order->held + run->len > WAITING_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    err = make_room(item, run->len - from + 1);
    /* What comes here was read at one place. */
    if (err == GONG_OK) {
        err = add_part(item, (struct gong_line_part){item->len + NAMES - from,
                                                     run->parts[0].line});
    }
    order->held += weight(item) - before;
    if (err != GONG_OK) {
        return err;
    }
    memcpy(item->bytes + item->len, run->payload + from, run->len - from);
    item->len += run->len - from;
    if (item->bytes[item->len - 1] != '\n') {
        item->bytes[item->len++] = '\n';
    }
    return GONG_OK;
}

/* Keeps a buffer for later, or lets it go. */
static void
give_back(struct gong_line_order *order, struct waiting *item)
{
    order->held -= weight(item);
    if (order->spare_count < SPARES_MAX) {
        order->spares[order->spare_count++] = *item;
    } else {
        free_buffers(item);
    }
}

/* Puts the lines of a later item of the same millisecond behind those of to. */
static enum gong_err
join(struct gong_line_order *order, struct waiting *to, struct waiting *from)
{
    size_t before = weight(to);
    size_t shift = to->len - NAMES;
    enum gong_err err = make_room(to, from->len - NAMES);

    for (size_t i = 0; i < from->part_count && err == GONG_OK; i++) {
        err = add_part(to, (struct gong_line_part){from->parts[i].at + shift,
                                                   from->parts[i].line});
    }
    order->held += weight(to) - before;
    if (err != GONG_OK) {
        return err;
    }
    memcpy(to->bytes + to->len, from->bytes + NAMES, from->len - NAMES);
    to->len += from->len - NAMES;
    give_back(order, from);
    return GONG_OK;
}

static int
compare_items(const void *a, const void *b)
{
    const struct waiting *x = a;
    const struct waiting *y = b;

    if (x->ms != y->ms) {
        return x->ms < y->ms ? -1 : 1;
    }
    return x->number < y->number ? -1 : x->number > y->number;
}

/* All of them by rising ms. */
static enum gong_err
sort(struct gong_line_order *order)
{
    enum gong_err err = GONG_OK;
    size_t kept = 0;

    if (order->sorted == order->count) {
        return GONG_OK;
    }
    qsort(order->items, order->count, sizeof *order->items, compare_items);
    for (size_t i = 0; i < order->count; i++) {
        struct waiting *last = kept == 0 ? NULL : &order->items[kept - 1];

        if (last != NULL && last->ms == order->items[i].ms && err == GONG_OK) {
            err = join(order, last, &order->items[i]);
            if (err == GONG_OK) {
                continue;
            }
        }
        order->items[kept++] = order->items[i];
    }
    order->count = kept;
    order->sorted = kept;
    return err;
}

/* The item of a millisecond among those in order, and the last one, or NULL. */
static struct waiting *
find(const struct gong_line_order *order, int64_t ms)
{
    size_t low = 0;
    size_t high = order->sorted;

    if (order->count > 0 && order->items[order->count - 1].ms == ms) {
        return &order->items[order->count - 1];
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (order->items[middle].ms < ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < order->sorted && order->items[low].ms == ms
               ? &order->items[low]
               : NULL;
}

static enum gong_err
keep(struct gong_line_order *order, const struct gong_line_run *run)
{
    struct waiting *item = find(order, run->ms);
    size_t tail = order->count - order->sorted;
    enum gong_err err = GONG_OK;

    if (item == NULL && tail >= TAIL_MIN && tail >= order->sorted) {
        err = sort(order);
        item = find(order, run->ms);
    }
    if (err == GONG_OK && item == NULL) {
        err = add_item(order, run->ms);
        item = &order->items[order->count - 1];
    }
    return err == GONG_OK ? append(order, item, run) : err;
}

/* Hands out the first so many of items in order, oldest first. */
static enum gong_err
hand_out(struct gong_line_order *order, size_t count)
{
    enum gong_err err = GONG_OK;

    if (count == 0) {
        return GONG_OK;
    }
    for (size_t i = 0; i < count; i++) {
        struct waiting *item = &order->items[i];
        struct gong_line_run run = {item->ms,    item->bytes,      item->len,
                                    item->parts, item->part_count, 0};

        if (err == GONG_OK) {
            order->told = item->ms;
            err = order->take(order->ctx, &run);
        }
        give_back(order, item);
    }
    order->count -= count;
    order->sorted = order->count;
    memmove(order->items, order->items + count,
            order->count * sizeof *order->items);
    order->oldest = order->count == 0 ? INT64_MAX : order->items[0].ms;
    return err;
}

/* Hands out what is due, which is looked for only when something is. */
static enum gong_err
hand_out_due(struct gong_line_order *order)
{
    size_t count = 0;
    enum gong_err err = GONG_OK;

    if (order->newest - order->oldest <= order->tolerance) {
        return GONG_OK;
    }
    err = sort(order);
    while (count < order->count &&
           order->newest - order->items[count].ms > order->tolerance) {
        count++;
    }
    return err == GONG_OK ? hand_out(order, count) : err;
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
    return err == GONG_OK ? hand_out_due(order) : err;
}

enum gong_err
gong_line_order_end(struct gong_line_order *order)
{
    enum gong_err err = sort(order);

    return err == GONG_OK ? hand_out(order, order->count) : err;
}
