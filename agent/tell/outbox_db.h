/*
 * outbox_db: the rows of the outbox in the desk's database, over a connection
 * of its own. The desk adds rows; only the outbox changes them.
 */
#ifndef GONG_AGENT_TELL_OUTBOX_DB_H
#define GONG_AGENT_TELL_OUTBOX_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "agent/tell/channel.h"
#include "agent/desk/desk_schema.h"
#include "common/err.h"
#include "common/str.h"

struct gong_outbox_db;

/* A row; transparent. Times are wall-clock ms. */
struct gong_outbox_row {
    int64_t id;
    int64_t message;
    json_t *chain; /* [[channel, address], ...], checked; owned */
    enum gong_outbox_state state;
    int64_t created_ms;
    size_t place; /* in the chain */
    unsigned rounds;
    unsigned tries; /* at this place */
    bool away;      /* in this round somebody was only away; not kept */
    int64_t next_ms;
    int64_t unreached_ms;
    int64_t done_ms;
};

/* One try, for the record. */
struct gong_outbox_delivery {
    int64_t row;
    int64_t at_ms;
    const char *channel;
    enum gong_channel_outcome outcome;
    const char *why;
    int64_t latency_ms;
    int64_t stored_ms;   /* when the row was on the disk; 0: not known */
    int64_t notified_ms; /* when it was answered, where it was sent; else 0 */
};

enum gong_err gong_outbox_db_open(const char *path, struct gong_outbox_db **out,
                                  char *why, size_t why_size) GONG_MUST_CHECK;
void gong_outbox_db_close(struct gong_outbox_db *db);
/* gong_outbox_db_disown: its name stands for another file now: close leaves
 * alone what lies beside that. */
void gong_outbox_db_disown(struct gong_outbox_db *db);

/* Which file it is: the id of its rows, and the number of the file. */
struct gong_outbox_file {
    char id[64];
    dev_t device;
    ino_t number;
};
struct gong_outbox_file gong_outbox_db_file(const struct gong_outbox_db *db);
/* The name of the file, part of idempotency keys. */
const char *gong_outbox_db_id(const struct gong_outbox_db *db);

/* gong_outbox_db_waiting: for each waiting row after *seen, oldest first; moves
 * *seen. */
typedef enum gong_err (*gong_outbox_db_each_fn)(void *ctx,
                                                struct gong_str recipient);
enum gong_err gong_outbox_db_waiting(struct gong_outbox_db *db, int64_t *seen,
                                     gong_outbox_db_each_fn each,
                                     void *ctx) GONG_MUST_CHECK;
/* gong_outbox_db_head: the oldest waiting row of a recipient; NOT_FOUND. The
 * caller frees it. */
enum gong_err gong_outbox_db_head(struct gong_outbox_db *db,
                                  const char *recipient,
                                  struct gong_outbox_row **out) GONG_MUST_CHECK;
void gong_outbox_row_free(struct gong_outbox_row *row);
/* gong_outbox_db_message: the caller json_decref()s. */
enum gong_err gong_outbox_db_message(struct gong_outbox_db *db, int64_t message,
                                     json_t **out) GONG_MUST_CHECK;
/* gong_outbox_db_received: when the samples were received whose alerts are news
 * in a message, one call each. */
typedef void (*gong_outbox_db_received_fn)(void *ctx, int64_t received_ms);
enum gong_err gong_outbox_db_received(struct gong_outbox_db *db,
                                      int64_t message,
                                      gong_outbox_db_received_fn each,
                                      void *ctx) GONG_MUST_CHECK;
/* gong_outbox_db_over: whether all incidents of a message have ended. */
enum gong_err gong_outbox_db_over(struct gong_outbox_db *db, int64_t message,
                                  bool *over) GONG_MUST_CHECK;
/* gong_outbox_db_unreached: each open incident, not acknowledged, of which a
 * row reached nobody, and none since: no person where a person was meant. Not
 * those with a label `unreached`, which are about this (unreached.h). */
enum gong_err gong_outbox_db_unreached(struct gong_outbox_db *db,
                                       void (*each)(void *ctx,
                                                    int64_t incident),
                                       void *ctx) GONG_MUST_CHECK;

/* gong_outbox_db_begin: durable: its commit waits for the disk; else it
 * outlives a kill, and a power cut once anything durable was committed after
 * it. gong_outbox_db_sync: commits such a thing. */
enum gong_err gong_outbox_db_begin(struct gong_outbox_db *db,
                                   bool durable) GONG_MUST_CHECK;
enum gong_err gong_outbox_db_sync(struct gong_outbox_db *db) GONG_MUST_CHECK;
enum gong_err
gong_outbox_db_put_row(struct gong_outbox_db *db,
                       const struct gong_outbox_row *row) GONG_MUST_CHECK;
enum gong_err gong_outbox_db_put_delivery(
    struct gong_outbox_db *db,
    const struct gong_outbox_delivery *delivery) GONG_MUST_CHECK;
enum gong_err gong_outbox_db_commit(struct gong_outbox_db *db) GONG_MUST_CHECK;
void gong_outbox_db_rollback(struct gong_outbox_db *db);

#endif
