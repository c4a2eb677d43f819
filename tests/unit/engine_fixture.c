#include "engine_fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/le.h"
#include "rules/engine/engine_state.h"

static char *
copy_text(const char *text, size_t len)
{
    char *copy = calloc(1, len + 1);

    assert_non_null(copy);
    memcpy(copy, text, len);
    return copy;
}

static char *
copy(const char *text)
{
    return copy_text(text, strlen(text));
}

/* "name=text" */
static struct gong_rule_text *
split(const char *pair, bool is_template)
{
    struct gong_rule_text *out = calloc(1, sizeof *out);
    const char *equal = strchr(pair, '=');
    struct gong_expr_error error = {0};

    assert_non_null(out);
    assert_non_null(equal);
    out->name = copy_text(pair, (size_t)(equal - pair));
    out->text = copy(equal + 1);
    if (is_template) {
        out->tmpl = gong_template_parse(gong_str_of(equal + 1), &error);
        assert_non_null(out->tmpl);
    }
    return out;
}

/* The clauses joined, and two levels where there is a worse one. */
static void
make_clauses(struct gong_rule *rule, const struct rule_spec *spec)
{
    const char *const texts[] = {spec->expr, spec->worse, spec->resolve,
                                 spec->worse_resolve};
    struct gong_expr_error error = {0};
    struct gong_str all[4];
    size_t count = 0;

    for (size_t i = 0; i < 4; i++) {
        if (texts[i] != NULL) {
            all[count++] = gong_str_of(texts[i]);
        }
    }
    gong_expr_free(rule->expr);
    rule->expr = gong_clauses_join(all, count, rule->clauses.roots, &error);
    assert_non_null(rule->expr);
    rule->clauses.fires = spec->worse == NULL ? 1 : 2;
    rule->clauses.resolves = (uint8_t)((spec->resolve == NULL ? 0 : 1) |
                                       (spec->worse_resolve == NULL ? 0 : 2));
    if (spec->worse != NULL) {
        rule->levels = calloc(2, sizeof *rule->levels);
        assert_non_null(rule->levels);
        rule->level_count = 2;
        rule->levels[0] =
            (struct gong_rule_level){copy("warning"), spec->for_ms};
        rule->levels[1] =
            (struct gong_rule_level){copy("critical"), spec->worse_for_ms};
    }
}

static void
make_rule(struct gong_rule *rule, const struct rule_spec *spec)
{
    struct gong_expr_error error = {0};

    rule->id = copy(spec->alert);
    rule->group = copy("test");
    *(spec->record ? &rule->record : &rule->alert) = copy(spec->alert);
    rule->expr_text = copy(spec->expr);
    rule->file = copy("test");
    rule->expr = gong_expr_parse(gong_str_of(spec->expr), &error);
    if (rule->expr == NULL) {
        fail_msg("%s: %s", spec->expr, error.message);
    }
    if (spec->resolve != NULL || spec->worse != NULL) {
        make_clauses(rule, spec);
    }
    rule->interval_ms = spec->interval_ms;
    rule->lookback_ms = spec->lookback_ms == 0 ? 300000 : spec->lookback_ms;
    rule->lookback_fixed = spec->lookback_ms != 0;
    rule->for_ms = spec->for_ms;
    rule->keep_firing_for_ms = spec->keep_ms;
    rule->on_missing = spec->on_missing;
    if (spec->label != NULL) {
        rule->labels = split(spec->label, false);
        rule->label_count = 1;
    }
    if (spec->annotation != NULL) {
        rule->annotations = split(spec->annotation, true);
        rule->annotation_count = 1;
    }
}

struct gong_ruleset *
make_rules(const struct rule_spec *specs, size_t count)
{
    struct gong_ruleset *set = calloc(1, sizeof *set);

    assert_non_null(set);
    set->rules = calloc(count + 1, sizeof *set->rules);
    assert_non_null(set->rules);
    set->count = count;
    for (size_t i = 0; i < count; i++) {
        make_rule(&set->rules[i], &specs[i]);
    }
    return set;
}

static void
append(struct text *text, const char *data, size_t len)
{
    if (text->len + len + 1 > text->size) {
        text->size = (text->len + len + 1) * 2;
        text->data = realloc(text->data, text->size);
        assert_non_null(text->data);
    }
    memcpy(text->data + text->len, data, len);
    text->len += len;
    text->data[text->len] = '\0';
}

void
text_add(struct text *text, const char *format, ...)
{
    char line[8192];
    va_list args;
    int len = 0;

    va_start(args, format);
    /* The analyzer does not see va_start. NOLINTNEXTLINE(clang-analyzer-*) */
    len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert_true(len >= 0 && (size_t)len < sizeof line);
    append(text, line, (size_t)len);
}

void
text_clear(struct text *text)
{
    text->len = 0;
    append(text, "", 0);
}

void
text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

