#include "rules/tool/promtest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "rules/engine/promql_literal.h"
#include "rules/engine/ruleset.h"

#define MINUTE_MS 60000

/* With aliases a short file can say a lot: its lists, and lists in lists, hold
 * no more than that many elements in all. */
#define ELEMENTS_MAX 1000000

struct reader {
    struct gong_yaml *yaml;
    struct gong_conf_errors *errors;
    size_t elements;
    bool failed;
};

static void
fail(struct reader *r, const struct gong_yaml_node *node, const char *message)
{
    gong_yaml_error(r->yaml, node, r->errors, "%s", message);
    r->failed = true;
}

/* keys ends with NULL. */
static bool
check_keys(struct reader *r, const struct gong_yaml_node *node,
           const char *const *keys)
{
    uint32_t i = node->first;

    if (node->kind != GONG_YAML_MAPPING) {
        fail(r, node, "found another kind of value, expected keys with values");
        return false;
    }
    while (i != 0) {
        const struct gong_yaml_node *key = gong_yaml_at(r->yaml, i);
        size_t k = 0;

        while (keys[k] != NULL && strcmp(keys[k], key->text) != 0) {
            k++;
        }
        if (keys[k] == NULL) {
            gong_yaml_error(r->yaml, key, r->errors, "found the unknown key %s",
                            key->text);
            r->failed = true;
        }
        i = gong_yaml_next(r->yaml, gong_yaml_next(r->yaml, i));
    }
    return true;
}

static const char *
read_text(struct reader *r, const struct gong_yaml_node *mapping,
          const char *key)
{
    const struct gong_yaml_node *node = gong_yaml_get(r->yaml, mapping, key);

    if (node == NULL || gong_yaml_is_null(node)) {
        return NULL;
    }
    if (node->kind != GONG_YAML_SCALAR) {
        fail(r, node, "found keys or a list, expected text");
        return NULL;
    }
    return node->text;
}

static int64_t
read_length(struct reader *r, const struct gong_yaml_node *mapping,
            const char *key)
{
    const char *text = read_text(r, mapping, key);
    gong_dur_t length = {0};

    if (text != NULL && gong_dur_parse(gong_str_of(text), &length) != GONG_OK) {
        fail(r, gong_yaml_get(r->yaml, mapping, key),
             "found no length of time, expected one such as 30s or 1h30m");
    }
    return length.ns / GONG_NS_PER_MS;
}

/* YAML's numbers: also .inf and .nan. */
static bool
read_number(const char *text, double *out)
{
    bool negative = *text == '-';
    const char *digits = text + (*text == '-' || *text == '+');

    if (strcmp(digits, ".inf") == 0 || strcmp(digits, ".Inf") == 0 ||
        strcmp(digits, ".INF") == 0) {
        *out = negative ? -INFINITY : INFINITY;
        return true;
    }
    if (strcmp(text, ".nan") == 0 || strcmp(text, ".NaN") == 0 ||
        strcmp(text, ".NAN") == 0) {
        *out = NAN;
        return true;
    }
    if (!((*digits >= '0' && *digits <= '9') || *digits == '.') ||
        !gong_promql_number(gong_str_of(digits), out)) {
        return false;
    }
    *out = negative ? -*out : *out;
    return true;
}

/* The elements of the list at key: how many, and the first. 0 where there is
 * none. */
static size_t
list_at(struct reader *r, const struct gong_yaml_node *mapping, const char *key,
        uint32_t *first)
{
    const struct gong_yaml_node *node = gong_yaml_get(r->yaml, mapping, key);

    *first = 0;
    if (node == NULL || gong_yaml_is_null(node)) {
        return 0;
    }
    if (node->kind != GONG_YAML_SEQUENCE) {
        fail(r, node, "found another kind of value, expected a list");
        return 0;
    }
    if (node->count > ELEMENTS_MAX - r->elements) {
        r->elements = ELEMENTS_MAX;
        fail(r, node,
             "found more than 1000000 elements in all lists, expected fewer");
        return 0;
    }
    r->elements += node->count;
    *first = node->first;
    return node->count;
}

/* Room for so many; NULL (and failed) without memory. */
static void *
room(struct reader *r, size_t count, size_t size)
{
    void *items = calloc(count + 1, size);

    if (items == NULL) {
        gong_conf_errors_add(r->errors, "%s: out of memory",
                             gong_yaml_name(r->yaml));
        r->failed = true;
    }
    return items;
}

