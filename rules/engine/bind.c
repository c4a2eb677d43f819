#include "rules/engine/bind_private.h"

#include <stdlib.h>

void
gong_binds_init(struct gong_binds *binds, const struct gong_book *book,
                const struct gong_labelsets *labelsets,
                struct gong_budget *budget, struct gong_budget *derived)
{
    *binds = (struct gong_binds){
        .book = book,
        .labelsets = labelsets,
        .instances_max = UINT32_MAX,
    };
    gong_arena_init(&binds->series, budget, sizeof(struct gong_series));
    gong_arena_init(&binds->instances, budget, sizeof(struct gong_instance));
    gong_arena_init(&binds->bindings, budget, sizeof(uint32_t));
    gong_arena_init(&binds->leaves, budget, sizeof(uint32_t));
    gong_arena_init(&binds->attachments, budget,
                    sizeof(struct gong_attachment));
    gong_arena_init(&binds->entries, budget, sizeof(struct gong_entry));
    gong_arena_init(&binds->scratch, derived, sizeof(struct gong_entry));
    gong_arena_init(&binds->siblings, derived, sizeof(uint32_t));
    gong_arena_init(&binds->newest, derived, sizeof(uint32_t));
    gong_arena_init(&binds->order, derived, sizeof(uint32_t));
    gong_index_init(&binds->series_index, budget);
    gong_index_init(&binds->attachment_index, budget);
    gong_index_init(&binds->joint_index, budget);
    gong_groups_init(&binds->groups, budget, derived, labelsets->symbols->key);
    gong_sample_windows_init(&binds->windows, budget, derived);
}

void
gong_binds_fini(struct gong_binds *binds)
{
    gong_arena_fini(&binds->series);
    gong_arena_fini(&binds->instances);
    gong_arena_fini(&binds->bindings);
    gong_arena_fini(&binds->leaves);
    gong_arena_fini(&binds->attachments);
    gong_arena_fini(&binds->entries);
    gong_arena_fini(&binds->scratch);
    gong_arena_fini(&binds->siblings);
    gong_arena_fini(&binds->newest);
    gong_arena_fini(&binds->order);
    gong_index_fini(&binds->series_index);
    gong_index_fini(&binds->attachment_index);
    gong_index_fini(&binds->joint_index);
    gong_groups_fini(&binds->groups);
    for (uint32_t i = 0; i < binds->selected_count; i++) {
        gong_arena_fini(&binds->selected[i].series);
    }
    free(binds->selected);
    free(binds->heads);
    gong_sample_windows_fini(&binds->windows);
}

bool
gong_binds_prepare(struct gong_binds *binds)
{
    const struct gong_book *book = binds->book;

    binds->selected =
        calloc((size_t)book->read_count + 1, sizeof *binds->selected);
    binds->heads =
        calloc((size_t)book->general_count + 1, sizeof *binds->heads);
    if (binds->selected == NULL || binds->heads == NULL) {
        return false;
    }
    binds->selected_count = book->read_count;
    for (uint32_t i = 0; i < book->read_count; i++) {
        gong_arena_init(&binds->selected[i].series, binds->scratch.budget,
                        sizeof(uint32_t));
    }
    return true;
}

static const struct gong_book_rule *
rule_of(const struct gong_binds *binds, const struct gong_instance *instance)
{
    return &binds->book->rules[instance->rule];
}

uint32_t
gong_bind_leaf(const struct gong_binds *binds,
               const struct gong_instance *instance, uint32_t leaf)
{
    return rule_of(binds, instance)->form == GONG_FORM_JOINT
               ? *(uint32_t *)gong_arena_at(&binds->leaves,
                                            instance->leaves + leaf)
               : instance->leaves;
}

uint32_t
gong_bind_labels(const struct gong_binds *binds,
                 const struct gong_instance *instance)
{
    switch (rule_of(binds, instance)->form) {
    case GONG_FORM_GENERAL:
        return instance->leaves;
    case GONG_FORM_AGGREGATE:
        return gong_group_at(&binds->groups, instance->leaves)->labelset;
    case GONG_FORM_THRESHOLD:
    case GONG_FORM_SINGLE:
    case GONG_FORM_WINDOW:
    case GONG_FORM_JOINT:
        break;
    }
    return gong_series_at(binds, gong_bind_home(binds, instance))->labelset;
}

uint32_t
gong_bind_home(const struct gong_binds *binds,
               const struct gong_instance *instance)
{
    uint32_t count = rule_of(binds, instance)->plan->leaf_count;

    for (uint32_t leaf = 0; leaf < count; leaf++) {
        uint32_t series = gong_bind_leaf(binds, instance, leaf);

        if (series != 0) {
            return series;
        }
    }
    return 0;
}
static enum gong_err
add_bindings(struct gong_binds *binds, uint32_t series, uint32_t attachment)
{
    struct gong_attachment a = *gong_attachment_at(binds, attachment);
    bool past = a.keep_ms != GONG_KEEP_NONE;
    uint32_t bindings = gong_arena_add(&binds->bindings, a.count + past);
    uint32_t window = past ? gong_sample_window_add(&binds->windows) : 0;

    if (bindings == 0 || (past && window == 0)) {
        return GONG_ERR_MEMORY;
    }
    if (past) {
        *(uint32_t *)gong_arena_at(&binds->bindings, bindings + a.count) =
            window;
    }
    for (uint32_t i = 0; i < a.count; i++) {
        const struct gong_entry *entry = gong_entry_at(binds, a.first + i);
        uint32_t instance = gong_bind_make(binds, series, entry);

        if (instance == 0) {
            return GONG_ERR_MEMORY;
        }
        *(uint32_t *)gong_arena_at(&binds->bindings, bindings + i) = instance;
    }
    gong_series_at(binds, series)->bindings = bindings;
    gong_series_at(binds, series)->attachment = attachment;
    return GONG_OK;
}

