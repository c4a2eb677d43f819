/*
 * desk: the thread around the pure desk (rules/desk): takes effects from the
 * effects log, acts of people and time; keeps what comes out in SQLite,
 * STATE/desk.db (desk_db.h), in one transaction with the position of the
 * effects applied; wakes the outbox.
 *
 *   effects log --.
 *   acts ---------+--> rules/desk --> BEGIN incidents, events, silences,
 *   time ---------'                   groups, messages, outbox, position COMMIT
 *
 * Nothing is applied twice: effects at or before the kept position are passed
 * over. A kill between two commits repeats the inputs since the last one. What
 * can be taken without waiting is one transaction (at most 1,000 inputs).
 * Where the database cannot be written the desk stops taking effects (the log
 * keeps them), says so (healthz, counter), and is restored from the database
 * before it tries again.
 *
 * Incidents that the engine does not hold any more, whatever became of the
 * logs, end as lost: when the engine has been reconciled
 * (agent/decide/effects.h) the open ones are compared with what it held. Where
 * the log's tail was cut or its begin pushed out before the kept position, the
 * desk goes on from the newest state of each alert in it; what came and went in
 * between is not told.
 */
#ifndef GONG_AGENT_DESK_DESK_H
#define GONG_AGENT_DESK_DESK_H

#include "agent/decide/effects.h"
#include "agent/tell/outbox.h"
#include "agent/trust/trust.h"
#include "common/counter.h"
#include "rules/desk/desk.h"

/* Everything is borrowed until stop. */
struct gong_desk_options {
    const char *path; /* of the database */
    const struct gong_desk_config *config;
    const struct gong_model *model;
    const char *link; /* base of links to incidents, "" for none */
    struct gong_effects *effects;
    struct gong_outbox *outbox; /* NULL: nobody is told */
    /* Channels that hold the state of each alert (agent/tell/channel.h); at
     * most GONG_DESK_RETAINED_MAX. They are told again what is open, at the
     * start and after each `refresh`. */
    const char *const *retained;
    size_t retained_count;
    gong_dur_t refresh;
    gong_dur_t retention;     /* of what is over; 0: 400 days */
    struct gong_trust *trust; /* told what became of probes; may be NULL */
    struct gong_counters *counters;
};

struct gong_desk_thread;

/* Opens, restores and starts. What is wrong is in why. */
enum gong_err gong_desk_start(const struct gong_desk_options *options,
                              struct gong_desk_thread **out, char *why,
                              size_t why_size) GONG_MUST_CHECK;
/* Joins. Effects not taken by then are taken after the next start. */
void gong_desk_stop(struct gong_desk_thread *desk);

/* gong_desk_do: any thread but the desk's: carries an act out and waits until
 * it is durable. INVALID with why as gong_desk_act, or where a text is no
 * UTF-8; TIMEOUT after 10 s (it may still come to pass); CLOSED while it stops;
 * AGAIN with 1,000 waiting; otherwise the database's error, and nothing came to
 * pass. */
enum gong_err gong_desk_do(struct gong_desk_thread *desk,
                           const struct gong_desk_act *act, uint64_t *number,
                           char *why, size_t why_size) GONG_MUST_CHECK;
/* gong_desk_renew: any thread: other routes or another model from the next
 * input on; waits until the old ones are no longer used. */
enum gong_err gong_desk_renew(struct gong_desk_thread *desk,
                              const struct gong_desk_config *config,
                              const struct gong_model *model) GONG_MUST_CHECK;
/* gong_desk_watch: any thread: who is told, on the desk's thread, of each
 * incident that a transaction changed, as it is after it and once it is
 * durable. NULL for incident: more have changed than are told one by one, or it
 * is not known which; so also once at the beginning, on the caller's thread.
 * fn must not wait and must not call the desk. When gong_desk_watch returns the
 * one before is no longer called; fn NULL: nobody is told. */
typedef void (*gong_desk_changed_fn)(void *ctx,
                                     const struct gong_desk_incident *incident);
void gong_desk_watch(struct gong_desk_thread *desk, gong_desk_changed_fn fn,
                     void *ctx);
/* How another database comes into the place of this one; on the desk's thread,
 * which has nothing open. put: the one has the name of the other; keep: for
 * good; undo: after either of these, or the desk, failed: as before. */
struct gong_desk_swap {
    void *ctx;
    enum gong_err (*put)(void *ctx, char *why, size_t why_size);
    enum gong_err (*keep)(void *ctx, char *why, size_t why_size);
    enum gong_err (*undo)(void *ctx, char *why, size_t why_size);
};
/* gong_desk_replace: any thread but the desk's: goes on from another database,
 * the sound file at path `with`, which becomes the desk's own. What was given
 * out since (numbers, rows that were sent) stays given out; what alerts did
 * since is applied again from the log of effects, and the incidents are
 * compared with what the engine holds. The outbox must be paused. After a
 * failure all is as before; where not even undo can be done nothing is opened
 * any more, until the next start. */
enum gong_err gong_desk_replace(struct gong_desk_thread *desk, const char *with,
                                const struct gong_desk_swap *swap, char *why,
                                size_t why_size) GONG_MUST_CHECK;
/* gong_desk_well: false while the database cannot be written. Any thread. */
bool gong_desk_well(const struct gong_desk_thread *desk);
/* gong_desk_failing: why not; OK while it can. */
enum gong_err gong_desk_failing(const struct gong_desk_thread *desk);

#endif
