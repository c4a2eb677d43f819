/*
 * clause: the expressions of one rule: what makes it fire, one a level, and
 * what ends it (resolve), joined into one tree so that they share selectors:
 *
 *     (fire 1) or ((fire 2) or ((resolve 1)))
 *
 * `or` is never evaluated: each clause is a subtree, and, as trees and programs
 * are in postfix order, a run of nodes and of steps:
 *
 *     | fire 1 | fire 2 | resolve 1 | or or |
 */
#ifndef GONG_RULES_ENGINE_CLAUSE_H
#define GONG_RULES_ENGINE_CLAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/engine/promql.h"

#define GONG_LEVELS_MAX  5
#define GONG_CLAUSES_MAX (2 * GONG_LEVELS_MAX)

/* Plain data. All zero: the whole tree is one clause that fires. */
struct gong_clauses {
    uint8_t fires;    /* how many fire, the least severe first */
    uint8_t resolves; /* of which there is one that ends it, as bits */
    uint32_t roots[GONG_CLAUSES_MAX]; /* nodes: all that fire, then those that
                                         end, in the order of levels */
};

/* gong_clauses_count: of all. */
uint32_t gong_clauses_count(const struct gong_clauses *clauses);

/* gong_clauses_level: the level of a clause, from 0, and whether it ends it. */
uint32_t gong_clauses_level(const struct gong_clauses *clauses, uint32_t clause,
                            bool *ends);

/* gong_clauses_join: texts, each of which is PromQL and an instant vector, as
 * one tree; fills roots. NULL with error filled. Caller frees. */
struct gong_expr *gong_clauses_join(const struct gong_str *texts, size_t count,
                                    uint32_t *roots,
                                    struct gong_expr_error *error);

/* gong_clause_view: one of them as a tree of its own, with the same numbers of
 * nodes; borrows expr. */
struct gong_expr gong_clause_view(const struct gong_expr *expr,
                                  const struct gong_clauses *clauses,
                                  uint32_t clause);

/* gong_clause_shape: which labels the result has, as a text: results of two
 * expressions with equal texts have the same label sets (semantics rule 11) as
 * far as they have any. Heap; NULL without memory. */
char *gong_clause_shape(const struct gong_expr *expr);

/* What the clauses of a rule said at one instant, by level, as bits. */
struct gong_said {
    double value; /* of the worst one that fires */
    uint8_t fires;
    uint8_t resolves;
};

struct gong_plan;
struct gong_plan_input;

/* The steps of clause i begin where those of the one before it end. */
struct gong_clause_code {
    uint32_t count;
    uint32_t ends[GONG_CLAUSES_MAX];
};

/* gong_clause_code: of a plan of all clauses. */
struct gong_clause_code gong_clause_code(const struct gong_plan *plan,
                                         const struct gong_clauses *clauses);

/* gong_clauses_run: what all of them say. gong_clauses_fire: whether one of
 * those that fire does. */
struct gong_said gong_clauses_run(const struct gong_plan *plan,
                                  const struct gong_clauses *clauses,
                                  const struct gong_clause_code *code,
                                  const struct gong_plan_input *inputs,
                                  int64_t t);
bool gong_clauses_fire(const struct gong_plan *plan,
                       const struct gong_clauses *clauses,
                       const struct gong_clause_code *code,
                       const struct gong_plan_input *inputs, int64_t t);

#endif
