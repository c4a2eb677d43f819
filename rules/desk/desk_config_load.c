#include "rules/desk/desk_config_load.h"

#include <stdio.h>
#include <string.h>

#define DISTINCT_MAX 16 /* channels that no one knows, named one by one */
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

/* --- units that matchers name --- */

static bool
check_units(const struct gong_conf_node *texts, const struct gong_model *model,
            struct gong_conf_errors *errors)
{
    bool ok = true;

    for (size_t i = 0; texts != NULL && i < gong_conf_count(texts); i++) {
        const struct gong_conf_node *node = gong_conf_at(texts, i);
        struct gong_expr_error error;
        struct gong_desk_matchers *matchers = gong_desk_matchers_read(
            gong_str_of(gong_conf_string(node)), &error);
        const char *unit = NULL;
        size_t next = 0;

        if (matchers == NULL) { /* no memory: it was read before */
            gong_conf_errors_no_memory(errors, "routes");
            return false;
        }
        while ((unit = gong_desk_matchers_unit(matchers, &next)) != NULL) {
            if (gong_model_unit(model, gong_str_of(unit)) == NULL) {
                gong_conf_error_in(node, 0, errors,
                                   "found the unit \"%s\", expected the code "
                                   "of one of the city model",
                                   unit);
                ok = false;
            }
        }
        gong_desk_matchers_free(matchers);
    }
    return ok;
}

/* The reader has refused a tree that is deeper than GONG_DESK_DEPTH_MAX. */
static bool
check_route(const struct gong_conf_node *route, const struct gong_model *model,
            struct gong_conf_errors *errors)
{
    const struct gong_conf_node *routes = gong_conf_child(route, "routes");
    bool ok = check_units(gong_conf_child(route, "matchers"), model, errors);

    for (size_t i = 0; routes != NULL && i < gong_conf_count(routes); i++) {
        ok = check_route(gong_conf_at(routes, i), model, errors) && ok;
    }
    return ok;
}

static bool
check_matchers(const struct gong_conf *conf, const struct gong_model *model,
               struct gong_conf_errors *errors)
{
    static const struct {
        const char *list;
        const char *key;
    } places[] = {
        {"inhibit_rules", "source_matchers"},
        {"inhibit_rules", "target_matchers"},
        {"escalation", "matchers"},
    };
    const struct gong_conf_node *root = gong_conf_root(conf);
    bool ok = check_route(gong_conf_child(root, "route"), model, errors);

    for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
        const struct gong_conf_node *list =
            gong_conf_child(root, places[p].list);

        for (size_t i = 0; list != NULL && i < gong_conf_count(list); i++) {
            ok = check_units(
                     gong_conf_child(gong_conf_at(list, i), places[p].key),
                     model, errors) &&
                 ok;
        }
    }
    return ok;
}

/* --- channels of people --- */

static bool
tells_people(const struct gong_desk_config *config)
{
    for (size_t i = 0; i < config->receiver_count; i++) {
        if (config->receivers[i].role[0] != '\0') {
            return true;
        }
    }
    return false;
}

static bool
note_unknown(struct gong_strings *unknown, char *channel)
{
    if (is_among(unknown, channel)) {
        return false;
    }
    if (unknown->count < DISTINCT_MAX) {
        unknown->items[unknown->count++] = channel;
    }
    return true;
}

/* Each channel once, with the first contact that names it. */
static bool
check_reaches(const struct gong_model *model,
              const struct gong_strings *channels,
              struct gong_conf_errors *errors)
{
    char *items[DISTINCT_MAX];
    struct gong_strings unknown = {items, 0};

    for (size_t i = 0; i < gong_model_contact_count(model); i++) {
        const struct gong_contact *contact = gong_model_contact_at(model, i);

        for (size_t k = 0; k < contact->reach_count; k++) {
            char *channel = contact->reaches[k].channel;

            if (!is_among(channels, channel) &&
                note_unknown(&unknown, channel)) {
                gong_conf_errors_add(
                    errors,
                    "contact \"%s\" of the city model: found the channel "
                    "\"%s\", expected one of the agent's configuration",
                    contact->id, channel);
            }
        }
    }
    return unknown.count == 0;
}

/* Takes conf. */
static struct gong_desk_config *
load(struct gong_conf *conf, const struct gong_model *model,
     const struct gong_strings *channels, struct gong_conf_errors *errors)
{
    struct gong_desk_config *config =
        conf == NULL ? NULL : gong_desk_config_read(conf, NULL, errors);
    bool ok = true;

    if (config != NULL && model != NULL && gong_model_unit_count(model) > 0) {
        ok = check_city(config, conf, model, errors);
        ok = check_matchers(conf, model, errors) && ok;
    }
    if (config != NULL && channels != NULL) {
        ok = check_channels(config, conf, channels, errors) && ok;
    }
    if (config != NULL && channels != NULL && model != NULL &&
        tells_people(config)) {
        ok = check_reaches(model, channels, errors) && ok;
    }
    if (!ok) {
        gong_desk_config_free(config);
        config = NULL;
    }
    gong_conf_close(conf);
    return config;
}

struct gong_desk_config *
gong_desk_config_load(const char *path, const struct gong_model *model,
                      const struct gong_strings *channels,
                      struct gong_conf_errors *errors)
{
    return load(gong_conf_open(path, errors), model, channels, errors);
}

struct gong_desk_config *
gong_desk_config_load_text(const char *name, struct gong_str text,
                           const struct gong_model *model,
                           const struct gong_strings *channels,
                           struct gong_conf_errors *errors)
{
    return load(gong_conf_open_text(name, text, errors), model, channels,
                errors);
}
