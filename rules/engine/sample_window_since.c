/* sample_window_since: since when a window that began late is whole. */
#include "rules/engine/sample_window.h"

int64_t
gong_sample_window_whole(const struct gong_sample_windows *all, uint32_t window)
{
    const struct gong_sample_window_since *sinces = all->sinces.data;
    uint32_t low = 1;
    uint32_t high = all->sinces.count;

    if ((gong_sample_window_at(all, window)->flags & GONG_SAMPLE_WINDOW_LATE) ==
        0) {
        return GONG_SAMPLE_WINDOW_ALWAYS;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (sinces[middle].window < window) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < all->sinces.count && sinces[low].window == window
               ? sinces[low].ms
               : GONG_SAMPLE_WINDOW_ALWAYS;
}

bool
gong_sample_window_begin(struct gong_sample_windows *all, uint32_t window,
                         int64_t ms)
{
    uint32_t at = gong_arena_add(&all->sinces, 1);

    if (at == 0) {
        return false;
    }
    *(struct gong_sample_window_since *)gong_arena_at(&all->sinces, at) =
        (struct gong_sample_window_since){.ms = ms, .window = window};
    gong_sample_window_at(all, window)->flags |= GONG_SAMPLE_WINDOW_LATE;
    return true;
}
