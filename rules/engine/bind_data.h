/*
 * bind_data: what lies in the arenas of bind.h, and where.
 */
#ifndef GONG_RULES_ENGINE_BIND_DATA_H
#define GONG_RULES_ENGINE_BIND_DATA_H

#include <stdbool.h>
#include <stdint.h>

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
