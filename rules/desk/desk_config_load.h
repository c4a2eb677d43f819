/*
 * desk_config_load: a routing file as it is put to use: with the city model and
 * the channels that it speaks of.
 */
#ifndef GONG_RULES_DESK_DESK_CONFIG_LOAD_H
#define GONG_RULES_DESK_DESK_CONFIG_LOAD_H

#include "common/conf.h"
#include "rules/desk/desk_config.h"
#include "rules/model/model.h"

/* gong_desk_config_load: NULL after problems, all in errors. Refuses also units
 * and roles that the model does not have (NULL, or one without units: not
 * looked at), and channels that are not among these (NULL: not looked at), also
 * those of the model's contacts where a receiver is a role. */
struct gong_desk_config *
gong_desk_config_load(const char *path, const struct gong_model *model,
                      const struct gong_strings *channels,
                      struct gong_conf_errors *errors);

/* gong_desk_config_load_text: the same from bytes; name is what errors say. */
struct gong_desk_config *gong_desk_config_load_text(
    const char *name, struct gong_str text, const struct gong_model *model,
    const struct gong_strings *channels, struct gong_conf_errors *errors);

#endif
