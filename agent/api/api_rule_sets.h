/*
 * api_rule_sets: rules for the API: the set in force as Prometheus lists it,
 * the sets that were in force, and going back to one. Going back lasts until
 * the rule files are read again (SIGHUP or a start): then they count. The desk
 * goes back to the set's city model too; its routes are not in a set and stay,
 * so a set whose model does not have what they name is refused.
 */
#ifndef GONG_AGENT_API_API_RULE_SETS_H
#define GONG_AGENT_API_API_RULE_SETS_H

#include <pthread.h>

#include "agent/api/api.h"
#include "agent/decide/engine_thread.h"
#include "agent/decide/rules_reload.h"
#include "agent/journal/journal.h"

/* Everything is borrowed. reload: held by whoever calls gong_rules_put, one at
 * a time: taken here while going back. */
struct gong_api_rule_sets {
    const char *state_dir;
    struct gong_engine_thread *engine;
    struct gong_journal *journal;
    pthread_mutex_t *reload;
    /* Whether the desk can go along: INVALID with why; and then that it has to.
     * checked is taken. Both while reload is held, with desk_ctx; NULL: there
     * is no desk. */
    enum gong_err (*desk_may)(void *ctx, const struct gong_rule_source *source,
                              char *why, size_t why_size);
    void (*desk_goes)(void *ctx, struct gong_rules_checked *checked);
    void *desk_ctx;
};

/* gong_api_rules_in_force: ctx: sets. "" before there is one. */
void gong_api_rules_in_force(void *ctx, char out[GONG_RULE_SHA_SIZE]);
/* gong_api_rules_of: for gong_api_options; sets is borrowed. */
struct gong_api_rules gong_api_rules_of(struct gong_api_rule_sets *sets);

#endif
