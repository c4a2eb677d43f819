#include "agent/api/api_city.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/tell/message_facts.h"

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

/* --- a unit by what people call it --- */

/* The one unit of the name; NULL: none, or several. */
static const struct gong_unit *
named(const struct gong_model *model, struct gong_str text)
{
    const struct gong_unit *found = NULL;

    for (size_t i = 0; i < gong_model_unit_count(model); i++) {
        const struct gong_unit *unit = gong_model_unit_at(model, i);

        if (!gong_str_is(text, or_empty(unit->name)) &&
            !gong_str_is(text, or_empty(unit->name_en))) {
            continue;
        }
        if (found != NULL) {
            return NULL;
        }
        found = unit;
    }
    return found;
}

/* How many bytes stand where they stand in text, from the begin and from the
 * end: enough to tell a code with a wrong digit. */
static size_t
likeness(const char *name, struct gong_str text)
{
    size_t len = strlen(name), shorter = len < text.len ? len : text.len;
    size_t same = 0;

    for (size_t i = 0; i < shorter; i++) {
        same += name[i] == text.data[i] ||
                name[len - 1 - i] == text.data[text.len - 1 - i];
    }
    return shorter == 0 || len > text.len + same || text.len > len + same
               ? 0
               : same * 100 / (len > text.len ? len : text.len);
}

#define NEAR_MAX  3
#define ALIKE_MIN 50 /* percent */

static size_t
unit_likeness(const struct gong_unit *unit, struct gong_str text)
{
    size_t code = likeness(unit->code, text);
    size_t name = likeness(or_empty(unit->name), text);

    return code > name ? code : name;
}

/* "22015 (Xã Sơn Hoà), 22018 (..)": the most alike first. */
static void
list_near(const struct gong_model *model, struct gong_str text, char *out,
          size_t size)
{
    const struct gong_unit *near[NEAR_MAX] = {NULL};
    size_t len = 0;

    for (size_t i = 0; i < gong_model_unit_count(model); i++) {
        const struct gong_unit *unit = gong_model_unit_at(model, i);

        for (size_t k = 0;
             k < NEAR_MAX && unit_likeness(unit, text) >= ALIKE_MIN; k++) {
            if (near[k] == NULL ||
                unit_likeness(unit, text) > unit_likeness(near[k], text)) {
                for (size_t m = NEAR_MAX - 1; m > k; m--) {
                    near[m] = near[m - 1];
                }
                near[k] = unit;
                break;
            }
        }
    }
    out[0] = '\0';
    for (size_t k = 0; k < NEAR_MAX && near[k] != NULL && len < size; k++) {
        len += (size_t)snprintf(out + len, size - len, "%s%s (%s)",
                                k == 0 ? "" : ", ", near[k]->code,
                                or_empty(near[k]->name));
    }
}

static bool
find(void *ctx, struct gong_str text, char code[GONG_GRANT_UNIT_SIZE],
     char *near, size_t size)
{
    struct gong_api_city_model *city = ctx;
    const struct gong_unit *unit;
    bool found = true;

    (void)pthread_mutex_lock(&city->lock);
    unit = gong_model_unit(city->model, text);
    if (unit == NULL && gong_model_unit_count(city->model) > 0) {
        unit = named(city->model, text);
        found = unit != NULL;
        if (found) {
            (void)snprintf(code, GONG_GRANT_UNIT_SIZE, "%s", unit->code);
        } else {
            list_near(city->model, text, near, size);
        }
    }
    (void)pthread_mutex_unlock(&city->lock);
    return found;
}

static bool
contact(void *ctx, struct gong_str id)
{
    struct gong_api_city_model *city = ctx;
    bool found;

    (void)pthread_mutex_lock(&city->lock);
    found = gong_model_contact(city->model, id) != NULL;
    (void)pthread_mutex_unlock(&city->lock);
    return found;
}

static void
facts(void *ctx, json_t *item, struct gong_str unit, struct gong_str site,
      struct gong_str device)
{
    struct gong_api_city_model *city = ctx;
    const struct gong_unit *known;

    (void)pthread_mutex_lock(&city->lock);
    known = gong_model_unit(city->model, unit);
    if (known != NULL && or_empty(known->name)[0] != '\0') {
        (void)json_object_set_new(item, "unit_name", json_string(known->name));
    }
    if (site.len > 0 && device.len > 0) {
        /* Without memory its sections stay out, as where it is not known. */
        (void)gong_message_facts_device(
            item, gong_model_device(city->model, site, device));
    }
    (void)pthread_mutex_unlock(&city->lock);
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
    return (struct gong_api_city){{under, city, affects},
                                  city,
                                  units,
                                  devices,
                                  codes,
                                  find,
                                  contact,
                                  facts};
}
