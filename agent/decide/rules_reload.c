#include "agent/decide/rules_reload.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "agent/decide/rules_rollback.h"
#include "agent/desk/desk_host.h"
#include "agent/trust/probe.h"
#include "common/clock.h"
#include "common/log.h"
#include "rules/engine/engine.h"

static void
ignore_effect(void *ctx, const struct gong_effect *effect)
{
    (void)ctx;
    (void)effect;
}

/* The engine itself has the last word on what it can run. */
static bool
compiles(const struct gong_ruleset *set, struct gong_conf_errors *errors)
{
    struct gong_engine_limits limits = {0};
    struct gong_engine *engine = gong_engine_new(&limits, ignore_effect, NULL);
    enum gong_err err = GONG_ERR_MEMORY;

    if (engine != NULL) {
        err = gong_engine_set_rules(engine, set, 0, 0, NULL);
        gong_engine_free(engine);
    }
    if (err != GONG_OK) {
        gong_conf_errors_add(errors, "the rule set does not compile: %s",
                             gong_err_text(err));
        errors->no_memory |= err == GONG_ERR_MEMORY;
    }
    return err == GONG_OK;
}

/* What this program puts into a set beside the files that are named. */
struct extras {
    struct gong_rule_extra texts[2];
    size_t count;
    char *routes; /* owned: of the routing file */
};

static void
add_probes(struct extras *extras, bool desk)
{
    extras->texts[extras->count++] = (struct gong_rule_extra){
        GONG_PROBE_RULES,
        desk ? gong_str_of(gong_probe_rules()) : gong_str_from(NULL, 0)};
}

/* The routes on disk, "" without a file; with the desk off there are none. */
static bool
add_routes(struct extras *extras, const struct gong_desk_file *desk,
           struct gong_conf_errors *errors)
{
    struct gong_rule_extra *text = &extras->texts[extras->count++];
    size_t len = 0;

    *text = (struct gong_rule_extra){GONG_RULE_ROUTES, gong_str_from(NULL, 0)};
    if (desk == NULL) {
        return true;
    }
    text->text = gong_str_of("");
    if (desk->routes[0] == '\0') {
        return true;
    }
    extras->routes = gong_conf_load_bytes(desk->routes, &len, errors);
    if (extras->routes == NULL) {
        return false;
    }
    text->text = gong_str_from(extras->routes, len);
    return true;
}

/* Whatever a set was read from: the last questions about it. Takes source. */
static bool
check_source(struct gong_rule_source *source, struct gong_rules_checked *out,
             struct gong_conf_errors *errors)
{
    *out = (struct gong_rules_checked){.source = source};
    if (source == NULL) {
        return false;
    }
    if (gong_rule_sha(gong_str_from(source->bundle, source->bundle_len),
                      out->sha) != GONG_OK) {
        gong_conf_errors_no_memory(errors, "digest of the rules");
    } else if (compiles(source->set, errors)) {
        return true;
    }
    gong_rules_checked_fini(out);
    return false;
}

/* name: of the routing file in messages; NULL: there is none. */
static bool
check_routes(const struct gong_rules_reload *reload, const char *name,
             struct gong_rules_checked *out, struct gong_conf_errors *errors)
{
    const struct gong_rule_source *source = out->source;

    if (reload->desk == NULL) {
        return true;
    }
    out->routes = gong_desk_host_routes(
        name, gong_str_from(source->routes, source->routes_len),
        reload->channels, source->model, errors);
    if (out->routes == NULL) {
        gong_rules_checked_fini(out);
    }
    return out->routes != NULL;
}

bool
gong_rules_check_city(const struct gong_strings *paths,
                      const struct gong_strings *models,
                      struct gong_rules_checked *out,
                      struct gong_conf_errors *errors)
{
    return check_source(gong_rule_files_load_city(paths, models, errors), out,
                        errors);
}

bool
gong_rules_check(const struct gong_strings *paths,
                 struct gong_rules_checked *out,
                 struct gong_conf_errors *errors)
{
    return gong_rules_check_city(paths, NULL, out, errors);
}

