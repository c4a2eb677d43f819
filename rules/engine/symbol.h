/*
 * symbol: interned byte strings. Equal strings have equal symbols, so names
 * are compared and stored as 32-bit numbers. Symbols live as long as their
 * table, or until gong_symbols_keep; then their numbers are used again, the
 * lowest first.
 */
#ifndef GONG_RULES_ENGINE_SYMBOL_H
#define GONG_RULES_ENGINE_SYMBOL_H

#include <stdint.h>

#include "common/str.h"
#include "rules/engine/arena.h"
#include "rules/engine/hash.h"

struct gong_symbol {
    uint32_t at; /* in bytes; 0: free */
    uint32_t len;
};

/* Transparent: embedded, and reached by inline access. */
struct gong_symbols {
    const struct gong_hash_key *key;
    struct gong_arena bytes;
    struct gong_arena symbols;
    struct gong_index index;
    uint32_t unused; /* how many are free */
    uint32_t lowest; /* no free one has a lower number */
};

/* key is borrowed until fini. */
void gong_symbols_init(struct gong_symbols *symbols, struct gong_budget *budget,
                       const struct gong_hash_key *key);
void gong_symbols_fini(struct gong_symbols *symbols);

/* gong_symbol_intern: the symbol of text, made if need be; 0 without memory.
 * The empty text has a symbol too. */
uint32_t gong_symbol_intern(struct gong_symbols *symbols, struct gong_str text);

/* gong_symbols_keep: frees all symbols whose mark is 0, and the bytes of their
 * texts; marks has one for each. False without memory: the table is not to be
 * used any more. */
bool gong_symbols_keep(struct gong_symbols *symbols, const uint8_t *marks);

/* gong_symbols_count_unused: for a table that was read back. */
void gong_symbols_count_unused(struct gong_symbols *symbols);

/* gong_symbol_find: 0 where text was never interned. */
uint32_t gong_symbol_find(const struct gong_symbols *symbols,
                          struct gong_str text);

static inline struct gong_str
gong_symbol_text(const struct gong_symbols *symbols, uint32_t symbol)
{
    const struct gong_symbol *all = symbols->symbols.data;
    const struct gong_symbol *s = all + symbol;

    return gong_bytes_at(&symbols->bytes, s->at, s->len);
}

#endif
