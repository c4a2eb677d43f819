#include "agent/api/api_rule_sets.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/decide/alert_view.h"
#include "agent/decide/rules_reload.h"
#include "agent/decide/rules_rollback.h"
#include "agent/api/rules_view.h"
#include "common/clock.h"
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
kept_json(const struct kept *kept, const char *current,
          const struct gong_rules_rollback *back)
{
    bool was = strcmp(kept->sha, back->sha) == 0;
    bool undone =
        was && back->ended_ms != 0 && strcmp(back->by, back->sha) != 0;

    return json_pack("{s:s,s:I,s:b,s:I,s:I}", "sha", kept->sha, "at",
                     (json_int_t)kept->at_ms, "now",
                     (int)(strcmp(kept->sha, current) == 0), "rolled_back",
                     (json_int_t)(was ? back->at_ms : 0), "undone",
                     (json_int_t)(undone ? back->ended_ms : 0));
}

static json_t *
rules_log(void *ctx)
{
    const struct gong_api_rule_sets *sets = ctx;
    char current[GONG_RULE_SHA_SIZE], folder[PATH_SIZE - 128];
    struct gong_rules_rollback back;
    struct kept *kept;
    size_t count;
    json_t *items = json_array();

    if (gong_rules_rollback_read(sets->state_dir, &back) != GONG_OK) {
        back = (struct gong_rules_rollback){.at_ms = 0};
    }
    (void)snprintf(folder, sizeof folder, "%s/rules", sets->state_dir);
    name_current(sets, current);
    count = list_kept(folder, &kept);
    if (count > 0) {
        qsort(kept, count, sizeof *kept, compare_kept);
    }
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(items, kept_json(&kept[i], current, &back));
    }
    free(kept);
    return items;
}

/* --- going back --- */

/* All that is wrong, as far as there is room. */
static void
join_errors(const struct gong_conf_errors *errors, char *why, size_t why_size)
{
    size_t len = 0;

    why[0] = '\0';
    for (size_t i = 0; i < errors->count && len < why_size; i++) {
        const char *item = errors->items[i];

        len += (size_t)snprintf(why + len, why_size - len, "%s%s",
                                i == 0 ? "" : "; ",
                                item == NULL ? "out of memory" : item);
    }
}

static void
note_rollback(const struct gong_api_rule_sets *sets, const char *sha,
              const char *now)
{
    struct gong_rules_rollback rollback = {
        .at_ms = gong_floor_ms(gong_wall_now().ns)};
    enum gong_err err;

    (void)snprintf(rollback.sha, sizeof rollback.sha, "%s", now);
    err = gong_rules_rollback_keep(sets->state_dir, &rollback);
    gong_log(GONG_LOG_WARNING, "rules_rolled_back",
             "sha=%s running=%s until=\"the next reload or start\"", sha, now);
    if (err != GONG_OK) {
        gong_log(GONG_LOG_WARNING, "rules_rollback_not_kept",
                 "file=\"rules/rollback\" reason=\"%s\"", gong_err_text(err));
    }
}

static enum gong_err
go_back(struct gong_api_rule_sets *sets, const char *sha, char *why,
        size_t why_size)
{
    struct gong_conf_errors errors = {0};
    struct gong_rules_checked checked;
    enum gong_err err;

    (void)pthread_mutex_lock(sets->lock);
    err = gong_rules_reload_back(sets->reload, sha, &checked, &errors);
    if (err == GONG_OK) {
        note_rollback(sets, sha, checked.sha);
        if (sets->desk_goes != NULL) {
            sets->desk_goes(sets->desk_ctx, &checked);
        } else {
            gong_rules_checked_fini(&checked);
        }
    }
    (void)pthread_mutex_unlock(sets->lock);
    if (err != GONG_OK) {
        gong_rules_log_errors("rules_problem", &errors);
        join_errors(&errors, why, why_size);
    }
    gong_conf_errors_fini(&errors);
    return err;
}

static enum gong_err
rollback(void *ctx, const char *sha, char *why, size_t why_size)
{
    char quoted[2048];
    enum gong_err err;

    if (!gong_rule_sha_valid(gong_str_of(sha))) {
        (void)snprintf(why, why_size,
                       "sha: cần 64 chữ số hex | expected 64 hex digits");
        return GONG_ERR_INVALID;
    }
    err = go_back(ctx, sha, why, why_size);
    if (err != GONG_OK) {
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
