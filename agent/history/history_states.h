/*
 * history_states: series that stand until they change: up, ALERTS, parameters.
 * In the history each has a sample when it changes and one at every full minute
 * of journal time that it stands, so that they read like series of any other
 * device: gone five minutes after whoever said so fell silent.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_STATES_H
#define GONG_AGENT_HISTORY_HISTORY_STATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/engine/sample.h"

#define GONG_HISTORY_STATE_EVERY_MS 60000

struct gong_history_states;

/* NULL without memory. */
struct gong_history_states *gong_history_states_new(void);
void gong_history_states_free(struct gong_history_states *states);

/* gong_history_states_set: a stale marker: it stands no more. changed may be
 * NULL. */
enum gong_err gong_history_states_set(struct gong_history_states *states,
                                      uint32_t series, double value,
                                      bool *changed) GONG_MUST_CHECK;

/* gong_history_states_is: whether it stands with that value, or not at all. */
bool gong_history_states_is(const struct gong_history_states *states,
                            uint32_t series, double value);

/* gong_history_states_due: calls tell for all that stand at each full minute in
 * (from, to], in order; at most of the last five of them; from < 0: the first
 * minute of all is 0. */
enum gong_err
gong_history_states_due(const struct gong_history_states *states, int64_t from,
                        int64_t to,
                        enum gong_err (*tell)(void *ctx, uint32_t series,
                                              struct gong_sample sample),
                        void *ctx) GONG_MUST_CHECK;

/* gong_history_states_changed: those set since the last forget, with their
 * value or a stale marker; forget: they are in the file. */
enum gong_err gong_history_states_changed(
    const struct gong_history_states *states,
    enum gong_err (*visit)(void *ctx, uint32_t series, double value),
    void *ctx) GONG_MUST_CHECK;
void gong_history_states_forget(struct gong_history_states *states);
size_t gong_history_states_count(const struct gong_history_states *states);

#endif
