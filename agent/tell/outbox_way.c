#include "agent/tell/outbox_way.h"

#include <math.h>

void
gong_outbox_way_init(struct gong_outbox_way *way, gong_dur_t retry_min,
                     gong_dur_t retry_max, uint64_t seed, gong_mono_t now)
{
    way->burst = way->burst >= 1 ? way->burst : 1;
    way->tokens = way->burst;
    way->filled = now;
    way->exhausted_wait = retry_max;
    gong_backoff_init(&way->backoff, retry_min, retry_max, seed);
}

static void
fill(struct gong_outbox_way *way, gong_mono_t now)
{
    double seconds =
        (double)gong_mono_since(now, way->filled).ns / (double)GONG_NS_PER_S;

    way->tokens = fmin(way->burst, way->tokens + seconds * way->rate);
    way->filled = now;
}

bool
gong_outbox_way_may(struct gong_outbox_way *way, gong_mono_t now,
                    gong_mono_t *when)
{
    when->ns = INT64_MAX;
    if (way->running >= GONG_OUTBOX_RUNNING_MAX ||
        (way->open && way->probing)) {
        return false;
    }
    if (way->open && now.ns < way->open_until.ns) {
        *when = way->open_until;
        return false;
    }
    if (way->rate <= 0) {
        return true;
    }
    fill(way, now);
    if (way->tokens < 1) {
        double wait_s = (1 - way->tokens) / way->rate;

        /* A little more, so that it is whole then; an hour is far enough. */
        when->ns = now.ns + GONG_NS_PER_MS +
                   (int64_t)(fmin(wait_s, 3600) * (double)GONG_NS_PER_S);
        return false;
    }
    return true;
}

void
gong_outbox_way_take(struct gong_outbox_way *way)
{
    way->running++;
    way->probing = way->open;
    if (way->rate > 0) {
        way->tokens -= 1;
    }
}

static void
open_for(struct gong_outbox_way *way, gong_mono_t now, gong_dur_t wait)
{
    way->open = true;
    way->open_until = gong_mono_add(now, wait);
}

bool
gong_outbox_way_give(struct gong_outbox_way *way,
                     enum gong_channel_outcome outcome, bool connected,
                     uint64_t who, gong_mono_t now)
{
    bool before = way->open;
    bool others = way->failed_for != 0 && way->failed_for != who;

    way->running--;
    way->probing = false;
    switch (outcome) {
    case GONG_CHANNEL_SENT:
    case GONG_CHANNEL_REFUSE:
        way->open = false;
        way->failed_for = 0;
        gong_backoff_reset(&way->backoff);
        break;
    case GONG_CHANNEL_RETRY:
        way->failed_for = who;
        if (!connected || others || way->open) {
            open_for(way, now, gong_backoff_next(&way->backoff));
        }
        break;
    case GONG_CHANNEL_EXHAUSTED:
        open_for(way, now, way->exhausted_wait);
        break;
    }
    return way->open != before;
}
