#include "rules/tool/cost_feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/batch.h"
#include "common/clock.h"
#include "common/topic.h"
#include "rules/engine/presence.h"

/* What an equality matcher wants; NULL where there is none. */
static const char *
wanted(const struct gong_expr_node *selector, const char *name)
{
    for (size_t i = 0; i < selector->matcher_count; i++) {
        const struct gong_matcher *m = &selector->matchers[i];

        if (m->op == GONG_MATCH_EQUAL && strcmp(m->name, name) == 0) {
            return m->value;
        }
    }
    return NULL;
}

static bool
is_param(const struct gong_expr_node *selector)
{
    const char *metric = wanted(selector, "__name__");

    return metric != NULL &&
           strncmp(metric, GONG_CITY_PARAM, strlen(GONG_CITY_PARAM)) == 0;
}

/* Of the topic and the model, not the line. */
static bool
is_of_city(const char *label)
{
    return strcmp(label, "site") == 0 || strcmp(label, "device") == 0 ||
           strcmp(label, "unit") == 0 || strcmp(label, "kind") == 0;
}

/* What the selectors of a rule are fed with. */
struct maker {
    const struct gong_expr *expr;
    bool foreign;
    bool city; /* it has devices */
};

/* A tag for each matcher that names a value. */
static bool
put_tags(FILE *out, const struct maker *maker,
         const struct gong_expr_node *selector)
{
    const char *metric = wanted(selector, "__name__");

    if (metric == NULL ||
        (!maker->foreign &&
         gong_presence_metric(gong_str_of(metric)) != GONG_PRESENCE_METRICS) ||
        (maker->city && is_param(selector))) {
        return false;
    }
    (void)fputs(metric, out);
    for (size_t i = 0; i < selector->matcher_count; i++) {
        const struct gong_matcher *m = &selector->matchers[i];

        if (m->op == GONG_MATCH_EQUAL && m->value[0] != '\0' &&
            strcmp(m->name, "__name__") != 0 &&
            !(maker->city && is_of_city(m->name)) &&
            strpbrk(m->value, " ,=\\\n\"") == NULL) {
            (void)fprintf(out, ",%s=%s", m->name, m->value);
        }
    }
    return true;
}

/* The same as a text; "" where nothing can be fed. NULL without memory. */
static char *
tags_of(const struct maker *maker, uint32_t node)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = maker->expr->nodes[node].kind == GONG_EXPR_SELECTOR
                    ? open_memstream(&text, &len)
                    : NULL;

    if (maker->expr->nodes[node].kind != GONG_EXPR_SELECTOR) {
        return calloc(1, 1);
    }
    if (out == NULL) {
        return NULL;
    }
    (void)put_tags(out, maker, &maker->expr->nodes[node]);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static void
free_tags(char **tags, uint32_t count)
{
    for (uint32_t i = 0; tags != NULL && i < count; i++) {
        free(tags[i]);
    }
    free(tags);
}

/* Of all nodes, each text once; *kept gets how many. NULL without memory. */
static char **
all_tags(const struct maker *maker, uint32_t *kept)
{
    uint32_t count = maker->expr->count;
    char **tags = calloc((size_t)count + 1, sizeof *tags);

    *kept = 0;
    for (uint32_t i = 0; tags != NULL && i < count; i++) {
        char *mine = tags_of(maker, i);
        bool repeated = mine != NULL && mine[0] == '\0';

        for (uint32_t k = 0; mine != NULL && k < *kept && !repeated; k++) {
            repeated = strcmp(mine, tags[k]) == 0;
        }
        if (mine == NULL) {
            free_tags(tags, *kept);
            return NULL;
        }
        if (repeated) {
            free(mine);
        } else {
            tags[(*kept)++] = mine;
        }
    }
    return tags;
}

/* Device by device; of all clauses. */
static enum gong_err
make_heads(const struct maker *maker, struct gong_cost_feed *feed)
{
    uint32_t kept = 0;
    char **tags = all_tags(maker, &kept);
    size_t len = 0;
    size_t at = 0;
    FILE *out = tags == NULL ? NULL : open_memstream(&feed->heads, &len);

    if (out == NULL) {
        free_tags(tags, kept);
        return GONG_ERR_MEMORY;
    }
    for (size_t k = 0; k < feed->count; k++) {
        for (uint32_t i = 0; i < kept; i++) {
            (void)fprintf(out, "%s,cost=%zu value=%c", tags[i], k, '\0');
        }
    }
    free_tags(tags, kept);
    if (fclose(out) != 0) {
        return GONG_ERR_MEMORY;
    }
    feed->distinct = feed->count * kept;
    feed->ends = calloc(feed->distinct + 1, sizeof *feed->ends);
    if (feed->ends == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < feed->distinct; i++) {
        at += strlen(feed->heads + at) + 1;
        feed->ends[i] = at;
    }
    return GONG_OK;
}

