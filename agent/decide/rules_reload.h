/*
 * rules_reload: from rule files and the city model to a CONFIG record, all or
 * nothing, routes among it: read every file, check every rule, compile the
 * whole set on the side, keep the bundle's bytes, and only then say so in the
 * journal. The engine changes over when it reads that record. After any error
 * nothing has changed.
 */
#ifndef GONG_AGENT_DECIDE_RULES_RELOAD_H
#define GONG_AGENT_DECIDE_RULES_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/config.h"
#include "agent/journal/journal.h"
#include "agent/decide/rule_store.h"
#include "common/conf.h"
#include "common/counter.h"

/* What --check and a start need to know of a rule set that is good. */
struct gong_rules_checked {
    struct gong_rule_source *source; /* owned */
    struct gong_desk_config *routes; /* owned; NULL: the desk is off */
    char sha[GONG_RULE_SHA_SIZE];
};

/* gong_rules_check: false after problems, all of which are in errors.
 * gong_rules_check_city: with files of the city model; models may be NULL. */
bool gong_rules_check(const struct gong_strings *paths,
                      struct gong_rules_checked *out,
                      struct gong_conf_errors *errors);
bool gong_rules_check_city(const struct gong_strings *paths,
                           const struct gong_strings *models,
                           struct gong_rules_checked *out,
                           struct gong_conf_errors *errors);
/* gong_rules_check_config: all that a configuration names: rules, city model
 * and, where the desk is on, its routes. */
bool gong_rules_check_config(const struct gong_agent_config *config,
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
    const struct gong_strings *paths;          /* borrowed, as all of these */
    const struct gong_strings *models;         /* NULL: none */
    const struct gong_desk_file *desk;         /* NULL: off */
    const struct gong_desk_channels *channels; /* of the desk */
    const char *state_dir;
    struct gong_journal *journal;
    gong_counter_t *reloads;
    gong_counter_t *refused;
    gong_counter_t *no_memory; /* to read them: nothing is wrong with them */
};

/* gong_rules_reload_of: what a configuration names; the journal is the
 * caller's to set. */
void gong_rules_reload_of(const struct gong_agent_config *config,
                          struct gong_rules_reload *out);
/* gong_rules_reload_init: adds the counters; false without memory. */
bool gong_rules_reload_init(struct gong_rules_reload *reload,
                            struct gong_counters *counters);

/* gong_rules_reload_run: for SIGHUP. Problems are in errors and counted,
 * want of memory (errors->no_memory) by itself; the running set stays.
 * Otherwise *out (NULL: nobody wants it) is the new one, the caller's. Blocks
 * on the disk. */
bool gong_rules_reload_run(struct gong_rules_reload *reload,
                           struct gong_rules_checked *out,
                           struct gong_conf_errors *errors);

/* gong_rules_reload_back: the earlier set named sha, as if its files were on
 * disk: the same checks and the same messages, with the probes of this program,
 * and with the routes that it had, or those on disk where it has none. What is
 * put is out->sha, which differs from sha where these do. NOT_FOUND: there is
 * no such bundle; INVALID: refused; else it could not be read or kept. The
 * reasons are in errors. */
enum gong_err
gong_rules_reload_back(struct gong_rules_reload *reload, const char *sha,
                       struct gong_rules_checked *out,
                       struct gong_conf_errors *errors) GONG_MUST_CHECK;

/* gong_rules_log_errors: each as one line of the log. */
void gong_rules_log_errors(const char *event,
                           const struct gong_conf_errors *errors);

#endif
