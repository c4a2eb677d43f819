#include "rules/desk/desk.h"

#include <stdlib.h>
#include <string.h>

#include "rules/desk/desk_emit.h"
#include "rules/desk/desk_entry.h"
#include "rules/desk/desk_group.h"
#include "rules/desk/desk_hold.h"
#include "rules/desk/desk_recipient.h"
#include "rules/desk/desk_state.h"
#include "rules/desk/desk_private.h"

void
gong_desk_fail(struct gong_desk *desk, enum gong_err err)
{
    if (desk->err == GONG_OK) {
        desk->err = err;
    }
}

void *
gong_desk_more(void *items, size_t *capacity, size_t count, size_t size)
{
    size_t larger = *capacity == 0 ? 4 : *capacity * 2;
    void *moved = NULL;

    if (count < *capacity) {
        return items;
    }
    moved = larger > SIZE_MAX / size ? NULL : realloc(items, larger * size);
    if (moved != NULL) {
        *capacity = larger;
    }
    return moved;
}

bool
gong_desk_list_add(struct gong_desk *desk, struct gong_desk_list *list,
                   void *item)
{
    void **items = gong_desk_more(list->items, &list->capacity, list->count,
                                  sizeof(void *));

    if (items == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return false;
    }
    list->items = items;
    items[list->count++] = item;
    return true;
}

void
gong_desk_set_timer(struct gong_desk *desk, struct gong_desk_timer *timer,
                    int64_t due)
{
    if (!gong_desk_heap_set(&desk->timers, timer, due)) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
    }
}

struct gong_desk *
gong_desk_new(const struct gong_desk_config *config,
              const struct gong_model *model, const struct gong_desk_sink *sink,
              int64_t now_ms)
{
    struct gong_desk *desk = calloc(1, sizeof *desk);
    struct gong_hash_key key = {{0, 0}};

    if (desk == NULL) {
        return NULL;
    }
    /* Label values come from the network; where this lies they cannot know. */
    key.word[0] = (uint64_t)(uintptr_t)desk;
    key.word[1] = (uint64_t)now_ms;
    desk->config = config;
    desk->model = model;
    desk->sink = *sink;
    desk->now = now_ms;
    desk->next_incident = 1;
    desk->next_silence = 1;
    desk->numbers.hash = key;
    desk->alerts.hash = key;
    desk->groups.hash = key;
    desk->recipients.hash = key;
    desk->buckets.hash = key;
    desk->shapes.hash = key;
    return desk;
}

static void
free_lists(struct gong_desk *desk)
{
    for (size_t i = 0; i < desk->group_list.count; i++) {
        gong_desk_group_free(desk->group_list.items[i]);
    }
    for (size_t i = 0; i < desk->recipient_list.count; i++) {
        gong_desk_recipient_free(desk->recipient_list.items[i]);
    }
    for (size_t i = 0; i < desk->hush_list.count; i++) {
        gong_desk_silence_free(desk->hush_list.items[i]);
    }
    for (size_t i = 0; i < desk->buckets.capacity; i++) {
        struct gong_desk_bucket *bucket = desk->buckets.slots[i].value;

        if (bucket != NULL) {
            free(bucket->key);
            free(bucket->targets);
            free(bucket);
        }
    }
    for (size_t i = 0; i < desk->entry_list.count; i++) {
        gong_desk_entry_free(desk->entry_list.items[i]);
    }
}

void
gong_desk_free(struct gong_desk *desk)
{
    if (desk == NULL) {
        return;
    }
    for (size_t i = 0; i < desk->raws.count; i++) {
        gong_desk_raw_free(desk->raws.items[i]);
    }
    free(desk->raws.items);
    gong_desk_emit_fini(desk);
    free_lists(desk);
    free(desk->entry_list.items);
    free(desk->group_list.items);
    free(desk->recipient_list.items);
    free(desk->hush_list.items);
    gong_desk_table_fini(&desk->numbers);
    gong_desk_table_fini(&desk->alerts);
    gong_desk_table_fini(&desk->groups);
    gong_desk_table_fini(&desk->recipients);
    gong_desk_table_fini(&desk->buckets);
    gong_desk_table_fini(&desk->shapes);
    gong_desk_heap_fini(&desk->timers);
    gong_desk_heap_fini(&desk->recipient_timers);
    free(desk);
}

static void
fire(struct gong_desk *desk, struct gong_desk_timer *timer)
{
    struct gong_desk_group *group = NULL;

    switch (timer->kind) {
    case GONG_DESK_TIMER_SILENCE:
        gong_desk_silence_turn(desk, timer->owner);
        break;
    case GONG_DESK_TIMER_INCIDENT:
        gong_desk_escalate_due(desk, timer->owner);
        break;
    case GONG_DESK_TIMER_GROUP:
        group = timer->owner;
        gong_desk_set_timer(desk, timer, GONG_DESK_NEVER);
        group->ready = true;
        gong_desk_recipient_arm(desk, group->recipient);
        break;
    case GONG_DESK_TIMER_RECIPIENT:
        if (!gong_desk_heap_set(&desk->recipient_timers, timer,
                                GONG_DESK_NEVER)) {
            gong_desk_fail(desk, GONG_ERR_MEMORY);
        }
        gong_desk_recipient_flush(desk, timer->owner);
        break;
    }
}

/* Recipients last: by then all groups that are due are ready. */
void
gong_desk_due(struct gong_desk *desk)
{
    while (desk->err == GONG_OK) {
        struct gong_desk_timer *first = gong_desk_heap_first(&desk->timers);

        if (first == NULL || first->due > desk->now) {
            first = gong_desk_heap_first(&desk->recipient_timers);
        }
        if (first == NULL || first->due > desk->now) {
            return;
        }
        fire(desk, first);
    }
}

enum gong_err
gong_desk_run(struct gong_desk *desk, int64_t now_ms)
{
    if (desk->err != GONG_OK) {
        return desk->err;
    }
    desk->now = now_ms > desk->now ? now_ms : desk->now;
    if (!desk->settled) {
        gong_desk_settle(desk);
        gong_desk_emit(desk);
    }
    gong_desk_due(desk);
    gong_desk_emit(desk);
    return desk->err;
}

int64_t
gong_desk_next(const struct gong_desk *desk)
{
    const struct gong_desk_timer *one = gong_desk_heap_first(&desk->timers);
    const struct gong_desk_timer *two =
        gong_desk_heap_first(&desk->recipient_timers);
    int64_t next = one == NULL ? GONG_DESK_NEVER : one->due;

    if (!desk->settled) {
        return desk->now;
    }
    return two != NULL && two->due < next ? two->due : next;
}

struct gong_desk_stats
gong_desk_stats(const struct gong_desk *desk)
{
    return (struct gong_desk_stats){
        .incidents = desk->entry_list.count,
        .groups = desk->group_list.count,
        .silences = desk->hush_list.count,
        .refused = desk->refused,
        .folded = desk->folded,
    };
}

const struct gong_desk_incident *
gong_desk_find(const struct gong_desk *desk, uint64_t number)
{
    const struct gong_desk_entry *entry = gong_desk_entry_find(desk, number);

    return entry == NULL ? NULL : &entry->is;
}
