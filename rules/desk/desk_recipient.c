/* Recipients: a receiver, and a unit where it is of one. At most one message to
 * each per group_wait: what is due meanwhile waits and is told together. */
#include "rules/desk/desk_recipient.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/desk/desk_emit.h"
#include "rules/desk/desk_private.h"

static char *
make_key(const struct gong_desk_receiver *receiver, struct gong_str unit)
{
    char *key = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&key, &len);

    if (out == NULL) {
        return NULL;
    }
    (void)fprintf(out, "%s@%.*s", receiver->name, (int)unit.len, unit.data);
    if (fclose(out) != 0) {
        free(key);
        return NULL;
    }
    return key;
}

static struct gong_desk_recipient *
add(struct gong_desk *desk, size_t receiver, struct gong_str unit, char *key)
{
    struct gong_desk_recipient *recipient = calloc(1, sizeof *recipient);

    if (recipient == NULL) {
        free(key);
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    recipient->key = key;
    recipient->receiver = receiver;
    recipient->unit = gong_str_copy(unit);
    recipient->timer =
        (struct gong_desk_timer){.kind = GONG_DESK_TIMER_RECIPIENT,
                                 .key = gong_str_of(key),
                                 .owner = recipient};
    recipient->place = desk->recipient_list.count;
    if (recipient->unit == NULL ||
        !gong_desk_list_add(desk, &desk->recipient_list, recipient)) {
        gong_desk_recipient_free(recipient);
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    if (!gong_desk_table_put(&desk->recipients, gong_str_of(key), recipient)) {
        desk->recipient_list.count--;
        gong_desk_recipient_free(recipient);
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    return recipient;
}

struct gong_desk_recipient *
gong_desk_recipient_of(struct gong_desk *desk, size_t receiver,
                       struct gong_str unit)
{
    char *key = make_key(&desk->config->receivers[receiver], unit);
    struct gong_desk_recipient *found = NULL;

    if (key == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    found = gong_desk_table_find(&desk->recipients, gong_str_of(key));
    if (found != NULL) {
        free(key);
        return found;
    }
    return add(desk, receiver, unit, key);
}

void
gong_desk_recipient_free(struct gong_desk_recipient *recipient)
{
    if (recipient != NULL) {
        free(recipient->key);
        free(recipient->unit);
        free(recipient->groups);
        free(recipient->pendings);
        free(recipient);
    }
}

void
gong_desk_recipient_unlink(struct gong_desk *desk,
                           struct gong_desk_recipient *recipient)
{
    struct gong_desk_list *list = &desk->recipient_list;
    struct gong_desk_recipient *last = list->items[--list->count];

    list->items[recipient->place] = last;
    last->place = recipient->place;
    gong_desk_table_remove(&desk->recipients, gong_str_of(recipient->key),
                           recipient);
    if (!gong_desk_heap_set(&desk->recipient_timers, &recipient->timer,
                            GONG_DESK_NEVER)) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
    }
    for (size_t i = 0; recipient->dirty && i < desk->dirty_recipients.count;
         i++) {
        if (desk->dirty_recipients.items[i] == recipient) {
            desk->dirty_recipients.items[i] =
                desk->dirty_recipients.items[--desk->dirty_recipients.count];
            recipient->dirty = false;
        }
    }
    if (recipient->stored) {
        gong_desk_gone_add(desk, recipient->key);
    }
}

static const struct gong_desk_group *
first_ready(const struct gong_desk_recipient *recipient)
{
    const struct gong_desk_group *first = NULL;

    for (size_t i = 0; i < recipient->group_count; i++) {
        const struct gong_desk_group *group = recipient->groups[i];

        if (group->ready && (first == NULL || group->due < first->due)) {
            first = group;
        }
    }
    return first;
}

void
gong_desk_recipient_arm(struct gong_desk *desk,
                        struct gong_desk_recipient *recipient)
{
    int64_t due =
        recipient->quiet_ms > desk->now ? recipient->quiet_ms : desk->now;

    if (!gong_desk_heap_set(&desk->recipient_timers, &recipient->timer, due)) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
    }
}

/* Escalation first where both have waited as long; what has to wait again is
 * next then. */
void
gong_desk_recipient_flush(struct gong_desk *desk,
                          struct gong_desk_recipient *recipient)
{
    const struct gong_desk_group *ready = first_ready(recipient);
    bool told = false;

    if (recipient->pending_count > 0 &&
        (ready == NULL || recipient->pendings[0].at_ms <= ready->due)) {
        told = gong_desk_message_escalate(desk, recipient);
    }
    if (!told && ready != NULL) {
        told = gong_desk_message_news(desk, recipient);
    }
    if (!told && recipient->pending_count > 0) {
        told = gong_desk_message_escalate(desk, recipient);
    }
    if (told) {
        gong_desk_recipient_dirty(desk, recipient);
    }
    if (recipient->pending_count > 0 || first_ready(recipient) != NULL) {
        gong_desk_recipient_arm(desk, recipient);
    }
}
