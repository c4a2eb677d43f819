#include "rules/rule_file_clause.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "rules/engine/book.h"
#include "rules/rule_file_text.h"

#define YEAR_MS (365 * 86400000.0)

struct level {
    char *severity;
    gong_dur_t hold;
    char *expr;
    char *ends;
    double above;
    double below;
    double at_least;
    double at_most;
    double resolve;
};

#define FIELD(member) offsetof(struct level, member)
#define SEVERITY                                                               \
    {                                                                          \
        "severity", GONG_OPTION_STRING, FIELD(severity), NULL, 0, 0, NULL, "", \
            "What the alert's label severity says at this level."              \
    }
#define FOR                                                                    \
    {                                                                          \
        "for", GONG_OPTION_DURATION, FIELD(hold), "0s", 0, YEAR_MS, NULL, "",  \
            "How long this level, or a worse one, must hold; the rule's "      \
            "where "                                                           \
            "it is absent."                                                    \
    }
#define LIMIT(name, member, help)                                              \
    {                                                                          \
        name, GONG_OPTION_NUMBER, FIELD(member), "0", 0, 0, NULL, "", help     \
    }

static const struct gong_option limit_options[] = {
    SEVERITY,
    LIMIT("above", above, "The level holds where expr > this."),
    LIMIT("below", below, "Where expr < this."),
    LIMIT("at_least", at_least, "Where expr >= this."),
    LIMIT("at_most", at_most, "Where expr <= this."),
    LIMIT("resolve", resolve,
          "Then it goes on until expr is on the other side of this."),
    FOR,
};
static const struct gong_option_table limit_table = {
    .name = "level",
    .help = "One element of levels, as a limit of the rule's expr.",
    .options = limit_options,
    .option_count = sizeof limit_options / sizeof limit_options[0],
};
static const struct gong_option expr_options[] = {
    SEVERITY,
    {"expr", GONG_OPTION_STRING, FIELD(expr), NULL, 0, 0, NULL, "",
     "PromQL: where the level holds."},
    {"resolve", GONG_OPTION_STRING, FIELD(ends), "", 0, 0, NULL, "",
     "PromQL: then it goes on until this is true."},
    FOR,
};
static const struct gong_option_table expr_table = {
    .name = "level",
    .help = "One element of levels, with an expression of its own.",
    .options = expr_options,
    .option_count = sizeof expr_options / sizeof expr_options[0],
};

/* Where a clause was written, and what it says. */
struct text {
    const struct gong_conf_node *node;
    char *text; /* owned; NULL: there is none */
};

struct texts {
    struct text fires[GONG_LEVELS_MAX];
    struct text ends[GONG_LEVELS_MAX];
    size_t levels;
};

static void
free_texts(struct texts *texts)
{
    for (size_t i = 0; i < GONG_LEVELS_MAX; i++) {
        free(texts->fires[i].text);
        free(texts->ends[i].text);
    }
}

static bool
refuse(struct gong_rule_reader *reader, const struct gong_conf_node *node,
       const char *found, const char *expected)
{
    gong_conf_error_in(node, 0, reader->errors, "found %s, expected %s", found,
                       expected);
    reader->failed = true;
    return false;
}

/* "(EXPR) op NUMBER"; the newline ends a comment. */
static char *
compare(const char *expr, const char *op, double number)
{
    size_t size = strlen(expr) + 64;
    char *text = malloc(size);

    if (text != NULL) {
        (void)snprintf(text, size, "(%s\n) %s %.17g", expr, op, number);
    }
    return text;
}

