#include "rules/rule_file_read.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/ascii.h"
#include "common/clock.h"
#include "rules/engine/book.h"
#include "rules/engine/book_order.h"
#include "rules/engine/book_own.h"
#include "rules/engine/promql.h"
#include "rules/rule_file.h"
#include "rules/rule_file_calendar.h"
#include "rules/rule_file_clause.h"
#include "rules/rule_file_id.h"
#include "rules/rule_file_text.h"

#define NAME_MAX_LEN 128
#define DAY_MS       86400000.0

struct group {
    char *name;
    gong_dur_t interval;
    gong_dur_t lookback;
    bool lookback_fixed;
};

#define GROUP_FIELD(member) offsetof(struct group, member)
static const struct gong_option group_options[] = {
    {"group", GONG_OPTION_STRING, GROUP_FIELD(name), NULL, 0, 0, NULL, "",
     "Name of the group, part of each rule's id."},
    {"interval", GONG_OPTION_DURATION, GROUP_FIELD(interval), "0s", 0, DAY_MS,
     NULL, "",
     "0s: evaluated on every sample. Otherwise evaluated at multiples of it."},
    {"lookback", GONG_OPTION_DURATION, GROUP_FIELD(lookback), "5m", 1000,
     DAY_MS, NULL, "",
     "How long a sample counts as present; where it is absent, 2.5 times what "
     "the device declares, if that is longer."},
};
static const char *const group_children[] = {"rules", "calendars", NULL};
static const struct gong_option_table group_table = {
    .name = "",
    .help = "A rule file holds one group.",
    .options = group_options,
    .option_count = sizeof group_options / sizeof group_options[0],
    .children = group_children,
};

struct rule {
    char *id;
    char *alert;
    char *record;
    char *expr;
    gong_dur_t hold;
    gong_dur_t keep;
    char *missing;
    char *resolve;
    char *active;
    bool trial;
};

#define RULE_FIELD(member) offsetof(struct rule, member)
/* With levels expr may be theirs. */
#define RULE_OPTIONS(expr_default)                                             \
    {                                                                          \
        {"alert",                                                              \
         GONG_OPTION_STRING,                                                   \
         RULE_FIELD(alert),                                                    \
         "",                                                                   \
         0,                                                                    \
         0,                                                                    \
         NULL,                                                                 \
         "",                                                                   \
         "Name of the alert; a rule has this or record."},                     \
            {"record",                                                         \
             GONG_OPTION_STRING,                                               \
             RULE_FIELD(record),                                               \
             "",                                                               \
             0,                                                                \
             0,                                                                \
             NULL,                                                             \
             "",                                                               \
             "Metric that the result is recorded under, every interval, or "   \
             "every "                                                          \
             "10 s where that is 0s."},                                        \
            {"id",                                                             \
             GONG_OPTION_STRING,                                               \
             RULE_FIELD(id),                                                   \
             "",                                                               \
             0,                                                                \
             0,                                                                \
             NULL,                                                             \
             "",                                                               \
             "Names the rule for good; group, name and labels where it is "    \
             "absent."},                                                       \
            {"expr",                                                           \
             GONG_OPTION_STRING,                                               \
             RULE_FIELD(expr),                                                 \
             expr_default,                                                     \
             0,                                                                \
             0,                                                                \
             NULL,                                                             \
             "",                                                               \
             "PromQL; every series in its result is an alert."},               \
            {"resolve",                                                        \
             GONG_OPTION_STRING,                                               \
             RULE_FIELD(resolve),                                              \
             "",                                                               \
             0,                                                                \
             0,                                                                \
             NULL,                                                             \
             "",                                                               \
             "PromQL; what fired goes on until this is true."},                \
            {"for",                                                            \
             GONG_OPTION_DURATION,                                             \
             RULE_FIELD(hold),                                                 \
             "0s",                                                             \
             0,                                                                \
             365 * DAY_MS,                                                     \
             NULL,                                                             \
             "",                                                               \
             "How long the condition must hold before the alert fires."},      \
            {"keep_firing_for",                                                \
             GONG_OPTION_DURATION,                                             \
             RULE_FIELD(keep),                                                 \
             "0s",                                                             \
             0,                                                                \
             365 * DAY_MS,                                                     \
             NULL,                                                             \
             "",                                                               \
             "How long the alert goes on after the condition has ended."},     \
            {"on_missing",                                                     \
             GONG_OPTION_STRING,                                               \
             RULE_FIELD(missing),                                              \
             "",                                                               \
             0,                                                                \
             0,                                                                \
             NULL,                                                             \
             "",                                                               \
             "What becomes of it when data is missing: unknown, resolve or "   \
             "fire."},                                                         \
            {"active",                                                         \
             GONG_OPTION_STRING,                                               \
             RULE_FIELD(active),                                               \
             "",                                                               \
             0,                                                                \
             0,                                                                \
             NULL,                                                             \
             "",                                                               \
             "Name of the calendar outside of which it does not count."},      \
            {"trial",                                                          \
             GONG_OPTION_BOOL,                                                 \
             RULE_FIELD(trial),                                                \
             "false",                                                          \
             0,                                                                \
             0,                                                                \
             NULL,                                                             \
             "",                                                               \
             "Evaluated and kept, but nobody is told."},                       \
    }
