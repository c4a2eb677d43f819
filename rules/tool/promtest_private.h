/* promtest_private: a test file while it runs. */
#ifndef GONG_RULES_TOOL_PROMTEST_PRIVATE_H
#define GONG_RULES_TOOL_PROMTEST_PRIVATE_H

#include "rules/tool/promtest.h"
#include "rules/tool/test_world.h"

struct gong_promtest_run {
    const struct gong_promtest *test;
    const char *path;
    FILE *out;
    struct gong_prom_file **files; /* owned */
    size_t file_count;
    struct gong_ruleset set; /* in the order of evaluation; rules owned */
    size_t failures;
};

/* gong_promtest_place: begins a line about what failed. */
void gong_promtest_place(struct gong_promtest_run *run,
                         const struct gong_yaml_node *node);

/* gong_promtest_expr: one promql_expr_test against the world's series. */
void gong_promtest_expr(struct gong_promtest_run *run, struct gong_world *world,
                        const struct gong_promtest_expr *expr);

#endif
