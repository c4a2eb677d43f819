/* What changed, to the sink: incidents by number, events as they happened,
 * silences, groups that are gone, groups and recipients by key. */
#include "rules/desk/desk_emit.h"

#include <stdlib.h>
#include <string.h>

#include "rules/desk/desk_entry.h"
#include "rules/desk/desk_hold.h"
#include "rules/desk/desk_state.h"
#include "rules/desk/desk_private.h"

void
gong_desk_event_add(struct gong_desk *desk, uint64_t incident,
                    enum gong_incident_event event, struct gong_str by,
                    struct gong_str text)
{
    struct gong_desk_event *items = gong_desk_more(
        desk->events, &desk->event_capacity, desk->event_count, sizeof *items);
    struct gong_desk_event one = {.incident = incident,
                                  .at_ms = desk->now,
                                  .event = event,
                                  .by = gong_str_copy(by),
                                  .text = gong_str_copy(text)};

    if (items != NULL) {
        desk->events = items;
    }
    if (items == NULL || one.by == NULL || one.text == NULL) {
        free(one.by);
        free(one.text);
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return;
    }
    items[desk->event_count++] = one;
}

void
gong_desk_group_dirty(struct gong_desk *desk, struct gong_desk_group *group)
{
    if (!group->dirty) {
        group->dirty = gong_desk_list_add(desk, &desk->dirty_groups, group);
    }
}

void
gong_desk_recipient_dirty(struct gong_desk *desk,
                          struct gong_desk_recipient *recipient)
{
    if (!recipient->dirty) {
        recipient->dirty =
            gong_desk_list_add(desk, &desk->dirty_recipients, recipient);
    }
}

void
gong_desk_hush_dirty(struct gong_desk *desk, struct gong_desk_hush *hush)
{
    if (!hush->dirty) {
        hush->dirty = gong_desk_list_add(desk, &desk->dirty_hushes, hush);
    }
}

void
gong_desk_gone_add(struct gong_desk *desk, const char *key)
{
    char *copy = gong_str_copy(gong_str_of(key));

    if (copy == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
    } else if (!gong_desk_list_add(desk, &desk->gone, copy)) {
        free(copy);
    }
}

static int
by_number(const void *a, const void *b)
{
    const struct gong_desk_entry *const *x = a;
    const struct gong_desk_entry *const *y = b;

    return ((*x)->is.number > (*y)->is.number) -
           ((*x)->is.number < (*y)->is.number);
}

static int
by_hush_number(const void *a, const void *b)
{
    const struct gong_desk_hush *const *x = a;
    const struct gong_desk_hush *const *y = b;

    return ((*x)->is.number > (*y)->is.number) -
           ((*x)->is.number < (*y)->is.number);
}

static int
by_group_key(const void *a, const void *b)
{
    const struct gong_desk_group *const *x = a;
    const struct gong_desk_group *const *y = b;

    return strcmp((*x)->key, (*y)->key);
}

static int
by_recipient_key(const void *a, const void *b)
{
    const struct gong_desk_recipient *const *x = a;
    const struct gong_desk_recipient *const *y = b;

    return strcmp((*x)->key, (*y)->key);
}

static void
sort(struct gong_desk_list *list, int (*compare)(const void *, const void *))
{
    if (list->count > 1) {
        qsort(list->items, list->count, sizeof(void *), compare);
    }
}

static void
emit_entries(struct gong_desk *desk)
{
    struct gong_desk_list *list = &desk->dirty_entries;

    sort(list, by_number);
    for (size_t i = 0; i < list->count; i++) {
        struct gong_desk_entry *entry = list->items[i];

        entry->is.waits = !gong_desk_entry_open(entry) && !entry->leaving;
        if (desk->err == GONG_OK && desk->sink.incident != NULL) {
            gong_desk_fail(desk,
                           desk->sink.incident(desk->sink.ctx, &entry->is));
        }
        entry->dirty = false;
        if (entry->leaving) {
            gong_desk_entry_free(entry);
        }
    }
    list->count = 0;
}

