#include "agent/history/history_states.h"

#include <stdlib.h>
#include <string.h>

#include "agent/history/series_slots.h"

#define DUE_MAX 5 /* minutes told at once: after a gap it reads as one */

/* Those that stand no more keep their slot: there are as many as there ever
 * were alerts and devices since the start. */
struct state {
    double value; /* a stale marker: it does not stand */
    bool changed;
};

struct gong_history_states {
    struct gong_series_slots slots;
    struct state *all;
    uint32_t capacity;
    size_t standing;
};

struct gong_history_states *
gong_history_states_new(void)
{
    return calloc(1, sizeof(struct gong_history_states));
}

void
gong_history_states_free(struct gong_history_states *states)
{
    if (states == NULL) {
        return;
    }
    gong_series_slots_fini(&states->slots);
    free(states->all);
    free(states);
}

static struct state *
state_of(struct gong_history_states *states, uint32_t series)
{
    uint32_t slot = 0;
    bool added = false;

    if (states->slots.count == states->capacity) {
        uint32_t capacity = states->capacity == 0 ? 64 : states->capacity * 2;
        struct state *all =
            capacity == 0 ? NULL : realloc(states->all, capacity * sizeof *all);

        if (all == NULL) {
            return NULL;
        }
        states->all = all;
        states->capacity = capacity;
    }
    if (!gong_series_slots_add(&states->slots, series, &slot, &added)) {
        return NULL;
    }
    if (added) {
        states->all[slot] = (struct state){.value = gong_stale_nan()};
    }
    return &states->all[slot];
}

/* By their bits: a NaN is equal to itself. */
static bool
same(double a, double b)
{
    uint64_t left = 0;
    uint64_t right = 0;

    memcpy(&left, &a, sizeof left);
    memcpy(&right, &b, sizeof right);
    return left == right;
}

enum gong_err
gong_history_states_set(struct gong_history_states *states, uint32_t series,
                        double value, bool *changed)
{
    struct state *state = state_of(states, series);
    bool differs = false;

    if (state == NULL) {
        return GONG_ERR_MEMORY;
    }
    differs = !same(state->value, value);
    if (differs) {
        states->standing += gong_is_stale(state->value);
        states->standing -= gong_is_stale(value);
        state->value = value;
        state->changed = true;
    }
    if (changed != NULL) {
        *changed = differs;
    }
    return GONG_OK;
}

bool
gong_history_states_is(const struct gong_history_states *states,
                       uint32_t series, double value)
{
    uint32_t slot = 0;

    return gong_series_slots_find(&states->slots, series, &slot)
               ? same(states->all[slot].value, value)
               : gong_is_stale(value);
}

enum gong_err
gong_history_states_due(const struct gong_history_states *states, int64_t from,
                        int64_t to,
                        enum gong_err (*tell)(void *ctx, uint32_t series,
                                              struct gong_sample sample),
                        void *ctx)
{
    const int64_t every = GONG_HISTORY_STATE_EVERY_MS;
    enum gong_err err = GONG_OK;
    int64_t last = to < 0 ? -1 : to / every;
    int64_t first = from < 0 ? 0 : from / every + 1;

    if (first < last - (DUE_MAX - 1)) {
        first = last - (DUE_MAX - 1);
    }
    for (int64_t minute = first; minute <= last && states->standing > 0;
         minute++) {
        for (uint32_t i = 0; i < states->slots.count && err == GONG_OK; i++) {
            if (!gong_is_stale(states->all[i].value)) {
                err = tell(
                    ctx, states->slots.series[i],
                    (struct gong_sample){minute * every, states->all[i].value});
            }
        }
        if (err != GONG_OK) {
            break;
        }
    }
    return err;
}

enum gong_err
gong_history_states_changed(const struct gong_history_states *states,
                            enum gong_err (*visit)(void *ctx, uint32_t series,
                                                   double value),
                            void *ctx)
{
    enum gong_err err = GONG_OK;

    for (uint32_t i = 0; i < states->slots.count && err == GONG_OK; i++) {
        if (states->all[i].changed) {
            err = visit(ctx, states->slots.series[i], states->all[i].value);
        }
    }
    return err;
}

void
gong_history_states_forget(struct gong_history_states *states)
{
    struct gong_series_slots slots = states->slots;
    uint32_t kept = 0;

    /* What ended needs no slot any more. */
    gong_series_slots_clear(&slots);
    for (uint32_t i = 0; i < states->slots.count; i++) {
        struct state state = states->all[i];
        uint32_t slot = 0;
        bool added = false;

        if (gong_is_stale(state.value)) {
            continue;
        }
        state.changed = false;
        states->all[kept++] = state;
        /* The table has room: it held them all before. */
        (void)gong_series_slots_add(&slots, states->slots.series[i], &slot,
                                    &added);
    }
    states->slots = slots;
}

size_t
gong_history_states_count(const struct gong_history_states *states)
{
    return states->standing;
}
