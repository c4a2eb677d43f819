/*
 * status: what the agent shows of itself: health, metrics, a page. Reads what
 * the parts publish; asks none of them to work. Any thread.
 */
#ifndef GONG_AGENT_LOOK_STATUS_H
#define GONG_AGENT_LOOK_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/decide/effects.h"
#include "agent/decide/engine_thread.h"
#include "agent/journal/journal.h"
#include "agent/receive/receive.h"
#include "common/counter.h"

struct gong_desk_host;
struct gong_history;
struct gong_trust;

struct gong_status_store {
    const char *name;
    const gong_counter_t *up; /* 1: its last answer was a good one */
};

/* Everything is borrowed and outlives the readers. */
struct gong_status_source {
    const char *agent;
    struct gong_counters *counters;
    struct gong_journal *journal;
    struct gong_receive *receive;
    struct gong_effects *effects; /* may be NULL, as state_dir */
    const char *state_dir;
    struct gong_engine_thread *engine;
    bool (*broker_connected)(void *ctx);
    void *broker;
    const struct gong_status_store *stores;
    size_t store_count;
    const struct gong_desk_host *desk; /* NULL: off */
    const struct gong_trust *trust;    /* NULL: off */
    struct gong_history *history;      /* NULL: off, or it did not start */
    bool history_on;
};

/* Each gives heap text with its length, NULL without memory. */

/* JSON; *well says whether journal, broker link, stores, desk and proofs are
 * fine. */
char *gong_status_health(const struct gong_status_source *source, bool *well,
                         size_t *len);
/* Prometheus' text format. */
char *gong_status_metrics(const struct gong_status_source *source, size_t *len);
/* The same numbers as line protocol. */
char *gong_status_lines(const struct gong_status_source *source, size_t *len);
/* HTML, Vietnamese first. */
char *gong_status_page(const struct gong_status_source *source,
                       const char *above, size_t *len);

#endif
