/*
 * Groups: what Alertmanager calls an aggregation group and its entry in the log
 * of notifications. It is due at its ticks only:
 *
 *   made --group_wait--> base --group_interval--> tick --group_interval--> ...
 *
 * News in a group that was told before waits for the first tick that is at
 * least group_wait away; a climb waits for group_wait only.
 */
#include "rules/desk/desk_group.h"

#include <stdlib.h>
#include <string.h>

#include "rules/desk/desk_emit.h"
#include "rules/desk/desk_entry.h"
#include "rules/desk/desk_private.h"

static int64_t
ms_of(gong_dur_t length)
{
    return length.ns / GONG_NS_PER_MS;
}

static struct gong_str
place(char **at, struct gong_str text)
{
    struct gong_str copy = {*at, text.len};

    if (text.len > 0) {
        memcpy(*at, text.data, text.len);
    }
    *at += text.len;
    return copy;
}

static bool
copy_spec(struct gong_desk_group *group,
          const struct gong_desk_group_spec *spec)
{
    size_t size = 1;
    char *at = NULL;

    for (size_t i = 0; i < spec->label_count; i++) {
        size += spec->labels[i].name.len + spec->labels[i].value.len;
    }
    group->text = malloc(size);
    group->labels = calloc(spec->label_count + 1, sizeof *group->labels);
    group->identity = gong_str_copy(gong_str_of(spec->identity));
    if (group->text == NULL || group->labels == NULL ||
        group->identity == NULL) {
        return false;
    }
    at = group->text;
    for (size_t i = 0; i < spec->label_count; i++) {
        group->labels[i].name = place(&at, spec->labels[i].name);
        group->labels[i].value = place(&at, spec->labels[i].value);
    }
    group->label_count = spec->label_count;
    return true;
}

/* Into the desk's lists and its recipient's. */
static bool
link_group(struct gong_desk *desk, struct gong_desk_group *group)
{
    struct gong_desk_recipient *to = group->recipient;
    struct gong_desk_group **groups =
        gong_desk_more(to->groups, &to->group_capacity, to->group_count,
                       sizeof(struct gong_desk_group *));

    if (groups == NULL) {
        return false;
    }
    to->groups = groups;
    if (!gong_desk_table_put(&desk->groups, gong_str_of(group->key), group)) {
        return false;
    }
    group->place = desk->group_list.count;
    if (!gong_desk_list_add(desk, &desk->group_list, group)) {
        gong_desk_table_remove(&desk->groups, gong_str_of(group->key), group);
        return false;
    }
    group->recipient_place = to->group_count;
    groups[to->group_count++] = group;
    return true;
}

struct gong_desk_group *
gong_desk_group_new(struct gong_desk *desk,
                    const struct gong_desk_group_spec *spec,
                    struct gong_str key, struct gong_str name)
{
    struct gong_desk_group *group = calloc(1, sizeof *group);

