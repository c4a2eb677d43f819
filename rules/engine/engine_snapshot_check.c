/*
 * engine_snapshot_check: whether what was read back hangs together. Tables are
 * looked at in the order in which they lean on each other:
 *
 *   bytes <- symbols <- labelsets <- devices <- rows -> columns -> series
 *   book <- entries <- attachments <- series -> bindings -> instances, windows
 *   instances -> alerts, timers; members -> groups <-> instances
 *   devices <- presences -> sites
 */
#include "rules/engine/bind_past.h"
#include "rules/engine/engine_snapshot_private.h"
#include "rules/engine/engine_live.h"

static const char *
check_clocks(const struct gong_engine *engine)
{
    const struct gong_timers *timers = &engine->live->timers;

    if (timers->clocks.count < 2 ||
        timers->clocks.count - 1 != engine->registry.devices.count +
                                        (engine->registry.devices.count == 0)) {
        return "there are too many or too few clocks";
    }
    for (uint32_t i = 1; i < timers->clocks.count; i++) {
        struct gong_clock *c = gong_arena_at(&timers->clocks, i);

        if (c->newest < GONG_CLOCK_NEVER || c->newest > GONG_INSTANT_MAX ||
            c->arrival < 0 || c->arrival > GONG_INSTANT_MAX ||
            c->floor < GONG_CLOCK_NEVER || c->floor > GONG_SNAPSHOT_FAR ||
            !gong_snapshot_instant_sound(c->stood)) {
            return "a clock is wrong";
        }
        c->first = 0;
        c->place = 0;
    }
    return NULL;
}

static const char *
check_devices(const struct gong_engine *engine)
{
    const struct gong_registry *registry = &engine->registry;
    const struct gong_symbols *symbols = &engine->symbols;
    const struct gong_arena *clocks = &engine->live->timers.clocks;

    for (uint32_t i = 1; i < registry->devices.count; i++) {
        const struct gong_device *d = gong_device_at(registry, i);

        if (!gong_snapshot_is_symbol(symbols, d->site) ||
            !gong_snapshot_is_symbol(symbols, d->name) ||
            !gong_snapshot_within(clocks, d->clock) ||
            d->clock == GONG_CLOCK_JOURNAL ||
            (d->head != 0 && !gong_snapshot_within(&registry->rows, d->head))) {
            return "a device is wrong";
        }
    }
    return gong_index_sound(&registry->device_index, registry->devices.count)
               ? NULL
               : "the index of devices is wrong";
}

/* Frees what belongs to no device. */
static const char *
check_declared(const struct gong_engine *engine)
{
    struct gong_declareds *all =
        &((struct gong_engine *)(uintptr_t)engine)->declareds;

    gong_declareds_begin(all);
    for (uint32_t i = 1; i < engine->registry.devices.count; i++) {
        if (!gong_declareds_claim(
                all, gong_device_at(&engine->registry, i)->declared)) {
            return "what a device declared is another's";
        }
    }
    gong_declareds_sweep(all);
    return NULL;
}

static bool
presence_sound(const struct gong_engine *engine, uint32_t device)
{
    const struct gong_presences *presences = &engine->presences;
    const struct gong_presence *p = gong_presence_at(presences, device);

    if (p->site == 0) { /* of a file, or never heard of */
        return p->flags == 0 && p->watch_ms == 0 && p->silence_ms == 0;
    }
    return gong_snapshot_within(&presences->sites, p->site) &&
           gong_site_at(presences, p->site)->name ==
               gong_device_at(&engine->registry, device)->site &&
           (p->flags & ~GONG_PRESENCE_FLAGS) == 0 && p->heard_ms >= 0 &&
           p->heard_ms <= GONG_INSTANT_MAX && p->since_ms >= 0 &&
           p->since_ms <= GONG_INSTANT_MAX && p->silence_ms >= 0 &&
           p->silence_ms <= gong_presence_silence(GONG_PRESENCE_EVERY) &&
           p->watch_ms >= 0 && p->watch_ms <= GONG_SNAPSHOT_FAR;
}

/* Arms the timers again and links devices and sites anew. */
static const char *
check_presences(const struct gong_engine *engine)
{
    struct gong_presences *presences =
        &((struct gong_engine *)(uintptr_t)engine)->presences;

    if (presences->devices.count != engine->registry.devices.count) {
        return "there are too many or too few presences";
    }
    for (uint32_t i = 1; i < presences->sites.count; i++) {
        const struct gong_site *site = gong_site_at(presences, i);

        if (!gong_snapshot_is_symbol(&engine->symbols, site->name) ||
            site->since_ms < 0 || site->since_ms > GONG_INSTANT_MAX) {
            return "a site is wrong";
        }
    }
    for (uint32_t i = 1; i < presences->devices.count; i++) {
        struct gong_presence *p = gong_presence_at(presences, i);

        p->timer = 0;
        if (!presence_sound(engine, i)) {
            return "a presence is wrong";
        }
        if (p->watch_ms != 0 &&
            !gong_presences_watch(presences, i, p->watch_ms)) {
            return "out of memory";
        }
    }
    gong_presences_link(presences);
    return gong_index_sound(&presences->site_index, presences->sites.count)
               ? NULL
               : "the index of sites is wrong";
}

