/* desk_load: routing files and the city model they speak of, for commands. */
#ifndef GONG_RULES_TOOL_DESK_LOAD_H
#define GONG_RULES_TOOL_DESK_LOAD_H

#include <stdbool.h>

#include "common/conf.h"
#include "rules/desk/desk_config.h"
#include "rules/rule_file.h"

/* gong_desk_path_is_routes: whether it can be read as a file with the key
 * `route`. */
bool gong_desk_path_is_routes(const char *path);

/* gong_desk_load: NULL after problems, all in errors. With a city model also
 * refuses units and roles that it does not have; NULL for none. */
struct gong_desk_config *gong_desk_load(const char *path,
                                        const struct gong_model *model,
                                        struct gong_conf_errors *errors);

/* gong_city_load: a city model by itself; the caller frees the source, whose
 * model it is. path NULL: an empty one. */
struct gong_rule_source *gong_city_load(char *path,
                                        struct gong_conf_errors *errors);

#endif
