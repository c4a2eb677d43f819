/*
 * model: the city model, from libconfig files (rules/city/daklak.cfg): units,
 * devices, people by role, parameters, and from when to when each holds.
 *
 *   province 66 -+- commune or ward 22015 -- devices
 *                '- department ioc -- service ioc-water
 *
 * A unit's code is what a topic calls <site>. A unit that was merged or renamed
 * keeps its code as an alias of the one that goes on: what comes under the old
 * code has the new one's labels, routes and history.
 *
 * docs/CITY.md has the keys. Immutable after reading; any number of threads may
 * read. Pure: no clock, no I/O.
 */
#ifndef GONG_RULES_MODEL_MODEL_H
#define GONG_RULES_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/str.h"

enum gong_unit_kind {
    GONG_UNIT_PROVINCE,
    GONG_UNIT_COMMUNE,
    GONG_UNIT_WARD,
    GONG_UNIT_DEPARTMENT,
    GONG_UNIT_SERVICE,
};

/* "province", "commune", "ward", "department", "service": the label kind. */
const char *gong_unit_kind_text(enum gong_unit_kind kind);

/* Bounds of a model, all its files together; what exceeds one is refused. */
#define GONG_MODEL_UNITS_MAX    20000
#define GONG_MODEL_ALIASES_MAX  20000
#define GONG_MODEL_CONTACTS_MAX 50000
#define GONG_MODEL_DUTIES_MAX   10000
#define GONG_MODEL_DEVICES_MAX  200000
#define GONG_MODEL_ENTRIES_MAX  1000 /* of one list of one of these */
#define GONG_MODEL_TEXT_MAX     200  /* bytes of a name */

/* Days since 1970-01-01 in the model's zone; both ends included. */
struct gong_validity {
    int64_t from;  /* INT64_MIN: always */
    int64_t until; /* INT64_MAX: for good */
};

/* One way to reach a person: a channel of the agent's configuration, and the
 * address there (e-mail, chat id, phone). */
struct gong_reach {
    char *channel;
    char *address;
};

/* A post that people hold, not a person: "duty officer 1 of Củng Sơn". */
struct gong_contact {
    char *id; /* unique in the model */
    char *name;
    struct gong_reach *reaches; /* tried first to last until one succeeds */
    size_t reach_count;
};

struct gong_unit {
    char *code;
    char *name; /* "Xã Sơn Hoà" */
    char *name_en;
    enum gong_unit_kind kind;
    size_t parent;   /* index; the root is its own */
    double lon, lat; /* NAN where there is none */
    struct gong_validity valid;
};

/* A code that a unit, or one that was merged into it, once had. */
struct gong_unit_alias {
    char *code;
    char *name;                 /* of that time; "" where it is not said */
    size_t unit;                /* index of the one that goes on */
    struct gong_validity valid; /* when the code was in force */
};

struct gong_model_param {
    char *name; /* [a-z0-9_]: series param_<name>{site,device} */
    double value;
};

/* What a device is at an instant. */
enum gong_device_standing {
    GONG_DEVICE_EXPECTED, /* it should be there */
    GONG_DEVICE_PLANNED,  /* not yet */
    GONG_DEVICE_RETIRED,  /* no longer, and nothing stands for it */
    GONG_DEVICE_REPLACED, /* by its successor */
    GONG_DEVICE_MOVED,    /* it is its successor now */
};

struct gong_model_device {
    size_t unit;
    char *site;  /* <site> of its topics: the unit's code or an alias */
    char *name;  /* <device> of its topics */
    char *label; /* for people: "Trạm thủy văn Củng Sơn" */
    char *label_en;
    double lon, lat;
    int64_t every_ms; /* 0: not said */
    struct gong_validity valid;
    size_t *affects; /* units */
    size_t affects_count;
    struct gong_model_param *params; /* sorted by name */
    size_t param_count;
    size_t successor; /* device; SIZE_MAX: none */
    bool moved;       /* to its successor's place; else replaced by it */
};

struct gong_model;

/* gong_model_read: of one or more files, as one model. NULL after problems, all
 * of which are in errors. No file at all gives an empty model: no units. */
struct gong_model *gong_model_read(const struct gong_conf *const *files,
                                   size_t count,
                                   struct gong_conf_errors *errors);
void gong_model_free(struct gong_model *model);

size_t gong_model_unit_count(const struct gong_model *model);
const struct gong_unit *gong_model_unit_at(const struct gong_model *model,
                                           size_t index);
/* By code or by an alias; NULL if there is none. */
const struct gong_unit *gong_model_unit(const struct gong_model *model,
                                        struct gong_str code);
size_t gong_model_unit_index(const struct gong_model *model,
                             const struct gong_unit *unit);
size_t gong_model_alias_count(const struct gong_model *model);
const struct gong_unit_alias *
gong_model_alias_at(const struct gong_model *model, size_t index);
/* gong_model_under: whether unit is root or below it. */
bool gong_model_under(const struct gong_model *model,
                      const struct gong_unit *unit,
                      const struct gong_unit *root);

size_t gong_model_device_count(const struct gong_model *model);
const struct gong_model_device *
gong_model_device_at(const struct gong_model *model, size_t index);
/* gong_model_device: by its topic. Where the site is another code of its unit
 * than the file has, it is the unit's only device of that name, or none. */
const struct gong_model_device *
gong_model_device(const struct gong_model *model, struct gong_str site,
                  struct gong_str device);
/* gong_model_standing: what device is at ms. */
enum gong_device_standing
gong_model_standing(const struct gong_model *model,
                    const struct gong_model_device *device, int64_t ms);
/* "expected", "planned", "retired", "replaced", "moved". */
const char *gong_device_standing_text(enum gong_device_standing standing);

size_t gong_model_contact_count(const struct gong_model *model);
const struct gong_contact *gong_model_contact_at(const struct gong_model *model,
                                                 size_t index);
/* By its id; NULL if there is none. */
const struct gong_contact *gong_model_contact(const struct gong_model *model,
                                              struct gong_str id);

/* gong_model_on_duty: who holds a role ("duty", "head") of a unit at ms, in the
 * order of the file; each once. A unit that does not name the role, or has
 * nobody on duty then, asks its parent. Returns how many; fills at most max. */
size_t gong_model_on_duty(const struct gong_model *model,
                          const struct gong_unit *unit, struct gong_str role,
                          int64_t ms, const struct gong_contact **out,
                          size_t max);
/* gong_model_role_known: whether any unit names the role at all. */
bool gong_model_role_known(const struct gong_model *model,
                           struct gong_str role);
/* The zone of its dates and duty lists, ms east of UTC. */
int64_t gong_model_zone_ms(const struct gong_model *model);

/* gong_model_is_valid: whether ms lies within the dates. */
bool gong_model_is_valid(const struct gong_model *model,
                         const struct gong_validity *valid, int64_t ms);

/* gong_model_says: whether a file is one of a model: it has the key `model`. */
bool gong_model_says(const struct gong_conf *conf);

/* gong_model_table: the tables of keys, for documents; NULL past the last. */
const struct gong_option_table *gong_model_table(size_t index);

#endif
