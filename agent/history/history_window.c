#include "agent/history/history_window.h"

#include <stdlib.h>
#include <string.h>

/* Loading begins at a multiple of it: of the shortest roll-ups' length. */
#define SLICE_MS INT64_C(300000)

/* What is loaded at once: [from, until), whole slices. */
struct unit {
    enum gong_resolution resolution; /* GONG_RESOLUTIONS: nothing is there */
    int64_t from;
    int64_t until;
    bool coarse; /* it says less than the samples did that are gone */
};

static int64_t
least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t
block_start(enum gong_resolution resolution, int64_t block)
{
    return block * gong_resolution_span(resolution);
}

void
gong_history_loader_begin(struct gong_history_loader *loader)
{
    for (unsigned i = 0; i < GONG_RESOLUTIONS; i++) {
        int64_t to = 0;

        if (!gong_history_reader_span(loader->reader, (enum gong_resolution)i,
                                      &loader->oldest[i], &to)) {
            loader->oldest[i] = INT64_MAX;
        }
    }
}

void
gong_history_loader_fini(struct gong_history_loader *loader)
{
    gong_samples_fini(&loader->block);
    gong_rollups_fini(&loader->scratch);
}

void
gong_history_window_fini(struct gong_history_window *window,
                         struct gong_history_loader *loader)
{
    loader->bytes -= window->loaded.capacity * sizeof *window->loaded.data;
    gong_samples_fini(&window->loaded);
}

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

/* Where the block of the first sample from pos on begins that is not yet in the
 * file; INT64_MAX: none. */
static int64_t
next_recent(const struct gong_history_window *window, int64_t pos)
{
    size_t at = count_before(&window->recent, pos);

    return at == window->recent.count
               ? INT64_MAX
               : block_start(GONG_RESOLUTION_RAW,
                             gong_history_block(GONG_RESOLUTION_RAW,
                                                window->recent.data[at].ms));
}

/* Where the first block that holds something, or is open, begins; it may have
 * begun before pos. */
static int64_t
next_block(const struct gong_history_loader *loader,
           enum gong_resolution resolution, bool open, int64_t pos)
{
    int64_t block = gong_history_block(
        resolution, resolution == GONG_RESOLUTION_RAW ? pos : pos + 1);

    return gong_history_reader_next(loader->reader, resolution, open, &block)
               ? block_start(resolution, block)
               : INT64_MAX;
}

/* Roll-ups of 5 min say all of the raw samples from pos to here. Of the sample
 * on the first millisecond of what is not settled, which belongs to the
 * interval before, they may say nothing: it comes with the raw samples behind
 * it. */
static int64_t
settled_until(const struct gong_history_window *window,
              const struct gong_history_loader *loader, int64_t pos)
{
    return least(next_block(loader, GONG_RESOLUTION_RAW, true, pos),
                 next_recent(window, pos));
}

/* Whether, and until where, a resolution of roll-ups may stand for samples. */
static bool
choose_rollups(const struct gong_history_loader *loader,
               const struct gong_history_need *need, int64_t settled,
               struct unit *unit)
{
    enum gong_resolution resolution = unit->resolution;
    int64_t pos = unit->from;
    int64_t span = gong_resolution_span(resolution);

    unit->coarse = resolution > need->exact;
    if (pos < loader->oldest[resolution]) {
        return false;
    }
    unit->until =
        least(settled, (gong_history_block(resolution, pos + 1) + 1) * span);
    if (resolution == GONG_RESOLUTION_1H) {
        unit->until = least(unit->until,
                            next_block(loader, GONG_RESOLUTION_5M, true, pos));
    }
    /* Finer ones come first, as far as they are there. */
    for (unsigned i = 0; unit->coarse && i < resolution; i++) {
        unit->until = least(unit->until, loader->oldest[i]);
    }
    return unit->until > pos;
}

/* How much of a raw block is kept at once. */
static int64_t
slice(const struct gong_history_loader *loader)
{
    int64_t span = gong_resolution_span(GONG_RESOLUTION_RAW);

    if (loader->bytes <= loader->bytes_max / 2) {
        return span;
    }
    return loader->bytes <= loader->bytes_max / 4 * 3 ? span / 4 : SLICE_MS;
}

static struct unit
choose_unit(const struct gong_history_window *window,
            const struct gong_history_loader *loader,
            const struct gong_history_need *need, int64_t pos)
{
    int64_t raw = next_block(loader, GONG_RESOLUTION_RAW, false, pos);
    int64_t first = least(raw, next_recent(window, pos));
    int64_t settled = 0;
    struct unit unit = {GONG_RESOLUTIONS, pos, 0, false};

    for (unsigned i = GONG_RESOLUTION_1H; loader->rollups && i > 0; i--) {
        first = least(first,
                      next_block(loader, (enum gong_resolution)i, false, pos));
    }
    if (first > pos) {
        unit.until = least(first, GONG_HISTORY_MS_MAX + 1);
        return unit;
    }
    if (loader->rollups && (need->exact > GONG_RESOLUTION_RAW ||
                            pos < loader->oldest[GONG_RESOLUTION_RAW])) {
        settled = settled_until(window, loader, pos);
    }
    for (unsigned i = GONG_RESOLUTION_1H; i > 0 && settled > pos; i--) {
        unit.resolution = (enum gong_resolution)i;
        if (choose_rollups(loader, need, settled, &unit)) {
            return unit;
        }
    }
    unit.resolution = GONG_RESOLUTION_RAW;
    unit.coarse = false;
    unit.until =
        least(pos + slice(loader),
              block_start(GONG_RESOLUTION_RAW,
                          gong_history_block(GONG_RESOLUTION_RAW, pos) + 1));
    return unit;
}

