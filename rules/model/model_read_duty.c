/* model_read_duty: a duty list's shifts. */
#include "rules/model/model_read.h"

#include <stdlib.h>
#include <string.h>

struct words {
    char *id;
};

static const struct gong_option options[] = {
    {"id", GONG_OPTION_STRING, offsetof(struct words, id), NULL, 0, 0, NULL, "",
     "What roles call it; no contact has it too."},
};
static const char *const children[] = {"shifts", NULL};
const struct gong_option_table gong_model_duty_table = {
    .name = "duty",
    .help = "One element of duties: who is on duty when.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .children = children,
};

struct shift_words {
    struct gong_strings contacts;
    struct gong_strings hours;
    struct gong_strings except;
    struct gong_strings also;
    struct gong_strings during;
    char *weekly_from;
};

#define SHIFT_FIELD(member) offsetof(struct shift_words, member)
static const struct gong_option shift_options[] = {
    {"contacts", GONG_OPTION_STRINGS, SHIFT_FIELD(contacts), NULL, 0, 0, NULL,
     "", "Ids of contacts: all of them, or with weekly_from one at a time."},
    {"hours", GONG_OPTION_STRINGS, SHIFT_FIELD(hours), "", 0, 0, NULL, "",
     "As in calendars: \"mon-fri 07:00-17:00\"; none: at any time."},
    {"except", GONG_OPTION_STRINGS, SHIFT_FIELD(except), "", 0, 0, NULL, "",
     "Dates on which the hours do not count."},
    {"also", GONG_OPTION_STRINGS, SHIFT_FIELD(also), "", 0, 0, NULL, "",
     "Dates, with times or without, that count beside the hours."},
    {"during", GONG_OPTION_STRINGS, SHIFT_FIELD(during), "", 0, 0, NULL, "",
     "Dates outside of which nothing counts."},
    {"weekly_from", GONG_OPTION_STRING, SHIFT_FIELD(weekly_from), "", 0, 0,
     NULL, "",
     "The day from which the first contact has a week, then the second, and "
     "so on, round and round."},
};
const struct gong_option_table gong_model_shift_table = {
    .name = "shift",
    .help = "One element of a duty list's shifts.",
    .options = shift_options,
    .option_count = sizeof shift_options / sizeof shift_options[0],
};

/* One text of one of a shift's lists. */
static bool
add_text(struct gong_calendar *hours, const char *key, struct gong_str text,
         struct gong_expr_error *error)
{
    if (strcmp(key, "hours") == 0) {
        return gong_calendar_add_hours(hours, text, error);
    }
    if (strcmp(key, "also") == 0) {
        return gong_calendar_add_dates(&hours->also, true, text, error);
    }
    return gong_calendar_add_dates(strcmp(key, "except") == 0 ? &hours->except
                                                              : &hours->during,
                                   false, text, error);
}

static void
read_hours(struct gong_model_reader *reader, const struct gong_conf_node *node,
           struct gong_calendar *hours)
{
    static const char *const keys[] = {"hours", "except", "also", "during"};

    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        const struct gong_conf_node *list = gong_conf_child(node, keys[k]);
        size_t count = list == NULL ? 0 : gong_conf_count(list);

        for (size_t i = 0; i < count; i++) {
            const struct gong_conf_node *item = gong_conf_at(list, i);
            const char *text = gong_conf_string(item);
            struct gong_expr_error error = {0, ""};

            if (text != NULL &&
                !add_text(hours, keys[k], gong_str_of(text), &error)) {
                gong_model_refuse(reader, item, NULL, 0, "%s", error.message);
            }
        }
    }
}

static void
read_week(struct gong_model_reader *reader, const struct gong_conf_node *node,
          const char *text, struct gong_shift *shift)
{
    struct gong_calendar_list list = {0};
    struct gong_expr_error error = {0, ""};

    if (text == NULL || text[0] == '\0') {
        return;
    }
    if (strlen(text) > 10) {
        gong_model_refuse(reader, node, "weekly_from", 0,
                          "found more, expected a date such as 2026-04-30");
    } else if (!gong_calendar_add_dates(&list, false, gong_str_of(text),
                                        &error)) {
        gong_model_refuse(reader, node, "weekly_from", error.at, "%s",
                          error.message);
    } else {
        shift->weekly = true;
        shift->from_day = list.items[0].first;
    }
    free(list.items);
}

