/* promql_operand: what stands between operators; see promql_parser.h. */
#ifndef GONG_RULES_ENGINE_PROMQL_OPERAND_H
#define GONG_RULES_ENGINE_PROMQL_OPERAND_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/engine/promql_parser.h"

/* gong_parser_operand: a literal, selector, call, aggregate or (expression),
 * without what may follow it; out is its node. */
bool gong_parser_operand(struct gong_parser *p, uint32_t *out);

#endif
