/*
 * history_private: what the parts of the history's thread share.
 *
 *   history.c         the thread: reading, tidying, answers to others
 *   history_open.c    the file and what is made over it; a damaged one
 *   history_commit.c  what was heard into the file
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_PRIVATE_H
#define GONG_AGENT_HISTORY_HISTORY_PRIVATE_H

#include "agent/history/history.h"

#include <pthread.h>

#include "agent/history/history_feed.h"
#include "agent/history/history_follow.h"
#include "agent/history/history_gap.h"
#include "common/clock.h"
#include "common/monitor.h"

struct gong_history_counts {
    gong_counter_t *samples;
    gong_counter_t *duplicates;
    gong_counter_t *refused;
    gong_counter_t *too_large;
    gong_counter_t *commits;
    gong_counter_t *failures;
    gong_counter_t *damaged;
    gong_counter_t *gaps;
    gong_counter_t *late;
};

struct gong_history {
    struct gong_history_options options;
    char *path;
    struct gong_history_file *file;
    struct gong_history_head *head;
    struct gong_history_states *states;
    struct gong_history_feed *feed;
    struct gong_history_follow *follow;
    struct gong_history_gap *gap;
    struct gong_history_recent recent;
    struct gong_history_limits limits;
    struct gong_history_counts counts;
    struct gong_history_fed counted; /* of this feed, already in the counters */
    struct gong_history_tidied tidied;
    struct gong_history_gap_counts gaps; /* already in the counters */
    uint64_t commits;
    uint64_t failures;
    uint64_t samples;
    int64_t committed_ms;
    double fresh; /* share of a log that is held, at the last commit */
    gong_mono_t committed;
    gong_mono_t failed;
    gong_mono_t tidied_at;
    gong_mono_t gap_failed;
    bool gap_failing;
    int64_t retry_ms; /* 0: the last commit went well */
    bool dirty;       /* something was read since the last commit */
    bool full;        /* a commit must come before more is read */
    bool reading_ok;
    bool tidy_more;

    struct gong_monitor monitor;
    struct gong_history_report report; /* this and those below: under it */
    uint64_t asked;
    uint64_t answered;
    enum gong_err answer;
    bool stopping;
    pthread_t thread;
};

/* history_open.c: gong_history_open_all: all but the thread and the monitor;
 * gong_history_close_all; gong_history_drop_file: one that turned out damaged;
 * gong_history_mend: what is missing of file and feed; false: it still is. */
enum gong_err gong_history_open_all(struct gong_history *history, char *why,
                                    size_t why_size) GONG_MUST_CHECK;
void gong_history_close_all(struct gong_history *history);
void gong_history_drop_file(struct gong_history *history);
bool gong_history_mend(struct gong_history *history);

/* history_commit.c: gong_history_note_failure: the next try waits for longer.
 * gong_history_commit_now: one try; gong_history_try_commit: and a file that is
 * damaged is begun again. */
void gong_history_note_failure(struct gong_history *history, enum gong_err err);
enum gong_err
gong_history_commit_now(struct gong_history *history) GONG_MUST_CHECK;
enum gong_err
gong_history_try_commit(struct gong_history *history) GONG_MUST_CHECK;

#endif
