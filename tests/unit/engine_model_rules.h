/* engine_model_rules: the rules that the engine and its model are compared on,
 * each in PromQL and in C. */
#ifndef GONG_TESTS_ENGINE_MODEL_RULES_H
#define GONG_TESTS_ENGINE_MODEL_RULES_H

#include "engine_fixture.h"

#define LABELS  3 /* k="x", k="y", none */
#define SAMPLED 4 /* metrics that devices send */
#define UP      4
#define DARK    5 /* device_dark */
#define UNIT    6 /* under device 0 */
#define METRICS 7
#define NONE    2 /* the label of what has none */

struct opt {
    bool present;
    double value;
};

enum where { ANY, NOT_X, ONLY_X, ONLY_Y, ONLY_NONE };

struct leaf {
    int metric;
    enum where where;
};

struct model_rule {
    struct rule_spec spec;
    int leaf_count;
    struct leaf leaves[3];
    struct opt (*eval)(const struct opt *in);
    /* Of rules with resolve, with a second level, and with its resolve. */
    struct opt (*ends)(const struct opt *in);
    struct opt (*worse)(const struct opt *in);
    struct opt (*worse_ends)(const struct opt *in);
};

#define MODEL_RULES 48
extern const struct model_rule model_rules[MODEL_RULES];

bool model_leaf_wants(const struct leaf *leaf, int metric, int label);

/* model_severity: 1 info, 2 warning, 3 critical; 0: no label. */
int model_severity(size_t r);

/* model_is_presence: whether a rule reads presence only. */
bool model_is_presence(size_t r);

/* model_is_unknown: whether what is missing makes it so. */
bool model_is_unknown(size_t r);

bool model_can_be_true_by_silence(size_t r);

#endif
