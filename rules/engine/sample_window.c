#include "rules/engine/sample_window.h"

#include <string.h>

#include "rules/engine/sample_window_code.h"

#define PATIENCE 15 /* flags: how often a better code was sought in vain */
#define FEW      4  /* samples of a poor chunk */
#define SPREAD   15 /* distances that a step is chosen from */

void
gong_sample_windows_init(struct gong_sample_windows *all,
                         struct gong_budget *budget,
                         struct gong_budget *derived)
{
    *all = (struct gong_sample_windows){.budget = derived};
    gong_arena_init(&all->windows, budget, sizeof(struct gong_sample_window));
    gong_arena_init(&all->chunks, budget,
                    sizeof(struct gong_sample_window_chunk));
    gong_arena_init(&all->sinces, budget,
                    sizeof(struct gong_sample_window_since));
}

static void *
resize(struct gong_sample_windows *all, void *block, size_t each, uint32_t room)
{
    return gong_budget_resize(all->budget, block, all->room * each,
                              room * each);
}

void
gong_sample_windows_fini(struct gong_sample_windows *all)
{
    resize(all, all->samples, sizeof *all->samples, 0);
    resize(all, all->numbers, sizeof *all->numbers, 0);
    gong_arena_fini(&all->windows);
    gong_arena_fini(&all->chunks);
    gong_arena_fini(&all->sinces);
    gong_sample_windows_init(all, all->windows.budget, all->budget);
}

bool
gong_sample_windows_room(struct gong_sample_windows *all, uint32_t count)
{
    uint32_t room = all->room < 16 ? 16 : all->room;
    struct gong_sample *samples = NULL;
    double *numbers = NULL;

    if (count < all->room) {
        return true;
    }
    while (room <= count) {
        room += room / 2;
    }
    samples = gong_budget_resize(all->budget, NULL, 0, room * sizeof *samples);
    numbers = gong_budget_resize(all->budget, NULL, 0, room * sizeof *numbers);
    if (samples == NULL || numbers == NULL) {
        gong_budget_resize(all->budget, samples,
                           samples == NULL ? 0 : room * sizeof *samples, 0);
        gong_budget_resize(all->budget, numbers,
                           numbers == NULL ? 0 : room * sizeof *numbers, 0);
        return false;
    }
    resize(all, all->samples, sizeof *all->samples, 0);
    resize(all, all->numbers, sizeof *all->numbers, 0);
    all->samples = samples;
    all->numbers = numbers;
    all->room = room;
    all->cached = 0;
    return true;
}

uint32_t
gong_sample_window_add(struct gong_sample_windows *all)
{
    return gong_sample_windows_room(all, 2) ? gong_arena_add(&all->windows, 1)
                                            : 0;
}

static struct gong_sample_code
code_of(const struct gong_sample_window *w)
{
    return (struct gong_sample_code){w->step, w->scale};
}

/* Fills the space for samples from its end on, back to the first chunk that
 * reaches before from. Where the samples begin. */
static struct gong_sample *
decode(const struct gong_sample_windows *all,
       const struct gong_sample_window *w, struct gong_sample newest,
       int64_t from)
{
    struct gong_sample_code code = code_of(w);
    struct gong_sample_code_state state = gong_sample_code_start(&code, newest);
    struct gong_sample *out = all->samples + all->room;

    *--out = newest;
    for (uint32_t n = w->chunk; n != 0 && out->ms >= from;) {
        const struct gong_sample_window_chunk *c =
            gong_sample_window_chunk_at(all, n);

        out = gong_sample_code_read(&code, &state, c->bytes + c->start,
                                    c->bytes + GONG_SAMPLE_WINDOW_BYTES, out);
        n = c->older;
    }
    return out;
}

static void
release(struct gong_sample_windows *all, uint32_t chunk)
{
    gong_sample_window_chunk_at(all, chunk)->older = all->free;
    all->free = chunk;
}

