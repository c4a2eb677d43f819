/*
 * desk_schema: the file STATE/desk.db (mode 0600): SQLite, WAL, every commit
 * synced. Versions are user_version; each start brings an older file up to
 * date in one transaction a version.
 *
 *   incidents --< incident_labels, events --- decisions
 *       ^
 *       '--< message_incidents >-- messages --< outbox --< deliveries
 *   meta (where the desk stands)   silences   groups
 *
 * Numbers of states, kinds and outcomes are those of their enums, for good.
 * Who writes what: the desk's thread all but the state of outbox rows and
 * deliveries, which the outbox writes.
 */
#ifndef GONG_AGENT_DESK_DESK_SCHEMA_H
#define GONG_AGENT_DESK_DESK_SCHEMA_H

#include <stddef.h>

#include <sqlite3.h>

#include "common/err.h"

/* What became of a row of the outbox. */
enum gong_outbox_state {
    GONG_OUTBOX_WAITING = 0,
    GONG_OUTBOX_SENT = 1,
    GONG_OUTBOX_UNREACHED = 2, /* nobody on duty, or every reach refused */
    GONG_OUTBOX_REFUSED = 3,   /* the receiver will never take it */
    GONG_OUTBOX_EXPIRED = 4,   /* too old, and about what is over */
};

/* gong_desk_schema_open: makes the file if it is missing, checks it, and brings
 * it up to date. A damaged one is moved to PATH.damaged-1 (-2 ...), which the
 * log names, and a new one made. UNSUPPORTED: written by a newer version. */
enum gong_err gong_desk_schema_open(const char *path, sqlite3 **out, char *why,
                                    size_t why_size) GONG_MUST_CHECK;
/* gong_desk_schema_open_sound: the same of a file that is there; CORRUPT where
 * it is damaged, and it stays where it is. */
enum gong_err gong_desk_schema_open_sound(const char *path, sqlite3 **out,
                                          char *why,
                                          size_t why_size) GONG_MUST_CHECK;
/* gong_desk_schema_join: one more connection to a file that was opened. Only
 * reading: without any lock that a writer waits for. */
enum gong_err gong_desk_schema_join(const char *path, sqlite3 **out, char *why,
                                    size_t why_size) GONG_MUST_CHECK;
enum gong_err gong_desk_schema_read(const char *path, sqlite3 **out, char *why,
                                    size_t why_size) GONG_MUST_CHECK;
void gong_desk_schema_close(sqlite3 *handle);

#endif
