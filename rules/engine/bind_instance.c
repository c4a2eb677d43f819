/* bind_instance: what a selector leads to: an instance of the series' own, one
 * that it shares with others, a rule's head, or a member of a group. */
#include "rules/engine/bind_private.h"

static uint32_t *
leaf_at(const struct gong_binds *binds, uint32_t leaf)
{
    return gong_arena_at(&binds->leaves, leaf);
}

static uint32_t
add_instance(struct gong_binds *binds, uint32_t rule, uint32_t leaves)
{
    uint32_t instance = gong_arena_add(&binds->instances, 1);

    if (instance != 0) {
        *gong_instance_at(binds, instance) = (struct gong_instance){
            .rule = (uint16_t)rule,
            .leaves = leaves,
        };
    }
    return instance;
}

static uint64_t
hash_joint(const struct gong_binds *binds, uint32_t rule, uint32_t device,
           uint32_t labelset)
{
    uint32_t words[3] = {rule, device, labelset};

    return gong_bind_hash(binds, words, sizeof words);
}

static bool
joint_is(const struct gong_binds *binds, uint32_t instance, uint32_t rule,
         const struct gong_series *series)
{
    const struct gong_instance *i = gong_instance_at(binds, instance);
    const struct gong_series *home = NULL;

    if (i->rule != rule) {
        return false; /* of a GENERAL rule, say, which has no home */
    }
    home = gong_series_at(binds, gong_bind_home(binds, i));
    return home->device == series->device && home->labelset == series->labelset;
}

/* The JOINT instance of a rule with the labels of series, which becomes its
 * leaf; 0 without memory. */
static uint32_t
join_instance(struct gong_binds *binds, uint32_t series,
              const struct gong_entry *entry)
{
    const struct gong_series *s = gong_series_at(binds, series);
    uint64_t hash = hash_joint(binds, entry->rule, s->device, s->labelset);
    struct gong_probe probe = gong_probe_start(&binds->joint_index, hash);
    uint32_t instance = 0;
    uint32_t leaves = 0;

    while ((instance = gong_probe_next(&binds->joint_index, &probe)) != 0) {
        if (joint_is(binds, instance, entry->rule, s)) {
            leaves = gong_instance_at(binds, instance)->leaves;
            *leaf_at(binds, leaves + entry->leaf) = series;
            return instance;
        }
    }
    leaves = gong_arena_add(&binds->leaves,
                            binds->book->rules[entry->rule].plan->leaf_count);
    if (leaves == 0) {
        return 0;
    }
    *leaf_at(binds, leaves + entry->leaf) = series;
    instance = add_instance(binds, entry->rule, leaves);
    if (instance == 0 || !gong_index_put(&binds->joint_index, hash, instance)) {
        return 0;
    }
    return instance;
}

static bool
is_general(const struct gong_binds *binds, uint32_t instance, uint32_t rule,
           uint32_t labelset)
{
    const struct gong_instance *i = gong_instance_at(binds, instance);

    return i->rule == rule && i->leaves == labelset;
}

static uint32_t
find_general(const struct gong_binds *binds, uint32_t rule, uint32_t labelset,
             uint64_t hash)
{
    struct gong_probe probe = gong_probe_start(&binds->joint_index, hash);
    uint32_t instance = binds->heads[binds->book->rules[rule].general - 1];

    if (labelset == 0 && instance != 0) {
        return instance;
    }
    while ((instance = gong_probe_next(&binds->joint_index, &probe)) != 0) {
        if (is_general(binds, instance, rule, labelset)) {
            return instance;
        }
    }
    return 0;
}

uint32_t
gong_bind_find_general(const struct gong_binds *binds, uint32_t rule,
                       uint32_t labelset)
{
    return find_general(binds, rule, labelset,
                        hash_joint(binds, rule, 0, labelset));
}

