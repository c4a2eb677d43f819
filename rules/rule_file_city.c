#include "rules/rule_file_city.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

static char *
copy(const char *text)
{
    return gong_str_copy(gong_str_of(text == NULL ? "" : text));
}

static int
compare_codes(const void *a, const void *b)
{
    const struct gong_city_code *x = a;
    const struct gong_city_code *y = b;

    return strcmp(x->code, y->code);
}

static int
compare_devices(const void *a, const void *b)
{
    const struct gong_city_device *x = a;
    const struct gong_city_device *y = b;
    int order = strcmp(x->site, y->site);

    return order != 0 ? order : strcmp(x->name, y->name);
}

static int
compare_metrics(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
copy_units(const struct gong_model *model, struct gong_city *city)
{
    size_t units = gong_model_unit_count(model);
    size_t aliases = gong_model_alias_count(model);

    city->units = calloc(units + 1, sizeof *city->units);
    city->codes = calloc(units + aliases + 1, sizeof *city->codes);
    if (city->units == NULL || city->codes == NULL) {
        return false;
    }
    for (size_t i = 0; i < units; i++) {
        const struct gong_unit *from = gong_model_unit_at(model, i);
        struct gong_city_unit *to = &city->units[city->unit_count++];

        to->code = copy(from->code);
        to->kind = gong_unit_kind_text(from->kind);
        to->name = copy(from->name);
        to->name_en = copy(from->name_en);
        city->codes[city->code_count].unit = i;
        city->codes[city->code_count++].code = copy(from->code);
        if (to->code == NULL || to->name == NULL || to->name_en == NULL ||
            city->codes[i].code == NULL) {
            return false;
        }
    }
    for (size_t i = 0; i < aliases; i++) {
        const struct gong_unit_alias *from = gong_model_alias_at(model, i);
        struct gong_city_code *to = &city->codes[city->code_count++];

        to->unit = from->unit;
        to->code = copy(from->code);
        if (to->code == NULL) {
            return false;
        }
    }
    qsort(city->codes, city->code_count, sizeof *city->codes, compare_codes);
    return true;
}

static bool
add_metric(struct gong_city *city, const char *param)
{
    size_t size = sizeof GONG_CITY_PARAM + strlen(param);
    char *name = malloc(size);

    if (name == NULL) {
        return false;
    }
    (void)snprintf(name, size, "%s%s", GONG_CITY_PARAM, param);
    city->metrics[city->metric_count++] = name;
    return true;
}

/* Each name once, with what comes before it in a series' name. */
static bool
copy_metrics(const struct gong_model *model, struct gong_city *city)
{
    size_t total = 0;
    size_t kept = 0;

    for (size_t i = 0; i < gong_model_device_count(model); i++) {
        total += gong_model_device_at(model, i)->param_count;
    }
    city->metrics = calloc(total + 2, sizeof *city->metrics);
    if (city->metrics != NULL && gong_model_device_count(model) > 0 &&
        !add_metric(city, GONG_CITY_EXPECTED)) {
        return false;
    }
    for (size_t i = 0;
         city->metrics != NULL && i < gong_model_device_count(model); i++) {
        const struct gong_model_device *device = gong_model_device_at(model, i);

        for (size_t p = 0; p < device->param_count; p++) {
            if (!add_metric(city, device->params[p].name)) {
                return false;
            }
        }
    }
    if (city->metrics == NULL) {
        return false;
    }
    if (city->metric_count > 1) {
        qsort(city->metrics, city->metric_count, sizeof *city->metrics,
              compare_metrics);
    }
    for (size_t i = 0; i < city->metric_count; i++) {
        if (kept > 0 &&
            strcmp(city->metrics[kept - 1], city->metrics[i]) == 0) {
            free(city->metrics[i]);
        } else {
            city->metrics[kept++] = city->metrics[i];
        }
    }
    city->metric_count = kept;
    return true;
}

static size_t
find_metric(const struct gong_city *city, const char *param)
{
    size_t low = 0;
    size_t high = city->metric_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(city->metrics[middle] + strlen(GONG_CITY_PARAM), param) <
            0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Midnight in the model's zone. */
static int64_t
day_ms(const struct gong_model *model, int64_t day)
{
    return day == INT64_MIN ? INT64_MIN
                            : day * DAY_MS - gong_model_zone_ms(model);
}

static bool
copy_devices(const struct gong_model *model, struct gong_city *city)
{
    size_t count = gong_model_device_count(model);

    city->devices = calloc(count + 1, sizeof *city->devices);
    if (city->devices == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct gong_model_device *from = gong_model_device_at(model, i);
        struct gong_city_device *to = &city->devices[city->device_count++];

        to->site = copy(from->site);
        to->name = copy(from->name);
        to->label = copy(from->label);
        to->label_en = copy(from->label_en);
        to->every_ms = from->every_ms;
        to->from_ms = day_ms(model, from->valid.from);
        to->until_ms = from->valid.until == INT64_MAX
                           ? INT64_MAX
                           : day_ms(model, from->valid.until + 1);
        to->params = calloc(from->param_count + 2, sizeof *to->params);
        if (to->site == NULL || to->name == NULL || to->label == NULL ||
            to->label_en == NULL || to->params == NULL) {
            return false;
        }
        for (; to->param_count < from->param_count; to->param_count++) {
            const struct gong_model_param *param =
                &from->params[to->param_count];

            to->params[to->param_count] = (struct gong_city_param){
                find_metric(city, param->name), param->value};
        }
        to->params[to->param_count++] =
            (struct gong_city_param){find_metric(city, GONG_CITY_EXPECTED), 1};
    }
    if (count > 1) {
        qsort(city->devices, count, sizeof *city->devices, compare_devices);
    }
    return true;
}

bool
gong_rule_city_make(const struct gong_model *model, struct gong_city **out)
{
    struct gong_city *city = NULL;

    *out = NULL;
    if (gong_model_unit_count(model) == 0) {
        return true;
    }
    city = calloc(1, sizeof *city);
    if (city == NULL || !copy_units(model, city) ||
        !copy_metrics(model, city) || !copy_devices(model, city)) {
        gong_city_free(city);
        return false;
    }
    *out = city;
    return true;
}
