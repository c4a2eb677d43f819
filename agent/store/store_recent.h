/*
 * store_recent: what a store was given lately and may lose without saying so.
 *
 * VictoriaMetrics answers from memory and writes it out seconds later, so a
 * store that was killed has lost lines that it had answered for. Two named
 * cursors follow ten seconds behind what was answered, and when the store turns
 * out to have been started anew, what lies between is sent once more:
 *
 *   journal  ...--- safe ---------- answered ------------- durable ---...
 *                   |<-- again -->|
 *
 * The store's start is kept in STATE/store-NAME.start, so that this holds too
 * where the agent was down when it happened; and while it is sent again, how
 * far, since the store's own cursors stay at answered meanwhile:
 *
 *   START                     seconds since 1970
 *   START JOURNAL EFFECTS     and the place before which it has all again
 *
 * Only the first line counts: a shorter one is put over a longer one.
 *
 * One thread.
 */
#ifndef GONG_AGENT_STORE_STORE_RECENT_H
#define GONG_AGENT_STORE_STORE_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/spool.h"

/* Places in both logs. */
struct gong_store_place {
    uint64_t journal;
    uint64_t effects;
};

struct gong_store_recent;

/* name is the store's; the spools are borrowed until close. */
enum gong_err
gong_store_recent_open(struct gong_spool *journal, struct gong_spool *effects,
                       const char *name, const char *state_dir,
                       struct gong_store_recent **out) GONG_MUST_CHECK;
void gong_store_recent_close(struct gong_store_recent *recent);

/* gong_store_recent_resume: once after open: true where an earlier run was
 * sending again: then *from is where to go on. answered is how far it had come
 * before. */
bool gong_store_recent_resume(struct gong_store_recent *recent,
                              struct gong_store_place answered,
                              struct gong_store_place *from);

/* gong_store_recent_answered: the store has answered for all before place. */
void gong_store_recent_answered(struct gong_store_recent *recent,
                                struct gong_store_place place, gong_mono_t now);

/* gong_store_recent_started: the store says that it started then (0: it does
 * not say). True when that is not the store that answered: then *from is where
 * to read from again. answered is what the store has answered for last. */
bool gong_store_recent_started(struct gong_store_recent *recent,
                               uint64_t started,
                               struct gong_store_place answered,
                               struct gong_store_place *from);

#endif
