/*
 * engine_outputs: what becomes of the series that recordings feed when the
 * rules change. One of the same id and name goes on with them, whatever its
 * expression is: what its first result does not feed ends then. Those of all
 * others end at once, so that their readers do not see a last value until
 * look-back is over; so do those for which the limit of instances leaves no
 * room.
 */
#include <string.h>

#include "rules/engine/engine_general.h"
#include "rules/engine/sample.h"
#include "rules/engine/engine_hold.h"

/* The recording that goes on with an old one's series, or GONG_BOOK_NONE. */
static uint32_t
successor(const struct gong_book *from, const struct gong_book *to,
          uint32_t rule)
{
    const struct gong_rule *old = from->rules[rule].rule;
    uint32_t found = gong_book_find(to, old->id);

    return found != GONG_BOOK_NONE && to->rules[found].rule->record != NULL &&
                   strcmp(to->rules[found].rule->record, old->record) == 0
               ? found
               : GONG_BOOK_NONE;
}

static uint32_t
successor_of(const struct gong_live *from, const struct gong_live *to,
             const struct gong_output *o)
{
    return successor(&from->book, &to->book,
                     gong_instance_at(&from->binds, o->instance)->rule);
}

enum gong_err
gong_engine_move_outputs(const struct gong_live *from, struct gong_live *to)
{
    for (uint32_t n = 1; n < from->outputs.arena.count; n++) {
        const struct gong_output *o = gong_output_at(&from->outputs, n);
        uint32_t rule = GONG_BOOK_NONE;
        uint32_t instance = 0;
        enum gong_err err = GONG_OK;

        if (o->instance != 0) {
            rule = successor_of(from, to, o);
        }
        if (rule == GONG_BOOK_NONE) {
            continue;
        }
        err = gong_bind_general(
            &to->binds, rule,
            gong_instance_at(&from->binds, o->instance)->leaves, &instance);
        if (err == GONG_OK) {
            err = gong_output_add(to, rule, instance);
        }
        if (err != GONG_OK && err != GONG_ERR_TOO_LARGE) {
            return err;
        }
    }
    return GONG_OK;
}

/* Ends the series of an output, for the stores and for those that read it. */
static enum gong_err
end_output(struct gong_engine *engine, const struct gong_live *old,
           const struct gong_output *o)
{
    const struct gong_instance *i = gong_instance_at(&old->binds, o->instance);
    const struct gong_book_rule *rule = &old->book.rules[i->rule];
    struct gong_series_name name = {.labelset = i->leaves,
                                    .metric = rule->record};
    int64_t now = gong_engine_ran_until(engine);
    double gone = gong_stale_nan();
    uint32_t series = 0;
    enum gong_err err = GONG_OK;

    gong_engine_tell_recorded(engine, rule->rule, i->leaves, now, gone);
    if (o->series == 0 ||
        !gong_book_is_read(&engine->live->book, rule->record)) {
        return GONG_OK;
    }
    err = gong_bind_series(&engine->live->binds, name, &series);
    if (err == GONG_ERR_NOT_FOUND || err == GONG_ERR_TOO_LARGE) {
        return GONG_OK;
    }
    return err == GONG_OK
               ? gong_engine_feed(engine, GONG_BOOK_NONE, series, now, gone)
               : err;
}

/* Whether it is an output of to as well. */
static bool
goes_on(const struct gong_live *from, const struct gong_live *to,
        const struct gong_output *o)
{
    uint32_t labelset = gong_instance_at(&from->binds, o->instance)->leaves;
    uint32_t rule = successor_of(from, to, o);
    uint32_t instance =
        rule == GONG_BOOK_NONE
            ? 0
            : gong_bind_find_general(&to->binds, rule, labelset);

    return instance != 0 && gong_instance_at(&to->binds, instance)->alert != 0;
}

enum gong_err
gong_engine_end_outputs(struct gong_engine *engine, const struct gong_live *old)
{
    enum gong_err err = GONG_OK;

    for (uint32_t n = 1; n < old->outputs.arena.count && err == GONG_OK; n++) {
        const struct gong_output *o = gong_output_at(&old->outputs, n);

        if (o->instance != 0 && !goes_on(old, engine->live, o)) {
            err = end_output(engine, old, o);
        }
    }
    return err;
}