    if (group != NULL) {
        group->route = spec->route;
        group->twin = spec->twin;
        group->recipient = spec->recipient;
        group->due = GONG_DESK_NEVER;
        group->key = gong_str_copy(key);
        group->name = gong_str_copy(name);
    }
    if (group == NULL || group->key == NULL || group->name == NULL ||
        !copy_spec(group, spec) || !link_group(desk, group)) {
        gong_desk_group_free(group);
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    group->timer = (struct gong_desk_timer){.kind = GONG_DESK_TIMER_GROUP,
                                            .key = gong_str_of(group->key),
                                            .owner = group};
    group->base =
        desk->now + ms_of(gong_desk_group_route(desk, group)->group_wait);
    gong_desk_group_set_due(desk, group, group->base);
    gong_desk_group_dirty(desk, group);
    return group;
}

void
gong_desk_group_free(struct gong_desk_group *group)
{
    if (group == NULL) {
        return;
    }
    free(group->key);
    free(group->name);
    free(group->text);
    free(group->labels);
    free(group->identity);
    for (size_t i = 0; i < group->count; i++) {
        free(group->members[i]);
    }
    free(group->members);
    free(group);
}

void
gong_desk_group_clean(struct gong_desk *desk, struct gong_desk_group *group)
{
    struct gong_desk_list *list = &desk->dirty_groups;

    for (size_t i = 0; group->dirty && i < list->count; i++) {
        if (list->items[i] == group) {
            list->items[i] = list->items[--list->count];
            group->dirty = false;
        }
    }
}

void
gong_desk_group_unlink(struct gong_desk *desk, struct gong_desk_group *group)
{
    struct gong_desk_recipient *to = group->recipient;
    struct gong_desk_group *last = to->groups[--to->group_count];
    struct gong_desk_list *list = &desk->group_list;
    struct gong_desk_group *other = list->items[--list->count];

    to->groups[group->recipient_place] = last;
    last->recipient_place = group->recipient_place;
    list->items[group->place] = other;
    other->place = group->place;
    gong_desk_table_remove(&desk->groups, gong_str_of(group->key), group);
    gong_desk_set_timer(desk, &group->timer, GONG_DESK_NEVER);
    gong_desk_group_clean(desk, group);
    if (group->stored) {
        gong_desk_gone_add(desk, group->key);
    }
}

bool
gong_desk_group_empty(struct gong_desk *desk, struct gong_desk_group *group)
{
    if (group->count > 0) {
        return false;
    }
    gong_desk_group_unlink(desk, group);
    gong_desk_group_free(group);
    return true;
}

struct gong_desk_member *
gong_desk_member_add(struct gong_desk *desk, struct gong_desk_group *group,
                     struct gong_desk_entry *entry)
{
    struct gong_desk_member *member = calloc(1, sizeof *member);
    struct gong_desk_member **of_group =
        gong_desk_more(group->members, &group->capacity, group->count,
                       sizeof(struct gong_desk_member *));
    struct gong_desk_member **of_entry = NULL;

