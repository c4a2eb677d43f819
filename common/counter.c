#include "common/counter.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    gong_counter_t counter;
    gong_timing_t *timing; /* NULL: a counter or gauge */
    enum gong_counter_type type;
    const char *name;
    const char *help;
    char *labels;
    struct entry *next; /* in the order of name, then of arrival */
};

struct gong_counters {
    pthread_mutex_t lock; /* guards the list, not the values */
    struct entry *first;
};

struct gong_counters *
gong_counters_new(void)
{
    struct gong_counters *counters = calloc(1, sizeof *counters);

    if (counters != NULL) {
        (void)pthread_mutex_init(&counters->lock, NULL);
    }
    return counters;
}

void
gong_counters_free(struct gong_counters *counters)
{
    struct entry *entry;

    if (counters == NULL) {
        return;
    }
    while ((entry = counters->first) != NULL) {
        counters->first = entry->next;
        free(entry->timing);
        free(entry->labels);
        free(entry);
    }
    (void)pthread_mutex_destroy(&counters->lock);
    free(counters);
}

static struct entry *
new_entry(enum gong_counter_type type, const char *name, const char *help,
          const char *labels)
{
    struct entry *entry = calloc(1, sizeof *entry);

    if (entry == NULL) {
        return NULL;
    }
    entry->labels = strdup(labels);
    if (entry->labels == NULL) {
        free(entry);
        return NULL;
    }
    entry->type = type;
    entry->name = name;
    entry->help = help;
    return entry;
}

/* With the lock: the one there is, or a new one; NULL without memory. */
static struct entry *
find_or_add(struct gong_counters *counters, enum gong_counter_type type,
            const char *name, const char *help, const char *labels)
{
    struct entry *found;
    struct entry **at;

    for (at = &counters->first; *at != NULL; at = &(*at)->next) {
        int order = strcmp((*at)->name, name);

        if (order == 0 && strcmp((*at)->labels, labels) == 0) {
            return *at;
        }
        if (order > 0) {
            break;
        }
    }
    found = new_entry(type, name, help, labels);
    if (found != NULL) {
        found->next = *at;
        *at = found;
    }
    return found;
}

gong_counter_t *
gong_counter_add(struct gong_counters *counters, enum gong_counter_type type,
                 const char *name, const char *help, const char *labels)
{
    struct entry *entry;

    (void)pthread_mutex_lock(&counters->lock);
    entry = find_or_add(counters, type, name, help, labels);
    (void)pthread_mutex_unlock(&counters->lock);
    return entry == NULL ? NULL : &entry->counter;
}

gong_timing_t *
gong_timing_add(struct gong_counters *counters, const char *name,
                const char *help, const char *labels)
{
    gong_timing_t *made = calloc(1, sizeof *made);
    struct entry *entry;

    if (made == NULL) {
        return NULL;
    }
    (void)pthread_mutex_lock(&counters->lock);
    entry = find_or_add(counters, GONG_COUNTER, name, help, labels);
    if (entry != NULL && entry->timing == NULL) {
        entry->timing = made;
        made = NULL;
    }
    (void)pthread_mutex_unlock(&counters->lock);
    free(made);
    return entry == NULL ? NULL : entry->timing;
}

void
gong_timing_note(gong_timing_t *timing, int64_t ms)
{
    ms = ms < 0 ? 0 : ms;
    gong_counter_increase(&timing->sum_ms, (uint64_t)ms);
    gong_counter_increase(&timing->classes[gong_latency_class(ms)], 1);
}

void
gong_timing_get(const gong_timing_t *timing, struct gong_latency *out)
{
    out->sum_ms = gong_counter_get(&timing->sum_ms);
    out->count = 0;
    for (size_t i = 0; i <= GONG_LATENCY_CLASSES; i++) {
        out->classes[i] = gong_counter_get(&timing->classes[i]);
        out->count += out->classes[i];
    }
}

