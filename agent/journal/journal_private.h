/* journal_private: what the sequencer and the committer share. */
#ifndef GONG_AGENT_JOURNAL_JOURNAL_PRIVATE_H
#define GONG_AGENT_JOURNAL_JOURNAL_PRIVATE_H

#include <pthread.h>

#include "agent/journal/config_refs.h"
#include "agent/journal/journal.h"
#include "agent/journal/journal_clock.h"

#define GONG_JOURNAL_STALL_S 5 /* unless options say otherwise */

struct gong_journal_counters {
    gong_counter_t *records;
    gong_counter_t *bytes;
    gong_counter_t *append_failed;
    gong_counter_t *held;
    gong_counter_t *syncs;
    gong_counter_t *sync_failed;
    gong_counter_t *end;
    gong_counter_t *durable;
    gong_counter_t *dropped;
    gong_counter_t *clock_steps;
};

struct gong_journal {
    struct gong_journal_options options;
    struct gong_spool *spool;
    uint8_t boot_id[16];
    int64_t last_ms; /* as open found it */
    struct gong_journal_counters counters;

    /* Three conditions and not a monitor's one: an append must wake the engine
     * alone, not every store and the committer's pause with it. */
    pthread_mutex_t lock; /* the sequencer; guards all below */
    pthread_cond_t grown;
    pthread_cond_t settled;
    pthread_cond_t stopped;
    struct gong_journal_clock clock;
    struct gong_config_refs configs;
    uint64_t end;
    uint64_t durable;
    uint64_t wakes; /* counts gong_journal_wake */
    bool stopping;
    gong_mono_t beat; /* the last sign of life */
    bool watching;    /* for stalls */
    bool append_ok;
    bool sync_ok;
    uint64_t holds;     /* counts records that went to memory */
    bool holding;       /* some have not been told to `written` */
    uint64_t held_from; /* the first of them */

    pthread_t committer;
    bool started;
};

/* gong_journal_notice: under the lock, before anything that tells time: whether
 * the program stood still, or the wall clock was set. */
void gong_journal_notice(struct gong_journal *journal);

#endif
