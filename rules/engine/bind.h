/*
 * bind: which rules read which series, and through which instances.
 *
 *   series (device, labels, metric)   newest sample
 *     attachment   the selectors that read it: one list for all series alike
 *     bindings     for each of them, the instance it feeds; then, if some of
 *                  them read more than the newest sample, its window
 *   instance (rule, labels)           its selectors' series, alert and timer
 *   siblings                          each device's series, one after another
 *   selected                          what GENERAL rules read, by selector
 *   groups                            members of AGGREGATE rules: such a rule
 *                                     binds a series to a member instead
 *
 * An instance at rest is 16 bytes; it gets an alert when it leaves rest and a
 * timer when something can happen to it by silence or by time.
 *
 * A series is known by what it means, not by how it was written: two keys with
 * the same tags in another order are one series.
 */
#ifndef GONG_RULES_ENGINE_BIND_H
#define GONG_RULES_ENGINE_BIND_H

#include <stdint.h>

#include "common/err.h"
#include "rules/engine/book.h"
#include "rules/engine/declared.h"
#include "rules/engine/groups.h"
#include "rules/engine/labelset.h"
#include "rules/engine/sample_window.h"

#define GONG_STAMP_NONE INT64_MIN /* no sample yet */

struct gong_series {
    double value;
    int64_t stamp; /* ms */
    uint32_t device;
    uint32_t labelset;
    uint32_t metric;
    uint32_t attachment;
    uint32_t bindings; /* as many as the attachment has entries */
    uint16_t busy;     /* how many of its own instances have an alert */
    uint16_t lookback; /* of declared.h; 0: the usual one */
};

struct gong_instance {
    uint16_t rule;
    uint8_t flags; /* these: */
    uint8_t news;  /* its timer comes for more than that time has passed */
    uint32_t alert;
    uint32_t leaves; /* JOINT: in leaves, one series (or 0) per leaf; GENERAL:
                        a label set, 0 of the head; AGGREGATE: a group; else
                        the series itself */
    uint32_t timer;
};

#define GONG_INSTANCE_TOUCHED 1 /* it is among those to evaluate */
#define GONG_INSTANCE_FAR     2 /* gong_engine_is_far said so last */

struct gong_attachment {
    uint32_t first; /* in entries */
    uint32_t count;
    /* Values for which none of the entries can be true: all of them compare
     * with a number. low > high where there are none such. */
    double low;
    double high;
    int64_t keep_ms;  /* how far back they read; KEEP_NONE: the newest sample */
    int64_t reach_ms; /* likewise, with the look-back of their rules */
};
#define GONG_KEEP_NONE 0

/* What the hot path needs to know of a selector. */
struct gong_entry {
    double number;
    uint16_t rule;
    uint8_t leaf;
    uint8_t form;    /* enum gong_book_form */
    uint8_t op;      /* enum gong_op */
    uint8_t timed;   /* interval > 0 */
    uint8_t past;    /* reads more than the newest sample */
    uint8_t between; /* of book.h */
    uint8_t fire;    /* on_missing = "fire" */
};

/* The series of one selector of a GENERAL rule. */
struct gong_selected {
    struct gong_arena series; /* numbers, the first so many by their labels */
    uint32_t sorted;
};

/* Transparent: embedded. */
struct gong_binds {
    const struct gong_book *book;
    const struct gong_labelsets *labelsets;
    struct gong_arena series;
    struct gong_arena instances;
    struct gong_arena bindings; /* instance numbers, or members' */
    struct gong_arena leaves;   /* series numbers */
    struct gong_arena attachments;
    struct gong_arena entries;
    struct gong_arena scratch;  /* entries of the series being made */
    struct gong_arena siblings; /* of a series: the device's next one */
    struct gong_arena newest;   /* of a device: its newest series */
    struct gong_arena order;    /* series while they are sorted */
    struct gong_index series_index;
    struct gong_index attachment_index;
    struct gong_index joint_index; /* JOINT and GENERAL ones by (rule, labels)
                                    */
    struct gong_groups groups;
    struct gong_sample_windows windows;
    uint32_t instances_max;
    /* Derived, made when the book is there. */
    struct gong_selected *selected; /* of the book's reads */
    uint32_t selected_count;
    uint32_t *heads; /* instances, by the book's numbers of GENERAL rules */
};

/* book, labelsets and budgets are borrowed until fini; what is derived, or
 * scratch, draws on derived. */
void gong_binds_init(struct gong_binds *binds, const struct gong_book *book,
                     const struct gong_labelsets *labelsets,
                     struct gong_budget *budget, struct gong_budget *derived);
void gong_binds_fini(struct gong_binds *binds);

/* gong_binds_prepare: room for what GENERAL rules of the book read, which has
 * been compiled. False without memory. */
bool gong_binds_prepare(struct gong_binds *binds);

struct gong_series_name {
    uint32_t device;
    uint32_t labelset;
    uint32_t metric;
};

/* gong_bind_series: the series of that name, made with all its instances if
 * need be. GONG_ERR_NOT_FOUND where no rule reads it, GONG_ERR_TOO_LARGE past
 * the limit of instances. */
