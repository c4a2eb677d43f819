/* engine_snapshot_names: whether symbols and label sets that were read back
 * hang together. */
#include "rules/engine/engine_snapshot_private.h"

/* Each has bytes of its own; free ones have none. */
static bool
texts_sound(const struct gong_symbols *symbols)
{
    uint64_t units = 0;

    for (uint32_t i = 1; i < symbols->symbols.count; i++) {
        const struct gong_symbol *s = gong_arena_at(&symbols->symbols, i);

        if (s->at == 0
                ? s->len != 0
                : !gong_snapshot_bytes_within(&symbols->bytes, s->at, s->len)) {
            return false;
        }
        units += s->at == 0 ? 0 : gong_bytes_units(s->len);
    }
    return units <= symbols->bytes.count;
}

/* What is written down once is looked up while others are added, and nothing
 * else is found. */
static bool
are_found(const struct gong_symbols *symbols)
{
    uint32_t found = 0;

    for (uint32_t i = 1; i < symbols->symbols.count; i++) {
        const struct gong_symbol *s = gong_arena_at(&symbols->symbols, i);

        if (s->at == 0) {
            continue;
        }
        if (gong_symbol_find(symbols, gong_symbol_text(symbols, i)) != i) {
            return false;
        }
        found++;
    }
    return found == symbols->index.used;
}

const char *
gong_snapshot_check_symbols(const struct gong_engine *engine)
{
    const struct gong_symbols *symbols = &engine->symbols;
    const struct gong_labelsets *labelsets = &engine->labelsets;

    if (!texts_sound(symbols)) {
        return "a symbol's text is outside";
    }
    if (!gong_index_sound(&symbols->index, symbols->symbols.count)) {
        return "the index of symbols is wrong";
    }
    if (!are_found(symbols)) {
        return "a symbol is not found by its text";
    }
    for (uint32_t i = 1; i < labelsets->pairs.count; i++) {
        const struct gong_label_pair *pair =
            gong_arena_at(&labelsets->pairs, i);

        if (!gong_snapshot_is_symbol(symbols, pair->name) ||
            !gong_snapshot_is_symbol(symbols, pair->value)) {
            return "a label is no symbol";
        }
    }
    for (uint32_t i = 1; i < labelsets->sets.count; i++) {
        const struct gong_labelset *set = gong_arena_at(&labelsets->sets, i);

        /* What an alert's templates see may have a metric's name among them. */
        if (set->count > GONG_LABELSET_MAX ||
            !gong_snapshot_run_within(&labelsets->pairs, set->first,
                                      set->count)) {
            return "a label set is outside";
        }
    }
    gong_symbols_count_unused(
        &((struct gong_engine *)(uintptr_t)engine)->symbols);
    return gong_index_sound(&labelsets->index, labelsets->sets.count)
               ? NULL
               : "the index of label sets is wrong";
}
