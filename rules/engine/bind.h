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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "rules/engine/bind_data.h"

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

#endif