static bool
row_sound(const struct gong_engine *engine, const struct gong_row *r)
{
    const struct gong_registry *registry = &engine->registry;

    return gong_snapshot_within(&registry->devices, r->device) &&
           gong_snapshot_is_labelset(&engine->labelsets, r->labelset) &&
           r->key_len <= GONG_SERIES_KEY_MAX &&
           gong_snapshot_is_symbol(&engine->symbols, r->measurement) &&
           gong_snapshot_bytes_within(&registry->keys, r->key_at, r->key_len) &&
           r->count <= r->capacity && r->count <= GONG_ROW_COLUMNS_MAX &&
           gong_snapshot_run_within(&registry->columns, r->columns,
                                    r->capacity) &&
           (r->next == 0 || gong_snapshot_within(&registry->rows, r->next));
}

static bool
column_sound(const struct gong_engine *engine, const struct gong_column *c)
{
    const struct gong_symbols *symbols = &engine->symbols;

    if (c->raw == 0) { /* spare */
        return c->metric == 0 && c->series == GONG_COLUMN_NEW;
    }
    return gong_snapshot_is_symbol(symbols, c->raw) &&
           gong_snapshot_is_symbol(symbols, c->metric) &&
           (c->series == GONG_COLUMN_NEW || c->series == GONG_COLUMN_UNREAD ||
            c->series == GONG_COLUMN_REFUSED || c->series == GONG_COLUMN_OWN ||
            gong_snapshot_within(&engine->live->binds.series, c->series));
}

static const char *
check_rows(const struct gong_engine *engine)
{
    const struct gong_registry *registry = &engine->registry;
    uint64_t columns = 0;

    for (uint32_t i = 1; i < registry->columns.count; i++) {
        if (!column_sound(engine, gong_column_at(registry, i))) {
            return "a column is wrong";
        }
    }
    for (uint32_t i = 1; i < registry->rows.count; i++) {
        const struct gong_row *r = gong_row_at(registry, i);

        columns += r->capacity;
        if (!row_sound(engine, r) || columns > registry->columns.count) {
            return "a row is wrong";
        }
        for (uint32_t c = 0; c < r->count; c++) {
            if (gong_column_at(registry, r->columns + c)->raw == 0) {
                return "a row has a column without a name";
            }
        }
    }
    gong_registry_link((struct gong_registry *)(uintptr_t)registry);
    return gong_index_sound(&registry->row_index, registry->rows.count)
               ? NULL
               : "the index of rows is wrong";
}

static bool
entry_sound(const struct gong_book *book, const struct gong_entry *entry)
{
    const struct gong_book_rule *r = &book->rules[entry->rule];

    if (entry->rule >= book->count) {
        return false;
    }
    return entry->leaf <
           (r->plan != NULL ? r->plan->leaf_count : r->reads->count);
}

static const char *
check_attachments(const struct gong_engine *engine)
{
    const struct gong_binds *binds = &engine->live->binds;

    for (uint32_t i = 1; i < binds->entries.count; i++) {
        if (!entry_sound(&engine->live->book, gong_entry_at(binds, i))) {
            return "a selector is of no rule";
        }
    }
    for (uint32_t i = 1; i < binds->attachments.count; i++) {
        const struct gong_attachment *a = gong_attachment_at(binds, i);

        if (!gong_snapshot_run_within(&binds->entries, a->first, a->count)) {
            return "an attachment is outside";
        }
        gong_bind_refresh(binds, i);
    }
    return gong_index_sound(&binds->attachment_index, binds->attachments.count)
               ? NULL
               : "the index of attachments is wrong";
}

static bool
leaves_sound(const struct gong_binds *binds, const struct gong_instance *i)
{
    const struct gong_book_rule *rule = &binds->book->rules[i->rule];

    if (rule->form == GONG_FORM_GENERAL) {
        return i->leaves == 0 ||
               gong_snapshot_is_labelset(binds->labelsets, i->leaves);
    }
    if (rule->form == GONG_FORM_AGGREGATE) {
        return gong_snapshot_within(&binds->groups.groups, i->leaves);
    }
    if (rule->form != GONG_FORM_JOINT) {
        return gong_snapshot_within(&binds->series, i->leaves);
    }
    if (!gong_snapshot_run_within(&binds->leaves, i->leaves,
                                  rule->plan->leaf_count)) {
        return false;
    }
    for (uint32_t leaf = 0; leaf < rule->plan->leaf_count; leaf++) {
        uint32_t series = gong_bind_leaf(binds, i, leaf);

        if (series != 0 && !gong_snapshot_within(&binds->series, series)) {
            return false;
        }
    }
    return gong_bind_home(binds, i) != 0;
}

