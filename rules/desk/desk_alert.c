/* What the engine says of an alert: an incident opens, goes on, ends. */
#include "rules/desk/desk_alert.h"

#include <stdio.h>

#include "rules/desk/desk_emit.h"
#include "rules/desk/desk_entry.h"
#include "rules/desk/desk_group.h"
#include "rules/desk/desk_hold.h"
#include "rules/desk/desk_merged.h"
#include "rules/desk/desk_route.h"
#include "rules/desk/desk_private.h"

bool
gong_desk_entry_step(struct gong_desk *desk, struct gong_desk_entry *entry,
                     enum gong_incident_event event)
{
    struct gong_desk_incident *is = &entry->is;
    struct gong_incident_step step =
        gong_incident_next(is->state, event, is->sticky);

    if (!step.taken) {
        return false;
    }
    if (step.next != is->state) {
        is->changed_ms = desk->now;
    }
    is->state = step.next;
    if (step.drops_ack) {
        is->ack_until_ms = 0;
        is->sticky = false;
        gong_desk_entry_word(desk, &entry->acked_by, &is->acked_by,
                             gong_str_from("", 0));
        gong_desk_entry_word(desk, &entry->ack_comment, &is->ack_comment,
                             gong_str_from("", 0));
        gong_desk_entry_word(desk, &entry->owner, &is->owner,
                             gong_str_from("", 0));
    }
    if (step.ends) {
        is->ended_ms = desk->now;
    }
    gong_desk_entry_dirty(desk, entry);
    return true;
}

void
gong_desk_entry_relabel(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    gong_desk_inhibit_unseat(desk, entry);
    gong_desk_inhibit_seat(desk, entry);
    gong_desk_silence_recount(desk, entry);
    gong_desk_escalate_find(desk, entry);
    gong_desk_hold(desk, entry);
    gong_desk_escalate_check(desk, entry);
    gong_desk_route_entry(desk, entry);
}

/* Those who were not told that it fires need not hear that it is over. */
void
gong_desk_entry_end(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    gong_desk_escalate_stop(desk, entry);
    gong_desk_inhibit_count(desk, entry);
    gong_desk_silence_over(desk, entry->is.number);
    for (size_t i = entry->member_count; i-- > 0;) {
        struct gong_desk_member *member = entry->members[i];
        struct gong_desk_group *group = member->group;

        if (member->told == 0) {
            gong_desk_member_remove(member);
            (void)gong_desk_group_empty(desk, group);
        } else {
            gong_desk_group_touch(desk, group, false);
        }
    }
    gong_desk_entry_release(desk, entry);
}

static void
event_with_level(struct gong_desk *desk, const struct gong_desk_entry *entry,
                 enum gong_incident_event event)
{
    const char *severity = gong_severity_text(entry->is.severity);
    char text[64] = "";

    if (entry->is.level > 0) {
        (void)snprintf(text, sizeof text, "level %u%s%s", entry->is.level,
                       severity == NULL ? "" : " ",
                       severity == NULL ? "" : severity);
    } else {
        (void)snprintf(text, sizeof text, "%s",
                       severity == NULL ? "" : severity);
    }
    gong_desk_event_add(desk, entry->is.number, event, gong_str_from("", 0),
                        gong_str_of(text));
}

/* A device whose clock is ahead says that it begins later than now. */
static void
take_since(struct gong_desk_incident *is, int64_t since_ms, int64_t now)
{
    int64_t since = since_ms < now ? since_ms : now;

    if (is->since_ms == 0 || since < is->since_ms) {
        is->since_ms = since;
    }
}

/* What the alert says of itself; whether its labels are others. */
static bool
take_facts(struct gong_desk *desk, struct gong_desk_entry *entry,
           const struct gong_desk_alert *alert)
{
    struct gong_desk_incident *is = &entry->is;
    bool other = gong_desk_entry_text(
        desk, entry,
        &(struct gong_desk_texts){alert->rule_id, alert->labels,
                                  alert->label_count, alert->annotations,
                                  alert->annotation_count});
    struct gong_str severity = gong_desk_entry_label(entry, "severity");

    is->alert = alert->state;
    is->level = alert->level;
    is->severity = gong_severity_of(severity.data);
    other = other || is->trial != alert->trial;
    is->trial = alert->trial;
    is->value = alert->value;
    take_since(is, alert->since_ms, desk->now);
    gong_desk_entry_dirty(desk, entry);
    return other;
}

