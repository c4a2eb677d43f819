/*
 * engine: a pure, single-threaded, deterministic machine: journal records in,
 * effects out. Reads no clock, does no I/O, starts no thread; links only
 * gong_base and gong_wire.
 *
 * All mutable state lies in arenas addressed by 32-bit indices (arena.h):
 *
 *   symbols      interned strings
 *   labelsets    sorted (name, value) symbol pairs, interned
 *   devices      one per (site, device): its clock and its timers
 *   rows         (device, series key bytes as written) -> columns
 *   columns      one per field of a row -> its series, if a rule reads it
 *   series       (device, labels, metric): newest sample, bindings
 *   instances    (rule, label set): its selectors' series, alert, timer
 *   alerts       one per instance that is not at rest
 *   presences    one per device: up or dark (presence.h)
 *   declareds    look-backs longer than usual, as births ask (declared.h)
 *
 * What has been silent for long is forgotten, between two records
 * (engine_expire.h): nothing but memory shows it.
 *
 * A sample finds its row by the bytes of its series key, its column by
 * comparing the field key with the next expected one; a column that no rule
 * reads costs nothing more. Each binding leads to one instance and leaf.
 *
 * Time (semantics rules 1-5): a data record of journal time T first runs every
 * timer due before T; a clock record runs those due at or before T. Within a
 * record samples are applied by stamp; the device's own timers due before a
 * stamp run before it. So at an equal instant samples come before timers, as
 * in Prometheus, and the same in a file as live.
 *
 * An instance is evaluated at its sample's stamp, or, if that is later, at the
 * newest stamp of its other selectors or at its last change: so `for` counts
 * from when things were so, not from when word of it came, and what was told
 * stays told. What falls due by then on a clock that is already past it runs at
 * once, at its own instant. A rule with an interval is evaluated on journal
 * time at multiples of it, where something changed since the last one.
 *
 * Blind time (semantics rule 10) satisfies nothing and ends nothing. A RESUME
 * record of T with B ms of it sets all device clocks to what they showed at
 * T - B; `for` and keep of rules with an interval end B later. One with -1
 * begins blind time: no timer runs until the next one. Then it settles: for so
 * long nothing turns missing, what would is held, and `for` stands still. Blind
 * time before it has settled prolongs that.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_H
#define GONG_RULES_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/record.h"
#include "rules/engine/effect.h"
#include "rules/engine/engine_stats.h"
#include "rules/engine/labelset.h"
#include "rules/engine/ruleset.h"

struct gong_engine;

/* Every bound of the engine; what exceeds one is refused and counted. */
struct gong_engine_limits {
    uint32_t devices;         /* 0: 200,000 */
    uint32_t rows_per_device; /* 0: 1,000; a file's rows are not limited */
    uint32_t instances;       /* 0: 20,000,000 */
    uint64_t bytes; /* of the state, without what is derived from it; 0: no
                       limit but the machine's */
    /* Keys the tables against names made to collide: a number that senders do
     * not know, the same in every replay of a journal (say, from its id). What
     * the engine says does not depend on it. */
    uint64_t hash_key[2];
};

typedef void (*gong_effect_fn)(void *ctx, const struct gong_effect *effect);
typedef void (*gong_recorded_fn)(void *ctx,
                                 const struct gong_recorded *recorded);

/* emit is called inside apply and set_rules; it must not call the engine. */
struct gong_engine *gong_engine_new(const struct gong_engine_limits *limits,
                                    gong_effect_fn emit, void *ctx);
void gong_engine_free(struct gong_engine *engine);

/* gong_engine_on_recorded: recorded is called for each sample of a recording,
 * as emit is for effects; before it is set, or with NULL, nobody is. */
void gong_engine_on_recorded(struct gong_engine *engine,
                             gong_recorded_fn recorded, void *ctx);

/* gong_engine_on_presence: told is called for each change of up, unit_up and
 * device_dark (presence.h), at journal time; as on_recorded. Foreign rules have
 * none. */
void gong_engine_on_presence(struct gong_engine *engine, gong_recorded_fn told,
                             void *ctx);

/* A rule that has no result at an instant (semantics rule 16). Valid during the
 * call only. */
