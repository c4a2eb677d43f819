/* The tree of routes. A child takes over what it does not say: receiver,
 * group_by and the three waits; matchers, continue and time intervals are its
 * own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/calendar_read.h"
#include "rules/desk/desk_config_private.h"

#define LONGEST_MS 315360000000.0 /* ten years */

struct words {
    char *receiver; /* empty: as the parent */
    bool go_on;
    struct gong_strings group_by;
    struct gong_strings mute;
    struct gong_strings active;
    gong_dur_t group_wait;
    gong_dur_t group_interval;
    gong_dur_t repeat_interval;
};

#define FIELD(member) offsetof(struct words, member)
static const struct gong_option options[] = {
    {"receiver", GONG_OPTION_STRING, FIELD(receiver), "", 0, 0, NULL, "",
     "Who is told; inherited."},
    {"continue", GONG_OPTION_BOOL, FIELD(go_on), "false", 0, 0, NULL, "",
     "Whether the routes after it are asked, too."},
    {"group_by", GONG_OPTION_STRINGS, FIELD(group_by), "", 0, 0, NULL, "",
     "Labels whose alerts share a message; \"...\" for all; inherited."},
    {"mute_time_intervals", GONG_OPTION_STRINGS, FIELD(mute), "", 0, 0, NULL,
     "", "When nothing is told."},
    {"active_time_intervals", GONG_OPTION_STRINGS, FIELD(active), "", 0, 0,
     NULL, "", "When alone something is told."},
    {"group_wait", GONG_OPTION_DURATION, FIELD(group_wait), "30s", 0,
     LONGEST_MS, NULL, "", "How long news settles; inherited."},
    {"group_interval", GONG_OPTION_DURATION, FIELD(group_interval), "5m", 1,
     LONGEST_MS, NULL, "", "Between messages of a group; inherited."},
    {"repeat_interval", GONG_OPTION_DURATION, FIELD(repeat_interval), "4h", 1,
     LONGEST_MS, NULL, "", "Before the same is told again; inherited."},
};
#undef FIELD
static const char *const children[] = {"matchers", "routes", NULL};
static const struct gong_option_table table = {
    .name = "route",
    .help = "The tree of routes: route, and each element of routes.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .children = children,
};

static bool
copy_strings(struct gong_strings *to, const struct gong_strings *from)
{
    to->items = calloc(from->count + 1, sizeof *to->items);
    if (to->items == NULL) {
        return false;
    }
    for (size_t i = 0; i < from->count; i++) {
        to->items[i] = gong_str_copy(gong_str_of(from->items[i]));
        if (to->items[i] == NULL) {
            return false;
        }
        to->count++;
    }
    return true;
}

/* group_by, as written or inherited. */
static void
set_group_by(struct gong_desk_reader *reader, const struct gong_conf_node *node,
             struct gong_desk_route *route, struct words *words)
{
    const struct gong_conf_node *said = gong_conf_child(node, "group_by");
    const struct gong_desk_route *parent =
        &reader->config->routes[route->parent];

    if (said == NULL && parent != route) {
        route->group_by_all = parent->group_by_all;
        if (!copy_strings(&route->group_by, &parent->group_by)) {
            gong_desk_reader_no_memory(reader);
        }
        return;
    }
    for (size_t i = 0; i < words->group_by.count; i++) {
        route->group_by_all =
            route->group_by_all || strcmp(words->group_by.items[i], "...") == 0;
    }
    if (!route->group_by_all) {
        gong_desk_reader_labels(reader, node, "group_by", &words->group_by);
        route->group_by = words->group_by;
        words->group_by = (struct gong_strings){0};
    } else if (words->group_by.count > 1) {
        gong_desk_reader_fail(reader, said,
                              "found \"...\" and other labels, expected "
                              "either");
    }
}

static void
set_waits(const struct gong_conf_node *node, struct gong_desk_route *route,
          const struct gong_desk_route *parent, const struct words *words)
{
    bool root = parent == route;

    route->group_wait = root || gong_conf_child(node, "group_wait") != NULL
                            ? words->group_wait
                            : parent->group_wait;
    route->group_interval =
        root || gong_conf_child(node, "group_interval") != NULL
            ? words->group_interval
            : parent->group_interval;
    route->repeat_interval =
        root || gong_conf_child(node, "repeat_interval") != NULL
            ? words->repeat_interval
            : parent->repeat_interval;
}

/* The indices of the intervals that the list `key` names. */
static size_t *
find_intervals(struct gong_desk_reader *reader,
               const struct gong_conf_node *node, const char *key,
               const struct gong_strings *names, size_t *count)
{
    const struct gong_desk_config *config = reader->config;
    const struct gong_conf_node *list = gong_conf_child(node, key);
    size_t *found = NULL;

    if (names->count == 0) {
        return NULL;
    }
    found = calloc(names->count, sizeof *found);
    if (found == NULL) {
        gong_desk_reader_no_memory(reader);
        return NULL;
    }
    for (size_t i = 0; i < names->count; i++) {
        const struct gong_calendar *calendar = gong_calendar_find(
            config->intervals, config->interval_count, names->items[i]);

        if (calendar == NULL) {
            gong_desk_reader_fail(reader, gong_conf_at(list, i),
                                  "found \"%s\", expected the name of one of "
                                  "time_intervals",
                                  names->items[i]);
        } else {
            found[(*count)++] = (size_t)(calendar - config->intervals);
        }
    }
    return found;
}