static enum gong_err
open_new(struct gong_desk *desk, const struct gong_desk_alert *alert)
{
    struct gong_desk_entry *entry = NULL;

    if (desk->entry_list.count >= GONG_DESK_INCIDENTS_MAX) {
        desk->refused++;
        return GONG_ERR_TOO_LARGE;
    }
    entry = gong_desk_entry_new(desk, desk->next_incident, alert->rule,
                                alert->fingerprint);
    if (entry == NULL) {
        return desk->err;
    }
    desk->next_incident++;
    entry->is.opened_ms = desk->now;
    (void)gong_desk_entry_step(desk, entry, GONG_INCIDENT_FIRE);
    (void)take_facts(desk, entry, alert);
    if (desk->err != GONG_OK) {
        return desk->err;
    }
    entry->is.stamps = alert->stamps;
    event_with_level(desk, entry, GONG_INCIDENT_FIRE);
    gong_desk_entry_relabel(desk, entry);
    gong_desk_escalate_open(desk, entry);
    return GONG_OK;
}

static void
reopen(struct gong_desk *desk, struct gong_desk_entry *entry,
       const struct gong_desk_alert *alert)
{
    (void)gong_desk_entry_step(desk, entry, GONG_INCIDENT_FIRE);
    entry->is.ended_ms = 0;
    entry->is.over_ms = 0;
    entry->is.lost = false;
    (void)take_facts(desk, entry, alert);
    entry->is.stamps = alert->stamps;
    event_with_level(desk, entry, GONG_INCIDENT_FIRE);
    gong_desk_entry_relabel(desk, entry);
    gong_desk_escalate_start(desk, entry);
}

static enum gong_severity
severity_of(const struct gong_desk_alert *alert)
{
    char text[16] = "";

    for (size_t i = 0; i < alert->label_count; i++) {
        if (gong_str_is(alert->labels[i].name, "severity") &&
            alert->labels[i].value.len < sizeof text) {
            (void)snprintf(text, sizeof text, "%.*s",
                           (int)alert->labels[i].value.len,
                           alert->labels[i].value.data);
        }
    }
    return gong_severity_of(text);
}

/* A person ended it and the alert goes on: only a climb is worth a word. Where
 * somebody has not been told yet that it is over, it opens again. */
static enum gong_err
after_end(struct gong_desk *desk, struct gong_desk_entry *entry,
          const struct gong_desk_alert *alert)
{
    enum gong_severity severity = severity_of(alert);
    bool goes_on = gong_alert_state_open(entry->is.alert);
    unsigned before = gong_desk_rank(entry->is.level, entry->is.severity);

    if (goes_on && gong_desk_rank(alert->level, severity) <= before) {
        entry->is.alert = alert->state;
        gong_desk_entry_dirty(desk, entry);
        return GONG_OK;
    }
    if (entry->member_count > 0) {
        entry->is.since_ms = 0;
        reopen(desk, entry, alert);
        return GONG_OK;
    }
    gong_desk_entry_detach(desk, entry);
    gong_desk_entry_release(desk, entry);
    return open_new(desk, alert);
}

/* Under the code of the unit that its own was merged into. What a person ended
 * stays ended, as if its alert had gone on. */
static enum gong_err
go_on_merged(struct gong_desk *desk, struct gong_desk_entry *entry,
             const struct gong_desk_alert *alert)
{
    struct gong_desk_ack ack;

    if (entry->is.over_ms == 0 || entry->is.state == GONG_INCIDENT_CLOSED) {
        gong_desk_entry_rekey(desk, entry, alert->fingerprint);
        entry->is.alert = alert->state;
        return after_end(desk, entry, alert);
    }
    if (!gong_desk_ack_keep(desk, entry, &ack)) {
        return desk->err;
    }
    gong_desk_entry_rekey(desk, entry, alert->fingerprint);
    reopen(desk, entry, alert);
    gong_desk_ack_give(desk, entry, &ack);
    return GONG_OK;
}

