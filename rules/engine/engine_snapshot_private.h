/* engine_snapshot_private: what saving and restoring share. */
#ifndef GONG_RULES_ENGINE_ENGINE_SNAPSHOT_PRIVATE_H
#define GONG_RULES_ENGINE_ENGINE_SNAPSHOT_PRIVATE_H

#include "rules/engine/engine_snapshot.h"
#include "rules/engine/engine_state.h"

#define GONG_SECTION_HEADER  24
#define GONG_SECTION_TRAILER 8
#define GONG_SECTIONS        37

/* One of the three is set. */
struct gong_section {
    struct gong_arena *arena;
    struct gong_index *index;
    void *plain;
    uint32_t stride; /* of one element */
};

/* gong_sections: all of an engine's, in the order in which they are stored. */
void gong_sections(struct gong_engine *engine,
                   struct gong_section out[GONG_SECTIONS]);

/* gong_snapshot_layout: says whether elements look the same elsewhere. */
uint32_t gong_snapshot_layout(const struct gong_section all[GONG_SECTIONS]);

uint64_t gong_snapshot_limits(const struct gong_engine *engine);
uint64_t gong_snapshot_key(const struct gong_engine *engine);

/* No instant that was ever told lies further out (timer.h). */
#define GONG_SNAPSHOT_FAR (4 * GONG_INSTANT_MAX)

static inline bool
gong_snapshot_within(const struct gong_arena *arena, uint32_t index)
{
    return index != 0 && index < arena->count;
}

/* count elements from first on; first counts even where count is 0. */
static inline bool
gong_snapshot_run_within(const struct gong_arena *arena, uint32_t first,
                         uint32_t count)
{
    return first != 0 && first <= arena->count && count <= arena->count - first;
}

static inline bool
gong_snapshot_bytes_within(const struct gong_arena *bytes, uint32_t at,
                           uint32_t len)
{
    return gong_snapshot_within(bytes, at) &&
           len < (uint64_t)(bytes->count - at) * 8;
}

/* A free one would get another's text one day. */
static inline bool
gong_snapshot_is_symbol(const struct gong_symbols *symbols, uint32_t symbol)
{
    const struct gong_symbol *all = symbols->symbols.data;

    return gong_snapshot_within(&symbols->symbols, symbol) &&
           all[symbol].at != 0;
}

/* One of a row, a series or what may feed one: with room for a metric's name
 * beside its labels. */
static inline bool
gong_snapshot_is_labelset(const struct gong_labelsets *labelsets, uint32_t set)
{
    const struct gong_labelset *all = labelsets->sets.data;

    return gong_snapshot_within(&labelsets->sets, set) &&
           all[set].count < GONG_LABELSET_MAX;
}

static inline bool
gong_snapshot_instant_sound(int64_t t)
{
    return t >= -GONG_SNAPSHOT_FAR && t <= GONG_SNAPSHOT_FAR;
}

/* Its instances have outputs, not alerts. */
static inline bool
gong_snapshot_is_recording(const struct gong_live *live,
                           const struct gong_instance *i)
{
    return live->book.rules[i->rule].rule->record != NULL;
}

/* engine_snapshot_general.c: of rules that are evaluated as a whole. */
const char *gong_snapshot_find_heads(const struct gong_engine *engine);
const char *gong_snapshot_check_outputs(const struct gong_engine *engine);
const char *gong_snapshot_check_generals(const struct gong_engine *engine);

/* engine_snapshot_order.c: once each element is sound. */
const char *gong_snapshot_check_order(const struct gong_engine *engine);

/* engine_snapshot_groups.c */

/* gong_snapshot_check_groups: members and groups, before instances are looked
 * at; NULL if all is sound. */
const char *gong_snapshot_check_groups(const struct gong_engine *engine);

/* engine_snapshot_timers.c */

/* gong_snapshot_rearm: arms all timers again, after everything else has been
 * looked at; NULL if all is sound. */
const char *gong_snapshot_rearm(struct gong_engine *engine);

/* engine_snapshot_names.c: symbols and label sets, before rules are compiled
 * against them; NULL if all is sound, else what is not. */
const char *gong_snapshot_check_symbols(const struct gong_engine *engine);

/* gong_snapshot_check: all the rest, before anything uses it; makes anew what
 * follows from it. NULL if all is sound, else what is not, as of all these. */
const char *gong_snapshot_check(struct gong_engine *engine);

#endif
