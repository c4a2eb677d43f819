#include "rules/engine/presence.h"

static const char *const names[GONG_PRESENCE_METRICS] = {
    [GONG_PRESENCE_UP] = "up",
    [GONG_PRESENCE_UNIT_UP] = "unit_up",
    [GONG_PRESENCE_DEVICE_DARK] = "device_dark",
};

enum gong_presence_metric
gong_presence_metric(struct gong_str name)
{
    for (unsigned i = 0; i < GONG_PRESENCE_METRICS; i++) {
        if (gong_str_is(name, names[i])) {
            return (enum gong_presence_metric)i;
        }
    }
    return GONG_PRESENCE_METRICS;
}

const char *
gong_presence_metric_name(enum gong_presence_metric metric)
{
    return names[metric];
}

int64_t
gong_presence_silence(int64_t every_ms)
{
    int64_t silence = every_ms * 2 + every_ms / 2;

    if (every_ms == 0) {
        return 0;
    }
    return silence < GONG_PRESENCE_SILENCE_MIN ? GONG_PRESENCE_SILENCE_MIN
                                               : silence;
}

bool
gong_presences_init(struct gong_presences *presences,
                    struct gong_budget *budget, struct gong_budget *derived,
                    const struct gong_hash_key *key)
{
    *presences = (struct gong_presences){.key = key};
    gong_arena_init(&presences->devices, budget, sizeof(struct gong_presence));
    gong_arena_init(&presences->sites, budget, sizeof(struct gong_site));
    gong_index_init(&presences->site_index, budget);
    gong_timers_init(&presences->timers, derived);
    return gong_timers_add_clock(&presences->timers) == GONG_CLOCK_JOURNAL;
}

void
gong_presences_fini(struct gong_presences *presences)
{
    gong_arena_fini(&presences->devices);
    gong_arena_fini(&presences->sites);
    gong_index_fini(&presences->site_index);
    gong_timers_fini(&presences->timers);
}

bool
gong_presences_room(struct gong_presences *presences, uint32_t count)
{
    uint32_t have = presences->devices.count;

    have -= have > 0; /* element 0 is none */
    return have >= count ||
           gong_arena_add(&presences->devices, count - have) != 0;
}

static uint64_t
hash_site(const struct gong_presences *presences, uint32_t name)
{
    return gong_hash(presences->key, &name, sizeof name);
}

uint32_t
gong_presences_find_site(const struct gong_presences *presences, uint32_t name)
{
    struct gong_probe probe =
        gong_probe_start(&presences->site_index, hash_site(presences, name));
    uint32_t site = 0;

    while ((site = gong_probe_next(&presences->site_index, &probe)) != 0) {
        if (gong_site_at(presences, site)->name == name) {
            break;
        }
    }
    return site;
}

static uint32_t
make_site(struct gong_presences *presences, uint32_t name, int64_t now)
{
    uint32_t site = gong_presences_find_site(presences, name);

    if (site != 0) {
        return site;
    }
    site = gong_arena_add(&presences->sites, 1);
    if (site == 0) {
        return 0;
    }
    *gong_site_at(presences, site) =
        (struct gong_site){.since_ms = now, .name = name};
    return gong_index_put(&presences->site_index, hash_site(presences, name),
                          site)
               ? site
               : 0;
}

static void
link_device(struct gong_presences *presences, uint32_t device)
{
    struct gong_presence *p = gong_presence_at(presences, device);
    struct gong_site *site = gong_site_at(presences, p->site);

    p->next = site->first;
    site->first = device;
    site->devices++;
    presences->known++;
    if ((p->flags & GONG_PRESENCE_DARK) != 0) {
        site->dark++;
        presences->dark++;
    }
}

bool
gong_presences_add(struct gong_presences *presences, uint32_t device,
                   uint32_t name, int64_t now)
{
    uint32_t site = make_site(presences, name, now);
    struct gong_presence *p = gong_presence_at(presences, device);

    if (site == 0) {
        return false;
    }
    p->site = site;
    p->since_ms = now;
    link_device(presences, device);
    return true;
}

void
gong_presences_turn(struct gong_presences *presences, uint32_t device,
                    bool dark, int64_t now)
{
    struct gong_presence *p = gong_presence_at(presences, device);
    struct gong_site *site = gong_site_at(presences, p->site);

    if (dark) {
        p->flags |= GONG_PRESENCE_DARK;
        site->dark++;
        presences->dark++;
    } else {
        p->flags &= ~(GONG_PRESENCE_DARK | GONG_PRESENCE_ENDED);
        site->dark--;
        presences->dark--;
    }
    p->since_ms = now;
}

bool
gong_presences_watch(struct gong_presences *presences, uint32_t device,
                     int64_t due)
{
    struct gong_presence *p = gong_presence_at(presences, device);

    if (p->timer == 0) {
        p->timer = gong_timer_arm(&presences->timers, GONG_CLOCK_JOURNAL, due,
                                  0, device);
        p->watch_ms = due;
    } else if (due < p->watch_ms) {
        gong_timer_hasten(&presences->timers, GONG_CLOCK_JOURNAL, p->timer,
                          due);
        p->watch_ms = due;
    }
    return p->timer != 0;
}

uint32_t
gong_presences_pop(struct gong_presences *presences, int64_t limit,
                   int64_t *due)
{
    struct gong_timer_event event = {0};
    struct gong_presence *p = NULL;

    if (!gong_timers_pop(&presences->timers, limit, &event)) {
        return 0;
    }
    p = gong_presence_at(presences, event.instance);
    p->timer = 0;
    p->watch_ms = 0;
    *due = event.due;
    return event.instance;
}

void
gong_presences_link(struct gong_presences *presences)
{
    for (uint32_t i = 1; i < presences->sites.count; i++) {
        struct gong_site *site = gong_site_at(presences, i);

        site->first = 0;
        site->devices = 0;
        site->dark = 0;
    }
    presences->known = 0;
    presences->dark = 0;
    for (uint32_t i = 1; i < presences->devices.count; i++) {
        if (gong_presence_at(presences, i)->site != 0) {
            link_device(presences, i);
        }
    }
}
