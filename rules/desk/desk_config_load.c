#include "rules/desk/desk_config_load.h"

#include <stdio.h>
#include <string.h>

static bool
lacks_unit(const struct gong_desk_receiver *one, const struct gong_model *model)
{
    return strcmp(one->of, "unit") != 0 &&
           gong_model_unit(model, gong_str_of(one->of)) == NULL;
}

static bool
lacks_role(const struct gong_desk_receiver *one, const struct gong_model *model)
{
    return !gong_model_role_known(model, gong_str_of(one->role));
}

bool
gong_desk_config_fits(const struct gong_desk_config *config,
                      const struct gong_model *model, char *why,
                      size_t why_size)
{
    for (size_t i = 0; i < config->receiver_count; i++) {
        const struct gong_desk_receiver *one = &config->receivers[i];

        if (one->role[0] == '\0') {
            continue;
        }
        if (lacks_unit(one, model) || lacks_role(one, model)) {
            (void)snprintf(why, why_size,
                           "receiver \"%s\": the city model has no %s \"%s\"",
                           one->name, lacks_unit(one, model) ? "unit" : "role",
                           lacks_unit(one, model) ? one->of : one->role);
            return false;
        }
    }
    return true;
}

/* The receivers of the configuration are the elements of its list. */
static bool
check_city(const struct gong_desk_config *config, const struct gong_conf *conf,
           const struct gong_model *model, struct gong_conf_errors *errors)
{
    const struct gong_conf_node *list =
        gong_conf_child(gong_conf_root(conf), "receivers");
    bool ok = true;

    for (size_t i = 0; i < config->receiver_count; i++) {
        const struct gong_desk_receiver *one = &config->receivers[i];
        const struct gong_conf_node *node = gong_conf_at(list, i);

        if (one->role[0] == '\0') {
            continue;
        }
        if (lacks_unit(one, model)) {
            gong_conf_error_in(gong_conf_child(node, "of"), 0, errors,
                               "found \"%s\", expected \"unit\" or the code "
                               "of a unit of the city model",
                               one->of);
            ok = false;
        }
        if (lacks_role(one, model)) {
            gong_conf_error_in(gong_conf_child(node, "role"), 0, errors,
                               "found \"%s\", expected a role that a unit of "
                               "the city model has",
                               one->role);
            ok = false;
        }
    }
    return ok;
}

static bool
is_among(const struct gong_strings *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool
check_channels(const struct gong_desk_config *config,
               const struct gong_conf *conf,
               const struct gong_strings *channels,
               struct gong_conf_errors *errors)
{
    const struct gong_conf_node *list =
        gong_conf_child(gong_conf_root(conf), "receivers");
    bool ok = true;

    for (size_t i = 0; i < config->receiver_count; i++) {
        const struct gong_desk_receiver *one = &config->receivers[i];
        const struct gong_conf_node *names =
            gong_conf_child(gong_conf_at(list, i), "channels");

        for (size_t k = 0; k < one->channels.count; k++) {
            if (!is_among(channels, one->channels.items[k])) {
                gong_conf_error_in(gong_conf_at(names, k), 0, errors,
                                   "found \"%s\", expected the name of a "
                                   "channel of the agent's configuration",
                                   one->channels.items[k]);
                ok = false;
            }
        }
    }
    return ok;
}

struct gong_desk_config *
gong_desk_config_load(const char *path, const struct gong_model *model,
                      const struct gong_strings *channels,
                      struct gong_conf_errors *errors)
{
    struct gong_conf *conf = gong_conf_open(path, errors);
    struct gong_desk_config *config =
        conf == NULL ? NULL : gong_desk_config_read(conf, NULL, errors);

    bool ok = true;

    if (config != NULL && model != NULL && gong_model_unit_count(model) > 0) {
        ok = check_city(config, conf, model, errors);
    }
    if (config != NULL && channels != NULL) {
        ok = check_channels(config, conf, channels, errors) && ok;
    }
    if (!ok) {
        gong_desk_config_free(config);
        config = NULL;
    }
    gong_conf_close(conf);
    return config;
}