static const struct gong_option rule_options[] = RULE_OPTIONS(NULL);
static const struct gong_option leveled_options[] = RULE_OPTIONS("");
static const char *const rule_children[] = {"levels", "labels", "annotations",
                                            NULL};
static const struct gong_option_table rule_table = {
    .name = "rule",
    .help = "One element of rules.",
    .options = rule_options,
    .option_count = sizeof rule_options / sizeof rule_options[0],
    .children = rule_children,
};
static const struct gong_option_table leveled_table = {
    .name = "rule",
    .help = "One with levels.",
    .options = leveled_options,
    .option_count = sizeof leveled_options / sizeof leveled_options[0],
    .children = rule_children,
};

/* The new rule, zeroed, or NULL. Borrowed until the next one. */
static struct gong_rule *
add_rule(struct gong_rule_reader *reader, const struct gong_conf_node *node)
{
    struct gong_ruleset *set = reader->set;

    if (set->count == reader->capacity) {
        size_t capacity = set->count == 0 ? 16 : set->count * 2;
        struct gong_rule *rules = realloc(set->rules, capacity * sizeof *rules);
        const struct gong_conf_node **nodes;

        if (rules == NULL) {
            gong_rule_out_of_memory(reader);
            return NULL;
        }
        set->rules = rules;
        nodes = realloc(reader->nodes,
                        capacity * sizeof(const struct gong_conf_node *));
        if (nodes == NULL) {
            gong_rule_out_of_memory(reader);
            return NULL;
        }
        reader->nodes = nodes;
        reader->capacity = capacity;
    }
    reader->nodes[set->count] = node;
    set->rules[set->count] = (struct gong_rule){0};
    return &set->rules[set->count++];
}

/* A name for people: one line, not empty, not endless. */
static void
check_name(struct gong_rule_reader *reader, const struct gong_conf_node *node,
           const char *key, const char *name)
{
    size_t len = name == NULL ? 0 : strlen(name);

    if (name == NULL) {
        return;
    }
    if (len == 0 || len > NAME_MAX_LEN || strpbrk(name, "\n\t") != NULL) {
        gong_conf_error_in(gong_conf_child(node, key), 0, reader->errors,
                           "found a text of %zu bytes, expected a name of 1 "
                           "to %d bytes on one line for %s",
                           len, NAME_MAX_LEN, key);
        reader->failed = true;
    }
}

/* An id that was given stays clear of the made ones, which hold slashes. */
static void
check_id(struct gong_rule_reader *reader, const struct gong_conf_node *node,
         const char *id)
{
    const struct gong_conf_node *child = gong_conf_child(node, "id");
    size_t len = id == NULL ? 0 : strlen(id);
    size_t good = 0;

    if (child == NULL || id == NULL) {
        return;
    }
    while (gong_ascii_is_name(id[good]) || id[good] == '-' || id[good] == '.') {
        good++;
    }
    if (len == 0 || len > NAME_MAX_LEN || good < len) {
        gong_conf_error_in(child, good, reader->errors,
                           "found \"%s\", expected an id of 1 to %d letters, "
                           "digits, _ - .",
                           id, NAME_MAX_LEN);
        reader->failed = true;
    }
}

