#include "rules/desk/desk_config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "rules/calendar_read.h"
#include "rules/desk/desk_config_private.h"

void
gong_desk_reader_fail(struct gong_desk_reader *reader,
                      const struct gong_conf_node *node, const char *format,
                      ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    gong_conf_error_in(node, 0, reader->errors, "%s", text);
    reader->failed = true;
}

void
gong_desk_reader_no_memory(struct gong_desk_reader *reader)
{
    gong_conf_errors_no_memory(reader->errors, "routes");
    reader->failed = true;
}

size_t
gong_desk_reader_list(struct gong_desk_reader *reader,
                      const struct gong_conf_node *node, const char *key,
                      size_t max)
{
    const struct gong_conf_node *list = gong_conf_child(node, key);

    if (list == NULL) {
        return 0;
    }
    if (!gong_conf_is_list(list) || gong_conf_count(list) > max) {
        gong_desk_reader_fail(reader, list,
                              "found %s, expected a list ( ... ) of at most "
                              "%zu",
                              gong_conf_is_list(list) ? "more" : "no list",
                              max);
        return 0;
    }
    return gong_conf_count(list);
}

/* Each text by itself, so that a mistake has its place. */
static bool
check_matchers(struct gong_desk_reader *reader,
               const struct gong_conf_node *item)
{
    const char *text = gong_conf_string(item);
    struct gong_expr_error error = {.message =
                                        "found another type, expected text in "
                                        "\"quotes\": \"name=\\\"value\\\"\""};
    struct gong_desk_matchers *one =
        text == NULL ? NULL
                     : gong_desk_matchers_read(gong_str_of(text), &error);
    bool ok = one != NULL;

    if (!ok) {
        gong_conf_error_in(item, error.at, reader->errors, "%s", error.message);
        reader->failed = true;
    } else if (strcmp(gong_desk_matchers_text(one), "{}") == 0) {
        gong_desk_reader_fail(reader, item,
                              "found no matcher, expected name=\"value\"");
        ok = false;
    }
    gong_desk_matchers_free(one);
    return ok;
}

/* All texts of a list, which can be read one by one, joined. */
static struct gong_desk_matchers *
join_matchers(struct gong_desk_reader *reader,
              const struct gong_conf_node *list)
{
    struct gong_expr_error error = {0};
    struct gong_desk_matchers *all = NULL;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        gong_desk_reader_no_memory(reader);
        return NULL;
    }
    for (size_t i = 0; i < gong_conf_count(list); i++) {
        struct gong_desk_matchers *one = gong_desk_matchers_read(
            gong_str_of(gong_conf_string(gong_conf_at(list, i))), &error);
        const char *canonical =
            one == NULL ? "{}" : gong_desk_matchers_text(one);

        (void)fprintf(out, "%s%.*s", i == 0 ? "" : ",",
                      (int)(strlen(canonical) - 2), canonical + 1);
        gong_desk_matchers_free(one);
    }
    if (fclose(out) == 0) {
        all = gong_desk_matchers_read(gong_str_from(text, len), &error);
    }
    free(text);
    if (all == NULL) {
        gong_desk_reader_fail(reader, list, "%s", error.message);
    }
    return all;
}

struct gong_desk_matchers *
gong_desk_reader_matchers(struct gong_desk_reader *reader,
                          const struct gong_conf_node *node, const char *key)
{
    const struct gong_conf_node *list = gong_conf_child(node, key);
    size_t count = gong_desk_reader_list(reader, node, key, 100);
    bool ok = count > 0;

    for (size_t i = 0; i < count; i++) {
        ok = check_matchers(reader, gong_conf_at(list, i)) && ok;
    }
    return ok ? join_matchers(reader, list) : NULL;
}

static int
compare_names(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    return strcmp(*x, *y);
}

static bool
is_label_name(const char *name)
{
    for (const char *p = name; *p != '\0'; p++) {
        bool letter =
            (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_';

        if (!letter && (p == name || *p < '0' || *p > '9')) {
            return false;
        }
    }
    return name[0] != '\0';
}

void
gong_desk_reader_labels(struct gong_desk_reader *reader,
                        const struct gong_conf_node *node, const char *key,
                        struct gong_strings *labels)
{
    const struct gong_conf_node *list = gong_conf_child(node, key);

    for (size_t i = 0; i < labels->count; i++) {
        if (!is_label_name(labels->items[i])) {
            gong_desk_reader_fail(reader, gong_conf_at(list, i),
                                  "found another text, expected the name of a "
                                  "label");
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(labels->items[i], labels->items[j]) == 0) {
                gong_desk_reader_fail(reader, gong_conf_at(list, i),
                                      "found \"%s\" a second time, expected "
                                      "each label once",
                                      labels->items[i]);
            }
        }
    }
    if (labels->count > 1) {
        qsort(labels->items, labels->count, sizeof *labels->items,
              compare_names);
    }
}

