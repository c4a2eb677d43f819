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
 * Immutable after reading; any number of threads may read.
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

struct gong_model_param {
    char *name; /* [a-z0-9_]: series param_<name>{site,device} */
    double value;
};

struct gong_model_device {
    size_t unit;
    char *name;  /* <device> of its topics */
    char *label; /* for people: "Trạm thủy văn Củng Sơn" */
    char *label_en;
    double lon, lat;
    int64_t every_ms; /* 0: not said */
    struct gong_validity valid;
    size_t *affects; /* units */
    size_t affects_count;
    struct gong_model_param *params;
    size_t param_count;
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
/* gong_model_under: whether unit is root or below it. */
bool gong_model_under(const struct gong_model *model,
                      const struct gong_unit *unit,
                      const struct gong_unit *root);

size_t gong_model_device_count(const struct gong_model *model);
const struct gong_model_device *
gong_model_device_at(const struct gong_model *model, size_t index);
const struct gong_model_device *
gong_model_device(const struct gong_model *model, struct gong_str site,
                  struct gong_str device);

/* gong_model_on_duty: who holds a role ("duty", "head") of a unit at ms, by
 * its duty list; a unit that names nobody for it asks its parent. Returns how
 * many; fills at most max. */
size_t gong_model_on_duty(const struct gong_model *model,
                          const struct gong_unit *unit, struct gong_str role,
                          int64_t ms, const struct gong_contact **out,
                          size_t max);
/* gong_model_role_known: whether any unit names the role at all. */
bool gong_model_role_known(const struct gong_model *model,
                           struct gong_str role);
/* The zone of its dates and duty lists, ms east of UTC. */
int64_t gong_model_zone_ms(const struct gong_model *model);

#endif
