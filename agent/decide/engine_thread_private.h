/*
 * engine_thread_private: what the parts of the engine's thread share.
 *
 *   engine_thread.c   the thread: records in, effects and views out
 *   engine_rules.c    which rules are in force
 */
#ifndef GONG_AGENT_DECIDE_ENGINE_THREAD_PRIVATE_H
#define GONG_AGENT_DECIDE_ENGINE_THREAD_PRIVATE_H

#include "agent/decide/engine_thread.h"

#include <pthread.h>
#include <stdatomic.h>

#include "agent/decide/alert_board.h"
#include "agent/decide/recorded.h"
#include "agent/decide/rule_faults.h"

struct gong_engine_thread {
    struct gong_engine_thread_options options;
    pthread_t thread;
    atomic_bool stopping;

    /* The thread's own. */
    struct gong_engine *engine;
    struct gong_rule_source *rules; /* borrowed by the engine */
    struct gong_spool_cursor *cursor;
    struct gong_recorder *recorder;
    struct gong_rule_faults *faults;
    struct gong_snapshots *snapshots; /* NULL: none are taken */
    bool restored;                    /* from a snapshot */
    struct gong_engine_report now;    /* as it grows */
    uint64_t config_segment;          /* the last one that has a CONFIG */
    uint64_t tried_end; /* nothing more could be read up to here */
    int64_t clock_ms;   /* journal time of the last CLOCK asked for */
    int64_t retry_ms;
    gong_mono_t reported;
    bool reading_ok;

    pthread_mutex_t lock; /* guards what others read */
    struct gong_engine_report report;

    struct gong_alert_board board;
};

/* gong_engine_apply_config: a CONFIG record: another set of rules, or the same
 * said again. False where the engine cannot go on, having advanced in part:
 * without memory. */
bool gong_engine_apply_config(struct gong_engine_thread *t,
                              const struct gong_record *record);

/* gong_engine_find_first_rules: the rules that were in force at the oldest
 * record kept: the CONFIG before it may be gone, but each segment repeats it.
 */
bool gong_engine_find_first_rules(struct gong_engine_thread *t);

/* gong_engine_keep_rules_known: a recycled journal must still know its rules:
 * not those in force here, which a reload further down may have replaced, but
 * the newest it names. */
void gong_engine_keep_rules_known(struct gong_engine_thread *t,
                                  const struct gong_record *record);

#endif
