#include "agent/tell/message_facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE   128
#define NUMBER_SIZE 32

/* The item's facts, made where there are none; NULL without memory. */
static json_t *
facts_of(json_t *item)
{
    json_t *facts = json_object_get(item, "facts");

    if (facts == NULL &&
        json_object_set_new(item, "facts", json_object()) == 0) {
        facts = json_object_get(item, "facts");
    }
    return facts;
}

/* JSON has no words for Inf and NaN: such a fact is not known. */
static bool
add_number(json_t *item, const char *name, double value)
{
    json_t *facts = facts_of(item);

    return !isfinite(value) ||
           (facts != NULL &&
            json_object_set_new(facts, name, json_real(value)) == 0);
}

bool
gong_message_facts_device(json_t *item, const struct gong_model_device *device)
{
    bool ok = true;

    if (device == NULL) {
        return true;
    }
    if (device->label != NULL && device->label[0] != '\0') {
        ok = json_object_set_new(item, "device_name",
                                 json_string(device->label)) == 0;
    }
    for (size_t i = 0; ok && i < device->param_count; i++) {
        char name[NAME_SIZE];

        (void)snprintf(name, sizeof name, "param_%s", device->params[i].name);
        ok = add_number(item, name, device->params[i].value);
    }
    return ok;
}

bool
gong_message_facts_trend(json_t *item, struct gong_str text)
{
    char number[NUMBER_SIZE];
    char *end = NULL;
    double trend = 0;

    if (text.len == 0 || text.len >= sizeof number) {
        return true;
    }
    memcpy(number, text.data, text.len);
    number[text.len] = '\0';
    trend = strtod(number, &end);
    return end == number || *end != '\0' || add_number(item, "trend", trend);
}
