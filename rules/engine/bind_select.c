/* bind_select: the series of a selector in the order of their labels, as the
 * evaluator wants them. New ones are sorted and merged in when they are asked
 * for. */
#include "rules/engine/bind_private.h"

static int
compare_labels(const struct gong_binds *binds, uint32_t a, uint32_t b)
{
    struct gong_label_view of_a[GONG_LABELSET_MAX];
    struct gong_label_view of_b[GONG_LABELSET_MAX];
    size_t count = gong_bind_views(binds, a, of_a);

    return gong_labels_compare(of_a, count, of_b,
                               gong_bind_views(binds, b, of_b));
}

/* Merges numbers [start, middle) and [middle, end) into to. */
static void
merge(const struct gong_binds *binds, const uint32_t *from, uint32_t *to,
      uint32_t start, uint32_t middle, uint32_t end)
{
    uint32_t a = start;
    uint32_t b = middle;

    for (uint32_t i = start; i < end; i++) {
        bool left = b == end || (a < middle &&
                                 compare_labels(binds, from[a], from[b]) <= 0);

        to[i] = from[left ? a : b];
        a += left;
        b += !left;
    }
}

/* Sorts count numbers; the result lies in numbers. */
static void
sort(const struct gong_binds *binds, uint32_t *numbers, uint32_t *scratch,
     uint32_t count)
{
    for (uint32_t run = 1; run < count; run *= 2) {
        for (uint32_t start = 0; start < count; start += 2 * run) {
            uint32_t middle = count - start < run ? count : start + run;
            uint32_t end = count - start < 2 * run ? count : start + 2 * run;

            merge(binds, numbers, scratch, start, middle, end);
            if (count - start <= 2 * run) {
                break;
            }
        }
        memcpy(numbers, scratch, count * sizeof *numbers);
    }
}

enum gong_err
gong_bind_selected(struct gong_binds *binds, uint32_t read,
                   const uint32_t **series, size_t *count)
{
    struct gong_selected *selected = &binds->selected[read];
    struct gong_arena *list = &selected->series;
    uint32_t total = list->count == 0 ? 0 : list->count - 1;
    uint32_t *numbers = NULL;

    *count = total;
    *series = NULL;
    if (total == 0) {
        return GONG_OK;
    }
    numbers = gong_bind_number_at(list, 1);
    if (selected->sorted < total) {
        gong_arena_clear(&binds->order);
        if (gong_arena_add(&binds->order, total) == 0) {
            return GONG_ERR_MEMORY;
        }
        sort(binds, numbers + selected->sorted,
             gong_bind_number_at(&binds->order, 1), total - selected->sorted);
        merge(binds, numbers, gong_bind_number_at(&binds->order, 1), 0,
              selected->sorted, total);
        memcpy(numbers, gong_bind_number_at(&binds->order, 1),
               total * sizeof *numbers);
        selected->sorted = total;
    }
    *series = numbers;
    return GONG_OK;
}
