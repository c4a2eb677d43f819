#include "rules/tool/rule_load.h"

#include <stdlib.h>
#include <string.h>

#include "rules/rule_file.h"

bool
gong_rule_path_is_yaml(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL &&
           (strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0);
}

struct gong_ruleset *
gong_rules_load(char *const *paths, size_t count,
                struct gong_conf_errors *errors)
{
    struct gong_strings list = {0};
    struct gong_rule_source *source;
    struct gong_ruleset *set = NULL;

    list.items = calloc(count + 1, sizeof(char *));
    if (list.items == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        list.items[list.count++] = paths[i];
    }
    source = gong_rule_files_load(&list, errors);
    free(list.items);
    if (source != NULL) {
        set = source->set;
        source->set = NULL;
    }
    gong_rule_source_free(source);
    return set;
}
