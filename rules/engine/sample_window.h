/*
 * sample_window: the samples that lie before a series' newest one, as far back
 * as some rule reads them; one window for all rules that read the series. The
 * newest sample is the series' own and is not stored again.
 *
 *   window -> newest chunk -> older chunk -> ... -> oldest chunk -> 0
 *
 *   chunk   | older u32 | start u8 |  unused  | sample | sample | ... |
 *                                             start: its newest one
 *
 * A chunk is filled from its end to its beginning, so that a read runs forward
 * through memory and backwards in time; each sample is told from the one after
 * it (sample_window_code.h). What is too old goes by whole chunks when a new
 * one is begun. A late sample is put in its place by writing what is newer
 * again.
 *
 * How a window writes its samples is chosen by its first two, and again when
 * too many of its chunks hold few.
 *
 * Cost: 16 bytes a window, 24 a chunk, which holds 8 to 19 samples of a sensor
 * with few decimal places and a steady pace, 2 of noise.
 */
#ifndef GONG_RULES_ENGINE_SAMPLE_WINDOW_H
#define GONG_RULES_ENGINE_SAMPLE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/engine/arena.h"
#include "rules/engine/sample.h"

#define GONG_SAMPLE_WINDOW_BYTES 19 /* of a chunk, for samples */
#define GONG_SAMPLE_WINDOW_SAMPLES                                             \
    1000000 /* of one window; the oldest are lost */
/* That many, and the oldest go; less than a chunk may come on top. */
#define GONG_SAMPLE_WINDOW_FULL                                                \
    (GONG_SAMPLE_WINDOW_SAMPLES + GONG_SAMPLE_WINDOW_SAMPLES / 16)
#define GONG_SAMPLE_WINDOW_ALWAYS INT64_MIN /* it is whole */

struct gong_sample_window {
    uint32_t chunk; /* the newest one, 0: none */
    uint32_t step;  /* of sample_window_code.h, as scale */
    uint32_t count; /* samples */
    uint16_t poor;  /* chunks that held few, since the last choice */
    uint8_t scale;
    uint8_t flags; /* sample_window.c's */
};

struct gong_sample_window_chunk {
    uint32_t older; /* in the free list: next free */
    uint8_t start;
    /* A read looks at the 7 bytes before a sample, whatever they are: at those
     * above and at the end of the element before, which the first chunk has in
     * the arena's element 0. */
    uint8_t bytes[GONG_SAMPLE_WINDOW_BYTES];
};

/* Since when a window is whole that was not kept, or not so long, before. */
struct gong_sample_window_since {
    int64_t ms;
    uint32_t window;
};

/* Transparent: embedded. */
struct gong_sample_windows {
    struct gong_arena windows;
    struct gong_arena chunks;
    struct gong_arena sinces; /* by window */
    struct gong_budget *budget;
    uint32_t free;
    uint64_t lost; /* samples, for GONG_SAMPLE_WINDOW_SAMPLES; the owner's to
                      clear */

    /* What was read last; room for the longest window, and as many numbers. */
    struct gong_sample *samples;
    double *numbers;
    uint32_t room;
    uint32_t cached; /* whose samples these are, 0: nobody's */
    uint32_t have;   /* how many, up to the newest */
};

/* Both budgets are borrowed until fini; what was read last draws on derived. */
void gong_sample_windows_init(struct gong_sample_windows *all,
                              struct gong_budget *budget,
                              struct gong_budget *derived);
void gong_sample_windows_fini(struct gong_sample_windows *all);

/* gong_sample_window_add: an empty window; 0 without memory. */
uint32_t gong_sample_window_add(struct gong_sample_windows *all);

/* gong_sample_window_push: next becomes the series' newest sample in newest's
 * place, and is newer. Kept are all samples that are at most keep ms older than
 * next, and the one before them. */
enum gong_err gong_sample_window_push(struct gong_sample_windows *all,
                                      uint32_t window,
                                      struct gong_sample newest,
                                      struct gong_sample next,
                                      int64_t keep) GONG_MUST_CHECK;

