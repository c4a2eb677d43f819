/*
 * replay_history: the samples of a history as records of a journal: of each
 * millisecond and device one, that arrived at its end.
 *
 *   streetlight_temp{site="66",device="lamp-1",lamp="17",unit=".."} 41.2
 *     -> DATA  66 | lamp-1 | streetlight_temp,lamp=17 value=41.2 <ns>
 *   up{site="66",device="lamp-1"} 0 after 1
 *     -> PRESENCE  66 | lamp-1 | {"state":"offline","conn":"1"}
 *
 * What the engine makes itself is left out: ALERTS, unit_up, device_dark, what
 * the rules record, param_* where there is a model, which says them, and names
 * that no line can have (a colon in them).
 */
#ifndef GONG_RULES_TOOL_REPLAY_HISTORY_H
#define GONG_RULES_TOOL_REPLAY_HISTORY_H

#include "common/record.h"
#include "rules/engine/ruleset.h"
#include "rules/tool/history_data.h"

/* Different metrics of one device are rows of their own here. */
#define GONG_REPLAY_HISTORY_ROWS 1000000

typedef enum gong_err (*gong_replay_record_fn)(
    void *ctx, const struct gong_record *record);

/* gong_replay_history_made: whether the rules or their model make a metric. */
bool gong_replay_history_made(const struct gong_ruleset *set,
                              struct gong_str metric);

/* gong_replay_history_read: offsets of records count from 0 on. On an error of
 * its own a word was said on err; INVALID: there is no sample. */
enum gong_err gong_replay_history_read(const struct gong_history_wanted *wanted,
                                       const struct gong_ruleset *set,
                                       gong_replay_record_fn take,
                                       void *ctx) GONG_MUST_CHECK;

#endif