static int
compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void
text_sort_lines(struct text *text)
{
    char *lines[TEXT_LINES_MAX];
    struct text sorted = {0};
    size_t count = 0;
    char *rest = NULL;

    for (char *line = strtok_r(text->data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        assert_true(count < TEXT_LINES_MAX);
        lines[count++] = line;
    }
    qsort(lines, count, sizeof lines[0], compare_lines);
    text_clear(&sorted);
    for (size_t i = 0; i < count; i++) {
        text_add(&sorted, "%s\n", lines[i]);
    }
    text_free(text);
    *text = sorted;
}

void
effect_line(struct text *out, const struct gong_effect *effect)
{
    const char *comma = "";

    text_add(out, "%s{", effect->rule->alert);
    for (size_t i = 0; i < effect->label_count; i++) {
        const struct gong_label_view *label = &effect->labels[i];

        if (gong_str_is(label->name, "alertname")) {
            continue;
        }
        text_add(out, "%s%.*s=\"%.*s\"", comma, (int)label->name.len,
                 label->name.data, (int)label->value.len, label->value.data);
        comma = ",";
    }
    text_add(out, "} %s->%s %s at %" PRId64 " since %" PRId64 " value %.17g",
             gong_alert_state_text(effect->from),
             gong_alert_state_text(effect->to),
             gong_effect_reason_text(effect->reason), effect->at_ms,
             effect->since_ms, effect->value);
    if (effect->from_level != 0 || effect->to_level != 0) {
        text_add(out, " level %u->%u", effect->from_level, effect->to_level);
    }
    if (effect->rule->trial) {
        text_add(out, " trial");
    }
}

void
effect_bytes(struct text *out, const struct gong_effect *effect)
{
    effect_line(out, effect);
    text_add(out,
             " %" PRIu64 ":%" PRIu32 " journal %" PRId64 " id %s %016" PRIx64
             " captured %" PRId64 " published %" PRId64 " received %" PRId64,
             effect->position, effect->ordinal, effect->journal_ms,
             effect->rule->id, effect->fingerprint, effect->captured_ms,
             effect->published_ms, effect->received_ms);
    if (effect->hidden != 0) {
        text_add(out, " hidden %" PRIu32, effect->hidden);
    }
    for (size_t i = 0; i < effect->annotation_count; i++) {
        const struct gong_label_view *a = &effect->annotations[i];

        text_add(out, " %.*s='%.*s'", (int)a->name.len, a->name.data,
                 (int)a->value.len, a->value.data);
    }
    text_add(out, "\n");
}

static void
add_points(struct text *payload, const char *points)
{
    while (*points != '\0') {
        size_t len = strcspn(points, "\n");
        bool comment = points[0] == '#';

        if (len != 0) {
            text_add(payload, "%.*s%s\n", (int)len, points,
                     comment ? "" : "000000");
        }
        points += len + (points[len] == '\n');
    }
}

struct gong_record
data_record(struct text *payload, int64_t ms, const char *site,
            const char *device, const char *points)
{
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_DATA,
                 .journal_ms = ms,
                 .wall_ns = ms * 1000000},
    };

    text_clear(payload);
    /* A zero byte, for a file's empty names, does not pass through %c. */
    text_add(payload, "??%s%s", site, device);
    payload->data[0] = (char)strlen(site);
    payload->data[1] = (char)strlen(device);
    add_points(payload, points);
    record.payload = gong_str_from(payload->data, payload->len);
    return record;
}

struct gong_record
status_record(struct text *payload, int64_t ms, const char *site,
              const char *device, const char *status)
{
    struct gong_record record = data_record(payload, ms, site, device, "");

    record.meta.type = GONG_RECORD_PRESENCE;
    text_add(payload, "%s", status);
    record.payload = gong_str_from(payload->data, payload->len);
    return record;
}

struct gong_record
clock_record(int64_t ms)
{
    return (struct gong_record){
        .meta = {.type = GONG_RECORD_CLOCK, .journal_ms = ms},
    };
}

struct gong_record
resume_record(struct text *payload, int64_t ms, int64_t blind, int64_t settle)
{
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_RESUME, .journal_ms = ms},
    };

    text_clear(payload);
    text_add(payload, "%16s", "");
    gong_le_put64((uint8_t *)payload->data, (uint64_t)blind);
    gong_le_put64((uint8_t *)payload->data + 8, (uint64_t)settle);
    record.payload = gong_str_from(payload->data, payload->len);
    return record;
}

void
forget_soon(struct gong_engine *engine)
{
    engine->expire.silence_ms = 0;
    engine->expire.soon_ms = 0;
    engine->expire.late_ms = 0;
    engine->expire.part = UINT32_MAX;
}

uint64_t
engine_expired(const struct gong_engine *engine)
{
    struct gong_engine_stats stats;

    gong_engine_stats(engine, &stats);
    return stats.series_expired;
}
