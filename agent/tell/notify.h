/*
 * notify: tells people. Each notifier is a thread with its own named cursor on
 * the effects log, so that a dead receiver delays no other. Only that an
 * alert opens or closes is told, firing or resolved, and that an open one
 * climbs or falls to another level. Open is firing, keeping and unknown: what
 * else happens among these wakes nobody, nor does a rule on trial. A notifier
 * commits its cursor when the receiver has answered: at least once, in order
 * per notifier. What began and ended while the receiver or the agent was away
 * is not told (agent/tell/notify_backlog.h).
 *
 * Variants: notify_log.c (lines for people, Vietnamese first), notify_webhook.c
 * (Alertmanager's v4 JSON plus an idempotency key), notify_null.c.
 */
#ifndef GONG_AGENT_TELL_NOTIFY_H
#define GONG_AGENT_TELL_NOTIFY_H

#include <jansson.h>

#include "agent/decide/effects.h"
#include "common/conf.h"
#include "common/counter.h"

/* "notify-" before it must make the name of a cursor. */
#define GONG_NOTIFIER_NAME_MAX (GONG_SPOOL_CURSOR_NAME_MAX - 7)

/* What a delivery attempt came to. */
enum gong_notify_outcome {
    GONG_NOTIFY_DONE,
    GONG_NOTIFY_RETRY,  /* back off with jitter, try again */
    GONG_NOTIFY_REFUSE, /* will never work: counted, logged, passed over */
};

/* One kind of receiver. open gets the read config; deliver runs on the
 * notifier's thread, may block up to its own timeout; effect is borrowed. */
struct gong_notify_kind {
    const char *type; /* the `type` key: "webhook" */
    const struct gong_option_table *options;
    size_t config_size;
    enum gong_err (*open)(const void *config, void **state, char *why,
                          size_t why_size);
    enum gong_notify_outcome (*deliver)(void *state, const json_t *effect,
                                        char *why, size_t why_size);
    void (*close)(void *state);
    /* Another thread asks a running deliver to give up soon, for good; NULL
     * where deliver never blocks. */
    void (*interrupt)(void *state);
    /* Bounds of the random wait between tries; 0: 1 s and 60 s. */
    int64_t retry_min_ms;
    int64_t retry_max_ms;
};

/* What people are told of. */
enum gong_notify_news {
    GONG_NOTIFY_NOTHING, /* none of these, or of a rule on trial */
    GONG_NOTIFY_FIRING,
    GONG_NOTIFY_CLIMBED, /* to a worse level */
    GONG_NOTIFY_FELL,
    GONG_NOTIFY_RESOLVED,
};

/* gong_notify_news: of an effect that was read by gong_effect_from_json. */
enum gong_notify_news gong_notify_news(const json_t *effect);
/* A string member of an effect, or of its labels or annotations; "" if absent.
 * Borrowed from effect. */
const char *gong_notify_text(const json_t *effect, const char *key);
const char *gong_notify_label(const json_t *effect, const char *name);
const char *gong_notify_annotation(const json_t *effect, const char *name);

extern const struct gong_notify_kind gong_notify_log;
extern const struct gong_notify_kind gong_notify_webhook;
extern const struct gong_notify_kind gong_notify_null;
/* NULL-terminated: all of the above. */
extern const struct gong_notify_kind *const gong_notify_kinds[];

struct gong_notifier;

/* name: cursor, metrics, logs: [a-z0-9_-]. config is borrowed until stop. What
 * went wrong is in the log. */
enum gong_err gong_notifier_start(const char *name,
                                  const struct gong_notify_kind *kind,
                                  const void *config,
                                  struct gong_effects *effects,
                                  struct gong_counters *counters,
                                  struct gong_notifier **out) GONG_MUST_CHECK;
/* Joins; what is not answered by then is told after the next start. */
void gong_notifier_stop(struct gong_notifier *notifier);

#endif