/* gong_sample_window_replace: the newest sample gets another value. */
enum gong_err gong_sample_window_replace(struct gong_sample_windows *all,
                                         uint32_t window,
                                         struct gong_sample newest,
                                         double value,
                                         int64_t keep) GONG_MUST_CHECK;

enum gong_sample_window_late {
    GONG_SAMPLE_LATE_TAKEN,
    GONG_SAMPLE_LATE_OLD,   /* nothing keeps it */
    GONG_SAMPLE_LATE_EQUAL, /* there is one with this stamp and value */
    GONG_SAMPLE_LATE_OTHER, /* there is one with this stamp and another value */
};

/* gong_sample_window_insert: a sample that is older than the newest. */
enum gong_err
gong_sample_window_insert(struct gong_sample_windows *all, uint32_t window,
                          struct gong_sample newest, struct gong_sample late,
                          int64_t keep,
                          enum gong_sample_window_late *what) GONG_MUST_CHECK;

/* gong_sample_window_read: the samples with from <= ms <= to, by time; from is
 * at most keep older than the newest. Good until the next call. */
const struct gong_sample *
gong_sample_window_read(struct gong_sample_windows *all, uint32_t window,
                        struct gong_sample newest, int64_t from, int64_t to,
                        size_t *count);

/* gong_sample_window_newest: the newest sample with from <= ms <= to. */
bool gong_sample_window_newest(struct gong_sample_windows *all, uint32_t window,
                               struct gong_sample newest, int64_t from,
                               int64_t to, struct gong_sample *out);

/* sample_window_since.c
 *
 * gong_sample_window_whole: since when no sample is missing:
 * GONG_SAMPLE_WINDOW_ALWAYS but for windows that began late.
 * gong_sample_window_begin says so; to be called for windows in the order in
 * which they were added. */
int64_t gong_sample_window_whole(const struct gong_sample_windows *all,
                                 uint32_t window);
bool gong_sample_window_begin(struct gong_sample_windows *all, uint32_t window,
                              int64_t ms);

/* gong_sample_window_copy: fills the empty window to of another table with the
 * samples of from. */
enum gong_err gong_sample_window_copy(struct gong_sample_windows *to_all,
                                      uint32_t to,
                                      struct gong_sample_windows *from_all,
                                      uint32_t from, struct gong_sample newest,
                                      int64_t keep) GONG_MUST_CHECK;

/* gong_sample_windows_keep: forgets the windows that have no new number in map
 * (as gong_arena_keep has it), and renumbers the others. */
void gong_sample_windows_keep(struct gong_sample_windows *all,
                              const uint32_t *map);

/* For what was read back (sample_window_check.c): begin, then claim for each
 * series that has a window, then sweep, which frees what nobody claimed. NULL,
 * or what is wrong. */
const char *gong_sample_windows_check_begin(struct gong_sample_windows *all);
const char *gong_sample_windows_claim(struct gong_sample_windows *all,
                                      uint32_t window,
                                      struct gong_sample newest);
const char *gong_sample_windows_sweep(struct gong_sample_windows *all);

/* gong_sample_windows_room: sees to it that windows of so many samples can be
 * read. */
bool gong_sample_windows_room(struct gong_sample_windows *all, uint32_t count);

static inline struct gong_sample_window *
gong_sample_window_at(const struct gong_sample_windows *all, uint32_t window)
{
    struct gong_sample_window *at = all->windows.data;

    return at + window;
}

static inline struct gong_sample_window_chunk *
gong_sample_window_chunk_at(const struct gong_sample_windows *all,
                            uint32_t chunk)
{
    struct gong_sample_window_chunk *at = all->chunks.data;

    return at + chunk;
}

#define GONG_SAMPLE_WINDOW_LATE 0x40 /* flags: it is in sinces */
#define GONG_SAMPLE_WINDOW_CLAIMED                                             \
    0x80 /* flags, and a chunk's start: see claim */

#endif
