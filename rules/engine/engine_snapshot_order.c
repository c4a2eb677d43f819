/* engine_snapshot_order: whether what tables have in others lies there in the
 * order of their own elements, each behind the one before, as it does when it
 * is made. So it can move down when some of it goes. */
#include "rules/engine/bind_past.h"
#include "rules/engine/engine_snapshot_private.h"

/* The end of what was seen so far. */
struct order {
    uint64_t end;
    bool fine;
};

static void
follow(struct order *order, uint32_t first, uint64_t count)
{
    order->fine &= first >= order->end;
    order->end = first + count;
}

static bool
pairs_in_order(const struct gong_labelsets *sets)
{
    struct order order = {1, true};

    for (uint32_t i = 1; i < sets->sets.count; i++) {
        const struct gong_labelset *set = gong_arena_at(&sets->sets, i);

        follow(&order, set->first, set->count);
    }
    return order.fine;
}

static bool
keys_in_order(const struct gong_registry *registry)
{
    struct order order = {1, true};

    for (uint32_t i = 1; i < registry->rows.count; i++) {
        const struct gong_row *r = gong_row_at(registry, i);

        follow(&order, r->key_at, gong_bytes_units(r->key_len));
    }
    return order.fine;
}

static bool
leaves_in_order(const struct gong_binds *binds)
{
    struct order order = {1, true};

    for (uint32_t n = 1; n < binds->instances.count; n++) {
        const struct gong_instance *i = gong_instance_at(binds, n);
        const struct gong_book_rule *r = &binds->book->rules[i->rule];

        if (r->form == GONG_FORM_JOINT) {
            follow(&order, i->leaves, r->plan->leaf_count);
        }
    }
    return order.fine;
}

static bool
bindings_in_order(const struct gong_binds *binds)
{
    struct order order = {1, true};

    for (uint32_t i = 1; i < binds->series.count; i++) {
        const struct gong_series *s = gong_series_at(binds, i);
        const struct gong_attachment *a =
            gong_attachment_at(binds, s->attachment);

        follow(&order, s->bindings,
               (uint64_t)a->count + (a->keep_ms != GONG_KEEP_NONE));
    }
    return order.fine;
}

const char *
gong_snapshot_check_order(const struct gong_engine *engine)
{
    const struct gong_binds *binds = &engine->live->binds;

    return pairs_in_order(&engine->labelsets) &&
                   keys_in_order(&engine->registry) && leaves_in_order(binds) &&
                   bindings_in_order(binds)
               ? NULL
               : "a table is out of order";
}
