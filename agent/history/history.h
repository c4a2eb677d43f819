/*
 * history: the embedded time-series store of the agent, on a thread of its own.
 *
 *   journal (to its durable mark) --.
 *                                    > feed -> head -- every 10 min -->
 * history.db effects log -------------------'            | |
 *                                               '--- recent ---> queries-'
 *
 * A commit holds samples and how far the logs were read, so that after a kill
 * at any moment reading goes on there and the history is what it would have
 * been: the named cursors "history" hold journal and effects until then. A
 * commit comes early where the head grows past its limit, at a stop, and when
 * the journal is about to drop what is not in the file yet.
 *
 * A full or failing disk: commits fail, are counted, logged once, and tried
 * again with backoff; the head grows to its limit, then reading stops and the
 * journal holds on. A damaged file is set aside, said so, and a new one filled
 * from the journal as far as that reaches; likewise where the journal is
 * another one than the file knows.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_H
#define GONG_AGENT_HISTORY_HISTORY_H

#include "agent/decide/effects.h"
#include "agent/history/history_reader.h"
#include "agent/history/history_tidy.h"
#include "agent/journal/journal.h"
#include "common/conf.h"
#include "common/counter.h"

/* The group `history` of the configuration. */
struct gong_history_config {
    bool on;                    /* true */
    uint64_t size;              /* of history.db at most: 10 GiB */
    gong_dur_t raw;             /* age of raw samples: 30 days */
    gong_dur_t five_minutes;    /* of roll-ups: 400 days */
    gong_dur_t one_hour;        /* 5 years */
    gong_dur_t commit_interval; /* 10 min */
    uint64_t memory;            /* of the head: 64 MiB */
    gong_dur_t query_timeout;   /* 30 s */
    int64_t query_samples;      /* 50 million */
    uint64_t query_memory;      /* 256 MiB */
    int64_t query_series;       /* 200,000 */
};

extern const struct gong_option_table gong_history_table;

struct gong_history;

struct gong_history_options {
    const struct gong_history_config
        *config; /* these are borrowed until stop */
    const char *state_dir;
    struct gong_journal *journal;
    struct gong_effects *effects;
    struct gong_counters *counters;
};

enum gong_err gong_history_start(const struct gong_history_options *options,
                                 struct gong_history **out, char *why,
                                 size_t why_size) GONG_MUST_CHECK;
/* Commits what it has, joins, frees. NULL is fine. */
void gong_history_stop(struct gong_history *history);

/* Any thread. */
const char *gong_history_path(const struct gong_history *history);
struct gong_history_recent gong_history_recent(struct gong_history *history);

/* gong_history_commit: any thread: asks for a commit now and waits until it was
 * tried; for tests and backups. TIMEOUT after so long. */
enum gong_err gong_history_commit(struct gong_history *history,
                                  gong_dur_t timeout) GONG_MUST_CHECK;

/* Plain values, for /healthz and metrics. */
struct gong_history_report {
    struct gong_history_sizes sizes;
    struct gong_history_tidied tidied;
    uint64_t head_bytes;
    uint64_t head_samples;
    uint64_t samples; /* taken since the start */
    uint64_t commits;
    uint64_t failures;    /* commits that failed */
    bool failing;         /* the last one did */
    int64_t read_ms;      /* journal time of the last record read */
    int64_t committed_ms; /* likewise, in the file */
    uint64_t behind;      /* bytes of the journal not yet read */
};
void gong_history_get_report(struct gong_history *history,
                             struct gong_history_report *out);

#endif