/* What selectors want of a label of the model, else what is made: a name that a
 * topic cannot have never came. */
static const char *
wanted_by_any(const struct gong_expr *expr, const char *label, const char *made)
{
    for (uint32_t i = 0; i < expr->count; i++) {
        const char *value = expr->nodes[i].kind == GONG_EXPR_SELECTOR
                                ? wanted(&expr->nodes[i], label)
                                : NULL;

        if (value != NULL && gong_topic_name_valid(gong_str_of(value))) {
            return value;
        }
    }
    return made;
}

static char *
copy(const char *text)
{
    return gong_str_copy(gong_str_of(text));
}

static int
compare_metrics(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
is_listed(const struct gong_city *city, const char *metric)
{
    for (size_t i = 0; i < city->metric_count; i++) {
        if (strcmp(city->metrics[i], metric) == 0) {
            return true;
        }
    }
    return false;
}

/* Each that the rule reads, and the model's own. */
static bool
make_metrics(const struct gong_expr *expr, struct gong_city *city)
{
    city->metrics = calloc((size_t)expr->count + 1, sizeof *city->metrics);
    if (city->metrics == NULL) {
        return false;
    }
    for (uint32_t i = 0; i <= expr->count; i++) {
        const char *metric = GONG_CITY_PARAM GONG_CITY_EXPECTED;

        if (i < expr->count) {
            metric = expr->nodes[i].kind == GONG_EXPR_SELECTOR &&
                             is_param(&expr->nodes[i])
                         ? wanted(&expr->nodes[i], "__name__")
                         : NULL;
        }
        if (metric == NULL || is_listed(city, metric)) {
            continue;
        }
        city->metrics[city->metric_count] = copy(metric);
        if (city->metrics[city->metric_count++] == NULL) {
            return false;
        }
    }
    qsort(city->metrics, city->metric_count, sizeof *city->metrics,
          compare_metrics);
    return true;
}

static bool
make_unit(const struct gong_expr *expr, const char *site,
          struct gong_city *city)
{
    city->units = calloc(1, sizeof *city->units);
    city->codes = calloc(1, sizeof *city->codes);
    if (city->units == NULL || city->codes == NULL) {
        return false;
    }
    city->unit_count = 1;
    city->code_count = 1;
    city->codes[0].code = copy(site);
    city->units[0] = (struct gong_city_unit){
        .code = copy(wanted_by_any(expr, "unit", site)),
        .kind = wanted_by_any(expr, "kind", "ward"),
        .name = copy(site),
        .name_en = copy(""),
    };
    return city->codes[0].code != NULL && city->units[0].code != NULL &&
           city->units[0].name != NULL && city->units[0].name_en != NULL;
}

/* Sorted by name: all are as long. */
static bool
make_device(const struct gong_city *city, const char *site, const char *name,
            struct gong_city_device *out)
{
    *out = (struct gong_city_device){
        .site = copy(site),
        .name = copy(name),
        .label = copy(""),
        .label_en = copy(""),
        .from_ms = INT64_MIN,
        .until_ms = INT64_MAX,
        .params = calloc(city->metric_count, sizeof *out->params),
    };
    if (out->site == NULL || out->name == NULL || out->label == NULL ||
        out->label_en == NULL || out->params == NULL) {
        return false;
    }
    for (; out->param_count < city->metric_count; out->param_count++) {
        out->params[out->param_count] =
            (struct gong_city_param){out->param_count, 1};
    }
    return true;
}

/* A rule of one device has but this one. */
static bool
make_devices(const struct gong_expr *expr, const char *site, size_t count,
             struct gong_city *city)
{
    const char *only = wanted_by_any(expr, "device", NULL);

    count = only != NULL ? 1 : count;
    city->devices = calloc(count, sizeof *city->devices);
    if (city->devices == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "cost-%06zu", i);
        city->device_count++;
        if (!make_device(city, site, only != NULL ? only : name,
                         &city->devices[i])) {
            return false;
        }
    }
    return true;
}

static bool
reads_params(const struct gong_expr *expr)
{
    for (uint32_t i = 0; i < expr->count; i++) {
        if (expr->nodes[i].kind == GONG_EXPR_SELECTOR &&
            is_param(&expr->nodes[i])) {
            return true;
        }
    }
    return false;
}