/* Room for element number at. */
static bool
make_room(struct gong_arena *numbers, uint32_t at)
{
    return at < numbers->count ||
           gong_arena_add(numbers,
                          numbers->count == 0 ? at : at - numbers->count + 1) !=
               0;
}

static bool
link_series(struct gong_binds *binds, uint32_t series)
{
    uint32_t device = gong_series_at(binds, series)->device;

    if (!make_room(&binds->siblings, series) ||
        !make_room(&binds->newest, device)) {
        return false;
    }
    *gong_bind_number_at(&binds->siblings, series) =
        *gong_bind_number_at(&binds->newest, device);
    *gong_bind_number_at(&binds->newest, device) = series;
    return true;
}

uint32_t
gong_bind_family(const struct gong_binds *binds, uint32_t device)
{
    return device < binds->newest.count
               ? *gong_bind_number_at(&binds->newest, device)
               : 0;
}

uint32_t
gong_bind_sibling(const struct gong_binds *binds, uint32_t series)
{
    return *gong_bind_number_at(&binds->siblings, series);
}

/* Series are listed in the order in which they were made, as they were then. */
static bool
link_selected(const struct gong_binds *binds, uint32_t series)
{
    const struct gong_attachment *a =
        gong_attachment_at(binds, gong_series_at(binds, series)->attachment);

    for (uint32_t i = 0; i < a->count; i++) {
        const struct gong_entry *entry = gong_entry_at(binds, a->first + i);

        if (entry->form == GONG_FORM_GENERAL &&
            !gong_bind_select(binds, entry, series)) {
            return false;
        }
    }
    return true;
}

bool
gong_bind_link(struct gong_binds *binds)
{
    gong_arena_clear(&binds->siblings);
    gong_arena_clear(&binds->newest);
    for (uint32_t i = 0; i < binds->selected_count; i++) {
        gong_arena_clear(&binds->selected[i].series);
        binds->selected[i].sorted = 0;
    }
    for (uint32_t series = 1; series < binds->series.count; series++) {
        if (!link_series(binds, series) || !link_selected(binds, series)) {
            return false;
        }
    }
    return true;
}

bool
gong_binds_index(struct gong_binds *binds)
{
    gong_arena_clear(&binds->siblings);
    gong_arena_clear(&binds->newest);
    gong_index_clear(&binds->series_index);
    for (uint32_t n = 1; n < binds->series.count; n++) {
        const struct gong_series *s = gong_series_at(binds, n);
        struct gong_series_name name = {s->device, s->labelset, s->metric};

        if (!link_series(binds, n) ||
            !gong_index_put(&binds->series_index,
                            gong_bind_hash(binds, &name, sizeof name), n)) {
            return false;
        }
    }
    return gong_bind_index_instances(binds);
}

static enum gong_err
add_series(struct gong_binds *binds, struct gong_series_name name,
           uint64_t hash, uint32_t *series)
{
    uint32_t count = 0;
    uint32_t attachment = 0;

    if (!gong_bind_collect(binds, name)) {
        return GONG_ERR_MEMORY;
    }
    count = binds->scratch.count - 1;
    if (count == 0) {
        return GONG_ERR_NOT_FOUND;
    }
    if (count > binds->instances_max ||
        binds->instances.count > binds->instances_max - count + 1) {
        return GONG_ERR_TOO_LARGE;
    }
    attachment = gong_bind_attach(binds, count);
    *series = gong_arena_add(&binds->series, 1);
    if (attachment == 0 || *series == 0) {
        return GONG_ERR_MEMORY;
    }
    *gong_series_at(binds, *series) = (struct gong_series){
        .stamp = GONG_STAMP_NONE,
        .device = name.device,
        .labelset = name.labelset,
        .metric = name.metric,
    };
    if (!gong_index_put(&binds->series_index, hash, *series) ||
        !link_series(binds, *series)) {
        return GONG_ERR_MEMORY;
    }
    return add_bindings(binds, *series, attachment);
}

enum gong_err
gong_bind_series(struct gong_binds *binds, struct gong_series_name name,
                 uint32_t *series)
{
    uint64_t hash = gong_bind_hash(binds, &name, sizeof name);
    struct gong_probe probe = gong_probe_start(&binds->series_index, hash);

    while ((*series = gong_probe_next(&binds->series_index, &probe)) != 0) {
        const struct gong_series *s = gong_series_at(binds, *series);

        if (s->device == name.device && s->labelset == name.labelset &&
            s->metric == name.metric) {
            return GONG_OK;
        }
    }
    return add_series(binds, name, hash, series);
}

uint32_t
gong_bind_instance(const struct gong_binds *binds, uint32_t series,
                   uint32_t rule)
{
    const struct gong_series *s = gong_series_at(binds, series);
    const struct gong_attachment *a = gong_attachment_at(binds, s->attachment);

    for (uint32_t i = 0; i < a->count; i++) {
        if (gong_entry_at(binds, a->first + i)->rule == rule) {
            return gong_binding_at(binds, s->bindings + i);
        }
    }
    return 0;
}
