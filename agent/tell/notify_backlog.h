/*
 * notify_backlog: what a notifier that fell behind need not tell any more: an
 * incident that began and ended in the meantime. Nobody is told of it then,
 * neither that it began nor that it is over.
 *
 *   told so far | x  A+  B+  A-  C+  B-  B+ | kept since: told as it comes
 *               '- may have been told already: always told again
 *   passed over:     A+  B+  A-      B-          told: C+, the second B+
 *
 * Where the log lost anything (pushed out, damaged, only in memory) all is
 * told. After a restart between A+ and A- the end is told alone.
 *
 * One thread: the notifier's.
 */
#ifndef GONG_AGENT_TELL_NOTIFY_BACKLOG_H
#define GONG_AGENT_TELL_NOTIFY_BACKLOG_H

#include "agent/decide/incidents.h"
#include "common/record.h"
#include "common/spool.h"

/* Transparent: a member of the notifier; {.spool = the effects log} at first.
 * An entry is an incident that ends at its offset; held: its beginning was
 * passed over. */
struct gong_notify_backlog {
    struct gong_spool *spool;
    struct gong_incidents over;
    uint64_t looked; /* up to here */
};

void gong_notify_backlog_fini(struct gong_notify_backlog *backlog);

/* gong_notify_backlog_look: reads what the log holds from offset from on, where
 * it did not before. What cannot be read or remembered is told. */
void gong_notify_backlog_look(struct gong_notify_backlog *backlog,
                              uint64_t from);

/* gong_notify_backlog_passes: whether the effect need not be told; news says
 * whether it opens an incident or ends one. For every effect that does, in
 * order. */
bool gong_notify_backlog_passes(struct gong_notify_backlog *backlog,
                                const struct gong_record *record, bool opens);

/* gong_notify_backlog_is_passed: of what happens in between: whether the
 * beginning of its incident was passed over. */
bool gong_notify_backlog_is_passed(const struct gong_notify_backlog *backlog,
                                   const struct gong_record *record);

#endif
