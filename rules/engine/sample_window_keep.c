/* sample_window_keep: windows that go, and the others' new numbers. */
#include "rules/engine/sample_window.h"

static void
release_all(struct gong_sample_windows *all, struct gong_sample_window *w)
{
    while (w->chunk != 0) {
        struct gong_sample_window_chunk *c =
            gong_sample_window_chunk_at(all, w->chunk);
        uint32_t chunk = w->chunk;

        w->chunk = c->older;
        c->older = all->free;
        all->free = chunk;
    }
}

void
gong_sample_windows_keep(struct gong_sample_windows *all, const uint32_t *map)
{
    struct gong_sample_window_since *sinces = all->sinces.data;
    uint32_t kept = 1;

    all->cached = 0;
    for (uint32_t i = 1; i < all->windows.count; i++) {
        if (map[i] == 0) {
            release_all(all, gong_sample_window_at(all, i));
        }
    }
    for (uint32_t i = 1; i < all->sinces.count; i++) {
        if (map[sinces[i].window] != 0) {
            sinces[kept] = (struct gong_sample_window_since){
                .ms = sinces[i].ms, .window = map[sinces[i].window]};
            kept++;
        }
    }
    gong_arena_cut(&all->sinces, kept);
    gong_arena_keep(&all->windows, map);
}
