/* Messages: what one recipient is told at one instant, each incident once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/desk/desk_emit.h"
#include "rules/desk/desk_entry.h"
#include "rules/desk/desk_group.h"
#include "rules/desk/desk_recipient.h"
#include "rules/desk/desk_private.h"

struct draft {
    bool of_unit; /* the recipient is an alert's own unit */
    struct gong_message_item *items;
    size_t count;
    size_t capacity;
};

static struct gong_desk_entry *
entry_of(const struct gong_message_item *item)
{
    /* The incident is the first member of its entry. */
    return (struct gong_desk_entry *)(uintptr_t)item->incident;
}

static void
put(struct gong_desk *desk, struct draft *draft, struct gong_desk_entry *entry,
    enum gong_message_news news, unsigned told)
{
    unsigned level = told == 0 ? 0 : (told - 1) >> 2;
    struct gong_message_item *items = NULL;

    if (entry->listed != 0 && draft->items != NULL) {
        struct gong_message_item *item = &draft->items[entry->listed - 1];

        item->news = news > item->news ? news : item->news;
        item->told_level = level > item->told_level ? level : item->told_level;
        return;
    }
    items = gong_desk_more(draft->items, &draft->capacity, draft->count,
                           sizeof *items);
    if (items == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return;
    }
    draft->items = items;
    items[draft->count++] = (struct gong_message_item){
        .incident = &entry->is,
        .news = news,
        .told_level = level,
        .no_unit = draft->of_unit && entry->no_unit,
    };
    entry->listed = draft->count;
}

static bool
of_unit(const struct gong_desk *desk,
        const struct gong_desk_recipient *recipient)
{
    const char *of = desk->config->receivers[recipient->receiver].of;

    return of != NULL && strcmp(of, "unit") == 0;
}

static int
compare_items(const void *a, const void *b)
{
    const struct gong_message_item *x = a;
    const struct gong_message_item *y = b;
    bool x_over = x->incident->ended_ms != 0;
    bool y_over = y->incident->ended_ms != 0;
    bool x_still = x->news == GONG_NEWS_STILL;
    bool y_still = y->news == GONG_NEWS_STILL;

    if (x_over != y_over) {
        return x_over ? 1 : -1;
    }
    if (x->incident->severity != y->incident->severity) {
        return x->incident->severity > y->incident->severity ? -1 : 1;
    }
    if (x->incident->level != y->incident->level) {
        return x->incident->level > y->incident->level ? -1 : 1;
    }
    if (x_still != y_still) {
        return x_still ? 1 : -1;
    }
    return (x->incident->number > y->incident->number) -
           (x->incident->number < y->incident->number);
}

/* Sorts, counts what is not listed, gives it to the sink. */
static void
send(struct gong_desk *desk, struct draft *draft,
     struct gong_desk_message *message)
{
    for (size_t i = 0; i < draft->count; i++) {
        entry_of(&draft->items[i])->listed = 0;
    }
    qsort(draft->items, draft->count, sizeof *draft->items, compare_items);
    message->at_ms = desk->now;
    message->items = draft->items;
    message->item_count = draft->count;
    message->all_count = draft->count;
    if (message->item_count > GONG_MESSAGE_ITEMS_MAX) {
        message->item_count = GONG_MESSAGE_ITEMS_MAX;
    }
    for (size_t i = message->item_count; i < draft->count; i++) {
        if (draft->items[i].incident->ended_ms != 0) {
            message->omitted_resolved++;
        } else {
            message->omitted_firing++;
        }
    }
    if (desk->err == GONG_OK && desk->sink.message != NULL) {
        gong_desk_fail(desk, desk->sink.message(desk->sink.ctx, message));
    }
}

static void
list_group(struct gong_desk *desk, const struct gong_desk_group *group,
           enum gong_desk_need need, struct draft *draft)
{
    bool resolved =
        desk->config->receivers[group->recipient->receiver].send_resolved;
    bool muted = gong_desk_group_muted(desk, group, NULL);

    for (size_t i = 0; i < group->count; i++) {
        const struct gong_desk_member *member = group->members[i];
        enum gong_message_news news = GONG_NEWS_STILL;

        if (!gong_desk_member_news(member, muted, &news) ||
            (news == GONG_NEWS_RESOLVED && !resolved) ||
            (need == GONG_DESK_NEED_REPEAT &&
             !gong_desk_member_repeats(member))) {
            continue;
        }
        if (need == GONG_DESK_NEED_REPEAT &&
            member->entry->is.resolve_overdue) {
            news = GONG_NEWS_OVERDUE;
        }
        put(desk, draft, member->entry, news, member->told);
    }
}

