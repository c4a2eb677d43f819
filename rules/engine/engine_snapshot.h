/*
 * engine_snapshot: an engine written out as it is and read back, to go on with
 * the very same effects. Pure: the caller's functions carry the bytes.
 *
 *   header 320                    each section
 *     0 u32 magic "GSNP"            0 u32 its number, from 0
 *     4 u32 VERSION (its .c)        4 u32 bytes of one element
 *     8 u32 layout of elements      8 u64 elements
 *    12 u32 sections               16 u32 index: slots in use; table: room
 *    16 u8[16] journal id          20 u32 CRC-32C of these 20
 *    32 u64 generation             24 elements
 *    40 u64 position               .. u32 CRC-32C of them, u32 0
 *    48 char[64] rule set, or 0
 *   112 u64 what the rules mean
 *   120 u64 limits
 *   128 u64 the hash key, hashed
 *   136 i64 journal time, timers run, blind from, resumed, settling
 *   176 u64 position of the newest record
 *   184 u32 first free alert, first free group
 *   192 i64 journal time of the last record that brought something
 *   200 u8 rests, 7 zeros
 *   208 i64 when it last looked for what can be forgotten
 *   216 u64 how much it held then
 *   224 u32 first free output
 *   228 0
 *   316 u32 CRC-32C of what stands before
 *
 * Elements are in the machine's own layout: a snapshot is read by the program
 * that wrote it, or refused, and then the journal says the same more slowly.
 *
 * Restoring trusts nothing: each index, count and length is looked at before it
 * is used, and what follows from other parts (heaps of timers, ranges of
 * attachments, counts of alerts) is made anew. A forged snapshot can make the
 * engine say something else, but not step outside of its memory.
 */
#ifndef GONG_RULES_ENGINE_ENGINE_SNAPSHOT_H
#define GONG_RULES_ENGINE_ENGINE_SNAPSHOT_H

#include "rules/engine/engine.h"

#define GONG_SNAPSHOT_HEADER 320
#define GONG_SNAPSHOT_RULES  64 /* bytes of a rule set's name */

/* Where in which journal the engine stands: the shell's words, kept as they
 * are. */
struct gong_snapshot_place {
    uint8_t journal_id[16];
    uint64_t generation;
    uint64_t position; /* of the next record */
    char rules[GONG_SNAPSHOT_RULES + 1];
};

struct gong_snapshot_sink {
    bool (*write)(void *ctx, const void *bytes, size_t len);
    void *ctx;
};

struct gong_snapshot_source {
    bool (*read)(void *ctx, void *out, size_t len); /* all of len or false */
    void *ctx;
    uint64_t size; /* of the whole snapshot */
};

/* gong_engine_save: between two records. Allocates nothing, locks nothing, so
 * a forked child may call it. False as soon as write says so. */
bool gong_engine_save(const struct gong_engine *engine,
                      const struct gong_snapshot_place *place,
                      const struct gong_snapshot_sink *sink);

/* gong_engine_save_size: how many bytes it would write. */
uint64_t gong_engine_save_size(const struct gong_engine *engine);

/* The memory that the state stands in; borrowed, good until the next record. */
struct gong_snapshot_block {
    void *data;
    size_t size; /* of what is used */
};
#define GONG_SNAPSHOT_BLOCKS 48

/* gong_engine_blocks: all of it that is saved; returns how many. */
size_t gong_engine_blocks(const struct gong_engine *engine,
                          struct gong_snapshot_block out[GONG_SNAPSHOT_BLOCKS]);

/* gong_snapshot_place: what the header says, for choosing the rule set. */
enum gong_err gong_snapshot_place(const uint8_t header[GONG_SNAPSHOT_HEADER],
                                  struct gong_snapshot_place *out,
                                  const char **why) GONG_MUST_CHECK;

struct gong_snapshot_start {
    const struct gong_engine_limits *limits;
    gong_effect_fn emit;
    void *ctx;
    const struct gong_ruleset *set; /* borrowed, as by set_rules */
};

/* gong_engine_restore: a new engine. Reads from the header on. On failure *why
 * says why (static text): CORRUPT, INVALID where limits, hash key or rules
 * differ, IO, MEMORY. */
enum gong_err gong_engine_restore(const struct gong_snapshot_start *start,
                                  const struct gong_snapshot_source *source,
                                  struct gong_engine **out,
                                  const char **why) GONG_MUST_CHECK;

#endif
