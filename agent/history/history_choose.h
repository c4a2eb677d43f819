/*
 * history_choose: which series of history.db matchers take. Of the matchers
 * that the tables of labels can answer, the one with the fewest series names
 * the candidates; each of these is then looked at as a whole.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_CHOOSE_H
#define GONG_AGENT_HISTORY_HISTORY_CHOOSE_H

#include <sqlite3.h>

#include "agent/history/history_reader.h"

struct gong_history_chooser;

/* handle is borrowed until free. */
enum gong_err
gong_history_chooser_new(sqlite3 *handle,
                         struct gong_history_chooser **out) GONG_MUST_CHECK;
void gong_history_chooser_free(struct gong_history_chooser *chooser);

struct gong_history_visit {
    gong_history_series_fn visit;
    void *ctx;
    const struct gong_history_recent *recent; /* read may be NULL */
};

enum gong_err
gong_history_choose(struct gong_history_chooser *chooser,
                    const struct gong_history_choice *choice,
                    const struct gong_history_visit *visit) GONG_MUST_CHECK;

#endif