/* What its members were told from here on. */
static void
mark_group(struct gong_desk *desk, struct gong_desk_group *group)
{
    bool muted = gong_desk_group_muted(desk, group, NULL);

    for (size_t i = group->count; i-- > 0;) {
        struct gong_desk_member *member = group->members[i];
        struct gong_desk_entry *entry = member->entry;
        enum gong_message_news news = GONG_NEWS_STILL;

        if (!gong_desk_member_news(member, muted, &news) ||
            news == GONG_NEWS_STILL) {
            continue;
        }
        if (news == GONG_NEWS_RESOLVED) {
            gong_desk_member_remove(member);
            gong_desk_entry_release(desk, entry);
            continue;
        }
        gong_desk_member_tell(member);
        member->fell = news == GONG_NEWS_FELL ||
                       (news == GONG_NEWS_OVERDUE && member->fell);
        member->late = entry->is.resolve_overdue;
    }
    group->told_ms = desk->now;
    gong_desk_group_dirty(desk, group);
}

static int
compare_groups(const void *a, const void *b)
{
    const struct gong_desk_group *const *x = a;
    const struct gong_desk_group *const *y = b;

    return strcmp((*x)->key, (*y)->key);
}

/* The ready groups that have something to tell, by key; the others are due
 * again later. NULL if there are none. */
