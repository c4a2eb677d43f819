#include "rules/desk/desk_table.h"

#include <stdlib.h>

void
gong_desk_table_fini(struct gong_desk_table *table)
{
    free(table->slots);
    table->slots = NULL;
    table->capacity = 0;
    table->count = 0;
}

/* The key's slot, or the empty one where it would stand. */
static size_t
seek(const struct gong_desk_table *table, uint64_t hash, struct gong_str key)
{
    size_t mask = table->capacity - 1;
    size_t i = (size_t)hash & mask;

    while (table->slots[i].value != NULL &&
           (table->slots[i].hash != hash ||
            !gong_str_equal(table->slots[i].key, key))) {
        i = (i + 1) & mask;
    }
    return i;
}

void *
gong_desk_table_find(const struct gong_desk_table *table, struct gong_str key)
{
    if (table->count == 0) {
        return NULL;
    }
    return table
        ->slots[seek(table, gong_hash(&table->hash, key.data, key.len), key)]
        .value;
}

static bool
grow(struct gong_desk_table *table)
{
    struct gong_desk_table larger = *table;

    larger.capacity = table->capacity == 0 ? 64 : table->capacity * 2;
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (larger.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < table->capacity; i++) {
        const struct gong_desk_slot *slot = &table->slots[i];

        if (slot->value != NULL) {
            larger.slots[seek(&larger, slot->hash, slot->key)] = *slot;
        }
    }
    free(table->slots);
    table->slots = larger.slots;
    table->capacity = larger.capacity;
    return true;
}

bool
gong_desk_table_put(struct gong_desk_table *table, struct gong_str key,
                    void *value)
{
    uint64_t hash = gong_hash(&table->hash, key.data, key.len);

    if ((table->count + 1) * 4 > table->capacity * 3 && !grow(table)) {
        return false;
    }
    table->slots[seek(table, hash, key)] =
        (struct gong_desk_slot){hash, key, value};
    table->count++;
    return true;
}

void
gong_desk_table_remove(struct gong_desk_table *table, struct gong_str key,
                       const void *value)
{
    size_t mask = table->capacity - 1;
    size_t hole = 0;

    if (table->count == 0) {
        return;
    }
    hole = seek(table, gong_hash(&table->hash, key.data, key.len), key);
    if (table->slots[hole].value != value) {
        return;
    }
    table->count--;
    /* What was pushed past the hole moves back into it. */
    for (size_t i = (hole + 1) & mask; table->slots[i].value != NULL;
         i = (i + 1) & mask) {
        size_t home = (size_t)table->slots[i].hash & mask;

        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table->slots[hole] = table->slots[i];
            hole = i;
        }
    }
    table->slots[hole] = (struct gong_desk_slot){0};
}
