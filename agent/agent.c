#include "agent/agent_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "common/log.h"

enum gong_err
gong_agent_fail(const struct gong_agent_problem *problem, enum gong_err err,
                const char *what)
{
    (void)snprintf(problem->why, problem->size, "%s: %s", what,
                   gong_err_text(err));
    return err;
}

/* The part has named the file in the line before. */
static enum gong_err
fail_named(const struct gong_agent_problem *problem, enum gong_err err,
           const char *what, const char *name)
{
    (void)snprintf(problem->why, problem->size,
                   "%s %s: %s; the line before names the file", what, name,
                   gong_err_text(err));
    return err;
}

enum gong_err
gong_agent_fail_as(const struct gong_agent_problem *problem, enum gong_err err,
                   const char *what)
{
    char said[512];

    (void)snprintf(said, sizeof said, "%s", problem->why);
    (void)snprintf(problem->why, problem->size, "%s: %s", what, said);
    return err;
}

/* --- state folder --- */

static enum gong_err
start_state(struct gong_agent *agent, const struct gong_agent_problem *problem)
{
    enum gong_err err = gong_state_dir_name(agent->config->state, &agent->dir);

    if (err != GONG_OK) {
        return gong_agent_fail(problem, err, agent->config->state);
    }
    return gong_state_dir_make(agent->config->state, problem->why,
                               problem->size);
}

/* Once the journal's lock says that no other agent has the folder. */
static enum gong_err
recover(struct gong_agent *agent, const struct gong_agent_problem *problem)
{
    return gong_backup_recover(agent->config->state, problem->why,
                               problem->size);
}

/* "what PATH: reason" */
static enum gong_err
fail_at(const struct gong_agent_problem *problem, enum gong_err err,
        const char *what, const char *path)
{
    (void)snprintf(problem->why, problem->size, "%s %s: %s", what, path,
                   gong_err_text(err));
    return err;
}

/* The rules in force from here on, and for how long nothing was heard. */
static enum gong_err
announce(struct gong_agent *agent, const struct gong_agent_problem *problem)
{
    int64_t last_ms = gong_journal_last_ms(agent->journal);
    int64_t blind_ms = gong_journal_now_ms(agent->journal) - last_ms;
    const char *why = "";
    enum gong_err err = GONG_OK;

    /* Before anything that brings the new time. */
    if (last_ms > 0) {
        err = gong_journal_resume(agent->journal, blind_ms);
    }
    if (err != GONG_OK) {
        return fail_at(problem, err, "cannot journal the start in",
                       agent->dir.journal);
    }
    err = gong_rules_put(agent->config->state, agent->journal, &agent->rules,
                         &why);
    if (err != GONG_OK) {
        return fail_at(problem, err, why, agent->config->state);
    }
    gong_rules_rollback_settle(agent->config->state, agent->rules.sha,
                               gong_floor_ms(gong_wall_now().ns));
    gong_rules_reload_of(agent->config, &agent->reload);
    agent->reload.journal = agent->journal;
    return gong_rules_reload_init(&agent->reload, agent->counters)
               ? GONG_OK
               : gong_agent_fail(problem, GONG_ERR_MEMORY, "rules");
}

/* --- engine, broker --- */

static enum gong_err
make_trust(struct gong_agent *agent, const struct gong_agent_problem *problem)
{
    if (!agent->config->desk_on) {
        return GONG_OK;
    }
    agent->trust = gong_trust_new(&(struct gong_trust_options){
        .agent = agent->config->agent,
        .interval = agent->config->desk.proof,
        .counters = agent->counters,
    });
    return agent->trust == NULL
               ? gong_agent_fail(problem, GONG_ERR_MEMORY, "proofs")
               : GONG_OK;
}

/* A number that stays the same over restarts and that no sender knows: the
 * journal's own id will not do, acks tell it to every device. */
static void
read_hash_key(const struct gong_agent *agent, uint64_t key[2])
{
    uint8_t id[16];

    gong_spool_id(gong_effects_spool(agent->effects), id);
    key[0] = gong_le_get64(id);
    key[1] = gong_le_get64(id + 8);
}