static struct gong_desk_group **
take_ready(struct gong_desk *desk, struct gong_desk_recipient *recipient,
           size_t *count)
{
    struct gong_desk_group **list =
        calloc(recipient->group_count + 1, sizeof(struct gong_desk_group *));
    size_t ready = 0;

    if (list == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    for (size_t i = 0; i < recipient->group_count; i++) {
        if (recipient->groups[i]->ready) {
            list[ready++] = recipient->groups[i];
        }
    }
    if (ready > 1) {
        qsort(list, ready, sizeof(struct gong_desk_group *), compare_groups);
    }
    *count = 0;
    for (size_t i = 0; i < ready; i++) {
        struct gong_desk_group *group = list[i];

        group->ready = false;
        if (gong_desk_group_need(desk, group) == GONG_DESK_NEED_NONE) {
            gong_desk_group_rearm(desk, group);
        } else {
            list[(*count)++] = group;
        }
    }
    if (*count == 0) {
        free(list);
        return NULL;
    }
    return list;
}

bool
gong_desk_message_news(struct gong_desk *desk,
                       struct gong_desk_recipient *recipient)
{
    size_t count = 0;
    struct gong_desk_group **list = take_ready(desk, recipient, &count);
    struct draft draft = {.of_unit = of_unit(desk, recipient)};
    struct gong_desk_message message = {
        .kind = GONG_MESSAGE_REPEAT,
        .receiver = &desk->config->receivers[recipient->receiver],
        .unit = gong_str_of(recipient->unit),
        .groups = count,
    };
    int64_t pace = 0;

    if (list == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        enum gong_desk_need need = gong_desk_group_need(desk, list[i]);
        int64_t wait = gong_desk_group_route(desk, list[i])->group_wait.ns /
                       GONG_NS_PER_MS;

        if (need == GONG_DESK_NEED_NEWS) {
            message.kind = GONG_MESSAGE_NEWS;
        }
        pace = wait > pace ? wait : pace;
        list_group(desk, list[i], need, &draft);
    }
    message.group_key = gong_str_of(list[0]->name);
    if (count == 1) {
        message.group_labels = list[0]->labels;
        message.group_label_count = list[0]->label_count;
    }
    if (desk->err == GONG_OK) {
        send(desk, &draft, &message);
    }
    for (size_t i = 0; i < count; i++) {
        mark_group(desk, list[i]);
        gong_desk_group_rearm(desk, list[i]);
    }
    recipient->quiet_ms = desk->now + pace;
    free(draft.items);
    free(list);
    return true;
}

/* What this recipient knows of an incident: of its members the one that was
 * told most, else one that is to be told yet; NULL: no route of its takes it.
 */
static struct gong_desk_member *
known_as(const struct gong_desk_entry *entry,
         const struct gong_desk_recipient *recipient)
{
    struct gong_desk_member *found = NULL;

    for (size_t i = 0; i < entry->member_count; i++) {
        struct gong_desk_member *member = entry->members[i];

        if (member->group->recipient == recipient &&
            (found == NULL || member->told > found->told)) {
            found = member;
        }
    }
    return found;
}

/* The group of no route in which a recipient waits for the end of what it
 * heard of by escalation alone. */
static struct gong_desk_group *
escalated_group(struct gong_desk *desk, struct gong_desk_recipient *recipient)
{
    const struct gong_desk_group_spec spec = {
        .route = GONG_DESK_NONE, .identity = "", .recipient = recipient};
    struct gong_desk_group *group = NULL;
    char *key = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&key, &len);

    if (out != NULL) {
        (void)fprintf(out, "escalated %s", recipient->key);
    }
    if (out == NULL || fclose(out) != 0) {
        free(key);
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    group = gong_desk_table_find(&desk->groups, gong_str_of(key));
    if (group == NULL) {
        group = gong_desk_group_new(desk, &spec, gong_str_of(key),
                                    gong_str_of("{}/escalation:{}"));
        if (group != NULL) {
            gong_desk_group_set_due(desk, group, GONG_DESK_NEVER);
        }
    }
    free(key);
    return group;
}

/* Whoever is told by escalation hears of the end too: a group that would have
 * told it yet has told it; where there is none it is in one of no route. */
static void
remember(struct gong_desk *desk, struct gong_desk_entry *entry,
         struct gong_desk_recipient *recipient, struct gong_desk_member *known)
{
    if (known == NULL) {
        struct gong_desk_group *group = escalated_group(desk, recipient);

        known = group == NULL ? NULL : gong_desk_member_add(desk, group, entry);
        if (known == NULL) {
            return;
        }
        known->left = true;
    } else if (known->told != 0 && !known->left) {
        return; /* its group tells what becomes of it */
    }
    gong_desk_member_tell(known);
    /* What else the group told is repeated when it would have been. */
    if (known->group->told_ms == 0) {
        known->group->told_ms = desk->now;
    }
    gong_desk_group_dirty(desk, known->group);
}

static enum gong_message_news
escalated_news(const struct gong_desk_entry *entry, unsigned told)
{
    unsigned rank = gong_desk_rank(entry->is.level, entry->is.severity) + 1;

    return told == 0     ? GONG_NEWS_FIRING
           : rank > told ? GONG_NEWS_CLIMBED
                         : GONG_NEWS_STILL;
}

bool
gong_desk_message_escalate(struct gong_desk *desk,
                           struct gong_desk_recipient *recipient)
{
    struct draft draft = {.of_unit = of_unit(desk, recipient)};
    struct gong_desk_message message = {
        .kind = GONG_MESSAGE_ESCALATE,
        .receiver = &desk->config->receivers[recipient->receiver],
        .unit = gong_str_of(recipient->unit),
    };
    bool sends = false;

    for (size_t i = 0; i < recipient->pending_count; i++) {
        const struct gong_desk_pending *pending = &recipient->pendings[i];
        struct gong_desk_entry *entry =
            gong_desk_entry_find(desk, pending->incident);
        struct gong_desk_member *known = NULL;
        unsigned told = 0;

        if (entry == NULL || entry->is.state != GONG_INCIDENT_OPEN ||
            gong_desk_entry_held(entry)) {
            continue;
        }
        known = known_as(entry, recipient);
        told = known == NULL ? 0 : known->told;
        put(desk, &draft, entry, escalated_news(entry, told), told);
        remember(desk, entry, recipient, known);
        message.step =
            pending->step > message.step ? pending->step : message.step;
        if (desk->now - entry->is.untaken_ms > message.waited_ms) {
            message.waited_ms = desk->now - entry->is.untaken_ms;
        }
    }
    recipient->pending_count = 0;
    gong_desk_recipient_dirty(desk, recipient);
    sends = draft.count > 0 && desk->err == GONG_OK;
    if (sends) {
        send(desk, &draft, &message);
        recipient->quiet_ms =
            desk->now + desk->config->routes[0].group_wait.ns / GONG_NS_PER_MS;
    }
    free(draft.items);
    return sends;
}
