/*
 * outbox_private: what the files of the outbox share.
 *
 *   recipients --- head row --- try --- way (channel)
 *      |  queue in order         |  in libcurl's multi handle, or waiting
 *      '- busy from the begin of a try until its outcome is kept
 */
#ifndef GONG_AGENT_TELL_OUTBOX_PRIVATE_H
#define GONG_AGENT_TELL_OUTBOX_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "agent/tell/outbox.h"
#include "agent/tell/outbox_db.h"
#include "agent/tell/outbox_way.h"
#include "agent/tell/stored_marks.h"
#include "agent/tell/unreached.h"
#include "common/monitor.h"

#define GONG_OUTBOX_ROUNDS_MAX      3 /* of a chain that is refused */
#define GONG_OUTBOX_CHAIN_TRIES     2 /* of a reach that is away */
#define GONG_OUTBOX_UNREACHED_TRIES 8 /* of one reach alone */
#define GONG_OUTBOX_AGAIN_MAX       3
#define GONG_OUTBOX_WHY_SIZE        256

/* Rows that wait for one recipient: a person, or a channel by itself. */
struct gong_outbox_recipient {
    char *name; /* "contact:duty-1" */
    uint64_t hash;
    bool person;
    size_t waiting;
    struct gong_outbox_row *head; /* NULL: not loaded */
    bool busy;
    bool changed;   /* head has to be written */
    unsigned again; /* times in a row that a kind began again by itself */
    gong_mono_t due;
    struct gong_backoff backoff;
};

/* A try that runs. */
struct gong_outbox_try {
    struct gong_outbox_try *next;
    struct gong_outbox_recipient *recipient;
    struct gong_outbox_way *way;
    struct gong_channel_try attempt;
    json_t *message;
    char key[96];
    gong_mono_t began;
    gong_mono_t deadline; /* of those with wait_fd */
    int64_t began_ms;
    bool over;
    CURLcode code;
    long status;
};

/* A try for the record that is not yet kept. */
struct gong_outbox_note {
    struct gong_outbox_note *next;
    struct gong_outbox_recipient *recipient;
    struct gong_outbox_delivery delivery;
    char why[GONG_OUTBOX_WHY_SIZE];
};

struct gong_outbox {
    struct gong_outbox_options options;
    pthread_t thread;
    CURLM *multi;
    atomic_bool woken;
    atomic_bool renewed; /* the file has to be opened again */
    atomic_bool stopping;
    atomic_bool pausing;
    struct gong_monitor gate; /* guards: */
    bool paused;

    /* The outbox's thread. */
    struct gong_outbox_db *db;    /* NULL while it stands still */
    struct gong_outbox_file file; /* that it is, or was last */
    struct gong_outbox_way *ways;
    size_t way_count;
    struct gong_outbox_recipient **recipients;
    size_t recipient_count;
    size_t recipient_capacity;
    int64_t seen; /* the newest row that was looked at */
    struct gong_stored_marks stored;
    struct gong_outbox_try *tries;
    struct gong_outbox_note *notes; /* newest first */
    size_t changed; /* recipients whose head has to be written */
    gong_mono_t sync_due;
    gong_mono_t failed_until;
    bool looked;          /* at the rows from before the start */
    bool unsynced;        /* what was kept last may not outlive a power cut */
    bool failing;         /* the database */
    bool count_unreached; /* soon */
    gong_mono_t counted_at;
    struct gong_unreached unreached;

    gong_counter_t *expired;
    gong_counter_t *unreached_total;
    gong_counter_t *waiting;
    gong_counter_t *failed;
};

/* --- outbox_queue.c --- */

/* Rows that came since the last call. */
enum gong_err gong_outbox_take_rows(struct gong_outbox *outbox) GONG_MUST_CHECK;
void gong_outbox_free_recipients(struct gong_outbox *outbox);
/* Begins what can be begun; *when: when to look again. */
enum gong_err gong_outbox_begin_due(struct gong_outbox *outbox, gong_mono_t now,
                                    gong_mono_t *when) GONG_MUST_CHECK;
/* What a try came to: where its row stands now. */
void gong_outbox_note_outcome(struct gong_outbox *outbox,
                              struct gong_outbox_recipient *recipient,
                              enum gong_channel_outcome outcome,
                              gong_mono_t now);

/* --- outbox_try.c --- */

/* An error is the database's, or MEMORY: nothing began. What the channel could
 * not begin is a try that is over, to be made again later. */
enum gong_err gong_outbox_try_begin(struct gong_outbox *outbox,
                                    struct gong_outbox_recipient *recipient,
                                    struct gong_outbox_way *way,
                                    const char *address) GONG_MUST_CHECK;
/* Takes up those that are over. */
void gong_outbox_finish_tries(struct gong_outbox *outbox);
/* Sleeps until something can go on, or until `when`. */
void gong_outbox_poll(struct gong_outbox *outbox, gong_mono_t when);
/* Ends all, without outcome. */
void gong_outbox_abort_tries(struct gong_outbox *outbox);

/* --- outbox_keep.c --- */

/* One more try for the record. */
void gong_outbox_note_try(struct gong_outbox *outbox,
                          struct gong_outbox_recipient *recipient,
                          const struct gong_outbox_delivery *delivery);
void gong_outbox_note_changed(struct gong_outbox *outbox,
                              struct gong_outbox_recipient *recipient);
/* Writes all that changed in one transaction, after which recipients are no
 * longer busy. Where that fails all stays, to be written later. durable: the
 * disk has it then; else gong_outbox_sync sees to that, when it is due. */
enum gong_err gong_outbox_keep(struct gong_outbox *outbox,
                               bool durable) GONG_MUST_CHECK;
enum gong_err gong_outbox_sync(struct gong_outbox *outbox,
                               gong_mono_t now) GONG_MUST_CHECK;
void gong_outbox_free_notes(struct gong_outbox *outbox);
void gong_outbox_count_unreached(struct gong_outbox *outbox, gong_mono_t now);

#endif
