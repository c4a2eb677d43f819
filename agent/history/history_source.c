#include "agent/history/history_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/history/history_labels.h"
#include "agent/history/history_plan.h"
#include "agent/history/history_window.h"

/* A series of a selector; what the evaluator has as its number is the place. */
struct entry {
    struct gong_history_window window;
    size_t labels; /* in the source's bytes */
    size_t labels_len;
    size_t recent_first; /* in the source's list */
    uint32_t need;
};

struct selection {
    struct gong_history_need need;
    uint32_t first; /* of entries */
    uint32_t count;
};

struct gong_history_source {
    struct gong_history_source_options options;
    struct gong_history_loader loader;
    struct selection *selections; /* by place in the tree */
    size_t selection_count;
    struct entry *entries;
    size_t count;
    size_t capacity;
    uint32_t *numbers; /* 0, 1, 2 ...: what select hands out */
    struct gong_buffer labels;
    struct gong_samples recent;
    bool begun;
    enum gong_err err;
    char text[160];
};

static enum gong_err
fail(struct gong_history_source *source, enum gong_err err)
{
    const struct gong_history_source_options *options = &source->options;

    if (source->err != GONG_OK || err == GONG_OK) {
        return err;
    }
    source->err = err;
    if (err == GONG_ERR_TOO_LARGE && source->count >= options->series_max) {
        (void)snprintf(source->text, sizeof source->text,
                       "found selectors of more than %zu series, expected "
                       "fewer: name more labels",
                       options->series_max);
    } else if (err == GONG_ERR_TOO_LARGE) {
        (void)snprintf(source->text, sizeof source->text,
                       "found more than %zu MiB of samples to hold at once, "
                       "expected less: fewer series, or a shorter range in "
                       "brackets",
                       options->bytes_max >> 20);
    } else {
        (void)snprintf(source->text, sizeof source->text, "%s",
                       gong_err_text(err));
    }
    return err;
}

static bool
goes_on(const struct gong_history_source *source)
{
    return source->options.goes_on == NULL ||
           source->options.goes_on(source->options.goes_on_ctx);
}

static struct gong_str
labels_of(const struct gong_history_source *source, const struct entry *entry)
{
    return gong_str_from((const char *)source->labels.data + entry->labels,
                         entry->labels_len);
}

static enum gong_err
grow(struct gong_history_source *source)
{
    size_t capacity = source->capacity == 0 ? 16 : source->capacity * 2;
    struct entry *entries;

    if (source->count < source->capacity) {
        return GONG_OK;
    }
    entries = realloc(source->entries, capacity * sizeof *entries);
    if (entries == NULL) {
        return GONG_ERR_MEMORY;
    }
    source->entries = entries;
    source->capacity = capacity;
    return GONG_OK;
}

/* What is held whatever is loaded. */
static size_t
held(const struct gong_history_source *source)
{
    return source->count * (sizeof *source->entries + sizeof *source->numbers) +
           source->labels.len +
           source->recent.capacity * sizeof *source->recent.data;
}

static enum gong_err
check_held(const struct gong_history_source *source)
{
    return held(source) > source->options.bytes_max ? GONG_ERR_TOO_LARGE
                                                    : GONG_OK;
}

static enum gong_err
add_entry(void *ctx, uint32_t series, struct gong_str labels)
{
    struct gong_history_source *source = ctx;
    struct entry entry = {.window = {.series = series},
                          .labels = source->labels.len,
                          .labels_len = labels.len,
                          .need = (uint32_t)source->selection_count};
    enum gong_err err;

    if (source->count >= source->options.series_max) {
        return GONG_ERR_TOO_LARGE;
    }
    err = grow(source);
    if (err == GONG_OK) {
        err = gong_buffer_append(&source->labels, labels.data, labels.len);
    }
    if (err == GONG_OK) {
        source->entries[source->count++] = entry;
        err = check_held(source);
    }
    return err;
}

/* One label set in the order of the evaluator. */
struct key {
    struct gong_str labels;
    struct entry entry;
};

