#include "agent/history/history_feed_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define BYTES_MAX ((uint64_t)256 << 20)

struct gong_history_feed *
gong_history_feed_new(const struct gong_history_feed_options *options)
{
    struct gong_history_feed *feed = calloc(1, sizeof *feed);

    if (feed == NULL) {
        return NULL;
    }
    feed->options = *options;
    feed->now_ms = GONG_FEED_NO_TIME;
    if (feed->options.bytes_max == 0) {
        feed->options.bytes_max = BYTES_MAX;
    }
    feed->reader = gong_lp_reader_new(false);
    if (gong_feed_rows_init(&feed->rows) != GONG_OK || feed->reader == NULL) {
        gong_history_feed_free(feed);
        return NULL;
    }
    return feed;
}

void
gong_history_feed_free(struct gong_history_feed *feed)
{
    if (feed == NULL) {
        return;
    }
    gong_feed_rows_fini(&feed->rows);
    gong_lp_reader_free(feed->reader);
    gong_rule_source_free(feed->rules);
    gong_rule_source_free(feed->before);
    free(feed->own);
    free(feed->params);
    free(feed->expected);
    free(feed);
}

/* --- samples --- */

enum gong_err
gong_feed_put(struct gong_history_feed *feed, uint32_t series,
              struct gong_sample sample)
{
    bool taken = false;
    enum gong_err err =
        gong_history_head_put(feed->options.head, series, sample, &taken);

    if (err == GONG_ERR_INVALID) {
        feed->counts.refused++;
        return GONG_OK;
    }
    feed->counts.samples += taken;
    feed->counts.duplicates += err == GONG_OK && !taken;
    return err;
}

enum gong_err
gong_feed_state(struct gong_history_feed *feed, uint32_t series,
                struct gong_sample sample)
{
    enum gong_err err = GONG_OK;

    if (gong_history_states_is(feed->options.states, series, sample.value)) {
        return GONG_OK;
    }
    /* Where it is put but not set it is put once more. */
    err = gong_feed_put(feed, series, sample);
    return err == GONG_OK ? gong_history_states_set(feed->options.states,
                                                    series, sample.value, NULL)
                          : err;
}

enum gong_err
gong_feed_series(struct gong_history_feed *feed, struct gong_str name,
                 const struct gong_label_view *labels, size_t count,
                 uint32_t *series)
{
    struct gong_label_view all[GONG_LABELSET_MAX];
    struct gong_label_view own = {gong_str_of("__name__"), name};
    size_t at = 0;

    if (count >= GONG_LABELSET_MAX) {
        return GONG_ERR_TOO_LARGE;
    }
    while (at < count &&
           gong_labels_compare(
               &(struct gong_label_view){labels[at].name, {"", 0}}, 1,
               &(struct gong_label_view){own.name, {"", 0}}, 1) < 0) {
        at++;
    }
    memcpy(all, labels, at * sizeof *all);
    all[at] = own;
    memcpy(all + at + 1, labels + at, (count - at) * sizeof *all);
    return gong_history_file_series(feed->options.file, all, count + 1, series);
}

