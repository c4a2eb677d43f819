/* bind_keep: series and instances that go, and new numbers of all that stays.
 * A series' bindings and an instance's leaves lie in the order of the series
 * and instances, as they were made: they move down. */
#include "rules/engine/bind_private.h"

/* The leaves of a JOINT instance; *to is where they go. */
static bool
keep_leaves(struct gong_binds *binds, struct gong_instance *i,
            const struct gong_kept *kept, uint32_t *to)
{
    uint32_t count = binds->book->rules[i->rule].plan->leaf_count;

    if (!gong_arena_move(&binds->leaves, *to, i->leaves, count)) {
        return false;
    }
    for (uint32_t leaf = 0; leaf < count; leaf++) {
        uint32_t *series = gong_bind_number_at(&binds->leaves, *to + leaf);

        *series = kept->series[*series];
    }
    i->leaves = *to;
    *to += count;
    return true;
}

static bool
keep_instances(struct gong_binds *binds, const struct gong_kept *kept)
{
    uint32_t to = 1;

    for (uint32_t n = 1; n < binds->instances.count; n++) {
        struct gong_instance *i = gong_instance_at(binds, n);

        if (kept->instances[n] == 0) {
            continue;
        }
        switch (binds->book->rules[i->rule].form) {
        case GONG_FORM_JOINT:
            if (!keep_leaves(binds, i, kept, &to)) {
                return false;
            }
            break;
        case GONG_FORM_GENERAL:
            i->leaves = kept->sets[i->leaves];
            break;
        case GONG_FORM_AGGREGATE:
            break; /* groups stay where they are */
        case GONG_FORM_THRESHOLD:
        case GONG_FORM_SINGLE:
        case GONG_FORM_WINDOW:
            i->leaves = kept->series[i->leaves];
            break;
        }
    }
    gong_arena_cut(&binds->leaves, to);
    return true;
}

static bool
keep_bindings(struct gong_binds *binds, struct gong_series *s,
              const struct gong_kept *kept, uint32_t *to)
{
    const struct gong_attachment *a = gong_attachment_at(binds, s->attachment);
    bool past = a->keep_ms != GONG_KEEP_NONE;

    if (!gong_arena_move(&binds->bindings, *to, s->bindings, a->count + past)) {
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        const struct gong_entry *entry = gong_entry_at(binds, a->first + i);
        uint32_t *binding = gong_bind_number_at(&binds->bindings, *to + i);

        *binding = entry->form == GONG_FORM_AGGREGATE
                       ? kept->members[*binding]
                       : kept->instances[*binding];
    }
    if (past) {
        uint32_t *window =
            gong_bind_number_at(&binds->bindings, *to + a->count);

        *window = kept->windows[*window];
    }
    s->bindings = *to;
    *to += a->count + past;
    return true;
}

static bool
keep_series(struct gong_binds *binds, const struct gong_kept *kept)
{
    uint32_t to = 1;

    for (uint32_t n = 1; n < binds->series.count; n++) {
        struct gong_series *s = gong_series_at(binds, n);

        if (kept->series[n] == 0) {
            continue;
        }
        if (!keep_bindings(binds, s, kept, &to)) {
            return false;
        }
        s->labelset = kept->sets[s->labelset];
    }
    gong_arena_cut(&binds->bindings, to);
    return true;
}

/* The lists of what GENERAL rules read stay sorted. */
static void
keep_selected(struct gong_selected *selected, const uint32_t *series)
{
    uint32_t kept = 0;
    uint32_t sorted = 0;

    for (uint32_t i = 1; i < selected->series.count; i++) {
        uint32_t number = series[*gong_bind_number_at(&selected->series, i)];

        if (number != 0) {
            kept++;
            sorted += i <= selected->sorted;
            *gong_bind_number_at(&selected->series, kept) = number;
        }
    }
    selected->sorted = sorted;
    gong_arena_cut(&selected->series, kept + 1);
}

bool
gong_binds_keep(struct gong_binds *binds, const struct gong_kept *kept)
{
    if (!keep_instances(binds, kept) || !keep_series(binds, kept) ||
        !gong_groups_keep(&binds->groups, kept)) {
        return false;
    }
    gong_sample_windows_keep(&binds->windows, kept->windows);
    for (uint32_t i = 0; i < binds->selected_count; i++) {
        keep_selected(&binds->selected[i], kept->series);
    }
    for (uint32_t i = 0; i < binds->book->general_count; i++) {
        binds->heads[i] = kept->instances[binds->heads[i]];
    }
    gong_arena_keep(&binds->series, kept->series);
    gong_arena_keep(&binds->instances, kept->instances);
    return gong_binds_index(binds);
}
