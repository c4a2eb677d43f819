#include "agent/history/history_head.h"

#include <pthread.h>
#include <stdlib.h>

#include "agent/history/series_slots.h"
#include "rules/engine/sample_window.h"

/* Nothing is too old. */
#define KEEP_MS (GONG_HISTORY_MS_MAX + 1)

/* Samples by rising time; none: count is 0. */
struct run {
    struct gong_sample newest;
    uint32_t window; /* those before it; 0: none */
    uint32_t count;
};

/* What did not come in order. */
struct aside {
    struct run late;
    struct gong_samples other;
};

struct slot {
    struct run live;
    struct aside *aside; /* NULL: all of it did */
};

struct gong_history_head {
    pthread_mutex_t lock;
    struct gong_budget budget;
    struct gong_budget derived;
    struct gong_sample_windows windows;
    struct gong_series_slots slots;
    struct slot *all; /* by slot */
    uint32_t capacity;
    uint64_t samples;
    uint64_t asides; /* bytes of all these */
    struct gong_samples scratch;
};

struct gong_history_head *
gong_history_head_new(void)
{
    struct gong_history_head *head = calloc(1, sizeof *head);

    if (head == NULL) {
        return NULL;
    }
    if (pthread_mutex_init(&head->lock, NULL) != 0) {
        free(head);
        return NULL;
    }
    gong_sample_windows_init(&head->windows, &head->budget, &head->derived);
    return head;
}

static void
free_asides(struct gong_history_head *head)
{
    for (uint32_t i = 0; i < head->slots.count; i++) {
        if (head->all[i].aside != NULL) {
            gong_samples_fini(&head->all[i].aside->other);
            free(head->all[i].aside);
        }
    }
    head->asides = 0;
}

void
gong_history_head_free(struct gong_history_head *head)
{
    if (head == NULL) {
        return;
    }
    free_asides(head);
    gong_sample_windows_fini(&head->windows);
    gong_series_slots_fini(&head->slots);
    gong_samples_fini(&head->scratch);
    free(head->all);
    (void)pthread_mutex_destroy(&head->lock);
    free(head);
}

/* --- one more sample --- */

static struct slot *
slot_of(struct gong_history_head *head, uint32_t series)
{
    uint32_t slot = 0;
    bool added = false;

    if (head->slots.count == head->capacity) {
        uint32_t capacity = head->capacity == 0 ? 256 : head->capacity * 2;
        struct slot *all =
            capacity == 0 ? NULL : realloc(head->all, capacity * sizeof *all);

        if (all == NULL) {
            return NULL;
        }
        head->all = all;
        head->capacity = capacity;
    }
    if (!gong_series_slots_add(&head->slots, series, &slot, &added)) {
        return NULL;
    }
    if (added) {
        head->all[slot] = (struct slot){0};
    }
    return &head->all[slot];
}

/* next is newer than the run's others. */
static enum gong_err
push(struct gong_history_head *head, struct run *run, struct gong_sample next)
{
    enum gong_err err = GONG_OK;

    if (run->count >= GONG_HISTORY_HEAD_SAMPLES) {
        return GONG_ERR_AGAIN;
    }
    if (run->count > 0 && run->window == 0) {
        run->window = gong_sample_window_add(&head->windows);
        err = run->window == 0 ? GONG_ERR_MEMORY : GONG_OK;
    }
    if (err == GONG_OK && run->count > 0) {
        err = gong_sample_window_push(&head->windows, run->window, run->newest,
                                      next, KEEP_MS);
    }
    if (err == GONG_OK) {
        run->newest = next;
        run->count++;
    }
    return err;
}

static enum gong_err
list(struct gong_history_head *head, struct gong_samples *other,
     struct gong_sample sample)
{
    size_t before = other->capacity;
    enum gong_err err = GONG_ERR_AGAIN;

    if (other->count < GONG_HISTORY_HEAD_SAMPLES) {
        err = gong_samples_add(other, sample);
    }
    head->asides += (other->capacity - before) * sizeof *other->data;
    return err;
}

/* It is older than the newest. */
static enum gong_err
put_aside(struct gong_history_head *head, struct slot *slot,
          struct gong_sample sample, bool *taken)
{
    struct aside *aside = slot->aside;

    if (aside == NULL) {
        aside = calloc(1, sizeof *aside);
        slot->aside = aside;
        head->asides += aside == NULL ? 0 : sizeof *aside;
    }
    if (aside == NULL) {
        return GONG_ERR_MEMORY;
    }
    if (aside->late.count > 0 && sample.ms == aside->late.newest.ms) {
        *taken = false;
        return GONG_OK;
    }
    return aside->late.count == 0 || sample.ms > aside->late.newest.ms
               ? push(head, &aside->late, sample)
               : list(head, &aside->other, sample);
}

static enum gong_err
put(struct gong_history_head *head, struct slot *slot,
    struct gong_sample sample, bool *taken)
{
    *taken = true;
    if (slot->live.count == 0 || sample.ms > slot->live.newest.ms) {
        return push(head, &slot->live, sample);
    }
    if (sample.ms == slot->live.newest.ms) {
        *taken = false;
        return GONG_OK;
    }
    return put_aside(head, slot, sample, taken);
}

