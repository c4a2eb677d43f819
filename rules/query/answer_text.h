/* answer_text: answers as promtool's query commands print them. */
#ifndef GONG_RULES_QUERY_ANSWER_TEXT_H
#define GONG_RULES_QUERY_ANSWER_TEXT_H

#include <stdio.h>

#include "rules/query/query.h"

/* gong_answer_put_text: promtool's own format; of a range the series stand in
 * the order of that format: fewer labels first. False without memory. */
bool gong_answer_put_text(FILE *out, const struct gong_answer *answer);

/* gong_answer_put_json: the value alone, as promtool --format json does, and a
 * newline. */
void gong_answer_put_json(FILE *out, const struct gong_answer *answer);

/* gong_answer_put_api: {"status":"success","data":{...}} as the HTTP API has
 * it, without a newline; gong_answer_put_api_error: {"status":"error",...}. */
void gong_answer_put_api(FILE *out, const struct gong_answer *answer);
void gong_answer_put_api_error(FILE *out, const struct gong_query_error *error);

#endif
