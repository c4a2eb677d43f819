/*
 * window_model: the engine's windows once more, with every sample in plain
 * arrays: at every record it asks each instance when time alone shows it
 * something else, by the words of semantics rules 3, 6 and 7, and goes through
 * these instants one by one.
 *
 *   window_model.c         what comes in: samples, also late ones
 *   window_model_time.c    clocks, and what is due on them
 *   window_model_alert.c   what an instance sees, and decides, at an instant
 *   window_model_rules.c   the rules
 */
#ifndef GONG_TESTS_WINDOW_MODEL_H
#define GONG_TESTS_WINDOW_MODEL_H

#include "engine_fixture.h"
#include "rules/engine/range_fn.h"

#define DEVICES 2
#define LABELS  2 /* k="x", none */
#define METRICS 2
#define LEAVES  2
#define MANY    2000
#define TICK    15000
#define START   INT64_C(10000000)
#define NEVER   INT64_MIN

struct opt {
    bool present;
    double value;
};

struct leaf {
    int metric;
    int64_t range; /* 0: the newest sample */
    int64_t offset;
    enum gong_range_fn fn;
    double param;
    bool stamp;
};

/* A rule in PromQL and in C. */
struct model_rule {
    struct rule_spec spec;
    struct opt (*eval)(const struct opt *in, double now);
    int leaf_count;
    struct leaf leaves[LEAVES];
    bool moves;
};

#define WINDOW_RULES 25
extern const struct model_rule window_rules[WINDOW_RULES];

struct instance {
    enum gong_alert_state state;
    int64_t since;
    int64_t told;
    int64_t last; /* instant of the last evaluation */
    double value;
    unsigned fed;
    int64_t held;
};

struct series {
    struct gong_sample samples[MANY];
    size_t count;
};

struct clock {
    int64_t newest;
    int64_t arrival;
    int64_t floor;
};

struct model {
    struct series series[DEVICES][LABELS][METRICS];
    struct instance instances[WINDOW_RULES][DEVICES][LABELS];
    struct clock clocks[DEVICES];
    int64_t grids[WINDOW_RULES];
    int64_t journal;
    struct text effects;
};

/* One selector of an instance at t. */
struct sight {
    const struct series *series;
    const struct leaf *leaf;
    int64_t from;
    int64_t to;
    int64_t t;
    int64_t reach;
};

struct point {
    int64_t stamp;
    int label;
    int metric;
    double value;
    bool late;
};

/* window_model.c */

void model_init(struct model *m);
void model_data(struct model *m, int64_t now, int device, struct point *points,
                size_t count);

/* model_forget_looks: after a change of rules what is due right now is looked
 * at, maybe again. */
void model_forget_looks(struct model *m);

/* window_model_time.c */

/* model_shown: what a device's clock shows at journal time now. */
int64_t model_shown(const struct clock *c, int64_t now);

/* model_run_until: everything due before journal time limit. */
void model_run_until(struct model *m, int64_t limit);

/* model_run_device: everything due before limit on a device's clock. */
void model_run_device(struct model *m, int device, int64_t limit);

/* window_model_alert.c */

struct sight model_sight(const struct model *m, size_t r, int leaf, int device,
                         int label, int64_t t);

/* model_evaluate: one instance at instant t; captured: of the sample behind it,
 * 0 where a timer is. */
void model_evaluate(struct model *m, size_t r, int device, int label, int64_t t,
                    int64_t captured);

#endif
