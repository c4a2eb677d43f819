/*
 * desk_db: what the desk keeps, in STATE/desk.db (desk_schema.h), and what it
 * is restored from. Each transaction holds what inputs did to the desk and how
 * far the effects log was applied, so that both are true or neither.
 *
 *   begin -> inputs through gong_desk_db_sink -> put_place -> commit
 *                                          '-- failure --> rollback, and the
 *                                              desk must be restored
 *
 * A message becomes rows of the outbox here:
 *
 *   receiver's channels   a row for each:            "channel:hook"
 *   receiver's role       a row for each contact on
 *                         duty, with its chain:      "contact:duty-1"
 *                         nobody on duty: one row
 *                         that reaches nobody:       "role:duty@22015"
 *
 * A channel that holds the state of each alert (`valid` in channel.h) gets all
 * incidents of a message, in further messages where it lists fewer, and those
 * that are open again and again.
 *
 * One thread: the desk's.
 */
#ifndef GONG_AGENT_DESK_DESK_DB_H
#define GONG_AGENT_DESK_DESK_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/desk/desk_changes.h"
#include "agent/desk/desk_decision.h"
#include "common/clock.h"
#include "rules/desk/desk.h"

struct gong_desk_db;

/* How far the effects log was applied, and the desk's clock. */
struct gong_desk_place {
    bool known;         /* false: a new file */
    uint8_t log_id[16]; /* gong_spool_id of the effects log */
    uint32_t generation;
    uint64_t offset;   /* of the first record not applied */
    uint64_t position; /* of the last effect applied, with ordinal */
    uint32_t ordinal;
    int64_t now_ms;
};

enum gong_err gong_desk_db_open(const char *path, struct gong_desk_db **out,
                                char *why, size_t why_size) GONG_MUST_CHECK;
/* gong_desk_db_open_sound: a file that is there; one that is damaged is CORRUPT
 * and stays where it is. */
enum gong_err gong_desk_db_open_sound(const char *path,
                                      struct gong_desk_db **out, char *why,
                                      size_t why_size) GONG_MUST_CHECK;
void gong_desk_db_close(struct gong_desk_db *db);
/* gong_desk_db_look: the place that a file holds, which is only read. */
enum gong_err gong_desk_db_look(const char *path, struct gong_desk_place *out,
                                char *why, size_t why_size) GONG_MUST_CHECK;

/* gong_desk_db_tell: whom messages go to: model and link (see desk.h) are
 * borrowed until the next call. */
void gong_desk_db_tell(struct gong_desk_db *db, const struct gong_model *model,
                       const char *link);
#define GONG_DESK_RETAINED_MAX 16
/* gong_desk_db_retain: names of channels that hold the state of each alert;
 * borrowed until close. */
void gong_desk_db_retain(struct gong_desk_db *db, const char *const *channels,
                         size_t count);
/* gong_desk_db_refresh: for each of them a message, or several, of what is open
 * and was told there. Within a transaction. */
enum gong_err gong_desk_db_refresh(struct gong_desk_db *db,
                                   const struct gong_desk *desk,
                                   int64_t now_ms) GONG_MUST_CHECK;
/* What gong_desk_new wants; its ctx is db. */
struct gong_desk_sink gong_desk_db_sink(struct gong_desk_db *db);

/* gong_desk_db_decide: what is behind the alert that the desk is told next;
 * borrowed until the next call. NULL: nothing. */
void gong_desk_db_decide(struct gong_desk_db *db,
                         const struct gong_desk_decision *decision);

enum gong_err gong_desk_db_begin(struct gong_desk_db *db) GONG_MUST_CHECK;
enum gong_err gong_desk_db_commit(struct gong_desk_db *db) GONG_MUST_CHECK;
void gong_desk_db_rollback(struct gong_desk_db *db);
/* gong_desk_db_written: how many calls of the sink since begin; messages: how
 * many rows of the outbox. */
size_t gong_desk_db_written(const struct gong_desk_db *db);
size_t gong_desk_db_messages(const struct gong_desk_db *db);
/* gong_desk_db_changes: incidents written since begin; until the next one. */
struct gong_desk_changes *gong_desk_db_changes(struct gong_desk_db *db);

/* gong_desk_db_put_probe: a message about no incident; contact: whom it goes to
 * instead of its receiver, or NULL. *id: its number. */
enum gong_err gong_desk_db_put_probe(struct gong_desk_db *db,
                                     const struct gong_desk_message *message,
                                     const struct gong_contact *contact,
                                     int64_t *id) GONG_MUST_CHECK;
/* gong_desk_db_drop_message: with what hangs on it, once nothing of it waits;
 * nothing to do where it is not there. */
enum gong_err gong_desk_db_drop_message(struct gong_desk_db *db,
                                        int64_t id) GONG_MUST_CHECK;

enum gong_err
gong_desk_db_put_place(struct gong_desk_db *db,
                       const struct gong_desk_place *place) GONG_MUST_CHECK;
enum gong_err gong_desk_db_place(struct gong_desk_db *db,
                                 struct gong_desk_place *out) GONG_MUST_CHECK;

/* gong_desk_db_restore: numbers, incidents that are open or that the desk still
 * needs, silences, groups. */
enum gong_err gong_desk_db_restore(struct gong_desk_db *db,
                                   struct gong_desk *desk) GONG_MUST_CHECK;

/* gong_desk_db_each: incidents whose alert people see as open, by number, or
 * the newest one of an alert. What `each` is given is valid during the call; it
 * must not change incidents. Its error ends it and is given back. */
enum gong_err gong_desk_db_each_open(struct gong_desk_db *db,
                                     gong_desk_incident_fn each,
                                     void *ctx) GONG_MUST_CHECK;
/* NOT_FOUND: there was none yet. */
enum gong_err gong_desk_db_newest(struct gong_desk_db *db, uint64_t rule,
                                  uint64_t fingerprint,
                                  gong_desk_incident_fn each,
                                  void *ctx) GONG_MUST_CHECK;
enum gong_err gong_desk_db_numbered(struct gong_desk_db *db, uint64_t number,
                                    gong_desk_incident_fn each,
                                    void *ctx) GONG_MUST_CHECK;

#define GONG_DESK_PRUNE_STEP 200 /* rows of a kind */
/* gong_desk_db_prune: one small step: incidents and silences that ended before
 * before_ms, and messages made before it, with what hangs on them. more:
 * whether another step would find something. A transaction of its own. */
enum gong_err gong_desk_db_prune(struct gong_desk_db *db, int64_t before_ms,
                                 bool *more) GONG_MUST_CHECK;

/* gong_desk_db_tidy: writes the log of changes back into the file, when it has
 * grown, without waiting for readers. */
void gong_desk_db_tidy(struct gong_desk_db *db);

#endif
