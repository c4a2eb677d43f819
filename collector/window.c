#include "collector/window.h"

#include <string.h>

#define PROBE_FIRST gong_dur_s(1)
#define RESEND_MOST gong_dur_s(600)
#define BIRTH_GRACE gong_dur_s(1)

void
gong_window_init(struct gong_window *window, gong_dur_t ack_timeout,
                 size_t flying_max)
{
    memset(window, 0, sizeof *window);
    window->ack_timeout = ack_timeout;
    window->flying_max = flying_max;
}

static bool
full(const struct gong_window *window)
{
    return window->count == GONG_WINDOW_SIZE;
}

/* Whether the link may be given one more. */
static bool
may_fly(const struct gong_window *window)
{
    return window->flying < window->flying_max &&
           window->flying_bytes < GONG_WINDOW_FLYING_BYTES;
}

static void
take_off(struct gong_window *window, struct gong_window_batch *batch)
{
    batch->state = GONG_WINDOW_FLYING;
    batch->order = ++window->orders;
    window->flying++;
    window->flying_bytes += batch->size;
}

/* The caller says what it is from now on. */
static void
land(struct gong_window *window, const struct gong_window_batch *batch)
{
    window->flying--;
    window->flying_bytes -= batch->size;
}

bool
gong_window_room(const struct gong_window *window, enum gong_lane lane)
{
    size_t back = 0;

    if (full(window) || !may_fly(window)) {
        return false;
    }
    for (size_t i = 0; i < window->count; i++) {
        back += window->batches[i].lane == GONG_LANE_BACK;
    }
    return lane == GONG_LANE_LIVE || back < GONG_WINDOW_BACK_MAX;
}

/* Where seq stands or belongs. */
static size_t
find(const struct gong_window *window, uint64_t seq)
{
    size_t at = window->count;

    while (at > 0 && window->batches[at - 1].seq >= seq) {
        at--;
    }
    return at;
}

static bool
holds(const struct gong_window *window, size_t at, uint64_t seq)
{
    return at < window->count && window->batches[at].seq == seq;
}

static void
remove_at(struct gong_window *window, size_t at)
{
    if (window->batches[at].state == GONG_WINDOW_FLYING) {
        land(window, &window->batches[at]);
    }
    window->count--;
    memmove(window->batches + at, window->batches + at + 1,
            (window->count - at) * sizeof window->batches[0]);
}

bool
gong_window_add(struct gong_window *window, uint64_t seq, uint64_t offset,
                size_t size, enum gong_lane lane)
{
    size_t at = find(window, seq);

    if (holds(window, at, seq) || full(window)) {
        return false;
    }
    memmove(window->batches + at + 1, window->batches + at,
            (window->count - at) * sizeof window->batches[0]);
    window->batches[at] = (struct gong_window_batch){
        .seq = seq,
        .offset = offset,
        .size = size,
        .lane = lane,
    };
    window->count++;
    take_off(window, &window->batches[at]);
    return true;
}

void
gong_window_sent(struct gong_window *window, uint64_t seq, int64_t wall_ms)
{
    size_t at = find(window, seq);

    if (holds(window, at, seq) && window->batches[at].sent_ms == 0) {
        window->batches[at].sent_ms = wall_ms;
    }
}

static gong_dur_t
doubled(gong_dur_t first, unsigned times, gong_dur_t most)
{
    while (times-- > 0 && first.ns < most.ns) {
        first.ns *= 2;
    }
    return first.ns < most.ns ? first : most;
}

static gong_mono_t
probe_due(const struct gong_window *window)
{
    return gong_mono_add(window->progress, doubled(PROBE_FIRST, window->probes,
                                                   window->ack_timeout));
}

/* When batch i goes again; false if it waits for something else. */
static bool
goes_at(const struct gong_window *window, size_t i, gong_mono_t *at)
{
    const struct gong_window_batch *batch = &window->batches[i];

    if (batch->state != GONG_WINDOW_SENT) {
        return false;
    }
    if (!full(window)) {
        *at = batch->due;
        return true;
    }
    *at = probe_due(window);
    return i == 0;
}

