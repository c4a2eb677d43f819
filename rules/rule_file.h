/*
 * rule_file: rule files (libconfig, keys as in Prometheus) to a rule set.
 *
 *   group = "street-lighting";
 *   interval = "0s";           # 0: on every sample; "15s": Prometheus' grid
 *   lookback = "5m";           # optional
 *   calendars = ( { name = "night"; hours = ("mon-sun 22:00-05:00"); } );
 *   rules = (
 *     { alert = "LampOverheating";
 *       id = "lamp-overheating";                 # optional
 *       expr = "streetlight_temp > 70";
 *       resolve = "streetlight_temp < 65";       # or levels, see
 *                                                # rule_file_clause.h
 *       for = "30s";  keep_firing_for = "2m";  on_missing = "unknown";
 *       active = "night";  trial = true;
 *       labels = { severity = "critical"; service = "lighting"; };
 *       annotations = { summary = "..."; summary_en = "..."; action = "..."; };
 *     }
 *   );
 *
 * Everything wrong in all files is reported, as file:line:column: found ...,
 * expected ...; then no set is made: all or nothing. Two rules with one id
 * (semantics rule 18) are refused, also across files.
 */
#ifndef GONG_RULES_RULE_FILE_H
#define GONG_RULES_RULE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/conf.h"
#include "rules/engine/ruleset.h"
#include "rules/model/model.h"

/* A set, the city model that it is to be read with, and the bytes that both
 * were made from, for the journal's CONFIG record. */
struct gong_rule_source {
    struct gong_ruleset *set;
    struct gong_model *model; /* empty where no file is of one */
    char *bundle; /* every file as "== name length\n" and its bytes, in byte
                     order of names: the same rules give the same bytes */
    size_t bundle_len;
    char *routes; /* of the alert desk, as they are in the bundle, "": without a
                     routing file; NULL: it has none */
    size_t routes_len;
};

/* The name of the desk's routing file in a bundle: rules and model pass it
 * over. */
#define GONG_RULE_ROUTES "gong/routes.cfg"

/* The name of the file whose rules are the program's own (struct gong_rule). */
#define GONG_RULE_OWN "gong/probes.cfg"

/* A file that is on no disk: its name in the bundle. Borrowed. */
struct gong_rule_extra {
    const char *name;
    struct gong_str text; /* data NULL: the bundle is to have none */
};

/* gong_rule_files_load: paths are files, or folders whose *.cfg are taken in
 * byte order (not below). NULL after problems, which are in errors. An empty
 * list of paths gives an empty set; a folder without *.cfg is an error.
 * Caller frees. */
struct gong_rule_source *gong_rule_files_load(const struct gong_strings *paths,
                                              struct gong_conf_errors *errors);

/* gong_rule_files_load_city: with files of the city model, or folders whose
 * model files are taken (rules/model/model.h); models may be NULL. A file is
 * one of a model if it says so, wherever it is listed; folders of rules pass
 * such files over. */
struct gong_rule_source *
gong_rule_files_load_city(const struct gong_strings *paths,
                          const struct gong_strings *models,
                          struct gong_conf_errors *errors);

/* gong_rule_files_load_with: the same, and files that are on no disk. */
struct gong_rule_source *
gong_rule_files_load_with(const struct gong_strings *paths,
                          const struct gong_strings *models,
                          const struct gong_rule_extra *texts, size_t count,
                          struct gong_conf_errors *errors);

/* gong_rule_bundle_load: the same from the bytes of a bundle. */
struct gong_rule_source *gong_rule_bundle_load(struct gong_str bundle,
                                               struct gong_conf_errors *errors);
/* gong_rule_bundle_load_with: these instead of those that it has under their
 * names. */
struct gong_rule_source *
gong_rule_bundle_load_with(struct gong_str bundle,
                           const struct gong_rule_extra *texts, size_t count,
                           struct gong_conf_errors *errors);
/* gong_rule_bundle_has: whether a file of the name is in it. */
bool gong_rule_bundle_has(struct gong_str bundle, const char *name);
void gong_rule_source_free(struct gong_rule_source *source);

#endif
