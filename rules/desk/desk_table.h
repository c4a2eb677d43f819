/* desk_table: values by key, open addressing. Keys are the values' own and must
 * outlive their entry. Asked, never walked: what the desk says does not depend
 * on the hash. */
#ifndef GONG_RULES_DESK_DESK_TABLE_H
#define GONG_RULES_DESK_DESK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"
#include "rules/engine/hash.h"

struct gong_desk_slot {
    uint64_t hash;
    struct gong_str key;
    void *value; /* NULL: empty */
};

/* All zero but for the hash's key is an empty table. */
struct gong_desk_table {
    struct gong_hash_key hash;
    struct gong_desk_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

void gong_desk_table_fini(struct gong_desk_table *table);
void *gong_desk_table_find(const struct gong_desk_table *table,
                           struct gong_str key);
/* gong_desk_table_put: a key that is not in it; false without memory. */
bool gong_desk_table_put(struct gong_desk_table *table, struct gong_str key,
                         void *value);
/* gong_desk_table_remove: of this value only; nothing if it is another's. */
void gong_desk_table_remove(struct gong_desk_table *table, struct gong_str key,
                            const void *value);

#endif