static int
compare_keys(const void *a, const void *b)
{
    const struct key *x = a;
    const struct key *y = b;
    struct gong_label_view first[GONG_LABELSET_MAX];
    struct gong_label_view second[GONG_LABELSET_MAX];
    size_t first_count = 0;
    size_t second_count = 0;

    if (!gong_history_labels_get(x->labels, first, &first_count) ||
        !gong_history_labels_get(y->labels, second, &second_count)) {
        return 0;
    }
    return gong_labels_compare(first, first_count, second, second_count);
}

static enum gong_err
sort_entries(struct gong_history_source *source, size_t first)
{
    size_t count = source->count - first;
    struct key *keys = calloc(count + 1, sizeof *keys);

    if (keys == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        keys[i].entry = source->entries[first + i];
        keys[i].labels = labels_of(source, &keys[i].entry);
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++) {
        source->entries[first + i] = keys[i].entry;
    }
    free(keys);
    return GONG_OK;
}

/* What is not in the file when the reader begins must be here before. */
static enum gong_err
copy_recent(struct gong_history_source *source, struct entry *entry,
            const struct gong_history_need *need)
{
    const struct gong_history_recent *recent = source->options.recent;
    enum gong_err err = GONG_OK;

    entry->recent_first = source->recent.count;
    if (recent != NULL && need->from_ms <= need->to_ms) {
        err = recent->read(recent->ctx, entry->window.series, need->from_ms,
                           need->to_ms, &source->recent);
    }
    entry->window.recent.count = source->recent.count - entry->recent_first;
    return err;
}

static bool
have_same_matchers(const struct gong_expr_node *a,
                   const struct gong_expr_node *b)
{
    bool same = a->matcher_count == b->matcher_count;

    for (size_t i = 0; same && i < a->matcher_count; i++) {
        const struct gong_matcher *x = &a->matchers[i];
        const struct gong_matcher *y = &b->matchers[i];

        same = x->op == y->op && strcmp(x->name, y->name) == 0 &&
               strcmp(x->value, y->value) == 0;
    }
    return same;
}

/* A selector that asks the same as one before has its series: both go through
 * time together. */
static const struct selection *
find_twin(const struct gong_history_source *source,
          const struct gong_history_need *need)
{
    const struct gong_expr_node *nodes = source->options.expr->nodes;

    for (size_t i = 0; i < source->selection_count; i++) {
        const struct gong_history_need *other = &source->selections[i].need;

        if (other->from_ms == need->from_ms && other->to_ms == need->to_ms &&
            other->reach_ms == need->reach_ms &&
            other->lookback_ms == need->lookback_ms &&
            other->value == need->value && other->exact == need->exact &&
            have_same_matchers(&nodes[other->node], &nodes[need->node])) {
            return &source->selections[i];
        }
    }
    return NULL;
}

static enum gong_err
select_series(struct gong_history_source *source,
              const struct gong_history_need *need)
{
    const struct selection *twin = find_twin(source, need);
    const struct gong_expr_node *node =
        &source->options.expr->nodes[need->node];
    struct gong_history_choice choice = {.matchers = node->matchers,
                                         .matcher_count = node->matcher_count,
                                         .from_ms = need->from_ms,
                                         .to_ms = need->to_ms,
                                         .visible = source->options.visible,
                                         .visible_ctx =
                                             source->options.visible_ctx};
    size_t first = source->count;
    enum gong_err err = GONG_OK;

    if (twin != NULL) {
        source->selections[source->selection_count++] =
            (struct selection){*need, twin->first, twin->count};
        return GONG_OK;
    }
    if (need->from_ms <= need->to_ms) {
        err = gong_history_reader_each(source->options.reader, &choice,
                                       add_entry, source);
    }
    if (err == GONG_OK) {
        err = sort_entries(source, first);
    }
    for (size_t i = first; i < source->count && err == GONG_OK; i++) {
        err = copy_recent(source, &source->entries[i], need);
        if (err == GONG_OK) {
            /* Each selector has a copy of its own: many must not add up. */
            err = check_held(source);
        }
        if (err == GONG_OK && !goes_on(source)) {
            err = GONG_ERR_TIMEOUT;
        }
    }
    source->selections[source->selection_count++] = (struct selection){
        *need, (uint32_t)first, (uint32_t)(source->count - first)};
    return err;
}