/* A unit's series has no device, so nothing of it runs on a device's clock. */
static bool
on_a_clock(const struct gong_binds *binds, const struct gong_instance *i)
{
    return binds->book->rules[i->rule].journal ||
           gong_series_at(binds, gong_bind_home(binds, i))->device != 0;
}

static const char *
check_instances(const struct gong_engine *engine)
{
    const struct gong_live *live = engine->live;
    const struct gong_binds *binds = &live->binds;

    for (uint32_t n = 1; n < binds->instances.count; n++) {
        struct gong_instance *i = gong_instance_at(binds, n);

        i->flags &= GONG_INSTANCE_FAR;
        i->news = i->news != 0;
        if (i->rule >= live->book.count || !leaves_sound(binds, i)) {
            return "an instance is of no rule or series";
        }
        if (!on_a_clock(binds, i)) {
            return "an instance has no clock";
        }
        if (i->alert != 0 && gong_snapshot_is_recording(live, i) &&
            (!gong_snapshot_within(&live->outputs.arena, i->alert) ||
             gong_output_at(&live->outputs, i->alert)->instance != n)) {
            return "an instance has another's output";
        }
        if (i->alert != 0 && !gong_snapshot_is_recording(live, i) &&
            (!gong_snapshot_within(&live->alerts.arena, i->alert) ||
             gong_alert_at(&live->alerts, i->alert)->used != 1 ||
             gong_alert_at(&live->alerts, i->alert)->instance != n)) {
            return "an instance has another's alert";
        }
    }
    return gong_index_sound(&binds->joint_index, binds->instances.count)
               ? NULL
               : "the index of joined instances is wrong";
}

/* That of a GENERAL rule is its head. */
static bool
leads_back(const struct gong_binds *binds, uint32_t instance,
           const struct gong_entry *entry, uint32_t series)
{
    const struct gong_instance *i = gong_instance_at(binds, instance);
    const struct gong_book_rule *r = &binds->book->rules[entry->rule];

    return r->form == GONG_FORM_GENERAL
               ? instance == binds->heads[r->general - 1]
               : gong_bind_leaf(binds, i, entry->leaf) == series;
}

/* Each of a series' bindings leads to an instance that leads back. */
static bool
bindings_sound(const struct gong_binds *binds, uint32_t series)
{
    const struct gong_series *s = gong_series_at(binds, series);
    const struct gong_attachment *a = gong_attachment_at(binds, s->attachment);

    if (!gong_snapshot_run_within(&binds->bindings, s->bindings,
                                  a->count + (a->keep_ms != GONG_KEEP_NONE))) {
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        const struct gong_entry *entry = gong_entry_at(binds, a->first + i);
        uint32_t instance = gong_binding_at(binds, s->bindings + i);

        if (binds->book->rules[entry->rule].form == GONG_FORM_AGGREGATE) {
            if (!gong_snapshot_within(&binds->groups.members, instance)) {
                return false;
            }
            continue;
        }
        if (!gong_snapshot_within(&binds->instances, instance) ||
            gong_instance_at(binds, instance)->rule != entry->rule ||
            !leads_back(binds, instance, entry, series)) {
            return false;
        }
    }
    return true;
}

static const char *
check_series(const struct gong_engine *engine)
{
    const struct gong_binds *binds = &engine->live->binds;

    for (uint32_t i = 1; i < binds->series.count; i++) {
        struct gong_series *s = gong_series_at(binds, i);

        s->busy = 0;
        if ((s->device != 0 &&
             !gong_snapshot_within(&engine->registry.devices, s->device)) ||
            !gong_snapshot_is_labelset(&engine->labelsets, s->labelset) ||
            !gong_snapshot_is_symbol(&engine->symbols, s->metric) ||
            !gong_snapshot_within(&binds->attachments, s->attachment) ||
            (s->stamp != GONG_STAMP_NONE &&
             !gong_snapshot_instant_sound(s->stamp))) {
            return "a series is wrong";
        }
    }
    return gong_index_sound(&binds->series_index, binds->series.count)
               ? NULL
               : "the index of series is wrong";
}

/* Links what is derived anew, now that series, attachments and heads are sound.
 */
static const char *
check_bindings(const struct gong_engine *engine)
{
    const struct gong_binds *binds = &engine->live->binds;

    if (!gong_bind_link((struct gong_binds *)(uintptr_t)binds)) {
        return "out of memory";
    }
    for (uint32_t i = 1; i < binds->series.count; i++) {
        if (!bindings_sound(binds, i)) {
            return "a series has another's instance";
        }
    }
    return NULL;
}

