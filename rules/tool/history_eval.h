/* history_eval: one question in PromQL to an agent's history, over its raw
 * samples. */
#ifndef GONG_RULES_TOOL_HISTORY_EVAL_H
#define GONG_RULES_TOOL_HISTORY_EVAL_H

#include <stdio.h>

#include "rules/query/query.h"

/* gong_history_eval: as gong_query_answer; data is "history:PATH". What is to
 * be said beside the answer is said on err. IO, NOT_FOUND, CORRUPT and
 * UNSUPPORTED are of the file. */
enum gong_err gong_history_eval(const char *data,
                                const struct gong_query *query,
                                struct gong_answer *answer,
                                struct gong_query_error *error,
                                FILE *err) GONG_MUST_CHECK;

#endif
