/* model_read_people: contacts, duty lists, and who holds a unit's roles. */
#include "rules/model/model_read.h"

#include <stdlib.h>
#include <string.h>

struct contact_words {
    char *id;
    char *name;
};

#define CONTACT_FIELD(member) offsetof(struct contact_words, member)
static const struct gong_option contact_options[] = {
    {"id", GONG_OPTION_STRING, CONTACT_FIELD(id), NULL, 0, 0, NULL, "",
     "What roles and shifts call it; no duty list has it too."},
    {"name", GONG_OPTION_STRING, CONTACT_FIELD(name), NULL, 0, 0, NULL, "",
     "The post, for people: \"Trực ban xã Sơn Hoà\"."},
};
static const char *const contact_children[] = {"reaches", NULL};
const struct gong_option_table gong_model_contact_table = {
    .name = "contact",
    .help = "One element of contacts: a post, not the person who holds it.",
    .options = contact_options,
    .option_count = sizeof contact_options / sizeof contact_options[0],
    .children = contact_children,
};

#define REACH_FIELD(member) offsetof(struct gong_reach, member)
static const struct gong_option reach_options[] = {
    {"channel", GONG_OPTION_STRING, REACH_FIELD(channel), NULL, 0, 0, NULL, "",
     "Name of a channel in the agent's configuration."},
    {"address", GONG_OPTION_STRING, REACH_FIELD(address), NULL, 0, 0, NULL, "",
     "The address there: e-mail, chat id, phone."},
};
const struct gong_option_table gong_model_reach_table = {
    .name = "reach",
    .help = "One element of a contact's reaches, tried first to last until one "
            "succeeds.",
    .options = reach_options,
    .option_count = sizeof reach_options / sizeof reach_options[0],
};

static void
read_reaches(struct gong_model_reader *reader,
             const struct gong_conf_node *node, struct gong_contact *contact)
{
    const struct gong_conf_node *list =
        gong_model_list(reader, node, "reaches");
    size_t count = list == NULL ? 0 : gong_conf_count(list);

    if (count == 0) {
        gong_model_refuse(reader, node, "reaches", 0,
                          "found no way to reach %s, expected reaches = "
                          "( { channel = \"...\"; address = \"...\"; } );",
                          contact->id);
        return;
    }
    contact->reaches = calloc(count, sizeof *contact->reaches);
    if (contact->reaches == NULL) {
        gong_model_out_of_memory(reader);
        return;
    }
    for (; contact->reach_count < count; contact->reach_count++) {
        const struct gong_conf_node *item =
            gong_conf_at(list, contact->reach_count);
        struct gong_reach *reach = &contact->reaches[contact->reach_count];

        if (!gong_conf_read(item, &gong_model_reach_table, reach,
                            reader->errors)) {
            reader->failed = true;
        }
        gong_model_check_text(reader, item, "channel", reach->channel, false);
        gong_model_check_text(reader, item, "address", reach->address, false);
    }
}

static void
read_contact(struct gong_model_reader *reader,
             const struct gong_conf_node *node)
{
    struct gong_model *model = reader->model;
    struct gong_contact *contact = &model->contacts[model->contact_count];
    struct contact_words words = {0};

    if (!gong_conf_read(node, &gong_model_contact_table, &words,
                        reader->errors)) {
        reader->failed = true;
    }
    if (words.id != NULL) {
        gong_model_check_name(reader, node, "id", words.id);
        gong_model_check_text(reader, node, "name", words.name, false);
        *contact = (struct gong_contact){.id = words.id, .name = words.name};
        read_reaches(reader, node, contact);
        reader->contacts[model->contact_count++] = node;
        words = (struct contact_words){0};
    }
    gong_conf_free(&gong_model_contact_table, &words);
}

void
gong_model_read_people(struct gong_model_reader *reader,
                       const struct gong_conf_node *root)
{
    const struct gong_conf_node *contacts = gong_conf_child(root, "contacts");
    const struct gong_conf_node *duties = gong_conf_child(root, "duties");

    for (size_t i = 0; contacts != NULL && gong_conf_is_list(contacts) &&
                       i < gong_conf_count(contacts);
         i++) {
        read_contact(reader, gong_conf_at(contacts, i));
    }
    for (size_t i = 0; duties != NULL && gong_conf_is_list(duties) &&
                       i < gong_conf_count(duties);
         i++) {
        gong_model_read_duty(reader, gong_conf_at(duties, i));
    }
}

