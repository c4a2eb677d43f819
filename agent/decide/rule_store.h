/*
 * rule_store: rule sets by the SHA-256 of their bundle. The journal names a set
 * by that digest (CONFIG records); the bytes lie in STATE/rules/<sha>.bundle,
 * written whole or not at all, and are checked against their name when read.
 */
#ifndef GONG_AGENT_DECIDE_RULE_STORE_H
#define GONG_AGENT_DECIDE_RULE_STORE_H

#include <stddef.h>

#include "common/conf.h"
#include "common/err.h"
#include "common/str.h"
#include "rules/rule_file.h"

#define GONG_RULE_SHA_SIZE   65 /* 64 hex digits and NUL */
#define GONG_RULE_BUNDLE_MAX ((size_t)64 << 20)

/* gong_rule_sha: hex SHA-256 of bytes. */
enum gong_err gong_rule_sha(struct gong_str bytes,
                            char out[GONG_RULE_SHA_SIZE]) GONG_MUST_CHECK;
bool gong_rule_sha_valid(struct gong_str text);

/* gong_rule_store_put: keeps the bundle; nothing to do if it is there. The
 * folder STATE/rules is made if missing. Blocks on the disk. */
enum gong_err gong_rule_store_put(const char *state_dir, struct gong_str bundle,
                                  const char *sha) GONG_MUST_CHECK;

/* gong_rule_store_prune: removes the bundles that needed does not want kept;
 * *removed counts them. On the thread that puts, so that none goes between its
 * put and the record that names it. Other files stay. */
enum gong_err gong_rule_store_prune(const char *state_dir,
                                    bool (*needed)(void *ctx,
                                                   struct gong_str sha),
                                    void *ctx, size_t *removed) GONG_MUST_CHECK;

/* gong_rule_store_read: the bytes of the bundle named sha, checked against it;
 * NOT_FOUND, CORRUPT. The caller frees. */
enum gong_err gong_rule_store_read(const char *state_dir, const char *sha,
                                   char **out, size_t *len) GONG_MUST_CHECK;

/* gong_rule_store_get: the rule set named sha, NULL with the reason in errors:
 * with errors->no_memory it may be there another time. Caller frees with
 * gong_rule_source_free. */
struct gong_rule_source *gong_rule_store_get(const char *state_dir,
                                             const char *sha,
                                             struct gong_conf_errors *errors);

#endif
