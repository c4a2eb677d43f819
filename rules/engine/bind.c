#include "rules/engine/bind.h"

#include <math.h>
#include <stdlib.h>

void
gong_binds_init(struct gong_binds *binds, const struct gong_book *book,
                const struct gong_labelsets *labelsets,
                struct gong_budget *budget)
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
    gong_arena_init(&binds->scratch, budget, sizeof(struct gong_entry));
    gong_arena_init(&binds->siblings, budget, sizeof(uint32_t));
    gong_arena_init(&binds->newest, budget, sizeof(uint32_t));
    gong_arena_init(&binds->order, budget, sizeof(uint32_t));
    gong_index_init(&binds->series_index, budget);
    gong_index_init(&binds->attachment_index, budget);
    gong_index_init(&binds->joint_index, budget);
    gong_sample_windows_init(&binds->windows, budget);
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
        gong_arena_init(&binds->selected[i].series, binds->series.budget,
                        sizeof(uint32_t));
    }
    return true;
}

static uint64_t
hash_of(const struct gong_binds *binds, const void *data, size_t len)
{
    return gong_hash(binds->labelsets->symbols->key, data, len);
}

static uint32_t *
leaf_at(const struct gong_binds *binds, uint32_t leaf)
{
    return gong_arena_at(&binds->leaves, leaf);
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
               ? *leaf_at(binds, instance->leaves + leaf)
               : instance->leaves;
}

uint32_t
gong_bind_labels(const struct gong_binds *binds,
                 const struct gong_instance *instance)
{
    return rule_of(binds, instance)->form == GONG_FORM_GENERAL
               ? instance->leaves
               : gong_series_at(binds, gong_bind_home(binds, instance))
                     ->labelset;
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

static bool
matches(const struct gong_binds *binds, const struct gong_plan_leaf *leaf,
        uint32_t labelset)
{
    for (size_t i = 0; i < leaf->matcher_count; i++) {
        const struct gong_matcher *m = &leaf->matchers[i];
        struct gong_str value =
            gong_labelset_get(binds->labelsets, labelset, gong_str_of(m->name));

        /* What cannot be decided is not read (semantics rule 19). */
        if (gong_matchers_one(leaf->compiled, i, value) != GONG_MATCH_YES) {
            return false;
        }
    }
    return true;
}

static struct gong_entry
entry_of(const struct gong_binds *binds, const struct gong_book_leaf *leaf)
{
    const struct gong_book_rule *r = &binds->book->rules[leaf->rule];

    return (struct gong_entry){
        .number = r->number,
        .rule = (uint16_t)leaf->rule,
        .leaf = (uint8_t)leaf->leaf,
        .form = (uint8_t)r->form,
        .op = (uint8_t)r->op,
        .timed = r->interval_ms > 0,
        .between = r->between,
        .past = r->plan != NULL
                    ? !gong_plan_leaf_is_newest(&r->plan->leaves[leaf->leaf])
                    : r->reads->all[leaf->leaf].need_ms > 0,
    };
}

static bool
reads_series(const struct gong_binds *binds, const struct gong_book_leaf *leaf,
             uint32_t labelset, const struct gong_label_view *views,
             size_t count)
{
    const struct gong_book_rule *r = &binds->book->rules[leaf->rule];

    return r->form == GONG_FORM_GENERAL
               ? gong_matchers_all(r->reads->all[leaf->leaf].matchers, views,
                                   count) == GONG_MATCH_YES
               : matches(binds, &r->plan->leaves[leaf->leaf], labelset);
}

/* Adds to scratch those selectors of a metric that read a series. */
static bool
collect_some(struct gong_binds *binds, uint32_t metric, uint32_t labelset,
             const struct gong_label_view *views, size_t view_count)
{
    uint32_t count = 0;
    const struct gong_book_leaf *leaves =
        gong_book_leaves(binds->book, metric, &count);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = 0;

        if (!reads_series(binds, &leaves[i], labelset, views, view_count)) {
            continue;
        }
        at = gong_arena_add(&binds->scratch, 1);
        if (at == 0) {
            return false;
        }
        *(struct gong_entry *)gong_arena_at(&binds->scratch, at) =
            entry_of(binds, &leaves[i]);
    }
    return true;
}

/* The labels of a name, the metric's among them. */
static size_t
views_of(const struct gong_binds *binds, struct gong_series_name name,
         struct gong_label_view *out)
{
    struct gong_label_view metric = {
        {"__name__", 8},
        gong_symbol_text(binds->labelsets->symbols, name.metric)};
    size_t count = gong_labelset_views(binds->labelsets, name.labelset, out);
    size_t at = count;

