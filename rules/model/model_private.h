/*
 * model_private: what the model's own files share. Nobody else includes it.
 */
#ifndef GONG_RULES_MODEL_MODEL_PRIVATE_H
#define GONG_RULES_MODEL_MODEL_PRIVATE_H

#include "rules/engine/calendar.h"
#include "rules/model/model.h"

#define GONG_MODEL_NONE SIZE_MAX

/* Whose turn it is: the contacts in force within the hours of hours; with
 * weekly only one of them, the next one each week from that day on. */
struct gong_shift {
    struct gong_calendar hours;
    size_t *contacts;
    size_t contact_count;
    bool weekly;
    int64_t from_day; /* of weekly; in the model's zone */
};

struct gong_duty {
    char *id; /* unique among duty lists and contacts */
    struct gong_shift *shifts;
    size_t shift_count;
};

/* One name in a role: a contact, or a duty list. */
struct gong_holder {
    bool duty;
    size_t index;
};

struct gong_role {
    size_t unit;
    char *name;
    struct gong_holder *holders;
    size_t holder_count;
};

/* From a key to the place of what bears it; sorted by key. */
struct gong_model_key {
    const char *text; /* borrowed */
    size_t index;
};

struct gong_model_keys {
    struct gong_model_key *items;
    size_t count;
};

struct gong_model {
    int64_t zone_ms;
    struct gong_unit *units;
    size_t unit_count;
    struct gong_unit_alias *aliases;
    size_t alias_count;
    struct gong_contact *contacts;
    size_t contact_count;
    struct gong_duty *duties;
    size_t duty_count;
    struct gong_role *roles; /* sorted by unit, then name */
    size_t role_count;
    struct gong_model_device *devices;
    size_t device_count;
    struct gong_model_keys codes; /* of units, then aliases: index counts
                                     units first */
    struct gong_model_keys contact_ids;
    size_t *by_place; /* devices sorted by unit, name, site */
};

/* model_keys.c */

/* gong_model_keys_make: room for count keys; false without memory. _sort makes
 * them ready; _find gives an index or GONG_MODEL_NONE. Of equal ones the first
 * added counts. */
bool gong_model_keys_make(struct gong_model_keys *keys, size_t count);
void gong_model_keys_add(struct gong_model_keys *keys, const char *text,
                         size_t index);
void gong_model_keys_sort(struct gong_model_keys *keys);
size_t gong_model_keys_find(const struct gong_model_keys *keys,
                            struct gong_str text);

/* The same for texts that end in NUL. */
size_t gong_model_keys_of(const struct gong_model_keys *keys, const char *text);

/* model_place.c */

/* gong_model_places_make: by_place; false without memory. */
bool gong_model_places_make(struct gong_model *model);

/* model_duty.c */

void gong_duty_fini(struct gong_duty *duty);
void gong_model_sort_roles(struct gong_model *model);

#endif
