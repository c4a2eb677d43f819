/*
 * history_feed_private: what the parts of the feed share.
 *
 *   history_feed.c         records, time, rule sets
 *   history_feed_rows.c    rows of DATA and RECORDED and the series they feed
 *   history_feed_params.c  parameters of the city model
 *   history_feed_alerts.c  effects
 *   history_feed_past.c    alerts of times that are over
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_FEED_PRIVATE_H
#define GONG_AGENT_HISTORY_HISTORY_FEED_PRIVATE_H

#include "agent/history/history_feed.h"

#include "common/batch.h"
#include "rules/engine/presence.h"
#include "rules/engine/series.h"

/* Journal time before the first record. */
#define GONG_FEED_NO_TIME INT64_MIN

/* What is remembered of rows: a column's series is its number in the history.
 * Devices of DATA get the city's labels; the lines of RECORDED, which have
 * theirs, do not. */
struct gong_feed_rows {
    struct gong_budget budget;
    struct gong_hash_key key;
    struct gong_symbols symbols;
    struct gong_labelsets labelsets;
    struct gong_registry sent;
    struct gong_registry recorded;
    uint32_t stated[GONG_PRESENCE_METRICS]; /* symbols; 0: not yet */
};

/* A device that is expected for a time only. */
struct gong_feed_expected {
    uint32_t series;
    int64_t from_ms;
    int64_t until_ms;
};

struct gong_history_feed {
    struct gong_history_feed_options options;
    struct gong_lp_reader *reader;
    struct gong_feed_rows rows;
    struct gong_rule_source *rules;  /* NULL: none */
    struct gong_rule_source *before; /* those in force before them */
    char digest[GONG_RULE_SHA_SIZE];
    char told[GONG_RULE_SHA_SIZE]; /* of the set whose parameters stand */
    uint64_t changes;              /* of rules */
    const char **own;              /* sorted: names that no device may feed */
    size_t own_count;
    uint32_t *params; /* series that the model feeds now */
    size_t param_count;
    bool params_due; /* they are those of an earlier set */
    bool unasked;    /* their numbers may be another's by now */
    struct gong_feed_expected *expected;
    size_t expected_count;
    int64_t expect_ms; /* before it none of them changes */
    int64_t now_ms;    /* journal time */
    struct gong_history_fed counts;
};

/* gong_feed_put: a sample to the head, counted. */
enum gong_err gong_feed_put(struct gong_history_feed *feed, uint32_t series,
                            struct gong_sample sample) GONG_MUST_CHECK;
/* gong_feed_state: it stands from here on, with a sample where it changed; a
 * stale marker ends it. */
enum gong_err gong_feed_state(struct gong_history_feed *feed, uint32_t series,
                              struct gong_sample sample) GONG_MUST_CHECK;
/* gong_feed_series: labels without the name, sorted. TOO_LARGE past a limit. */
enum gong_err gong_feed_series(struct gong_history_feed *feed,
                               struct gong_str name,
                               const struct gong_label_view *labels,
                               size_t count, uint32_t *series) GONG_MUST_CHECK;

/* history_feed_rows.c */
enum gong_err gong_feed_rows_init(struct gong_feed_rows *rows) GONG_MUST_CHECK;
void gong_feed_rows_fini(struct gong_feed_rows *rows);
enum gong_err gong_feed_data(struct gong_history_feed *feed,
                             const struct gong_record *record) GONG_MUST_CHECK;
enum gong_err
gong_feed_recorded(struct gong_history_feed *feed,
                   const struct gong_record *record) GONG_MUST_CHECK;

/* history_feed_params.c: gong_feed_params: as the rule set in force has them.
 * gong_feed_expect: what begins and ends by time. */
enum gong_err gong_feed_params(struct gong_history_feed *feed,
                               int64_t ms) GONG_MUST_CHECK;
/* The same after a start: what stands is known, only who it is is not. */
enum gong_err
gong_feed_params_again(struct gong_history_feed *feed) GONG_MUST_CHECK;
enum gong_err gong_feed_expect(struct gong_history_feed *feed,
                               int64_t ms) GONG_MUST_CHECK;

/* history_feed_alerts.c */
enum gong_err gong_feed_alert(struct gong_history_feed *feed,
                              const struct gong_record *record) GONG_MUST_CHECK;

#endif
