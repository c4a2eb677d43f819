/*
 * rules_reload: from rule files to a CONFIG record, all or nothing: read every
 * file, check every rule, compile the whole set on the side, keep the bundle's
 * bytes, and only then say so in the journal. The engine changes over when it
 * reads that record. After any error nothing has changed.
 */
#ifndef GONG_AGENT_RULES_RELOAD_H
#define GONG_AGENT_RULES_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/journal.h"
#include "agent/rule_store.h"
#include "common/conf.h"
#include "common/counter.h"

/* What --check and a start need to know of a rule set that is good. */
struct gong_rules_checked {
    struct gong_rule_source *source; /* owned */
    char sha[GONG_RULE_SHA_SIZE];
};

/* gong_rules_check: false after problems, all of which are in errors. */
bool gong_rules_check(const struct gong_strings *paths,
                      struct gong_rules_checked *out,
                      struct gong_conf_errors *errors);
void gong_rules_checked_fini(struct gong_rules_checked *checked);

/* gong_rules_announce: appends the CONFIG record that names sha. */
enum gong_err gong_rules_announce(struct gong_journal *journal,
                                  const char *sha) GONG_MUST_CHECK;

/* gong_rules_put: from here on these are the rules: keeps the bundle, announces
 * it, and removes the bundles that no record of the journal names any more. why
 * says which of the first two failed; a failure of the last is only logged.
 * Blocks on the disk. One thread at a time. */
enum gong_err gong_rules_put(const char *state_dir,
                             struct gong_journal *journal,
                             const struct gong_rules_checked *checked,
                             const char **why) GONG_MUST_CHECK;

struct gong_rules_reload {
    const struct gong_strings *paths; /* borrowed */
    const char *state_dir;            /* borrowed */
    struct gong_journal *journal;     /* borrowed */
    gong_counter_t *reloads;
    gong_counter_t *refused;
    gong_counter_t *no_memory; /* to read them: nothing is wrong with them */
};

/* gong_rules_reload_init: adds the counters; false without memory. */
bool gong_rules_reload_init(struct gong_rules_reload *reload,
                            struct gong_counters *counters);

/* gong_rules_reload_run: for SIGHUP and for the start. Problems are in errors
 * and counted, want of memory (errors->no_memory) by itself; the running set
 * stays. Blocks on the disk. */
bool gong_rules_reload_run(struct gong_rules_reload *reload,
                           struct gong_conf_errors *errors);

/* gong_rules_log_errors: each as one line of the log. */
void gong_rules_log_errors(const char *event,
                           const struct gong_conf_errors *errors);

#endif