static enum gong_err
select_all(struct gong_history_source *source)
{
    const struct gong_history_source_options *options = &source->options;
    struct gong_history_instants instants = {
        .start_ms = options->start_ms,
        .end_ms = options->end_ms,
        .step_ms = options->step_ms,
        .lookback_ms = options->lookback_ms > 0 ? options->lookback_ms
                                                : GONG_EVAL_LOOKBACK_MS,
        .subquery_step_ms = options->subquery_step_ms > 0
                                ? options->subquery_step_ms
                                : GONG_EVAL_STEP_MS,
    };
    struct gong_history_need *needs = NULL;
    size_t count = 0;
    enum gong_err err =
        gong_history_plan(options->expr, &instants, &needs, &count);

    source->selections = calloc(count + 1, sizeof *source->selections);
    if (err == GONG_OK && source->selections == NULL) {
        err = GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < count && err == GONG_OK; i++) {
        err = select_series(source, &needs[i]);
    }
    free(needs);
    return err;
}

/* What was copied stands still now. */
static enum gong_err
number_series(struct gong_history_source *source)
{
    source->numbers = calloc(source->count + 1, sizeof *source->numbers);
    if (source->numbers == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < source->count; i++) {
        struct entry *entry = &source->entries[i];

        source->numbers[i] = (uint32_t)i;
        if (entry->window.recent.count > 0) {
            entry->window.recent.data =
                source->recent.data + entry->recent_first;
        }
    }
    source->loader.bytes = held(source);
    return check_held(source);
}

/* Where only coarser samples than it needs are left, an instant selector looks
 * further back. */
static void
widen(struct gong_history_source *source)
{
    int64_t more = gong_resolution_ms(GONG_RESOLUTION_1H);

    for (size_t i = 0; i < source->selection_count; i++) {
        struct gong_history_need *need = &source->selections[i].need;

        if (source->options.rollups && need->lookback_ms > 0 &&
            need->from_ms < source->loader.oldest[need->exact]) {
            need->from_ms = need->from_ms > more ? need->from_ms - more : 0;
            need->reach_ms += more;
        }
    }
}

static enum gong_err
prepare(struct gong_history_source *source)
{
    struct gong_history_reader *reader = source->options.reader;
    enum gong_err err;

    gong_history_reader_recent(reader, source->options.recent);
    gong_history_reader_patience(reader, source->options.goes_on,
                                 source->options.goes_on_ctx);
    err = select_all(source);
    if (err == GONG_OK) {
        err = number_series(source);
    }
    if (err == GONG_OK) {
        err = gong_history_reader_begin(reader);
        source->begun = err == GONG_OK;
    }
    if (err == GONG_OK) {
        source->loader.reader = reader;
        source->loader.rollups = source->options.rollups;
        source->loader.bytes_max = source->options.bytes_max;
        gong_history_loader_begin(&source->loader);
        widen(source);
    }
    return err;
}

enum gong_err
gong_history_source_new(const struct gong_history_source_options *options,
                        struct gong_history_source **out)
{
    struct gong_history_source *source = calloc(1, sizeof *source);

    *out = source;
    if (source == NULL) {
        return GONG_ERR_MEMORY;
    }
    source->options = *options;
    return fail(source, prepare(source));
}

void
gong_history_source_free(struct gong_history_source *source)
{
    if (source == NULL) {
        return;
    }
    if (source->begun) {
        gong_history_reader_end(source->options.reader);
    }
    gong_history_reader_patience(source->options.reader, NULL, NULL);
    gong_history_reader_recent(source->options.reader, NULL);
    for (size_t i = 0; i < source->count; i++) {
        gong_history_window_fini(&source->entries[i].window, &source->loader);
    }
    gong_history_loader_fini(&source->loader);
    gong_buffer_fini(&source->labels);
    gong_samples_fini(&source->recent);
    free(source->entries);
    free(source->numbers);
    free(source->selections);
    free(source);
}

