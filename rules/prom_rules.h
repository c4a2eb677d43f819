/*
 * prom_rules: Prometheus' rule files (YAML) as they are written, checked as
 * Prometheus 2.42 checks them: every problem as file:line:column.
 *
 *   groups:
 *     - name: lighting
 *       interval: 15s                      # optional; so is limit
 *       rules:
 *         - record: site:temp:avg          # a recording,
 *           expr: avg by (site) (temp)
 *         - alert: Hot                     # or an alert
 *           expr: site:temp:avg > 70
 *           for: 5m                        # and keep_firing_for
 *           labels: {severity: critical}
 *           annotations: {summary: "{{ $labels.site }} is hot"}
 */
#ifndef GONG_RULES_PROM_RULES_H
#define GONG_RULES_PROM_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "rules/engine/ruleset.h"
#include "rules/yaml_tree.h"

/* Transparent: plain data, the file's own; texts point into its tree. */
struct gong_prom_text {
    const char *name;
    const char *text;
    const struct gong_yaml_node *node; /* the text's */
};

struct gong_prom_rule {
    const char *alert;  /* or */
    const char *record; /* the one that it is not is NULL */
    const char *expr;
    const struct gong_yaml_node *node; /* the rule's */
    const struct gong_yaml_node *expr_node;
    int64_t for_ms;
    int64_t keep_firing_for_ms;
    struct gong_prom_text *labels;
    size_t label_count;
    struct gong_prom_text *annotations;
    size_t annotation_count;
    size_t number; /* the how manieth of its name in the group, from 1:
                      Prometheus lets two have one name and the same labels */
};

struct gong_prom_group {
    const char *name;
    const struct gong_yaml_node *node;
    int64_t interval_ms; /* 0: the server's own */
    int64_t limit;       /* 0: none */
    struct gong_prom_rule *rules;
    size_t rule_count;
};

struct gong_prom_file {
    struct gong_yaml *yaml;
    struct gong_prom_group *groups;
    size_t group_count;
};

/* gong_prom_file_read: NULL after problems, all of them in errors. */
struct gong_prom_file *gong_prom_file_read(const char *name,
                                           struct gong_str text,
                                           struct gong_conf_errors *errors);
/* gong_prom_file_load: the same from a path. */
struct gong_prom_file *gong_prom_file_load(const char *path,
                                           struct gong_conf_errors *errors);
void gong_prom_file_free(struct gong_prom_file *file);

/* Prometheus' own default where a group names none. */
#define GONG_PROM_INTERVAL_MS 60000

/*
 * gong_prom_rule_convert: a rule as the engine takes it, with its meaning in
 * Prometheus: evaluated on the grid of interval_ms, missing data resolves. The
 * id is group/name/labels, and with number above 1 "#number". False after
 * problems, which are in errors: what the engine cannot do.
 * rule is filled or zero; its parts are the caller's (gong_rule_fini).
 */
struct gong_prom_origin {
    const struct gong_prom_file *file;
    const struct gong_prom_group *group;
    int64_t interval_ms;
    size_t number;
    bool foreign; /* for a set of that kind (ruleset.h) */
};
bool gong_prom_rule_convert(const struct gong_prom_origin *origin,
                            const struct gong_prom_rule *from,
                            struct gong_rule *rule,
                            struct gong_conf_errors *errors);

#endif