static void
read_intervals(struct gong_desk_reader *reader,
               const struct gong_conf_node *root)
{
    const struct gong_conf_node *list = gong_conf_child(root, "time_intervals");
    size_t count = gong_desk_reader_list(reader, root, "time_intervals",
                                         GONG_DESK_INTERVALS_MAX);
    struct gong_desk_config *config = reader->config;

    config->intervals = calloc(count + 1, sizeof *config->intervals);
    if (config->intervals == NULL) {
        gong_desk_reader_no_memory(reader);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct gong_calendar *calendar =
            &config->intervals[config->interval_count];

        if (!gong_calendar_read(gong_conf_at(list, i), config->intervals,
                                config->interval_count, calendar,
                                reader->errors)) {
            reader->failed = true;
        }
        config->interval_count += calendar->name != NULL ? 1 : 0;
    }
}

struct equal {
    struct gong_strings equal;
};
static const struct gong_option inhibit_options[] = {
    {"equal", GONG_OPTION_STRINGS, offsetof(struct equal, equal), "", 0, 0,
     NULL, "", "Labels in which source and target agree."},
};
static const char *const inhibit_children[] = {"source_matchers",
                                               "target_matchers", NULL};
static const struct gong_option_table inhibit_table = {
    .name = "inhibit_rule",
    .help = "One element of inhibit_rules.",
    .options = inhibit_options,
    .option_count = 1,
    .children = inhibit_children,
};

static void
read_inhibit(struct gong_desk_reader *reader, const struct gong_conf_node *node)
{
    struct gong_desk_inhibit *inhibit =
        &reader->config->inhibits[reader->config->inhibit_count++];
    struct equal equal = {0};

    if (!gong_conf_read(node, &inhibit_table, &equal, reader->errors)) {
        reader->failed = true;
    } else {
        gong_desk_reader_labels(reader, node, "equal", &equal.equal);
        inhibit->source =
            gong_desk_reader_matchers(reader, node, "source_matchers");
        inhibit->target =
            gong_desk_reader_matchers(reader, node, "target_matchers");
        if (!reader->failed &&
            (inhibit->source == NULL || inhibit->target == NULL)) {
            gong_desk_reader_fail(
                reader, node, "found no %s, expected some: this would %s",
                inhibit->source == NULL ? "source_matchers" : "target_matchers",
                inhibit->source == NULL ? "let any alert inhibit"
                                        : "inhibit every alert");
        }
    }
    inhibit->equal = equal.equal;
}

static void
read_inhibits(struct gong_desk_reader *reader,
              const struct gong_conf_node *root)
{
    const struct gong_conf_node *list = gong_conf_child(root, "inhibit_rules");
    size_t count = gong_desk_reader_list(reader, root, "inhibit_rules",
                                         GONG_DESK_RULES_MAX);

    reader->config->inhibits =
        calloc(count + 1, sizeof *reader->config->inhibits);
    if (reader->config->inhibits == NULL) {
        gong_desk_reader_no_memory(reader);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        read_inhibit(reader, gong_conf_at(list, i));
    }
}

/* Names of the top that nobody knows are refused. */
static void
check_top(struct gong_desk_reader *reader, const struct gong_conf_node *root,
          const char *const *others)
{
    static const char *const own[] = {"route",          "receivers",
                                      "inhibit_rules",  "escalation",
                                      "time_intervals", NULL};
    const char *known[64] = {NULL};
    size_t count = 0;
    struct gong_option_table table = {.name = "", .help = ""};
    int nothing = 0;

    for (size_t i = 0; own[i] != NULL; i++) {
        known[count++] = own[i];
    }
    for (size_t i = 0; others != NULL && others[i] != NULL && count < 63; i++) {
        known[count++] = others[i];
    }
    table.children = known;
    if (!gong_conf_read(root, &table, &nothing, reader->errors)) {
        reader->failed = true;
    }
}

struct gong_desk_config *
gong_desk_config_read(const struct gong_conf *conf, const char *const *others,
                      struct gong_conf_errors *errors)
{
    const struct gong_conf_node *root = gong_conf_root(conf);
    struct gong_desk_reader reader = {
        .config = calloc(1, sizeof(struct gong_desk_config)),
        .errors = errors,
    };

