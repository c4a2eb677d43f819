#include "agent/api/rules_view.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static json_t *
text(const char *string)
{
    json_t *value = json_string(string == NULL ? "" : string);

    return value == NULL ? json_string("?") : value;
}

static json_t *
pairs(const struct gong_rule_text *items, size_t count)
{
    json_t *object = json_object();

    for (size_t i = 0; i < count; i++) {
        (void)json_object_set_new(object, items[i].name, text(items[i].text));
    }
    return object;
}

static const char *
label(const json_t *alert, const char *name)
{
    const char *value = json_string_value(
        json_object_get(json_object_get(alert, "labels"), name));

    return value == NULL ? "" : value;
}

/* An alert belongs to the rules of its name whose fixed labels it has; without
 * severity, which climbs with the level. */
static bool
is_of(const json_t *alert, const struct gong_rule *rule)
{
    if (strcmp(label(alert, "alertname"), rule->alert) != 0) {
        return false;
    }
    for (size_t i = 0; i < rule->label_count; i++) {
        const struct gong_rule_text *fixed = &rule->labels[i];

        if (fixed->tmpl == NULL && strcmp(fixed->name, "severity") != 0 &&
            strcmp(label(alert, fixed->name), fixed->text) != 0) {
            return false;
        }
    }
    return true;
}

/* The worst of its alerts: as Prometheus names a rule's state. */
static const char *
state_of(const json_t *alerts)
{
    static const char *const order[] = {"firing", "pending"};

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        for (size_t j = 0; j < json_array_size(alerts); j++) {
            const char *state = json_string_value(
                json_object_get(json_array_get(alerts, j), "state"));

            if (state != NULL && strcmp(state, order[i]) == 0) {
                return order[i];
            }
        }
    }
    return "inactive";
}

static void
put_alerting(json_t *object, const struct gong_rule *rule, const json_t *alerts)
{
    json_t *own = json_array();

    for (size_t i = 0; i < json_array_size(alerts); i++) {
        json_t *alert = json_array_get(alerts, i);

        if (is_of(alert, rule)) {
            (void)json_array_append(own, alert);
        }
    }
    (void)json_object_set_new(object, "type", json_string("alerting"));
    (void)json_object_set_new(object, "state", json_string(state_of(own)));
    (void)json_object_set_new(object, "duration",
                              json_real((double)rule->for_ms / 1000));
    (void)json_object_set_new(
        object, "keepFiringFor",
        json_real((double)rule->keep_firing_for_ms / 1000));
    (void)json_object_set_new(object, "annotations",
                              pairs(rule->annotations, rule->annotation_count));
    (void)json_object_set_new(object, "alerts", own);
    (void)json_object_set_new(object, "trial", json_boolean(rule->trial));
    if (rule->level_count > 0) {
        json_t *levels = json_array();

        for (size_t i = 0; i < rule->level_count; i++) {
            (void)json_array_append_new(levels, text(rule->levels[i].severity));
        }
        (void)json_object_set_new(object, "levels", levels);
    }
}

/* "2026-01-31T08:00:00.250Z"; Go's zero time where there is none. */
static json_t *
instant(int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char day[32], text[48];

    if (ms <= 0 || gmtime_r(&seconds, &parts) == NULL ||
        strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        return json_string("0001-01-01T00:00:00Z");
    }
    (void)snprintf(text, sizeof text, "%s.%03dZ", day, (int)(ms % 1000));
    return json_string(text);
}

static void
put_evaluation(json_t *object, const struct gong_rules_view *view)
{
    (void)json_object_set_new(object, "evaluationTime", json_real(0));
    (void)json_object_set_new(object, "lastEvaluation", instant(view->at_ms));
}

