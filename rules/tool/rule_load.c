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

size_t
gong_rule_find(const struct gong_ruleset *set, const char *word, size_t *at)
{
    size_t count = 0;

    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->rules[i].id, word) == 0) {
            *at = i;
            return 1;
        }
    }
    for (size_t i = set->count; i-- > 0;) {
        if (strcmp(gong_rule_name(&set->rules[i]), word) == 0) {
            *at = i;
            count++;
        }
    }
    return count;
}

enum gong_err
gong_rules_add(struct gong_ruleset *set, struct gong_rule *rule)
{
    struct gong_rule *rules = NULL;
    enum gong_err err = GONG_ERR_TOO_LARGE;

    if (set->count < GONG_RULES_MAX) {
        rules = realloc(set->rules, (set->count + 1) * sizeof *rules);
        err = rules == NULL ? GONG_ERR_MEMORY : GONG_OK;
    }
    if (err != GONG_OK) {
        gong_rule_fini(rule);
        return err;
    }
    set->rules = rules;
    rules[set->count++] = *rule;
    return GONG_OK;
}

/* False where no other can be added either. */
static bool
add(struct gong_ruleset *set, struct gong_rule *rule,
    struct gong_conf_errors *errors)
{
    enum gong_err err = gong_rules_add(set, rule);

    if (err == GONG_ERR_TOO_LARGE) {
        gong_conf_errors_add(
            errors, "rules: found more than %d rules in all, expected fewer",
            GONG_RULES_MAX);
    } else if (err != GONG_OK) {
        gong_conf_errors_add(errors, "rules: out of memory");
    }
    return err == GONG_OK;
}

bool
gong_rules_add_file(struct gong_ruleset *set, const struct gong_prom_file *file,
                    int64_t interval_ms, struct gong_conf_errors *errors)
{
    bool ok = true;

    for (size_t g = 0; g < file->group_count; g++) {
        const struct gong_prom_group *group = &file->groups[g];
        struct gong_prom_origin origin = {file, group, interval_ms, 1, true};

        if (interval_ms == 0) {
            origin.interval_ms = group->interval_ms == 0 ? GONG_PROM_INTERVAL_MS
                                                         : group->interval_ms;
        }
        for (size_t i = 0; i < group->rule_count; i++) {
            struct gong_rule rule;

            origin.number = group->rules[i].number;
            if (!gong_prom_rule_convert(&origin, &group->rules[i], &rule,
                                        errors)) {
                ok = false;
            } else if (!add(set, &rule, errors)) {
                return false;
            }
        }
    }
    return ok;
}

/* Rules of ours and of a Prometheus mean different things by up. */
static bool
load_yaml(struct gong_ruleset *set, const char *path,
          struct gong_conf_errors *errors)
{
    struct gong_prom_file *file = gong_prom_file_load(path, errors);
    bool ok = file != NULL && gong_rules_add_file(set, file, 0, errors);

    set->foreign = true;

    gong_prom_file_free(file);
    return ok;
}

/* Moves the rules of a loaded set, the calendars that they count by and the
 * city behind those of set, which has none. */
static bool
take_over(struct gong_ruleset *set, struct gong_rule_source *source)
{
    struct gong_ruleset *from = source->set;
    struct gong_rule *rules;

    set->city = from->city;
    from->city = NULL;
    if (from->count == 0) {
        return true;
    }
    rules = realloc(set->rules, (set->count + from->count) * sizeof *rules);
    if (rules == NULL) {
        return false;
    }
    memcpy(rules + set->count, from->rules, from->count * sizeof *rules);
    set->rules = rules;
    set->count += from->count;
    from->count = 0;
    set->calendars = from->calendars;
    set->calendar_count = from->calendar_count;
    from->calendars = NULL;
    from->calendar_count = 0;
    return true;
}

/* Together, so that an id in two files is seen. */
static bool
load_conf(struct gong_ruleset *set, const struct gong_strings *list,
          char *model, struct gong_conf_errors *errors)
{
    struct gong_strings models = {&model, model == NULL ? 0 : 1};
    struct gong_rule_source *source =
        gong_rule_files_load_city(list, &models, errors);
    bool ok = source != NULL;

    if (ok && !take_over(set, source)) {
        gong_conf_errors_add(errors, "rules: out of memory");
        ok = false;
    }
    gong_rule_source_free(source);
    return ok;
}

struct gong_ruleset *
gong_rules_load(char *const *paths, size_t count,
                struct gong_conf_errors *errors)
{
    return gong_rules_load_city(paths, count, NULL, errors);
}

struct gong_ruleset *
gong_rules_load_city(char *const *paths, size_t count, char *model,
                     struct gong_conf_errors *errors)
{
    struct gong_ruleset *set = calloc(1, sizeof *set);
    struct gong_strings list = {calloc(count + 1, sizeof(char *)), 0};
    bool ok = set != NULL && list.items != NULL;

    if (!ok) {
        gong_conf_errors_add(errors, "rules: out of memory");
    }
    for (size_t i = 0; i < count && set != NULL && list.items != NULL; i++) {
        if (gong_rule_path_is_yaml(paths[i])) {
            ok = load_yaml(set, paths[i], errors) && ok;
        } else {
            list.items[list.count++] = paths[i];
        }
    }
    if (list.count > 0 && set->foreign) {
        gong_conf_errors_add(errors, "rules: found Prometheus' rules beside "
                                     "others, expected one kind");
        ok = false;
    } else if (model != NULL && ok && set->foreign) {
        gong_conf_errors_add(errors,
                             "rules: found a city model beside Prometheus' "
                             "rules, expected it beside rules of ours");
        ok = false;
    } else if (list.count > 0) {
        ok = load_conf(set, &list, model, errors) && ok;
    }
    free(list.items);
    if (!ok) {
        gong_ruleset_free(set);
        return NULL;
    }
    return set;
}