static void
go_on(struct gong_desk *desk, struct gong_desk_entry *entry,
      const struct gong_desk_alert *alert)
{
    enum gong_alert_state before = entry->is.alert;
    unsigned rank = gong_desk_rank(entry->is.level, entry->is.severity);
    bool acked = entry->is.state == GONG_INCIDENT_ACKNOWLEDGED;
    bool other = take_facts(desk, entry, alert);
    unsigned now = gong_desk_rank(entry->is.level, entry->is.severity);
    enum gong_incident_event event = now > rank   ? GONG_INCIDENT_CLIMB
                                     : now < rank ? GONG_INCIDENT_FALL
                                                  : GONG_INCIDENT_KEEP;
    bool sticky = acked && entry->is.sticky;

    (void)gong_desk_entry_step(desk, entry, event);
    if (event != GONG_INCIDENT_KEEP) {
        entry->is.changed_ms = desk->now;
        entry->is.stamps = alert->stamps;
        event_with_level(desk, entry, event);
    } else if (before != alert->state) {
        gong_desk_event_add(desk, entry->is.number, event, gong_str_from("", 0),
                            gong_str_of(gong_alert_state_text(alert->state)));
    }
    if (other) {
        gong_desk_entry_relabel(desk, entry);
    }
    if (event == GONG_INCIDENT_CLIMB) {
        gong_desk_entry_touch(desk, entry, true);
        if (!sticky) {
            gong_desk_escalate_climb(desk, entry);
        }
    } else if (event == GONG_INCIDENT_FALL) {
        gong_desk_entry_touch(desk, entry, false);
    }
    gong_desk_escalate_arm(desk, entry);
}

/* Its texts as of its end, with the value that was seen last; labels stay, by
 * which it is known. */
static void
take_last_words(struct gong_desk *desk, struct gong_desk_entry *entry,
                const struct gong_desk_alert *alert)
{
    if (alert->annotation_count > 0) {
        (void)gong_desk_entry_text(
            desk, entry,
            &(struct gong_desk_texts){entry->is.rule_id, entry->is.labels,
                                      entry->is.label_count, alert->annotations,
                                      alert->annotation_count});
    }
}

static int64_t
within(int64_t from, int64_t ms, int64_t until)
{
    return ms < from ? from : ms > until ? until : ms;
}

/* The desk may hear of an end late: what the engine's decision says is the
 * agent's clock, what the alert says the device's. */
static void
date_end(struct gong_desk_incident *is, const struct gong_desk_alert *alert)
{
    int64_t now = is->ended_ms;
    int64_t decided = alert->stamps.decided_ms;

    is->ended_ms = within(is->opened_ms, decided > 0 ? decided : now, now);
    is->over_ms =
        within(is->since_ms, alert->at_ms > 0 ? alert->at_ms : now, now);
}

static void
end(struct gong_desk *desk, struct gong_desk_entry *entry,
    const struct gong_desk_alert *alert)
{
    bool open = gong_desk_entry_open(entry);

    entry->is.alert = GONG_ALERT_INACTIVE;
    gong_desk_entry_dirty(desk, entry);
    if (!open) {
        gong_desk_entry_release(desk, entry);
        return;
    }
    entry->is.lost = alert->lost;
    entry->is.value = alert->value;
    entry->is.stamps = alert->stamps;
    take_last_words(desk, entry, alert);
    (void)gong_desk_entry_step(desk, entry, GONG_INCIDENT_END);
    date_end(&entry->is, alert);
    gong_desk_event_add(desk, entry->is.number, GONG_INCIDENT_END,
                        gong_str_from("", 0),
                        gong_str_of(alert->lost ? "lost" : ""));
    gong_desk_entry_end(desk, entry);
}

static enum gong_err
take(struct gong_desk *desk, const struct gong_desk_alert *alert)
{
    struct gong_desk_entry *entry =
        gong_desk_entry_of(desk, alert->rule, alert->fingerprint);

    if (!gong_alert_state_open(alert->state)) {
        if (entry != NULL) {
            end(desk, entry, alert);
        }
        return GONG_OK;
    }
    if (entry == NULL) {
        entry = gong_desk_merged_find(desk, alert);
        return entry == NULL ? open_new(desk, alert)
                             : go_on_merged(desk, entry, alert);
    }
    if (!gong_desk_entry_open(entry)) {
        return after_end(desk, entry, alert);
    }
    go_on(desk, entry, alert);
    return GONG_OK;
}

enum gong_err
gong_desk_alert(struct gong_desk *desk, const struct gong_desk_alert *alert,
                int64_t now_ms)
{
    enum gong_err taken = GONG_OK;
    enum gong_err err = gong_desk_run(desk, now_ms);

    if (err != GONG_OK) {
        return err;
    }
    taken = take(desk, alert);
    gong_desk_emit(desk);
    gong_desk_due(desk);
    gong_desk_emit(desk);
    return desk->err != GONG_OK ? desk->err : taken;
}
