#include "agent/decide/rule_faults.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/crc32c.h"
#include "common/log.h"

#define SHOWN_SIZE  256
#define HASH_SIZE   10 /* of "~" and eight digits */
#define LABELS_SIZE (SHOWN_SIZE + HASH_SIZE + 8)
#define LACKING_MAX 10 /* that are logged */

/* One that has failed in this run. */
struct rule {
    struct rule *next;
    gong_counter_t *total;
    gong_counter_t *failing;
    const char *text; /* a literal; NULL: it works */
    int64_t since_ms;
    char id[];
};

struct gong_rule_faults {
    struct gong_counters *counters;
    pthread_mutex_t lock; /* the list and its texts, which others read */
    struct rule *rules;
};

struct gong_rule_faults *
gong_rule_faults_new(struct gong_counters *counters)
{
    struct gong_rule_faults *faults = calloc(1, sizeof *faults);

    if (faults != NULL) {
        faults->counters = counters;
        (void)pthread_mutex_init(&faults->lock, NULL);
    }
    return faults;
}

void
gong_rule_faults_free(struct gong_rule_faults *faults)
{
    if (faults == NULL) {
        return;
    }
    while (faults->rules != NULL) {
        struct rule *rule = faults->rules;

        faults->rules = rule->next;
        free(rule);
    }
    (void)pthread_mutex_destroy(&faults->lock);
    free(faults);
}

/* How much of an id is shown: whole characters. */
static size_t
shown_len(const char *id, size_t len)
{
    size_t shown = SHOWN_SIZE - HASH_SIZE;

    if (len < SHOWN_SIZE) {
        return len;
    }
    while (shown > 0 && ((unsigned char)id[shown] & 0xc0) == 0x80) {
        shown--;
    }
    return shown;
}

/* Ids that are made of names may hold anything; what a label's text cannot hold
 * as it stands becomes `_`. An id that is not shown as it is ends with a hash
 * of it, so that no two have one label. */
static void
write_labels(const char *id, char out[LABELS_SIZE])
{
    size_t len = strlen(id);
    size_t shown = shown_len(id, len);
    bool whole = shown == len;
    char text[SHOWN_SIZE];

    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)id[i];
        bool fits = c >= 0x20 && c != 0x7f && c != '"' && c != '\\';

        text[i] = fits ? id[i] : '_';
        whole = whole && fits;
    }
    if (whole) {
        (void)snprintf(out, LABELS_SIZE, "rule=\"%.*s\"", (int)shown, text);
    } else {
        (void)snprintf(out, LABELS_SIZE, "rule=\"%.*s~%08" PRIx32 "\"",
                       (int)shown, text, gong_crc32c(0, id, len));
    }
}

static struct rule *
find(const struct gong_rule_faults *faults, const char *id)
{
    struct rule *rule = faults->rules;

    while (rule != NULL && strcmp(rule->id, id) != 0) {
        rule = rule->next;
    }
    return rule;
}

static struct rule *
add(struct gong_rule_faults *faults, const char *id)
{
    size_t size = strlen(id) + 1;
    struct rule *rule = calloc(1, sizeof *rule + size);
    char labels[LABELS_SIZE];

    if (rule == NULL) {
        return NULL;
    }
    memcpy(rule->id, id, size);
    write_labels(id, labels);
    rule->total = gong_counter_add(
        faults->counters, GONG_COUNTER, "gong_engine_rule_faults_total",
        "Evaluations of a rule that had no result, by rule.", labels);
    rule->failing = gong_counter_add(
        faults->counters, GONG_GAUGE, "gong_engine_rule_failing",
        "Whether a rule's last evaluation had no result.", labels);
    if (rule->total == NULL || rule->failing == NULL) {
        free(rule);
        return NULL;
    }
    (void)pthread_mutex_lock(&faults->lock);
    rule->next = faults->rules;
    faults->rules = rule;
    (void)pthread_mutex_unlock(&faults->lock);
    return rule;
}

static void
log_change(const struct gong_rule_fault *fault, const char *before,
           int64_t since_ms)
{
    char id[SHOWN_SIZE];

    (void)gong_log_quote(gong_str_of(fault->rule->id), id, sizeof id);
    if (fault->text == NULL) {
        gong_log(GONG_LOG_INFO, "rule_works_again",
                 "rule=%s seconds=%.3f fault=%s", id,
                 (double)(fault->at_ms - since_ms) / 1000,
                 before == NULL ? "?" : before);
        return;
    }
    gong_log(GONG_LOG_ERROR, "rule_failing",
             "rule=%s fault=%s since_ms=%" PRId64
             " state=\"its alerts are held, its recording stands still\"",
             id, fault->text, since_ms);
}

void
gong_rule_faults_note(struct gong_rule_faults *faults,
                      const struct gong_rule_fault *fault)
{
    struct rule *rule = find(faults, fault->rule->id);
    const char *before = rule == NULL ? NULL : rule->text;
    bool changed;

    if (rule == NULL && fault->text != NULL) {
        rule = add(faults, fault->rule->id);
    }
    if (rule == NULL) {
        if (fault->text != NULL) {
            log_change(fault, NULL, fault->at_ms);
        }
        return;
    }
    if (fault->text != NULL) {
        gong_counter_increase(rule->total, 1);
    }
    /* The texts are the engine's: one for each fault. */
    changed = (before == NULL) != (fault->text == NULL) ||
              (before != NULL && strcmp(before, fault->text) != 0);
    if (before == NULL) {
        rule->since_ms = fault->at_ms;
    }
    (void)pthread_mutex_lock(&faults->lock);
    rule->text = fault->text;
    (void)pthread_mutex_unlock(&faults->lock);
    gong_counter_set(rule->failing, fault->text == NULL ? 0 : 1);
    if (changed) {
        log_change(fault, before, rule->since_ms);
    }
}

static size_t
count_lacking(const struct gong_ruleset *set)
{
    size_t count = 0;

    for (size_t i = 0; i < set->count; i++) {
        const char *param = gong_rule_lacking(&set->rules[i], set->city);
        char id[SHOWN_SIZE], shown[SHOWN_SIZE];

        if (param == NULL) {
            continue;
        }
        if (count++ < LACKING_MAX) {
            (void)gong_log_quote(gong_str_of(set->rules[i].id), id, sizeof id);
            (void)gong_log_quote(gong_str_of(param), shown, sizeof shown);
            gong_log(GONG_LOG_WARNING, "rule_lacks_parameter",
                     "rule=%s parameter=%s", id, shown);
        }
    }
    return count;
}

size_t
gong_rule_faults_restart(struct gong_rule_faults *faults,
                         const struct gong_ruleset *set)
{
    (void)pthread_mutex_lock(&faults->lock);
    for (struct rule *rule = faults->rules; rule != NULL; rule = rule->next) {
        rule->text = NULL;
        gong_counter_set(rule->failing, 0);
    }
    (void)pthread_mutex_unlock(&faults->lock);
    return set == NULL ? 0 : count_lacking(set);
}

const char *
gong_rule_faults_text(struct gong_rule_faults *faults, const char *id)
{
    const struct rule *rule;
    const char *text;

    (void)pthread_mutex_lock(&faults->lock);
    rule = find(faults, id);
    text = rule == NULL ? NULL : rule->text;
    (void)pthread_mutex_unlock(&faults->lock);
    return text;
}

size_t
gong_rule_faults_failing(const struct gong_rule_faults *faults)
{
    size_t count = 0;

    for (const struct rule *rule = faults->rules; rule != NULL;
         rule = rule->next) {
        count += rule->text == NULL ? 0 : 1;
    }
    return count;
}
