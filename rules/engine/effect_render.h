/*
 * effect_render: the labels, annotations and fingerprint of an effect. Pure.
 */
#ifndef GONG_RULES_ENGINE_EFFECT_RENDER_H
#define GONG_RULES_ENGINE_EFFECT_RENDER_H

#include "rules/engine/effect.h"
#include "rules/engine/labelset.h"

#define GONG_EFFECT_LABELS_MAX (GONG_LABELSET_MAX + GONG_RULE_LABELS_MAX + 2)

/* Where an effect's texts live while it is told; some 40 KiB. */
struct gong_effect_space {
    struct gong_label_view own[GONG_LABELSET_MAX + 1];
    struct gong_label_view labels[GONG_EFFECT_LABELS_MAX];
    struct gong_label_view annotations[GONG_RULE_LABELS_MAX];
    char texts[GONG_RULE_LABELS_MAX][GONG_RULE_ANNOTATION_SIZE];
};

/* gong_effect_render: fills labels, annotations and fingerprint from rule,
 * value, metric, worst, presence and the label set. They point into space, the
 * rule and the symbols. As in Prometheus: the rule's labels win over the
 * series', alertname over both, an empty value takes a label away, and
 * annotations see the series' labels only, the metric's name among them. */
void gong_effect_render(struct gong_effect_space *space,
                        const struct gong_labelsets *labelsets,
                        uint32_t labelset, struct gong_effect *effect);

#endif