struct gong_rule_fault {
    const struct gong_rule *rule;
    const char *text; /* gong_eval_fault_text; NULL: it has a result again */
    int64_t at_ms;
    bool
        partial; /* only of one alert, which would have the labels of another:
                    all else has its result, and nobody tells that it is over */
};

typedef void (*gong_fault_fn)(void *ctx, const struct gong_rule_fault *fault);

/* gong_engine_on_fault: fault is called each time a rule has no result, and
 * when it has one again; a change of rules begins anew. As on_recorded. */
void gong_engine_on_fault(struct gong_engine *engine, gong_fault_fn fault,
                          void *ctx);

/* What a change of rules did, by rule (design 4, "Reload"). */
struct gong_rules_report {
    size_t kept; /* same id and meaning: state goes on */
    size_t added;
    size_t changed; /* same id, other meaning: state dropped, firing resolved */
    size_t removed;
};

/*
 * gong_engine_set_rules: swaps the rule set at a journal position (a CONFIG
 * record). Compiles everything first: on GONG_ERR_INVALID (a rule that
 * plan.h refuses) or GONG_ERR_MEMORY nothing changed. set is borrowed until
 * the next set_rules or free. A rule is the same if id, canonical expressions,
 * levels, for, keep_firing_for, interval, lookback, on_missing, trial, labels
 * and what its calendar says are; annotations may change freely. report may be
 * NULL. Journal time moves on to journal_ms even where the set is refused for
 * memory. Memory that runs out after the swap is told by gong_engine_is_short.
 * A new rule at interval 0 first looks at the next sample, a new one
 * with an interval at its next instant.
 */
enum gong_err
gong_engine_set_rules(struct gong_engine *engine,
                      const struct gong_ruleset *set, uint64_t position,
                      int64_t journal_ms,
                      struct gong_rules_report *report) GONG_MUST_CHECK;

/*
 * gong_engine_apply: one journal record (DATA, PRESENCE, CLOCK, RESUME; others
 * are time only).
 * CONFIG is the shell's business: it calls set_rules. A record whose journal
 * time lies before the last one's is taken at the last one's. Damaged batches
 * are counted, never fatal. GONG_ERR_MEMORY: the record may be applied in part;
 * the shell must start over from the journal.
 */
enum gong_err
gong_engine_apply(struct gong_engine *engine,
                  const struct gong_record *record) GONG_MUST_CHECK;

/* A sample with its labels, the metric as __name__ among them; NaN of a stale
 * marker ends the series. */
struct gong_engine_sample {
    const struct gong_label_view *labels;
    size_t label_count;
    double value;
};

/*
 * gong_engine_apply_foreign: like a record of journal time ms with this one
 * sample of stamp ms, which no payload can say. For foreign rules only:
 * GONG_ERR_UNSUPPORTED else, GONG_ERR_TOO_LARGE past GONG_LABELSET_MAX labels,
 * the name among them, whether it has one or not; nothing has changed then.
 */
enum gong_err gong_engine_apply_foreign(
    struct gong_engine *engine, uint64_t position, int64_t ms,
    const struct gong_engine_sample *sample) GONG_MUST_CHECK;

/* gong_engine_is_short: whether memory ran out while a change was told to rules
 * that read ALERTS: as after GONG_ERR_MEMORY the shell must start over. apply
 * says so itself; set_rules, which takes nothing back, is to be asked. */
bool gong_engine_is_short(const struct gong_engine *engine);

/* gong_engine_deadline: journal time of the earliest timer, INT64_MAX if none:
 * the shell appends a CLOCK record then. */
int64_t gong_engine_deadline(const struct gong_engine *engine);

/* gong_engine_settling: whether it is blind or settles after it was. */
bool gong_engine_settling(const struct gong_engine *engine);

/* gong_engine_place: position and journal time of the newest record. */
void gong_engine_place(const struct gong_engine *engine, uint64_t *position,
                       int64_t *journal_ms);

void gong_engine_stats(const struct gong_engine *engine,
                       struct gong_engine_stats *out);

/* gong_engine_alerts: calls visit for every alert that is not at rest, as an
 * effect whose from and to are both its state. For views and tests. */
void gong_engine_alerts(struct gong_engine *engine, gong_effect_fn visit,
                        void *ctx);

#endif
