/*
 * history_feed: records of the journal and of the effects log as samples of
 * series, with the labels that the engine gives them.
 *
 *   DATA, live and backlog   <measurement>_<field>{tags, site, device, unit,
 *                            kind}, as rules/engine/series.h names them
 *   RECORDED                 recordings; up, unit_up and device_dark
 *   CONFIG                   param_<name>{site, device}: states
 *   effects                  ALERTS and ALERTS_FOR_STATE: states
 *   CLOCK and all others     time: states at each full minute
 *
 * Probes (agent/trust/probe.h) are no history. Texts are no samples; what the
 * decoder refuses is left to the stores' dead-letter file and counted. One
 * thread.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_FEED_H
#define GONG_AGENT_HISTORY_HISTORY_FEED_H

#include "agent/decide/rule_store.h"
#include "agent/gap/gap_intervals.h"
#include "agent/gap/gap_table.h"
#include "agent/history/history_file.h"
#include "agent/history/history_head.h"
#include "agent/history/history_states.h"
#include "common/record.h"

struct gong_history_feed;

struct gong_history_feed_options {
    struct gong_history_file *file;     /* borrowed: numbers of series */
    struct gong_history_head *head;     /* borrowed: where samples go */
    struct gong_history_states *states; /* borrowed */
    const char *state_dir;              /* borrowed: rules/ in it */
    struct gong_gap_table *gaps;        /* borrowed: told of batches; NULL */
    uint64_t bytes_max; /* of what is remembered of rows. 0: 256 MiB */
};

/* Plain values. */
struct gong_history_fed {
    uint64_t samples;
    uint64_t duplicates; /* of a stamp that the head has */
    uint64_t refused;    /* lines, or records that are none */
    uint64_t too_large;  /* past a limit of labels or rows */
};

/* NULL without memory. */
struct gong_history_feed *
gong_history_feed_new(const struct gong_history_feed_options *options);
void gong_history_feed_free(struct gong_history_feed *feed);

/* gong_history_feed_rules: the rule set in force where reading begins. */
enum gong_err gong_history_feed_rules(struct gong_history_feed *feed,
                                      const char *digest) GONG_MUST_CHECK;

/* gong_history_feed_record: of the journal, in order; gong_history_feed_effect:
 * of the effects log: those of causes before a record come before it. Errors
 * are those of file and memory, AGAIN: head or rows are full, commit and forget
 * first. The record is then to be given again, and what of it was taken before
 * does no harm. So does one more record that the file has: what it says is in
 * it, and from when on time passes is known by it. */
enum gong_err
gong_history_feed_record(struct gong_history_feed *feed,
                         const struct gong_record *record) GONG_MUST_CHECK;
enum gong_err
gong_history_feed_effect(struct gong_history_feed *feed,
                         const struct gong_record *record) GONG_MUST_CHECK;

/* gong_history_feed_forget: after a commit, with an empty head: where more is
 * remembered of rows than is good, it is learnt again, and series that nothing
 * holds any more may go. */
enum gong_err
gong_history_feed_forget(struct gong_history_feed *feed) GONG_MUST_CHECK;

/* gong_history_feed_now_ms: journal time of the last record; 0: none yet. */
int64_t gong_history_feed_now_ms(const struct gong_history_feed *feed);
/* gong_history_feed_past: an alert as ALERTS and ALERTS_FOR_STATE of a time
 * that is over: when it fired, at each full minute after that from from_ms on,
 * and when it ended, or up to to_ms. series: the number of its ALERTS, 0 past a
 * limit; gong_history_feed_past_series finds or makes it. */
struct gong_history_past {
    const struct gong_gap_interval *interval;
    int64_t from_ms;
    int64_t to_ms;
};
enum gong_err
gong_history_feed_past_series(struct gong_history_feed *feed,
                              const struct gong_gap_interval *interval,
                              uint32_t *series) GONG_MUST_CHECK;
enum gong_err
gong_history_feed_past(struct gong_history_feed *feed, uint32_t series,
                       const struct gong_history_past *past) GONG_MUST_CHECK;

/* gong_history_feed_set: the rules in force, as long as changes is the same;
 * NULL: none. */
const struct gong_ruleset *
gong_history_feed_set(const struct gong_history_feed *feed);
uint64_t gong_history_feed_changes(const struct gong_history_feed *feed);
/* gong_history_feed_digest: of the rule set in force, once its parameters are
 * told; "": none. */
const char *gong_history_feed_digest(const struct gong_history_feed *feed);
void gong_history_feed_counts(const struct gong_history_feed *feed,
                              struct gong_history_fed *out);

#endif