/* The one key that sets the level's limit; its opposite says where it ends. */
static bool
read_limit(struct gong_rule_reader *reader, const struct gong_conf_node *node,
           const struct level *level, const char *expr, struct texts *texts)
{
    const struct {
        const char *key;
        const char *op;
        const char *opposite;
        double number;
        bool up;
    } kinds[] = {
        {"above", ">", "<", level->above, true},
        {"below", "<", ">", level->below, false},
        {"at_least", ">=", "<", level->at_least, true},
        {"at_most", "<=", ">", level->at_most, false},
    };
    const struct gong_conf_node *ends = gong_conf_child(node, "resolve");
    struct text *fires = &texts->fires[texts->levels];
    struct text *end = &texts->ends[texts->levels];
    size_t kind = 4;

    for (size_t i = 0; i < 4; i++) {
        if (gong_conf_child(node, kinds[i].key) == NULL) {
            continue;
        }
        if (kind < 4) {
            return refuse(reader, gong_conf_child(node, kinds[i].key),
                          "a second limit", "one");
        }
        kind = i;
    }
    if (kind == 4) {
        return refuse(reader, node, "a level without a limit",
                      "one of above, below, at_least, at_most, or an expr");
    }
    fires->node = gong_conf_child(node, kinds[kind].key);
    if (expr[0] == '\0') {
        return refuse(reader, fires->node, "a limit in a rule without expr",
                      "an expr that it is compared with");
    }
    if (ends != NULL &&
        (kinds[kind].up ? level->resolve > kinds[kind].number
                        : level->resolve < kinds[kind].number)) {
        return refuse(reader, ends, "resolve beyond the level's limit",
                      "it on the side where the level does not hold");
    }
    fires->text = compare(expr, kinds[kind].op, kinds[kind].number);
    if (ends != NULL) {
        end->node = ends;
        end->text = compare(expr, kinds[kind].opposite, level->resolve);
    }
    if (fires->text == NULL || (ends != NULL && end->text == NULL)) {
        /* The level does not count: the next one takes its place. */
        free(fires->text);
        free(end->text);
        fires->text = NULL;
        end->text = NULL;
        gong_rule_out_of_memory(reader);
        return false;
    }
    return true;
}

/* Severities must differ, and those that are known must climb. */
static bool
check_severity(struct gong_rule_reader *reader,
               const struct gong_conf_node *node, const struct gong_rule *rule,
               const char *severity)
{
    const struct gong_conf_node *child = gong_conf_child(node, "severity");
    enum gong_severity known = GONG_SEVERITY_OTHER;

    if (severity == NULL || severity[0] == '\0') {
        return refuse(reader, child, "an empty severity", "text");
    }
    known = gong_severity_of(severity);
    for (size_t i = 0; i < rule->level_count; i++) {
        const char *other = rule->levels[i].severity;
        enum gong_severity before =
            other == NULL ? GONG_SEVERITY_OTHER : gong_severity_of(other);

        if (other != NULL && strcmp(other, severity) == 0) {
            return refuse(reader, child, "a second level of this severity",
                          "each once");
        }
        if (known != GONG_SEVERITY_OTHER && before > known) {
            return refuse(reader, child,
                          "a less severe level after a worse one",
                          "the least severe first");
        }
    }
    return true;
}

/* The strings that were read become the rule's and the texts'. */
static bool
read_level(struct gong_rule_reader *reader, const struct gong_conf_node *node,
           struct gong_rule *rule, struct texts *texts)
{
    bool own = gong_conf_child(node, "expr") != NULL;
    const struct gong_option_table *table = own ? &expr_table : &limit_table;
    struct level level = {0};
    bool fine = gong_conf_read(node, table, &level, reader->errors);

    reader->failed = reader->failed || !fine;
    fine = fine && check_severity(reader, node, rule, level.severity);
    if (fine && own) {
        texts->fires[texts->levels] =
            (struct text){gong_conf_child(node, "expr"), level.expr};
        level.expr = NULL;
        if (level.ends[0] != '\0') {
            texts->ends[texts->levels] =
                (struct text){gong_conf_child(node, "resolve"), level.ends};
            level.ends = NULL;
        }
    } else if (fine) {
        fine = read_limit(reader, node, &level, rule->expr_text, texts);
    }
    if (fine) {
        rule->levels[rule->level_count++] = (struct gong_rule_level){
            level.severity, gong_conf_child(node, "for") == NULL
                                ? rule->for_ms
                                : level.hold.ns / GONG_NS_PER_MS};
        level.severity = NULL;
        texts->levels++;
    }
    free(level.severity);
    free(level.expr);
    free(level.ends);
    return fine;
}