    if (of_group != NULL) {
        group->members = of_group;
        of_entry = gong_desk_more(entry->members, &entry->member_capacity,
                                  entry->member_count,
                                  sizeof(struct gong_desk_member *));
    }
    if (of_entry != NULL) {
        entry->members = of_entry;
    }
    if (member == NULL || of_entry == NULL) {
        free(member);
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    *member = (struct gong_desk_member){
        .entry = entry, .group = group, .place = group->count};
    group->members[group->count++] = member;
    entry->members[entry->member_count++] = member;
    return member;
}

void
gong_desk_member_remove(struct gong_desk_member *member)
{
    struct gong_desk_group *group = member->group;
    struct gong_desk_entry *entry = member->entry;
    struct gong_desk_member *last = group->members[--group->count];
    size_t kept = 0;

    group->members[member->place] = last;
    last->place = member->place;
    /* Their order is that of the routes. */
    for (size_t i = 0; i < entry->member_count; i++) {
        if (entry->members[i] != member) {
            entry->members[kept++] = entry->members[i];
        }
    }
    entry->member_count = kept;
    free(member);
}

const struct gong_desk_route *
gong_desk_group_route(const struct gong_desk *desk,
                      const struct gong_desk_group *group)
{
    return &desk->config
                ->routes[group->route == GONG_DESK_NONE ? 0 : group->route];
}

void
gong_desk_group_set_due(struct gong_desk *desk, struct gong_desk_group *group,
                        int64_t due)
{
    bool armed = group->timer.place != 0 || group->ready;

    if (due == group->due && (armed || due == GONG_DESK_NEVER)) {
        return;
    }
    group->due = due;
    gong_desk_group_dirty(desk, group);
    gong_desk_set_timer(desk, &group->timer, due);
}

/* The first tick at or after an instant. */
static int64_t
tick_at(const struct gong_desk *desk, const struct gong_desk_group *group,
        int64_t at)
{
    int64_t interval =
        ms_of(gong_desk_group_route(desk, group)->group_interval);
    int64_t ticks = 0;

    if (at <= group->base) {
        return group->base;
    }
    ticks = (at - group->base + interval - 1) / interval;
    return group->base + ticks * interval;
}

void
gong_desk_group_touch(struct gong_desk *desk, struct gong_desk_group *group,
                      bool soon)
{
    int64_t at =
        desk->now + ms_of(gong_desk_group_route(desk, group)->group_wait);
    int64_t due = soon ? at : tick_at(desk, group, at);

    if (due < group->due) {
        gong_desk_group_set_due(desk, group, due);
    }
}

/* While things are put together nothing has happened: only what a change of the
 * routes left without a time is given one. */
static bool
is_touched(const struct gong_desk *desk, const struct gong_desk_member *member)
{
    enum gong_message_news news = GONG_NEWS_STILL;
    bool muted =
        desk->routing && gong_desk_group_muted(desk, member->group, NULL);

    if (!gong_desk_member_news(member, muted, &news)) {
        return false;
    }
    if (desk->routing) {
        return news != GONG_NEWS_STILL;
    }
    /* Perhaps it repeats again. */
    return news != GONG_NEWS_STILL || member->group->due == GONG_DESK_NEVER;
}

void
gong_desk_entry_touch(struct gong_desk *desk, struct gong_desk_entry *entry,
                      bool soon)
{
    for (size_t i = 0; i < entry->member_count; i++) {
        if (is_touched(desk, entry->members[i])) {
            gong_desk_group_touch(desk, entry->members[i]->group, soon);
        }
    }
}

bool
gong_desk_group_muted(const struct gong_desk *desk,
                      const struct gong_desk_group *group, int64_t *until)
{
    const struct gong_desk_route *route = gong_desk_group_route(desk, group);
    const struct gong_calendar *all = desk->config->intervals;
    bool muted = false;
    bool active = route->active_count == 0;
    int64_t first = GONG_DESK_NEVER;

    for (size_t i = 0; i < route->mute_count; i++) {
        int64_t next = gong_calendar_next(&all[route->mute[i]], desk->now);

        muted = muted || gong_calendar_is_open(&all[route->mute[i]], desk->now);
        first = next < first ? next : first;
    }
    for (size_t i = 0; i < route->active_count; i++) {
        int64_t next = gong_calendar_next(&all[route->active[i]], desk->now);

        active =
            active || gong_calendar_is_open(&all[route->active[i]], desk->now);
        first = next < first ? next : first;
    }
    if (until != NULL) {
        *until = first;
    }
    return muted || !active;
}

bool
gong_desk_member_news(const struct gong_desk_member *member, bool muted,
                      enum gong_message_news *news)
{
    const struct gong_desk_entry *entry = member->entry;
    unsigned rank = gong_desk_rank(entry->is.level, entry->is.severity) + 1;

    bool quiet = muted && entry->is.severity != GONG_SEVERITY_CRITICAL;

