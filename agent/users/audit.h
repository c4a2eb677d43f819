/*
 * audit: who did what, in the table `audit` of STATE/users.db. Each entry
 * holds SHA-256 over the one before it and its own fields, so that none can be
 * changed, moved or taken out of the middle unseen:
 *
 *   hash(n) = SHA-256(hash(n-1) | number | at | who | address | action |
 *                     object | result | text), each with its length in front
 *
 * Whoever can write the file can make a new chain; who has noted an earlier
 * head (gongctl audit verify prints it) sees that too. Entries are never
 * removed; an entry takes about 300 bytes.
 */
#ifndef GONG_AGENT_USERS_AUDIT_H
#define GONG_AGENT_USERS_AUDIT_H

#include <stdint.h>
#include <stdio.h>

#include "agent/users/users.h"

#define GONG_AUDIT_HASH_SIZE 32
#define GONG_AUDIT_TEXT_MAX  1024 /* bytes of text; the rest is cut */

/* Borrowed during calls. */
struct gong_audit_entry {
    int64_t number; /* 1, 2, 3 ... given by the log */
    int64_t at_ms;
    const char *who;
    const char *address;
    const char *action; /* "login", "acknowledge", "user.add" ... */
    const char *object; /* "incident 17", "user lan" */
    const char *result; /* "ok", "denied", or a reason */
    const char *text;
    uint8_t hash[GONG_AUDIT_HASH_SIZE]; /* given by the log */
};

enum gong_err
gong_audit_add(struct gong_users *users,
               const struct gong_audit_entry *entry) GONG_MUST_CHECK;

/* gong_audit_each: newest first, those before a number (0: from the newest), at
 * most limit. */
enum gong_err
gong_audit_each(struct gong_users *users, int64_t before, size_t limit,
                void (*each)(void *ctx, const struct gong_audit_entry *),
                void *ctx) GONG_MUST_CHECK;

struct gong_audit_verdict {
    int64_t entries;
    int64_t broken; /* number of the first that does not fit; 0: none */
    uint8_t head[GONG_AUDIT_HASH_SIZE];
};
/* gong_audit_verify: reads all of it; OK also when it is broken. */
enum gong_err gong_audit_verify(struct gong_users *users,
                                struct gong_audit_verdict *out) GONG_MUST_CHECK;
/* gong_audit_check: of a file, for --check-audit: prints what it finds.
 * CORRUPT if it is broken. */
enum gong_err gong_audit_check(const char *path, FILE *out,
                               FILE *err) GONG_MUST_CHECK;

#endif
