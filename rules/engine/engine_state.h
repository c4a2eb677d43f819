/*
 * engine_state: what the engine holds, for its own files. Nobody else includes
 * it.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_STATE_H
#define GONG_RULES_ENGINE_ENGINE_STATE_H

#include "rules/engine/alert.h"
#include "rules/engine/bind.h"
#include "rules/engine/book.h"
#include "rules/engine/effect_render.h"
#include "rules/engine/engine.h"
#include "rules/engine/engine_query.h"
#include "rules/engine/presence.h"
#include "rules/engine/series.h"
#include "rules/engine/timer.h"

#define GONG_NEVER INT64_MIN

/* What one rule set has alive. A reload builds another beside it. */
struct gong_live {
    struct gong_book book;
    struct gong_binds binds;
    struct gong_timers timers;
    struct gong_alerts alerts;
    struct gong_arena general_states;
    struct gong_outputs outputs;
    struct gong_general **queries; /* derived, by the book's numbers */
    int64_t heard_ms; /* journal time of the last record that brought something
                         (engine_rest.c) */
    bool resting;     /* some rule no longer moves with time (engine_rest.c) */
    uint64_t pending;
    uint64_t firing; /* keeping among them */
    uint64_t unknown;
    uint64_t trial; /* of rules on trial, in none of these */
};

static inline struct gong_general_state *
gong_general_state_at(const struct gong_live *live, uint32_t general)
{
    return gong_arena_at(&live->general_states, general);
}

/* The sample behind an evaluation; all zero where a timer is. */
struct gong_cause {
    int64_t captured_ms;
    int64_t published_ms;
    int64_t received_ms;
};

/* What an evaluation means for an alert: gong_alert_step's words. */
struct gong_engine_word {
    enum gong_alert_event event;
    unsigned reach;
};

/* Series that only the engine feeds, beside those of presence. */
enum gong_own_metric {
    GONG_OWN_ALERTS,
    GONG_OWN_ALERTS_FOR_STATE,
    GONG_OWN_METRICS,
};

/* A sample on its way from the decoder to its series. */
struct gong_staged {
    int64_t ms;
    double value;
    uint32_t series;
};

/* When it looked last for what can be forgotten (engine_expire.h), and how much
 * it held then. The others are the numbers there: tests have smaller ones. */
struct gong_expire {
    int64_t looked_ms;
    uint64_t held;
    int64_t silence_ms;
    int64_t soon_ms;
    int64_t late_ms;
    uint32_t part; /* what goes is at least so mean a part of all */
};

struct gong_engine {
    struct gong_engine_limits limits;
    gong_effect_fn emit;
    void *ctx;
    struct gong_budget budget;  /* of the state: a snapshot brings it back */
    struct gong_budget derived; /* of all else; no limit */
    struct gong_hash_key key;
    struct gong_symbols symbols;
    struct gong_labelsets labelsets;
    struct gong_registry registry;
    struct gong_presences presences;
    struct gong_declareds declareds;
    uint32_t presence_names[GONG_PRESENCE_METRICS]; /* symbols; 0: not yet */
    uint32_t own_names[GONG_OWN_METRICS];           /* likewise */
    gong_recorded_fn recorded;
    void *recorded_ctx;
    gong_recorded_fn presence;
    void *presence_ctx;
    gong_fault_fn fault;
    void *fault_ctx;
    struct gong_live *live;

    int64_t journal_ms; /* of the newest record, or of a timer since */
    int64_t ran_ms;     /* every timer due before this has run */
    int64_t blind_from; /* blind since then, GONG_NEVER: not blind */
    int64_t resumed_ms; /* when it last saw again, GONG_NEVER at first */
    int64_t settle_ms;  /* until then nothing turns missing, GONG_NEVER: past */
    uint64_t position;  /* of the record being applied */
    uint32_t ordinal;   /* of its next effect */
    uint32_t presences_told; /* of it: they come between effects */
    struct gong_expire expire;
    struct gong_engine_stats stats; /* the counting part */

    /* Scratch; means nothing between records. */
    struct gong_lp_reader *reader;
    struct gong_effect_space *space;
    struct gong_arena staged;
    struct gong_arena sorted;
    struct gong_arena touched; /* instances to evaluate */
    struct gong_arena dirty;   /* heads of GENERAL rules, likewise */
    struct gong_arena found;   /* a GENERAL rule's results */
    bool short_of_memory;      /* while it told an effect */
    struct gong_arena late;    /* staged samples that came late */
};

static inline int64_t
gong_engine_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