    if (reader.config == NULL) {
        gong_desk_reader_no_memory(&reader);
        return NULL;
    }
    check_top(&reader, root, others);
    read_intervals(&reader, root);
    gong_desk_read_receivers(&reader, root);
    read_inhibits(&reader, root);
    gong_desk_read_escalation(&reader, root);
    gong_desk_read_routes(&reader, root);
    if (reader.failed) {
        gong_desk_config_free(reader.config);
        return NULL;
    }
    return reader.config;
}

static void
free_strings(struct gong_strings *strings)
{
    for (size_t i = 0; i < strings->count; i++) {
        free(strings->items[i]);
    }
    free(strings->items);
}

static void
free_routes(struct gong_desk_config *config)
{
    for (size_t i = 0; i < config->route_count; i++) {
        struct gong_desk_route *route = &config->routes[i];

        gong_desk_matchers_free(route->matchers);
        free_strings(&route->group_by);
        free(route->mute);
        free(route->active);
        free(route->identity);
    }
    free(config->routes);
}

void
gong_desk_config_free(struct gong_desk_config *config)
{
    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < config->receiver_count; i++) {
        free(config->receivers[i].name);
        free(config->receivers[i].role);
        free(config->receivers[i].of);
        free_strings(&config->receivers[i].channels);
    }
    for (size_t i = 0; i < config->inhibit_count; i++) {
        gong_desk_matchers_free(config->inhibits[i].source);
        gong_desk_matchers_free(config->inhibits[i].target);
        free_strings(&config->inhibits[i].equal);
    }
    for (size_t i = 0; i < config->escalation_count; i++) {
        gong_desk_matchers_free(config->escalations[i].matchers);
    }
    for (size_t i = 0; i < config->interval_count; i++) {
        gong_calendar_fini(&config->intervals[i]);
    }
    free_routes(config);
    free(config->receivers);
    free(config->inhibits);
    free(config->escalations);
    free(config->intervals);
    free(config);
}

static bool
fill_plain(struct gong_desk_config *config, const char *const *channels,
           size_t count)
{
    struct gong_desk_receiver *all = calloc(1, sizeof *all);
    struct gong_desk_route *root = calloc(1, sizeof *root);

    config->receivers = all;
    config->receiver_count = all == NULL ? 0 : 1;
    config->routes = root;
    config->route_count = root == NULL ? 0 : 1;
    if (all == NULL || root == NULL) {
        return false;
    }
    all->name = gong_str_copy(gong_str_of("all"));
    all->role = gong_str_copy(gong_str_of(""));
    all->of = gong_str_copy(gong_str_of(""));
    all->send_resolved = true;
    all->channels.items = calloc(count + 1, sizeof *all->channels.items);
    for (size_t i = 0; all->channels.items != NULL && i < count; i++) {
        all->channels.items[i] = gong_str_copy(gong_str_of(channels[i]));
        if (all->channels.items[i] == NULL) {
            return false;
        }
        all->channels.count++;
    }
    root->identity = gong_str_copy(gong_str_of("{}"));
    root->group_by_all = true;
    root->group_interval = gong_dur_ms(1);
    root->repeat_interval = gong_dur_s(INT64_C(3650) * 86400);
    return all->name != NULL && all->role != NULL && all->of != NULL &&
           root->identity != NULL && all->channels.items != NULL;
}

struct gong_desk_config *
gong_desk_config_plain(const char *const *channels, size_t count)
{
    struct gong_desk_config *config = calloc(1, sizeof *config);

    if (config != NULL && !fill_plain(config, channels, count)) {
        gong_desk_config_free(config);
        return NULL;
    }
    return config;
}

bool
gong_desk_config_holds(const struct gong_desk_config *config, size_t route)
{
    const struct gong_desk_route *at = &config->routes[route];

    if (at->mute_count == 0 && at->active_count == 0) {
        return false;
    }
    while (gong_desk_matchers_allow(at->matchers, "severity", "critical")) {
        if (at == &config->routes[at->parent]) {
            return true;
        }
        at = &config->routes[at->parent];
    }
    return false;
}

size_t
gong_desk_config_warn(const struct gong_desk_config *config, const char *path,
                      FILE *out)
{
    size_t count = 0;

    for (size_t i = 0; i < config->route_count; i++) {
        char shown[512];

        if (gong_desk_config_holds(config, i)) {
            (void)fprintf(
                out,
                "%s: warning: the route %s has time intervals and "
                "may take critical alerts, which these never hold "
                "back; add severity!=\"critical\" to its matchers "
                "where that is meant\n",
                path,
                gong_log_quote(gong_str_of(config->routes[i].identity), shown,
                               sizeof shown));
            count++;
        }
    }
    return count;
}