static void
read_texts(struct reader *r, const struct gong_yaml_node *mapping,
           const char *key, struct gong_promtest_texts *out)
{
    const struct gong_yaml_node *node = gong_yaml_get(r->yaml, mapping, key);

    if (node == NULL || gong_yaml_is_null(node)) {
        return;
    }
    if (node->kind != GONG_YAML_MAPPING) {
        fail(r, node, "found another kind of value, expected names with texts");
        return;
    }
    out->items = room(r, node->count, sizeof *out->items);
    for (uint32_t i = node->first; i != 0 && out->items != NULL;
         i = gong_yaml_next(r->yaml, gong_yaml_next(r->yaml, i))) {
        const struct gong_yaml_node *value =
            gong_yaml_at(r->yaml, gong_yaml_next(r->yaml, i));

        if (value->kind != GONG_YAML_SCALAR) {
            fail(r, value, "found keys or a list, expected text");
            continue;
        }
        out->items[out->count++] = (struct gong_prom_text){
            gong_yaml_at(r->yaml, i)->text,
            gong_yaml_is_null(value) ? "" : value->text, value};
    }
}

static void
read_series(struct reader *r, const struct gong_yaml_node *node,
            struct gong_promtest_series *out)
{
    static const char *const keys[] = {"series", "values", NULL};

    if (!check_keys(r, node, keys)) {
        return;
    }
    out->series = read_text(r, node, "series");
    out->values = read_text(r, node, "values");
    out->series_node = gong_yaml_get(r->yaml, node, "series");
    out->values_node = gong_yaml_get(r->yaml, node, "values");
    if (out->series == NULL) {
        fail(r, node, "found no series, expected name{label=\"value\"}");
    }
    if (out->values == NULL) {
        out->values = "";
        out->values_node = node;
    }
}

static void
read_alert(struct reader *r, const struct gong_yaml_node *node,
           struct gong_promtest_alert *out)
{
    static const char *const keys[] = {"eval_time", "alertname", "exp_alerts",
                                       NULL};
    static const char *const inner[] = {"exp_labels", "exp_annotations", NULL};
    uint32_t i;
    size_t count;

    out->node = node;
    if (!check_keys(r, node, keys)) {
        return;
    }
    out->eval_ms = read_length(r, node, "eval_time");
    out->alertname = read_text(r, node, "alertname");
    if (out->alertname == NULL || out->alertname[0] == '\0') {
        fail(r, node, "found no alertname, expected one");
    }
    count = list_at(r, node, "exp_alerts", &i);
    out->expected = room(r, count, sizeof *out->expected);
    for (; i != 0 && out->expected != NULL; i = gong_yaml_next(r->yaml, i)) {
        const struct gong_yaml_node *item = gong_yaml_at(r->yaml, i);
        struct gong_promtest_expected *expected =
            &out->expected[out->expected_count++];

        if (gong_yaml_is_null(item) || !check_keys(r, item, inner)) {
            continue;
        }
        read_texts(r, item, "exp_labels", &expected->labels);
        read_texts(r, item, "exp_annotations", &expected->annotations);
    }
}

static void
read_sample(struct reader *r, const struct gong_yaml_node *node,
            struct gong_promtest_sample *out)
{
    static const char *const keys[] = {"labels", "value", NULL};
    const char *value;

    out->node = node;
    if (!check_keys(r, node, keys)) {
        return;
    }
    out->labels = read_text(r, node, "labels");
    value = read_text(r, node, "value");
    if (value != NULL && !read_number(value, &out->value)) {
        fail(r, gong_yaml_get(r->yaml, node, "value"),
             "found no number, expected one such as 1.5, .inf or .nan");
    }
}

static void
read_expr(struct reader *r, const struct gong_yaml_node *node,
          struct gong_promtest_expr *out)
{
    static const char *const keys[] = {"expr", "eval_time", "exp_samples",
                                       NULL};
    uint32_t i;
    size_t count;

    out->node = node;
    if (!check_keys(r, node, keys)) {
        return;
    }
    out->expr = read_text(r, node, "expr");
    out->eval_ms = read_length(r, node, "eval_time");
    if (out->expr == NULL) {
        out->expr = "";
    }
    count = list_at(r, node, "exp_samples", &i);
    out->samples = room(r, count, sizeof *out->samples);
    for (; i != 0 && out->samples != NULL; i = gong_yaml_next(r->yaml, i)) {
        read_sample(r, gong_yaml_at(r->yaml, i),
                    &out->samples[out->sample_count++]);
    }
}

