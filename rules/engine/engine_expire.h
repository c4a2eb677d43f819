/*
 * engine_expire: what has been silent for long is forgotten, so that devices
 * and label values which come and go do not fill the memory.
 *
 *   rows --columns--> series --bindings--> instances, windows, members
 *     '------------------'------- label sets, symbols ------'
 *
 * A series goes once nothing can see it: its newest sample, and its rows' last
 * points, lie back further than GONG_EXPIRE_MS and than twice what any rule
 * that reads it looks back, on its device's clock and in journal time; and
 * nothing of its rules has an open or pending alert, a timer, a group or an
 * output through it, or would fire because it is missing; what a rule reads
 * together goes together. What the engine says itself of presence, and of an
 * alert that stands, stays. A row goes with the last of its series, one without
 * any after GONG_EXPIRE_MS. An instance of a rule that is evaluated as a whole
 * goes when it has no alert or output; label sets and symbols go with the last
 * of what names them. Devices stay, as does what is known of their presence:
 * limits.devices bounds them.
 *
 * So the engine says the same, whether it forgets or not: what comes back is
 * like a new series, whose past nobody would have seen any more. Where it shows
 * all the same: a sample that is delayed by more than all that is no late one;
 * a range that new rules read further back than the old ones did does not wait
 * for it (semantics rule 23); while it settles, what is held of a rule with
 * `or` or `unless` is not held for want of a sample that was forgotten before;
 * a birth that declares a longer `every`, which makes look-back longer, cannot
 * bring back the sample of a series that was forgotten under the shorter one;
 * and effects of one rule at one instant come in the order of instances'
 * numbers: one that was forgotten and came back is told behind those that
 * stayed, unlike by an engine that forgets nothing. All that read the same
 * journal with the same limits forget the same.
 *
 * It is looked at between two records, so a journal decides when: when tables
 * have grown by a quarter and GONG_EXPIRE_GROWTH elements since the last look,
 * GONG_EXPIRE_SOON_MS after that at the earliest, and GONG_EXPIRE_LATE_MS after
 * it in any case; not while it is blind or settles. Where an eighth or more of
 * all elements has gone, the others move down into their places, with new
 * numbers in the same order: so tables are as dense as new ones. Thus no more
 * than a seventh of what lives is held for what does not, beside what came, or
 * fell silent, since the last look.
 *
 * A look reads all tables once, some 15 ns an element; to move them costs some
 * 100 ns each, and 4 bytes of memory. Between looks it costs a comparison a
 * record.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_EXPIRE_H
#define GONG_RULES_ENGINE_ENGINE_EXPIRE_H

#include "rules/engine/engine_state.h"
#include "rules/engine/kept.h"

#define GONG_EXPIRE_MS      INT64_C(3600000)
#define GONG_EXPIRE_SOON_MS INT64_C(600000)
#define GONG_EXPIRE_LATE_MS INT64_C(21600000)
#define GONG_EXPIRE_GROWTH  4096

/* gong_engine_expire: after each record. GONG_ERR_MEMORY: the engine is not to
 * be used any more. */
enum gong_err gong_engine_expire(struct gong_engine *engine) GONG_MUST_CHECK;

/* gong_engine_minute: journal time as rows note it; it wraps after 8,000 years.
 */
static inline uint32_t
gong_engine_minute(const struct gong_engine *engine)
{
    return (uint32_t)(engine->journal_ms / 60000);
}

/* engine_kept.c */

/* gong_engine_choose: fills kept, whose tables are zeros, from those rows and
 * series that were marked with 1 already; *gone counts elements, *series series
 * that go. */
void gong_engine_choose(const struct gong_engine *engine,
                        struct gong_kept *kept, uint64_t *gone,
                        uint64_t *series);

/* gong_engine_keep: forgets all else. */
bool gong_engine_keep(struct gong_engine *engine, const struct gong_kept *kept);

#endif
