/*
 * engine_presence: signs of life and their absence, and what follows from them
 * (presence.h has the rules).
 *
 *   status, samples, silence -> up or dark -> alerts of the device suspended
 *                                          -> up, unit_up, device_dark fed
 *
 * Alerts of the device come first, so that a presence rule which fires at once
 * sees what it hides.
 */
#include "rules/engine/engine_presence.h"
#include "rules/engine/engine_eval.h"
#include "rules/engine/engine_data.h"
#include "rules/engine/engine_hold.h"

static const struct gong_cause none = {0};

/* Whether darkness changes anything for an instance: not if it is at rest,
 * unless it makes the rule fire, nor if nothing was known already. */
static bool
is_concerned(const struct gong_engine *engine,
             const struct gong_instance *instance)
{
    const struct gong_alert *alert =
        instance->alert == 0
            ? NULL
            : gong_alert_at(&engine->live->alerts, instance->alert);

    if (alert == NULL) {
        return engine->live->book.rules[instance->rule].terms.fire &&
               gong_engine_is_dark(engine, instance);
    }
    return alert->state != GONG_ALERT_UNKNOWN &&
           (alert->state != GONG_ALERT_PENDING ||
            alert->held_ms == GONG_ALERT_FREE) &&
           gong_engine_is_dark(engine, instance);
}

/* Members of groups stay until their look-back ends. */
static bool
is_member(const struct gong_binds *binds, const struct gong_series *series,
          uint32_t i)
{
    const struct gong_attachment *a =
        gong_attachment_at(binds, series->attachment);

    return gong_entry_at(binds, a->first + i)->form == GONG_FORM_AGGREGATE;
}

/* Everything of a device that is not at rest and would fall silent. */
static enum gong_err
suspend_alerts(struct gong_engine *engine, uint32_t device)
{
    const struct gong_live *live = engine->live;
    const struct gong_binds *binds = &live->binds;
    uint32_t clock = gong_device_at(&engine->registry, device)->clock;
    enum gong_err err = GONG_OK;

    gong_arena_clear(&engine->touched);
    for (uint32_t s = gong_bind_family(binds, device); s != 0 && err == GONG_OK;
         s = gong_bind_sibling(binds, s)) {
        const struct gong_series *series = gong_series_at(binds, s);
        uint32_t count = gong_attachment_at(binds, series->attachment)->count;

        for (uint32_t i = 0; i < count && err == GONG_OK; i++) {
            uint32_t n = gong_binding_at(binds, series->bindings + i);
            const struct gong_instance *instance = NULL;

            if (is_member(binds, series, i)) {
                continue;
            }
            instance = gong_instance_at(binds, n);
            if (!is_concerned(engine, instance)) {
                continue;
            }
            err = live->book.rules[instance->rule].interval_ms > 0
                      ? gong_engine_arm_grid(engine, n)
                      : gong_engine_touch(engine, n);
        }
    }
    if (err != GONG_OK) {
        return err;
    }
    return gong_engine_evaluate_touched(
        engine,
        gong_timers_clock_now(&live->timers, clock,
                              gong_engine_ran_until(engine)),
        &none);
}

static enum gong_err
turn(struct gong_engine *engine, uint32_t device, bool dark)
{
    struct gong_presences *presences = &engine->presences;
    const struct gong_site *site =
        gong_site_at(presences, gong_presence_at(presences, device)->site);
    bool unit_was_dark = gong_site_is_dark(site);
    enum gong_err err = GONG_OK;

    gong_presences_turn(presences, device, dark, engine->journal_ms);
    if (dark) {
        err = suspend_alerts(engine, device);
    }
    return err == GONG_OK ? gong_engine_tell_presence(
                                engine, device, unit_was_dark, site->devices)
                          : err;
}

/* The first sign of life. */
static enum gong_err
welcome(struct gong_engine *engine, uint32_t device)
{
    struct gong_presences *presences = &engine->presences;
    uint32_t name = gong_device_at(&engine->registry, device)->site;
    uint32_t site = gong_presences_find_site(presences, name);
    uint32_t known = site == 0 ? 0 : gong_site_at(presences, site)->devices;
    bool unit_was_dark =
        site != 0 && gong_site_is_dark(gong_site_at(presences, site));
    enum gong_err err = gong_engine_name_presence(engine);

    if (err != GONG_OK) {
        return err;
    }
    return gong_presences_add(presences, device, name, engine->journal_ms)
               ? gong_engine_tell_presence(engine, device, unit_was_dark, known)
               : GONG_ERR_MEMORY;
}

/* A device that has shown that it lives, in whatever way. */
static enum gong_err
alive(struct gong_engine *engine, uint32_t device)
{
    const struct gong_presence *p =
        gong_presence_at(&engine->presences, device);

    if (p->site == 0) {
        return welcome(engine, device);
    }
    return (p->flags & GONG_PRESENCE_DARK) != 0 ? turn(engine, device, false)
                                                : GONG_OK;
}

/* When a device that says nothing more turns dark. */
static int64_t
silence_ends(const struct gong_engine *engine, const struct gong_presence *p)
{
    int64_t from =
        p->heard_ms > engine->resumed_ms ? p->heard_ms : engine->resumed_ms;
    int64_t due = from + p->silence_ms;

    return due < engine->settle_ms ? engine->settle_ms : due;
}

static enum gong_err
watch(struct gong_engine *engine, uint32_t device)
{
    const struct gong_presence *p =
        gong_presence_at(&engine->presences, device);

    if (p->silence_ms == 0 || (p->flags & GONG_PRESENCE_DARK) != 0) {
        return GONG_OK;
    }
    return gong_presences_watch(&engine->presences, device,
                                silence_ends(engine, p))
               ? GONG_OK
               : GONG_ERR_MEMORY;
}

