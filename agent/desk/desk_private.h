/*
 * desk_private: what the files of the desk's thread share.
 *
 *   desk.c       start, stop, and what other threads ask
 *   desk_load.c  database and pure desk: restored, thrown away
 *   desk_step.c  one transaction
 *   desk_replace.c another database put in the place of this one
 *   desk_probe.c proofs and drills, which are no incidents
 *   desk_watch.c who is told of incidents that it changed
 */
#ifndef GONG_AGENT_DESK_DESK_PRIVATE_H
#define GONG_AGENT_DESK_DESK_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "agent/desk/desk.h"
#include "agent/desk/desk_catch_up.h"
#include "agent/desk/desk_db.h"
#include "agent/desk/desk_mailbox.h"
#include "agent/stop_latch.h"
#include "common/backoff.h"
#include "common/monitor.h"

#define GONG_DESK_PROBES_MAX 8 /* of one transaction */
#define GONG_DESK_DAY_MS     INT64_C(86400000)

struct gong_desk_thread {
    struct gong_desk_options options;
    const struct gong_desk_config *config;
    const struct gong_model *model;
    struct gong_spool *spool;
    struct gong_spool_cursor *cursor;
    struct gong_desk_mailbox mailbox;
    struct gong_stop_latch stop;
    atomic_bool well;
    atomic_int failing; /* enum gong_err; counts while it is not well */
    bool running;
    pthread_t thread;
    struct {
        pthread_mutex_t lock; /* held during a call of fn */
        gong_desk_changed_fn fn;
        void *ctx;
    } watch;

    struct {
        struct gong_monitor monitor;
        atomic_bool asked;
        const char *with; /* NULL: nobody asks */
        const struct gong_desk_swap *swap;
        char *why;
        size_t why_size;
        enum gong_err err;
    } replace;

    /* The desk's thread. */
    struct gong_desk_db *db; /* NULL while it cannot be used */
    struct gong_desk_sink sink;
    struct gong_desk *desk;
    struct gong_desk_place place;
    bool moved;     /* place is ahead of what is kept */
    bool halved;    /* a restore could not be undone: nothing is opened */
    uint64_t timed; /* of the log: what is behind it has not been timed */
    int64_t kept_ms;
    gong_mono_t now_at; /* when place.now_ms was read */
    int64_t prune_ms;
    int64_t refresh_ms;         /* when channels are told again what is open */
    struct gong_census *census; /* to be compared, or NULL */
    struct gong_backoff backoff;
    uint64_t bad_offset;
    unsigned bad_count;
    struct gong_trust_posted probes[GONG_DESK_PROBES_MAX]; /* not yet kept */
    size_t probe_count;
    int64_t proofs[2]; /* messages of the last ones that are kept */

    gong_counter_t *alerts;
    gong_counter_t *acts;
    gong_counter_t *damaged;
    gong_counter_t *refused;
    gong_counter_t *lost;
    gong_counter_t *failed;
    gong_counter_t *up;
    gong_timing_t *stored;
    gong_counter_t *incidents;
    gong_counter_t *groups;
    gong_counter_t *silences;
};

/* desk_load.c */
int64_t gong_desk_clock(struct gong_desk_thread *desk);
struct gong_desk_catch_up gong_desk_catch_up_of(struct gong_desk_thread *desk);
/* Memory alone holds what is not written: after a restart its offsets are given
 * out again, so the position stays before it. */
void gong_desk_set_offset(struct gong_desk_thread *desk, uint64_t offset);
enum gong_err gong_desk_load(struct gong_desk_thread *desk, char *why,
                             size_t why_size) GONG_MUST_CHECK;
/* Of a file that is there and sound, or not at all: none is set aside or made.
 */
enum gong_err gong_desk_load_sound(struct gong_desk_thread *desk, char *why,
                                   size_t why_size) GONG_MUST_CHECK;
void gong_desk_unload(struct gong_desk_thread *desk);
void gong_desk_note_failed(struct gong_desk_thread *desk, enum gong_err err,
                           const char *why);
void gong_desk_note_well(struct gong_desk_thread *desk);
/* gong_desk_cause: what is behind err: of a disk without room SQLite may say
 * that it fails. */
enum gong_err gong_desk_cause(const struct gong_desk_thread *desk,
                              enum gong_err err);

/* desk_step.c */
/* One transaction with what is there; false where there was nothing. */
bool gong_desk_step(struct gong_desk_thread *desk);
/* While the database cannot be used: nobody waits for it. */
void gong_desk_fail_letters(struct gong_desk_thread *desk, enum gong_err err);

/* desk_replace.c */
/* Where somebody asked: between two transactions. */
void gong_desk_replace_now(struct gong_desk_thread *desk);
/* Who asks from now on, or waits, is told that the desk is gone. */
void gong_desk_replace_close(struct gong_desk_thread *desk);

/* desk_probe.c */
/* An alert of a probe that fires becomes messages of its own. */
enum gong_err
gong_desk_probe_tell(struct gong_desk_thread *desk,
                     const struct gong_desk_alert *alert) GONG_MUST_CHECK;
/* After a transaction: whether it came to pass. */
void gong_desk_probe_kept(struct gong_desk_thread *desk, bool kept);

/* desk_watch.c */
/* What the last transaction changed; after its commit. */
void gong_desk_tell_changes(struct gong_desk_thread *desk);
/* After a failure: whether the last transaction came to pass is not known. */
void gong_desk_tell_all_changed(struct gong_desk_thread *desk);

#endif
