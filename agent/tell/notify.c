#include "agent/tell/notify.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/decide/effect_json.h"
#include "agent/tell/notify_backlog.h"
#include "agent/tell/message_annotation.h"
#include "agent/stop_latch.h"
#include "agent/trust/probe.h"
#include "common/backoff.h"
#include "common/log.h"
#include "common/topic.h"

#define POLL_MS      500 /* a stop is seen this late at most */
#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 60000
#define WHY_SIZE     256

const struct gong_notify_kind *const gong_notify_kinds[] = {
    &gong_notify_log, &gong_notify_webhook, &gong_notify_null, NULL};

struct gong_notifier {
    char name[GONG_TOPIC_NAME_MAX + 1];
    const struct gong_notify_kind *kind;
    void *state;
    struct gong_effects *effects;
    struct gong_spool_cursor *cursor;
    struct gong_stop_latch stop;
    struct gong_backoff backoff;
    struct gong_notify_backlog backlog;
    bool told; /* since the start: what comes first may have been told */
    bool away;
    gong_mono_t away_since;
    bool commit_failing;
    gong_counter_t *delivered;
    gong_counter_t *retried;
    gong_counter_t *refused;
    gong_counter_t *passed;
    gong_counter_t *damaged;
    gong_counter_t *up;
    pthread_t thread;
};

const char *
gong_notify_text(const json_t *effect, const char *key)
{
    const char *text = json_string_value(json_object_get(effect, key));

    return text == NULL ? "" : text;
}

const char *
gong_notify_label(const json_t *effect, const char *name)
{
    return gong_notify_text(json_object_get(effect, "labels"), name);
}

const char *
gong_notify_annotation(const json_t *effect, const char *name)
{
    return gong_notify_text(json_object_get(effect, "annotations"), name);
}

enum gong_notify_news
gong_notify_news(const json_t *effect)
{
    bool before = gong_alert_text_open(gong_notify_text(effect, "from"));
    bool after = gong_alert_text_open(gong_notify_text(effect, "to"));
    int64_t was = json_integer_value(json_object_get(effect, "from_level"));
    int64_t is = json_integer_value(json_object_get(effect, "level"));

    if (json_is_true(json_object_get(effect, "trial")) || (!before && !after)) {
        return GONG_NOTIFY_NOTHING;
    }
    if (before && after) {
        return is > was   ? GONG_NOTIFY_CLIMBED
               : is < was ? GONG_NOTIFY_FELL
                          : GONG_NOTIFY_NOTHING;
    }
    return after ? GONG_NOTIFY_FIRING : GONG_NOTIFY_RESOLVED;
}

static void
note_away(struct gong_notifier *notifier, const char *why)
{
    char shown[WHY_SIZE];

    gong_counter_increase(notifier->retried, 1);
    if (notifier->away) {
        return;
    }
    notifier->away = true;
    notifier->away_since = gong_mono_now();
    gong_counter_set(notifier->up, 0);
    (void)gong_log_quote(gong_str_of(why), shown, sizeof shown);
    gong_log(GONG_LOG_WARNING, "notifier_away", "notifier=%s reason=%s",
             notifier->name, shown);
}

static void
note_answered(struct gong_notifier *notifier)
{
    gong_backoff_reset(&notifier->backoff);
    if (!notifier->away) {
        return;
    }
    notifier->away = false;
    gong_notify_backlog_look(&notifier->backlog,
                             gong_spool_cursor_offset(notifier->cursor));
    gong_counter_set(notifier->up, 1);
    gong_log(GONG_LOG_INFO, "notifier_back", "notifier=%s seconds=%.1f",
             notifier->name,
             (double)gong_mono_since(gong_mono_now(), notifier->away_since).ns /
                 (double)GONG_NS_PER_S);
}

static void
note_refused(struct gong_notifier *notifier, const json_t *effect,
             const char *why)
{
    char shown[WHY_SIZE];
    char rule[WHY_SIZE];

    gong_counter_increase(notifier->refused, 1);
    (void)gong_log_quote(gong_str_of(why), shown, sizeof shown);
    (void)gong_log_quote(gong_str_of(gong_notify_text(effect, "rule")), rule,
                         sizeof rule);
    gong_log(GONG_LOG_ERROR, "notifier_refused",
             "notifier=%s rule=%s fingerprint=%s reason=%s", notifier->name,
             rule, gong_notify_text(effect, "fingerprint"), shown);
}