    if (gong_desk_entry_held(entry)) {
        return false;
    }
    if (!gong_desk_entry_open(entry)) {
        *news = GONG_NEWS_RESOLVED;
        return member->told != 0 && (!quiet || member->paged);
    }
    *news = member->told == 0                            ? GONG_NEWS_FIRING
            : rank > member->told                        ? GONG_NEWS_CLIMBED
            : rank < member->told && !member->fell       ? GONG_NEWS_FELL
            : entry->is.resolve_overdue && !member->late ? GONG_NEWS_OVERDUE
                                                         : GONG_NEWS_STILL;
    return !member->left &&
           (!quiet || (member->paged && *news == GONG_NEWS_FELL));
}

void
gong_desk_member_tell(struct gong_desk_member *member)
{
    const struct gong_desk_incident *is = &member->entry->is;

    member->told = gong_desk_rank(is->level, is->severity) + 1;
    member->paged = member->paged || is->severity == GONG_SEVERITY_CRITICAL;
}

/* An acknowledgement keeps it quiet until the deadline to resolve. */
bool
gong_desk_member_repeats(const struct gong_desk_member *member)
{
    const struct gong_desk_incident *is = &member->entry->is;

    return is->state == GONG_INCIDENT_OPEN ||
           (is->state == GONG_INCIDENT_ACKNOWLEDGED && is->resolve_overdue);
}

static bool
repeats(const struct gong_desk_member *member, enum gong_message_news news)
{
    return news == GONG_NEWS_STILL && gong_desk_member_repeats(member);
}

/* When what it told last is to be told again, at the earliest. */
static int64_t
repeat_at(const struct gong_desk *desk, const struct gong_desk_group *group)
{
    return tick_at(
        desk, group,
        group->told_ms + 1 +
            ms_of(gong_desk_group_route(desk, group)->repeat_interval));
}

/* Alertmanager's rule: something new fires; something that was told is over, if
 * the receiver wants to know; nothing new for repeat_interval. */
enum gong_desk_need
gong_desk_group_need(const struct gong_desk *desk,
                     const struct gong_desk_group *group)
{
    const struct gong_desk_receiver *to =
        &desk->config->receivers[group->recipient->receiver];
    enum gong_desk_need need = GONG_DESK_NEED_NONE;
    bool repeat = desk->now >= repeat_at(desk, group);
    bool muted = gong_desk_group_muted(desk, group, NULL);

    for (size_t i = 0; i < group->count; i++) {
        enum gong_message_news news = GONG_NEWS_STILL;

        if (!gong_desk_member_news(group->members[i], muted, &news)) {
            continue;
        }
        if (news == GONG_NEWS_RESOLVED ? to->send_resolved
                                       : news != GONG_NEWS_STILL) {
            return GONG_DESK_NEED_NEWS;
        }
        if (repeat && repeats(group->members[i], news)) {
            need = GONG_DESK_NEED_REPEAT;
        }
    }
    return need;
}

/* What is to be told yet: now, or (only when that matters) once the group is no
 * longer muted. */
struct untold {
    bool news;
    bool repeat;
    bool later;
};

static void
look_at(const struct gong_desk_member *member, bool muted,
        enum gong_message_news what, struct untold *untold)
{
    enum gong_message_news now = what;
    bool says = gong_desk_member_news(member, muted, &now);

    untold->news = untold->news || (says && what != GONG_NEWS_STILL);
    untold->repeat = untold->repeat || (says && repeats(member, what));
    untold->later =
        untold->later ||
        (!says && (what != GONG_NEWS_STILL || repeats(member, what)));
}

/* Drops what is over and is told to nobody; finds what is to be told yet. */
static void
look_through(struct gong_desk *desk, struct gong_desk_group *group, bool muted,
             struct untold *untold)
{
    bool resolved =
        desk->config->receivers[group->recipient->receiver].send_resolved;

    for (size_t i = group->count; i-- > 0;) {
        struct gong_desk_member *member = group->members[i];
        struct gong_desk_entry *entry = member->entry;
        enum gong_message_news what = GONG_NEWS_STILL;
        bool says = gong_desk_member_news(member, false, &what);

        if (says && what == GONG_NEWS_RESOLVED && !resolved) {
            gong_desk_member_remove(member);
            gong_desk_entry_release(desk, entry);
            gong_desk_group_dirty(desk, group);
            continue;
        }
        if (says) {
            look_at(member, muted, what, untold);
        }
    }
}

void
gong_desk_group_rearm(struct gong_desk *desk, struct gong_desk_group *group)
{
    int64_t until = 0;
    bool muted = gong_desk_group_muted(desk, group, &until);
    struct untold untold = {0};
    int64_t due = GONG_DESK_NEVER;

    look_through(desk, group, muted, &untold);
    if (gong_desk_group_empty(desk, group)) {
        return;
    }
    if (untold.news) {
        due =
            tick_at(desk, group,
                    desk->now + 1 +
                        ms_of(gong_desk_group_route(desk, group)->group_wait));
    } else if (untold.repeat) {
        due = repeat_at(desk, group);
        due = due > desk->now ? due : tick_at(desk, group, desk->now + 1);
    }
    if (untold.later && until != GONG_DESK_NEVER) {
        int64_t then = tick_at(desk, group, until);

        due = then < due ? then : due;
    }
    gong_desk_group_set_due(desk, group, due);
}
