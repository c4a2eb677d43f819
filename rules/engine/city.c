#include "rules/engine/city.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/hash.h"

static const struct {
    const char *plain;
    const char *exported;
} ours[GONG_CITY_TAGS] = {{"unit", "exported_unit"}, {"kind", "exported_kind"}};

void
gong_city_free(struct gong_city *city)
{
    if (city == NULL) {
        return;
    }
    for (size_t i = 0; i < city->unit_count; i++) {
        free(city->units[i].code);
        free(city->units[i].name);
        free(city->units[i].name_en);
    }
    for (size_t i = 0; i < city->code_count; i++) {
        free(city->codes[i].code);
    }
    for (size_t i = 0; i < city->device_count; i++) {
        free(city->devices[i].site);
        free(city->devices[i].name);
        free(city->devices[i].label);
        free(city->devices[i].label_en);
        free(city->devices[i].params);
    }
    for (size_t i = 0; i < city->metric_count; i++) {
        free(city->metrics[i]);
    }
    free(city->units);
    free(city->codes);
    free(city->devices);
    free(city->metrics);
    free(city);
}

const struct gong_city_unit *
gong_city_unit(const struct gong_city *city, struct gong_str code)
{
    size_t low = 0;
    size_t high = city == NULL ? 0 : city->code_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order =
            gong_str_compare(gong_str_of(city->codes[middle].code), code);

        if (order == 0) {
            return &city->units[city->codes[middle].unit];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const struct gong_city_device *
gong_city_device(const struct gong_city *city, struct gong_str site,
                 struct gong_str device)
{
    size_t low = 0;
    size_t high = city == NULL ? 0 : city->device_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct gong_city_device *d = &city->devices[middle];
        int order = gong_str_compare(gong_str_of(d->site), site);

        if (order == 0) {
            order = gong_str_compare(gong_str_of(d->name), device);
        }
        if (order == 0) {
            return d;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

int64_t
gong_city_every(const struct gong_city *city, struct gong_str site,
                struct gong_str device)
{
    const struct gong_city_device *d = gong_city_device(city, site, device);

    return d == NULL ? 0 : d->every_ms;
}

bool
gong_city_param(const struct gong_city *city, struct gong_str site,
                struct gong_str device, size_t metric, double *value)
{
    const struct gong_city_device *d = gong_city_device(city, site, device);

    for (size_t i = 0; d != NULL && i < d->param_count; i++) {
        if (d->params[i].metric == metric) {
            *value = d->params[i].value;
            return true;
        }
    }
    return false;
}

bool
gong_city_metric(const struct gong_city *city, const char *name, size_t *number)
{
    for (size_t i = 0; city != NULL && i < city->metric_count; i++) {
        if (strcmp(city->metrics[i], name) == 0) {
            *number = i;
            return true;
        }
    }
    return false;
}

static const struct gong_city_unit *
unit_of(const struct gong_city *city, const struct gong_lp_tag *tags,
        size_t count)
{
    for (size_t i = 0; city != NULL && i < count; i++) {
        if (gong_str_is(tags[i].key, "site")) {
            return gong_city_unit(city, tags[i].value);
        }
    }
    return NULL;
}

size_t
gong_city_tag(const struct gong_city *city, struct gong_lp_tag *tags,
              size_t count)
{
    const struct gong_city_unit *unit = unit_of(city, tags, count);

    if (unit == NULL) {
        return count;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < GONG_CITY_TAGS; k++) {
            if (gong_str_is(tags[i].key, ours[k].plain)) {
                tags[i].key = gong_str_of(ours[k].exported);
            }
        }
    }
    tags[count++] =
        (struct gong_lp_tag){gong_str_of("unit"), gong_str_of(unit->code)};
    tags[count++] =
        (struct gong_lp_tag){gong_str_of("kind"), gong_str_of(unit->kind)};
    return count;
}

bool
gong_city_same_labels(const struct gong_city *a, const struct gong_city *b)
{
    size_t count = a == NULL ? 0 : a->code_count;

    if (count != (b == NULL ? 0 : b->code_count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct gong_city_unit *x = &a->units[a->codes[i].unit];
        const struct gong_city_unit *y = &b->units[b->codes[i].unit];

        if (strcmp(a->codes[i].code, b->codes[i].code) != 0 ||
            strcmp(x->code, y->code) != 0 || strcmp(x->kind, y->kind) != 0) {
            return false;
        }
    }
    return true;
}

static uint64_t
add_text(uint64_t state, const char *text)
{
    return gong_fnv1a(state, text, strlen(text) + 1);
}

uint64_t
gong_city_identity(const struct gong_city *city)
{
    uint64_t state = GONG_FNV1A_START;

    if (city == NULL) {
        return 0;
    }
    for (size_t i = 0; i < city->code_count; i++) {
        const struct gong_city_unit *unit = &city->units[city->codes[i].unit];

        state = add_text(state, city->codes[i].code);
        state = add_text(state, unit->code);
        state = add_text(state, unit->kind);
    }
    for (size_t i = 0; i < city->device_count; i++) {
        const struct gong_city_device *d = &city->devices[i];

        state = add_text(state, d->site);
        state = add_text(state, d->name);
        state = gong_fnv1a(state, &d->every_ms, sizeof d->every_ms);
        state = gong_fnv1a(state, &d->from_ms, sizeof d->from_ms);
        state = gong_fnv1a(state, &d->until_ms, sizeof d->until_ms);
        for (size_t p = 0; p < d->param_count; p++) {
            state = add_text(state, city->metrics[d->params[p].metric]);
            state = gong_fnv1a(state, &d->params[p].value,
                               sizeof d->params[p].value);
        }
    }
    return state;
}
