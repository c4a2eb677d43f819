#include "rules/engine/eval_memory.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/labelset.h"
#include "rules/engine/match.h"

struct samples {
    struct gong_sample *list;
    size_t count;
    size_t capacity;
};

/* What a selector took when there were so many series. */
struct selection {
    struct gong_matcher *matchers; /* owned, as their texts are */
    size_t matcher_count;
    uint32_t series_count;
    uint32_t *series;
    size_t count;
};

struct gong_eval_memory {
    struct gong_budget budget;
    struct gong_hash_key key;
    struct gong_symbols symbols;
    struct gong_labelsets sets; /* a series is the number of its label set */
    struct samples *series;     /* by number */
    uint32_t capacity;
    size_t sample_bytes;
    uint32_t *order; /* the first ordered series, by labels */
    uint32_t ordered;
    struct selection **selections;
    size_t selection_count;
};

struct gong_eval_memory *
gong_eval_memory_new(void)
{
    struct gong_eval_memory *memory = calloc(1, sizeof(*memory));

    if (memory != NULL) {
        gong_symbols_init(&memory->symbols, &memory->budget, &memory->key);
        gong_labelsets_init(&memory->sets, &memory->symbols, &memory->budget);
    }
    return memory;
}

static void
free_selection(struct selection *selection)
{
    for (size_t i = 0; i < selection->matcher_count; i++) {
        free(selection->matchers[i].name);
        free(selection->matchers[i].value);
    }
    free(selection->matchers);
    free(selection->series);
    free(selection);
}

uint32_t
gong_eval_memory_count(const struct gong_eval_memory *memory)
{
    uint32_t count = memory->sets.sets.count;

    return count == 0 ? 0 : count - 1;
}

size_t
gong_eval_memory_bytes(const struct gong_eval_memory *memory)
{
    return sizeof(*memory) + memory->budget.used + memory->sample_bytes +
           memory->capacity * sizeof *memory->series;
}

void
gong_eval_memory_free(struct gong_eval_memory *memory)
{
    if (memory == NULL) {
        return;
    }
    for (size_t i = 0; i < memory->selection_count; i++) {
        free_selection(memory->selections[i]);
    }
    free(memory->selections);
    for (uint32_t i = 0; i < memory->capacity; i++) {
        free(memory->series[i].list);
    }
    free(memory->series);
    free(memory->order);
    gong_labelsets_fini(&memory->sets);
    gong_symbols_fini(&memory->symbols);
    free(memory);
}

/* Room for a series whose number is one past the last. */
static bool
make_room(struct gong_eval_memory *memory)
{
    uint32_t need = gong_eval_memory_count(memory) + 2;
    uint32_t capacity = memory->capacity == 0 ? 16 : memory->capacity * 2;
    struct samples *series = NULL;

    if (need <= memory->capacity) {
        return true;
    }
    series = realloc(memory->series, capacity * sizeof *series);
    if (series == NULL) {
        return false;
    }
    memset(series + memory->capacity, 0,
           (capacity - memory->capacity) * sizeof *series);
    memory->series = series;
    memory->capacity = capacity;
    return true;
}

static bool
has_name_twice(const struct gong_label_view *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            if (gong_str_equal(labels[i].name, labels[j].name)) {
                return true;
            }
        }
    }
    return false;
}

enum gong_err
gong_eval_memory_series(struct gong_eval_memory *memory,
                        const struct gong_label_view *labels, size_t count,
                        uint32_t *series)
{
    struct gong_label_pair pairs[GONG_LABELSET_MAX];
    size_t used = 0;

    if (count > GONG_LABELSET_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    if (has_name_twice(labels, count)) {
        return GONG_ERR_INVALID;
    }
    if (!make_room(memory)) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        if (labels[i].value.len == 0) {
            continue;
        }
        if (!gong_label_intern(&memory->symbols, labels[i].name,
                               labels[i].value, &pairs[used++])) {
            return GONG_ERR_MEMORY;
        }
    }
    *series = gong_labelset_intern(&memory->sets, pairs, used);
    return *series == 0 ? GONG_ERR_MEMORY : GONG_OK;
}

enum gong_err
gong_eval_memory_append(struct gong_eval_memory *memory, uint32_t series,
                        int64_t ms, double value)
{
    struct samples *samples = &memory->series[series];

    if (samples->count > 0 && ms <= samples->list[samples->count - 1].ms) {
        return GONG_ERR_INVALID;
    }
    if (samples->count == samples->capacity) {
        size_t capacity = samples->capacity == 0 ? 8 : samples->capacity * 2;
        struct gong_sample *list =
            realloc(samples->list, capacity * sizeof *list);

        if (list == NULL) {
            return GONG_ERR_MEMORY;
        }
        memory->sample_bytes += (capacity - samples->capacity) * sizeof *list;
        samples->list = list;
        samples->capacity = capacity;
    }
    samples->list[samples->count++] = (struct gong_sample){ms, value};
    return GONG_OK;
}

