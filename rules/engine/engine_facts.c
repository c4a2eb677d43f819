/*
 * engine_facts: what rules see of presence: its three series, fed by the engine
 * itself, and what an alert about them hides.
 */
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_data.h"
#include "rules/engine/sample.h"

static const struct gong_cause none = {0};

enum gong_err
gong_engine_name_presence(struct gong_engine *engine)
{
    static const char *const own[GONG_OWN_METRICS] = {"ALERTS",
                                                      "ALERTS_FOR_STATE"};

    for (unsigned i = 0; i < GONG_PRESENCE_METRICS; i++) {
        const char *name =
            gong_presence_metric_name((enum gong_presence_metric)i);

        if (engine->presence_names[i] == 0) {
            engine->presence_names[i] =
                gong_symbol_intern(&engine->symbols, gong_str_of(name));
        }
        if (engine->presence_names[i] == 0) {
            return GONG_ERR_MEMORY;
        }
    }
    for (unsigned i = 0; i < GONG_OWN_METRICS; i++) {
        engine->own_names[i] =
            gong_symbol_intern(&engine->symbols, gong_str_of(own[i]));
        if (engine->own_names[i] == 0) {
            return GONG_ERR_MEMORY;
        }
    }
    return GONG_OK;
}

bool
gong_engine_is_reserved(const struct gong_engine *engine,
                        const struct gong_book *book, uint32_t metric)
{
    for (unsigned i = 0; i < GONG_PRESENCE_METRICS && !book->foreign; i++) {
        if (engine->presence_names[i] == metric) {
            return true;
        }
    }
    for (unsigned i = 0; i < GONG_OWN_METRICS && !book->foreign; i++) {
        if (engine->own_names[i] == metric) {
            return true;
        }
    }
    return gong_book_is_param(book, metric);
}

bool
gong_engine_is_own(const struct gong_engine *engine,
                   const struct gong_book *book, uint32_t metric)
{
    return gong_engine_is_reserved(engine, book, metric) ||
           gong_book_is_recorded(book, metric);
}

/* A value of one of the three; gone where there is none to tell. */
struct fact {
    enum gong_presence_metric metric;
    uint32_t site;
    uint32_t device; /* 0: of the unit */
    bool gone;
    bool value;
    int64_t ms;
};

/* The labels that a city gives its series; 0 without memory. */
static uint32_t
labels_of(struct gong_engine *engine, const struct gong_city *city,
          const struct fact *fact)
{
    uint32_t site = gong_site_at(&engine->presences, fact->site)->name;

    return gong_engine_city_labels(
        engine, city, site,
        fact->device == 0
            ? 0
            : gong_device_at(&engine->registry, fact->device)->name);
}

/* Tells whoever listens. */
static enum gong_err
tell_as(struct gong_engine *engine, const struct gong_city *city,
        const struct fact *fact)
{
    uint32_t labelset = labels_of(engine, city, fact);
    struct gong_recorded recorded = {
        .position = engine->position,
        .ordinal = engine->ordinal + engine->presences_told,
        .name = gong_presence_metric_name(fact->metric),
        .at_ms = engine->journal_ms,
        .value = fact->gone ? gong_stale_nan() : fact->value,
        .labels = engine->space->own,
    };

    if (labelset == 0) {
        return GONG_ERR_MEMORY;
    }
    /* Whether somebody listens or not: it names what comes after it too. */
    engine->presences_told++;
    if (engine->presence != NULL) {
        recorded.label_count = gong_labelset_views(&engine->labelsets, labelset,
                                                   engine->space->own);
        engine->presence(engine->presence_ctx, &recorded);
    }
    return GONG_OK;
}

/* Puts a fact into its series of live; *series is 0 where no rule reads it. */
static enum gong_err
note(struct gong_engine *engine, struct gong_live *live,
     const struct fact *fact, uint32_t *series)
{
    struct gong_series_name name = {
        .device = fact->device,
        .metric = engine->presence_names[fact->metric],
    };
    struct gong_series *s = NULL;
    enum gong_err err = GONG_OK;

    *series = 0;
    if (live->book.foreign || !gong_book_is_read(&live->book, name.metric)) {
        return GONG_OK;
    }
    name.labelset = labels_of(engine, live->book.city, fact);
    if (name.labelset == 0) {
        return GONG_ERR_MEMORY;
    }
    err = gong_bind_series(&live->binds, name, series);
    if (err == GONG_ERR_NOT_FOUND || err == GONG_ERR_TOO_LARGE) {
        *series = 0;
        return GONG_OK;
    }
    if (err == GONG_OK) {
        s = gong_series_at(&live->binds, *series);
        s->stamp = fact->gone ? GONG_STAMP_NONE : fact->ms;
        s->value = fact->value;
    }
    return err;
}

