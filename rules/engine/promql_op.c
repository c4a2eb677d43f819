/* promql_op: how operators are written; apart, since parser, types and printer
 * all need it. */
#include "rules/engine/promql.h"

const char *
gong_op_text(enum gong_op op)
{
    static const char *const texts[] = {
        [GONG_OP_ADD] = "+",         [GONG_OP_SUB] = "-",   [GONG_OP_MUL] = "*",
        [GONG_OP_DIV] = "/",         [GONG_OP_MOD] = "%",   [GONG_OP_POW] = "^",
        [GONG_OP_ATAN2] = "atan2",   [GONG_OP_EQ] = "==",   [GONG_OP_NE] = "!=",
        [GONG_OP_GT] = ">",          [GONG_OP_LT] = "<",    [GONG_OP_GE] = ">=",
        [GONG_OP_LE] = "<=",         [GONG_OP_AND] = "and", [GONG_OP_OR] = "or",
        [GONG_OP_UNLESS] = "unless",
    };

    return texts[op];
}
