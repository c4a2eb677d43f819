#include "rules/rule_file_calendar.h"

#include <stdlib.h>

#include "rules/calendar_read.h"
#include "rules/rule_file_text.h"

#define CALENDARS_MAX 1000

/* The new calendar is of the set from the start, so that it is freed. One that
 * has no name is not: others are found by theirs. */
static void
read_calendar(struct gong_rule_reader *reader,
              const struct gong_conf_node *node)
{
    struct gong_ruleset *set = reader->set;
    struct gong_calendar *calendar = &set->calendars[set->calendar_count];

    *calendar = (struct gong_calendar){0};
    if (!gong_calendar_read(node, set->calendars, set->calendar_count, calendar,
                            reader->errors)) {
        reader->failed = true;
    }
    set->calendar_count += calendar->name != NULL ? 1 : 0;
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
        rule->calendar = gong_calendar_find(
            reader->set->calendars, reader->set->calendar_count, rule->active);
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
