#include "agent/decide/incidents.h"

#include <stdlib.h>

#define CAPACITY_MIN 64

void
gong_incidents_fini(struct gong_incidents *table)
{
    free(table->slots);
    *table = (struct gong_incidents){0};
}

uint64_t
gong_incident_rule(const char *id)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (const char *c = id; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static bool
same(struct gong_incident_key a, struct gong_incident_key b)
{
    return a.rule == b.rule && a.fingerprint == b.fingerprint;
}

static size_t
home_of(const struct gong_incidents *table, struct gong_incident_key key)
{
    uint64_t hash = key.fingerprint * UINT64_C(0x9e3779b97f4a7c15) ^ key.rule;

    return (size_t)(hash ^ hash >> 32) & (table->capacity - 1);
}

/* Its slot, or the empty one where it would go. */
static size_t
slot_of(const struct gong_incidents *table, struct gong_incident_key key)
{
    size_t at = home_of(table, key);

    while (table->slots[at].state != GONG_ALERT_INACTIVE &&
           !same(table->slots[at].key, key)) {
        at = (at + 1) & (table->capacity - 1);
    }
    return at;
}

struct gong_incident *
gong_incidents_find(const struct gong_incidents *table,
                    struct gong_incident_key key)
{
    struct gong_incident *slot = NULL;

    if (table->capacity == 0) {
        return NULL;
    }
    slot = &table->slots[slot_of(table, key)];
    return slot->state == GONG_ALERT_INACTIVE ? NULL : slot;
}

/* At most three quarters are taken. */
static enum gong_err
make_room(struct gong_incidents *table)
{
    struct gong_incidents larger = {.count = table->count};

    if (table->count < table->capacity / 4 * 3) {
        return GONG_OK;
    }
    larger.capacity = table->capacity == 0 ? CAPACITY_MIN : 2 * table->capacity;
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (larger.slots == NULL) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].state != GONG_ALERT_INACTIVE) {
            larger.slots[slot_of(&larger, table->slots[i].key)] =
                table->slots[i];
        }
    }
    free(table->slots);
    *table = larger;
    return GONG_OK;
}

/* Closes the hole, so that no search ends too early. */
static void
remove_slot(struct gong_incidents *table, size_t hole)
{
    size_t mask = table->capacity - 1;

    for (size_t at = (hole + 1) & mask;
         table->slots[at].state != GONG_ALERT_INACTIVE; at = (at + 1) & mask) {
        size_t home = home_of(table, table->slots[at].key);

        if (((at - home) & mask) >= ((at - hole) & mask)) {
            table->slots[hole] = table->slots[at];
            hole = at;
        }
    }
    table->slots[hole] = (struct gong_incident){0};
    table->count--;
}

enum gong_err
gong_incidents_set(struct gong_incidents *table, struct gong_incident_key key,
                   enum gong_alert_state state, uint64_t offset)
{
    struct gong_incident *slot = gong_incidents_find(table, key);
    enum gong_err err = GONG_OK;

    if (state == GONG_ALERT_INACTIVE) {
        if (slot != NULL) {
            remove_slot(table, (size_t)(slot - table->slots));
        }
        return GONG_OK;
    }
    if (slot == NULL) {
        err = make_room(table);
        if (err != GONG_OK) {
            return err;
        }
        slot = &table->slots[slot_of(table, key)];
        table->count++;
    }
    *slot =
        (struct gong_incident){.key = key, .offset = offset, .state = state};
    return GONG_OK;
}