static enum gong_err
view_select(void *ctx, const struct gong_expr_node *selector, uint32_t index,
            const uint32_t **series, size_t *count)
{
    const struct gong_history_source *source = ctx;

    (void)selector;
    *count = 0;
    *series = source->numbers;
    for (size_t i = 0; i < source->selection_count; i++) {
        const struct selection *selection = &source->selections[i];

        if (selection->need.node == index) {
            *series = source->numbers + selection->first;
            *count = selection->count;
            return source->err;
        }
    }
    return GONG_ERR_INVALID;
}

static size_t
view_labels(void *ctx, uint32_t series, struct gong_label_view *out)
{
    const struct gong_history_source *source = ctx;
    size_t count = 0;

    return gong_history_labels_get(labels_of(source, &source->entries[series]),
                                   out, &count)
               ? count
               : 0;
}

/* What of [from, to] the need covers is then in the window; false: nothing, or
 * the source has failed. */
static bool
load(struct gong_history_source *source, struct entry *entry, int64_t *from,
     int64_t *to)
{
    const struct gong_history_need *need =
        &source->selections[entry->need].need;
    struct gong_history_window *window = &entry->window;

    *from = *from < need->from_ms ? need->from_ms : *from;
    *to = *to > need->to_ms ? need->to_ms : *to;
    if (*from > *to || source->err != GONG_OK) {
        return false;
    }
    if (*from >= window->lo && *to < window->hi) {
        window->latest = *to > window->latest ? *to : window->latest;
        return true;
    }
    if (!goes_on(source)) {
        (void)fail(source, GONG_ERR_TIMEOUT);
        return false;
    }
    return fail(source, gong_history_window_load(window, &source->loader, need,
                                                 *from, *to)) == GONG_OK;
}

/* Samples with a lesser time. */
static size_t
count_before(const struct gong_samples *samples, int64_t ms)
{
    size_t low = 0;
    size_t high = samples->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (samples->data[middle].ms < ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static const struct gong_sample *
view_window(void *ctx, uint32_t series, int64_t from, int64_t to, size_t *count)
{
    struct gong_history_source *source = ctx;
    struct entry *entry = &source->entries[series];
    size_t first;

    *count = 0;
    if (!load(source, entry, &from, &to)) {
        return NULL;
    }
    first = count_before(&entry->window.loaded, from);
    *count = count_before(&entry->window.loaded, to + 1) - first;
    return *count == 0 ? NULL : entry->window.loaded.data + first;
}

static bool
view_newest(void *ctx, uint32_t series, int64_t from, int64_t to,
            struct gong_sample *out)
{
    struct gong_history_source *source = ctx;
    struct entry *entry = &source->entries[series];
    int64_t until = 0;
    int64_t wide =
        from - gong_history_window_slack(&source->loader,
                                         &source->selections[entry->need].need,
                                         to, &until);
    const struct gong_samples *loaded = &entry->window.loaded;
    size_t end;

    if (!load(source, entry, &wide, &to)) {
        return false;
    }
    end = count_before(loaded, to + 1);
    if (end == 0) {
        return false;
    }
    if (loaded->data[end - 1].ms < from &&
        (loaded->data[end - 1].ms < wide ||
         loaded->data[end - 1].ms >= until)) {
        return false;
    }
    *out = loaded->data[end - 1];
    return true;
}

struct gong_eval_source
gong_history_source_view(struct gong_history_source *source)
{
    return (struct gong_eval_source){.ctx = source,
                                     .select = view_select,
                                     .labels = view_labels,
                                     .window = view_window,
                                     .newest = view_newest};
}

enum gong_err
gong_history_source_failed(const struct gong_history_source *source,
                           const char **text)
{
    if (text != NULL) {
        *text = source->text;
    }
    return source->err;
}

unsigned
gong_history_source_used(const struct gong_history_source *source)
{
    return source->loader.used;
}

unsigned
gong_history_source_coarse(const struct gong_history_source *source)
{
    return source->loader.coarse;
}

uint64_t
gong_history_source_damaged(const struct gong_history_source *source)
{
    return gong_history_reader_damaged(source->options.reader);
}
