/*
 * desk_catch_up: makes the desk agree with what is known of the alerts, where
 * their transitions are not all there to be applied one by one.
 */
#ifndef GONG_AGENT_DESK_DESK_CATCH_UP_H
#define GONG_AGENT_DESK_DESK_CATCH_UP_H

#include "agent/desk/census.h"
#include "agent/desk/desk_db.h"
#include "common/spool.h"

/* Inside a transaction of db; borrowed during the call. */
struct gong_desk_catch_up {
    struct gong_spool *spool; /* the effects log */
    struct gong_desk_db *db;
    struct gong_desk *desk;
    int64_t now_ms;
};

/* gong_desk_catch_up_log: applies the newest effect of each alert that the log
 * does not leave at rest, or whose incident is open, where the desk knows
 * another state of it. end: the first record that was not looked at. */
enum gong_err gong_desk_catch_up_log(const struct gong_desk_catch_up *catch_up,
                                     uint64_t *end) GONG_MUST_CHECK;

/* gong_desk_catch_up_census: ends as lost what is open and not held; count: how
 * many those were. */
enum gong_err
gong_desk_catch_up_census(const struct gong_desk_catch_up *catch_up,
                          const struct gong_census *census,
                          size_t *count) GONG_MUST_CHECK;

#endif