static enum gong_err
start_engine(struct gong_agent *agent, const struct gong_agent_problem *problem)
{
    const struct gong_agent_engine *limits = &agent->config->engine;
    struct gong_spool_stats stats;
    struct gong_engine_thread_options options = {
        .journal = agent->journal,
        .effects = agent->effects,
        .counters = agent->counters,
        .state_dir = agent->config->state,
        .trust = agent->trust,
        .limits = {.devices = (uint32_t)limits->devices,
                   .rows_per_device = (uint32_t)limits->rows_per_device,
                   .instances = (uint32_t)limits->instances},
        .snapshot_min = limits->snapshot_min,
        .snapshot_max = limits->snapshot_max,
    };
    uint64_t segments =
        agent->config->journal.size / agent->config->journal.segment_size;
    enum gong_err err;

    gong_spool_stats(gong_journal_spool(agent->journal), &stats);
    options.segment_size = stats.bytes_max / segments;
    read_hash_key(agent, options.limits.hash_key);
    err = gong_engine_thread_start(&options, &agent->engine);
    return err == GONG_OK ? GONG_OK
                          : fail_at(problem, err, "engine: cannot read",
                                    agent->dir.journal);
}

/* Before the engine, so that its cursors hold all that it says. Nobody is told
 * later, or not at all, because charts cannot be drawn: without the file the
 * agent runs, and says so. */
static enum gong_err
start_history(struct gong_agent *agent,
              const struct gong_agent_problem *problem)
{
    struct gong_history_options options = {
        .config = &agent->config->history,
        .state_dir = agent->config->state,
        .journal = agent->journal,
        .effects = agent->effects,
        .counters = agent->counters,
    };
    char why[512];
    char found[600];
    enum gong_err err =
        agent->config->history.on
            ? gong_history_start(&options, &agent->history, why, sizeof why)
            : GONG_OK;

    if (err == GONG_ERR_MEMORY) {
        return fail_at(problem, err, "history: cannot start", "history.db");
    }
    if (err != GONG_OK) {
        gong_log(
            GONG_LOG_ERROR, "history_not_started",
            "reason=%s next=\"mend it or set history.on = false, and start "
            "again: until then nothing is kept in the history\"",
            gong_log_quote(gong_str_of(why), found, sizeof found));
    }
    return GONG_OK;
}

static enum gong_err
make_broker(struct gong_agent *agent, const struct gong_agent_problem *problem)
{
    struct gong_ingest_options ingest = {
        .message_max = (size_t)agent->config->ingest.message_max,
        .set_aside_file = agent->dir.set_aside,
        .agent = agent->trust == NULL ? NULL : agent->config->agent,
        .trust = agent->trust};
    struct gong_broker_options options = {
        .agent = agent->config->agent,
        .config = &agent->config->broker,
        .receive = agent->receive,
        .journal = agent->journal,
    };
    enum gong_err err;

    agent->ingest = gong_ingest_new(&ingest, agent->journal, agent->receive,
                                    agent->counters);
    if (agent->ingest == NULL) {
        return gong_agent_fail(problem, GONG_ERR_MEMORY, "ingest");
    }
    options.ingest = agent->ingest;
    err = gong_broker_new(&options, agent->counters, &agent->broker,
                          problem->why, problem->size);
    return err == GONG_OK ? GONG_OK
                          : gong_agent_fail_as(problem, err, "broker");
}

/* The committer and the acks call each other: both exist before either runs. */
static enum gong_err
start_committer(struct gong_agent *agent,
                const struct gong_agent_problem *problem)
{
    struct gong_spool *journal = gong_journal_spool(agent->journal);
    struct gong_ack_options options = {.agent = agent->config->agent,
                                       .send = gong_broker_send,
                                       .ctx = agent->broker};
    struct gong_spool_stats stats;
    enum gong_err err;

    gong_spool_id(journal, options.journal_id);
    gong_spool_stats(journal, &stats);
    options.durable = stats.durable;
    agent->ack = gong_ack_new(&options, agent->receive, agent->counters);
    if (agent->ack == NULL) {
        return gong_agent_fail(problem, GONG_ERR_MEMORY, "acks");
    }
    err = gong_journal_start(agent->journal);
    if (err == GONG_OK) {
        err = gong_ack_start(agent->ack);
    }
    return err == GONG_OK ? GONG_OK
                          : gong_agent_fail(problem, err, "committer");
}

