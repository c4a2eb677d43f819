/*
 * model_place: devices by where they are and when.
 */
#include "rules/model/model_private.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

static int
compare(const void *a, const void *b)
{
    const struct gong_model_device *x = *(struct gong_model_device *const *)a;
    const struct gong_model_device *y = *(struct gong_model_device *const *)b;
    int order = 0;

    if (x->unit != y->unit) {
        return x->unit < y->unit ? -1 : 1;
    }
    order = strcmp(x->name, y->name);
    if (order == 0) {
        order = strcmp(x->site, y->site);
    }
    return order != 0 ? order : x < y ? -1 : x > y;
}

bool
gong_model_places_make(struct gong_model *model)
{
    size_t count = model->device_count;
    struct gong_model_device **sorted =
        calloc(count == 0 ? 1 : count, sizeof(struct gong_model_device *));

    model->by_place = calloc(count == 0 ? 1 : count, sizeof(size_t));
    if (sorted == NULL || model->by_place == NULL) {
        free(sorted);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &model->devices[i];
    }
    if (count > 1) {
        qsort(sorted, count, sizeof(struct gong_model_device *), compare);
    }
    for (size_t i = 0; i < count; i++) {
        model->by_place[i] = (size_t)(sorted[i] - model->devices);
    }
    free(sorted);
    return true;
}

static const struct gong_model_device *
at(const struct gong_model *model, size_t place)
{
    return &model->devices[model->by_place[place]];
}

/* The first place of a unit's devices of this name, or behind it. */
static size_t
first_place(const struct gong_model *model, size_t unit, struct gong_str name)
{
    size_t low = 0;
    size_t high = model->device_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct gong_model_device *d = at(model, middle);

        if (d->unit < unit ||
            (d->unit == unit &&
             gong_str_compare(gong_str_of(d->name), name) < 0)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct gong_model_device *
gong_model_device(const struct gong_model *model, struct gong_str site,
                  struct gong_str device)
{
    const struct gong_unit *unit = gong_model_unit(model, site);
    size_t index = unit == NULL ? 0 : gong_model_unit_index(model, unit);
    size_t first = unit == NULL ? 0 : first_place(model, index, device);
    size_t last = first;

    if (unit == NULL) {
        return NULL;
    }
    for (; last < model->device_count && at(model, last)->unit == index &&
           gong_str_is(device, at(model, last)->name);
         last++) {
        if (gong_str_is(site, at(model, last)->site)) {
            return at(model, last);
        }
    }
    return last == first + 1 ? at(model, first) : NULL;
}

static int64_t
day_of(const struct gong_model *model, int64_t ms)
{
    int64_t local = 0;

    if (__builtin_add_overflow(ms, model->zone_ms, &local)) {
        local = ms;
    }
    return local / DAY_MS - (local % DAY_MS < 0);
}

bool
gong_model_is_valid(const struct gong_model *model,
                    const struct gong_validity *valid, int64_t ms)
{
    int64_t day = day_of(model, ms);

    return day >= valid->from && day <= valid->until;
}

enum gong_device_standing
gong_model_standing(const struct gong_model *model,
                    const struct gong_model_device *device, int64_t ms)
{
    if (gong_model_is_valid(model, &device->valid, ms)) {
        return GONG_DEVICE_EXPECTED;
    }
    if (day_of(model, ms) < device->valid.from) {
        return GONG_DEVICE_PLANNED;
    }
    if (device->successor == GONG_MODEL_NONE) {
        return GONG_DEVICE_RETIRED;
    }
    return device->moved ? GONG_DEVICE_MOVED : GONG_DEVICE_REPLACED;
}

const char *
gong_device_standing_text(enum gong_device_standing standing)
{
    switch (standing) {
    case GONG_DEVICE_EXPECTED:
        return "expected";
    case GONG_DEVICE_PLANNED:
        return "planned";
    case GONG_DEVICE_RETIRED:
        return "retired";
    case GONG_DEVICE_REPLACED:
        return "replaced";
    case GONG_DEVICE_MOVED:
        return "moved";
    }
    return "unknown";
}