static bool
check(const struct gong_rules_reload *reload, struct gong_rules_checked *out,
      struct gong_conf_errors *errors)
{
    const char *path = reload->desk == NULL ? "" : reload->desk->routes;
    struct extras extras = {.count = 0};
    bool ok;

    add_probes(&extras, reload->desk != NULL);
    ok = add_routes(&extras, reload->desk, errors);
    /* What could be read is checked even if the routes are missing. */
    ok = check_source(gong_rule_files_load_with(reload->paths, reload->models,
                                                extras.texts, extras.count,
                                                errors),
                      out, errors) &&
         ok;
    free(extras.routes);
    if (!ok) {
        gong_rules_checked_fini(out);
        return false;
    }
    return check_routes(reload, path[0] == '\0' ? NULL : path, out, errors);
}

/* The same of a bundle. */
static bool
check_bundle(const struct gong_rules_reload *reload, struct gong_str bundle,
             const char *sha, struct gong_rules_checked *out,
             struct gong_conf_errors *errors)
{
    bool own = gong_rule_bundle_has(bundle, GONG_RULE_ROUTES);
    const char *path = reload->desk == NULL ? "" : reload->desk->routes;
    struct extras extras = {.count = 0};
    char name[64];
    bool ok = true;

    *out = (struct gong_rules_checked){0};
    (void)snprintf(name, sizeof name, "routes of %.12s", sha);
    add_probes(&extras, reload->desk != NULL);
    if (reload->desk == NULL || !own) {
        ok = add_routes(&extras, reload->desk, errors);
    }
    ok = ok && check_source(gong_rule_bundle_load_with(bundle, extras.texts,
                                                       extras.count, errors),
                            out, errors);
    free(extras.routes);
    return ok && check_routes(reload,
                              out->source->routes_len == 0 ? NULL
                              : own                        ? name
                                                           : path,
                              out, errors);
}

void
gong_rules_reload_of(const struct gong_agent_config *config,
                     struct gong_rules_reload *out)
{
    *out = (struct gong_rules_reload){
        .paths = &config->rules,
        .models = &config->model,
        .desk = config->desk_on ? &config->desk : NULL,
        .channels = &config->channels,
        .state_dir = config->state,
    };
}

bool
gong_rules_check_config(const struct gong_agent_config *config,
                        struct gong_rules_checked *out,
                        struct gong_conf_errors *errors)
{
    struct gong_rules_reload reload;

    gong_rules_reload_of(config, &reload);
    return check(&reload, out, errors);
}

void
gong_rules_checked_fini(struct gong_rules_checked *checked)
{
    gong_rule_source_free(checked->source);
    gong_desk_config_free(checked->routes);
    checked->source = NULL;
    checked->routes = NULL;
}

enum gong_err
gong_rules_announce(struct gong_journal *journal, const char *sha)
{
    struct iovec part = {(void *)(uintptr_t)sha, GONG_RULE_SHA_SIZE - 1};

    return gong_journal_append(journal, GONG_RECORD_CONFIG, &part, 1, 0, NULL);
}

bool
gong_rules_reload_init(struct gong_rules_reload *reload,
                       struct gong_counters *counters)
{
    reload->reloads = gong_counter_add(
        counters, GONG_COUNTER, "gong_agent_rules_loads_total",
        "Rule sets read and handed to the engine.", "result=\"taken\"");
    reload->refused = gong_counter_add(
        counters, GONG_COUNTER, "gong_agent_rules_loads_total",
        "Rule sets read and handed to the engine.", "result=\"refused\"");
    reload->no_memory = gong_counter_add(
        counters, GONG_COUNTER, "gong_agent_rules_loads_total",
        "Rule sets read and handed to the engine.", "result=\"no_memory\"");
    return reload->reloads != NULL && reload->refused != NULL &&
           reload->no_memory != NULL;
}

static bool
is_named(void *ctx, struct gong_str sha)
{
    return gong_journal_config_named(ctx, sha);
}

static void
prune(const char *state_dir, struct gong_journal *journal)
{
    size_t removed = 0;
    enum gong_err err =
        gong_rule_store_prune(state_dir, is_named, journal, &removed);

    if (err != GONG_OK) {
        gong_log(GONG_LOG_WARNING, "rules_not_pruned", "reason=\"%s\"",
                 gong_err_text(err));
    }
    if (removed > 0) {
        gong_log(GONG_LOG_INFO, "rules_pruned", "bundles=%zu", removed);
    }
}

