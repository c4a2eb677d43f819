/* model_read_device: devices, their parameters, whom they concern. */
#include "rules/model/model_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/presence.h"
#include "rules/engine/city.h"

#define PARAM_NAME_MAX 64

struct words {
    char *unit;
    char *name;
    char *label;
    char *label_en;
    double lon;
    double lat;
    gong_dur_t every;
    char *valid;
    char *replaced_by;
    char *moved_to;
};

#define FIELD(member) offsetof(struct words, member)
static const struct gong_option options[] = {
    {"unit", GONG_OPTION_STRING, FIELD(unit), NULL, 0, 0, NULL, "",
     "<site> of its topics: a unit's code, or an alias."},
    {"name", GONG_OPTION_STRING, FIELD(name), NULL, 0, 0, NULL, "",
     "<device> of its topics."},
    {"label", GONG_OPTION_STRING, FIELD(label), "", 0, 0, NULL, "",
     "For people: \"Trạm thuỷ văn Củng Sơn\"."},
    {"label_en", GONG_OPTION_STRING, FIELD(label_en), "", 0, 0, NULL, "",
     "The same in English."},
    {"lon", GONG_OPTION_NUMBER, FIELD(lon), "0", -180, 180, NULL, "degrees",
     "East of Greenwich (WGS 84)."},
    {"lat", GONG_OPTION_NUMBER, FIELD(lat), "0", -90, 90, NULL, "degrees",
     "North of the equator."},
    {"every", GONG_OPTION_DURATION, FIELD(every), "0s", 0,
     (double)GONG_PRESENCE_EVERY, NULL, "",
     "How far apart its samples lie; 0s: not said. A look-back is at least 2.5 "
     "times that."},
    {"valid", GONG_OPTION_STRING, FIELD(valid), "", 0, 0, NULL, "",
     "First and last day on which it is expected: \"2025-07-01..\"."},
    {"replaced_by", GONG_OPTION_STRING, FIELD(replaced_by), "", 0, 0, NULL, "",
     "UNIT/NAME of the device that stands for it since."},
    {"moved_to", GONG_OPTION_STRING, FIELD(moved_to), "", 0, 0, NULL, "",
     "UNIT/NAME that it has since."},
};
static const char *const children[] = {"affects", "params", NULL};
const struct gong_option_table gong_model_device_table = {
    .name = "device",
    .help = "One element of devices.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .children = children,
};

