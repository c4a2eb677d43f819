/* A small city for the desk's tests: rules/model/model.h without its files.
 *
 *   66 -+- 22015 (once 22016 too; has the device gauge, which affects 22018,
 *       |- 22018  22020 and itself)
 *       '- 22020
 */
#include "tests/unit/desk_model.h"

#include <string.h>

struct gong_model {
    int merged;
};

static char root_code[] = "66";
static char one_code[] = "22015";
static char two_code[] = "22018";
static char three_code[] = "22020";
static char name[] = "name";
static const struct gong_unit units[] = {
    {root_code, name, name, GONG_UNIT_PROVINCE, 0, 0, 0, {0, 0}},
    {one_code, name, name, GONG_UNIT_COMMUNE, 0, 0, 0, {0, 0}},
    {two_code, name, name, GONG_UNIT_COMMUNE, 0, 0, 0, {0, 0}},
    {three_code, name, name, GONG_UNIT_WARD, 0, 0, 0, {0, 0}},
};
static size_t affects[] = {2, 3, 1, 2};
static const struct gong_model_device gauge = {
    .unit = 1, .name = name, .affects = affects, .affects_count = 4};

static const struct gong_model_device moved = {.unit = 2, .name = name};

static struct gong_model plain;
static struct gong_model merged = {1};

struct gong_model *
desk_model(void)
{
    return &plain;
}

struct gong_model *
desk_model_merged(void)
{
    return &merged;
}

int64_t
gong_model_zone_ms(const struct gong_model *model)
{
    (void)model;
    return INT64_C(25200000);
}

size_t
gong_model_unit_count(const struct gong_model *model)
{
    (void)model;
    return sizeof units / sizeof units[0];
}

const struct gong_unit *
gong_model_unit_at(const struct gong_model *model, size_t index)
{
    (void)model;
    return &units[index];
}

size_t
gong_model_unit_index(const struct gong_model *model,
                      const struct gong_unit *unit)
{
    (void)model;
    return (size_t)(unit - units);
}

size_t
gong_model_alias_count(const struct gong_model *model)
{
    return model->merged ? 2 : 1;
}

const struct gong_unit_alias *
gong_model_alias_at(const struct gong_model *model, size_t index)
{
    static const struct gong_unit_alias aliases[] = {{.unit = 1}, {.unit = 2}};

    (void)model;
    return &aliases[index];
}

const struct gong_unit *
gong_model_unit(const struct gong_model *model, struct gong_str code)
{
    if (gong_str_is(code, "22016")) {
        return &units[1];
    }
    if (model->merged && gong_str_is(code, "22020")) {
        return &units[2];
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (gong_str_is(code, units[i].code)) {
            return &units[i];
        }
    }
    return NULL;
}

const struct gong_model_device *
gong_model_device(const struct gong_model *model, struct gong_str site,
                  struct gong_str device)
{
    (void)model;
    if (gong_str_is(site, "22016") && gong_str_is(device, "moved")) {
        return &moved;
    }
    return gong_str_is(site, "22015") && gong_str_is(device, "gauge") ? &gauge
                                                                      : NULL;
}