/* Stamps of presence are of the agent's clock, those of samples of the
 * device's: at interval 0 they cannot be compared. */
static void
check_mix(struct gong_rule_reader *reader, const struct gong_conf_node *node,
          const struct gong_plan *plan, const struct group *group)
{
    if (plan->presence != 0 && !gong_plan_is_presence(plan) &&
        group->interval.ns == 0) {
        gong_conf_error_in(gong_conf_child(node, "expr"), 0, reader->errors,
                           "found up, unit_up or device_dark beside other "
                           "metrics, expected one kind only, or an interval "
                           "above 0s");
        reader->failed = true;
    }
}

/* What can be said of missing data: of rules of each device that it fires, of
 * these and of aggregates that it is unknown. */
enum telling { TELLS_NOTHING, TELLS_UNKNOWN, TELLS_ALL };

/* Plans are made for their refusals only: the engine makes its own. */
static enum telling
check_class(struct gong_rule_reader *reader, const struct gong_conf_node *node,
            const struct group *group, const struct gong_rule *rule)
{
    struct gong_expr_error error = {0};
    bool whole = rule->record != NULL || gong_rule_is_whole(rule);
    struct gong_plan *plan = whole ? NULL : gong_plan_new(rule->expr, &error);
    struct gong_aggregate *aggregate = NULL;
    enum telling telling = TELLS_NOTHING;

    if (plan != NULL) {
        check_mix(reader, node, plan, group);
        telling = TELLS_ALL;
    } else {
        gong_rule_check_shapes(reader, node, rule);
        aggregate = !whole && !error.no_memory && gong_rule_is_plain(rule)
                        ? gong_aggregate_new(rule->expr, &error)
                        : NULL;
        telling = aggregate != NULL ? TELLS_UNKNOWN : TELLS_NOTHING;
    }
    if (error.no_memory) {
        gong_rule_out_of_memory(reader);
    }
    gong_plan_free(plan);
    gong_aggregate_free(aggregate);
    return telling;
}

/* The default is Prometheus' meaning where a rule runs on its grid, or where
 * what is missing cannot be told apart. */
static enum gong_on_missing
read_missing(struct gong_rule_reader *reader, const struct gong_conf_node *node,
             const char *word, const struct group *group, enum telling telling)
{
    static const char *const words[] = {
        [GONG_ON_MISSING_RESOLVE] = "resolve",
        [GONG_ON_MISSING_UNKNOWN] = "unknown",
        [GONG_ON_MISSING_FIRE] = "fire",
    };
    enum gong_on_missing choice = GONG_ON_MISSING_RESOLVE;
    bool known = false;

    if (word == NULL || word[0] == '\0') {
        return group->interval.ns > 0 || telling == TELLS_NOTHING
                   ? GONG_ON_MISSING_RESOLVE
                   : GONG_ON_MISSING_UNKNOWN;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i]) == 0) {
            choice = (enum gong_on_missing)i;
            known = true;
        }
    }
    if (!known) {
        gong_conf_error_in(
            gong_conf_child(node, "on_missing"), 0, reader->errors,
            "found \"%s\", expected resolve, unknown or fire", word);
        reader->failed = true;
    } else if (!reader->failed &&
               ((choice == GONG_ON_MISSING_UNKNOWN &&
                 telling == TELLS_NOTHING) ||
                (choice == GONG_ON_MISSING_FIRE && telling != TELLS_ALL))) {
        gong_conf_error_in(gong_conf_child(node, "on_missing"), 0,
                           reader->errors,
                           "found \"%s\" for an expression that joins devices "
                           "otherwise than by one aggregation, expected "
                           "resolve",
                           word);
        reader->failed = true;
    }
    return choice;
}

/* What the engine and reports need beyond the file's own words. */
static void
complete_rule(struct gong_rule_reader *reader,
              const struct gong_conf_node *node, const struct group *group,
              struct gong_rule *rule)
{
    size_t line = gong_conf_line(node);
    bool named = rule->alert != NULL || rule->record != NULL;