/* How many samples are older than ms. */
static size_t
count_before(const struct samples *samples, int64_t ms)
{
    size_t low = 0;
    size_t high = samples->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (samples->list[middle].ms < ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void
gong_eval_memory_forget(struct gong_eval_memory *memory, int64_t before_ms)
{
    for (uint32_t i = 1; i <= gong_eval_memory_count(memory); i++) {
        struct samples *samples = &memory->series[i];
        size_t old = count_before(samples, before_ms);

        if (old != 0) {
            samples->count -= old;
            memmove(samples->list, samples->list + old,
                    samples->count * sizeof *samples->list);
        }
    }
}

size_t
gong_eval_memory_labels(const struct gong_eval_memory *memory, uint32_t series,
                        struct gong_label_view *out)
{
    return gong_labelset_views(&memory->sets, series, out);
}

const struct gong_sample *
gong_eval_memory_samples(const struct gong_eval_memory *memory, uint32_t series,
                         size_t *count)
{
    *count = memory->series[series].count;
    return memory->series[series].list;
}

/* from[at..middle) and from[middle..end) are sorted; to[at..end) becomes so. */
static void
merge(const struct gong_eval_memory *memory, const uint32_t *from, uint32_t *to,
      const uint32_t bounds[3])
{
    uint32_t left = bounds[0];
    uint32_t right = bounds[1];

    for (uint32_t i = bounds[0]; i < bounds[2]; i++) {
        bool take_left = right == bounds[2] ||
                         (left < bounds[1] &&
                          gong_labelset_compare(&memory->sets, from[left],
                                                from[right]) <= 0);

        to[i] = take_left ? from[left++] : from[right++];
    }
}

/* Series come in any order, often sorted ones at once: merge sort of all, which
 * takes a few comparisons each. */
static bool
sort_series(struct gong_eval_memory *memory)
{
    uint32_t count = gong_eval_memory_count(memory);
    uint32_t *order = NULL;
    uint32_t *other = NULL;

    if (memory->ordered == count) {
        return true;
    }
    order = calloc((size_t)count + 1, sizeof *order);
    other = calloc((size_t)count + 1, sizeof *other);
    if (order == NULL || other == NULL) {
        free(order);
        free(other);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        order[i] = i + 1;
    }
    for (uint64_t width = 1; width < count; width *= 2) {
        uint32_t *swap = order;

        for (uint64_t at = 0; at < count; at += 2 * width) {
            uint64_t middle = at + width < count ? at + width : count;
            uint64_t end = middle + width < count ? middle + width : count;

            merge(memory, order, other,
                  (uint32_t[]){(uint32_t)at, (uint32_t)middle, (uint32_t)end});
        }
        order = other;
        other = swap;
    }
    free(other);
    free(memory->order);
    memory->order = order;
    memory->ordered = count;
    return true;
}

static bool
is_selection_of(const struct selection *selection,
                const struct gong_expr_node *node)
{
    if (selection->matcher_count != node->matcher_count) {
        return false;
    }
    for (size_t i = 0; i < node->matcher_count; i++) {
        const struct gong_matcher *a = &selection->matchers[i];
        const struct gong_matcher *b = &node->matchers[i];

        if (a->op != b->op || strcmp(a->name, b->name) != 0 ||
            strcmp(a->value, b->value) != 0) {
            return false;
        }
    }
    return true;
}

static char *
copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);

    return copy == NULL ? NULL : memcpy(copy, text, size);
}

static bool
copy_matchers(struct selection *selection, const struct gong_expr_node *node)
{
    selection->matchers =
        calloc(node->matcher_count + 1, sizeof *selection->matchers);
    if (selection->matchers == NULL) {
        return false;
    }
    selection->matcher_count = node->matcher_count;
    for (size_t i = 0; i < node->matcher_count; i++) {
        struct gong_matcher *matcher = &selection->matchers[i];

        matcher->op = node->matchers[i].op;
        matcher->name = copy_text(node->matchers[i].name);
        matcher->value = copy_text(node->matchers[i].value);
        if (matcher->name == NULL || matcher->value == NULL) {
            return false;
        }
    }
    return true;
}