static enum gong_err
tell_reader(struct gong_engine *engine, const struct gong_entry *entry,
            uint32_t instance)
{
    if (entry->form == GONG_FORM_GENERAL) {
        return gong_engine_touch_general(engine, instance, engine->ran_ms);
    }
    return entry->timed != 0 ? gong_engine_arm_grid(engine, instance)
                             : gong_engine_touch(engine, instance);
}

/* Tells every rule that reads it. */
static enum gong_err
feed(struct gong_engine *engine, const struct fact *fact)
{
    const struct gong_binds *binds = &engine->live->binds;
    const struct gong_attachment *a = NULL;
    uint32_t series = 0;
    enum gong_err err = engine->live->book.foreign
                            ? GONG_OK
                            : tell_as(engine, engine->live->book.city, fact);

    if (err == GONG_OK) {
        err = note(engine, engine->live, fact, &series);
    }
    if (err != GONG_OK || series == 0) {
        return err;
    }
    gong_arena_clear(&engine->touched);
    a = gong_attachment_at(binds, gong_series_at(binds, series)->attachment);
    for (uint32_t i = 0; i < a->count && err == GONG_OK; i++) {
        uint32_t instance =
            gong_binding_at(binds, gong_series_at(binds, series)->bindings + i);

        err = tell_reader(engine, gong_entry_at(binds, a->first + i), instance);
    }
    return err == GONG_OK
               ? gong_engine_evaluate_touched(engine, engine->journal_ms, &none)
               : err;
}

static struct fact
up_fact(const struct gong_engine *engine, uint32_t device)
{
    const struct gong_presence *p =
        gong_presence_at(&engine->presences, device);

    return (struct fact){
        .metric = GONG_PRESENCE_UP,
        .site = p->site,
        .device = device,
        .value = (p->flags & GONG_PRESENCE_DARK) == 0,
        .ms = p->since_ms,
    };
}

static struct fact
dark_fact(const struct gong_engine *engine, uint32_t device)
{
    const struct gong_presence *p =
        gong_presence_at(&engine->presences, device);
    const struct gong_site *site = gong_site_at(&engine->presences, p->site);

    return (struct fact){
        .metric = GONG_PRESENCE_DEVICE_DARK,
        .site = p->site,
        .device = device,
        .gone = gong_site_is_dark(site),
        .value = (p->flags & GONG_PRESENCE_DARK) != 0,
        .ms = p->since_ms > site->since_ms ? p->since_ms : site->since_ms,
    };
}

static struct fact
unit_fact(const struct gong_engine *engine, uint32_t site)
{
    const struct gong_site *s = gong_site_at(&engine->presences, site);

    return (struct fact){
        .metric = GONG_PRESENCE_UNIT_UP,
        .site = site,
        .gone = s->devices < 2,
        .value = !gong_site_is_dark(s),
        .ms = s->since_ms,
    };
}

/* While the unit is dark its devices' own facts are gone: they go first, and
 * come back last. */
static enum gong_err
tell_unit(struct gong_engine *engine, uint32_t site)
{
    struct fact unit = unit_fact(engine, site);
    uint32_t device = gong_site_at(&engine->presences, site)->first;
    enum gong_err err = unit.value ? feed(engine, &unit) : GONG_OK;

    for (; device != 0 && err == GONG_OK;
         device = gong_presence_at(&engine->presences, device)->next) {
        struct fact fact = dark_fact(engine, device);

        err = feed(engine, &fact);
    }
    return err == GONG_OK && !unit.value ? feed(engine, &unit) : err;
}

enum gong_err
gong_engine_tell_presence(struct gong_engine *engine, uint32_t device,
                          bool unit_was_dark, uint32_t known_before)
{
    uint32_t number = gong_presence_at(&engine->presences, device)->site;
    struct gong_site *site = gong_site_at(&engine->presences, number);
    bool turned = gong_site_is_dark(site) != unit_was_dark;
    struct fact fact = {0};
    enum gong_err err = GONG_OK;

    if (turned || (known_before < 2 && site->devices == 2)) {
        site->since_ms = engine->journal_ms;
        err = tell_unit(engine, number);
    } else {
        fact = dark_fact(engine, device);
        err = feed(engine, &fact);
    }
    fact = up_fact(engine, device);
    return err == GONG_OK ? feed(engine, &fact) : err;
}

/* The series of one city ends, that of another begins. */
static enum gong_err
move_fact(struct gong_engine *engine, const struct gong_city *old,
          const struct fact *fact)
{
    const struct gong_city *city = engine->live->book.city;
    struct fact gone = *fact;
    uint32_t before = labels_of(engine, old, fact);
    uint32_t now = labels_of(engine, city, fact);
    enum gong_err err = GONG_OK;

    if (before == 0 || now == 0) {
        return GONG_ERR_MEMORY;
    }
    if (before == now || fact->gone) {
        return GONG_OK;
    }
    gone.gone = true;
    err = tell_as(engine, old, &gone);
    return err == GONG_OK ? tell_as(engine, city, fact) : err;
}