static bool
is_due(const struct gong_window *window, size_t i, gong_mono_t now)
{
    gong_mono_t at;

    return window->batches[i].state == GONG_WINDOW_READY ||
           (goes_at(window, i, &at) && at.ns <= now.ns);
}

bool
gong_window_take(struct gong_window *window, gong_mono_t now,
                 struct gong_window_batch *out)
{
    if (!may_fly(window)) {
        return false;
    }
    for (size_t i = 0; i < window->count; i++) {
        struct gong_window_batch *batch = &window->batches[i];

        if (!is_due(window, i, now)) {
            continue;
        }
        if (full(window) && batch->state == GONG_WINDOW_SENT) {
            window->probes++;
            window->progress = now;
        }
        take_off(window, batch);
        *out = *batch;
        return true;
    }
    return false;
}

void
gong_window_answered(struct gong_window *window, uint64_t seq, bool ok,
                     gong_mono_t now)
{
    size_t at = find(window, seq);
    struct gong_window_batch *batch;

    if (!holds(window, at, seq) ||
        window->batches[at].state != GONG_WINDOW_FLYING) {
        return;
    }
    batch = &window->batches[at];
    land(window, batch);
    if (!ok) {
        batch->state = GONG_WINDOW_READY;
        return;
    }
    batch->state = GONG_WINDOW_SENT;
    batch->due = gong_mono_add(
        now, doubled(window->ack_timeout, batch->sends, RESEND_MOST));
    batch->sends++;
    if (full(window) && window->probes == 0) {
        window->progress = now;
    }
}

void
gong_window_forget(struct gong_window *window, uint64_t seq)
{
    size_t at = find(window, seq);

    if (holds(window, at, seq)) {
        remove_at(window, at);
    }
}

/* What was sent once, before `order`. */
static void
send_overtaken(struct gong_window *window, uint64_t order)
{
    for (size_t i = 0; i < window->count; i++) {
        struct gong_window_batch *batch = &window->batches[i];

        if (batch->state == GONG_WINDOW_SENT && batch->sends == 1 &&
            batch->order < order) {
            batch->state = GONG_WINDOW_READY;
        }
    }
}

size_t
gong_window_settle(struct gong_window *window,
                   const struct gong_settled *settled, gong_mono_t now)
{
    size_t before = window->count;
    uint64_t order = 0;

    window->settled_sent_ms = 0;
    for (size_t i = window->count; i > 0; i--) {
        const struct gong_window_batch *batch = &window->batches[i - 1];

        if (gong_settled_has(settled, batch->seq)) {
            if (batch->sent_ms > window->settled_sent_ms) {
                window->settled_sent_ms = batch->sent_ms;
            }
            /* Of one that went twice the first copy may be the one. */
            if (batch->sends <= 1 && batch->order > order) {
                order = batch->order;
            }
            remove_at(window, i - 1);
        }
    }
    send_overtaken(window, order);
    if (window->count < before) {
        window->probes = 0;
        window->progress = now;
    }
    return before - window->count;
}

void
gong_window_reconnected(struct gong_window *window, gong_mono_t now)
{
    window->probes = 0;
    window->progress = now;
    for (size_t i = 0; i < window->count; i++) {
        struct gong_window_batch *batch = &window->batches[i];

        if (batch->state == GONG_WINDOW_SENT) {
            batch->due = gong_mono_add(now, BIRTH_GRACE);
            batch->sends = 0;
        }
    }
}

void
gong_window_stepped(struct gong_window *window, int64_t by_ms)
{
    for (size_t i = 0; i < window->count; i++) {
        if (window->batches[i].sent_ms != 0) {
            window->batches[i].sent_ms += by_ms;
        }
    }
}

bool
gong_window_due(const struct gong_window *window, gong_mono_t *out)
{
    bool any = false;

    for (size_t i = 0; i < window->count; i++) {
        gong_mono_t at;

        if (goes_at(window, i, &at) && (!any || at.ns < out->ns)) {
            *out = at;
            any = true;
        }
    }
    return any;
}

bool
gong_window_has_ready(const struct gong_window *window)
{
    for (size_t i = 0; i < window->count; i++) {
        if (window->batches[i].state == GONG_WINDOW_READY) {
            return true;
        }
    }
    return false;
}
