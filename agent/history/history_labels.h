/*
 * history_labels: a label set as bytes, the key of a series in the history: for
 * each label, sorted by name, __name__ among them,
 *
 *   u16 length of name | name | u16 length of value | value     (little endian)
 *
 * Pure.
 */
#ifndef GONG_AGENT_HISTORY_HISTORY_LABELS_H
#define GONG_AGENT_HISTORY_HISTORY_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/lp_encode.h"
#include "rules/engine/labelset.h"

/* gong_history_labels_put: appends; labels are sorted, none empty. TOO_LARGE:
 * more than GONG_LABELSET_MAX, or one of 64 KiB. */
enum gong_err gong_history_labels_put(struct gong_buffer *out,
                                      const struct gong_label_view *labels,
                                      size_t count) GONG_MUST_CHECK;

/* gong_history_labels_get: views into bytes; out holds GONG_LABELSET_MAX. False
 * where they are no label set, sorted, each name once. */
bool gong_history_labels_get(struct gong_str bytes, struct gong_label_view *out,
                             size_t *count);

#endif