static void
read_shift(struct gong_model_reader *reader, const struct gong_conf_node *node,
           struct gong_shift *shift)
{
    struct shift_words words = {0};

    if (!gong_conf_read(node, &gong_model_shift_table, &words,
                        reader->errors)) {
        reader->failed = true;
    } else {
        shift->hours.zone_ms = reader->model->zone_ms;
        read_hours(reader, node, &shift->hours);
        read_week(reader, node, words.weekly_from, shift);
    }
    gong_conf_free(&gong_model_shift_table, &words);
}

static void
read_shifts(struct gong_model_reader *reader, const struct gong_conf_node *node,
            struct gong_duty *duty)
{
    const struct gong_conf_node *list = gong_model_list(reader, node, "shifts");
    size_t count = list == NULL ? 0 : gong_conf_count(list);

    if (count == 0) {
        gong_model_refuse(reader, node, "shifts", 0,
                          "found no shifts, expected shifts = ( { contacts = "
                          "[\"...\"]; hours = [\"...\"]; } );");
        return;
    }
    duty->shifts = calloc(count, sizeof *duty->shifts);
    if (duty->shifts == NULL) {
        gong_model_out_of_memory(reader);
        return;
    }
    for (; duty->shift_count < count; duty->shift_count++) {
        read_shift(reader, gong_conf_at(list, duty->shift_count),
                   &duty->shifts[duty->shift_count]);
    }
}

void
gong_model_read_duty(struct gong_model_reader *reader,
                     const struct gong_conf_node *node)
{
    struct gong_model *model = reader->model;
    struct gong_duty *duty = &model->duties[model->duty_count];
    struct words words = {0};

    if (!gong_conf_read(node, &gong_model_duty_table, &words, reader->errors)) {
        reader->failed = true;
    }
    if (words.id != NULL) {
        gong_model_check_name(reader, node, "id", words.id);
        *duty = (struct gong_duty){.id = words.id};
        read_shifts(reader, node, duty);
        reader->duties[model->duty_count++] = node;
        words.id = NULL;
    }
    gong_conf_free(&gong_model_duty_table, &words);
}

static void
link_shift(struct gong_model_reader *reader, const struct gong_conf_node *node,
           struct gong_shift *shift)
{
    const struct gong_model *model = reader->model;
    const struct gong_conf_node *list = gong_conf_child(node, "contacts");
    size_t count =
        list == NULL || !gong_conf_is_list(list) ? 0 : gong_conf_count(list);

    if (list != NULL && (count == 0 || count > GONG_MODEL_ENTRIES_MAX)) {
        gong_model_refuse(reader, node, "contacts", 0,
                          "found no list of 1 to %d, expected contacts = "
                          "[\"id of a contact\", ...];",
                          GONG_MODEL_ENTRIES_MAX);
        return;
    }
    shift->contacts = calloc(count + 1, sizeof *shift->contacts);
    if (shift->contacts == NULL) {
        gong_model_out_of_memory(reader);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct gong_conf_node *item = gong_conf_at(list, i);
        const char *text = gong_conf_string(item);
        size_t found = text == NULL ? GONG_MODEL_NONE
                                    : gong_model_refer(reader, item, text,
                                                       &model->contact_ids,
                                                       "the id of a contact");

        if (found != GONG_MODEL_NONE && found >= model->contact_count) {
            gong_model_refuse(reader, item, NULL, 0,
                              "found the duty list \"%s\", expected the id of "
                              "a contact",
                              text);
        } else if (found != GONG_MODEL_NONE) {
            shift->contacts[shift->contact_count++] = found;
        }
    }
}

void
gong_model_link_duty(struct gong_model_reader *reader, size_t index)
{
    struct gong_duty *duty = &reader->model->duties[index];
    const struct gong_conf_node *list =
        gong_conf_child(reader->duties[index], "shifts");

    for (size_t i = 0; i < duty->shift_count; i++) {
        link_shift(reader, gong_conf_at(list, i), &duty->shifts[i]);
    }
}