static enum gong_err
put(struct gong_samples *samples, int64_t ms, double value)
{
    return gong_samples_add(samples, (struct gong_sample){ms, value});
}

/* One interval as what stands for its samples. */
static enum gong_err
put_interval(struct gong_samples *samples, const struct gong_rollup *rollup,
             enum gong_history_value value)
{
    double said = 1;
    enum gong_err err = GONG_OK;

    switch (value) {
    case GONG_HISTORY_LAST:
        return put(samples, rollup->last_ms, rollup->last);
    case GONG_HISTORY_MIN:
        said = rollup->min;
        break;
    case GONG_HISTORY_MAX:
        said = rollup->max;
        break;
    case GONG_HISTORY_PRESENT:
        break;
    }
    if (rollup->count > 0) {
        err = put(samples, rollup->end_ms - 1, said);
    }
    if (err == GONG_OK && rollup->last_ms == rollup->end_ms &&
        !gong_is_stale(rollup->last)) {
        err = put(samples, rollup->end_ms, rollup->last);
    }
    return err;
}

/* Room for so many more, and none to spare. */
static enum gong_err
reserve(struct gong_samples *samples, size_t more)
{
    size_t capacity = samples->count + more;
    struct gong_sample *data;

    if (capacity <= samples->capacity) {
        return GONG_OK;
    }
    data = realloc(samples->data, capacity * sizeof *data);
    if (data == NULL) {
        return GONG_ERR_MEMORY;
    }
    samples->data = data;
    samples->capacity = capacity;
    return GONG_OK;
}

/* Of a raw block what lies in [from, until). */
static enum gong_err
load_raw(struct gong_history_window *window, struct gong_history_loader *loader,
         int64_t from, int64_t until)
{
    struct gong_samples *block = &loader->block;
    struct gong_samples *loaded = &window->loaded;
    size_t first;
    size_t count;
    enum gong_err err;

    block->count = 0;
    err = gong_history_reader_block(
        loader->reader, window->series,
        gong_history_block(GONG_RESOLUTION_RAW, from), block);
    first = count_before(block, from);
    count = count_before(block, until) - first;
    if (err == GONG_OK && count > 0) {
        err = reserve(loaded, count);
    }
    if (err != GONG_OK || count == 0) {
        return err;
    }
    memcpy(loaded->data + loaded->count, block->data + first,
           count * sizeof *block->data);
    loaded->count += count;
    loader->used |= 1U << GONG_RESOLUTION_RAW;
    return GONG_OK;
}

static enum gong_err
read_rollups(struct gong_history_window *window,
             struct gong_history_loader *loader,
             enum gong_resolution resolution, int64_t end_ms)
{
    loader->scratch.count = 0;
    return gong_history_reader_rollups(
        loader->reader, resolution, window->series,
        gong_history_block(resolution, end_ms), &loader->scratch);
}

/* A sample right where roll-ups begin lies in an interval that is not loaded.
 */
static enum gong_err
load_edge(struct gong_history_window *window,
          struct gong_history_loader *loader, const struct unit *unit)
{
    struct gong_samples *loaded = &window->loaded;
    enum gong_err err = load_raw(window, loader, unit->from, unit->from + 1);

    if (err != GONG_OK || loader->block.count > 0) {
        return err;
    }
    err = read_rollups(window, loader, unit->resolution, unit->from);
    for (size_t i = loader->scratch.count; err == GONG_OK && i-- > 0;) {
        const struct gong_rollup *rollup = &loader->scratch.data[i];

        if (rollup->end_ms == unit->from && rollup->last_ms == unit->from) {
            return put(loaded, unit->from, rollup->last);
        }
    }
    return err;
}

static enum gong_err
load_rollups(struct gong_history_window *window,
             struct gong_history_loader *loader,
             const struct gong_history_need *need, const struct unit *unit)
{
    enum gong_err err = GONG_OK;

    if (window->rolled != unit->from) {
        err = load_edge(window, loader, unit);
    }
    if (err == GONG_OK) {
        err = read_rollups(window, loader, unit->resolution, unit->from + 1);
    }
    for (size_t i = 0; err == GONG_OK && i < loader->scratch.count; i++) {
        const struct gong_rollup *rollup = &loader->scratch.data[i];

        if (rollup->end_ms <= unit->from || rollup->end_ms > unit->until) {
            continue;
        }
        err = put_interval(&window->loaded, rollup, need->value);
        loader->used |= 1U << unit->resolution;
        if (unit->coarse &&
            rollup->last_ms < loader->oldest[GONG_RESOLUTION_RAW]) {
            loader->coarse |= 1U << unit->resolution;
        }
    }
    window->rolled = unit->until;
    return err;
}

