/*
 * engine_model: the engine's rules of time, presence and alerts once more, with
 * no arenas, heaps or short cuts: at every record each instance is asked when
 * something could happen to it by the rules' own words, and these instants are
 * gone through one by one.
 *
 *   engine_model.c            what comes in: samples, blind time, a reload
 *   engine_model_time.c       clocks, and what is due on them
 *   engine_model_presence.c   who is up or dark, and what a birth declares
 *   engine_model_alert.c      one instance at one instant
 *   engine_model_rules.c      the rules
 */
#ifndef GONG_TESTS_ENGINE_MODEL_H
#define GONG_TESTS_ENGINE_MODEL_H

#include "engine_model_rules.h"

#define DEVICES 3
#define START   INT64_C(10000000)
#define NEVER   INT64_MIN

struct instance {
    enum gong_alert_state state;
    int64_t since;
    int64_t told;
    int64_t last; /* instant of the last evaluation */
    double value;
    unsigned fed;
    int64_t held;  /* since when settling holds it, or nothing is known */
    bool waits;    /* nothing is known: for a sample */
    int level;     /* 0: it has not fired */
    int64_t climb; /* since when the second level is reached, or NEVER */
    int worst;     /* of what it hid when it fired */
    int hidden;
};

/* What is known of a device. */
struct life {
    bool known;
    bool dark;
    bool ended; /* by the offline of the last birth's conn */
    bool held;  /* an offline waits for settling */
    bool held_ended;
    int conn; /* of the last birth; 0: none */
    int64_t heard;
    int64_t silence;  /* 0: for ever */
    int64_t declared; /* the look-back for that, 0: the usual one */
};

struct clock {
    int64_t newest;
    int64_t arrival;
    int64_t floor;
    int64_t stood; /* what it showed when it was blind, not settled, first */
};

struct newest {
    int64_t stamp;
    double value;
};

struct model {
    struct newest series[DEVICES][LABELS][METRICS];
    struct instance instances[MODEL_RULES][DEVICES][LABELS];
    struct clock clocks[DEVICES];
    struct life lives[DEVICES];
    int order[DEVICES]; /* in which they became known: ties are broken by it */
    int unit_dark;      /* how often it was so */
    int relooked;       /* how often for a look-back that changed */
    int64_t grids[MODEL_RULES]; /* the next instant of rules with an interval */
    int64_t ran[MODEL_RULES];   /* the last one */
    int64_t journal;
    int64_t blind_from; /* or NEVER */
    int64_t settle;     /* until then, or NEVER */
    int64_t stood;      /* when doubt began, and the last blind time ended */
    int64_t resumed;
    struct text effects;
};

/* An instance, or a rule's grid, and when it is due. */
struct due {
    int64_t journal;
    int64_t at;
    size_t rule;
    int device; /* -1: the grid; with rule MODEL_RULES: its silence */
    int label;
};

struct sample {
    int64_t stamp;
    int label;
    int metric;
    double value;
};

/* engine_model.c */

void model_init(struct model *m);

/* model_advance: moves journal time to now, running what is due before it, or
 * with inclusive at it. */
void model_advance(struct model *m, int64_t now, bool inclusive);
void model_data(struct model *m, int64_t now, int device,
                const struct sample *samples, size_t count);

/* model_blind: from here on; model_resume: it was, for so long. */
void model_blind(struct model *m);
void model_resume(struct model *m, int64_t now, int64_t blind, int64_t settle);

/* model_reload: the same rules were read again. */
void model_reload(struct model *m);

/* engine_model_time.c */

/* model_shown: what a device's clock shows at journal time now. */
int64_t model_shown(const struct clock *c, int64_t now);

/* model_run_timers: everything due before journal time limit. */
void model_run_timers(struct model *m, int64_t limit);

/* model_run_device: everything due before limit on a device's clock. */
void model_run_device(struct model *m, int device, int64_t limit);

/* engine_model_presence.c */

/* model_heard: samples of a device came. */
void model_heard(struct model *m, int device);

/* model_born, model_gone: its statuses; conn 0: none is named. */
void model_born(struct model *m, int device, int conn, int64_t every);
void model_gone(struct model *m, int device, int conn);

/* model_end_held: what was held while nothing could turn dark. */
void model_end_held(struct model *m);

/* model_next_silence: whose silence ends first; model_turn: a device turns. */
struct due model_next_silence(const struct model *m);
void model_turn(struct model *m, int device, bool dark);

/* engine_model_alert.c */

/* model_evaluate: one instance at instant t; captured: of the sample behind it,
 * 0 where a timer is. */
void model_evaluate(struct model *m, size_t r, int device, int label, int64_t t,
                    int64_t captured);
int64_t model_lookback(const struct model *m, size_t r, int device);

/* model_newest: a selector's newest sample, or NULL. */
const struct newest *model_newest(const struct model *m, size_t r, int leaf,
                                  int device, int label);

#endif