static enum gong_err
start_keeper(struct gong_agent *agent, const struct gong_agent_problem *problem)
{
    struct gong_receive_keeper_options options = {
        .agent = agent->config->agent,
        .path = agent->dir.receive,
        .interval = agent->config->ingest.ledger_interval,
        .points = (size_t)agent->config->ingest.ledger_points,
        .receive = agent->receive,
        .journal = agent->journal,
    };
    enum gong_err err =
        gong_receive_keeper_start(&options, agent->counters, &agent->keeper);

    return err == GONG_OK ? GONG_OK : gong_agent_fail(problem, err, "ledger");
}

static enum gong_err
start_trust(struct gong_agent *agent, const struct gong_agent_problem *problem)
{
    struct gong_trust_way way = {.ctx = agent->broker,
                                 .connected = gong_broker_connected,
                                 .send = gong_broker_send};
    enum gong_err err =
        agent->trust == NULL ? GONG_OK : gong_trust_start(agent->trust, &way);

    return err == GONG_OK ? GONG_OK : gong_agent_fail(problem, err, "proofs");
}

static enum gong_err
start_broker(struct gong_agent *agent, const struct gong_agent_problem *problem)
{
    enum gong_err err = gong_broker_start(agent->broker);

    return err == GONG_OK ? GONG_OK : gong_agent_fail(problem, err, "broker");
}

/* --- stores and receivers --- */

static enum gong_err
start_stores(struct gong_agent *agent, const struct gong_agent_problem *problem)
{
    const struct gong_agent_config *config = agent->config;

    agent->stores =
        calloc(config->store_count + 1, sizeof(struct gong_store *));
    agent->status_stores =
        calloc(config->store_count + 1, sizeof agent->status_stores[0]);
    if (agent->stores == NULL || agent->status_stores == NULL) {
        return gong_agent_fail(problem, GONG_ERR_MEMORY, "stores");
    }
    for (size_t i = 0; i < config->store_count; i++) {
        struct gong_status_store *status = &agent->status_stores[i];
        char labels[128];
        enum gong_err err;

        err = gong_store_start(&config->stores[i], config->state,
                               agent->journal, agent->effects, agent->counters,
                               &agent->stores[i]);
        if (err != GONG_OK) {
            return fail_named(problem, err, "store", config->stores[i].name);
        }
        agent->store_count++;
        status->name = config->stores[i].name;
        (void)snprintf(labels, sizeof labels, "store=\"%s\"", status->name);
        status->up = gong_counter_add(
            agent->counters, GONG_GAUGE, "gong_agent_store_up",
            "Whether the store's last answer was a good one.", labels);
        if (status->up == NULL) {
            return gong_agent_fail(problem, GONG_ERR_MEMORY, "stores");
        }
    }
    return GONG_OK;
}

static enum gong_err
start_notifiers(struct gong_agent *agent,
                const struct gong_agent_problem *problem)
{
    const struct gong_agent_config *config = agent->config;

    agent->notifiers =
        calloc(config->notifier_count + 1, sizeof(struct gong_notifier *));
    if (agent->notifiers == NULL) {
        return gong_agent_fail(problem, GONG_ERR_MEMORY, "receivers");
    }
    for (size_t i = 0; i < config->notifier_count; i++) {
        const struct gong_agent_notifier *notifier = &config->notifiers[i];
        enum gong_err err = gong_notifier_start(
            notifier->name, notifier->kind, notifier->config, agent->effects,
            agent->counters, &agent->notifiers[i]);

        if (err != GONG_OK) {
            return fail_named(problem, err, "receiver", notifier->name);
        }
        agent->notifier_count++;
    }
    return GONG_OK;
}

