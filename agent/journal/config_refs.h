/*
 * config_refs: which configurations the journal's CONFIG records name, where
 * each was named last, and which came last of all. So the bytes of one are kept
 * as long as a replay can ask for them, and no longer.
 *
 * Pure; no lock: the journal's.
 */
#ifndef GONG_AGENT_JOURNAL_CONFIG_REFS_H
#define GONG_AGENT_JOURNAL_CONFIG_REFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

#define GONG_CONFIG_NAME_SIZE 64 /* a SHA-256 in hex; no NUL */

struct gong_config_ref {
    char name[GONG_CONFIG_NAME_SIZE];
    uint64_t offset; /* of the newest record that names it */
};

/* Transparent; start from {0}, gong_config_refs_fini frees. */
struct gong_config_refs {
    struct gong_config_ref *items;
    size_t count;
    size_t capacity;
    char newest[GONG_CONFIG_NAME_SIZE];
    bool any;         /* newest says something */
    bool incomplete;  /* memory was short: everything counts as named */
    uint64_t skipped; /* what records before this offset name is not known */
};

void gong_config_refs_fini(struct gong_config_refs *refs);

/* gong_config_refs_note: a record at offset names it; offsets only grow. Names
 * of another size are passed over. */
void gong_config_refs_note(struct gong_config_refs *refs, struct gong_str name,
                           uint64_t offset);

/* gong_config_refs_skip: records before offset were not looked at. */
void gong_config_refs_skip(struct gong_config_refs *refs, uint64_t offset);

/* gong_config_refs_named: whether it is the newest, or a record at or after
 * begin, where the oldest kept stands, names it or may do so. */
bool gong_config_refs_named(const struct gong_config_refs *refs,
                            struct gong_str name, uint64_t begin);

/* gong_config_refs_forget: records before begin are gone. */
void gong_config_refs_forget(struct gong_config_refs *refs, uint64_t begin);

#endif
