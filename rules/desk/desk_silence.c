/* Silences and maintenance, and what being held back means. */
#include <stdlib.h>
#include <string.h>

#include "rules/desk/desk_emit.h"
#include "rules/desk/desk_entry.h"
#include "rules/desk/desk_group.h"
#include "rules/desk/desk_hold.h"
#include "rules/desk/desk_private.h"
#include "rules/engine/promql_error.h"

/* One that is no longer held back is told at the next tick after group_wait, if
 * it still has news then; the wait for its escalation's next step begins anew.
 */
void
gong_desk_hold(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    struct gong_desk_incident *is = &entry->is;
    bool was = gong_desk_entry_held(entry);
    bool silenced = entry->silences > 0;
    bool maintained = entry->maintenances > 0;
    bool inhibited = gong_desk_inhibited(entry);

    if (desk->settling) {
        return;
    }
    if (is->silenced == silenced && is->in_maintenance == maintained &&
        is->inhibited == inhibited) {
        return;
    }
    is->silenced = silenced;
    is->in_maintenance = maintained;
    is->inhibited = inhibited;
    gong_desk_entry_dirty(desk, entry);
    if (was == gong_desk_entry_held(entry)) {
        return;
    }
    if (was) {
        gong_desk_entry_touch(desk, entry, false);
        gong_desk_escalate_go_on(desk, entry);
    } else {
        gong_desk_escalate_stop(desk, entry);
    }
}

static bool
takes(const struct gong_desk *desk, const struct gong_desk_hush *hush,
      const struct gong_desk_entry *entry)
{
    if (!hush->begun) {
        return false;
    }
    if (hush->is.incident != 0) {
        return hush->is.incident == entry->is.number;
    }
    return gong_desk_matchers_take(hush->matchers, desk->model,
                                   entry->is.labels, entry->is.label_count);
}

static void
count_one(struct gong_desk_entry *entry, const struct gong_desk_hush *hush,
          bool more)
{
    size_t *count =
        hush->is.maintenance ? &entry->maintenances : &entry->silences;

    *count = more ? *count + 1 : *count - 1;
}

void
gong_desk_silence_recount(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    entry->silences = 0;
    entry->maintenances = 0;
    for (size_t i = 0; i < desk->hush_list.count; i++) {
        const struct gong_desk_hush *hush = desk->hush_list.items[i];

        if (takes(desk, hush, entry)) {
            count_one(entry, hush, true);
        }
    }
}

struct gong_desk_hush *
gong_desk_silence_find(const struct gong_desk *desk, uint64_t number)
{
    for (size_t i = 0; i < desk->hush_list.count; i++) {
        struct gong_desk_hush *hush = desk->hush_list.items[i];

        if (hush->is.number == number) {
            return hush;
        }
    }
    return NULL;
}

void
gong_desk_silence_free(struct gong_desk_hush *hush)
{
    if (hush != NULL) {
        gong_desk_matchers_free(hush->matchers);
        free(hush->text);
        free(hush);
    }
}

static bool
copy_texts(struct gong_desk_hush *hush, const struct gong_desk_silence *from)
{
    size_t size = from->matchers.len + from->by.len + from->comment.len;
    struct gong_str *fields[] = {&hush->is.matchers, &hush->is.by,
                                 &hush->is.comment};
    size_t at = 0;

    hush->text = malloc(size + 1);
    if (hush->text == NULL) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        if (fields[i]->len > 0) {
            memcpy(hush->text + at, fields[i]->data, fields[i]->len);
        }
        fields[i]->data = hush->text + at;
        at += fields[i]->len;
    }
    return true;
}

/* The instant at which it turns next. */
static void
arm(struct gong_desk *desk, struct gong_desk_hush *hush)
{
    gong_desk_set_timer(desk, &hush->timer,
                        hush->begun ? hush->is.until_ms : hush->is.from_ms);
}