/* --- what can be looked at --- */

static void
tell_streams(void *ctx, const struct gong_desk_incident *incident)
{
    gong_api_host_changed(ctx, incident);
}

static enum gong_err
start_http(struct gong_agent *agent, const struct gong_agent_problem *problem)
{
    struct gong_api_options api = {.status = &agent->status,
                                   .receive = agent->receive};
    enum gong_err err;

    agent->status = (struct gong_status_source){
        .agent = agent->config->agent,
        .counters = agent->counters,
        .journal = agent->journal,
        .receive = agent->receive,
        .effects = agent->effects,
        .state_dir = agent->config->state,
        .engine = agent->engine,
        .broker_connected = gong_broker_connected,
        .broker = agent->broker,
        .stores = agent->status_stores,
        .store_count = agent->store_count,
        .desk = agent->desk,
        .trust = agent->trust,
        .history = agent->history,
        .history_on = agent->config->history.on,
    };
    api.trust = agent->trust;
    api.history = gong_api_history_of(agent->history, &agent->config->history);
    agent->rule_sets = (struct gong_api_rule_sets){agent->config->state,
                                                   agent->engine,
                                                   agent->journal,
                                                   &agent->reloading,
                                                   &agent->reload,
                                                   gong_agent_renew_from,
                                                   agent};
    api.rules = gong_api_rules_of(&agent->rule_sets);
    agent->backup.state_dir = agent->config->state;
    agent->backup.rules = gong_api_rules_in_force;
    agent->backup.rules_ctx = &agent->rule_sets;
    if (agent->desk != NULL) {
        gong_desk_host_offer(agent->desk, &api);
    }
    gong_desk_host_back_up(agent->desk, &agent->backup);
    api.backup = &agent->backup;
    err = gong_api_host_start(
        &(struct gong_api_host_options){
            .state_dir = agent->config->state,
            .http = &agent->config->http,
            .api = api,
            .counters = agent->counters,
        },
        &agent->api, problem->why, problem->size);
    if (err != GONG_OK) {
        return gong_agent_fail_as(problem, err, agent->config->http.listen);
    }
    gong_desk_host_watch(agent->desk, tell_streams, agent->api);
    return GONG_OK;
}

static enum gong_err
start_self_metrics(struct gong_agent *agent,
                   const struct gong_agent_problem *problem)
{
    enum gong_err err;

    if (agent->config->self_metrics.ns == 0) {
        return GONG_OK;
    }
    err = gong_self_metrics_start(&agent->status, agent->config->self_metrics,
                                  &agent->self_metrics);
    return err == GONG_OK ? GONG_OK
                          : gong_agent_fail(problem, err, "self metrics");
}

/* --- all of it --- */

typedef enum gong_err (*start_fn)(struct gong_agent *agent,
                                  const struct gong_agent_problem *problem);

static enum gong_err
start_all(struct gong_agent *agent, const struct gong_agent_problem *problem)
{
    static const start_fn before_rules[] = {start_state,
                                            gong_agent_start_journal,
                                            gong_agent_start_effects, recover};
    static const start_fn after_rules[] = {
        start_history,   make_trust,
        start_engine,    make_broker,
        start_committer, start_stores,
        start_notifiers, gong_agent_start_desk,
        start_http,      start_self_metrics,
        start_keeper,    start_broker,
        start_trust};
    enum gong_err err = GONG_OK;

    for (size_t i = 0;
         i < sizeof before_rules / sizeof before_rules[0] && err == GONG_OK;
         i++) {
        err = before_rules[i](agent, problem);
    }
    if (err == GONG_OK) {
        err = announce(agent, problem);
    }
    for (size_t i = 0;
         i < sizeof after_rules / sizeof after_rules[0] && err == GONG_OK;
         i++) {
        err = after_rules[i](agent, problem);
    }
    return err;
}

