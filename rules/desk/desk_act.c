/* What people do. An act that means nothing changes nothing and says why. */
#include <stdio.h>
#include <stdlib.h>

#include "rules/desk/desk_alert.h"
#include "rules/desk/desk_emit.h"
#include "rules/desk/desk_entry.h"
#include "rules/desk/desk_group.h"
#include "rules/desk/desk_hold.h"
#include "rules/desk/desk_private.h"
#include "rules/desk/desk_refuse.h"

#define DAYS_MAX ((uint64_t)(GONG_DESK_SILENCE_MS_MAX / 86400000))

struct act {
    const struct gong_desk_act *is;
    struct gong_desk_entry *entry;
    uint64_t *number;
    char *why;
    size_t why_size;
};

static bool
refuse_what(const struct act *act, enum gong_desk_refusal refusal,
            const struct gong_desk_refused *what)
{
    if (act->why != NULL) {
        gong_desk_refuse(refusal, what, act->why, act->why_size);
    }
    return false;
}

/* With a number. */
static bool
refuse(const struct act *act, enum gong_desk_refusal refusal, uint64_t number)
{
    return refuse_what(act, refusal,
                       &(struct gong_desk_refused){.number = number});
}

static const enum gong_incident_event events[] = {
    [GONG_ACT_ACKNOWLEDGE] = GONG_INCIDENT_ACKNOWLEDGE,
    [GONG_ACT_UNACKNOWLEDGE] = GONG_INCIDENT_UNACKNOWLEDGE,
    [GONG_ACT_ASSIGN] = GONG_INCIDENT_ASSIGN,
    [GONG_ACT_COMMENT] = GONG_INCIDENT_COMMENT,
    [GONG_ACT_RESOLVE] = GONG_INCIDENT_RESOLVE,
    [GONG_ACT_OUTCOME] = GONG_INCIDENT_OUTCOME,
};

/* The record of an act on an incident: all that it said. */
static void
record(struct gong_desk *desk, const struct act *act,
       enum gong_incident_event event)
{
    char *text = gong_desk_act_text(
        act->is, desk->model == NULL ? 0 : gong_model_zone_ms(desk->model),
        SIZE_MAX);

    if (text == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return;
    }
    gong_desk_event_add(desk, act->entry->is.number, event, act->is->by,
                        gong_str_of(text));
    free(text);
}

static void
acknowledge(struct gong_desk *desk, const struct act *act)
{
    struct gong_desk_entry *entry = act->entry;
    struct gong_desk_incident *is = &entry->is;

    gong_desk_entry_word(desk, &entry->acked_by, &is->acked_by, act->is->by);
    gong_desk_entry_word(desk, &entry->ack_comment, &is->ack_comment,
                         act->is->comment);
    gong_desk_entry_word(desk, &entry->owner, &is->owner,
                         act->is->owner.len > 0 ? act->is->owner : act->is->by);
    is->acked_ms = is->acked_ms == 0 ? desk->now : is->acked_ms;
    is->ack_until_ms = act->is->until_ms;
    is->sticky = act->is->sticky;
    gong_desk_escalate_stop(desk, entry);
}

static void
outcome(struct gong_desk *desk, const struct act *act)
{
    struct gong_desk_entry *entry = act->entry;

    gong_desk_entry_word(desk, &entry->cause, &entry->is.cause, act->is->cause);
    entry->is.verdict = act->is->verdict;
    entry->is.cost = act->is->cost;
}

