/* model_keys: texts to places. */
#include "rules/model/model_private.h"

#include <stdlib.h>
#include <string.h>

bool
gong_model_keys_make(struct gong_model_keys *keys, size_t count)
{
    keys->items = calloc(count == 0 ? 1 : count, sizeof *keys->items);
    keys->count = 0;
    return keys->items != NULL;
}

void
gong_model_keys_add(struct gong_model_keys *keys, const char *text,
                    size_t index)
{
    keys->items[keys->count++] = (struct gong_model_key){text, index};
}

static int
compare(const void *a, const void *b)
{
    const struct gong_model_key *x = a;
    const struct gong_model_key *y = b;
    int order = strcmp(x->text, y->text);

    if (order != 0) {
        return order;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

void
gong_model_keys_sort(struct gong_model_keys *keys)
{
    if (keys->count > 1) {
        qsort(keys->items, keys->count, sizeof *keys->items, compare);
    }
}

size_t
gong_model_keys_find(const struct gong_model_keys *keys, struct gong_str text)
{
    size_t low = 0;
    size_t high = keys->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (gong_str_compare(gong_str_of(keys->items[middle].text), text) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < keys->count && gong_str_is(text, keys->items[low].text)
               ? keys->items[low].index
               : GONG_MODEL_NONE;
}

size_t
gong_model_keys_of(const struct gong_model_keys *keys, const char *text)
{
    return gong_model_keys_find(keys, gong_str_of(text));
}
