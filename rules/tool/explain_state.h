/*
 * explain_state: what the engine makes of a file's samples up to an instant, of
 * all rules of the set, for one may read what others record: the alerts of the
 * rule that is explained, their last changes, and why they are as they are.
 */
#ifndef GONG_RULES_TOOL_EXPLAIN_STATE_H
#define GONG_RULES_TOOL_EXPLAIN_STATE_H

#include "rules/tool/data_set.h"
#include "rules/tool/explain.h"

struct gong_explain_state;

/* gong_explain_state_run: replays path up to the instant; what rules record,
 * and ALERTS as they are then, become samples of data. On an error a word about
 * it is on err. explain is borrowed until free; its memory is not used yet. */
enum gong_err
gong_explain_state_run(const struct gong_explain *explain, const char *path,
                       struct gong_data_set *data, FILE *err,
                       struct gong_explain_state **out) GONG_MUST_CHECK;
void gong_explain_state_free(struct gong_explain_state *state);

/* gong_explain_state_put: each alert that is open or pending and fits, with its
 * last change and why it goes on; else why there is none. */
enum gong_err
gong_explain_state_put(const struct gong_explain_state *state,
                       const struct gong_explain *explain) GONG_MUST_CHECK;

#endif