enum gong_err
gong_agent_start(const struct gong_agent_config *config,
                 struct gong_rules_checked *rules, struct gong_agent **out,
                 char *why, size_t why_size)
{
    struct gong_agent_problem problem = {why, why_size};
    struct gong_agent *agent = calloc(1, sizeof *agent);
    enum gong_err err;

    *out = NULL;
    if (agent == NULL) {
        return gong_agent_fail(&problem, GONG_ERR_MEMORY, "start");
    }
    (void)pthread_mutex_init(&agent->reloading, NULL);
    gong_backup_init(&agent->backup);
    agent->config = config;
    agent->rules = *rules;
    *rules = (struct gong_rules_checked){0};
    agent->counters = gong_counters_new();
    err = agent->counters == NULL
              ? gong_agent_fail(&problem, GONG_ERR_MEMORY, "start")
              : start_all(agent, &problem);
    if (err != GONG_OK) {
        gong_agent_stop(agent);
        return err;
    }
    *out = agent;
    return GONG_OK;
}

static void
stop_inputs(struct gong_agent *agent)
{
    gong_trust_stop(agent->trust);
    if (agent->broker != NULL) {
        gong_broker_stop(agent->broker);
    }
    gong_receive_keeper_halt(agent->keeper);
    gong_self_metrics_stop(agent->self_metrics);
    gong_desk_host_watch(agent->desk, NULL, NULL);
    gong_backup_cancel(&agent->backup);
    gong_api_host_stop(agent->api);
}

/* After the engine has applied everything and the journal's last sync, stores
 * get their last chance, then receivers. */
static void
stop_outputs(struct gong_agent *agent)
{
    gong_engine_thread_stop(agent->engine);
    if (agent->journal != NULL) {
        gong_journal_stop(agent->journal);
        gong_receive_keeper_save(agent->keeper);
    }
    for (size_t i = 0; i < agent->store_count; i++) {
        gong_store_stop(agent->stores[i]);
    }
    gong_history_stop(agent->history);
    if (agent->effects != NULL) {
        gong_effects_stop(agent->effects);
    }
    for (size_t i = 0; i < agent->notifier_count; i++) {
        gong_notifier_stop(agent->notifiers[i]);
    }
    gong_desk_host_stop(agent->desk);
}

void
gong_agent_stop(struct gong_agent *agent)
{
    if (agent == NULL) {
        return;
    }
    stop_inputs(agent);
    stop_outputs(agent);
    gong_receive_keeper_stop(agent->keeper);
    gong_ack_free(agent->ack);
    gong_broker_free(agent->broker);
    gong_ingest_free(agent->ingest);
    gong_effects_close(agent->effects);
    gong_journal_close(agent->journal);
    gong_trust_free(agent->trust);
    gong_receive_free(agent->receive);
    gong_counters_free(agent->counters);
    free(agent->stores);
    free(agent->status_stores);
    free(agent->notifiers);
    gong_rules_checked_fini(&agent->rules);
    (void)pthread_mutex_destroy(&agent->reloading);
    gong_backup_fini(&agent->backup);
    free(agent);
}

void
gong_agent_reload(struct gong_agent *agent)
{
    struct gong_conf_errors errors = {0};
    struct gong_rules_checked rules;
    bool taken;

    (void)pthread_mutex_lock(&agent->reloading);
    taken = gong_rules_reload_run(&agent->reload, &rules, &errors);
    if (taken) {
        gong_agent_renew_desk(agent, &rules);
    }
    (void)pthread_mutex_unlock(&agent->reloading);
    if (!taken) {
        gong_log(GONG_LOG_ERROR,
                 errors.no_memory ? "rules_no_memory" : "rules_refused",
                 "problems=%zu running=\"unchanged\"", errors.count);
        gong_rules_log_errors("rules_problem", &errors);
    }
    gong_conf_errors_fini(&errors);
}

uint16_t
gong_agent_http_port(const struct gong_agent *agent)
{
    return agent->api == NULL ? 0 : gong_api_host_port(agent->api);
}