static void
emit_events(struct gong_desk *desk)
{
    for (size_t i = 0; i < desk->event_count; i++) {
        struct gong_desk_event *event = &desk->events[i];

        if (desk->err == GONG_OK && desk->sink.event != NULL) {
            gong_desk_fail(desk,
                           desk->sink.event(desk->sink.ctx, event->incident,
                                            event->at_ms, event->event,
                                            gong_str_of(event->by),
                                            gong_str_of(event->text)));
        }
        free(event->by);
        free(event->text);
    }
    desk->event_count = 0;
}

static void
emit_hushes(struct gong_desk *desk)
{
    struct gong_desk_list *list = &desk->dirty_hushes;

    sort(list, by_hush_number);
    for (size_t i = 0; i < list->count; i++) {
        struct gong_desk_hush *hush = list->items[i];

        if (desk->err == GONG_OK && desk->sink.silence != NULL) {
            gong_desk_fail(desk, desk->sink.silence(desk->sink.ctx, &hush->is));
        }
        hush->dirty = false;
        if (hush->is.ended) {
            gong_desk_silence_free(hush);
        }
    }
    list->count = 0;
}

static void
put_group(struct gong_desk *desk, const char *key, const struct gong_str *state)
{
    if (desk->err == GONG_OK && desk->sink.group != NULL) {
        gong_desk_fail(
            desk, desk->sink.group(desk->sink.ctx, gong_str_of(key), state));
    }
}

static void
put_state(struct gong_desk *desk, const char *key, char *text, size_t len)
{
    struct gong_str state = gong_str_from(text, len);

    if (text == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
    } else {
        put_group(desk, key, &state);
    }
    free(text);
}

static void
emit_groups(struct gong_desk *desk)
{
    size_t len = 0;

    for (size_t i = 0; i < desk->gone.count; i++) {
        put_group(desk, desk->gone.items[i], NULL);
        free(desk->gone.items[i]);
    }
    desk->gone.count = 0;
    sort(&desk->dirty_groups, by_group_key);
    for (size_t i = 0; i < desk->dirty_groups.count; i++) {
        struct gong_desk_group *group = desk->dirty_groups.items[i];
        char *text = gong_desk_state_group(group, desk, &len);

        put_state(desk, group->key, text, len);
        group->dirty = false;
        group->stored = true;
    }
    desk->dirty_groups.count = 0;
    sort(&desk->dirty_recipients, by_recipient_key);
    for (size_t i = 0; i < desk->dirty_recipients.count; i++) {
        struct gong_desk_recipient *recipient = desk->dirty_recipients.items[i];
        char *text = gong_desk_state_recipient(recipient, desk, &len);

        put_state(desk, recipient->key, text, len);
        recipient->dirty = false;
        recipient->stored = true;
    }
    desk->dirty_recipients.count = 0;
}

void
gong_desk_emit(struct gong_desk *desk)
{
    emit_entries(desk);
    emit_events(desk);
    emit_hushes(desk);
    emit_groups(desk);
}

void
gong_desk_emit_fini(struct gong_desk *desk)
{
    for (size_t i = 0; i < desk->dirty_entries.count; i++) {
        struct gong_desk_entry *entry = desk->dirty_entries.items[i];

        if (entry->leaving) {
            gong_desk_entry_free(entry);
        }
    }
    for (size_t i = 0; i < desk->dirty_hushes.count; i++) {
        struct gong_desk_hush *hush = desk->dirty_hushes.items[i];

        if (hush->is.ended) {
            gong_desk_silence_free(hush);
        }
    }
    for (size_t i = 0; i < desk->event_count; i++) {
        free(desk->events[i].by);
        free(desk->events[i].text);
    }
    for (size_t i = 0; i < desk->gone.count; i++) {
        free(desk->gone.items[i]);
    }
    free(desk->events);
    free(desk->dirty_entries.items);
    free(desk->dirty_groups.items);
    free(desk->dirty_recipients.items);
    free(desk->dirty_hushes.items);
    free(desk->gone.items);
}