    rule->group = strdup(group->name == NULL ? "" : group->name);
    rule->file = strdup(gong_conf_file(node));
    rule->own = strcmp(gong_conf_file(node), GONG_RULE_OWN) == 0;
    rule->line = line > INT_MAX ? INT_MAX : (int)line;
    rule->interval_ms = group->interval.ns / GONG_NS_PER_MS;
    rule->lookback_ms = group->lookback.ns / GONG_NS_PER_MS;
    rule->lookback_fixed = group->lookback_fixed;
    if (rule->group != NULL && named &&
        (rule->id == NULL || rule->id[0] == '\0')) {
        free(rule->id);
        rule->id = gong_rule_make_id(rule, 1);
    }
    if (rule->group == NULL || rule->file == NULL ||
        (named && rule->id == NULL)) {
        gong_rule_out_of_memory(reader);
    }
}

/* A text that was left out is none. */
static char *
given(char *text)
{
    if (text == NULL || text[0] != '\0') {
        return text;
    }
    free(text);
    return NULL;
}

static bool
is_metric_name(const char *name)
{
    bool good = gong_ascii_begins_name(name[0]) || name[0] == ':';

    for (const char *c = name; *c != '\0'; c++) {
        good = good && (gong_ascii_is_name(*c) || *c == ':');
    }
    return good;
}

static void
refuse_kind(struct gong_rule_reader *reader, const struct gong_conf_node *node,
            const char *key, const char *found, const char *expected)
{
    const struct gong_conf_node *child = gong_conf_child(node, key);

    gong_conf_error_in(child == NULL ? node : child, 0, reader->errors,
                       "found %s, expected %s", found, expected);
    reader->failed = true;
}

/* A rule tells alerts or records a series, not both. */
static void
check_kind(struct gong_rule_reader *reader, const struct gong_conf_node *node,
           const struct gong_rule *rule)
{
    static const char *const alerts_only[] = {
        "for",     "keep_firing_for", "annotations", "on_missing",
        "resolve", "levels",          "active",      "trial"};

    check_name(reader, node, "alert", rule->alert);
    if ((rule->alert == NULL) == (rule->record == NULL)) {
        refuse_kind(reader, node, "record",
                    rule->alert == NULL ? "neither alert nor record"
                                        : "alert and record",
                    "one of them");
        return;
    }
    if (rule->record == NULL) {
        return;
    }
    if (!is_metric_name(rule->record)) {
        refuse_kind(reader, node, "record", "another name",
                    "a metric's: letters, digits, _ and :");
    } else if (gong_book_is_own(rule->record)) {
        refuse_kind(reader, node, "record", rule->record,
                    "another name: what has this one is the agent's own");
    }
    for (size_t i = 0; i < sizeof alerts_only / sizeof alerts_only[0]; i++) {
        if (gong_conf_child(node, alerts_only[i]) != NULL) {
            refuse_kind(reader, node, alerts_only[i], alerts_only[i],
                        "it with alerts only");
        }
    }
}

/* What depends on each other, in order. */
static void
read_parts(struct gong_rule_reader *reader, const struct gong_conf_node *node,
           const struct group *group, const struct rule *words,
           struct gong_rule *rule)
{
    check_kind(reader, node, rule);
    check_id(reader, node, rule->id);
    rule->labels =
        gong_rule_read_texts(reader, node, "labels", &rule->label_count);
    rule->annotations = gong_rule_read_texts(reader, node, "annotations",
                                             &rule->annotation_count);
    if (gong_rule_read_clauses(reader, node, words->resolve, rule)) {
        enum telling telling = check_class(reader, node, group, rule);

        rule->on_missing =
            read_missing(reader, node, words->missing, group, telling);
    }
    gong_rule_check_labels(reader, node, group->interval.ns > 0, rule);
    if (rule->label_count > 1 && !reader->failed) {
        gong_rule_sort_labels(rule);
    }
}

