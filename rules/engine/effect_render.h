/*
 * effect_render: the labels, annotations and fingerprint of an effect. Pure.
 */
#ifndef GONG_RULES_ENGINE_EFFECT_RENDER_H
#define GONG_RULES_ENGINE_EFFECT_RENDER_H

#include "rules/engine/effect.h"
#include "rules/engine/labelset.h"

#define GONG_EFFECT_NAMES      2 /* annotations that the city adds */
#define GONG_EFFECT_NAMED      4 /* names that texts of annotations may ask for */
#define GONG_EFFECT_TREND_SIZE 32
#define GONG_EFFECT_LABELS_MAX (GONG_LABELSET_MAX + GONG_RULE_LABELS_MAX + 2)

/* Where an effect's texts live while it is told; some 44 KiB. */
struct gong_effect_space {
    struct gong_label_view own[GONG_LABELSET_MAX + 2];
    struct gong_label_view named[GONG_LABELSET_MAX + 2 + GONG_EFFECT_NAMED];
    struct gong_label_view labels[GONG_EFFECT_LABELS_MAX];
    struct gong_label_view
        annotations[GONG_RULE_LABELS_MAX + GONG_EFFECT_NAMES + 1];
    const struct gong_city *city; /* the caller's; NULL: none */
    char trend[GONG_EFFECT_TREND_SIZE];
    char texts[GONG_RULE_LABELS_MAX][GONG_RULE_ANNOTATION_SIZE];
    char label_texts[GONG_RULE_LABELS_MAX][GONG_RULE_LABEL_SIZE];
};

/* gong_effect_label: what a rule's label number i says of a result with these
 * labels; into space where it is a template. */
struct gong_str gong_effect_label(struct gong_effect_space *space,
                                  const struct gong_rule *rule, size_t i,
                                  const struct gong_label_view *labels,
                                  size_t count, double value);

/* gong_effect_render: fills labels, annotations and fingerprint from rule,
 * value, metric, levels, worst, presence and the label set. They point into
 * space, the rule and the symbols. As in Prometheus: the rule's labels win over
 * the series', alertname over both, an empty value takes a label away, and
 * templates see the series' labels only, the metric's name among them. Where
 * source is not 0 the label set holds the rule's labels already, and source is
 * the series', with the name that it kept. An alert whose label unit, or else
 * site, is one of space's city has its names as annotations unit_name and
 * unit_name_en. Where an annotation's template asks for them it sees unit_name,
 * unit_name_en, device_name and device_name_en as labels too: the city's, else
 * the unit's code and the device's name. An alert with a trend has it as
 * annotation trend, unless the rule has such annotations itself. */
void gong_effect_render(struct gong_effect_space *space,
                        const struct gong_labelsets *labelsets,
                        uint32_t labelset, uint32_t source,
                        struct gong_effect *effect);

/* gong_effect_noted: the labels of a rendered effect as ALERTS of a Prometheus
 * has them, into out, which holds GONG_EFFECT_LABELS_MAX: a label whose
 * template came out empty has the template's own text there. Returns how many.
 */
size_t gong_effect_noted(const struct gong_effect *effect,
                         struct gong_label_view *out);

#endif
