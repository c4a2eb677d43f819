#include "common/counter.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    gong_counter_t counter;
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

gong_counter_t *
gong_counter_add(struct gong_counters *counters, enum gong_counter_type type,
                 const char *name, const char *help, const char *labels)
{
    struct entry *found = NULL;
    struct entry **at;

    (void)pthread_mutex_lock(&counters->lock);
    for (at = &counters->first; *at != NULL; at = &(*at)->next) {
        int order = strcmp((*at)->name, name);

        if (order == 0 && strcmp((*at)->labels, labels) == 0) {
            found = *at;
            break;
        }
        if (order > 0) {
            break;
        }
    }
    if (found == NULL) {
        found = new_entry(type, name, help, labels);
        if (found != NULL) {
            found->next = *at;
            *at = found;
        }
    }
    (void)pthread_mutex_unlock(&counters->lock);
    return found == NULL ? NULL : &found->counter;
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

void
gong_counters_write_prometheus(struct gong_counters *counters, FILE *out)
{
    const char *last = "";

    (void)pthread_mutex_lock(&counters->lock);
    for (const struct entry *e = counters->first; e != NULL; e = e->next) {
        if (strcmp(last, e->name) != 0) {
            (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", e->name, e->help,
                          e->name, e->type == GONG_GAUGE ? "gauge" : "counter");
            last = e->name;
        }
        (void)fputs(e->name, out);
        if (e->labels[0] != '\0') {
            (void)fprintf(out, "{%s}", e->labels);
        }
        (void)fputc(' ', out);
        write_value(e, out);
        (void)fputc('\n', out);
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

void
gong_counters_write_lines(struct gong_counters *counters, FILE *out)
{
    (void)pthread_mutex_lock(&counters->lock);
    for (const struct entry *e = counters->first; e != NULL; e = e->next) {
        (void)fputs(e->name, out);
        write_tags(e->labels, out);
        (void)fputs(" value=", out);
        write_value(e, out);
        (void)fputc('\n', out);
    }
    (void)pthread_mutex_unlock(&counters->lock);
}