static bool
is_param_name(const char *name)
{
    size_t len = strlen(name);

    return len <= PARAM_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static int
compare_params(const void *a, const void *b)
{
    const struct gong_model_param *x = a;
    const struct gong_model_param *y = b;

    return strcmp(x->name, y->name);
}

/* One parameter, through a table of its own: it has any name. */
static void
read_param(struct gong_model_reader *reader, const struct gong_conf_node *node,
           struct gong_option *option, struct gong_model_device *device)
{
    struct gong_model_param *param = &device->params[device->param_count];
    const char *name = gong_conf_name(node);

    if (strcmp(name, GONG_CITY_EXPECTED) == 0) {
        gong_model_refuse(reader, node, NULL, 0,
                          "found \"%s\", expected another name: that one says "
                          "whether the device is expected",
                          name);
        return;
    }
    if (!is_param_name(name)) {
        gong_model_refuse(reader, node, NULL, 0,
                          "found another name, expected up to %d of a-z, 0-9 "
                          "and _",
                          PARAM_NAME_MAX);
        return;
    }
    param->name = strdup(name);
    if (param->name == NULL) {
        gong_model_out_of_memory(reader);
        return;
    }
    *option = (struct gong_option){
        .name = name,
        .type = GONG_OPTION_NUMBER,
        .offset = device->param_count * sizeof *param +
                  offsetof(struct gong_model_param, value),
    };
    device->param_count++;
}

static void
read_params(struct gong_model_reader *reader, const struct gong_conf_node *node,
            struct gong_model_device *device)
{
    const struct gong_conf_node *group = gong_conf_child(node, "params");
    size_t count = group == NULL ? 0 : gong_conf_count(group);
    struct gong_option *numbers = NULL;
    struct gong_option_table table = {.name = "params"};

    if (group == NULL) {
        return;
    }
    if (!gong_conf_is_group(group) || count > GONG_MODEL_ENTRIES_MAX) {
        gong_model_refuse(reader, node, "params", 0,
                          "found no group of at most %d, expected params = { "
                          "name = 1.5; };",
                          GONG_MODEL_ENTRIES_MAX);
        return;
    }
    numbers = calloc(count + 1, sizeof *numbers);
    device->params = calloc(count + 1, sizeof *device->params);
    if (numbers == NULL || device->params == NULL) {
        free(numbers);
        gong_model_out_of_memory(reader);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        read_param(reader, gong_conf_at(group, i),
                   &numbers[device->param_count], device);
    }
    table.options = numbers;
    table.option_count = device->param_count;
    if (device->param_count == count &&
        !gong_conf_read(group, &table, device->params, reader->errors)) {
        reader->failed = true;
    }
    free(numbers);
    if (device->param_count > 1) {
        qsort(device->params, device->param_count, sizeof *device->params,
              compare_params);
    }
}

static void
check_device(struct gong_model_reader *reader,
             const struct gong_conf_node *node, struct words *words,
             struct gong_model_device *device)
{
    bool replaced = words->replaced_by != NULL && words->replaced_by[0] != '\0';
    bool moved = words->moved_to != NULL && words->moved_to[0] != '\0';

    gong_model_check_name(reader, node, "unit", words->unit);
    gong_model_check_name(reader, node, "name", words->name);
    gong_model_check_text(reader, node, "label", words->label, true);
    gong_model_check_text(reader, node, "label_en", words->label_en, true);
    gong_model_check_place(reader, node, &words->lon, &words->lat);
    gong_model_read_valid(reader, node, words->valid, &device->valid);
    if (replaced && moved) {
        gong_model_refuse(reader, node, "moved_to", 0,
                          "found moved_to beside replaced_by, expected one of "
                          "them");
    } else if ((replaced || moved) && device->valid.until == INT64_MAX) {
        gong_model_refuse(reader, node, moved ? "moved_to" : "replaced_by", 0,
                          "found no last day, expected valid = \"..DATE\" "
                          "where a device was replaced or moved");
    }
    device->moved = moved;
}

static void
read_device(struct gong_model_reader *reader, const struct gong_conf_node *node)
{
    struct gong_model *model = reader->model;
    struct gong_model_device *device = &model->devices[model->device_count];
    struct words words = {0};

    if (!gong_conf_read(node, &gong_model_device_table, &words,
                        reader->errors)) {
        reader->failed = true;
    }
    if (words.unit != NULL && words.name != NULL) {
        check_device(reader, node, &words, device);
        device->site = words.unit;
        device->name = words.name;
        device->label = words.label;
        device->label_en = words.label_en;
        device->lon = words.lon;
        device->lat = words.lat;
        device->every_ms = words.every.ns / GONG_NS_PER_MS;
        device->successor = GONG_MODEL_NONE;
        read_params(reader, node, device);
        reader->devices[model->device_count++] = node;
        words.unit = NULL;
        words.name = NULL;
        words.label = NULL;
        words.label_en = NULL;
    }
    gong_conf_free(&gong_model_device_table, &words);
}

void
gong_model_read_devices(struct gong_model_reader *reader,
                        const struct gong_conf_node *root)
{
    const struct gong_conf_node *list = gong_conf_child(root, "devices");

    for (size_t i = 0;
         list != NULL && gong_conf_is_list(list) && i < gong_conf_count(list);
         i++) {
        read_device(reader, gong_conf_at(list, i));
    }
}

/* Index of the unit that a code stands for now. */
static size_t
unit_of(struct gong_model_reader *reader, const struct gong_conf_node *node,
        const char *text)
{
    const struct gong_model *model = reader->model;
    size_t found = gong_model_refer(reader, node, text, &model->codes,
                                    "the code of a unit");

    return found == GONG_MODEL_NONE || found < model->unit_count
               ? found
               : model->aliases[found - model->unit_count].unit;
}

static bool
has_unit(const struct gong_model_device *device, size_t unit)
{
    for (size_t i = 0; i < device->affects_count; i++) {
        if (device->affects[i] == unit) {
            return true;
        }
    }
    return false;
}

static void
link_affects(struct gong_model_reader *reader,
             const struct gong_conf_node *node,
             struct gong_model_device *device)
{
    const struct gong_conf_node *list =
        gong_model_list(reader, node, "affects");
    size_t count = list == NULL ? 0 : gong_conf_count(list);

    device->affects = calloc(count + 1, sizeof *device->affects);
    if (device->affects == NULL) {
        gong_model_out_of_memory(reader);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct gong_conf_node *item = gong_conf_at(list, i);
        const char *text = gong_conf_string(item);
        size_t unit =
            text == NULL ? GONG_MODEL_NONE : unit_of(reader, item, text);

        if (text == NULL) {
            gong_model_refuse(reader, item, NULL, 0,
                              "found another type, expected the code of a unit "
                              "in \"quotes\"");
        } else if (unit != GONG_MODEL_NONE && has_unit(device, unit)) {
            gong_model_refuse(reader, item, NULL, 0,
                              "found the unit \"%s\" a second time, expected "
                              "each once",
                              text);
        } else if (unit != GONG_MODEL_NONE) {
            device->affects[device->affects_count++] = unit;
        }
    }
}

/* UNIT/NAME as it stands in another entry. */
static void
link_successor(struct gong_model_reader *reader,
               const struct gong_conf_node *node,
               struct gong_model_device *device)
{
    const char *key = device->moved ? "moved_to" : "replaced_by";
    const struct gong_conf_node *child = gong_conf_child(node, key);
    const char *text = child == NULL ? NULL : gong_conf_string(child);
    const char *slash = text == NULL ? NULL : strchr(text, '/');
    const struct gong_model_device *other = NULL;

    if (text == NULL || text[0] == '\0') {
        return;
    }
    if (slash != NULL) {
        other = gong_model_device(reader->model,
                                  gong_str_from(text, (size_t)(slash - text)),
                                  gong_str_of(slash + 1));
    }
    if (other == NULL || other == device) {
        gong_model_refuse(reader, node, key, 0,
                          "found %s, expected UNIT/NAME of another device of "
                          "the model",
                          other == device ? "the device itself"
                                          : "no such device");
        return;
    }
    device->successor = (size_t)(other - reader->model->devices);
}

static void
refuse_twice(struct gong_model_reader *reader)
{
    const struct gong_model *model = reader->model;

    for (size_t i = 1; i < model->device_count; i++) {
        const struct gong_model_device *a = &model->devices[model->by_place[i]];
        const struct gong_model_device *b =
            &model->devices[model->by_place[i - 1]];

        if (strcmp(a->site, b->site) == 0 && strcmp(a->name, b->name) == 0) {
            gong_model_refuse(reader, reader->devices[model->by_place[i]],
                              "name", 0,
                              "found the device %s/%s a second time, expected "
                              "each once",
                              a->site, a->name);
        }
    }
}

void
gong_model_link_devices(struct gong_model_reader *reader)
{
    struct gong_model *model = reader->model;

    for (size_t i = 0; i < model->device_count; i++) {
        const struct gong_conf_node *node = reader->devices[i];
        struct gong_model_device *device = &model->devices[i];

        device->unit =
            unit_of(reader, gong_conf_child(node, "unit"), device->site);
        link_affects(reader, node, device);
    }
    if (!gong_model_places_make(model)) {
        gong_model_out_of_memory(reader);
        return;
    }
    refuse_twice(reader);
    for (size_t i = 0; i < model->device_count; i++) {
        link_successor(reader, reader->devices[i], &model->devices[i]);
    }
}
