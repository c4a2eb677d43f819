/*
 * Escalation and deadlines. The first entry of `escalation` that takes an
 * incident counts for it.
 *
 *   opened ----after 1----> step 1 ----after 2 - after 1----> step 2 ...
 *      acknowledged: stops; the acknowledgement's end or a climb: from the
 * start held back (silence, maintenance, inhibition): stops; then the wait for
 *      the next step begins anew
 *
 * Steps fall on whole seconds, so that a storm's are few. Deadlines run on
 * whatever holds messages back. One to resolve that is missed is news in the
 * incident's groups, and ends the quiet of an acknowledgement.
 */
#include "rules/desk/desk_alert.h"
#include "rules/desk/desk_emit.h"
#include "rules/desk/desk_entry.h"
#include "rules/desk/desk_group.h"
#include "rules/desk/desk_hold.h"
#include "rules/desk/desk_recipient.h"
#include "rules/desk/desk_route.h"
#include "rules/desk/desk_private.h"

#define SECOND INT64_C(1000)

static int64_t
ms_of(gong_dur_t length)
{
    return length.ns / GONG_NS_PER_MS;
}

static const struct gong_desk_escalation *
escalation_of(const struct gong_desk *desk, const struct gong_desk_entry *entry)
{
    return entry->escalation == GONG_DESK_NONE
               ? NULL
               : &desk->config->escalations[entry->escalation];
}

void
gong_desk_escalate_find(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    const struct gong_desk_config *config = desk->config;

    entry->escalation = GONG_DESK_NONE;
    for (size_t i = 0; i < config->escalation_count && !entry->is.trial; i++) {
        if (gong_desk_matchers_take(config->escalations[i].matchers,
                                    desk->model, entry->is.labels,
                                    entry->is.label_count)) {
            entry->escalation = i;
            return;
        }
    }
}

static int64_t
sooner(int64_t due, int64_t timer)
{
    return due != 0 && due < timer ? due : timer;
}

void
gong_desk_escalate_arm(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    const struct gong_desk_incident *is = &entry->is;
    int64_t due = GONG_DESK_NEVER;

    if (gong_desk_entry_open(entry)) {
        due = sooner(is->escalate_ms, due);
        if (is->state == GONG_INCIDENT_ACKNOWLEDGED) {
            due = sooner(is->ack_until_ms, due);
        }
        if (is->acked_ms == 0 && !is->ack_overdue) {
            due = sooner(is->ack_due_ms, due);
        }
        if (!is->resolve_overdue) {
            due = sooner(is->resolve_due_ms, due);
        }
    }
    gong_desk_set_timer(desk, &entry->timer, due);
}

void
gong_desk_escalate_stop(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    if (entry->is.escalate_ms != 0) {
        entry->is.escalate_ms = 0;
        gong_desk_entry_dirty(desk, entry);
    }
    gong_desk_escalate_arm(desk, entry);
}

/* When the step after those that were told is due; 0: there is none. */
static int64_t
next_step(const struct gong_desk *desk, const struct gong_desk_entry *entry,
          int64_t from)
{
    const struct gong_desk_escalation *escalation = escalation_of(desk, entry);
    unsigned told = entry->is.escalated;
    int64_t due = 0;

    if (escalation == NULL || told >= escalation->step_count) {
        return 0;
    }
    due = from + ms_of(escalation->steps[told].after);
    if (told > 0) {
        due -= ms_of(escalation->steps[told - 1].after);
    }
    return (due + SECOND - 1) / SECOND * SECOND;
}

void
gong_desk_escalate_go_on(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    if (entry->is.state != GONG_INCIDENT_OPEN || gong_desk_entry_held(entry)) {
        gong_desk_escalate_stop(desk, entry);
        return;
    }
    entry->is.escalate_ms = next_step(desk, entry, desk->now);
    gong_desk_entry_dirty(desk, entry);
    gong_desk_escalate_arm(desk, entry);
}

void
gong_desk_escalate_check(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    if (entry->is.state == GONG_INCIDENT_OPEN && !gong_desk_entry_held(entry) &&
        entry->is.escalate_ms == 0 && next_step(desk, entry, desk->now) != 0) {
        gong_desk_escalate_go_on(desk, entry);
    }
    gong_desk_escalate_arm(desk, entry);
}

void
gong_desk_escalate_start(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    entry->is.escalated = 0;
    entry->is.untaken_ms = desk->now;
    gong_desk_entry_dirty(desk, entry);
    gong_desk_escalate_go_on(desk, entry);
}

