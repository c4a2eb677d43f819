/* Which groups an incident is in: routes depth first, as Alertmanager walks
 * them; for receivers "of unit" one group for each unit. */
#include "rules/desk/desk_route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/desk/desk_emit.h"
#include "rules/desk/desk_entry.h"
#include "rules/desk/desk_group.h"
#include "rules/desk/desk_recipient.h"
#include "rules/desk/desk_private.h"

static const struct gong_unit *
root_of(const struct gong_model *model)
{
    size_t count = model == NULL ? 0 : gong_model_unit_count(model);

    for (size_t i = 0; i < count; i++) {
        const struct gong_unit *unit = gong_model_unit_at(model, i);

        if (unit->parent == i) {
            return unit;
        }
    }
    return NULL;
}

const struct gong_unit *
gong_desk_unit_find(const struct gong_model *model, struct gong_str code)
{
    return model == NULL || code.len == 0 ? NULL : gong_model_unit(model, code);
}

/* The label unit, else site; the root where the model has neither. */
const struct gong_unit *
gong_desk_route_unit_of(const struct gong_desk *desk,
                        const struct gong_desk_entry *entry)
{
    const struct gong_unit *unit =
        gong_desk_unit_find(desk->model, gong_desk_entry_label(entry, "unit"));

    if (unit == NULL && gong_desk_entry_label(entry, "unit").len == 0) {
        unit = gong_desk_unit_find(desk->model,
                                   gong_desk_entry_label(entry, "site"));
    }
    return unit;
}

/* Of the units that a device affects, the first comes before its repeats. */
static bool
said_before(const struct gong_desk *desk,
            const struct gong_model_device *device, size_t index,
            const struct gong_unit *own)
{
    if (gong_model_unit_at(desk->model, device->affects[index]) == own) {
        return true;
    }
    for (size_t i = 0; i < index; i++) {
        if (device->affects[i] == device->affects[index]) {
            return true;
        }
    }
    return false;
}

void
gong_desk_route_units(struct gong_desk *desk, struct gong_desk_entry *entry,
                      size_t receiver,
                      void (*on_unit)(struct gong_desk *desk,
                                      struct gong_desk_entry *entry,
                                      size_t index, struct gong_str unit),
                      size_t index)
{
    const struct gong_desk_receiver *to = &desk->config->receivers[receiver];
    const struct gong_unit *own = NULL;
    const struct gong_model_device *device = NULL;

    if (to->role == NULL || to->role[0] == '\0') {
        on_unit(desk, entry, index, gong_str_from("", 0));
        return;
    }
    if (strcmp(to->of, "unit") != 0) {
        own = gong_desk_unit_find(desk->model, gong_str_of(to->of));
        on_unit(desk, entry, index,
                gong_str_of(own == NULL ? to->of : own->code));
        return;
    }
    own = gong_desk_route_unit_of(desk, entry);
    own = own == NULL ? root_of(desk->model) : own;
    on_unit(desk, entry, index, gong_str_of(own == NULL ? "" : own->code));
    device = !to->affects || desk->model == NULL
                 ? NULL
                 : gong_model_device(desk->model,
                                     gong_desk_entry_label(entry, "site"),
                                     gong_desk_entry_label(entry, "device"));
    for (size_t i = 0; device != NULL && i < device->affects_count; i++) {
        if (!said_before(desk, device, i, own)) {
            on_unit(
                desk, entry, index,
                gong_str_of(
                    gong_model_unit_at(desk->model, device->affects[i])->code));
        }
    }
}

/* As Go quotes a text, but for what is no ASCII control character. */
static void
print_quoted(FILE *out, struct gong_str text)
{
    static const char letters[] = "abtnvfr"; /* of 7 to 13 */

    (void)fputc('"', out);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c == '"' || c == '\\') {
            (void)fprintf(out, "\\%c", c);
        } else if (c >= 7 && c <= 13) {
            (void)fprintf(out, "\\%c", letters[c - 7]);
        } else if (c < 0x20 || c == 0x7f) {
            (void)fprintf(out, "\\x%02x", c);
        } else {
            (void)fputc(c, out);
        }
    }
    (void)fputc('"', out);
}

struct keys {
    char *name; /* Alertmanager's */
    char *key;  /* with twin and unit */
};

static void
print_labels(FILE *out, const struct gong_label_view *labels, size_t count)
{
    (void)fputs(":{", out);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%s%.*s=", i == 0 ? "" : ", ",
                      (int)labels[i].name.len, labels[i].name.data);
        print_quoted(out, labels[i].value);
    }
    (void)fputc('}', out);
}

static bool
make_keys(const struct gong_desk_route *route,
          const struct gong_label_view *labels, size_t count,
          struct gong_str unit, struct keys *keys)
{
    size_t len = 0;
    FILE *out = open_memstream(&keys->name, &len);

    if (out != NULL) {
        (void)fputs(route->identity, out);
        print_labels(out, labels, count);
        if (fclose(out) != 0) {
            return false;
        }
        out = open_memstream(&keys->key, &len);
    }
    if (out == NULL) {
        return false;
    }
    (void)fputs(route->identity, out);
    if (route->twin > 0) {
        (void)fprintf(out, "#%zu", route->twin);
    }
    print_labels(out, labels, count);
    (void)fprintf(out, "@%.*s", (int)unit.len, unit.data);
    return fclose(out) == 0;
}

