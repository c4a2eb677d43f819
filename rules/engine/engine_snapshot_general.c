/* engine_snapshot_general: whether what rules have that are evaluated as a
 * whole hangs together: heads, states, outputs. */
#include "rules/engine/engine_snapshot_private.h"

/* A list of a GENERAL rule's alerts, or outputs: as many as there are at most,
 * each of that rule. */
static bool
list_sound(const struct gong_live *live, uint32_t rule, uint32_t first)
{
    bool record = live->book.rules[rule].rule->record != NULL;
    const struct gong_arena *arena =
        record ? &live->outputs.arena : &live->alerts.arena;
    uint32_t n = first;

    for (uint32_t steps = 0; n != 0; steps++) {
        uint32_t instance = 0;

        if (!gong_snapshot_within(arena, n) || steps >= arena->count) {
            return false;
        }
        instance = record ? gong_output_at(&live->outputs, n)->instance
                          : gong_alert_at(&live->alerts, n)->instance;
        if (!gong_snapshot_within(&live->binds.instances, instance) ||
            gong_instance_at(&live->binds, instance)->rule != rule ||
            gong_instance_at(&live->binds, instance)->alert != n) {
            return false;
        }
        n = record ? gong_output_at(&live->outputs, n)->next
                   : gong_alert_at(&live->alerts, n)->next;
    }
    return true;
}

/* The free list holds every free output once: so many steps lead to its end. */
static bool
free_list_sound(const struct gong_outputs *outputs, uint32_t unused)
{
    uint32_t next = outputs->free;

    for (uint32_t i = 0; i < unused; i++) {
        if (!gong_snapshot_within(&outputs->arena, next) ||
            gong_output_at(outputs, next)->instance != 0) {
            return false;
        }
        next = gong_output_at(outputs, next)->next;
    }
    return next == 0;
}

/* An output belongs to an instance of a recording. */
const char *
gong_snapshot_check_outputs(const struct gong_engine *engine)
{
    const struct gong_live *live = engine->live;
    uint32_t unused = 0;

    for (uint32_t n = 1; n < live->outputs.arena.count; n++) {
        struct gong_output *o = gong_output_at(&live->outputs, n);

        if (o->instance == 0) {
            *o = (struct gong_output){.next = o->next};
            unused++;
            continue;
        }
        if (!gong_snapshot_within(&live->binds.instances, o->instance) ||
            gong_instance_at(&live->binds, o->instance)->alert != n ||
            !gong_snapshot_is_recording(
                live, gong_instance_at(&live->binds, o->instance)) ||
            (o->series != 0 &&
             !gong_snapshot_within(&live->binds.series, o->series))) {
            return "an output is wrong";
        }
    }
    return free_list_sound(&live->outputs, unused)
               ? NULL
               : "the list of free outputs is wrong";
}

const char *
gong_snapshot_check_generals(const struct gong_engine *engine)
{
    const struct gong_live *live = engine->live;

    for (uint32_t rule = 0; rule < live->book.count; rule++) {
        const struct gong_book_rule *r = &live->book.rules[rule];
        const struct gong_general_state *state = NULL;

        if (r->form != GONG_FORM_GENERAL) {
            continue;
        }
        state = gong_general_state_at(live, r->general);
        if (state->head != live->binds.heads[r->general - 1] ||
            (state->evaluated_ms != GONG_STAMP_NONE &&
             (!gong_snapshot_instant_sound(state->evaluated_ms) ||
              state->evaluated_ms > engine->journal_ms)) ||
            state->rests > 1 || !list_sound(live, rule, state->first)) {
            return "a rule's state is wrong";
        }
    }
    return NULL;
}

/* Heads are needed to link; each rule has one. */
const char *
gong_snapshot_find_heads(const struct gong_engine *engine)
{
    const struct gong_live *live = engine->live;
    const struct gong_binds *binds = &live->binds;

    if (live->general_states.count !=
        (live->general_states.count == 0 ? 0 : live->book.general_count + 1)) {
        return "there are too many or too few rules' states";
    }
    if (live->general_states.count == 0 && live->book.general_count > 0) {
        return "rules have no states";
    }
    for (uint32_t n = 1; n < binds->instances.count; n++) {
        const struct gong_instance *i = gong_instance_at(binds, n);
        const struct gong_book_rule *r = &live->book.rules[i->rule];

        if (r->form == GONG_FORM_GENERAL && i->leaves == 0) {
            if (binds->heads[r->general - 1] != 0 || i->alert != 0) {
                return "a rule has two heads";
            }
            binds->heads[r->general - 1] = n;
        }
    }
    for (uint32_t i = 0; i < live->book.general_count; i++) {
        if (binds->heads[i] == 0) {
            return "a rule has no head";
        }
    }
    return NULL;
}
