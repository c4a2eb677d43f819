#include "rules/engine/effect_render.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rules/engine/hash.h"

#define TREND_MAX 1e15 /* thousandths */

/* Sets, replaces or (with an empty value) removes a label of a sorted list. */
static void
set_label(struct gong_label_view *labels, size_t *count, const char *name,
          struct gong_str value)
{
    struct gong_label_view label = {gong_str_of(name), value};
    size_t at = *count;
    bool found = false;

    while (at > 0 && gong_str_compare(labels[at - 1].name, label.name) >= 0) {
        at--;
    }
    found = at < *count && gong_str_equal(labels[at].name, label.name);
    if (found && label.value.len != 0) {
        labels[at] = label;
    } else if (found) {
        memmove(labels + at, labels + at + 1,
                (*count - at - 1) * sizeof *labels);
        --*count;
    } else if (label.value.len != 0) {
        memmove(labels + at + 1, labels + at, (*count - at) * sizeof *labels);
        labels[at] = label;
        ++*count;
    }
}

static size_t
bounded(size_t count)
{
    return count < GONG_RULE_LABELS_MAX ? count : GONG_RULE_LABELS_MAX;
}

static const struct gong_city_unit *
unit_of(const struct gong_city *city, const struct gong_effect *effect)
{
    const struct gong_city_unit *unit = NULL;

    for (size_t i = 0; i < effect->label_count; i++) {
        const struct gong_label_view *label = &effect->labels[i];

        if (gong_str_is(label->name, "unit") && label->value.len > 0) {
            return gong_city_unit(city, label->value);
        }
        if (gong_str_is(label->name, "site")) {
            unit = gong_city_unit(city, label->value);
        }
    }
    return unit;
}

static struct gong_str
label_of(const struct gong_effect *effect, const char *name)
{
    for (size_t i = 0; i < effect->label_count; i++) {
        if (gong_str_is(effect->labels[i].name, name)) {
            return effect->labels[i].value;
        }
    }
    return gong_str_from("", 0);
}

static struct gong_str
first_of(const char *a, const char *b, struct gong_str otherwise)
{
    return a != NULL && a[0] != '\0'   ? gong_str_of(a)
           : b != NULL && b[0] != '\0' ? gong_str_of(b)
                                       : otherwise;
}

/* A name beside the labels, unless the series has such a label itself. */
static void
add_named(struct gong_effect_space *space, size_t *count, const char *name,
          struct gong_str value)
{
    for (size_t i = 0; i < *count; i++) {
        if (gong_str_is(space->named[i].name, name)) {
            return;
        }
    }
    set_label(space->named, count, name, value);
}

/* The labels that templates of annotations see, and what people call the
 * alert's unit and device: how many those are. */
static size_t
name_all(struct gong_effect_space *space, size_t own_count,
         const struct gong_effect *effect)
{
    const struct gong_city_unit *unit =
        space->city == NULL ? NULL : unit_of(space->city, effect);
    struct gong_str site = label_of(effect, "site");
    struct gong_str code = label_of(effect, "unit");
    struct gong_str own = label_of(effect, "device");
    const struct gong_city_device *device =
        gong_city_device(space->city, site, own);
    const char *name = unit == NULL ? NULL : unit->name;
    const char *label = device == NULL ? NULL : device->label;
    size_t count = own_count;

    code = code.len > 0 ? code : site;
    memcpy(space->named, space->own, own_count * sizeof space->named[0]);
    add_named(space, &count, "unit_name", first_of(name, NULL, code));
    add_named(space, &count, "unit_name_en",
              first_of(unit == NULL ? NULL : unit->name_en, name, code));
    add_named(space, &count, "device_name", first_of(label, NULL, own));
    add_named(space, &count, "device_name_en",
              first_of(device == NULL ? NULL : device->label_en, label, own));
    return count;
}

static bool
asks_names(const struct gong_rule_text *annotation)
{
    return strstr(annotation->text, "unit_name") != NULL ||
           strstr(annotation->text, "device_name") != NULL;
}

static void
render_annotations(struct gong_effect_space *space, size_t own_count,
                   struct gong_effect *effect)
{
    const struct gong_rule *rule = effect->rule;
    size_t count = bounded(rule->annotation_count);
    size_t named = 0;

    for (size_t i = 0; i < count; i++) {
        const struct gong_rule_text *a = &rule->annotations[i];
        struct gong_label_view *out = &space->annotations[i];
        bool names = a->tmpl != NULL && asks_names(a);

        out->name = gong_str_of(a->name);
        if (names && named == 0) {
            named = name_all(space, own_count, effect);
        }
        if (a->tmpl == NULL) {
            out->value = gong_str_of(a->text);
            continue;
        }
        out->value.data = space->texts[i];
        out->value.len =
            gong_template_render(a->tmpl, names ? space->named : space->own,
                                 names ? named : own_count, effect->value,
                                 space->texts[i], GONG_RULE_ANNOTATION_SIZE);
    }
    effect->annotations = space->annotations;
    effect->annotation_count = count;
}

