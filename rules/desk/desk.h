/*
 * desk: who hears of an alert, and when. A pure library: what the engine says
 * (effects), what people do (acts) and time go in; messages and the changes to
 * keep come out. It reads no clock, does no I/O, starts no thread. The agent
 * keeps what comes out in one transaction; gong-rules tests and compares
 * routes with the same code.
 *
 *   alert --.                        .-> group (route x group_by x unit)
 *            >-> incident -> routes -+        | group_wait, group_interval,
 *   act ----'      |                 '-> ...  | repeat_interval
 *                  |                          v
 *                  '-> escalation -----> recipient (receiver x unit)
 *                                            | at most one message a
 *   time ----> deadlines, expiries           v group_wait
 *                                         message
 *
 * Groups, waits, mutes and inhibition mean what they mean in Alertmanager 0.25
 * (docs/DESK.md names the differences). Held back from messages, never from
 * the record: alerts that are silenced, in maintenance, inhibited, or whose
 * route is muted now.
 *
 * Time is wall-clock ms that never decreases; the caller sees to that.
 * One thread at a time. The order of inputs decides everything: the same
 * inputs give the same outputs, byte for byte.
 */
#ifndef GONG_RULES_DESK_DESK_H
#define GONG_RULES_DESK_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/desk/desk_act.h"
#include "rules/desk/desk_config.h"
#include "rules/desk/desk_view.h"
#include "rules/desk/silence.h"
#include "rules/model/model.h"

/* An alert's transition; gong_effect and its JSON (agent/decide/effect_json.h)
 * both give one. Borrowed during the call. */
struct gong_desk_alert {
    uint64_t position; /* of the effect, with ordinal */
    uint32_t ordinal;
    uint64_t rule; /* FNV-1a 64 of the rule's id */
    uint64_t fingerprint;
    struct gong_str rule_id;
    enum gong_alert_state state; /* after it */
    unsigned level;              /* after it; 0: none */
    bool trial;                  /* recorded, never told */
    bool lost; /* ended because the engine no longer knows it */
    double value;
    int64_t at_ms;
    int64_t since_ms;
    struct gong_alert_stamps stamps;
    const struct gong_label_view *labels; /* sorted by name */
    size_t label_count;
    const struct gong_label_view *annotations;
    size_t annotation_count;
};

/* Past it: alerts are not taken; incidents share one group of their route and
 * unit, without labels; a silence is refused. */
#define GONG_DESK_INCIDENTS_MAX 100000
#define GONG_DESK_GROUPS_MAX    100000
#define GONG_DESK_SILENCES_MAX  1000
#define GONG_DESK_STATE_MAX     (8 << 20)

/* What the caller has to keep, in the order of the calls, in one transaction
 * with what went in. Incidents are told after an input that changed them,
 * before the messages about them that are made at once. An error of any of
 * these is given back by the call that caused it, and by all later ones: the
 * desk must be thrown away and restored. The same holds for GONG_ERR_MEMORY. */
struct gong_desk_sink {
    void *ctx;
    gong_desk_incident_fn incident;
    /* The record of what happened to an incident: by is empty where nobody
     * did it. */
    enum gong_err (*event)(void *ctx, uint64_t incident, int64_t at_ms,
                           enum gong_incident_event event, struct gong_str by,
                           struct gong_str text);
    enum gong_err (*message)(void *ctx,
                             const struct gong_desk_message *message);
    /* A silence or a time of maintenance begins, changes or ends. */
    enum gong_err (*silence)(void *ctx, const struct gong_desk_silence *);
    /* State of a group or of a recipient, opaque text under its key; NULL: it
     * is gone. Handed back by gong_desk_restore_group. At most some 40 bytes
     * for each incident that was told, and GONG_DESK_STATE_MAX. It is told when
     * it is made and when messages were made, not with each alert. */
    enum gong_err (*group)(void *ctx, struct gong_str key,
                           const struct gong_str *state);
};

struct gong_desk;

/* config and model are borrowed until free or gong_desk_reload. NULL: no
 * memory. */
struct gong_desk *gong_desk_new(const struct gong_desk_config *config,
                                const struct gong_model *model,
                                const struct gong_desk_sink *sink,
                                int64_t now_ms);
void gong_desk_free(struct gong_desk *desk);

/* Before the first input: what was kept, in any order. next_incident,
 * next_silence: the first that was never given. INVALID: not what a sink was
 * given. Ended incidents that do not wait are passed over.
 *
 * Later, an incident that is over may be handed back for the act that comes
 * next (an outcome, a comment); then it is forgotten again. */
enum gong_err gong_desk_restore(struct gong_desk *desk, uint64_t next_incident,
                                uint64_t next_silence) GONG_MUST_CHECK;
enum gong_err gong_desk_restore_incident(
    struct gong_desk *desk,
    const struct gong_desk_incident *incident) GONG_MUST_CHECK;
enum gong_err gong_desk_restore_silence(struct gong_desk *desk,
                                        const struct gong_desk_silence *silence)
    GONG_MUST_CHECK;
enum gong_err gong_desk_restore_group(struct gong_desk *desk,
                                      struct gong_str key,
                                      struct gong_str state) GONG_MUST_CHECK;

/* Inputs. Each first runs what is due by now_ms. A caller that comes late gets
 * one message of what was due meanwhile, not several.
 * gong_desk_alert: TOO_LARGE where as many incidents are held as can be: the
 * alert was not taken, everything else is as before. */
enum gong_err gong_desk_alert(struct gong_desk *desk,
                              const struct gong_desk_alert *alert,
                              int64_t now_ms) GONG_MUST_CHECK;
/* INVALID with why filled where the act means nothing here (no such incident,
 * it is over, a matcher that cannot be read): nothing was changed. number: of
 * the silence that was made; may be NULL. */
enum gong_err gong_desk_act(struct gong_desk *desk,
                            const struct gong_desk_act *act, int64_t now_ms,
                            uint64_t *number, char *why,
                            size_t why_size) GONG_MUST_CHECK;
enum gong_err gong_desk_run(struct gong_desk *desk,
                            int64_t now_ms) GONG_MUST_CHECK;
/* gong_desk_next: when gong_desk_run has something to do; INT64_MAX: never. */
int64_t gong_desk_next(const struct gong_desk *desk);

/* gong_desk_reload: other routes, another model; groups that still exist go on
 * where they are, and nothing is told again because of it. */
enum gong_err gong_desk_reload(struct gong_desk *desk,
                               const struct gong_desk_config *config,
                               const struct gong_model *model,
                               int64_t now_ms) GONG_MUST_CHECK;

/* How full it is, and what its bounds cost so far. */
struct gong_desk_stats {
    size_t incidents;
    size_t groups;
    size_t silences;
    uint64_t refused; /* alerts */
    uint64_t folded;  /* incidents that share a group for lack of one */
};
struct gong_desk_stats gong_desk_stats(const struct gong_desk *desk);

/* gong_desk_find: an incident by its number, open ones and those that ended
 * and still wait for a message; NULL. Valid until the next input. */
const struct gong_desk_incident *gong_desk_find(const struct gong_desk *desk,
                                                uint64_t number);

#endif
