/* bind_private: what the files of bind share. Nobody else includes it. */
#ifndef GONG_RULES_ENGINE_BIND_PRIVATE_H
#define GONG_RULES_ENGINE_BIND_PRIVATE_H

#include "rules/engine/bind.h"

static inline uint64_t
gong_bind_hash(const struct gong_binds *binds, const void *data, size_t len)
{
    return gong_hash(binds->labelsets->symbols->key, data, len);
}

/* Of an arena of numbers. */
static inline uint32_t *
gong_bind_number_at(const struct gong_arena *numbers, uint32_t at)
{
    return gong_arena_at(numbers, at);
}

/* bind_attach.c */

/* gong_bind_collect: fills scratch with the selectors that read a series. False
 * without memory. */
bool gong_bind_collect(struct gong_binds *binds, struct gong_series_name name);

/* gong_bind_attach: the attachment with the entries in scratch; 0 without
 * memory. */
uint32_t gong_bind_attach(struct gong_binds *binds, uint32_t count);

/* bind.c */

/* gong_binds_index: makes the indexes of series and instances, and the lists of
 * all devices' series, anew. False without memory. */
bool gong_binds_index(struct gong_binds *binds);

/* bind_instance.c */

/* gong_bind_index_instances: the index of JOINT and GENERAL ones. */
bool gong_bind_index_instances(struct gong_binds *binds);

/* gong_bind_select: puts a series on the list of a selector of a GENERAL rule.
 */
bool gong_bind_select(const struct gong_binds *binds,
                      const struct gong_entry *entry, uint32_t series);

/* gong_bind_make: the instance, or member, that a selector of a new series
 * leads to; 0 without memory. */
uint32_t gong_bind_make(struct gong_binds *binds, uint32_t series,
                        const struct gong_entry *entry);

#endif
