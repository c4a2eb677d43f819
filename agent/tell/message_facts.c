#include "agent/tell/message_facts.h"

#include <math.h>
#include <stdio.h>

#define HOUR_MS   3600000.0
#define NEAR_MS   INT64_C(60000)
#define NAME_SIZE 128

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
gong_message_facts_trend(json_t *item, double before, int64_t before_ms,
                         double now, int64_t now_ms)
{
    if (before_ms <= 0 || now_ms <= before_ms || now_ms - before_ms < NEAR_MS) {
        return true;
    }
    return add_number(item, "trend",
                      (now - before) /
                          ((double)(now_ms - before_ms) / HOUR_MS));
}
