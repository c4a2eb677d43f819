#include "rules/tool/desk_load.h"

#include <string.h>
#include <sys/stat.h>

bool
gong_desk_path_is_routes(const char *path)
{
    struct gong_conf_errors errors = {0};
    struct stat stat_;
    struct gong_conf *conf = NULL;
    bool routes = false;

    if (stat(path, &stat_) != 0 || !S_ISREG(stat_.st_mode)) {
        return false;
    }
    conf = gong_conf_open(path, &errors);
    routes =
        conf != NULL && gong_conf_child(gong_conf_root(conf), "route") != NULL;
    gong_conf_close(conf);
    gong_conf_errors_fini(&errors);
    return routes;
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
        if (strcmp(one->of, "unit") != 0 &&
            gong_model_unit(model, gong_str_of(one->of)) == NULL) {
            gong_conf_error_in(gong_conf_child(node, "of"), 0, errors,
                               "found \"%s\", expected \"unit\" or the code "
                               "of a unit of the city model",
                               one->of);
            ok = false;
        }
        if (!gong_model_role_known(model, gong_str_of(one->role))) {
            gong_conf_error_in(gong_conf_child(node, "role"), 0, errors,
                               "found \"%s\", expected a role that a unit of "
                               "the city model has",
                               one->role);
            ok = false;
        }
    }
    return ok;
}

struct gong_desk_config *
gong_desk_load(const char *path, const struct gong_model *model,
               struct gong_conf_errors *errors)
{
    struct gong_conf *conf = gong_conf_open(path, errors);
    struct gong_desk_config *config =
        conf == NULL ? NULL : gong_desk_config_read(conf, NULL, errors);

    if (config != NULL && model != NULL && gong_model_unit_count(model) > 0 &&
        !check_city(config, conf, model, errors)) {
        gong_desk_config_free(config);
        config = NULL;
    }
    gong_conf_close(conf);
    return config;
}

struct gong_rule_source *
gong_city_load(char *path, struct gong_conf_errors *errors)
{
    struct gong_strings rules = {NULL, 0};
    struct gong_strings models = {&path, path == NULL ? 0 : 1};

    return gong_rule_files_load_city(&rules, &models, errors);
}
