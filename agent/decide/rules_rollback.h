/*
 * rules_rollback: the last time that somebody went back to an earlier rule set,
 * and what became of it, in STATE/rules/rollback:
 *
 *     sha=<64 hex digits> at=1795255200000 by=<64 hex digits> ended=0
 *
 * It lasts until rule files are read again, at a start or SIGHUP: these count.
 * What they say is in `by` then, so that nobody takes the set of the files for
 * the one that was gone back to.
 */
#ifndef GONG_AGENT_DECIDE_RULES_ROLLBACK_H
#define GONG_AGENT_DECIDE_RULES_ROLLBACK_H

#include <stdint.h>

#include "agent/decide/rule_store.h"
#include "common/err.h"

struct gong_rules_rollback {
    char sha[GONG_RULE_SHA_SIZE];
    int64_t at_ms;
    char by[GONG_RULE_SHA_SIZE]; /* the set that came after; "": none yet */
    int64_t ended_ms;            /* 0: it is in force */
};

/* gong_rules_rollback_read: NOT_FOUND, CORRUPT. */
enum gong_err
gong_rules_rollback_read(const char *state_dir,
                         struct gong_rules_rollback *out) GONG_MUST_CHECK;
/* gong_rules_rollback_keep: in the place of the one before. Blocks on the disk.
 */
enum gong_err gong_rules_rollback_keep(
    const char *state_dir,
    const struct gong_rules_rollback *rollback) GONG_MUST_CHECK;
/* gong_rules_rollback_settle: rule files were read and are the set sha: a
 * rollback that was in force is over, which is logged and kept. Failures are
 * logged. */
void gong_rules_rollback_settle(const char *state_dir, const char *sha,
                                int64_t now_ms);

#endif
