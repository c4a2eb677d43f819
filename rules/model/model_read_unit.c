/* model_read_unit: units, the codes that they once had, and their tree. */
#include "rules/model/model_read.h"

#include <stdlib.h>
#include <string.h>

#define LEVELS_MAX 16

struct words {
    char *code;
    char *name;
    char *name_en;
    int kind;
    char *parent;
    double lon;
    double lat;
    char *valid;
};

static const char *const kinds[] = {"province",   "commune", "ward",
                                    "department", "service", NULL};

#define FIELD(member) offsetof(struct words, member)
static const struct gong_option options[] = {
    {"code", GONG_OPTION_STRING, FIELD(code), NULL, 0, 0, NULL, "",
     "What topics call <site>: the official code."},
    {"name", GONG_OPTION_STRING, FIELD(name), NULL, 0, 0, NULL, "",
     "For people, with its kind: \"Xã Sơn Hoà\"."},
    {"name_en", GONG_OPTION_STRING, FIELD(name_en), "", 0, 0, NULL, "",
     "The same in English."},
    {"kind", GONG_OPTION_CHOICE, FIELD(kind), NULL, 0, 0, kinds, "",
     "The label kind of its series."},
    {"parent", GONG_OPTION_STRING, FIELD(parent), "", 0, 0, NULL, "",
     "Code of the unit above; one unit of all files has none."},
    {"lon", GONG_OPTION_NUMBER, FIELD(lon), "0", -180, 180, NULL, "degrees",
     "East of Greenwich (WGS 84)."},
    {"lat", GONG_OPTION_NUMBER, FIELD(lat), "0", -90, 90, NULL, "degrees",
     "North of the equator."},
    {"valid", GONG_OPTION_STRING, FIELD(valid), "", 0, 0, NULL, "",
     "First and last day: \"2025-07-01..\"."},
};
static const char *const children[] = {"aliases", "roles", NULL};
const struct gong_option_table gong_model_unit_table = {
    .name = "unit",
    .help = "One element of units.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .children = children,
};

struct alias_words {
    char *code;
    char *name;
    char *valid;
};

#define ALIAS_FIELD(member) offsetof(struct alias_words, member)
static const struct gong_option alias_options[] = {
    {"code", GONG_OPTION_STRING, ALIAS_FIELD(code), NULL, 0, 0, NULL, "",
     "A code that no unit has any more; topics may go on using it."},
    {"name", GONG_OPTION_STRING, ALIAS_FIELD(name), "", 0, 0, NULL, "",
     "What the unit was called then."},
    {"valid", GONG_OPTION_STRING, ALIAS_FIELD(valid), "", 0, 0, NULL, "",
     "When the code was in force: \"..2025-06-30\"."},
};
const struct gong_option_table gong_model_alias_table = {
    .name = "alias",
    .help = "One element of a unit's aliases.",
    .options = alias_options,
    .option_count = sizeof alias_options / sizeof alias_options[0],
};

static void
read_alias(struct gong_model_reader *reader, const struct gong_conf_node *node,
           size_t unit)
{
    struct gong_model *model = reader->model;
    struct alias_words words = {0};
    struct gong_unit_alias *alias = &model->aliases[model->alias_count];

    if (!gong_conf_read(node, &gong_model_alias_table, &words,
                        reader->errors)) {
        reader->failed = true;
    }
    if (words.code != NULL) {
        gong_model_check_name(reader, node, "code", words.code);
        gong_model_check_text(reader, node, "name", words.name, true);
        gong_model_read_valid(reader, node, words.valid, &alias->valid);
        alias->code = words.code;
        alias->name = words.name;
        alias->unit = unit;
        reader->aliases[model->alias_count++] = node;
        words.code = NULL;
        words.name = NULL;
    }
    gong_conf_free(&gong_model_alias_table, &words);
}

static void
read_unit(struct gong_model_reader *reader, const struct gong_conf_node *node)
{
    struct gong_model *model = reader->model;
    struct words words = {0};
    struct gong_unit *unit = &model->units[model->unit_count];
    const struct gong_conf_node *aliases = NULL;

    if (!gong_conf_read(node, &gong_model_unit_table, &words, reader->errors)) {
        reader->failed = true;
    }
    if (words.code != NULL) {
        gong_model_check_name(reader, node, "code", words.code);
        gong_model_check_text(reader, node, "name", words.name, false);
        gong_model_check_text(reader, node, "name_en", words.name_en, true);
        gong_model_check_place(reader, node, &words.lon, &words.lat);
        *unit = (struct gong_unit){.code = words.code,
                                   .name = words.name,
                                   .name_en = words.name_en,
                                   .kind = (enum gong_unit_kind)words.kind,
                                   .parent = model->unit_count,
                                   .lon = words.lon,
                                   .lat = words.lat};
        gong_model_read_valid(reader, node, words.valid, &unit->valid);
        aliases = gong_model_list(reader, node, "aliases");
        for (size_t i = 0; aliases != NULL && i < gong_conf_count(aliases);
             i++) {
            read_alias(reader, gong_conf_at(aliases, i), model->unit_count);
        }
        reader->units[model->unit_count++] = node;
        words.code = NULL;
        words.name = NULL;
        words.name_en = NULL;
    }
    gong_conf_free(&gong_model_unit_table, &words);
}