/* Until the receiver has answered; false when stopping. */
static bool
deliver(struct gong_notifier *notifier, const json_t *effect)
{
    for (;;) {
        char why[WHY_SIZE] = "";

        if (gong_stop_latch_is_set(&notifier->stop)) {
            return false;
        }
        switch (
            notifier->kind->deliver(notifier->state, effect, why, sizeof why)) {
        case GONG_NOTIFY_DONE:
            note_answered(notifier);
            gong_counter_increase(notifier->delivered, 1);
            return true;
        case GONG_NOTIFY_REFUSE:
            note_answered(notifier);
            note_refused(notifier, effect, why);
            return true;
        case GONG_NOTIFY_RETRY:
            if (gong_stop_latch_is_set(&notifier->stop)) {
                return false;
            }
            note_away(notifier, why);
            break;
        }
        if (gong_stop_latch_wait(&notifier->stop,
                                 gong_backoff_next(&notifier->backoff))) {
            return false;
        }
    }
}

/* An effect that people are told of; false when stopping before the receiver
 * has answered. */
static bool
tell_news(struct gong_notifier *notifier, const struct gong_record *record,
          const json_t *effect, enum gong_notify_news news)
{
    bool edge = news == GONG_NOTIFY_FIRING || news == GONG_NOTIFY_RESOLVED;

    if (notifier->told &&
        (edge ? gong_notify_backlog_passes(&notifier->backlog, record,
                                           news == GONG_NOTIFY_FIRING)
              : gong_notify_backlog_is_passed(&notifier->backlog, record))) {
        gong_counter_increase(notifier->passed, 1);
        return true;
    }
    notifier->told = true;
    return deliver(notifier, effect);
}

/* Those are for the desk. */
static bool
is_probe(const struct gong_record *record)
{
    struct gong_effects_prefix prefix;

    return gong_effects_prefix_read(record, &prefix) &&
           gong_probe_of_key(prefix.key.rule) != GONG_PROBE_NONE;
}

/* Sections of texts are for messages of the desk, which knows the facts of the
 * model: here those are left out that need them. */
static void
fill_sections(json_t *effect)
{
    json_t *filled = gong_message_annotations(effect);

    if (filled != NULL) {
        (void)json_object_set_new(effect, "annotations", filled);
    }
}

static bool
tell(struct gong_notifier *notifier, const struct gong_record *record)
{
    json_t *effect = NULL;
    enum gong_notify_news news;
    bool done = true;

    if (record->meta.type != GONG_RECORD_EFFECT || is_probe(record)) {
        return true;
    }
    if (record->payload.len > GONG_EFFECTS_PREFIX) {
        effect = gong_effect_from_json(
            gong_str_from(record->payload.data + GONG_EFFECTS_PREFIX,
                          record->payload.len - GONG_EFFECTS_PREFIX));
    }
    if (effect == NULL) {
        gong_counter_increase(notifier->damaged, 1);
        return true;
    }
    news = gong_notify_news(effect);
    if (news != GONG_NOTIFY_NOTHING) {
        fill_sections(effect);
        done = tell_news(notifier, record, effect, news);
    }
    json_decref(effect);
    return done;
}

static void
commit(struct gong_notifier *notifier, uint64_t offset)
{
    enum gong_err err = gong_spool_cursor_commit(notifier->cursor, offset);

    if ((err != GONG_OK) == notifier->commit_failing) {
        return;
    }
    notifier->commit_failing = err != GONG_OK;
    gong_log(err == GONG_OK ? GONG_LOG_INFO : GONG_LOG_ERROR,
             err == GONG_OK ? "notifier_cursor_back" : "notifier_cursor_failed",
             "notifier=%s error=\"%s\"", notifier->name, gong_err_text(err));
}

/* tried: where the log ended before the last try. Bytes before that which
 * cannot be read are no reason to look again at once. */
static void
wait_for_more(struct gong_notifier *notifier, uint64_t tried)
{
    gong_dur_t length = gong_dur_ms(POLL_MS);

    if (!gong_effects_wait(notifier->effects, tried, length)) {
        /* The log of effects has stopped, this notifier not yet. */
        (void)gong_stop_latch_wait(&notifier->stop, length);
    }
}

static void *
notifier_main(void *ctx)
{
    struct gong_notifier *notifier = ctx;
    struct gong_spool_stats stats;
    struct gong_record record;

    gong_notify_backlog_look(&notifier->backlog,
                             gong_spool_cursor_offset(notifier->cursor));
    while (!gong_stop_latch_is_set(&notifier->stop)) {
        gong_spool_stats(gong_effects_spool(notifier->effects), &stats);
        if (gong_spool_cursor_next(notifier->cursor, UINT64_MAX, &record) !=
            GONG_OK) {
            wait_for_more(notifier, stats.end);
            continue;
        }
        if (!tell(notifier, &record)) {
            break;
        }
        commit(notifier, record.next);
    }
    return NULL;
}

static gong_counter_t *
outcome_counter(struct gong_notifier *notifier, struct gong_counters *counters,
                const char *outcome)
{
    char labels[192];

    (void)snprintf(labels, sizeof labels, "notifier=\"%s\",outcome=\"%s\"",
                   notifier->name, outcome);
    return gong_counter_add(counters, GONG_COUNTER,
                            "gong_agent_notifications_total",
                            "Attempts to tell a receiver, by outcome.", labels);
}

