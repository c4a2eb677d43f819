#include "rules/calendar_read.h"

#include <stdlib.h>
#include <string.h>

struct words {
    char *name;
    char *zone;
};

#define FIELD(member) offsetof(struct words, member)
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

static bool
refuse(const struct gong_conf_node *node, const struct gong_expr_error *error,
       struct gong_conf_errors *errors)
{
    gong_conf_error_in(node, error->at, errors, "%s", error->message);
    errors->no_memory |= error->no_memory;
    return false;
}

static bool
read_list(const struct gong_conf_node *node, const char *key,
          struct gong_calendar *calendar, struct gong_conf_errors *errors)
{
    const struct gong_conf_node *list = gong_conf_child(node, key);
    bool ok = true;

    if (list == NULL) {
        return true;
    }
    if (!gong_conf_is_list(list)) {
        gong_conf_error_in(list, 0, errors,
                           "found no list, expected %s = ( \"...\", ... );",
                           key);
        return false;
    }
    for (size_t i = 0; i < gong_conf_count(list); i++) {
        const struct gong_conf_node *item = gong_conf_at(list, i);
        const char *text = gong_conf_string(item);
        struct gong_expr_error error = {
            .message = "found another type, expected text in \"quotes\""};

        if (text == NULL ||
            !add_text(calendar, key, gong_str_of(text), &error)) {
            ok = refuse(item, &error, errors);
        }
    }
    return ok;
}

const struct gong_calendar *
gong_calendar_find(const struct gong_calendar *list, size_t count,
                   const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

bool
gong_calendar_read(const struct gong_conf_node *node,
                   const struct gong_calendar *others, size_t count,
                   struct gong_calendar *out, struct gong_conf_errors *errors)
{
    static const char *const lists[] = {"hours", "except", "also", "during"};
    struct words words = {0};
    struct gong_expr_error error = {0};
    bool ok = gong_conf_read(node, &table, &words, errors);

    if (ok && (words.name[0] == '\0' ||
               gong_calendar_find(others, count, words.name) != NULL)) {
        gong_conf_error_in(gong_conf_child(node, "name"), 0, errors,
                           "found %s, expected a name that no other has",
                           words.name[0] == '\0'
                               ? "no name"
                               : "a second calendar of this name");
        ok = false;
    }
    if (ok) {
        out->name = words.name;
        words.name = NULL;
        if (!gong_calendar_set_zone(out, gong_str_of(words.zone), &error)) {
            ok = refuse(gong_conf_child(node, "zone"), &error, errors);
        }
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
            ok = read_list(node, lists[i], out, errors) && ok;
        }
    }
    free(words.name);
    free(words.zone);
    return ok;
}
