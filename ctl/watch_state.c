#include "ctl/watch_state.h"

#include <stddef.h>

void
gong_watch_init(struct gong_watch *watch, int64_t max_age_ms, int64_t repeat_ms,
                int64_t now_ms)
{
    *watch = (struct gong_watch){
        .max_age_ms = max_age_ms, .repeat_ms = repeat_ms, .proven_ms = now_ms};
}

int64_t
gong_watch_age(const struct gong_watch *watch, int64_t now_ms)
{
    return now_ms - watch->proven_ms;
}

enum gong_watch_why
gong_watch_note(struct gong_watch *watch, const struct gong_watch_look *look,
                int64_t now_ms)
{
    bool old;

    if (!look->answered) {
        watch->deaf++;
    } else {
        watch->deaf = 0;
        if (look->last != 0) {
            watch->proven_ms = now_ms - look->age_ms;
        }
    }
    if (look->refused) {
        watch->deaf = 0;
        return GONG_WATCH_REFUSED;
    }
    old = gong_watch_age(watch, now_ms) > watch->max_age_ms;
    if (watch->deaf >= GONG_WATCH_DEAF || (watch->deaf > 0 && old)) {
        return GONG_WATCH_NO_ANSWER;
    }
    if (look->answered && !look->proves) {
        return GONG_WATCH_NO_PROOFS;
    }
    /* In an alarm only a proof is well, no agent that has just started. */
    if (old || (watch->alarm && (watch->deaf > 0 || look->last == 0))) {
        return GONG_WATCH_TOO_OLD;
    }
    return GONG_WATCH_FINE;
}

enum gong_watch_word
gong_watch_say(struct gong_watch *watch, enum gong_watch_why why,
               int64_t now_ms)
{
    if (why == GONG_WATCH_FINE) {
        bool was = watch->alarm;

        watch->alarm = false;
        return was ? GONG_WATCH_WELL : GONG_WATCH_NOTHING;
    }
    if (!watch->alarm) {
        watch->alarm = true;
        watch->said_ms = now_ms;
        return GONG_WATCH_ALARM;
    }
    if (watch->repeat_ms == 0 || now_ms - watch->said_ms < watch->repeat_ms) {
        return GONG_WATCH_NOTHING;
    }
    watch->said_ms = now_ms;
    return GONG_WATCH_AGAIN;
}

void
gong_watch_unsaid(struct gong_watch *watch, enum gong_watch_word word)
{
    switch (word) {
    case GONG_WATCH_NOTHING:
        break;
    case GONG_WATCH_ALARM:
        watch->alarm = false;
        break;
    case GONG_WATCH_AGAIN:
        watch->said_ms -= watch->repeat_ms;
        break;
    case GONG_WATCH_WELL:
        watch->alarm = true;
        break;
    }
}
