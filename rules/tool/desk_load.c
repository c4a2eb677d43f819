#include "rules/tool/desk_load.h"

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

struct gong_rule_source *
gong_city_load(char *path, struct gong_conf_errors *errors)
{
    struct gong_strings rules = {NULL, 0};
    struct gong_strings models = {&path, path == NULL ? 0 : 1};

    return gong_rule_files_load_city(&rules, &models, errors);
}
