/* sample_window_check: whether windows that were read back can be read at all.
 * What was claimed is marked where it stands; sweep takes the marks away. */
#include "rules/engine/sample_window.h"

#include "rules/engine/timer.h"
#include "rules/engine/sample_window_code.h"

/* No instant that was ever told lies further out (timer.h). */
#define FAR (4 * GONG_INSTANT_MAX)

const char *
gong_sample_windows_check_begin(struct gong_sample_windows *all)
{
    const struct gong_sample_window_since *sinces = all->sinces.data;

    for (uint32_t i = 1; i < all->windows.count; i++) {
        gong_sample_window_at(all, i)->flags &=
            (uint8_t)~GONG_SAMPLE_WINDOW_CLAIMED;
    }
    for (uint32_t i = 1; i < all->chunks.count; i++) {
        struct gong_sample_window_chunk *c =
            gong_sample_window_chunk_at(all, i);

        c->start &= (uint8_t)~GONG_SAMPLE_WINDOW_CLAIMED;
    }
    for (uint32_t i = 1; i < all->sinces.count; i++) {
        if (sinces[i].window == 0 || sinces[i].window >= all->windows.count ||
            (i > 1 && sinces[i].window <= sinces[i - 1].window) ||
            (sinces[i].ms != GONG_SAMPLE_WINDOW_ALWAYS &&
             (sinces[i].ms < -FAR || sinces[i].ms > FAR))) {
            return "the list of windows that began late is wrong";
        }
    }
    all->cached = 0;
    all->free = 0;
    return NULL;
}

/* Reads a chunk step by step; how many samples it holds, 0 if it is wrong. */
static uint32_t
walk(const struct gong_sample_code *code, struct gong_sample_code_state *state,
     const struct gong_sample_window_chunk *c)
{
    uint32_t count = 0;

    for (size_t at = c->start; at < GONG_SAMPLE_WINDOW_BYTES; count++) {
        size_t len = gong_sample_code_size(code->scale, c->bytes[at]);
        int64_t newer = state->ms;

        if (len == 0 || len > GONG_SAMPLE_WINDOW_BYTES - at) {
            return 0;
        }
        (void)gong_sample_code_next(code, state, c->bytes + at);
        if (state->ms >= newer || state->ms < -FAR) {
            return 0;
        }
        at += len;
    }
    return count;
}

const char *
gong_sample_windows_claim(struct gong_sample_windows *all, uint32_t window,
                          struct gong_sample newest)
{
    struct gong_sample_window *w = NULL;
    struct gong_sample_code code = {0, 0};
    struct gong_sample_code_state state = {.ms = newest.ms};
    uint32_t count = 0;

    if (window == 0 || window >= all->windows.count) {
        return "a series has no window";
    }
    w = gong_sample_window_at(all, window);
    if ((w->flags & GONG_SAMPLE_WINDOW_CLAIMED) != 0 ||
        (w->scale > GONG_SAMPLE_CODE_PLACES &&
         w->scale != GONG_SAMPLE_CODE_XOR)) {
        return "a window is another's";
    }
    w->flags |= GONG_SAMPLE_WINDOW_CLAIMED;
    code = (struct gong_sample_code){w->step, w->scale};
    state = gong_sample_code_start(&code, newest);
    for (uint32_t n = w->chunk; n != 0;) {
        struct gong_sample_window_chunk *c = NULL;
        uint32_t held = 0;

        if (n >= all->chunks.count) {
            return "a window's chunk is outside";
        }
        c = gong_sample_window_chunk_at(all, n);
        /* A mark on start is past the end of a chunk, too. */
        held = c->start < GONG_SAMPLE_WINDOW_BYTES ? walk(&code, &state, c) : 0;
        if (held == 0) {
            return "a window's samples are wrong";
        }
        count += held;
        c->start |= GONG_SAMPLE_WINDOW_CLAIMED;
        n = c->older;
    }
    if (count != w->count ||
        count > GONG_SAMPLE_WINDOW_FULL + GONG_SAMPLE_WINDOW_BYTES) {
        return "a window has too many or too few samples";
    }
    return gong_sample_windows_room(all, count + 2) ? NULL : "out of memory";
}

const char *
gong_sample_windows_sweep(struct gong_sample_windows *all)
{
    for (uint32_t i = 1; i < all->windows.count; i++) {
        struct gong_sample_window *w = gong_sample_window_at(all, i);

        if ((w->flags & GONG_SAMPLE_WINDOW_CLAIMED) == 0) {
            return "a window is nobody's";
        }
        w->flags &= (uint8_t)~GONG_SAMPLE_WINDOW_CLAIMED;
    }
    for (uint32_t i = all->chunks.count; i > 1; i--) {
        struct gong_sample_window_chunk *c =
            gong_sample_window_chunk_at(all, i - 1);

        if ((c->start & GONG_SAMPLE_WINDOW_CLAIMED) == 0) {
            c->older = all->free;
            all->free = i - 1;
        }
        c->start &= (uint8_t)~GONG_SAMPLE_WINDOW_CLAIMED;
    }
    return NULL;
}