static void
read_rule(struct gong_rule_reader *reader, const struct gong_conf_node *node,
          const struct group *group)
{
    struct gong_rule *rule = add_rule(reader, node);
    struct rule words = {0};
    bool leveled =
        gong_conf_is_group(node) && gong_conf_child(node, "levels") != NULL;

    if (rule == NULL) {
        return;
    }
    if (!gong_conf_read(node, leveled ? &leveled_table : &rule_table, &words,
                        reader->errors)) {
        reader->failed = true;
    }
    /* The texts are the rule's from here. */
    rule->id = words.id;
    rule->alert = given(words.alert);
    rule->record = given(words.record);
    rule->expr_text = words.expr;
    rule->for_ms = words.hold.ns / GONG_NS_PER_MS;
    rule->keep_firing_for_ms = words.keep.ns / GONG_NS_PER_MS;
    rule->active = given(words.active);
    rule->trial = words.trial;
    if (gong_conf_is_group(node)) {
        read_parts(reader, node, group, &words, rule);
    }
    free(words.missing);
    free(words.resolve);
    complete_rule(reader, node, group, rule);
}

static void
read_rules(struct gong_rule_reader *reader, const struct gong_conf_node *root,
           const struct group *group)
{
    const struct gong_conf_node *rules = gong_conf_child(root, "rules");

    if (rules == NULL && gong_conf_child(root, "calendars") != NULL) {
        return;
    }
    if (rules == NULL || !gong_conf_is_list(rules)) {
        gong_conf_error_in(rules == NULL ? root : rules, 0, reader->errors,
                           "found no list of rules, expected rules = ( { alert "
                           "= \"...\"; expr = \"...\"; }, ... );");
        reader->failed = true;
        return;
    }
    for (size_t i = 0; i < gong_conf_count(rules); i++) {
        if (reader->set->count == GONG_RULES_MAX) {
            gong_conf_error(gong_conf_at(rules, i), reader->errors,
                            "found more than %d rules in all files, expected "
                            "fewer",
                            GONG_RULES_MAX);
            reader->failed = true;
            return;
        }
        read_rule(reader, gong_conf_at(rules, i), group);
    }
}

/* What stands beside the rules. */
static void
read_group(struct gong_rule_reader *reader, const struct gong_conf_node *root,
           struct group *group)
{
    if (!gong_conf_read(root, &group_table, group, reader->errors)) {
        reader->failed = true;
    } else if (group->interval.ns > 0 &&
               group->interval.ns < GONG_INTERVAL_MIN_MS * GONG_NS_PER_MS) {
        gong_conf_error_in(gong_conf_child(root, "interval"), 0, reader->errors,
                           "found a shorter interval, expected 0s, or %dms or "
                           "more",
                           GONG_INTERVAL_MIN_MS);
        reader->failed = true;
    }
}

void
gong_rule_read_conf(struct gong_rule_reader *reader,
                    const struct gong_conf *conf)
{
    const struct gong_conf_node *root = gong_conf_root(conf);
    struct group group = {0};

    read_group(reader, root, &group);
    group.lookback_fixed = gong_conf_child(root, "lookback") != NULL;
    check_name(reader, root, "group", group.name);
    gong_rule_read_calendars(reader, root);
    read_rules(reader, root, &group);
    gong_conf_free(&group_table, &group);
}

/* What reads a recording, or ALERTS, is evaluated as a whole: that is known
 * when all files have been read. */
static void
settle_missing(struct gong_rule_reader *reader)
{
    for (size_t i = 0; i < reader->set->count; i++) {
        struct gong_rule *rule = &reader->set->rules[i];
        const struct gong_conf_node *child =
            gong_conf_child(reader->nodes[i], "on_missing");

        if (rule->expr == NULL || rule->on_missing == GONG_ON_MISSING_RESOLVE ||
            !gong_book_reads_recorded(reader->set, rule)) {
            continue;
        }
        rule->on_missing = GONG_ON_MISSING_RESOLVE;
        if (child != NULL) {
            gong_conf_error_in(child, 0, reader->errors,
                               "found \"%s\" for an expression that reads a "
                               "recording or ALERTS, expected resolve",
                               gong_conf_string(child));
            reader->failed = true;
        }
    }
}

bool
gong_rule_read_finish(struct gong_rule_reader *reader)
{
    settle_missing(reader);
    gong_rule_refuse_equal_ids(reader);
    gong_rule_find_calendars(reader);
    free(reader->nodes);
    reader->nodes = NULL;
    return !reader->failed;
}
