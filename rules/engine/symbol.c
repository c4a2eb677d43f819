#include "rules/engine/symbol.h"

void
gong_symbols_init(struct gong_symbols *symbols, struct gong_budget *budget,
                  const struct gong_hash_key *key)
{
    symbols->key = key;
    gong_bytes_init(&symbols->bytes, budget);
    gong_arena_init(&symbols->symbols, budget, sizeof(struct gong_symbol));
    gong_index_init(&symbols->index, budget);
}

void
gong_symbols_fini(struct gong_symbols *symbols)
{
    gong_arena_fini(&symbols->bytes);
    gong_arena_fini(&symbols->symbols);
    gong_index_fini(&symbols->index);
}

static uint32_t
find(const struct gong_symbols *symbols, struct gong_str text, uint64_t hash)
{
    struct gong_probe probe = gong_probe_start(&symbols->index, hash);
    uint32_t symbol = 0;

    while ((symbol = gong_probe_next(&symbols->index, &probe)) != 0) {
        if (gong_str_equal(gong_symbol_text(symbols, symbol), text)) {
            return symbol;
        }
    }
    return 0;
}

uint32_t
gong_symbol_find(const struct gong_symbols *symbols, struct gong_str text)
{
    return find(symbols, text, gong_hash(symbols->key, text.data, text.len));
}

uint32_t
gong_symbol_intern(struct gong_symbols *symbols, struct gong_str text)
{
    uint64_t hash = gong_hash(symbols->key, text.data, text.len);
    uint32_t symbol = find(symbols, text, hash);
    uint32_t at = 0;

    if (symbol != 0) {
        return symbol;
    }
    if (text.len > UINT32_MAX) {
        return 0;
    }
    at = gong_bytes_add(&symbols->bytes, text);
    if (at == 0) {
        return 0;
    }
    symbol = gong_arena_add(&symbols->symbols, 1);
    if (symbol == 0) {
        return 0;
    }
    *(struct gong_symbol *)gong_arena_at(&symbols->symbols, symbol) =
        (struct gong_symbol){at, (uint32_t)text.len};
    return gong_index_put(&symbols->index, hash, symbol) ? symbol : 0;
}