static bool
add_counters(struct gong_notifier *notifier, struct gong_counters *counters)
{
    char labels[128];

    (void)snprintf(labels, sizeof labels, "notifier=\"%s\"", notifier->name);
    notifier->delivered = outcome_counter(notifier, counters, "delivered");
    notifier->retried = outcome_counter(notifier, counters, "retried");
    notifier->refused = outcome_counter(notifier, counters, "refused");
    notifier->passed = outcome_counter(notifier, counters, "over");
    notifier->damaged = outcome_counter(notifier, counters, "damaged");
    notifier->up = gong_counter_add(
        counters, GONG_GAUGE, "gong_agent_notifier_up",
        "Whether the receiver answered the last attempt.", labels);
    if (notifier->delivered == NULL || notifier->retried == NULL ||
        notifier->refused == NULL || notifier->passed == NULL ||
        notifier->damaged == NULL || notifier->up == NULL) {
        return false;
    }
    gong_counter_set(notifier->up, 1);
    return true;
}

static enum gong_err
open_parts(struct gong_notifier *notifier, const void *config,
           struct gong_counters *counters, char *why, size_t why_size)
{
    const struct gong_notify_kind *kind = notifier->kind;
    char cursor[GONG_TOPIC_NAME_MAX + sizeof "notify-"];
    int64_t min_ms = kind->retry_min_ms > 0 ? kind->retry_min_ms : RETRY_MIN_MS;
    int64_t max_ms = kind->retry_max_ms > 0 ? kind->retry_max_ms : RETRY_MAX_MS;
    enum gong_err err;

    gong_backoff_init(&notifier->backoff, gong_dur_ms(min_ms),
                      gong_dur_ms(max_ms), gong_random_u64());
    (void)snprintf(cursor, sizeof cursor, "notify-%s", notifier->name);
    if (!add_counters(notifier, counters)) {
        return GONG_ERR_MEMORY;
    }
    err = gong_spool_cursor_open(gong_effects_spool(notifier->effects), cursor,
                                 &notifier->cursor);
    if (err != GONG_OK) {
        return err;
    }
    return kind->open(config, &notifier->state, why, why_size);
}

static void
notifier_free(struct gong_notifier *notifier)
{
    if (notifier->state != NULL) {
        notifier->kind->close(notifier->state);
    }
    if (notifier->cursor != NULL) {
        gong_spool_cursor_close(notifier->cursor);
    }
    gong_notify_backlog_fini(&notifier->backlog);
    gong_stop_latch_fini(&notifier->stop);
    free(notifier);
}

static enum gong_err
start(struct gong_notifier *notifier, const void *config,
      struct gong_counters *counters, char *why, size_t why_size)
{
    enum gong_err err = open_parts(notifier, config, counters, why, why_size);

    if (err == GONG_OK &&
        pthread_create(&notifier->thread, NULL, notifier_main, notifier) != 0) {
        (void)snprintf(why, why_size, "cannot start a thread");
        err = GONG_ERR_MEMORY;
    }
    return err;
}

enum gong_err
gong_notifier_start(const char *name, const struct gong_notify_kind *kind,
                    const void *config, struct gong_effects *effects,
                    struct gong_counters *counters, struct gong_notifier **out)
{
    struct gong_notifier *notifier;
    char why[WHY_SIZE] = "";
    enum gong_err err;

    if (!gong_topic_name_valid(gong_str_of(name))) {
        return GONG_ERR_INVALID;
    }
    notifier = calloc(1, sizeof *notifier);
    if (notifier == NULL) {
        return GONG_ERR_MEMORY;
    }
    (void)snprintf(notifier->name, sizeof notifier->name, "%s", name);
    notifier->kind = kind;
    notifier->effects = effects;
    notifier->backlog.spool = gong_effects_spool(effects);
    err = gong_stop_latch_init(&notifier->stop);
    if (err != GONG_OK) {
        free(notifier);
        return err;
    }
    err = start(notifier, config, counters, why, sizeof why);
    if (err != GONG_OK) {
        gong_log(GONG_LOG_ERROR, "notifier_not_started",
                 "notifier=%s error=\"%s\"", name,
                 why[0] == '\0' ? gong_err_text(err) : why);
        notifier_free(notifier);
        return err;
    }
    *out = notifier;
    return GONG_OK;
}

void
gong_notifier_stop(struct gong_notifier *notifier)
{
    if (notifier == NULL) {
        return;
    }
    gong_stop_latch_set(&notifier->stop);
    if (notifier->kind->interrupt != NULL) {
        notifier->kind->interrupt(notifier->state);
    }
    (void)pthread_join(notifier->thread, NULL);
    notifier_free(notifier);
}