static void
check_root(struct gong_desk_reader *reader, const struct gong_conf_node *node)
{
    static const char *const refused[] = {
        "matchers", "continue", "mute_time_intervals", "active_time_intervals"};

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const struct gong_conf_node *child = gong_conf_child(node, refused[i]);

        if (child != NULL) {
            gong_desk_reader_fail(reader, child,
                                  "found `%s`, expected none in the first "
                                  "route, which takes every alert",
                                  refused[i]);
        }
    }
    if (gong_conf_child(node, "receiver") == NULL) {
        gong_desk_reader_fail(reader, node,
                              "found no receiver, expected one in the first "
                              "route");
    }
}

static void
set_identity(struct gong_desk_reader *reader, struct gong_desk_route *route)
{
    const struct gong_desk_route *all = reader->config->routes;
    const struct gong_desk_route *parent = &all[route->parent];
    const char *above = parent == route ? "" : parent->identity;
    const char *text = gong_desk_matchers_text(route->matchers);
    size_t size = 0;

    if (above == NULL) {
        return;
    }
    size = strlen(above) + 1 + strlen(text) + 1;
    route->identity = malloc(size);
    if (route->identity == NULL) {
        gong_desk_reader_no_memory(reader);
        return;
    }
    (void)snprintf(route->identity, size, "%s%s%s", above,
                   parent == route ? "" : "/", text);
    for (const struct gong_desk_route *r = all; r < route; r++) {
        if (r->identity != NULL && strcmp(r->identity, route->identity) == 0) {
            route->twin++;
        }
    }
}

static void
fill(struct gong_desk_reader *reader, const struct gong_conf_node *node,
     struct gong_desk_route *route)
{
    const struct gong_desk_route *parent =
        &reader->config->routes[route->parent];
    struct words words = {0};

    if (!gong_conf_read(node, &table, &words, reader->errors)) {
        reader->failed = true;
    } else {
        route->receiver = words.receiver[0] != '\0'
                              ? gong_desk_reader_receiver(
                                    reader, node, "receiver", words.receiver)
                              : parent->receiver;
        route->go_on = words.go_on;
        set_group_by(reader, node, route, &words);
        set_waits(node, route, parent, &words);
        route->mute = find_intervals(reader, node, "mute_time_intervals",
                                     &words.mute, &route->mute_count);
        route->active = find_intervals(reader, node, "active_time_intervals",
                                       &words.active, &route->active_count);
        if (parent != route) {
            route->matchers =
                gong_desk_reader_matchers(reader, node, "matchers");
        }
        set_identity(reader, route);
    }
    gong_conf_free(&table, &words);
}

static struct gong_desk_route *
add_route(struct gong_desk_reader *reader, const struct gong_conf_node *node,
          size_t parent)
{
    struct gong_desk_config *config = reader->config;
    struct gong_desk_route *route = &config->routes[config->route_count];

    if (config->route_count == GONG_DESK_ROUTES_MAX) {
        if (!reader->failed) {
            gong_desk_reader_fail(reader, node,
                                  "found more routes, expected at most %d",
                                  GONG_DESK_ROUTES_MAX);
        }
        return NULL;
    }
    config->route_count++;
    *route = (struct gong_desk_route){.parent = parent};
    fill(reader, node, route);
    return route;
}

/* Its children, then theirs. */
static void
read_below(struct gong_desk_reader *reader, const struct gong_conf_node *node,
           size_t parent, unsigned depth)
{
    struct gong_desk_config *config = reader->config;
    const struct gong_conf_node *list = gong_conf_child(node, "routes");
    size_t count =
        gong_desk_reader_list(reader, node, "routes", GONG_DESK_ROUTES_MAX);
    size_t *link = &config->routes[parent].first;

    if (count > 0 && depth == GONG_DESK_DEPTH_MAX) {
        gong_desk_reader_fail(reader, list,
                              "found routes %d deep, expected fewer",
                              GONG_DESK_DEPTH_MAX + 1);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t index = config->route_count;
        const struct gong_conf_node *child = gong_conf_at(list, i);
        struct gong_desk_route *route = NULL;

        if (!gong_conf_is_group(child)) {
            gong_desk_reader_fail(reader, child,
                                  "found another type, expected { ... }");
            continue;
        }
        route = add_route(reader, child, parent);
        if (route == NULL) {
            return;
        }
        *link = index;
        link = &route->next;
        read_below(reader, child, index, depth + 1);
    }
}

void
gong_desk_read_routes(struct gong_desk_reader *reader,
                      const struct gong_conf_node *root)
{
    const struct gong_conf_node *node = gong_conf_child(root, "route");
    struct gong_desk_config *config = reader->config;

    config->routes = calloc(GONG_DESK_ROUTES_MAX, sizeof *config->routes);
    if (config->routes == NULL) {
        gong_desk_reader_no_memory(reader);
        return;
    }
    if (node == NULL || !gong_conf_is_group(node)) {
        gong_desk_reader_fail(reader, node == NULL ? root : node,
                              "found no route, expected route = { receiver = "
                              "\"...\"; ... };");
        return;
    }
    check_root(reader, node);
    if (add_route(reader, node, 0) != NULL) {
        read_below(reader, node, 0, 1);
    }
}