static bool
has_annotation(const struct gong_effect *effect, const char *name)
{
    for (size_t i = 0; i < effect->annotation_count; i++) {
        if (gong_str_is(effect->annotations[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* What the unit is called is no label: a renamed one has the same alerts. */
static void
add_names(struct gong_effect_space *space, struct gong_effect *effect)
{
    static const char *const keys[GONG_EFFECT_NAMES] = {"unit_name",
                                                        "unit_name_en"};
    const struct gong_city_unit *unit =
        space->city == NULL ? NULL : unit_of(space->city, effect);

    for (size_t i = 0; unit != NULL && i < GONG_EFFECT_NAMES; i++) {
        const char *name = i == 0 ? unit->name : unit->name_en;

        if (name[0] != '\0' && !has_annotation(effect, keys[i])) {
            space->annotations[effect->annotation_count++] =
                (struct gong_label_view){gong_str_of(keys[i]),
                                         gong_str_of(name)};
        }
    }
}

/* In thousandths: what people read has no more. */
static void
add_trend(struct gong_effect_space *space, struct gong_effect *effect)
{
    double rounded = round(effect->trend * 1000);

    if (!effect->has_trend || has_annotation(effect, "trend") ||
        !(fabs(rounded) < TREND_MAX)) {
        return;
    }
    (void)snprintf(space->trend, sizeof space->trend,
                   "%s%" PRId64 ".%03" PRId64, rounded < 0 ? "-" : "",
                   (int64_t)fabs(rounded) / 1000,
                   (int64_t)fabs(rounded) % 1000);
    space->annotations[effect->annotation_count++] = (struct gong_label_view){
        gong_str_of("trend"), gong_str_of(space->trend)};
}

/* Templates see the name too; returns how many labels those are. */
static size_t
add_metric(struct gong_effect_space *space, size_t own, struct gong_str metric)
{
    struct gong_label_view name = {gong_str_of("__name__"), metric};
    size_t at = own;

    if (metric.len == 0) {
        return own;
    }
    while (at > 0 && gong_str_compare(space->own[at - 1].name, name.name) > 0) {
        space->own[at] = space->own[at - 1];
        at--;
    }
    space->own[at] = name;
    return own + 1;
}

struct gong_str
gong_effect_label(struct gong_effect_space *space, const struct gong_rule *rule,
                  size_t i, const struct gong_label_view *labels, size_t count,
                  double value)
{
    const struct gong_rule_text *label = &rule->labels[i];

    if (label->tmpl == NULL) {
        return gong_str_of(label->text);
    }
    return gong_str_from(space->label_texts[i],
                         gong_template_render(label->tmpl, labels, count, value,
                                              space->label_texts[i],
                                              GONG_RULE_LABEL_SIZE));
}

/* The level that the label names: the last one of what has ended, the first of
 * what has none yet. */
static const char *
level_severity(const struct gong_effect *effect)
{
    unsigned level = effect->to_level != 0     ? effect->to_level
                     : effect->from_level != 0 ? effect->from_level
                                               : 1;

    return effect->rule->levels[level - 1].severity;
}

static uint64_t
fingerprint(const struct gong_label_view *labels, size_t count, bool presence)
{
    uint64_t state = GONG_FNV1A_START;

    for (size_t i = 0; i < count; i++) {
        if (presence && gong_str_is(labels[i].name, "severity")) {
            continue;
        }
        state = gong_fnv1a(state, labels[i].name.data, labels[i].name.len);
        state = gong_fnv1a(state, "\xff", 1);
        state = gong_fnv1a(state, labels[i].value.data, labels[i].value.len);
        state = gong_fnv1a(state, "\xff", 1);
    }
    return state;
}

void
gong_effect_render(struct gong_effect_space *space,
                   const struct gong_labelsets *labelsets, uint32_t labelset,
                   uint32_t source, struct gong_effect *effect)
{
    const struct gong_rule *rule = effect->rule;
    size_t own = gong_labelset_views(labelsets, source == 0 ? labelset : source,
                                     space->own);
    size_t count = gong_labelset_views(labelsets, labelset, space->labels);

    own = add_metric(space, own, effect->metric);
    for (size_t i = 0; source == 0 && i < bounded(rule->label_count); i++) {
        set_label(
            space->labels, &count, rule->labels[i].name,
            gong_effect_label(space, rule, i, space->own, own, effect->value));
    }
    set_label(space->labels, &count, "alertname", gong_str_of(rule->alert));
    if (rule->level_count > 0) {
        set_label(space->labels, &count, "severity",
                  gong_str_of(level_severity(effect)));
        set_label(space->own, &own, "severity",
                  gong_str_of(level_severity(effect)));
    }
    if (effect->worst != GONG_SEVERITY_OTHER) {
        set_label(space->labels, &count, "severity",
                  gong_str_of(gong_severity_text(effect->worst)));
    }
    effect->labels = space->labels;
    effect->label_count = count;
    effect->fingerprint = fingerprint(
        space->labels, count, effect->presence || rule->level_count > 0);
    render_annotations(space, own, effect);
    add_names(space, effect);
    add_trend(space, effect);
}

static bool
has_label(const struct gong_effect *effect, const char *name)
{
    for (size_t i = 0; i < effect->label_count; i++) {
        if (gong_str_is(effect->labels[i].name, name)) {
            return true;
        }
    }
    return false;
}

size_t
gong_effect_noted(const struct gong_effect *effect, struct gong_label_view *out)
{
    const struct gong_rule *rule = effect->rule;
    size_t count = effect->label_count;

    memcpy(out, effect->labels, count * sizeof out[0]);
    for (size_t i = 0; i < bounded(rule->label_count); i++) {
        const struct gong_rule_text *label = &rule->labels[i];

        if (label->tmpl != NULL && !has_label(effect, label->name)) {
            out[count++] = (struct gong_label_view){gong_str_of(label->name),
                                                    gong_str_of(label->text)};
        }
    }
    return count;
}
