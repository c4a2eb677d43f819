#include "agent/gap/gap_table.h"

#include <stdlib.h>
#include <string.h>

#include "rules/engine/hash.h"

#define BUCKETS_MIN 64

struct entry {
    struct entry *next; /* of its bucket */
    struct gong_gap gap;
};

struct gong_gap_table {
    struct entry **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    uint64_t crowded;
    uint64_t version;
};

struct gong_gap_table *
gong_gap_table_new(void)
{
    struct gong_gap_table *table = calloc(1, sizeof *table);

    if (table != NULL) {
        table->bucket_count = BUCKETS_MIN;
        table->buckets = calloc(BUCKETS_MIN, sizeof(struct entry *));
    }
    if (table != NULL && table->buckets == NULL) {
        free(table);
        return NULL;
    }
    return table;
}

void
gong_gap_table_clear(struct gong_gap_table *table)
{
    for (size_t i = 0; i < table->bucket_count; i++) {
        while (table->buckets[i] != NULL) {
            struct entry *entry = table->buckets[i];

            table->buckets[i] = entry->next;
            free(entry);
        }
    }
    table->count = 0;
    table->version++;
}

void
gong_gap_table_free(struct gong_gap_table *table)
{
    if (table != NULL) {
        gong_gap_table_clear(table);
        free(table->buckets);
    }
    free(table);
}

/* Names are of topics that the agent takes: a chain that was made long on
 * purpose costs no more than the sender's other ways of being slow. */
static struct entry **
bucket_of(const struct gong_gap_table *table, struct gong_str site,
          struct gong_str device)
{
    uint64_t hash = gong_fnv1a(GONG_FNV1A_START, site.data, site.len);

    hash = gong_fnv1a(hash, "/", 1);
    hash = gong_fnv1a(hash, device.data, device.len);
    hash ^= hash >> 32;
    return &table->buckets[hash & (table->bucket_count - 1)];
}

static struct entry *
find(const struct gong_gap_table *table, struct gong_str site,
     struct gong_str device)
{
    struct entry *entry = *bucket_of(table, site, device);

    while (entry != NULL && (!gong_str_is(site, entry->gap.site) ||
                             !gong_str_is(device, entry->gap.device))) {
        entry = entry->next;
    }
    return entry;
}

/* Without memory chains are longer. */
static void
grow(struct gong_gap_table *table)
{
    size_t old_count = table->bucket_count;
    struct entry **old = table->buckets;
    struct entry **buckets = calloc(old_count * 2, sizeof(struct entry *));

    if (buckets == NULL) {
        return;
    }
    table->buckets = buckets;
    table->bucket_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        while (old[i] != NULL) {
            struct entry *entry = old[i];
            struct entry **bucket =
                bucket_of(table, gong_str_of(entry->gap.site),
                          gong_str_of(entry->gap.device));

            old[i] = entry->next;
            entry->next = *bucket;
            *bucket = entry;
        }
    }
    free(old);
}

static enum gong_err
add(struct gong_gap_table *table, const struct gong_gap *gap)
{
    struct entry *entry = calloc(1, sizeof *entry);
    struct entry **bucket;

    if (entry == NULL) {
        return GONG_ERR_MEMORY;
    }
    if (table->count >= table->bucket_count) {
        grow(table);
    }
    bucket = bucket_of(table, gong_str_of(gap->site), gong_str_of(gap->device));
    entry->gap = *gap;
    entry->next = *bucket;
    *bucket = entry;
    table->count++;
    table->version++;
    return GONG_OK;
}

static void
learn_low(struct gong_gap *gap, const struct gong_batch_header *header)
{
    if (header->epoch == gap->epoch && header->low > gap->low) {
        gap->low = header->low;
    }
}

static void
extend(struct gong_gap *gap, const struct gong_batch_header *header,
       const struct gong_gap_span *span, int64_t journal_ms)
{
    if (header->epoch != gap->epoch) {
        gap->epoch = header->epoch;
        gap->highest = 0;
        gap->low = 0;
    }
    gap->highest = header->seq > gap->highest ? header->seq : gap->highest;
    gap->from_ms = span->from_ms < gap->from_ms ? span->from_ms : gap->from_ms;
    gap->to_ms = span->to_ms > gap->to_ms ? span->to_ms : gap->to_ms;
    gap->heard_ms = journal_ms;
}

