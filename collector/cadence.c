#include "collector/cadence.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "collector/lines.h"

struct entry {
    char name[GONG_CADENCE_NAME_MAX + 1];
    int64_t interval_ns;
};

struct gong_cadence {
    pthread_mutex_t lock;
    struct entry entries[GONG_CADENCE_MAX];
    size_t count;
    uint64_t version;
};

struct gong_cadence *
gong_cadence_new(void)
{
    struct gong_cadence *cadence = calloc(1, sizeof *cadence);

    if (cadence != NULL && pthread_mutex_init(&cadence->lock, NULL) != 0) {
        free(cadence);
        return NULL;
    }
    return cadence;
}

void
gong_cadence_free(struct gong_cadence *cadence)
{
    if (cadence != NULL) {
        (void)pthread_mutex_destroy(&cadence->lock);
        free(cadence);
    }
}

/* The measurement of a line; len 0 where it is not a plain name. */
static struct gong_str
name_of(struct gong_str line)
{
    size_t len = 0;

    while (len < line.len && line.data[len] != ',' && line.data[len] != ' ') {
        unsigned char c = (unsigned char)line.data[len];

        if (c <= 0x20 || c == '\\' || c == '"' || c >= 0x7f) {
            return (struct gong_str){0};
        }
        len++;
    }
    return len <= GONG_CADENCE_NAME_MAX ? gong_str_from(line.data, len)
                                        : (struct gong_str){0};
}

static void
note_name(struct gong_cadence *cadence, struct gong_str name, int64_t interval)
{
    struct entry *entry = cadence->entries;
    struct entry *end = cadence->entries + cadence->count;

    while (entry < end && !gong_str_is(name, entry->name)) {
        entry++;
    }
    if (entry == end) {
        if (cadence->count == GONG_CADENCE_MAX) {
            return;
        }
        memcpy(entry->name, name.data, name.len);
        entry->name[name.len] = '\0';
        entry->interval_ns = interval;
        cadence->count++;
        cadence->version++;
    } else if (interval < entry->interval_ns) {
        entry->interval_ns = interval;
        cadence->version++;
    }
}

void
gong_cadence_note(struct gong_cadence *cadence, struct gong_str lines,
                  gong_dur_t interval)
{
    struct gong_str last = {0};

    (void)pthread_mutex_lock(&cadence->lock);
    while (lines.len > 0) {
        size_t len = gong_lines_first(lines);
        struct gong_str name = name_of(gong_str_from(lines.data, len));

        /* Inputs write runs of the same measurement. */
        if (name.len > 0 && !gong_str_equal(name, last)) {
            note_name(cadence, name, interval.ns);
            last = name;
        }
        lines = gong_str_from(lines.data + len, lines.len - len);
    }
    (void)pthread_mutex_unlock(&cadence->lock);
}

uint64_t
gong_cadence_version(struct gong_cadence *cadence)
{
    uint64_t version;

    (void)pthread_mutex_lock(&cadence->lock);
    version = cadence->version;
    (void)pthread_mutex_unlock(&cadence->lock);
    return version;
}

json_t *
gong_cadence_json(struct gong_cadence *cadence)
{
    json_t *every = json_object();

    (void)pthread_mutex_lock(&cadence->lock);
    for (size_t i = 0; every != NULL && i < cadence->count; i++) {
        double seconds =
            (double)cadence->entries[i].interval_ns / (double)GONG_NS_PER_S;

        if (json_object_set_new(every, cadence->entries[i].name,
                                json_real(seconds)) != 0) {
            json_decref(every);
            every = NULL;
        }
    }
    (void)pthread_mutex_unlock(&cadence->lock);
    return every;
}