/* The rule's expr is used by all levels that have none, or by none of them. */
static bool
check_use(struct gong_rule_reader *reader, const struct gong_conf_node *node,
          const struct gong_conf_node *levels)
{
    const struct gong_conf_node *expr = gong_conf_child(node, "expr");

    for (size_t i = 0; i < gong_conf_count(levels); i++) {
        if (gong_conf_child(gong_conf_at(levels, i), "expr") == NULL) {
            return true;
        }
    }
    return expr == NULL ||
           refuse(reader, expr, "expr beside levels that all have their own",
                  "one or the other");
}

static bool
read_levels(struct gong_rule_reader *reader, const struct gong_conf_node *node,
            const struct gong_conf_node *levels, struct gong_rule *rule,
            struct texts *texts)
{
    bool fine = true;

    if (gong_conf_child(node, "resolve") != NULL) {
        return refuse(reader, gong_conf_child(node, "resolve"),
                      "resolve beside levels",
                      "it in the levels that have one");
    }
    if (!gong_conf_is_list(levels) || gong_conf_count(levels) == 0 ||
        gong_conf_count(levels) > GONG_LEVELS_MAX) {
        gong_conf_error_in(levels, 0, reader->errors,
                           "found no list of 1 to %d levels, expected levels = "
                           "( { severity = \"...\"; above = ...; }, ... );",
                           GONG_LEVELS_MAX);
        reader->failed = true;
        return false;
    }
    rule->levels = calloc(GONG_LEVELS_MAX, sizeof *rule->levels);
    if (rule->levels == NULL) {
        gong_rule_out_of_memory(reader);
        return false;
    }
    for (size_t i = 0; i < gong_conf_count(levels); i++) {
        fine = read_level(reader, gong_conf_at(levels, i), rule, texts) && fine;
    }
    return fine && check_use(reader, node, levels);
}

/* One text by itself, so that what is wrong is said at its own place. */
static bool
check_text(struct gong_rule_reader *reader, const struct gong_conf_node *node,
           const char *text, bool vector)
{
    struct gong_expr_error error = {0};
    struct gong_expr *expr = gong_expr_parse(gong_str_of(text), &error);
    bool fine = expr != NULL && gong_book_check(expr, false, &error);

    if (fine && vector && expr->nodes[expr->root].type != GONG_VALUE_VECTOR) {
        fine = false;
        error = (struct gong_expr_error){
            .message =
                "found a number, expected an expression with a selector"};
    }
    gong_expr_free(expr);
    if (!fine) {
        gong_rule_refuse(reader, node, &error);
    }
    return fine;
}

/* What was written as text, and the rule's expr where levels have limits: they
 * are made of it. */
static bool
check_all(struct gong_rule_reader *reader, const struct gong_conf_node *node,
          const struct texts *texts, const struct gong_rule *rule)
{
    bool joined = texts->levels > 1 || texts->ends[0].text != NULL;
    bool fine = true;

    if (rule->expr_text[0] != '\0' &&
        !check_text(reader, gong_conf_child(node, "expr"), rule->expr_text,
                    joined || rule->level_count > 0)) {
        return false;
    }
    for (size_t i = 0; i < texts->levels; i++) {
        const struct text *both[] = {&texts->fires[i], &texts->ends[i]};

        for (size_t k = 0; k < 2; k++) {
            if (both[k]->text != NULL &&
                gong_conf_string(both[k]->node) != NULL &&
                both[k]->node != gong_conf_child(node, "expr")) {
                fine =
                    check_text(reader, both[k]->node, both[k]->text, joined) &&
                    fine;
            }
        }
    }
    return fine;
}