/* --- rules --- */

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What the engine gives to no device (rules/engine/engine_facts.c). */
static enum gong_err
collect_own(const struct gong_rule_source *source, const char ***out,
            size_t *count)
{
    const struct gong_ruleset *set = source->set;
    size_t metrics = set->city == NULL ? 0 : set->city->metric_count;
    const char **own =
        calloc(GONG_PRESENCE_METRICS + 2 + metrics + set->count, sizeof *own);
    size_t n = 0;

    if (own == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (unsigned i = 0; i < GONG_PRESENCE_METRICS; i++) {
        own[n++] = gong_presence_metric_name((enum gong_presence_metric)i);
    }
    own[n++] = "ALERTS";
    own[n++] = "ALERTS_FOR_STATE";
    for (size_t i = 0; i < metrics; i++) {
        own[n++] = set->city->metrics[i];
    }
    for (size_t i = 0; i < set->count; i++) {
        if (set->rules[i].record != NULL) {
            own[n++] = set->rules[i].record;
        }
    }
    qsort(own, n, sizeof *own, compare_names);
    *out = own;
    *count = n;
    return GONG_OK;
}

/* Rows have the labels of another city now, columns another meaning. */
static enum gong_err
forget_rows(struct gong_history_feed *feed)
{
    struct gong_feed_rows rows;
    enum gong_err err = gong_feed_rows_init(&rows);

    gong_feed_rows_fini(&rows);
    if (err == GONG_OK) {
        gong_feed_rows_fini(&feed->rows);
        /* In its place: its parts point to each other. */
        err = gong_feed_rows_init(&feed->rows);
        feed->rows.sent.city =
            feed->rules == NULL ? NULL : feed->rules->set->city;
    }
    return err;
}

static void
log_unread(const char *digest, const struct gong_conf_errors *errors)
{
    const char *first = errors->count == 0 ? "" : errors->items[0];
    char text[256];

    gong_log(GONG_LOG_WARNING, "history_rules_unread", "rules=%s reason=%s",
             digest, gong_log_quote(gong_str_of(first), text, sizeof text));
}

/* A set that cannot be read leaves the one before in force. */
static enum gong_err
load(struct gong_history_feed *feed, const char *digest,
     struct gong_rule_source **out)
{
    struct gong_conf_errors errors = {0};
    enum gong_err err = GONG_OK;

    *out = gong_rule_store_get(feed->options.state_dir, digest, &errors);
    if (*out == NULL && errors.no_memory) {
        err = GONG_ERR_MEMORY;
    } else if (*out == NULL) {
        log_unread(digest, &errors);
    }
    gong_conf_errors_fini(&errors);
    return err;
}

static enum gong_err
take_rules(struct gong_history_feed *feed, const char *digest)
{
    struct gong_rule_source *rules = NULL;
    const char **own = NULL;
    size_t count = 0;
    enum gong_err err = load(feed, digest, &rules);

    if (err != GONG_OK || rules == NULL) {
        return err;
    }
    err = collect_own(rules, &own, &count);
    if (err != GONG_OK) {
        gong_rule_source_free(rules);
        return err;
    }
    gong_rule_source_free(feed->before);
    feed->before = feed->rules;
    feed->changes++;
    feed->rules = rules;
    free(feed->own);
    feed->own = own;
    feed->own_count = count;
    feed->params_due = true;
    err = forget_rows(feed);
    if (err == GONG_OK) {
        (void)snprintf(feed->digest, sizeof feed->digest, "%s", digest);
    }
    return err;
}

enum gong_err
gong_history_feed_rules(struct gong_history_feed *feed, const char *digest)
{
    enum gong_err err = GONG_OK;

    if (gong_rule_sha_valid(gong_str_of(digest))) {
        err = take_rules(feed, digest);
    }
    feed->params_due = false;
    memcpy(feed->told, feed->digest, sizeof feed->told);
    return err == GONG_OK ? gong_feed_params_again(feed) : err;
}

static enum gong_err
apply_config(struct gong_history_feed *feed, const struct gong_record *record)
{
    char digest[GONG_RULE_SHA_SIZE];
    enum gong_err err = GONG_OK;

    if (!gong_rule_sha_valid(record->payload)) {
        feed->counts.refused++;
        return GONG_OK;
    }
    (void)snprintf(digest, sizeof digest, "%.*s", (int)record->payload.len,
                   record->payload.data);
    if (strcmp(digest, feed->digest) != 0) {
        err = take_rules(feed, digest);
    }
    /* Most only repeat it; where params failed before, they come again. */
    if (err == GONG_OK && feed->params_due) {
        err = gong_feed_params(feed, feed->now_ms);
        feed->params_due = err != GONG_OK;
    }
    if (err == GONG_OK) {
        memcpy(feed->told, feed->digest, sizeof feed->told);
    }
    return err;
}

const struct gong_ruleset *
gong_history_feed_set(const struct gong_history_feed *feed)
{
    return feed->rules == NULL ? NULL : feed->rules->set;
}

uint64_t
gong_history_feed_changes(const struct gong_history_feed *feed)
{
    return feed->changes;
}

const char *
gong_history_feed_digest(const struct gong_history_feed *feed)
{
    return feed->told;
}

/* --- records --- */

static enum gong_err
put_due(void *ctx, uint32_t series, struct gong_sample sample)
{
    return gong_feed_put(ctx, series, sample);
}

/* Minutes up to the record say what stood before it. */
static enum gong_err
pass_time(struct gong_history_feed *feed, int64_t ms)
{
    enum gong_err err = GONG_OK;

    if (feed->now_ms != GONG_FEED_NO_TIME && ms > feed->now_ms) {
        err = gong_history_states_due(feed->options.states, feed->now_ms, ms,
                                      put_due, feed);
    }
    if (err == GONG_OK && ms > feed->now_ms) {
        /* What the first record says of that is in the file. */
        err = feed->now_ms == GONG_FEED_NO_TIME ? GONG_OK
                                                : gong_feed_expect(feed, ms);
    }
    if (err == GONG_OK && ms > feed->now_ms) {
        feed->now_ms = ms;
    }
    return err;
}

/* What stands is kept by the file; what the model may yet begin is asked for
 * anew, before anything else is. */
static enum gong_err
ask_again(struct gong_history_feed *feed)
{
    enum gong_err err = gong_feed_params_again(feed);

    feed->unasked = err != GONG_OK;
    return err;
}

enum gong_err
gong_history_feed_record(struct gong_history_feed *feed,
                         const struct gong_record *record)
{
    enum gong_err err = GONG_OK;

    if (feed->rows.budget.used > feed->options.bytes_max) {
        return GONG_ERR_AGAIN;
    }
    if (feed->unasked && (err = ask_again(feed)) != GONG_OK) {
        return err;
    }
    err = pass_time(feed, record->meta.journal_ms);
    if (err != GONG_OK) {
        return err;
    }
    switch ((enum gong_record_type)record->meta.type) {
    case GONG_RECORD_DATA:
        return gong_feed_data(feed, record);
    case GONG_RECORD_RECORDED:
        return gong_feed_recorded(feed, record);
    case GONG_RECORD_CONFIG:
        return apply_config(feed, record);
    case GONG_RECORD_PRESENCE:
    case GONG_RECORD_CLOCK:
    case GONG_RECORD_RESUME:
    case GONG_RECORD_EFFECT:
    case GONG_RECORD_SPOOLED:
        break;
    }
    return GONG_OK;
}

enum gong_err
gong_history_feed_effect(struct gong_history_feed *feed,
                         const struct gong_record *record)
{
    return record->meta.type == GONG_RECORD_EFFECT
               ? gong_feed_alert(feed, record)
               : GONG_OK;
}

enum gong_err
gong_history_feed_forget(struct gong_history_feed *feed)
{
    enum gong_err err = GONG_OK;

    if (feed->rows.budget.used <= feed->options.bytes_max / 2) {
        return GONG_OK;
    }
    err = forget_rows(feed);
    /* While a set's parameters are due, those of the one before are needed. */
    if (err != GONG_OK || feed->params_due) {
        return err;
    }
    gong_history_file_forget(feed->options.file);
    return ask_again(feed);
}

int64_t
gong_history_feed_now_ms(const struct gong_history_feed *feed)
{
    return feed->now_ms == GONG_FEED_NO_TIME ? 0 : feed->now_ms;
}

void
gong_history_feed_counts(const struct gong_history_feed *feed,
                         struct gong_history_fed *out)
{
    *out = feed->counts;
}
