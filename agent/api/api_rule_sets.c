#include "agent/api/api_rule_sets.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/decide/alert_view.h"
#include "agent/decide/rules_reload.h"
#include "agent/api/rules_view.h"
#include "common/log.h"

#define PATH_SIZE 4096
#define SHA_LEN   (GONG_RULE_SHA_SIZE - 1)

static void
name_current(const struct gong_api_rule_sets *sets,
             char out[GONG_RULE_SHA_SIZE])
{
    struct gong_engine_report report;

    gong_engine_thread_report(sets->engine, &report);
    memcpy(out, report.rules_sha, GONG_RULE_SHA_SIZE);
}

void
gong_api_rules_in_force(void *ctx, char out[GONG_RULE_SHA_SIZE])
{
    name_current(ctx, out);
}

/* --- in force --- */

static const char *
fault(void *ctx, const char *rule_id)
{
    const struct gong_api_rule_sets *sets = ctx;

    return gong_engine_thread_fault(sets->engine, rule_id);
}

static json_t *
rules(void *ctx)
{
    struct gong_api_rule_sets *sets = ctx;
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source;
    struct gong_alert_view *view;
    struct gong_engine_report report;
    json_t *answer = NULL, *alerts = NULL;

    gong_engine_thread_report(sets->engine, &report);
    source = gong_rule_store_get(sets->state_dir, report.rules_sha, &errors);
    gong_conf_errors_fini(&errors);
    if (source == NULL) {
        return NULL;
    }
    view = gong_engine_thread_alerts(sets->engine);
    if (view != NULL) {
        alerts = json_loadb(view->json, view->len, 0, NULL);
    }
    gong_alert_view_release(view);
    answer = gong_rules_view_json(&(struct gong_rules_view){
        .set = source->set,
        .alerts = json_object_get(json_object_get(alerts, "data"), "alerts"),
        .at_ms = report.read_ms,
        .fault = fault,
        .ctx = sets,
    });
    json_decref(alerts);
    gong_rule_source_free(source);
    return answer;
}

/* --- the log --- */

struct kept {
    char sha[GONG_RULE_SHA_SIZE];
    int64_t at_ms;
};

static int
compare_kept(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;

    if (x->at_ms != y->at_ms) {
        return x->at_ms < y->at_ms ? 1 : -1;
    }
    return strcmp(x->sha, y->sha);
}

/* "<sha>.bundle" of the folder. */
static bool
read_kept(const char *folder, const char *name, struct kept *out)
{
    char path[PATH_SIZE];
    struct stat status;

    if (strlen(name) != SHA_LEN + strlen(".bundle") ||
        strcmp(name + SHA_LEN, ".bundle") != 0 ||
        !gong_rule_sha_valid(gong_str_from(name, SHA_LEN))) {
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (stat(path, &status) != 0) {
        return false;
    }
    memcpy(out->sha, name, SHA_LEN);
    out->sha[SHA_LEN] = '\0';
    out->at_ms = (int64_t)status.st_mtim.tv_sec * 1000 +
                 status.st_mtim.tv_nsec / GONG_NS_PER_MS;
    return true;
}

static size_t
list_kept(const char *folder, struct kept **out)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    size_t count = 0, room = 0;

    *out = NULL;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (count == room) {
            struct kept *grown;

            room = room == 0 ? 64 : room * 2;
            grown = realloc(*out, room * sizeof *grown);
            if (grown == NULL) {
                break;
            }
            *out = grown;
        }
        count += read_kept(folder, entry->d_name, &(*out)[count]);
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return count;
}

static json_t *
rules_log(void *ctx)
{
    const struct gong_api_rule_sets *sets = ctx;
    char current[GONG_RULE_SHA_SIZE], folder[PATH_SIZE - 128];
    struct kept *kept;
    size_t count;
    json_t *items = json_array();

    (void)snprintf(folder, sizeof folder, "%s/rules", sets->state_dir);
    name_current(sets, current);
    count = list_kept(folder, &kept);
    if (count > 0) {
        qsort(kept, count, sizeof *kept, compare_kept);
    }
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(
            items, json_pack("{s:s,s:I,s:b}", "sha", kept[i].sha, "at",
                             (json_int_t)kept[i].at_ms, "now",
                             (int)(strcmp(kept[i].sha, current) == 0)));
    }
    free(kept);
    return items;
}

/* --- going back --- */

/* As a reload: first whether all can go, then the journal, then the desk. */
static enum gong_err
put_back(struct gong_api_rule_sets *sets, struct gong_rules_checked *checked,
         char *why, size_t why_size)
{
    const char *what = "";
    enum gong_err err = GONG_OK;

    (void)pthread_mutex_lock(sets->reload);
    if (sets->desk_may != NULL) {
        err = sets->desk_may(sets->desk_ctx, checked->source, why, why_size);
    }
    if (err == GONG_OK) {
        err = gong_rules_put(sets->state_dir, sets->journal, checked, &what);
        if (err != GONG_OK) {
            (void)snprintf(why, why_size, "%s: %s", what, gong_err_text(err));
        }
    }
    if (err == GONG_OK && sets->desk_goes != NULL) {
        sets->desk_goes(sets->desk_ctx, checked);
    } else {
        gong_rules_checked_fini(checked);
    }
    (void)pthread_mutex_unlock(sets->reload);
    return err;
}

static enum gong_err
rollback(void *ctx, const char *sha, char *why, size_t why_size)
{
    struct gong_api_rule_sets *sets = ctx;
    struct gong_conf_errors errors = {0};
    struct gong_rules_checked checked = {0};
    char quoted[512];
    enum gong_err err;

    if (!gong_rule_sha_valid(gong_str_of(sha))) {
        (void)snprintf(why, why_size, "sha: expected 64 hex digits");
        return GONG_ERR_INVALID;
    }
    checked.source = gong_rule_store_get(sets->state_dir, sha, &errors);
    if (checked.source == NULL) {
        (void)snprintf(why, why_size, "%.200s",
                       errors.count > 0 && errors.items[0] != NULL
                           ? errors.items[0]
                           : "no such set");
        gong_conf_errors_fini(&errors);
        return GONG_ERR_NOT_FOUND;
    }
    gong_conf_errors_fini(&errors);
    (void)snprintf(checked.sha, sizeof checked.sha, "%s", sha);
    err = put_back(sets, &checked, why, why_size);
    if (err == GONG_OK) {
        gong_log(GONG_LOG_WARNING, "rules_rolled_back",
                 "sha=%s until=\"the next reload or start\"", sha);
    } else {
        gong_log(GONG_LOG_WARNING, "rules_not_rolled_back", "sha=%s reason=%s",
                 sha, gong_log_quote(gong_str_of(why), quoted, sizeof quoted));
    }
    return err;
}

struct gong_api_rules
gong_api_rules_of(struct gong_api_rule_sets *sets)
{
    return (struct gong_api_rules){sets, rules, rules_log, rollback};
}
