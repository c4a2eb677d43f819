#include "agent/decide/engine_thread_private.h"

#include <string.h>

#include "agent/decide/rules_reload.h"
#include "common/log.h"

static void
refuse_rules(struct gong_engine_thread *t, const char *sha,
             struct gong_conf_errors *errors)
{
    t->now.rules_refused++;
    gong_log(GONG_LOG_ERROR, "rules_not_changed", "sha256=%.64s", sha);
    gong_rules_log_errors("rules_problem", errors);
}

static enum gong_err
swap_rules(struct gong_engine_thread *t, struct gong_rule_source *source,
           const struct gong_record *record)
{
    struct gong_rules_report report = {0};
    enum gong_err err =
        gong_engine_set_rules(t->engine, source->set, record->offset,
                              record->meta.journal_ms, &report);

    if (err != GONG_OK) {
        gong_rule_source_free(source);
        return err;
    }
    gong_rule_source_free(t->rules);
    t->rules = source;
    t->now.rules_lacking = gong_rule_faults_restart(t->faults, source->set);
    gong_log(GONG_LOG_INFO, "rules_changed",
             "rules=%zu kept=%zu added=%zu changed=%zu removed=%zu",
             source->set->count, report.kept, report.added, report.changed,
             report.removed);
    return GONG_OK;
}

bool
gong_engine_apply_config(struct gong_engine_thread *t,
                         const struct gong_record *record)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source;
    enum gong_err err = GONG_ERR_INVALID;
    char sha[GONG_RULE_SHA_SIZE] = "";

    if (!gong_rule_sha_valid(record->payload)) {
        refuse_rules(t, "?", &errors);
        return true;
    }
    memcpy(sha, record->payload.data, record->payload.len);
    if (strcmp(sha, t->now.rules_sha) == 0) {
        return true;
    }
    source = gong_rule_store_get(t->options.state_dir, sha, &errors);
    if (source != NULL) {
        err = swap_rules(t, source, record);
    } else if (errors.no_memory) {
        err = GONG_ERR_MEMORY;
    }
    if (err == GONG_OK) {
        memcpy(t->now.rules_sha, sha, sizeof sha);
    } else if (err == GONG_ERR_INVALID) {
        refuse_rules(t, sha, &errors);
    }
    gong_conf_errors_fini(&errors);
    return err == GONG_OK || err == GONG_ERR_INVALID;
}

bool
gong_engine_find_first_rules(struct gong_engine_thread *t)
{
    uint64_t start = gong_spool_cursor_offset(t->cursor);
    struct gong_record record;
    bool applied = true;

    while (gong_spool_cursor_next(t->cursor, UINT64_MAX, &record) == GONG_OK) {
        if (record.meta.type == GONG_RECORD_CONFIG) {
            record.offset = start;
            applied = gong_engine_apply_config(t, &record);
            break;
        }
    }
    gong_spool_cursor_seek(t->cursor, start);
    return applied;
}

void
gong_engine_keep_rules_known(struct gong_engine_thread *t,
                             const struct gong_record *record)
{
    uint64_t segment;
    bool known;

    if (t->options.segment_size == 0) {
        return;
    }
    segment = record->offset / t->options.segment_size;
    known = record->meta.type == GONG_RECORD_CONFIG;
    if (!known && t->now.live && segment != t->config_segment &&
        t->now.rules_sha[0] != '\0') {
        known = gong_journal_repeat_config(t->options.journal) == GONG_OK;
    }
    if (known) {
        t->config_segment = segment;
    }
}