void
gong_desk_escalate_open(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    const struct gong_desk_escalation *escalation = escalation_of(desk, entry);

    if (escalation != NULL && escalation->acknowledge.ns > 0) {
        entry->is.ack_due_ms = desk->now + ms_of(escalation->acknowledge);
    }
    if (escalation != NULL && escalation->resolve.ns > 0) {
        entry->is.resolve_due_ms = desk->now + ms_of(escalation->resolve);
    }
    gong_desk_escalate_start(desk, entry);
}

static void
hasten(int64_t *due, int64_t now, gong_dur_t length)
{
    if (length.ns > 0 && (*due == 0 || now + ms_of(length) < *due)) {
        *due = now + ms_of(length);
    }
}

void
gong_desk_escalate_climb(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    const struct gong_desk_escalation *escalation = escalation_of(desk, entry);

    if (escalation != NULL) {
        hasten(&entry->is.ack_due_ms, desk->now, escalation->acknowledge);
        hasten(&entry->is.resolve_due_ms, desk->now, escalation->resolve);
    }
    gong_desk_escalate_start(desk, entry);
}

static void
add_pending(struct gong_desk *desk, struct gong_desk_entry *entry, size_t step,
            struct gong_str unit)
{
    const struct gong_desk_escalation *escalation = escalation_of(desk, entry);
    struct gong_desk_recipient *recipient =
        gong_desk_recipient_of(desk, escalation->steps[step].receiver, unit);
    struct gong_desk_pending *pendings = NULL;

    if (recipient == NULL) {
        return;
    }
    pendings = gong_desk_more(recipient->pendings, &recipient->pending_capacity,
                              recipient->pending_count, sizeof *pendings);
    if (pendings == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return;
    }
    recipient->pendings = pendings;
    pendings[recipient->pending_count++] = (struct gong_desk_pending){
        entry->is.number, (unsigned)step + 1, desk->now};
    gong_desk_recipient_dirty(desk, recipient);
    gong_desk_recipient_arm(desk, recipient);
}

static void
on_unit(struct gong_desk *desk, struct gong_desk_entry *entry, size_t index,
        struct gong_str unit)
{
    add_pending(desk, entry, index, unit);
}

static void
escalate(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    const struct gong_desk_escalation *escalation = escalation_of(desk, entry);
    struct gong_desk_incident *is = &entry->is;
    int64_t due = is->escalate_ms;
    size_t step = is->escalated;
    size_t receiver = 0;

    is->escalate_ms = 0;
    if (escalation == NULL || step >= escalation->step_count ||
        !gong_desk_entry_step(desk, entry, GONG_INCIDENT_ESCALATE)) {
        return;
    }
    receiver = escalation->steps[step].receiver;
    is->escalated++;
    gong_desk_event_add(desk, is->number, GONG_INCIDENT_ESCALATE,
                        gong_str_from("", 0),
                        gong_str_of(desk->config->receivers[receiver].name));
    gong_desk_route_units(desk, entry, receiver, on_unit, step);
    is->escalate_ms = next_step(desk, entry, due);
}

static void
note(struct gong_desk *desk, struct gong_desk_entry *entry,
     enum gong_incident_event event)
{
    gong_desk_event_add(desk, entry->is.number, event, gong_str_from("", 0),
                        gong_str_from("", 0));
}

void
gong_desk_escalate_due(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    struct gong_desk_incident *is = &entry->is;
    int64_t now = desk->now;

    gong_desk_entry_dirty(desk, entry);
    if (is->ack_until_ms != 0 && is->ack_until_ms <= now &&
        gong_desk_entry_step(desk, entry, GONG_INCIDENT_ACK_EXPIRES)) {
        note(desk, entry, GONG_INCIDENT_ACK_EXPIRES);
        gong_desk_escalate_start(desk, entry);
        gong_desk_entry_touch(desk, entry, false);
    }
    if (is->ack_due_ms != 0 && is->ack_due_ms <= now && is->acked_ms == 0 &&
        !is->ack_overdue &&
        gong_desk_entry_step(desk, entry, GONG_INCIDENT_ACK_OVERDUE)) {
        is->ack_overdue = true;
        note(desk, entry, GONG_INCIDENT_ACK_OVERDUE);
    }
    if (is->resolve_due_ms != 0 && is->resolve_due_ms <= now &&
        !is->resolve_overdue &&
        gong_desk_entry_step(desk, entry, GONG_INCIDENT_RESOLVE_OVERDUE)) {
        is->resolve_overdue = true;
        note(desk, entry, GONG_INCIDENT_RESOLVE_OVERDUE);
        gong_desk_entry_touch(desk, entry, true);
    }
    while (desk->err == GONG_OK && is->escalate_ms != 0 &&
           is->escalate_ms <= now) {
        escalate(desk, entry);
    }
    gong_desk_escalate_arm(desk, entry);
}
