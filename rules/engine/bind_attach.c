/* bind_attach: which selectors read a series. Series that the same ones read
 * share one list of them, an attachment. */
#include <math.h>

#include "rules/engine/bind_private.h"

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
        .fire = r->terms.fire,
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

bool
gong_bind_collect(struct gong_binds *binds, struct gong_series_name name)
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

        hash = gong_bind_hash(binds, words, sizeof words);
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
read_of(const struct gong_book_rule *r, const struct gong_entry *entry)
{
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

/* Whether its samples are the rule's values, and the texts of the alerts say
 * how they change (engine_trend.c). */
static bool
is_trend(const struct gong_binds *binds, const struct gong_book_rule *r,
         const struct gong_entry *entry)
{
    const struct gong_plan_leaf *leaf = NULL;

    if (!r->trend || r->metric == 0 || r->form > GONG_FORM_JOINT) {
        return false;
    }
    leaf = &r->plan->leaves[entry->leaf];
    return gong_plan_leaf_is_newest(leaf) &&
           gong_str_equal(
               gong_symbol_text(binds->labelsets->symbols, r->metric),
               gong_str_of(leaf->metric));
}

/* How far back it keeps: what the texts of a rule of a series want, too. */
static int64_t
keep_of(const struct gong_binds *binds, const struct gong_entry *entry)
{
    const struct gong_book_rule *r = &binds->book->rules[entry->rule];
    int64_t keep = read_of(r, entry);

    return keep < GONG_TREND_MS && is_trend(binds, r, entry) ? GONG_TREND_MS
                                                             : keep;
}

/* How far behind now a sample can lie that it still sees. */
static int64_t
reach_of(const struct gong_binds *binds, const struct gong_entry *entry)
{
    const struct gong_book_rule *r = &binds->book->rules[entry->rule];

    return r->lookback_ms + (r->form == GONG_FORM_GENERAL
                                 ? r->reads->all[entry->leaf].need_ms
                                 : r->plan->leaves[entry->leaf].range_ms +
                                       r->plan->leaves[entry->leaf].offset_ms);
}

static struct gong_attachment
make_attachment(const struct gong_binds *binds, uint32_t first, uint32_t count)
{
    struct gong_attachment a = {
        first, count, (double)-INFINITY, (double)INFINITY, GONG_KEEP_NONE, 0};

    for (uint32_t i = 0; i < count; i++) {
        int64_t keep = keep_of(binds, gong_entry_at(binds, first + i));
        int64_t reach = reach_of(binds, gong_entry_at(binds, first + i));

        narrow(gong_entry_at(binds, first + i), &a.low, &a.high);
        a.keep_ms = keep > a.keep_ms ? keep : a.keep_ms;
        a.reach_ms = reach > a.reach_ms ? reach : a.reach_ms;
    }
    return a;
}

uint32_t
gong_bind_attach(struct gong_binds *binds, uint32_t count)
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