/* What an act that the state allows does beyond it. */
static void
carry_out(struct gong_desk *desk, const struct act *act)
{
    struct gong_desk_entry *entry = act->entry;

    switch (act->is->kind) {
    case GONG_ACT_ACKNOWLEDGE:
        acknowledge(desk, act);
        break;
    case GONG_ACT_UNACKNOWLEDGE:
        gong_desk_escalate_start(desk, entry);
        gong_desk_entry_touch(desk, entry, false);
        break;
    case GONG_ACT_ASSIGN:
        gong_desk_entry_word(desk, &entry->owner, &entry->is.owner,
                             act->is->owner);
        break;
    case GONG_ACT_OUTCOME:
        outcome(desk, act);
        break;
    case GONG_ACT_RESOLVE:
        gong_desk_entry_end(desk, entry);
        break;
    case GONG_ACT_COMMENT:
    case GONG_ACT_SILENCE:
    case GONG_ACT_UNSILENCE:
    case GONG_ACT_MAINTENANCE:
        break;
    }
}

static bool
check_act(const struct gong_desk *desk, const struct act *act)
{
    const struct gong_desk_act *is = act->is;

    if (is->kind == GONG_ACT_ACKNOWLEDGE && is->until_ms != 0 &&
        is->until_ms <= desk->now) {
        return refuse(act, GONG_REFUSE_OVER_ALREADY, 0);
    }
    if (is->kind == GONG_ACT_COMMENT && is->comment.len == 0) {
        return refuse(act, GONG_REFUSE_NO_COMMENT, 0);
    }
    return true;
}

static bool
do_incident(struct gong_desk *desk, const struct act *act)
{
    enum gong_incident_event event = events[act->is->kind];

    if (act->entry == NULL) {
        return refuse(act, GONG_REFUSE_NOT_OPEN, act->is->incident);
    }
    if (!check_act(desk, act)) {
        return false;
    }
    if (!gong_desk_entry_step(desk, act->entry, event)) {
        return refuse_what(act, GONG_REFUSE_STATE,
                           &(struct gong_desk_refused){
                               .number = act->is->incident,
                               .state = act->entry->is.state,
                               .event = event,
                           });
    }
    record(desk, act, event);
    carry_out(desk, act);
    return true;
}

/* The end of one that says none: that of its incident; 0: it has to say. */
static int64_t
until_over(const struct gong_desk_act *is)
{
    return is->incident != 0 && is->until_ms == 0 ? INT64_MAX : 0;
}

/* The times of a silence, or why not. */
static bool
set_times(const struct gong_desk *desk, const struct act *act,
          struct gong_desk_silence *silence)
{
    const struct gong_desk_act *is = act->is;

    silence->from_ms = is->from_ms > desk->now ? is->from_ms : desk->now;
    silence->until_ms = is->until_ms;
    if (is->until_ms == 0) {
        silence->until_ms = until_over(is);
    }
    if (silence->until_ms == 0) {
        return refuse(act, GONG_REFUSE_NO_UNTIL, 0);
    }
    if (silence->until_ms <= silence->from_ms) {
        return refuse(act, GONG_REFUSE_BACKWARDS, 0);
    }
    if (silence->from_ms - desk->now > GONG_DESK_SILENCE_MS_MAX) {
        return refuse(act, GONG_REFUSE_TOO_LATE, DAYS_MAX);
    }
    return silence->until_ms == until_over(is) ||
           silence->until_ms - silence->from_ms <= GONG_DESK_SILENCE_MS_MAX ||
           refuse(act, GONG_REFUSE_TOO_LONG, DAYS_MAX);
}

/* A second operator, as in unit==~"24.*", would be part of the value: it would
 * be taken, and hold nothing back. */
static bool
check_values(const struct act *act, const struct gong_desk_hush *hush)
{
    size_t next = 0;
    const struct gong_matcher *one = NULL;

    while (hush->matchers != NULL &&
           (one = gong_desk_matchers_at(hush->matchers, next++)) != NULL) {
        if (one->value[0] == '=' || one->value[0] == '~') {
            return refuse_what(act, GONG_REFUSE_OPERATOR,
                               &(struct gong_desk_refused){.text = one->name});
        }
    }
    return true;
}