static void
release_from(struct gong_sample_windows *all, uint32_t chunk)
{
    while (chunk != 0) {
        uint32_t older = gong_sample_window_chunk_at(all, chunk)->older;

        release(all, chunk);
        chunk = older;
    }
}

static uint32_t
new_chunk(struct gong_sample_windows *all)
{
    uint32_t chunk = all->free;

    if (chunk != 0) {
        all->free = gong_sample_window_chunk_at(all, chunk)->older;
        return chunk;
    }
    return gong_arena_add(&all->chunks, 1);
}

/* Whether the newest chunk took these bytes of a sample. */
static bool
append(const struct gong_sample_windows *all, struct gong_sample_window *w,
       const uint8_t *bytes, size_t len)
{
    struct gong_sample_window_chunk *c = NULL;

    if (w->chunk == 0) {
        return false;
    }
    c = gong_sample_window_chunk_at(all, w->chunk);
    if (c->start < len) {
        return false;
    }
    c->start = (uint8_t)(c->start - len);
    memcpy(c->bytes + c->start, bytes, len);
    w->count++;
    return true;
}

/* Puts one sample before the window's others. False without memory. */
static bool
put(struct gong_sample_windows *all, struct gong_sample_window *w,
    struct gong_sample older, struct gong_sample newer)
{
    struct gong_sample_code code = code_of(w);
    uint8_t bytes[GONG_SAMPLE_CODE_MAX];
    size_t len = gong_sample_code_write(&code, older, newer, bytes);
    uint32_t chunk = 0;

    if (append(all, w, bytes, len)) {
        return true;
    }
    chunk = new_chunk(all);
    if (chunk == 0) {
        return false;
    }
    *gong_sample_window_chunk_at(all, chunk) =
        (struct gong_sample_window_chunk){
            .older = w->chunk,
            .start = GONG_SAMPLE_WINDOW_BYTES,
        };
    w->chunk = chunk;
    return append(all, w, bytes, len);
}

/* The fewest places that hold almost all of the values. */
static uint8_t
choose_scale(const struct gong_sample *samples, size_t count)
{
    for (uint8_t scale = 0; scale <= GONG_SAMPLE_CODE_PLACES; scale++) {
        size_t misfits = 0;

        for (size_t i = 0; i < count && misfits * 8 <= count; i++) {
            misfits += !gong_sample_code_fits(samples[i].value, scale);
        }
        if (misfits * 8 <= count) {
            return scale;
        }
    }
    return GONG_SAMPLE_CODE_XOR;
}

