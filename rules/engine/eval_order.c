#include "rules/engine/eval_order.h"

#include <math.h>
#include <string.h>

#define SHORT 12 /* insertion sort up to here */

/* Whether a leaves a heap of the greatest (or least) before b does. */
static bool
leaves(double a, double b, bool greatest)
{
    return isnan(a) || (greatest ? a < b : a > b);
}

static void
swap(struct gong_eval_sample *items, size_t a, size_t b)
{
    struct gong_eval_sample kept = items[a];

    items[a] = items[b];
    items[b] = kept;
}

static void
heap_up(struct gong_eval_sample *heap, size_t at, bool greatest)
{
    while (at > 0) {
        size_t parent = (at - 1) / 2;

        if (!leaves(heap[at].value, heap[parent].value, greatest)) {
            return;
        }
        swap(heap, at, parent);
        at = parent;
    }
}

static void
heap_down(struct gong_eval_sample *heap, size_t count, bool greatest)
{
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= count) {
            return;
        }
        if (child + 1 < count &&
            leaves(heap[child + 1].value, heap[child].value, greatest)) {
            child++;
        }
        if (!leaves(heap[child].value, heap[at].value, greatest)) {
            return;
        }
        swap(heap, at, child);
        at = child;
    }
}

static void
sort_short(struct gong_eval_sample *items, size_t count, bool falling)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t j = i;
             j > 0 && leaves(items[j - 1].value, items[j].value, falling);
             j--) {
            swap(items, j, j - 1);
        }
    }
}

/* items[at..middle) and items[middle..end), each sorted, into to. Equal values
 * stay in their order, and so do NaN. */
static void
merge(const struct gong_eval_sample *items, struct gong_eval_sample *to,
      const size_t bounds[3], bool falling)
{
    size_t left = bounds[0];
    size_t right = bounds[1];

    for (size_t i = bounds[0]; i < bounds[2]; i++) {
        bool take_right =
            left == bounds[1] ||
            (right < bounds[2] &&
             leaves(items[left].value, items[right].value, falling) &&
             !leaves(items[right].value, items[left].value, falling));

        to[i] = take_right ? items[right++] : items[left++];
    }
}

void
gong_eval_sort(struct gong_eval_sample *items, size_t count,
               struct gong_eval_sample *spare, bool falling)
{
    struct gong_eval_sample *from = items;
    struct gong_eval_sample *to = spare;

    if (count <= SHORT) {
        sort_short(items, count, falling);
        return;
    }
    for (size_t width = 1; width < count; width *= 2) {
        struct gong_eval_sample *kept = from;

        for (size_t at = 0; at < count; at += 2 * width) {
            size_t middle = at + width < count ? at + width : count;
            size_t end = middle + width < count ? middle + width : count;

            merge(from, to, (size_t[]){at, middle, end}, falling);
        }
        from = to;
        to = kept;
    }
    if (from != items) {
        memcpy(items, from, count * sizeof *items);
    }
}

size_t
gong_eval_best(struct gong_eval_sample *items, size_t count, size_t k,
               struct gong_eval_sample *spare, bool greatest)
{
    size_t held = 0;

    for (size_t i = 0; i < count; i++) {
        struct gong_eval_sample item = items[i];

        if (held == k) {
            if (!isnan(items[0].value) &&
                !(greatest ? items[0].value < item.value
                           : items[0].value > item.value)) {
                continue;
            }
            held--;
            swap(items, 0, held);
            heap_down(items, held, greatest);
        }
        items[held++] = item; /* held <= i */
        heap_up(items, held - 1, greatest);
    }
    gong_eval_sort(items, held, spare, greatest);
    return held;
}
