/*
 * cases: queries by the line, as JSON, for tests that compare with another
 * program. One object a line in, one a line out, in the same order:
 *
 *   {"expr": "sum(up)",            required
 *    "at": 60,                     an instant, or
 *    "from": 0, "to": 300, "step": 15,   a range; numbers are seconds
 *    "lookback": 300,              seconds; 300 where it is absent
 *    "subquery_step": 60,          of [1h:]; 60 where it is absent
 *    "data": "FILE",               a file as for --data, or
 *    "series": [{"metric": {"__name__": "up", "job": "a"},
 *                "values": [[0, "1"], [15, "NaN"], [30, "stale"]]}, ...]}
 *
 *   {"status": "success", "data": {"resultType": "matrix", "result": [...]}}
 *   {"status": "error", "errorType": "bad_data", "error": "..."}
 *   {"status": "error", "errorType": "execution", "fault": "...", ...}
 *
 * A case without data has the data of the one before. bad_data: the expression
 * or the case is refused; execution: the evaluation ran into something.
 */
#ifndef GONG_RULES_TOOL_CASES_H
#define GONG_RULES_TOOL_CASES_H

#include <stdio.h>

#include "common/err.h"

/* gong_cases_run: every line of in; IO where in or out fails. Each has an
 * answer; *status is the exit code of the first that was no question: NO for a
 * line that is no case, that of the error for a file of data that cannot be
 * read. What an expression does wrong is an answer like others. */
enum gong_err gong_cases_run(FILE *in, FILE *out, FILE *err,
                             int *status) GONG_MUST_CHECK;

#endif