static bool
in_group_by(const struct gong_desk_route *route, struct gong_str name)
{
    for (size_t i = 0; i < route->group_by.count; i++) {
        if (gong_str_is(name, route->group_by.items[i])) {
            return true;
        }
    }
    return route->group_by_all;
}

/* The group of a route for an incident and unit, made if it is not there. */
static struct gong_desk_group *
group_of(struct gong_desk *desk, struct gong_desk_entry *entry, size_t index,
         struct gong_str unit)
{
    const struct gong_desk_route *route = &desk->config->routes[index];
    struct gong_label_view *labels =
        calloc(entry->is.label_count + 1, sizeof *labels);
    struct keys keys = {NULL, NULL};
    struct gong_desk_group *group = NULL;
    struct gong_desk_group_spec spec = {.route = index,
                                        .identity = route->identity,
                                        .twin = route->twin,
                                        .labels = labels};

    for (size_t i = 0; labels != NULL && i < entry->is.label_count; i++) {
        if (in_group_by(route, entry->is.labels[i].name)) {
            labels[spec.label_count++] = entry->is.labels[i];
        }
    }
    if (labels != NULL &&
        make_keys(route, labels, spec.label_count, unit, &keys)) {
        group = gong_desk_table_find(&desk->groups, gong_str_of(keys.key));
    }
    if (group == NULL && keys.key != NULL &&
        desk->group_list.count >= GONG_DESK_GROUPS_MAX &&
        spec.label_count > 0) {
        desk->folded++;
        spec.label_count = 0;
        free(keys.name);
        free(keys.key);
        keys = (struct keys){NULL, NULL};
        if (make_keys(route, labels, 0, unit, &keys)) {
            group = gong_desk_table_find(&desk->groups, gong_str_of(keys.key));
        }
    }
    if (keys.key == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
    } else if (group == NULL) {
        spec.recipient = gong_desk_recipient_of(desk, route->receiver, unit);
        group = spec.recipient == NULL
                    ? NULL
                    : gong_desk_group_new(desk, &spec, gong_str_of(keys.key),
                                          gong_str_of(keys.name));
    }
    free(keys.name);
    free(keys.key);
    free(labels);
    return group;
}

static void
join(struct gong_desk *desk, struct gong_desk_entry *entry, size_t route,
     struct gong_str unit)
{
    struct gong_desk_group *group = group_of(desk, entry, route, unit);
    struct gong_desk_member *member = NULL;

    if (group == NULL) {
        return;
    }
    for (size_t i = 0; i < entry->member_count; i++) {
        if (entry->members[i]->group == group) {
            member = entry->members[i];
        }
    }
    if (member == NULL) {
        member = gong_desk_member_add(desk, group, entry);
    } else if (member->left) {
        member->left = false;
        gong_desk_group_dirty(desk, group);
    }
    if (member != NULL) {
        member->wanted = true;
    }
}

/* Whether any route at or below index takes it. */
static bool
walk(struct gong_desk *desk, struct gong_desk_entry *entry, size_t index)
{
    const struct gong_desk_route *route = &desk->config->routes[index];
    bool below = false;

    if (!gong_desk_matchers_take(route->matchers, desk->model, entry->is.labels,
                                 entry->is.label_count)) {
        return false;
    }
    for (size_t i = route->first; i != 0; i = desk->config->routes[i].next) {
        bool took = walk(desk, entry, i);

        below = below || took;
        if (took && !desk->config->routes[i].go_on) {
            break;
        }
    }
    if (!below) {
        gong_desk_route_units(desk, entry, route->receiver, join, index);
    }
    return true;
}

/* Its recipient hears of it elsewhere now. */
static bool
hand_over(struct gong_desk *desk, struct gong_desk_member *member)
{
    struct gong_desk_entry *entry = member->entry;

    for (size_t i = 0; i < entry->member_count; i++) {
        struct gong_desk_member *other = entry->members[i];

        if (other->wanted &&
            other->group->recipient == member->group->recipient) {
            if (other->told == 0) {
                other->told = member->told;
                other->fell = member->fell;
                other->late = member->late;
                other->paged = member->paged;
                other->group->told_ms =
                    other->group->told_ms > member->group->told_ms
                        ? other->group->told_ms
                        : member->group->told_ms;
                gong_desk_group_dirty(desk, other->group);
            }
            return true;
        }
    }
    return false;
}

static void
leave(struct gong_desk *desk, struct gong_desk_member *member)
{
    struct gong_desk_group *group = member->group;

    if (member->told == 0 || hand_over(desk, member)) {
        if (member->told != 0) {
            gong_desk_group_dirty(desk, group);
        }
        gong_desk_member_remove(member);
        (void)gong_desk_group_empty(desk, group);
    } else if (!member->left) {
        member->left = true;
        gong_desk_group_dirty(desk, group);
    }
}

void
gong_desk_route_entry(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    if (!gong_desk_entry_open(entry)) {
        return;
    }
    entry->no_unit = gong_desk_route_unit_of(desk, entry) == NULL;
    for (size_t i = 0; i < entry->member_count; i++) {
        entry->members[i]->wanted = false;
    }
    if (!entry->is.trial) {
        (void)walk(desk, entry, 0);
    }
    for (size_t i = entry->member_count; i-- > 0;) {
        if (!entry->members[i]->wanted) {
            leave(desk, entry->members[i]);
        }
    }
    gong_desk_entry_touch(desk, entry, false);
}
