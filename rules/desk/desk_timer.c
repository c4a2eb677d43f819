#include "rules/desk/desk_timer.h"

#include <stdlib.h>

void
gong_desk_heap_fini(struct gong_desk_heap *heap)
{
    free(heap->items);
    *heap = (struct gong_desk_heap){0};
}

static bool
before(const struct gong_desk_timer *a, const struct gong_desk_timer *b)
{
    if (a->due != b->due) {
        return a->due < b->due;
    }
    if (a->kind != b->kind) {
        return a->kind < b->kind;
    }
    if (a->number != b->number) {
        return a->number < b->number;
    }
    return gong_str_compare(a->key, b->key) < 0;
}

static void
stand(struct gong_desk_heap *heap, struct gong_desk_timer *timer, size_t place)
{
    heap->items[place - 1] = timer;
    timer->place = place;
}

static void
rise(struct gong_desk_heap *heap, struct gong_desk_timer *timer)
{
    size_t place = timer->place;

    while (place > 1 && before(timer, heap->items[place / 2 - 1])) {
        stand(heap, heap->items[place / 2 - 1], place);
        place /= 2;
    }
    stand(heap, timer, place);
}

static void
sink(struct gong_desk_heap *heap, struct gong_desk_timer *timer)
{
    size_t place = timer->place;

    for (;;) {
        size_t child = 2 * place;

        if (child > heap->count) {
            break;
        }
        if (child < heap->count &&
            before(heap->items[child], heap->items[child - 1])) {
            child++;
        }
        if (!before(heap->items[child - 1], timer)) {
            break;
        }
        stand(heap, heap->items[child - 1], place);
        place = child;
    }
    stand(heap, timer, place);
}

static void
take_out(struct gong_desk_heap *heap, struct gong_desk_timer *timer)
{
    struct gong_desk_timer *last = heap->items[heap->count - 1];
    size_t place = timer->place;

    heap->count--;
    timer->place = 0;
    if (last != timer) {
        stand(heap, last, place);
        rise(heap, last);
        sink(heap, last);
    }
}

static bool
reserve(struct gong_desk_heap *heap)
{
    size_t capacity = heap->capacity == 0 ? 64 : heap->capacity * 2;
    struct gong_desk_timer **items = NULL;

    if (heap->count < heap->capacity) {
        return true;
    }
    items = realloc(heap->items, capacity * sizeof(struct gong_desk_timer *));
    if (items == NULL) {
        return false;
    }
    heap->items = items;
    heap->capacity = capacity;
    return true;
}

bool
gong_desk_heap_set(struct gong_desk_heap *heap, struct gong_desk_timer *timer,
                   int64_t due)
{
    timer->due = due;
    if (due == GONG_DESK_NEVER) {
        if (timer->place != 0) {
            take_out(heap, timer);
        }
        return true;
    }
    if (timer->place == 0) {
        if (!reserve(heap)) {
            return false;
        }
        heap->count++;
        stand(heap, timer, heap->count);
    }
    rise(heap, timer);
    sink(heap, timer);
    return true;
}

struct gong_desk_timer *
gong_desk_heap_first(const struct gong_desk_heap *heap)
{
    return heap->count == 0 ? NULL : heap->items[0];
}
