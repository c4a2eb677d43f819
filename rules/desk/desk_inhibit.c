/*
 * Inhibition: while an alert that a rule's source_matchers take is open, those
 * of its target_matchers that agree in the labels of `equal` (a missing one is
 * the empty text) are told to nobody. One that both take inhibits none that
 * both take, so none inhibits itself.
 *
 * Alerts that agree share a bucket of the rule, so that the first source and
 * the end of the last are all that targets have to hear of. Alerts on trial
 * inhibit nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "rules/desk/desk_entry.h"
#include "rules/desk/desk_hold.h"
#include "rules/desk/desk_private.h"

/* rule number, then each value with its length before it. */
static char *
bucket_key(const struct gong_desk_entry *entry, size_t rule,
           const struct gong_strings *equal, size_t *len)
{
    size_t size = sizeof rule;
    char *key = NULL;
    char *at = NULL;

    for (size_t i = 0; i < equal->count; i++) {
        size += sizeof size + gong_desk_entry_label(entry, equal->items[i]).len;
    }
    key = malloc(size);
    if (key == NULL) {
        return NULL;
    }
    memcpy(key, &rule, sizeof rule);
    at = key + sizeof rule;
    for (size_t i = 0; i < equal->count; i++) {
        struct gong_str value = gong_desk_entry_label(entry, equal->items[i]);

        memcpy(at, &value.len, sizeof value.len);
        at += sizeof value.len;
        if (value.len > 0) {
            memcpy(at, value.data, value.len);
        }
        at += value.len;
    }
    *len = size;
    return key;
}

static struct gong_desk_bucket *
find_bucket(struct gong_desk *desk, const struct gong_desk_entry *entry,
            size_t rule)
{
    size_t len = 0;
    char *key =
        bucket_key(entry, rule, &desk->config->inhibits[rule].equal, &len);
    struct gong_desk_bucket *bucket = NULL;

    if (key == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    bucket = gong_desk_table_find(&desk->buckets, gong_str_from(key, len));
    if (bucket != NULL) {
        free(key);
        return bucket;
    }
    bucket = calloc(1, sizeof *bucket);
    if (bucket != NULL) {
        bucket->key = key;
        bucket->key_len = len;
    }
    if (bucket == NULL ||
        !gong_desk_table_put(&desk->buckets, gong_str_from(key, len), bucket)) {
        free(key);
        free(bucket);
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    return bucket;
}

static void
leave_bucket(struct gong_desk *desk, struct gong_desk_bucket *bucket)
{
    bucket->seats--;
    if (bucket->seats == 0) {
        gong_desk_table_remove(&desk->buckets,
                               gong_str_from(bucket->key, bucket->key_len),
                               bucket);
        free(bucket->key);
        free(bucket->targets);
        free(bucket);
    }
}

static bool
add_target(struct gong_desk_bucket *bucket, struct gong_desk_seat *seat)
{
    struct gong_desk_seat **targets =
        gong_desk_more(bucket->targets, &bucket->capacity, bucket->count,
                       sizeof(struct gong_desk_seat *));

    if (targets == NULL) {
        return false;
    }
    bucket->targets = targets;
    seat->place = bucket->count;
    targets[bucket->count++] = seat;
    return true;
}

static void
remove_target(struct gong_desk_seat *seat)
{
    struct gong_desk_bucket *bucket = seat->bucket;
    struct gong_desk_seat *last = bucket->targets[--bucket->count];

    bucket->targets[seat->place] = last;
    last->place = seat->place;
}

bool
gong_desk_inhibited(const struct gong_desk_entry *entry)
{
    for (size_t i = 0; i < entry->seat_count; i++) {
        const struct gong_desk_seat *seat = &entry->seats[i];

        if (seat->target &&
            (seat->bucket->sources > 0 ||
             (!seat->source && seat->bucket->both_sources > 0))) {
            return true;
        }
    }
    return false;
}

/* Sources come or go; targets hear of it where that changes whether there is
 * one. */
static void
count_source(struct gong_desk *desk, struct gong_desk_seat *seat, bool counts)
{
    struct gong_desk_bucket *bucket = seat->bucket;
    size_t *sources = seat->target ? &bucket->both_sources : &bucket->sources;

    if (seat->counted == counts) {
        return;
    }
    seat->counted = counts;
    *sources = counts ? *sources + 1 : *sources - 1;
    if (*sources > 1 || (*sources == 1 && !counts)) {
        return;
    }
    for (size_t i = 0; i < bucket->count; i++) {
        gong_desk_hold(desk, bucket->targets[i]->entry);
    }
}

void
gong_desk_inhibit_count(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    for (size_t i = 0; i < entry->seat_count; i++) {
        struct gong_desk_seat *seat = &entry->seats[i];

        if (seat->source) {
            count_source(desk, seat,
                         gong_desk_entry_open(entry) && !entry->is.trial);
        }
    }
}

/* Seats are of one block, which must not move while buckets point into it: it
 * is made whole first. */
void
gong_desk_inhibit_seat(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    const struct gong_desk_config *config = desk->config;
    const struct gong_label_view *labels = entry->is.labels;
    size_t count = entry->is.label_count;

    if (config->inhibit_count == 0) {
        return;
    }
    entry->seats = calloc(config->inhibit_count, sizeof *entry->seats);
    if (entry->seats == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return;
    }
    for (size_t i = 0; i < config->inhibit_count; i++) {
        const struct gong_desk_inhibit *rule = &config->inhibits[i];
        struct gong_desk_seat *seat = &entry->seats[entry->seat_count];

        *seat = (struct gong_desk_seat){
            .entry = entry,
            .source = gong_desk_matchers_take(rule->source, desk->model, labels,
                                              count),
            .target = gong_desk_matchers_take(rule->target, desk->model, labels,
                                              count),
        };
        if (!seat->source && !seat->target) {
            continue;
        }
        seat->bucket = find_bucket(desk, entry, i);
        if (seat->bucket == NULL) {
            return;
        }
        if (seat->target && !add_target(seat->bucket, seat)) {
            gong_desk_fail(desk, GONG_ERR_MEMORY);
            return;
        }
        seat->bucket->seats++;
        entry->seat_count++;
    }
    if (entry->seat_count == 0) {
        free(entry->seats);
        entry->seats = NULL;
        return;
    }
    gong_desk_inhibit_count(desk, entry);
}

void
gong_desk_inhibit_unseat(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    struct gong_desk_seat *seats = entry->seats;
    size_t count = entry->seat_count;

    /* It no longer is a target itself while its going is told. */
    for (size_t i = 0; i < count; i++) {
        if (seats[i].target) {
            remove_target(&seats[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (seats[i].source) {
            count_source(desk, &seats[i], false);
        }
        leave_bucket(desk, seats[i].bucket);
    }
    entry->seats = NULL;
    entry->seat_count = 0;
    free(seats);
}
