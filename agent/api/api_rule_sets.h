/*
 * api_rule_sets: rules for the API: the set in force as Prometheus lists it,
 * the sets that were in force, and going back to one: as a reload, from the
 * set's bundle in place of the files (gong_rules_reload_back), city model and
 * routes among it. It lasts until the rule files are read again (SIGHUP or a
 * start): then they count, and rules_rollback says so.
 */
#ifndef GONG_AGENT_API_API_RULE_SETS_H
#define GONG_AGENT_API_API_RULE_SETS_H

#include <pthread.h>

#include "agent/api/api.h"
#include "agent/decide/engine_thread.h"
#include "agent/decide/rules_reload.h"
#include "agent/journal/journal.h"

/* Everything is borrowed. lock: held by whoever reloads, one at a time: taken
 * here while going back. */
struct gong_api_rule_sets {
    const char *state_dir;
    struct gong_engine_thread *engine;
    struct gong_journal *journal;
    pthread_mutex_t *lock;
    struct gong_rules_reload *reload;
    /* The desk goes along; takes checked, with lock held. NULL: no desk. */
    void (*desk_goes)(void *ctx, struct gong_rules_checked *checked);
    void *desk_ctx;
};

/* gong_api_rules_in_force: ctx: sets. "" before there is one. */
void gong_api_rules_in_force(void *ctx, char out[GONG_RULE_SHA_SIZE]);
/* gong_api_rules_of: for gong_api_options; sets is borrowed. */
struct gong_api_rules gong_api_rules_of(struct gong_api_rule_sets *sets);

#endif
