#include "rules/engine/symbol.h"

void
gong_symbols_init(struct gong_symbols *symbols, struct gong_budget *budget,
                  const struct gong_hash_key *key)
{
    symbols->key = key;
    gong_bytes_init(&symbols->bytes, budget);
    gong_arena_init(&symbols->symbols, budget, sizeof(struct gong_symbol));
    gong_index_init(&symbols->index, budget);
    symbols->unused = 0;
    symbols->lowest = 1;
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

static struct gong_symbol *
symbol_at(const struct gong_symbols *symbols, uint32_t symbol)
{
    return gong_arena_at(&symbols->symbols, symbol);
}

/* The free one with the lowest number, or a new one. */
static uint32_t
take(struct gong_symbols *symbols)
{
    if (symbols->unused == 0) {
        return gong_arena_add(&symbols->symbols, 1);
    }
    while (symbol_at(symbols, symbols->lowest)->at != 0) {
        symbols->lowest++;
    }
    symbols->unused--;
    return symbols->lowest;
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
    symbol = take(symbols);
    if (symbol == 0) {
        return 0;
    }
    *symbol_at(symbols, symbol) = (struct gong_symbol){at, (uint32_t)text.len};
    return gong_index_put(&symbols->index, hash, symbol) ? symbol : 0;
}

void
gong_symbols_count_unused(struct gong_symbols *symbols)
{
    symbols->unused = 0;
    symbols->lowest = 1;
    for (uint32_t i = 1; i < symbols->symbols.count; i++) {
        symbols->unused += symbol_at(symbols, i)->at == 0;
    }
}

/* Puts the texts of all symbols that are in use into bytes. */
static bool
copy_texts(const struct gong_symbols *symbols, struct gong_arena *bytes)
{
    for (uint32_t i = 1; i < symbols->symbols.count; i++) {
        struct gong_symbol *s = symbol_at(symbols, i);

        if (s->at != 0) {
            s->at = gong_bytes_add(
                bytes, gong_bytes_at(&symbols->bytes, s->at, s->len));
            if (s->at == 0) {
                return false;
            }
        }
    }
    return true;
}

bool
gong_symbols_keep(struct gong_symbols *symbols, const uint8_t *marks)
{
    struct gong_arena bytes;
    uint64_t units = 1;

    gong_index_clear(&symbols->index);
    for (uint32_t i = 1; i < symbols->symbols.count; i++) {
        struct gong_symbol *s = symbol_at(symbols, i);
        struct gong_str text = gong_symbol_text(symbols, i);

        if (marks[i] == 0) {
            *s = (struct gong_symbol){0, 0};
        } else if (s->at != 0) {
            units += gong_bytes_units(text.len);
            if (!gong_index_put(&symbols->index,
                                gong_hash(symbols->key, text.data, text.len),
                                i)) {
                return false;
            }
        }
    }
    gong_symbols_count_unused(symbols);
    gong_bytes_init(&bytes, symbols->bytes.budget);
    if (units > UINT32_MAX || !gong_arena_reserve(&bytes, (uint32_t)units) ||
        !copy_texts(symbols, &bytes)) {
        gong_arena_fini(&bytes);
        return false;
    }
    gong_arena_fini(&symbols->bytes);
    symbols->bytes = bytes;
    return true;
}