static const char *
check_windows(const struct gong_engine *engine)
{
    struct gong_binds *binds =
        &((struct gong_engine *)(uintptr_t)engine)->live->binds;
    const char *wrong = gong_sample_windows_check_begin(&binds->windows);

    for (uint32_t i = 1; i < binds->series.count && wrong == NULL; i++) {
        const struct gong_series *s = gong_series_at(binds, i);

        if (gong_attachment_at(binds, s->attachment)->keep_ms !=
            GONG_KEEP_NONE) {
            wrong = gong_sample_windows_claim(&binds->windows,
                                              gong_bind_window(binds, s),
                                              gong_bind_newest(s));
        }
    }
    return wrong == NULL ? gong_sample_windows_sweep(&binds->windows) : wrong;
}

/* It has a level, of those that its rule has, where it has fired. */
static bool
levels_sound(const struct gong_live *live, const struct gong_alert *alert)
{
    uint8_t levels =
        live->book.rules[gong_instance_at(&live->binds, alert->instance)->rule]
            .terms.levels;
    bool fired = gong_alert_state_open((enum gong_alert_state)alert->state);

    for (size_t i = 0; i < GONG_LEVELS_MAX - 1; i++) {
        if (alert->climbs[i] != GONG_ALERT_FREE &&
            !gong_snapshot_instant_sound(alert->climbs[i])) {
            return false;
        }
    }
    return fired
               ? alert->level >= 1 && alert->level <= (levels == 0 ? 1 : levels)
               : alert->level == 0;
}

static bool
alert_sound(const struct gong_live *live, uint32_t n)
{
    const struct gong_alert *alert = gong_alert_at(&live->alerts, n);

    return alert->state <= GONG_ALERT_UNKNOWN &&
           alert->severity <= GONG_SEVERITY_CRITICAL &&
           gong_snapshot_instant_sound(alert->since_ms) &&
           gong_snapshot_instant_sound(alert->told_ms) &&
           (alert->held_ms == GONG_ALERT_FREE ||
            gong_snapshot_instant_sound(alert->held_ms)) &&
           gong_snapshot_within(&live->binds.instances, alert->instance) &&
           gong_instance_at(&live->binds, alert->instance)->alert == n &&
           (alert->source == 0 ||
            alert->source < live->binds.labelsets->sets.count) &&
           levels_sound(live, alert);
}

/* The free list holds every unused alert once: so many steps lead to its end.
 */
static bool
free_list_sound(const struct gong_alerts *alerts, uint32_t unused)
{
    uint32_t next = alerts->free;

    for (uint32_t i = 0; i < unused; i++) {
        if (!gong_snapshot_within(&alerts->arena, next) ||
            gong_alert_at(alerts, next)->used != 0) {
            return false;
        }
        next = gong_alert_at(alerts, next)->instance;
    }
    return next == 0;
}

/* Counts alerts and busy series anew. */
static const char *
check_alerts(const struct gong_engine *engine)
{
    struct gong_live *live = engine->live;
    uint32_t unused = 0;

    live->pending = 0;
    live->firing = 0;
    live->unknown = 0;
    live->trial = 0;
    for (uint32_t n = 1; n < live->alerts.arena.count; n++) {
        const struct gong_alert *alert = gong_alert_at(&live->alerts, n);
        const struct gong_instance *i = NULL;

        if (alert->used == 0) {
            unused++;
            continue;
        }
        if (alert->used != 1 || !alert_sound(live, n)) {
            return "an alert is wrong";
        }
        i = gong_instance_at(&live->binds, alert->instance);
        gong_live_count(live, &live->book.rules[i->rule], GONG_ALERT_INACTIVE,
                        (enum gong_alert_state)alert->state);
        if (gong_bind_is_busy(&live->binds, i)) {
            gong_series_at(&live->binds, i->leaves)->busy++;
        }
    }
    return free_list_sound(&live->alerts, unused)
               ? NULL
               : "the list of free alerts is wrong";
}

const char *
gong_snapshot_check(struct gong_engine *engine)
{
    static const char *(*const checks[])(const struct gong_engine *) = {

        check_clocks,
        check_devices,
        check_declared,
        check_presences,
        check_rows,
        check_series,
        check_attachments,
        check_instances,
        gong_snapshot_check_groups,
        gong_snapshot_find_heads,
        check_bindings,
        gong_snapshot_check_order,
        check_windows,
        check_alerts,
        gong_snapshot_check_outputs,
        gong_snapshot_check_generals,
    };

    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        const char *wrong = checks[i](engine);

        if (wrong != NULL) {
            return wrong;
        }
    }
    return gong_snapshot_rearm(engine);
}