static enum gong_err
open_gap(struct gong_gap_table *table, const struct gong_batch *batch,
         const struct gong_gap_span *span, int64_t journal_ms)
{
    struct gong_gap gap = {
        .from_ms = span->from_ms,
        .to_ms = span->to_ms,
        .epoch = batch->header.epoch,
        .highest = batch->header.seq,
        .low = batch->header.low,
        .heard_ms = journal_ms,
    };

    if (batch->site.len > GONG_TOPIC_NAME_MAX ||
        batch->device.len > GONG_TOPIC_NAME_MAX) {
        return GONG_OK;
    }
    if (table->count >= GONG_GAPS_MAX) {
        table->crowded++;
        return GONG_OK;
    }
    memcpy(gap.site, batch->site.data, batch->site.len);
    memcpy(gap.device, batch->device.data, batch->device.len);
    return add(table, &gap);
}

enum gong_err
gong_gap_table_batch(struct gong_gap_table *table,
                     const struct gong_batch *batch,
                     const struct gong_gap_span *span, int64_t journal_ms)
{
    const struct gong_batch_header *header = &batch->header;
    bool back = batch->has_header && header->epoch != 0 &&
                header->lane == GONG_LANE_BACK && span->from_ms <= span->to_ms;
    struct entry *entry = NULL;

    if (!batch->has_header || header->epoch == 0 || batch->site.len == 0 ||
        batch->device.len == 0 || (table->count == 0 && !back)) {
        return GONG_OK;
    }
    entry = find(table, batch->site, batch->device);
    if (entry == NULL) {
        return back ? open_gap(table, batch, span, journal_ms) : GONG_OK;
    }
    if (back) {
        extend(&entry->gap, header, span, journal_ms);
    }
    table->version++;
    learn_low(&entry->gap, header);
    return GONG_OK;
}

bool
gong_gap_is_closed(const struct gong_gap *gap, int64_t journal_ms)
{
    int64_t quiet = journal_ms - gap->heard_ms;

    return quiet >= GONG_GAP_LOST_MS ||
           (quiet >= GONG_GAP_QUIET_MS && gap->low > gap->highest);
}

bool
gong_gap_table_next(const struct gong_gap_table *table, int64_t journal_ms,
                    struct gong_gap *out)
{
    const struct gong_gap *first = NULL;

    for (size_t i = 0; table->count > 0 && i < table->bucket_count; i++) {
        for (const struct entry *e = table->buckets[i]; e != NULL;
             e = e->next) {
            if (gong_gap_is_closed(&e->gap, journal_ms) &&
                (first == NULL || e->gap.heard_ms < first->heard_ms)) {
                first = &e->gap;
            }
        }
    }
    if (first != NULL) {
        *out = *first;
    }
    return first != NULL;
}

bool
gong_gap_table_done(struct gong_gap_table *table, const struct gong_gap *gap)
{
    struct entry **at =
        bucket_of(table, gong_str_of(gap->site), gong_str_of(gap->device));
    struct entry *entry = NULL;

    while (*at != NULL && (strcmp((*at)->gap.site, gap->site) != 0 ||
                           strcmp((*at)->gap.device, gap->device) != 0)) {
        at = &(*at)->next;
    }
    entry = *at;
    if (entry == NULL) {
        return true;
    }
    if (entry->gap.epoch != gap->epoch || entry->gap.highest != gap->highest ||
        entry->gap.heard_ms != gap->heard_ms ||
        entry->gap.from_ms != gap->from_ms || entry->gap.to_ms != gap->to_ms) {
        return false;
    }
    *at = entry->next;
    free(entry);
    table->count--;
    table->version++;
    return true;
}

void
gong_gap_table_each(const struct gong_gap_table *table,
                    void (*visit)(void *ctx, const struct gong_gap *gap),
                    void *ctx)
{
    for (size_t i = 0; i < table->bucket_count; i++) {
        for (const struct entry *e = table->buckets[i]; e != NULL;
             e = e->next) {
            visit(ctx, &e->gap);
        }
    }
}

enum gong_err
gong_gap_table_restore(struct gong_gap_table *table, const struct gong_gap *gap)
{
    if (memchr(gap->site, '\0', sizeof gap->site) == NULL ||
        memchr(gap->device, '\0', sizeof gap->device) == NULL ||
        gap->site[0] == '\0' || gap->device[0] == '\0' ||
        gap->from_ms > gap->to_ms || gap->epoch == 0 ||
        find(table, gong_str_of(gap->site), gong_str_of(gap->device)) != NULL) {
        return GONG_ERR_INVALID;
    }
    return table->count >= GONG_GAPS_MAX ? GONG_ERR_TOO_LARGE : add(table, gap);
}

uint64_t
gong_gap_table_version(const struct gong_gap_table *table)
{
    return table->version;
}

size_t
gong_gap_table_count(const struct gong_gap_table *table)
{
    return table->count;
}

uint64_t
gong_gap_table_crowded(const struct gong_gap_table *table)
{
    return table->crowded;
}
