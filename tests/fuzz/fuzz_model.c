/*
 * Any bytes as a file of the city model: reading never crashes, it gives a
 * model or messages but not both, and what it gives holds together. With any
 * one allocation failing, it is the same or says so.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "rules/model/model.h"
#include "tests/failing_memory.h"

static struct gong_model *
load(struct gong_str text, struct gong_conf_errors *errors)
{
    struct gong_conf *conf = gong_conf_open_text("f", text, errors);
    const struct gong_conf *files[] = {conf};
    struct gong_model *model = NULL;

    if (conf != NULL) {
        model = gong_model_read(files, 1, errors);
    }
    gong_conf_close(conf);
    return model;
}

static void
check_units(const struct gong_model *model)
{
    size_t count = gong_model_unit_count(model);
    size_t roots = 0;

    for (size_t i = 0; i < count; i++) {
        const struct gong_unit *unit = gong_model_unit_at(model, i);
        const struct gong_contact *found[4];

        FUZZ_CHECK(unit->code[0] != '\0' && unit->name[0] != '\0');
        FUZZ_CHECK(unit->parent < count);
        FUZZ_CHECK(gong_model_unit(model, gong_str_of(unit->code)) == unit);
        FUZZ_CHECK(gong_model_under(model, unit,
                                    gong_model_unit_at(model, unit->parent)));
        FUZZ_CHECK(unit->valid.from <= unit->valid.until);
        FUZZ_CHECK((unit->lon != unit->lon) == (unit->lat != unit->lat));
        roots += unit->parent == i;
        (void)gong_model_on_duty(model, unit, gong_str_of("duty"),
                                 INT64_C(1751328000000), found, 4);
        (void)gong_model_on_duty(model, unit, gong_str_of("head"), INT64_MIN,
                                 found, 4);
    }
    FUZZ_CHECK(count == 0 || roots == 1);
}

static void
check_devices(const struct gong_model *model)
{
    for (size_t i = 0; i < gong_model_device_count(model); i++) {
        const struct gong_model_device *device = gong_model_device_at(model, i);

        FUZZ_CHECK(device->unit < gong_model_unit_count(model));
        FUZZ_CHECK(gong_model_device(model, gong_str_of(device->site),
                                     gong_str_of(device->name)) == device);
        FUZZ_CHECK(device->successor == SIZE_MAX ||
                   device->successor < gong_model_device_count(model));
        FUZZ_CHECK(device->every_ms >= 0);
        for (size_t p = 1; p < device->param_count; p++) {
            FUZZ_CHECK(
                strcmp(device->params[p - 1].name, device->params[p].name) < 0);
        }
        for (size_t a = 0; a < device->affects_count; a++) {
            FUZZ_CHECK(device->affects[a] < gong_model_unit_count(model));
        }
        (void)gong_model_standing(model, device, INT64_MAX);
    }
}

static bool
tell_of_memory(const struct gong_conf_errors *errors)
{
    bool tell = false;

    for (size_t i = 0; i < errors->count; i++) {
        tell = tell || errors->items[i] == NULL ||
               strstr(errors->items[i], "memory") != NULL;
    }
    return tell;
}

/* The bytes of input choose which allocation fails. */
static void
load_short_of_memory(struct gong_str input, bool good)
{
    struct gong_conf_errors errors = {0};
    struct gong_model *model = NULL;
    uint64_t count = 0;

    failing_memory_begin(FAILING_MEMORY_NEVER);
    model = load(input, &errors);
    count = failing_memory_end();
    gong_model_free(model);
    gong_conf_errors_fini(&errors);
    failing_memory_begin(
        failing_memory_choose((const uint8_t *)input.data, input.len, count));
    model = load(input, &errors);
    (void)failing_memory_end();
    FUZZ_CHECK(model == NULL ? !good || tell_of_memory(&errors)
                             : good && errors.count == 0);
    gong_model_free(model);
    gong_conf_errors_fini(&errors);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_str input = gong_str_from((const char *)data, size);
    struct gong_conf_errors errors = {0};
    struct gong_model *model = load(input, &errors);

    FUZZ_CHECK((model == NULL) == (errors.count > 0));
    if (model != NULL) {
        check_units(model);
        check_devices(model);
    }
    load_short_of_memory(input, model != NULL);
    gong_model_free(model);
    gong_conf_errors_fini(&errors);
    return 0;
}
