/*
 * store_answer: what a store's HTTP answer means for the lines that were sent.
 * The table, top down; the first row that fits decides:
 *
 *   answer                                  outcome
 *   none (connect, timeout, reset)          RETRY
 *   2xx                                     STORED
 *   408, 429                                RETRY, honouring Retry-After
 *   413                                     HALVE
 *   401, 403, 404, 3xx                      HOLD: a person has to act
 *   500 with "retention policy not found"   HOLD
 *   5xx                                     RETRY, honouring Retry-After
 *   400, 422 with "partial write"           PARTIAL
 *   422                                     PARTIAL
 *   400 of InfluxDB 1.x:
 *       "unable to parse"                   REFUSED: not one line was taken
 *       "database" and "required"           HOLD
 *       anything else                       BISECT
 *   400 of InfluxDB 2.x                     BISECT: one bad line refuses all
 *   400 of VictoriaMetrics                  REFUSED: an unknown part was
 * stored, and sending it again would double it any other status HOLD
 *
 * Pure.
 */
#ifndef GONG_AGENT_STORE_STORE_ANSWER_H
#define GONG_AGENT_STORE_STORE_ANSWER_H

#include <stdint.h>

#include "agent/store/store_influx.h"
#include "common/str.h"

enum gong_store_outcome {
    GONG_STORE_STORED,  /* every line is in */
    GONG_STORE_RETRY,   /* the same lines again, later */
    GONG_STORE_HOLD,    /* the same lines again, slowly, and tell a person */
    GONG_STORE_HALVE,   /* too large: in two parts */
    GONG_STORE_BISECT,  /* nothing is in: find the bad lines by halves */
    GONG_STORE_PARTIAL, /* the good lines are in: narrow down, within reason */
    GONG_STORE_REFUSED, /* these lines go to the dead-letter file */
};

const char *gong_store_outcome_text(enum gong_store_outcome outcome);

/* The cap on Retry-After. */
#define GONG_STORE_RETRY_AFTER_MAX_S 600

struct gong_store_verdict {
    enum gong_store_outcome outcome;
    const char *reason; /* static: a code that labels a counter */
    int64_t wait_s;     /* from Retry-After, capped; 0: the caller's backoff */
    int64_t dropped;    /* how many lines InfluxDB says it left out; 0 where it
                           does not say (or says 0, as for parse errors) */
    const char *todo;   /* HOLD: what a person should do; else NULL */
};

/* status 0: no answer. */
struct gong_store_verdict gong_store_judge(enum gong_store_type type,
                                           long status, struct gong_str body,
                                           int64_t retry_after_s);

#endif