void
gong_model_read_units(struct gong_model_reader *reader,
                      const struct gong_conf_node *root)
{
    const struct gong_conf_node *list = gong_conf_child(root, "units");

    for (size_t i = 0;
         list != NULL && gong_conf_is_list(list) && i < gong_conf_count(list);
         i++) {
        read_unit(reader, gong_conf_at(list, i));
    }
}

static bool
make_codes(struct gong_model_reader *reader)
{
    struct gong_model *model = reader->model;

    if (!gong_model_keys_make(&model->codes,
                              model->unit_count + model->alias_count)) {
        gong_model_out_of_memory(reader);
        return false;
    }
    for (size_t i = 0; i < model->unit_count; i++) {
        gong_model_keys_add(&model->codes, model->units[i].code, i);
    }
    for (size_t i = 0; i < model->alias_count; i++) {
        gong_model_keys_add(&model->codes, model->aliases[i].code,
                            model->unit_count + i);
    }
    gong_model_keys_sort(&model->codes);
    return true;
}

static void
refuse_twice(struct gong_model_reader *reader)
{
    const struct gong_model *model = reader->model;
    const struct gong_model_keys *codes = &model->codes;

    for (size_t i = 1; i < codes->count; i++) {
        size_t index = codes->items[i].index;
        const struct gong_conf_node *node =
            index < model->unit_count
                ? reader->units[index]
                : reader->aliases[index - model->unit_count];

        if (strcmp(codes->items[i - 1].text, codes->items[i].text) == 0) {
            gong_model_refuse(reader, node, "code", 0,
                              "found the code \"%s\" a second time, expected "
                              "one that no other unit or alias has",
                              codes->items[i].text);
        }
    }
}

/* The root is its own parent. What says no parent and is not the first. */
static void
link_parents(struct gong_model_reader *reader)
{
    struct gong_model *model = reader->model;
    size_t root = GONG_MODEL_NONE;

    for (size_t i = 0; i < model->unit_count; i++) {
        const struct gong_conf_node *parent =
            gong_conf_child(reader->units[i], "parent");
        const char *text = parent == NULL ? NULL : gong_conf_string(parent);
        size_t found = i;

        if (parent != NULL && text == NULL) {
            continue; /* refused */
        }
        if (text != NULL && text[0] != '\0') {
            found = gong_model_refer(reader, parent, text, &model->codes,
                                     "the code of a unit");
        } else if (root == GONG_MODEL_NONE) {
            root = i;
        } else {
            gong_model_refuse(reader, reader->units[i], "parent", 0,
                              "found a second unit without parent, expected "
                              "parent = \"%s\" or another code",
                              model->units[root].code);
        }
        if (found != GONG_MODEL_NONE) {
            model->units[i].parent =
                found < model->unit_count
                    ? found
                    : model->aliases[found - model->unit_count].unit;
        }
    }
}

static void
check_depth(struct gong_model_reader *reader, size_t unit)
{
    const struct gong_unit *units = reader->model->units;
    size_t at = unit;
    bool own = units[unit].parent == unit &&
               gong_conf_child(reader->units[unit], "parent") != NULL;

    for (unsigned i = 0; i < LEVELS_MAX && units[at].parent != at; i++) {
        at = units[at].parent;
    }
    if (own || units[at].parent != at) {
        gong_model_refuse(reader, reader->units[unit], "parent", 0,
                          "found a circle, or more than %d levels above the "
                          "unit, expected a way to the unit without parent",
                          LEVELS_MAX);
    }
}

void
gong_model_link_units(struct gong_model_reader *reader)
{
    bool whole = false;

    if (!make_codes(reader)) {
        return;
    }
    refuse_twice(reader);
    link_parents(reader);
    whole = !reader->failed;
    for (size_t i = 0; whole && i < reader->model->unit_count; i++) {
        check_depth(reader, i);
    }
}