static json_t *
rule_json(const struct gong_rule *rule, const struct gong_rules_view *view)
{
    const char *fault =
        view->fault == NULL ? NULL : view->fault(view->ctx, rule->id);
    json_t *object = json_object();

    (void)json_object_set_new(object, "name", text(gong_rule_name(rule)));
    (void)json_object_set_new(object, "id", text(rule->id));
    (void)json_object_set_new(object, "query", text(rule->expr_text));
    /* Prometheus leaves out those that a recording has not. */
    if (rule->alert != NULL || rule->label_count > 0) {
        (void)json_object_set_new(object, "labels",
                                  pairs(rule->labels, rule->label_count));
    }
    (void)json_object_set_new(object, "health",
                              json_string(fault != NULL      ? "err"
                                          : view->at_ms == 0 ? "unknown"
                                                             : "ok"));
    if (fault != NULL) {
        (void)json_object_set_new(object, "lastError", text(fault));
    }
    put_evaluation(object, view);
    if (rule->alert != NULL) {
        put_alerting(object, rule, view->alerts);
    } else {
        (void)json_object_set_new(object, "type", json_string("recording"));
    }
    return object;
}

/* The group's rules, made where it is not there yet. Groups of one name in two
 * files are two, as in Prometheus. */
static json_t *
group_of(json_t *groups, const struct gong_rule *rule,
         const struct gong_rules_view *view)
{
    const char *file = rule->file == NULL ? "" : rule->file;
    json_t *group;

    for (size_t i = json_array_size(groups); i-- > 0;) {
        group = json_array_get(groups, i);
        if (strcmp(json_string_value(json_object_get(group, "name")),
                   rule->group) == 0 &&
            strcmp(json_string_value(json_object_get(group, "file")), file) ==
                0) {
            return json_object_get(group, "rules");
        }
    }
    group = json_object();
    (void)json_object_set_new(group, "name", text(rule->group));
    (void)json_object_set_new(group, "file", text(file));
    (void)json_object_set_new(group, "interval",
                              json_real((double)rule->interval_ms / 1000));
    (void)json_object_set_new(group, "limit", json_integer(0));
    put_evaluation(group, view);
    (void)json_object_set_new(group, "rules", json_array());
    (void)json_array_append_new(groups, group);
    return json_object_get(group, "rules");
}

json_t *
gong_rules_view_json(const struct gong_rules_view *view)
{
    const struct gong_ruleset *set = view->set;
    json_t *groups = json_array();

    for (size_t i = 0; i < set->count; i++) {
        json_t *rules = NULL;

        if (set->rules[i].own) {
            continue;
        }
        rules = group_of(groups, &set->rules[i], view);
        if (rules == NULL || json_array_append_new(
                                 rules, rule_json(&set->rules[i], view)) != 0) {
            json_decref(groups);
            return NULL;
        }
    }
    return json_pack("{s:s,s:{s:o}}", "status", "success", "data", "groups",
                     groups);
}

/* --- only what was asked for --- */

static bool
is_among(const char *const *items, size_t count, const json_t *object,
         const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    for (size_t i = 0; i < count; i++) {
        if (value != NULL && strcmp(items[i], value) == 0) {
            return true;
        }
    }
    return count == 0;
}

static bool
is_wanted(const json_t *rule, const struct gong_rules_query *query)
{
    const char *type = json_string_value(json_object_get(rule, "type"));
    bool alerting = type != NULL && strcmp(type, "alerting") == 0;

    return (query->type[0] == '\0' ||
            alerting == (strcmp(query->type, "alert") == 0)) &&
           is_among(query->names, query->name_count, rule, "name");
}

static void
keep_rules(json_t *rules, const struct gong_rules_query *query)
{
    for (size_t i = json_array_size(rules); i-- > 0;) {
        json_t *rule = json_array_get(rules, i);

        if (!is_wanted(rule, query)) {
            (void)json_array_remove(rules, i);
        } else if (query->no_alerts) {
            (void)json_array_clear(json_object_get(rule, "alerts"));
        }
    }
}

void
gong_rules_view_keep(json_t *answer, const struct gong_rules_query *query)
{
    json_t *groups = json_object_get(json_object_get(answer, "data"), "groups");

    for (size_t i = json_array_size(groups); i-- > 0;) {
        json_t *group = json_array_get(groups, i);
        json_t *rules = json_object_get(group, "rules");

        keep_rules(rules, query);
        if (json_array_size(rules) == 0 ||
            !is_among(query->groups, query->group_count, group, "name") ||
            !is_among(query->files, query->file_count, group, "file")) {
            (void)json_array_remove(groups, i);
        }
    }
}