static void
refuse_twice(struct gong_model_reader *reader)
{
    const struct gong_model *model = reader->model;
    const struct gong_model_keys *ids = &model->contact_ids;

    for (size_t i = 1; i < ids->count; i++) {
        size_t index = ids->items[i].index;
        const struct gong_conf_node *node =
            index < model->contact_count
                ? reader->contacts[index]
                : reader->duties[index - model->contact_count];

        if (strcmp(ids->items[i - 1].text, ids->items[i].text) == 0) {
            gong_model_refuse(reader, node, "id", 0,
                              "found the id \"%s\" a second time, expected one "
                              "that no other contact or duty list has",
                              ids->items[i].text);
        }
    }
}

void
gong_model_link_people(struct gong_model_reader *reader)
{
    struct gong_model *model = reader->model;

    if (!gong_model_keys_make(&model->contact_ids,
                              model->contact_count + model->duty_count)) {
        gong_model_out_of_memory(reader);
        return;
    }
    for (size_t i = 0; i < model->contact_count; i++) {
        gong_model_keys_add(&model->contact_ids, model->contacts[i].id, i);
    }
    for (size_t i = 0; i < model->duty_count; i++) {
        gong_model_keys_add(&model->contact_ids, model->duties[i].id,
                            model->contact_count + i);
    }
    gong_model_keys_sort(&model->contact_ids);
    refuse_twice(reader);
    for (size_t i = 0; i < model->duty_count; i++) {
        gong_model_link_duty(reader, i);
    }
}

static void
read_holders(struct gong_model_reader *reader,
             const struct gong_conf_node *list, struct gong_role *role)
{
    const struct gong_model *model = reader->model;
    size_t count = gong_conf_count(list);

    role->holders = calloc(count + 1, sizeof *role->holders);
    if (role->holders == NULL) {
        gong_model_out_of_memory(reader);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct gong_conf_node *item = gong_conf_at(list, i);
        const char *text = gong_conf_string(item);
        size_t found = GONG_MODEL_NONE;

        if (text == NULL) {
            gong_model_refuse(reader, item, NULL, 0,
                              "found another type, expected the id of a "
                              "contact or duty list in \"quotes\"");
        } else {
            found = gong_model_refer(reader, item, text, &model->contact_ids,
                                     "the id of a contact or duty list");
        }
        if (found != GONG_MODEL_NONE) {
            bool duty = found >= model->contact_count;

            role->holders[role->holder_count++] = (struct gong_holder){
                duty, duty ? found - model->contact_count : found};
        }
    }
}

/* The new role is the model's from the start, so that it is freed. */
static void
read_role(struct gong_model_reader *reader, const struct gong_conf_node *list,
          size_t unit)
{
    struct gong_model *model = reader->model;
    struct gong_role *role = NULL;

    if (!gong_conf_is_list(list) || gong_conf_count(list) == 0 ||
        gong_conf_count(list) > GONG_MODEL_ENTRIES_MAX) {
        gong_model_refuse(reader, list, NULL, 0,
                          "found no list of 1 to %d, expected %s = "
                          "[\"id of a contact or duty list\", ...];",
                          GONG_MODEL_ENTRIES_MAX, gong_conf_name(list));
        return;
    }
    role = &model->roles[model->role_count++];
    role->unit = unit;
    role->name = strdup(gong_conf_name(list));
    if (role->name == NULL) {
        gong_model_out_of_memory(reader);
    }
    read_holders(reader, list, role);
}

/* A unit's child roles; how many it has where it is a group. */
static size_t
role_count(const struct gong_conf_node *unit)
{
    const struct gong_conf_node *roles = gong_conf_child(unit, "roles");

    return roles == NULL || !gong_conf_is_group(roles) ? 0
                                                       : gong_conf_count(roles);
}

void
gong_model_link_roles(struct gong_model_reader *reader)
{
    struct gong_model *model = reader->model;
    size_t total = 0;

    for (size_t i = 0; i < model->unit_count; i++) {
        const struct gong_conf_node *roles =
            gong_conf_child(reader->units[i], "roles");

        if (roles != NULL && !gong_conf_is_group(roles)) {
            gong_model_refuse(reader, reader->units[i], "roles", 0,
                              "found no group, expected roles = { duty = "
                              "[\"...\"]; };");
        }
        total += role_count(reader->units[i]);
    }
    model->roles = calloc(total + 1, sizeof *model->roles);
    if (model->roles == NULL) {
        gong_model_out_of_memory(reader);
        return;
    }
    for (size_t i = 0; i < model->unit_count; i++) {
        const struct gong_conf_node *roles =
            gong_conf_child(reader->units[i], "roles");

        for (size_t r = 0; r < role_count(reader->units[i]); r++) {
            read_role(reader, gong_conf_at(roles, r), i);
        }
    }
    if (!reader->failed) {
        gong_model_sort_roles(model);
    }
}
