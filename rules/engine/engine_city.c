/*
 * engine_city: what the city model (city.h) gives the engine's series: labels
 * of units, and series of parameters.
 *
 * Parameters stand as presence does: they have a value, no stamps that could be
 * too old, and no past. A rule of a single device looks its own up
 * (plan_param.c); whoever else reads one is evaluated as a whole.
 */
#include <stdlib.h>

#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_hold.h"
#include "rules/engine/engine_live.h"
#include "rules/engine/engine_presence.h"

/* Symbols of a label; false without memory. */
static bool
add_label(struct gong_engine *engine, struct gong_label_pair *labels,
          size_t *count, const char *name, const char *value)
{
    struct gong_label_pair pair = {
        gong_symbol_intern(&engine->symbols, gong_str_of(name)),
        gong_symbol_intern(&engine->symbols, gong_str_of(value))};

    labels[(*count)++] = pair;
    return pair.name != 0 && pair.value != 0;
}

uint32_t
gong_engine_city_labels(struct gong_engine *engine,
                        const struct gong_city *city, uint32_t site,
                        uint32_t device)
{
    const struct gong_city_unit *unit =
        gong_city_unit(city, gong_symbol_text(&engine->symbols, site));
    struct gong_label_pair labels[2 + GONG_CITY_TAGS] = {
        {gong_symbol_intern(&engine->symbols, gong_str_of("site")), site}};
    size_t count = 1;

    if (device != 0) {
        labels[count++] = (struct gong_label_pair){
            gong_symbol_intern(&engine->symbols, gong_str_of("device")),
            device};
    }
    if (labels[0].name == 0 || labels[count - 1].name == 0 ||
        (unit != NULL &&
         (!add_label(engine, labels, &count, "unit", unit->code) ||
          !add_label(engine, labels, &count, "kind", unit->kind)))) {
        return 0;
    }
    return gong_labelset_intern(&engine->labelsets, labels, count);
}

static enum gong_err
bind_param(struct gong_engine *engine, struct gong_live *live,
           const struct gong_city_device *device,
           const struct gong_city_param *param)
{
    struct gong_series_name name = {.metric = live->book.params[param->metric]};
    uint32_t site = 0;
    uint32_t own = 0;
    uint32_t series = 0;
    enum gong_err err = GONG_OK;

    if (!gong_book_is_read(&live->book, name.metric)) {
        return GONG_OK;
    }
    site = gong_symbol_intern(&engine->symbols, gong_str_of(device->site));
    own = gong_symbol_intern(&engine->symbols, gong_str_of(device->name));
    name.labelset =
        site == 0 || own == 0
            ? 0
            : gong_engine_city_labels(engine, live->book.city, site, own);
    if (name.labelset == 0) {
        return GONG_ERR_MEMORY;
    }
    err = gong_bind_series(&live->binds, name, &series);
    if (err == GONG_ERR_NOT_FOUND || err == GONG_ERR_TOO_LARGE) {
        return GONG_OK;
    }
    if (err == GONG_OK) {
        gong_series_at(&live->binds, series)->stamp =
            gong_engine_ran_until(engine);
        gong_series_at(&live->binds, series)->value = param->value;
    }
    return err;
}

enum gong_err
gong_engine_bind_params(struct gong_engine *engine, struct gong_live *live)
{
    const struct gong_city *city = live->book.city;
    enum gong_err err = GONG_OK;

    for (size_t i = 0; city != NULL && i < city->device_count; i++) {
        const struct gong_city_device *device = &city->devices[i];

        for (size_t p = 0; p < device->param_count && err == GONG_OK; p++) {
            err = bind_param(engine, live, device, &device->params[p]);
        }
    }
    return err;
}

enum gong_err
gong_engine_look_at_params(struct gong_engine *engine,
                           const struct gong_book *old)
{
    static const struct gong_cause none = {0};
    const struct gong_live *live = engine->live;
    uint32_t count = live->binds.instances.count;
    enum gong_err err = GONG_OK;

    if (engine->blind_from != GONG_NEVER ||
        gong_city_identity(old->city) == gong_city_identity(live->book.city)) {
        return GONG_OK;
    }
    for (uint32_t n = 1; n < count && err == GONG_OK; n++) {
        const struct gong_instance *i = gong_instance_at(&live->binds, n);
        const struct gong_book_rule *rule = &live->book.rules[i->rule];

        if (rule->plan == NULL || rule->plan->param_count == 0 ||
            gong_engine_waits(live, i)) {
            continue;
        }
        err = rule->interval_ms > 0
                  ? gong_engine_arm_grid(engine, n)
                  : gong_engine_evaluate(
                        engine, n,
                        gong_timers_clock_now(&live->timers,
                                              gong_live_clock(engine, live, i),
                                              gong_engine_ran_until(engine)),
                        &none);
    }
    return err;
}

bool
gong_engine_is_stated(const struct gong_engine *engine,
                      const struct gong_book *book, uint32_t metric)
{
    for (unsigned i = 0; i < GONG_PRESENCE_METRICS && !book->foreign; i++) {
        if (engine->presence_names[i] == metric) {
            return true;
        }
    }
    return gong_book_is_param(book, metric);
}

uint32_t *
gong_engine_relabel(struct gong_engine *engine)
{
    struct gong_registry *registry = &engine->registry;
    uint32_t *labelsets =
        calloc((size_t)registry->rows.count + 1, sizeof *labelsets);

    for (uint32_t n = 1; labelsets != NULL && n < registry->rows.count; n++) {
        if (gong_registry_relabel(registry, n, engine->reader, &labelsets[n]) !=
            GONG_OK) {
            free(labelsets);
            return NULL;
        }
    }
    return labelsets;
}

void
gong_engine_swap_labels(struct gong_engine *engine, uint32_t *labelsets)
{
    for (uint32_t n = 1; n < engine->registry.rows.count; n++) {
        struct gong_row *row = gong_row_at(&engine->registry, n);
        uint32_t swap = row->labelset;

        row->labelset = labelsets[n];
        labelsets[n] = swap;
    }
}