static bool
do_silence(struct gong_desk *desk, const struct act *act)
{
    const struct gong_desk_act *is = act->is;
    struct gong_desk_silence silence = {
        .number = desk->next_silence,
        .maintenance = is->kind == GONG_ACT_MAINTENANCE,
        .incident = is->incident,
        .matchers = is->matchers,
        .by = is->by,
        .comment = is->comment,
        .created_ms = desk->now,
    };
    struct gong_expr_error error = {0};
    struct gong_desk_hush *hush = NULL;

    if ((is->incident != 0) == (is->matchers.len > 0)) {
        return refuse(act, GONG_REFUSE_NO_TARGET, 0);
    }
    if (is->incident != 0 &&
        (act->entry == NULL || !gong_desk_entry_open(act->entry))) {
        return refuse(act, GONG_REFUSE_NOT_OPEN, is->incident);
    }
    if (desk->hush_list.count >= GONG_DESK_SILENCES_MAX) {
        return refuse(act, GONG_REFUSE_TOO_MANY, GONG_DESK_SILENCES_MAX);
    }
    if (!set_times(desk, act, &silence)) {
        return false;
    }
    hush = gong_desk_silence_add(desk, &silence, &error);
    if (hush == NULL) {
        return refuse_what(act, GONG_REFUSE_MATCHERS,
                           &(struct gong_desk_refused){.text = error.message});
    }
    if (!check_values(act, hush)) {
        gong_desk_silence_undo(desk, hush);
        return false;
    }
    desk->next_silence++;
    if (act->number != NULL) {
        *act->number = silence.number;
    }
    gong_desk_hush_dirty(desk, hush);
    gong_desk_silence_turn(desk, hush);
    return true;
}

static bool
do_unsilence(struct gong_desk *desk, const struct act *act)
{
    struct gong_desk_hush *hush =
        gong_desk_silence_find(desk, act->is->silence);

    if (hush == NULL) {
        return refuse(act, GONG_REFUSE_NO_SILENCE, act->is->silence);
    }
    hush->is.until_ms = desk->now;
    gong_desk_silence_end(desk, hush);
    return true;
}

static bool
do_act(struct gong_desk *desk, const struct act *act)
{
    if (act->is->by.len == 0) {
        return refuse(act, GONG_REFUSE_NOBODY, 0);
    }
    switch (act->is->kind) {
    case GONG_ACT_ACKNOWLEDGE:
    case GONG_ACT_UNACKNOWLEDGE:
    case GONG_ACT_ASSIGN:
    case GONG_ACT_COMMENT:
    case GONG_ACT_RESOLVE:
    case GONG_ACT_OUTCOME:
        return do_incident(desk, act);
    case GONG_ACT_SILENCE:
    case GONG_ACT_MAINTENANCE:
        return do_silence(desk, act);
    case GONG_ACT_UNSILENCE:
        return do_unsilence(desk, act);
    }
    return refuse(act, GONG_REFUSE_NO_ACT, 0);
}

enum gong_err
gong_desk_act(struct gong_desk *desk, const struct gong_desk_act *act,
              int64_t now_ms, uint64_t *number, char *why, size_t why_size)
{
    struct act one = {
        .is = act, .number = number, .why = why, .why_size = why_size};
    struct gong_desk_entry *recalled = desk->recalled;
    enum gong_err err = gong_desk_run(desk, now_ms);
    bool done = false;

    if (err != GONG_OK) {
        return err;
    }
    desk->recalled = NULL;
    if (act->incident != 0) {
        one.entry = gong_desk_entry_find(desk, act->incident);
    }
    done = do_act(desk, &one);
    if (recalled != NULL && !done && !recalled->dirty) {
        gong_desk_entry_drop(desk, recalled);
    } else if (recalled != NULL) {
        gong_desk_entry_release(desk, recalled);
    }
    gong_desk_emit(desk);
    gong_desk_due(desk);
    gong_desk_emit(desk);
    return desk->err != GONG_OK ? desk->err : done ? GONG_OK : GONG_ERR_INVALID;
}