enum gong_err
gong_engine_move_presence(struct gong_engine *engine,
                          const struct gong_city *old)
{
    const struct gong_presences *presences = &engine->presences;
    enum gong_err err = GONG_OK;

    if (engine->live->book.foreign ||
        gong_city_same_labels(old, engine->live->book.city)) {
        return GONG_OK;
    }
    for (uint32_t n = 1; n < presences->devices.count && err == GONG_OK; n++) {
        struct fact fact = {0};

        if (gong_presence_at(presences, n)->site == 0) {
            continue;
        }
        fact = up_fact(engine, n);
        err = move_fact(engine, old, &fact);
        if (err == GONG_OK) {
            fact = dark_fact(engine, n);
            err = move_fact(engine, old, &fact);
        }
    }
    for (uint32_t n = 1; n < presences->sites.count && err == GONG_OK; n++) {
        struct fact fact = unit_fact(engine, n);

        err = move_fact(engine, old, &fact);
    }
    return err;
}

enum gong_err
gong_engine_bind_presence(struct gong_engine *engine, struct gong_live *live)
{
    const struct gong_presences *presences = &engine->presences;
    uint32_t series = 0;
    enum gong_err err = GONG_OK;

    for (uint32_t n = 1; n < presences->devices.count && err == GONG_OK; n++) {
        struct fact fact = {0};

        if (gong_presence_at(presences, n)->site == 0) {
            continue;
        }
        fact = up_fact(engine, n);
        err = note(engine, live, &fact, &series);
        if (err == GONG_OK) {
            fact = dark_fact(engine, n);
            err = note(engine, live, &fact, &series);
        }
    }
    for (uint32_t n = 1; n < presences->sites.count && err == GONG_OK; n++) {
        struct fact fact = unit_fact(engine, n);

        err = note(engine, live, &fact, &series);
    }
    return err;
}

/* Whether an instance is met at its first selector, so that each counts once.
 */
static bool
is_first(const struct gong_binds *binds, const struct gong_instance *instance,
         uint32_t leaf)
{
    for (uint32_t l = 0; l < leaf; l++) {
        if (gong_bind_leaf(binds, instance, l) != 0) {
            return false;
        }
    }
    return true;
}

static void
judge_series(const struct gong_live *live, uint32_t s, struct gong_alert *alert)
{
    const struct gong_binds *binds = &live->binds;
    const struct gong_series *series = gong_series_at(binds, s);
    const struct gong_attachment *a =
        gong_attachment_at(binds, series->attachment);

    for (uint32_t i = 0; i < a->count; i++) {
        const struct gong_entry *entry = gong_entry_at(binds, a->first + i);
        const struct gong_instance *instance = NULL;
        const struct gong_alert *other = NULL;
        const struct gong_book_rule *rule = &live->book.rules[entry->rule];
        uint32_t severity = 0;

        if (entry->form == GONG_FORM_AGGREGATE) {
            continue; /* a member */
        }
        instance = gong_instance_at(
            binds, gong_binding_at(binds, series->bindings + i));
        if (instance->alert == 0 || !is_first(binds, instance, entry->leaf) ||
            rule->rule->trial) {
            continue;
        }
        other = gong_alert_at(&live->alerts, instance->alert);
        if (other->state != GONG_ALERT_UNKNOWN) {
            continue;
        }
        severity = gong_book_severity(rule, other->level);
        severity = other->severity > severity ? other->severity : severity;
        alert->severity =
            (uint8_t)(severity > alert->severity ? severity : alert->severity);
        alert->hidden++;
    }
}

static void
judge_device(const struct gong_live *live, uint32_t device,
             struct gong_alert *alert)
{
    for (uint32_t s = gong_bind_family(&live->binds, device); s != 0;
         s = gong_bind_sibling(&live->binds, s)) {
        judge_series(live, s, alert);
    }
}

void
gong_engine_judge(const struct gong_engine *engine, struct gong_alert *alert)
{
    const struct gong_live *live = engine->live;
    const struct gong_presences *presences = &engine->presences;
    const struct gong_instance *i =
        gong_instance_at(&live->binds, alert->instance);
    const struct gong_series *home =
        gong_series_at(&live->binds, gong_bind_home(&live->binds, i));
    uint32_t site = 0;

    alert->hidden = 0;
    alert->severity = GONG_SEVERITY_OTHER;
    if (home->device != 0) {
        judge_device(live, home->device, alert);
        return;
    }
    site = gong_presences_find_site(
        presences,
        gong_symbol_find(&engine->symbols,
                         gong_labelset_get(&engine->labelsets, home->labelset,
                                           gong_str_of("site"))));
    for (uint32_t n = site == 0 ? 0 : gong_site_at(presences, site)->first;
         n != 0; n = gong_presence_at(presences, n)->next) {
        judge_device(live, n, alert);
    }
}