    while (at > 0 && gong_str_compare(out[at - 1].name, metric.name) > 0) {
        at--;
    }
    if (at > 0 && gong_str_equal(out[at - 1].name, metric.name)) {
        out[at - 1] = metric;
        return count;
    }
    memmove(out + at + 1, out + at, (count - at) * sizeof *out);
    out[at] = metric;
    return count + 1;
}

size_t
gong_bind_views(const struct gong_binds *binds, uint32_t series,
                struct gong_label_view *out)
{
    const struct gong_series *s = gong_series_at(binds, series);

    return views_of(
        binds, (struct gong_series_name){s->device, s->labelset, s->metric},
        out);
}

/* Fills scratch with the selectors that read a series. False without memory. */
static bool
collect(struct gong_binds *binds, struct gong_series_name name)
{
    struct gong_label_view views[GONG_LABELSET_MAX];
    size_t count = 0;

    gong_arena_clear(&binds->scratch);
    if (gong_arena_add(&binds->scratch, 0) == 0) {
        return false;
    }
    if (binds->book->general_count > 0) {
        count = views_of(binds, name, views);
    }
    return collect_some(binds, name.metric, name.labelset, views, count) &&
           collect_some(binds, 0, name.labelset, views, count);
}

/* Entries are equal iff rule and leaf are: the rest follows from the book. */
static bool
same_entries(const struct gong_binds *binds, uint32_t attachment,
             uint32_t count)
{
    const struct gong_attachment *a = gong_attachment_at(binds, attachment);

    if (a->count != count) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct gong_entry *have = gong_entry_at(binds, a->first + i);
        const struct gong_entry *want = gong_arena_at(&binds->scratch, i + 1);

        if (have->rule != want->rule || have->leaf != want->leaf) {
            return false;
        }
    }
    return true;
}

static uint64_t
hash_entries(const struct gong_binds *binds, uint32_t count)
{
    uint64_t hash = count;

    for (uint32_t i = 1; i <= count; i++) {
        const struct gong_entry *entry = gong_arena_at(&binds->scratch, i);
        uint64_t words[2] = {hash, ((uint64_t)entry->rule << 8) | entry->leaf};

        hash = hash_of(binds, words, sizeof words);
    }
    return hash;
}

/* Narrows low..high to the values for which entry is false. */
static void
narrow(const struct gong_entry *entry, double *low, double *high)
{
    double n = entry->number;
    double above = nextafter(n, (double)INFINITY);
    double below = nextafter(n, (double)-INFINITY);

    if (entry->form != GONG_FORM_THRESHOLD || !isfinite(n)) {
        *low = (double)INFINITY;
        *high = (double)-INFINITY;
    } else if (entry->op == GONG_OP_GT) {
        *high = fmin(*high, n);
    } else if (entry->op == GONG_OP_GE) {
        *high = fmin(*high, below);
    } else if (entry->op == GONG_OP_LT) {
        *low = fmax(*low, n);
    } else if (entry->op == GONG_OP_LE || entry->op == GONG_OP_EQ) {
        *low = fmax(*low, above); /* of == one side must do */
    } else {
        *low = fmax(*low, n);
        *high = fmin(*high, n);
    }
}

/* How far back a selector reads, but for the sample that it finds there. */
static int64_t
keep_of(const struct gong_binds *binds, const struct gong_entry *entry)
{
    const struct gong_book_rule *r = &binds->book->rules[entry->rule];

    if (entry->past == 0) {
        return GONG_KEEP_NONE;
    }
    if (r->form == GONG_FORM_GENERAL) {
        const struct gong_read *read = &r->reads->all[entry->leaf];

        return read->need_ms + (read->back ? r->lookback_ms : 0);
    }
    return r->plan->leaves[entry->leaf].range_ms +
           r->plan->leaves[entry->leaf].offset_ms;
}

static struct gong_attachment
make_attachment(const struct gong_binds *binds, uint32_t first, uint32_t count)
{
    struct gong_attachment a = {first, count, (double)-INFINITY,
                                (double)INFINITY, GONG_KEEP_NONE};

    for (uint32_t i = 0; i < count; i++) {
        int64_t keep = keep_of(binds, gong_entry_at(binds, first + i));

        narrow(gong_entry_at(binds, first + i), &a.low, &a.high);
        a.keep_ms = keep > a.keep_ms ? keep : a.keep_ms;
    }
    return a;
}

