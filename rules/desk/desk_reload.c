/*
 * Puts incidents, silences and groups together: after a restore, and after a
 * reload, for which groups and recipients become what would have been kept of
 * them. What holds incidents back is known before anything can be told.
 *
 * A group goes on if its route is there with the same matchers, receiver and
 * unit. Else what was told of it stays told: incidents hand it over to another
 * group of the same recipient, or wait in a group of no route for their end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/desk/desk_emit.h"
#include "rules/desk/desk_entry.h"
#include "rules/desk/desk_group.h"
#include "rules/desk/desk_hold.h"
#include "rules/desk/desk_recipient.h"
#include "rules/desk/desk_route.h"
#include "rules/desk/desk_state.h"
#include "rules/desk/desk_private.h"

static size_t
find_receiver(const struct gong_desk_config *config, struct gong_str name)
{
    for (size_t i = 0; i < config->receiver_count; i++) {
        if (gong_str_is(name, config->receivers[i].name)) {
            return i;
        }
    }
    return GONG_DESK_NONE;
}

/* The route that a group was of. */
static size_t
find_route(const struct gong_desk_config *config,
           const struct gong_desk_raw *raw, size_t receiver)
{
    for (size_t i = 0; i < config->route_count; i++) {
        const struct gong_desk_route *route = &config->routes[i];

        if (route->twin == raw->twin && route->receiver == receiver &&
            gong_str_is(raw->identity, route->identity)) {
            return i;
        }
    }
    return GONG_DESK_NONE;
}

/* A unit that was merged has the code of the one that goes on. */
static struct gong_str
unit_now(const struct gong_desk *desk, struct gong_str code)
{
    const struct gong_unit *unit = gong_desk_unit_find(desk->model, code);

    return unit == NULL ? code : gong_str_of(unit->code);
}

static void
take_recipient(struct gong_desk *desk, const struct gong_desk_raw *raw)
{
    size_t receiver = find_receiver(desk->config, raw->receiver);
    struct gong_desk_recipient *to =
        receiver == GONG_DESK_NONE
            ? NULL
            : gong_desk_recipient_of(desk, receiver, unit_now(desk, raw->unit));
    struct gong_desk_pending *pendings = NULL;

    if (to == NULL) {
        gong_desk_gone_add(desk, raw->key);
        return;
    }
    if (strcmp(to->key, raw->key) != 0) {
        gong_desk_gone_add(desk, raw->key);
        gong_desk_recipient_dirty(desk, to);
    } else {
        to->stored = true;
    }
    to->quiet_ms = raw->due > to->quiet_ms ? raw->due : to->quiet_ms;
    pendings = realloc(to->pendings, (to->pending_count + raw->told_count + 1) *
                                         sizeof *pendings);
    if (pendings == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return;
    }
    to->pendings = pendings;
    to->pending_capacity = to->pending_count + raw->told_count + 1;
    for (size_t i = 0; i < raw->told_count; i++) {
        pendings[to->pending_count++] = (struct gong_desk_pending){
            raw->told[i].incident, (unsigned)raw->told[i].told,
            raw->told[i].flags};
    }
    if (to->pending_count > 0) {
        gong_desk_recipient_arm(desk, to);
    }
}

/* The key of a group without a route; keys of routes begin with a brace. */
static char *
key_without_route(const struct gong_desk_recipient *to,
                  const struct gong_desk_raw *raw)
{
    char *key = NULL;
    size_t len = 0;
    FILE *out = NULL;

    if (raw->identity.len == 0) {
        return gong_str_copy(gong_str_of(raw->key));
    }
    out = open_memstream(&key, &len);
    if (out == NULL) {
        return NULL;
    }
    (void)fprintf(out, "left %s %s", to->key, raw->key);
    if (fclose(out) != 0) {
        free(key);
        return NULL;
    }
    return key;
}

static void
take_told(struct gong_desk *desk, const struct gong_desk_raw *raw,
          struct gong_desk_group *group)
{
    for (size_t i = 0; i < raw->told_count; i++) {
        struct gong_desk_entry *entry =
            gong_desk_entry_find(desk, raw->told[i].incident);
        struct gong_desk_member *member =
            entry == NULL ? NULL : gong_desk_member_add(desk, group, entry);

        if (member == NULL) {
            gong_desk_group_dirty(desk, group);
            continue;
        }
        member->told = (unsigned)raw->told[i].told;
        member->fell = (raw->told[i].flags & GONG_DESK_FLAG_FELL) != 0;
        member->late = (raw->told[i].flags & GONG_DESK_FLAG_LATE) != 0;
        member->paged =
            (raw->told[i].flags & GONG_DESK_FLAG_PAGED) != 0 ||
            gong_desk_rank_severity(member->told - 1) == GONG_SEVERITY_CRITICAL;
        member->left = (raw->told[i].flags & GONG_DESK_FLAG_LEFT) != 0 ||
                       group->route == GONG_DESK_NONE;
    }
}

