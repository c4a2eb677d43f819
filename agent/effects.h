/*
 * effects: the engine's effects on their way out: an append-only log of their
 * own (a common/spool), read by the store writer and by each notifier through
 * named cursors. After a restart the engine replays the journal and produces
 * the same effects again; those at or before the last one kept here are
 * dropped, so each is kept exactly once.
 *
 * Payload of a GONG_RECORD_EFFECT: u64 journal position, u32 ordinal (little
 * endian), then the effect as a JSON object (agent/effect_json.h).
 *
 * Each start leaves a mark, a GONG_RECORD_RESUME that readers skip: u64
 * position, u32 ordinal, u8[16] journal id: effects of that journal up to there
 * are known. It undoes effects of records that the journal lost in a torn tail,
 * whose positions are given out again, and of a journal that was replaced.
 */
#ifndef GONG_AGENT_EFFECTS_H
#define GONG_AGENT_EFFECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/counter.h"
#include "common/spool.h"
#include "rules/engine/effect.h"

#define GONG_EFFECTS_PREFIX 12 /* bytes before the JSON */

struct gong_effects;

enum gong_err gong_effects_open(const struct gong_spool_options *options,
                                struct gong_counters *counters,
                                struct gong_effects **out, char *why,
                                size_t why_size) GONG_MUST_CHECK;
void gong_effects_close(struct gong_effects *effects);

/* gong_effects_bind: before the first put: which journal the positions are of
 * (gong_spool_id) and where it ends. */
enum gong_err gong_effects_bind(struct gong_effects *effects,
                                const uint8_t journal_id[16],
                                uint64_t journal_end) GONG_MUST_CHECK;

/* gong_effects_known: whether an effect was kept by an earlier run. */
bool gong_effects_known(const struct gong_effects *effects, uint64_t position,
                        uint32_t ordinal);

/* gong_effects_put: engine thread. decided_ms: wall clock of the decision.
 * Pending transitions are kept too (the store wants them). */
enum gong_err gong_effects_put(struct gong_effects *effects,
                               const struct gong_effect *effect,
                               int64_t decided_ms) GONG_MUST_CHECK;

/* gong_effects_wait: blocks until something was put after offset, at most
 * timeout; false when gong_effects_stop was called. */
bool gong_effects_wait(struct gong_effects *effects, uint64_t offset,
                       gong_dur_t timeout);
void gong_effects_stop(struct gong_effects *effects);

struct gong_spool *gong_effects_spool(struct gong_effects *effects);

#endif