/* The median of the newest distances. */
static uint32_t
choose_step(const struct gong_sample *samples, size_t count)
{
    uint64_t sorted[SPREAD] = {0};
    size_t n = count - 1 < SPREAD ? count - 1 : SPREAD;

    for (size_t i = 0; i < n; i++) {
        const struct gong_sample *newer = &samples[count - 1 - i];
        uint64_t distance = (uint64_t)newer->ms - (uint64_t)newer[-1].ms;
        size_t at = i;

        for (; at > 0 && sorted[at - 1] > distance; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = distance;
    }
    return sorted[n / 2] > UINT32_MAX ? 0 : (uint32_t)sorted[n / 2];
}

static struct gong_sample_code
choose(const struct gong_sample *samples, size_t count)
{
    return (struct gong_sample_code){
        .step = choose_step(samples, count),
        .scale = choose_scale(samples, count),
    };
}

static size_t
size_in(const struct gong_sample_code *code, const struct gong_sample *samples,
        size_t count)
{
    uint8_t bytes[GONG_SAMPLE_CODE_MAX];
    size_t size = 0;

    for (size_t i = 1; i < count; i++) {
        size += gong_sample_code_write(code, samples[i - 1], samples[i], bytes);
    }
    return size;
}

/* Writes the window anew in another code, if that takes much less. */
static bool
recode(struct gong_sample_windows *all, struct gong_sample_window *w,
       struct gong_sample newest)
{
    const struct gong_sample *end = all->samples + all->room;
    const struct gong_sample *samples = decode(all, w, newest, INT64_MIN);
    size_t count = (size_t)(end - samples);
    struct gong_sample_code old = code_of(w);
    struct gong_sample_code code = choose(samples, count);
    size_t size = size_in(&old, samples, count);

    w->poor = 0;
    if (size_in(&code, samples, count) > size - size / 8) {
        w->flags = (uint8_t)(w->flags + ((w->flags & PATIENCE) < PATIENCE));
        return true;
    }
    w->flags = (uint8_t)(w->flags & ~PATIENCE);
    release_from(all, w->chunk);
    w->chunk = 0;
    w->count = 0;
    w->step = code.step;
    w->scale = code.scale;
    for (size_t i = 1; i < count; i++) {
        if (!put(all, w, samples[i - 1], samples[i])) {
            return false;
        }
    }
    return true;
}

/* How many samples a chunk holds. */
static uint32_t
held_by(const struct gong_sample_window *w,
        const struct gong_sample_window_chunk *c)
{
    uint32_t count = 0;

    for (size_t at = c->start; at < GONG_SAMPLE_WINDOW_BYTES; count++) {
        at += gong_sample_code_size(w->scale, c->bytes[at]);
    }
    return count;
}

/* Frees the chunks behind the one in which the first sample before from lies.
 */
static void
expire(struct gong_sample_windows *all, struct gong_sample_window *w,
       struct gong_sample newest, int64_t from)
{
    struct gong_sample_code code = code_of(w);
    struct gong_sample_code_state state = gong_sample_code_start(&code, newest);
    struct gong_sample samples[GONG_SAMPLE_WINDOW_BYTES];
    struct gong_sample *const end = samples + GONG_SAMPLE_WINDOW_BYTES;
    uint32_t count = 0;

    for (uint32_t n = w->chunk; n != 0;) {
        struct gong_sample_window_chunk *c =
            gong_sample_window_chunk_at(all, n);
        const struct gong_sample *first =
            gong_sample_code_read(&code, &state, c->bytes + c->start,
                                  c->bytes + GONG_SAMPLE_WINDOW_BYTES, end);

        count += (uint32_t)(end - first);
        if (first->ms < from || count > GONG_SAMPLE_WINDOW_SAMPLES) {
            all->lost += first->ms < from ? 0 : w->count - count;
            release_from(all, c->older);
            c->older = 0;
            w->count = count;
            return;
        }
        n = c->older;
    }
}

/* Whether it is time to look for what is too old: each time a chunk is full,
 * for long windows less often, so that the look costs little a sample. Past its
 * limit a window is let grow by a sixteenth for the same reason. */
static bool
is_time_to_expire(const struct gong_sample_window *w)
{
    uint32_t each = 1;

    if (w->count >= GONG_SAMPLE_WINDOW_FULL) {
        return true;
    }
    while (each < w->count / 16) {
        each *= 2;
    }
    return w->count % each < GONG_SAMPLE_WINDOW_BYTES;
}

/* A chunk is full: what is too old goes, and if too many chunks hold little
 * another code may do better. */
static bool
tidy(struct gong_sample_windows *all, struct gong_sample_window *w,
     struct gong_sample newest, int64_t from)
{
    uint32_t patience = w->flags & PATIENCE;

    if (held_by(w, gong_sample_window_chunk_at(all, w->chunk)) <= FEW &&
        w->poor < UINT16_MAX) {
        w->poor++;
    }
    if (is_time_to_expire(w)) {
        expire(all, w, newest, from);
    }
    return w->poor < (1 + (uint64_t)w->count / 4) << patience ||
           recode(all, w, newest);
}

static void
begin_code(struct gong_sample_window *w, struct gong_sample older,
           struct gong_sample newer)
{
    struct gong_sample both[2] = {older, newer};
    struct gong_sample_code code = choose(both, 2);

    w->step = code.step;
    w->scale = code.scale;
    w->poor = 0;
}

enum gong_err
gong_sample_window_push(struct gong_sample_windows *all, uint32_t window,
                        struct gong_sample newest, struct gong_sample next,
                        int64_t keep)
{
    struct gong_sample_window *w = gong_sample_window_at(all, window);
    struct gong_sample_code code = {0, 0};
    uint8_t bytes[GONG_SAMPLE_CODE_MAX];
    size_t len = 0;

    if (w->count + 2 >= all->room &&
        !gong_sample_windows_room(all, w->count + 2)) {
        return GONG_ERR_MEMORY;
    }
    all->cached = all->cached == window ? 0 : all->cached;
    if (w->chunk == 0) {
        begin_code(w, newest, next);
    }
    code = code_of(w);
    len = gong_sample_code_write(&code, newest, next, bytes);
    if (append(all, w, bytes, len)) {
        return GONG_OK;
    }
    all->cached = 0;
    if (w->chunk != 0 && !tidy(all, w, newest, next.ms - keep)) {
        return GONG_ERR_MEMORY;
    }
    return put(all, w, newest, next) ? GONG_OK : GONG_ERR_MEMORY;
}

/* Leaves those samples that are not newer than ms. */
static void
cut(struct gong_sample_windows *all, struct gong_sample_window *w,
    struct gong_sample newest, int64_t ms)
{
    struct gong_sample_code code = code_of(w);
    struct gong_sample_code_state state = gong_sample_code_start(&code, newest);

    while (w->chunk != 0 && state.ms > ms) {
        struct gong_sample_window_chunk *c =
            gong_sample_window_chunk_at(all, w->chunk);

        w->count--;
        c->start =
            (uint8_t)(c->start + gong_sample_code_next(&code, &state,
                                                       c->bytes + c->start));
        if (c->start == GONG_SAMPLE_WINDOW_BYTES) {
            uint32_t older = c->older;

            release(all, w->chunk);
            w->chunk = older;
        }
    }
}

enum gong_err
gong_sample_window_replace(struct gong_sample_windows *all, uint32_t window,
                           struct gong_sample newest, double value,
                           int64_t keep)
{
    struct gong_sample_window *w = gong_sample_window_at(all, window);
    struct gong_sample_code code = code_of(w);
    struct gong_sample_code_state before =
        gong_sample_code_start(&code, newest);
    const struct gong_sample_window_chunk *c = NULL;

    all->cached = 0;
    if (w->chunk == 0) {
        return GONG_OK; /* nothing is told from it */
    }
    c = gong_sample_window_chunk_at(all, w->chunk);
    (void)gong_sample_code_next(&code, &before, c->bytes + c->start);
    cut(all, w, newest, before.ms);
    return gong_sample_window_push(
        all, window, (struct gong_sample){before.ms, before.value},
        (struct gong_sample){newest.ms, value}, keep);
}

/* The sample before at, which lies in the space, and the ones from it on, put
 * back. */
static enum gong_err
put_back(struct gong_sample_windows *all, struct gong_sample_window *w,
         const struct gong_sample *before, struct gong_sample late,
         const struct gong_sample *after)
{
    const struct gong_sample *end = all->samples + all->room;

    if (before != NULL && !put(all, w, *before, late)) {
        return GONG_ERR_MEMORY;
    }
    if (w->chunk == 0) {
        begin_code(w, late, *after);
    }
    if (!put(all, w, late, *after)) {
        return GONG_ERR_MEMORY;
    }
    for (; after + 1 < end; after++) {
        if (!put(all, w, after[0], after[1])) {
            return GONG_ERR_MEMORY;
        }
    }
    return GONG_OK;
}

enum gong_err
gong_sample_window_insert(struct gong_sample_windows *all, uint32_t window,
                          struct gong_sample newest, struct gong_sample late,
                          int64_t keep, enum gong_sample_window_late *what)
{
    struct gong_sample_window *w = gong_sample_window_at(all, window);
    const struct gong_sample *begin = NULL;
    const struct gong_sample *after = NULL; /* the first one that is newer */
    int64_t from = newest.ms - keep;
    enum gong_err err = GONG_OK;

    *what = GONG_SAMPLE_LATE_OLD;
    if (!gong_sample_windows_room(all, w->count + 2) || all->samples == NULL) {
        return GONG_ERR_MEMORY;
    }
    all->cached = 0;
    begin = decode(all, w, newest, late.ms < from ? late.ms : from);
    after = all->samples + all->room - 1;
    while (after > begin && after[-1].ms > late.ms) {
        after--;
    }
    if (after > begin && after[-1].ms == late.ms) {
        *what = after[-1].value == late.value ? GONG_SAMPLE_LATE_EQUAL
                                              : GONG_SAMPLE_LATE_OTHER;
        return GONG_OK;
    }
    /* Of those before from only the newest one is kept. */
    if (late.ms < from && after->ms < from) {
        return GONG_OK;
    }
    *what = GONG_SAMPLE_LATE_TAKEN;
    cut(all, w, newest, late.ms);
    err = put_back(all, w, after > begin ? after - 1 : NULL, late, after);
    if (err == GONG_OK && w->count >= GONG_SAMPLE_WINDOW_FULL) {
        expire(all, w, newest, from);
    }
    return err;
}

/* The first of count samples that is not before ms. */
static size_t
lower_bound(const struct gong_sample *samples, size_t count, int64_t ms)
{
    size_t low = 0;

    while (low < count) {
        size_t middle = low + (count - low) / 2;

        if (samples[middle].ms < ms) {
            low = middle + 1;
        } else {
            count = middle;
        }
    }
    return low;
}

static const struct gong_sample *
load(struct gong_sample_windows *all, uint32_t window,
     struct gong_sample newest, int64_t from)
{
    const struct gong_sample_window *w = gong_sample_window_at(all, window);
    const struct gong_sample *end = all->samples + all->room;

    if (all->cached != window ||
        (all->have <= w->count && (end - all->have)->ms >= from)) {
        all->have = (uint32_t)(end - decode(all, w, newest, from));
        all->cached = window;
    }
    return end - all->have;
}

const struct gong_sample *
gong_sample_window_read(struct gong_sample_windows *all, uint32_t window,
                        struct gong_sample newest, int64_t from, int64_t to,
                        size_t *count)
{
    const struct gong_sample *samples = load(all, window, newest, from);
    size_t have = all->have;
    size_t first = 0;

    /* Mostly there is little before the window, and nothing after it. */
    while (first < have && first < 8 && samples[first].ms < from) {
        first++;
    }
    if (first == 8) {
        first = lower_bound(samples, have, from);
    }
    if (have > first && samples[have - 1].ms > to) {
        have = to == INT64_MAX ? have : lower_bound(samples, have, to + 1);
        have = have < first ? first : have;
    }
    *count = have - first;
    return samples + first;
}

bool
gong_sample_window_newest(struct gong_sample_windows *all, uint32_t window,
                          struct gong_sample newest, int64_t from, int64_t to,
                          struct gong_sample *out)
{
    size_t count = 0;
    const struct gong_sample *samples =
        gong_sample_window_read(all, window, newest, from, to, &count);

    if (count == 0) {
        return false;
    }
    *out = samples[count - 1];
    return true;
}

enum gong_err
gong_sample_window_copy(struct gong_sample_windows *to_all, uint32_t to,
                        struct gong_sample_windows *from_all, uint32_t from,
                        struct gong_sample newest, int64_t keep)
{
    const struct gong_sample *samples =
        load(from_all, from, newest, newest.ms - keep);
    size_t count = from_all->have;
    size_t first = lower_bound(samples, count, newest.ms - keep);
    enum gong_err err = GONG_OK;

    for (first += first == 0; first < count && err == GONG_OK; first++) {
        err = gong_sample_window_push(to_all, to, samples[first - 1],
                                      samples[first], keep);
    }
    return err;
}
