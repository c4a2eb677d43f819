#include "rules/desk/desk_merged.h"

#include <stdlib.h>

#include "rules/desk/desk_alert.h"
#include "rules/desk/desk_emit.h"
#include "rules/desk/desk_entry.h"
#include "rules/desk/desk_hold.h"
#include "rules/desk/desk_route.h"
#include "rules/engine/hash.h"

#define UNIT "unit"

static bool
has_alias(const struct gong_model *model, const struct gong_unit *unit)
{
    size_t index = gong_model_unit_index(model, unit);

    for (size_t i = 0; i < gong_model_alias_count(model); i++) {
        if (gong_model_alias_at(model, i)->unit == index) {
            return true;
        }
    }
    return false;
}

/* The alert's unit, where another one may have been merged into it. */
static const struct gong_unit *
unit_with_alias(const struct gong_desk *desk,
                const struct gong_desk_alert *alert)
{
    const struct gong_unit *unit = NULL;

    for (size_t i = 0; i < alert->label_count; i++) {
        if (gong_str_is(alert->labels[i].name, UNIT)) {
            unit = gong_desk_unit_find(desk->model, alert->labels[i].value);
        }
    }
    return unit != NULL && has_alias(desk->model, unit) ? unit : NULL;
}

static bool
same_but_unit(const struct gong_desk_entry *entry,
              const struct gong_desk_alert *alert)
{
    const struct gong_desk_incident *is = &entry->is;

    if (is->rule != alert->rule || is->label_count != alert->label_count) {
        return false;
    }
    for (size_t i = 0; i < is->label_count; i++) {
        if (!gong_str_equal(is->labels[i].name, alert->labels[i].name) ||
            (!gong_str_is(is->labels[i].name, UNIT) &&
             !gong_str_equal(is->labels[i].value, alert->labels[i].value))) {
            return false;
        }
    }
    return true;
}

static struct gong_str
shape_key(const uint64_t *shape)
{
    return gong_str_from((const char *)shape, sizeof *shape);
}

static uint64_t
shape_of(uint64_t rule, const struct gong_label_view *labels, size_t count)
{
    uint64_t shape = gong_fnv1a(GONG_FNV1A_START, &rule, sizeof rule);

    for (size_t i = 0; i < count; i++) {
        shape = gong_fnv1a(shape, labels[i].name.data, labels[i].name.len);
        shape = gong_fnv1a(shape, "\xff", 1);
        if (!gong_str_is(labels[i].name, UNIT)) {
            shape =
                gong_fnv1a(shape, labels[i].value.data, labels[i].value.len);
            shape = gong_fnv1a(shape, "\xff", 1);
        }
    }
    return shape;
}

void
gong_desk_alike_leave(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    struct gong_desk_entry *next = entry->alike_next;

    if (!entry->shaped) {
        return;
    }
    if (next != NULL) {
        next->alike_prev = entry->alike_prev;
    }
    if (entry->alike_prev != NULL) {
        entry->alike_prev->alike_next = next;
    } else {
        gong_desk_table_remove(&desk->shapes, shape_key(&entry->shape), entry);
        if (next != NULL && !gong_desk_table_put(
                                &desk->shapes, shape_key(&next->shape), next)) {
            gong_desk_fail(desk, GONG_ERR_MEMORY);
        }
    }
    entry->alike_next = NULL;
    entry->alike_prev = NULL;
    entry->shaped = false;
}

void
gong_desk_alike_take(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    struct gong_desk_entry *first = NULL;

    gong_desk_alike_leave(desk, entry);
    entry->shape =
        shape_of(entry->is.rule, entry->is.labels, entry->is.label_count);
    first = gong_desk_table_find(&desk->shapes, shape_key(&entry->shape));
    if (first == NULL &&
        !gong_desk_table_put(&desk->shapes, shape_key(&entry->shape), entry)) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return;
    }
    entry->shaped = true;
    if (first != NULL) { /* its key stays the table's */
        entry->alike_prev = first;
        entry->alike_next = first->alike_next;
        first->alike_next = entry;
        if (entry->alike_next != NULL) {
            entry->alike_next->alike_prev = entry;
        }
    }
}

struct gong_desk_entry *
gong_desk_merged_find(const struct gong_desk *desk,
                      const struct gong_desk_alert *alert)
{
    const struct gong_unit *unit = unit_with_alias(desk, alert);
    uint64_t shape = 0;
    struct gong_desk_entry *found = NULL;

    if (unit == NULL) {
        return NULL;
    }
    shape = shape_of(alert->rule, alert->labels, alert->label_count);
    for (struct gong_desk_entry *entry =
             gong_desk_table_find(&desk->shapes, shape_key(&shape));
         entry != NULL; entry = entry->alike_next) {
        if (!gong_desk_entry_open(entry) &&
            !gong_alert_state_open(entry->is.alert) &&
            entry->member_count > 0 && same_but_unit(entry, alert) &&
            gong_desk_route_unit_of(desk, entry) == unit &&
            (found == NULL || entry->is.number > found->is.number)) {
            found = entry;
        }
    }
    return found;
}

bool
gong_desk_ack_keep(struct gong_desk *desk, const struct gong_desk_entry *entry,
                   struct gong_desk_ack *out)
{
    const struct gong_desk_incident *is = &entry->is;

    *out = (struct gong_desk_ack){.until_ms = is->ack_until_ms,
                                  .sticky = is->sticky};
    if (is->acked_by.len == 0 ||
        (is->ack_until_ms != 0 && is->ack_until_ms <= desk->now)) {
        return true;
    }
    out->by = gong_str_copy(is->acked_by);
    out->owner = gong_str_copy(is->owner);
    out->comment = gong_str_copy(is->ack_comment);
    if (out->by != NULL && out->owner != NULL && out->comment != NULL) {
        return true;
    }
    free(out->by);
    free(out->owner);
    free(out->comment);
    gong_desk_fail(desk, GONG_ERR_MEMORY);
    return false;
}

void
gong_desk_ack_give(struct gong_desk *desk, struct gong_desk_entry *entry,
                   struct gong_desk_ack *ack)
{
    struct gong_desk_incident *is = &entry->is;

    if (ack->by != NULL &&
        gong_desk_entry_step(desk, entry, GONG_INCIDENT_ACKNOWLEDGE)) {
        gong_desk_entry_word(desk, &entry->acked_by, &is->acked_by,
                             gong_str_of(ack->by));
        gong_desk_entry_word(desk, &entry->owner, &is->owner,
                             gong_str_of(ack->owner));
        gong_desk_entry_word(desk, &entry->ack_comment, &is->ack_comment,
                             gong_str_of(ack->comment));
        is->ack_until_ms = ack->until_ms;
        is->sticky = ack->sticky;
        gong_desk_event_add(desk, is->number, GONG_INCIDENT_ACKNOWLEDGE,
                            gong_str_from("", 0), gong_str_of(ack->by));
        gong_desk_escalate_stop(desk, entry);
        gong_desk_escalate_arm(desk, entry);
    }
    free(ack->by);
    free(ack->owner);
    free(ack->comment);
}
