/*
 * template_tree: a parsed template. Nodes stand in one array, 0 is none:
 *
 *   LIST      child: its first node, which are chained by next
 *   TEXT      text
 *   ACTION    pipe
 *   IF RANGE WITH   pipe, child: LIST, other: LIST of else, or 0
 *   TEMPLATE  text: name, pipe or 0
 *   PIPE      child: COMMANDs; count variables from slot on are declared, or
 *             with assign set: slot, and other for a second
 *   COMMAND   child: operands
 *   FIELD     text: "a.b" of .a.b
 *   VARIABLE  slot, text: "a.b" of $x.a.b
 *   CHAIN     child: operand, text: "a.b" of (...).a.b
 *   IDENT     integer: the number of a function
 *
 * A variable's slot is its place on the stack of those that are visible, which
 * is known when it is parsed; $ is slot 0.
 */
#ifndef GONG_RULES_ENGINE_TEMPLATE_TREE_H
#define GONG_RULES_ENGINE_TEMPLATE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"
#include "rules/engine/template.h"

#define GONG_TEMPLATE_SLOTS 64 /* variables visible at once */

enum gong_tnode_kind {
    GONG_TNODE_LIST,
    GONG_TNODE_TEXT,
    GONG_TNODE_ACTION,
    GONG_TNODE_IF,
    GONG_TNODE_RANGE,
    GONG_TNODE_WITH,
    GONG_TNODE_TEMPLATE,
    GONG_TNODE_BREAK,
    GONG_TNODE_CONTINUE,
    GONG_TNODE_PIPE,
    GONG_TNODE_COMMAND,
    GONG_TNODE_DOT,
    GONG_TNODE_NIL,
    GONG_TNODE_BOOL,
    GONG_TNODE_INT,
    GONG_TNODE_FLOAT,
    GONG_TNODE_STRING,
    GONG_TNODE_FIELD,
    GONG_TNODE_VARIABLE,
    GONG_TNODE_IDENT,
    GONG_TNODE_CHAIN,
};

struct gong_tnode {
    enum gong_tnode_kind kind;
    uint32_t at; /* byte offset in the source */
    uint32_t child;
    uint32_t next;
    uint32_t pipe;
    uint32_t other;
    uint32_t slot;
    uint32_t count;
    bool assign;
    struct gong_str text; /* in the template's pool */
    int64_t integer;      /* BOOL, INT, IDENT */
    double number;
};

struct gong_tdefine {
    struct gong_str name;
    uint32_t list;
};

/* The pool holds the source and, behind it, room for every literal's value,
 * which is never longer than its source. */
struct gong_template {
    struct gong_tnode *nodes;
    uint32_t count;
    uint32_t room;
    struct gong_tdefine *defines; /* 0: the template itself */
    uint32_t define_count;
    char *pool;
    size_t source_len;
    size_t pool_used;
};

/* gong_tnode_push: the number of a new node, or 0 without memory. Pointers to
 * nodes are valid until the next push. */
uint32_t gong_tnode_push(struct gong_template *tmpl, enum gong_tnode_kind kind,
                         size_t at);

/* gong_tdefine_find: NULL: there is none of that name. */
const struct gong_tdefine *gong_tdefine_find(const struct gong_template *tmpl,
                                             struct gong_str name);

/* gong_template_read: fills an empty tree from its source, in the pool. */
bool gong_template_read(struct gong_template *tmpl, bool query,
                        struct gong_expr_error *error);

#endif