/* The attachment with the entries in scratch; 0 without memory. */
static uint32_t
intern_attachment(struct gong_binds *binds, uint32_t count)
{
    uint64_t hash = hash_entries(binds, count);
    struct gong_probe probe = gong_probe_start(&binds->attachment_index, hash);
    uint32_t first = 0;
    uint32_t attachment = 0;

    while ((attachment = gong_probe_next(&binds->attachment_index, &probe)) !=
           0) {
        if (same_entries(binds, attachment, count)) {
            return attachment;
        }
    }
    first = gong_arena_add(&binds->entries, count);
    attachment = first == 0 ? 0 : gong_arena_add(&binds->attachments, 1);
    if (attachment == 0) {
        return 0;
    }
    memcpy(gong_arena_at(&binds->entries, first),
           gong_arena_at(&binds->scratch, 1),
           count * sizeof(struct gong_entry));
    *(struct gong_attachment *)gong_arena_at(&binds->attachments, attachment) =
        make_attachment(binds, first, count);
    return gong_index_put(&binds->attachment_index, hash, attachment)
               ? attachment
               : 0;
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

    return hash_of(binds, words, sizeof words);
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

enum gong_err
gong_bind_general(struct gong_binds *binds, uint32_t rule, uint32_t labelset,
                  uint32_t *instance)
{
    uint32_t *head = &binds->heads[binds->book->rules[rule].general - 1];
    uint64_t hash = hash_joint(binds, rule, 0, labelset);
    struct gong_probe probe = gong_probe_start(&binds->joint_index, hash);

    if (labelset == 0 && *head != 0) {
        *instance = *head;
        return GONG_OK;
    }
    while ((*instance = gong_probe_next(&binds->joint_index, &probe)) != 0) {
        if (is_general(binds, *instance, rule, labelset)) {
            return GONG_OK;
        }
    }
    if (labelset != 0 && binds->instances.count > binds->instances_max) {
        return GONG_ERR_TOO_LARGE;
    }
    *instance = add_instance(binds, rule, labelset);
    if (*instance == 0) {
        return GONG_ERR_MEMORY;
    }
    if (labelset == 0) {
        *head = *instance;
        return GONG_OK;
    }
    return gong_index_put(&binds->joint_index, hash, *instance)
               ? GONG_OK
               : GONG_ERR_MEMORY;
}

/* Puts a series on the list of a selector of a GENERAL rule. */
static bool
select_series(const struct gong_binds *binds, const struct gong_entry *entry,
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

/* The instance that a selector of a new series leads to; 0 without memory. */
static uint32_t
instance_of(struct gong_binds *binds, uint32_t series,
            const struct gong_entry *entry)
{
    switch ((enum gong_book_form)entry->form) {
    case GONG_FORM_JOINT:
        return join_instance(binds, series, entry);
    case GONG_FORM_GENERAL:
        return select_series(binds, entry, series)
                   ? binds->heads[binds->book->rules[entry->rule].general - 1]
                   : 0;
    case GONG_FORM_THRESHOLD:
    case GONG_FORM_SINGLE:
    case GONG_FORM_WINDOW:
        break;
    }
    return add_instance(binds, entry->rule, series);
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
        uint32_t instance = instance_of(binds, series, entry);

        if (instance == 0) {
            return GONG_ERR_MEMORY;
        }
        *(uint32_t *)gong_arena_at(&binds->bindings, bindings + i) = instance;
    }
    gong_series_at(binds, series)->bindings = bindings;
    gong_series_at(binds, series)->attachment = attachment;
    return GONG_OK;
}

static uint32_t *
number_at(const struct gong_arena *numbers, uint32_t at)
{
    return gong_arena_at(numbers, at);
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
    *number_at(&binds->siblings, series) = *number_at(&binds->newest, device);
    *number_at(&binds->newest, device) = series;
    return true;
}

uint32_t
gong_bind_family(const struct gong_binds *binds, uint32_t device)
{
    return device < binds->newest.count ? *number_at(&binds->newest, device)
                                        : 0;
}

uint32_t
gong_bind_sibling(const struct gong_binds *binds, uint32_t series)
{
    return *number_at(&binds->siblings, series);
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
            !select_series(binds, entry, series)) {
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

static enum gong_err
add_series(struct gong_binds *binds, struct gong_series_name name,
           uint64_t hash, uint32_t *series)
{
    uint32_t count = 0;
    uint32_t attachment = 0;

    if (!collect(binds, name)) {
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
    attachment = intern_attachment(binds, count);
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
    uint64_t hash = hash_of(binds, &name, sizeof name);
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

void
gong_bind_refresh(const struct gong_binds *binds, uint32_t attachment)
{
    struct gong_attachment *a = gong_arena_at(&binds->attachments, attachment);

    for (uint32_t i = 0; i < a->count; i++) {
        struct gong_entry *entry = gong_arena_at(&binds->entries, a->first + i);
        struct gong_book_leaf leaf = {.rule = entry->rule, .leaf = entry->leaf};

        *entry = entry_of(binds, &leaf);
    }
    *a = make_attachment(binds, a->first, a->count);
}
