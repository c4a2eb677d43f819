/*
 * city: what the engine knows of the city model (rules/model/): which unit a
 * site is, and what devices are given beside what they send. Part of a rule
 * set, immutable as it is.
 *
 *   site -> unit's code now, kind     labels unit and kind of its series
 *        -> names                     annotations of its alerts: no identity
 *   (site, device) -> parameters      series param_<name>
 *                  -> expected        series param_expected, 1 from from_ms to
 *                                     before until_ms
 *                  -> every           look-back (semantics rule 5)
 */
#ifndef GONG_RULES_ENGINE_CITY_H
#define GONG_RULES_ENGINE_CITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/lp_decode.h"
#include "common/str.h"

#define GONG_CITY_PARAM "param_" /* before the name of each parameter */
#define GONG_CITY_EXPECTED                                                     \
    "expected"           /* the model's own parameter of every device */
#define GONG_CITY_TAGS 2 /* labels that are added */

struct gong_city_unit {
    char *code;
    const char *kind; /* borrowed for good */
    char *name;
    char *name_en; /* "" where there is none */
};

/* A code, or an alias. */
struct gong_city_code {
    char *code;
    size_t unit;
};

struct gong_city_param {
    size_t metric; /* in metrics */
    double value;
};

struct gong_city_device {
    char *site;
    char *name;
    char *label; /* for people; "" where there is none */
    char *label_en;
    int64_t every_ms; /* 0: not said */
    int64_t from_ms;  /* when it is expected; INT64_MIN, MAX: always */
    int64_t until_ms;
    struct gong_city_param *params;
    size_t param_count;
};

/* Transparent: plain data, owned; codes sorted, devices by site and name,
 * metrics too. */
struct gong_city {
    struct gong_city_unit *units;
    size_t unit_count;
    struct gong_city_code *codes;
    size_t code_count;
    struct gong_city_device *devices;
    size_t device_count;
    char **metrics; /* "param_level3", each once */
    size_t metric_count;
};

void gong_city_free(struct gong_city *city);

/* gong_city_unit: NULL where city is NULL or no unit has the code. */
const struct gong_city_unit *gong_city_unit(const struct gong_city *city,
                                            struct gong_str code);

/* gong_city_every: how far apart a device's samples lie; 0: not known. */
int64_t gong_city_every(const struct gong_city *city, struct gong_str site,
                        struct gong_str device);

/* gong_city_device: NULL where the model has none such. gong_city_param: a
 * device's parameter, by its number among metrics; false without. */
const struct gong_city_device *gong_city_device(const struct gong_city *city,
                                                struct gong_str site,
                                                struct gong_str device);
bool gong_city_param(const struct gong_city *city, struct gong_str site,
                     struct gong_str device, size_t metric, double *value);

/* gong_city_metric: a parameter's number among metrics; false where no device
 * has it, or city is NULL. */
bool gong_city_metric(const struct gong_city *city, const char *name,
                      size_t *number);

/* gong_city_tag: adds unit and kind to a point's tags, which have room for
 * GONG_CITY_TAGS more, if its site is one of the city; those that came under
 * these names become exported_unit and exported_kind. Returns how many. */
size_t gong_city_tag(const struct gong_city *city, struct gong_lp_tag *tags,
                     size_t count);

/* gong_city_same_labels: whether all series have the same labels by both. */
bool gong_city_same_labels(const struct gong_city *a,
                           const struct gong_city *b);

/* gong_city_identity: equal for cities that mean the same to the state of an
 * engine: names do not count. 0 of NULL. */
uint64_t gong_city_identity(const struct gong_city *city);

#endif
