/*
 * engine_fault: tells which rules have no result (semantics rule 16). That one
 * has none is no part of the engine's state: after a restart it is found out
 * at its next instant.
 */
#include "rules/engine/engine_general.h"
#include "rules/engine/engine_step.h"

void
gong_engine_on_fault(struct gong_engine *engine, gong_fault_fn fault, void *ctx)
{
    engine->fault = fault;
    engine->fault_ctx = ctx;
}

static void
tell(struct gong_engine *engine, uint32_t rule, const char *text, int64_t t,
     bool partial)
{
    struct gong_rule_fault fault = {.rule = engine->live->book.rules[rule].rule,
                                    .text = text,
                                    .at_ms = t,
                                    .partial = partial};

    if (engine->fault != NULL) {
        engine->fault(engine->fault_ctx, &fault);
    }
}

static struct gong_general *
query_of(const struct gong_engine *engine, uint32_t rule)
{
    return engine->live->queries[engine->live->book.rules[rule].general];
}

void
gong_engine_note_fault(struct gong_engine *engine, uint32_t rule,
                       enum gong_eval_fault fault, int64_t t)
{
    struct gong_general *query = query_of(engine, rule);

    engine->stats.rule_faults++;
    *gong_general_failing(query) = true;
    tell(engine, rule, gong_eval_fault_text(fault), t, false);
}

void
gong_engine_note_result(struct gong_engine *engine, uint32_t rule, int64_t t)
{
    bool *failing = gong_general_failing(query_of(engine, rule));

    if (*failing) {
        *failing = false;
        tell(engine, rule, NULL, t, false);
    }
}

void
gong_engine_note_twin(struct gong_engine *engine, uint32_t rule, int64_t t)
{
    engine->stats.rule_faults++;
    tell(engine, rule, gong_eval_fault_text(GONG_EVAL_SAME_LABELSET), t, true);
}