static bool
join(struct gong_rule_reader *reader, const struct gong_conf_node *node,
     const struct texts *texts, struct gong_rule *rule)
{
    struct gong_str all[GONG_CLAUSES_MAX];
    struct gong_expr_error error = {0};
    size_t count = 0;

    for (size_t i = 0; i < texts->levels; i++) {
        all[count++] = gong_str_of(texts->fires[i].text);
    }
    for (size_t i = 0; i < texts->levels; i++) {
        if (texts->ends[i].text != NULL) {
            rule->clauses.resolves |= (uint8_t)(1u << i);
            all[count++] = gong_str_of(texts->ends[i].text);
        }
    }
    rule->clauses.fires = (uint8_t)texts->levels;
    rule->expr =
        count == 1 ? gong_expr_parse(all[0], &error)
                   : gong_clauses_join(all, count, rule->clauses.roots, &error);
    if (rule->expr == NULL || !gong_book_check(rule->expr, false, &error)) {
        gong_conf_error(node, reader->errors, "%s", error.message);
        reader->errors->no_memory |= error.no_memory;
        reader->failed = true;
        return false;
    }
    return true;
}

bool
gong_rule_read_clauses(struct gong_rule_reader *reader,
                       const struct gong_conf_node *node, const char *resolve,
                       struct gong_rule *rule)
{
    const struct gong_conf_node *levels = gong_conf_child(node, "levels");
    struct texts texts = {0};
    bool fine = rule->expr_text != NULL;

    if (fine && levels != NULL) {
        fine = read_levels(reader, node, levels, rule, &texts);
    } else if (fine) {
        texts.levels = 1;
        texts.fires[0] = (struct text){gong_conf_child(node, "expr"),
                                       strdup(rule->expr_text)};
        fine = texts.fires[0].text != NULL;
        if (fine && resolve != NULL && resolve[0] != '\0') {
            texts.ends[0] = (struct text){gong_conf_child(node, "resolve"),
                                          strdup(resolve)};
            fine = texts.ends[0].text != NULL;
        }
        if (!fine) {
            gong_rule_out_of_memory(reader);
        }
    }
    fine = fine && check_all(reader, node, &texts, rule) &&
           join(reader, node, &texts, rule);
    if (fine && rule->expr_text[0] == '\0') {
        free(rule->expr_text);
        rule->expr_text = texts.fires[0].text;
        texts.fires[0].text = NULL;
    }
    free_texts(&texts);
    return fine;
}

void
gong_rule_check_shapes(struct gong_rule_reader *reader,
                       const struct gong_conf_node *node,
                       const struct gong_rule *rule)
{
    struct gong_expr first = gong_clause_view(rule->expr, &rule->clauses, 0);
    uint32_t count = gong_clauses_count(&rule->clauses);
    const struct gong_conf_node *at = gong_conf_child(node, "resolve");
    char *shape = count == 1 ? NULL : gong_clause_shape(&first);
    bool same = true;

    if (count > 1 && shape == NULL) {
        gong_rule_out_of_memory(reader);
        return;
    }
    for (uint32_t i = 1; i < count && same; i++) {
        struct gong_expr view = gong_clause_view(rule->expr, &rule->clauses, i);
        char *other = gong_clause_shape(&view);

        if (other == NULL) {
            free(shape);
            gong_rule_out_of_memory(reader);
            return;
        }
        same = strcmp(shape, other) == 0;
        free(other);
    }
    free(shape);
    if (!same) {
        (void)refuse(reader, at == NULL ? gong_conf_child(node, "levels") : at,
                     "an expression whose labels may be others than those of "
                     "the rule's first one",
                     "the same grouping, or the same selector, in each");
    }
}
