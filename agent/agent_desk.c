/* The agent and its desk: start, other routes, earlier rules. */
#include "agent/agent_private.h"
#include "common/log.h"

enum gong_err
gong_agent_start_desk(struct gong_agent *agent,
                      const struct gong_agent_problem *problem)
{
    const struct gong_agent_config *config = agent->config;
    enum gong_err err;

    if (!config->desk_on) {
        return GONG_OK;
    }
    err = gong_desk_host_start(
        &(struct gong_desk_host_options){
            .state_dir = config->state,
            .file = &config->desk,
            .channels = &config->channels,
            .routes = agent->rules.routes,
            .model = agent->rules.source->model,
            .effects = agent->effects,
            .counters = agent->counters,
            .trust = agent->trust,
        },
        &agent->desk, problem->why, problem->size);
    return err == GONG_OK ? GONG_OK : gong_agent_fail_as(problem, err, "desk");
}

void
gong_agent_renew_desk(struct gong_agent *agent,
                      struct gong_rules_checked *rules)
{
    struct gong_rules_checked old = agent->rules;
    struct gong_desk_config *routes =
        rules->routes == NULL ? old.routes : rules->routes;
    enum gong_err err = GONG_OK;

    if (agent->desk != NULL) {
        err = gong_desk_host_renew(agent->desk, routes, rules->source->model);
    }
    if (err != GONG_OK) {
        gong_log(GONG_LOG_ERROR, "routes_not_changed",
                 "reason=\"%s\" effect=\"rules are new, routes and city model "
                 "as before\" todo=\"reload again\"",
                 gong_err_text(err));
        gong_rules_checked_fini(rules);
        return;
    }
    if (rules->routes == NULL) {
        old.routes = NULL;
    }
    agent->rules = *rules;
    agent->rules.routes = routes;
    gong_rules_checked_fini(&old);
}

void
gong_agent_renew_from(void *ctx, struct gong_rules_checked *checked)
{
    gong_agent_renew_desk(ctx, checked);
}
