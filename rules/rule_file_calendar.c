#include "rules/rule_file_calendar.h"

#include <stdlib.h>
#include <string.h>

#include "rules/rule_file_text.h"

#define CALENDARS_MAX 1000

struct calendar {
    char *name;
    char *zone;
};

#define FIELD(member) offsetof(struct calendar, member)
static const struct gong_option options[] = {
    {"name", GONG_OPTION_STRING, FIELD(name), NULL, 0, 0, NULL, "",
     "What rules call it in `active`."},
    {"zone", GONG_OPTION_STRING, FIELD(zone), "+07:00", 0, 0, NULL, "",
     "How far its clocks are ahead of UTC."},
};
static const char *const children[] = {"hours", "except", "also", "during",
                                       NULL};
static const struct gong_option_table table = {
    .name = "calendar",
    .help = "One element of calendars.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .children = children,
};

/* One text of one of a calendar's lists. */
static bool
add_text(struct gong_calendar *calendar, const char *key, struct gong_str text,
         struct gong_expr_error *error)
{
    if (strcmp(key, "hours") == 0) {
        return gong_calendar_add_hours(calendar, text, error);
    }
    if (strcmp(key, "also") == 0) {
        return gong_calendar_add_dates(&calendar->also, true, text, error);
    }
    return gong_calendar_add_dates(
        strcmp(key, "except") == 0 ? &calendar->except : &calendar->during,
        false, text, error);
}

static void
read_list(struct gong_rule_reader *reader, const struct gong_conf_node *node,
          const char *key, struct gong_calendar *calendar)
{
    const struct gong_conf_node *list = gong_conf_child(node, key);

    if (list == NULL) {
        return;
    }
    if (!gong_conf_is_list(list)) {
        gong_conf_error_in(list, 0, reader->errors,
                           "found no list, expected %s = ( \"...\", ... );",
                           key);
        reader->failed = true;
        return;
    }
    for (size_t i = 0; i < gong_conf_count(list); i++) {
        const struct gong_conf_node *item = gong_conf_at(list, i);
        const char *text = gong_conf_string(item);
        struct gong_expr_error error = {
            .message = "found another type, expected text in \"quotes\""};

        if (text == NULL ||
            !add_text(calendar, key, gong_str_of(text), &error)) {
            gong_rule_refuse(reader, item, &error);
        }
    }
}

static struct gong_calendar *
find(const struct gong_ruleset *set, const char *name)
{
    for (size_t i = 0; i < set->calendar_count; i++) {
        if (strcmp(set->calendars[i].name, name) == 0) {
            return &set->calendars[i];
        }
    }
    return NULL;
}

static bool
check_name(struct gong_rule_reader *reader, const struct gong_conf_node *node,
           const char *name)
{
    const struct gong_conf_node *child = gong_conf_child(node, "name");

    if (name == NULL || name[0] == '\0' || find(reader->set, name) != NULL) {
        gong_conf_error_in(child == NULL ? node : child, 0, reader->errors,
                           "found %s, expected a name that no other has",
                           name == NULL || name[0] == '\0'
                               ? "no name"
                               : "a second calendar of this name");
        reader->failed = true;
        return false;
    }
    return true;
}

/* The new calendar is of the set from the start, so that it is freed. */
static void
read_calendar(struct gong_rule_reader *reader,
              const struct gong_conf_node *node)
{
    static const char *const lists[] = {"hours", "except", "also", "during"};
    struct gong_ruleset *set = reader->set;
    struct calendar words = {0};
    struct gong_expr_error error = {0};
    struct gong_calendar *calendar = NULL;

    if (!gong_conf_read(node, &table, &words, reader->errors)) {
        reader->failed = true;
    } else if (check_name(reader, node, words.name)) {
        calendar = &set->calendars[set->calendar_count++];
        *calendar = (struct gong_calendar){.name = words.name};
        words.name = NULL;
        if (!gong_calendar_set_zone(calendar, gong_str_of(words.zone),
                                    &error)) {
            gong_rule_refuse(reader, gong_conf_child(node, "zone"), &error);
        }
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
            read_list(reader, node, lists[i], calendar);
        }
    }
    free(words.name);
    free(words.zone);
}

void
gong_rule_read_calendars(struct gong_rule_reader *reader,
                         const struct gong_conf_node *root)
{
    const struct gong_conf_node *list = gong_conf_child(root, "calendars");
    struct gong_ruleset *set = reader->set;
    size_t count = list == NULL ? 0 : gong_conf_count(list);
    struct gong_calendar *larger = NULL;

    if (list == NULL) {
        return;
    }
    if (!gong_conf_is_list(list) ||
        count + set->calendar_count > CALENDARS_MAX) {
        gong_conf_error_in(list, 0, reader->errors,
                           "found no list of at most %d in all files, expected "
                           "calendars = ( { name = \"...\"; ... }, ... );",
                           CALENDARS_MAX);
        reader->failed = true;
        return;
    }
    larger = realloc(set->calendars,
                     (set->calendar_count + count + 1) * sizeof *larger);
    if (larger == NULL) {
        gong_rule_out_of_memory(reader);
        return;
    }
    set->calendars = larger;
    for (size_t i = 0; i < count; i++) {
        read_calendar(reader, gong_conf_at(list, i));
    }
}

void
gong_rule_find_calendars(struct gong_rule_reader *reader)
{
    for (size_t i = 0; i < reader->set->count; i++) {
        struct gong_rule *rule = &reader->set->rules[i];

        if (rule->active == NULL) {
            continue;
        }
        rule->calendar = find(reader->set, rule->active);
        if (rule->calendar == NULL) {
            gong_conf_error_in(gong_conf_child(reader->nodes[i], "active"), 0,
                               reader->errors,
                               "found \"%s\", expected the name of a calendar "
                               "in one of the files",
                               rule->active);
            reader->failed = true;
        }
    }
}
