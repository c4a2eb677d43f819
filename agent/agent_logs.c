/* The journal with the receive ledger, and the effects log. */
#include "agent/agent_private.h"

#include "agent/receive/receive_file.h"
#include "common/log.h"

#define MEMORY_RETRY_S 1

static uint64_t
seen_from(void *ctx, struct gong_spool *spool)
{
    struct gong_agent *agent = ctx;
    uint64_t from = 0;

    gong_receive_load(agent->receive, agent->dir.receive, spool, &from);
    return from;
}

static void
seen(void *ctx, const struct gong_record *record)
{
    const struct gong_agent *agent = ctx;

    gong_receive_learn(agent->receive, record);
}

static void
written(void *ctx, const struct gong_record *record)
{
    struct gong_agent *agent = ctx;

    gong_receive_written(agent->receive, record);
}

static void
committing(void *ctx)
{
    struct gong_agent *agent = ctx;

    gong_ack_committing(agent->ack);
}

static void
note_effects_sync(struct gong_agent *agent, enum gong_err err)
{
    bool failing = err != GONG_OK;

    if (failing != agent->effects_failing) {
        agent->effects_failing = failing;
        gong_log(failing ? GONG_LOG_WARNING : GONG_LOG_INFO,
                 failing ? "effects_sync_failed" : "effects_sync_back",
                 "reason=\"%s\"", gong_err_text(err));
    }
}

/* Effects are made durable in the journal's rhythm, after the acks. A failure
 * costs a repeated notification after a power cut, nothing else. */
static void
durable(void *ctx, uint64_t offset)
{
    struct gong_agent *agent = ctx;
    struct gong_spool *effects = gong_effects_spool(agent->effects);
    struct gong_spool_stats stats;

    gong_ack_durable(agent->ack, offset);
    gong_spool_stats(effects, &stats);
    if (stats.end != agent->effects_seen) {
        enum gong_err err = gong_spool_sync(effects);

        if (err == GONG_OK) { /* else it is tried again with the next */
            agent->effects_seen = stats.end;
        }
        note_effects_sync(agent, err);
    }
}

static struct gong_spool_options
spool_options(const char *dir, const struct gong_agent_log *log,
              enum gong_spool_policy policy)
{
    return (struct gong_spool_options){
        .dir = dir,
        .segment_size = log->segment_size,
        .segments_max = (uint32_t)(log->size / log->segment_size),
        .policy = policy,
        .memory_max = log->memory,
        .memory_retry = gong_dur_s(MEMORY_RETRY_S),
    };
}

enum gong_err
gong_agent_start_journal(struct gong_agent *agent,
                         const struct gong_agent_problem *problem)
{
    const struct gong_agent_config *config = agent->config;
    struct gong_receive_options ledger = {
        .devices_max = (size_t)config->ingest.devices_max,
        .rate = config->ingest.device_rate,
        .burst = config->ingest.device_burst,
        .ack_interval = config->ingest.ack_interval,
    };
    struct gong_journal_options options = {
        .spool = spool_options(agent->dir.journal, &config->journal,
                               (enum gong_spool_policy)config->journal.policy),
        .commit_interval = config->journal.commit_interval,
        .committing = committing,
        .durable = durable,
        .ctx = agent,
        .written = written,
        .seen = seen,
        .seen_from = seen_from,
        .seen_ctx = agent,
        .settle = config->engine.settle,
    };
    enum gong_err err;

    agent->receive = gong_receive_new(&ledger);
    if (agent->receive == NULL) {
        return gong_agent_fail(problem, GONG_ERR_MEMORY, "receive ledger");
    }
    err = gong_journal_open(&options, agent->counters, &agent->journal,
                            problem->why, problem->size);
    return err == GONG_OK ? GONG_OK
                          : gong_agent_fail_as(problem, err, "journal");
}

enum gong_err
gong_agent_start_effects(struct gong_agent *agent,
                         const struct gong_agent_problem *problem)
{
    struct gong_spool *journal = gong_journal_spool(agent->journal);
    struct gong_spool_options options = spool_options(
        agent->dir.effects, &agent->config->effects, GONG_SPOOL_DROP_OLDEST);
    struct gong_spool_stats stats;
    uint8_t id[16];
    enum gong_err err;

    err = gong_effects_open(&options, agent->counters, &agent->effects,
                            problem->why, problem->size);
    if (err != GONG_OK) {
        return gong_agent_fail_as(problem, err, "effects");
    }
    gong_spool_id(journal, id);
    gong_spool_stats(journal, &stats);
    err = gong_effects_bind(agent->effects, id, stats.end);
    return err == GONG_OK ? GONG_OK
                          : gong_agent_fail(problem, err, agent->dir.effects);
}