enum gong_err gong_bind_series(struct gong_binds *binds,
                               struct gong_series_name name,
                               uint32_t *series) GONG_MUST_CHECK;

/* gong_bind_find_series: the same, 0 where there is none. */
uint32_t gong_bind_find_series(const struct gong_binds *binds,
                               struct gong_series_name name);

/* gong_bind_general: the instance of a GENERAL rule for a label set, 0 for the
 * head; made if need be. GONG_ERR_TOO_LARGE past the limit of instances. */
enum gong_err gong_bind_general(struct gong_binds *binds, uint32_t rule,
                                uint32_t labelset,
                                uint32_t *instance) GONG_MUST_CHECK;

/* gong_bind_find_general: the same, 0 where there is none. */
uint32_t gong_bind_find_general(const struct gong_binds *binds, uint32_t rule,
                                uint32_t labelset);

/* gong_bind_group: the group of an AGGREGATE rule with a label set, made with
 * its instance if need be. GONG_ERR_TOO_LARGE past the limit of instances. */
enum gong_err gong_bind_group(struct gong_binds *binds, uint32_t rule,
                              uint32_t labelset,
                              uint32_t *group) GONG_MUST_CHECK;

/* gong_bind_selected: the series of one of the book's reads, by their labels.
 * Valid until a series is made. */
enum gong_err gong_bind_selected(struct gong_binds *binds, uint32_t read,
                                 const uint32_t **series,
                                 size_t *count) GONG_MUST_CHECK;

/* gong_bind_views: the labels of a series, sorted, __name__ among them; out
 * holds GONG_LABELSET_MAX. */
size_t gong_bind_views(const struct gong_binds *binds, uint32_t series,
                       struct gong_label_view *out);

/* gong_bind_labels: an instance's label set. */
uint32_t gong_bind_labels(const struct gong_binds *binds,
                          const struct gong_instance *instance);

/* gong_bind_instance: the instance through which a rule reads a series, 0 if it
 * does not. */
uint32_t gong_bind_instance(const struct gong_binds *binds, uint32_t series,
                            uint32_t rule);

/* gong_bind_leaf: the series of one of an instance's selectors, 0 if none. */
uint32_t gong_bind_leaf(const struct gong_binds *binds,
                        const struct gong_instance *instance, uint32_t leaf);

/* gong_bind_family: a device's newest series, gong_bind_sibling the one made
 * before it; 0 at the end. */
uint32_t gong_bind_family(const struct gong_binds *binds, uint32_t device);
uint32_t gong_bind_sibling(const struct gong_binds *binds, uint32_t series);

/* gong_bind_link: makes what is derived anew: the lists of all devices' series
 * and of what selectors select, and the heads. False without memory. */
bool gong_bind_link(struct gong_binds *binds);

/* gong_binds_keep: forgets series, with their windows and members, and
 * instances, and renumbers what stays. False without memory, or where bindings
 * or leaves do not lie in order: binds are not to be used any more. */
bool gong_binds_keep(struct gong_binds *binds, const struct gong_kept *kept);

/* gong_bind_home: some series of an instance; all of them have its labels and
 * its device. 0 only for an instance whose making failed. */
uint32_t gong_bind_home(const struct gong_binds *binds,
                        const struct gong_instance *instance);

/* gong_bind_refresh: fills an attachment and its entries, of which only rule
 * and leaf are known, from the book. */
void gong_bind_refresh(const struct gong_binds *binds, uint32_t attachment);

/* gong_bind_is_busy: whether an instance's alert counts as its series' own. */
static inline bool
gong_bind_is_busy(const struct gong_binds *binds,
                  const struct gong_instance *instance)
{
    return binds->book->rules[instance->rule].form < GONG_FORM_JOINT;
}

/* gong_bind_lookback: how long a series' sample counts as present for a rule.
 */
static inline int64_t
gong_bind_lookback(const struct gong_book_rule *rule,
                   const struct gong_series *series)
{
    return series->lookback == 0 || rule->lookback_fixed
               ? rule->lookback_ms
               : gong_lookback_ms(series->lookback);
}

static inline struct gong_series *
gong_series_at(const struct gong_binds *binds, uint32_t series)
{
    struct gong_series *all = binds->series.data;

    return all + series;
}

static inline struct gong_instance *
gong_instance_at(const struct gong_binds *binds, uint32_t instance)
{
    struct gong_instance *all = binds->instances.data;

    return all + instance;
}

static inline const struct gong_attachment *
gong_attachment_at(const struct gong_binds *binds, uint32_t attachment)
{
    struct gong_attachment *all = binds->attachments.data;

    return all + attachment;
}

static inline const struct gong_entry *
gong_entry_at(const struct gong_binds *binds, uint32_t entry)
{
    struct gong_entry *all = binds->entries.data;

    return all + entry;
}

static inline uint32_t
gong_binding_at(const struct gong_binds *binds, uint32_t binding)
{
    const uint32_t *all = binds->bindings.data;

    return all[binding];
}

#endif