static void
read_group(struct reader *r, const struct gong_yaml_node *node,
           const struct gong_promtest *test, struct gong_promtest_group *out)
{
    static const char *const keys[] = {
        "interval", "input_series",    "alert_rule_test", "promql_expr_test",
        "name",     "external_labels", "external_url",    NULL};
    struct gong_yaml *yaml = r->yaml;
    uint32_t i;

    if (!check_keys(r, node, keys)) {
        return;
    }
    out->name = read_text(r, node, "name");
    out->interval_ms = read_length(r, node, "interval");
    if (out->interval_ms == 0) {
        out->interval_ms = test->interval_ms;
    }
    out->series =
        room(r, list_at(r, node, "input_series", &i), sizeof *out->series);
    for (; i != 0 && out->series != NULL; i = gong_yaml_next(yaml, i)) {
        read_series(r, gong_yaml_at(yaml, i),
                    &out->series[out->series_count++]);
    }
    out->alerts =
        room(r, list_at(r, node, "alert_rule_test", &i), sizeof *out->alerts);
    for (; i != 0 && out->alerts != NULL; i = gong_yaml_next(yaml, i)) {
        read_alert(r, gong_yaml_at(yaml, i), &out->alerts[out->alert_count++]);
    }
    out->exprs =
        room(r, list_at(r, node, "promql_expr_test", &i), sizeof *out->exprs);
    for (; i != 0 && out->exprs != NULL; i = gong_yaml_next(yaml, i)) {
        read_expr(r, gong_yaml_at(yaml, i), &out->exprs[out->expr_count++]);
    }
}

static bool
is_among(const char **names, size_t count, const char *name)
{
    for (size_t k = 0; k < count; k++) {
        if (strcmp(names[k], name) == 0) {
            return true;
        }
    }
    return false;
}

/* A list of texts; if once is set each may be there once only. */
static const char **
read_names(struct reader *r, const struct gong_yaml_node *mapping,
           const char *key, bool once, size_t *count)
{
    uint32_t i;
    const char **names =
        room(r, list_at(r, mapping, key, &i), sizeof(const char *));

    for (; i != 0 && names != NULL; i = gong_yaml_next(r->yaml, i)) {
        const struct gong_yaml_node *node = gong_yaml_at(r->yaml, i);

        if (node->kind != GONG_YAML_SCALAR) {
            fail(r, node, "found keys or a list, expected text");
            continue;
        }
        if (once && is_among(names, *count, node->text)) {
            fail(r, node, "found a group twice, expected each once");
            continue;
        }
        if (*count == GONG_RULES_MAX) {
            fail(r, node, "found more than 10000 names, expected fewer");
            break;
        }
        names[(*count)++] = node->text;
    }
    return names;
}

static void
read_test(struct reader *r, struct gong_promtest *test)
{
    static const char *const keys[] = {"rule_files", "evaluation_interval",
                                       "group_eval_order", "tests", NULL};
    const struct gong_yaml_node *root = gong_yaml_root(r->yaml);
    uint32_t i;

    test->interval_ms = MINUTE_MS;
    if (gong_yaml_is_null(root) || !check_keys(r, root, keys)) {
        return;
    }
    test->rule_files =
        read_names(r, root, "rule_files", false, &test->rule_file_count);
    test->order =
        read_names(r, root, "group_eval_order", true, &test->order_count);
    test->interval_ms = read_length(r, root, "evaluation_interval");
    if (test->interval_ms == 0) {
        test->interval_ms = MINUTE_MS;
    }
    test->groups = room(r, list_at(r, root, "tests", &i), sizeof *test->groups);
    for (; i != 0 && test->groups != NULL; i = gong_yaml_next(r->yaml, i)) {
        read_group(r, gong_yaml_at(r->yaml, i), test,
                   &test->groups[test->group_count++]);
    }
}

struct gong_promtest *
gong_promtest_load(const char *path, struct gong_conf_errors *errors)
{
    struct gong_promtest *test = calloc(1, sizeof *test);
    size_t len = 0;
    char *bytes = gong_conf_load_bytes(path, &len, errors);
    struct reader r = {.errors = errors};

    if (test == NULL) {
        gong_conf_errors_add(errors, "%s: out of memory", path);
    } else if (bytes != NULL) {
        test->yaml = gong_yaml_read(path, gong_str_from(bytes, len), errors);
    }
    free(bytes);
    if (test != NULL && test->yaml != NULL) {
        r.yaml = test->yaml;
        read_test(&r, test);
        if (!r.failed) {
            return test;
        }
    }
    gong_promtest_free(test);
    return NULL;
}

static void
free_alert(struct gong_promtest_alert *alert)
{
    for (size_t i = 0; i < alert->expected_count; i++) {
        free(alert->expected[i].labels.items);
        free(alert->expected[i].annotations.items);
    }
    free(alert->expected);
}

static void
free_group(struct gong_promtest_group *group)
{
    for (size_t i = 0; i < group->alert_count; i++) {
        free_alert(&group->alerts[i]);
    }
    for (size_t i = 0; i < group->expr_count; i++) {
        free(group->exprs[i].samples);
    }
    free(group->series);
    free(group->alerts);
    free(group->exprs);
}

void
gong_promtest_free(struct gong_promtest *test)
{
    if (test == NULL) {
        return;
    }
    for (size_t i = 0; i < test->group_count; i++) {
        free_group(&test->groups[i]);
    }
    free(test->groups);
    free(test->rule_files);
    free(test->order);
    gong_yaml_free(test->yaml);
    free(test);
}
