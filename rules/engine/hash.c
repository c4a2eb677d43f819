#include "rules/engine/hash.h"

#include "common/le.h"

struct sip {
    uint64_t a;
    uint64_t b;
    uint64_t c;
    uint64_t d;
};

static inline uint64_t
rotate(uint64_t word, unsigned bits)
{
    return (word << bits) | (word >> (64 - bits));
}

static inline void
sip_round(struct sip *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = rotate(s->b, 13) ^ s->a;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a = rotate(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = rotate(s->b, 17) ^ s->c;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c = rotate(s->c, 32);
}

uint64_t
gong_hash(const struct gong_hash_key *key, const void *data, size_t len)
{
    struct sip s = {
        key->word[0] ^ UINT64_C(0x736f6d6570736575),
        key->word[1] ^ UINT64_C(0x646f72616e646f6d),
        key->word[0] ^ UINT64_C(0x6c7967656e657261),
        key->word[1] ^ UINT64_C(0x7465646279746573),
    };
    const unsigned char *bytes = data;
    uint64_t last = (uint64_t)len << 56;
    size_t whole = len & ~(size_t)7;

    /* The same on every machine: a snapshot may be read on another one. */
    for (size_t i = 0; i < whole; i += 8) {
        uint64_t word = gong_le_get64(bytes + i);

        s.d ^= word;
        sip_round(&s);
        s.a ^= word;
    }
    for (size_t i = whole; i < len; i++) {
        last |= (uint64_t)bytes[i] << (8 * (i - whole));
    }
    s.d ^= last;
    sip_round(&s);
    s.a ^= last;
    s.c ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}

uint64_t
gong_fnv1a(uint64_t state, const void *data, size_t len)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < len; i++) {
        state = (state ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return state;
}