struct gong_desk_hush *
gong_desk_silence_add(struct gong_desk *desk,
                      const struct gong_desk_silence *silence,
                      struct gong_expr_error *error)
{
    struct gong_desk_hush *hush = calloc(1, sizeof *hush);

    if (hush == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    hush->is = *silence;
    hush->timer = (struct gong_desk_timer){.kind = GONG_DESK_TIMER_SILENCE,
                                           .number = silence->number,
                                           .owner = hush};
    if (silence->incident == 0) {
        hush->matchers = gong_desk_matchers_read(silence->matchers, error);
        if (hush->matchers != NULL &&
            strcmp(gong_desk_matchers_text(hush->matchers), "{}") == 0) {
            (void)gong_expr_fail(error, 0,
                                 "found no matcher, expected name=\"value\"");
            gong_desk_matchers_free(hush->matchers);
            hush->matchers = NULL;
        }
        if (hush->matchers == NULL) {
            free(hush);
            return NULL;
        }
    }
    hush->place = desk->hush_list.count;
    if (!copy_texts(hush, silence) ||
        !gong_desk_list_add(desk, &desk->hush_list, hush)) {
        gong_desk_silence_free(hush);
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    arm(desk, hush);
    return hush;
}

/* All that it takes are held back, or no longer. */
static void
spread(struct gong_desk *desk, struct gong_desk_hush *hush, bool more)
{
    if (hush->is.incident != 0) {
        struct gong_desk_entry *entry =
            gong_desk_entry_find(desk, hush->is.incident);

        if (entry != NULL) {
            count_one(entry, hush, more);
            gong_desk_hold(desk, entry);
        }
        return;
    }
    for (size_t i = 0; i < desk->entry_list.count; i++) {
        struct gong_desk_entry *entry = desk->entry_list.items[i];

        if (takes(desk, hush, entry)) {
            count_one(entry, hush, more);
            gong_desk_hold(desk, entry);
        }
    }
}

static void
unlink_hush(struct gong_desk *desk, struct gong_desk_hush *hush)
{
    struct gong_desk_list *list = &desk->hush_list;
    struct gong_desk_hush *last = list->items[list->count - 1];

    gong_desk_set_timer(desk, &hush->timer, GONG_DESK_NEVER);
    list->items[hush->place] = last;
    last->place = hush->place;
    list->count--;
}

void
gong_desk_silence_undo(struct gong_desk *desk, struct gong_desk_hush *hush)
{
    unlink_hush(desk, hush);
    gong_desk_silence_free(hush);
}

void
gong_desk_silence_end(struct gong_desk *desk, struct gong_desk_hush *hush)
{
    if (hush->begun) {
        spread(desk, hush, false);
    }
    hush->is.ended = true;
    /* Its record says when it was over; one without an end can so grow old. */
    if (hush->is.until_ms > desk->now) {
        hush->is.until_ms = desk->now;
    }
    unlink_hush(desk, hush);
    gong_desk_hush_dirty(desk, hush);
}

void
gong_desk_silence_turn(struct gong_desk *desk, struct gong_desk_hush *hush)
{
    if (!hush->begun && hush->is.from_ms <= desk->now) {
        hush->begun = true;
        spread(desk, hush, true);
        arm(desk, hush);
    }
    if (hush->is.until_ms <= desk->now) {
        gong_desk_silence_end(desk, hush);
    }
}

void
gong_desk_silence_over(struct gong_desk *desk, uint64_t incident)
{
    for (size_t i = desk->hush_list.count; i-- > 0;) {
        struct gong_desk_hush *hush = desk->hush_list.items[i];

        if (hush->is.incident == incident) {
            gong_desk_silence_end(desk, hush);
        }
    }
}

void
gong_desk_silence_begin_all(struct gong_desk *desk)
{
    for (size_t i = 0; i < desk->hush_list.count; i++) {
        struct gong_desk_hush *hush = desk->hush_list.items[i];

        if (!hush->begun && hush->is.from_ms <= desk->now) {
            hush->begun = true;
            arm(desk, hush);
        }
    }
}
