/*
 * effects: the engine's effects on their way out: an append-only log of their
 * own (a common/spool), read by the store writer and by each notifier through
 * named cursors. After a restart the engine replays the journal and produces
 * the same effects again; those at or before the last one kept here are
 * dropped, so each is kept exactly once.
 *
 * Payload of a GONG_RECORD_EFFECT (little endian):
 *
 *    0  u64 journal position    12  u8 format, 2      16  u64 rule's hash
 *    8  u32 ordinal             13  u8 state after    24  u64 fingerprint
 *                               14  u8 level after    32  the JSON
 *
 * Each start leaves a mark, a GONG_RECORD_RESUME that readers skip: u64
 * position, u32 ordinal, u8[16] journal id: effects of that journal up to there
 * are known. It undoes effects of records that the journal lost in a torn tail,
 * whose positions are given out again, and of a journal that was replaced.
 *
 * Where the journal lost records, the engine may decide otherwise than before.
 * So that nobody is told twice and nothing stays open for ever, the log keeps
 * a chain for each alert: what is kept begins in the state that was kept last,
 * and what would change nothing is dropped. From a start until
 * gong_effects_reconciled, an alert that people know as firing is not ended by
 * becoming pending again. Then, an alert whose state the engine holds otherwise
 * gets that one, and one that the engine no longer knows ends for the reason
 * "lost". The same mends what could not be kept, say on a full disk. Such
 * effects are of the last record applied, their ordinals begin at
 * GONG_EFFECTS_RECONCILED.
 */
#ifndef GONG_AGENT_DECIDE_EFFECTS_H
#define GONG_AGENT_DECIDE_EFFECTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/desk/census.h"
#include "agent/decide/incidents.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/spool.h"
#include "rules/engine/effect.h"

#define GONG_EFFECTS_PREFIX     32 /* bytes before the JSON */
#define GONG_EFFECTS_FORMAT     2
#define GONG_EFFECTS_RECONCILED UINT32_C(0x80000000)

/* The bytes before the JSON. */
struct gong_effects_prefix {
    uint64_t position;
    uint32_t ordinal;
    enum gong_alert_state to;
    unsigned level; /* 0: none */
    struct gong_incident_key key;
};

/* gong_effects_prefix_read: false where the record is no effect. */
bool gong_effects_prefix_read(const struct gong_record *record,
                              struct gong_effects_prefix *out);

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

/*
 * Engine thread, after each start, when the journal has been replayed and
 * settling is over, and again where an effect could not be kept: while
 * gong_effects_unreconciled, gong_effects_reconcile, gong_effects_held for
 * every alert that the engine holds (gong_engine_alerts), and
 * gong_effects_reconciled, which ends the others: place is where they end
 * (position, journal_ms; the rest of it is not read). After a failure all this
 * does nothing for two seconds. An effect that no segment holds is no such
 * failure: it is logged, counted and left out.
 */
bool gong_effects_unreconciled(const struct gong_effects *effects);
void gong_effects_reconcile(struct gong_effects *effects);
/* gong_effects_reconcile_again: any thread: once more, soon. */
void gong_effects_reconcile_again(struct gong_effects *effects);
void gong_effects_held(struct gong_effects *effects,
                       const struct gong_effect *alert, int64_t decided_ms);
void gong_effects_reconciled(struct gong_effects *effects,
                             const struct gong_effect *place,
                             int64_t decided_ms);

/* gong_effects_incidents: engine thread: how many alerts are not at rest in the
 * log. */
size_t gong_effects_incidents(const struct gong_effects *effects);

/* gong_effects_wait: blocks until something was put after offset, at most
 * timeout; false when gong_effects_stop was called. */
bool gong_effects_wait(struct gong_effects *effects, uint64_t offset,
                       gong_dur_t timeout);
void gong_effects_stop(struct gong_effects *effects);

/* gong_effects_wait_or: as wait, and returns when *other is set, by whoever
 * calls gong_effects_wake then. */
bool gong_effects_wait_or(struct gong_effects *effects, uint64_t offset,
                          gong_dur_t timeout, const atomic_bool *other);
void gong_effects_wake(struct gong_effects *effects);

/* gong_effects_census: any thread: what the engine held when the log was last
 * reconciled, once; NULL: not since the last call. The caller's to free. */
struct gong_census *gong_effects_census(struct gong_effects *effects);

/* gong_effects_applied: engine thread: what records before this place of the
 * journal caused is in the log; gong_effects_settled: any thread: the last such
 * place of this run, 0 before. */
void gong_effects_applied(struct gong_effects *effects, uint64_t offset);
uint64_t gong_effects_settled(struct gong_effects *effects);

struct gong_spool *gong_effects_spool(struct gong_effects *effects);

#endif