static void
write_value(const struct entry *entry, FILE *out)
{
    uint64_t value = gong_counter_get(&entry->counter);

    if (entry->type == GONG_GAUGE) {
        (void)fprintf(out, "%" PRId64, (int64_t)value);
    } else {
        (void)fprintf(out, "%" PRIu64, value);
    }
}

static void
write_number(const struct entry *entry, FILE *out)
{
    (void)fputs(entry->name, out);
    if (entry->labels[0] != '\0') {
        (void)fprintf(out, "{%s}", entry->labels);
    }
    (void)fputc(' ', out);
    write_value(entry, out);
    (void)fputc('\n', out);
}

static void
write_head(const struct entry *entry, const char *type, FILE *out)
{
    (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", entry->name, entry->help,
                  entry->name, type);
}

/* All of one name; returns what is behind them. */
static const struct entry *
write_timings(const struct entry *first, FILE *out)
{
    const struct entry *entry = first;
    struct gong_latency latency;

    write_head(first, "histogram", out);
    for (; entry != NULL && strcmp(entry->name, first->name) == 0;
         entry = entry->next) {
        gong_timing_get(entry->timing, &latency);
        gong_latency_write(&latency, entry->name, entry->labels, out);
    }
    (void)fprintf(out,
                  "# HELP %s_quantile %s Percentiles since the start.\n"
                  "# TYPE %s_quantile gauge\n",
                  first->name, first->help, first->name);
    for (const struct entry *e = first; e != entry; e = e->next) {
        gong_timing_get(e->timing, &latency);
        gong_latency_write_tops(&latency, e->name, e->labels, out);
    }
    return entry;
}

static const struct entry *
write_numbers(const struct entry *first, FILE *out)
{
    const struct entry *entry = first;

    write_head(first, first->type == GONG_GAUGE ? "gauge" : "counter", out);
    for (; entry != NULL && strcmp(entry->name, first->name) == 0;
         entry = entry->next) {
        write_number(entry, out);
    }
    return entry;
}

void
gong_counters_write_prometheus(struct gong_counters *counters, FILE *out)
{
    const struct entry *entry;

    (void)pthread_mutex_lock(&counters->lock);
    entry = counters->first;
    while (entry != NULL) {
        entry = entry->timing != NULL ? write_timings(entry, out)
                                      : write_numbers(entry, out);
    }
    (void)pthread_mutex_unlock(&counters->lock);
}

/* Labels a="b",c="d" as tags ,a=b,c=d. Our own label values are plain words
 * and paths; a character that line protocol reserves gets its backslash. */
static void
write_tags(const char *labels, FILE *out)
{
    bool inside = false;

    if (labels[0] != '\0') {
        (void)fputc(',', out);
    }
    for (const char *c = labels; *c != '\0'; c++) {
        if (*c == '"') {
            inside = !inside;
            continue;
        }
        if (inside && (*c == ',' || *c == ' ' || *c == '=')) {
            (void)fputc('\\', out);
        }
        (void)fputc(*c, out);
    }
}

static void
write_timing_lines(const struct entry *entry, FILE *out)
{
    struct gong_latency latency;

    gong_timing_get(entry->timing, &latency);
    (void)fprintf(out, "%s_sum", entry->name);
    write_tags(entry->labels, out);
    (void)fprintf(out, " value=%.3f\n%s_count", (double)latency.sum_ms / 1000.0,
                  entry->name);
    write_tags(entry->labels, out);
    (void)fprintf(out, " value=%" PRIu64 "\n", latency.count);
}

void
gong_counters_write_lines(struct gong_counters *counters, FILE *out)
{
    (void)pthread_mutex_lock(&counters->lock);
    for (const struct entry *e = counters->first; e != NULL; e = e->next) {
        if (e->timing != NULL) {
            write_timing_lines(e, out);
            continue;
        }
        (void)fputs(e->name, out);
        write_tags(e->labels, out);
        (void)fputs(" value=", out);
        write_value(e, out);
        (void)fputc('\n', out);
    }
    (void)pthread_mutex_unlock(&counters->lock);
}
