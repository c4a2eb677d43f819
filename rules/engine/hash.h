/*
 * hash: SipHash-1-3 over bytes, with a key that is part of the engine's state.
 *
 * Keys of the engine's tables come from the network. With a key that the sender
 * does not know, nobody can aim colliding names at the tables. What the engine
 * says never depends on the key: tables are only asked, never walked.
 */
#ifndef GONG_RULES_ENGINE_HASH_H
#define GONG_RULES_ENGINE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct gong_hash_key {
    uint64_t word[2];
};

/* gong_hash: data may be NULL when len is 0. Pure. */
uint64_t gong_hash(const struct gong_hash_key *key, const void *data,
                   size_t len);

/* gong_fnv1a: goes on from state (begin with GONG_FNV1A_START): the public
 * fingerprint of label sets; not for tables. */
#define GONG_FNV1A_START UINT64_C(0xcbf29ce484222325)
uint64_t gong_fnv1a(uint64_t state, const void *data, size_t len);

#endif