static struct gong_desk_group *
make_group(struct gong_desk *desk, const struct gong_desk_raw *raw,
           struct gong_desk_recipient *to, size_t route)
{
    struct gong_desk_group_spec spec = {
        .route = route,
        .identity =
            route == GONG_DESK_NONE ? "" : desk->config->routes[route].identity,
        .twin = (size_t)raw->twin,
        .recipient = to,
        .labels = raw->labels,
        .label_count = raw->label_count,
    };
    char *key = route == GONG_DESK_NONE ? key_without_route(to, raw)
                                        : gong_str_copy(gong_str_of(raw->key));
    struct gong_desk_group *group = NULL;

    if (key == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    group = gong_desk_table_find(&desk->groups, gong_str_of(key));
    if (group == NULL) {
        group = gong_desk_group_new(desk, &spec, gong_str_of(key), raw->name);
        if (group != NULL) {
            gong_desk_group_clean(desk, group);
        }
    }
    free(key);
    return group;
}

static void
take_group(struct gong_desk *desk, const struct gong_desk_raw *raw)
{
    size_t receiver = find_receiver(desk->config, raw->receiver);
    size_t route = GONG_DESK_NONE;
    struct gong_str unit = unit_now(desk, raw->unit);
    struct gong_desk_recipient *to = NULL;
    struct gong_desk_group *group = NULL;

    if (receiver != GONG_DESK_NONE) {
        to = gong_desk_recipient_of(desk, receiver, unit);
        route = gong_str_equal(unit, raw->unit)
                    ? find_route(desk->config, raw, receiver)
                    : GONG_DESK_NONE;
        group = to == NULL ? NULL : make_group(desk, raw, to, route);
    }
    if (group == NULL) {
        gong_desk_gone_add(desk, raw->key);
        return;
    }
    group->base = raw->base;
    group->told_ms = raw->told_ms;
    gong_desk_group_set_due(desk, group, raw->due);
    if (strcmp(group->key, raw->key) == 0) {
        gong_desk_group_clean(desk, group);
        group->stored = true;
    } else {
        gong_desk_gone_add(desk, raw->key);
        gong_desk_group_dirty(desk, group);
    }
    take_told(desk, raw, group);
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
by_key(const void *a, const void *b)
{
    const struct gong_desk_raw *const *x = a;
    const struct gong_desk_raw *const *y = b;

    return strcmp((*x)->key, (*y)->key);
}

static void
sort_entries(struct gong_desk *desk)
{
    struct gong_desk_list *list = &desk->entry_list;

    if (list->count > 1) {
        qsort(list->items, list->count, sizeof(void *), by_number);
    }
    for (size_t i = 0; i < list->count; i++) {
        ((struct gong_desk_entry *)list->items[i])->place = i;
    }
}

/* What holds each back, all together, then what follows of it. */
static void
settle_holds(struct gong_desk *desk)
{
    struct gong_desk_list *list = &desk->entry_list;

    gong_desk_silence_begin_all(desk);
    desk->settling = true;
    for (size_t i = 0; i < list->count; i++) {
        gong_desk_inhibit_unseat(desk, list->items[i]);
    }
    for (size_t i = 0; i < list->count; i++) {
        ((struct gong_desk_entry *)list->items[i])->no_unit =
            gong_desk_route_unit_of(desk, list->items[i]) == NULL;
        gong_desk_inhibit_seat(desk, list->items[i]);
        gong_desk_silence_recount(desk, list->items[i]);
        gong_desk_escalate_find(desk, list->items[i]);
    }
    desk->settling = false;
    for (size_t i = 0; i < list->count; i++) {
        gong_desk_hold(desk, list->items[i]);
    }
}

static void
settle_raws(struct gong_desk *desk)
{
    struct gong_desk_list *raws = &desk->raws;

    if (raws->count > 1) {
        qsort(raws->items, raws->count, sizeof(void *), by_key);
    }
    for (size_t i = 0; i < raws->count; i++) {
        const struct gong_desk_raw *raw = raws->items[i];

        if (desk->err == GONG_OK && raw->group) {
            take_group(desk, raw);
        } else if (desk->err == GONG_OK) {
            take_recipient(desk, raw);
        }
    }
    for (size_t i = 0; i < raws->count; i++) {
        gong_desk_raw_free(raws->items[i]);
    }
    raws->count = 0;
}

/* Entries that leave move the last one into their place: from the end. */
static void
settle_entries(struct gong_desk *desk)
{
    struct gong_desk_list *list = &desk->entry_list;

    desk->routing = true;
    for (size_t i = 0; desk->err == GONG_OK && i < list->count; i++) {
        gong_desk_route_entry(desk, list->items[i]);
        gong_desk_escalate_check(desk, list->items[i]);
    }
    desk->routing = false;
    for (size_t i = list->count; i-- > 0;) {
        struct gong_desk_entry *entry = list->items[i];

        if (gong_desk_entry_open(entry) || entry == desk->recalled) {
            continue;
        }
        if (entry->is.waits || entry->dirty) {
            gong_desk_entry_release(desk, entry);
        } else if (entry->member_count == 0 &&
                   !gong_alert_state_open(entry->is.alert)) {
            gong_desk_entry_drop(desk, entry);
        }
    }
    for (size_t i = desk->group_list.count; i-- > 0;) {
        (void)gong_desk_group_empty(desk, desk->group_list.items[i]);
    }
}

void
gong_desk_settle(struct gong_desk *desk)
{
    desk->settled = true;
    sort_entries(desk);
    settle_raws(desk);
    settle_holds(desk);
    settle_entries(desk);
}

static bool
put_raw(struct gong_desk *desk, const char *key, char *text, size_t len)
{
    enum gong_err err = GONG_ERR_MEMORY;
    struct gong_desk_raw *raw =
        text == NULL ? NULL
                     : gong_desk_raw_read(gong_str_of(key),
                                          gong_str_from(text, len), &err);

    free(text);
    if (raw == NULL) {
        gong_desk_fail(desk, err);
        return false;
    }
    if (!gong_desk_list_add(desk, &desk->raws, raw)) {
        gong_desk_raw_free(raw);
        return false;
    }
    return true;
}

/* Groups and recipients become what is kept of them. */
static void
take_apart(struct gong_desk *desk)
{
    size_t len = 0;

    for (size_t i = 0; i < desk->group_list.count; i++) {
        struct gong_desk_group *group = desk->group_list.items[i];
        char *text = gong_desk_state_group(group, desk, &len);

        (void)put_raw(desk, group->key, text, len);
    }
    for (size_t i = 0; i < desk->recipient_list.count; i++) {
        struct gong_desk_recipient *to = desk->recipient_list.items[i];

        if (to->stored) {
            char *text = gong_desk_state_recipient(to, desk, &len);

            (void)put_raw(desk, to->key, text, len);
        }
    }
    while (desk->group_list.count > 0) {
        struct gong_desk_group *group =
            desk->group_list.items[desk->group_list.count - 1];

        while (group->count > 0) {
            gong_desk_member_remove(group->members[group->count - 1]);
        }
        group->stored = false; /* its state is not gone */
        gong_desk_group_unlink(desk, group);
        gong_desk_group_free(group);
    }
    while (desk->recipient_list.count > 0) {
        struct gong_desk_recipient *to =
            desk->recipient_list.items[desk->recipient_list.count - 1];

        to->stored = false;
        gong_desk_recipient_unlink(desk, to);
        gong_desk_recipient_free(to);
    }
}

enum gong_err
gong_desk_reload(struct gong_desk *desk, const struct gong_desk_config *config,
                 const struct gong_model *model, int64_t now_ms)
{
    enum gong_err err = gong_desk_run(desk, now_ms);

    if (err != GONG_OK) {
        return err;
    }
    take_apart(desk);
    /* Buckets are numbered by the rules that go. */
    desk->settling = true;
    for (size_t i = 0; i < desk->entry_list.count; i++) {
        gong_desk_inhibit_unseat(desk, desk->entry_list.items[i]);
    }
    desk->settling = false;
    desk->config = config;
    desk->model = model;
    if (desk->err == GONG_OK) {
        gong_desk_settle(desk);
    }
    gong_desk_emit(desk);
    gong_desk_due(desk);
    gong_desk_emit(desk);
    return desk->err;
}