enum gong_err
gong_rules_put(const char *state_dir, struct gong_journal *journal,
               const struct gong_rules_checked *checked, const char **why)
{
    const struct gong_rule_source *source = checked->source;
    enum gong_err err = gong_rule_store_put(
        state_dir, gong_str_from(source->bundle, source->bundle_len),
        checked->sha);

    *why = "cannot keep the rules in";
    if (err == GONG_OK) {
        *why = "cannot journal the rules in";
        err = gong_rules_announce(journal, checked->sha);
    }
    if (err == GONG_OK) {
        prune(state_dir, journal);
    }
    return err;
}

static enum gong_err
take(struct gong_rules_reload *reload, const struct gong_rules_checked *checked,
     struct gong_conf_errors *errors)
{
    const char *why = "";
    enum gong_err err =
        gong_rules_put(reload->state_dir, reload->journal, checked, &why);

    if (err != GONG_OK) {
        gong_conf_errors_add(errors, "%s: %s: %s", reload->state_dir, why,
                             gong_err_text(err));
        errors->no_memory |= err == GONG_ERR_MEMORY;
        return err;
    }
    gong_log(GONG_LOG_INFO, "rules_loaded", "rules=%zu sha256=%.64s",
             checked->source->set->count, checked->sha);
    return GONG_OK;
}

/* good: whether all was well so far; takes checked. */
static enum gong_err
finish(struct gong_rules_reload *reload, bool good,
       struct gong_rules_checked *checked, struct gong_rules_checked *out,
       struct gong_conf_errors *errors)
{
    enum gong_err err = errors->no_memory ? GONG_ERR_MEMORY : GONG_ERR_INVALID;

    if (good) {
        err = take(reload, checked, errors);
        if (err == GONG_OK && out != NULL) {
            *out = *checked;
        } else {
            gong_rules_checked_fini(checked);
        }
    }
    gong_counter_increase(err == GONG_OK      ? reload->reloads
                          : errors->no_memory ? reload->no_memory
                                              : reload->refused,
                          1);
    return err;
}

bool
gong_rules_reload_run(struct gong_rules_reload *reload,
                      struct gong_rules_checked *out,
                      struct gong_conf_errors *errors)
{
    struct gong_rules_checked checked;
    char sha[GONG_RULE_SHA_SIZE];
    bool good = check(reload, &checked, errors);

    memcpy(sha, checked.sha, sizeof sha);
    if (finish(reload, good, &checked, out, errors) != GONG_OK) {
        return false;
    }
    gong_rules_rollback_settle(reload->state_dir, sha,
                               gong_floor_ms(gong_wall_now().ns));
    return true;
}

enum gong_err
gong_rules_reload_back(struct gong_rules_reload *reload, const char *sha,
                       struct gong_rules_checked *out,
                       struct gong_conf_errors *errors)
{
    struct gong_rules_checked checked;
    char *bytes = NULL;
    size_t len = 0;
    enum gong_err err =
        gong_rule_store_read(reload->state_dir, sha, &bytes, &len);
    bool good;

    if (err != GONG_OK) {
        gong_conf_errors_add(errors, "%s/rules/%s.bundle: %s",
                             reload->state_dir, sha, gong_err_text(err));
        errors->no_memory |= err == GONG_ERR_MEMORY;
        return err;
    }
    good =
        check_bundle(reload, gong_str_from(bytes, len), sha, &checked, errors);
    free(bytes);
    return finish(reload, good, &checked, out, errors);
}

void
gong_rules_log_errors(const char *event, const struct gong_conf_errors *errors)
{
    char quoted[1024];

    for (size_t i = 0; i < errors->count; i++) {
        const char *item = errors->items[i];

        gong_log(
            GONG_LOG_ERROR, event, "message=%s",
            gong_log_quote(gong_str_of(item == NULL ? "out of memory" : item),
                           quoted, sizeof quoted));
    }
}