enum gong_err
gong_bind_general(struct gong_binds *binds, uint32_t rule, uint32_t labelset,
                  uint32_t *instance)
{
    uint64_t hash = hash_joint(binds, rule, 0, labelset);

    *instance = find_general(binds, rule, labelset, hash);
    if (*instance != 0) {
        return GONG_OK;
    }
    if (labelset != 0 && binds->instances.count > binds->instances_max) {
        return GONG_ERR_TOO_LARGE;
    }
    *instance = add_instance(binds, rule, labelset);
    if (*instance == 0) {
        return GONG_ERR_MEMORY;
    }
    if (labelset == 0) {
        binds->heads[binds->book->rules[rule].general - 1] = *instance;
        return GONG_OK;
    }
    return gong_index_put(&binds->joint_index, hash, *instance)
               ? GONG_OK
               : GONG_ERR_MEMORY;
}

static uint64_t
hash_instance(const struct gong_binds *binds, const struct gong_instance *i)
{
    const struct gong_series *home = NULL;

    if (binds->book->rules[i->rule].form == GONG_FORM_GENERAL) {
        return hash_joint(binds, i->rule, 0, i->leaves);
    }
    home = gong_series_at(binds, gong_bind_home(binds, i));
    return hash_joint(binds, i->rule, home->device, home->labelset);
}

bool
gong_bind_index_instances(struct gong_binds *binds)
{
    gong_index_clear(&binds->joint_index);
    for (uint32_t n = 1; n < binds->instances.count; n++) {
        const struct gong_instance *i = gong_instance_at(binds, n);
        enum gong_book_form form = binds->book->rules[i->rule].form;

        if ((form == GONG_FORM_JOINT ||
             (form == GONG_FORM_GENERAL && i->leaves != 0)) &&
            !gong_index_put(&binds->joint_index, hash_instance(binds, i), n)) {
            return false;
        }
    }
    return true;
}

enum gong_err
gong_bind_group(struct gong_binds *binds, uint32_t rule, uint32_t labelset,
                uint32_t *group)
{
    struct gong_groups *groups = &binds->groups;
    struct gong_group *g = NULL;

    *group = gong_groups_find(groups, rule, labelset);
    if (*group != 0) {
        return GONG_OK;
    }
    if (groups->free == 0 && binds->instances.count > binds->instances_max) {
        return GONG_ERR_TOO_LARGE;
    }
    *group = gong_groups_add(groups, rule, labelset);
    if (*group == 0) {
        return GONG_ERR_MEMORY;
    }
    g = gong_group_at(groups, *group);
    if (g->instance == 0) {
        g->instance = add_instance(binds, rule, *group);
    }
    if (g->instance == 0) {
        gong_groups_remove(groups, *group);
        return GONG_ERR_MEMORY;
    }
    gong_instance_at(binds, g->instance)->rule = (uint16_t)rule;
    return GONG_OK;
}

bool
gong_bind_select(const struct gong_binds *binds, const struct gong_entry *entry,
                 uint32_t series)
{
    const struct gong_book_rule *r = &binds->book->rules[entry->rule];
    struct gong_arena *list =
        &binds->selected[r->first_read + entry->leaf].series;
    uint32_t at = gong_arena_add(list, 1);

    if (at != 0) {
        *(uint32_t *)gong_arena_at(list, at) = series;
    }
    return at != 0;
}

uint32_t
gong_bind_make(struct gong_binds *binds, uint32_t series,
               const struct gong_entry *entry)
{
    switch ((enum gong_book_form)entry->form) {
    case GONG_FORM_JOINT:
        return join_instance(binds, series, entry);
    case GONG_FORM_GENERAL:
        return gong_bind_select(binds, entry, series)
                   ? binds->heads[binds->book->rules[entry->rule].general - 1]
                   : 0;
    case GONG_FORM_AGGREGATE:
        return gong_arena_add(&binds->groups.members, 1);
    case GONG_FORM_THRESHOLD:
    case GONG_FORM_SINGLE:
    case GONG_FORM_WINDOW:
        break;
    }
    return add_instance(binds, entry->rule, series);
}
