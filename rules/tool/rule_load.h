/*
 * rule_load: rule files for the tool's commands: libconfig as the agent has
 * them (rules/rule_file.h), and Prometheus' YAML by the names *.yml and *.yaml.
 */
#ifndef GONG_RULES_TOOL_RULE_LOAD_H
#define GONG_RULES_TOOL_RULE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "rules/engine/ruleset.h"
#include "rules/prom_rules.h"

/* gong_rule_path_is_yaml: by the end of its name. */
bool gong_rule_path_is_yaml(const char *path);

/* gong_rules_add: takes the rule over. GONG_ERR_TOO_LARGE past
 * GONG_RULES_MAX. */
enum gong_err gong_rules_add(struct gong_ruleset *set,
                             struct gong_rule *rule) GONG_MUST_CHECK;

/* gong_rules_add_file: the rules of one of Prometheus' files. What cannot be
 * converted is in errors, and false comes back; the others are added. */
bool gong_rules_add_file(struct gong_ruleset *set,
                         const struct gong_prom_file *file, int64_t interval_ms,
                         struct gong_conf_errors *errors);

/* gong_rule_find: how many rules a word means: the one with this id, else those
 * whose alert or recording has this name; *at is the first one's number. */
size_t gong_rule_find(const struct gong_ruleset *set, const char *word,
                      size_t *at);

/* gong_rules_load: all rules of all paths, in one set; folders as in
 * gong_rule_files_load. NULL after problems, all of them in errors. Caller
 * frees with gong_ruleset_free. gong_rules_load_city: with the city model of a
 * file or folder; NULL for none. */
struct gong_ruleset *gong_rules_load(char *const *paths, size_t count,
                                     struct gong_conf_errors *errors);
struct gong_ruleset *gong_rules_load_city(char *const *paths, size_t count,
                                          char *model,
                                          struct gong_conf_errors *errors);

#endif
