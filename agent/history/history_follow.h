/*
 * history_follow: journal and effects in one order, that of the journal: before
 * a record come the effects of all records before it. So they come in the same
 * order in every run, wherever the one before ended.
 *
 *   journal   10   20   30   40   50          read to: what is durable, and
 *   effects      10   20 20   40              what the engine has applied
 *   given     10 10' 20 20' 20' 30 40 40' 50
 *
 * Effects that an earlier run left of records that the journal has lost since
 * come when they are met. One thread.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_FOLLOW_H
#define GONG_AGENT_HISTORY_HISTORY_FOLLOW_H

#include "agent/decide/effects.h"
#include "agent/history/history_feed.h"
#include "agent/journal/journal.h"

struct gong_history_follow;

/* Opens the cursors "history". journal and effects are borrowed until close. */
enum gong_err
gong_history_follow_open(struct gong_journal *journal,
                         struct gong_effects *effects,
                         struct gong_history_follow **out) GONG_MUST_CHECK;
void gong_history_follow_close(struct gong_history_follow *follow);

/* gong_history_follow_from: goes on at a place; where that is not one of these
 * logs, at their begin, and says so in the log. */
void gong_history_follow_from(struct gong_history_follow *follow,
                              const struct gong_history_place *place);

/* gong_history_follow_look: how far can be read from here on. True: there is
 * something. gong_history_follow_next: the next record goes to feed; *any:
 * there was one. Errors are those of feed: it comes again. */
bool gong_history_follow_look(struct gong_history_follow *follow);
enum gong_err gong_history_follow_next(struct gong_history_follow *follow,
                                       struct gong_history_feed *feed,
                                       bool *any) GONG_MUST_CHECK;

/* gong_history_follow_place: what a commit is to say: the last record that was
 * given, which is given once more after a start (history_feed.h). rules is left
 * alone. gong_history_follow_commit: that is in the file. */
void gong_history_follow_place(struct gong_history_follow *follow,
                               struct gong_history_place *out);
enum gong_err gong_history_follow_commit(struct gong_history_follow *follow,
                                         const struct gong_history_place *place)
    GONG_MUST_CHECK;

/* gong_history_follow_behind: bytes of the journal not yet read;
 * gong_history_follow_share: what is held since the last commit, as a share of
 * the bound of journal or effects, whichever is more. As of the last look: the
 * journal's durable mark, and whether the engine has not come so far. */
uint64_t gong_history_follow_behind(struct gong_history_follow *follow);
double gong_history_follow_share(struct gong_history_follow *follow);
uint64_t gong_history_follow_seen(const struct gong_history_follow *follow);
bool gong_history_follow_lags(const struct gong_history_follow *follow);

#endif