/* What the writer had not yet written of the unit's time. */
static enum gong_err
add_recent(struct gong_history_window *window, const struct unit *unit,
           size_t first)
{
    size_t before = window->loaded.count;
    enum gong_err err = GONG_OK;

    for (size_t i = count_before(&window->recent, unit->from);
         err == GONG_OK && i < window->recent.count &&
         window->recent.data[i].ms < unit->until;
         i++) {
        err = gong_samples_add(&window->loaded, window->recent.data[i]);
    }
    if (err != GONG_OK ||
        (window->loaded.count == before && window->rolled != unit->from)) {
        return err;
    }
    return gong_samples_merge(&window->loaded, first);
}

static void
drop_before(struct gong_history_window *window, int64_t ms)
{
    size_t old = count_before(&window->loaded, ms);

    if (old > 0) {
        window->loaded.count -= old;
        memmove(window->loaded.data, window->loaded.data + old,
                window->loaded.count * sizeof *window->loaded.data);
    }
    if (ms > window->lo) {
        window->lo = ms;
    }
}

/* Gives back what is far more than it needs. */
static void
fit(struct gong_samples *samples)
{
    struct gong_sample *data;

    if (samples->count == 0) {
        gong_samples_fini(samples);
        return;
    }
    if (samples->capacity - samples->count <= samples->count / 4) {
        return;
    }
    data = realloc(samples->data, samples->count * sizeof *data);
    if (data != NULL) {
        samples->data = data;
        samples->capacity = samples->count;
    }
}

/* Takes what came into the account, and leaves out what nobody will ask for. */
static enum gong_err
settle(struct gong_history_window *window, struct gong_history_loader *loader,
       const struct gong_history_need *need, size_t capacity, int64_t keep)
{
    drop_before(window, keep);
    if (window->hi > need->to_ms) {
        window->loaded.count = count_before(&window->loaded, need->to_ms + 1);
    }
    fit(&window->loaded);
    loader->bytes -= capacity * sizeof *window->loaded.data;
    loader->bytes += window->loaded.capacity * sizeof *window->loaded.data;
    return loader->bytes > loader->bytes_max ? GONG_ERR_TOO_LARGE : GONG_OK;
}

static enum gong_err
load_next(struct gong_history_window *window,
          struct gong_history_loader *loader,
          const struct gong_history_need *need, int64_t keep)
{
    struct unit unit = choose_unit(window, loader, need, window->hi);
    size_t capacity = window->loaded.capacity;
    size_t first = 0;
    enum gong_err err = GONG_OK;

    drop_before(window, keep);
    first = window->loaded.count;
    if (unit.resolution == GONG_RESOLUTION_RAW) {
        err = load_raw(window, loader, unit.from, unit.until);
    } else if (unit.resolution != GONG_RESOLUTIONS) {
        err = load_rollups(window, loader, need, &unit);
    }
    if (err == GONG_OK) {
        /* The sample on the first millisecond may stand there already. */
        err = add_recent(window, &unit, first > 0 ? first - 1 : 0);
    }
    window->hi = unit.until;
    if (err != GONG_OK) {
        loader->bytes +=
            (window->loaded.capacity - capacity) * sizeof *window->loaded.data;
        return err;
    }
    return settle(window, loader, need, capacity, keep);
}

enum gong_err
gong_history_window_load(struct gong_history_window *window,
                         struct gong_history_loader *loader,
                         const struct gong_history_need *need, int64_t from,
                         int64_t to)
{
    enum gong_err err = GONG_OK;
    int64_t keep;

    window->latest = to > window->latest ? to : window->latest;
    keep = least(from, window->latest - need->reach_ms);
    if (from < window->lo || from >= window->hi) {
        window->loaded.count = 0;
        window->rolled = 0;
        window->hi = block_start(GONG_RESOLUTION_RAW,
                                 gong_history_block(GONG_RESOLUTION_RAW, from));
        window->lo = window->hi;
    }
    while (window->hi <= to && err == GONG_OK) {
        err = load_next(window, loader, need, keep);
    }
    return err;
}

int64_t
gong_history_window_slack(const struct gong_history_loader *loader,
                          const struct gong_history_need *need, int64_t to,
                          int64_t *until)
{
    int64_t from = to - need->lookback_ms;

    *until = loader->oldest[need->exact];
    if (!loader->rollups || from >= *until) {
        return 0;
    }
    if (need->exact < GONG_RESOLUTION_5M &&
        from >= loader->oldest[GONG_RESOLUTION_5M]) {
        return gong_resolution_ms(GONG_RESOLUTION_5M);
    }
    return need->exact < GONG_RESOLUTION_1H &&
                   from >= loader->oldest[GONG_RESOLUTION_1H]
               ? gong_resolution_ms(GONG_RESOLUTION_1H)
               : 0;
}