enum gong_err
gong_history_head_put(struct gong_history_head *head, uint32_t series,
                      struct gong_sample sample, bool *taken)
{
    struct slot *slot = NULL;
    enum gong_err err = GONG_ERR_MEMORY;

    *taken = false;
    if (sample.ms < 0 || sample.ms > GONG_HISTORY_MS_MAX) {
        return GONG_ERR_INVALID;
    }
    (void)pthread_mutex_lock(&head->lock);
    slot = slot_of(head, series);
    if (slot != NULL) {
        err = put(head, slot, sample, taken);
    }
    *taken = *taken && err == GONG_OK;
    head->samples += *taken;
    (void)pthread_mutex_unlock(&head->lock);
    return err;
}

/* --- reading --- */

static enum gong_err
read_run(struct gong_history_head *head, const struct run *run, int64_t from,
         int64_t to, struct gong_samples *out)
{
    const struct gong_sample *samples = &run->newest;
    size_t count = run->newest.ms >= from && run->newest.ms <= to;
    enum gong_err err = GONG_OK;

    if (run->count == 0 || from > run->newest.ms) {
        return GONG_OK;
    }
    if (run->window != 0) {
        samples = gong_sample_window_read(&head->windows, run->window,
                                          run->newest, from, to, &count);
    }
    if (count > 0) {
        err = gong_samples_reserve(out, count);
    }
    if (err == GONG_OK && count > 0) {
        memcpy(out->data + out->count, samples, count * sizeof *samples);
        out->count += count;
    }
    return err;
}

/* What came first stands first: merging keeps the first of equal stamps. */
static enum gong_err
read_slot(struct gong_history_head *head, const struct slot *slot, int64_t from,
          int64_t to, struct gong_samples *out)
{
    size_t first = out->count;
    enum gong_err err = read_run(head, &slot->live, from, to, out);

    if (err != GONG_OK || slot->aside == NULL) {
        return err;
    }
    err = read_run(head, &slot->aside->late, from, to, out);
    for (size_t i = 0; i < slot->aside->other.count && err == GONG_OK; i++) {
        struct gong_sample sample = slot->aside->other.data[i];

        if (sample.ms >= from && sample.ms <= to) {
            err = gong_samples_add(out, sample);
        }
    }
    return err == GONG_OK ? gong_samples_merge(out, first) : err;
}

static enum gong_err
read_recent(void *ctx, uint32_t series, int64_t from, int64_t to,
            struct gong_samples *out)
{
    struct gong_history_head *head = ctx;
    enum gong_err err = GONG_OK;
    uint32_t slot = 0;

    (void)pthread_mutex_lock(&head->lock);
    if (gong_series_slots_find(&head->slots, series, &slot)) {
        err = read_slot(head, &head->all[slot], from, to, out);
    }
    (void)pthread_mutex_unlock(&head->lock);
    return err;
}

struct gong_history_recent
gong_history_head_recent(struct gong_history_head *head)
{
    return (struct gong_history_recent){.ctx = head, .read = read_recent};
}

enum gong_err
gong_history_head_each(struct gong_history_head *head,
                       gong_history_head_fn visit, void *ctx)
{
    uint32_t *sorted = gong_series_slots_sorted(&head->slots);
    enum gong_err err = sorted == NULL ? GONG_ERR_MEMORY : GONG_OK;

    for (uint32_t i = 0; err == GONG_OK && i < head->slots.count; i++) {
        head->scratch.count = 0;
        (void)pthread_mutex_lock(&head->lock);
        err = read_slot(head, &head->all[sorted[i]], 0, GONG_HISTORY_MS_MAX,
                        &head->scratch);
        (void)pthread_mutex_unlock(&head->lock);
        if (err == GONG_OK && head->scratch.count > 0) {
            err = visit(ctx, head->slots.series[sorted[i]], head->scratch.data,
                        head->scratch.count);
        }
    }
    free(sorted);
    gong_samples_fini(&head->scratch);
    return err;
}

void
gong_history_head_clear(struct gong_history_head *head)
{
    (void)pthread_mutex_lock(&head->lock);
    free_asides(head);
    gong_sample_windows_fini(&head->windows);
    gong_series_slots_fini(&head->slots);
    free(head->all);
    head->all = NULL;
    head->capacity = 0;
    head->samples = 0;
    (void)pthread_mutex_unlock(&head->lock);
}

void
gong_history_head_sizes(struct gong_history_head *head,
                        struct gong_history_head_sizes *out)
{
    (void)pthread_mutex_lock(&head->lock);
    *out = (struct gong_history_head_sizes){
        .bytes = head->budget.used + head->derived.used + head->asides +
                 gong_series_slots_bytes(&head->slots) +
                 head->capacity * sizeof *head->all,
        .series = head->slots.count,
        .samples = head->samples,
    };
    (void)pthread_mutex_unlock(&head->lock);
}
