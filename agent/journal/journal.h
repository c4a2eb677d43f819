/*
 * journal: the sequencer. Gives each record its position and journal time
 * under one short lock, and runs the committer that makes records durable.
 *
 * Journal time: int64 ms, never decreasing: boot clock plus an offset that is
 * slewed towards the wall clock (at most 5 ms per second), so that a jump of
 * the wall clock neither fires nor delays anything. Where the wall clock is
 * more than a minute ahead for 10 s, it was set: time steps to it, behind a
 * RESUME record that makes the step blind time. Back it goes by slewing only;
 * gong_journal_ahead_ms says how far there is to go. After a restart it goes on
 * from the last record's time or the wall clock, whichever is later.
 *
 * While the disk fails (EIO, read-only) records are held in memory (common/
 * spool.h): the engine reads on and alerts, but nothing of it is durable, so
 * nothing is settled, stores get nothing, and a restart forgets it. When the
 * disk works again they are written out and told to `written`.
 */
#ifndef GONG_AGENT_JOURNAL_JOURNAL_H
#define GONG_AGENT_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/clock.h"
#include "common/counter.h"
#include "common/record.h"
#include "common/spool.h"

struct gong_journal;

struct gong_journal_options {
    struct gong_spool_options spool;
    gong_dur_t commit_interval; /* 50 to 100 ms: between fdatasyncs */
    /* On the committer's thread, right before it syncs and after the durable
     * mark moved; either may be NULL. */
    void (*committing)(void *ctx);
    void (*durable)(void *ctx, uint64_t offset);
    void *ctx;
    /* Called inside open for the records that are kept, oldest first; may be
     * NULL. seen_from is asked once before, where to begin: whoever has learnt
     * from the older ones before says so (gong_spool_position_holds); NULL, or
     * an offset before the oldest: at the oldest. */
    void (*seen)(void *ctx, const struct gong_record *record);
    uint64_t (*seen_from)(void *ctx, struct gong_spool *spool);
    void *seen_ctx;
    /* On the committer's thread, for every record that was held in memory and
     * is durable now; those that memory had no room for never come. May be
     * NULL. */
    void (*written)(void *ctx, const struct gong_record *record);
    gong_dur_t settle; /* what RESUME records say */
    gong_dur_t stall;  /* so long without a sign of life: blind; 0: 5 s */
};

/* Transparent: plain values, for /healthz. After a failed sync sync_ok stays
 * false and the durable mark where it is until one succeeds. */
struct gong_journal_health {
    bool append_ok; /* the last record went to the disk */
    bool sync_ok;
    bool holding;   /* records are held in memory, or just were */
    uint64_t holds; /* counts records that went to memory */
    uint64_t end;
    uint64_t durable;
};

/* gong_journal_open: reads as few records as it can: from seen_from on, and
 * those that the spool had to look at. */
enum gong_err gong_journal_open(const struct gong_journal_options *options,
                                struct gong_counters *counters,
                                struct gong_journal **out, char *why,
                                size_t why_size) GONG_MUST_CHECK;
/* Starts the committer. stop joins it after a last sync and wakes all waiters.
 */
enum gong_err gong_journal_start(struct gong_journal *journal) GONG_MUST_CHECK;
void gong_journal_stop(struct gong_journal *journal);
void gong_journal_close(struct gong_journal *journal);

/* gong_journal_append: any thread. wall_ns is the arrival; 0: now. The record
 * is in the page cache on return, or held in memory, and the engine is woken.
 */
enum gong_err gong_journal_append(struct gong_journal *journal,
                                  enum gong_record_type type,
                                  const struct iovec *parts, int part_count,
                                  int64_t wall_ns,
                                  uint64_t *position) GONG_MUST_CHECK;

/* gong_journal_held: any thread: whether the record at position is in memory
 * only. gong_journal_holding: whether there may be such, or some that were and
 * have not been told to `written` yet. */
bool gong_journal_held(struct gong_journal *journal, uint64_t position);
bool gong_journal_holding(struct gong_journal *journal);

/* gong_journal_repeat_config: any thread: the newest CONFIG record once more.
 * One lock sees to it that no newer one comes between looking and appending.
 * GONG_ERR_NOT_FOUND where the journal has none. */
enum gong_err
gong_journal_repeat_config(struct gong_journal *journal) GONG_MUST_CHECK;

/* gong_journal_config_named: any thread: whether a CONFIG record that is kept
 * names this configuration, or may do so. */
bool gong_journal_config_named(struct gong_journal *journal,
                               struct gong_str name);

/* gong_journal_resume: a RESUME record: blind for so long until now; -1: from
 * here on. Any thread. One is also put before the first record after the whole
 * program stood still. */
enum gong_err gong_journal_resume(struct gong_journal *journal,
                                  int64_t blind_ms) GONG_MUST_CHECK;

/* gong_journal_last_ms: the journal time of the newest record that open found,
 * bounded (agent/journal/journal_clock.h); 0: there was none. */
int64_t gong_journal_last_ms(const struct gong_journal *journal);

int64_t gong_journal_now_ms(struct gong_journal *journal);
/* gong_journal_ahead_ms: journal time less the wall clock. */
int64_t gong_journal_ahead_ms(struct gong_journal *journal);

/* gong_journal_wait: blocks until the log's end lies beyond offset (or, with
 * durable set, the durable mark does), at most timeout; false when stopping. */
bool gong_journal_wait(struct gong_journal *journal, uint64_t offset,
                       bool durable, gong_dur_t timeout);
/* Wakes all waiters once (a reload, a stop). */
void gong_journal_wake(struct gong_journal *journal);

/* gong_journal_health: any thread. */
void gong_journal_health(struct gong_journal *journal,
                         struct gong_journal_health *out);

/* For cursors and stats; borrowed. */
struct gong_spool *gong_journal_spool(struct gong_journal *journal);

#endif