enum gong_err
gong_engine_heard(struct gong_engine *engine, uint32_t device)
{
    struct gong_presence *p = gong_presence_at(&engine->presences, device);
    enum gong_err err = GONG_OK;

    p->heard_ms = engine->journal_ms;
    if (p->site != 0 &&
        (p->flags & (GONG_PRESENCE_DARK | GONG_PRESENCE_HELD)) == 0) {
        return GONG_OK;
    }
    if ((p->flags & GONG_PRESENCE_ENDED) != 0) {
        return GONG_OK; /* of the connection that has ended */
    }
    if ((p->flags & GONG_PRESENCE_HELD_ENDED) == 0) {
        p->flags &= ~GONG_PRESENCE_HELD;
    }
    err = alive(engine, device);
    return err == GONG_OK ? watch(engine, device) : err;
}

enum gong_err
gong_engine_silent(struct gong_engine *engine, uint32_t device)
{
    const struct gong_presence *p =
        gong_presence_at(&engine->presences, device);

    if (p->silence_ms == 0 || (p->flags & GONG_PRESENCE_DARK) != 0) {
        return GONG_OK;
    }
    return silence_ends(engine, p) > engine->journal_ms
               ? watch(engine, device)
               : turn(engine, device, true);
}

/* Whether a message names the connection of the last birth. */
static bool
names_conn(const struct gong_presence *p,
           const struct gong_presence_message *message)
{
    return (p->flags & GONG_PRESENCE_CONN) != 0 && message->has_conn &&
           message->conn == p->conn;
}

static enum gong_err
go_online(struct gong_engine *engine, uint32_t device,
          const struct gong_presence_message *message)
{
    struct gong_presence *p = gong_presence_at(&engine->presences, device);
    bool copy = names_conn(p, message) &&
                (p->flags & GONG_PRESENCE_DARK) != 0 &&
                (p->flags & GONG_PRESENCE_ENDED) == 0;
    enum gong_err err = gong_engine_declare(engine, device, message->every);

    p->silence_ms = gong_presence_silence(message->every_ms);
    if (err != GONG_OK || copy) {
        return err;
    }
    p->heard_ms = engine->journal_ms;
    p->conn = message->conn;
    p->flags &=
        ~(GONG_PRESENCE_CONN | GONG_PRESENCE_HELD | GONG_PRESENCE_HELD_ENDED);
    p->flags |= GONG_PRESENCE_BORN;
    p->flags |= message->has_conn ? GONG_PRESENCE_CONN : 0;
    err = alive(engine, device);
    return err == GONG_OK ? watch(engine, device) : err;
}

static enum gong_err
go_offline(struct gong_engine *engine, uint32_t device,
           const struct gong_presence_message *message)
{
    struct gong_presence *p = gong_presence_at(&engine->presences, device);
    bool ended = names_conn(p, message);

    if (p->site == 0 ||
        (message->has_conn && !ended && (p->flags & GONG_PRESENCE_CONN) != 0)) {
        return GONG_OK; /* never heard of, or an older connection's */
    }
    if ((p->flags & GONG_PRESENCE_DARK) != 0) {
        p->flags |= ended ? GONG_PRESENCE_ENDED : 0;
        return GONG_OK;
    }
    if (engine->blind_from != GONG_NEVER || engine->settle_ms != GONG_NEVER) {
        p->flags |= GONG_PRESENCE_HELD;
        p->flags |= ended ? GONG_PRESENCE_HELD_ENDED : 0;
        return GONG_OK;
    }
    p->flags |= ended ? GONG_PRESENCE_ENDED : 0;
    return turn(engine, device, true);
}

enum gong_err
gong_engine_apply_presence(struct gong_engine *engine,
                           const struct gong_record *record)
{
    struct gong_presence_record status;
    uint32_t device = 0;
    enum gong_err err = gong_presence_open(record->payload, &status);

    if (err != GONG_OK) {
        engine->stats.damaged++;
        return GONG_OK;
    }
    switch (status.message.kind) {
    case GONG_PRESENCE_CLEARED:
        break;
    case GONG_PRESENCE_ONLINE:
        err = gong_engine_device(engine, status.site, status.device, &device);
        return err == GONG_OK && device != 0
                   ? go_online(engine, device, &status.message)
                   : err;
    case GONG_PRESENCE_OFFLINE:
        device =
            gong_registry_find(&engine->registry, status.site, status.device);
        /* Without memory a device may have got no place. */
        return device == 0 || device >= engine->presences.devices.count
                   ? GONG_OK
                   : go_offline(engine, device, &status.message);
    }
    return GONG_OK;
}

enum gong_err
gong_engine_end_held(struct gong_engine *engine)
{
    enum gong_err err = GONG_OK;

    for (uint32_t n = 1; n < engine->presences.devices.count && err == GONG_OK;
         n++) {
        struct gong_presence *p = gong_presence_at(&engine->presences, n);
        bool ended = (p->flags & GONG_PRESENCE_HELD_ENDED) != 0;

        if ((p->flags & GONG_PRESENCE_HELD) == 0) {
            continue;
        }
        p->flags &= ~(GONG_PRESENCE_HELD | GONG_PRESENCE_HELD_ENDED);
        p->flags |= ended ? GONG_PRESENCE_ENDED : 0;
        if ((p->flags & GONG_PRESENCE_DARK) == 0) {
            err = turn(engine, n, true);
        }
    }
    return err;
}
