/*
 * engine_thread: the shell around the pure engine. One thread owns the engine,
 * reads the journal by an unnamed cursor, puts effects into the effects log and
 * recorded samples into the journal (recorded.h). Recovery is nothing but
 * starting: from the newest snapshot that holds, else from the journal's oldest
 * record, the same records give the same effects, and those kept before are
 * dropped there.
 *
 *   journal -> [ engine ] -> effects
 *      ^           |---------> report (numbers), alert view (pointer swap)
 *      |-- RECORDED
 *      '-- CLOCK at the next deadline, CONFIG at each new segment
 *
 * Damaged records, unknown rule sets and a full effects log are counted and
 * logged, never fatal. Where the engine runs out of memory it is thrown away
 * and the journal is read again from its oldest record.
 */
#ifndef GONG_AGENT_DECIDE_ENGINE_THREAD_H
#define GONG_AGENT_DECIDE_ENGINE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/decide/alert_view.h"
#include "agent/decide/effects.h"
#include "agent/journal/journal.h"
#include "agent/decide/rule_store.h"
#include "agent/decide/snapshot.h"
#include "agent/trust/trust.h"
#include "common/latency.h"
#include "rules/engine/engine.h"

struct gong_engine_thread_options {
    struct gong_journal *journal;   /* borrowed until stop */
    struct gong_effects *effects;   /* borrowed until stop, bound */
    struct gong_counters *counters; /* borrowed until stop */
    const char *state_dir;          /* borrowed until stop */
    struct gong_trust *trust;       /* borrowed until stop, may be NULL */
    struct gong_engine_limits limits;
    uint64_t segment_size;   /* of the journal: a CONFIG per segment; 0: none */
    gong_dur_t snapshot_min; /* see agent/decide/snapshot.h */
    gong_dur_t snapshot_max; /* 0: none are taken nor restored */
};

/* Plain values: what the thread last said about itself. */
struct gong_engine_report {
    struct gong_engine_stats engine;
    uint64_t position;      /* where it reads next */
    bool live;              /* everything kept at the start has been applied */
    uint64_t restarts;      /* after running out of memory */
    uint64_t rules_refused; /* CONFIG records that could not be followed */
    uint64_t rules_lacking; /* that name a parameter which no device has */
    uint64_t clock_records;
    int64_t read_ms;   /* journal time of the last record; 0: none yet */
    uint64_t replayed; /* records read at the start, after the snapshot */
    struct gong_snapshots_report snapshots;
    char rules_sha[GONG_RULE_SHA_SIZE]; /* "" before the first */
    struct gong_latency decided;        /* received to decided, live ones */
};

struct gong_engine_thread;

enum gong_err
gong_engine_thread_start(const struct gong_engine_thread_options *options,
                         struct gong_engine_thread **out) GONG_MUST_CHECK;
/* Once live it first applies what is in the journal, then ends; joins, frees.
 * gong_journal_wake need not be called. NULL is fine. */
void gong_engine_thread_stop(struct gong_engine_thread *thread);

/* Any thread. */
void gong_engine_thread_report(struct gong_engine_thread *thread,
                               struct gong_engine_report *out);
/* NULL before the first; release it with gong_alert_view_release. */
struct gong_alert_view *
gong_engine_thread_alerts(struct gong_engine_thread *thread);
/* Why a rule has no result now; a literal; NULL: it has one. */
const char *gong_engine_thread_fault(struct gong_engine_thread *thread,
                                     const char *rule_id);

#endif