static struct selection *
add_selection(struct gong_eval_memory *memory,
              const struct gong_expr_node *node)
{
    struct selection *selection = calloc(1, sizeof *selection);
    struct selection **all =
        realloc(memory->selections,
                (memory->selection_count + 1) * sizeof(struct selection *));

    if (all != NULL) {
        memory->selections = all;
    }
    if (selection == NULL) {
        return NULL;
    }
    if (all == NULL || !copy_matchers(selection, node)) {
        free_selection(selection);
        return NULL;
    }
    memory->selections[memory->selection_count++] = selection;
    return selection;
}

static struct selection *
find_selection(struct gong_eval_memory *memory,
               const struct gong_expr_node *node)
{
    for (size_t i = 0; i < memory->selection_count; i++) {
        if (is_selection_of(memory->selections[i], node)) {
            return memory->selections[i];
        }
    }
    return add_selection(memory, node);
}

static enum gong_err
match_series(const struct gong_eval_memory *memory, struct selection *selection,
             struct gong_matchers *matchers)
{
    struct gong_label_view labels[GONG_LABELSET_MAX];

    selection->count = 0;
    for (uint32_t i = 0; i < memory->ordered; i++) {
        size_t count =
            gong_labelset_views(&memory->sets, memory->order[i], labels);

        switch (gong_matchers_all(matchers, labels, count)) {
        case GONG_MATCH_YES:
            selection->series[selection->count++] = memory->order[i];
            break;
        case GONG_MATCH_NO:
            break;
        case GONG_MATCH_UNKNOWN:
            return GONG_ERR_INVALID;
        }
    }
    selection->series_count = memory->ordered;
    return GONG_OK;
}

static enum gong_err
fill_selection(const struct gong_eval_memory *memory,
               struct selection *selection)
{
    size_t size = ((size_t)memory->ordered + 1) * sizeof *selection->series;
    uint32_t *series = realloc(selection->series, size);
    struct gong_expr_error error = {0};
    struct gong_matchers *matchers = NULL;
    enum gong_err err = GONG_OK;

    if (series == NULL) {
        return GONG_ERR_MEMORY;
    }
    selection->series = series;
    matchers = gong_matchers_new(selection->matchers, selection->matcher_count,
                                 &error);
    if (matchers == NULL) {
        return GONG_ERR_INVALID;
    }
    err = match_series(memory, selection, matchers);
    gong_matchers_free(matchers);
    return err;
}

static enum gong_err
source_select(void *ctx, const struct gong_expr_node *selector, uint32_t index,
              const uint32_t **series, size_t *count)
{
    struct gong_eval_memory *memory = ctx;
    struct selection *selection = NULL;
    enum gong_err err = GONG_OK;

    (void)index;
    if (!sort_series(memory)) {
        return GONG_ERR_MEMORY;
    }
    selection = find_selection(memory, selector);
    if (selection == NULL) {
        return GONG_ERR_MEMORY;
    }
    if (selection->series == NULL ||
        selection->series_count != memory->ordered) {
        selection->series_count = UINT32_MAX; /* if it fails half way */
        err = fill_selection(memory, selection);
    }
    *series = selection->series;
    *count = selection->count;
    return err;
}

static size_t
source_labels(void *ctx, uint32_t series, struct gong_label_view *out)
{
    return gong_eval_memory_labels(ctx, series, out);
}

static size_t
count_until(const struct samples *samples, int64_t ms)
{
    return ms == INT64_MAX ? samples->count : count_before(samples, ms + 1);
}

static const struct gong_sample *
source_window(void *ctx, uint32_t series, int64_t from, int64_t to,
              size_t *count)
{
    const struct gong_eval_memory *memory = ctx;
    const struct samples *samples = &memory->series[series];
    size_t first = count_before(samples, from);
    size_t end = count_until(samples, to);

    *count = end > first ? end - first : 0;
    return *count == 0 ? NULL : samples->list + first;
}

static bool
source_newest(void *ctx, uint32_t series, int64_t from, int64_t to,
              struct gong_sample *out)
{
    const struct gong_eval_memory *memory = ctx;
    const struct samples *samples = &memory->series[series];
    size_t end = count_until(samples, to);

    if (end == 0 || samples->list[end - 1].ms < from) {
        return false;
    }
    *out = samples->list[end - 1];
    return true;
}

struct gong_eval_source
gong_eval_memory_source(struct gong_eval_memory *memory)
{
    return (struct gong_eval_source){.ctx = memory,
                                     .select = source_select,
                                     .labels = source_labels,
                                     .window = source_window,
                                     .newest = source_newest};
}
