#include "agent/api/api_city.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

struct gong_api_city_model {
    pthread_mutex_t lock;
    const struct gong_model *model;
};

static bool
under(void *ctx, struct gong_str unit, struct gong_str root)
{
    struct gong_api_city_model *city = ctx;
    const struct gong_unit *below, *above;
    bool yes;

    (void)pthread_mutex_lock(&city->lock);
    below = gong_model_unit(city->model, unit);
    above = gong_model_unit(city->model, root);
    yes = below != NULL && above != NULL
              ? gong_model_under(city->model, below, above)
              : gong_str_equal(unit, root);
    (void)pthread_mutex_unlock(&city->lock);
    return yes;
}

static bool
affects_under(const struct gong_model *model,
              const struct gong_model_device *device,
              const struct gong_unit *above)
{
    for (size_t i = 0; i < device->affects_count; i++) {
        if (gong_model_under(
                model, gong_model_unit_at(model, device->affects[i]), above)) {
            return true;
        }
    }
    return false;
}

static bool
affects(void *ctx, struct gong_str site, struct gong_str name,
        struct gong_str root)
{
    struct gong_api_city_model *city = ctx;
    const struct gong_model_device *device;
    const struct gong_unit *above;
    bool yes;

    (void)pthread_mutex_lock(&city->lock);
    device = gong_model_device(city->model, site, name);
    above = gong_model_unit(city->model, root);
    yes = device != NULL && above != NULL &&
          affects_under(city->model, device, above);
    (void)pthread_mutex_unlock(&city->lock);
    return yes;
}

static json_t *
degrees(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static const char *
or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* The codes of units that were merged into it. */
static json_t *
older_codes(const struct gong_model *model, size_t index)
{
    json_t *items = json_array();

    for (size_t i = 0; i < gong_model_alias_count(model); i++) {
        const struct gong_unit_alias *alias = gong_model_alias_at(model, i);

        if (alias->unit == index) {
            (void)json_array_append_new(items, json_string(alias->code));
        }
    }
    return items;
}

static json_t *
unit_json(const struct gong_model *model, size_t index)
{
    const struct gong_unit *unit = gong_model_unit_at(model, index);

    return json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o}", "code", unit->code, "name",
        or_empty(unit->name), "name_en", or_empty(unit->name_en), "kind",
        gong_unit_kind_text(unit->kind), "parent",
        unit->parent == index ? ""
                              : gong_model_unit_at(model, unit->parent)->code,
        "lon", degrees(unit->lon), "lat", degrees(unit->lat), "was",
        older_codes(model, index));
}

static json_t *
units(void *ctx)
{
    struct gong_api_city_model *city = ctx;
    json_t *items = json_array();

    (void)pthread_mutex_lock(&city->lock);
    for (size_t i = 0; i < gong_model_unit_count(city->model); i++) {
        (void)json_array_append_new(items, unit_json(city->model, i));
    }
    (void)pthread_mutex_unlock(&city->lock);
    return items;
}

static json_t *
device_json(const struct gong_model *model,
            const struct gong_model_device *device)
{
    json_t *affects = json_array();

    for (size_t i = 0; i < device->affects_count; i++) {
        (void)json_array_append_new(
            affects,
            json_string(gong_model_unit_at(model, device->affects[i])->code));
    }
    return json_pack("{s:s,s:s,s:s,s:s,s:I,s:o,s:o,s:o}", "unit",
                     gong_model_unit_at(model, device->unit)->code, "name",
                     device->name, "label", or_empty(device->label), "label_en",
                     or_empty(device->label_en), "every",
                     (json_int_t)device->every_ms, "lon", degrees(device->lon),
                     "lat", degrees(device->lat), "affects", affects);
}

static json_t *
devices(void *ctx)
{
    struct gong_api_city_model *city = ctx;
    json_t *items = json_array();

    (void)pthread_mutex_lock(&city->lock);
    for (size_t i = 0; i < gong_model_device_count(city->model); i++) {
        (void)json_array_append_new(
            items,
            device_json(city->model, gong_model_device_at(city->model, i)));
    }
    (void)pthread_mutex_unlock(&city->lock);
    return items;
}

static void
add_code(json_t *items, const char *code)
{
    (void)json_array_append_new(items, json_string(code));
}

/* Whether something in a unit can concern those above: it lies below them, or
 * a device of it affects what does. */
static bool
concerns(const struct gong_model *model, const struct gong_unit *unit,
         const struct gong_unit *above)
{
    size_t index = gong_model_unit_index(model, unit);

    if (gong_model_under(model, unit, above)) {
        return true;
    }
    for (size_t i = 0; i < gong_model_device_count(model); i++) {
        const struct gong_model_device *device = gong_model_device_at(model, i);

        if (device->unit == index && affects_under(model, device, above)) {
            return true;
        }
    }
    return false;
}

static json_t *
codes(void *ctx, struct gong_str root)
{
    struct gong_api_city_model *city = ctx;
    json_t *items = json_array();
    const struct gong_model *model;
    const struct gong_unit *above;

    (void)pthread_mutex_lock(&city->lock);
    model = city->model;
    above = gong_model_unit(model, root);
    for (size_t i = 0; above != NULL && i < gong_model_unit_count(model); i++) {
        const struct gong_unit *unit = gong_model_unit_at(model, i);

        if (concerns(model, unit, above)) {
            add_code(items, unit->code);
        }
    }
    for (size_t i = 0; above != NULL && i < gong_model_alias_count(model);
         i++) {
        const struct gong_unit_alias *alias = gong_model_alias_at(model, i);

        if (concerns(model, gong_model_unit_at(model, alias->unit), above)) {
            add_code(items, alias->code);
        }
    }
    (void)pthread_mutex_unlock(&city->lock);
    (void)json_array_append_new(items, json_stringn(root.data, root.len));
    return items;
}

struct gong_api_city_model *
gong_api_city_open(const struct gong_model *model)
{
    struct gong_api_city_model *city = calloc(1, sizeof *city);

    if (city != NULL) {
        (void)pthread_mutex_init(&city->lock, NULL);
        city->model = model;
    }
    return city;
}

void
gong_api_city_close(struct gong_api_city_model *city)
{
    if (city != NULL) {
        (void)pthread_mutex_destroy(&city->lock);
        free(city);
    }
}

void
gong_api_city_renew(struct gong_api_city_model *city,
                    const struct gong_model *model)
{
    (void)pthread_mutex_lock(&city->lock);
    city->model = model;
    (void)pthread_mutex_unlock(&city->lock);
}

struct gong_api_city
gong_api_city_of(struct gong_api_city_model *city)
{
    return (struct gong_api_city){
        {under, city, affects}, city, units, devices, codes};
}