static bool
make_city(const struct gong_expr *expr, struct gong_cost_feed *feed)
{
    const char *site = wanted_by_any(expr, "site", "cost");

    feed->city = calloc(1, sizeof *feed->city);
    return feed->city != NULL && make_unit(expr, site, feed->city) &&
           make_metrics(expr, feed->city) &&
           make_devices(expr, site, feed->count, feed->city);
}

enum gong_err
gong_cost_feed_make(const struct gong_rule *rule, bool foreign, uint32_t count,
                    struct gong_cost_feed *out)
{
    struct maker maker = {
        .expr = rule->expr,
        .foreign = foreign,
        .city = !foreign && reads_params(rule->expr),
    };

    *out = (struct gong_cost_feed){.count = count};
    if (maker.city && !make_city(rule->expr, out)) {
        return GONG_ERR_MEMORY;
    }
    return make_heads(&maker, out);
}

void
gong_cost_feed_fini(struct gong_cost_feed *feed)
{
    free(feed->heads);
    free(feed->ends);
    gong_city_free(feed->city);
    *feed = (struct gong_cost_feed){0};
}

void
gong_cost_feed_params(const struct gong_cost_feed *feed, double value)
{
    const struct gong_city *city = feed->city;

    for (size_t i = 0; city != NULL && i < city->device_count; i++) {
        for (size_t p = 0; p < city->devices[i].param_count; p++) {
            bool own = strcmp(city->metrics[p],
                              GONG_CITY_PARAM GONG_CITY_EXPECTED) == 0;

            city->devices[i].params[p].value =
                own || feed->distinct > 0 ? 1 : value;
        }
    }
}

#define TAIL_SIZE 64

/* The series from..end of one record. */
struct part {
    const struct gong_cost_feed *feed;
    const struct gong_city_device *device; /* NULL: none */
    size_t from;
    size_t end;
};

/* One sample of value for each behind the device's names; heap. */
static char *
make_payload(const struct part *part, double value, int64_t ms, size_t *len)
{
    char tail[TAIL_SIZE];
    const size_t *ends = part->feed->ends;
    char names[GONG_BATCH_PREFIX_SIZE];
    size_t prefix = gong_batch_prefix(
        gong_str_of(part->device == NULL ? "" : part->device->site),
        gong_str_of(part->device == NULL ? "" : part->device->name), names);
    size_t more = (size_t)snprintf(tail, sizeof tail, "%.17g %" PRId64 "\n",
                                   value, gong_ms_to_ns(ms));
    size_t begin = part->from == 0 ? 0 : ends[part->from - 1];
    size_t all = part->end == part->from ? 0 : ends[part->end - 1] - begin;
    char *payload = malloc(prefix + all + (part->end - part->from) * more);

    if (payload == NULL) {
        return NULL;
    }
    memcpy(payload, names, prefix);
    *len = prefix;
    for (size_t i = part->from; i < part->end; i++) {
        size_t head = ends[i] - 1 - begin;

        memcpy(payload + *len, part->feed->heads + begin, head);
        memcpy(payload + *len + head, tail, more);
        *len += head + more;
        begin = ends[i];
    }
    return payload;
}

static enum gong_err
feed_part(struct gong_engine *engine, const struct part *part, double value,
          int64_t ms)
{
    size_t len = 0;
    char *payload = make_payload(part, value, ms, &len);
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_DATA,
                 .journal_ms = ms,
                 .wall_ns = gong_ms_to_ns(ms)},
        .payload = gong_str_from(payload, len),
    };
    enum gong_err err = GONG_ERR_MEMORY;

    if (payload != NULL) {
        err = gong_engine_apply(engine, &record);
    }
    free(payload);
    return err;
}

static enum gong_err
pass_time(struct gong_engine *engine, int64_t ms)
{
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_CLOCK,
                 .journal_ms = ms,
                 .wall_ns = gong_ms_to_ns(ms)},
    };

    return gong_engine_apply(engine, &record);
}

enum gong_err
gong_cost_feed_all(struct gong_engine *engine,
                   const struct gong_cost_feed *feed, double value, int64_t ms)
{
    struct part part = {.feed = feed, .end = feed->distinct};
    size_t devices = feed->city == NULL ? 0 : feed->city->device_count;
    size_t each = devices == 0 ? 0 : feed->distinct / devices;
    enum gong_err err = GONG_OK;

    if (feed->distinct == 0) {
        return pass_time(engine, ms); /* nobody ever sends anything */
    }
    if (devices == 0) {
        return feed_part(engine, &part, value, ms);
    }
    for (size_t i = 0; i < devices && err == GONG_OK; i++) {
        part.device = &feed->city->devices[i];
        part.from = i * each;
        part.end = part.from + each;
        err = feed_part(engine, &part, value, ms);
    }
    return err;
}
