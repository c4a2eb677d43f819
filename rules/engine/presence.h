/*
 * presence: which devices are known, and whether they are up or dark.
 *
 *   device   born, conn, what it declared, last sign of life
 *     site   how many are known, how many of them dark
 *
 * A device is known from its first sign of life on: a record of samples, live
 * or backlog, or a birth. It turns dark
 *
 *   - by an offline, unless that names another connection than the last birth;
 *   - by silence, if its last birth declared an `every`: after 2.5 times the
 *     shortest one, at least 30 s, of journal time without a sign of life.
 *
 * It comes up again by a birth. A broker delivers a will after all that its
 * connection sent, so what still comes of a connection that is known to have
 * ended is old: samples bring back no device that an offline with the conn of
 * its last birth has darkened, but every other one. A birth with the conn that
 * is known already may be the retained copy: it does not end a silence, samples
 * do.
 *
 * Blind time and settling darken nothing: silence counts from the resume at
 * the earliest and does not end before settling does; an offline is held until
 * then, and dropped if what would bring the device back comes meanwhile.
 *
 * What rules see of it, told at journal time, never too old:
 *
 *   up{site,device}           1 or 0
 *   unit_up{site}             of two known devices on: 0 if all are dark
 *   device_dark{site,device}  1 if dark; gone while the whole unit is
 */
#ifndef GONG_RULES_ENGINE_PRESENCE_H
#define GONG_RULES_ENGINE_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/presence.h"
#include "rules/engine/arena.h"
#include "rules/engine/hash.h"
#include "rules/engine/timer.h"

enum gong_presence_metric {
    GONG_PRESENCE_UP,
    GONG_PRESENCE_UNIT_UP,
    GONG_PRESENCE_DEVICE_DARK,
    GONG_PRESENCE_METRICS, /* how many; also: none of them */
};

/* gong_presence_metric: which one has this name. */
enum gong_presence_metric gong_presence_metric(struct gong_str name);
const char *gong_presence_metric_name(enum gong_presence_metric metric);

#define GONG_PRESENCE_SILENCE_MIN 30000

/* gong_presence_silence: how long a device that declared this `every` may say
 * nothing; 0: for ever. */
int64_t gong_presence_silence(int64_t every_ms);

/* Bits of gong_presence.flags. */
#define GONG_PRESENCE_BORN       1u
#define GONG_PRESENCE_CONN       2u /* the last birth had a conn */
#define GONG_PRESENCE_DARK       4u
#define GONG_PRESENCE_ENDED      8u  /* only a birth brings it back */
#define GONG_PRESENCE_HELD       16u /* an offline waits for settling */
#define GONG_PRESENCE_HELD_ENDED 32u /* of the conn of the last birth */
#define GONG_PRESENCE_FLAGS      63u

/* Of a device, under its number in series.h. */
struct gong_presence {
    uint64_t conn;
    int64_t heard_ms;   /* last sign of life */
    int64_t since_ms;   /* of being up or dark */
    int64_t silence_ms; /* 0: never dark by silence */
    int64_t watch_ms;   /* when its timer comes, if it has one */
    uint32_t timer;     /* may come too early, never too late; 0: none */
    uint32_t site;      /* 0: not known */
    uint32_t next;      /* another device of the site */
    uint32_t flags;
};

struct gong_site {
    int64_t since_ms; /* of being wholly dark or not */
    uint32_t name;    /* symbol */
    uint32_t first;   /* the device that became known last */
    uint32_t devices; /* known */
    uint32_t dark;
};

/* Transparent: embedded. */
struct gong_presences {
    struct gong_arena devices;
    struct gong_arena sites;
    struct gong_index site_index;
    struct gong_timers timers; /* silence; on the journal's clock */
    const struct gong_hash_key *key;
    uint32_t known;
    uint32_t dark;
};

/* gong_presences_init: false without memory; fini is fine then. Timers draw on
 * derived. */
bool gong_presences_init(struct gong_presences *presences,
                         struct gong_budget *budget,
                         struct gong_budget *derived,
                         const struct gong_hash_key *key);
void gong_presences_fini(struct gong_presences *presences);

/* gong_presences_room: so many devices, unknown at first. */
bool gong_presences_room(struct gong_presences *presences, uint32_t count);

static inline struct gong_presence *
gong_presence_at(const struct gong_presences *presences, uint32_t device)
{
    struct gong_presence *all = presences->devices.data;

    return all + device;
}

static inline struct gong_site *
gong_site_at(const struct gong_presences *presences, uint32_t site)
{
    struct gong_site *all = presences->sites.data;

    return all + site;
}

static inline bool
gong_presence_is_dark(const struct gong_presences *presences, uint32_t device)
{
    return presences->dark != 0 && (gong_presence_at(presences, device)->flags &
                                    GONG_PRESENCE_DARK) != 0;
}

/* gong_site_is_dark: a lone device is dark by itself, not as a unit. */
static inline bool
gong_site_is_dark(const struct gong_site *site)
{
    return site->devices > 1 && site->dark == site->devices;
}

/* gong_presences_find_site: 0 if none has this name. */
uint32_t gong_presences_find_site(const struct gong_presences *presences,
                                  uint32_t name);

/* gong_presences_add: makes a device of a site known, as up. False without
 * memory. */
bool gong_presences_add(struct gong_presences *presences, uint32_t device,
                        uint32_t name, int64_t now);

/* gong_presences_turn: up or dark from now on. */
void gong_presences_turn(struct gong_presences *presences, uint32_t device,
                         bool dark, int64_t now);

/* gong_presences_watch: sees to it that a timer of the device comes at due at
 * the latest. False without memory. */
bool gong_presences_watch(struct gong_presences *presences, uint32_t device,
                          int64_t due);

/* gong_presences_pop: takes the first timer that comes before limit; its
 * device, 0 if none does. */
uint32_t gong_presences_pop(struct gong_presences *presences, int64_t limit,
                            int64_t *due);

/* gong_presences_link: makes anew what follows from the devices: lists and
 * counts. */
void gong_presences_link(struct gong_presences *presences);

#endif
