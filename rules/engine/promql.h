/*
 * promql: PromQL text to a tree. The whole grammar of Prometheus 2.42 is
 * parsed and type-checked (without native histograms); what the engine can
 * evaluate today is plan.h's business. Pure: no clock, no I/O, no locale.
 *
 * A tree is an array of nodes; children are indices into it and always come
 * before their parent, so a walk from 0 to count-1 is bottom-up.
 */
#ifndef GONG_RULES_ENGINE_PROMQL_H
#define GONG_RULES_ENGINE_PROMQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#define GONG_EXPR_TEXT_MAX  65536 /* bytes */
#define GONG_EXPR_DEPTH_MAX 100   /* nesting */
#define GONG_EXPR_NONE      UINT32_MAX

enum gong_expr_kind {
    GONG_EXPR_NUMBER,
    GONG_EXPR_STRING,
    GONG_EXPR_SELECTOR, /* instant vector, or range vector with range_ms > 0 */
    GONG_EXPR_SUBQUERY, /* args[0][range:step] */
    GONG_EXPR_UNARY,    /* op GONG_OP_SUB or GONG_OP_ADD */
    GONG_EXPR_BINARY,
    GONG_EXPR_CALL,      /* name(args...) */
    GONG_EXPR_AGGREGATE, /* name by/without (labels) (args...) */
    GONG_EXPR_PAREN,
};

enum gong_value_type {
    GONG_VALUE_SCALAR,
    GONG_VALUE_STRING,
    GONG_VALUE_VECTOR,
    GONG_VALUE_MATRIX,
};

enum gong_op {
    GONG_OP_ADD,
    GONG_OP_SUB,
    GONG_OP_MUL,
    GONG_OP_DIV,
    GONG_OP_MOD,
    GONG_OP_POW,
    GONG_OP_ATAN2,
    GONG_OP_EQ,
    GONG_OP_NE,
    GONG_OP_GT,
    GONG_OP_LT,
    GONG_OP_GE,
    GONG_OP_LE,
    GONG_OP_AND,
    GONG_OP_OR,
    GONG_OP_UNLESS,
};

enum gong_match_op {
    GONG_MATCH_EQUAL,
    GONG_MATCH_NOT_EQUAL,
    GONG_MATCH_REGEX,
    GONG_MATCH_NOT_REGEX,
};

enum gong_expr_anchor {
    GONG_ANCHOR_NONE,
    GONG_ANCHOR_TIME, /* @ seconds */
    GONG_ANCHOR_START,
    GONG_ANCHOR_END,
};

struct gong_matcher {
    enum gong_match_op op;
    char *name; /* "__name__" for the metric name, always the first if given */
    char *value;
};

enum gong_match_card {
    GONG_CARD_ONE_TO_ONE,
    GONG_CARD_MANY_TO_ONE,  /* group_left */
    GONG_CARD_ONE_TO_MANY,  /* group_right */
    GONG_CARD_MANY_TO_MANY, /* and, or, unless */
};

/* Transparent: read by planner, printer and tests. Fields that a kind does not
 * use are zero. */
struct gong_expr_node {
    enum gong_expr_kind kind;
    enum gong_value_type type;
    uint32_t at; /* byte offset in the text, for messages; a BINARY's is its
                    operator's */

    double number;
    char *text; /* STRING's value; CALL's and AGGREGATE's name */

    struct gong_matcher *matchers; /* SELECTOR; the name first, then sorted */
    size_t matcher_count;
    int64_t range_ms;             /* SELECTOR (0: instant), SUBQUERY */
    int64_t step_ms;              /* SUBQUERY; 0: default */
    int64_t offset_ms;            /* SELECTOR, SUBQUERY; may be negative */
    enum gong_expr_anchor anchor; /* "@", SELECTOR, SUBQUERY */
    double anchor_seconds;        /* GONG_ANCHOR_TIME; whole milliseconds */

    enum gong_op op;
    bool return_bool;
    bool on;           /* on(labels) rather than ignoring(labels) */
    bool has_matching; /* on or ignoring was written */
    enum gong_match_card card;
    char **labels; /* on/ignoring, or by/without; sorted, as include is */
    size_t label_count;
    char **include; /* group_left(...) labels */
    size_t include_count;
    bool without;      /* AGGREGATE: without rather than by */
    bool has_grouping; /* AGGREGATE: by or without was written */

    uint32_t *args; /* children: BINARY lhs, rhs; CALL, AGGREGATE: in order
                       (an aggregate's parameter first); UNARY, PAREN,
                       SUBQUERY: one */
    size_t arg_count;
};

struct gong_expr {
    struct gong_expr_node *nodes;
    uint32_t count;
    uint32_t root;
};

/* Where and why. found and expected are ready for "found X, expected Y". */
struct gong_expr_error {
    size_t at; /* byte offset */
    char message[256];
    bool no_memory; /* nothing is wrong with the text: memory was short */
};

/* gong_expr_parse: NULL with error filled where text is not PromQL, is not well
 * typed, or exceeds a limit. The result is the caller's to free. */
struct gong_expr *gong_expr_parse(struct gong_str text,
                                  struct gong_expr_error *error);
void gong_expr_free(struct gong_expr *expr);

/* gong_op_text: the operator as it is written; static storage. */
const char *gong_op_text(enum gong_op op);

/* gong_expr_print: the canonical text (parses back to an equal tree), heap,
 * NUL-terminated; NULL without memory. Two expressions mean the same to the
 * engine iff their canonical texts are equal. */
char *gong_expr_print(const struct gong_expr *expr);

#endif
