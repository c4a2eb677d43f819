/* engine_live: what one rule set has alive, as a thing of its own: the engine
 * begins with an empty one, a reload builds the next beside it. */
#include "rules/engine/engine_live.h"

#include <stdlib.h>

struct gong_live *
gong_live_new(struct gong_engine *engine)
{
    struct gong_live *live = calloc(1, sizeof *live);

    if (live == NULL) {
        return NULL;
    }
    gong_binds_init(&live->binds, &live->book, &engine->labelsets,
                    &engine->budget, &engine->derived);
    live->binds.instances_max = engine->limits.instances;
    gong_timers_init(&live->timers, &engine->derived);
    gong_alerts_init(&live->alerts, &engine->budget);
    gong_arena_init(&live->general_states, &engine->budget,
                    sizeof(struct gong_general_state));
    gong_arena_init(&live->outputs.arena, &engine->budget,
                    sizeof(struct gong_output));
    return live;
}

enum gong_err
gong_live_prepare(const struct gong_engine *engine, struct gong_live *live)
{
    const struct gong_book *book = &live->book;
    struct gong_expr_error error = {0};

    live->queries =
        calloc((size_t)book->general_count + 1, sizeof(struct gong_general *));
    if (live->queries == NULL || !gong_binds_prepare(&live->binds)) {
        return GONG_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < book->count; i++) {
        const struct gong_book_rule *r = &book->rules[i];

        if (r->form != GONG_FORM_GENERAL) {
            continue;
        }
        live->queries[r->general] = gong_general_new(engine, live, r, &error);
        if (live->queries[r->general] == NULL) {
            return error.no_memory ? GONG_ERR_MEMORY : GONG_ERR_INVALID;
        }
    }
    return GONG_OK;
}

enum gong_err
gong_live_begin(struct gong_live *live)
{
    const struct gong_book *book = &live->book;

    if (gong_arena_add(&live->general_states, book->general_count) == 0) {
        return GONG_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < book->count; i++) {
        struct gong_general_state *state = NULL;
        enum gong_err err = GONG_OK;

        if (book->rules[i].form != GONG_FORM_GENERAL) {
            continue;
        }
        state = gong_general_state_at(live, book->rules[i].general);
        state->evaluated_ms = GONG_STAMP_NONE;
        err = gong_bind_general(&live->binds, i, 0, &state->head);
        if (err != GONG_OK) {
            return err;
        }
    }
    return GONG_OK;
}

void
gong_live_free(struct gong_live *live)
{
    if (live == NULL) {
        return;
    }
    for (uint32_t i = 1; live->queries != NULL && i <= live->book.general_count;
         i++) {
        gong_general_free(live->queries[i]);
    }
    free(live->queries);
    gong_arena_fini(&live->general_states);
    gong_arena_fini(&live->outputs.arena);
    gong_alerts_fini(&live->alerts);
    gong_timers_fini(&live->timers);
    gong_binds_fini(&live->binds);
    gong_book_fini(&live->book);
    free(live);
}

uint32_t
gong_live_clock(const struct gong_engine *engine, const struct gong_live *live,
                const struct gong_instance *instance)
{
    const struct gong_binds *binds = &live->binds;
    const struct gong_series *home = NULL;

    if (live->book.rules[instance->rule].journal) {
        return GONG_CLOCK_JOURNAL; /* GENERAL rules' too: they have no home */
    }
    home = gong_series_at(binds, gong_bind_home(binds, instance));
    return gong_device_at(&engine->registry, home->device)->clock;
}

void
gong_live_count(struct gong_live *live, const struct gong_book_rule *rule,
                enum gong_alert_state from, enum gong_alert_state to)
{
    if (rule->rule->trial) {
        live->trial -= from != GONG_ALERT_INACTIVE;
        live->trial += to != GONG_ALERT_INACTIVE;
        return;
    }
    live->pending -= from == GONG_ALERT_PENDING;
    live->firing -= from == GONG_ALERT_FIRING || from == GONG_ALERT_KEEPING;
    live->unknown -= from == GONG_ALERT_UNKNOWN;
    live->pending += to == GONG_ALERT_PENDING;
    live->firing += to == GONG_ALERT_FIRING || to == GONG_ALERT_KEEPING;
    live->unknown += to == GONG_ALERT_UNKNOWN;
}
