#include "rules/model/model.h"

#include <stdlib.h>

#include "rules/model/model_private.h"

const char *
gong_unit_kind_text(enum gong_unit_kind kind)
{
    switch (kind) {
    case GONG_UNIT_PROVINCE:
        return "province";
    case GONG_UNIT_COMMUNE:
        return "commune";
    case GONG_UNIT_WARD:
        return "ward";
    case GONG_UNIT_DEPARTMENT:
        return "department";
    case GONG_UNIT_SERVICE:
        return "service";
    }
    return "unknown";
}

static void
free_units(struct gong_model *model)
{
    for (size_t i = 0; i < model->unit_count; i++) {
        free(model->units[i].code);
        free(model->units[i].name);
        free(model->units[i].name_en);
    }
    for (size_t i = 0; i < model->alias_count; i++) {
        free(model->aliases[i].code);
        free(model->aliases[i].name);
    }
    free(model->units);
    free(model->aliases);
}

static void
free_people(struct gong_model *model)
{
    for (size_t i = 0; i < model->contact_count; i++) {
        struct gong_contact *contact = &model->contacts[i];

        for (size_t r = 0; r < contact->reach_count; r++) {
            free(contact->reaches[r].channel);
            free(contact->reaches[r].address);
        }
        free(contact->reaches);
        free(contact->id);
        free(contact->name);
    }
    for (size_t i = 0; i < model->duty_count; i++) {
        gong_duty_fini(&model->duties[i]);
    }
    for (size_t i = 0; i < model->role_count; i++) {
        free(model->roles[i].name);
        free(model->roles[i].holders);
    }
    free(model->contacts);
    free(model->duties);
    free(model->roles);
}

static void
free_devices(struct gong_model *model)
{
    for (size_t i = 0; i < model->device_count; i++) {
        struct gong_model_device *device = &model->devices[i];

        for (size_t p = 0; p < device->param_count; p++) {
            free(device->params[p].name);
        }
        free(device->params);
        free(device->affects);
        free(device->site);
        free(device->name);
        free(device->label);
        free(device->label_en);
    }
    free(model->devices);
    free(model->by_place);
}

void
gong_model_free(struct gong_model *model)
{
    if (model == NULL) {
        return;
    }
    free_units(model);
    free_people(model);
    free_devices(model);
    free(model->codes.items);
    free(model->contact_ids.items);
    free(model);
}

size_t
gong_model_unit_count(const struct gong_model *model)
{
    return model->unit_count;
}

const struct gong_unit *
gong_model_unit_at(const struct gong_model *model, size_t index)
{
    return &model->units[index];
}

const struct gong_unit *
gong_model_unit(const struct gong_model *model, struct gong_str code)
{
    size_t found = gong_model_keys_find(&model->codes, code);

    if (found == GONG_MODEL_NONE) {
        return NULL;
    }
    return &model->units[found < model->unit_count
                             ? found
                             : model->aliases[found - model->unit_count].unit];
}

size_t
gong_model_unit_index(const struct gong_model *model,
                      const struct gong_unit *unit)
{
    return (size_t)(unit - model->units);
}

size_t
gong_model_alias_count(const struct gong_model *model)
{
    return model->alias_count;
}

const struct gong_unit_alias *
gong_model_alias_at(const struct gong_model *model, size_t index)
{
    return &model->aliases[index];
}

bool
gong_model_under(const struct gong_model *model, const struct gong_unit *unit,
                 const struct gong_unit *root)
{
    while (unit != root) {
        const struct gong_unit *parent = &model->units[unit->parent];

        if (parent == unit) {
            return false;
        }
        unit = parent;
    }
    return true;
}

size_t
gong_model_device_count(const struct gong_model *model)
{
    return model->device_count;
}

const struct gong_model_device *
gong_model_device_at(const struct gong_model *model, size_t index)
{
    return &model->devices[index];
}

size_t
gong_model_contact_count(const struct gong_model *model)
{
    return model->contact_count;
}

const struct gong_contact *
gong_model_contact_at(const struct gong_model *model, size_t index)
{
    return &model->contacts[index];
}

const struct gong_contact *
gong_model_contact(const struct gong_model *model, struct gong_str id)
{
    size_t found = gong_model_keys_find(&model->contact_ids, id);

    return found < model->contact_count ? &model->contacts[found] : NULL;
}

int64_t
gong_model_zone_ms(const struct gong_model *model)
{
    return model->zone_ms;
}
