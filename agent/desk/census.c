#include "agent/desk/census.h"

#include <stdlib.h>

static int
compare(const void *a, const void *b)
{
    const struct gong_incident_key *left = a;
    const struct gong_incident_key *right = b;

    if (left->rule != right->rule) {
        return left->rule < right->rule ? -1 : 1;
    }
    if (left->fingerprint != right->fingerprint) {
        return left->fingerprint < right->fingerprint ? -1 : 1;
    }
    return 0;
}

struct gong_census *
gong_census_take(const struct gong_incidents *table)
{
    struct gong_census *census = calloc(1, sizeof *census);

    if (census != NULL) {
        census->keys = calloc(table->count + 1, sizeof census->keys[0]);
    }
    if (census == NULL || census->keys == NULL) {
        gong_census_free(census);
        return NULL;
    }
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].state != GONG_ALERT_INACTIVE &&
            table->slots[i].held) {
            census->keys[census->count++] = table->slots[i].key;
        }
    }
    qsort(census->keys, census->count, sizeof census->keys[0], compare);
    return census;
}

void
gong_census_free(struct gong_census *census)
{
    if (census != NULL) {
        free(census->keys);
        free(census);
    }
}

bool
gong_census_has(const struct gong_census *census, struct gong_incident_key key)
{
    return census->count > 0 && bsearch(&key, census->keys, census->count,
                                        sizeof key, compare) != NULL;
}
