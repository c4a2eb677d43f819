#include "agent/journal/config_refs.h"

#include <stdlib.h>
#include <string.h>

void
gong_config_refs_fini(struct gong_config_refs *refs)
{
    free(refs->items);
    *refs = (struct gong_config_refs){0};
}

static struct gong_config_ref *
find(const struct gong_config_refs *refs, struct gong_str name)
{
    for (size_t i = 0; i < refs->count; i++) {
        if (memcmp(refs->items[i].name, name.data, GONG_CONFIG_NAME_SIZE) ==
            0) {
            return &refs->items[i];
        }
    }
    return NULL;
}

static struct gong_config_ref *
add(struct gong_config_refs *refs, struct gong_str name)
{
    if (refs->count == refs->capacity) {
        size_t capacity = refs->capacity == 0 ? 8 : 2 * refs->capacity;
        struct gong_config_ref *items =
            realloc(refs->items, capacity * sizeof *items);

        if (items == NULL) {
            return NULL;
        }
        refs->items = items;
        refs->capacity = capacity;
    }
    memcpy(refs->items[refs->count].name, name.data, GONG_CONFIG_NAME_SIZE);
    return &refs->items[refs->count++];
}

void
gong_config_refs_note(struct gong_config_refs *refs, struct gong_str name,
                      uint64_t offset)
{
    struct gong_config_ref *ref;

    if (name.len != GONG_CONFIG_NAME_SIZE) {
        return;
    }
    memcpy(refs->newest, name.data, GONG_CONFIG_NAME_SIZE);
    refs->any = true;
    ref = find(refs, name);
    if (ref == NULL) {
        ref = add(refs, name);
    }
    if (ref == NULL) {
        refs->incomplete = true;
        return;
    }
    ref->offset = offset;
}

void
gong_config_refs_skip(struct gong_config_refs *refs, uint64_t offset)
{
    refs->skipped = offset;
}

bool
gong_config_refs_named(const struct gong_config_refs *refs,
                       struct gong_str name, uint64_t begin)
{
    const struct gong_config_ref *ref;

    if (refs->incomplete || begin < refs->skipped) {
        return true;
    }
    if (name.len != GONG_CONFIG_NAME_SIZE) {
        return false;
    }
    if (refs->any && memcmp(refs->newest, name.data, name.len) == 0) {
        return true;
    }
    ref = find(refs, name);
    return ref != NULL && ref->offset >= begin;
}

void
gong_config_refs_forget(struct gong_config_refs *refs, uint64_t begin)
{
    size_t kept = 0;

    for (size_t i = 0; i < refs->count; i++) {
        if (refs->items[i].offset >= begin) {
            refs->items[kept++] = refs->items[i];
        }
    }
    refs->count = kept;
}
